"""What is asked for and said in a case: information requests, applications with their history, and statements."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.db import Base, TenantRow, within


class InformationRequest(TenantRow, Base):
    """Information asked of a department or an outside organisation (indhentning, R42, R282, R317)."""

    __tablename__ = "information_requests"
    case_id: Mapped[UUID]
    subject_id: Mapped[UUID]
    holder_kind: Mapped[str]
    holder_id: Mapped[UUID]
    what: Mapped[str]
    category: Mapped[str]
    why: Mapped[str]
    purpose: Mapped[str]
    basis_id: Mapped[UUID]
    """The consent or statutory basis that covered the source when it was asked."""
    due_on: Mapped[date]
    remind_on: Mapped[date | None]
    status: Mapped[str]
    fulfilled_at: Mapped[datetime | None]
    document_id: Mapped[UUID | None]
    closing_note: Mapped[str | None]
    """Why the holder declined, or the request was taken back."""
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    __table_args__ = (
        within("cases", "case_id"),
        within("members", "subject_id"),
        within("bases", "basis_id"),
        within("documents", "document_id"),
        within("users", "created_by"),
        CheckConstraint("holder_kind in ('department', 'organisation')", name="holder_kind"),
        CheckConstraint("status in ('requested', 'fulfilled', 'declined', 'cancelled')", name="status"),
        CheckConstraint("(status = 'fulfilled') = (document_id is not null)", name="fulfilled"),
        CheckConstraint("(status = 'fulfilled') = (fulfilled_at is not null)", name="fulfilled_at"),
        CheckConstraint("(status in ('declined', 'cancelled')) = (closing_note is not null)", name="closed"),
        CheckConstraint("remind_on is null or remind_on <= due_on", name="remind"),
        Index("ix_information_requests_case", "municipality_id", "case_id"),
        Index("ix_information_requests_document", "municipality_id", "document_id"),
        Index("ix_information_requests_holder", "municipality_id", "holder_id"),
        Index(
            "ix_information_requests_open",
            "municipality_id",
            "created_by",
            postgresql_where="status = 'requested'",
        ),
    )


class Application(TenantRow, Base):
    """An application (ansøgning) of the family, and how far it is (R307, R308)."""

    __tablename__ = "applications"
    case_id: Mapped[UUID]
    member_id: Mapped[UUID]
    """Whom it is for."""
    title: Mapped[str]
    authority: Mapped[str]
    status: Mapped[str]
    ball_with: Mapped[str]
    """Who has to act now (R308)."""
    ball_since: Mapped[date]
    submitted_on: Mapped[date | None]
    deadline_on: Mapped[date | None]
    decided_on: Mapped[date | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    __table_args__ = (
        within("cases", "case_id"),
        within("members", "member_id"),
        within("users", "created_by"),
        CheckConstraint(
            "status in ('draft', 'submitted', 'in_progress', 'granted', 'partly_granted', 'refused', 'withdrawn')",
            name="status",
        ),
        CheckConstraint("ball_with in ('family', 'coordinator', 'authority', 'nobody')", name="ball_with"),
        Index("ix_applications_case", "municipality_id", "case_id"),
    )


class ApplicationStatus(TenantRow, Base):
    """A status that an application has had, from when, and why (R307). Never changed."""

    __tablename__ = "application_statuses"
    application_id: Mapped[UUID]
    status: Mapped[str]
    ball_with: Mapped[str]
    note: Mapped[str | None]
    happened_on: Mapped[date]
    """From which day it was so, as far as it is known."""
    set_at: Mapped[datetime]
    set_by: Mapped[UUID]
    __table_args__ = (
        within("applications", "application_id"),
        within("users", "set_by"),
        Index("ix_application_statuses_application", "municipality_id", "application_id"),
    )


class Statement(TenantRow, Base):
    """What a member of the family says in their own words (R316): theirs, and theirs to decide who reads (R299)."""

    __tablename__ = "statements"
    case_id: Mapped[UUID]
    author_id: Mapped[UUID]
    """The member whose words they are."""
    title: Mapped[str]
    audience: Mapped[str]
    for_custody: Mapped[bool]
    """Whether those who have custody of the author, a child, read it too."""
    version: Mapped[int]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID]
    """Its author's own account, or the professional who wrote the words down."""
    __table_args__ = (
        within("cases", "case_id"),
        within("members", "author_id"),
        within("users", "created_by"),
        CheckConstraint("audience in ('author', 'coordinator', 'team')", name="audience"),
        CheckConstraint("audience <> 'author' or not for_custody", name="for_custody"),
        Index("ix_statements_case", "municipality_id", "case_id"),
    )


class StatementVersion(TenantRow, Base):
    """The words as they were said then. Never overwritten."""

    __tablename__ = "statement_versions"
    statement_id: Mapped[UUID]
    number: Mapped[int]
    body: Mapped[str]
    language: Mapped[str]
    given: Mapped[str]
    """Written by the author, or told to the professional who wrote it down."""
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID]
    __table_args__ = (
        within("statements", "statement_id"),
        within("users", "recorded_by"),
        UniqueConstraint("municipality_id", "statement_id", "number"),
        CheckConstraint("given in ('written', 'told', 'with_aids')", name="given"),
    )
