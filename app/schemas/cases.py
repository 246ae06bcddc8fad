"""Cases on the wire."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, computed_field
from pydantic.config import JsonDict

from app.schemas.base import In, KleCode, Line, Moment, Out, PageQuery, Text
from app.schemas.codes import (
    AssignmentRole,
    CaseModel,
    CaseState,
    CloseReason,
    ComplexityLevel,
    ComplexityReason,
    ComplexitySuggestion,
    ConcernLevel,
    GoalEndState,
    Impairment,
    TargetGroup,
)

INTAKE: JsonDict = {
    "impairment": "significant_and_lasting",
    "several_kinds_of_help": True,
    "cross_sector": True,
    "complex": False,
}
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
    "exit_reason": None,
    "cycle": 1,
    "early_concern": False,
    "intake": {**INTAKE, "target_group": "inside"},
    "intake_note": "Sundhedsplejen og skolen er bekymrede hver for sig.",
    "restricted": False,
    "concern_level": "medium",
    "complexity_rating": None,
    "coordinator_id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a05",
    "coordinator_role": "coordinator",
    "coordinator_since": "2026-11-03T08:00:00Z",
    "coordinator_name": "Karen Koordinator",
    "coordinator_title": "Rådgiver, familiekoordinator",
    "coordinator_phone": "70 00 00 01",
    "coordinator_email": "karen@provekommune.invalid",
    "coordinator_hours": "Hverdage 9–14",
    "coordinator_available": True,
}


class ExternalReference(In):
    """The case's name in another system."""

    system: Line
    reference: Line


References = Annotated[list[ExternalReference], Field(max_length=20)]


class IntakeIn(In):
    """What speaks for the target group when a case begins (R33)."""

    impairment: Impairment
    several_kinds_of_help: bool = Field(description="The child needs several kinds of help.")
    cross_sector: bool = Field(description="The help comes from more than one sector.")
    complex: bool = Field(description="The family's situation is complex.")
    note: Text | None = Field(None, description="In one's own words. Left out: what is noted already stays.")

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**INTAKE, "note": "Sundhedsplejen og skolen er bekymrede hver for sig."}]}
    )


class IntakeOut(Out):
    """What speaks for the target group, and what follows from it: an aid, never a decision (R33)."""

    impairment: Impairment
    several_kinds_of_help: bool
    cross_sector: bool
    complex: bool

    @computed_field  # type: ignore[prop-decorator]
    @property
    def target_group(self) -> TargetGroup:
        """Inside: a lasting impairment or long illness, and several kinds of help or a need across sectors."""
        if self.impairment == "unclear":
            return "unclear"
        return "inside" if self.impairment != "neither" and self._several() else "outside"

    def _several(self) -> bool:
        return self.several_kinds_of_help or self.cross_sector


class CaseIn(In):
    """A case to open: for one child of one family, owned by a child disability department of the opener's (R2)."""

    family_id: UUID
    child_id: UUID
    owner_department_id: UUID
    model: CaseModel | None = Field(None, description="Left out: the municipality's default model (R37).")
    kle_code: KleCode | None = Field(None, description="Left out: the municipality's default; else one in use there.")
    external_references: References = Field(default_factory=list)
    early_concern: bool = Field(False, description="A light case: no model and no steps, until it is upgraded (R75).")
    intake: IntakeIn | None = None

    model_config = ConfigDict(
        json_schema_extra={"examples": [{k: EXAMPLE[k] for k in ("family_id", "child_id", "owner_department_id")}]}
    )


class CasePatch(In):
    """What can be changed on the case itself; fields left out stay as they are."""

    kle_code: KleCode | None = None
    external_references: References | None = None

    model_config = ConfigDict(json_schema_extra={"examples": [{"kle_code": "27.24.08"}]})


class UpgradeIn(In):
    """The model that a case without one is to follow from now on (R75)."""

    model: Literal["efei", "sof"]

    model_config = ConfigDict(json_schema_extra={"examples": [{"model": "efei"}]})


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
    """A state to go to; `needs` of the transitions served says which of the fields it takes (R61, R62, R78)."""

    to: CaseState
    reason: CloseReason | None = Field(None, description="Why it closes; only with `to: closed`.")
    closing: Closing | None = None
    family_view: Text | None = Field(None, description="The family's own view; needed with `to: ordinary`.")
    explanation: Text | None = Field(
        None, description="Why; needed with `to: ordinary`, and with `to: running` on the way back from there."
    )

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
    """A case as this reader sees it. What is content is null for those who only follow progress."""

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
    exit_reason: str | None = Field(description="Why it went over to ordinary operation, or came back.")
    cycle: int = Field(description="Which time round the steps it is (R60).")
    early_concern: bool = Field(description="A light case, opened from an early concern (R75).")
    intake: IntakeOut | None
    intake_note: str | None
    restricted: bool = Field(description="Its documents are kept, and nobody reads them (GDPR art. 18).")
    concern_level: ConcernLevel | None = Field(description="The newest rating of concern (R74).")
    complexity_rating: ComplexityLevel | None = Field(description="The adviser's own rating (R73).")
    coordinator_id: UUID | None
    coordinator_role: AssignmentRole | None
    coordinator_since: Moment | None
    coordinator_name: str | None
    coordinator_title: str | None
    coordinator_phone: str | None
    coordinator_email: str | None
    coordinator_hours: str | None
    coordinator_available: bool | None = Field(description="At work, and not away for a while (R109).")

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})


class CaseQuery(PageQuery):
    """Filters of the case list; each narrows it. At most five of them together."""

    state: CaseState | None = None
    model: CaseModel | None = None
    family_id: UUID | None = None
    owner_department_id: UUID | None = None
    coordinator_id: UUID | None = None
    helper_id: UUID | None = Field(None, description="Cases where this adviser is buddy or deputy.")
    without_contact: bool | None = Field(
        None, description="true: open cases whose coordinator has no active account, or left child disability."
    )
    early_concern: bool | None = Field(None, description="true: only light cases; false: none of them.")
    stalled: bool | None = Field(
        None,
        description="For staff. true: only open, allocated cases in which nothing has happened for as many days as the "
        "setting case.stalled_after_days says (R105); false: all others.",
    )


class ComplexityIn(In):
    """The adviser's own rating of how complex the case is (R73); null takes it back."""

    rating: ComplexityLevel | None

    model_config = ConfigDict(json_schema_extra={"examples": [{"rating": "high"}]})


class ComplexityOut(Out):
    """How complex the case is: by its parties and sectors, never lower than the adviser's own rating (R73)."""

    level: ComplexityLevel
    parties: int = Field(description="Core team, role agreements in force, and the family's cases elsewhere.")
    sectors: int = Field(description="Sectors of the departments involved.")
    own_rating: ComplexityLevel | None
    reasons: list[ComplexityReason] = Field(description="What the level rests on; empty when it is low.")
    suggests: list[ComplexitySuggestion] = Field(description="What may help a complex case and is not there yet.")


class TransitionOut(Out):
    """A state that the case may go to now; `blocked_by` says what is missing, empty when nothing is."""

    to: CaseState
    label: str
    blocked_by: list[str]
    needs: list[str] = Field(description="The fields of the request that this state takes, and must have.")


class TransitionsOut(Out):
    state: CaseState
    transitions: list[TransitionOut]


class ExplanationOut(Out):
    """Why: for reading and for each action, the rules that open it for the reader; an empty list is a closed one."""

    action: str
    label: str
    rules: list[str]
    reasons: list[str]


class ExplanationsOut(Out):
    items: list[ExplanationOut]
