"""The policy's single statements, as the app's role under row security: how long they take, and by which plan.

`python -m bench.sql 1000000` writes the plan of each into docs/plans/1000000: the generic one that the app runs, with
what it read. Plans show parameters by their number only.
"""

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
from rich.console import Console
from sqlalchemy import Select

from app import migrate
from app.db import SETTINGS, new_id
from app.policy.actor import Actor
from app.policy.cases import cases
from app.policy.contacts import callbacks
from app.policy.core import Policy
from app.policy.documents import documents
from app.policy.events import events
from app.policy.screens import screen_of
from app.policy.statements import one_of, page_of
from app.policy.steps import steps
from app.services.overviews import OVERVIEW, WORK, held
from bench import generate, rows
from bench.bare import Statement
from bench.generate import Place
from bench.readers import PROFILES, Reader, load, pairs

QUERIES: Final = 100
"""How often each statement is asked in a round."""
MOST_OF_A_ROUND: Final = 3_000
"""Milliseconds after which a statement is asked no more in a round: so slow that fewer tell it too."""
TURNS: Final = 6
"""How often a statement has run when its plan is written down: PostgreSQL decides about generic plans after five."""
IN_VAIN: Final = 500
"""Rows that a plan may look at and throw away at one place without saying so: a specialist has as many cases."""
MEMBERS: Final = ("coordinator", "team member", "specialist")
Asked = tuple[Reader, UUID]


@dataclass(frozen=True)
class Question:
    """One statement and who asks it. Of its p95 `floor` and `goal` are the bounds, in ms.

    Beside the reader it is given constants, and under these names the reader's own id and that of one of their cases.
    """

    name: str
    statement: Select[Any]
    profile: str | None
    floor: float | None
    goal: float | None
    constants: Mapping[str, Any]
    user: tuple[str, ...] = ()
    case: tuple[str, ...] = ()
    of: Callable[[Reader, UUID], UUID | None] = lambda _, id: id
    """The id that is asked for, of a reader's case; None where that case has none."""
    beside: Callable[[Actor], Mapping[str, Any]] = lambda _: {}
    """What else the reader gives."""

    def asked_by(self, asked: list[Asked]) -> list[Asked]:
        """Who asks for what, of all the pairs of a reader and a case."""
        fitting = (one for one in asked if self.profile is None or PROFILES[one[0].profile] == self.profile)
        wanted = ((reader, self.of(reader, id)) for reader, id in fitting)
        return [(reader, id) for reader, id in wanted if id is not None]

    def given(self, reader: Reader, id: UUID) -> dict[str, Any]:
        named = {**dict.fromkeys(self.user, reader.actor.user), **dict.fromkeys(self.case, id)}
        return {**self.constants, **named, **self.beside(reader.actor)}


def questions() -> Iterator[Question]:
    """What a screen waits for: a case by id, the list of each kind of reader, what a coordinator holds, two screens."""

    def listed(policy: Policy, *filters: str, after: bool = False) -> Select[Any]:
        return page_of(policy, "professional", frozenset(filters), after)

    page, all_of_it = {"page_limit": 50}, {"page_limit": 200}
    yield Question("case by id", one_of(cases, "professional", "read"), None, 1.5, 0.7, {}, case=("row_id",))
    for profile in PROFILES:
        yield Question(f"case list, {profile}", listed(cases), profile, 1.5, 0.8, page)
    further = listed(cases, after=True)
    for profile in ("specialist", "leader"):
        yield Question(f"case list further on, {profile}", further, profile, 1.5, 0.8, page, case=("page_after",))
    own, steps_held = listed(cases, "coordinator_id", "open"), listed(steps, "held_by")
    yield Question("own open cases", own, "coordinator", 8, 4, {**page, "open": True}, user=("coordinator_id",))
    yield Question("steps held", steps_held, "coordinator", 8, 4, all_of_it, user=("held_by",))
    waiting, here = listed(callbacks, "status", "advised_by"), {**all_of_it, "status": "waiting"}
    yield Question("call-backs across own cases", waiting, "coordinator", 8, 4, here, user=("advised_by",))
    for profile in MEMBERS:
        yield Question(
            f"50 consented documents of a case, {profile}",
            *(listed(documents, "case_id"), profile, 1.5, 0.8, page),
            case=("case_id",),
            of=lambda reader, id: id if id in reader.full else None,
        )
        yield Question(f"documents across cases, {profile}", listed(documents), profile, 8, 4, page)
    paper = one_of(documents, "professional", "read")
    yield Question("document by id", paper, None, 1.5, 0.7, {}, case=("row_id",), of=lambda r, id: r.documents.get(id))
    screens = {name: screen_of("professional", parts)[0] for name, parts in (("one", OVERVIEW), ("own", WORK))}
    now = {"active": True, "current": True, "status": "waiting", "worked_on": True}
    yield Question("the overview", screens["one"], "coordinator", None, None, now, case=("row_id", "case_id"))
    yield Question("the day's work", screens["own"], "coordinator", 8, 4, {}, beside=held)
    for profile in MEMBERS:
        told = listed(events, "case_id")
        yield Question(f"a case's timeline, {profile}", told, profile, None, None, page, case=("case_id",))


# --- How long


async def times(place: Place, asked: list[Asked], rounds: int) -> dict[str, list[list[float]]]:
    """Milliseconds of each question, round by round; log and row security included, the client beside the server.

    Nobody asks the same twice while there are others left.
    """
    found: dict[str, list[list[float]]] = {question.name: [] for question in questions()}
    ready = [(question, cycle(question.asked_by(asked)), Asking(question)) for question in questions()]
    async with _connected(place) as connection:
        for number in range(-1, rounds):
            for question, askers, asking in ready:
                heard: list[float] = []
                while len(heard) < (QUERIES if number >= 0 else 10) and sum(heard) < MOST_OF_A_ROUND:
                    heard.append(await _timed(connection, asking, *next(askers)))
                if number >= 0:
                    found[question.name].append(heard)
    return found


class Asking:
    """A question as SQL with its values in order."""

    def __init__(self, question: Question) -> None:
        self.question, self.statement = question, Statement(question.statement, [{}])
        self.sql = self.statement.sql

    def values(self, reader: Reader, id: UUID) -> list[Any]:
        """Those of one reader and case, at this moment."""
        given = self.question.given(reader, id)
        logged = {name: new_id() for name in self.statement.names if name.endswith("log_id")}
        now = {"actor_at": datetime.now(UTC)}
        return self.statement.values(0, **{**reader.actor.parameters, **given, **logged, **now})


@asynccontextmanager
async def _connected(place: Place) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(
        place.app, server_settings={**SETTINGS, "statement_timeout": "0"}, max_cacheable_statement_size=0
    )
    try:
        yield connection
    finally:
        await connection.close()


async def setting(place: Place, name: str) -> str:
    """What a setting of the server is."""
    async with _connected(place) as connection:
        return str(await connection.fetchval("select current_setting($1)", name))


async def _enter(connection: Any, reader: Reader) -> None:
    await connection.execute("select set_config('app.municipality', $1, true)", str(reader.actor.municipality))


async def _timed(connection: Any, asking: Asking, reader: Reader, id: UUID) -> float:
    values = asking.values(reader, id)
    async with connection.transaction():
        await _enter(connection, reader)
        began = time.perf_counter()
        await connection.fetch(asking.sql, *values)
        return (time.perf_counter() - began) * 1000


# --- By which plan


async def plans(place: Place, asked: list[Asked]) -> dict[str, str]:
    """The generic plan of each question, as it ran for the last of several readers. Raises where it is not generic."""
    found = {}
    async with _connected(place) as connection:
        for question in questions():
            found[question.name] = await _plan(connection, question, question.asked_by(asked))
    return found


async def _plan(connection: Any, question: Question, asked: list[Asked]) -> str:
    """Prepared and executed by name: in an EXPLAIN of its own a statement would be planned for its values."""
    asking = Asking(question)
    await connection.execute(f"prepare asked as {asking.sql}")
    for turn, (reader, id) in enumerate(islice(cycle(asked), TURNS + 1)):
        execute = f"execute asked ({', '.join(map(_literal, asking.values(reader, id)))})"
        async with connection.transaction():
            await _enter(connection, reader)
            how = "explain (analyze, buffers, settings, summary) " if turn == TURNS else ""
            lines = await connection.fetch(how + execute)
    counts = await connection.fetchrow(
        "select generic_plans, custom_plans from pg_prepared_statements where name = 'asked'"
    )
    assert (counts["generic_plans"] >= TURNS, counts["custom_plans"]) == (True, 0), question.name
    await connection.execute("deallocate asked")
    head = f"{question.name}: the generic plan, after {TURNS} executions, for a reader of {len(reader.cases)} cases"
    return "\n".join([head, "", *(line[0] for line in lines), ""])


def _literal(value: Any) -> str:
    """A value as SQL. All of them are ids, codes and times of the benchmark's own."""
    match value:
        case None:
            return "null"
        case bool() | int():
            return str(value).lower()
        case list() | tuple():
            return "'{" + ",".join(str(one) for one in value) + "}'"
    return "'" + str(value).replace("'", "''") + "'"


def main(number: int = 10_000, data_dir: Path = Path("var/bench")) -> None:
    """Write the plans down, each in a file, and say what is told by each."""
    console = Console()
    place = generate.world(data_dir, number, console)
    folder = migrate.ROOT / "docs" / "plans" / str(number)
    folder.mkdir(parents=True, exist_ok=True)

    async def found() -> dict[str, str]:
        readers = await load(place.app, place.owner, data_dir)
        return await plans(place, [(readers[at], id) for at, id in pairs(readers, 11)])

    for name, plan in asyncio.run(found()).items():
        (folder / (re.sub(r"[^a-z]+", "-", name) + ".txt")).write_text(plan)
        console.print(f"{name}: {_told(plan)}")


def _told(plan: str) -> str:
    """Time and pages of a plan; and what tells that it grows: rows looked at in vain, tables read from end to end."""
    took = re.findall(r"Execution Time: (.*)", plan)[0]
    pages = re.findall(r"Buffers: shared hit=(\d+)(?: read=(\d+))?", plan)[0]
    vain = max((int(count) for count in re.findall(r"Rows Removed by Filter: (\d+)", plan)), default=0)
    whole = sorted(set(re.findall(r"Seq Scan on (\w+)", plan)) & set(rows.TABLES))
    told = [took, f"{sum(int(count or 0) for count in pages)} pages"]
    told += [f"up to {vain} rows looked at in vain"] * (vain > IN_VAIN) + [f"all of {table}" for table in whole]
    return ", ".join(told)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 10_000)
