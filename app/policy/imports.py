"""Lists that were brought in: the administrators' alone. What stood in them is shown to nobody, them included."""

from sqlalchemy import INTEGER, bindparam, cast

from app.db import columns, table_of
from app.models import Import, User
from app.policy.cases import joined
from app.policy.core import Policy
from app.policy.municipalities import ADMINISTERING

brought, user = columns(Import), columns(User)

imports = Policy(
    name="import",
    table=table_of(Import),
    source=joined(table_of(Import), table_of(User), brought.created_by),
    columns={
        **{c.name: c for c in brought if c.name not in {"municipality_id", "content", "report"}},
        **{name: cast(brought.report[name].astext, INTEGER) for name in ("creates", "changes", "unchanged")},
        "error_count": cast(brought.report["error_count"].astext, INTEGER),
        "errors": brought.report["errors"],
        "created_by_name": user.name,
    },
    read=ADMINISTERING,
    actions={"carry_out": ADMINISTERING, "discard": ADMINISTERING},
    filters={"kind": brought.kind == bindparam("kind"), "status": brought.status == bindparam("status")},
    unlocked=frozenset({"read", "carry_out", "discard"}),  # an advisory lock instead, so that progress can be written
)
