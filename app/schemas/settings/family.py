"""Sections on what the family meets: contact, follow-up, the plan, the child's voice, consent and the access log."""

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, StrictBool, field_validator, model_validator
from pydantic_core import PydanticCustomError

from app.schemas.codes import MeasureCategory
from app.schemas.settings.section import Age, Days, Enforcement, Section, Several

PlanAuthoring = Literal["any", "family_and_coordinator", "family_and_team", "team_from_wishes"]
ChildVoiceKind = Literal["conversation", "observation", "home_visit", "other"]


class ContactSettings(Section):
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


class CadenceRule(Section):
    """How often there is follow-up on one category of help; the shortest that applies wins (R146, R147)."""

    category: MeasureCategory = Field(title="Category of help", description="What the follow-up is about (R143, R144).")
    every: int = Field(
        strict=True, ge=1, le=104, title="Interval", description="From one follow-up to the next, in `unit`."
    )
    unit: Literal["weeks", "months"] = Field(title="Unit", description="The unit of `every`.")
    tolerance_days: int = Field(
        strict=True, ge=0, le=90, title="Tolerance", description="Days after the due date that are not late yet."
    )


class CadenceSettings(Section):
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
            raise PydanticCustomError("named-once", "a category has one cadence")
        return rules


class PlanSettings(Section):
    """The joint plan."""

    authoring: PlanAuthoring = Field(
        "any",
        title="Who drafts the plan",
        description="Who writes the first draft of goals: any who work on the plan, the family with the coordinator, "
        "the family with the team, or the team from the family's wishes. No plan is active without the family's "
        "approval (X16, R253).",
    )


class ChildVoiceSettings(Section):
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
            raise PydanticCustomError("conversation-stays", "conversation cannot be left out")
        return kinds


class ConsentSettings(Section):
    """Who consents, and for how long. The models do not say: a local decision, with strict defaults (X24)."""

    joint_rule: Literal["all", "any"] = Field(
        "all",
        title="Joint custody",
        description="Every custody holder signs, or one is enough. A recorded decline closes under both (X24, R285).",
    )
    default_days: Days = Field(
        365, title="Days in force", description="How long a consent is in force when it does not say itself (X24)."
    )
    remind_days: Days = Field(
        7,
        title="Days until a reminder",
        description="How long after the request those who have not signed are reminded, when the request does not say "
        "itself (R288).",
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

    @property
    def rules(self) -> dict[str, Any]:
        """What decides who signs, and is heard: open consents are settled again when it changes."""
        return self.model_dump(include={"joint_rule", "youth_age", "adult_age", "child_voice_age"})

    @model_validator(mode="after")
    def _heard_before_signing(self) -> Self:
        if self.child_voice_age > self.youth_age:
            raise PydanticCustomError("heard-after-signing", "a child is heard no later than it signs")
        if self.youth_age > self.adult_age:
            raise PydanticCustomError("signs-after-of-age", "the young person signs no later than of age")
        return self


class AccessLogSettings(Section):
    """What the family is shown of who has looked."""

    names: StrictBool = Field(
        False,
        title="Names in the family's log",
        description="The family's log shows the names of staff; when false, their unit and role.",
    )
