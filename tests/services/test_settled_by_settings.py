"""The settings decide who signs: when they are changed, what is open is settled by them, in both directions (X24)."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from app import worker
from app.db import Database
from app.services import settling
from tests.services.arranged import Arranged
from tests.services.test_consents import asked, draft, signed
from tests.services.test_signing import YES, set_to, told
from tests.worlds import World

pytestmark = pytest.mark.anyio


@pytest.fixture
async def arranged(world: World, owner: Database) -> Arranged:
    return await Arranged.begin(world, owner)


async def stands(arranged: Arranged, path: str) -> tuple[str, bool]:
    found = (await arranged.world.get("coordinator", path)).json()
    return found["state"], found["in_force"]


def required(consent: Any) -> set[str]:
    return {one["name"].partition(" ")[0] for one in consent["signers"] if one["required"]}


async def work(arranged: Arranged, database: Database) -> int:
    return await worker.settle(database, arranged.world.municipality, datetime.now(UTC))


async def test_one_signature_is_enough_and_then_not(arranged: Arranged, database: Database) -> None:
    """To the next request, on the path of reading too; nothing is left for the worker."""
    world, document, path = arranged.world, await arranged.document(), await asked(arranged)
    await signed(world, path, "mother")
    await set_to(world, joint_rule="any")
    assert await stands(arranged, path) == ("active", True)
    assert (await arranged.share(document, arranged.user("psychologist"))).status_code == 201
    assert await arranged.status("psychologist", document) == 200
    await set_to(world, joint_rule="all")
    assert await stands(arranged, path) == ("renewal_needed", False)
    assert await arranged.status("psychologist", document) == 404
    assert (await told(world, arranged))[-2:] == ["granted", "renewal_needed"]
    assert await work(arranged, database) == 0
    assert (await signed(world, path, "father"))["state"] == "active"
    assert await arranged.status("psychologist", document) == 200


async def test_what_one_has_declined_stays_so(arranged: Arranged) -> None:
    """P5: a "no" closes under both rules, and no setting opens what is closed."""
    world, path = arranged.world, await asked(arranged)
    await signed(world, path, "mother")
    await world.post("father", f"{path}/signatures", {"answer": "declined"})
    before, unasked = (await world.get("coordinator", path)).json(), await draft(arranged)
    await set_to(world, joint_rule="any", child_voice_age=4, youth_age=4)
    assert (await world.get("coordinator", path)).json() == before
    assert await stands(arranged, unasked) == ("draft", False)


async def test_who_signs_and_who_is_heard_by_age(arranged: Arranged) -> None:
    """The child of ten: heard, then a signer, then heard again; then too young to be asked."""
    world, path = arranged.world, await asked(arranged)
    shown = await signed(world, path, "mother", "father")
    assert (shown["state"], required(shown)) == ("active", {"mother", "father"})
    await set_to(world, youth_age=10)
    shown = (await world.get("child", path)).json()
    assert (shown["state"], required(shown)) == ("renewal_needed", {"mother", "father", "child"})
    await set_to(world, youth_age=15)
    shown = (await world.get("child", path)).json()
    assert (shown["state"], required(shown), shown["in_force"]) == ("active", {"mother", "father"}, True)
    await set_to(world, child_voice_age=12)
    assert (await world.get("child", path)).status_code == 404
    assert await stands(arranged, path) == ("active", True)
    await set_to(world, child_voice_age=10)
    assert (await world.get("child", path)).status_code == 200


async def test_of_age_earlier_and_as_before(world: World, owner: Database) -> None:
    """Of age one signs alone; the parents' signatures count again when the age is as it was."""
    arranged = await Arranged.begin(world, owner, child="teen")
    path = await asked(arranged, subject_id=arranged.family.members["teen"])
    assert (await signed(world, path, "mother", "father", "teen"))["state"] == "active"
    await set_to(world, adult_age=15)
    shown = (await world.get("coordinator", path)).json()
    assert (shown["state"], required(shown)) == ("active", {"teen"})
    await set_to(world, adult_age=18)
    shown = (await world.get("coordinator", path)).json()
    assert (shown["state"], required(shown)) == ("active", {"mother", "father", "teen"})


async def test_what_concerns_no_signer_moves_nothing(arranged: Arranged) -> None:
    world, path = arranged.world, await asked(arranged)
    before = (await world.get("coordinator", path)).json()
    await set_to(world, default_days=90, remind_days=3, coordinator_implied=False)
    assert (await world.get("coordinator", path)).json() == before
    assert await told(world, arranged) == ["drafted", "requested"]


async def test_the_coordinator_with_and_without_consent(arranged: Arranged) -> None:
    """X33 is asked at every reading: there is nothing to settle."""
    document = await arranged.document()
    for implied, status in ((False, 404), (True, 200), (False, 404)):
        await set_to(arranged.world, coordinator_implied=implied)
        assert await arranged.status("coordinator", document) == status


async def test_many_are_left_to_the_worker(
    arranged: Arranged, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, paths = arranged.world, [await asked(arranged) for _ in range(5)]
    for path in paths:
        await signed(world, path, "mother")
    monkeypatch.setattr(settling, "AT_ONCE", 2)
    monkeypatch.setattr(worker, "BATCH", 2)
    await set_to(world, joint_rule="any")
    assert [await stands(arranged, path) for path in paths].count(("active", True)) == 2
    assert await work(arranged, database) == 3
    assert {await stands(arranged, path) for path in paths} == {("active", True)}
    assert await work(arranged, database) == 0


async def test_a_request_and_a_signature_at_the_same_time(arranged: Arranged, database: Database) -> None:
    """Whoever read the settings of before is settled by those of now, by the worker if nobody else."""
    world = arranged.world
    for rule, state in (("any", "active"), ("all", "requested"), ("any", "active")):
        drafts, waiting = [await draft(arranged) for _ in range(3)], [await asked(arranged) for _ in range(3)]
        await asyncio.gather(
            *(world.post("coordinator", f"{path}/request") for path in drafts),
            set_to(world, joint_rule=rule),
            *(world.post("mother", f"{path}/signatures", YES) for path in waiting),
        )
        for path in drafts:
            await signed(world, path, "mother")
        await work(arranged, database)
        found = {await stands(arranged, path) for path in (*drafts, *waiting)}
        assert found <= ({(state, state == "active")} | ({("renewal_needed", False)} if rule == "all" else set()))


async def test_the_neighbours_consents_are_theirs(arranged: Arranged, neighbour: World, owner: Database) -> None:
    theirs = await Arranged.begin(neighbour, owner)
    path = await asked(theirs)
    await signed(neighbour, path, "mother")
    await set_to(arranged.world, joint_rule="any")
    assert await stands(theirs, path) == ("requested", False)
