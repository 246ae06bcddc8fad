"""Applications of the family, and how far they are."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.answers import created, many, one, plain
from app.policy import applications as policies
from app.routing import CurrentActor, Session, if_match
from app.routing import router as routed
from app.schemas.applications import (
    ApplicationIn,
    ApplicationOut,
    ApplicationPatch,
    ApplicationQuery,
    ApplicationStatusIn,
    ApplicationStatusOut,
    BallsOut,
)
from app.schemas.base import PageOut, PageQuery
from app.services import applications, ball
from app.wire import Condition

router = routed("applications")


@router.post("/cases/{case_id}/applications", status_code=201, response_model=ApplicationOut)
async def make_application(case_id: UUID, wanted: ApplicationIn, actor: CurrentActor, session: Session) -> Response:
    """Begin an application for the child, or for an adult of the family; as a citizen for the child or yourself."""
    return created(ApplicationOut, await applications.make(session, actor, case_id, wanted), "/v1/applications")


@router.get("/cases/{case_id}/applications", response_model=PageOut[ApplicationOut])
async def list_applications(
    case_id: UUID, query: Annotated[ApplicationQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The applications of the case, newest first; a parent sees the child's and the own ones."""
    return many(ApplicationOut, await applications.applications(session, actor, case_id, **query.wanted()))


@router.get("/applications/{application_id}", response_model=ApplicationOut)
async def get_application(application_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One application: how far it is, and who has the ball."""
    return one(ApplicationOut, await policies.applications.get(session, actor, application_id))


@router.patch("/applications/{application_id}", response_model=ApplicationOut)
async def change_application(
    application_id: UUID,
    wanted: ApplicationPatch,
    condition: Annotated[Condition, Depends(if_match(ApplicationOut))],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """Change its title or deadline until it is decided."""
    return one(ApplicationOut, await applications.change_details(session, actor, application_id, wanted, condition))


@router.post("/applications/{application_id}/status", response_model=ApplicationOut)
async def set_application_status(
    application_id: UUID, wanted: ApplicationStatusIn, actor: CurrentActor, session: Session
) -> Response:
    """Say how far it is now, or pass the ball on. What was before stays in its history."""
    changed = await applications.set_status(session, actor, application_id, wanted)
    return one(ApplicationOut, changed, place=f"/v1/applications/{application_id}")


@router.get("/applications/{application_id}/history", response_model=PageOut[ApplicationStatusOut])
async def list_application_history(
    application_id: UUID, query: Annotated[PageQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """Every status that it has had, newest first."""
    return many(ApplicationStatusOut, await applications.history(session, actor, application_id, **query.wanted()))


@router.get("/cases/{case_id}/ball", response_model=BallsOut)
async def list_who_has_the_ball(case_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """Who has to act on what is open in the case: what waits longest first."""
    return plain(BallsOut, await ball.ball(session, actor, case_id))
