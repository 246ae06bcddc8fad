"""Folders on the wire."""

from uuid import UUID

from pydantic import ConfigDict, Field, StrictBool

from app.schemas.base import In, Line, Moment, Out


class FolderIn(In):
    """A folder of the case; within another one, at most eight deep (R304)."""

    name: Line
    parent_id: UUID | None = Field(None, description="The folder that it lies in. Left out: none.")

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Skole og PPR"}]})


class FolderPatch(In):
    """Another name. A folder stays where it was made, so that no consent covers more than it said."""

    name: Line

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Skole"}]})


class FolderMark(In):
    """Whether one wants it read on a share with consent only, by the department that owns it too (X33)."""

    explicit_only: StrictBool

    model_config = ConfigDict(json_schema_extra={"examples": [{"explicit_only": True}]})


class FolderOut(Out):
    id: UUID
    case_id: UUID
    parent_id: UUID | None
    name: str
    explicit_only: bool
    created_at: Moment
    created_by: UUID
