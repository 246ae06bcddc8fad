"""The fastest thing possible here: an ASGI function, an asyncpg pool and orjson, sending the app's own statements.

Two variants. `plain` sends the policy statement without its log, as the owner of the tables: no row security. `whole`
sends all of it, as the app's role, in a transaction that begins with `set_config`. Neither knows who asks: the reader
is a number in the path. No token, no validation, no headers worth mentioning.

GET /list/{reader}[/{after}] · GET /case/{reader}/{case} · POST /case/{reader}
GET /papers/{reader}/{case} · GET /paper/{reader}/{document} · GET /inbox/{reader}
"""

import dataclasses
import os
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
import orjson
from pydantic import TypeAdapter
from sqlalchemy import Select
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect

from app.db import SETTINGS, new_id
from app.policy.actor import Actor
from app.policy.cases import cases
from app.policy.core import Policy
from app.policy.documents import documents
from app.policy.statements import one_of, page_of
from bench.serve import leave_with_parent

ACTORS: Final = TypeAdapter(list[Actor])
POOL: Final = 6
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

CREATE: Final = """
with opened as (
    insert into cases (municipality_id, id, number, family_id, child_id, owner_department_id, model, state, kle_code,
                       template_id, template_version, external_references, opened_at, opened_by)
    select $1, $2, $3, $4, $5, $6, 'efei', 'draft', '27.24.00', t.id, t.version, '[]', $7, $8
    from step_templates t where t.municipality_id = $1 and t.model = 'efei' and t.version = 1
    returning *
), made as (
    insert into steps (municipality_id, id, case_id, number, key, title, stage, optional, repeatable, requires, cells,
                       status)
    select $1, ($9::uuid[])[step.place], opened.id, (step.value ->> 'number')::integer,
           coalesce(step.value ->> 'key', 'step_' || (step.value ->> 'number')), step.value ->> 'title',
           step.value ->> 'stage', (step.value ->> 'optional')::boolean, (step.value ->> 'repeatable')::boolean,
           step.value -> 'requires', step.value - '{number,key,title,stage,optional,repeatable,requires}'::text[],
           'planned'
    from opened, step_templates t, jsonb_array_elements(t.steps) with ordinality step (value, place)
    where t.municipality_id = $1 and t.id = opened.template_id
)
select * from opened
"""


class Statement:
    """A policy statement as literal SQL, and its parameters in order: those of the reader are laid out beforehand."""

    def __init__(self, statement: Select[Any], readers: list[Mapping[str, Any]]) -> None:
        dialect = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call]
        compiled = statement.compile(dialect=dialect)
        self.sql, self.names = str(compiled), list(compiled.positiontup or ())
        constants = compiled.params
        self.ready = [[{**constants, **reader}.get(name) for name in self.names] for reader in readers]
        self.places = {name: place for place, name in enumerate(self.names)}

    def values(self, reader: int, **given: Any) -> list[Any]:
        found = self.ready[reader].copy()
        for name, value in given.items():
            place = self.places.get(name)
            if place is not None:
                found[place] = value
        return found


def statements(case: Policy, paper: Policy, readers: list[Mapping[str, Any]]) -> dict[str, Statement]:
    found = {
        "first": page_of(case, "professional", frozenset(), False),
        "later": page_of(case, "professional", frozenset(), True),
        "case": one_of(case, "professional", "read"),
        "papers": page_of(paper, "professional", frozenset({"case_id"}), False),
        "paper": one_of(paper, "professional", "read"),
        "inbox": page_of(paper, "professional", frozenset(), False),
    }
    return {name: Statement(statement, readers) for name, statement in found.items()}


class Bare:
    """The server; `whole` says which of the two variants."""

    def __init__(self, url: str, actors: list[Actor], whole: bool) -> None:
        self.url, self.actors, self.whole = url, actors, whole
        policies = (one if whole else dataclasses.replace(one, personal=False) for one in (cases, documents))
        case, paper = policies
        self.statements = statements(case, paper, [actor.parameters for actor in actors])
        self.begin = [f"begin; select set_config('app.municipality', '{actor.municipality}', true)" for actor in actors]
        self.pool: Any = None

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        _, what, reader, *rest = scope["path"].split("/")
        if scope["method"] == "POST":
            status, body = 201, await self._create(int(reader), orjson.loads((await receive())["body"]))
        elif what in ("case", "paper"):
            status, body = 200, await self._one(what, int(reader), rest[0])
        elif what == "list":
            after = rest[0] if rest else None
            status, body = 200, await self._list("later" if after else "first", int(reader), page_after=after)
        else:
            status, body = 200, await self._list(what, int(reader), case_id=rest[0] if rest else None)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self.pool = await asyncpg.create_pool(
            self.url,
            min_size=POOL,
            max_size=POOL,
            init=_prepare,
            reset=_nothing,
            server_settings=SETTINGS,
            max_cacheable_statement_size=0,
        )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.pool.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _one(self, what: str, reader: int, id: str) -> bytes:
        (row,) = await self._rows(self.statements[what], reader, row_id=id)
        return orjson.dumps(dict(row), option=orjson.OPT_UTC_Z)

    async def _list(self, what: str, reader: int, **given: Any) -> bytes:
        rows = await self._rows(self.statements[what], reader, page_limit=50, **given)
        cursor = rows[-1]["id"] if len(rows) == 50 else None
        return orjson.dumps({"items": [dict(row) for row in rows], "next": cursor}, option=orjson.OPT_UTC_Z)

    async def _rows(self, statement: Statement, reader: int, **given: Any) -> Any:
        async with self.pool.acquire() as connection:
            if not self.whole:
                return await connection.fetch(statement.sql, *statement.values(reader, **given))
            values = statement.values(reader, **given, actor_at=datetime.now(UTC), log_id=str(new_id()))
            await connection.execute(self.begin[reader])
            rows = await connection.fetch(statement.sql, *values)
            await connection.execute("commit")
            return rows

    async def _create(self, reader: int, wanted: dict[str, str]) -> bytes:
        actor, now = self.actors[reader], datetime.now(UTC)
        place = (wanted["family_id"], wanted["child_id"], wanted["owner_department_id"])
        ids = [str(new_id()) for _ in range(8)]
        number = f"{now.year}-{ids[0][-12:]}"
        values = (actor.municipality, ids[0], number, *place, now, actor.user, ids[1:])
        async with self.pool.acquire() as connection:
            (row,) = await connection.fetch(CREATE, *values)
        return orjson.dumps(dict(row), option=orjson.OPT_UTC_Z)


async def _prepare(connection: Any) -> None:
    """JSON and ids pass through as they come: nothing is decoded to be encoded again."""
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=str, decoder=orjson.Fragment)
    await connection.set_type_codec("uuid", schema="pg_catalog", encoder=str, decoder=str)


async def _nothing(connection: Any) -> None:
    """Every request leaves its connection clean, so there is nothing to reset."""


def asgi() -> Bare:
    """From the environment: BENCH_DATABASE, BENCH_READERS (a file), and BENCH_WHOLE for the whole statement."""
    leave_with_parent()
    actors = ACTORS.validate_json(Path(os.environ["BENCH_READERS"]).read_bytes())
    return Bare(os.environ["BENCH_DATABASE"], actors, bool(os.environ.get("BENCH_WHOLE")))
