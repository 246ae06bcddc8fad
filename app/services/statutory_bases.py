"""Sharing without consent, where the law allows it: recorded with its reason, reviewed by a second person (R292).

Nothing is opened before that review. The family is told at once, or later for a documented reason.
"""

from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from app.db import Row, Transaction
from app.errors import Conflict, NotFound, invalid
from app.models import Basis
from app.policy import consents as policies
from app.policy.actor import Actor
from app.policy.cases import cases
from app.policy.core import Page
from app.schemas.statutory_bases import BasisEnd, BasisReview, StatutoryBasisIn
from app.services import scopes
from app.services.casework import require_open
from app.services.events import emit
from app.services.legal_references import valid
from app.services.rows import add, change
from app.services.signers import begins

LONGEST: Final = timedelta(days=365)
NOTICE: Final = ("notice_after", "notice_delay_reason", "notice_reference_id")


async def record(session: Transaction, actor: Actor, case_id: UUID, wanted: StatutoryBasisIn) -> Row:
    """Why something is to be shared without consent. Emits `statutory_basis.recorded`; opens nothing yet.

    Raises Invalid, naming the place, for what is not there or not valid today, for an end that is past or more than 365
    days ahead, and for a later notice without its reason and its reference.
    """
    case = await cases.get(session, actor, case_id, "use_statute", about=wanted.subject_id)
    await scopes.require_subject(session, actor, case, wanted.subject_id)
    scope = await scopes.judged(session, actor, case, wanted.model_dump())
    _within("/expires_on", wanted.expires_on, actor)
    await _reference(session, actor, "/legal_reference_id", wanted.legal_reference_id, "share")
    await _notice(session, actor, wanted)
    require_open(case)
    said = wanted.model_dump(include={"subject_id", "purpose", "legal_reference_id", "reason", "expires_on", *NOTICE})
    shown = {"text": wanted.reason, "language": actor.language, "covers_later": False}
    stamped = {"created_at": actor.at, "created_by": actor.user, "requested_at": actor.at}
    waiting: dict[str, Any] = {"kind": "statute", "state": "requested", "changes_on": wanted.expires_on}
    nobody: dict[str, Any] = {"signers": [], "heard": []}
    values = {**scope.values, **said, **shown, **stamped, **waiting, **nobody}
    id = await add(session, actor, Basis, case_id=case_id, **values)
    recorded = await policies.statutory_bases.get(session, actor, id)
    await _tell(session, actor, "recorded", recorded)
    return recorded


async def review(session: Transaction, actor: Actor, id: UUID, wanted: BasisReview) -> Row:
    """A second person's decision: it is in force from now on, or never.

    Emits `statutory_basis.approved` or `statutory_basis.rejected`. Forbidden for who recorded it; Conflict when it has
    been reviewed, or its time is over.
    """
    basis = await policies.statutory_bases.get(session, actor, id, "review_basis")
    if basis.state != "requested":
        raise Conflict("basis-reviewed")
    if basis.expires_on <= actor.today:
        raise Conflict("basis-closed")
    reviewed = {"reviewed_by": actor.user, "reviewed_at": actor.at, "review_note": wanted.note}
    opened = {"state": "active", "active_from": actor.at, "active_until": begins(basis.expires_on)}
    closed = {"state": "declined", "ended_at": actor.at, "changes_on": None}
    approved = wanted.decision == "approved"
    await change(session, actor, Basis, id, **reviewed, **(opened if approved else closed))
    await _tell(session, actor, "approved" if approved else "rejected", basis)
    return await policies.statutory_bases.get(session, actor, id)


async def end(session: Transaction, actor: Actor, id: UUID, wanted: BasisEnd) -> Row:
    """It is needed no more, or was a mistake: over at once. Emits `statutory_basis.ended`. Conflict when it is over."""
    basis = await policies.statutory_bases.get(session, actor, id, "end_basis")
    if basis.state not in ("requested", "active") or basis.expires_on <= actor.today:
        raise Conflict("basis-closed")
    ended = {"state": "withdrawn", "ended_at": actor.at, "end_reason": wanted.reason, "changes_on": None}
    await change(session, actor, Basis, id, **ended, active_until=basis.active_from)
    await _tell(session, actor, "ended", basis)
    return await policies.statutory_bases.get(session, actor, id)


async def statutory_bases(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> Page:
    return await policies.statutory_bases.page(session, actor, case_id=case_id, **page)


def _within(pointer: str, day: date, actor: Actor) -> None:
    """To come, and within a year. Raises Invalid."""
    if day <= actor.today:
        raise invalid(pointer, "past")
    if day > actor.today + LONGEST:
        raise invalid(pointer, "beyond-a-year")


async def _notice(session: Transaction, actor: Actor, wanted: StatutoryBasisIn) -> None:
    """A later notice has a day, a reason and a reference, all three. Raises Invalid."""
    missing = [name for name in NOTICE if getattr(wanted, name) is None]
    if missing and len(missing) < len(NOTICE):
        raise invalid(f"/{missing[0]}", "required")
    if wanted.notice_after is not None and wanted.notice_reference_id is not None:
        _within("/notice_after", wanted.notice_after, actor)
        await _reference(session, actor, "/notice_reference_id", wanted.notice_reference_id, "delay_notice")


async def _reference(session: Transaction, actor: Actor, pointer: str, id: UUID, use: str) -> None:
    try:
        named = valid(await policies.legal_references.get(session, actor, id), use, actor.today)
    except NotFound:
        named = False
    if not named:
        raise invalid(pointer, "unknown-reference", "unknown-reference")


async def _tell(session: Transaction, actor: Actor, verb: str, basis: Row) -> None:
    about = None if basis.subject_id == basis.child_id else basis.subject_id
    await emit(session, actor, f"statutory_basis.{verb}", basis.id, case_id=basis.case_id, member_id=about)
