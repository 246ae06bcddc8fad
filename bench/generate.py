"""Fictive municipalities for the benchmark: a few big and many small, a million cases in minutes.

Departments and professionals are thought out here and sent by COPY; the rows of the cases are made in PostgreSQL
(`rows.py`), into tables whose indexes and keys are taken off and put on again at the end, as they were. Each number of
cases is a database of its own in an embedded server, migrated like any other; one that is whole is used again. The
same number gives the same rows. Names are fictive.
"""

import asyncio
import hashlib
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from app import embedded, migrate
from app.auth import TRYOUT_ISSUER
from app.db import Database
from app.services import tenants
from bench import rows

LAYOUT: Final = 6
"""Counted up when the world is made differently, so that an old one is not used again."""
CHUNK: Final = 50_000
WRITERS: Final = 2
MUNICIPALITIES: Final = 98
OPEN: Final = 0.9
"""The share of the cases that are not closed."""
CASES_PER_COORDINATOR: Final = 25 / OPEN
CASES_PER_SPECIALIST: Final = 500 / OPEN
CASES_PER_COLLEAGUE: Final = 120 / OPEN
TEAM_COLLEAGUES: Final = 2
BEGUN: Final = rows.BEGIN - timedelta(days=300)
LOADING: Final = {
    "synchronous_commit": "off",
    "work_mem": "512MB",
    "maintenance_work_mem": "1GB",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "search_path": "public",
}


@dataclass(frozen=True)
class Place:
    """Where the benchmark's database is: as the owner of its tables, and as the app's harmless role."""

    owner: str
    app: str


# --- Who works where


COLUMNS: Final = {
    "departments": "municipality_id id name kind sector active",
    "users": "municipality_id id kind issuer subject name title profession email phone contact_hours active created_at",
    "positions": "municipality_id id user_id department_id role started_at",
}


@dataclass
class Town:
    """One municipality: its places in the order of all cases, and the rows of those who work there."""

    number: int
    first: int
    cases: int
    chance: random.Random = field(init=False)
    id: UUID = field(init=False)
    copied: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: {table: [] for table in COLUMNS})
    staff: list[list[tuple[UUID, UUID, UUID | None]]] = field(default_factory=lambda: [[], [], []])
    """Coordinators, specialists and other colleagues: each with the department and, where it matters, its head."""

    def __post_init__(self) -> None:
        self.chance = random.Random(self.number * 1_000_003 + self.cases)
        self.id = self.new_id()

    def new_id(self) -> UUID:
        """A UUIDv7 of the moment at which all of them begun."""
        milliseconds, noise = int(BEGUN.timestamp() * 1000), self.chance.getrandbits(74)
        return UUID(int=milliseconds << 80 | 7 << 76 | (noise >> 62) << 64 | 2 << 62 | noise & (1 << 62) - 1)

    def department(self, name: str, kind: str, sector: str) -> UUID:
        id = self.new_id()
        self.copied["departments"].append((self.id, id, name, kind, sector, True))
        return id

    def professional(self, profession: str, department: UUID, role: str = "member") -> UUID:
        id = self.new_id()
        name = f"{self.chance.choice(rows.GIVEN.split(','))} {self.chance.choice(rows.FAMILY.split(','))}"
        card = ("Rådgiver", profession, f"{id.hex[-12:]}@provekommune.invalid", "70 00 00 00", "Hverdage 9-14")
        self.copied["users"].append((self.id, id, "professional", TRYOUT_ISSUER, str(id), name, *card, True, BEGUN))
        self.copied["positions"].append((self.id, self.new_id(), id, department, role, BEGUN))
        return id


def towns(cases: int) -> list[Town]:
    """98 municipalities (fewer in a small world), the nth with 1 / n^1.25 of what the first has, and at least 10 cases.

    Of a million cases the first has 301,000, the tenth 17,000, the 49th 2,300 and the last 975.
    """
    count = max(5, min(MUNICIPALITIES, cases // 10_000))
    sizes = [max(10, cases_of) for cases_of in shared_out(cases, [number**-1.25 for number in range(1, count + 1)])]
    sizes[0] += cases - sum(sizes)
    ends = accumulate(sizes)
    return [Town(number, end - size, size) for number, (size, end) in enumerate(zip(sizes, ends, strict=True))]


def shared_out(whole: int, weights: list[float]) -> list[int]:
    """Whole numbers in the proportion of the weights, the first taking what is left over."""
    parts = [int(whole * weight / sum(weights)) for weight in weights]
    return [parts[0] + whole - sum(parts), *parts[1:]]


def hire(town: Town) -> None:
    """Departments and professionals. The first department holds half of the coordinators, and so of the cases."""
    coordinators, specialists, colleagues = town.staff
    count = max(1, round(town.cases / CASES_PER_COORDINATOR))
    others = min(11, 1 + town.cases // 5_000)
    for number, share in enumerate(shared_out(count, [1, *_falling(others)])):
        home = town.department(f"Børnehandicap {number}", "child_disability", "social")
        head = town.professional("social_adviser", home, "professional_head")
        coordinators += [(town.professional("social_adviser", home), home, head) for _ in range(share)]
    school = town.department("PPR", "school_psychology", "education")
    for _ in range(max(1, round(town.cases / CASES_PER_SPECIALIST))):
        specialists.append((town.professional("psychologist", school), school, None))
    homes = town.department("Sundhed", "health_care", "health"), town.department("Job", "employment", "employment")
    for number in range(max(TEAM_COLLEAGUES, round(town.cases * TEAM_COLLEAGUES / CASES_PER_COLLEAGUE))):
        colleagues.append((town.professional("health_visitor", homes[number % 2]), homes[number % 2], None))


def _falling(count: int) -> list[float]:
    """1, 1/2, 1/3 …, one together."""
    return [1 / number / sum(1 / one for one in range(1, count + 1)) for number in range(1, count + 1)]


# --- The database


def world(data_dir: Path, cases: int, console: Console) -> Place:
    """The database with that many cases: made unless it is whole, and rid of what earlier runs left in it."""
    server = embedded.start(data_dir)
    name, mark = f"indgang_bench_{cases}", f"{schema()}, layout {LAYOUT}"
    place = Place(embedded.address(server, name), embedded.address(server, name, embedded.APP_ROLE))
    admin = embedded.address(server, "postgres")
    found = asyncio.run(_fetched(admin, FOUND, name))
    made = (found or "").partition("; ")
    if made[0] == mark:
        asyncio.run(_tidy(place.owner, datetime.fromisoformat(made[2])))
        return place
    asyncio.run(_executed(admin, f'drop database if exists "{name}" with (force)', f'create database "{name}"'))
    migrate.upgrade(place.owner)
    asyncio.run(_executed(place.owner, ROLE, CACHE, *UNDISTURBED))
    try:
        fill(place.owner, cases, console)
    finally:
        asyncio.run(_executed(place.owner, *AS_BEFORE))
    asyncio.run(_executed(admin, f"comment on database {name} is '{mark}; {datetime.now(UTC).isoformat()}'"))
    return place


LOOSE: Final = {"autovacuum": "off", "fsync": "off", "full_page_writes": "off", "max_wal_size": "16GB"}
"""Settings of the server while it loads: a world that is not whole in the end is thrown away, never repaired."""
CACHE: Final = "alter system set shared_buffers = '2GB'"
"""A machine of its own gives PostgreSQL a quarter of the memory. It counts from the server's next start."""
UNDISTURBED: Final = (
    *(f"alter system set {name} = '{value}'" for name, value in LOOSE.items()),
    "select pg_reload_conf()",
)
AS_BEFORE: Final = (*(f"alter system reset {name}" for name in LOOSE), "select pg_reload_conf()", "checkpoint")
FOUND: Final = "select shobj_description(oid, 'pg_database') from pg_database where datname = $1"
ROLE: Final = f"""do $$ begin if not exists (select from pg_roles where rolname = '{embedded.APP_ROLE}') then
create role {embedded.APP_ROLE} login in role indgang_app; end if; end $$"""


def schema() -> str:
    """A mark of the migrations as they are now: a database made by others is not used again."""
    files = sorted((migrate.ROOT / "migrations" / "versions").glob("*.py"))
    return f"schema {hashlib.blake2b(b''.join(file.read_bytes() for file in files), digest_size=6).hexdigest()}"


async def _executed(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _fetched(url: str, statement: str, *values: Any) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement, *values)
    finally:
        await connection.close()


async def _tidy(url: str, made: datetime) -> None:
    """Take away what was written after the world was made."""
    owner = await asyncpg.connect(url)
    try:
        await owner.execute("set session_replication_role = replica")
        fresh = await owner.fetch("delete from cases where opened_at > $1 returning municipality_id, id", made)
        where, ids = [row["municipality_id"] for row in fresh], [row["id"] for row in fresh]
        theirs = "from unnest($1::uuid[], $2::uuid[]) t (municipality, id)"
        await owner.execute(
            f"delete from steps where (municipality_id, case_id) in (select municipality, id {theirs})", where, ids
        )
        await owner.execute(
            f"delete from counters where (municipality_id, scope) in (select municipality, 'events:' || id {theirs})",
            where,
            ids,
        )
        for table in ("events", "access_log"):
            await owner.execute(f"delete from {table} where at > $1", made)
        await owner.execute("vacuum (analyze)")
    finally:
        await owner.close()


# --- Filling it


Stage = Callable[[str, float], Callable[[float], None]]
"""Begins a stage of the progress bar by title and how much there is to do; gives what is to be told of what is done."""


def fill(url: str, cases: int, console: Console) -> None:
    """Write that many cases into a database that has just been migrated, as its owner."""
    asyncio.run(_fill(url, cases, console))


async def _fill(url: str, cases: int, console: Console) -> None:
    bar = (TextColumn("{task.description:<28}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    everyone = towns(cases)
    with Progress(*bar, TimeRemainingColumn(), console=console) as progress:

        def stage(title: str, total: float) -> Callable[[float], None]:
            task = progress.add_task(title, total=total)
            return lambda done: progress.advance(task, done)

        await _people(url, everyone, stage)
        undressed = await Dress.off(url)
        await _core(url, everyone, cases, stage)
        await _lay_out(url, cases, stage)
        await undressed.on(url, stage)
    await _executed(url, "drop schema bench cascade")


async def _people(url: str, everyone: list[Town], stage: Stage) -> None:
    """The municipalities as an operator makes them, with the shipped templates, and those who work there."""
    done = stage("municipalities and staff", len(everyone))
    owner, database = await asyncpg.connect(url, server_settings=LOADING), Database(url, 1)
    try:
        await owner.execute(rows.HELPERS)
        await owner.execute("".join(_months()))
        desk = 0
        for town in everyone:
            await _found(owner, database, town)
            desk = await _seat(owner, town, desk)
            done(1)
        await owner.execute(rows.TEMPLATE)
        await owner.execute("analyze bench.towns; analyze bench.staff; analyze bench.template")
    finally:
        await database.close()
        await owner.close()


async def _found(owner: Any, database: Database, town: Town) -> None:
    hire(town)
    code = str(1000 + town.number)
    administrator = {"issuer": TRYOUT_ISSUER, "subject": f"administrator-{code}", "name": "Asta Adminsen"}
    async with database.transaction(town.id) as session:
        known: dict[str, Any] = {"id": town.id, "name": f"Prøvekommune {town.number}", "code": code}
        await tenants.found(session, **known, administrator=administrator, fictive=True)
    for table, columns in COLUMNS.items():
        await owner.copy_records_to_table(table, records=town.copied[table], columns=columns.split())


async def _seat(owner: Any, town: Town, desk: int) -> int:
    """Number the desks of a municipality from there on; the next one that is free."""
    known = [town.number, town.id, town.first]
    for part in town.staff:
        known += [desk, len(part)]
        records = [(desk + place, *one) for place, one in enumerate(part)]
        await owner.copy_records_to_table("staff", records=records, schema_name="bench")
        desk += len(part)
    await owner.execute("insert into bench.towns values ($1, $2, $3, $4, $5, $6, $7, $8, $9)", *known)
    return desk


def _months() -> Iterable[str]:
    """Partitions of the months in which the cases were opened: a system of that age has them."""
    begin = date(rows.BEGIN.year, rows.BEGIN.month, 1)
    while begin < rows.END.date():
        end = date(begin.year + begin.month // 12, begin.month % 12 + 1, 1)
        for parent in ("events", "access_log"):
            name = f"{parent}_{begin:%Y%m}"
            yield f"create table {name} partition of {parent} for values from ('{begin}Z') to ('{end}Z');"
            yield f"alter table {name} enable row level security;"
        begin = end


async def _core(url: str, everyone: list[Town], cases: int, stage: Stage) -> None:
    done = stage("drawing cases", 1)
    firsts = "'{" + ",".join(str(town.first) for town in everyone) + "}'"
    owner = await asyncpg.connect(url, server_settings=LOADING)
    try:
        await owner.execute(rows.CORE.replace("$cases", str(cases)).replace("$firsts", firsts))
        await owner.execute("create index on bench.core (g); analyze bench.core")
    finally:
        await owner.close()
    done(1)


async def _lay_out(url: str, cases: int, stage: Stage) -> None:
    """All tables of some cases, then those of the next: neighbours in time stay neighbours on disk."""
    wanted = [(table, low) for low in range(0, cases, CHUNK) for table in rows.TABLES]
    done = stage("laying out rows", len(wanted))

    async def write(owner: Any, job: tuple[str, int]) -> None:
        table, low = job
        await owner.execute(rows.laid_out(table), low, low + CHUNK)
        done(1)

    await _by_several(url, wanted, write)


async def _by_several(url: str, jobs: Iterable[Any], work: Callable[..., Any]) -> None:
    """Do the jobs in their order, one connection for each writer."""
    left = iter(jobs)

    async def writer() -> None:
        owner = await asyncpg.connect(url, server_settings=LOADING)
        try:
            for job in left:
                await work(owner, job)
        finally:
            await owner.close()

    await asyncio.gather(*(writer() for _ in range(WRITERS)))


@dataclass(frozen=True)
class Dress:
    """The keys and indexes of the tables that are loaded: taken off, and put on again as they were."""

    indexes: dict[str, list[str]]
    foreign: list[str]

    @classmethod
    async def off(cls, url: str) -> "Dress":
        owner = await asyncpg.connect(url)
        try:
            tables = list(rows.TABLES)
            foreign = await owner.fetch(CONSTRAINTS, ["f"], tables)
            keys = await owner.fetch(CONSTRAINTS, ["p", "u"], tables)
            indexes = await owner.fetch(INDEXES, tables)
            for row in (*foreign, *keys):
                await owner.execute(f'alter table {row["table"]} drop constraint "{row["name"]}"')
            for row in indexes:
                await owner.execute(f'drop index "{row["name"]}"')
        finally:
            await owner.close()
        again: dict[str, list[str]] = {table: [] for table in tables}
        for row in keys:
            again[row["table"]].append(_constraint(row))
        for row in indexes:
            again[row["table"]].append(row["definition"].replace(" ON ONLY ", " ON "))
        return cls(again, [_constraint(row) for row in foreign])

    async def on(self, url: str, stage: Stage) -> None:
        """Indexes, then statistics, then the foreign keys: they are checked, so the world is known to be whole."""
        for title, jobs in (
            ("indexes", list(self.indexes.values())),
            ("statistics", [[f"vacuum (freeze, analyze) {table}"] for table in (*self.indexes, *SMALL)]),
            ("foreign keys", [[statement] for statement in self.foreign]),
        ):
            done = stage(title, sum(map(len, jobs)))

            async def execute(owner: Any, job: list[str], done: Callable[[float], None] = done) -> None:
                for statement in job:
                    await owner.execute(statement)
                    done(1)

            await _by_several(url, jobs, execute)


def _constraint(row: Any) -> str:
    return f'alter table {row["table"]} add constraint "{row["name"]}" {row["definition"]}'


SMALL: Final = ("departments", "municipalities", "positions", "settings_versions", "step_templates")
CONSTRAINTS: Final = """
select c.conrelid::regclass::text as table, c.conname::text as name, pg_get_constraintdef(c.oid) as definition
from pg_constraint c
where c.contype::text = any($1) and c.conparentid = 0 and c.connamespace = 'public'::regnamespace
  and (c.conrelid::regclass::text = any($2) or c.confrelid::regclass::text = any($2))
order by pg_relation_size(c.conrelid) desc, 1, 2
"""
INDEXES: Final = """
select i.indrelid::regclass::text as table, r.relname::text as name, pg_get_indexdef(i.indexrelid) as definition
from pg_index i join pg_class r on r.oid = i.indexrelid
where i.indrelid::regclass::text = any($1)
  and not exists (select from pg_constraint c where c.conindid = i.indexrelid and c.contype <> 'f') order by 1, 2
"""


def main(cases: int = 10_000, data_dir: Path = Path("var/bench")) -> None:
    """Make the world of that many cases."""
    console, began = Console(), time.monotonic()
    world(data_dir, cases, console)
    console.print(f"{cases} cases are there after {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    import sys

    main(int(sys.argv[1]) if sys.argv[1:] else 10_000)
