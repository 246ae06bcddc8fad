"""The whole document: which sections there are, and what must hold between them."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.schemas.settings.family import (
    AccessLogSettings,
    CadenceSettings,
    ChildVoiceSettings,
    ConsentSettings,
    ContactSettings,
    PlanSettings,
)
from app.schemas.settings.section import Section
from app.schemas.settings.work import (
    AnalysisSettings,
    AssessmentSettings,
    CalendarSettings,
    CaseloadSettings,
    CaseSettings,
    FundingSettings,
    MeetingSettings,
    NetworkMeetingSettings,
    StatusMeetingSettings,
    StatusSettings,
    StepSettings,
    TeamSettings,
)

_BUILT_ON: Mapping[str, frozenset[str]] = {"efei": frozenset({"assessment", "status"}), "sof": frozenset({"network"})}


class MunicipalitySettings(Section):
    """All settings of a municipality. Made without arguments it is the strict default."""

    case: CaseSettings = Field(CaseSettings(), title="Cases", description="What a new case begins as (X25, R37).")
    steps: StepSettings = Field(StepSettings(), title="Steps", description="How the steps of a case bind (R63).")
    team: TeamSettings = Field(TeamSettings(), title="Core team", description="The core team (X2, X8, X32).")
    meeting: MeetingSettings = Field(
        MeetingSettings(), title="Meetings", description="Which kinds of meeting are in use (X19)."
    )
    status_meeting: StatusMeetingSettings = Field(
        StatusMeetingSettings(), title="Family at status meetings", description="Whether the family takes part (X1)."
    )
    status: StatusSettings = Field(
        StatusSettings(), title="Status meetings", description="When and how status meetings are held (X3, X6)."
    )
    analysis_meeting: Literal["required", "optional", "off"] = Field(
        "optional",
        title="Analysis meeting",
        description="required: no measure starts before one is held; off: none can be planned (X4, R208).",
    )
    analysis: AnalysisSettings = Field(
        AnalysisSettings(), title="Analysis participants", description="Who takes part in an analysis meeting (X5)."
    )
    network_meeting: NetworkMeetingSettings = Field(
        NetworkMeetingSettings(), title="Network meetings", description="The family's place in network meetings (X15)."
    )
    assessment: AssessmentSettings = Field(
        AssessmentSettings(), title="Assessment", description="The assessment meeting (X28)."
    )
    contact: ContactSettings = Field(
        ContactSettings(), title="Contact", description="The family's one way in (X10, X31)."
    )
    cadence: CadenceSettings = Field(
        CadenceSettings(), title="Follow-up", description="How often there is follow-up (X13)."
    )
    caseload: CaseloadSettings = Field(
        CaseloadSettings(), title="Caseload", description="How many cases an adviser should have (X14)."
    )
    plan: PlanSettings = Field(PlanSettings(), title="Plan", description="The joint plan (X16).")
    child_voice: ChildVoiceSettings = Field(
        ChildVoiceSettings(), title="The child's voice", description="How the child is heard (X18)."
    )
    consent: ConsentSettings = Field(
        ConsentSettings(), title="Consent", description="Who consents, and for how long (X24, X33)."
    )
    funding: FundingSettings = Field(
        FundingSettings(), title="Funding", description="Joint funding, and who decides on it (X11, X12, X29, X34)."
    )
    access_log: AccessLogSettings = Field(
        AccessLogSettings(), title="Access log", description="What the family is shown of who has looked."
    )
    calendar: CalendarSettings = Field(
        CalendarSettings(), title="Calendar", description="How due dates are reckoned (R468)."
    )

    @field_validator("meeting")
    @classmethod
    def _the_default_model_can_be_followed(cls, meeting: MeetingSettings, info: ValidationInfo) -> MeetingSettings:
        """The kinds of meeting that the default model is built on cannot be switched off."""
        case: CaseSettings | None = info.data.get("case")
        built_on = _BUILT_ON.get(case.default_model, frozenset()) if case else frozenset()
        if not built_on <= set(meeting.kinds):
            wanted = {"expected": ", ".join(sorted(built_on))}
            raise PydanticCustomError("meeting-kinds-of-model", "the default model is built on {expected}", wanted)
        return meeting

    @property
    def meeting_kinds(self) -> frozenset[str]:
        """The kinds of meeting that can be planned: those in use, and analysis unless it is off (X4, X19)."""
        return frozenset(self.meeting.kinds) | ({"analysis"} if self.analysis_meeting != "off" else frozenset())
