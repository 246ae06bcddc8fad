"""Step templates, and the steps of a case: a snapshot of the template that was in force (R38, R39)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, TenantRow, within


class StepTemplate(TenantRow, Base):
    """One version of a municipality's template for a model. Versions are never changed; the newest is in force."""

    __tablename__ = "step_templates"
    model: Mapped[str]
    version: Mapped[int]
    name: Mapped[str]
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    activities: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default="[]")
    """What goes on while the case is running, in order (R59)."""
    published_at: Mapped[datetime]
    published_by: Mapped[UUID | None]
    __table_args__ = (
        within("users", "published_by"),
        UniqueConstraint("municipality_id", "model", "version"),
        CheckConstraint("model in ('efei', 'sof')", name="model"),
    )


class Step(TenantRow, Base):
    """A step (sagsskridt) of a case: what the template said, and how far it is (R64)."""

    __tablename__ = "steps"
    case_id: Mapped[UUID]
    cycle: Mapped[int] = mapped_column(server_default="1")
    """Which time round: repeated steps come again with the next number (R60)."""
    number: Mapped[int]
    key: Mapped[str]
    """What the step is called in the template, whatever its number."""
    title: Mapped[str]
    stage: Mapped[str | None]
    optional: Mapped[bool]
    repeatable: Mapped[bool]
    requires: Mapped[list[str]] = mapped_column(JSONB)
    cells: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[str]
    due_on: Mapped[date | None]
    holder_id: Mapped[UUID | None]
    started_at: Mapped[datetime | None]
    early_reason: Mapped[str | None]
    """Why it was started before an earlier required step was done, where the municipality only warns (R63)."""
    completed_at: Mapped[datetime | None]
    completed_by: Mapped[UUID | None]
    skipped_at: Mapped[datetime | None]
    skip_reason: Mapped[str | None]
    perspectives: Mapped[str | None]
    """How the child's and family's perspectives were brought in (R45): content, not progress."""
    __table_args__ = (
        within("cases", "case_id"),
        within("users", "holder_id"),
        within("users", "completed_by"),
        UniqueConstraint("municipality_id", "case_id", "cycle", "number"),
        CheckConstraint("cycle >= 1", name="cycle"),
        CheckConstraint("status in ('planned', 'started', 'done', 'skipped')", name="status"),
        CheckConstraint("(status = 'done') = (completed_at is not null)", name="done"),
        CheckConstraint("(status = 'skipped') = (skip_reason is not null)", name="skipped"),
        CheckConstraint("status <> 'skipped' or optional", name="skip_optional"),
        Index("ix_steps_holder", "municipality_id", "holder_id", postgresql_where="status in ('planned', 'started')"),
    )
