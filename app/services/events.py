"""Events: written in the transaction of what happened, in the order of each case; read as timeline and access log."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import INTEGER, TEXT, bindparam, cast, insert, null, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import new_id, table_of
from app.models import Counter, Event
from app.policy import events as policies
from app.policy.actor import ACTOR, Actor
from app.policy.core import UUID_TYPE, Page
from app.services.catalogue import label, labels

EVENT: Final = {
    "municipality_id": ACTOR.municipality,
    "id": bindparam("event_id", type_=UUID_TYPE),
    "at": ACTOR.at,
    "type": bindparam("event_type", type_=TEXT),
    "resource": bindparam("event_resource", type_=TEXT),
    "resource_id": bindparam("event_resource_id", type_=UUID_TYPE),
    "case_id": bindparam("event_case_id", type_=UUID_TYPE),
    "member_id": bindparam("event_member_id", type_=UUID_TYPE),
    "actor_id": ACTOR.user,
    "actor_kind": ACTOR.kind,
}

_counter = upsert(table_of(Counter)).values(
    municipality_id=ACTOR.municipality, scope=bindparam("event_scope", type_=TEXT), value=1
)
_next = (
    _counter.on_conflict_do_update(
        index_elements=["municipality_id", "scope"], set_={"value": table_of(Counter).c.value + 1}
    )
    .returning(table_of(Counter).c.value)
    .cte("next")
)
IN_CASE: Final = insert(table_of(Event)).from_select(
    [*EVENT, "sequence"], select(*EVENT.values(), _next.c.value).select_from(_next)
)
"""The event and its number in the case, from a counter row: a database sequence is not in commit order."""
OUTSIDE: Final = insert(table_of(Event)).from_select(
    [*EVENT, "sequence"], select(*EVENT.values(), cast(null(), INTEGER))
)


async def emit(
    session: AsyncSession,
    actor: Actor,
    type: str,
    resource_id: UUID,
    *,
    case_id: UUID | None = None,
    member_id: UUID | None = None,
) -> None:
    """Write an event of this transaction: ids only. `type` is `resource.verb`, and a code of the label catalogue.

    `member_id` names the one member of the family that it is about, when it is not about the case as such.
    """
    if type not in labels()["event"]:
        raise KeyError(type)
    values = {
        "event_id": new_id(),
        "event_type": type,
        "event_resource": type.partition(".")[0],
        "event_resource_id": resource_id,
        "event_case_id": case_id,
        "event_member_id": member_id,
    }
    if case_id is None:
        await session.execute(OUTSIDE, {**actor.parameters, **values})
    else:
        await session.execute(IN_CASE, {**actor.parameters, **values, "event_scope": f"events:{case_id}"})


async def timeline(
    session: AsyncSession, actor: Actor, case_id: UUID, **page: Any
) -> tuple[list[dict[str, Any]], Page]:
    """What happened in the case, newest first, each with its text in the reader's language (R64)."""
    found = await policies.events.page(session, actor, case_id=case_id, **page)
    return [{**row._mapping, "text": label("event", row.type, actor.language)} for row in found.items], found


async def access_log(
    session: AsyncSession, actor: Actor, case_id: UUID, **page: Any
) -> tuple[list[dict[str, Any]], Page]:
    """Who has looked into the case, and why, in plain language (P9). Newest first."""
    found = await policies.access_log.page(session, actor, case_id=case_id, **page)
    return [{**row._mapping, "text": _told(row, actor.language)} for row in found.items], found


def _told(row: Any, language: str) -> str:
    """Who, what, why: one line of the family's log."""
    who = row.actor_name or _as_what(row, language)
    what = label("action", row.action, language)
    resource = label("resource", row.resource, language)
    if row.outcome == "refused":
        why = label("access_outcome", "refused", language)
    else:
        why = label("rule", row.rule, language) if row.rule else label("access_outcome", row.outcome, language)
    return f"{who}: {what}, {resource} ({why})"


def _as_what(row: Any, language: str) -> str:
    roles = [label("user_role", role, language) for role in row.actor_roles if role != "member"]
    words = [*roles, *row.actor_departments] or [label("actor_kind", row.actor_kind, language)]
    return ", ".join(words)
