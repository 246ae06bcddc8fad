"""The municipality's list of legal references: dated data with defaults, kept by administrators; no legal advice."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from app.db import Row, Transaction, columns
from app.errors import Conflict, Flaw, invalid
from app.models import LegalReference
from app.policy import consents as policies
from app.policy.actor import Actor
from app.policy.core import Page
from app.schemas.legal_references import LegalReferenceEnd, LegalReferenceIn
from app.services.catalogue import label, shipped_references
from app.services.events import emit
from app.services.municipalities import administering
from app.services.rows import add, change

Entry = Mapping[str, Any]


async def add_entry(session: Transaction, actor: Actor, wanted: LegalReferenceIn) -> Entry:
    """A dated entry. Administrators only. Emits `legal_reference.added`.

    Raises Conflict where an entry of the same code is valid on that day or later: that one is ended first.
    """
    await administering(session, actor)
    own = columns(LegalReference)
    same = (own.municipality_id == actor.municipality, own.code == wanted.code)
    still = or_(own.valid_until.is_(None), own.valid_until > wanted.valid_from)
    if (await session.execute(select(own.id).where(*same, still))).first() is not None:
        raise Conflict("period-overlaps", Flaw("/valid_from", "period-overlaps"))
    id = await add(session, actor, LegalReference, **wanted.model_dump(), created_at=actor.at)
    await emit(session, actor, "legal_reference.added", id)
    return await entry(session, actor, id)


async def end(session: Transaction, actor: Actor, id: UUID, wanted: LegalReferenceEnd) -> Entry:
    """The first day on which an entry can be named no more; what was based on it stays. Emits `legal_reference.ended`.

    Administrators only. Raises Invalid for a day before it began, or after an end that it has already.
    """
    found = await policies.legal_references.get(session, actor, id, "configure")
    if not found.valid_from <= wanted.valid_until <= (found.valid_until or wanted.valid_until):
        raise invalid("/valid_until", "period-invalid", "period-invalid")
    await change(session, actor, LegalReference, id, valid_until=wanted.valid_until)
    await emit(session, actor, "legal_reference.ended", id)
    return await entry(session, actor, id)


async def entry(session: Transaction, actor: Actor, id: UUID) -> Entry:
    return _shown(await policies.legal_references.get(session, actor, id), actor)


async def entries(session: Transaction, actor: Actor, **page: Any) -> tuple[list[Entry], Page]:
    """The list, newest first; each entry says that it is no legal advice."""
    found = await policies.legal_references.page(session, actor, **page)
    return [_shown(row, actor) for row in found.items], found


def valid(reference: Row, use: str, day: date) -> bool:
    """Whether the entry can be named for this, on this day."""
    until: date | None = reference.valid_until
    return bool(reference.use == use and reference.valid_from <= day and (until is None or day < until))


def shipped(now: datetime) -> list[dict[str, Any]]:
    """The rows that a new municipality starts with."""
    return [{**one.model_dump(), "created_at": now} for one in shipped_references()]


def _shown(row: Row, actor: Actor) -> Entry:
    return {**row._mapping, "advice": label("legal_note", "no_advice", actor.language)}
