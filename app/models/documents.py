"""Documents of a case: folders, versions that never change, what is withheld, shares, and those who see only those."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BIGINT, CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, TenantRow, within

IDS = ARRAY(PG_UUID(as_uuid=True))


class Folder(TenantRow, Base):
    """A folder (mappe) of a case (R304). It stays where it was made; `path` holds its ancestors and itself."""

    __tablename__ = "folders"
    case_id: Mapped[UUID]
    parent_id: Mapped[UUID | None]
    path: Mapped[list[UUID]] = mapped_column(IDS)
    name: Mapped[str]
    marked_by: Mapped[list[UUID]] = mapped_column(IDS, server_default="{}")
    """Who of the family asked that nobody reads it without a share on consent, the owner department included (X33)."""
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    __table_args__ = (
        within("cases", "case_id"),
        within("folders", "parent_id"),
        within("users", "created_by"),
        CheckConstraint("cardinality(path) between 1 and 8", name="depth"),
        Index("ix_folders_case", "municipality_id", "case_id"),
        Index(
            "uq_folders_name",
            *("municipality_id", "case_id", "parent_id", "name"),
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )


class Document(TenantRow, Base):
    """A document (dokument) of a case: about `subjects`, owned by the department that made or received it.

    Its content stands in versions. `path` is that of its folder, so that a share of a folder is found by it.
    """

    __tablename__ = "documents"
    number: Mapped[str]
    case_id: Mapped[UUID]
    folder_id: Mapped[UUID | None]
    path: Mapped[list[UUID]] = mapped_column(IDS)
    title: Mapped[str]
    category: Mapped[str]
    subjects: Mapped[list[UUID]] = mapped_column(IDS)
    owner_department_id: Mapped[UUID]
    kle_code: Mapped[str | None]
    external_references: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    placed_at: Mapped[datetime]
    """When its folder, category or content came: a consent given before covers it only if the text says so (P2)."""
    described_at: Mapped[datetime]
    """When its content, category or subjects last changed: a consent that names it speaks of it as it was then."""
    dated_on: Mapped[date | None]
    relevance: Mapped[str]
    """Whether it has been judged relevant to share (R296); unreviewed is for the owner department."""
    relevance_note: Mapped[str | None]
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[UUID | None]
    author_only: Mapped[bool]
    """A note that its author keeps to herself."""
    shows_address_of: Mapped[list[UUID]] = mapped_column(IDS, server_default="{}")
    """The members whose address or numbers can be read in it: hidden while those have address protection."""
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[UUID | None]
    """After approval it has no further versions, and nothing but where it lies is changed (R322)."""
    version: Mapped[int]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    __table_args__ = (
        within("cases", "case_id"),
        within("folders", "folder_id"),
        within("departments", "owner_department_id"),
        within("users", "reviewed_by"),
        within("users", "approved_by"),
        within("users", "created_by"),
        UniqueConstraint("municipality_id", "number"),
        CheckConstraint("cardinality(subjects) between 1 and 20", name="subjects"),
        CheckConstraint("relevance in ('unreviewed', 'relevant', 'not_relevant')", name="relevance"),
        CheckConstraint("(relevance = 'unreviewed') = (reviewed_at is null)", name="reviewed"),
        CheckConstraint("(approved_at is null) = (approved_by is null)", name="approved"),
        CheckConstraint("version >= 1", name="version"),
        Index("ix_documents_case", "municipality_id", "case_id", "id"),
        Index(
            "ix_documents_unreviewed",
            "municipality_id",
            "owner_department_id",
            "id",
            postgresql_where="relevance = 'unreviewed'",
        ),
    )


class DocumentVersion(TenantRow, Base):
    """One content of a document, never changed after upload: its bytes are known by size and SHA-256."""

    __tablename__ = "document_versions"
    document_id: Mapped[UUID]
    case_id: Mapped[UUID]
    number: Mapped[int]
    file_name: Mapped[str]
    """As the uploader called it: shown, and never used as a path."""
    media_type: Mapped[str]
    """By its content, never by what the uploader says (P24)."""
    size: Mapped[int] = mapped_column(BIGINT)
    sha256: Mapped[str]
    storage_key: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    __table_args__ = (
        within("documents", "document_id"),
        within("cases", "case_id"),
        within("users", "created_by"),
        UniqueConstraint("municipality_id", "document_id", "number"),
        Index("ix_document_versions_case", "municipality_id", "case_id"),
        CheckConstraint("size >= 1", name="size"),
        CheckConstraint("number >= 1", name="number"),
    )


class Withholding(TenantRow, Base):
    """A document kept from one member of the family, for a recorded reason."""

    __tablename__ = "withholdings"
    document_id: Mapped[UUID]
    case_id: Mapped[UUID]
    member_id: Mapped[UUID]
    reason: Mapped[str]
    legal_reference_id: Mapped[UUID]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None]
    __table_args__ = (
        within("documents", "document_id"),
        within("cases", "case_id"),
        within("members", "member_id"),
        within("legal_references", "legal_reference_id"),
        within("users", "created_by"),
        within("users", "ended_by"),
        Index("ix_withholdings_case", "municipality_id", "case_id"),
        Index(
            "uq_withholdings_current",
            "municipality_id",
            "document_id",
            "member_id",
            unique=True,
            postgresql_where="ended_at is null",
        ),
    )


class Share(TenantRow, Base):
    """One document or folder shown to one recipient, for a purpose (deling). It opens nothing without a basis in force.

    The recipient is a professional, a department, an outside organisation, or a member of the family or its network.
    """

    __tablename__ = "shares"
    case_id: Mapped[UUID]
    document_id: Mapped[UUID | None]
    folder_id: Mapped[UUID | None]
    recipient_kind: Mapped[str]
    recipient_id: Mapped[UUID]
    purpose: Mapped[str]
    bases: Mapped[list[UUID]] = mapped_column(IDS)
    """What made it lawful when it was made (R301); what does now is asked at every reading."""
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[UUID | None]
    revoke_reason: Mapped[str | None]
    __table_args__ = (
        within("cases", "case_id"),
        within("documents", "document_id"),
        within("folders", "folder_id"),
        within("users", "created_by"),
        within("users", "revoked_by"),
        CheckConstraint("(document_id is null) <> (folder_id is null)", name="one_thing"),
        CheckConstraint("recipient_kind in ('user', 'department', 'organisation', 'member')", name="recipient_kind"),
        CheckConstraint("(revoked_at is null) = (revoked_by is null)", name="revoked"),
        Index(
            "ix_shares_case",
            "municipality_id",
            "case_id",
            "recipient_id",
            postgresql_where="revoked_at is null",
        ),
        Index("ix_shares_recipient", "municipality_id", "recipient_id", postgresql_where="revoked_at is null"),
        Index("ix_shares_document", "municipality_id", "document_id"),
    )


class Guest(TenantRow, Base):
    """Who sees only what is shared with them, and only in a window: of the network, or at one meeting."""

    __tablename__ = "guests"
    case_id: Mapped[UUID]
    user_id: Mapped[UUID]
    kind: Mapped[str]
    meeting_id: Mapped[UUID | None]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    """Moved to `opens_at` when it is ended early, so that no clock is compared."""
    reason: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[UUID | None]
    __table_args__ = (
        within("cases", "case_id"),
        within("users", "user_id"),
        within("meetings", "meeting_id"),
        within("users", "created_by"),
        within("users", "ended_by"),
        CheckConstraint("kind in ('network', 'meeting')", name="kind"),
        CheckConstraint("(kind = 'meeting') = (meeting_id is not null)", name="meeting"),
        CheckConstraint("closes_at >= opens_at", name="period"),
        Index("ix_guests_case", "municipality_id", "case_id"),
        Index("ix_guests_user", "municipality_id", "user_id"),
    )
