"""Lists that an administrator brings in from elsewhere, as CSV."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body, Query, Response

from app.answers import created, many, one
from app.routing import CurrentActor, ListRoute, Meanwhile, Session
from app.routing import router as routed
from app.schemas.base import PageOut
from app.schemas.imports import ImportAsked, ImportOut, ImportQuery
from app.services import imports

router = routed("imports")
lists = routed("imports", ListRoute)
AS_TEXT: Mapping[str, Any] = {
    "description": "UTF-8, with a header; separated by commas or semicolons. `kind` says which columns.",
    "examples": ["name;kind;sector;parent\nPPR;school_psychology;education;\n"],
    "json_schema_extra": {"contentMediaType": "text/csv"},
}


@lists.post("/imports", status_code=201, response_model=ImportOut)
async def add_import(
    asked: Annotated[ImportAsked, Query()],
    content: Annotated[bytes, Body(media_type="text/csv", **AS_TEXT)],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """Bring in a list, to see what it would do and what is wrong with it: nothing else is written yet."""
    return created(ImportOut, await imports.bring_in(session, actor, asked.kind, content), "/v1/imports")


@router.get("/imports", response_model=PageOut[ImportOut])
async def list_imports(query: Annotated[ImportQuery, Query()], actor: CurrentActor, session: Session) -> Response:
    """The lists that were brought in, newest first."""
    items, page = await imports.page(session, actor, **query.wanted())
    return many(ImportOut, page, items)


@router.get("/imports/{import_id}", response_model=ImportOut)
async def get_import(import_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One list: its report, and how far it is while it is carried out."""
    return one(ImportOut, await imports.one(session, actor, import_id))


@router.post("/imports/{import_id}/run", response_model=ImportOut)
async def run_import(import_id: UUID, actor: CurrentActor, session: Session, meanwhile: Meanwhile) -> Response:
    """Carry out a checked list, as a whole or not at all."""
    done = await imports.carry_out(session, actor, import_id, meanwhile)
    return one(ImportOut, done, place=f"/v1/imports/{import_id}")


@router.post("/imports/{import_id}/discard", response_model=ImportOut)
async def discard_import(import_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """Throw a checked list away, with what stood in it."""
    return one(ImportOut, await imports.discard(session, actor, import_id), place=f"/v1/imports/{import_id}")
