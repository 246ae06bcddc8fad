"""The restriction of a case."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.answers import many, one
from app.policy import restrictions as policies
from app.routing import CurrentActor, Session
from app.routing import router as routed
from app.schemas.base import PageOut
from app.schemas.restrictions import RestrictionEnd, RestrictionIn, RestrictionOut, RestrictionQuery
from app.services import restrictions

router = routed("restrictions")


@router.post("/cases/{case_id}/restriction", status_code=201, response_model=RestrictionOut)
async def restrict_case(case_id: UUID, wanted: RestrictionIn, actor: CurrentActor, session: Session) -> Response:
    """Restrict the case (GDPR art. 18): its documents are kept, and nobody reads them."""
    restricted = await restrictions.restrict(session, actor, case_id, wanted)
    return one(RestrictionOut, restricted, place=f"/v1/restrictions/{restricted.id}", status=201)


@router.post("/cases/{case_id}/restriction/end", response_model=RestrictionOut)
async def end_restriction(case_id: UUID, wanted: RestrictionEnd, actor: CurrentActor, session: Session) -> Response:
    """End the restriction: what opened the documents before opens them again."""
    ended = await restrictions.lift(session, actor, case_id, wanted)
    return one(RestrictionOut, ended, place=f"/v1/restrictions/{ended.id}")


@router.get("/cases/{case_id}/restrictions", response_model=PageOut[RestrictionOut])
async def list_restrictions(
    case_id: UUID, query: Annotated[RestrictionQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """When the case was restricted, and why, newest first."""
    return many(RestrictionOut, await restrictions.of_case(session, actor, case_id, **query.wanted()))


@router.get("/restrictions/{restriction_id}", response_model=RestrictionOut)
async def get_restriction(restriction_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One restriction."""
    return one(RestrictionOut, await policies.restrictions.get(session, actor, restriction_id))
