"""Information requests of a case: what is asked of whom, and what came of it."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.answers import created, many, one
from app.policy import requests as policies
from app.routing import CurrentActor, Session, if_match
from app.routing import router as routed
from app.schemas.base import PageOut
from app.schemas.information_requests import (
    InformationDocumentIn,
    InformationRequestEnd,
    InformationRequestIn,
    InformationRequestOut,
    InformationRequestPatch,
    InformationRequestQuery,
    InformationRequestsQuery,
)
from app.services import information_requests
from app.uploading import Taking, Upload, UploadRoute
from app.wire import Condition

router = routed("information requests")
uploads = routed("information requests", UploadRoute)


@router.post("/cases/{case_id}/information-requests", status_code=201, response_model=InformationRequestOut)
async def ask_information(
    case_id: UUID, wanted: InformationRequestIn, actor: CurrentActor, session: Session
) -> Response:
    """Ask for information about a child or adult of the family. A consent or statutory basis must cover the source."""
    asked = await information_requests.ask(session, actor, case_id, wanted)
    return created(InformationRequestOut, asked, "/v1/information-requests")


@router.get("/cases/{case_id}/information-requests", response_model=PageOut[InformationRequestOut])
async def list_information_requests(
    case_id: UUID, query: Annotated[InformationRequestQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """What has been asked for in the case, newest first; one of the family sees what is about oneself and the child."""
    return many(InformationRequestOut, await information_requests.requests(session, actor, case_id, **query.wanted()))


@router.get("/information-requests", response_model=PageOut[InformationRequestOut])
async def list_my_information_requests(
    query: Annotated[InformationRequestsQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """What is asked for across your cases, and of the departments where you work, newest first."""
    return many(InformationRequestOut, await information_requests.requests(session, actor, **query.wanted()))


@router.get("/information-requests/{request_id}", response_model=InformationRequestOut)
async def get_information_request(request_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One information request."""
    return one(InformationRequestOut, await policies.information_requests.get(session, actor, request_id))


@router.patch("/information-requests/{request_id}", response_model=InformationRequestOut)
async def change_information_request(
    request_id: UUID,
    wanted: InformationRequestPatch,
    condition: Annotated[Condition, Depends(if_match(InformationRequestOut))],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """Change what is asked for, or when it is due, while it waits."""
    changed = await information_requests.change_request(session, actor, request_id, wanted, condition)
    return one(InformationRequestOut, changed)


@uploads.post("/information-requests/{request_id}/documents", status_code=201, response_model=InformationRequestOut)
async def fulfil_information_request(
    request_id: UUID,
    sent: Annotated[
        Upload[InformationDocumentIn], Depends(Taking(InformationDocumentIn, information_requests.may_fulfil))
    ],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """Answer with a document: a part `details`, and after it a part `file`. It waits for its review."""
    answered = await information_requests.fulfil(session, actor, request_id, sent.details, sent.content)
    return one(InformationRequestOut, answered, place=f"/v1/information-requests/{request_id}", status=201)


@router.post("/information-requests/{request_id}/decline", response_model=InformationRequestOut)
async def decline_information_request(
    request_id: UUID, wanted: InformationRequestEnd, actor: CurrentActor, session: Session
) -> Response:
    """The holder does not give it: said by the holder, or noted by those who work on the case."""
    declined = await information_requests.decline(session, actor, request_id, wanted)
    return one(InformationRequestOut, declined, place=f"/v1/information-requests/{request_id}")


@router.post("/information-requests/{request_id}/cancel", response_model=InformationRequestOut)
async def cancel_information_request(
    request_id: UUID, wanted: InformationRequestEnd, actor: CurrentActor, session: Session
) -> Response:
    """It is not needed any more."""
    cancelled = await information_requests.cancel(session, actor, request_id, wanted)
    return one(InformationRequestOut, cancelled, place=f"/v1/information-requests/{request_id}")
