"""Meetings, contacts and call-backs on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.base import In, Moment, Out, PageQuery, Text
from app.schemas.codes import AttendeeKind, CallbackStatus, ContactChannel, ContactKind, MeetingKind, MeetingStatus


class MeetingIn(In):
    """A meeting to plan. The coordinator chairs it (R100); another chair needs a reason."""

    kind: MeetingKind
    planned_for: Moment
    chair_id: UUID | None = None
    chair_reason: Text | None = None

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "assessment", "planned_for": "2026-11-12T13:00:00Z"}]}
    )


class Attendee(In):
    """Somebody who took part: `id` is an account's for a professional, a member's for one of the family."""

    kind: AttendeeKind
    id: UUID


class AttendeeOut(Out):
    """Somebody who took part; `id` is an account's for a professional, a member's for one of the family."""

    kind: AttendeeKind
    id: UUID
    name: str | None = Field(description="null for one of the family whose record is not yours to read.")


class MeetingHeld(In):
    """The meeting took place, with these people."""

    held_at: Moment
    attendance: Annotated[list[Attendee], Field(min_length=1, max_length=50)]

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "held_at": "2026-11-12T13:00:00Z",
                    "attendance": [{"kind": "family", "id": "019a9f2e-7c10-7d3a-9c55-0c6a4c1b7a03"}],
                }
            ]
        }
    )


class MeetingCancelled(In):
    reason: Text

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "Familien var syg."}]})


class MeetingOut(Out):
    """A meeting; `attendance` is empty until it was held."""

    id: UUID
    case_id: UUID
    kind: MeetingKind
    status: MeetingStatus
    planned_for: Moment
    chair_id: UUID
    chair_name: str
    chair_reason: str | None
    held_at: Moment | None
    attendance: list[AttendeeOut]
    cancel_reason: str | None


class MeetingQuery(PageQuery):
    kind: MeetingKind | None = None
    status: MeetingStatus | None = None


class ContactIn(In):
    """A contact with the family that took place (R99)."""

    kind: ContactKind
    channel: ContactChannel
    took_place_at: Moment
    note: Text | None = None
    role_agreement_id: UUID | None = Field(
        None, description="The role agreement that it falls under, when it was with one of those around the child."
    )
    deviation_reason: Text | None = Field(
        None, description="Why the adviser made contact although the family coordinates there (R113)."
    )

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "first_contact", "channel": "phone", "took_place_at": "2026-11-04T10:00:00Z"}]
        }
    )


class ContactOut(Out):
    id: UUID
    case_id: UUID
    kind: ContactKind
    channel: ContactChannel
    took_place_at: Moment
    note: str | None
    role_agreement_id: UUID | None
    recorded_at: Moment
    recorded_by: UUID
    recorded_by_name: str


class ContactQuery(PageQuery):
    kind: ContactKind | None = None


class CallbackIn(In):
    """Ask the coordinator to call back (R98)."""

    wish: Text | None = Field(None, description="When it suits, and what it is about, if one wants to say.")

    model_config = ConfigDict(json_schema_extra={"examples": [{"wish": "Gerne efter kl. 15."}]})


class CallbackOut(Out):
    """A wish to be called back; `minutes_waited` counts until the answer, or until now."""

    id: UUID
    case_id: UUID
    case_number: str
    status: CallbackStatus
    member_id: UUID
    member_name: str
    wish: str | None
    asked_at: Moment
    answered_at: Moment | None
    minutes_waited: int


class CallbackQuery(PageQuery):
    status: CallbackStatus | None = None
