"""Those who have not signed are reminded: on their own screen, on that of who asked, and by one event (R288)."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from fastapi import FastAPI

from app import worker
from app.db import Database
from app.services.signers import begins
from tests.services.arranged import Arranged
from tests.services.test_consents import asked, day, draft, drafted, signed
from tests.services.test_signing import YES, set_to, told
from tests.worlds import World

pytestmark = pytest.mark.anyio
Clock = Callable[[datetime], None]


@pytest.fixture
async def arranged(world: World, owner: Database) -> Arranged:
    return await Arranged.begin(world, owner)


@pytest.fixture
def clock(app: FastAPI) -> Iterator[Clock]:
    genuine = app.state.context

    def set_to(moment: datetime) -> None:
        app.state.context = replace(genuine, clock=lambda: moment)

    yield set_to
    app.state.context = genuine


def morning(days: int) -> datetime:
    return begins(date.fromisoformat(day(days))) + timedelta(hours=8)


async def remind(arranged: Arranged, moment: datetime, database: Database) -> int:
    return await worker.remind(database, arranged.world.municipality, moment)


async def due_to(world: World, who: str) -> list[bool]:
    """For each consent that waits for this signer, whether it is due."""
    return [one["remind_due"] for one in (await world.get(who, "/v1/me/family")).json()["consents_waiting"]]


async def to_remind(world: World, who: str = "coordinator") -> list[str]:
    return [f"/v1/consents/{one['id']}" for one in (await world.get(who, "/v1/me/work")).json()["consents_to_remind"]]


async def test_the_day_comes_from_the_setting(arranged: Arranged) -> None:
    world, path = arranged.world, await asked(arranged)
    assert (await world.get("mother", path)).json()["remind_on"] == day(7)
    await set_to(world, remind_days=3)
    assert (await world.get("mother", path)).json()["remind_on"] == day(7), "the request says what it said"
    assert (await world.get("mother", await asked(arranged))).json()["remind_on"] == day(3)
    short = await asked(arranged, expires_on=day(3))
    assert (await world.get("mother", short)).json()["remind_on"] is None, "it has ended by then"
    unasked = (await world.get("coordinator", await draft(arranged))).json()
    assert (unasked["remind_on"], unasked["remind_due"]) == (None, False)


async def test_the_day_is_chosen_in_the_draft(arranged: Arranged) -> None:
    world = arranged.world
    for more, code in (
        ({"remind_on": day(-1)}, "past"),
        ({"remind_on": day(20), "expires_on": day(20)}, "period-invalid"),
        ({"remind_on": day(400)}, "period-invalid"),
    ):
        refused = await drafted(arranged, **more)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/remind_on")
        assert refused.json()["errors"][0]["code"] == code
    path = await draft(arranged, remind_on=day(2))
    assert (await world.update("coordinator", "PATCH", path, {"expires_on": day(2)})).status_code == 422
    assert (await world.update("coordinator", "PATCH", path, {"remind_on": day(4)})).json()["remind_on"] == day(4)
    asked_for = await world.post("coordinator", f"{path}/request")
    assert asked_for.json()["remind_on"] == day(4)
    cleared = await draft(arranged, remind_on=day(2))
    assert (await world.update("coordinator", "PATCH", cleared, {"remind_on": None})).json()["remind_on"] is None
    assert (await world.post("coordinator", f"{cleared}/request")).json()["remind_on"] == day(7)


async def test_a_day_that_has_passed_since_is_named(arranged: Arranged, clock: Clock) -> None:
    path = await draft(arranged, remind_on=day(2))
    clock(morning(3))
    late = await arranged.world.post("coordinator", f"{path}/request")
    assert (late.status_code, late.json()["errors"][0]["pointer"]) == (422, "/remind_on")


async def test_from_that_day_it_is_due(arranged: Arranged, clock: Clock) -> None:
    """To who has not signed, and to who asked; not to the psychologist, who works on the case and asked nothing."""
    world, path = arranged.world, await asked(arranged)
    await signed(world, path, "mother")
    register = f"/v1/cases/{arranged.case['id']}/consents"
    for days, due in ((6, False), (7, True), (8, True)):
        clock(morning(days))
        assert await due_to(world, "father") == [due]
        assert await due_to(world, "mother") == []
        assert await to_remind(world) == ([path] if due else [])
        assert await to_remind(world, "psychologist") == []
        for wanted in (True, False):
            found = await world.get("coordinator", f"{register}?remind_due={str(wanted).lower()}")
            assert len(found.json()["items"]) == (wanted is due)
    await signed(world, path, "father")
    assert await to_remind(world) == []
    assert (await world.get("father", path)).json()["remind_due"] is False


async def test_a_family_that_asked_sees_it_too(arranged: Arranged, clock: Clock) -> None:
    world, path = arranged.world, await asked(arranged, "mother")
    await signed(world, path, "mother")
    clock(morning(7))
    assert await due_to(world, "father") == [True]
    found = await world.get("mother", f"/v1/cases/{arranged.case['id']}/consents?remind_due=true")
    assert [f"/v1/consents/{one['id']}" for one in found.json()["items"]] == [path]
    assert await to_remind(world) == []


async def test_one_event_tells_of_it(arranged: Arranged, database: Database, clock: Clock) -> None:
    world, path, other = arranged.world, await asked(arranged), await asked(arranged)
    about_him = await asked(arranged, subject_id=arranged.family.members["father"])
    await signed(world, other, "mother", "father")
    for days, count in ((6, 0), (7, 2), (7, 0), (9, 0)):
        assert await remind(arranged, morning(days), database) == count
    clock(morning(9))
    rows = (await world.get("coordinator", f"/v1/cases/{arranged.case['id']}/timeline?limit=200")).json()["items"]
    due = [row for row in rows if row["type"] == "consent.reminder_due"]
    assert {row["resource_id"] for row in due} == {one.rpartition("/")[2] for one in (path, about_him)}
    assert {row["actor_kind"] for row in due} == {"service"}
    for who, count in (("mother", 1), ("father", 2)):
        assert (await told(world, arranged, who)).count("reminder_due") == count, "one parent's is not the other's"


async def test_what_does_not_wait_is_not_told_of(arranged: Arranged, database: Database) -> None:
    world = arranged.world
    await draft(arranged, remind_on=day(2))
    for verb, body in (("signatures", {"answer": "declined"}), ("withdrawal", {}), ("cancellation", {})):
        path = await asked(arranged)
        who = "coordinator" if verb == "cancellation" else "mother"
        assert (await world.post(who, f"{path}/{verb}", body)).status_code == 201
    await asked(arranged, expires_on=day(9))
    assert await remind(arranged, morning(9), database) == 0, "over, before the worker wrote that down"


async def test_one_that_needs_a_signature_anew_is_due_at_once(
    arranged: Arranged, database: Database, clock: Clock
) -> None:
    """Its day has passed, and nothing was told while all had signed."""
    world, path = arranged.world, await asked(arranged)
    await signed(world, path, "mother", "father")
    assert await remind(arranged, morning(8), database) == 0
    await set_to(world, youth_age=10)
    clock(morning(8))
    assert await due_to(world, "child") == [True]
    assert await to_remind(world) == [path]
    assert await remind(arranged, morning(8), database) == 1
    assert await remind(arranged, morning(9), database) == 0


async def test_two_workers_and_a_signature_at_once(
    arranged: Arranged, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told of once, or signed before."""
    world, paths = arranged.world, [await asked(arranged) for _ in range(6)]
    for path in paths:
        await signed(world, path, "mother")
    monkeypatch.setattr(worker, "BATCH", 4)
    moment = morning(7)
    *_, first, second = await asyncio.gather(
        *(world.post("father", f"{path}/signatures", YES) for path in paths[:3]),
        remind(arranged, moment, database),
        remind(arranged, moment, database),
    )
    assert first + second >= 3
    states = [(await world.get("mother", path)).json()["state"] for path in paths]
    assert states == ["active"] * 3 + ["requested"] * 3
    assert 3 <= (await told(world, arranged)).count("reminder_due") <= 6
    assert await remind(arranged, moment, database) == 0
    await worker.work(database)
