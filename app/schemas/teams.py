"""The core team of a case, on the wire."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import Day, In, Moment, Out, PageQuery, Text
from app.schemas.codes import Profession, TeamMemberKind


class TeamMemberIn(In):
    """A professional to add to the core team, from one of the departments that person works in."""

    user_id: UUID
    department_id: UUID
    kind: TeamMemberKind = "permanent"
    ends_on: Day | None = Field(None, description="The first day out of the team, when that is known already.")
    role_description: Text | None = Field(None, description="The member's own role, as shown to the family (R114).")
    can_act_on: Text | None = Field(None, description="What the member can decide or act on (R116).")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7c01",
                    "department_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7c02",
                    "role_description": "Følger Almas trivsel i skolen.",
                }
            ]
        }
    )


class TeamMemberPatch(In):
    """What can be changed; fields left out stay as they are. The member may describe her own role."""

    kind: TeamMemberKind | None = None
    relevant: bool | None = Field(None, description="false: not needed in this case now; no access (R86).")
    ends_on: Day | None = None
    role_description: Text | None = None
    can_act_on: Text | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"can_act_on": "Kan bevilge samtaler hos PPR."}]})


class StandingTeamIn(In):
    """The standing team to put on the case."""

    team_id: UUID

    model_config = ConfigDict(json_schema_extra={"examples": [{"team_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7c03"}]})


class TeamLeave(In):
    reason: Text

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Har fået en anden opgave."}]})


class TeamMemberOut(Out):
    """A core team member with profession and department as they were when joining (R5).

    Phone and email are for those who work together (R92): null for the family, which has one to turn to (R97).
    """

    id: UUID
    case_id: UUID
    user_id: UUID
    user_name: str
    user_title: str | None
    user_phone: str | None
    user_email: str | None
    profession: Profession
    department_id: UUID
    department_name: str
    kind: TeamMemberKind
    standing_team_id: UUID | None
    relevant: bool
    role_description: str | None
    can_act_on: str | None
    joined_at: Moment
    ends_on: date | None
    left_at: Moment | None
    leave_reason: str | None


class TeamQuery(PageQuery):
    active: bool | None = Field(None, description="true: only those in the team today; false: only those who are not.")


class CoverageIn(In):
    """Whether coordinator and core team cover what the case needs (R82)."""

    covered: bool
    missing_professions: Annotated[list[Profession], Field(max_length=15)] = Field(
        default_factory=list, description="The professions that are missing; none when the case is covered."
    )
    action: Text | None = Field(None, description="What is done about it; needed when the case is not covered.")
    reason: Text | None = Field(
        None, description="Why the case is covered all the same, when a set of paragraphs is not represented (R84)."
    )

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "covered": False,
                    "missing_professions": ["speech_hearing_consultant"],
                    "action": "Vi inviterer en tale-hørekonsulent med.",
                }
            ]
        }
    )


class CoverageOut(Out):
    """An answer to whether the case was covered; `missing_paragraph_sets` is as computed then (R84)."""

    id: UUID
    case_id: UUID
    covered: bool
    missing_professions: list[Profession]
    missing_paragraph_sets: list[str]
    action: str | None
    checked_at: Moment
    checked_by: UUID
    checked_by_name: str
