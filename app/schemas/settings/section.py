"""What every section of the settings is made of: one way to be a section, and the kinds of value with their bounds."""

from datetime import date
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.schemas.base import Written

Enforcement = Literal["block", "warn"]

T = TypeVar("T")


def _once_each(items: tuple[T, ...]) -> tuple[T, ...]:
    if len(set(items)) < len(items):
        raise PydanticCustomError("named-once", "each is named once")
    return items


_DISTINCT = Field(json_schema_extra={"uniqueItems": True})

Several = Annotated[tuple[T, ...], Field(max_length=50), AfterValidator(_once_each), _DISTINCT]
AtLeastOne = Annotated[tuple[T, ...], Field(min_length=1, max_length=50), AfterValidator(_once_each), _DISTINCT]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=64)]
Age = Annotated[int, Field(strict=True, ge=0, le=18)]
Days = Annotated[int, Field(strict=True, ge=1, le=3650)]
Day = Annotated[date, Written]
Cases = Annotated[int, Field(strict=True, ge=1, le=500)]


class Section(BaseModel):
    """A part of the settings: never changed once made, without unknown keys, and always shown with every key."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_serialization_defaults_required=True)
