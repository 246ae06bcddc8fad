"""Standing teams and their seats, on the wire (R31, R32, R81)."""

from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import In, Line, Moment, Out, PageQuery, Text
from app.schemas.codes import Profession


class TeamIn(In):
    """A fixed core team that can be put on cases as a whole."""

    name: Line
    note: Text | None = None
    separate: bool = Field(False, description="The team is an organisational unit of its own (R31).")
    location: Line | None = Field(None, description="Where the team sits, if it sits together (R32).")

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Team Nord", "location": "Rådhuset, 2. sal"}]})


class TeamPatch(In):
    """What can be changed. A team that is no longer used is made inactive: nothing is deleted."""

    name: Line | None = None
    note: Text | None = None
    separate: bool | None = None
    location: Line | None = None
    active: bool | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"location": "Familiehuset"}]})


class TeamOut(Out):
    id: UUID
    name: str
    note: str | None
    separate: bool
    location: str | None
    active: bool
    size: int = Field(description="How many have a seat now.")
    created_at: Moment


class StandingTeamQuery(PageQuery):
    active: bool | None = None


class TeamSeatIn(In):
    """A professional for the team, from one of the departments that person works in."""

    user_id: UUID
    department_id: UUID

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7c01",
                    "department_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7c02",
                }
            ]
        }
    )


class TeamSeatOut(Out):
    """A professional's place in the team; `left_at` null is one that is taken now."""

    id: UUID
    team_id: UUID
    team_name: str
    user_id: UUID
    user_name: str
    user_title: str | None
    profession: Profession | None
    department_id: UUID
    department_name: str
    joined_at: Moment
    left_at: Moment | None


class TeamSeatQuery(PageQuery):
    active: bool | None = Field(None, description="true: only those in the team now; false: only those who left.")
