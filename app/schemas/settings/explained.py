"""Every setting by its dotted key: what the document says of itself, read from its JSON schema."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.schemas.codes import SettingType
from app.schemas.settings.document import MunicipalitySettings

REFERENCES: Final = re.compile(r" \([XR]\d+(, [XR]\d+)*\)")
TYPES: Final[Mapping[str, SettingType]] = {"integer": "number", "boolean": "bool", "array": "list", "string": "text"}
PLANNED: Final = frozenset(
    {
        "status_meeting.family",
        "status.cadence",
        "status.interval_weeks",
        "status.mode",
        "analysis.externals",
        "analysis.family_allowed",
        "network_meeting.family_default",
        "assessment.min_core_team",
        "contact.mode",
        "cadence.severity",
        "cadence.rules",
        "plan.authoring",
        "child_voice.kinds",
        "child_voice.efei",
        "child_voice.sof",
        "funding.team_can_decide",
        "funding.excluded_paragraphs",
        "funding.assessment_required",
        "funding.voters.roles",
        "funding.voters.professions",
        "funding.voters.municipal_only",
        "funding.voters.buddies_as_one",
    }
)
"""Settings that are kept and change nothing, since what they are about is not built yet."""

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that a municipality chooses, in English, with its bounds where there are any.

    `parts` are the fields of a value that is composed, such as a norm; `section` holds other settings and no value.
    """

    key: str
    title: str
    description: str
    type: SettingType
    options: tuple[str, ...] | None
    minimum: int | None
    maximum: int | None
    parts: tuple["Setting", ...]
    section: bool

    @property
    def in_effect(self) -> bool:
        return self.key not in PLANNED


def _settings() -> Iterator[Setting]:
    schema = MunicipalitySettings.model_json_schema()
    yield from _of(schema, schema["$defs"], "")


def _of(schema: Schema, kinds: Schema, prefix: str) -> Iterator[Setting]:
    """The fields of a schema; a field that is itself a section is followed by what is in it."""
    for name, field in schema["properties"].items():
        key, inner = f"{prefix}{name}", _composed(field, kinds)
        section = "$ref" in field
        fields = () if inner is None else tuple(_of(inner, kinds, f"{key}."))
        said = {**(inner or {}), **field}  # a field's words are left out where they repeat those of its section
        yield _setting(key, _type(field, inner), said, () if section else fields, section)
        if section:
            yield from fields


def _composed(field: Schema, kinds: Schema) -> Schema | None:
    """The schema of what the field, or each item of its list, is composed of; None for a plain value."""
    for one in (field, *field.get("anyOf", ()), field.get("items", {})):
        if "$ref" in one:
            found: Schema = kinds[one["$ref"].rpartition("/")[2]]
            return found
    return None


def _type(field: Schema, inner: Schema | None) -> SettingType:
    """What kind of value it has; a section, and a value that is composed, is an object."""
    if field.get("type") == "array":
        return "list"
    if inner is not None:
        return "object"
    if "enum" in field:
        return "code"
    return "date" if field.get("format") == "date" else TYPES[field["type"]]


def _setting(key: str, type: SettingType, field: Schema, parts: tuple[Setting, ...], section: bool) -> Setting:
    bounds = field.get("items", field)
    options = bounds.get("enum")
    return Setting(
        key=key,
        title=field["title"],
        description=REFERENCES.sub("", field["description"]),
        type=type,
        options=None if options is None else tuple(options),
        minimum=bounds.get("minimum"),
        maximum=bounds.get("maximum"),
        parts=parts,
        section=section,
    )


SETTINGS: Final = tuple(_settings())
"""All settings in the order of the document, each section before what is in it."""


def value_at(document: Any, key: str) -> Any:
    """What a document of settings holds under a dotted key."""
    for name in key.split("."):
        document = document[name]
    return document
