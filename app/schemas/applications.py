"""Applications on the wire."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import Day, In, Line, Moment, Out, PageQuery, Text
from app.schemas.codes import ApplicationStatus, BallWith

Acting = Literal["family", "coordinator", "authority"]
"""Who can have the ball while an application is open."""


class ApplicationIn(In):
    """What the family applies for (R307). It begins as a draft, with the ball in the family's hands."""

    member_id: UUID = Field(description="For whom: the child of the case, or an adult of its family.")
    title: Line
    authority: Line = Field(description="Who decides.")
    deadline_on: Day | None = None
    ball_with: Acting | None = Field(None, description="Who writes it. Left out: the family.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "member_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a03",
                    "title": "Merudgifter",
                    "authority": "Børnehandicap",
                    "deadline_on": "2026-12-15",
                }
            ]
        }
    )


class ApplicationPatch(In):
    """What can be changed until it is decided."""

    title: Line | None = None
    deadline_on: Day | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"deadline_on": "2027-01-04"}]})


class ApplicationStatusIn(In):
    """How far it is now, and who acts next. The same status again passes the ball on."""

    status: ApplicationStatus
    ball_with: Acting | None = Field(
        None, description="Left out: the family for a draft, else the authority. Must be left out of the last one."
    )
    note: Text | None = None
    on: Day | None = Field(None, description="From which day. Left out: today.")

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "submitted", "note": "Sendt med digital post."}]}
    )


class ApplicationOut(Out):
    """An application: how far it is, and who has the ball since when (R307, R308)."""

    id: UUID
    case_id: UUID
    case_number: str
    member_id: UUID
    member_name: str
    title: str
    authority: str
    status: ApplicationStatus
    ball_with: BallWith
    ball_since: date
    submitted_on: date | None
    deadline_on: date | None
    decided_on: date | None
    created_at: Moment
    created_by: UUID


class ApplicationStatusOut(Out):
    """A status that it has had. Never changed."""

    id: UUID
    status: ApplicationStatus
    ball_with: BallWith
    note: str | None
    happened_on: date
    set_at: Moment
    set_by: UUID
    set_by_name: str | None = Field(description="Null where one of the family set it.")


class ApplicationQuery(PageQuery):
    status: ApplicationStatus | None = None
    ball_with: BallWith | None = None
    member_id: UUID | None = None
    open: bool | None = Field(None, description="Whether it waits for a decision.")


class BallOut(Out):
    """Something that waits for somebody in the case (R308)."""

    kind: Literal["application", "information_request", "step"]
    id: UUID
    title: str | None
    label: str = Field(description="Who has to act: a person, a department, an organisation, or a role in words.")
    since: date
    due_on: date | None


class BallsOut(Out):
    """Who has the ball: applications and requests that are open, and steps under way, as this reader may see them."""

    items: list[BallOut]
