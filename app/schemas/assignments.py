"""Who holds a case, on the wire: the coordinator, buddy and deputy, and who could take over."""

from datetime import date
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from app.schemas.base import In, Moment, Out, PageQuery, Text
from app.schemas.codes import AssignmentEndReason, AssignmentRole, Sector

ADVISER: JsonDict = {"user_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a05"}


class CoordinatorIn(In):
    """The adviser to appoint. When somebody else has the task already: why, and what is handed over (R108)."""

    user_id: UUID
    reason: Text | None = None
    end_reason: AssignmentEndReason = "changed"
    handover_note: Text | None = Field(
        None, description="What the one who leaves hands over; only when somebody has the task already (R366)."
    )
    override_reason: Text | None = Field(
        None, description="Why the case is given above the caseload norm; kept only when it is (R126)."
    )

    model_config = ConfigDict(json_schema_extra={"examples": [ADVISER]})


class HelperIn(In):
    """The adviser to stand beside the coordinator, and why when somebody else has the task already."""

    user_id: UUID
    reason: Text | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [ADVISER]})


class AssignmentEnd(In):
    """Why it ends, and what is handed over."""

    reason: AssignmentEndReason
    handover_note: Text | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "left_position"}]})


class AssignmentOut(Out):
    """Somebody's time as coordinator (SOF: primary adviser), buddy or deputy; `ended_at` null: now.

    `handover_note` is content: null for those who only follow progress.
    """

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
    handover_note: str | None


class AssignmentQuery(PageQuery):
    active: bool | None = Field(None, description="true: only those who have the task now; false: only former ones.")


class CandidateOut(Out):
    """An adviser who could take the case over; the figures are null for all but the leader (R457)."""

    user_id: UUID
    name: str
    absent_until: date | None
    is_buddy: bool
    is_deputy: bool
    load: int | None
    norm: int | None
    years_in_area: int | None
    knows_sectors: list[Sector]


class CandidatesOut(Out):
    """Buddy and deputy first, then the advisers of the owner department.

    For the leader: those who have room, the least burdened first.
    """

    candidates: list[CandidateOut]
