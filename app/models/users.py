"""Who can sign in: professionals, citizens and services; and the positions they hold."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, TenantRow, within


class User(TenantRow, Base):
    """An account: known by the issuer and subject of its token. Never deleted, only made inactive."""

    __tablename__ = "users"
    kind: Mapped[str]
    issuer: Mapped[str]
    subject: Mapped[str]
    name: Mapped[str]
    title: Mapped[str | None]
    profession: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    contact_hours: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    organisation_id: Mapped[UUID | None]
    """The outside organisation that the professional works for (R18); such a person holds no position here."""
    paragraph_sets: Mapped[list[str]] = mapped_column(ARRAY(TEXT), default=list, server_default="{}")
    """The sets of paragraphs that the adviser covers, of those in the setting team.paragraph_sets (R84)."""
    competences: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """What the professional knows and has done (R36, R107)."""
    absent_until: Mapped[date | None]
    """The first day back at work; until then the deputy is the family's contact (R109)."""
    caseload_max: Mapped[int | None]
    caseload_reason: Mapped[str | None]
    """The adviser's own norm, where the municipality's does not fit, and why (R125)."""
    __table_args__ = (
        within("organisations", "organisation_id"),
        CheckConstraint("(caseload_max is null) = (caseload_reason is null)", name="caseload"),
        CheckConstraint("caseload_max is null or caseload_max between 1 and 500", name="caseload_max"),
        CheckConstraint("organisation_id is null or kind = 'professional'", name="organisation"),
        UniqueConstraint("municipality_id", "issuer", "subject"),
        CheckConstraint("kind in ('professional', 'citizen', 'service')", name="kind"),
        CheckConstraint("(kind = 'professional') or profession is null", name="profession"),
    )


class Position(TenantRow, Base):
    """A user's place in a department, with one role or none. Ended, never changed, so that "as it was then" holds."""

    __tablename__ = "positions"
    user_id: Mapped[UUID]
    department_id: Mapped[UUID]
    role: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        within("users", "user_id"),
        within("departments", "department_id"),
        CheckConstraint("ended_at is null or ended_at >= started_at", name="period"),
        Index(
            "uq_positions_current",
            "municipality_id",
            "user_id",
            "department_id",
            "role",
            unique=True,
            postgresql_where="ended_at is null",
        ),
    )
