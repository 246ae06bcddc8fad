"""The municipality's written method, and who has read it (R90, T25)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.db import Base, TenantRow, within


class Method(TenantRow, Base):
    """One version of the shared written method (fælles systematisk tilgang). Versions are never changed."""

    __tablename__ = "methods"
    version: Mapped[int]
    title: Mapped[str]
    text: Mapped[str]
    published_at: Mapped[datetime]
    published_by: Mapped[UUID]
    __table_args__ = (
        within("users", "published_by"),
        UniqueConstraint("municipality_id", "version"),
        CheckConstraint("version >= 1", name="version"),
    )


class MethodReading(TenantRow, Base):
    """A professional has read this version of the method."""

    __tablename__ = "method_readings"
    method_id: Mapped[UUID]
    user_id: Mapped[UUID]
    read_at: Mapped[datetime]
    __table_args__ = (
        within("methods", "method_id"),
        within("users", "user_id"),
        UniqueConstraint("municipality_id", "method_id", "user_id"),
    )
