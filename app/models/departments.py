"""Departments, administrations and sectors: a tree (R30)."""

from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, TenantRow, within


class Department(TenantRow, Base):
    """A department (afdeling) with its sector; `kind` child_disability is where coordinators come from (R2)."""

    __tablename__ = "departments"
    parent_id: Mapped[UUID | None]
    name: Mapped[str]
    kind: Mapped[str]
    sector: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    __table_args__ = (
        within("departments", "parent_id"),
        UniqueConstraint("municipality_id", "name"),
        CheckConstraint("parent_id <> id", name="not_own_parent"),
    )
