"""Emergency access to a case's documents."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.answers import created, many, one
from app.policy import sharing as policies
from app.routing import CurrentActor, Session
from app.routing import router as routed
from app.schemas.base import PageOut
from app.schemas.emergencies import EmergencyIn, EmergencyOut, EmergencyQuery, EmergencyReview
from app.services import emergencies

router = routed("emergency access")


@router.post("/cases/{case_id}/emergency-access", status_code=201, response_model=EmergencyOut)
async def open_emergency_access(case_id: UUID, wanted: EmergencyIn, actor: CurrentActor, session: Session) -> Response:
    """Open the case's documents to yourself for some minutes, for a reason. The leader is told at once."""
    return created(EmergencyOut, await emergencies.open_(session, actor, case_id, wanted), "/v1/emergency-accesses")


@router.get("/cases/{case_id}/emergency-accesses", response_model=PageOut[EmergencyOut])
async def list_emergency_accesses(
    case_id: UUID, query: Annotated[EmergencyQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The emergency accesses to the case, newest first."""
    return many(EmergencyOut, await emergencies.of_case(session, actor, case_id, **query.wanted()))


@router.get("/emergency-accesses", response_model=PageOut[EmergencyOut])
async def list_all_emergency_accesses(
    query: Annotated[EmergencyQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The emergency accesses to all cases that you may read, newest first."""
    return many(EmergencyOut, await policies.emergencies.page(session, actor, **query.wanted()))


@router.get("/emergency-accesses/{emergency_id}", response_model=EmergencyOut)
async def get_emergency_access(emergency_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One emergency access."""
    return one(EmergencyOut, await policies.emergencies.get(session, actor, emergency_id))


@router.post("/emergency-accesses/{emergency_id}/close", response_model=EmergencyOut)
async def close_emergency_access(emergency_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """Close it before its minutes are over."""
    closed = await emergencies.close(session, actor, emergency_id)
    return one(EmergencyOut, closed, place=f"/v1/emergency-accesses/{emergency_id}")


@router.post("/emergency-accesses/{emergency_id}/review", response_model=EmergencyOut)
async def review_emergency_access(
    emergency_id: UUID, wanted: EmergencyReview, actor: CurrentActor, session: Session
) -> Response:
    """Say what you found: by the professional head of the department that owns the case."""
    reviewed = await emergencies.review(session, actor, emergency_id, wanted)
    return one(EmergencyOut, reviewed, place=f"/v1/emergency-accesses/{emergency_id}")
