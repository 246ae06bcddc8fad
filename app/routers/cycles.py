"""What goes on while a case is running: cycles of its steps, activities, and the picture of how far it is."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.answers import Svg, created, many, one, picture, plain
from app.policy.cycles import cycles as policy
from app.routing import CurrentActor, Session
from app.routing import router as routed
from app.schemas.base import PageOut, PageQuery
from app.schemas.cycles import ActivitiesOut, CycleIn, CycleOut
from app.services import cycles, progress

router = routed("steps")


@router.post("/cases/{case_id}/cycles", status_code=201, response_model=CycleOut)
async def start_cycle(case_id: UUID, wanted: CycleIn, actor: CurrentActor, session: Session) -> Response:
    """After a larger change: take the repeatable steps of a running case again."""
    return created(CycleOut, await cycles.start(session, actor, case_id, wanted), "/v1/cycles")


@router.get("/cases/{case_id}/cycles", response_model=PageOut[CycleOut])
async def list_cycles(
    case_id: UUID, query: Annotated[PageQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The times that steps were taken again, newest first."""
    return many(CycleOut, await cycles.listed(session, actor, case_id, **query.wanted()))


@router.get("/cycles/{cycle_id}", response_model=CycleOut)
async def get_cycle(cycle_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One time round the steps."""
    return one(CycleOut, await policy.get(session, actor, cycle_id))


@router.get("/cases/{case_id}/activities", response_model=ActivitiesOut)
async def list_activities(case_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """What goes on while the case is running, and when it last did."""
    return plain(ActivitiesOut, {"items": await cycles.activities(session, actor, case_id)})


@router.get("/cases/{case_id}/progress.svg", response_class=Svg)
async def get_progress_picture(case_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """How far the case is, as a picture (SVG) for the family and those who work with it."""
    return picture(await progress.picture(session, actor, case_id))
