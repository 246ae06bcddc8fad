"""Consents on the wire, and the rows that say who must sign one."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.schemas.base import Day, In, Line, LongText, Moment, Out, PageQuery, Text
from app.schemas.codes import (
    ConsentAnswer,
    ConsentGiven,
    ConsentState,
    DocumentCategory,
    RecipientKind,
    SharePurpose,
    SourceKind,
)

LanguageTag = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8}){0,3}$")]
"""A language (BCP 47), such as da, en or ar."""


class SignerRow(BaseModel):
    """Who must sign for information about such a person, of this category, from this age (X24)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    subject: Literal["child", "adult", "network"]
    category: DocumentCategory | Literal["any"]
    from_: int | Literal["youth_age", "adult_age", "child_voice_age"] = Field(alias="from")
    signers: tuple[Literal["custody", "subject"], ...] = Field(min_length=1)


class RecipientIn(In):
    kind: RecipientKind
    id: UUID


class SourceIn(In):
    kind: SourceKind
    id: UUID


Recipients = Annotated[list[RecipientIn], Field(min_length=1, max_length=50)]
Sources = Annotated[list[SourceIn], Field(max_length=20)]
Categories = Annotated[list[DocumentCategory], Field(max_length=12)]
Folders = Annotated[list[UUID], Field(max_length=38)]
Documents = Annotated[list[UUID], Field(max_length=50)]


class ConsentIn(In):
    """A draft of a consent: whose information, for what, to whom, and how much of it. There is no "everything" (P2)."""

    subject_id: UUID = Field(description="Whose information it is: a member of the family.")
    purpose: SharePurpose
    recipients: Recipients
    categories: Categories = Field([], description="Kinds of information.")
    folder_ids: Folders = Field([], description="Folders of the case.")
    document_ids: Documents = Field([], description="Single documents of the case.")
    covers_later: bool = Field(
        False, description="Whether categories and folders cover what is added later; the text must say so."
    )
    sources: Sources = Field([], description="From whom information may be obtained, where it is (R282).")
    text: LongText = Field(description="What is shown to those who sign, to the letter.")
    language: LanguageTag = "da"
    expires_on: Day | None = Field(
        None, description="The first day without it. Left out: the setting `consent.default_days` from today."
    )
    review_on: Day | None = None
    remind_on: Day | None = Field(
        None,
        description="When those who have not signed are reminded. Left out: so many days after the request as the "
        "setting `consent.remind_days` says.",
    )
    processing_basis: Line | None = Field(
        None, description="The legal basis of the processing: a consent here is seldom that of the GDPR."
    )
    supersedes_id: UUID | None = Field(
        None, description="The consent that ends when this one is in force: of the same subject and purpose."
    )

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "subject_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a01",
                    "purpose": "assessment",
                    "recipients": [{"kind": "department", "id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a02"}],
                    "categories": ["school", "report"],
                    "text": "PPR må se oplysninger om skolegang og udredning, mens vi udreder sammen.",
                    "expires_on": "2027-06-30",
                }
            ]
        }
    )


class ConsentPatch(In):
    """What can be changed while it is a draft; a list replaces the whole list."""

    purpose: SharePurpose | None = None
    recipients: Recipients | None = None
    categories: Categories | None = None
    folder_ids: Folders | None = None
    document_ids: Documents | None = None
    covers_later: bool | None = None
    sources: Sources | None = None
    text: LongText | None = None
    language: LanguageTag | None = None
    expires_on: Day | None = None
    review_on: Day | None = None
    remind_on: Day | None = None
    processing_basis: Line | None = None
    supersedes_id: UUID | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"categories": ["school"], "covers_later": False}]})


class SignatureIn(In):
    """An answer: one's own, or what a professional was told or given on paper and writes down for a named person."""

    answer: Literal["approved", "declined"]
    given: ConsentGiven | None = Field(
        None, description="Digitally by the person alone; orally or on paper when a professional records it."
    )
    note: Text | None = Field(None, description="How an oral answer was witnessed (required for those), or a reason.")
    evidence_id: UUID | None = Field(None, description="The document that shows an answer on paper.")
    member_id: UUID | None = Field(None, description="Whose answer it is; a citizen answers for oneself.")

    model_config = ConfigDict(json_schema_extra={"examples": [{"answer": "approved", "given": "digital"}]})


class WithdrawalIn(In):
    """A consent is taken back by one of those who must sign; a reason is never required."""

    reason: Text | None = None
    given: ConsentGiven | None = None
    note: Text | None = Field(None, description="How an oral withdrawal was witnessed (required for those).")
    evidence_id: UUID | None = None
    member_id: UUID | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"given": "digital"}]})


class CancellationIn(In):
    """A draft, or a request that waits, is taken back by who asked, or by the case's advisers."""

    reason: Text | None = Field(None, description="For all who read the consent.")

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Vi spørger om noget mindre i stedet."}]})


class PartyOut(Out):
    """A recipient or a source, by name alone."""

    kind: RecipientKind
    id: UUID
    name: str | None


class SignerOut(Out):
    """One of those who are asked, or were, and the newest answer."""

    member_id: UUID
    name: str
    required: bool = Field(description="Whether it takes this signature, as custody, age and categories say now.")
    heard: bool = Field(description="Whether it is the child who is heard, and whose answer decides nothing alone.")
    answer: ConsentAnswer | None
    answered_at: Moment | None
    given: ConsentGiven | None


class ConsentOut(Out):
    """A consent, who is asked, and whether it is in force at this moment."""

    id: UUID
    case_id: UUID
    subject_id: UUID
    subject_name: str
    purpose: SharePurpose
    state: ConsentState
    in_force: bool
    recipients: list[PartyOut]
    categories: list[DocumentCategory]
    folder_ids: list[UUID]
    document_ids: list[UUID]
    covers_later: bool
    sources: list[PartyOut]
    text: str
    language: str
    processing_basis: str | None
    expires_on: date
    review_on: date | None
    signers: list[SignerOut]
    active_from: Moment | None
    active_until: Moment | None = Field(
        description="When it ends if nothing happens: its last day, a birthday or a known change of custody. "
        "Once withdrawn or ended before that it equals `active_from`, and `ended_at` says when."
    )
    requested_at: Moment | None
    remind_on: date | None = Field(description="From this day those who have not signed are reminded (R288).")
    remind_due: bool = Field(description="Whether it waits for a signature, and the day to remind has come.")
    ended_at: Moment | None
    end_reason: str | None = Field(description="Why a request was taken back, where that was said.")
    supersedes_id: UUID | None
    created_at: Moment
    created_by: UUID


class SignatureOut(Out):
    """An answer as it was given; the newest of each counts. The note is for its author and those who work here."""

    id: UUID
    consent_id: UUID
    member_id: UUID
    member_name: str
    answer: ConsentAnswer
    given: ConsentGiven
    note: str | None
    evidence_id: UUID | None
    signed_at: Moment
    recorded_by: UUID


class ConsentQuery(PageQuery):
    subject_id: UUID | None = None
    state: ConsentState | None = None
    purpose: SharePurpose | None = None
    in_force: bool | None = None
    awaiting_me: bool | None = Field(None, description="Whether it waits for the reader's own signature.")
    remind_due: bool | None = Field(None, description="Whether it waits, and the day to remind has come.")


class SignatureQuery(PageQuery):
    pass
