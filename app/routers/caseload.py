"""Caseload: figures for the leader, and for oneself."""

from typing import Annotated

from fastapi import Query, Response

from app.answers import many
from app.policy.caseload import caseload
from app.routing import CurrentActor, Session
from app.routing import router as routed
from app.schemas.base import PageOut
from app.schemas.caseload import CaseloadOut, CaseloadQuery

router = routed("caseload")


@router.get("/caseload", response_model=PageOut[CaseloadOut])
async def list_caseload(query: Annotated[CaseloadQuery, Query()], actor: CurrentActor, session: Session) -> Response:
    """As a leader: the advisers of your departments, against the norm. As an adviser: your own row."""
    return many(CaseloadOut, await caseload.page(session, actor, **query.wanted()))
