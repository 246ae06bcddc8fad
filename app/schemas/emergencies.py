"""Emergency access on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import In, Moment, Out, PageQuery, Text

Minutes = Annotated[int, Field(strict=True, ge=1, le=60)]


class EmergencyIn(In):
    """Open the case's documents to oneself for some minutes, without consent (R292). What closes, still closes."""

    reason: Text = Field(description="Why it could not wait. The leader and the family read it.")
    minutes: Minutes = 15

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "Barnet er indlagt, og lægen spørger til medicin.", "minutes": 15}]}
    )


class EmergencyReview(In):
    """What the professional head found afterwards."""

    note: Text

    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "Gennemgået. Det var nødvendigt."}]})


class EmergencyOut(Out):
    """An emergency access. When it was closed early, `closes_at` is the moment that it opened: it is empty."""

    id: UUID
    case_id: UUID
    case_number: str
    user_id: UUID | None = Field(description="null for the family, where the municipality shows no names.")
    user_name: str | None = Field(description="null for the family, where the municipality shows no names.")
    reason: str
    opened_at: Moment
    closes_at: Moment
    open_now: bool
    closed_early: bool
    reviewed_at: Moment | None
    reviewed_by_name: str | None
    review_note: str | None


class EmergencyQuery(PageQuery):
    reviewed: bool | None = Field(None, description="false: those that await the review of the professional head.")
