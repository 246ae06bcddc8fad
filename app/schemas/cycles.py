"""Cycles and activities of a running case on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import In, Moment, Out, Text
from app.schemas.step_templates import ActivityCode

StepNumber = Annotated[int, Field(strict=True, ge=1, le=50)]


class CycleIn(In):
    """A larger change: the steps are taken again (R60). `steps` left out: all that can be repeated."""

    reason: Text
    steps: Annotated[list[StepNumber], Field(min_length=1, max_length=50)] | None = None

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "Alma skal skifte skole efter sommerferien.", "steps": [3, 6, 7]}]}
    )


class CycleOut(Out):
    """One time round the steps, from the second on: the first began with the case. `reason` is content."""

    id: UUID
    case_id: UUID
    number: int
    reason: str | None
    started_at: Moment
    started_by: UUID
    started_by_name: str


class ActivityOut(Out):
    """Something that goes on while the case is running (R59), in the words of the case's template.

    `last_at` and `count` are null where nothing is kept about it, and for those who do not see what it is about.
    """

    code: ActivityCode
    title: str
    last_at: Moment | None
    count: int | None


class ActivitiesOut(Out):
    items: list[ActivityOut]
