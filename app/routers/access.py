"""Who may see what, who lacks what, and why."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.answers import many, plain
from app.policy.core import Page
from app.routing import CurrentActor, Session
from app.routing import router as routed
from app.schemas.access import DocumentExplanationOut, ReaderOut
from app.schemas.base import PageOut
from app.schemas.gaps import ConsentGapOut, ConsentGapQuery
from app.services import access, gaps

router = routed("access")

WHOLE = Page((), None)
"""The lists here are as long as those who have to do with one case: they are not cut into pages."""


@router.get("/cases/{case_id}/access", response_model=PageOut[ReaderOut])
async def list_readers(case_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """Who may see documents of the case now, until when, and when they last looked; of those that you may read.

    An organisation or department stands there by its share; its people see the documents once they are on the case or
    guests of it. Of the family each is shown to those who may read that person's record: parents not one another's.
    """
    return many(ReaderOut, WHOLE, await access.access(session, actor, case_id))


@router.get("/cases/{case_id}/consent-gaps", response_model=PageOut[ConsentGapOut])
async def list_consent_gaps(
    case_id: UUID, query: Annotated[ConsentGapQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """Who lacks what to read the documents that you may read, each with a consent that is ready to be asked for.

    It is for those who read the documents: nobody is told here of documents that are closed to them. A citizen sees
    of `awaits` what concerns her own signature; where there is no purpose in the question, the request says `support`.
    """
    return many(ConsentGapOut, WHOLE, await gaps.gaps(session, actor, case_id, query))


@router.get("/documents/{document_id}/explanation", response_model=DocumentExplanationOut)
async def explain_document(
    document_id: UUID, actor: CurrentActor, session: Session, user_id: UUID | None = None
) -> Response:
    """Why the document is open to you; or, to those who may share it, why it is, or is not, to somebody else.

    Of another professional also what she lacks, in the words of `consent-gaps`: a consent, or a share on one.
    """
    return plain(DocumentExplanationOut, await gaps.explanation(session, actor, document_id, user_id))
