"""Fictive municipalities for the benchmark: one big and many small, written by COPY as the owner of the schema.

The database is `indgang_bench` in an embedded server of its own, migrated like any other. The same number of cases
gives the same world; a world that is there already is used again. Names are fictive.
"""

import asyncio
import hashlib
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from app import embedded, migrate
from app.auth import TRYOUT_ISSUER
from app.db import Database
from app.services import tenants

DATABASE: Final = "indgang_bench"
LAYOUT: Final = 1
"""Counted up when the world is made differently, so that an old one is not used again."""
CHUNK: Final = 2_000
CASES_PER_COORDINATOR: Final = 40
CASES_PER_SPECIALIST: Final = 500
CASES_PER_COLLEAGUE: Final = 120
CELLS: Final = ("purpose", "content", "participants", "responsible")
GIVEN: Final = (
    "Alma",
    "Storm",
    "Karla",
    "Villads",
    "Nor",
    "Ellinor",
    "Bertram",
    "Saga",
    "Vilde",
    "Otto",
    "Liva",
    "Aksel",
)
FAMILY: Final = (
    "Prøvesen",
    "Testgaard",
    "Eksempelsen",
    "Modelbjerg",
    "Skabelonsen",
    "Øvelund",
    "Attrapholm",
    "Digtersen",
)

Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Place:
    """Where the benchmark's database is: as the owner of its tables, and as the app's harmless role."""

    owner: str
    app: str


COLUMNS: Final = {
    "departments": "id name kind sector active",
    "users": "id kind issuer subject name title profession email phone contact_hours active created_at",
    "positions": "id user_id department_id role started_at",
    "families": "id owner_department_id created_at created_by",
    "members": "id family_id kind relation name birth_date phone user_id created_at",
    "custodies": "id family_id child_id holder_id source valid_from created_at created_by",
    "cases": "id number family_id child_id owner_department_id model state kle_code template_id template_version"
    " external_references opened_at opened_by allocated_at first_contact_at closed_at close_reason",
    "assignments": "id case_id user_id role assigned_at assigned_by ended_at end_reason",
    "team_members": "id case_id user_id department_id profession joined_at added_by",
    "steps": "id case_id number title stage optional repeatable requires cells status holder_id started_at"
    " completed_at completed_by",
    "meetings": "id case_id kind status planned_for chair_id held_at attendance created_at created_by",
    "contacts": "id case_id kind channel took_place_at note recorded_at recorded_by",
    "callbacks": "id case_id status member_id wish asked_at answered_at answered_by",
    "counters": "scope value",
    "events": "id at type resource resource_id case_id sequence actor_id actor_kind",
    "access_log": "id at outcome action resource resource_ids rules case_id actor_id actor_kind actor_roles"
    " actor_departments request_id",
}
"""The columns that are written, each table's after `municipality_id`."""


@dataclass
class Staff:
    """The people of one municipality: (user, department) of each."""

    homes: list[UUID]
    heads: list[UUID] = field(default_factory=list)
    coordinators: list[tuple[UUID, int]] = field(default_factory=list)
    specialists: list[tuple[UUID, UUID]] = field(default_factory=list)
    colleagues: list[tuple[UUID, UUID]] = field(default_factory=list)


class Town:
    """One municipality being written: every id is made from `chance`, so the same seed gives the same town."""

    def __init__(self, number: int, cases: int, now: datetime) -> None:
        self.cases, self.now = cases, now
        self.chance = random.Random(number * 1_000_003 + cases)
        self.id = self.new_id(now - timedelta(days=1500))
        self.code = str(1000 + number) if number else "999"
        self.name = f"Prøvekommune {number}"
        self.template_id, self.template = self.id, list[dict[str, Any]]()

    def new_id(self, moment: datetime) -> UUID:
        """A UUIDv7 of that moment."""
        milliseconds, noise = int(moment.timestamp() * 1000), self.chance.getrandbits(74)
        return UUID(int=milliseconds << 80 | 7 << 76 | (noise >> 62) << 64 | 2 << 62 | noise & (1 << 62) - 1)

    def person(self) -> str:
        return f"{self.chance.choice(GIVEN)} {self.chance.choice(FAMILY)}"

    def moment(self) -> datetime:
        """Some time in the past three years."""
        return self.now - timedelta(seconds=self.chance.randrange(3600, 3 * 365 * 86400))


def towns(cases: int, now: datetime) -> list[Town]:
    """One municipality with half of the cases, and small ones that share the rest unevenly (1, 1/2, 1/3 …)."""
    small = max(4, min(97, cases // 5_000))
    weights = [1 / (rank + 1) for rank in range(small)]
    rest = [max(1, int(cases / 2 * weight / sum(weights))) for weight in weights]
    return [Town(number, size, now) for number, size in enumerate([cases - sum(rest), *rest])]


def staff_of(town: Town, rows: Rows) -> Staff:
    """Departments and professionals. The first department owns half of the cases."""
    begun = town.now - timedelta(days=1400)
    homes = [town.new_id(begun) for _ in range(1 + max(1, town.cases // 800))]
    other = {name: town.new_id(begun) for name in ("PPR", "Sundhed", "Job")}
    kinds = {"PPR": ("school_psychology", "education"), "Sundhed": ("health_care", "health")}
    rows["departments"] += [
        (id, f"Børnehandicap {number}", "child_disability", "social", True) for number, id in enumerate(homes)
    ]
    rows["departments"] += [
        (id, name, *kinds.get(name, ("employment", "employment")), True) for name, id in other.items()
    ]
    staff = Staff(homes)
    staff.heads = [_professional(town, rows, begun, "social_adviser", home, "professional_head") for home in homes]
    for number in range(max(1, town.cases // CASES_PER_COORDINATOR)):
        home = 0 if number % 2 == 0 else 1 + number // 2 % (len(homes) - 1)
        staff.coordinators.append((_professional(town, rows, begun, "social_adviser", homes[home]), home))
    for _ in range(max(1, town.cases // CASES_PER_SPECIALIST)):
        staff.specialists.append((_professional(town, rows, begun, "psychologist", other["PPR"]), other["PPR"]))
    for number in range(max(2, town.cases * 2 // CASES_PER_COLLEAGUE)):
        place = other[("Sundhed", "Job")[number % 2]]
        staff.colleagues.append((_professional(town, rows, begun, "health_visitor", place), place))
    return staff


def _professional(
    town: Town, rows: Rows, begun: datetime, profession: str, department: UUID, role: str = "member"
) -> UUID:
    id = town.new_id(begun)
    card = ("Rådgiver", profession, f"{id.hex[-12:]}@provekommune.invalid", "70 00 00 00", "Hverdage 9-14")
    rows["users"].append((id, "professional", TRYOUT_ISSUER, str(id), town.person(), *card, True, begun))
    rows["positions"].append((town.new_id(begun), id, department, role, begun))
    return id


def add_case(town: Town, staff: Staff, rows: Rows, number: int, when: datetime) -> None:
    """One family with its case, and all that has happened in it."""
    chance, new = town.chance, town.new_id
    coordinator, home = staff.coordinators[chance.randrange(len(staff.coordinators))]
    department, head = staff.homes[home], staff.heads[home]
    child, family = _family(town, rows, department, coordinator, when)
    id, allocated = new(when), when + timedelta(hours=chance.randrange(1, 72))
    contacted = allocated + timedelta(days=chance.randrange(0, 6)) if chance.random() < 0.9 else None
    state = chance.choices(("start_up", "running", "ordinary", "closed"), (3, 5, 1, 1))[0]
    closed = allocated + timedelta(days=200) if state == "closed" else None
    code = f"{when.year}-{1_000_000 + number:07d}"
    origin = (family, child, department, "efei", state, "27.24.00", town.template_id, 1, REFERENCES)
    reason = None if closed is None else "plan_completed"
    rows["cases"].append(
        (id, code, *origin, when, coordinator, allocated, contacted, closed, reason),
    )
    assigned = (id, coordinator, "coordinator", allocated, head)
    rows["assignments"].append((new(allocated), *assigned, None, None))
    if chance.random() < 0.1:
        former, _ = staff.coordinators[chance.randrange(len(staff.coordinators))]
        rows["assignments"].append((new(when), id, former, "coordinator", when, head, allocated, "changed"))
    _team(town, staff, rows, id, allocated, coordinator)
    _steps(town, rows, id, state, allocated, coordinator)
    _dealings(town, rows, id, child, coordinator, allocated, contacted)
    _history(town, rows, id, department, coordinator, when, allocated)


REFERENCES: Final = '[{"system": "journal", "reference": "J-2026-114"}]'


def _family(town: Town, rows: Rows, department: UUID, coordinator: UUID, when: datetime) -> tuple[UUID, UUID]:
    """A child and two custody holders, the mother with an account; (child, family)."""
    new, chance = town.new_id, town.chance
    family, child, login = new(when), new(when), new(when)
    born = date(2008, 1, 1) + timedelta(days=chance.randrange(6_200))
    parents = [new(when), new(when)]
    rows["families"].append((family, department, when, coordinator))
    rows["users"].append(
        (login, "citizen", TRYOUT_ISSUER, str(login), town.person(), None, None, None, None, None, True, when)
    )
    rows["members"].append((child, family, "child", "child", town.person(), born, None, None, when))
    for parent, relation, account in zip(parents, ("mother", "father"), (login, None), strict=True):
        rows["members"].append((parent, family, "adult", relation, town.person(), None, "70 00 00 01", account, when))
        rows["custodies"].append((new(when), family, child, parent, "civil_registry", born, when, coordinator))
    return child, family


def _team(town: Town, staff: Staff, rows: Rows, id: UUID, when: datetime, coordinator: UUID) -> None:
    chance = town.chance
    chosen = [chance.choice(staff.specialists), *chance.sample(staff.colleagues, 2)]
    for place, (user, department) in enumerate(chosen):
        profession = "health_visitor" if place else "psychologist"
        rows["team_members"].append((town.new_id(when), id, user, department, profession, when, coordinator))


def _steps(town: Town, rows: Rows, id: UUID, state: str, when: datetime, coordinator: UUID) -> None:
    done = town.chance.randrange(0, 4) if state == "start_up" else len(town.template)
    for step in town.template:
        place = 0 if step["number"] <= done else 1 if step["number"] == done + 1 else 2
        status = ("done", "started", "planned")[place]
        started, completed = when if place < 2 else None, when if place == 0 else None
        by = coordinator if place == 0 else None
        fixed = (step["title"], step["stage"], step["optional"], step["repeatable"], step["requires"], step["cells"])
        rows["steps"].append(
            (town.new_id(when), id, step["number"], *fixed, status, coordinator, started, completed, by)
        )


def _dealings(
    town: Town, rows: Rows, id: UUID, child: UUID, coordinator: UUID, when: datetime, contacted: datetime | None
) -> None:
    held = when + timedelta(days=14)
    here = "[]"
    for status, at in (("held", held), ("planned", None)):
        rows["meetings"].append(
            (town.new_id(when), id, "status", status, held, coordinator, at, here, when, coordinator)
        )
    if contacted is not None:
        rows["contacts"].append(
            (town.new_id(contacted), id, "first_contact", "phone", contacted, "Aftalt møde.", contacted, coordinator)
        )
    if town.chance.random() < 0.1:
        rows["callbacks"].append((town.new_id(held), id, "waiting", child, "Ring helst om morgenen", held, None, None))


def _history(
    town: Town, rows: Rows, id: UUID, department: UUID, coordinator: UUID, when: datetime, allocated: datetime
) -> None:
    deeds = (("case.created", when), ("case.allocated", allocated), ("step.started", allocated))
    for number, (type, at) in enumerate(deeds, start=1):
        rows["events"].append((town.new_id(at), at, type, "case", id, id, number, coordinator, "professional"))
    rows["counters"].append((f"events:{id}", len(deeds)))
    for at in (when, allocated):
        read = ([id], ["coordinator_of_case"], id, coordinator, "professional", ["member"], [department], "bench")
        rows["access_log"].append((town.new_id(at), at, "read", "read", "case", *read))


# --- Writing it


def start(data_dir: Path) -> Place:
    """The embedded server with its database, made and migrated unless it is there."""
    server = embedded.start(data_dir)
    place = Place(embedded.address(server, DATABASE), embedded.address(server, DATABASE, embedded.APP_ROLE))
    asyncio.run(_make(embedded.address(server, "postgres")))
    migrate.upgrade(place.owner)
    asyncio.run(_allow(place.owner))
    return place


async def _make(admin_url: str) -> None:
    admin = await asyncpg.connect(admin_url)
    try:
        made_as: str | None = await admin.fetchval(
            "select coalesce(shobj_description(oid, 'pg_database'), '') from pg_database where datname = $1", DATABASE
        )
        if made_as is not None and schema() not in made_as:
            await admin.execute(f'drop database "{DATABASE}" with (force)')
            made_as = None
        if made_as is None:
            await admin.execute(f'create database "{DATABASE}"')
            await admin.execute(f"comment on database {DATABASE} is '{schema()}'")
    finally:
        await admin.close()


def schema() -> str:
    """A mark of the migrations as they are now: a database made by others is not used again."""
    files = sorted((migrate.ROOT / "migrations" / "versions").glob("*.py"))
    return f"schema {hashlib.blake2b(b''.join(file.read_bytes() for file in files), digest_size=6).hexdigest()}"


async def _allow(owner_url: str) -> None:
    owner = await asyncpg.connect(owner_url)
    try:
        if not await owner.fetchval("select 1 from pg_roles where rolname = $1", embedded.APP_ROLE):
            await owner.execute(f"create role {embedded.APP_ROLE} login in role indgang_app")
    finally:
        await owner.close()


async def ensure(place: Place, cases: int, console: Console) -> None:
    """Make the world of that many cases, unless it is there; what earlier runs left in it is taken away."""
    owner = await asyncpg.connect(place.owner)
    try:
        wanted = f"{schema()}, layout {LAYOUT}, {cases} cases"
        found: str | None = await owner.fetchval(
            "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()"
        )
        made = found.partition("; ")[2] if found and found.startswith(wanted + ";") else ""
        if made:
            await _tidy(owner, datetime.fromisoformat(made))
            return
        await _write(owner, place.owner, cases, console)
        await owner.execute(f"comment on database {DATABASE} is '{wanted}; {datetime.now(UTC).isoformat()}'")
    finally:
        await owner.close()


async def _tidy(owner: Any, made: datetime) -> None:
    """Take away what was written after the world was made."""
    await owner.execute("set session_replication_role = replica")
    fresh = "select id from cases where opened_at > $1"
    await owner.execute(f"delete from steps where case_id in ({fresh})", made)
    await owner.execute(f"delete from counters where scope in (select 'events:' || id from ({fresh}) new)", made)
    for table in ("events", "access_log"):
        await owner.execute(f"delete from {table} where at > $1", made)
    await owner.execute("delete from cases where opened_at > $1", made)
    await owner.execute("vacuum analyze")


async def _write(owner: Any, url: str, cases: int, console: Console) -> None:
    tables = await owner.fetch("select tablename from pg_tables where schemaname = 'public'")
    names = ", ".join(row["tablename"] for row in tables if row["tablename"] != "alembic_version")
    await owner.execute(f"truncate {names} cascade")
    await owner.execute("set session_replication_role = replica; set synchronous_commit = off")
    bar = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*bar, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("writing cases", total=cases)
        for town in towns(cases, datetime.now(UTC)):
            await _found(owner, url, town)
            for rows in _chunks(town):
                written = len(rows["cases"])
                await _copy(owner, town.id, rows)
                progress.advance(task, written)
        progress.update(task, description="analyzing")
        await owner.execute("vacuum analyze")


async def _found(owner: Any, url: str, town: Town) -> None:
    """The municipality as an operator makes it, with the shipped templates."""
    database = Database(url, 1)
    administrator = {"issuer": TRYOUT_ISSUER, "subject": f"administrator-{town.code}", "name": "Asta Adminsen"}
    try:
        async with database.transaction(town.id) as session:
            known: dict[str, Any] = {"id": town.id, "name": town.name, "code": town.code}
            await tenants.found(session, **known, administrator=administrator, fictive=True)
    finally:
        await database.close()
    template = await owner.fetchrow(
        "select id, steps from step_templates where municipality_id = $1 and model = 'efei'", town.id
    )
    town.template_id = template["id"]
    town.template = [_prepared(step) for step in orjson.loads(template["steps"])]


def _prepared(step: dict[str, Any]) -> dict[str, Any]:
    cells = orjson.dumps({name: step[name] for name in CELLS}).decode()
    return {**step, "requires": orjson.dumps(step["requires"]).decode(), "cells": cells}


def _chunks(town: Town) -> Iterator[Rows]:
    """The town's rows, a few thousand cases at a time, oldest first."""
    rows: Rows = {table: [] for table in COLUMNS}
    staff = staff_of(town, rows)
    moments = sorted(town.moment() for _ in range(town.cases))
    for number, when in enumerate(moments, start=1):
        add_case(town, staff, rows, number, when)
        if number % CHUNK == 0:
            yield rows
            rows = {table: [] for table in COLUMNS}
    yield rows


async def _copy(owner: Any, municipality: UUID, rows: Rows) -> None:
    for table, columns in COLUMNS.items():
        records = ((municipality, *row) for row in rows[table])
        await owner.copy_records_to_table(table, records=records, columns=["municipality_id", *columns.split()])


def main(cases: int = 10_000, data_dir: Path = Path("var/bench")) -> None:
    """Make the world of that many cases."""
    console, began = Console(), time.monotonic()
    asyncio.run(ensure(start(data_dir), cases, console))
    console.print(f"{cases} cases are there after {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    import sys

    main(int(sys.argv[1]) if sys.argv[1:] else 10_000)
