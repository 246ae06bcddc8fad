"""Sharing documents and folders."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response

from app.answers import created, many, one
from app.policy import sharing as policies
from app.routing import CurrentActor, Session
from app.routing import router as routed
from app.schemas.base import ConsentMissingOut, PageOut
from app.schemas.shares import CaseShareQuery, ShareIn, ShareOut, ShareQuery, ShareRevocation
from app.services import shares

router = routed("sharing")

LACKS: dict[int | str, dict[str, Any]] = {403: {"model": ConsentMissingOut}}
"""What else a 403 can be here."""


@router.post("/documents/{document_id}/shares", status_code=201, response_model=ShareOut, responses=LACKS)
async def share_document(document_id: UUID, wanted: ShareIn, actor: CurrentActor, session: Session) -> Response:
    """Share a document with one recipient, for one purpose. Without a basis in force: 403 `consent-missing`."""
    return created(ShareOut, await shares.share_document(session, actor, document_id, wanted), "/v1/shares")


@router.get("/documents/{document_id}/shares", response_model=PageOut[ShareOut])
async def list_document_shares(
    document_id: UUID, query: Annotated[ShareQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """With whom a document is shared, and was."""
    return many(ShareOut, await shares.of_document(session, actor, document_id, **query.wanted()))


@router.post("/folders/{folder_id}/shares", status_code=201, response_model=ShareOut, responses=LACKS)
async def share_folder(folder_id: UUID, wanted: ShareIn, actor: CurrentActor, session: Session) -> Response:
    """Share a folder and what lies in it. What comes later is opened only by what covers it then."""
    return created(ShareOut, await shares.share_folder(session, actor, folder_id, wanted), "/v1/shares")


@router.get("/folders/{folder_id}/shares", response_model=PageOut[ShareOut])
async def list_folder_shares(
    folder_id: UUID, query: Annotated[ShareQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """With whom a folder is shared, and was."""
    return many(ShareOut, await shares.of_folder(session, actor, folder_id, **query.wanted()))


@router.get("/cases/{case_id}/shares", response_model=PageOut[ShareOut])
async def list_shares(
    case_id: UUID, query: Annotated[CaseShareQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """What is shared in the case, of what you may read yourself."""
    return many(ShareOut, await shares.of_case(session, actor, case_id, **query.wanted()))


@router.get("/shares/{share_id}", response_model=ShareOut)
async def get_share(share_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One share."""
    return one(ShareOut, await policies.shares.get(session, actor, share_id))


@router.post("/shares/{share_id}/revocation", response_model=ShareOut)
async def revoke_share(share_id: UUID, wanted: ShareRevocation, actor: CurrentActor, session: Session) -> Response:
    """Share it no longer: effective at once, on every path. What was read before stays read."""
    revoked = await shares.revoke(session, actor, share_id, wanted)
    return one(ShareOut, revoked, place=f"/v1/shares/{share_id}")
