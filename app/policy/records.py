"""The log rows that the policies' own statements write: who asked for what, when, as what, and which rule opened it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, bindparam, case, cast, func, insert, null, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, array
from sqlalchemy.sql.selectable import CTE

from app.db import table_of
from app.models import AccessLog
from app.policy.actor import ACTOR
from app.policy.rules import NO_ID, UUID_TYPE, empty, word

if TYPE_CHECKING:
    from app.policy.core import Policy

LOG: Final = table_of(AccessLog)
NO_IDS: Final = cast(null(), ARRAY(UUID_TYPE))
LOOKS: Final = frozenset({"read", "download"})
"""The actions that only look."""
MEMBER: Final = bindparam("about_member", type_=UUID_TYPE)
ABOUT: Final = case((MEMBER.is_not(None), array([MEMBER])), else_=NO_IDS)
"""Whom an action concerns, where the policy's own rows do not say."""


def of_list(policy: "Policy", found: CTE, scope: BindParameter[UUID] | None) -> dict[str, ColumnElement[Any]]:
    """One log row for a page, an empty one too; on a list across cases the cases stand beside the rows."""
    by_id = policy.order(found.c.id)
    scoped = scope is not None
    place: dict[str, ColumnElement[Any]] = {"log_case": NO_ID, "log_family": NO_ID}
    if scope is not None:  # of what lies in one row of a case, the rows say which case; no rows, no case
        in_place = policy.scope in ("case_id", "family_id")
        place = {name: scope if in_place else func.array_agg(found.c[name])[1] for name in place}
    return _values(policy, found, by_id) | {
        "action": word("list"),
        "outcome": word("read"),
        "rules": _gathered(found.c.log_rule, by_id),
        "case_id": NO_ID if policy.case_id is None else place["log_case"],
        "family_id": NO_ID if policy.family_id is None else place["log_family"],
        "case_ids": NO_IDS if scoped or policy.case_id is None else _gathered(found.c.log_case, by_id),
    }


def of_one(policy: "Policy", found: CTE, action: str) -> dict[str, ColumnElement[Any]]:
    reading = action == "read"
    first = {name: func.array_agg(found.c[name])[1] for name in ("log_case", "log_family")}
    rule = found.c.log_rule if reading else func.coalesce(found.c.action_rule, word(""))
    values = _values(policy, found, found.c.id)
    if not reading and policy.member_id is None:
        values["member_ids"] = ABOUT
    return values | {
        "action": word(action),
        "outcome": word("read" if action in LOOKS else "write"),
        "rules": _gathered(rule, found.c.id),
        "case_id": first["log_case"],
        "family_id": first["log_family"],
        "case_ids": NO_IDS,
    }


def of_screen(policy: "Policy", whole: CTE, within: Sequence[CTE]) -> dict[str, ColumnElement[Any]]:
    """One log row for a row and all that was shown beneath it: the ids of both, each with its rule."""
    values = of_one(policy, whole, "read")
    ids, rules = values["resource_ids"], values["rules"]
    for page in within:
        ids = func.array_cat(ids, select(_gathered(page.c.id, page.c.id)).scalar_subquery(), type_=ids.type)
        rules = func.array_cat(rules, select(_gathered(page.c.log_rule, page.c.id)).scalar_subquery(), type_=rules.type)
    return values | {"action": word("overview"), "resource_ids": ids, "rules": rules}


def _values(policy: "Policy", found: CTE, order: ColumnElement[Any]) -> dict[str, ColumnElement[Any]]:
    return {
        "resource": word(policy.name),
        "resource_ids": _gathered(found.c.id, order),
        "member_ids": NO_IDS if policy.member_id is None else _gathered(found.c.log_member, order),
        "bases": NO_IDS if policy.basis_id is None else _gathered(found.c.log_basis, order),
    }


def _gathered(column: ColumnElement[Any], order: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(func.array_agg(aggregate_order_by(column, order)), empty(column.type))


def row_of(values: Mapping[str, ColumnElement[Any]], log_id: str) -> dict[str, ColumnElement[Any]]:
    """A log row: who asks, and the values, always in the same order."""
    named = {**values, **asking(bindparam(log_id, type_=UUID_TYPE) if log_id else NO_ID)}
    return {name: named[name] for name in sorted(named)}


def logged(values: Mapping[str, ColumnElement[Any]], found: CTE) -> CTE:
    row = row_of(values, "log_id")
    return insert(LOG).from_select(list(row), select(*row.values()).select_from(found)).cte("logged")


def asking(log_id: ColumnElement[Any]) -> dict[str, ColumnElement[Any]]:
    """The columns of a log row that say who asked, when and as what."""
    return {
        "municipality_id": ACTOR.municipality,
        "id": log_id,
        "at": ACTOR.at,
        "actor_id": ACTOR.user,
        "actor_kind": ACTOR.kind,
        "actor_roles": ACTOR.roles,
        "actor_departments": ACTOR.departments,
        "request_id": ACTOR.request_id,
        "purpose": ACTOR.purpose,
    }


REFUSED: Final = insert(LOG).values(
    **asking(bindparam("log_id", type_=UUID_TYPE)),
    outcome=bindparam("refused_outcome"),
    rules=[""],
    action=bindparam("refused_action"),
    resource=bindparam("refused_resource"),
    resource_ids=bindparam("refused_rows", type_=ARRAY(UUID_TYPE)),
    case_id=bindparam("refused_case", type_=UUID_TYPE),
    member_ids=bindparam("refused_members", type_=ARRAY(UUID_TYPE)),
    code=bindparam("refused_code"),
)
