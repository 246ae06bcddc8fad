"""Events: written in the transaction of what happened, in the order of each case; read as timeline and access log."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    INTEGER,
    TEXT,
    FromClause,
    Insert,
    bindparam,
    cast,
    func,
    insert,
    literal,
    literal_column,
    null,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from app.db import Transaction, new_id, table_of
from app.models import Counter, Event
from app.policy import events as policies
from app.policy.actor import ACTOR, Actor
from app.policy.core import Page
from app.policy.rules import UUID_TYPE
from app.services.catalogue import label, labels
from app.services.rows import add_all

RESOURCES: Final = dict.fromkeys(("document.shared", "document.unshared", "folder.shared", "folder.unshared"), "share")
"""The types of event about something else than their first word says: who may not know of a share, hears of none."""
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


def in_case(*source: FromClause) -> Insert:
    """The insert of an event and its number in the case, for each row of `source` (once, without one).

    The number comes from a counter row, locked until the commit: a database sequence is not in commit order.
    """
    counter = table_of(Counter).c
    begun = select(ACTOR.municipality, bindparam("event_scope", type_=TEXT), literal(1)).select_from(*source)
    counted = (
        upsert(table_of(Counter))
        .from_select(["municipality_id", "scope", "value"], begun)
        .on_conflict_do_update(index_elements=["municipality_id", "scope"], set_={"value": counter.value + 1})
        .returning(counter.value)
        .cte("counted")
    )
    numbered = select(*EVENT.values(), counted.c.value).select_from(counted)
    return insert(table_of(Event)).from_select([*EVENT, "sequence"], numbered)


def of_event(
    type: str, resource_id: UUID, case_id: UUID | None = None, member_id: UUID | None = None
) -> dict[str, Any]:
    """The parameters of an event's insert. KeyError for a type that the label catalogue does not know."""
    if type not in labels()["event"]:
        raise KeyError(type)
    return {
        "event_id": new_id(),
        "event_type": type,
        "event_resource": RESOURCES.get(type, type.partition(".")[0]),
        "event_resource_id": resource_id,
        "event_case_id": case_id,
        "event_member_id": member_id,
        "event_scope": f"events:{case_id}",
    }


def _counted() -> Insert:
    """The next event number of many cases."""
    counter = table_of(Counter).c
    wanted = func.unnest(bindparam("event_scopes", type_=ARRAY(TEXT)))
    scopes = wanted.table_valued("scope").render_derived(name="wanted")
    begun = select(ACTOR.municipality, scopes.c.scope, literal_column("1"))
    return (
        upsert(table_of(Counter))
        .from_select(["municipality_id", "scope", "value"], begun)
        .on_conflict_do_update(index_elements=["municipality_id", "scope"], set_={"value": counter.value + 1})
        .returning(counter.scope, counter.value)
    )


COUNTED: Final = _counted()
IN_CASE: Final = in_case()
OUTSIDE: Final = insert(table_of(Event)).from_select(
    [*EVENT, "sequence"], select(*EVENT.values(), cast(null(), INTEGER))
)


async def emit(
    session: Transaction,
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
    statement = OUTSIDE if case_id is None else IN_CASE
    await session.rows(statement, {**actor.parameters, **of_event(type, resource_id, case_id, member_id)})


async def emit_in_cases(session: Transaction, actor: Actor, type: str, case_ids: Sequence[UUID]) -> None:
    """The same event about many cases at once, in each with its own number there."""
    scopes = {f"events:{case_id}": case_id for case_id in sorted(case_ids)}  # one order: two who count never wait
    counted = await session.rows(COUNTED, {**actor.parameters, "event_scopes": list(scopes)})
    told = {"at": actor.at, "type": type, "resource": type.partition(".")[0], "member_id": None}
    told |= {"actor_id": actor.user, "actor_kind": actor.kind}
    numbered = [(scopes[row.scope], row.value) for row in counted]
    rows = [{"resource_id": case_id, "case_id": case_id, "sequence": number} for case_id, number in numbered]
    await add_all(session, actor, Event, [told | row for row in rows])


async def timeline(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> tuple[list[dict[str, Any]], Page]:
    """What happened in the case, newest first, each with its text in the reader's language (R64)."""
    found = await policies.events.page(session, actor, case_id=case_id, **page)
    return [{**row._mapping, "text": label("event", row.type, actor.language)} for row in found.items], found


async def access_log(
    session: Transaction, actor: Actor, case_id: UUID, **page: Any
) -> tuple[list[dict[str, Any]], Page]:
    """Who has looked into the case, and why, in plain language (P9). Newest first."""
    found = await policies.access_log.page(session, actor, case_id=case_id, **page)
    return [told(row, actor.language) for row in found.items], found


def told(row: Any, language: str) -> dict[str, Any]:
    """A row of the family's log with its sentence: who, as what, why, did what."""
    return {**row._mapping, "text": _sentence(row, language)}


def _sentence(row: Any, language: str) -> str:
    what = label("resource_list" if row.action == "list" else "resource", row.resource, language)
    deed = label("deed", "list_empty" if row.was_empty else row.action, language).format(what=what)
    if row.outcome in ("refused", "failed"):
        form, action = row.outcome, _attempt(row.action, what, language)
    else:
        form, action = "opened" if row.rule and not row.is_me else "unexplained", ""
    why = _why(row, language) if row.rule else ""
    return label("told", form, language).format(who=_who(row, language), why=why, deed=deed, action=action, what=what)


def _attempt(action: str, what: str, language: str) -> str:
    """What somebody tried to do; the actions that stand on many resources say to which."""
    if action in labels()["attempt"]:
        return label("attempt", action, language).format(what=what)
    words = label("action", action, language)
    return words[0].lower() + words[1:]


def _why(row: Any, language: str) -> str:
    """The rule that opened it, and by which consent or rule of law, where that is one."""
    why = label("rule", row.rule, language)
    if len(row.grounds) != 1:
        return why
    (ground,) = row.grounds
    if ground["kind"] == "statute":
        return label("told", "by_statute", language).format(why=why, citation=ground["citation"])
    on = date.fromisoformat(ground["since"]).strftime(label("told", "day", language))
    purpose = label("share_purpose", ground["purpose"], language).lower()
    return label("told", "by_consent", language).format(why=why, on=on, purpose=purpose)


def _who(row: Any, language: str) -> str:
    """The reader as the family may know them: by name where the municipality shows names, else by role and place."""
    if row.is_me or row.actor_kind == "citizen":
        return label("told", "me" if row.is_me else "citizen", language)
    roles = [label("user_role", role, language) for role in row.actor_roles if role != "member"]
    outside = [] if row.actor_organisation is None else [row.actor_organisation]
    where = ", ".join([*roles, *row.actor_departments, *outside])
    if row.actor_name is not None:
        return f"{row.actor_name} ({where})"
    form = "service" if row.actor_kind == "service" else "professional" if outside else "staff"
    return label("told", form, language).format(where=where)
