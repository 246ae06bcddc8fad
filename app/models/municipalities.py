"""The tenant itself, and its settings with their history."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, TenantRow, within


class Municipality(Base):
    """A municipality (kommune), R28. Made by the operator; everything else hangs on it."""

    __tablename__ = "municipalities"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    code: Mapped[str]
    fictive: Mapped[bool]
    created_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("code", name="uq_municipalities_code"),
        CheckConstraint("code ~ '^[0-9]{3,4}$'", name="code"),
    )


class SettingsVersion(TenantRow, Base):
    """One version of the municipality's settings (X1–X34); the newest is in force, none is ever changed (R461)."""

    __tablename__ = "settings_versions"
    version: Mapped[int]
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    changed_at: Mapped[datetime]
    changed_by: Mapped[UUID | None]
    reason: Mapped[str | None]
    __table_args__ = (
        within("users", "changed_by"),
        UniqueConstraint("municipality_id", "version"),
        CheckConstraint("version >= 1", name="version"),
    )
