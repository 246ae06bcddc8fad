"""Guests of a case."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.answers import created, many, one
from app.policy import sharing as policies
from app.routing import CurrentActor, Session
from app.routing import router as routed
from app.schemas.base import PageOut
from app.schemas.guests import GuestIn, GuestOut, GuestQuery
from app.services import guests

router = routed("guests")


@router.post("/cases/{case_id}/guests", status_code=201, response_model=GuestOut)
async def invite_guest(case_id: UUID, wanted: GuestIn, actor: CurrentActor, session: Session) -> Response:
    """Let a professional outside the case see what is shared with her, in a window that ends by itself."""
    return created(GuestOut, await guests.invite(session, actor, case_id, wanted), "/v1/guests")


@router.get("/cases/{case_id}/guests", response_model=PageOut[GuestOut])
async def list_guests(
    case_id: UUID, query: Annotated[GuestQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The guests of the case, now and before, newest first."""
    return many(GuestOut, await guests.of_case(session, actor, case_id, **query.wanted()))


@router.get("/guests/{guest_id}", response_model=GuestOut)
async def get_guest(guest_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One guest."""
    return one(GuestOut, await policies.guests.get(session, actor, guest_id))


@router.post("/guests/{guest_id}/end", response_model=GuestOut)
async def end_guest(guest_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """Close the window at once."""
    return one(GuestOut, await guests.end(session, actor, guest_id), place=f"/v1/guests/{guest_id}")
