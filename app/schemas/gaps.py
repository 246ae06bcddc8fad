"""Who lacks what, with a consent to ask for: on the wire."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.base import Out
from app.schemas.codes import ConsentLack, DocumentCategory, RecipientKind, SharePurpose


class ConsentGapQuery(BaseModel):
    """Whose gaps, and to what. Left out: those on the case, and all documents that you may read."""

    model_config = ConfigDict(extra="forbid")
    user_id: UUID | None = Field(None, description="One professional, also somebody who is not on the case yet.")
    document_id: UUID | None = None
    meeting_id: UUID | None = Field(None, description="Those who were at a meeting, chair it, or are its guests.")
    purpose: SharePurpose | None = Field(None, description="Left out: a basis or a share for any purpose counts.")


class LackOut(Out):
    """What somebody lacks of one subject's information of one category."""

    category: DocumentCategory
    documents: int = Field(description="How many of the documents that you may read.")
    state: ConsentLack
    state_label: str
    consent_id: UUID | None = Field(description="The consent that comes nearest, or is there and unused.")
    awaits: list[UUID] = Field(description="The members of the family whose signature it takes and lacks.")


class PartLackOut(LackOut):
    """The same, with the subject whose part it is."""

    subject_id: UUID
    subject_name: str


class RequestRecipientOut(Out):
    kind: RecipientKind
    id: UUID


class ConsentRequestOut(Out):
    """A consent to ask for: post it as it is to `/v1/cases/{id}/consents`, or change it first."""

    subject_id: UUID
    purpose: SharePurpose
    recipients: list[RequestRecipientOut]
    categories: list[DocumentCategory]
    document_ids: list[UUID]
    text: str
    language: str
    expires_on: date


class ConsentGapOut(Out):
    """What one professional lacks to read documents about one person."""

    user_id: UUID
    user_name: str
    user_title: str | None
    subject_id: UUID
    subject_name: str
    lacks: list[LackOut]
    request: ConsentRequestOut | None = Field(
        description="A consent for what nobody has been asked about, or has ended; null where there is nothing to ask."
    )
