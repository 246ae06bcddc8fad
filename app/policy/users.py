"""Accounts: the staff directory, and one's own."""

from sqlalchemy import Select, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from app.db import columns, table_of
from app.models import Department, Position, User
from app.policy.actor import ACTOR
from app.policy.core import Policy
from app.policy.municipalities import ADMINISTERING
from app.policy.rules import UUID_TYPE, Expression, Grant, is_one, rule, some

user, position, department = columns(User), columns(Position), columns(Department)


@rule
def colleague() -> Expression:
    """The account is a professional's or a service's, and the reader works in the same municipality."""
    return is_one(user.kind, "professional", "service")


@rule
def own_account() -> Expression:
    """The account is the reader's own."""
    return user.id == ACTOR.user


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


users = Policy(
    name="user",
    table=table_of(User),
    columns={
        **{c.name: c for c in user if c.name not in {"municipality_id", "issuer", "subject"}},
        "positions": _positions().scalar_subquery(),
    },
    read={
        "professional": Grant(allow=(own_account, colleague)),
        "citizen": Grant(allow=(own_account,)),
        "service": Grant(allow=(own_account, colleague)),
    },
    actions={"configure": ADMINISTERING},
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
        "active": user.active == bindparam("active"),
    },
    newest_first=False,
)
