"""Documents on the wire: their details, versions, review and approval, and what is withheld."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StrictBool
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from app.schemas.base import Day, In, KleCode, Line, Moment, Out, PageQuery, Text
from app.schemas.cases import ExternalReference, References
from app.schemas.codes import DocumentCategory, Relevance


def _each_once(ids: list[UUID]) -> list[UUID]:
    if len(set(ids)) < len(ids):
        raise PydanticCustomError("named-once", "each one once")
    return ids


Subjects = Annotated[list[UUID], Field(min_length=1, max_length=20), AfterValidator(_each_once)]
"""Members of the family: whom a document is about. Each of them is asked for consent by itself."""
Members = Annotated[list[UUID], Field(max_length=20), AfterValidator(_each_once)]
Version = Annotated[int, Field(strict=True, ge=1)]
EXAMPLE: JsonDict = {
    "id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7d01",
    "number": "D2026-48102377",
    "case_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a01",
    "case_number": "2026-4810237",
    "folder_id": None,
    "title": "Pædagogisk-psykologisk vurdering",
    "category": "school",
    "subjects": ["019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a03"],
    "owner_department_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a08",
    "owner_department_name": "PPR",
    "kle_code": None,
    "external_references": [],
    "dated_on": "2026-11-20",
    "relevance": "relevant",
    "relevance_note": "Beskriver, hvordan Alma har det i skolen.",
    "reviewed_at": "2026-11-21T08:30:00Z",
    "reviewed_by": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a09",
    "author_only": False,
    "shows_address_of": [],
    "approved_at": None,
    "approved_by": None,
    "version": 1,
    "file_name": "ppv.pdf",
    "media_type": "application/pdf",
    "size": 183204,
    "sha256": "b5d4045c3f466fa91fe2cc6abe79232a1a57cdf104f7a26e716e0a1e2789df78",
    "created_at": "2026-11-20T13:05:00Z",
    "created_by": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a09",
    "created_by_name": "Pia Prøvesen",
}


class DocumentIn(In):
    """The details of a document that is uploaded: the part before its file."""

    title: Line
    category: DocumentCategory
    folder_id: UUID | None = None
    subjects: Subjects | None = Field(
        None, description="Whom it is about, of the case's family. Left out: the child of the case."
    )
    owner_department_id: UUID | None = Field(
        None,
        description="For a professional: the own department that made or received it. Left out where there is one.",
    )
    dated_on: Day | None = Field(None, description="The day that stands on it.")
    author_only: StrictBool = Field(False, description="A note that you keep to yourself.")
    shows_address_of: Members = Field(
        default_factory=list,
        description="The members whose address can be read in it: hidden from others while it is protected.",
    )
    kle_code: KleCode | None = None
    external_references: References = Field(default_factory=list)

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Pædagogisk-psykologisk vurdering",
                    "category": "school",
                    "dated_on": "2026-11-20",
                }
            ]
        }
    )


class VersionIn(In):
    """A new content of a document that is not approved. `based_on` is the version that it takes the place of."""

    based_on: Version

    model_config = ConfigDict(json_schema_extra={"examples": [{"based_on": 1}]})


class DocumentPatch(In):
    """What may be changed until it is approved; afterwards only where it lies."""

    title: Line | None = None
    category: DocumentCategory | None = None
    folder_id: UUID | None = Field(None, description="Null takes it out of its folder.")
    subjects: Subjects | None = None
    dated_on: Day | None = None
    author_only: StrictBool | None = Field(None, description="For the author alone to change.")
    shows_address_of: Members | None = None
    kle_code: KleCode | None = None
    external_references: References | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "PPV, endelig", "category": "school"}]})


class RelevanceIn(In):
    """Whether it is relevant to share (R296). What is not reviewed is for the department that owns it."""

    relevance: Literal["relevant", "not_relevant"]
    note: Text | None = None

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"relevance": "relevant", "note": "Beskriver, hvordan Alma har det i skolen."}]}
    )


class WithholdingIn(In):
    """Kept from one member of the family, for a reason that is on the municipality's list of legal references."""

    member_id: UUID
    reason: Text
    legal_reference_id: UUID = Field(description="One whose use is `withhold`, valid today.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "member_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a05",
                    "reason": "Barnet har fortalt det i fortrolighed.",
                    "legal_reference_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7e01",
                }
            ]
        }
    )


class DocumentOut(Out):
    """A document with its newest content. What only staff may know is null for the family."""

    id: UUID
    number: str
    case_id: UUID
    case_number: str
    folder_id: UUID | None
    title: str
    category: DocumentCategory
    subjects: list[UUID]
    owner_department_id: UUID
    owner_department_name: str
    kle_code: str | None
    external_references: list[ExternalReference]
    dated_on: date | None
    relevance: Relevance
    relevance_note: str | None
    reviewed_at: Moment | None
    reviewed_by: UUID | None
    author_only: bool
    shows_address_of: list[UUID] | None
    approved_at: Moment | None
    approved_by: UUID | None
    version: int
    file_name: str
    media_type: str
    size: int
    sha256: str
    created_at: Moment
    created_by: UUID
    created_by_name: str | None

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})


class DocumentVersionOut(Out):
    """One content of a document. It never changes."""

    id: UUID
    document_id: UUID
    number: int
    file_name: str
    media_type: str
    size: int
    sha256: str
    created_at: Moment
    created_by: UUID
    created_by_name: str | None


class WithholdingOut(Out):
    """What is kept from whom, and why."""

    id: UUID
    document_id: UUID
    member_id: UUID
    reason: str
    legal_reference_id: UUID
    citation: str
    created_at: Moment
    created_by: UUID
    ended_at: Moment | None
    ended_by: UUID | None


class DocumentQuery(PageQuery):
    folder_id: UUID | None = None
    category: DocumentCategory | None = None
    relevance: Relevance | None = None
    subject_id: UUID | None = Field(None, description="Whom it is about.")


class WithholdingQuery(PageQuery):
    current: bool | None = None
