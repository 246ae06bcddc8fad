"""Who can sign in: professionals, citizens and services; and the positions they hold."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
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
    __table_args__ = (
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
