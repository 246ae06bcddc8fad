"""Emergency access: minutes, a reason, the leader told at once, and a review afterwards (R292)."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import exists, func, select

from app.db import Row, Transaction, columns
from app.errors import Conflict
from app.models import EmergencyAccess, Event
from app.policy import sharing as policies
from app.policy.actor import Actor
from app.policy.cases import cases
from app.policy.core import Page
from app.schemas.emergencies import EmergencyIn, EmergencyReview
from app.services.casework import require_open, require_unsealed
from app.services.events import emit
from app.services.rows import add, change

emergency, event = columns(EmergencyAccess), columns(Event)
DAY: Final = timedelta(hours=24)
LONGEST: Final = timedelta(minutes=120)
"""How long one may have a case open within a day before the leader has reviewed it."""


async def open_(session: Transaction, actor: Actor, case_id: UUID, wanted: EmergencyIn) -> Row:
    """Open the case's documents to oneself for some minutes. Emits `emergency.opened`, which the leader sees at once.

    It stands in for owning or sharing only: what closes a document still closes it, and so does an unmade review of
    its relevance. Raises Conflict when one's own is open already, when it would be more than two hours in a day that
    nobody has reviewed, or the case is closed or restricted.
    """
    case = await cases.get(session, actor, case_id, "open_emergency")
    require_open(case)
    require_unsealed(case)
    if await _is_open(session, actor, case_id):
        raise Conflict("emergency-open")
    if await _unreviewed(session, actor, case_id) + timedelta(minutes=wanted.minutes) > LONGEST:
        raise Conflict("emergency-limit")
    values = {"user_id": actor.user, "opened_at": actor.at, "closes_at": actor.at + timedelta(minutes=wanted.minutes)}
    id = await add(session, actor, EmergencyAccess, case_id=case_id, reason=wanted.reason, **values)
    await emit(session, actor, "emergency.opened", id, case_id=case_id)
    return await policies.emergencies.get(session, actor, id)


async def close(session: Transaction, actor: Actor, id: UUID) -> Row:
    """Close it before its minutes are over. Emits `emergency.closed`. Raises Conflict when it is over."""
    row = await policies.emergencies.get(session, actor, id, "close_emergency")
    if not row.open_now:
        raise Conflict("emergency-over")
    await change(session, actor, EmergencyAccess, id, closes_at=emergency.opened_at, closed_by=actor.user)
    await emit(session, actor, "emergency.closed", id, case_id=row.case_id)
    return await policies.emergencies.get(session, actor, id)


async def review(session: Transaction, actor: Actor, id: UUID, wanted: EmergencyReview) -> Row:
    """The leader has looked at it. Emits `emergency.reviewed`. Forbidden for one's own; Conflict for a second one."""
    row = await policies.emergencies.get(session, actor, id, "review_emergency")
    if row.reviewed_at is not None:
        raise Conflict("emergency-reviewed")
    reviewed = {"reviewed_by": actor.user, "reviewed_at": actor.at, "review_note": wanted.note}
    await change(session, actor, EmergencyAccess, id, **reviewed)
    await emit(session, actor, "emergency.reviewed", id, case_id=row.case_id)
    return await policies.emergencies.get(session, actor, id)


async def of_case(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> Page:
    return await policies.emergencies.page(session, actor, case_id=case_id, **page)


async def _is_open(session: Transaction, actor: Actor, case_id: UUID) -> bool:
    own = (emergency.municipality_id == actor.municipality, emergency.user_id == actor.user)
    now = (emergency.case_id == case_id, emergency.opened_at <= actor.at, emergency.closes_at > actor.at)
    return bool((await session.execute(select(exists().where(*own, *now)))).scalar_one())


async def _unreviewed(session: Transaction, actor: Actor, case_id: UUID) -> timedelta:
    """How long one's own accesses of the last day, not reviewed yet, were open: one closed early, until it was."""
    since = actor.at - DAY
    closing = (event.municipality_id == actor.municipality, event.case_id == case_id, event.at >= since)
    this = (event.type == "emergency.closed", event.resource_id == emergency.id)
    closed_at = select(func.min(event.at)).where(*closing, *this).correlate(emergency.id.table).scalar_subquery()
    lasted = func.coalesce(closed_at, emergency.closes_at) - emergency.opened_at
    own = (emergency.municipality_id == actor.municipality, emergency.user_id == actor.user)
    recent = (emergency.case_id == case_id, emergency.opened_at > since, emergency.reviewed_at.is_(None))
    found = (await session.execute(select(func.sum(lasted)).where(*own, *recent))).scalar_one()
    return found or timedelta()
