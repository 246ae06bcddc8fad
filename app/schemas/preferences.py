"""Contact preferences on the wire."""

from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import Day, In, Line, Moment, Out, PageQuery
from app.schemas.codes import ContactChannel, ContactFormality, ContactIntensity


class ContactPreferenceIn(In):
    """How the family, or one of them, wants to be contacted (R137). One of the family can say it for oneself."""

    member_id: UUID | None = Field(None, description="Whose it is; null for the family as a whole. Oneself, as family.")
    intensity: ContactIntensity
    channel: ContactChannel = Field("phone", description="Follow-up is by phone unless another way is wanted (R140).")
    times: Line | None = Field(None, description="When it suits.")
    formality: ContactFormality = "informal"
    reassure: bool = Field(
        False, description="Say each time that the contact is no review of what the family receives (R138)."
    )
    purpose_line: Line | None = Field(None, description="What to say that the contact is about (R138).")
    agreed_on: Day | None = Field(None, description="When it was agreed with the family; only by staff.")
    review_on: Day | None = Field(None, description="When to ask again whether it still suits (R141); when agreed.")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "intensity": "space",
                    "channel": "phone",
                    "times": "Hverdage efter kl. 15",
                    "reassure": True,
                    "purpose_line": "Vi ringer kun for at høre, hvordan det går.",
                    "agreed_on": "2026-11-04",
                    "review_on": "2027-05-04",
                }
            ]
        }
    )


class ContactPreferenceOut(Out):
    """A preference as it was given. `agreed_on` null: a wish that nobody has answered yet."""

    id: UUID
    case_id: UUID
    member_id: UUID | None
    member_name: str | None
    intensity: ContactIntensity
    channel: ContactChannel
    times: str | None
    formality: ContactFormality
    reassure: bool
    purpose_line: str | None
    agreed_on: Day | None
    review_on: Day | None
    recorded_at: Moment
    recorded_by: UUID
    recorded_by_name: str
    current: bool = Field(description="The newest of that person, or of the family as a whole: the one that counts.")


class ContactPreferenceQuery(PageQuery):
    current: bool | None = Field(None, description="true: only the newest of each; false: only the earlier ones.")
    review_due: bool | None = Field(None, description="true: only current ones whose day of asking again has come.")
