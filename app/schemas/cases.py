"""Cases on the wire."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from app.schemas.base import In, Line, Moment, Out, PageQuery, Text
from app.schemas.codes import (
    AssignmentEndReason,
    AssignmentRole,
    CaseModel,
    CaseState,
    CloseReason,
    GoalEndState,
    StageGroup,
    StageStatus,
)
from app.schemas.contacts import CallbackOut, MeetingOut
from app.schemas.steps import StepOut
from app.schemas.teams import TeamMemberOut

KleCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}\.[0-9]{2}\.[0-9]{2}$")]
"""A KLE subject number (KL's Emnesystematik), such as 27.24.00."""

EXAMPLE: JsonDict = {
    "id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a01",
    "number": "2026-4810237",
    "family_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a02",
    "child_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a03",
    "child_name": "Alma Prøvesen",
    "child_birth_date": "2016-04-12",
    "owner_department_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a04",
    "owner_department_name": "Børnehandicap",
    "model": "efei",
    "state": "start_up",
    "kle_code": "27.24.00",
    "template_version": 1,
    "external_references": [{"system": "journal", "reference": "J-2026-114"}],
    "opened_at": "2026-11-02T09:15:00Z",
    "allocated_at": "2026-11-03T08:00:00Z",
    "first_contact_at": "2026-11-04T10:00:00Z",
    "closed_at": None,
    "close_reason": None,
    "closing": None,
    "family_view": None,
    "coordinator_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a05",
    "coordinator_role": "coordinator",
    "coordinator_since": "2026-11-03T08:00:00Z",
    "coordinator_name": "Karen Koordinator",
    "coordinator_title": "Rådgiver, familiekoordinator",
    "coordinator_phone": "70 00 00 01",
    "coordinator_email": "karen@provekommune.invalid",
    "coordinator_hours": "Hverdage 9–14",
}


class ExternalReference(In):
    """The case's name in another system."""

    system: Line
    reference: Line


References = Annotated[list[ExternalReference], Field(max_length=20)]


class CaseIn(In):
    """A case to open: for one child of one family, owned by a child disability department of the opener's (R2)."""

    family_id: UUID
    child_id: UUID
    owner_department_id: UUID
    model: CaseModel | None = Field(None, description="Left out: the municipality's default model (R37).")
    kle_code: KleCode = "27.24.00"
    external_references: References = Field(default_factory=list)

    model_config = ConfigDict(
        json_schema_extra={"examples": [{k: EXAMPLE[k] for k in ("family_id", "child_id", "owner_department_id")}]}
    )


class CasePatch(In):
    """What can be changed on the case itself; fields left out stay as they are."""

    kle_code: KleCode | None = None
    external_references: References | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"kle_code": "27.24.08"}]})


class GoalEnd(In):
    """Where a goal of the family ended (R78)."""

    goal: Text
    achieved: GoalEndState


class Closing(In):
    """What is kept when a case closes: where the goals ended, and a note to whoever takes over (R78)."""

    goals: list[GoalEnd] = Field(default_factory=list, max_length=50)
    handover_note: Text


class ClosingOut(Out):
    goals: list[GoalEnd]
    handover_note: str


class TransitionIn(In):
    """A state to go to. To `closed` a reason and the closing are needed; to `ordinary` the family's view (R61)."""

    to: CaseState
    reason: CloseReason | None = Field(None, description="Why it closes; only with `to: closed`.")
    closing: Closing | None = None
    family_view: Text | None = Field(None, description="The family's own view; needed with `to: ordinary`.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "to": "closed",
                    "reason": "plan_completed",
                    "closing": {"goals": [], "handover_note": "Familien klarer sig med almindelig støtte."},
                }
            ]
        }
    )


class CaseOut(Out):
    """A case as this reader sees it. `closing` is content: null for those who only follow progress."""

    id: UUID
    number: str
    family_id: UUID
    child_id: UUID
    child_name: str
    child_birth_date: date
    owner_department_id: UUID
    owner_department_name: str
    model: CaseModel
    state: CaseState
    kle_code: str
    template_version: int | None
    external_references: list[ExternalReference]
    opened_at: Moment
    allocated_at: Moment | None
    first_contact_at: Moment | None
    closed_at: Moment | None
    close_reason: CloseReason | None
    closing: ClosingOut | None
    family_view: str | None
    coordinator_id: UUID | None
    coordinator_role: AssignmentRole | None
    coordinator_since: Moment | None
    coordinator_name: str | None
    coordinator_title: str | None
    coordinator_phone: str | None
    coordinator_email: str | None
    coordinator_hours: str | None

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})


class CaseQuery(PageQuery):
    """Filters of the case list; each narrows it."""

    state: CaseState | None = None
    model: CaseModel | None = None
    family_id: UUID | None = None
    owner_department_id: UUID | None = None
    coordinator_id: UUID | None = None


class CoordinatorIn(In):
    """The adviser to appoint, and why when somebody else has the task already."""

    user_id: UUID
    reason: Text | None = None
    end_reason: AssignmentEndReason = "changed"

    model_config = ConfigDict(json_schema_extra={"examples": [{"user_id": EXAMPLE["coordinator_id"]}]})


class TransitionOut(Out):
    """A state that the case may go to now; `blocked_by` says what is missing, empty when nothing is."""

    to: CaseState
    label: str
    blocked_by: list[str]


class TransitionsOut(Out):
    state: CaseState
    transitions: list[TransitionOut]


class StageOut(Out):
    """One field of the progress picture (R47, R48)."""

    stage: str
    label: str
    group: StageGroup
    status: StageStatus


class OverviewOut(Out):
    """One screen: the case, its steps, its people, what is waiting, and how far it is."""

    case: CaseOut
    stages: list[StageOut]
    steps: list[StepOut]
    team: list[TeamMemberOut]
    meetings: list[MeetingOut]
    callbacks_waiting: list[CallbackOut]
    days_to_first_contact: int | None = Field(description="Days from allocation to first contact; null until then.")
    transitions: list[TransitionOut]
    unfilled: list[str] = Field(description="Cells of the steps still to be filled locally, as `number.cell` (R39).")


class ExplanationOut(Out):
    """Why: for reading and for each action, the rules that open it for the reader; an empty list is a closed one."""

    action: str
    label: str
    rules: list[str]
    reasons: list[str]


class ExplanationsOut(Out):
    items: list[ExplanationOut]
