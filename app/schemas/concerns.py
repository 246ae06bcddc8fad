"""Ratings of concern, and the family's cases elsewhere, on the wire."""

from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import In, Line, Moment, Out, PageQuery, Text
from app.schemas.codes import ConcernLevel


class ConcernIn(In):
    """How worried one is about the child today (R74)."""

    level: ConcernLevel
    note: Text | None = None

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"level": "medium", "note": "Alma sover dårligt, siden skolen begyndte."}]}
    )


class ConcernOut(Out):
    """A rating as it was given; the newest one counts."""

    id: UUID
    case_id: UUID
    level: ConcernLevel
    note: str | None
    rated_at: Moment
    rated_by: UUID
    rated_by_name: str


class RelatedCaseIn(In):
    """A case that a member of the family has elsewhere in the municipality (R34). Nobody has to tell of one."""

    member_id: UUID
    department_id: UUID | None = Field(None, description="Where it is, when that is a department known here.")
    area: Line | None = Field(None, description="Where it is, in words. Left out: the name of the department.")
    reference: Line | None = Field(None, description="What the case is called there.")
    case_worker: Line | None = None
    note: Text | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "member_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7e01",
                    "area": "Jobcentret",
                    "reference": "JOB-2026-17",
                    "case_worker": "Jens Prøvesen",
                }
            ]
        }
    )


class RelatedCaseOut(Out):
    """A case elsewhere, of one member of the family; `ended_at` null while it goes on."""

    id: UUID
    case_id: UUID
    member_id: UUID
    member_name: str
    department_id: UUID | None
    department_name: str | None
    area: str
    reference: str | None
    case_worker: str | None
    note: str | None
    recorded_at: Moment
    ended_at: Moment | None


class RelatedCaseQuery(PageQuery):
    current: bool | None = Field(None, description="true: only those that go on; false: only those that ended.")
