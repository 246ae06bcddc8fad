"""P8: municipalities never mix, also not for somebody who speaks raw SQL as the app's role."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from app.config import Settings, role_refusals
from app.db import Base, Database, new_id
from tests.conftest import Urls
from tests.policy.scenes import made, set_scene
from tests.worlds import World

pytestmark = pytest.mark.anyio
TENANT_TABLES = sorted(table.name for table in Base.metadata.tables.values() if "municipality_id" in table.c)
APPEND_ONLY = ("access_log", "events", "settings_versions", "step_templates", "coverage_checks", "deviations")
APPEND_ONLY += ("concerns", "contact_preferences", "cycles", "methods", "method_readings")
APPEND_ONLY += ("application_statuses", "document_versions", "signatures", "statement_versions")
BESIDE = {
    "fk_documents_approved_by": ", approved_at = now()",
    "fk_guests_meeting_id": ", kind = 'meeting'",
    "fk_information_requests_document_id": ", status = 'fulfilled', fulfilled_at = now()",
    "fk_shares_revoked_by": ", revoked_at = now()",
    "fk_shares_folder_id": ", document_id = null",
}
"""What a row must have beside some reference, so that the reference alone is refused."""
Both = tuple[World, World]
VERBS = {"SELECT": "r", "INSERT": "a", "UPDATE": "w", "DELETE": "d"}


@pytest.fixture
async def raw(urls: Urls) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the app's role, with nothing set."""
    connection = await asyncpg.connect(urls.app)
    yield connection
    await connection.close()


@pytest.fixture
async def behind(urls: Urls) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the superuser, whom no policy binds."""
    connection = await asyncpg.connect(urls.owner)
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def both(app: FastAPI, settings: Settings, database: Database, owner: Database) -> AsyncIterator[Both]:
    """Two municipalities with something in every table, through HTTP; whoever touches it here takes it back."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        here, there = [await World.found(owner, settings.data_dir, client) for _ in range(2)]
        for each in (here, there):
            scene = await set_scene(each, database)
            await made(each, "coordinator", f"/v1/methods/{scene.set_up['method']}/reading", {})
            path = scene.path("allocated", "/callbacks")
            assert (await each.post("mother", path, {}, idempotency_key="one-key-for-both")).status_code == 201
        yield here, there


async def within(raw: asyncpg.Connection, municipality: UUID, statement: str, *values: Any) -> str:
    """Run one statement in a transaction of a municipality, and take it back; what it did, or why it was refused."""
    transaction = raw.transaction()
    await transaction.start()
    try:
        await raw.execute("select set_config('app.municipality', $1, true)", str(municipality))
        return str(await raw.execute(statement, *values))
    except asyncpg.PostgresError as error:
        return type(error).__name__
    finally:
        await transaction.rollback()


async def seen(raw: asyncpg.Connection, table: str, municipality: UUID | None) -> set[UUID]:
    """The municipalities whose rows of a table are seen."""
    async with raw.transaction():
        if municipality is not None:
            await raw.execute("select set_config('app.municipality', $1, true)", str(municipality))
        rows = await raw.fetch(f"select distinct municipality_id from {table}")
    return {UUID(str(row[0])) for row in rows}


async def test_without_a_municipality_nothing_is_seen(raw: asyncpg.Connection, both: Both) -> None:
    for table in TENANT_TABLES:
        assert await seen(raw, table, None) == set(), table
    assert await raw.fetchval("select count(*) from municipalities") == 0


async def test_one_municipality_sees_its_own_rows_only(
    raw: asyncpg.Connection, behind: asyncpg.Connection, both: Both
) -> None:
    for table in TENANT_TABLES:
        there = await seen(behind, table, None)
        for each in both:
            assert each.municipality in there, f"the test put nothing into {table}"
            assert await seen(raw, table, each.municipality) == {each.municipality}, table


async def test_only_the_own_municipality_is_readable(raw: asyncpg.Connection, both: Both) -> None:
    async with raw.transaction():
        await raw.execute("select set_config('app.municipality', $1, true)", str(both[0].municipality))
        found = await raw.fetch("select id from municipalities")
    assert [UUID(str(row[0])) for row in found] == [both[0].municipality]


@pytest.mark.parametrize("nonsense", ["", "nonsense", "00000000-0000-0000-0000-000000000000"])
async def test_a_municipality_that_is_none_shows_nothing(nonsense: str, raw: asyncpg.Connection, both: Both) -> None:
    for table in TENANT_TABLES:
        transaction = raw.transaction()
        await transaction.start()
        try:
            await raw.execute("select set_config('app.municipality', $1, true)", nonsense)
            assert await raw.fetch(f"select 1 from {table} limit 1") == []
        except asyncpg.DataError:
            assert nonsense == "nonsense"
        finally:
            await transaction.rollback()


async def test_nothing_is_added_to_another_municipality(raw: asyncpg.Connection, both: Both) -> None:
    """A copy of each table's own row, but for the municipality in it."""
    here, there = both
    for table in TENANT_TABLES:
        change = json.dumps({"municipality_id": str(there.municipality), "id": str(new_id())})
        copied = f"insert into {table} select (jsonb_populate_record(t, $1::jsonb)).* from {table} t limit 1"
        assert await within(raw, here.municipality, copied, change) == "InsufficientPrivilegeError", table


async def test_nothing_is_changed_in_another_municipality(raw: asyncpg.Connection, both: Both) -> None:
    here, there = both
    for table in TENANT_TABLES:
        moved = f"update {table} set municipality_id = $1"
        assert await within(raw, here.municipality, moved, there.municipality) == "InsufficientPrivilegeError", table
        touched = f"update {table} set municipality_id = municipality_id where municipality_id = $1"
        changed = await within(raw, here.municipality, touched, there.municipality)
        assert changed in {"UPDATE 0", "InsufficientPrivilegeError"}, table
        gone = f"delete from {table} where municipality_id = $1"
        removed = await within(raw, here.municipality, gone, there.municipality)
        assert removed in {"DELETE 0", "InsufficientPrivilegeError"}, table


async def test_no_reference_leads_to_another_municipality(
    raw: asyncpg.Connection, behind: asyncpg.Connection, both: Both
) -> None:
    """Also by its own rows' references: the municipality is part of every foreign key."""
    here, there = both
    tried = 0
    for name in sorted(set(TENANT_TABLES) - set(APPEND_ONLY) - {"idempotency_keys"}):
        for key in Base.metadata.tables[name].foreign_key_constraints:
            if key.referred_table.name == "municipalities":
                continue
            columns = [column.name for column in key.columns]
            assert columns[0] == "municipality_id", key.name
            target = f"select id from {key.referred_table.name} where municipality_id = $1 limit 1"
            foreign = await behind.fetchval(target, there.municipality)
            one = f"select id from {name} order by {columns[1]} is null, id limit 1"
            beside = BESIDE.get(key.name, "")
            pointed = f"update {name} set {columns[1]} = $1{beside} where id = ({one})"
            assert await within(raw, here.municipality, pointed, foreign) == "ForeignKeyViolationError", key.name
            tried += 1
    assert tried > 20


@pytest.mark.parametrize("table", APPEND_ONLY)
async def test_what_was_written_down_stays(table: str, raw: asyncpg.Connection, both: Both) -> None:
    here = both[0].municipality
    for statement in (f"update {table} set id = id", f"delete from {table}", f"truncate {table}"):
        assert await within(raw, here, statement) == "InsufficientPrivilegeError", statement


# --- the catalogue: so that a new table is not forgotten

FACTS = """
select c.relname::text, c.relrowsecurity as on, c.relforcerowsecurity as forced,
       array(select v from unnest(array['SELECT','INSERT','UPDATE','DELETE']) v
             where has_table_privilege($1, c.oid, v)) as granted,
       array(select p.polcmd::text from pg_policy p where p.polrelid = c.oid) as commands,
       array(select concat(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
             from pg_policy p where p.polrelid = c.oid) as conditions,
       has_table_privilege($1, c.oid, 'TRUNCATE') as truncates
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
      and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'municipality_id')
"""


async def role_of(database: Database) -> str:
    return (await database.role()).role


async def test_every_tenant_table_is_locked_twice(behind: asyncpg.Connection, database: Database) -> None:
    """FORCE binds the owner too, and each verb that is granted has a policy of its own; no other verb has one."""
    rows = {row["relname"]: row for row in await behind.fetch(FACTS, await role_of(database))}
    assert sorted(rows) == TENANT_TABLES
    for name, row in rows.items():
        assert row["on"], name
        assert row["forced"], name
        assert not row["truncates"], name
        assert sorted(row["commands"]) == sorted(VERBS[verb] for verb in row["granted"]), name
        for condition in row["conditions"]:
            assert "municipality_id = " in condition, name
            assert "current_setting('app.municipality'" in condition, name


async def test_partitions_are_not_readable_directly(behind: asyncpg.Connection, database: Database) -> None:
    """Row security of the parent does not bind who reads its partition."""
    partitions = await behind.fetch(
        "select relname::text, relrowsecurity, has_table_privilege($1, oid, 'SELECT, INSERT, UPDATE, DELETE') as open"
        " from pg_class where relispartition and relkind = 'r'",
        await role_of(database),
    )
    assert len(partitions) >= 10
    for row in partitions:
        assert row["relrowsecurity"], row["relname"]
        assert not row["open"], row["relname"]


async def test_no_view_or_function_leads_around(behind: asyncpg.Connection) -> None:
    """What runs with its owner's rights is on this short list, and each says too little to matter."""
    found = await behind.fetch(
        "select proname::text from pg_proc join pg_namespace n on n.oid = pronamespace"
        " where n.nspname = 'public' and prosecdef order by 1"
    )
    assert [row[0] for row in found] == ["make_partitions", "municipality_ids"]
    views = "select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm')"
    assert await behind.fetchval(views) == 0


async def test_the_app_role_is_harmless_and_the_owner_is_not(database: Database, owner: Database) -> None:
    role = await database.role()
    assert role.owns == ()
    assert role_refusals(role) == []
    assert role_refusals(await owner.role())


async def test_the_app_role_makes_nothing(raw: asyncpg.Connection) -> None:
    for statement in ("create table mine (id int)", "create role mine", "create schema mine", "set role postgres"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await raw.execute(statement)
