"""How the members of a family are related (R22)."""

import asyncio
from typing import Any

import pytest

from tests.worlds import FamilyOf, World

pytestmark = pytest.mark.anyio
NOBODY = "01999999-0000-7000-8000-000000000000"


async def relate(world: World, family: FamilyOf, one: str, kind: str, other: str) -> Any:
    """`one` is the `kind` of `other`."""
    body = {"from_id": family.members.get(one, one), "to_id": family.members.get(other, other), "kind": kind}
    return await world.post("coordinator", f"/v1/families/{family.id}/relations", body)


async def member(world: World, family: FamilyOf, word: str, **more: Any) -> str:
    body = {"kind": "adult", "relation": "other", "name": f"{word} Prøvesen"} | more
    made = await world.post("coordinator", f"/v1/families/{family.id}/members", body)
    assert made.status_code == 201, made.text
    family.members[word] = made.json()["id"]
    return family.members[word]


async def test_a_relation_is_recorded_read_and_ended(world: World) -> None:
    family = await world.family()
    made = await relate(world, family, "mother", "parent", "child")
    assert made.status_code == 201, made.text
    path = made.headers["location"]
    assert path == f"/v1/relations/{made.json()['id']}"
    assert (await world.get("coordinator", path)).json() == made.json()
    twice = await relate(world, family, "mother", "guardian", "child")
    assert (twice.status_code, twice.json()["code"]) == (409, "already-exists")
    ended = await world.post("coordinator", f"{path}/end")
    assert (ended.status_code, ended.headers["content-location"]) == (200, path)
    assert ended.json()["ended_at"] is not None
    again = await world.post("coordinator", f"{path}/end")
    assert (again.status_code, again.json()["code"]) == (409, "relation-ended")
    assert (await relate(world, family, "mother", "guardian", "child")).status_code == 201
    listed = f"/v1/families/{family.id}/relations"
    for query, kinds in (("", ["parent", "guardian"]), ("?current=true", ["guardian"]), ("?current=false", ["parent"])):
        items = (await world.get("coordinator", listed + query)).json()["items"]
        assert [one["kind"] for one in items] == kinds, query


@pytest.mark.parametrize("kind", ["sibling", "half_sibling", "step_sibling", "partner", "former_partner", "friend"])
async def test_what_both_are_to_one_another_is_recorded_once(kind: str, world: World) -> None:
    family = await world.family()
    answers = await asyncio.gather(
        *(relate(world, family, *pair) for pair in (("child", kind, "teen"), ("teen", kind, "child")) for _ in range(2))
    )
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    refused = {(one.json()["code"], one.json()["errors"][0]["pointer"]) for one in answers if one.status_code == 409}
    assert refused == {("already-exists", "/to_id")}
    path = next(one.headers["location"] for one in answers if one.status_code == 201)
    assert (await world.post("coordinator", f"{path}/end")).status_code == 200
    assert (await relate(world, family, "teen", kind, "child")).status_code == 201


async def test_what_one_is_to_the_other_only_does_not_shut_out_the_other_way(world: World) -> None:
    family = await world.family()
    for one, other in (("mother", "father"), ("father", "mother")):
        assert (await relate(world, family, one, "other", other)).status_code == 201


@pytest.mark.parametrize(
    ("one", "kind", "other", "pointer", "code"),
    [
        ("mother", "parent", "mother", "/to_id", "same-person"),
        ("child", "sibling", "child", "/to_id", "same-person"),
        ("teen", "parent", "child", "/from_id", "not-an-adult"),
        ("child", "step_parent", "teen", "/from_id", "not-an-adult"),
        ("teen", "guardian", "child", "/from_id", "not-an-adult"),
        ("friend", "parent", "child", "/from_id", "not-an-adult"),
        ("late", "parent", "child", "/from_id", "born-too-late"),
        ("late", "grandparent", "child", "/from_id", "born-too-late"),
        (NOBODY, "parent", "child", "/from_id", "member-not-in-family"),
        ("mother", "parent", NOBODY, "/to_id", "member-not-in-family"),
    ],
)
async def test_what_cannot_be_is_refused_by_its_field(
    one: str, kind: str, other: str, pointer: str, code: str, world: World
) -> None:
    family = await world.family()
    await member(world, family, "friend", kind="network")
    await member(world, family, "late", birth_date="2024-01-01")
    refused = await relate(world, family, one, kind, other)
    told = refused.json()
    assert (refused.status_code, told["code"], told["errors"][0]["pointer"]) == (422, code, pointer)


async def test_a_member_of_another_family_or_municipality_is_unknown(world: World, neighbour: World) -> None:
    family, other, theirs = await world.family(), await world.family(), await neighbour.family()
    for foreign in (other.members["child"], theirs.members["child"]):
        refused = await relate(world, family, "mother", "parent", foreign)
        assert (refused.status_code, refused.json()["code"]) == (422, "member-not-in-family")
    made = (await relate(world, family, "mother", "parent", "child")).json()
    for path in (f"/v1/relations/{made['id']}", f"/v1/families/{family.id}/relations"):
        assert (await neighbour.get("coordinator", path)).status_code == 404
    assert (await neighbour.post("coordinator", f"/v1/relations/{made['id']}/end")).status_code == 404


async def test_nobody_is_her_own_parent_by_way_of_others(world: World) -> None:
    family = await world.family()
    for word in ("one", "two", "three"):
        await member(world, family, word)
    assert (await relate(world, family, "one", "parent", "two")).status_code == 201
    circle = await relate(world, family, "two", "parent", "one")
    assert (circle.status_code, circle.json()["code"]) == (409, "parents-in-circle")
    made = await relate(world, family, "two", "grandparent", "three")
    assert made.status_code == 201
    longer = await relate(world, family, "three", "parent", "one")
    assert (longer.status_code, longer.json()["errors"][0]["pointer"]) == (409, "/from_id")
    assert (await relate(world, family, "three", "friend", "one")).status_code == 201
    await world.post("coordinator", f"/v1/relations/{made.json()['id']}/end")
    assert (await relate(world, family, "three", "parent", "two")).status_code == 201


async def test_of_two_who_close_the_circle_at_once_one_is_refused(world: World) -> None:
    family = await world.family()
    await member(world, family, "one")
    await member(world, family, "two")
    for _ in range(3):
        answers = await asyncio.gather(
            relate(world, family, "one", "parent", "two"), relate(world, family, "two", "parent", "one")
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        (made,) = [answer.json()["id"] for answer in answers if answer.status_code == 201]
        assert (await world.post("coordinator", f"/v1/relations/{made}/end")).status_code == 200


async def test_a_citizen_reads_a_relation_between_her_own_only(world: World) -> None:
    family = await world.family()
    await world.allocated(family)
    made = {}
    for one, kind, other in (
        ("mother", "parent", "child"), ("father", "parent", "child"), ("child", "sibling", "teen"),
        ("mother", "former_partner", "father"),
    ):  # fmt: skip
        made[one, other] = (await relate(world, family, one, kind, other)).json()["id"]
    readers = {
        "mother": {("mother", "child"), ("child", "teen")},
        "father": {("father", "child"), ("child", "teen")},
        "child": set(),
        "teen": set(),
        "stranger": set(),
        **{who: set(made) for who in ("coordinator", "psychologist", "head")},
    }
    for who, expected in readers.items():
        for pair, id in made.items():
            found = (await world.get(who, f"/v1/relations/{id}")).status_code
            assert found == (200 if pair in expected else 404), (who, pair)
        listed = await world.get(who, f"/v1/families/{family.id}/relations")
        assert listed.status_code == (200 if expected else 404), who
        assert {one["id"] for one in listed.json().get("items", [])} == {made[pair] for pair in expected}, who


async def test_who_may_relate(world: World) -> None:
    """Those who decide whom the family consists of: never a leader, the team, or the family."""
    family = await world.family()
    await world.allocated(family)
    body = {"from_id": family.members["mother"], "to_id": family.members["child"], "kind": "parent"}
    path = f"/v1/families/{family.id}/relations"
    for who, status in (("head", 403), ("psychologist", 403), ("mother", 404), ("visitor", 404), ("coordinator", 201)):
        assert (await world.post(who, path, body)).status_code == status, who
