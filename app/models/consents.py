"""What makes sharing lawful: the family's consents and the recorded statutory bases; who signed; emergency access."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, TenantRow, within

IDS = ARRAY(PG_UUID(as_uuid=True))
ENDED = ("declined", "withdrawn", "expired", "superseded", "cancelled", "ended")
STATES = ("draft", "requested", "active", "renewal_needed", *ENDED)


class LegalReference(TenantRow, Base):
    """A dated entry of the municipality's list of legal references: data with defaults, no legal advice."""

    __tablename__ = "legal_references"
    code: Mapped[str]
    use: Mapped[str]
    """What it can be named for: `share`, `withhold`, or `delay_notice`."""
    title: Mapped[str]
    title_en: Mapped[str | None]
    citation: Mapped[str]
    former_citation: Mapped[str | None]
    """Where the same stood before, for those who know the old number."""
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    created_at: Mapped[datetime]
    __table_args__ = (
        UniqueConstraint("municipality_id", "code", "valid_from"),
        CheckConstraint("use in ('share', 'withhold', 'delay_notice')", name="use"),
        CheckConstraint("valid_until is null or valid_until >= valid_from", name="period"),
    )


class Basis(TenantRow, Base):
    """What makes sharing one subject's information for one purpose lawful: a consent, or a statutory basis.

    It names who may receive what: recipients (by kind beside them), and categories, folders or documents; there is no
    wildcard (P2). Reading asks one question of it: does `active_from <= now < active_until` hold. Both are computed
    whenever something changes; what ends at once has an empty range, so that no two clocks are compared (P3). After
    the request nothing of its scope ever changes: another scope is another consent.
    """

    __tablename__ = "bases"
    kind: Mapped[str]
    case_id: Mapped[UUID]
    subject_id: Mapped[UUID]
    purpose: Mapped[str]
    state: Mapped[str]
    recipients: Mapped[list[UUID]] = mapped_column(IDS)
    recipient_kinds: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    categories: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    folders: Mapped[list[UUID]] = mapped_column(IDS)
    documents: Mapped[list[UUID]] = mapped_column(IDS)
    covers_later: Mapped[bool]
    """Whether categories and folders cover what is added after the text was shown, as the text must say (P2)."""
    sources: Mapped[list[UUID]] = mapped_column(IDS)
    """Departments and organisations that information may be obtained from (R282)."""
    source_kinds: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    text: Mapped[str]
    """What was shown to those who sign, to the letter."""
    language: Mapped[str]
    processing_basis: Mapped[str | None]
    """The legal basis of the processing beside it: a consent here is seldom that of the GDPR."""
    expires_on: Mapped[date]
    """The first day on which it is in force no more."""
    review_on: Mapped[date | None]
    signers: Mapped[list[UUID]] = mapped_column(IDS)
    """The members who must sign, as custody, age and categories say now."""
    heard: Mapped[list[UUID]] = mapped_column(IDS)
    """The child who is heard, and whose answer decides nothing alone."""
    active_from: Mapped[datetime | None]
    active_until: Mapped[datetime | None]
    changes_on: Mapped[date | None]
    """The next day that may change its state or its signers by coming: then it is settled again (P4)."""
    rules: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """The municipality's settings that it was settled by: when they are others now, it is settled again."""
    requested_at: Mapped[datetime | None]
    remind_on: Mapped[date | None]
    """From this day those who have not signed are reminded (R288)."""
    reminded_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]
    supersedes_id: Mapped[UUID | None]
    legal_reference_id: Mapped[UUID | None]
    reason: Mapped[str | None]
    """Why a statutory basis was used."""
    reviewed_by: Mapped[UUID | None]
    reviewed_at: Mapped[datetime | None]
    review_note: Mapped[str | None]
    notice_after: Mapped[date | None]
    """The family is told of a statutory basis at once, or, with a documented reason, from this day."""
    notice_delay_reason: Mapped[str | None]
    notice_reference_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    __table_args__ = (
        within("cases", "case_id"),
        within("members", "subject_id"),
        within("bases", "supersedes_id"),
        within("legal_references", "legal_reference_id"),
        within("legal_references", "notice_reference_id"),
        within("users", "reviewed_by"),
        within("users", "created_by"),
        CheckConstraint("kind in ('consent', 'statute')", name="kind"),
        CheckConstraint(f"state in {STATES}", name="state"),
        CheckConstraint("state <> 'draft' or requested_at is null", name="draft"),
        CheckConstraint("remind_on < expires_on", name="remind"),
        CheckConstraint("cardinality(recipients) between 1 and 50", name="recipients"),
        CheckConstraint("cardinality(recipients) = cardinality(recipient_kinds)", name="recipient_kinds"),
        CheckConstraint("cardinality(sources) = cardinality(source_kinds)", name="source_kinds"),
        CheckConstraint(
            "cardinality(categories) + cardinality(folders) + cardinality(documents) between 1 and 100", name="scope"
        ),
        CheckConstraint("(active_from is null) = (active_until is null)", name="range"),
        CheckConstraint("active_until >= active_from", name="period"),
        CheckConstraint("(kind = 'statute') = (legal_reference_id is not null)", name="legal_reference"),
        CheckConstraint("(kind = 'statute') = (reason is not null)", name="reason"),
        CheckConstraint("reviewed_by <> created_by", name="second_person"),
        CheckConstraint("(notice_after is null) = (notice_delay_reason is null)", name="notice"),
        Index("ix_bases_case", "municipality_id", "case_id", "subject_id"),
        Index(
            "ix_bases_open",
            "municipality_id",
            "changes_on",
            postgresql_where="state in ('requested', 'active', 'renewal_needed')",
        ),
        Index(
            "ix_bases_waiting",
            "municipality_id",
            "remind_on",
            postgresql_where="state in ('requested', 'renewal_needed')",
        ),
        Index("ix_bases_subject", "municipality_id", "subject_id"),
        Index(
            "ix_bases_unreviewed", "municipality_id", "id", postgresql_where="kind = 'statute' and state = 'requested'"
        ),
    )


class Signature(TenantRow, Base):
    """What one member answered to a consent, and how it was given. Never changed: the newest of each counts."""

    __tablename__ = "signatures"
    basis_id: Mapped[UUID]
    member_id: Mapped[UUID]
    answer: Mapped[str]
    given: Mapped[str]
    note: Mapped[str | None]
    """How an oral answer was witnessed; a reason for declining or withdrawing, if one was given."""
    evidence_id: Mapped[UUID | None]
    """The document that shows an answer on paper."""
    binding: Mapped[bool] = mapped_column(server_default="true")
    """Whether it is a signature; false where a child was heard, whose answer is none later on either."""
    signed_at: Mapped[datetime]
    recorded_by: Mapped[UUID]
    __table_args__ = (
        within("bases", "basis_id"),
        within("members", "member_id"),
        within("documents", "evidence_id"),
        within("users", "recorded_by"),
        CheckConstraint("answer in ('approved', 'declined', 'withdrawn')", name="answer"),
        CheckConstraint("given in ('digital', 'paper', 'oral')", name="given"),
        Index("ix_signatures_basis", "municipality_id", "basis_id"),
    )


class EmergencyAccess(TenantRow, Base):
    """One professional's access for minutes, without consent, for a written reason (nødadgang, R292)."""

    __tablename__ = "emergency_accesses"
    case_id: Mapped[UUID]
    user_id: Mapped[UUID]
    reason: Mapped[str]
    opened_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    """Moved to `opened_at` when it is closed early, so that no clock is compared."""
    closed_by: Mapped[UUID | None]
    reviewed_by: Mapped[UUID | None]
    reviewed_at: Mapped[datetime | None]
    review_note: Mapped[str | None]
    __table_args__ = (
        within("cases", "case_id"),
        within("users", "user_id"),
        within("users", "closed_by"),
        within("users", "reviewed_by"),
        CheckConstraint("closes_at >= opened_at", name="period"),
        CheckConstraint("reviewed_by <> user_id", name="second_person"),
        Index("ix_emergency_accesses_case", "municipality_id", "case_id", "user_id"),
        Index("ix_emergency_accesses_unreviewed", "municipality_id", "id", postgresql_where="reviewed_at is null"),
    )
