"""One request, one transaction, one commit; and the municipality is set in each before anything else."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import event, text

from app.db import Database, new_id
from app.services import me
from tests.worlds import World

pytestmark = pytest.mark.anyio
TABLES = ("families", "events", "access_log", "idempotency_keys")


@contextmanager
def heard(database: Database) -> Iterator[list[tuple[int, str]]]:
    """Every statement sent meanwhile, whichever road it takes, each with the connection that it went over."""
    sent: list[tuple[int, str]] = []

    def ours(name: str) -> Any:
        genuine = getattr(asyncpg.Connection, name)

        async def call(self: Any, query: str, *rest: Any, **more: Any) -> Any:
            sent.append((id(self), query))
            return await genuine(self, query, *rest, **more)

        return call

    def theirs(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append((id(connection.connection.driver_connection), statement))

    with pytest.MonkeyPatch.context() as patch:
        for name in ("execute", "fetch"):
            patch.setattr(asyncpg.Connection, name, ours(name))
        event.listen(database.engine.sync_engine, "before_cursor_execute", theirs)
        try:
            yield sent
        finally:
            event.remove(database.engine.sync_engine, "before_cursor_execute", theirs)


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The statements sent meanwhile, but for BEGIN with the municipality, COMMIT and ROLLBACK."""
    found: list[str] = []
    with heard(database) as sent:
        yield found
    found += [query for _, query in sent if not query.startswith(("begin; ", "commit", "rollback"))]


# --- a failed commit


@asynccontextmanager
async def failing_commit(owner: Database, world: World, table: str) -> AsyncIterator[None]:
    """Every commit of this municipality that added a row to the table fails: what a deferred constraint does."""
    name = f"refuse_{uuid4().hex[:12]}"
    refuse = "begin raise exception 'refused at commit'; end"
    async with owner.engine.begin() as connection:
        await connection.execute(text(f"create function {name}() returns trigger language plpgsql as $$ {refuse} $$"))
        await connection.execute(
            text(
                f"create constraint trigger {name} after insert on {table} deferrable initially deferred for each row"
                f" when (new.municipality_id = '{world.municipality}') execute function {name}()"
            )
        )
    try:
        yield
    finally:
        async with owner.engine.begin() as connection:
            await connection.execute(text(f"drop trigger {name} on {table}"))
            await connection.execute(text(f"drop function {name}()"))


async def counted(owner: Database, world: World) -> dict[str, int]:
    async with owner.transaction(world.municipality) as session:
        found = {}
        for table in TABLES:
            mine = text(f"select count(*) from {table} where municipality_id = :here")
            found[table] = (await session.execute(mine, {"here": world.municipality})).scalar_one()
        return found


async def test_a_failed_commit_is_never_a_success_and_leaves_nothing(world: World, owner: Database) -> None:
    """With the framework's own session dependency the commit came after the answer, and a failed one was a 201."""
    before = await counted(owner, world)
    body = {"owner_department_id": str(world.departments["handicap"])}
    async with failing_commit(owner, world, "families"):
        failed = await world.post("coordinator", "/v1/families", body, idempotency_key="the-first-try")
    assert (failed.status_code, failed.json()["code"]) == (503, "storage-unavailable")
    assert "location" not in failed.headers
    assert await counted(owner, world) == before
    retried = await world.post("coordinator", "/v1/families", body, idempotency_key="the-first-try")
    assert retried.status_code == 201
    assert "idempotency-replayed" not in retried.headers


async def test_a_read_whose_log_cannot_be_kept_is_refused(world: World, owner: Database) -> None:
    family = await world.family()
    async with failing_commit(owner, world, "access_log"):
        refused = await world.get("coordinator", f"/v1/families/{family.id}")
    assert refused.status_code == 503
    assert family.id not in refused.text


async def test_a_session_touched_after_its_request_is_an_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not a connection that leaks, in a transaction that nobody ends."""
    kept: list[Any] = []
    genuine = me.me

    async def keeping(session: Any, actor: Any) -> Any:
        kept.append(session)
        return await genuine(session, actor)

    monkeypatch.setattr(me, "me", keeping)
    assert (await world.get("coordinator", "/v1/me")).status_code == 200
    with pytest.raises(RuntimeError, match="over"):
        await kept[0].execute(text("select 1"))


async def test_an_error_in_a_transaction_takes_everything_back(world: World, database: Database) -> None:
    there = text("select count(*) from counters where scope = 'test'")
    with contextlib.suppress(ZeroDivisionError):
        async with database.transaction(world.municipality) as session:
            values = {"here": world.municipality}
            await session.execute(text("insert into counters values (:here, 'test', 1)"), values)
            raise ZeroDivisionError
    async with database.transaction(world.municipality) as session:
        assert (await session.execute(there)).scalar_one() == 0


# --- the municipality of a transaction


async def test_the_municipality_is_set_before_anything_else(world: World, database: Database) -> None:
    """In every transaction anew: a ROLLBACK undoes the setting, and a connection that remembers it would not notice."""
    with heard(database) as sent:
        family = await world.family()
        await world.get("stranger", f"/v1/families/{family.id}")  # refused, and that is logged: two transactions
        await world.get("mother", "/v1/me/family")
    open_on: set[int] = set()
    for connection, query in sent:
        begins = query.startswith(f"begin; select set_config('app.municipality', '{world.municipality}', true)")
        assert begins != (connection in open_on), query
        assert ("set_config" in query) is begins
        open_on ^= {connection} if begins or query in ("commit", "rollback") else set()
    assert sum(query.startswith("begin") for _, query in sent) == 9 + 2 + 1


def quietly(loop: asyncio.AbstractEventLoop) -> None:
    """Over TCP the driver leaves a future of its own behind when the opening of a connection is cancelled."""
    genuine = loop.get_exception_handler()

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if "unexpected connection_lost" not in str(context.get("exception")) and genuine is not None:
            genuine(loop, context)

    loop.set_exception_handler(handle)


async def test_cancelled_requests_leak_no_municipality(world: World, neighbour: World, database: Database) -> None:
    """Hundreds at once, a third of them cancelled at a random moment: each answer holds its own rows and no other."""
    own = {}
    for each in (world, neighbour):
        own[each.municipality] = {(await each.family()).id for _ in range(2)}
    chance = random.Random(7)

    async def ask(each: World) -> bool:
        request = asyncio.ensure_future(each.get("coordinator", "/v1/families"))
        if chance.random() < 0.35:
            await asyncio.sleep(chance.random() * 0.05)
            request.cancel()
        try:
            response = await request
        except asyncio.CancelledError:
            return False
        assert response.status_code == 200, response.text
        assert {item["id"] for item in response.json()["items"]} == own[each.municipality]
        return True

    quietly(asyncio.get_running_loop())
    answered = 0
    for _ in range(6):
        answered += sum(await asyncio.gather(*(ask(chance.choice((world, neighbour))) for _ in range(50))))
    assert 50 < answered < 290
    assert database.engine.sync_engine.pool.checkedout() == len(database._idle) <= 8  # type: ignore[attr-defined]


# --- how many statements a request takes


LISTS = [
    "/v1/cases",
    "/v1/families",
    "/v1/users",
    "/v1/departments",
    "/v1/step-templates",
    "/v1/municipality/history",
    "/v1/families/{family}/members",
    "/v1/families/{family}/custodies",
    "/v1/cases/{case}/steps",
    "/v1/cases/{case}/team",
    "/v1/cases/{case}/meetings",
    "/v1/cases/{case}/contacts",
    "/v1/cases/{case}/callbacks",
    "/v1/cases/{case}/timeline",
    "/v1/cases/{case}/assignments",
]
BOUNDS = {**dict.fromkeys(LISTS, 3), "/v1/cases/{case}": 2, "/v1/cases/{case}/overview": 10, "/v1/me/work": 6}


async def asked(world: World, database: Database, who: str, path: str) -> int:
    with statements(database) as sent:
        response = await world.get(who, path)
    assert response.status_code == 200, (path, response.text)
    return len(sent)


@pytest.fixture
async def measured(world: World) -> dict[str, str]:
    family = await world.family()
    case = await world.allocated(family)
    return {"family": family.id, "case": case["id"]}


@pytest.mark.parametrize("path", BOUNDS)
async def test_a_screen_takes_few_statements(
    path: str, world: World, database: Database, measured: dict[str, str]
) -> None:
    assert await asked(world, database, "coordinator", path.format(**measured)) <= BOUNDS[path]


async def test_the_access_log_takes_few_statements(world: World, database: Database, measured: dict[str, str]) -> None:
    path = f"/v1/cases/{measured['case']}/access-log"
    assert await asked(world, database, "mother", path) <= 3


async def grown(world: World, database: Database, who: str, paths: list[str], more: Any) -> dict[str, tuple[int, int]]:
    before = {path: await asked(world, database, who, path) for path in paths}
    await more()
    return {path: (count, await asked(world, database, who, path)) for path, count in before.items()}


async def test_the_number_of_statements_does_not_grow_with_the_work(
    world: World, database: Database, owner: Database
) -> None:
    """With team, cases and positions: a screen that asks once for each row is fast only in a demo."""
    family = await world.family()
    case = await world.allocated(family)

    async def more() -> None:
        for _ in range(3):
            await world.allocated(family)
        for who, department in (("visitor", "sundhed"), ("job_adviser", "job"), ("second", "handicap")):
            body = {"user_id": str(world.ids[who]), "department_id": str(world.departments[department])}
            assert (await world.post("coordinator", f"/v1/cases/{case['id']}/team", body)).status_code == 201
        held = "insert into positions (municipality_id, id, user_id, department_id, role, started_at)"
        async with owner.transaction(world.municipality) as session:
            for department in world.departments.values():
                values = {"m": world.municipality, "id": new_id(), "u": world.ids["coordinator"], "d": department}
                await session.execute(text(f"{held} values (:m, :id, :u, :d, 'team_leader', now())"), values)

    path = f"/v1/cases/{case['id']}"
    paths = [path, f"{path}/overview", f"{path}/team", "/v1/cases", "/v1/me/work", "/v1/me", f"{path}/explanation"]
    for name, (before, after) in (await grown(world, database, "coordinator", paths, more)).items():
        assert after <= before, name


async def test_a_family_with_more_cases_does_not_cost_more_statements(world: World, database: Database) -> None:
    family = await world.family()
    await world.allocated(family)

    async def more() -> None:
        for _ in range(3):
            await world.allocated(family)

    counts = await grown(world, database, "mother", ["/v1/me/family"], more)
    assert counts["/v1/me/family"][1] <= counts["/v1/me/family"][0]
