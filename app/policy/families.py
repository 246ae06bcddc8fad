"""Families, their members, how they are related, and custody."""

from sqlalchemy import BOOLEAN, ColumnElement, any_, bindparam, true

from app.db import columns, table_of
from app.models import Case, Custody, Family, Member, Relation
from app.policy.actor import ACTOR
from app.policy.cases import ADVISER_ROLES, children_in_custody, held_by, in_child_disability, joined, joined_by_reader
from app.policy.core import Policy
from app.policy.rules import Expression, Grant, Grants, probed, rule, some, those

family, member, custody, case = columns(Family), columns(Member), columns(Custody), columns(Case)
relation = columns(Relation)


@rule
def registered_the_family() -> Expression:
    """The reader registered the family, still works in its department, and no case of it has been allocated yet."""
    allocated = some(table_of(Case), case.family_id == family.id, case.allocated_at.is_not(None))
    mine = (family.created_by == ACTOR.user) & (family.owner_department_id == any_(ACTOR.departments))
    return mine & ~allocated


@rule
def coordinator_in_open_case() -> Expression:
    """The reader is coordinator, buddy or deputy in an open case of the family: closed ones open nothing of it."""
    held = held_by(ACTOR.user, *ADVISER_ROLES)
    return (family.id == those(case.family_id, case.id == held, case.state != "closed")) & in_child_disability()


@rule
def core_team_in_family() -> Expression:
    """The reader is in the core team of one of the family's open cases now."""
    return family.id == those(case.family_id, case.id == joined_by_reader(), case.state != "closed")


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
def named_by_reader() -> Expression:
    """The record is about a person of the family's network, and the reader named that person (R23)."""
    return member.named_by == any_(ACTOR.persons)


@rule
def without_address_protection() -> Expression:
    """The person has no name and address protection (navne- og adressebeskyttelse)."""
    return ~member.address_protected


def _of_mine(id: ColumnElement[object]) -> Expression:
    """A member whose record a citizen reads."""
    named = those(member.id, named_by_reader.holds)
    return (id == any_(ACTOR.persons)) | (id == children_in_custody()) | (id == named)


@rule
def between_my_own() -> Expression:
    """The reader reads the records of both: her own, that of a child in her custody, of somebody she named."""
    return _of_mine(relation.from_id) & _of_mine(relation.to_id)


@rule
def own_custody() -> Expression:
    """It is the reader's own custody."""
    return custody.holder_id == any_(ACTOR.persons)


STAFF = Grant(allow=(registered_the_family, coordinator_in_open_case, core_team_in_family, leads_family_department))
KEEPING: Grants = {
    "professional": Grant(allow=(registered_the_family, coordinator_in_open_case, leads_family_department))
}
NEAR: Grants = {"professional": Grant(allow=(registered_the_family, coordinator_in_open_case))}
"""Who decides whom the family consists of, and who may sign in: those who know it, never a leader by role."""
CLOSE: Grants = {
    "professional": Grant(allow=(registered_the_family, coordinator_in_open_case, core_team_in_family)),
    "citizen": Grant(allow=(own_record, custody_of_the_child)),
}
IDENTITY: Grants = {
    "professional": Grant(allow=(registered_the_family, coordinator_in_open_case)),
    "citizen": Grant(allow=(own_record,)),
}
"""Who a person is to the authorities: for the person and the coordinator, not for leaders, team or the other parent."""
DETAILS: Grants = {kind: Grant(allow=(*one.allow, without_address_protection)) for kind, one in IDENTITY.items()}
"""Where a person is found. With address protection those of IDENTITY only: not even who has custody of a child."""

CHANGING: Grants = {
    "professional": Grant(allow=(registered_the_family, coordinator_in_open_case, leads_family_department))
}
NOTING: Grants = {"professional": Grant(allow=(registered_the_family, coordinator_in_open_case))}

families = Policy(
    name="family",
    table=table_of(Family),
    columns={column.name: column for column in family if column.name != "municipality_id"},
    read={"professional": STAFF},
    actions={"add_member": NEAR, "open_case": KEEPING, "set_custody": NEAR, "set_relation": NEAR},
    unlocked=frozenset({"read", "open_case", "add_member"}),
    family_id=family.id,
)

NEVER_SHOWN = frozenset({"municipality_id", "user_id", "cpr_cipher", "cpr_index"})

members = Policy(
    name="member",
    table=table_of(Member),
    source=joined(table_of(Member), table_of(Family), member.family_id),
    columns={
        **{column.name: column for column in member if column.name not in NEVER_SHOWN},
        "has_login": member.user_id.is_not(None),
        "shows_details": true(),
        "shows_identity": true(),
    },
    read={"professional": STAFF, "citizen": Grant(allow=(own_record, custody_of_the_child, named_by_reader))},
    actions={"change_member": CHANGING, "note_capability": NOTING, "set_login": NEAR},
    filters={
        "family_id": member.family_id == bindparam("family_id"),
        # who finds a number knows it: only those who see whose it is
        "cpr_index": (member.cpr_index == bindparam("cpr_index")) & probed(IDENTITY["professional"].where),
    },
    veiled={
        **dict.fromkeys(("address", "phone", "email", "shows_details"), DETAILS),
        **dict.fromkeys(("cpr_masked", "shows_identity"), IDENTITY),
        **dict.fromkeys(("capability_notes", "employment"), CLOSE),
        "address_protected": {"professional": STAFF, "citizen": Grant(allow=(own_record,))},  # the flag tells
        "named_by": {"professional": STAFF, "citizen": Grant(allow=(named_by_reader,))},
    },
    family_id=member.family_id,
    scope="family_id",
    narrow=frozenset({"cpr_index"}),
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

relations = Policy(
    name="relation",
    table=table_of(Relation),
    source=joined(table_of(Relation), table_of(Family), relation.family_id),
    columns={column.name: column for column in relation if column.name != "municipality_id"},
    read={"professional": STAFF, "citizen": Grant(allow=(between_my_own,))},
    actions={"set_relation": NEAR},
    filters={
        "family_id": relation.family_id == bindparam("family_id"),
        "current": relation.ended_at.is_(None) == bindparam("current", type_=BOOLEAN),
    },
    family_id=relation.family_id,
    scope="family_id",
    parent=families,
    lock=(table_of(Family), relation.family_id),
    newest_first=False,
)
