"""The written method: known to everybody who works here, written by those who develop the practice (R90, X30)."""

from typing import Any

from sqlalchemy import ScalarSelect, bindparam, select

from app.db import columns, table_of
from app.models import Method, MethodReading, User
from app.policy.actor import ACTOR
from app.policy.cases import joined
from app.policy.core import Policy
from app.policy.municipalities import STAFF_AND_SERVICES, leads_practice
from app.policy.rules import Grant, Grants, highest, mine

method, reading, user = columns(Method), columns(MethodReading), columns(User)

CONFIRMING: Grants = {"professional": STAFF_AND_SERVICES["professional"]}


def _read_at() -> ScalarSelect[Any]:
    """When the reader confirmed having read this version."""
    own = (reading.method_id == method.id) & (reading.user_id == ACTOR.user)
    found = select(reading.read_at).where(mine(table_of(MethodReading)), own)
    return found.correlate(table_of(Method)).scalar_subquery()


methods = Policy(
    name="method",
    table=table_of(Method),
    source=joined(table_of(Method), table_of(User), method.published_by),
    columns={
        **{column.name: column for column in method if column.name != "municipality_id"},
        "published_by_name": user.name,
        "read_at": _read_at(),
    },
    read=STAFF_AND_SERVICES,
    actions={
        "confirm_reading": CONFIRMING,
        "see_coverage": {"professional": Grant(allow=(leads_practice,))},
    },
    filters={"newest": highest(table_of(Method), "version") == bindparam("newest")},
    unlocked=frozenset({"read", "confirm_reading", "see_coverage"}),  # append-only
    personal=False,
)
