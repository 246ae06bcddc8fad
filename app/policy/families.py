"""Families, their members and custody."""

from sqlalchemy import any_, bindparam

from app.db import columns, table_of
from app.models import Case, Custody, Family, Member
from app.policy.actor import ACTOR
from app.policy.cases import LEADING_ROLES, children_in_custody, held_by, in_child_disability, joined, joined_by_reader
from app.policy.core import Policy
from app.policy.rules import Expression, Grant, Grants, rule, some, those

family, member, custody, case = columns(Family), columns(Member), columns(Custody), columns(Case)
ADVISER_ROLES = (*LEADING_ROLES, "buddy", "deputy")


@rule
def registered_the_family() -> Expression:
    """The reader registered the family, still works in its department, and no case of it has been allocated yet."""
    allocated = some(table_of(Case), case.family_id == family.id, case.allocated_at.is_not(None))
    mine = (family.created_by == ACTOR.user) & (family.owner_department_id == any_(ACTOR.departments))
    return mine & ~allocated


@rule
def coordinator_in_family() -> Expression:
    """The reader is coordinator, buddy or deputy in one of the family's cases now."""
    held = held_by(ACTOR.user, *ADVISER_ROLES)
    return (family.id == those(case.family_id, case.id == held)) & in_child_disability()


@rule
def coordinator_in_open_case() -> Expression:
    """The reader is coordinator, buddy or deputy in an open case of the family: what is closed is only read (R78)."""
    held = held_by(ACTOR.user, *ADVISER_ROLES)
    return (family.id == those(case.family_id, case.id == held, case.state != "closed")) & in_child_disability()


@rule
def core_team_in_family() -> Expression:
    """The reader is in the core team of one of the family's cases now."""
    return family.id == those(case.family_id, case.id == joined_by_reader())


@rule
def leads_family_department() -> Expression:
    """The reader is professional head of the department that registered the family."""
    return family.owner_department_id == any_(ACTOR.leads)


@rule
def own_record() -> Expression:
    """The record is about the reader."""
    return member.id == any_(ACTOR.persons)


@rule
def custody_of_the_child() -> Expression:
    """The record is about a child, not of age, whom the reader has custody of today."""
    return member.id == children_in_custody()


@rule
def own_custody() -> Expression:
    """It is the reader's own custody."""
    return custody.holder_id == any_(ACTOR.persons)


STAFF = Grant(allow=(registered_the_family, coordinator_in_family, core_team_in_family, leads_family_department))
KEEPING: Grants = {"professional": Grant(allow=(registered_the_family, coordinator_in_family, leads_family_department))}
NEAR: Grants = {"professional": Grant(allow=(registered_the_family, coordinator_in_open_case))}
"""Who decides whom the family consists of, and who may sign in: those who know it, never a leader by role."""
CLOSE: Grants = {
    "professional": Grant(allow=(registered_the_family, coordinator_in_family, core_team_in_family)),
    "citizen": Grant(allow=(own_record, custody_of_the_child)),
}

CHANGING: Grants = {
    "professional": Grant(allow=(registered_the_family, coordinator_in_open_case, leads_family_department))
}
NOTING: Grants = {"professional": Grant(allow=(registered_the_family, coordinator_in_open_case))}

families = Policy(
    name="family",
    table=table_of(Family),
    columns={column.name: column for column in family if column.name != "municipality_id"},
    read={"professional": STAFF},
    actions={"add_member": NEAR, "open_case": KEEPING, "set_custody": NEAR},
    unlocked=frozenset({"read", "open_case", "add_member"}),
    family_id=family.id,
)

members = Policy(
    name="member",
    table=table_of(Member),
    source=joined(table_of(Member), table_of(Family), member.family_id),
    columns={
        **{column.name: column for column in member if column.name not in {"municipality_id", "user_id"}},
        "has_login": member.user_id.is_not(None),
    },
    read={"professional": STAFF, "citizen": Grant(allow=(own_record, custody_of_the_child))},
    actions={"change_member": CHANGING, "note_capability": NOTING},
    filters={"family_id": member.family_id == bindparam("family_id")},
    veiled={"capability_notes": CLOSE},
    family_id=member.family_id,
    scope="family_id",
    parent=families,
    newest_first=False,
)

custodies = Policy(
    name="custody",
    table=table_of(Custody),
    source=joined(table_of(Custody), table_of(Family), custody.family_id),
    columns={column.name: column for column in custody if column.name != "municipality_id"},
    read={"professional": STAFF, "citizen": Grant(allow=(own_custody,))},
    actions={"set_custody": NEAR},
    filters={"family_id": custody.family_id == bindparam("family_id")},
    family_id=custody.family_id,
    member_id=custody.child_id,
    scope="family_id",
    parent=families,
    lock=(table_of(Family), custody.family_id),
    newest_first=False,
)
