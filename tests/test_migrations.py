"""P20: up, down and up again; data survives; and the shape that every table owes to its tenant."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import PrimaryKeyConstraint, Table, UniqueConstraint

from app import migrate
from app.db import Base, Database
from app.services import tenants
from tests.conftest import Urls, _run, _with

TENANTS = [table for table in Base.metadata.sorted_tables if "municipality_id" in table.c]
LONGEST_NAME = 50


@pytest.fixture
def scratch(urls: Urls) -> Iterator[str]:
    """An empty database, as its owner."""
    name = f"indgang_migration_{os.getpid()}_{uuid4().hex[:6]}"
    admin = _with(urls.owner, database="postgres")
    _run(admin, f'create database "{name}"')
    yield _with(urls.owner, database=name)
    _run(admin, f'drop database "{name}" with (force)')


def fetched(url: str, statement: str, *values: Any) -> list[Any]:
    async def run() -> list[Any]:
        connection = await asyncpg.connect(url)
        try:
            return [tuple(row) for row in await connection.fetch(statement, *values)]
        finally:
            await connection.close()

    return asyncio.run(run())


TABLES = "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"


def found_municipality(url: str) -> None:
    async def run() -> None:
        database, id = Database(url, 1), uuid4()
        who = {"issuer": "https://login.invalid", "subject": "asta", "name": "Asta Adminsen"}
        try:
            async with database.transaction(id) as session:
                await tenants.found(session, id=id, name="Prøve", code="999", administrator=who, fictive=True)
        finally:
            await database.close()

    asyncio.run(run())


def test_up_down_and_up_again(scratch: str) -> None:
    migrate.upgrade(scratch)
    there = sorted(fetched(scratch, TABLES))
    assert {table.name for table in Base.metadata.sorted_tables} <= {name for (name,) in there}
    found_municipality(scratch)
    migrate.downgrade(scratch, "base")
    assert [name for (name,) in fetched(scratch, TABLES) if name != "alembic_version"] == []
    left = "select proname::text from pg_proc where pronamespace = 'public'::regnamespace"
    assert fetched(scratch, left) == []
    migrate.upgrade(scratch)
    assert sorted(fetched(scratch, TABLES)) == there


def test_models_and_migrations_agree(scratch: str) -> None:
    migrate.upgrade(scratch)
    assert migrate.drift(scratch) == []


def test_data_survives_every_step(scratch: str) -> None:
    """Data laid down at the first revision is there after each later one, and after the newest run once more."""
    revisions = [one.revision for one in ScriptDirectory.from_config(migrate._config(None)).walk_revisions()][::-1]
    migrate.upgrade(scratch, revisions[0])
    migrate.upgrade(scratch, migrate.head())
    found_municipality(scratch)
    counts = "select (select count(*) from users), (select count(*) from step_templates), name from municipalities"
    before = fetched(scratch, counts)
    assert before == [(1, 2, "Prøve")]
    for revision in [*revisions, "head"]:
        migrate.upgrade(scratch, revision)
        assert fetched(scratch, counts) == before


def test_there_is_one_head_and_every_revision_goes_down() -> None:
    script = ScriptDirectory.from_config(migrate._config(None))
    assert len(script.get_heads()) == 1
    for revision in script.walk_revisions():
        assert len(revision.revision) <= LONGEST_NAME
        assert callable(revision.module.downgrade)
        assert "lock_timeout" in Path(revision.path).read_text("utf-8")


def test_partitions_of_the_coming_months_are_there(scratch: str) -> None:
    migrate.upgrade(scratch)
    months = "select relname::text from pg_class where relispartition and relkind = 'r' order by 1"
    names = [name for (name,) in fetched(scratch, months)]
    for parent in ("events", "access_log"):
        assert f"{parent}_default" in names
        assert sum(name.startswith(f"{parent}_2") for name in names) == 4
    assert fetched(scratch, "select make_partitions(3)") == [(0,)]
    assert fetched(scratch, "select make_partitions(5)") == [(4,)]


# --- the shape of the tables


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=lambda table: table.name)
def test_names_are_short(table: Table) -> None:
    """PostgreSQL cuts a name at 63 without a word, and errors are mapped by name."""
    for one in (*table.constraints, *table.indexes):
        assert len(str(one.name)) <= LONGEST_NAME, one.name


def test_names_are_whole() -> None:
    """A name that ends in an underscore has lost what it was to name."""
    names = [str(one.name) for table in TENANTS for one in (*table.constraints, *table.indexes)]
    assert [name for name in names if name.endswith("_")] == []


@pytest.mark.parametrize("table", TENANTS, ids=lambda table: table.name)
def test_the_municipality_comes_first_in_every_key(table: Table) -> None:
    """A key that does not begin with it is one key across municipalities: it tells, and it cannot be moved."""
    keys = [one for one in table.constraints if isinstance(one, PrimaryKeyConstraint | UniqueConstraint)]
    for one in (*keys, *table.indexes):
        assert next(iter(one.columns)).name == "municipality_id", one.name
    for key in table.foreign_key_constraints:
        first = next(iter(key.elements))
        assert first.parent.name == "municipality_id", key.name
        assert first.column.name in ("municipality_id", "id"), key.name


@pytest.mark.parametrize("table", TENANTS, ids=lambda table: table.name)
def test_every_reference_has_an_index_that_leads_to_it(table: Table) -> None:
    """What lies within a case or a family is read by it: without an index each screen walks the whole municipality."""
    led = [[column.name for column in one.columns] for one in (*table.indexes, table.primary_key)]
    led += [[c.name for c in one.columns] for one in table.constraints if isinstance(one, UniqueConstraint)]
    for key in table.foreign_key_constraints:
        columns = [column.name for column in key.columns]
        if columns[-1] in ("case_id", "family_id"):
            assert any(one[: len(columns)] == columns for one in led), key.name
