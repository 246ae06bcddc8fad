"""The people on a case, on the wire."""

from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import In, Moment, Out, PageQuery, Text
from app.schemas.codes import AssignmentEndReason, AssignmentRole, Profession


class AssignmentOut(Out):
    """A coordinator's (SOF: primary adviser's) time on the case; `ended_at` null is the active one."""

    id: UUID
    case_id: UUID
    user_id: UUID
    user_name: str
    role: AssignmentRole
    reason: str | None
    assigned_at: Moment
    assigned_by: UUID
    ended_at: Moment | None
    end_reason: AssignmentEndReason | None


class TeamMemberIn(In):
    """A professional to add to the core team, from one of the departments that person works in."""

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


class TeamLeave(In):
    reason: Text

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Har fået en anden opgave."}]})


class TeamMemberOut(Out):
    """A core team member with profession and department as they were when joining (R5)."""

    id: UUID
    case_id: UUID
    user_id: UUID
    user_name: str
    user_title: str | None
    profession: Profession
    department_id: UUID
    department_name: str
    joined_at: Moment
    left_at: Moment | None
    leave_reason: str | None


class TeamQuery(PageQuery):
    active: bool | None = Field(None, description="true: only those in the team now; false: only those who left.")
