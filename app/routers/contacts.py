"""Meetings, contacts with the family, and call-backs."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.answers import created, many, one
from app.policy import contacts as policies
from app.routing import CurrentActor, Session
from app.routing import router as routed
from app.schemas.base import PageOut
from app.schemas.contacts import (
    CallbackIn,
    CallbackOut,
    CallbackQuery,
    ContactIn,
    ContactOut,
    ContactQuery,
    MeetingCancelled,
    MeetingHeld,
    MeetingIn,
    MeetingOut,
    MeetingQuery,
)
from app.services import contacts

router = routed("meetings and contact")

NO_WISH = CallbackIn()


@router.post("/cases/{case_id}/meetings", status_code=201, response_model=MeetingOut)
async def plan_meeting(case_id: UUID, wanted: MeetingIn, actor: CurrentActor, session: Session) -> Response:
    """Plan a meeting. The coordinator chairs it unless you say why somebody else does."""
    return created(MeetingOut, await contacts.plan_meeting(session, actor, case_id, wanted), "/v1/meetings")


@router.get("/cases/{case_id}/meetings", response_model=PageOut[MeetingOut])
async def list_meetings(
    case_id: UUID, query: Annotated[MeetingQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The meetings of the case, newest first."""
    return many(MeetingOut, await contacts.meetings(session, actor, case_id, **query.wanted()))


@router.get("/meetings/{meeting_id}", response_model=MeetingOut)
async def get_meeting(meeting_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One meeting."""
    return one(MeetingOut, await policies.meetings.get(session, actor, meeting_id))


@router.post("/meetings/{meeting_id}/hold", response_model=MeetingOut)
async def hold_meeting(meeting_id: UUID, wanted: MeetingHeld, actor: CurrentActor, session: Session) -> Response:
    """The meeting took place, with these people."""
    held = await contacts.hold_meeting(session, actor, meeting_id, wanted)
    return one(MeetingOut, held, place=f"/v1/meetings/{meeting_id}")


@router.post("/meetings/{meeting_id}/cancel", response_model=MeetingOut)
async def cancel_meeting(meeting_id: UUID, wanted: MeetingCancelled, actor: CurrentActor, session: Session) -> Response:
    """The meeting will not take place."""
    cancelled = await contacts.cancel_meeting(session, actor, meeting_id, wanted)
    return one(MeetingOut, cancelled, place=f"/v1/meetings/{meeting_id}")


@router.post("/cases/{case_id}/contacts", status_code=201, response_model=ContactOut)
async def record_contact(case_id: UUID, wanted: ContactIn, actor: CurrentActor, session: Session) -> Response:
    """Write down a contact with the family that took place."""
    return created(ContactOut, await contacts.record_contact(session, actor, case_id, wanted), "/v1/contacts")


@router.get("/cases/{case_id}/contacts", response_model=PageOut[ContactOut])
async def list_contacts(
    case_id: UUID, query: Annotated[ContactQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The contacts with the family, newest first."""
    return many(ContactOut, await contacts.contacts(session, actor, case_id, **query.wanted()))


@router.get("/contacts/{contact_id}", response_model=ContactOut)
async def get_contact(contact_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One contact."""
    return one(ContactOut, await policies.contacts.get(session, actor, contact_id))


@router.post("/cases/{case_id}/callbacks", status_code=201, response_model=CallbackOut)
async def ask_callback(case_id: UUID, actor: CurrentActor, session: Session, wanted: CallbackIn = NO_WISH) -> Response:
    """As one of the family: ask the coordinator to call."""
    return created(CallbackOut, await contacts.ask_callback(session, actor, case_id, wanted), "/v1/callbacks")


@router.get("/cases/{case_id}/callbacks", response_model=PageOut[CallbackOut])
async def list_callbacks(
    case_id: UUID, query: Annotated[CallbackQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The wishes to be called back: all of them for those who work in the case, one's own for the family."""
    return many(CallbackOut, await contacts.callbacks(session, actor, case_id, **query.wanted()))


@router.get("/callbacks/{callback_id}", response_model=CallbackOut)
async def get_callback(callback_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One wish to be called back."""
    return one(CallbackOut, await policies.callbacks.get(session, actor, callback_id))


@router.post("/callbacks/{callback_id}/answer", response_model=CallbackOut)
async def answer_callback(callback_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """The family was called back."""
    answered = await contacts.answer_callback(session, actor, callback_id)
    return one(CallbackOut, answered, place=f"/v1/callbacks/{callback_id}")
