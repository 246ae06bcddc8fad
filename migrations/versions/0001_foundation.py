"""The foundation: tables, row-level security, grants, monthly partitions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("access_log", "events", "settings_versions", "step_templates")
CHANGEABLE = (
    "assignments",
    "callbacks",
    "cases",
    "contacts",
    "counters",
    "custodies",
    "departments",
    "families",
    "meetings",
    "members",
    "positions",
    "steps",
    "team_members",
    "users",
)
HERE = "(select nullif(current_setting('app.municipality', true), '')::uuid)"

# Made by the database's owner on behalf of the app, which owns nothing. A month whose rows already lie in the
# default partition (nobody called this for months) is left there.
PARTITIONS = """
create function make_partitions(ahead integer) returns integer language plpgsql security definer
set search_path = public, pg_temp as $$
declare
    parent text; month date; name text; made integer := 0; stranded boolean;
begin
    foreach parent in array array['events', 'access_log'] loop
        for step in 0..least(ahead, 24) loop
            month := date_trunc('month', now() at time zone 'UTC')::date + make_interval(months => step);
            name := format('%s_%s', parent, to_char(month, 'YYYYMM'));
            continue when to_regclass(name) is not null;
            execute format('select exists (select 1 from %I where at >= %L and at < %L)', parent || '_default',
                month::timestamp at time zone 'UTC', (month + interval '1 month') at time zone 'UTC') into stranded;
            continue when stranded;
            execute format('create table %I partition of %I for values from (%L) to (%L)', name, parent,
                month::timestamp at time zone 'UTC', (month + interval '1 month') at time zone 'UTC');
            execute format('alter table %I enable row level security', name);
            made := made + 1;
        end loop;
    end loop;
    return made;
end $$
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    tables()
    op.execute(
        "do $$ begin if not exists (select from pg_roles where rolname = 'indgang_app') then"
        " create role indgang_app nologin; end if;"
        " exception when duplicate_object or unique_violation then null; end $$"
    )
    op.execute("grant usage on schema public to indgang_app")
    op.execute("grant select on alembic_version to indgang_app")
    op.execute("alter table municipalities enable row level security")
    op.execute(f"create policy tenant on municipalities for select using (id = {HERE})")
    op.execute("grant select on municipalities to indgang_app")
    for table in APPEND_ONLY:
        secure(table, ("select", "insert"))
    for table in CHANGEABLE:
        secure(table, ("select", "insert", "update"))
    secure("idempotency_keys", ("select", "insert", "delete"))
    for parent in ("events", "access_log"):
        op.execute(f"create table {parent}_default partition of {parent} default")
        op.execute(f"alter table {parent}_default enable row level security")
    op.execute(PARTITIONS)
    op.execute(
        "create function municipality_ids() returns setof uuid language sql stable security definer"
        " set search_path = public, pg_temp as 'select id from municipalities order by id'"
    )
    for function in ("make_partitions(integer)", "municipality_ids()"):
        op.execute(f"revoke all on function {function} from public")
        op.execute(f"grant execute on function {function} to indgang_app")


def secure(table: str, verbs: tuple[str, ...]) -> None:
    """Only these verbs, and only in one's own municipality: FORCE binds the owner too."""
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"grant {', '.join(verbs)} on {table} to indgang_app")
    for verb in verbs:
        using = "" if verb == "insert" else f"using (municipality_id = {HERE})"
        check = f"with check (municipality_id = {HERE})" if verb in ("insert", "update") else ""
        op.execute(f"create policy tenant_{verb} on {table} for {verb} {using} {check}")


def tables() -> None:
    op.create_table(
        "access_log",
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("resource_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("rules", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("family_id", sa.Uuid(), nullable=True),
        sa.Column("case_ids", postgresql.ARRAY(sa.Uuid()), nullable=True),
        sa.Column("member_ids", postgresql.ARRAY(sa.Uuid()), nullable=True),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor_roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("actor_departments", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=True),
        sa.CheckConstraint("outcome in ('read', 'write', 'refused', 'failed')", name=op.f("ck_access_log_outcome")),
        sa.CheckConstraint("cardinality(resource_ids) = cardinality(rules)", name=op.f("ck_access_log_parallel")),
        sa.PrimaryKeyConstraint("municipality_id", "id", "at", name=op.f("pk_access_log")),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_access_log_case", "access_log", ["municipality_id", "case_id", "id"], unique=False)
    op.create_index("ix_access_log_family", "access_log", ["municipality_id", "family_id", "id"], unique=False)
    op.create_index(
        "ix_access_log_lists",
        "access_log",
        ["municipality_id", "id"],
        unique=False,
        postgresql_where="case_id is null and family_id is null",
    )
    op.create_table(
        "counters",
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.CheckConstraint("value >= 1", name=op.f("ck_counters_value")),
        sa.PrimaryKeyConstraint("municipality_id", "scope", name=op.f("pk_counters")),
    )
    op.create_table(
        "events",
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.CheckConstraint("(case_id is null) = (sequence is null)", name=op.f("ck_events_sequence")),
        sa.PrimaryKeyConstraint("municipality_id", "id", "at", name=op.f("pk_events")),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("ix_events_case", "events", ["municipality_id", "case_id", "id"], unique=False)
    op.create_table(
        "municipalities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("fictive", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("code ~ '^[0-9]{3,4}$'", name=op.f("ck_municipalities_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_municipalities")),
        sa.UniqueConstraint("code", name=op.f("uq_municipalities_code")),
    )
    op.create_table(
        "departments",
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sector", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_departments_not_own_parent")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "parent_id"],
            ["departments.municipality_id", "departments.id"],
            name=op.f("fk_departments_parent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_departments_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_departments")),
        sa.UniqueConstraint("municipality_id", "name", name=op.f("uq_departments_name")),
    )
    op.create_table(
        "users",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("profession", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("contact_hours", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(kind = 'professional') or profession is null", name=op.f("ck_users_profession")),
        sa.CheckConstraint("kind in ('professional', 'citizen', 'service')", name=op.f("ck_users_kind")),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_users_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_users")),
        sa.UniqueConstraint("municipality_id", "issuer", "subject", name=op.f("uq_users_issuer")),
    )
    op.create_table(
        "families",
        sa.Column("owner_department_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_id", "created_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_families_created_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "owner_department_id"],
            ["departments.municipality_id", "departments.id"],
            name=op.f("fk_families_owner_department_id"),
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_families_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_families")),
    )
    op.create_index("ix_families_created_by", "families", ["municipality_id", "created_by"], unique=False)
    op.create_index(
        "ix_families_owner_department", "families", ["municipality_id", "owner_department_id"], unique=False
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("location", sa.String(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_id", "user_id"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_idempotency_keys_user_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_idempotency_keys_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_idempotency_keys")),
        sa.UniqueConstraint("municipality_id", "user_id", "key", name=op.f("uq_idempotency_keys_user_id")),
    )
    op.create_index("ix_idempotency_keys_used_at", "idempotency_keys", ["municipality_id", "used_at"], unique=False)
    op.create_table(
        "positions",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("ended_at is null or ended_at >= started_at", name=op.f("ck_positions_period")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "department_id"],
            ["departments.municipality_id", "departments.id"],
            name=op.f("fk_positions_department_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "user_id"], ["users.municipality_id", "users.id"], name=op.f("fk_positions_user_id")
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_positions_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_positions")),
    )
    op.create_index(
        "uq_positions_current",
        "positions",
        ["municipality_id", "user_id", "department_id", "role"],
        unique=True,
        postgresql_where="ended_at is null",
    )
    op.create_table(
        "settings_versions",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_settings_versions_version")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "changed_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_settings_versions_changed_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_settings_versions_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_settings_versions")),
        sa.UniqueConstraint("municipality_id", "version", name=op.f("uq_settings_versions_version")),
    )
    op.create_table(
        "step_templates",
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("steps", postgresql.JSONB(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("model in ('efei', 'sof')", name=op.f("ck_step_templates_model")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "published_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_step_templates_published_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_step_templates_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_step_templates")),
        sa.UniqueConstraint("municipality_id", "model", "version", name=op.f("uq_step_templates_model")),
    )
    op.create_table(
        "members",
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("relation", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("capability_notes", sa.String(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind = 'adult' or birth_date is not null", name=op.f("ck_members_child_birth_date")),
        sa.CheckConstraint("kind in ('child', 'adult')", name=op.f("ck_members_kind")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "family_id"],
            ["families.municipality_id", "families.id"],
            name=op.f("fk_members_family_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "user_id"], ["users.municipality_id", "users.id"], name=op.f("fk_members_user_id")
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_members_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_members")),
    )
    op.create_index("ix_members_family", "members", ["municipality_id", "family_id"], unique=False)
    op.create_index("ix_members_user", "members", ["municipality_id", "user_id"], unique=False)
    op.create_index("uq_members_login", "members", ["municipality_id", "family_id", "user_id"], unique=True)
    op.create_table(
        "cases",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("owner_department_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("kle_code", sa.String(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=True),
        sa.Column("template_version", sa.Integer(), nullable=True),
        sa.Column("external_references", postgresql.JSONB(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("allocated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_contact_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_reason", sa.String(), nullable=True),
        sa.Column("closing", postgresql.JSONB(), nullable=True),
        sa.Column("family_view", sa.String(), nullable=True),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(state = 'closed') = (closed_at is not null)", name=op.f("ck_cases_closed")),
        sa.CheckConstraint("model in ('efei', 'sof', 'none')", name=op.f("ck_cases_model")),
        sa.CheckConstraint(
            "state in ('draft', 'start_up', 'running', 'ordinary', 'transition', 'closed')", name=op.f("ck_cases_state")
        ),
        sa.CheckConstraint("(closed_at is null) = (close_reason is null)", name=op.f("ck_cases_close_reason")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "child_id"], ["members.municipality_id", "members.id"], name=op.f("fk_cases_child_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "family_id"],
            ["families.municipality_id", "families.id"],
            name=op.f("fk_cases_family_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "opened_by"], ["users.municipality_id", "users.id"], name=op.f("fk_cases_opened_by")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "owner_department_id"],
            ["departments.municipality_id", "departments.id"],
            name=op.f("fk_cases_owner_department_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "template_id"],
            ["step_templates.municipality_id", "step_templates.id"],
            name=op.f("fk_cases_template_id"),
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_cases_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_cases")),
        sa.UniqueConstraint("municipality_id", "number", name=op.f("uq_cases_number")),
    )
    op.create_index("ix_cases_child", "cases", ["municipality_id", "child_id"], unique=False)
    op.create_index("ix_cases_family", "cases", ["municipality_id", "family_id"], unique=False)
    op.create_index("ix_cases_opened_by", "cases", ["municipality_id", "opened_by"], unique=False)
    op.create_index(
        "ix_cases_owner_department", "cases", ["municipality_id", "owner_department_id", "id"], unique=False
    )
    op.create_table(
        "custodies",
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("child_id <> holder_id", name=op.f("ck_custodies_two_people")),
        sa.CheckConstraint("valid_until is null or valid_until >= valid_from", name=op.f("ck_custodies_period")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "child_id"],
            ["members.municipality_id", "members.id"],
            name=op.f("fk_custodies_child_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "created_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_custodies_created_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "family_id"],
            ["families.municipality_id", "families.id"],
            name=op.f("fk_custodies_family_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "holder_id"],
            ["members.municipality_id", "members.id"],
            name=op.f("fk_custodies_holder_id"),
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_custodies_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_custodies")),
    )
    op.create_index("ix_custodies_child", "custodies", ["municipality_id", "child_id"], unique=False)
    op.create_index("ix_custodies_family", "custodies", ["municipality_id", "family_id"], unique=False)
    op.create_index("ix_custodies_holder", "custodies", ["municipality_id", "holder_id"], unique=False)
    op.create_index(
        "uq_custodies_open",
        "custodies",
        ["municipality_id", "child_id", "holder_id"],
        unique=True,
        postgresql_where="valid_until is null",
    )
    op.create_table(
        "assignments",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assigned_by", sa.Uuid(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(), nullable=True),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("role in ('coordinator', 'primary_adviser')", name=op.f("ck_assignments_role")),
        sa.CheckConstraint("(ended_at is null) = (end_reason is null)", name=op.f("ck_assignments_end_reason")),
        sa.CheckConstraint("ended_at is null or ended_at >= assigned_at", name=op.f("ck_assignments_period")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "assigned_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_assignments_assigned_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"], ["cases.municipality_id", "cases.id"], name=op.f("fk_assignments_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "user_id"], ["users.municipality_id", "users.id"], name=op.f("fk_assignments_user_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_assignments_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_assignments")),
    )
    op.create_index("ix_assignments_case", "assignments", ["municipality_id", "case_id"], unique=False)
    op.create_index(
        "ix_assignments_user",
        "assignments",
        ["municipality_id", "user_id", "case_id"],
        unique=False,
        postgresql_where="ended_at is null",
    )
    op.create_index(
        "uq_assignments_one_active",
        "assignments",
        ["municipality_id", "case_id"],
        unique=True,
        postgresql_where="ended_at is null",
    )
    op.create_table(
        "callbacks",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("wish", sa.String(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(status = 'answered') = (answered_at is not null)", name=op.f("ck_callbacks_answered")),
        sa.CheckConstraint("status in ('waiting', 'answered')", name=op.f("ck_callbacks_status")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "answered_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_callbacks_answered_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"], ["cases.municipality_id", "cases.id"], name=op.f("fk_callbacks_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "member_id"],
            ["members.municipality_id", "members.id"],
            name=op.f("fk_callbacks_member_id"),
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_callbacks_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_callbacks")),
    )
    op.create_index("ix_callbacks_case", "callbacks", ["municipality_id", "case_id"], unique=False)
    op.create_table(
        "contacts",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("took_place_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"], ["cases.municipality_id", "cases.id"], name=op.f("fk_contacts_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "recorded_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_contacts_recorded_by"),
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_contacts_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_contacts")),
    )
    op.create_index("ix_contacts_case", "contacts", ["municipality_id", "case_id"], unique=False)
    op.create_table(
        "meetings",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("planned_for", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chair_id", sa.Uuid(), nullable=False),
        sa.Column("chair_reason", sa.String(), nullable=True),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attendance", postgresql.JSONB(), nullable=False),
        sa.Column("cancel_reason", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(status = 'cancelled') = (cancel_reason is not null)", name=op.f("ck_meetings_cancelled")),
        sa.CheckConstraint("(status = 'held') = (held_at is not null)", name=op.f("ck_meetings_held")),
        sa.CheckConstraint("status in ('planned', 'held', 'cancelled')", name=op.f("ck_meetings_status")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"], ["cases.municipality_id", "cases.id"], name=op.f("fk_meetings_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "chair_id"], ["users.municipality_id", "users.id"], name=op.f("fk_meetings_chair_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "created_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_meetings_created_by"),
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_meetings_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_meetings")),
    )
    op.create_index("ix_meetings_case", "meetings", ["municipality_id", "case_id"], unique=False)
    op.create_table(
        "steps",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=True),
        sa.Column("optional", sa.Boolean(), nullable=False),
        sa.Column("repeatable", sa.Boolean(), nullable=False),
        sa.Column("requires", postgresql.JSONB(), nullable=False),
        sa.Column("cells", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("holder_id", sa.Uuid(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("early_reason", sa.String(), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_by", sa.Uuid(), nullable=True),
        sa.Column("skipped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("skip_reason", sa.String(), nullable=True),
        sa.Column("perspectives", sa.String(), nullable=True),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(status = 'done') = (completed_at is not null)", name=op.f("ck_steps_done")),
        sa.CheckConstraint("(status = 'skipped') = (skip_reason is not null)", name=op.f("ck_steps_skipped")),
        sa.CheckConstraint("status <> 'skipped' or optional", name=op.f("ck_steps_skip_optional")),
        sa.CheckConstraint("status in ('planned', 'started', 'done', 'skipped')", name=op.f("ck_steps_status")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"], ["cases.municipality_id", "cases.id"], name=op.f("fk_steps_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "completed_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_steps_completed_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "holder_id"], ["users.municipality_id", "users.id"], name=op.f("fk_steps_holder_id")
        ),
        sa.ForeignKeyConstraint(["municipality_id"], ["municipalities.id"], name=op.f("fk_steps_municipality_id")),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_steps")),
        sa.UniqueConstraint("municipality_id", "case_id", "number", name=op.f("uq_steps_case_id")),
    )
    op.create_index(
        "ix_steps_holder",
        "steps",
        ["municipality_id", "holder_id"],
        unique=False,
        postgresql_where="status in ('planned', 'started')",
    )
    op.create_table(
        "team_members",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("profession", sa.String(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leave_reason", sa.String(), nullable=True),
        sa.Column("municipality_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("left_at is null or left_at >= joined_at", name=op.f("ck_team_members_period")),
        sa.ForeignKeyConstraint(
            ["municipality_id", "added_by"],
            ["users.municipality_id", "users.id"],
            name=op.f("fk_team_members_added_by"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "case_id"], ["cases.municipality_id", "cases.id"], name=op.f("fk_team_members_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "department_id"],
            ["departments.municipality_id", "departments.id"],
            name=op.f("fk_team_members_department_id"),
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id", "user_id"], ["users.municipality_id", "users.id"], name=op.f("fk_team_members_user_id")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipalities.id"], name=op.f("fk_team_members_municipality_id")
        ),
        sa.PrimaryKeyConstraint("municipality_id", "id", name=op.f("pk_team_members")),
    )
    op.create_index(
        "ix_team_members_user",
        "team_members",
        ["municipality_id", "user_id", "case_id"],
        unique=False,
        postgresql_where="left_at is null",
    )
    op.create_index(
        "uq_team_members_active",
        "team_members",
        ["municipality_id", "case_id", "user_id"],
        unique=True,
        postgresql_where="left_at is null",
    )


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.execute("drop function municipality_ids()")
    op.execute("drop function make_partitions(integer)")
    for table in [
        "team_members",
        "steps",
        "meetings",
        "contacts",
        "callbacks",
        "assignments",
        "custodies",
        "cases",
        "members",
        "step_templates",
        "settings_versions",
        "positions",
        "idempotency_keys",
        "families",
        "users",
        "departments",
        "municipalities",
        "events",
        "counters",
        "access_log",
    ]:
        op.drop_table(table)
    op.execute("revoke all on schema public from indgang_app")
