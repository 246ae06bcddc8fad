"""What every section of the settings is made of: one way to be a section, and the kinds of value with their bounds."""

import re
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

Enforcement = Literal["block", "warn"]

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
T = TypeVar("T")


def _once_each(items: tuple[T, ...]) -> tuple[T, ...]:
    if len(set(items)) < len(items):
        raise ValueError("each is named once")
    return items


def _written_out(value: Any) -> Any:
    """Only YYYY-MM-DD: a number is no date."""
    if isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise ValueError("write a date as YYYY-MM-DD")


_DISTINCT = Field(json_schema_extra={"uniqueItems": True})

Several = Annotated[tuple[T, ...], Field(max_length=50), AfterValidator(_once_each), _DISTINCT]
AtLeastOne = Annotated[tuple[T, ...], Field(min_length=1, max_length=50), AfterValidator(_once_each), _DISTINCT]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=64)]
Age = Annotated[int, Field(strict=True, ge=0, le=18)]
Days = Annotated[int, Field(strict=True, ge=1, le=3650)]
Day = Annotated[date, BeforeValidator(_written_out)]
Cases = Annotated[int, Field(strict=True, ge=1, le=500)]


class Section(BaseModel):
    """A part of the settings: never changed once made, without unknown keys, and always shown with every key."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_serialization_defaults_required=True)
