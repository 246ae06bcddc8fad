"""The measures of a case."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.answers import created, many, one
from app.policy import measures as policies
from app.routing import CurrentActor, Session, if_match
from app.routing import router as routed
from app.schemas.base import PageOut
from app.schemas.measures import (
    MeasureDrop,
    MeasureEnd,
    MeasureIn,
    MeasureOut,
    MeasurePatch,
    MeasureQuery,
    MeasureStart,
)
from app.services import measures
from app.wire import Condition

router = routed("measures")

TODAY = MeasureStart()


@router.post("/cases/{case_id}/measures", status_code=201, response_model=MeasureOut)
async def plan_measure(case_id: UUID, wanted: MeasureIn, actor: CurrentActor, session: Session) -> Response:
    """Plan help for the child, or for an adult of the family."""
    return created(MeasureOut, await measures.plan(session, actor, case_id, wanted), "/v1/measures")


@router.get("/cases/{case_id}/measures", response_model=PageOut[MeasureOut])
async def list_measures(
    case_id: UUID, query: Annotated[MeasureQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The measures of the case, newest first; a parent sees the child's and the own ones."""
    return many(MeasureOut, await measures.measures(session, actor, case_id, **query.wanted()))


@router.get("/measures/{measure_id}", response_model=MeasureOut)
async def get_measure(measure_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One measure."""
    return one(MeasureOut, await policies.measures.get(session, actor, measure_id))


@router.patch("/measures/{measure_id}", response_model=MeasureOut)
async def change_measure(
    measure_id: UUID,
    wanted: MeasurePatch,
    condition: Annotated[Condition, Depends(if_match(MeasureOut))],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """Change a measure that is planned and has not started."""
    return one(MeasureOut, await measures.change_plan(session, actor, measure_id, wanted, condition))


@router.post("/measures/{measure_id}/start", response_model=MeasureOut)
async def start_measure(
    measure_id: UUID, actor: CurrentActor, session: Session, wanted: MeasureStart = TODAY
) -> Response:
    """The help has begun. In One family – one way in not before the assessment is done."""
    started = await measures.start(session, actor, measure_id, wanted)
    return one(MeasureOut, started, place=f"/v1/measures/{measure_id}")


@router.post("/measures/{measure_id}/end", response_model=MeasureOut)
async def end_measure(measure_id: UUID, wanted: MeasureEnd, actor: CurrentActor, session: Session) -> Response:
    """The help is over."""
    ended = await measures.end(session, actor, measure_id, wanted)
    return one(MeasureOut, ended, place=f"/v1/measures/{measure_id}")


@router.post("/measures/{measure_id}/drop", response_model=MeasureOut)
async def drop_measure(measure_id: UUID, wanted: MeasureDrop, actor: CurrentActor, session: Session) -> Response:
    """What was planned will not be done."""
    dropped = await measures.drop(session, actor, measure_id, wanted)
    return one(MeasureOut, dropped, place=f"/v1/measures/{measure_id}")
