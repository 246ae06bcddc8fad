"""The measures of a case: what help is planned and given, to whom, and by whom."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from app.db import Base, TenantRow, within


class Measure(TenantRow, Base):
    """Help (indsats) for the child of a case, or for an adult of its family (R71)."""

    __tablename__ = "measures"
    case_id: Mapped[UUID]
    member_id: Mapped[UUID]
    """Who receives it."""
    title: Mapped[str]
    category: Mapped[str]
    paragraph: Mapped[str | None]
    """The section of law as the municipality writes it: data, nothing is decided by it."""
    provider_department_id: Mapped[UUID | None]
    provider_organisation_id: Mapped[UUID | None]
    invasiveness: Mapped[int | None]
    """How much it interferes in the family's life, from 1 (least) to 5 (R72)."""
    status: Mapped[str]
    planned_on: Mapped[date]
    starts_on: Mapped[date | None]
    """The day it is meant to start; once started, the day it did."""
    ended_on: Mapped[date | None]
    end_reason: Mapped[str | None]
    """Why it ended, or was dropped before it started."""
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    __table_args__ = (
        within("cases", "case_id"),
        within("members", "member_id"),
        within("departments", "provider_department_id"),
        within("organisations", "provider_organisation_id"),
        within("users", "created_by"),
        CheckConstraint("category in ('measure', 'compensating')", name="category"),
        CheckConstraint("provider_department_id is null or provider_organisation_id is null", name="one_provider"),
        CheckConstraint("invasiveness between 1 and 5", name="invasiveness"),
        CheckConstraint("status in ('planned', 'started', 'ended', 'dropped')", name="status"),
        CheckConstraint("status in ('planned', 'dropped') or starts_on is not null", name="started"),
        CheckConstraint("(status = 'ended') = (ended_on is not null)", name="ended"),
        CheckConstraint("(status in ('ended', 'dropped')) = (end_reason is not null)", name="end_reason"),
        CheckConstraint("ended_on >= starts_on", name="period"),
        Index("ix_measures_case", "municipality_id", "case_id"),
    )
