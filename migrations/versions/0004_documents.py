"""Consent-scoped document sharing: bases, documents, shares, and what is asked for and said in a case."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.services.catalogue import shipped_references

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

APPEND_ONLY = ("application_statuses", "document_versions", "signatures", "statement_versions")
CHANGEABLE = (
    "applications",
    "bases",
    "documents",
    "emergency_accesses",
    "folders",
    "guests",
    "information_requests",
    "legal_references",
    "restrictions",
    "shares",
    "statements",
    "withholdings",
)
REFERENCE = ("municipality_id", "id", "created_at", "code", "use", "title", "title_en", "citation", "former_citation")
REFERENCE += ("valid_from",)
HERE = "nullif(current_setting('app.municipality', true), '')::uuid"


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    tables()
    for table in APPEND_ONLY:
        secure(table, ("select", "insert"))
    for table in CHANGEABLE:
        secure(table, ("select", "insert", "update"))
    for municipality in op.get_bind().exec_driver_sql("select municipality_ids()").scalars().all():
        give_references(municipality)


def give_references(municipality: UUID) -> None:
    """The list of legal references that a new municipality starts with, for one that was there before."""
    op.execute(sa.text("select set_config('app.municipality', :id, true)").bindparams(id=str(municipality)))
    table = sa.table("legal_references", *(sa.column(name) for name in REFERENCE))
    rows = [{name: getattr(one, name) for name in REFERENCE[3:]} for one in shipped_references()]
    of_this = {"municipality_id": municipality, "created_at": datetime.now(UTC)}
    op.bulk_insert(table, [{"id": uuid4(), **of_this, **row} for row in rows])


def secure(table: str, verbs: tuple[str, ...]) -> None:
    """Only these verbs, and only in one's own municipality: FORCE binds the owner too."""
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"grant {', '.join(verbs)} on {table} to indgang_app")
    for verb in verbs:
        using = "" if verb == "insert" else f"using (municipality_id = {HERE})"
        check = f"with check (municipality_id = {HERE})" if verb in ("insert", "update") else ""
        op.execute(f"create policy tenant_{verb} on {table} for {verb} {using} {check}")


def downgrade() -> None:
    """Documents, consents and shares are lost with their tables; what storage holds stays there."""
    op.execute("set local lock_timeout = '5s'")
    op.drop_column("cases", "sealed")
    op.drop_index("uq_restrictions_current", table_name="restrictions", postgresql_where="ended_at is null")
    op.drop_index("ix_restrictions_case", table_name="restrictions")
    op.drop_table("restrictions")
    op.drop_column("access_log", "bases")
    op.drop_index("ix_withholdings_case", table_name="withholdings")
    op.drop_index("ix_document_versions_case", table_name="document_versions")
    op.drop_index("uq_withholdings_current", table_name="withholdings", postgresql_where="ended_at is null")
    op.drop_table("withholdings")
    op.drop_index("ix_signatures_basis", table_name="signatures")
    op.drop_table("signatures")
    op.drop_index("ix_shares_recipient", table_name="shares", postgresql_where="revoked_at is null")
    op.drop_index("ix_shares_document", table_name="shares")
    op.drop_index("ix_shares_case", table_name="shares", postgresql_where="revoked_at is null")
    op.drop_table("shares")
    op.drop_index(
        "ix_information_requests_open", table_name="information_requests", postgresql_where="status = 'requested'"
    )
    op.drop_index("ix_information_requests_holder", table_name="information_requests")
    op.drop_index("ix_information_requests_document", table_name="information_requests")
    op.drop_index("ix_information_requests_case", table_name="information_requests")
    op.drop_table("information_requests")
    op.drop_table("document_versions")
    op.drop_table("statement_versions")
    op.drop_index("ix_guests_user", table_name="guests")
    op.drop_index("ix_guests_case", table_name="guests")
    op.drop_table("guests")
    op.drop_index("ix_documents_unreviewed", table_name="documents", postgresql_where="relevance = 'unreviewed'")
    op.drop_index("ix_documents_case", table_name="documents")
    op.drop_table("documents")
    op.drop_index("ix_application_statuses_application", table_name="application_statuses")
    op.drop_table("application_statuses")
    op.drop_index("ix_statements_case", table_name="statements")
    op.drop_table("statements")
    op.drop_index("uq_folders_name", table_name="folders", postgresql_nulls_not_distinct=True)
    op.drop_index("ix_folders_case", table_name="folders")
    op.drop_table("folders")
    op.drop_index(
        "ix_emergency_accesses_unreviewed", table_name="emergency_accesses", postgresql_where="reviewed_at is null"
    )
    op.drop_index("ix_emergency_accesses_case", table_name="emergency_accesses")
    op.drop_table("emergency_accesses")
    op.drop_index(
        "ix_bases_open", table_name="bases", postgresql_where="state in ('requested', 'active', 'renewal_needed')"
    )
    op.drop_index("ix_bases_waiting", table_name="bases", postgresql_where="state in ('requested', 'renewal_needed')")
    op.drop_index("ix_bases_case", table_name="bases")
    op.drop_index(
        "ix_bases_unreviewed", table_name="bases", postgresql_where="kind = 'statute' and state = 'requested'"
    )
    op.drop_index("ix_bases_subject", table_name="bases")
    op.drop_table("bases")
    op.drop_index("ix_applications_case", table_name="applications")
    op.drop_table("applications")
    op.drop_table("legal_references")


def tables() -> None:
    op.create_table(
        "legal_references",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("use", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("title_en", sa.String(), nullable=True),
        sa.Column("citation", sa.String(), nullable=False),
        sa.Column("former_citation", sa.String(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("use in ('share', 'withhold', 'delay_notice')", name=op.f("ck_legal_references_use")),
        sa.CheckConstraint("valid_until is null or valid_until >= valid_from", name=op.f("ck_legal_references_period")),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_legal_references_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_legal_references")),
        sa.UniqueConstraint("municipality_id", "code", "valid_from", name=op.f("uq_legal_references_code")),
    )
    op.create_table(
        "applications",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("ball_with", sa.String(), nullable=False),
        sa.Column("ball_since", sa.Date(), nullable=False),
        sa.Column("submitted_on", sa.Date(), nullable=True),
        sa.Column("deadline_on", sa.Date(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "ball_with in ('family', 'coordinator', 'authority', 'nobody')", name=op.f("ck_applications_ball_with")
        ),
        sa.CheckConstraint(
            "status in ('draft', 'submitted', 'in_progress', 'granted', 'partly_granted', 'refused', 'withdrawn')",
            name=op.f("ck_applications_status"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"], ["cases.municipality_id", "cases.id"], name=op.f("fk_applications_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "created_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_applications_created_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "member_id"],
            ["members.municipality_id", "members.id"],
            name=op.f("fk_applications_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_applications_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_applications")),
    )
    op.create_index("ix_applications_case", "applications", ["municipality_id", "case_id"], unique=False)
    op.create_table(
        "bases",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("recipients", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("recipient_kinds", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("categories", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("folders", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("documents", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("covers_later", sa.Boolean(), nullable=False),
        sa.Column("sources", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("source_kinds", postgresql.ARRAY(sa.TEXT()), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("processing_basis", sa.String(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("signers", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("heard", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("active_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("active_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changes_on", sa.Date(), nullable=True),
        sa.Column("rules", postgresql.JSONB(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remind_on", sa.Date(), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(), nullable=True),
        sa.Column("supersedes_id", sa.Uuid(), nullable=True),
        sa.Column("legal_reference_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_note", sa.String(), nullable=True),
        sa.Column("notice_after", sa.Date(), nullable=True),
        sa.Column("notice_delay_reason", sa.String(), nullable=True),
        sa.Column("notice_reference_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'statute') = (legal_reference_id is not null)", name=op.f("ck_bases_legal_reference")
        ),
        sa.CheckConstraint("(kind = 'statute') = (reason is not null)", name=op.f("ck_bases_reason")),
        sa.CheckConstraint("kind in ('consent', 'statute')", name=op.f("ck_bases_kind")),
        sa.CheckConstraint(
            "state in ('draft', 'requested', 'active', 'declined', 'withdrawn', 'expired', 'superseded',"
            " 'renewal_needed', 'cancelled', 'ended')",
            name=op.f("ck_bases_state"),
        ),
        sa.CheckConstraint("state <> 'draft' or requested_at is null", name=op.f("ck_bases_draft")),
        sa.CheckConstraint("remind_on < expires_on", name=op.f("ck_bases_remind")),
        sa.CheckConstraint("(active_from is null) = (active_until is null)", name=op.f("ck_bases_range")),
        sa.CheckConstraint("(notice_after is null) = (notice_delay_reason is null)", name=op.f("ck_bases_notice")),
        sa.CheckConstraint("active_until >= active_from", name=op.f("ck_bases_period")),
        sa.CheckConstraint(
            "cardinality(categories) + cardinality(folders) + cardinality(documents) between 1 and 100",
            name=op.f("ck_bases_scope"),
        ),
        sa.CheckConstraint(
            "cardinality(recipients) = cardinality(recipient_kinds)", name=op.f("ck_bases_recipient_kinds")
        ),
        sa.CheckConstraint("cardinality(recipients) between 1 and 50", name=op.f("ck_bases_recipients")),
        sa.CheckConstraint("cardinality(sources) = cardinality(source_kinds)", name=op.f("ck_bases_source_kinds")),
        sa.CheckConstraint("reviewed_by <> created_by", name=op.f("ck_bases_second_person")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"], ["cases.municipality_id", "cases.id"], name=op.f("fk_bases_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "created_by"], ["users.municipality_id", "users.id"], name=op.f("fk_bases_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "legal_reference_id"],
            ["legal_references.municipality_id", "legal_references.id"],
            name=op.f("fk_bases_legal_reference_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "notice_reference_id"],
            ["legal_references.municipality_id", "legal_references.id"],
            name=op.f("fk_bases_notice_reference_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "reviewed_by"], ["users.municipality_id", "users.id"], name=op.f("fk_bases_reviewed_by")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "subject_id"],
            ["members.municipality_id", "members.id"],
            name=op.f("fk_bases_subject_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "supersedes_id"],
            ["bases.municipality_id", "bases.id"],
            name=op.f("fk_bases_supersedes_id"),
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_bases_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_bases")),
    )
    op.create_index("ix_bases_case", "bases", ["municipality_id", "case_id", "subject_id"], unique=False)
    op.create_index("ix_bases_subject", "bases", ["municipality_id", "subject_id"], unique=False)
    op.create_index(
        "ix_bases_open",
        "bases",
        ["municipality_id", "changes_on"],
        unique=False,
        postgresql_where="state in ('requested', 'active', 'renewal_needed')",
    )
    op.create_index(
        "ix_bases_unreviewed",
        "bases",
        ["municipality_id", "id"],
        unique=False,
        postgresql_where="kind = 'statute' and state = 'requested'",
    )
    op.create_index(
        "ix_bases_waiting",
        "bases",
        ["municipality_id", "remind_on"],
        unique=False,
        postgresql_where="state in ('requested', 'renewal_needed')",
    )
    op.create_table(
        "emergency_accesses",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_note", sa.String(), nullable=True),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("closes_at >= opened_at", name=op.f("ck_emergency_accesses_period")),
        sa.CheckConstraint("reviewed_by <> user_id", name=op.f("ck_emergency_accesses_second_person")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"],
            ["cases.municipality_id", "cases.id"],
            name=op.f("fk_emergency_accesses_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "closed_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_emergency_accesses_closed_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "reviewed_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_emergency_accesses_reviewed_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "user_id"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_emergency_accesses_user_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_emergency_accesses_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_emergency_accesses")),
    )
    op.create_index(
        "ix_emergency_accesses_case", "emergency_accesses", ["municipality_id", "case_id", "user_id"], unique=False
    )
    op.create_index(
        "ix_emergency_accesses_unreviewed",
        "emergency_accesses",
        ["municipality_id", "id"],
        unique=False,
        postgresql_where="reviewed_at is null",
    )
    op.create_table(
        "folders",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("path", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("marked_by", postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("cardinality(path) between 1 and 8", name=op.f("ck_folders_depth")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"], ["cases.municipality_id", "cases.id"], name=op.f("fk_folders_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "created_by"], ["users.municipality_id", "users.id"], name=op.f("fk_folders_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "parent_id"],
            ["folders.municipality_id", "folders.id"],
            name=op.f("fk_folders_parent_id"),
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_folders_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_folders")),
    )
    op.create_index("ix_folders_case", "folders", ["municipality_id", "case_id"], unique=False)
    op.create_index(
        "uq_folders_name",
        "folders",
        ["municipality_id", "case_id", "parent_id", "name"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "statements",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("for_custody", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("audience in ('author', 'coordinator', 'team')", name=op.f("ck_statements_audience")),
        sa.CheckConstraint("audience <> 'author' or not for_custody", name=op.f("ck_statements_for_custody")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "author_id"],
            ["members.municipality_id", "members.id"],
            name=op.f("fk_statements_author_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "created_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_statements_created_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"], ["cases.municipality_id", "cases.id"], name=op.f("fk_statements_case_id")
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_statements_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_statements")),
    )
    op.create_index("ix_statements_case", "statements", ["municipality_id", "case_id"], unique=False)
    op.create_table(
        "application_statuses",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("ball_with", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_id", "application_id"],
            ["applications.municipality_id", "applications.id"],
            name=op.f("fk_application_statuses_application_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "set_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_application_statuses_set_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_application_statuses_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_application_statuses")),
    )
    op.create_index(
        "ix_application_statuses_application",
        "application_statuses",
        ["municipality_id", "application_id"],
        unique=False,
    )
    op.create_table(
        "documents",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=True),
        sa.Column("path", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("subjects", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("owner_department_id", sa.Uuid(), nullable=False),
        sa.Column("kle_code", sa.String(), nullable=True),
        sa.Column("external_references", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("described_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=True),
        sa.Column("relevance", sa.String(), nullable=False),
        sa.Column("relevance_note", sa.String(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("author_only", sa.Boolean(), nullable=False),
        sa.Column("shows_address_of", postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(relevance = 'unreviewed') = (reviewed_at is null)", name=op.f("ck_documents_reviewed")),
        sa.CheckConstraint(
            "relevance in ('unreviewed', 'relevant', 'not_relevant')", name=op.f("ck_documents_relevance")
        ),
        sa.CheckConstraint("(approved_at is null) = (approved_by is null)", name=op.f("ck_documents_approved")),
        sa.CheckConstraint("cardinality(subjects) between 1 and 20", name=op.f("ck_documents_subjects")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_documents_version")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "approved_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_documents_approved_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"], ["cases.municipality_id", "cases.id"], name=op.f("fk_documents_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "created_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_documents_created_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "folder_id"],
            ["folders.municipality_id", "folders.id"],
            name=op.f("fk_documents_folder_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "owner_department_id"],
            ["departments.municipality_id", "departments.id"],
            name=op.f("fk_documents_owner_department_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "reviewed_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_documents_reviewed_by"),
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_documents_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_documents")),
        sa.UniqueConstraint("municipality_id", "number", name=op.f("uq_documents_number")),
    )
    op.create_index("ix_documents_case", "documents", ["municipality_id", "case_id", "id"], unique=False)
    op.create_index(
        "ix_documents_unreviewed",
        "documents",
        ["municipality_id", "owner_department_id", "id"],
        unique=False,
        postgresql_where="relevance = 'unreviewed'",
    )
    op.create_table(
        "guests",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=True),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(kind = 'meeting') = (meeting_id is not null)", name=op.f("ck_guests_meeting")),
        sa.CheckConstraint("kind in ('network', 'meeting')", name=op.f("ck_guests_kind")),
        sa.CheckConstraint("closes_at >= opens_at", name=op.f("ck_guests_period")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"], ["cases.municipality_id", "cases.id"], name=op.f("fk_guests_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "created_by"], ["users.municipality_id", "users.id"], name=op.f("fk_guests_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "ended_by"], ["users.municipality_id", "users.id"], name=op.f("fk_guests_ended_by")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "meeting_id"],
            ["meetings.municipality_id", "meetings.id"],
            name=op.f("fk_guests_meeting_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "user_id"], ["users.municipality_id", "users.id"], name=op.f("fk_guests_user_id")
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_guests_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_guests")),
    )
    op.create_index("ix_guests_case", "guests", ["municipality_id", "case_id"], unique=False)
    op.create_index("ix_guests_user", "guests", ["municipality_id", "user_id"], unique=False)
    op.create_table(
        "statement_versions",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("given", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("given in ('written', 'told', 'with_aids')", name=op.f("ck_statement_versions_given")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "recorded_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_statement_versions_recorded_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "statement_id"],
            ["statements.municipality_id", "statements.id"],
            name=op.f("fk_statement_versions_statement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_statement_versions_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_statement_versions")),
        sa.UniqueConstraint(
            "municipality_id", "statement_id", "number", name=op.f("uq_statement_versions_statement_id")
        ),
    )
    op.create_table(
        "document_versions",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.BIGINT(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("storage_key", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_document_versions_number")),
        sa.CheckConstraint("size >= 1", name=op.f("ck_document_versions_size")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"],
            ["cases.municipality_id", "cases.id"],
            name=op.f("fk_document_versions_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "created_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_document_versions_created_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "document_id"],
            ["documents.municipality_id", "documents.id"],
            name=op.f("fk_document_versions_document_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_document_versions_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_document_versions")),
        sa.UniqueConstraint("municipality_id", "document_id", "number", name=op.f("uq_document_versions_document_id")),
    )
    op.create_table(
        "information_requests",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("holder_kind", sa.String(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("basis_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("remind_on", sa.Date(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("fulfilled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("closing_note", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(status = 'fulfilled') = (document_id is not null)", name=op.f("ck_information_requests_fulfilled")
        ),
        sa.CheckConstraint(
            "(status = 'fulfilled') = (fulfilled_at is not null)", name=op.f("ck_information_requests_fulfilled_at")
        ),
        sa.CheckConstraint(
            "(status in ('declined', 'cancelled')) = (closing_note is not null)",
            name=op.f("ck_information_requests_closed"),
        ),
        sa.CheckConstraint(
            "holder_kind in ('department', 'organisation')", name=op.f("ck_information_requests_holder_kind")
        ),
        sa.CheckConstraint(
            "status in ('requested', 'fulfilled', 'declined', 'cancelled')", name=op.f("ck_information_requests_status")
        ),
        sa.CheckConstraint("remind_on is null or remind_on <= due_on", name=op.f("ck_information_requests_remind")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "basis_id"],
            ["bases.municipality_id", "bases.id"],
            name=op.f("fk_information_requests_basis_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"],
            ["cases.municipality_id", "cases.id"],
            name=op.f("fk_information_requests_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "created_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_information_requests_created_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "document_id"],
            ["documents.municipality_id", "documents.id"],
            name=op.f("fk_information_requests_document_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "subject_id"],
            ["members.municipality_id", "members.id"],
            name=op.f("fk_information_requests_subject_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_information_requests_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_information_requests")),
    )
    op.create_index(
        "ix_information_requests_case", "information_requests", ["municipality_id", "case_id"], unique=False
    )
    op.create_index(
        "ix_information_requests_document", "information_requests", ["municipality_id", "document_id"], unique=False
    )
    op.create_index(
        "ix_information_requests_holder", "information_requests", ["municipality_id", "holder_id"], unique=False
    )
    op.create_index(
        "ix_information_requests_open",
        "information_requests",
        ["municipality_id", "created_by"],
        unique=False,
        postgresql_where="status = 'requested'",
    )
    op.create_table(
        "shares",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("folder_id", sa.Uuid(), nullable=True),
        sa.Column("recipient_kind", sa.String(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("bases", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Uuid(), nullable=True),
        sa.Column("revoke_reason", sa.String(), nullable=True),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "recipient_kind in ('user', 'department', 'organisation', 'member')", name=op.f("ck_shares_recipient_kind")
        ),
        sa.CheckConstraint("(document_id is null) <> (folder_id is null)", name=op.f("ck_shares_one_thing")),
        sa.CheckConstraint("(revoked_at is null) = (revoked_by is null)", name=op.f("ck_shares_revoked")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"], ["cases.municipality_id", "cases.id"], name=op.f("fk_shares_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "created_by"], ["users.municipality_id", "users.id"], name=op.f("fk_shares_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "document_id"],
            ["documents.municipality_id", "documents.id"],
            name=op.f("fk_shares_document_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "folder_id"],
            ["folders.municipality_id", "folders.id"],
            name=op.f("fk_shares_folder_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "revoked_by"], ["users.municipality_id", "users.id"], name=op.f("fk_shares_revoked_by")
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_shares_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_shares")),
    )
    op.create_index(
        "ix_shares_case",
        "shares",
        ["municipality_id", "case_id", "recipient_id"],
        unique=False,
        postgresql_where="revoked_at is null",
    )
    op.create_index("ix_shares_document", "shares", ["municipality_id", "document_id"], unique=False)
    op.create_index(
        "ix_shares_recipient",
        "shares",
        ["municipality_id", "recipient_id"],
        unique=False,
        postgresql_where="revoked_at is null",
    )
    op.create_table(
        "signatures",
        sa.Column("basis_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("given", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("evidence_id", sa.Uuid(), nullable=True),
        sa.Column("binding", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("answer in ('approved', 'declined', 'withdrawn')", name=op.f("ck_signatures_answer")),
        sa.CheckConstraint("given in ('digital', 'paper', 'oral')", name=op.f("ck_signatures_given")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "basis_id"], ["bases.municipality_id", "bases.id"], name=op.f("fk_signatures_basis_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "evidence_id"],
            ["documents.municipality_id", "documents.id"],
            name=op.f("fk_signatures_evidence_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "member_id"],
            ["members.municipality_id", "members.id"],
            name=op.f("fk_signatures_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "recorded_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_signatures_recorded_by"),
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_signatures_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_signatures")),
    )
    op.create_index("ix_signatures_basis", "signatures", ["municipality_id", "basis_id"], unique=False)
    op.create_table(
        "withholdings",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("legal_reference_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"], ["cases.municipality_id", "cases.id"], name=op.f("fk_withholdings_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "created_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_withholdings_created_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "document_id"],
            ["documents.municipality_id", "documents.id"],
            name=op.f("fk_withholdings_document_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "ended_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_withholdings_ended_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "legal_reference_id"],
            ["legal_references.municipality_id", "legal_references.id"],
            name=op.f("fk_withholdings_legal_reference_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "member_id"],
            ["members.municipality_id", "members.id"],
            name=op.f("fk_withholdings_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_withholdings_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_withholdings")),
    )
    op.create_index("ix_document_versions_case", "document_versions", ["municipality_id", "case_id"])
    op.create_index("ix_withholdings_case", "withholdings", ["municipality_id", "case_id"])
    op.create_index(
        "uq_withholdings_current",
        "withholdings",
        ["municipality_id", "document_id", "member_id"],
        unique=True,
        postgresql_where="ended_at is null",
    )
    op.add_column("access_log", sa.Column("bases", postgresql.ARRAY(sa.Uuid()), nullable=True))
    op.add_column("cases", sa.Column("sealed", sa.Boolean(), server_default="false", nullable=False))
    op.create_table(
        "restrictions",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_by", sa.Uuid(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("end_reason", sa.String(), nullable=True),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("ended_at is null or ended_at >= begun_at", name=op.f("ck_restrictions_period")),
        sa.CheckConstraint("(ended_at is null) = (ended_by is null)", name=op.f("ck_restrictions_ended")),
        sa.CheckConstraint("(ended_at is null) = (end_reason is null)", name=op.f("ck_restrictions_end_reason")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "begun_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_restrictions_begun_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"], ["cases.municipality_id", "cases.id"], name=op.f("fk_restrictions_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "ended_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_restrictions_ended_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_restrictions_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_restrictions")),
    )
    op.create_index("ix_restrictions_case", "restrictions", ["municipality_id", "case_id"], unique=False)
    op.create_index(
        "uq_restrictions_current",
        "restrictions",
        ["municipality_id", "case_id"],
        unique=True,
        postgresql_where="ended_at is null",
    )
