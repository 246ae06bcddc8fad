"""A municipality's settings: one document, one section for each place where the models leave a choice (X1–X34, R461).

Everything has a default, the strict one where the models leave it open: `MunicipalitySettings()` is a municipality that
has chosen nothing. A dump holds every key, so a document that is stored whole stays in force as it is when a default
changes later. Nothing here does anything: each rule reads the setting that bears its name.

Places of tension in the models that have no switch, and why:

- X7   the family decides on its plan: fixed, since no municipality may lower it
- X9   one coordinator for each case: fixed; a person may hold many cases, and the caseload norm (X14) applies
- X17  handleplan, handlingsplan and fælles plan: one plan; the words stand in the label catalogue
- X20  suggestions and blank cells: edited in the step template, which reports what is unfilled
- X21  the order of the steps: data of the step template
- X22  the horizon of an outcome: data of each indicator
- X23  a heading copied by mistake: read as joint funding, nothing to choose
- X26  everyone hears the same: fixed, consent wins; a meeting shows who lacks access
- X27  a separate team, one centre or many departments: attributes of the team, not a rule
- X30  the written method: its text is local, and that it exists is required
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self, TypeVar, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)

from app.schemas.base import Line, Text
from app.schemas.codes import CaseModel, Profession

Enforcement = Literal["block", "warn"]
TeamMode = Literal["fixed", "flexible", "mixed"]
TeamCreator = Literal["professional_head", "coordinator"]
OrdinaryMeeting = Literal["assessment", "gathering", "network", "status", "other"]
PlanAuthoring = Literal["any", "family_and_coordinator", "family_and_team", "team_from_wishes"]
ChildVoiceKind = Literal["conversation", "observation", "home_visit", "other"]
MeasureCategory = Literal["measure", "compensating"]
VoterRole = Literal["coordinator", "buddy", "member", "ad_hoc_member"]

_BUILT_ON: Mapping[str, frozenset[str]] = {"efei": frozenset({"assessment", "status"}), "sof": frozenset({"network"})}

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_T = TypeVar("_T")


def _once_each(items: tuple[_T, ...]) -> tuple[_T, ...]:
    if len(set(items)) < len(items):
        raise ValueError("each is named once")
    return items


def _written_out(value: Any) -> Any:
    """Only YYYY-MM-DD: a number is no date."""
    if isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise ValueError("write a date as YYYY-MM-DD")


_DISTINCT = Field(json_schema_extra={"uniqueItems": True})

Several = Annotated[tuple[_T, ...], Field(max_length=50), AfterValidator(_once_each), _DISTINCT]
AtLeastOne = Annotated[tuple[_T, ...], Field(min_length=1, max_length=50), AfterValidator(_once_each), _DISTINCT]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=64)]
Age = Annotated[int, Field(strict=True, ge=0, le=18)]
Days = Annotated[int, Field(strict=True, ge=1, le=3650)]
Day = Annotated[date, BeforeValidator(_written_out)]
Cases = Annotated[int, Field(strict=True, ge=1, le=500)]


class _Section(BaseModel):
    """A part of the settings: never changed once made, without unknown keys, and always shown with every key."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_serialization_defaults_required=True)


class CaseSettings(_Section):
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


class StepSettings(_Section):
    """How the steps of a case bind."""

    blocking: Enforcement = Field(
        "block",
        title="Required steps",
        description="A required step that is not done blocks the later ones, or only warns (R63).",
    )


class TeamSettings(_Section):
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


class MeetingSettings(_Section):
    """Which kinds of meeting are in use."""

    kinds: Several[OrdinaryMeeting] = Field(
        get_args(OrdinaryMeeting),
        title="Kinds of meeting in use",
        description="A kind left out cannot be planned. The kinds that the default model is built on stay: assessment "
        "and status in efei, network in sof. The analysis meeting has its own setting, analysis_meeting (X19, R182).",
    )


class StatusMeetingSettings(_Section):
    """The family's place in status meetings."""

    family: Literal["none", "combined"] = Field(
        "none",
        title="Family at status meetings",
        description="none: professionals go through the team's cases; combined: status and follow-up with the family, "
        "one series for each case, with contact before the meeting (X1, R203).",
    )


class StatusSettings(_Section):
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


class AnalysisSettings(_Section):
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


class NetworkMeetingSettings(_Section):
    """The family's place in network meetings."""

    family_default: StrictBool = Field(
        True,
        title="Family at network meetings",
        description="A network meeting is planned with the family; without it, the family's message and an open "
        "invitation are required (X15, R219).",
    )


class AssessmentSettings(_Section):
    """The assessment meeting."""

    min_core_team: int = Field(
        2,
        strict=True,
        ge=1,
        le=10,
        title="Core team at the assessment meeting",
        description="The fewest core team members who must have taken part for the meeting to be held (X28, R184).",
    )


class ContactSettings(_Section):
    """The family's one way in."""

    mode: Literal["coordinator_only", "role_agreement"] = Field(
        "coordinator_only",
        title="Who the family is in contact with",
        description="All contact goes through the coordinator, or also as a role agreement with the family says. The "
        "family is shown one primary contact in both (X10, R97, R112).",
    )
    deputy_required: Literal["off", "warn", "block"] = Field(
        "warn",
        title="Deputy for the contact",
        description="What happens when a case has no deputy or buddy for its one contact (X31, R109).",
    )


class CadenceRule(_Section):
    """How often there is follow-up on one category of help; the shortest that applies wins (R146, R147)."""

    category: MeasureCategory = Field(title="Category of help", description="What the follow-up is about (R143, R144).")
    every: int = Field(
        strict=True, ge=1, le=104, title="Interval", description="From one follow-up to the next, in `unit`."
    )
    unit: Literal["weeks", "months"] = Field(title="Unit", description="The unit of `every`.")
    tolerance_days: int = Field(
        strict=True, ge=0, le=90, title="Tolerance", description="Days after the due date that are not late yet."
    )


class CadenceSettings(_Section):
    """Follow-up with the family. It is contact that counts, informal contact too: lateness never blocks (R145)."""

    severity: Literal["off", "warn"] = Field(
        "warn",
        title="Late follow-up",
        description="A late follow-up warns, or is not mentioned. Legal deadlines are kept apart (X13, R145).",
    )
    rules: Annotated[tuple[CadenceRule, ...], Field(max_length=20)] = Field(
        (
            CadenceRule(category="measure", every=6, unit="weeks", tolerance_days=0),
            CadenceRule(category="compensating", every=3, unit="months", tolerance_days=0),
        ),
        title="Cadence rules",
        description="One interval for each category of help; a category left out has no cadence (X13, R143, R144).",
    )

    @field_validator("rules")
    @classmethod
    def _one_for_each_category(cls, rules: tuple[CadenceRule, ...]) -> tuple[CadenceRule, ...]:
        if len({rule.category for rule in rules}) < len(rules):
            raise ValueError("a category has one cadence")
        return rules


class CaseloadNorm(_Section):
    """How many cases one adviser should have, as the municipality itself has decided, and why (R122)."""

    target: Cases = Field(title="Target", description="The number of cases aimed at.")
    max: Cases = Field(title="Maximum", description="Above this, an allocation needs a leader's reason (R126).")
    reason: Text = Field(title="Reason", description="Why the municipality has chosen these numbers.")
    decided_on: Day = Field(title="Decided on", description="The day it was decided.")

    @model_validator(mode="after")
    def _target_within_maximum(self) -> Self:
        if self.target > self.max:
            raise ValueError("the target is at most the maximum")
        return self


class CaseloadSettings(_Section):
    """Caseload (sagstal)."""

    norm: CaseloadNorm | None = Field(
        None,
        title="Caseload norm",
        description="Checked on allocation once it is set, and never before. About 20–25 cases is an experience, not a "
        "norm (X14, R122, R123).",
        examples=[{"target": 20, "max": 25, "reason": "Complex cases only", "decided_on": "2026-01-01"}],
    )


class PlanSettings(_Section):
    """The joint plan."""

    authoring: PlanAuthoring = Field(
        "any",
        title="Who drafts the plan",
        description="Who writes the first draft of goals: any who work on the plan, the family with the coordinator, "
        "the family with the team, or the team from the family's wishes. No plan is active without the family's "
        "approval (X16, R253).",
    )


class ChildVoiceSettings(_Section):
    """How the child is heard."""

    kinds: Several[ChildVoiceKind] = Field(
        get_args(ChildVoiceKind),
        title="Ways to hear the child",
        description="The ways that count. Conversation is always one; each other way needs a reason (X18, R168, R171).",
    )
    efei: Enforcement = Field(
        "warn", title="Child not heard, in EFEI", description="A case in EFEI where the child is not heard (X18)."
    )
    sof: Enforcement = Field(
        "block", title="Child not heard, in SOF", description="A case in SOF where the child is not heard (X18, R168)."
    )

    @field_validator("kinds")
    @classmethod
    def _conversation_stays(cls, kinds: tuple[ChildVoiceKind, ...]) -> tuple[ChildVoiceKind, ...]:
        """The other ways are alternatives to a conversation, so it cannot be left out (R171)."""
        if "conversation" not in kinds:
            raise ValueError("conversation cannot be left out")
        return kinds


class ConsentSettings(_Section):
    """Who consents, and for how long. The models do not say: a local decision, with strict defaults (X24)."""

    joint_rule: Literal["all", "any"] = Field(
        "all",
        title="Joint custody",
        description="Every custody holder signs, or one is enough. A recorded decline closes under both (X24, R285).",
    )
    default_days: Days = Field(
        365, title="Days in force", description="How long a consent is in force when it does not say itself (X24)."
    )
    youth_age: Age = Field(
        15, title="Own consent from", description="From this age the young person signs too (X24, R286)."
    )
    adult_age: Age = Field(
        18, title="Of age from", description="From this age custody opens nothing; the law's age, as data (X24)."
    )
    child_voice_age: Age = Field(
        10, title="Heard from", description="From this age the child is heard on a consent; at most youth_age (X24)."
    )
    coordinator_implied: StrictBool = Field(
        True,
        title="Coordinator without consent",
        description="The coordinator needs no consent for what the own authority made or received; never so for "
        "folders marked explicit-only, nor for other departments' material. The family is shown this (X33).",
    )

    @model_validator(mode="after")
    def _heard_before_signing(self) -> Self:
        if self.child_voice_age > self.youth_age:
            raise ValueError("a child is heard no later than it signs")
        return self


class VoterSettings(_Section):
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


class FundingSettings(_Section):
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


class AccessLogSettings(_Section):
    """What the family is shown of who has looked."""

    names: StrictBool = Field(
        False,
        title="Names in the family's log",
        description="The family's log shows the names of staff; when false, their unit and role.",
    )


class CalendarSettings(_Section):
    """How due dates are reckoned."""

    holidays: Literal["dk", "none"] = Field(
        "dk", title="Holidays", description="Due dates keep clear of Danish public holidays, or of none (R468)."
    )


class MunicipalitySettings(_Section):
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
        if case and not _BUILT_ON.get(case.default_model, frozenset()) <= set(meeting.kinds):
            raise ValueError("a kind of meeting that the default model is built on cannot be left out")
        return meeting

    @property
    def meeting_kinds(self) -> frozenset[str]:
        """The kinds of meeting that can be planned: those in use, and analysis unless it is off (X4, X19)."""
        return frozenset(self.meeting.kinds) | ({"analysis"} if self.analysis_meeting != "off" else frozenset())


def _patch_of(model: type[BaseModel]) -> type[BaseModel]:
    """The same fields with the same bounds, none required and null allowed; sections likewise, lists as they are."""
    fields: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        shape = _patched(field.annotation)
        bounded = Annotated[(shape, *field.metadata)] if field.metadata else shape
        fields[name] = (
            bounded | None,
            Field(
                None,
                title=field.title,
                description=field.description,
                examples=field.examples,
                json_schema_extra=field.json_schema_extra,
            ),
        )
    config = ConfigDict(frozen=True, extra="forbid")
    return create_model(f"{model.__name__}Patch", __config__=config, __doc__=model.__doc__, **fields)


def _patched(annotation: Any) -> Any:
    """The patch of a section, also of one that may be missing; any other type as it is."""
    if get_origin(annotation) is tuple:
        return annotation
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, _Section):
            return _patch_of(kind)
    return annotation


class SettingsPatch(_patch_of(MunicipalitySettings)):  # type: ignore[misc]  # made from the settings, not written twice
    """A change of settings, as a JSON merge patch (RFC 7396): what is left out stays as it is, null means the default
    again, and a list is replaced as a whole."""

    def document(self) -> dict[str, Any]:
        """What was sent and nothing more, as JSON data; a null that was sent is there."""
        sent: dict[str, Any] = self.model_dump(mode="json", exclude_unset=True)
        return sent


def merged(current: MunicipalitySettings, patch: Mapping[str, Any]) -> MunicipalitySettings:
    """The settings after a JSON merge patch (RFC 7396); null brings a key back to its default.

    Raises `ValidationError`, with the place in the patch, on an unknown key (also one that is null) and a wrong value,
    and with the place in the settings when the parts do not go together. Neither argument is changed.
    """
    SettingsPatch.model_validate(patch)
    return MunicipalitySettings.model_validate(_merged(current.model_dump(mode="json"), patch))


def _merged(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2. A key that falls away takes its default when the settings are made."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result
