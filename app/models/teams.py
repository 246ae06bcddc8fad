"""Standing teams, and what is agreed about the people on a case: coverage, and who coordinates whom."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, TenantRow, within


class StandingTeam(TenantRow, Base):
    """A fixed core team (fast kerneteam) that can be put on cases as a whole (R81). R31, R32: where it sits."""

    __tablename__ = "standing_teams"
    name: Mapped[str]
    note: Mapped[str | None]
    separate: Mapped[bool] = mapped_column(default=False)
    """The team is an organisational unit of its own (X27)."""
    location: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("municipality_id", "name"),)


class TeamSeat(TenantRow, Base):
    """A professional's place in a standing team, in a period."""

    __tablename__ = "team_seats"
    team_id: Mapped[UUID]
    user_id: Mapped[UUID]
    department_id: Mapped[UUID]
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    __table_args__ = (
        within("standing_teams", "team_id"),
        within("users", "user_id"),
        within("departments", "department_id"),
        CheckConstraint("left_at is null or left_at >= joined_at", name="period"),
        Index(
            "uq_team_seats_active",
            "municipality_id",
            "team_id",
            "user_id",
            unique=True,
            postgresql_where="left_at is null",
        ),
    )


class CoverageCheck(TenantRow, Base):
    """The coordinator's answer to whether the core team covers the case (R82, R84). Never changed: the last counts."""

    __tablename__ = "coverage_checks"
    case_id: Mapped[UUID]
    covered: Mapped[bool]
    missing_professions: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    missing_paragraph_sets: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    """The sets of paragraphs that nobody in the team covered then, computed."""
    action: Mapped[str | None]
    checked_at: Mapped[datetime]
    checked_by: Mapped[UUID]
    __table_args__ = (
        within("cases", "case_id"),
        within("users", "checked_by"),
        Index("ix_coverage_checks_case", "municipality_id", "case_id"),
    )


class RoleAgreement(TenantRow, Base):
    """Who coordinates with one of those around the child, such as the school, agreed with the family (R112–R114)."""

    __tablename__ = "role_agreements"
    case_id: Mapped[UUID]
    party: Mapped[str]
    organisation_id: Mapped[UUID | None]
    coordinated_by: Mapped[str]
    task: Mapped[str | None]
    agreed_on: Mapped[date]
    agreed_with: Mapped[UUID | None]
    """The member of the family that it was agreed with."""
    review_on: Mapped[date | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        within("cases", "case_id"),
        within("organisations", "organisation_id"),
        within("members", "agreed_with"),
        within("users", "recorded_by"),
        CheckConstraint("coordinated_by in ('family', 'adviser', 'shared')", name="coordinated_by"),
        Index("ix_role_agreements_case", "municipality_id", "case_id"),
        Index(
            "uq_role_agreements_current",
            "municipality_id",
            "case_id",
            "party",
            unique=True,
            postgresql_where="ended_at is null",
        ),
    )
