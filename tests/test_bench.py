"""The benchmark's world is whole: the schema as migrated, the caseloads as promised, and the same one each time."""

import asyncio
import os
import re
from collections.abc import Iterator
from statistics import median
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from rich.console import Console

from app import migrate
from bench import generate, rows
from tests.conftest import Urls, _run, _with

CASES = 2_000


@pytest.fixture(scope="module")
def worlds(urls: Urls) -> Iterator[tuple[str, str]]:
    """Two databases with as many cases, made one after the other."""
    names = [f"indgang_bench_{os.getpid()}_{uuid4().hex[:6]}" for _ in range(2)]
    admin = _with(urls.owner, database="postgres")
    for name in names:
        _run(admin, f'create database "{name}"')
        migrate.upgrade(_with(urls.owner, database=name))
        generate.fill(_with(urls.owner, database=name), CASES, Console(quiet=True))
    first, second = (_with(urls.owner, database=name) for name in names)
    yield first, second
    for name in names:
        _run(admin, f'drop database "{name}" with (force)')


def fetched(url: str, statement: str) -> list[Any]:
    async def run() -> list[Any]:
        connection = await asyncpg.connect(url)
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    return asyncio.run(run())


# of the partitions those that every migrated database has, so that the months of the world do not count
HERE = "c.relnamespace = 'public'::regnamespace and not c.relispartition"
KEYS = f"""
select c.relname::text, k.conname::text, pg_get_constraintdef(k.oid), k.convalidated
from pg_constraint k join pg_class c on c.oid = k.conrelid where {HERE} order by 1, 2"""
INDEXES = f"""
select c.relname::text, pg_get_indexdef(i.indexrelid), i.indisvalid
from pg_index i join pg_class c on c.oid = i.indrelid where {HERE} order by 1, 2"""


def said(definitions: list[Any]) -> list[str]:
    """Without the casts, which PostgreSQL writes elsewhere when it is told its own words again."""
    return [re.sub(r"::(character varying|text)(\[\])?|[()]", "", str(one)) for one in definitions]


def test_the_schema_is_as_migrated(worlds: tuple[str, str], urls: Urls) -> None:
    assert migrate.drift(worlds[0]) == []
    for definitions in (KEYS, INDEXES):
        assert said(fetched(worlds[0], definitions)) == said(fetched(urls.owner, definitions))
    assert fetched(worlds[0], "select from pg_namespace where nspname = 'bench'") == []


def test_every_month_is_under_row_security(worlds: tuple[str, str]) -> None:
    open_tables = "select relname::text from pg_class c where relkind in ('r', 'p') and relispartition"
    assert len(fetched(worlds[0], open_tables)) > 2 * 36
    assert fetched(worlds[0], f"{open_tables} and not relrowsecurity") == []


def test_the_same_number_gives_the_same_rows(worlds: tuple[str, str]) -> None:
    for table in rows.TABLES:
        # administrators and templates come from where municipalities are founded, with ids of that moment
        ours = "where kind = 'citizen'" if table == "users" else ""
        shown = "(to_jsonb(r) - 'template_id')::text"
        written = f"select count(*), md5(string_agg({shown}, ',' order by {shown})) from {table} r {ours}"
        assert fetched(worlds[0], written) == fetched(worlds[1], written), table


def test_caseloads_are_as_promised(worlds: tuple[str, str]) -> None:
    def counted(of: str) -> list[int]:
        return [count for (count,) in fetched(worlds[0], f"select count(*)::integer {of}")]

    assert counted("from cases") == [CASES]
    still = "join cases c on c.municipality_id = a.municipality_id and c.id = a.case_id and c.state <> 'closed'"
    held = counted(f"from assignments a {still} where a.ended_at is null and a.role = 'coordinator' group by user_id")
    assert 20 <= median(held) <= 30
    joined = counted("from team_members where left_at is null and profession = 'psychologist' group by user_id")
    assert 300 <= max(joined) <= 700
    owned = sorted(counted("from cases group by municipality_id"), reverse=True)
    assert owned[0] > 2 * owned[1] > 4 * owned[-1]
    assert owned[0] < 2.4 * max(counted("from cases group by owner_department_id"))


def test_a_case_has_all_its_parts(worlds: tuple[str, str]) -> None:
    alone = "select count(*)::integer from cases c where not exists (select from {} r where r.case_id = c.id)"
    for table in ("steps", "team_members", "assignments", "meetings", "events", "access_log"):
        assert fetched(worlds[0], alone.format(table)) == [(0,)], table
    held = "select state, count(*) from cases where (state = 'closed') <> (closed_at is not null) group by state"
    assert fetched(worlds[0], held) == []


def test_the_country_is_a_million_cases_in_98_municipalities() -> None:
    country = generate.towns(1_000_000)
    sizes = [town.cases for town in country]
    assert (len(country), sum(sizes), sizes) == (98, 1_000_000, sorted(sizes, reverse=True))
    assert [town.first for town in country] == [sum(sizes[:number]) for number in range(98)]
    assert sizes[0] > 250_000
    assert sizes[-1] < 1_500
