"""Guests of a case: they see what is shared with them, in a window, and nothing else of it (R293)."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import exists, select

from app.db import Row, Transaction, columns
from app.errors import Conflict, NotFound, invalid
from app.models import Guest, Position, User
from app.policy import sharing as policies
from app.policy.actor import Actor
from app.policy.cases import cases
from app.policy.contacts import meetings
from app.policy.core import Page
from app.schemas.guests import GuestIn
from app.services.casework import on_the_case, require_open
from app.services.events import emit
from app.services.rows import add, change

guest = columns(Guest)
DAY: Final = timedelta(hours=24)
LONGEST: Final = {"meeting": DAY, "network": timedelta(days=366)}


async def invite(session: Transaction, actor: Actor, case_id: UUID, wanted: GuestIn) -> Row:
    """Give a professional a window in which she sees what is shared with her. Emits `guest.invited`.

    Raises Invalid for anybody but an active professional of another department or an outside organisation, for a
    window that is over, too long or not about its meeting; Conflict for one who is in it already, or works on the case.
    """
    case = await cases.get(session, actor, case_id, "invite_guest")
    await _outsider(session, actor, case, wanted.user_id)
    await _window(session, actor, case, wanted)
    require_open(case)
    if await on_the_case(session, actor, case_id, wanted.user_id):
        raise Conflict("already-inside")
    if await _there(session, actor, case_id, wanted):
        raise Conflict("already-guest")
    stamped = {"created_at": actor.at, "created_by": actor.user}
    id = await add(session, actor, Guest, case_id=case_id, **wanted.model_dump(), **stamped)
    await emit(session, actor, "guest.invited", id, case_id=case_id)
    return await policies.guests.get(session, actor, id)


async def end(session: Transaction, actor: Actor, id: UUID) -> Row:
    """Close a guest's window, at once and on every path. Emits `guest.ended`. Raises Conflict when it is over."""
    row = await policies.guests.get(session, actor, id, "end_visit")
    if row.ended_at is not None or row.closes_at <= actor.at:
        raise Conflict("visit-over")
    await _ended(session, actor, id, row.case_id)
    return await policies.guests.get(session, actor, id)


async def end_for_meeting(session: Transaction, actor: Actor, meeting: Row) -> None:
    """Close the windows of those invited to a meeting that is off. Emits `guest.ended` for each."""
    of_meeting = (guest.municipality_id == actor.municipality, guest.meeting_id == meeting.id)
    lasting = select(guest.id).where(*of_meeting, guest.ended_at.is_(None), guest.closes_at > actor.at)
    for id in (await session.execute(lasting.order_by(guest.id))).scalars().all():
        await _ended(session, actor, id, meeting.case_id)


async def of_case(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> Page:
    return await policies.guests.page(session, actor, case_id=case_id, **page)


async def _ended(session: Transaction, actor: Actor, id: UUID, case_id: UUID) -> None:
    await change(session, actor, Guest, id, closes_at=guest.opens_at, ended_at=actor.at, ended_by=actor.user)
    await emit(session, actor, "guest.ended", id, case_id=case_id)


async def _outsider(session: Transaction, actor: Actor, case: Row, user_id: UUID) -> None:
    """An active professional, and none of the department that owns the case. Raises Invalid otherwise."""
    user, position = columns(User), columns(Position)
    this = (user.municipality_id == actor.municipality, user.id == user_id, user.active, user.kind == "professional")
    if (await session.execute(select(user.id).where(*this))).first() is None:
        raise invalid("/user_id", "not-a-professional", "not-a-professional")
    held = (position.municipality_id == actor.municipality, position.user_id == user_id, position.ended_at.is_(None))
    inside = exists().where(*held, position.department_id == case.owner_department_id)
    if (await session.execute(select(inside))).scalar_one():
        raise invalid("/user_id", "of-owner-department", "of-owner-department")


async def _window(session: Transaction, actor: Actor, case: Row, wanted: GuestIn) -> None:
    """The window makes sense: it lies ahead, is not too long, and is about its meeting. Raises Invalid."""
    if wanted.closes_at <= wanted.opens_at:
        raise invalid("/closes_at", "period-invalid", "period-invalid")
    if wanted.closes_at <= actor.at:
        raise invalid("/closes_at", "past")
    if (wanted.kind == "meeting") is not (wanted.meeting_id is not None):
        raise invalid("/meeting_id", "required" if wanted.meeting_id is None else "not-here")
    if wanted.closes_at - wanted.opens_at > LONGEST[wanted.kind]:
        raise invalid("/closes_at", "visit-too-long", "visit-too-long")
    if wanted.meeting_id is not None:
        planned_for = await _meeting(session, actor, case, wanted.meeting_id)
        if not (planned_for - DAY <= wanted.opens_at and wanted.closes_at <= planned_for + DAY):
            raise invalid("/opens_at", "not-around-meeting")


async def _meeting(session: Transaction, actor: Actor, case: Row, id: UUID) -> datetime:
    """When the meeting of this case is. Raises Invalid for another one, and for one that was cancelled."""
    try:
        meeting = await meetings.get(session, actor, id)
    except NotFound:
        raise invalid("/meeting_id", "unknown-reference", "unknown-reference") from None
    if meeting.case_id != case.id or meeting.status == "cancelled":
        raise invalid("/meeting_id", "unknown-reference", "unknown-reference")
    planned: datetime = meeting.planned_for
    return planned


async def _there(session: Transaction, actor: Actor, case_id: UUID, wanted: GuestIn) -> bool:
    """Whether the guest has a window that meets this one."""
    same = (guest.municipality_id == actor.municipality, guest.case_id == case_id, guest.user_id == wanted.user_id)
    meets = (guest.ended_at.is_(None), guest.opens_at < wanted.closes_at, guest.closes_at > wanted.opens_at)
    return bool((await session.execute(select(exists().where(*same, *meets)))).scalar_one())
