"""Outside organisations, and the persons to turn to there (R18, R24)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, TenantRow, within


class Organisation(TenantRow, Base):
    """A school, hospital, residence or other partner outside the departments (samarbejdspartner)."""

    __tablename__ = "organisations"
    name: Mapped[str]
    kind: Mapped[str]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    address: Mapped[str | None]
    themes: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    """What it can help with, to be found by (R89)."""
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("municipality_id", "name"),)


class ContactPerson(TenantRow, Base):
    """Somebody to turn to in an outside organisation; has no account by that."""

    __tablename__ = "contact_persons"
    organisation_id: Mapped[UUID]
    name: Mapped[str]
    title: Mapped[str | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    __table_args__ = (
        within("organisations", "organisation_id"),
        Index("ix_contact_persons_organisation", "municipality_id", "organisation_id"),
    )
