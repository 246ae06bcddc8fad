"""Sharing without consent, on the wire: what the law allows, used openly (R292)."""

from datetime import date
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import Day, In, Moment, Out, PageQuery, Text
from app.schemas.codes import DocumentCategory, ReviewDecision, SharePurpose, StatutoryState
from app.schemas.consents import Categories, Documents, Folders, PartyOut, Recipients


class StatutoryBasisIn(In):
    """Why something is shared without consent, by which reference of the municipality's list, and until when.

    The family is told at once, or, with all three of `notice_after`, its reason and its reference, from that day.
    """

    subject_id: UUID
    purpose: SharePurpose
    recipients: Recipients
    categories: Categories = Field([], description="Kinds of information.")
    folder_ids: Folders = Field([], description="Folders of the case.")
    document_ids: Documents = Field([], description="Single documents of the case.")
    legal_reference_id: UUID = Field(description="An entry for sharing that is valid today.")
    reason: Text
    expires_on: Day = Field(description="The first day without it; at most 365 days ahead.")
    notice_after: Day | None = Field(None, description="The family is told from this day on; left out: at once.")
    notice_delay_reason: Text | None = None
    notice_reference_id: UUID | None = Field(None, description="An entry for later notice that is valid today.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "subject_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a01",
                    "purpose": "assessment",
                    "recipients": [{"kind": "user", "id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a02"}],
                    "categories": ["social"],
                    "legal_reference_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a03",
                    "reason": "Bekymring for barnets sikkerhed; forældrene kan ikke nås.",
                    "expires_on": "2026-12-24",
                }
            ]
        }
    )


class BasisReview(In):
    """The second person's decision. Without it nothing is opened."""

    decision: ReviewDecision
    note: Text

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"decision": "approved", "note": "Nødvendigt og ikke for bredt."}]}
    )


class BasisEnd(In):
    reason: Text

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Familien har givet samtykke."}]})


class StatutoryBasisOut(Out):
    """A statutory basis. Who used it and who reviewed it is for those who work here."""

    id: UUID
    case_id: UUID
    subject_id: UUID
    subject_name: str
    purpose: SharePurpose
    state: StatutoryState
    in_force: bool
    recipients: list[PartyOut]
    categories: list[DocumentCategory]
    folder_ids: list[UUID]
    document_ids: list[UUID]
    legal_reference_id: UUID
    citation: str
    legal_title: str
    reason: str
    expires_on: date
    active_from: Moment | None
    active_until: Moment | None
    created_at: Moment
    created_by: UUID | None
    author_name: str | None
    reviewed_at: Moment | None
    reviewed_by: UUID | None
    review_note: str | None
    ended_at: Moment | None
    end_reason: str | None
    notice_after: date | None
    notice_delay_reason: str | None
    notice_reference_id: UUID | None


class StatutoryBasisQuery(PageQuery):
    state: StatutoryState | None = None
    subject_id: UUID | None = None
    in_force: bool | None = None
