"""The municipality and its settings; the labels of every code."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from app.answers import many, one, plain
from app.routing import CurrentActor, Session, if_match
from app.routing import router as routed
from app.schemas.base import PageOut, PageQuery
from app.schemas.municipalities import MunicipalityOut, MunicipalityPatch, SettingsOut, SettingsVersionOut
from app.services import municipalities, settings
from app.services.catalogue import labels
from app.wire import Condition

router = routed("municipality")
public = APIRouter(prefix="/v1", tags=["municipality"], generate_unique_id_function=lambda route: route.name)


@router.get("/municipality", response_model=MunicipalityOut)
async def get_municipality(actor: CurrentActor, session: Session) -> Response:
    """The municipality with the settings in force."""
    return one(MunicipalityOut, await municipalities.show(session, actor))


@router.patch("/municipality", response_model=MunicipalityOut)
async def configure_municipality(
    wanted: MunicipalityPatch,
    condition: Annotated[Condition, Depends(if_match(MunicipalityOut))],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """Change settings: a JSON merge patch (RFC 7396), null is back to the default. Administrators only."""
    return one(MunicipalityOut, await settings.configure(session, actor, wanted, condition))


@router.get("/municipality/settings", response_model=SettingsOut)
async def list_settings(actor: CurrentActor, session: Session) -> Response:
    """Each setting: what it means, what it is set to here, and what it is when nobody chose."""
    return plain(SettingsOut, {"items": await settings.explained(session, actor)})


@router.get("/municipality/history", response_model=PageOut[SettingsVersionOut])
async def list_settings_versions(
    query: Annotated[PageQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """Every version of the settings, newest first: who changed what, when and why."""
    items, page = await settings.history(session, actor, **query.wanted())
    return many(SettingsVersionOut, page, items)


@public.get("/labels", response_model=dict[str, dict[str, dict[str, str]]])
async def get_labels() -> dict[str, dict[str, dict[str, str]]]:
    """The label of every code, in da and en. Public: nothing here is about anybody."""
    return {name: {code: dict(words) for code, words in codes.items()} for name, codes in labels().items()}
