"""Deviations from the municipality's own rules, each with its reason."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.answers import many, one
from app.policy.deviations import deviations
from app.routing import CurrentActor, Session
from app.routing import router as routed
from app.schemas.base import PageOut
from app.schemas.deviations import DeviationOut, DeviationQuery

router = routed("deviations")


@router.get("/deviations", response_model=PageOut[DeviationOut])
async def list_deviations(query: Annotated[DeviationQuery, Query()], actor: CurrentActor, session: Session) -> Response:
    """The deviations in all cases that you may read, newest first."""
    return many(DeviationOut, await deviations.page(session, actor, **query.wanted()))


@router.get("/cases/{case_id}/deviations", response_model=PageOut[DeviationOut])
async def list_case_deviations(
    case_id: UUID, query: Annotated[DeviationQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The deviations in the case, newest first."""
    return many(DeviationOut, await deviations.page(session, actor, case_id=case_id, **query.wanted()))


@router.get("/deviations/{deviation_id}", response_model=DeviationOut)
async def get_deviation(deviation_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One deviation."""
    return one(DeviationOut, await deviations.get(session, actor, deviation_id))
