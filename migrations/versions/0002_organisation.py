"""The organisation, the family and both models in full: outside organisations, standing teams, cycles, agreements."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "concerns",
    "contact_preferences",
    "coverage_checks",
    "cycles",
    "deviations",
    "method_readings",
    "methods",
)
CHANGEABLE = (
    "contact_persons",
    "imports",
    "measures",
    "organisations",
    "related_cases",
    "relations",
    "role_agreements",
    "standing_teams",
    "team_seats",
)
HERE = "(select nullif(current_setting('app.municipality', true), '')::uuid)"

CHECKS = {
    # table: name → condition, on tables that were there before
    "users": {
        "caseload": "(caseload_max is null) = (caseload_reason is null)",
        "caseload_max": "caseload_max is null or caseload_max between 1 and 500",
        "organisation": "organisation_id is null or kind = 'professional'",
    },
    "members": {
        "kind": "kind in ('child', 'adult', 'network')",
        "child_birth_date": "kind <> 'child' or birth_date is not null",
        "cpr": "(cpr_cipher is null) = (cpr_index is null)",
        "cpr_masked": "(cpr_cipher is null) = (cpr_masked is null)",
        "named_by": "named_by is null or kind = 'network'",
    },
    "custodies": {"kind": "kind in ('joint', 'sole', 'temporary', 'guardianship')"},
    "steps": {"cycle": "cycle >= 1"},
    "cases": {
        "cycle": "cycle >= 1",
        "concern_level": "concern_level in ('low', 'medium', 'high', 'acute')",
        "complexity_rating": "complexity_rating in ('low', 'medium', 'high')",
    },
    "assignments": {"role": "role in ('coordinator', 'primary_adviser', 'buddy', 'deputy')"},
    "team_members": {"kind": "kind in ('permanent', 'ad_hoc')"},
}
FORMER = {
    # what those were that were there before
    "members": {
        "kind": "kind in ('child', 'adult')",
        "child_birth_date": "kind = 'adult' or birth_date is not null",
    },
    "assignments": {"role": "role in ('coordinator', 'primary_adviser')"},
}
KEYS = ["municipality_id", "case_id"]
PROTECTED = """do $$ begin if exists (select from members where address_protected) then
raise exception 'there are people with address protection: restore the backup instead'; end if; end $$"""
ENDED = """update team_members set left_at = greatest(now(), joined_at), leave_reason = 'other'
where left_at is null and (not relevant or ends_on <= (now() at time zone 'Europe/Copenhagen')::date)"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    tables()
    for table, checks in CHECKS.items():
        for name, condition in checks.items():
            if name in FORMER.get(table, {}):
                op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
    op.drop_index("uq_assignments_one_active", table_name="assignments")
    one = "ended_at is null and role in ('coordinator', 'primary_adviser')"
    op.create_index("uq_assignments_one_active", "assignments", KEYS, unique=True, postgresql_where=one)
    as_owner("steps", "update steps set key = 'step_' || number")
    op.alter_column("steps", "key", server_default=None)
    for table in APPEND_ONLY:
        secure(table, ("select", "insert"))
    for table in CHANGEABLE:
        secure(table, ("select", "insert", "update"))


def as_owner(table: str, statement: str) -> None:
    """Row-level security is forced on the owner too, so that its statement would silently touch nothing."""
    op.execute(f"alter table {table} no force row level security")
    op.execute(statement)
    op.execute(f"alter table {table} force row level security")


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
    """What the former schema has no place for is lost: later cycles, buddies and deputies, persons of the network.

    Nothing may open by it: a membership that opens nothing now is ended, and with address-protected people in the
    database the way back is refused, since the former version would show their addresses. Restore the backup then.
    """
    op.execute("set local lock_timeout = '5s'")
    as_owner("members", PROTECTED)
    as_owner("team_members", ENDED)
    for table, condition in (
        ("steps", "cycle > 1"),
        ("assignments", "role in ('buddy', 'deputy')"),
    ):
        as_owner(table, f"delete from {table} where {condition}")
    op.drop_index("uq_assignments_one_active", table_name="assignments")
    op.create_index("uq_assignments_one_active", "assignments", KEYS, unique=True, postgresql_where="ended_at is null")
    drop()
    as_owner("members", "delete from members where kind = 'network'")
    for table, checks in FORMER.items():
        for name, condition in checks.items():
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def tables() -> None:
    op.create_table(
        "organisations",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("themes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_organisations_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("municipality_id", "name", name=op.f("uq_organisations_name")),
    )
    op.create_table(
        "standing_teams",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("separate", sa.Boolean(), nullable=False),
        sa.Column("location", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_standing_teams_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_standing_teams")),
        sa.UniqueConstraint("municipality_id", "name", name=op.f("uq_standing_teams_name")),
    )
    op.create_table(
        "contact_persons",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_id", "organisation_id"],
            ["organisations.municipality_id", "organisations.id"],
            name=op.f("fk_contact_persons_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_contact_persons_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_contact_persons")),
    )
    op.create_index(
        "ix_contact_persons_organisation", "contact_persons", ["municipality_id", "organisation_id"], unique=False
    )
    op.create_table(
        "imports",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("done_rows", sa.Integer(), nullable=False),
        sa.Column("report", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind in ('departments', 'users', 'cases')", name=op.f("ck_imports_kind")),
        sa.CheckConstraint("status = 'checked' or content is null", name=op.f("ck_imports_content")),
        sa.CheckConstraint("status in ('checked', 'refused', 'done', 'discarded')", name=op.f("ck_imports_status")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "created_by"], ["users.municipality_id", "users.id"], name=op.f("fk_imports_created_by")
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_imports_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_imports")),
    )
    op.create_index("ix_imports_created_by", "imports", ["municipality_id", "created_by"], unique=False)
    op.create_table(
        "methods",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Uuid(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_methods_version")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "published_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_methods_published_by"),
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_methods_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_methods")),
        sa.UniqueConstraint("municipality_id", "version", name=op.f("uq_methods_version")),
    )
    op.create_table(
        "team_seats",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("left_at is null or left_at >= joined_at", name=op.f("ck_team_seats_period")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "department_id"],
            ["departments.municipality_id", "departments.id"],
            name=op.f("fk_team_seats_department_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "team_id"],
            ["standing_teams.municipality_id", "standing_teams.id"],
            name=op.f("fk_team_seats_team_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "user_id"], ["users.municipality_id", "users.id"], name=op.f("fk_team_seats_user_id")
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_team_seats_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_team_seats")),
    )
    op.create_index(
        "uq_team_seats_active",
        "team_seats",
        ["municipality_id", "team_id", "user_id"],
        unique=True,
        postgresql_where="left_at is null",
    )
    op.create_table(
        "method_readings",
        sa.Column("method_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_id", "method_id"],
            ["methods.municipality_id", "methods.id"],
            name=op.f("fk_method_readings_method_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "user_id"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_method_readings_user_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_method_readings_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_method_readings")),
        sa.UniqueConstraint("municipality_id", "method_id", "user_id", name=op.f("uq_method_readings_method_id")),
    )
    op.create_table(
        "relations",
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("from_id <> to_id", name=op.f("ck_relations_two_people")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "created_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_relations_created_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "family_id"],
            ["families.municipality_id", "families.id"],
            name=op.f("fk_relations_family_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "from_id"], ["members.municipality_id", "members.id"], name=op.f("fk_relations_from_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "to_id"], ["members.municipality_id", "members.id"], name=op.f("fk_relations_to_id")
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_relations_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_relations")),
    )
    op.create_index("ix_relations_family", "relations", ["municipality_id", "family_id"], unique=False)
    op.create_index(
        "uq_relations_current",
        "relations",
        ["municipality_id", "from_id", "to_id"],
        unique=True,
        postgresql_where="ended_at is null",
    )
    op.create_table(
        "concerns",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rated_by", sa.Uuid(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("level in ('low', 'medium', 'high', 'acute')", name=op.f("ck_concerns_level")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"], ["cases.municipality_id", "cases.id"], name=op.f("fk_concerns_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "rated_by"], ["users.municipality_id", "users.id"], name=op.f("fk_concerns_rated_by")
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_concerns_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_concerns")),
    )
    op.create_index("ix_concerns_case", "concerns", ["municipality_id", "case_id"], unique=False)
    op.create_table(
        "contact_preferences",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("intensity", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("times", sa.String(), nullable=True),
        sa.Column("formality", sa.String(), nullable=False),
        sa.Column("reassure", sa.Boolean(), nullable=False),
        sa.Column("purpose_line", sa.String(), nullable=True),
        sa.Column("agreed_on", sa.Date(), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("formality in ('formal', 'informal')", name=op.f("ck_contact_preferences_formality")),
        sa.CheckConstraint("intensity in ('close', 'normal', 'space')", name=op.f("ck_contact_preferences_intensity")),
        sa.CheckConstraint("review_on is null or agreed_on is not null", name=op.f("ck_contact_preferences_review")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"],
            ["cases.municipality_id", "cases.id"],
            name=op.f("fk_contact_preferences_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "member_id"],
            ["members.municipality_id", "members.id"],
            name=op.f("fk_contact_preferences_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "recorded_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_contact_preferences_recorded_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_contact_preferences_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_contact_preferences")),
    )
    op.create_index("ix_contact_preferences_case", "contact_preferences", ["municipality_id", "case_id"], unique=False)
    op.create_table(
        "coverage_checks",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("covered", sa.Boolean(), nullable=False),
        sa.Column("missing_professions", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("missing_paragraph_sets", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("action", sa.String(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_by", sa.Uuid(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"],
            ["cases.municipality_id", "cases.id"],
            name=op.f("fk_coverage_checks_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "checked_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_coverage_checks_checked_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_coverage_checks_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_coverage_checks")),
    )
    op.create_index("ix_coverage_checks_case", "coverage_checks", ["municipality_id", "case_id"], unique=False)
    op.create_table(
        "cycles",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by", sa.Uuid(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("number >= 2", name=op.f("ck_cycles_number")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"], ["cases.municipality_id", "cases.id"], name=op.f("fk_cycles_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "started_by"], ["users.municipality_id", "users.id"], name=op.f("fk_cycles_started_by")
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_cycles_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_cycles")),
        sa.UniqueConstraint("municipality_id", "case_id", "number", name=op.f("uq_cycles_case_id")),
    )
    op.create_table(
        "deviations",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"], ["cases.municipality_id", "cases.id"], name=op.f("fk_deviations_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "recorded_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_deviations_recorded_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "user_id"], ["users.municipality_id", "users.id"], name=op.f("fk_deviations_user_id")
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_deviations_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_deviations")),
    )
    op.create_index("ix_deviations_case", "deviations", ["municipality_id", "case_id"], unique=False)
    op.create_table(
        "related_cases",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=True),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("case_worker", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"], ["cases.municipality_id", "cases.id"], name=op.f("fk_related_cases_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "department_id"],
            ["departments.municipality_id", "departments.id"],
            name=op.f("fk_related_cases_department_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "member_id"],
            ["members.municipality_id", "members.id"],
            name=op.f("fk_related_cases_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "recorded_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_related_cases_recorded_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_related_cases_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_related_cases")),
    )
    op.create_index("ix_related_cases_case", "related_cases", ["municipality_id", "case_id"], unique=False)
    op.create_table(
        "role_agreements",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("coordinated_by", sa.String(), nullable=False),
        sa.Column("task", sa.String(), nullable=True),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        sa.Column("agreed_with", sa.Uuid(), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "coordinated_by in ('family', 'adviser', 'shared')", name=op.f("ck_role_agreements_coordinated_by")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "agreed_with"],
            ["members.municipality_id", "members.id"],
            name=op.f("fk_role_agreements_agreed_with"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"],
            ["cases.municipality_id", "cases.id"],
            name=op.f("fk_role_agreements_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "organisation_id"],
            ["organisations.municipality_id", "organisations.id"],
            name=op.f("fk_role_agreements_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "recorded_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_role_agreements_recorded_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_role_agreements_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_role_agreements")),
    )
    op.create_index("ix_role_agreements_case", "role_agreements", ["municipality_id", "case_id"], unique=False)
    op.create_index(
        "uq_role_agreements_current",
        "role_agreements",
        ["municipality_id", "case_id", "party"],
        unique=True,
        postgresql_where="ended_at is null",
    )
    op.create_table(
        "measures",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("paragraph", sa.String(), nullable=True),
        sa.Column("provider_department_id", sa.Uuid(), nullable=True),
        sa.Column("provider_organisation_id", sa.Uuid(), nullable=True),
        sa.Column("invasiveness", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("end_reason", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("category in ('measure', 'compensating')", name=op.f("ck_measures_category")),
        sa.CheckConstraint(
            "provider_department_id is null or provider_organisation_id is null",
            name=op.f("ck_measures_one_provider"),
        ),
        sa.CheckConstraint("invasiveness between 1 and 5", name=op.f("ck_measures_invasiveness")),
        sa.CheckConstraint("status in ('planned', 'started', 'ended', 'dropped')", name=op.f("ck_measures_status")),
        sa.CheckConstraint(
            "status in ('planned', 'dropped') or starts_on is not null", name=op.f("ck_measures_started")
        ),
        sa.CheckConstraint("(status = 'ended') = (ended_on is not null)", name=op.f("ck_measures_ended")),
        sa.CheckConstraint(
            "(status in ('ended', 'dropped')) = (end_reason is not null)", name=op.f("ck_measures_end_reason")
        ),
        sa.CheckConstraint("ended_on >= starts_on", name=op.f("ck_measures_period")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"], ["cases.municipality_id", "cases.id"], name=op.f("fk_measures_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "member_id"],
            ["members.municipality_id", "members.id"],
            name=op.f("fk_measures_member_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "provider_department_id"],
            ["departments.municipality_id", "departments.id"],
            name=op.f("fk_measures_provider_department_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "provider_organisation_id"],
            ["organisations.municipality_id", "organisations.id"],
            name=op.f("fk_measures_provider_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "created_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_measures_created_by"),
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_measures_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_measures")),
    )
    op.create_index("ix_measures_case", "measures", ["municipality_id", "case_id"], unique=False)
    op.add_column("assignments", sa.Column("handover_note", sa.String(), nullable=True))
    op.create_index(
        "uq_assignments_beside",
        "assignments",
        ["municipality_id", "case_id", "role"],
        unique=True,
        postgresql_where="ended_at is null and role in ('buddy', 'deputy')",
    )
    op.add_column("cases", sa.Column("exit_reason", sa.String(), nullable=True))
    op.add_column("cases", sa.Column("cycle", sa.Integer(), server_default="1", nullable=False))
    op.add_column("cases", sa.Column("early_concern", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("cases", sa.Column("intake", postgresql.JSONB(), nullable=True))
    op.add_column("cases", sa.Column("concern_level", sa.String(), nullable=True))
    op.add_column("cases", sa.Column("complexity_rating", sa.String(), nullable=True))
    op.add_column("contacts", sa.Column("role_agreement_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_contacts_role_agreement_id"),
        "contacts",
        "role_agreements",
        ["municipality_id", "role_agreement_id"],
        ["municipality_id", "id"],
    )
    op.add_column("custodies", sa.Column("kind", sa.String(), server_default="joint", nullable=False))
    op.add_column("members", sa.Column("address", sa.String(), nullable=True))
    op.add_column("members", sa.Column("address_protected", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("members", sa.Column("employment", sa.String(), nullable=True))
    op.add_column("members", sa.Column("login_changed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("members", sa.Column("named_by", sa.Uuid(), nullable=True))
    op.add_column("members", sa.Column("cpr_cipher", sa.LargeBinary(), nullable=True))
    op.add_column("members", sa.Column("cpr_index", sa.String(), nullable=True))
    op.add_column("members", sa.Column("cpr_masked", sa.String(), nullable=True))
    op.create_index("ix_members_cpr", "members", ["municipality_id", "cpr_index"], unique=False)
    op.create_index("ix_members_named_by", "members", ["municipality_id", "named_by"], unique=False)
    op.create_index("uq_members_cpr", "members", ["municipality_id", "family_id", "cpr_index"], unique=True)
    op.create_foreign_key(
        op.f("fk_members_named_by"), "members", "members", ["municipality_id", "named_by"], ["municipality_id", "id"]
    )
    op.add_column(
        "step_templates",
        sa.Column("activities", postgresql.JSONB(), server_default="[]", nullable=False),
    )
    op.add_column("steps", sa.Column("cycle", sa.Integer(), server_default="1", nullable=False))
    op.add_column("steps", sa.Column("key", sa.String(), nullable=False, server_default=""))
    op.drop_constraint(op.f("uq_steps_case_id"), "steps", type_="unique")
    op.create_unique_constraint(op.f("uq_steps_case_id"), "steps", ["municipality_id", "case_id", "cycle", "number"])
    op.add_column("team_members", sa.Column("standing_team_id", sa.Uuid(), nullable=True))
    op.add_column("team_members", sa.Column("kind", sa.String(), server_default="permanent", nullable=False))
    op.add_column("team_members", sa.Column("relevant", sa.Boolean(), server_default="true", nullable=False))
    op.add_column("team_members", sa.Column("ends_on", sa.Date(), nullable=True))
    op.add_column("team_members", sa.Column("role_description", sa.String(), nullable=True))
    op.add_column("team_members", sa.Column("can_act_on", sa.String(), nullable=True))
    op.create_index("ix_team_members_case", "team_members", ["municipality_id", "case_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_team_members_standing_team_id"),
        "team_members",
        "standing_teams",
        ["municipality_id", "standing_team_id"],
        ["municipality_id", "id"],
    )
    op.add_column("users", sa.Column("organisation_id", sa.Uuid(), nullable=True))
    op.add_column(
        "users", sa.Column("paragraph_sets", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False)
    )
    op.add_column("users", sa.Column("competences", postgresql.JSONB(), nullable=True))
    op.add_column("users", sa.Column("absent_until", sa.Date(), nullable=True))
    op.add_column("users", sa.Column("caseload_max", sa.Integer(), nullable=True))
    op.add_column("users", sa.Column("caseload_reason", sa.String(), nullable=True))
    op.create_foreign_key(
        op.f("fk_users_organisation_id"),
        "users",
        "organisations",
        ["municipality_id", "organisation_id"],
        ["municipality_id", "id"],
    )


def drop() -> None:
    op.drop_constraint(op.f("fk_users_organisation_id"), "users", type_="foreignkey")
    op.drop_column("users", "caseload_reason")
    op.drop_column("users", "caseload_max")
    op.drop_column("users", "absent_until")
    op.drop_column("users", "competences")
    op.drop_column("users", "paragraph_sets")
    op.drop_column("users", "organisation_id")
    op.drop_index("ix_team_members_case", table_name="team_members")
    op.drop_constraint(op.f("fk_team_members_standing_team_id"), "team_members", type_="foreignkey")
    op.drop_column("team_members", "can_act_on")
    op.drop_column("team_members", "role_description")
    op.drop_column("team_members", "ends_on")
    op.drop_column("team_members", "relevant")
    op.drop_column("team_members", "kind")
    op.drop_column("team_members", "standing_team_id")
    op.drop_constraint(op.f("uq_steps_case_id"), "steps", type_="unique")
    op.create_unique_constraint(op.f("uq_steps_case_id"), "steps", ["municipality_id", "case_id", "number"])
    op.drop_column("steps", "key")
    op.drop_column("steps", "cycle")
    op.drop_column("step_templates", "activities")
    op.drop_constraint(op.f("fk_members_named_by"), "members", type_="foreignkey")
    op.drop_index("uq_members_cpr", table_name="members")
    op.drop_index("ix_members_cpr", table_name="members")
    op.drop_index("ix_members_named_by", table_name="members")
    op.drop_column("members", "cpr_masked")
    op.drop_column("members", "cpr_index")
    op.drop_column("members", "cpr_cipher")
    op.drop_column("members", "named_by")
    op.drop_column("members", "login_changed_at")
    op.drop_column("members", "employment")
    op.drop_column("members", "address_protected")
    op.drop_column("members", "address")
    op.drop_column("custodies", "kind")
    op.drop_constraint(op.f("fk_contacts_role_agreement_id"), "contacts", type_="foreignkey")
    op.drop_column("contacts", "role_agreement_id")
    op.drop_column("cases", "complexity_rating")
    op.drop_column("cases", "concern_level")
    op.drop_column("cases", "intake")
    op.drop_column("cases", "early_concern")
    op.drop_column("cases", "cycle")
    op.drop_column("cases", "exit_reason")
    op.drop_index("uq_assignments_beside", table_name="assignments", postgresql_where="ended_at is null")
    op.drop_column("assignments", "handover_note")
    op.drop_index("ix_measures_case", table_name="measures")
    op.drop_table("measures")
    op.drop_index("ix_role_agreements_case", table_name="role_agreements")
    op.drop_index("uq_role_agreements_current", table_name="role_agreements", postgresql_where="ended_at is null")
    op.drop_table("role_agreements")
    op.drop_index("ix_related_cases_case", table_name="related_cases")
    op.drop_table("related_cases")
    op.drop_index("ix_deviations_case", table_name="deviations")
    op.drop_table("deviations")
    op.drop_table("cycles")
    op.drop_index("ix_coverage_checks_case", table_name="coverage_checks")
    op.drop_table("coverage_checks")
    op.drop_index("ix_contact_preferences_case", table_name="contact_preferences")
    op.drop_table("contact_preferences")
    op.drop_index("ix_concerns_case", table_name="concerns")
    op.drop_table("concerns")
    op.drop_index("uq_relations_current", table_name="relations", postgresql_where="ended_at is null")
    op.drop_index("ix_relations_family", table_name="relations")
    op.drop_table("relations")
    op.drop_table("method_readings")
    op.drop_index("uq_team_seats_active", table_name="team_seats", postgresql_where="left_at is null")
    op.drop_table("team_seats")
    op.drop_table("methods")
    op.drop_index("ix_imports_created_by", table_name="imports")
    op.drop_table("imports")
    op.drop_index("ix_contact_persons_organisation", table_name="contact_persons")
    op.drop_table("contact_persons")
    op.drop_table("standing_teams")
    op.drop_table("organisations")
