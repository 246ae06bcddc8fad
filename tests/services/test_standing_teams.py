"""Standing teams and the seats in them (R31, R32, R81, X27)."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.worlds import World

pytestmark = pytest.mark.anyio


async def team(world: World, who: str = "head", **more: Any) -> Any:
    return await world.post(who, "/v1/teams", {"name": "Team Nord", **more})


async def seat(world: World, id: str, who: str, department: str, by: str = "head") -> Any:
    body = {"user_id": str(world.ids[who]), "department_id": str(world.departments[department])}
    return await world.post(by, f"/v1/teams/{id}/seats", body)


@pytest.mark.parametrize(
    ("who", "may"),
    [("administrator", True), ("head", True), ("other_head", True), ("coordinator", False), ("controller", False),
     ("psychologist", False), ("journal", False), ("mother", False)],
)  # fmt: skip
async def test_who_puts_teams_together(who: str, may: bool, world: World) -> None:
    made = await team(world, who)
    assert made.status_code == (201 if may else 403)
    id = (made if may else await team(world)).json()["id"]
    refused = 404 if who == "mother" else 403
    added = await seat(world, id, "psychologist", "ppr", by=who)
    assert added.status_code == (201 if may else refused)
    changed = await world.update(who, "PATCH", f"/v1/teams/{id}", {"note": "Mødes om mandagen."})
    assert changed.status_code == (200 if may else refused)
    taken = (added if may else await seat(world, id, "psychologist", "ppr")).json()["id"]
    left = await world.post(who, f"/v1/team-seats/{taken}/leave")
    assert left.status_code == (200 if may else refused)


async def test_a_team_says_where_it_sits_and_how_many_it_is(world: World) -> None:
    """R31, R32."""
    made = (await team(world, separate=True, location="Familiehuset")).json()
    assert (made["separate"], made["location"], made["size"], made["active"]) == (True, "Familiehuset", 0, True)
    for who, department in (("psychologist", "ppr"), ("visitor", "sundhed"), ("coordinator", "handicap")):
        assert (await seat(world, made["id"], who, department)).status_code == 201
    for reader in ("visitor", "journal"):
        assert (await world.get(reader, f"/v1/teams/{made['id']}")).json()["size"] == 3
        (listed,) = (await world.get(reader, "/v1/teams")).json()["items"]
        assert listed["size"] == 3
    assert (await world.get("mother", "/v1/teams")).json()["items"] == []
    for hidden in ("", "/seats"):
        assert (await world.get("mother", f"/v1/teams/{made['id']}{hidden}")).status_code == 404


@pytest.mark.parametrize(
    ("who", "department", "pointer", "code"),
    [("mother", "ppr", "/user_id", "not-a-professional"), ("journal", "handicap", "/user_id", "not-a-professional"),
     ("visitor", "ppr", "/department_id", "not-in-department")],
)  # fmt: skip
async def test_a_seat_is_for_a_professional_of_that_department(
    who: str, department: str, pointer: str, code: str, world: World
) -> None:
    id = (await team(world)).json()["id"]
    refused = await seat(world, id, who, department)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert refused.json()["errors"][0]["pointer"] == pointer


async def test_who_is_employed_outside_gets_no_seat_and_joins_no_team(world: World) -> None:
    """R18: the reason is said, and not that the person works in another department."""
    made = await world.post("head", "/v1/organisations", {"name": "Solskolen", "kind": "school"})
    assert made.status_code == 201, made.text
    body = {"kind": "professional", "profession": "teacher", "name": "Udefra Prøvesen"} | world.login("outside")
    user = await world.post("administrator", "/v1/users", body | {"organisation_id": made.json()["id"]})
    assert user.status_code == 201, user.text
    wanted = {"user_id": user.json()["id"], "department_id": str(world.departments["ppr"])}
    id, case = (await team(world)).json()["id"], await world.allocated()
    for who, path in (("head", f"/v1/teams/{id}/seats"), ("coordinator", f"/v1/cases/{case['id']}/team")):
        refused = await world.post(who, path, wanted)
        assert (refused.status_code, refused.json()["code"]) == (422, "employed-outside"), path
        assert refused.json()["errors"][0]["pointer"] == "/user_id"


async def test_a_neighbours_people_get_no_seat(world: World, neighbour: World) -> None:
    id = (await team(world)).json()["id"]
    theirs = {"user_id": str(neighbour.ids["psychologist"]), "department_id": str(neighbour.departments["ppr"])}
    absent = {"user_id": str(uuid4()), "department_id": str(uuid4())}
    answers = [await world.post("head", f"/v1/teams/{id}/seats", body) for body in (theirs, absent)]
    assert [one.status_code for one in answers] == [422, 422]
    assert answers[0].json() == answers[1].json()
    assert (await seat(neighbour, id, "psychologist", "ppr")).status_code == 404


async def test_one_has_one_seat_and_can_come_back(world: World) -> None:
    id = (await team(world)).json()["id"]
    answers = await asyncio.gather(*(seat(world, id, "psychologist", "ppr") for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    assert {one.json().get("code") for one in answers} == {None, "already-seated"}
    path = next(one.headers["location"] for one in answers if one.status_code == 201)
    leaving = await asyncio.gather(*(world.post("head", f"{path}/leave") for _ in range(3)))
    assert sorted(one.status_code for one in leaving) == [200, 409, 409]
    assert (await world.get("head", path)).json()["left_at"] is not None
    assert (await seat(world, id, "psychologist", "ppr")).status_code == 201
    seats = f"/v1/teams/{id}/seats"
    listed = [(await world.get("visitor", f"{seats}{query}")).json()["items"] for query in ("", "?active=true")]
    assert [len(items) for items in listed] == [2, 1]
    assert {(one["user_name"], one["profession"]) for one in listed[0]} == {("psychologist Prøvesen", "psychologist")}


async def test_a_team_that_is_not_in_use_takes_nobody(world: World) -> None:
    id = (await team(world)).json()["id"]
    taken = (await seat(world, id, "psychologist", "ppr")).json()
    assert (await world.update("head", "PATCH", f"/v1/teams/{id}", {"active": False})).status_code == 200
    refused = await seat(world, id, "visitor", "sundhed")
    assert (refused.status_code, refused.json()["code"]) == (409, "not-in-use")
    wrong = await seat(world, id, "visitor", "ppr")
    assert wrong.status_code == 422  # what a request means is judged before what the team is
    assert (await world.post("head", f"/v1/team-seats/{taken['id']}/leave")).status_code == 200


async def test_a_name_is_taken_once(world: World) -> None:
    answers = await asyncio.gather(*(team(world) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409]
    refused = next(one for one in answers if one.status_code == 409).json()
    assert (refused["code"], refused["errors"][0]["pointer"]) == ("already-exists", "/name")
    path = next(one.headers["location"] for one in answers if one.status_code == 201)
    for field in ("name", "separate", "active"):
        empty = await world.update("head", "PATCH", path, {field: None})
        assert (empty.status_code, empty.json()["errors"][0]["pointer"]) == (422, f"/{field}")


async def test_a_seat_opens_no_case(world: World) -> None:
    """A standing team is organisation: its people read nothing until somebody puts them on a case."""
    case = await world.allocated()
    id = (await team(world)).json()["id"]
    assert (await seat(world, id, "visitor", "sundhed")).status_code == 201
    assert (await world.get("visitor", f"/v1/cases/{case['id']}")).status_code == 404
