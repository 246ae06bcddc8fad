"""The core team (R5, R40, R101)."""

import asyncio
from typing import Any

import pytest

from tests.worlds import World

pytestmark = pytest.mark.anyio


async def join(world: World, case: Any, who: str, department: str, by: str = "coordinator") -> Any:
    body = {"user_id": str(world.ids[who]), "department_id": str(world.departments[department])}
    return await world.post(by, f"/v1/cases/{case['id']}/team", body)


async def test_a_member_is_kept_as_when_joining(world: World) -> None:
    """R5: profession and department of that day, also after the person moved on."""
    case = await world.allocated()
    joined = (await join(world, case, "visitor", "sundhed")).json()
    assert (joined["profession"], joined["department_name"]) == ("health_visitor", "sundhed")
    moved = {"profession": "other", "positions": [{"department_id": str(world.departments["job"])}]}
    changed = await world.update("administrator", "PATCH", f"/v1/users/{world.ids['visitor']}", moved)
    assert changed.status_code == 200
    assert (await world.get("coordinator", f"/v1/team-members/{joined['id']}")).json() == joined


@pytest.mark.parametrize(
    ("who", "department"), [("mother", "ppr"), ("journal", "handicap"), ("visitor", "ppr"), ("psychologist", "job")]
)
async def test_only_a_professional_of_that_department_joins(who: str, department: str, world: World) -> None:
    case = await world.case()
    await world.update(
        "head", "PUT", f"/v1/cases/{case['id']}/coordinator", {"user_id": str(world.ids["coordinator"])},
        read=f"/v1/cases/{case['id']}",
    )  # fmt: skip
    refused = await join(world, case, who, department)
    wrong = "not-in-department" if who in ("visitor", "psychologist") else "not-a-professional"
    assert (refused.status_code, refused.json()["code"]) == (422, wrong)


async def test_one_is_in_the_team_once(world: World) -> None:
    case = await world.allocated()
    answers = await asyncio.gather(*(join(world, case, "visitor", "sundhed") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert {answer.json().get("code") for answer in answers} == {None, "already-member"}
    assert (await join(world, case, "coordinator", "handicap")).json()["code"] == "already-member"


async def test_who_leaves_is_out_at_once_and_can_come_back(world: World) -> None:
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}"
    (member,) = (await world.get("coordinator", f"{path}/team")).json()["items"]
    assert (await world.get("psychologist", path)).status_code == 200
    left = await world.post("coordinator", f"/v1/team-members/{member['id']}/leave", {"reason": "Ny opgave"})
    assert (left.status_code, left.json()["leave_reason"]) == (200, "Ny opgave")
    assert (await world.get("psychologist", path)).status_code == 404
    again = await world.post("coordinator", f"/v1/team-members/{member['id']}/leave", {"reason": "Igen"})
    assert again.status_code == 409
    assert (await join(world, case, "psychologist", "ppr")).status_code == 201
    assert (await world.get("psychologist", path)).status_code == 200


@pytest.mark.parametrize(
    ("creators", "opened"),
    [(["professional_head", "coordinator"], {"head", "coordinator"}), (["coordinator"], {"coordinator"}),
     (["professional_head"], {"head"})],
)  # fmt: skip
async def test_the_municipality_chooses_who_sets_up_the_team(
    creators: list[str], opened: set[str], world: World
) -> None:
    """R101, X8. It holds for leaving too."""
    family = await world.family()
    cases = {who: await world.allocated(family) for who in ("head", "coordinator")}
    settings = {"settings": {"team": {"creator_roles": creators}}}
    assert (await world.update("administrator", "PATCH", "/v1/municipality", settings)).status_code == 200
    for who, case in cases.items():
        added = await join(world, case, "visitor", "sundhed", by=who)
        assert added.status_code == (201 if who in opened else 403)
        (member, *_) = (await world.get(who, f"/v1/cases/{case['id']}/team")).json()["items"]
        left = await world.post(who, f"/v1/team-members/{member['id']}/leave", {"reason": "x"})
        assert left.status_code == (200 if who in opened else 403)


async def test_the_team_itself_does_not_choose_the_team(world: World) -> None:
    case = await world.allocated()
    for who, status in (("psychologist", 403), ("mother", 403), ("visitor", 404), ("other_head", 404)):
        assert (await join(world, case, "visitor", "sundhed", by=who)).status_code == status
