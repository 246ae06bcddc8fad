"""Role agreements on the wire."""

from datetime import date
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import Day, In, Line, Moment, Out, PageQuery, Text
from app.schemas.codes import CoordinatedBy


class RoleAgreementIn(In):
    """Who coordinates with one of those around the child (R112). It replaces an earlier one about the same party."""

    party: Line = Field(description="Whom it is about, such as the school.")
    organisation_id: UUID | None = None
    coordinated_by: CoordinatedBy
    task: Text | None = Field(None, description="What the one who coordinates sees to.")
    agreed_on: Day
    agreed_with: UUID | None = Field(
        None, description="The member of the family that it was agreed with; null: with the family as a whole."
    )
    review_on: Day | None = Field(None, description="When it is looked at again.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "party": "Skolen",
                    "coordinated_by": "family",
                    "task": "Forældrene taler selv med klasselæreren om hverdagen.",
                    "agreed_on": "2026-11-12",
                    "review_on": "2027-05-12",
                }
            ]
        }
    )


class RoleAgreementOut(Out):
    """An agreement; `ended_at` null: in force. Whom of the family it was agreed with is theirs and the advisers'."""

    id: UUID
    case_id: UUID
    party: str
    organisation_id: UUID | None
    organisation_name: str | None
    coordinated_by: CoordinatedBy
    task: str | None
    agreed_on: date
    agreed_with: UUID | None
    review_on: date | None
    recorded_at: Moment
    recorded_by: UUID
    ended_at: Moment | None


class RoleAgreementQuery(PageQuery):
    current: bool | None = Field(None, description="true: only those in force; false: only those that ended.")
