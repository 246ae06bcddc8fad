"""Measures on the wire."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import Day, In, Line, Moment, Out, PageQuery, Text
from app.schemas.codes import MeasureCategory, MeasureStatus

Invasiveness = Annotated[int, Field(strict=True, ge=1, le=5)]
"""How much a measure interferes in the family's life, from 1 (least) to 5 (R72)."""


class MeasureIn(In):
    """Help that is planned for the child, or for an adult of the family (R71). At most one of the two providers."""

    member_id: UUID = Field(description="Who receives it: the child of the case, or an adult of its family.")
    title: Line
    category: MeasureCategory
    paragraph: Line | None = Field(None, description="The section of law, as the municipality writes it.")
    provider_department_id: UUID | None = None
    provider_organisation_id: UUID | None = None
    invasiveness: Invasiveness | None = Field(None, description="How much it interferes, from 1 (least) to 5 (R72).")
    planned_on: Day | None = Field(None, description="When it was planned. Left out: today.")
    starts_on: Day | None = Field(None, description="When it is meant to start, if that is known.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "member_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a03",
                    "title": "Familiebehandling",
                    "category": "measure",
                    "paragraph": "barnets lov § 32",
                    "invasiveness": 2,
                    "starts_on": "2026-12-01",
                }
            ]
        }
    )


class MeasurePatch(In):
    """What can be changed while it is planned. For somebody else it is another measure."""

    title: Line | None = None
    category: MeasureCategory | None = None
    paragraph: Line | None = None
    provider_department_id: UUID | None = None
    provider_organisation_id: UUID | None = None
    invasiveness: Invasiveness | None = None
    planned_on: Day | None = None
    starts_on: Day | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"starts_on": "2027-01-04", "invasiveness": 1}]})


class MeasureStart(In):
    started_on: Day | None = Field(None, description="Left out: today.")

    model_config = ConfigDict(json_schema_extra={"examples": [{"started_on": "2026-12-01"}]})


class MeasureEnd(In):
    ended_on: Day
    reason: Text

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ended_on": "2027-06-30", "reason": "Familien klarer hverdagen selv."}]}
    )


class MeasureDrop(In):
    reason: Text

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Skolens egen støtte slår til."}]})


class MeasureOut(Out):
    """A measure; `starts_on` is the day it is meant to start, and once started the day it did."""

    id: UUID
    case_id: UUID
    member_id: UUID
    member_name: str
    title: str
    category: MeasureCategory
    paragraph: str | None
    provider_department_id: UUID | None
    provider_organisation_id: UUID | None
    provider_name: str | None
    invasiveness: int | None
    status: MeasureStatus
    planned_on: date
    starts_on: date | None
    ended_on: date | None
    end_reason: str | None
    created_at: Moment
    created_by: UUID


class MeasureQuery(PageQuery):
    status: MeasureStatus | None = None
    category: MeasureCategory | None = None
