"""Every setting by its dotted key: what the document says of itself, read from its JSON schema."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.schemas.settings.document import MunicipalitySettings

REFERENCES: Final = re.compile(r" \([XR]\d+(, [XR]\d+)*\)")
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that a municipality chooses, in English, with its bounds where there are any.

    `parts` are the fields of a value that is composed, such as a norm; `section` holds other settings and no value.
    """

    key: str
    title: str
    description: str
    options: tuple[str, ...] | None
    minimum: int | None
    maximum: int | None
    parts: tuple["Setting", ...]
    section: bool


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
        yield _setting(key, said, () if section else fields, section)
        if section:
            yield from fields


def _composed(field: Schema, kinds: Schema) -> Schema | None:
    """The schema of what the field, or each item of its list, is composed of; None for a plain value."""
    for one in (field, *field.get("anyOf", ()), field.get("items", {})):
        if "$ref" in one:
            found: Schema = kinds[one["$ref"].rpartition("/")[2]]
            return found
    return None


def _setting(key: str, field: Schema, parts: tuple[Setting, ...], section: bool) -> Setting:
    bounds = field.get("items", field)
    options = bounds.get("enum")
    return Setting(
        key=key,
        title=field["title"],
        description=REFERENCES.sub("", field["description"]),
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
