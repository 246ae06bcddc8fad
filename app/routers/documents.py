"""The documents of a case: their details, contents and versions, and what is withheld."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Response

from app.answers import created, done, many, one
from app.downloading import ANSWERS, Attachment, Piece, attachment
from app.policy import contents as versions
from app.policy import documents as policies
from app.policy import sharing
from app.routing import CurrentActor, CurrentStorage, Session, if_match
from app.routing import router as routed
from app.schemas.base import PageOut, PageQuery
from app.schemas.documents import (
    DocumentIn,
    DocumentOut,
    DocumentPatch,
    DocumentQuery,
    DocumentVersionOut,
    RelevanceIn,
    VersionIn,
    WithholdingIn,
    WithholdingOut,
    WithholdingQuery,
)
from app.services import contents, documents, withholdings
from app.uploading import Taking, Upload, UploadRoute
from app.wire import Condition

router = routed("documents")
uploads = routed("documents", UploadRoute)
UNREAD: dict[int | str, dict[str, Any]] = {204: {"description": "Done, and the result is not yours to read."}}


@uploads.post("/cases/{case_id}/documents", status_code=201, response_model=DocumentOut, responses=UNREAD)
async def add_document(
    case_id: UUID,
    sent: Annotated[Upload[DocumentIn], Depends(Taking(DocumentIn, documents.may_upload))],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """Upload a document to the case: a part `details`, and after it a part `file`."""
    row = await documents.upload(session, actor, case_id, sent.details, sent.content)
    return done() if row is None else created(DocumentOut, row, "/v1/documents")


@router.get("/cases/{case_id}/documents", response_model=PageOut[DocumentOut])
async def list_case_documents(
    case_id: UUID, query: Annotated[DocumentQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The documents of the case that you may read, newest first."""
    return many(DocumentOut, await documents.documents(session, actor, case_id=case_id, **query.wanted()))


@router.get("/documents", response_model=PageOut[DocumentOut])
async def list_documents(query: Annotated[DocumentQuery, Query()], actor: CurrentActor, session: Session) -> Response:
    """The documents that you may read in all your cases, newest first."""
    return many(DocumentOut, await documents.documents(session, actor, **query.wanted()))


@router.get("/documents/{document_id}", response_model=DocumentOut)
async def get_document(document_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """What is said of one document; its content stands beside it."""
    return one(DocumentOut, await policies.documents.get(session, actor, document_id))


@router.patch("/documents/{document_id}", response_model=DocumentOut, responses=UNREAD)
async def change_document(
    document_id: UUID,
    wanted: DocumentPatch,
    condition: Annotated[Condition, Depends(if_match(DocumentOut))],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """Change what is said of a document, or where it lies. Once approved it can only be moved."""
    row = await documents.change_document(session, actor, document_id, wanted, condition)
    return done() if row is None else one(DocumentOut, row)


@router.get(
    "/documents/{document_id}/content",
    response_class=Attachment,
    responses=ANSWERS,
)
async def get_document_content(
    document_id: UUID, piece: Piece, storage: CurrentStorage, actor: CurrentActor, session: Session
) -> Response:
    """Download the newest content, or a piece of it. The log tells who did."""
    return attachment(await contents.of_document(session, actor, document_id, storage), piece, storage)


@uploads.post("/documents/{document_id}/versions", status_code=201, response_model=DocumentVersionOut)
async def add_document_version(
    document_id: UUID,
    sent: Annotated[Upload[VersionIn], Depends(Taking(VersionIn, documents.may_replace))],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """Upload a new content: a part `details`, and after it a part `file`. Its relevance must be reviewed anew."""
    version = await documents.replace(session, actor, document_id, sent.details, sent.content)
    return created(DocumentVersionOut, version, "/v1/document-versions")


@router.get("/documents/{document_id}/versions", response_model=PageOut[DocumentVersionOut])
async def list_document_versions(
    document_id: UUID, query: Annotated[PageQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """Every content that the document has had, newest first."""
    return many(DocumentVersionOut, await documents.versions(session, actor, document_id, **query.wanted()))


@router.get("/document-versions/{version_id}", response_model=DocumentVersionOut)
async def get_document_version(version_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """What is said of one content."""
    return one(DocumentVersionOut, await versions.document_versions.get(session, actor, version_id))


@router.get(
    "/document-versions/{version_id}/content",
    response_class=Attachment,
    responses=ANSWERS,
)
async def get_document_version_content(
    version_id: UUID, piece: Piece, storage: CurrentStorage, actor: CurrentActor, session: Session
) -> Response:
    """Download one content, or a piece of it. The log tells who did."""
    return attachment(await contents.of_version(session, actor, version_id, storage), piece, storage)


@router.post("/documents/{document_id}/relevance", response_model=DocumentOut)
async def review_document(document_id: UUID, wanted: RelevanceIn, actor: CurrentActor, session: Session) -> Response:
    """Judge whether a document is relevant to share: for the department that owns it, or the family that keeps it."""
    reviewed = await documents.review(session, actor, document_id, wanted)
    return one(DocumentOut, reviewed, place=f"/v1/documents/{document_id}")


@router.post("/documents/{document_id}/approval", response_model=DocumentOut)
async def approve_document(document_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """Make a document final: it gets no new content, and nothing but where it lies can be changed."""
    approved = await documents.approve(session, actor, document_id)
    return one(DocumentOut, approved, place=f"/v1/documents/{document_id}")


@router.post("/documents/{document_id}/withholdings", status_code=201, response_model=WithholdingOut)
async def withhold_document(
    document_id: UUID, wanted: WithholdingIn, actor: CurrentActor, session: Session
) -> Response:
    """Keep a document from one member of the family, who is not told that there is something."""
    return created(WithholdingOut, await withholdings.withhold(session, actor, document_id, wanted), "/v1/withholdings")


@router.get("/documents/{document_id}/withholdings", response_model=PageOut[WithholdingOut])
async def list_withholdings(
    document_id: UUID, query: Annotated[WithholdingQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """From whom a document is kept, and why, newest first."""
    return many(WithholdingOut, await withholdings.withholdings(session, actor, document_id, **query.wanted()))


@router.get("/withholdings/{withholding_id}", response_model=WithholdingOut)
async def get_withholding(withholding_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """From whom, and why."""
    return one(WithholdingOut, await sharing.withholdings.get(session, actor, withholding_id))


@router.post("/withholdings/{withholding_id}/end", response_model=WithholdingOut)
async def end_withholding(withholding_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """No longer keep it from that member."""
    ended = await withholdings.end(session, actor, withholding_id)
    return one(WithholdingOut, ended, place=f"/v1/withholdings/{withholding_id}")
