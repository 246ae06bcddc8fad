"""Oneself: who I am, what I hold, and a citizen's own view."""

from typing import Annotated

from fastapi import Depends, Response

from app.answers import one, plain
from app.routing import CurrentActor, Session, if_match
from app.routing import router as routed
from app.schemas.me import FamilyViewOut, MeOut, MePatch, WorkOut
from app.services import me, overviews
from app.wire import Condition

router = routed("me")


@router.get("/me", response_model=MeOut)
async def get_me(actor: CurrentActor, session: Session) -> Response:
    """The account that you are signed in with."""
    return one(MeOut, await me.me(session, actor))


@router.patch("/me", response_model=MeOut)
async def change_me(
    wanted: MePatch,
    condition: Annotated[Condition, Depends(if_match(MeOut))],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """As a professional: how and when you can be reached, and until when not."""
    return one(MeOut, await me.change_me(session, actor, wanted, condition))


@router.get("/me/work", response_model=WorkOut)
async def get_my_work(actor: CurrentActor, session: Session) -> Response:
    """What you hold: cases, open steps, first contacts to make, call-backs that wait."""
    return plain(WorkOut, await overviews.work(session, actor))


@router.get("/me/family", response_model=FamilyViewOut)
async def get_my_family(actor: CurrentActor, session: Session) -> Response:
    """As a citizen: yourself, your children, their cases, and the one person to turn to."""
    return plain(FamilyViewOut, await overviews.family_view(session, actor))
