"""Sharing without consent, where the law allows it: recorded, reviewed by a second person, ended."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.answers import created, many, one
from app.policy import consents as policies
from app.routing import CurrentActor, Session
from app.routing import router as routed
from app.schemas.base import PageOut
from app.schemas.statutory_bases import (
    BasisEnd,
    BasisReview,
    StatutoryBasisIn,
    StatutoryBasisOut,
    StatutoryBasisQuery,
)
from app.services import statutory_bases

router = routed("statutory-bases")


@router.post("/cases/{case_id}/statutory-bases", status_code=201, response_model=StatutoryBasisOut)
async def record_statutory_basis(
    case_id: UUID, wanted: StatutoryBasisIn, actor: CurrentActor, session: Session
) -> Response:
    """Record why something is to be shared without consent. It opens nothing before a second person's review."""
    made = await statutory_bases.record(session, actor, case_id, wanted)
    return created(StatutoryBasisOut, made, "/v1/statutory-bases")


@router.get("/cases/{case_id}/statutory-bases", response_model=PageOut[StatutoryBasisOut])
async def list_statutory_bases(
    case_id: UUID, query: Annotated[StatutoryBasisQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """Sharing without consent in the case, newest first; the family sees it from the day on which it is told."""
    return many(StatutoryBasisOut, await statutory_bases.statutory_bases(session, actor, case_id, **query.wanted()))


@router.get("/statutory-bases/{basis_id}", response_model=StatutoryBasisOut)
async def get_statutory_basis(basis_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One statutory basis."""
    return one(StatutoryBasisOut, await policies.statutory_bases.get(session, actor, basis_id))


@router.post("/statutory-bases/{basis_id}/review", response_model=StatutoryBasisOut)
async def review_statutory_basis(
    basis_id: UUID, wanted: BasisReview, actor: CurrentActor, session: Session
) -> Response:
    """Approve or reject it as the second person: never by who recorded it."""
    reviewed = await statutory_bases.review(session, actor, basis_id, wanted)
    return one(StatutoryBasisOut, reviewed, place=f"/v1/statutory-bases/{basis_id}")


@router.post("/statutory-bases/{basis_id}/end", response_model=StatutoryBasisOut)
async def end_statutory_basis(basis_id: UUID, wanted: BasisEnd, actor: CurrentActor, session: Session) -> Response:
    """End it before its time, at once."""
    ended = await statutory_bases.end(session, actor, basis_id, wanted)
    return one(StatutoryBasisOut, ended, place=f"/v1/statutory-bases/{basis_id}")
