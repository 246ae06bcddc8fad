"""The folders of a case."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.answers import created, many, one
from app.policy import folders as policies
from app.routing import CurrentActor, Session, if_match
from app.routing import router as routed
from app.schemas.base import PageOut, PageQuery
from app.schemas.folders import FolderIn, FolderMark, FolderOut, FolderPatch
from app.services import folders
from app.wire import Condition

router = routed("documents")
AsRead = Annotated[Condition, Depends(if_match(FolderOut))]


@router.post("/cases/{case_id}/folders", status_code=201, response_model=FolderOut)
async def create_folder(case_id: UUID, wanted: FolderIn, actor: CurrentActor, session: Session) -> Response:
    """Make a folder in the case, or within another one of it."""
    return created(FolderOut, await folders.create(session, actor, case_id, wanted), "/v1/folders")


@router.get("/cases/{case_id}/folders", response_model=PageOut[FolderOut])
async def list_folders(
    case_id: UUID, query: Annotated[PageQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The folders of the case, each with the one that it lies in; oldest first, so that parents come before."""
    return many(FolderOut, await folders.folders(session, actor, case_id, **query.wanted()))


@router.get("/folders/{folder_id}", response_model=FolderOut)
async def get_folder(folder_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One folder."""
    return one(FolderOut, await policies.folders.get(session, actor, folder_id))


@router.patch("/folders/{folder_id}", response_model=FolderOut)
async def rename_folder(
    folder_id: UUID, wanted: FolderPatch, condition: AsRead, actor: CurrentActor, session: Session
) -> Response:
    """Give a folder another name."""
    return one(FolderOut, await folders.rename(session, actor, folder_id, wanted, condition))


@router.put("/folders/{folder_id}/explicit-only", response_model=FolderOut)
async def mark_folder(
    folder_id: UUID, wanted: FolderMark, condition: AsRead, actor: CurrentActor, session: Session
) -> Response:
    """For the family: whether staff read what lies in it on a share with consent only. Each takes back their own."""
    return one(FolderOut, await folders.mark(session, actor, folder_id, wanted, condition))
