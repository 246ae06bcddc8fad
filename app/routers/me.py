"""Oneself: who I am, what I hold, and a citizen's own view."""

from fastapi import Response

from app.answers import plain
from app.routing import CurrentActor, Session
from app.routing import router as routed
from app.schemas.me import FamilyViewOut, MeOut, WorkOut
from app.services import overviews

router = routed("me")


@router.get("/me", response_model=MeOut)
async def get_me(actor: CurrentActor, session: Session) -> Response:
    """The account that you are signed in with."""
    return plain(MeOut, await overviews.me(session, actor))


@router.get("/me/work", response_model=WorkOut)
async def get_my_work(actor: CurrentActor, session: Session) -> Response:
    """What you hold: cases, open steps, first contacts to make, call-backs that wait."""
    return plain(WorkOut, await overviews.work(session, actor))


@router.get("/me/family", response_model=FamilyViewOut)
async def get_my_family(actor: CurrentActor, session: Session) -> Response:
    """As a citizen: yourself, your children, their cases, and the one person to turn to."""
    return plain(FamilyViewOut, await overviews.family_view(session, actor))
