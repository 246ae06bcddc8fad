"""A child's case, its one coordinator, its core team and its external references."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, TenantRow, within

STATES = ("draft", "start_up", "running", "ordinary", "transition", "closed")


class Case(TenantRow, Base):
    """A child's case (sag): the model it follows (R37), its state (R79), and the department that owns it."""

    __tablename__ = "cases"
    number: Mapped[str]
    family_id: Mapped[UUID]
    child_id: Mapped[UUID]
    owner_department_id: Mapped[UUID]
    model: Mapped[str]
    state: Mapped[str]
    kle_code: Mapped[str]
    template_id: Mapped[UUID | None]
    template_version: Mapped[int | None]
    external_references: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    opened_at: Mapped[datetime]
    opened_by: Mapped[UUID]
    allocated_at: Mapped[datetime | None]
    first_contact_at: Mapped[datetime | None]
    """When the family was first contacted (R99), from the contact log."""
    closed_at: Mapped[datetime | None]
    close_reason: Mapped[str | None]
    closing: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    family_view: Mapped[str | None]
    """The family's own view of going over to ordinary operation (R61): content."""
    __table_args__ = (
        within("families", "family_id"),
        within("members", "child_id"),
        within("departments", "owner_department_id"),
        within("users", "opened_by"),
        within("step_templates", "template_id"),
        UniqueConstraint("municipality_id", "number"),
        CheckConstraint("model in ('efei', 'sof', 'none')", name="model"),
        CheckConstraint(f"state in {STATES}", name="state"),
        CheckConstraint("(state = 'closed') = (closed_at is not null)", name="closed"),
        CheckConstraint("(closed_at is null) = (close_reason is null)", name="close_reason"),
        Index("ix_cases_family", "municipality_id", "family_id"),
        Index("ix_cases_child", "municipality_id", "child_id"),
        Index("ix_cases_owner_department", "municipality_id", "owner_department_id", "id"),
        Index("ix_cases_opened_by", "municipality_id", "opened_by"),
    )


class Counter(Base):
    """The next case number of a year, and the next event number of a case: rows, because sequences skip."""

    __tablename__ = "counters"
    municipality_id: Mapped[UUID] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]
    __table_args__ = (CheckConstraint("value >= 1", name="value"),)


class Assignment(TenantRow, Base):
    """The fixed adviser of a case: family coordinator (R1) or, in SOF, primary adviser (R3). Exactly one is active."""

    __tablename__ = "assignments"
    case_id: Mapped[UUID]
    user_id: Mapped[UUID]
    role: Mapped[str]
    reason: Mapped[str | None]
    assigned_at: Mapped[datetime]
    assigned_by: Mapped[UUID]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    __table_args__ = (
        within("cases", "case_id"),
        within("users", "user_id"),
        within("users", "assigned_by"),
        CheckConstraint("role in ('coordinator', 'primary_adviser')", name="role"),
        CheckConstraint("ended_at is null or ended_at >= assigned_at", name="period"),
        CheckConstraint("(ended_at is null) = (end_reason is null)", name="end_reason"),
        Index(
            "uq_assignments_one_active",
            "municipality_id",
            "case_id",
            unique=True,
            postgresql_where="ended_at is null",
        ),
        Index("ix_assignments_user", "municipality_id", "user_id", "case_id", postgresql_where="ended_at is null"),
        Index("ix_assignments_case", "municipality_id", "case_id"),
    )


class TeamMember(TenantRow, Base):
    """A core team member of a case, with profession and department as they were when joining (R5, R40)."""

    __tablename__ = "team_members"
    case_id: Mapped[UUID]
    user_id: Mapped[UUID]
    department_id: Mapped[UUID]
    profession: Mapped[str]
    joined_at: Mapped[datetime]
    added_by: Mapped[UUID]
    left_at: Mapped[datetime | None]
    leave_reason: Mapped[str | None]
    __table_args__ = (
        within("cases", "case_id"),
        within("users", "user_id"),
        within("departments", "department_id"),
        within("users", "added_by"),
        CheckConstraint("left_at is null or left_at >= joined_at", name="period"),
        Index(
            "uq_team_members_active",
            "municipality_id",
            "case_id",
            "user_id",
            unique=True,
            postgresql_where="left_at is null",
        ),
        Index("ix_team_members_user", "municipality_id", "user_id", "case_id", postgresql_where="left_at is null"),
    )
