"""The municipality and its settings on the wire."""

from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue

from app.schemas.base import In, Moment, Out, Text
from app.schemas.codes import SettingType
from app.schemas.settings import MunicipalitySettings, SettingsPatch


class MunicipalityOut(Out):
    """The municipality; `fictive` marks a demo, `version` counts the changes of its settings."""

    id: UUID
    name: str
    code: str
    fictive: bool
    version: int
    settings: MunicipalitySettings


class MunicipalityPatch(In):
    """Settings to change, as a JSON merge patch, and why."""

    settings: SettingsPatch
    reason: Text | None = Field(None, description="Why, for the history.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"settings": {"steps": {"blocking": "warn"}}, "reason": "Prøvehandling i foråret."}]
        }
    )


class SettingPartOut(Out):
    """What a setting, or one part of it, means, with the values that it may have."""

    key: str
    title: str
    description: str
    type: SettingType
    options: list[str] | None = Field(description="The codes to choose from, where there are any.")
    option_labels: dict[str, str] | None = Field(
        description="The word for each option in the reader's language; the code where there is none."
    )
    minimum: int | None
    maximum: int | None


class SettingOut(SettingPartOut):
    """A setting in words, in the reader's language (R461); `parts` are the fields of a value that is composed."""

    section: str | None = Field(description="The title of the section it stands in.")
    value: JsonValue
    default: JsonValue
    in_effect: bool = Field(description="Whether it changes anything yet; false: it is kept for what is planned.")
    changed: bool = Field(description="Whether the municipality has chosen something else than the default.")
    parts: list[SettingPartOut]


class SettingsOut(Out):
    items: list[SettingOut]


class SettingChangeOut(Out):
    key: str
    before: JsonValue
    after: JsonValue


class SettingsVersionOut(Out):
    """The settings as they were from `changed_at` until the next version (R461)."""

    id: UUID
    version: int
    settings: MunicipalitySettings = Field(validation_alias="document")
    changed_at: Moment
    changed_by: UUID | None
    changed_by_name: str | None
    reason: str | None
    changes: list[SettingChangeOut] = Field(description="What it set differently from the version before.")
