"""The municipality's written method on the wire (R90, T25)."""

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.schemas.base import RUNNING, In, Line, Moment, Out

WholeText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200_000, pattern=RUNNING)]
"""A document of up to 200,000 characters."""


class MethodIn(In):
    """A new version of the written method. `based_on` is the version that was edited; null for the very first."""

    title: Line
    text: WholeText
    based_on: int | None = Field(None, ge=1, le=1_000_000)

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Vores fælles systematiske tilgang",
                    "text": "Vi begynder altid med familiens egne ord.",
                    "based_on": None,
                }
            ]
        }
    )


class MethodListedOut(Out):
    """A version of the written method, without its text; the highest version is the one in force."""

    id: UUID
    version: int
    title: str
    published_at: Moment
    published_by: UUID
    published_by_name: str
    read_at: Moment | None = Field(description="When you confirmed that you have read it; null: not yet.")


class MethodOut(MethodListedOut):
    text: str


class DepartmentCoverageOut(Out):
    """How many of the professionals who work in the department have read the version: figures, never names."""

    department_id: UUID
    department_name: str
    professionals: int
    readers: int


class MethodCoverageOut(Out):
    """How well known a version is (R90). Somebody who works in two departments counts once in the whole."""

    method_id: UUID
    version: int
    professionals: int
    readers: int
    departments: list[DepartmentCoverageOut]
