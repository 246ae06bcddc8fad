"""Meetings, contacts with the family and call-backs (R50, R97–R100)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from app.db import Row, Transaction, columns
from app.errors import Conflict, Flaw, Forbidden, Refusal, invalid
from app.models import Callback, Case, Contact, Meeting, Member
from app.policy import cases, users
from app.policy import contacts as policies
from app.policy.actor import Actor
from app.policy.core import Page
from app.schemas.contacts import Attendee, CallbackIn, ContactIn, MeetingCancelled, MeetingHeld, MeetingIn
from app.services import guests
from app.services.agreements import coordinated_by
from app.services.casework import on_the_case, require_open
from app.services.deviations import deviate
from app.services.events import emit
from app.services.municipalities import settings_now
from app.services.rows import add, change

CLOCK_SLACK: Final = timedelta(minutes=5)
"""How far ahead of ours a client's clock may be when it says that something took place."""


async def plan_meeting(session: Transaction, actor: Actor, case_id: UUID, wanted: MeetingIn) -> Row:
    """Plan a meeting; the coordinator chairs it unless a reason is given for somebody else on the case (R100)."""
    case = await cases.cases.get(session, actor, case_id, "plan_meeting")
    if wanted.kind not in (await settings_now(session, actor)).meeting_kinds:
        raise invalid("/kind", "meeting-kind-not-used", "meeting-kind-not-used")
    chair = wanted.chair_id or case.coordinator_id
    if chair is not None and chair != case.coordinator_id:
        if wanted.chair_reason is None:
            raise invalid("/chair_reason", "required")
        if not await on_the_case(session, actor, case_id, chair):
            raise invalid("/chair_id", "unknown-reference", "unknown-reference")
    require_open(case)
    if chair is None:
        raise Conflict("coordinator-missing")
    values = {"status": "planned", "attendance": [], "created_at": actor.at, "created_by": actor.user}
    content = wanted.model_dump(exclude={"chair_id"})
    id = await add(session, actor, Meeting, case_id=case_id, chair_id=chair, **content, **values)
    await emit(session, actor, "meeting.planned", id, case_id=case_id)
    return await policies.meetings.get(session, actor, id)


async def hold_meeting(session: Transaction, actor: Actor, id: UUID, wanted: MeetingHeld) -> Row:
    """The meeting took place. An assessment meeting has at least one of the family in it (R50)."""
    meeting = await policies.meetings.get(session, actor, id, "hold_meeting")
    case = await cases.cases.get(session, actor, meeting.case_id)
    _past("/held_at", wanted.held_at, actor)
    await _known(session, actor, case.family_id, wanted.attendance)
    if meeting.kind == "assessment" and not any(one.kind == "family" for one in wanted.attendance):
        raise invalid("/attendance", "no-family-participant", "no-family-participant")
    _still_planned(case, meeting)
    present = [one.model_dump(mode="json") for one in wanted.attendance]
    await change(session, actor, Meeting, id, status="held", held_at=wanted.held_at, attendance=present)
    await emit(session, actor, "meeting.held", id, case_id=meeting.case_id)
    return await policies.meetings.get(session, actor, id)


async def cancel_meeting(session: Transaction, actor: Actor, id: UUID, wanted: MeetingCancelled) -> Row:
    """The meeting is off, and its guests are out (R293). Raises Conflict when it was held or cancelled before."""
    meeting = await policies.meetings.get(session, actor, id, "hold_meeting")
    _still_planned(await cases.cases.get(session, actor, meeting.case_id), meeting)
    await change(session, actor, Meeting, id, status="cancelled", cancel_reason=wanted.reason)
    await emit(session, actor, "meeting.cancelled", id, case_id=meeting.case_id)
    await guests.end_for_meeting(session, actor, meeting)
    return await policies.meetings.get(session, actor, id)


async def record_contact(session: Transaction, actor: Actor, case_id: UUID, wanted: ContactIn) -> Row:
    """Write down a contact that took place. The first one is measured from the allocation (R99).

    Raises Conflict for one with a party that the family coordinates with itself, unless a reason is given: that is a
    deviation (R113). Raises Invalid for an agreement that is not this case's, or not in force.
    """
    case = await cases.cases.get(session, actor, case_id, "record_contact")
    _past("/took_place_at", wanted.took_place_at, actor)
    theirs = await _left_to_family(session, actor, case_id, wanted)
    require_open(case)
    if wanted.kind == "first_contact" and case.allocated_at is None:
        raise Conflict("coordinator-missing")
    if theirs and wanted.deviation_reason is None:
        raise Conflict("family-coordinates", Flaw("/role_agreement_id", "family-coordinates"))
    content = wanted.model_dump(exclude={"deviation_reason"})
    id = await add(session, actor, Contact, case_id=case_id, recorded_at=actor.at, recorded_by=actor.user, **content)
    if wanted.deviation_reason is not None:
        await deviate(session, actor, "contact_despite_agreement", case_id, wanted.deviation_reason)
    earlier = case.first_contact_at is None or wanted.took_place_at < case.first_contact_at
    if wanted.kind == "first_contact" and earlier:
        await change(session, actor, Case, case_id, first_contact_at=wanted.took_place_at)
    await emit(session, actor, "contact.recorded", id, case_id=case_id)
    return await policies.contacts.get(session, actor, id)


async def _left_to_family(session: Transaction, actor: Actor, case_id: UUID, wanted: ContactIn) -> bool:
    """The contact falls under an agreement by which the family coordinates. Raises Invalid for a reason without one."""
    theirs = False
    if wanted.role_agreement_id is not None:
        theirs = await coordinated_by(session, actor, case_id, wanted.role_agreement_id) == "family"
    if wanted.deviation_reason is not None and not theirs:
        raise invalid("/deviation_reason", "not-here")
    return theirs


async def ask_callback(session: Transaction, actor: Actor, case_id: UUID, wanted: CallbackIn) -> Row:
    """A citizen asks the coordinator to call back (R98). Raises Conflict while nobody has the task."""
    case = await cases.cases.get(session, actor, case_id, "ask_callback")
    require_open(case)
    if case.coordinator_id is None:
        raise Conflict("coordinator-missing")
    member = await _who(session, actor, case.family_id)
    values = {"status": "waiting", "member_id": member, "asked_at": actor.at, "wish": wanted.wish}
    id = await add(session, actor, Callback, case_id=case_id, **values)
    await emit(session, actor, "callback.requested", id, case_id=case_id, member_id=member)
    return await policies.callbacks.get(session, actor, id)


async def answer_callback(session: Transaction, actor: Actor, id: UUID) -> Row:
    """The family was called back; how long it took is kept. Raises Conflict when it was answered already."""
    callback = await policies.callbacks.get(session, actor, id, "answer_callback")
    require_open(await cases.cases.get(session, actor, callback.case_id))
    if callback.status != "waiting":
        raise Conflict("callback-already-answered")
    await change(session, actor, Callback, id, status="answered", answered_at=actor.at, answered_by=actor.user)
    event = {"case_id": callback.case_id, "member_id": callback.member_id}
    await emit(session, actor, "callback.answered", id, **event)
    return await policies.callbacks.get(session, actor, id)


async def meetings(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> Page:
    return await policies.meetings.page(session, actor, case_id=case_id, **page)


async def contacts(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> Page:
    return await policies.contacts.page(session, actor, case_id=case_id, **page)


async def callbacks(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> Page:
    return await policies.callbacks.page(session, actor, case_id=case_id, **page)


def _still_planned(case: Row, meeting: Row) -> None:
    require_open(case)
    if meeting.status != "planned":
        raise Conflict("meeting-not-planned")


def _past(pointer: str, moment: datetime, actor: Actor) -> None:
    if moment > actor.at + CLOCK_SLACK:
        raise invalid(pointer, "future")


async def _known(session: Transaction, actor: Actor, family_id: UUID, attendance: Sequence[Attendee]) -> None:
    """Those of the family are members of it, and the professionals have accounts. Raises Invalid with the place."""
    own = columns(Member)
    family = select(own.id).where(own.municipality_id == actor.municipality, own.family_id == family_id)
    known = {"family": set((await session.execute(family)).scalars())}
    staff = [one.id for one in attendance if one.kind == "professional"]
    page = await users.users.page(session, actor, ids=staff, kind="professional", limit=200)
    known["professional"] = {row.id for row in page.items}
    for number, one in enumerate(attendance):
        if one.id not in known[one.kind]:
            raise invalid(f"/attendance/{number}/id", "unknown-reference", "unknown-reference")
    if len({one.id for one in attendance}) < len(attendance):
        raise invalid("/attendance", "already-exists")


async def _who(session: Transaction, actor: Actor, family_id: UUID) -> UUID:
    """The member of this family that the citizen is."""
    own = columns(Member)
    mine = (own.municipality_id == actor.municipality, own.family_id == family_id, own.user_id == actor.user)
    found: UUID | None = (await session.execute(select(own.id).where(*mine))).scalar_one_or_none()
    if found is None:
        raise Forbidden(refusal=Refusal("case", "ask_callback", None))
    return found
