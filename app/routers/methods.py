"""The municipality's written method."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.answers import created, many, one, plain
from app.policy.methods import methods as policy
from app.routing import CurrentActor, Session
from app.routing import router as routed
from app.schemas.base import PageOut, PageQuery
from app.schemas.methods import MethodCoverageOut, MethodIn, MethodListedOut, MethodOut
from app.services import methods

router = routed("method")


@router.post("/methods", status_code=201, response_model=MethodOut)
async def publish_method(wanted: MethodIn, actor: CurrentActor, session: Session) -> Response:
    """Publish a new version of the written method, for everybody to read."""
    return created(MethodOut, await methods.publish(session, actor, wanted), "/v1/methods")


@router.get("/methods", response_model=PageOut[MethodListedOut])
async def list_methods(query: Annotated[PageQuery, Query()], actor: CurrentActor, session: Session) -> Response:
    """The versions, newest first; the newest is in force."""
    return many(MethodListedOut, await policy.page(session, actor, **query.wanted()))


@router.get("/methods/{method_id}", response_model=MethodOut)
async def get_method(method_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One version, with its text."""
    return one(MethodOut, await policy.get(session, actor, method_id))


@router.post("/methods/{method_id}/reading", response_model=MethodOut)
async def confirm_method(method_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """I have read it."""
    return one(MethodOut, await methods.confirm(session, actor, method_id), place=f"/v1/methods/{method_id}")


@router.get("/methods/{method_id}/coverage", response_model=MethodCoverageOut)
async def get_method_coverage(method_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """How many have read it, in all and in each department: for heads and development consultants."""
    return plain(MethodCoverageOut, await methods.coverage(session, actor, method_id))
