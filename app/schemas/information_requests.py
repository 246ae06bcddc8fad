"""Information requests on the wire."""

from datetime import date
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import Day, In, Line, Moment, Out, PageQuery, Text
from app.schemas.codes import DocumentCategory, InformationRequestStatus, SharePurpose, SourceKind


class Holder(In):
    """Who has the information: a department here, or an outside organisation."""

    kind: SourceKind
    id: UUID


class InformationRequestIn(In):
    """What is asked for, about whom, of whom and why (R42, R317); a consent or statutory basis must cover it (R282)."""

    subject_id: UUID = Field(description="The child or adult of the family whose information it is.")
    holder: Holder
    what: Line = Field(description="What is asked for, in a line.")
    category: DocumentCategory
    why: Text = Field(description="What it is needed for; the family and the holder read it.")
    purpose: SharePurpose
    due_on: Day
    remind_on: Day | None = Field(None, description="When to remind, no later than `due_on`.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "subject_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a03",
                    "holder": {"kind": "department", "id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a11"},
                    "what": "Pædagogisk-psykologisk vurdering",
                    "category": "school",
                    "why": "Til udredningen af, hvilken støtte der er brug for i skolen.",
                    "purpose": "assessment",
                    "due_on": "2026-12-15",
                    "remind_on": "2026-12-08",
                }
            ]
        }
    )


class InformationRequestPatch(In):
    """What can be changed while it waits. Of somebody else, or about something else, it is another request."""

    what: Line | None = None
    due_on: Day | None = None
    remind_on: Day | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"due_on": "2026-12-22"}]})


class InformationRequestEnd(In):
    """Why it is declined, or taken back."""

    note: Text

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "Vi har ingen vurdering af barnet."}]})


class InformationDocumentIn(In):
    """The details of what answers a request: the part before its file. About whom and what, the request says."""

    title: Line
    dated_on: Day | None = Field(None, description="The day that stands on it.")

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "PPV", "dated_on": "2026-11-20"}]})


class InformationRequestOut(Out):
    """A request. The department that is asked reads about whom and what only while it may answer; else null."""

    id: UUID
    case_id: UUID
    case_number: str | None = Field(description="For those inside the case, and the family.")
    subject_id: UUID
    subject_name: str | None
    subject_birth_date: date | None
    holder_kind: SourceKind
    holder_id: UUID
    holder_name: str
    what: str | None
    category: DocumentCategory
    why: str | None
    purpose: SharePurpose
    due_on: date
    remind_on: date | None
    overdue: bool
    status: InformationRequestStatus
    fulfilled_at: Moment | None
    document_id: UUID | None = Field(
        description="What came, for professionals who may read it; citizens find it in documents."
    )
    closing_note: str | None = Field(description="Why it was declined, or taken back.")
    created_at: Moment
    created_by: UUID
    created_by_name: str


class InformationRequestQuery(PageQuery):
    status: InformationRequestStatus | None = None
    subject_id: UUID | None = None
    overdue: bool | None = Field(None, description="Whether it still waits after its day.")
    remind_due: bool | None = Field(None, description="Whether it waits, and the day to remind has come.")


class InformationRequestsQuery(PageQuery):
    status: InformationRequestStatus | None = None
    overdue: bool | None = Field(None, description="Whether it still waits after its day.")
    remind_due: bool | None = Field(None, description="Whether it waits, and the day to remind has come.")
    asked_of_mine: bool | None = Field(None, description="Whether it is asked of a department where you work.")
