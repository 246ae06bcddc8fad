"""What time, custody and birth dates do to consents: by the request that changes them, and by the worker (P4)."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app import worker
from app.db import Database, columns
from app.models import Basis, Event
from app.services.signers import begins, birthday
from tests.services.arranged import Arranged
from tests.services.test_consents import asked, day, draft, signed, today
from tests.services.test_signing import YES, told
from tests.test_transactions import statements
from tests.worlds import FamilyOf, World

pytestmark = pytest.mark.anyio
Clock = Callable[[datetime], None]


@pytest.fixture
async def arranged(world: World, owner: Database) -> Arranged:
    return await Arranged.begin(world, owner)


@pytest.fixture
def clock(app: FastAPI) -> Iterator[Clock]:
    """Sets the hour at which the API answers."""
    genuine = app.state.context

    def set_to(moment: datetime) -> None:
        app.state.context = replace(genuine, clock=lambda: moment)

    yield set_to
    app.state.context = genuine


def just(moment: datetime, seconds: float) -> datetime:
    return moment + timedelta(seconds=seconds)


async def custodies(world: World, family: FamilyOf, child: str = "child") -> dict[str, str]:
    """The paths of who has custody of the child, by word."""
    words = {id: who for who, id in family.members.items()}
    rows = (await world.get("coordinator", f"/v1/families/{family.id}/custodies")).json()["items"]
    mine = [row for row in rows if row["child_id"] == family.members[child]]
    return {words[row["holder_id"]]: f"/v1/custodies/{row['id']}" for row in mine}


async def end_custody(arranged: Arranged, who: str, day: str) -> None:
    path = (await custodies(arranged.world, arranged.family))[who]
    ended = await arranged.world.update("coordinator", "PATCH", path, {"valid_until": day})
    assert ended.status_code == 200, ended.text


async def give_custody(arranged: Arranged, valid_from: str) -> str:
    """A grandmother of the family gets custody of the child; her id."""
    family = f"/v1/families/{arranged.family.id}"
    person = {"kind": "adult", "relation": "grandparent", "name": "Mormor Prøvesen"}
    person |= {"login": arranged.world.login("stranger")}
    id: str = (await arranged.world._made("coordinator", f"{family}/members", person))["id"]
    body = {"child_id": arranged.family.members["child"], "holder_id": id, "source": "court", "valid_from": valid_from}
    await arranged.world._made("coordinator", f"{family}/custodies", body)
    return id


async def work(arranged: Arranged, moment: datetime, database: Database) -> int:
    return await worker.settle(database, arranged.world.municipality, moment)


async def state(arranged: Arranged, path: str) -> tuple[str, bool]:
    found = (await arranged.world.get("coordinator", path)).json()
    return found["state"], found["in_force"]


# --- by the request that changes it


async def test_a_new_custody_holder_must_sign_too(arranged: Arranged) -> None:
    """At once: what was open is shut, and the former signatures still stand."""
    world, document, path = arranged.world, await arranged.document(), await asked(arranged)
    await signed(world, path, "mother", "father")
    await arranged.share(document, arranged.user("psychologist"))
    assert await arranged.status("psychologist", document) == 200
    grandmother = await give_custody(arranged, day(0))
    shown = (await world.get("mother", path)).json()
    assert (shown["state"], shown["in_force"], shown["ended_at"]) == ("renewal_needed", False, None)
    assert {one["member_id"]: one["answer"] for one in shown["signers"] if one["required"]} == {
        arranged.family.members["mother"]: "approved",
        arranged.family.members["father"]: "approved",
        grandmother: None,
    }
    assert await arranged.status("psychologist", document) == 404
    assert (await told(world, arranged))[-1] == "renewal_needed"
    again = await world.post("stranger", f"{path}/signatures", YES)
    assert (again.json()["state"], again.json()["in_force"]) == ("active", True)
    assert await arranged.status("psychologist", document) == 200, "the share stood all the while"
    assert (await told(world, arranged))[-2:] == ["signed", "granted"]


async def test_a_holder_who_ends_needs_not_sign(arranged: Arranged) -> None:
    world, path = arranged.world, await asked(arranged)
    await signed(world, path, "mother")
    await end_custody(arranged, "father", day(0))
    assert await state(arranged, path) == ("active", True)
    assert (await world.post("father", f"{path}/withdrawal")).status_code == 404
    assert (await told(world, arranged))[-1] == "granted"


async def test_the_last_holder_who_ends_ends_it(arranged: Arranged) -> None:
    world, path = arranged.world, await asked(arranged)
    await signed(world, path, "mother", "father")
    for who in ("mother", "father"):
        await end_custody(arranged, who, day(0))
    shown = (await world.get("coordinator", path)).json()
    assert (shown["state"], shown["in_force"]) == ("renewal_needed", False)
    assert [one["required"] for one in shown["signers"]] == [False, False, False]


async def test_custody_that_comes_later_is_in_the_range_already(arranged: Arranged, clock: Clock) -> None:
    """P4: reading never waits for the worker, to the second, whatever the clocks do in between."""
    world, document, path = arranged.world, await arranged.document(), await asked(arranged)
    await signed(world, path, "mother", "father")
    await arranged.share(document, arranged.user("psychologist"))
    await give_custody(arranged, day(200))
    midnight = begins(date.fromisoformat(day(200)))
    shown = (await world.get("mother", path)).json()
    assert (shown["state"], shown["active_until"]) == ("active", midnight.isoformat().replace("+00:00", "Z"))
    for seconds, status in ((-1, 200), (0, 404), (1, 404)):
        clock(just(midnight, seconds))
        assert await arranged.status("psychologist", document) == status, seconds
        assert (await world.get("mother", path)).json()["in_force"] is (status == 200)


async def test_every_case_in_which_the_child_is_spoken_of(arranged: Arranged) -> None:
    """A sibling's case can hold a consent about the child too."""
    world = arranged.world
    other = Arranged(world, arranged.owner, arranged.family, await world.allocated(arranged.family, child="teen"))
    here, there = await asked(arranged), await asked(other)
    for path in (here, there):
        await signed(world, path, "mother", "father")
    await give_custody(arranged, day(0))
    for path in (here, there):
        assert await state(arranged, path) == ("renewal_needed", False)
    about = (await world.get("teen", f"/v1/cases/{other.case['id']}/timeline")).text
    assert "consent." not in about, "a consent about the sibling is not the teenager's"


async def test_a_corrected_birth_date_settles_what_is_open(arranged: Arranged) -> None:
    world, path = arranged.world, await asked(arranged)
    await signed(world, path, "mother", "father")
    member = f"/v1/members/{arranged.family.members['child']}"
    older = {"birth_date": (today() - timedelta(days=16 * 366)).isoformat()}
    assert (await world.update("coordinator", "PATCH", member, older)).status_code == 200
    assert await state(arranged, path) == ("renewal_needed", False)
    assert (await signed(world, path, "child"))["state"] == "active"
    assert (await world.update("coordinator", "PATCH", member, {"phone": "70 00 00 11"})).status_code == 200


# --- by the worker


async def test_what_expires_is_written_down_and_told(arranged: Arranged, database: Database, clock: Clock) -> None:
    world, document = arranged.world, await arranged.document()
    path, waiting, draft_of = await asked(arranged, expires_on=day(40)), await asked(arranged, expires_on=day(40)), None
    draft_of = await draft(arranged, expires_on=day(40))
    await signed(world, path, "mother", "father")
    await arranged.share(document, arranged.user("psychologist"))
    midnight = begins(date.fromisoformat(day(40)))
    for seconds, status, count in ((-1, 200, 0), (0, 404, 2), (1, 404, 0)):
        moment = just(midnight, seconds)
        clock(moment)
        assert await arranged.status("psychologist", document) == status, "before the worker came"
        assert await work(arranged, moment, database) == count
        for one in (path, waiting):
            assert (await world.get("mother", one)).json()["state"] == (
                "expired" if status == 404 else "active" if one == path else "requested"
            )
    shown = (await world.get("mother", path)).json()
    assert shown["ended_at"] == shown["active_until"] == midnight.isoformat().replace("+00:00", "Z")
    assert (await world.get("coordinator", draft_of)).json()["state"] == "draft"
    assert (await told(world, arranged)).count("expired") == 2
    rows = (await world.get("mother", f"/v1/cases/{arranged.case['id']}/timeline")).json()["items"]
    assert [(row["actor_kind"], row["actor_name"]) for row in rows if row["type"] == "consent.expired"] == [
        ("service", None),
        ("service", None),
    ]


async def test_the_fifteenth_birthday(world: World, owner: Database, database: Database, clock: Clock) -> None:
    """The day is known ahead; when it has come the young person is asked, and her signature opens it again."""
    young = date(today().year - 14, 2, 28) if today() > date(today().year, 2, 28) else date(today().year - 15, 2, 28)
    family = await world.family(teen_birth=young)
    arranged = Arranged(world, owner, family, await world.allocated(family, child="teen"))
    document = await arranged.document("teen")
    path = await asked(arranged, subject_id=family.members["teen"])
    await signed(world, path, "mother", "father")
    await arranged.share(document, arranged.user("psychologist"))
    midnight = begins(birthday(young, 15))
    assert midnight > datetime.now(UTC)
    assert (await world.get("teen", path)).status_code == 200, "heard before"
    heard = await world.post("teen", f"{path}/signatures", YES)
    assert heard.json()["state"] == "active"
    clock(just(midnight, -1))
    assert await arranged.status("psychologist", document) == 200
    clock(midnight)
    assert await arranged.status("psychologist", document) == 404, "what she said when only heard is no signature"
    assert await work(arranged, midnight, database) == 1
    assert await state(arranged, path) == ("renewal_needed", False)
    waiting = await world.get("teen", f"/v1/cases/{arranged.case['id']}/consents?awaiting_me=true")
    assert [one["answer"] for one in waiting.json()["items"][0]["signers"] if one["name"].startswith("teen")] == [None]
    clock(just(midnight, 3600))
    assert (await signed(world, path, "teen"))["state"] == "active"
    assert await arranged.status("psychologist", document) == 200
    assert await work(arranged, just(midnight, 3700), database) == 0


async def test_a_holder_whose_end_was_known_is_missed_no_more(arranged: Arranged, database: Database) -> None:
    world, path = arranged.world, await asked(arranged)
    await signed(world, path, "mother")
    await end_custody(arranged, "father", day(10))
    assert await state(arranged, path) == ("requested", False)
    moment = datetime.combine(date.fromisoformat(day(10)), time(9), UTC)
    assert await work(arranged, moment, database) == 1
    assert (await world.get("mother", path)).json()["state"] == "active"


async def test_many_are_settled_in_batches(
    arranged: Arranged, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [await asked(arranged, expires_on=day(9)) for _ in range(5)]
    monkeypatch.setattr(worker, "BATCH", 2)
    moment = begins(date.fromisoformat(day(9)))
    assert await work(arranged, moment, database) == 5
    assert {await state(arranged, path) for path in paths} == {("expired", False)}
    await worker.work(database)


async def test_settling_takes_as_many_statements_for_many_as_for_one(arranged: Arranged, database: Database) -> None:
    world = arranged.world
    counts = []
    for more in (1, 6):
        for _ in range(more):
            await signed(world, await asked(arranged), "mother", "father")
        path = (await custodies(world, arranged.family))["father"]
        current = await world.get("coordinator", path)
        body = {"valid_until": day(300 - len(counts))}
        with statements(database) as sent:
            moved = await world.call("coordinator", "PATCH", path, body, if_match=current.headers["etag"])
        assert moved.status_code == 200, moved.text
        counts.append(len(sent))
    assert counts[0] == counts[1]


# --- at the same time


async def test_custody_and_signatures_at_once(arranged: Arranged, owner: Database) -> None:
    """No deadlock, and whoever comes last sees the other: nothing is in force without the new holder's signature."""
    world = arranged.world
    others = [Arranged(world, owner, arranged.family, await world.allocated(arranged.family)) for _ in range(2)]
    paths = [await asked(one) for one in (arranged, *others) for _ in range(2)]
    for path in paths:
        await signed(world, path, "mother")
    answers = await asyncio.gather(
        *(world.post("father", f"{path}/signatures", YES) for path in paths[:3]),
        give_custody(arranged, day(0)),
        *(world.post("father", f"{path}/signatures", YES) for path in paths[3:]),
        world.call(
            "coordinator", "PUT", f"/v1/members/{arranged.family.members['father']}/login", world.login("father")
        ),
    )
    assert {answer.status_code for answer in answers if not isinstance(answer, str)} <= {201, 428}
    for path in paths:
        shown = (await world.get("coordinator", path)).json()
        assert (shown["in_force"], len([one for one in shown["signers"] if one["required"]])) == (False, 3)
        assert (await world.post("stranger", f"{path}/signatures", YES)).json()["state"] == "active"


async def test_the_worker_and_a_withdrawal_at_once(arranged: Arranged, database: Database, clock: Clock) -> None:
    world = arranged.world
    paths = [await asked(arranged, expires_on=day(9)) for _ in range(4)]
    moment = begins(date.fromisoformat(day(9)))
    clock(just(moment, -2))
    answers = await asyncio.gather(
        *(world.post("mother", f"{path}/withdrawal") for path in paths), work(arranged, moment, database)
    )
    assert {answer.status_code for answer in answers[:-1]} <= {201, 409}
    states = {(await world.get("mother", path)).json()["state"] for path in paths}
    assert states <= {"withdrawn", "expired"}
    clock(moment)
    assert await work(arranged, just(moment, 5), database) == 0


async def test_events_of_consents_are_numbered_without_gaps(arranged: Arranged, owner: Database) -> None:
    path = await asked(arranged)
    await signed(arranged.world, path, "mother", "father")
    await give_custody(arranged, day(0))
    event = columns(Event)
    async with owner.transaction(arranged.world.municipality) as session:
        rows = await session.execute(
            select(event.sequence).where(event.case_id == UUID(arranged.case["id"])).order_by(event.sequence)
        )
    numbers = list(rows.scalars())
    assert numbers == list(range(1, len(numbers) + 1))


async def test_what_is_closed_stays_closed(arranged: Arranged, owner: Database) -> None:
    world, path = arranged.world, await asked(arranged)
    await world.post("mother", f"{path}/signatures", {"answer": "declined"})
    before = (await world.get("mother", path)).json()
    await end_custody(arranged, "mother", day(0))
    assert (await world.get("father", path)).json() == before
    basis = columns(Basis)
    async with owner.transaction(world.municipality) as session:
        found = await session.execute(select(basis.changes_on).where(basis.id == UUID(before["id"])))
    assert found.scalars().all() == [None]
