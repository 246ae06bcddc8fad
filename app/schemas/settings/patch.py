"""How the document is changed: by a JSON merge patch (RFC 7396) whose fields are made from the settings themselves."""

from collections.abc import Mapping
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, create_model

from app.schemas.settings.document import MunicipalitySettings
from app.schemas.settings.section import Section


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
        if isinstance(kind, type) and issubclass(kind, Section):
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
