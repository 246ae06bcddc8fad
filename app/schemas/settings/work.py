"""Sections on how the municipality works: cases, steps, teams, meetings, caseload, funding and the calendar."""

from typing import Literal, Self, get_args

from pydantic import Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.base import KleCode, Line, Text
from app.schemas.codes import CaseModel, Profession
from app.schemas.settings.section import AtLeastOne, Cases, Code, Day, Days, Enforcement, Section, Several

TeamMode = Literal["fixed", "flexible", "mixed"]
TeamCreator = Literal["professional_head", "coordinator"]
OrdinaryMeeting = Literal["assessment", "gathering", "network", "status", "other"]
VoterRole = Literal["coordinator", "buddy", "member", "ad_hoc_member"]


class CaseSettings(Section):
    """What a new case begins as."""

    default_model: CaseModel = Field(
        "efei", title="Default model", description="The model of a new case when none is named (R37)."
    )
    light: StrictBool = Field(
        True,
        title="Light cases",
        description="An early concern may open a light case: a space for the family that follows no model and "
        "can be made a full case later (X25, R75).",
    )
    kle_codes: Several[KleCode] = Field(
        (),
        title="KLE codes in use",
        description="The subject numbers (KLE) that a case may have; empty means any. A case that has another one "
        "already keeps it.",
    )
    default_kle_code: KleCode = Field(
        "27.24.00",
        title="Default KLE code",
        description="The subject number (KLE) of a new case when none is named; one of those in use.",
    )
    stalled_after_days: Days = Field(
        42,
        title="Days until a case stands still",
        description="A case in which nothing has happened for so many days is shown as standing still.",
    )
    complex_from_parties: int = Field(
        5,
        strict=True,
        ge=1,
        le=50,
        title="Complex from this many parties",
        description="With so many professionals and others around the family the case is suggested as complex (R73).",
    )
    complex_from_sectors: int = Field(
        3,
        strict=True,
        ge=1,
        le=6,
        title="Complex from this many sectors",
        description="With so many sectors around the family the case is suggested as complex (R73).",
    )

    @model_validator(mode="after")
    def _default_kle_code_in_use(self) -> Self:
        if self.kle_codes and self.default_kle_code not in self.kle_codes:
            raise PydanticCustomError("default-kle-code-not-used", "the default KLE code is one of those in use")
        return self

    def uses(self, kle_code: str) -> bool:
        """Whether a case may be given this subject number."""
        return not self.kle_codes or kle_code in self.kle_codes


class StepSettings(Section):
    """How the steps of a case bind."""

    blocking: Enforcement = Field(
        "block",
        title="Required steps",
        description="A required step that is not done blocks the later ones, or only warns (R63).",
    )


class TeamSettings(Section):
    """The core team."""

    mode: TeamMode = Field(
        "mixed",
        title="Team mode",
        description="fixed: a standing team with its cadence; flexible: a team for each case, planned by concern; "
        "mixed: chosen for each case (X2, R81).",
    )
    creator_roles: AtLeastOne[TeamCreator] = Field(
        ("professional_head", "coordinator"),
        title="Who creates the core team",
        description="The roles that may create a core team; the coordinator is the case's own adviser in any model "
        "(X8, R101).",
    )
    paragraph_sets: Several[Line] = Field(
        (),
        title="Sets of paragraphs",
        description="The sets of paragraphs that advisers are split by; each must be represented in a team. "
        "Empty turns the rule off (X32, R84).",
    )
    buddy_requires_complexity: StrictBool = Field(
        True,
        title="Buddies on complex cases only",
        description="A buddy can be appointed only where the case is complex; when false, in any case (R117).",
    )


class MeetingSettings(Section):
    """Which kinds of meeting are in use."""

    kinds: Several[OrdinaryMeeting] = Field(
        get_args(OrdinaryMeeting),
        title="Kinds of meeting in use",
        description="A kind left out cannot be planned. The kinds that the default model is built on stay: assessment "
        "and status in efei, network in sof. The analysis meeting has its own setting, analysis_meeting (X19, R182).",
    )


class StatusMeetingSettings(Section):
    """The family's place in status meetings."""

    family: Literal["none", "combined"] = Field(
        "none",
        title="Family at status meetings",
        description="none: professionals go through the team's cases; combined: status and follow-up with the family, "
        "one series for each case, with contact before the meeting (X1, R203).",
    )


class StatusSettings(Section):
    """When and how status meetings are held."""

    cadence: Literal["interval", "by_concern"] = Field(
        "interval",
        title="Cadence of status meetings",
        description="At a fixed interval, or by level of concern and need; the fidelity check reads the same "
        "(X3, R190, R196).",
    )
    interval_weeks: int = Field(
        1,
        strict=True,
        ge=1,
        le=52,
        title="Weeks between status meetings",
        description="Weeks from one status meeting to the next; unused when the cadence is by_concern (X3, R195).",
    )
    mode: Literal["physical", "physical_or_video"] = Field(
        "physical_or_video",
        title="Form of status meetings",
        description="A status meeting is a real meeting: notes alone are never enough (X6, R191).",
    )


class AnalysisSettings(Section):
    """Who takes part in an analysis meeting."""

    externals: Literal["uninvolved_only", "any"] = Field(
        "uninvolved_only",
        title="External experts",
        description="Only experts who are not involved with the family, or any relevant professional (X5, R210, R216).",
    )
    family_allowed: StrictBool = Field(
        False,
        title="Family at the analysis meeting",
        description="The family may take part in an analysis meeting (X5, R209).",
    )


class NetworkMeetingSettings(Section):
    """The family's place in network meetings."""

    family_default: StrictBool = Field(
        True,
        title="Family at network meetings",
        description="A network meeting is planned with the family; without it, the family's message and an open "
        "invitation are required (X15, R219).",
    )


class AssessmentSettings(Section):
    """The assessment meeting."""

    min_core_team: int = Field(
        2,
        strict=True,
        ge=1,
        le=10,
        title="Core team at the assessment meeting",
        description="The fewest core team members who must have taken part for the meeting to be held (X28, R184).",
    )


class CaseloadNorm(Section):
    """How many cases one adviser should have, as the municipality itself has decided, and why (R122)."""

    target: Cases = Field(title="Target", description="The number of cases aimed at.")
    max: Cases = Field(title="Maximum", description="Above this, an allocation needs a leader's reason (R126).")
    reason: Text = Field(title="Reason", description="Why the municipality has chosen these numbers.")
    decided_on: Day = Field(title="Decided on", description="The day it was decided.")

    @model_validator(mode="after")
    def _target_within_maximum(self) -> Self:
        if self.target > self.max:
            raise PydanticCustomError("target-above-maximum", "the target is at most the maximum")
        return self


class CaseloadSettings(Section):
    """Caseload (sagstal)."""

    norm: CaseloadNorm | None = Field(
        None,
        title="Caseload norm",
        description="Checked on allocation once it is set, and never before. About 20–25 cases is an experience, not a "
        "norm (X14, R122, R123).",
        examples=[{"target": 20, "max": 25, "reason": "Complex cases only", "decided_on": "2026-01-01"}],
    )
    counts: Literal["all", "model"] = Field(
        "all",
        title="Cases that count",
        description="all: every open case counts; model: only those that follow a model and are not in ordinary "
        "operation (R124).",
    )


class VoterSettings(Section):
    """Who votes when a team decides (X34, R339–R341). Only active members ever do."""

    roles: AtLeastOne[VoterRole] = Field(
        get_args(VoterRole),
        title="Roles that vote",
        description="The case's coordinator and buddy, and the core team's members, permanent and ad hoc (X34).",
    )
    professions: Several[Profession] = Field(
        (), title="Professions that vote", description="Only members of these professions; empty means every one (X34)."
    )
    municipal_only: StrictBool = Field(
        True, title="Municipal employees only", description="Only those employed by the municipality vote (X34)."
    )
    buddies_as_one: StrictBool = Field(
        True, title="Buddies as one", description="Coordinator and buddy have one vote together (X34)."
    )


class FundingSettings(Section):
    """Joint funding, and who decides on it."""

    team_can_decide: StrictBool = Field(
        False,
        title="The team decides",
        description="A unanimous team decides; when false its vote is advisory (X11, R339, R343).",
    )
    excluded_paragraphs: Several[Code] = Field(
        ("placement",),
        title="Never decided by the team",
        description="Codes of measures or legal references whose decisions always go to the committee (X12, R342).",
    )
    assessment_required: StrictBool = Field(
        True,
        title="Funding assessment required",
        description="Joint funding must have been considered before a decision; a split is never required (X29, R332).",
    )
    voters: VoterSettings = Field(
        VoterSettings(), title="Voters", description="Who votes; by default all active members employed here (X34)."
    )


class CalendarSettings(Section):
    """How due dates are reckoned."""

    holidays: Literal["dk", "none"] = Field(
        "dk", title="Holidays", description="Due dates keep clear of Danish public holidays, or of none (R468)."
    )
