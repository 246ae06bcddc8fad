"""Meetings, contacts with the family, and call-backs."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, TenantRow, within


class Meeting(TenantRow, Base):
    """A meeting (møde) in a case. The coordinator organises and chairs it unless a reason says otherwise (R100)."""

    __tablename__ = "meetings"
    case_id: Mapped[UUID]
    kind: Mapped[str]
    status: Mapped[str]
    planned_for: Mapped[datetime]
    chair_id: Mapped[UUID]
    chair_reason: Mapped[str | None]
    held_at: Mapped[datetime | None]
    attendance: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    cancel_reason: Mapped[str | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    __table_args__ = (
        within("cases", "case_id"),
        within("users", "chair_id"),
        within("users", "created_by"),
        CheckConstraint("status in ('planned', 'held', 'cancelled')", name="status"),
        CheckConstraint("(status = 'held') = (held_at is not null)", name="held"),
        CheckConstraint("(status = 'cancelled') = (cancel_reason is not null)", name="cancelled"),
        Index("ix_meetings_case", "municipality_id", "case_id"),
    )


class Contact(TenantRow, Base):
    """A contact with the family that took place; the first one is measured from the allocation (R99)."""

    __tablename__ = "contacts"
    case_id: Mapped[UUID]
    kind: Mapped[str]
    channel: Mapped[str]
    took_place_at: Mapped[datetime]
    note: Mapped[str | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]
    role_agreement_id: Mapped[UUID | None]
    """The agreement on who coordinates whom that this contact falls under (R113)."""
    __table_args__ = (
        within("cases", "case_id"),
        within("users", "recorded_by"),
        within("role_agreements", "role_agreement_id"),
        Index("ix_contacts_case", "municipality_id", "case_id"),
    )


class Callback(TenantRow, Base):
    """The family asks to be called back (R98); the time until it was answered is measured."""

    __tablename__ = "callbacks"
    case_id: Mapped[UUID]
    status: Mapped[str]
    member_id: Mapped[UUID]
    wish: Mapped[str | None]
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[UUID | None]
    __table_args__ = (
        within("cases", "case_id"),
        within("members", "member_id"),
        within("users", "answered_by"),
        CheckConstraint("status in ('waiting', 'answered')", name="status"),
        CheckConstraint("(status = 'answered') = (answered_at is not null)", name="answered"),
        Index("ix_callbacks_case", "municipality_id", "case_id"),
    )


class ContactPreference(TenantRow, Base):
    """How the family, or one member of it, is to be contacted (R137–R141). Never changed: the newest one counts."""

    __tablename__ = "contact_preferences"
    case_id: Mapped[UUID]
    member_id: Mapped[UUID | None]
    """Whose preference it is; null for the family as a whole."""
    intensity: Mapped[str]
    channel: Mapped[str]
    times: Mapped[str | None]
    formality: Mapped[str]
    reassure: Mapped[bool]
    """Tell each time that the contact is no review of what the family receives (R138)."""
    purpose_line: Mapped[str | None]
    agreed_on: Mapped[date | None]
    """When it was agreed with the family; null for a wish that nobody has answered yet."""
    review_on: Mapped[date | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]
    __table_args__ = (
        within("cases", "case_id"),
        within("members", "member_id"),
        within("users", "recorded_by"),
        CheckConstraint("intensity in ('close', 'normal', 'space')", name="intensity"),
        CheckConstraint("formality in ('formal', 'informal')", name="formality"),
        CheckConstraint("review_on is null or agreed_on is not null", name="review"),
        Index("ix_contact_preferences_case", "municipality_id", "case_id"),
    )
