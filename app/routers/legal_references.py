"""The municipality's list of legal references: what sharing without consent can be based on. No legal advice."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.answers import many, one
from app.routing import CurrentActor, Session
from app.routing import router as routed
from app.schemas.base import PageOut
from app.schemas.legal_references import (
    LegalReferenceEnd,
    LegalReferenceIn,
    LegalReferenceOut,
    LegalReferenceQuery,
)
from app.services import legal_references

router = routed("legal-references")


@router.get("/legal-references", response_model=PageOut[LegalReferenceOut])
async def list_legal_references(
    query: Annotated[LegalReferenceQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """What can be named for sharing without consent, for withholding, and for telling the family later.

    The municipality's own dated list, which began with defaults. It is not legal advice.
    """
    items, page = await legal_references.entries(session, actor, **query.wanted())
    return many(LegalReferenceOut, page, items)


@router.get("/legal-references/{reference_id}", response_model=LegalReferenceOut)
async def get_legal_reference(reference_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One entry of the list. It is not legal advice."""
    return one(LegalReferenceOut, await legal_references.entry(session, actor, reference_id))


@router.post("/legal-references", status_code=201, response_model=LegalReferenceOut)
async def add_legal_reference(wanted: LegalReferenceIn, actor: CurrentActor, session: Session) -> Response:
    """Add a dated entry. Administrators only; an entry of the same code is ended first."""
    made = await legal_references.add_entry(session, actor, wanted)
    return one(LegalReferenceOut, made, place=f"/v1/legal-references/{made['id']}", status=201)


@router.post("/legal-references/{reference_id}/end", response_model=LegalReferenceOut)
async def end_legal_reference(
    reference_id: UUID, wanted: LegalReferenceEnd, actor: CurrentActor, session: Session
) -> Response:
    """End an entry: it cannot be named from that day on. What was based on it stays as it is."""
    ended = await legal_references.end(session, actor, reference_id, wanted)
    return one(LegalReferenceOut, ended, place=f"/v1/legal-references/{reference_id}")
