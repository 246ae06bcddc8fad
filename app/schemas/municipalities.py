"""The municipality and its settings on the wire."""

from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import In, Moment, Out, Text
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


class SettingsVersionOut(Out):
    """The settings as they were from `changed_at` until the next version (R461)."""

    id: UUID
    version: int
    settings: MunicipalitySettings = Field(validation_alias="document")
    changed_at: Moment
    changed_by: UUID | None
    changed_by_name: str | None
    reason: str | None
