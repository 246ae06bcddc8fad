"""Accounts: the staff directory, and one's own."""

from sqlalchemy import TEXT, Select, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from app.db import columns, table_of
from app.models import Department, Organisation, Position, User
from app.policy.actor import ACTOR
from app.policy.cases import joined
from app.policy.core import Policy
from app.policy.municipalities import ADMINISTERING, administrator, works_here
from app.policy.rules import UUID_TYPE, Expression, Grant, Grants, is_one, rule, some

user, position, department = columns(User), columns(Position), columns(Department)


@rule
def colleague() -> Expression:
    """The account is a professional's or a service's, and the reader works in a department of the municipality.

    Somebody employed outside (R18) works in none, and has no business in the staff directory.
    """
    return is_one(user.kind, "professional", "service") & works_here.holds


@rule
def own_account() -> Expression:
    """The account is the reader's own."""
    return user.id == ACTOR.user


@rule
def leads_the_person() -> Expression:
    """The reader is professional head of a department where the person works now."""
    works = (position.user_id == user.id) & position.ended_at.is_(None)
    return some(table_of(Position), works, position.department_id == any_(ACTOR.leads))


def _positions() -> Select[tuple[object]]:
    """The positions held now, as a JSON array in the order they began."""
    one = func.jsonb_build_object(
        "department_id", position.department_id, "department_name", department.name, "role", position.role
    )
    held = (position.municipality_id == user.municipality_id) & (position.user_id == user.id)
    there = (department.municipality_id == position.municipality_id) & (department.id == position.department_id)
    return (
        select(func.coalesce(func.jsonb_agg(aggregate_order_by(one, position.id)), func.jsonb_build_array()))
        .select_from(table_of(Position).join(table_of(Department), there))
        .where(held, position.ended_at.is_(None))
        .correlate(table_of(User))
    )


OWN_WORKLOAD: Grants = {"professional": Grant(allow=(own_account, leads_the_person, administrator))}
"""How much one adviser is given, and why, is between the person and the leader (R125)."""

users = Policy(
    name="user",
    table=table_of(User),
    judged_on=table_of(User),
    source=joined(table_of(User), table_of(Organisation), user.organisation_id, outer=True),
    columns={
        **{c.name: c for c in user if c.name != "municipality_id"},
        "organisation_name": columns(Organisation).name,
        "positions": _positions().scalar_subquery(),
    },
    read={
        "professional": Grant(allow=(own_account, colleague)),
        "citizen": Grant(allow=(own_account,)),
        "service": Grant(allow=(own_account, colleague)),
    },
    actions={
        "configure": ADMINISTERING,
        "set_norm": {"professional": Grant(allow=(administrator, leads_the_person), deny=(own_account,))},
        "change_me": {"professional": Grant(allow=(own_account,))},
        "search_members": {"professional": Grant(allow=(own_account,))},
    },
    filters={
        "kind": user.kind == bindparam("kind"),
        "profession": user.profession == bindparam("profession"),
        "ids": user.id == any_(bindparam("ids", type_=ARRAY(UUID_TYPE))),
        "department_id": some(
            table_of(Position),
            position.user_id == user.id,
            position.ended_at.is_(None),
            position.department_id == bindparam("department_id"),
        ),
        "organisation_id": user.organisation_id == bindparam("organisation_id"),
        "paragraph_set": bindparam("paragraph_set", type_=TEXT) == any_(user.paragraph_sets),
        "active": user.active == bindparam("active"),
    },
    veiled={
        **dict.fromkeys(("issuer", "subject"), ADMINISTERING),
        "caseload_max": OWN_WORKLOAD,
        "caseload_reason": OWN_WORKLOAD,
        "competences": {"professional": Grant(allow=(own_account, colleague))},
    },
    narrow=frozenset({"ids"}),
    newest_first=False,
)
