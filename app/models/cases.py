"""A child's case, its one coordinator, its core team and its external references."""

from datetime import date, datetime
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
    exit_reason: Mapped[str | None]
    """Why the case went over to ordinary operation, or came back (R61, R62): content."""
    cycle: Mapped[int] = mapped_column(server_default="1")
    early_concern: Mapped[bool] = mapped_column(server_default="false")
    """A light case: opened from an early concern, until it is made a full one (R75, X25)."""
    intake: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """What speaks for the target group (R33)."""
    concern_level: Mapped[str | None]
    """The newest rating of concern (R74): content."""
    complexity_rating: Mapped[str | None]
    """The adviser's own rating of how complex the case is (R73)."""
    sealed: Mapped[bool] = mapped_column(server_default="false")
    """Restricted (GDPR art. 18): its documents are kept, and nobody reads them."""
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
        CheckConstraint("cycle >= 1", name="cycle"),
        CheckConstraint("concern_level in ('low', 'medium', 'high', 'acute')", name="concern_level"),
        CheckConstraint("complexity_rating in ('low', 'medium', 'high')", name="complexity_rating"),
        CheckConstraint("(closed_at is null) = (close_reason is null)", name="close_reason"),
        Index("ix_cases_family", "municipality_id", "family_id"),
        Index("ix_cases_child", "municipality_id", "child_id"),
        Index("ix_cases_owner_department", "municipality_id", "owner_department_id", "id"),
        Index("ix_cases_opened_by", "municipality_id", "opened_by"),
    )


class Restriction(TenantRow, Base):
    """A case's restriction (GDPR art. 18): why, from when, and how it ended. The newest one says how it is now."""

    __tablename__ = "restrictions"
    case_id: Mapped[UUID]
    reason: Mapped[str]
    begun_at: Mapped[datetime]
    begun_by: Mapped[UUID]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None]
    end_reason: Mapped[str | None]
    __table_args__ = (
        within("cases", "case_id"),
        within("users", "begun_by"),
        within("users", "ended_by"),
        CheckConstraint("ended_at is null or ended_at >= begun_at", name="period"),
        CheckConstraint("(ended_at is null) = (ended_by is null)", name="ended"),
        CheckConstraint("(ended_at is null) = (end_reason is null)", name="end_reason"),
        Index(
            "uq_restrictions_current",
            "municipality_id",
            "case_id",
            unique=True,
            postgresql_where="ended_at is null",
        ),
        Index("ix_restrictions_case", "municipality_id", "case_id"),
    )


class Counter(Base):
    """The next case number of a year, and the next event number of a case: rows, because sequences skip."""

    __tablename__ = "counters"
    municipality_id: Mapped[UUID] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]
    __table_args__ = (CheckConstraint("value >= 1", name="value"),)


class Assignment(TenantRow, Base):
    """The fixed adviser of a case: family coordinator (R1) or, in SOF, primary adviser (R3). Exactly one is active.

    Beside that one there may be a buddy (R4) and a deputy (R109).
    """

    __tablename__ = "assignments"
    case_id: Mapped[UUID]
    user_id: Mapped[UUID]
    role: Mapped[str]
    reason: Mapped[str | None]
    assigned_at: Mapped[datetime]
    assigned_by: Mapped[UUID]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    handover_note: Mapped[str | None]
    """What the one who left handed over to the next (R108): content."""
    __table_args__ = (
        within("cases", "case_id"),
        within("users", "user_id"),
        within("users", "assigned_by"),
        CheckConstraint("role in ('coordinator', 'primary_adviser', 'buddy', 'deputy')", name="role"),
        CheckConstraint("ended_at is null or ended_at >= assigned_at", name="period"),
        CheckConstraint("(ended_at is null) = (end_reason is null)", name="end_reason"),
        Index(
            "uq_assignments_one_active",
            "municipality_id",
            "case_id",
            unique=True,
            postgresql_where="ended_at is null and role in ('coordinator', 'primary_adviser')",
        ),
        Index(
            "uq_assignments_beside",
            "municipality_id",
            "case_id",
            "role",
            unique=True,
            postgresql_where="ended_at is null and role in ('buddy', 'deputy')",
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
    standing_team_id: Mapped[UUID | None]
    """The standing team that the member came with (R81)."""
    kind: Mapped[str] = mapped_column(default="permanent", server_default="permanent")
    relevant: Mapped[bool] = mapped_column(default=True, server_default="true")
    """False: in the team, but not needed in this case now; no notices and no access (R86)."""
    ends_on: Mapped[date | None]
    """The first day out of the team, when that is known from the beginning."""
    role_description: Mapped[str | None]
    """The member's own role, as shown to the family (R114)."""
    can_act_on: Mapped[str | None]
    """What the member can decide or act on (R116)."""
    __table_args__ = (
        within("cases", "case_id"),
        within("users", "user_id"),
        within("departments", "department_id"),
        within("users", "added_by"),
        within("standing_teams", "standing_team_id"),
        CheckConstraint("kind in ('permanent', 'ad_hoc')", name="kind"),
        CheckConstraint("left_at is null or left_at >= joined_at", name="period"),
        Index(
            "uq_team_members_active",
            "municipality_id",
            "case_id",
            "user_id",
            unique=True,
            postgresql_where="left_at is null",
        ),
        Index("ix_team_members_case", "municipality_id", "case_id"),
        Index("ix_team_members_user", "municipality_id", "user_id", "case_id", postgresql_where="left_at is null"),
    )


class Cycle(TenantRow, Base):
    """One time round the steps: the first begins with the case, a later one with a larger change (R60, R62)."""

    __tablename__ = "cycles"
    case_id: Mapped[UUID]
    number: Mapped[int]
    reason: Mapped[str]
    """What changed: content."""
    started_at: Mapped[datetime]
    started_by: Mapped[UUID]
    __table_args__ = (
        within("cases", "case_id"),
        within("users", "started_by"),
        UniqueConstraint("municipality_id", "case_id", "number"),
        CheckConstraint("number >= 2", name="number"),
    )


class Concern(TenantRow, Base):
    """A dated rating of how worried one is about the child (R74). Never changed: the newest one counts."""

    __tablename__ = "concerns"
    case_id: Mapped[UUID]
    level: Mapped[str]
    note: Mapped[str | None]
    rated_at: Mapped[datetime]
    rated_by: Mapped[UUID]
    __table_args__ = (
        within("cases", "case_id"),
        within("users", "rated_by"),
        CheckConstraint("level in ('low', 'medium', 'high', 'acute')", name="level"),
        Index("ix_concerns_case", "municipality_id", "case_id"),
    )


class RelatedCase(TenantRow, Base):
    """A case that a member of the family has elsewhere in the municipality (R34): theirs, and never required."""

    __tablename__ = "related_cases"
    case_id: Mapped[UUID]
    member_id: Mapped[UUID]
    department_id: Mapped[UUID | None]
    area: Mapped[str]
    reference: Mapped[str | None]
    case_worker: Mapped[str | None]
    note: Mapped[str | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        within("cases", "case_id"),
        within("members", "member_id"),
        within("departments", "department_id"),
        within("users", "recorded_by"),
        Index("ix_related_cases_case", "municipality_id", "case_id"),
    )


class Deviation(TenantRow, Base):
    """Something done otherwise than the municipality's rule says, with the reason (R456). Never changed."""

    __tablename__ = "deviations"
    case_id: Mapped[UUID]
    kind: Mapped[str]
    reason: Mapped[str]
    user_id: Mapped[UUID | None]
    """The professional it is about, such as the adviser above the norm."""
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]
    __table_args__ = (
        within("cases", "case_id"),
        within("users", "user_id"),
        within("users", "recorded_by"),
        Index("ix_deviations_case", "municipality_id", "case_id"),
    )
