"""How complex a case is: parties, sectors and the adviser's own rating (R73)."""

from typing import Any

import pytest

from tests.policy.scenes import join
from tests.worlds import World

pytestmark = pytest.mark.anyio


async def complexity(world: World, case: dict[str, Any], who: str = "coordinator") -> dict[str, Any]:
    found = await world.get(who, f"/v1/cases/{case['id']}/complexity")
    assert found.status_code == 200, found.text
    shown: dict[str, Any] = found.json()
    return shown


async def rate(world: World, case: dict[str, Any], rating: str | None, who: str = "coordinator") -> Any:
    return await world.update(who, "PUT", f"/v1/cases/{case['id']}/complexity", {"rating": rating})


async def test_many_parties_from_many_sectors_make_a_case_complex(world: World) -> None:
    family = await world.family()
    case = await world.allocated(family)
    path = f"/v1/cases/{case['id']}"
    settings = {"settings": {"case": {"complex_from_parties": 3, "complex_from_sectors": 4}}}
    assert (await world.update("administrator", "PATCH", "/v1/municipality", settings)).status_code == 200
    simple = {"level": "low", "parties": 1, "sectors": 2, "own_rating": None, "reasons": [], "suggests": []}
    assert await complexity(world, case) == simple
    visitor = await join(world, path, "coordinator", "visitor", "sundhed")
    abroad = {"member_id": family.members["mother"], "area": "En anden kommune"}
    related = await world._made("coordinator", f"{path}/related-cases", abroad)
    medium = {"level": "medium", "parties": 3, "sectors": 3, "reasons": ["many_parties"], "suggests": []}
    assert await complexity(world, case, "psychologist") == {**simple, **medium}
    job = {"member_id": family.members["mother"], "department_id": str(world.departments["job"])}
    await world._made("coordinator", f"{path}/related-cases", job)
    high = {"level": "high", "parties": 4, "sectors": 4, "reasons": ["many_parties", "many_sectors"]}
    assert await complexity(world, case) == {**simple, **high, "suggests": ["buddy", "sof"]}
    assert (await world.post("coordinator", f"/v1/related-cases/{related['id']}/end")).is_success
    assert (await complexity(world, case))["parties"] == 3
    assert (await world.post("coordinator", f"/v1/team-members/{visitor['id']}/leave", {"reason": "x"})).is_success
    left = await complexity(world, case)
    assert (left["parties"], left["sectors"], left["level"]) == (2, 3, "low")


async def test_the_own_rating_raises_and_never_lowers(world: World) -> None:
    case = await world.allocated(None, model="sof")
    rated = await rate(world, case, "high")
    assert rated.status_code == 200, rated.text
    assert rated.json() == {
        "level": "high",
        "parties": 1,
        "sectors": 2,
        "own_rating": "high",
        "reasons": ["own_rating"],
        "suggests": ["buddy"],
    }
    assert (await world.get("head", f"/v1/cases/{case['id']}")).json()["complexity_rating"] == "high"
    assert (await world.get("journal", f"/v1/cases/{case['id']}")).json()["complexity_rating"] is None
    events = (await world.get("head", f"/v1/cases/{case['id']}/timeline")).json()["items"]
    assert events[0]["type"] == "case.complexity_rated"
    settings = {"settings": {"case": {"complex_from_parties": 1, "complex_from_sectors": 1}}}
    assert (await world.update("administrator", "PATCH", "/v1/municipality", settings)).status_code == 200
    lowered = (await rate(world, case, "low")).json()
    assert (lowered["level"], lowered["reasons"]) == ("high", ["many_parties", "many_sectors"])
    assert (await rate(world, case, None)).json()["own_rating"] is None


async def test_complexity_is_for_those_who_work_in_the_case(world: World, neighbour: World) -> None:
    """A leak: it counts the cases that one parent has elsewhere, which the other may not know of."""
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}/complexity"
    for who in ("mother", "father", "head", "journal", "visitor", "stranger"):
        assert (await world.get(who, path)).status_code == 404, who
    assert (await neighbour.get("coordinator", path)).status_code == 404
    assert (await world.call("coordinator", "PUT", path, {"rating": "high"})).status_code == 428
    assert (await world.call("coordinator", "PUT", path, {"rating": "high"}, if_match='"old"')).status_code == 412
    for who, status in (("psychologist", 403), ("head", 403), ("mother", 403), ("visitor", 404)):
        answer = await world.call(who, "PUT", path, {"rating": "high"}, if_match='"old"')
        assert answer.status_code == status, who
    assert (await world.call("coordinator", "PUT", path, {}, if_match='"old"')).status_code == 422
