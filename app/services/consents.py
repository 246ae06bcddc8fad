"""Consents: drafted, put to those who sign, and kept in a register (R280–R288, R298); `signing` has the answers.

What was asked for is never changed: another scope is another consent, which may replace the former (`supersedes_id`).
Who must sign, and from when to when it is in force, is worked out in one place: `settling`.
"""

from collections.abc import Mapping
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
from app.schemas.consents import CancellationIn, ConsentIn, ConsentPatch
from app.services import scopes, settling
from app.services.casework import require_open, require_open_around
from app.services.events import emit
from app.services.municipalities import settings_now
from app.services.rows import add, change
from app.services.settling import OPEN
from app.wire import Condition

YEAR: Final = timedelta(days=365)
FIVE_YEARS: Final = timedelta(days=5 * 365)
REQUIRED: Final = ("purpose", "recipients", "categories", "folder_ids", "document_ids", "covers_later", "sources")
SCOPE: Final = ("recipients", "categories", "folder_ids", "document_ids", "sources")


async def draft(session: Transaction, actor: Actor, case_id: UUID, wanted: ConsentIn) -> Row:
    """A draft, which its author alone sees. Emits `consent.drafted`.

    Raises Invalid, naming the place, for a subject, recipient, source, folder or document that is not there or not the
    author's to name, for an empty scope, and for an end that is past or too far ahead: 365 days where health
    information may be in it, five years in all.
    """
    case = await cases.get(session, actor, case_id, "draft_consent", about=wanted.subject_id)
    await scopes.require_subject(session, actor, case, wanted.subject_id)
    values = await _judged(session, actor, case, wanted.model_dump())
    require_open(case)
    nothing: dict[str, Any] = {"signers": [], "heard": []}
    stamped: dict[str, Any] = {"kind": "consent", "state": "draft", "created_at": actor.at, "created_by": actor.user}
    id = await add(session, actor, Basis, case_id=case_id, **values, **nothing, **stamped)
    drafted = await policies.consents.get(session, actor, id)
    await tell(session, actor, "consent.drafted", drafted)
    return drafted


async def change_draft(session: Transaction, actor: Actor, id: UUID, wanted: ConsentPatch, condition: Condition) -> Row:
    """Change a draft. Emits `consent.changed`. Raises Conflict when it has been put to those who sign."""
    consent = await policies.consents.get(session, actor, id, "change_consent", condition)
    case = await cases.get(session, actor, consent.case_id)
    given = wanted.model_dump(exclude_unset=True)
    for required in (*REQUIRED, "text", "language"):
        if required in given and given[required] is None:
            raise invalid(f"/{required}", "required")
    values = await _judged(session, actor, case, _asked(consent) | given)
    _still_draft(case, consent)
    if given:
        await change(session, actor, Basis, id, **values)
        await tell(session, actor, "consent.changed", consent)
    return await policies.consents.get(session, actor, id)


async def request(session: Transaction, actor: Actor, id: UUID) -> Row:
    """Put a draft to those who sign: text and scope are fixed from now on. Emits `consent.requested`.

    Raises Invalid when something that it names is gone meanwhile, and Conflict when it is no draft any more, or when
    nobody is known who could sign (`nobody-to-sign`): without a custody holder no consent for a child is ever in force.
    """
    consent = await policies.consents.get(session, actor, id, "request_consent")
    case = await cases.get(session, actor, consent.case_id)
    values = await _judged(session, actor, case, _asked(consent))
    _still_draft(case, consent)
    values["remind_on"] = values["remind_on"] or await _reminder(session, actor, values["expires_on"])
    await change(session, actor, Basis, id, **values, state="requested", requested_at=actor.at)
    await tell(session, actor, "consent.requested", consent)
    await settling.settle(session, actor, [id])
    asked = await policies.consents.get(session, actor, id)
    if not asked.signer_ids:
        raise Conflict("nobody-to-sign")
    return asked


async def cancel(session: Transaction, actor: Actor, id: UUID, wanted: CancellationIn) -> Row:
    """Take back a draft, or what waits and was never in force; by its author or the case's advisers.

    It is never signed after, and stays in the register (R298). Emits `consent.cancelled`. Raises Conflict when it has
    been given (`consent-given`), since then only those who must sign take it back, or has ended.
    """
    consent = await policies.consents.get(session, actor, id, "cancel_consent")
    require_open_around(consent)
    if consent.state != "draft":
        still_open(consent, actor)
    if consent.active_from is not None:
        raise Conflict("consent-given")
    ended = {"state": "cancelled", "ended_at": actor.at, "end_reason": wanted.reason, "changes_on": None}
    await change(session, actor, Basis, id, **ended)
    await tell(session, actor, "consent.cancelled", consent)
    return await policies.consents.get(session, actor, id)


async def consents(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> Page:
    """The register of the case, newest first, with what has ended (R298)."""
    return await policies.consents.page(session, actor, case_id=case_id, **page)


async def _judged(session: Transaction, actor: Actor, case: Row, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a consent as it was asked for. Raises Invalid."""
    scope = await scopes.judged(session, actor, case, wanted)
    kept = {name: value for name, value in wanted.items() if name not in SCOPE}
    kept["expires_on"] = await _end(session, actor, wanted["expires_on"], scope.health)
    review_on: date | None = wanted["review_on"]
    if review_on is not None and not actor.today < review_on <= kept["expires_on"]:
        raise invalid("/review_on", "past" if review_on <= actor.today else "period-invalid")
    _remindable(actor, wanted["remind_on"], kept["expires_on"])
    if wanted["supersedes_id"] is not None:
        await _replaceable(session, actor, case, wanted)
    return kept | dict(scope.values)


async def _end(session: Transaction, actor: Actor, wanted: date | None, health: bool) -> date:
    """The first day without it: as wanted, or by the setting; never unlimited. Raises Invalid."""
    last = actor.today + (YEAR if health else FIVE_YEARS)
    if wanted is None:
        days = (await settings_now(session, actor)).consent.default_days
        return min(actor.today + timedelta(days=days), last)
    if wanted <= actor.today:
        raise invalid("/expires_on", "past")
    if wanted > last:
        raise invalid("/expires_on", "beyond-a-year" if health else "beyond-five-years")
    return wanted


async def _reminder(session: Transaction, actor: Actor, expires_on: date) -> date | None:
    """The day to remind by the setting; None where it would have expired by then."""
    day = actor.today + timedelta(days=(await settings_now(session, actor)).consent.remind_days)
    return day if day < expires_on else None


def _remindable(actor: Actor, day: date | None, expires_on: date) -> None:
    """The day to remind is not over, and lies before the end. Raises Invalid."""
    if day is None:
        return
    if day < actor.today:
        raise invalid("/remind_on", "past")
    if day >= expires_on:
        raise invalid("/remind_on", "period-invalid", "period-invalid")


async def _replaceable(session: Transaction, actor: Actor, case: Row, wanted: Mapping[str, Any]) -> None:
    """What it replaces is another consent of this case, about the same person and for the same purpose, still open."""
    try:
        former = await policies.consents.get(session, actor, wanted["supersedes_id"])
    except NotFound:
        raise invalid("/supersedes_id", "unknown-reference", "unknown-reference") from None
    same = (case.id, wanted["subject_id"], wanted["purpose"])
    if (former.case_id, former.subject_id, former.purpose) != same or former.state not in OPEN:
        raise invalid("/supersedes_id", "unknown-reference", "unknown-reference")


def _asked(consent: Row) -> dict[str, Any]:
    """A draft in the shape that it was asked for."""
    whole = consent._mapping
    names = (
        *REQUIRED,
        "subject_id",
        "text",
        "language",
        "expires_on",
        "review_on",
        "remind_on",
        "processing_basis",
        "supersedes_id",
    )
    parties = {
        name: [{"kind": one["kind"], "id": UUID(one["id"])} for one in whole[name]]
        for name in ("recipients", "sources")
    }
    return {name: whole[name] for name in names} | parties


def _still_draft(case: Row, consent: Row) -> None:
    require_open(case)
    if consent.state != "draft":
        raise Conflict("consent-not-draft")


def still_open(consent: Row, actor: Actor) -> None:
    """Raises Conflict for a draft, and for what has ended, today included."""
    if consent.state == "draft":
        raise Conflict("consent-not-requested")
    if consent.state not in OPEN or consent.expires_on <= actor.today:
        raise Conflict("consent-closed")


async def tell(session: Transaction, actor: Actor, event: str, consent: Row) -> None:
    """About the child of the case for all who may read the consent; about anybody else for that person alone."""
    about = None if consent.subject_id == consent.child_id else consent.subject_id
    await emit(session, actor, event, consent.id, case_id=consent.case_id, member_id=about)
