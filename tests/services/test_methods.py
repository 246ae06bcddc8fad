"""The written method: versioned, read by everybody who works here, and how well known it is (R90, T25, X30)."""

import asyncio
from typing import Any

import pytest

from tests.worlds import World

pytestmark = pytest.mark.anyio
TEXT = "Vi begynder altid med familiens egne ord.\n\nOg vi følger op."


async def publish(world: World, who: str = "head", **more: Any) -> Any:
    return await world.post(who, "/v1/methods", {"title": "Vores metode", "text": TEXT, **more})


async def role(world: World, who: str, role: str, department: str = "handicap") -> None:
    body = {"positions": [{"department_id": str(world.departments[department]), "role": role}]}
    answer = await world.update("administrator", "PATCH", f"/v1/users/{world.ids[who]}", body)
    assert answer.status_code == 200, answer.text


async def test_the_method_has_versions_that_are_never_changed(world: World) -> None:
    first = await publish(world)
    assert (first.status_code, first.json()["version"], first.json()["text"]) == (201, 1, TEXT)
    assert first.headers["location"] == f"/v1/methods/{first.json()['id']}"
    assert (await world.get("visitor", first.headers["location"])).json()["title"] == "Vores metode"
    second = await publish(world, "administrator", based_on=1, title="Metoden")
    assert second.json()["version"] == 2
    for stale in (None, 1, 3):
        refused = await publish(world, based_on=stale)
        assert (refused.status_code, refused.json()["code"]) == (409, "method-changed"), stale
    listed = (await world.get("coordinator", "/v1/methods")).json()["items"]
    assert [(one["version"], one["title"]) for one in listed] == [(2, "Metoden"), (1, "Vores metode")]
    assert "text" not in listed[0]


async def test_two_versions_at_once_are_not_both_the_next(world: World) -> None:
    await publish(world)
    answers = await asyncio.gather(*(publish(world, based_on=1, title=f"Udgave {n}") for n in range(4)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {"method-changed"}


async def test_those_who_develop_the_practice_publish_it(world: World) -> None:
    await role(world, "second", "development_consultant")
    for who, status in (("coordinator", 403), ("visitor", 403), ("journal", 403), ("mother", 403), ("second", 201)):
        assert (await publish(world, who)).status_code == status, who
    assert (await publish(world, title="", text="x")).status_code == 422
    assert (await publish(world, text="x" * 200_001)).status_code == 422


async def test_the_method_is_for_those_who_work_here(world: World, neighbour: World) -> None:
    id = (await publish(world)).json()["id"]
    for who in ("mother", "teen", "stranger"):
        assert (await world.get(who, f"/v1/methods/{id}")).status_code == 404
        assert (await world.get(who, "/v1/methods")).json()["items"] == []
        assert (await world.post(who, f"/v1/methods/{id}/reading")).status_code == 404
    for path in ("", "/coverage"):
        assert (await neighbour.get("head", f"/v1/methods/{id}{path}")).status_code == 404
    assert (await neighbour.post("head", f"/v1/methods/{id}/reading")).status_code == 404


async def test_each_says_once_that_she_has_read_the_version_in_force(world: World) -> None:
    id = (await publish(world)).json()["id"]
    assert (await world.get("visitor", f"/v1/methods/{id}")).json()["read_at"] is None
    first, again = [await world.post("visitor", f"/v1/methods/{id}/reading") for _ in range(2)]
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["read_at"] == again.json()["read_at"] is not None
    assert (await world.get("coordinator", f"/v1/methods/{id}")).json()["read_at"] is None
    answers = await asyncio.gather(*(world.post("coordinator", f"/v1/methods/{id}/reading") for _ in range(4)))
    assert {one.status_code for one in answers} == {200}
    assert (await world.post("journal", f"/v1/methods/{id}/reading")).status_code == 403
    await publish(world, based_on=1)
    late = await world.post("psychologist", f"/v1/methods/{id}/reading")
    assert (late.status_code, late.json()["code"]) == (409, "method-superseded")


async def test_coverage_is_figures_by_department_and_no_names(world: World) -> None:
    """R90: how many know it; nobody is ranked, and who works in two places counts once in the whole."""
    id = (await publish(world)).json()["id"]
    places = [{"department_id": str(world.departments[key]), "role": "member"} for key in ("ppr", "sundhed")]
    await world.update("administrator", "PATCH", f"/v1/users/{world.ids['visitor']}", {"positions": places})
    for who in ("visitor", "psychologist", "head"):
        await world.post(who, f"/v1/methods/{id}/reading")
    found = (await world.get("head", f"/v1/methods/{id}/coverage")).json()
    assert {one["department_name"]: (one["readers"], one["professionals"]) for one in found["departments"]} == {
        "Administration": (0, 1), "handicap": (1, 4), "job": (0, 2), "ppr": (2, 3), "sundhed": (1, 1),
    }  # fmt: skip
    assert (found["version"], found["readers"], found["professionals"]) == (1, 3, 10)
    assert "Prøvesen" not in str(found)
    await world.update("administrator", "PATCH", f"/v1/users/{world.ids['psychologist']}", {"active": False})
    left = (await world.get("head", f"/v1/methods/{id}/coverage")).json()
    assert (left["readers"], left["professionals"]) == (2, 9)
    for who, status in (("coordinator", 403), ("auditor", 403), ("administrator", 403), ("mother", 404)):
        assert (await world.get(who, f"/v1/methods/{id}/coverage")).status_code == status, who
