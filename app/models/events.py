"""What happened: events in the order of each case, the append-only access log, and remembered POSTs."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, TenantRow, within

MONTHLY = {"postgresql_partition_by": "RANGE (at)"}


class Event(Base):
    """Something that was done: ids only, never a name or a text. `sequence` is contiguous per case, from 1."""

    __tablename__ = "events"
    municipality_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    type: Mapped[str]
    resource: Mapped[str]
    resource_id: Mapped[UUID]
    case_id: Mapped[UUID | None]
    member_id: Mapped[UUID | None]
    sequence: Mapped[int | None]
    actor_id: Mapped[UUID | None]
    actor_kind: Mapped[str]
    __table_args__ = (
        CheckConstraint("(case_id is null) = (sequence is null)", name="sequence"),
        Index("ix_events_case", "municipality_id", "case_id", "id"),
        MONTHLY,
    )


class AccessLog(Base):
    """Who read, wrote or was refused what, when, as what, and which rule opened it. Append-only (R462).

    One row per answer: `resource_ids` and `rules` run in parallel; beside them `case_ids` on lists across cases, and
    `member_ids` for what may be about one member of the family (null in it: about the case as such).
    """

    __tablename__ = "access_log"
    municipality_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    outcome: Mapped[str]
    action: Mapped[str]
    resource: Mapped[str]
    resource_ids: Mapped[list[UUID]] = mapped_column(ARRAY(PG_UUID(as_uuid=True)))
    rules: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    case_id: Mapped[UUID | None]
    family_id: Mapped[UUID | None]
    case_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(PG_UUID(as_uuid=True)))
    member_ids: Mapped[list[UUID] | None] = mapped_column(ARRAY(PG_UUID(as_uuid=True)))
    bases: Mapped[list[UUID | None] | None] = mapped_column(ARRAY(PG_UUID(as_uuid=True)))
    """Beside each row the consent or statutory basis that opened it, where one did."""
    code: Mapped[str | None]
    actor_id: Mapped[UUID]
    actor_kind: Mapped[str]
    actor_roles: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    actor_departments: Mapped[list[UUID]] = mapped_column(ARRAY(PG_UUID(as_uuid=True)))
    request_id: Mapped[str]
    purpose: Mapped[str | None]
    __table_args__ = (
        CheckConstraint("outcome in ('read', 'write', 'refused', 'failed')", name="outcome"),
        CheckConstraint("cardinality(resource_ids) = cardinality(rules)", name="parallel"),
        Index("ix_access_log_case", "municipality_id", "case_id", "id"),
        Index("ix_access_log_family", "municipality_id", "family_id", "id"),
        Index(
            "ix_access_log_lists",
            "municipality_id",
            "id",
            postgresql_where="case_id is null and family_id is null",
        ),
        MONTHLY,
    )


class IdempotencyKey(TenantRow, Base):
    """A POST that was carried out: its status and where its result stands, never the result itself (P14)."""

    __tablename__ = "idempotency_keys"
    user_id: Mapped[UUID]
    key: Mapped[str]
    fingerprint: Mapped[str]
    status: Mapped[int]
    location: Mapped[str | None]
    used_at: Mapped[datetime]
    __table_args__ = (
        within("users", "user_id"),
        UniqueConstraint("municipality_id", "user_id", "key"),
        Index("ix_idempotency_keys_used_at", "municipality_id", "used_at"),
    )
