"""The restriction of a case on the wire."""

from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import In, Moment, Out, PageQuery, Text


class RestrictionIn(In):
    """Restrict the case: its documents are kept, and nobody reads them."""

    reason: Text

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "Familien bestrider, at oplysningerne er rigtige."}]}
    )


class RestrictionEnd(In):
    """Why the restriction ends."""

    reason: Text

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Oplysningerne er rettet."}]})


class RestrictionOut(Out):
    """A restriction of the case, now or before."""

    id: UUID
    case_id: UUID
    reason: str
    begun_at: Moment
    begun_by: UUID
    begun_by_name: str
    ended_at: Moment | None
    ended_by: UUID | None
    end_reason: str | None


class RestrictionQuery(PageQuery):
    current: bool | None = Field(None, description="true: the one in force; false: those that have ended.")
