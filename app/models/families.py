"""A family: the child, the adults, and who has custody of whom (R20–R22)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped

from app.db import Base, TenantRow, within


class Family(TenantRow, Base):
    """A family as one department registered it. It has no name of its own: its members have."""

    __tablename__ = "families"
    owner_department_id: Mapped[UUID]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    __table_args__ = (
        within("departments", "owner_department_id"),
        within("users", "created_by"),
        Index("ix_families_owner_department", "municipality_id", "owner_department_id"),
        Index("ix_families_created_by", "municipality_id", "created_by"),
    )


class Member(TenantRow, Base):
    """A child or an adult of the family; `user_id` when the person can sign in."""

    __tablename__ = "members"
    family_id: Mapped[UUID]
    kind: Mapped[str]
    relation: Mapped[str]
    name: Mapped[str]
    birth_date: Mapped[date | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    capability_notes: Mapped[str | None]
    user_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    __table_args__ = (
        within("families", "family_id"),
        within("users", "user_id"),
        CheckConstraint("kind in ('child', 'adult')", name="kind"),
        CheckConstraint("kind = 'adult' or birth_date is not null", name="child_birth_date"),
        Index("ix_members_family", "municipality_id", "family_id"),
        Index("ix_members_user", "municipality_id", "user_id"),
        Index("uq_members_login", "municipality_id", "family_id", "user_id", unique=True),
    )


class Custody(TenantRow, Base):
    """An adult's custody (forældremyndighed) of a child in a period, and where that is known from."""

    __tablename__ = "custodies"
    family_id: Mapped[UUID]
    child_id: Mapped[UUID]
    holder_id: Mapped[UUID]
    source: Mapped[str]
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    __table_args__ = (
        within("families", "family_id"),
        within("members", "child_id"),
        within("members", "holder_id"),
        within("users", "created_by"),
        CheckConstraint("child_id <> holder_id", name="two_people"),
        CheckConstraint("valid_until is null or valid_until >= valid_from", name="period"),
        Index("ix_custodies_holder", "municipality_id", "holder_id"),
        Index("ix_custodies_child", "municipality_id", "child_id"),
        Index("ix_custodies_family", "municipality_id", "family_id"),
        Index(
            "uq_custodies_open",
            "municipality_id",
            "child_id",
            "holder_id",
            unique=True,
            postgresql_where="valid_until is null",
        ),
    )
