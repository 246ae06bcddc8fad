"""The benchmark: the app against bare servers in interleaved rounds, on one machine, as ratios.

A bound is met when the whole range of the rounds lies on its good side, missed when it lies on the other, and open
when the range crosses it or there were fewer than seven rounds.
"""

import argparse
import asyncio
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import UUID

import orjson
import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.wire import cursor
from bench import generate, inside, servers, sql
from bench.bare import ACTORS
from bench.client import Ask, Heard, drive
from bench.readers import PROFILES, Reader, load, pairs

CLIENTS: Final = 8
CROWD: Final = 32
ENOUGH: Final = 7
"""Rounds below which nothing counts as met."""


@dataclass(frozen=True)
class Cell:
    """One thing asked of one server in each round."""

    name: str
    server: str
    asks: Iterator[Ask]
    connections: int = CLIENTS


@dataclass
class Row:
    """A number with its bounds; `values` is one per round. `more` says that a greater number is a better one."""

    name: str
    values: list[float]
    floor: float | None = None
    goal: float | None = None
    more: bool = True
    form: str = ".2f"
    note: str = ""

    def verdict(self, bound: float | None) -> str:
        if bound is None:
            return ""
        good = [value >= bound if self.more else value <= bound for value in self.values]
        if len(good) < ENOUGH or len(set(good)) > 1:
            return "open"
        return "met" if good[0] else "missed"


@dataclass
class Found:
    """What the rounds heard, by cell."""

    heard: dict[str, list[Heard]] = field(default_factory=dict)

    def ratio(self, over: str, under: str) -> list[float]:
        """Throughput of one cell by that of another, round by round."""
        return [a.rate / b.rate for a, b in zip(self.heard[over], self.heard[under], strict=True)]

    def profile_ratio(self, over: str, under: str, profile: int) -> list[float]:
        """The same for one reader profile: how much shorter its answers take at the bare server."""
        rounds = zip(self.heard[over], self.heard[under], strict=True)
        return [b.mean_wait(profile) / a.mean_wait(profile) for a, b in rounds]

    def of(self, cell: str, number: Callable[[Heard], float]) -> list[float]:
        return [number(heard) for heard in self.heard[cell]]


# --- What is asked


def endless(readers: list[Reader], seed: int, asked: Callable[[int, Reader, UUID], bytes | None]) -> Iterator[Ask]:
    """Requests for every (reader, case), each once, profiles in turn; when they are used up, in another order.

    Left out are those for which there is nothing to ask.
    """
    while True:
        for place, id in pairs(readers, seed):
            wanted = asked(place, readers[place], id)
            if wanted is not None:
                yield readers[place].profile, wanted
        seed += 1_000


def _request(method: str, path: str, token: str = "", body: bytes = b"") -> bytes:
    head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json"]
    head += [f"Authorization: Bearer {token}"] if token else []
    head += ["Content-Type: application/json", f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([*head, "", ""]).encode() + body


def _beyond(reader: Reader, id: UUID) -> UUID | None:
    """A place in the reader's list with a full page after it; None, the beginning, for those with one page."""
    return id if len(reader.cases) > 60 and id >= reader.cases[55] else None


def list_of_app(_: int, reader: Reader, id: UUID) -> bytes:
    after = _beyond(reader, id)
    return _request("GET", "/v1/cases" + (f"?after={cursor(after)}" if after else ""), reader.token)


def list_of_bare(place: int, reader: Reader, id: UUID) -> bytes:
    after = _beyond(reader, id)
    return _request("GET", f"/list/{place}" + (f"/{after}" if after else ""))


def case_of_app(_: int, reader: Reader, id: UUID) -> bytes:
    return _request("GET", f"/v1/cases/{id}", reader.token)


def case_of_bare(place: int, _: Reader, id: UUID) -> bytes:
    return _request("GET", f"/case/{place}/{id}")


def papers_of_app(_: int, reader: Reader, id: UUID) -> bytes | None:
    """Fifty documents of a case, by one with whom they are shared."""
    return _request("GET", f"/v1/cases/{id}/documents", reader.token) if _is_member_of_full(reader, id) else None


def papers_of_bare(place: int, reader: Reader, id: UUID) -> bytes | None:
    return _request("GET", f"/papers/{place}/{id}") if _is_member_of_full(reader, id) else None


def _is_member_of_full(reader: Reader, id: UUID) -> bool:
    return id in reader.full and PROFILES[reader.profile] in ("team member", "specialist")


def paper_of_app(_: int, reader: Reader, id: UUID) -> bytes | None:
    return _request("GET", f"/v1/documents/{reader.documents[id]}", reader.token) if id in reader.documents else None


def paper_of_bare(place: int, reader: Reader, id: UUID) -> bytes | None:
    return _request("GET", f"/paper/{place}/{reader.documents[id]}") if id in reader.documents else None


def inbox_of_app(_: int, reader: Reader, __: UUID) -> bytes | None:
    return _request("GET", "/v1/documents", reader.token) if reader.documents else None


def inbox_of_bare(place: int, reader: Reader, __: UUID) -> bytes | None:
    return _request("GET", f"/inbox/{place}") if reader.documents else None


def screen_of_app(_: int, reader: Reader, id: UUID) -> bytes:
    return _request("GET", f"/v1/cases/{id}/overview", reader.token)


def work_of_app(_: int, reader: Reader, __: UUID) -> bytes:
    return _request("GET", "/v1/me/work", reader.token)


def openings(readers: list[Reader], seed: int, asked: Callable[[int, Reader, bytes], bytes]) -> Iterator[Ask]:
    """Requests that open a case, for the families of different coordinators in turn."""
    own = [(place, family) for place, reader in enumerate(readers) for family in range(len(reader.families))]
    random.Random(seed).shuffle(own)
    while True:
        for place, family in own:
            body = orjson.dumps(inside.wanted_case(readers[place], family))
            yield 0, asked(place, readers[place], body)


def cells(readers: list[Reader]) -> list[Cell]:
    """Everything that is asked in a round. What writes comes last."""

    def reading(name: str, server: str, asked: Any, connections: int = CLIENTS) -> Cell:
        return Cell(name, server, endless(readers, hash_of(name), asked), connections)

    return [
        *(reading(f"list {name}", name, list_of_app) for name in ("app", "unlogged")),
        *(reading(f"list {name}", name, list_of_bare) for name in ("plain", "whole")),
        *(reading(f"case {name}", name, case_of_app) for name in ("app", "unlogged")),
        *(reading(f"case {name}", name, case_of_bare) for name in ("plain", "whole")),
        *(reading(f"papers {name}", name, papers_of_app) for name in ("app", "unlogged")),
        *(reading(f"papers {name}", name, papers_of_bare) for name in ("plain", "whole")),
        reading("paper app", "app", paper_of_app),
        reading("paper plain", "plain", paper_of_bare),
        reading("inbox app", "app", inbox_of_app),
        reading("inbox plain", "plain", inbox_of_bare),
        reading("screen app", "app", screen_of_app),
        reading("work app", "app", work_of_app),
        reading("crowd app", "app", list_of_app, CROWD),
        reading("alone app", "app", case_of_app, 1),
    ]


def writing_cells(readers: list[Reader]) -> list[Cell]:
    path = "/v1/cases"
    app = openings(readers, 1, lambda _, reader, body: _request("POST", path, reader.token, body))
    bare = openings(readers, 2, lambda place, _, body: _request("POST", f"/case/{place}", body=body))
    return [Cell("open app", "app", app), Cell("open plain", "plain", bare)]


def hash_of(name: str) -> int:
    """The same number for the same name, today and tomorrow."""
    return int.from_bytes(name.encode()[:8].ljust(8), "big") % 1_000_003


# --- The rounds


async def rounds_of(
    wanted: list[Cell], running: dict[str, servers.Server], rounds: int, seconds: float, console: Console, title: str
) -> dict[str, list[Heard]]:
    """Every cell once a round, in an order that shifts by one from round to round; a short round before warms up."""
    heard: dict[str, list[Heard]] = {cell.name: [] for cell in wanted}
    bar = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*bar, console=console, transient=True) as progress:
        task = progress.add_task(title, total=(rounds + 1) * len(wanted))
        for number in range(-1, rounds):
            for cell in wanted[number % len(wanted) :] + wanted[: number % len(wanted)]:
                lasting = seconds if number >= 0 else min(seconds, 0.5)
                one = await drive(running[cell.server].port, cell.asks, cell.connections, lasting)
                if number >= 0:
                    heard[cell.name].append(one)
                progress.advance(task)
    return heard


def rows_of(found: Found, counts: dict[str, int]) -> list[Row]:
    """The numbers of the rounds, with the bounds that they are held to."""
    by_profile = [
        Row(f"· list, {name}", found.profile_ratio("list app", "list plain", number), 0.30, 0.45)
        for number, name in enumerate(PROFILES)
    ]
    screen_statements, work_statements = counts["GET /v1/cases/{id}/overview"], counts["GET /v1/me/work"]
    p95_p50 = found.of("crowd app", lambda heard: heard.wait(0.95) / heard.wait(0.5))
    note = f"{screen_statements} statements, floor 10, goal 6"
    return [
        Row("case list of bare plain", found.ratio("list app", "list plain"), 0.30, 0.45),
        *by_profile,
        Row("case list of bare whole", found.ratio("list app", "list whole"), 0.45, 0.65),
        Row("one case by id of bare plain", found.ratio("case app", "case plain"), 1 / 5, 1 / 3),
        Row("one case by id of bare whole", found.ratio("case app", "case whole")),
        Row("50 consented documents of bare plain", found.ratio("papers app", "papers plain"), 0.30, 0.45),
        Row("50 consented documents of bare whole", found.ratio("papers app", "papers whole"), 0.45, 0.65),
        Row("one document by id of bare plain", found.ratio("paper app", "paper plain"), 1 / 5, 1 / 3),
        Row("documents across cases of bare plain", found.ratio("inbox app", "inbox plain"), 0.30, 0.45),
        Row("the read log keeps, documents", found.ratio("papers app", "papers unlogged"), 0.70, 0.90),
        Row("opening a case of bare", found.ratio("open app", "open plain"), 1 / 5, 1 / 3),
        Row("one screen of one bare call by id", found.ratio("screen app", "case plain"), 1 / 8, note=note),
        Row("my work of one bare list", found.ratio("work app", "list plain"), note=f"{work_statements} statements"),
        Row("the read log keeps, list", found.ratio("list app", "list unlogged"), 0.70, 0.90),
        Row("the read log keeps, by id", found.ratio("case app", "case unlogged"), 0.70, 0.90),
        Row(f"p95 / p50 at {CROWD} connections, list", p95_p50, 2, 1.5, more=False),
        Row("p99 at one client, by id (ms)", found.of("alone app", lambda heard: heard.wait(0.99) * 1e3), form=".1f"),
        Row("max at one client, by id (ms)", found.of("alone app", lambda heard: heard.wait(1) * 1e3), form=".1f"),
    ]


def rows_inside(cpu: dict[str, list[float]], memory: dict[str, int]) -> list[Row]:
    split = f"verify {median(cpu['verify']):.0f}, middleware {median(cpu['middleware']):.0f}"
    used = "once: " + ", ".join(f"{name} {size / 1024:.0f}" for name, size in memory.items())
    resident = [memory["rss"] / 1024] * ENOUGH if memory else []
    return [
        Row("auth and middleware, CPU per request (µs)", cpu["sum"], 60, 40, more=False, form=".0f", note=split),
        Row(f"memory of one worker after {CROWD} connections (MB)", resident, 200, None, False, ".0f", note=used),
    ]


def rows_of_sql(times: dict[str, list[list[float]]]) -> list[Row]:
    """The p95 of each statement, one number a round."""
    rows = []
    for asked in sql.questions():
        rounds = times[asked.name]
        p95 = [inside.quantile(heard, 0.95) for heard in rounds]
        note = f"p50 {median(inside.quantile(heard, 0.5) for heard in rounds):.2f}"
        rows.append(Row(f"SQL p95, {asked.name} (ms)", p95, asked.floor, asked.goal, more=False, note=note))
    return rows


def table_of(rows: list[Row], title: str) -> Table:
    table = Table(title=title)
    for heading in ("number", "median", "min–max", "floor", "", "goal", "", "note"):
        table.add_column(heading, justify="left" if heading in ("number", "note", "") else "right")
    for row in rows:
        if not row.values:
            continue
        middle, least, most = (format(value, row.form) for value in inside.spread(row.values))
        floor, goal = ("" if bound is None else f"{bound:.3g}" for bound in (row.floor, row.goal))
        verdicts = row.verdict(row.floor), row.verdict(row.goal)
        spread = f"{least}–{most}" if len(set(row.values)) > 1 else ""
        table.add_row(row.name, middle, spread, floor, verdicts[0], goal, verdicts[1], row.note)
    return table


def rates_of(found: Found) -> Table:
    """Answers per second of every cell: of this machine in this hour, and good for no comparison with another."""
    table = Table(title="answers per second, median of the rounds (of this machine, in this run)")
    for heading in ("what", "app", "app without log", "bare whole", "bare plain"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for what in ("list", "case", "papers", "paper", "inbox", "screen", "work", "open", "crowd", "alone"):
        names = [f"{what} {server}" for server in ("app", "unlogged", "whole", "plain")]
        medians = [median(found.of(n, lambda heard: heard.rate)) if n in found.heard else None for n in names]
        table.add_row(what, *("" if rate is None else f"{rate:.0f}" for rate in medians))
    return table


async def _measure(
    place: generate.Place, data_dir: Path, rounds: int, seconds: float, cases: int, console: Console
) -> int:
    readers = await load(place.app, place.owner, data_dir)
    with TemporaryDirectory() as folder:
        known = Path(folder) / "readers.json"
        known.write_bytes(ACTORS.dump_json([reader.actor for reader in readers]))
        with servers.serving(place, data_dir, known) as running:
            found = Found(await rounds_of(cells(readers), running, rounds, seconds, console, "reading"))
            memory = servers.memory(running["app"])
            found.heard |= await rounds_of(writing_cells(readers), running, rounds, seconds, console, "writing")
    coordinator = next(reader for reader in readers if reader.families)
    counts = await inside.statement_counts(place, coordinator, data_dir)
    times = await sql.times(place, [(readers[number], id) for number, id in pairs(readers, 7)], rounds)
    cpu = await asyncio.to_thread(inside.cpu, coordinator, data_dir, max(rounds, ENOUGH))
    rows = rows_of(found, counts) + rows_inside(cpu, memory) + rows_of_sql(times)
    cache = await sql.setting(place, "shared_buffers")
    title = f"{cases} cases, {rounds} rounds of {seconds:g} s, shared_buffers {cache}"
    _print(console, rows, found, counts, title)
    return sum(row.verdict(row.floor) == "missed" for row in rows)


def _print(console: Console, rows: list[Row], found: Found, counts: dict[str, int], title: str) -> None:
    console.print(table_of(rows, title))
    console.print(rates_of(found))
    console.print("SQL statements per route, without BEGIN, COMMIT and set_config:")
    for name, count in counts.items():
        console.print(f"  {count:>3}  {name}")


def main(rounds: int = ENOUGH, seconds: float = 2.0, cases: int = 10_000, data_dir: Path = Path("var/bench")) -> int:
    """Run the benchmark and print its tables; how many floors are missed."""
    console, began = Console(width=132), time.monotonic()
    place = generate.world(data_dir, cases, console)
    missed = uvloop.run(_measure(place, data_dir, rounds, seconds, cases, console))
    console.print(f"{missed} floors missed; {time.monotonic() - began:.0f} s in all")
    return missed


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=ENOUGH)
    asked.add_argument("--seconds", type=float, default=2.0)
    asked.add_argument("--cases", type=int, default=10_000)
    asked.add_argument("--data-dir", type=Path, default=Path("var/bench"))
    asked.add_argument("--quick", action="store_true", help="about a minute, and rougher")
    given = asked.parse_args()
    main(given.rounds, 0.4 if given.quick else given.seconds, given.cases, given.data_dir)
