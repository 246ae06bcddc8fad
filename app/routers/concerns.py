"""How worried one is about the child, and the family's cases elsewhere."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.answers import created, many, one
from app.policy import concerns as policies
from app.routing import CurrentActor, Session
from app.routing import router as routed
from app.schemas.base import PageOut, PageQuery
from app.schemas.concerns import ConcernIn, ConcernOut, RelatedCaseIn, RelatedCaseOut, RelatedCaseQuery
from app.services import concerns

router = routed("concern and related cases")


@router.post("/cases/{case_id}/concerns", status_code=201, response_model=ConcernOut)
async def rate_concern(case_id: UUID, wanted: ConcernIn, actor: CurrentActor, session: Session) -> Response:
    """Say how worried you are about the child. Earlier ratings are kept."""
    return created(ConcernOut, await concerns.rate(session, actor, case_id, wanted), "/v1/concerns")


@router.get("/cases/{case_id}/concerns", response_model=PageOut[ConcernOut])
async def list_concerns(
    case_id: UUID, query: Annotated[PageQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The ratings of concern, newest first."""
    return many(ConcernOut, await concerns.concerns(session, actor, case_id, **query.wanted()))


@router.get("/concerns/{concern_id}", response_model=ConcernOut)
async def get_concern(concern_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One rating of concern."""
    return one(ConcernOut, await policies.concerns.get(session, actor, concern_id))


@router.post("/cases/{case_id}/related-cases", status_code=201, response_model=RelatedCaseOut)
async def record_related_case(case_id: UUID, wanted: RelatedCaseIn, actor: CurrentActor, session: Session) -> Response:
    """Note a case that a member of the family has elsewhere. It is never required."""
    return created(RelatedCaseOut, await concerns.relate(session, actor, case_id, wanted), "/v1/related-cases")


@router.get("/cases/{case_id}/related-cases", response_model=PageOut[RelatedCaseOut])
async def list_related_cases(
    case_id: UUID, query: Annotated[RelatedCaseQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The cases elsewhere, newest first; a parent sees the own ones and the child's."""
    return many(RelatedCaseOut, await concerns.related_cases(session, actor, case_id, **query.wanted()))


@router.get("/related-cases/{related_case_id}", response_model=RelatedCaseOut)
async def get_related_case(related_case_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One case elsewhere."""
    return one(RelatedCaseOut, await policies.related_cases.get(session, actor, related_case_id))


@router.post("/related-cases/{related_case_id}/end", response_model=RelatedCaseOut)
async def end_related_case(related_case_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """The case elsewhere goes on no more."""
    ended = await concerns.end_related(session, actor, related_case_id)
    return one(RelatedCaseOut, ended, place=f"/v1/related-cases/{related_case_id}")
