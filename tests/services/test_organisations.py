"""Outside organisations and the persons to turn to there (R18, R24, R89)."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.db import Database, columns
from app.models import AccessLog
from tests.worlds import World

pytestmark = pytest.mark.anyio
THERAPY = {"name": "Fysio ved Prøvestranden", "kind": "therapy", "phone": "70 00 00 31", "themes": ["Motorik", "søvn"]}
FIE = {"name": "Fie Prøvesen", "title": "Fysioterapeut", "phone": "70 00 00 32"}


async def organisation(world: World, who: str = "coordinator", **more: Any) -> Any:
    return await world.post(who, "/v1/organisations", {**THERAPY, **more})


async def names(world: World, who: str, path: str, **query: Any) -> list[str]:
    response = await world.client.get(path, params=query, headers=world.headers(who))
    assert response.status_code == 200, response.text
    return [one["name"] for one in response.json()["items"]]


async def roles(world: World, who: str, **position: Any) -> None:
    body = {"positions": [position]}
    changed = await world.update("administrator", "PATCH", f"/v1/users/{world.ids[who]}", body)
    assert changed.status_code == 200, changed.text


@pytest.mark.parametrize(
    ("who", "may"),
    [("administrator", True), ("head", True), ("other_head", True), ("coordinator", True), ("visitor", False),
     ("job_adviser", False), ("controller", False), ("auditor", False), ("journal", False), ("mother", False)],
)  # fmt: skip
async def test_who_keeps_the_registry(who: str, may: bool, world: World) -> None:
    added = await organisation(world, who)
    assert added.status_code == (201 if may else 403), added.text
    path = f"/v1/organisations/{(added if may else await organisation(world)).json()['id']}"
    person = await world.post(who, f"{path}/contact-persons", FIE)
    changed = await world.update(who, "PATCH", path, {"address": "Prøvevej 1"})
    unreadable = 404 if who == "mother" else 403
    assert person.status_code == (201 if may else unreadable)
    assert changed.status_code == (200 if may else unreadable)


async def test_a_team_leader_keeps_the_registry_too(world: World) -> None:
    await roles(world, "visitor", department_id=str(world.departments["sundhed"]), role="team_leader")
    assert (await organisation(world, "visitor")).status_code == 201


async def test_staff_and_services_read_and_citizens_do_not(world: World) -> None:
    made = (await organisation(world)).json()
    path = f"/v1/organisations/{made['id']}"
    person = (await world.post("coordinator", f"{path}/contact-persons", FIE)).json()
    for who in ("visitor", "auditor", "journal", "other_service"):
        assert await names(world, who, "/v1/organisations") == [THERAPY["name"]]
        assert (await world.get(who, path)).json() == made
        assert await names(world, who, f"{path}/contact-persons") == [FIE["name"]]
        assert (await world.get(who, f"/v1/contact-persons/{person['id']}")).json() == person
    for who in ("mother", "teen"):
        assert await names(world, who, "/v1/organisations") == []
        for hidden in (path, f"{path}/contact-persons", f"/v1/contact-persons/{person['id']}"):
            assert (await world.get(who, hidden)).status_code == 404


async def test_partners_are_found_by_theme_kind_and_use(world: World) -> None:
    """R89: by what they can help with, however it is written."""
    await organisation(world)
    other = (await organisation(world, name="Prøveskolen", kind="school", themes=["motorik"])).json()
    both = [THERAPY["name"], "Prøveskolen"]
    assert await names(world, "visitor", "/v1/organisations", theme="MOTORIK") == both
    assert await names(world, "visitor", "/v1/organisations", theme="søvn", kind="therapy") == both[:1]
    assert await names(world, "visitor", "/v1/organisations", theme="motor") == []
    assert await names(world, "visitor", "/v1/organisations", kind="school") == both[1:]
    path = f"/v1/organisations/{other['id']}"
    assert (await world.update("head", "PATCH", path, {"active": False})).json()["active"] is False
    assert await names(world, "visitor", "/v1/organisations", active="true") == both[:1]
    assert await names(world, "visitor", "/v1/organisations", active="false") == both[1:]


async def test_a_name_is_taken_once(world: World, neighbour: World) -> None:
    answers = await asyncio.gather(*(organisation(world) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    refused = next(one for one in answers if one.status_code == 409).json()
    assert (refused["code"], refused["errors"][0]["pointer"]) == ("already-exists", "/name")
    assert THERAPY["name"] not in str(refused)
    other = (await organisation(world, name="Prøveskolen")).json()
    renamed = await world.update("head", "PATCH", f"/v1/organisations/{other['id']}", {"name": THERAPY["name"]})
    assert (renamed.status_code, renamed.json()["errors"][0]["pointer"]) == (409, "/name")
    assert (await organisation(neighbour)).status_code == 201


async def test_what_cannot_be_empty_is_not_emptied(world: World) -> None:
    path = f"/v1/organisations/{(await organisation(world)).json()['id']}"
    person = (await world.post("head", f"{path}/contact-persons", FIE)).json()
    for place, field in (
        *((path, field) for field in ("name", "kind", "themes", "active")),
        *((f"/v1/contact-persons/{person['id']}", field) for field in ("name", "active")),
    ):
        refused = await world.update("head", "PATCH", place, {field: None})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{field}")
    cleared = await world.update("head", "PATCH", path, {"phone": None})
    assert (cleared.status_code, cleared.json()["phone"]) == (200, None)


@pytest.mark.parametrize(
    "wrong",
    [{"name": " "}, {"kind": "bakery"}, {"themes": ["a", "a"]}, {"themes": ["x" * 61]}, {"phone": "abc"},
     {"email": "x"}, {"unknown": 1}, {"themes": [f"tema {n}" for n in range(51)]}],
)  # fmt: skip
async def test_a_malformed_organisation_is_refused(wrong: Any, world: World) -> None:
    refused = await organisation(world, **wrong)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"].split("/")[1] == next(iter(wrong))


async def test_a_change_demands_the_version_that_was_read(world: World) -> None:
    path = f"/v1/organisations/{(await organisation(world)).json()['id']}"
    tag = (await world.get("head", path)).headers["etag"]
    assert (await world.call("head", "PATCH", path, {"phone": "70 00 00 33"})).status_code == 428
    sent = [world.call(who, "PATCH", path, {"phone": "70 00 00 33"}, if_match=tag) for who in ("head", "coordinator")]
    assert sorted(one.status_code for one in await asyncio.gather(*sent)) == [200, 412]


async def test_a_contact_person_is_kept_when_no_longer_there(world: World) -> None:
    """R24. Nothing is deleted."""
    made = (await organisation(world)).json()
    place = f"/v1/organisations/{made['id']}/contact-persons"
    added = await world.post("coordinator", place, FIE)
    assert (added.status_code, added.json()["organisation_name"]) == (201, made["name"])
    path = added.headers["location"]
    gone = await world.update("head", "PATCH", path, {"active": False, "phone": None})
    assert (gone.status_code, gone.json()["active"], gone.json()["phone"]) == (200, False, None)
    assert await names(world, "visitor", place, active="true") == []
    assert await names(world, "visitor", place) == [FIE["name"]]
    assert (await world.post("coordinator", f"/v1/organisations/{uuid4()}/contact-persons", FIE)).status_code == 404


async def test_who_looked_at_a_contact_person_is_logged(world: World, owner: Database) -> None:
    """A person by name and phone; the organisation itself is about nobody, and stands under no family."""
    place = f"/v1/organisations/{(await organisation(world)).json()['id']}/contact-persons"
    await world.post("coordinator", place, FIE)
    await world.get("visitor", place)
    log = columns(AccessLog)
    async with owner.transaction(world.municipality) as session:
        mine = (log.municipality_id == world.municipality, log.actor_id == world.ids["visitor"])
        found = (await session.execute(select(log.resource, log.action, log.family_id, log.case_id).where(*mine))).all()
    assert [tuple(row) for row in found] == [("contact_person", "list", None, None)]


async def test_a_neighbours_partners_are_absent(world: World, neighbour: World) -> None:
    path = f"/v1/organisations/{(await organisation(world)).json()['id']}"
    person = (await world.post("coordinator", f"{path}/contact-persons", FIE)).json()["id"]
    for hidden in (path, f"{path}/contact-persons", f"/v1/contact-persons/{person}"):
        assert (await neighbour.get("administrator", hidden)).status_code == 404
    assert (await neighbour.post("administrator", f"{path}/contact-persons", FIE)).status_code == 404
    assert await names(neighbour, "administrator", "/v1/organisations") == []
