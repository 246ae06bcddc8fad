"""Lists that an administrator brings in from elsewhere (R466)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, TenantRow, within


class Import(TenantRow, Base):
    """A CSV list: checked when it comes (the dry run), then carried out as a whole or not at all.

    `report` counts what would be done and names the rows that are wrong, by number and code, never by content.
    `content` is kept only until the list is carried out or thrown away.
    """

    __tablename__ = "imports"
    kind: Mapped[str]
    status: Mapped[str]
    content: Mapped[str | None]
    rows: Mapped[int]
    done_rows: Mapped[int]
    report: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    finished_at: Mapped[datetime | None]
    __table_args__ = (
        within("users", "created_by"),
        CheckConstraint("kind in ('departments', 'users', 'cases')", name="kind"),
        CheckConstraint("status in ('checked', 'refused', 'done', 'discarded')", name="status"),
        CheckConstraint("status = 'checked' or content is null", name="content"),
        Index("ix_imports_created_by", "municipality_id", "created_by"),
    )
