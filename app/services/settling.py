"""Settling: how consents stand after anything that decides over them has changed; the one place that writes it (P4).

Called by who signs, withdraws or replaces a consent, by who records custody or a birth date, closes a case or changes
the municipality's settings, and by the worker on the days that were known ahead and for what was settled by other
settings. Reading never waits for it: what ends by a day has that day in its range already.

The case's row is locked before its consents are settled; where there are several, in the order of their ids.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Select, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.db import Row, Transaction, columns, table_of
from app.models import Basis, Case, Custody, Member, Signature
from app.policy.actor import Actor
from app.policy.rules import UUID_TYPE, Expression, is_one, mine
from app.schemas.settings import MunicipalitySettings
from app.services import scopes
from app.services.events import emit
from app.services.municipalities import settings_now
from app.services.rows import change, change_all
from app.services.signers import Answer, Facts, Held, Stands, Was, begins, settled

IDS: Final = ARRAY(UUID_TYPE)
basis, member, custody, signature = columns(Basis), columns(Member), columns(Custody), columns(Signature)
case = columns(Case)
OPEN: Final = ("requested", "active", "renewal_needed")
"""It is awaited, or in force, or waits for one more signature."""
AT_ONCE: Final = 200
"""So many consents are settled by the request that changes the settings; the rest by the worker's next round."""
TOLD: Final = {
    "active": "granted",
    "renewal_needed": "renewal_needed",
    "expired": "expired",
    "declined": "declined",
    "withdrawn": "withdrawn",
    "ended": "ended",
}
"""The event of each state that a consent can come into here."""


def _open() -> Expression:
    return is_one(basis.state, *OPEN)


def _bases() -> Select[Any]:
    its = (case.municipality_id == basis.municipality_id) & (case.id == basis.case_id)
    about = (member.municipality_id == basis.municipality_id) & (member.id == basis.subject_id)
    ground = table_of(Basis).join(table_of(Case), its).join(table_of(Member), about)
    rows = select(*basis, member.kind.label("subject_kind"), member.birth_date, case.child_id)
    rows = rows.add_columns(case.state.label("case_state")).select_from(ground)
    return rows.where(mine(table_of(Basis)), basis.id == any_(bindparam("basis_ids", type_=IDS)), _open())


BASES: Final = _bases().order_by(basis.case_id, basis.id)
SIGNED: Final = (
    select(signature.basis_id, signature.member_id, signature.answer, signature.signed_at)
    .where(mine(table_of(Signature)), signature.basis_id == any_(bindparam("basis_ids", type_=IDS)), signature.binding)
    .order_by(signature.id)
)
HELD: Final = (
    select(custody.child_id, custody.holder_id, custody.valid_from, custody.valid_until)
    .where(mine(table_of(Custody)), custody.child_id == any_(bindparam("subject_ids", type_=IDS)))
    .order_by(custody.id)
)
ABOUT: Final = select(basis.id, basis.case_id).where(
    mine(table_of(Basis)),
    basis.kind == "consent",
    basis.subject_id == any_(bindparam("subject_ids", type_=IDS)),
    _open(),
)
OF_CASE: Final = (
    select(basis.id)
    .where(mine(table_of(Basis)), basis.kind == "consent", basis.case_id == bindparam("case_id"), _open())
    .order_by(basis.id)
)
STALE: Final = (
    select(basis.id, basis.case_id)
    .where(mine(table_of(Basis)), basis.kind == "consent", _open(), basis.rules != bindparam("rules", type_=JSONB))
    .order_by(basis.case_id, basis.id)
    .limit(bindparam("most"))
)
DUE: Final = (
    select(basis.id, basis.case_id)
    .where(mine(table_of(Basis)), basis.changes_on <= bindparam("due_on"), _open())
    .order_by(basis.changes_on, basis.id)
    .limit(bindparam("most"))
)
LOCKED: Final = (
    select(case.id)
    .where(mine(table_of(Case)), case.id == any_(bindparam("case_ids", type_=IDS)))
    .order_by(case.id)
    .with_for_update(key_share=True)
)
Bases = Mapping[UUID, Sequence[UUID]]


async def about(session: Transaction, actor: Actor, members: Collection[UUID]) -> Bases:
    """The consents that are open about these people, by the case they lie in, whose row is locked now."""
    return await locked(session, actor, await session.rows(ABOUT, {**actor.parameters, "subject_ids": sorted(members)}))


async def due(session: Transaction, actor: Actor, most: int) -> Sequence[Row]:
    """Consents and statutory bases whose day has come."""
    return await session.rows(DUE, {**actor.parameters, "due_on": actor.today, "most": most})


async def stale(session: Transaction, actor: Actor, most: int) -> Sequence[Row]:
    """Open consents that were settled by other settings than those in force."""
    rules = (await settings_now(session, actor)).consent.rules
    return await session.rows(STALE, {**actor.parameters, "rules": rules, "most": most})


async def locked(session: Transaction, actor: Actor, found: Sequence[Row]) -> Bases:
    """What was found, by the case it lies in, whose row is locked now; others may have changed it before."""
    by_case: dict[UUID, list[UUID]] = {id: [] for id in sorted({row.case_id for row in found})}
    for row in found:
        by_case[row.case_id].append(row.id)
    if by_case:
        await session.rows(LOCKED, {**actor.parameters, "case_ids": list(by_case)})
    return by_case


async def settle(session: Transaction, actor: Actor, ids: Sequence[UUID]) -> None:
    """Work out how these consents stand, write it down, and tell what became of them; those that are closed stay so.

    Emits `consent.granted`, `consent.renewal_needed`, `consent.expired`, `consent.declined`, `consent.withdrawn`,
    `consent.ended` in a case that is closed (R78), and for a consent that one now in force replaces,
    `consent.superseded`; for a statutory basis `statutory_basis.expired`.
    """
    rows = await session.rows(BASES, {**actor.parameters, "basis_ids": list(ids)}) if ids else ()
    if not rows:
        return
    settings = await settings_now(session, actor)
    consents = [row for row in rows if row.kind == "consent"]
    facts = await _facts(session, actor, consents, settings)
    became = [(row, _stands(row, facts.get(row.id), actor)) for row in rows]
    written = [(row, _values(row, now, settings.consent.rules)) for row, now in became]
    await change_all(session, actor, Basis, [values for row, values in written if _differs(row, values)])
    for row, now in became:
        if now.state != row.state:
            await tell(session, actor, row, TOLD[now.state])
        if now.state == "active" and row.state != "active" and row.supersedes_id is not None:
            await _supersede(session, actor, row.supersedes_id)


async def _facts(
    session: Transaction, actor: Actor, rows: Sequence[Row], settings: MunicipalitySettings
) -> dict[UUID, Facts]:
    """What decides over each consent, by its id: as many statements for many as for one."""
    subjects, ids = sorted({row.subject_id for row in rows}), [row.id for row in rows]
    held = await session.rows(HELD, {**actor.parameters, "subject_ids": subjects})
    given = await session.rows(SIGNED, {**actor.parameters, "basis_ids": ids})
    covered = await scopes.categories(session, actor, rows)
    return {
        row.id: Facts(
            subject=row.subject_id,
            kind=row.subject_kind,
            born=row.birth_date,
            custody=[Held(h.holder_id, h.valid_from, h.valid_until) for h in held if h.child_id == row.subject_id],
            categories=covered[row.id],
            answers={s.member_id: Answer(s.answer, s.signed_at) for s in given if s.basis_id == row.id},
            settings=settings,
        )
        for row in rows
    }


def _stands(row: Row, facts: Facts | None, actor: Actor) -> Stands:
    """How it stands now: a consent by its facts, and in a closed case no longer; a statutory basis by time alone."""
    if facts is None:
        return _statute(row, actor)
    now = settled(_was(row), facts, actor.at)
    if row.case_state == "closed" and now.state in OPEN:
        return replace(now, state="ended", active_until=now.active_from, ended_at=actor.at, changes_on=None)
    return now


def _was(row: Row) -> Was:
    return Was(row.state, row.active_from, row.active_until, row.expires_on)


def _statute(row: Row, actor: Actor) -> Stands:
    """Time alone ends a statutory basis; one that nobody reviewed in time is over too."""
    over = row.expires_on <= actor.today
    state, ended_at = ("expired", begins(row.expires_on)) if over else (row.state, None)
    return Stands(state, row.active_from, row.active_until, ended_at, None if over else row.expires_on, [], [])


def _values(row: Row, now: Stands, rules: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "state": now.state,
        "active_from": now.active_from,
        "active_until": now.active_until,
        "ended_at": now.ended_at,
        "changes_on": now.changes_on,
        "signers": now.signers,
        "heard": now.heard,
        "rules": rules if row.kind == "consent" else None,
    }


def _differs(row: Row, values: Mapping[str, Any]) -> bool:
    return any(row[name] != value for name, value in values.items())


async def _supersede(session: Transaction, actor: Actor, id: UUID) -> None:
    """End what a consent that is in force now replaces, unless it has ended already."""
    for row in await session.rows(BASES, {**actor.parameters, "basis_ids": [id]}):
        ended = {"state": "superseded", "active_until": row.active_from, "ended_at": actor.at, "changes_on": None}
        await change(session, actor, Basis, id, **ended)
        await tell(session, actor, row, "superseded")


async def tell(session: Transaction, actor: Actor, row: Row, verb: str) -> None:
    """About the child of the case for all who read it; about anybody else for that person, and those who work here."""
    about = None if row.subject_id == row.child_id else row.subject_id
    resource = "consent" if row.kind == "consent" else "statutory_basis"
    await emit(session, actor, f"{resource}.{verb}", row.id, case_id=row.case_id, member_id=cast(UUID | None, about))


async def close(session: Transaction, actor: Actor, case_id: UUID) -> None:
    """End the open consents of a case that is closed now, and whose row is locked (R78): their purpose is over."""
    found = await session.rows(OF_CASE, {**actor.parameters, "case_id": case_id})
    await settle(session, actor, [row.id for row in found])


async def by_settings(session: Transaction, actor: Actor) -> None:
    """Settle the open consents by settings that are others now: `AT_ONCE` of them, and the rest is the worker's."""
    await _all(session, actor, await stale(session, actor, AT_ONCE))


async def tick(session: Transaction, actor: Actor, most: int = 100) -> int:
    """Settle what is due or was settled by other settings, at most so many of either; how many there were.

    For the worker, in a transaction of its own.
    """
    found = [*await due(session, actor, most), *await stale(session, actor, most)]
    await _all(session, actor, found)
    return len(found)


async def _all(session: Transaction, actor: Actor, found: Sequence[Row]) -> None:
    its = await locked(session, actor, found)
    await settle(session, actor, [id for ids in its.values() for id in ids])
