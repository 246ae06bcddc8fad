"""The core team (R5, R40, R81, R86, R92, R101, R114, R116)."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.db import Database
from tests.worlds import World, local_today

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


# --- what a membership says


async def patch(world: World, member: Any, who: str = "coordinator", **changes: Any) -> Any:
    return await world.update(who, "PATCH", f"/v1/team-members/{member['id']}", changes)


async def test_a_member_says_what_her_role_is(world: World) -> None:
    """R114, R116: shown to the family. The rest of her membership is not hers to change."""
    case = await world.allocated()
    (member,) = (await world.get("psychologist", f"/v1/cases/{case['id']}/team")).json()["items"]
    told = {"role_description": "Følger Almas trivsel i skolen.", "can_act_on": "Kan bevilge samtaler."}
    assert (await patch(world, member, "psychologist", **told)).status_code == 200
    seen = (await world.get("mother", f"/v1/team-members/{member['id']}")).json()
    assert {name: seen[name] for name in told} == told
    for own in ({"relevant": True}, {"ends_on": None}, {"kind": "ad_hoc"}):
        assert (await patch(world, member, "psychologist", **told, **own)).status_code == 403
    other = (await join(world, case, "visitor", "sundhed")).json()
    assert (await patch(world, other, "psychologist", **told)).status_code == 403
    assert (await patch(world, other, "mother", **told)).status_code == 403
    events = (await world.get("mother", f"/v1/cases/{case['id']}/timeline")).json()["items"]
    assert "team.member_changed" in {event["type"] for event in events}


async def test_who_is_not_needed_now_has_no_access(world: World) -> None:
    """R86: in the team still, and back in with one change."""
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}"
    (member,) = (await world.get("coordinator", f"{path}/team")).json()["items"]
    for relevant, status in ((False, 404), (True, 200)):
        changed = await patch(world, member, relevant=relevant)
        assert (changed.status_code, changed.json()["relevant"]) == (200, relevant)
        assert (await world.get("psychologist", path)).status_code == status
    empty = await patch(world, member, relevant=None)
    assert (empty.status_code, empty.json()["errors"][0]["pointer"]) == (422, "/relevant")


async def test_a_leader_who_was_set_aside_does_not_let_herself_in(world: World) -> None:
    """R86. A leak, if it broke: content by the role alone."""
    case = await world.allocated()
    member = (await join(world, case, "head", "handicap")).json()
    assert (await patch(world, member, relevant=False)).status_code == 200
    for change in ({"relevant": True}, {"relevant": True, "can_act_on": "Alt"}):
        assert (await patch(world, member, "head", **change)).status_code == 403
    assert (await world.get("head", f"/v1/cases/{case['id']}/contacts")).json()["items"] == []


async def test_a_membership_ends_on_its_day(world: World, owner: Database) -> None:
    case = await world.allocated()
    today = local_today()
    body = {"user_id": str(world.ids["visitor"]), "department_id": str(world.departments["sundhed"]), "kind": "ad_hoc"}
    path = f"/v1/cases/{case['id']}"
    past = await world.post("coordinator", f"{path}/team", body | {"ends_on": (today - timedelta(days=1)).isoformat()})
    assert (past.status_code, past.json()["errors"][0]["pointer"]) == (422, "/ends_on")
    ends = (today + timedelta(days=2)).isoformat()
    member = (await world.post("coordinator", f"{path}/team", body | {"ends_on": ends})).json()
    assert (member["kind"], member["ends_on"]) == ("ad_hoc", ends)
    assert (await world.get("visitor", path)).status_code == 200
    async with owner.transaction(world.municipality) as session:
        ended = "update team_members set ends_on = current_date - 1 where id = :id"
        await session.execute(text(ended), {"id": member["id"]})
    assert (await world.get("visitor", path)).status_code == 404
    names = [one["user_name"] for one in (await world.get("mother", f"{path}/team?active=true")).json()["items"]]
    assert names == ["psychologist Prøvesen"]
    assert (await join(world, case, "visitor", "sundhed")).json()["code"] == "already-member"
    assert (await patch(world, member, ends_on=None)).status_code == 200
    assert (await world.get("visitor", path)).status_code == 200


async def test_those_who_work_together_have_each_others_numbers(world: World) -> None:
    """R92; the family has one to turn to (R97)."""
    card = {"phone": "70 00 00 07", "email": "psykolog@provekommune.invalid"}
    await world.update("administrator", "PATCH", f"/v1/users/{world.ids['psychologist']}", card)
    case = await world.allocated()
    for who, shown in (
        ("coordinator", True),
        ("psychologist", True),
        ("head", True),
        ("mother", False),
        ("journal", False),
    ):
        (member,) = (await world.get(who, f"/v1/cases/{case['id']}/team")).json()["items"]
        assert (member["user_phone"], member["user_email"]) == (tuple(card.values()) if shown else (None, None)), who


async def test_the_version_that_was_read_is_asked_for(world: World) -> None:
    case = await world.allocated()
    (member,) = (await world.get("coordinator", f"/v1/cases/{case['id']}/team")).json()["items"]
    place = f"/v1/team-members/{member['id']}"
    assert (await world.call("coordinator", "PATCH", place, {"relevant": False})).status_code == 428
    assert (await world.call("coordinator", "PATCH", place, {"relevant": False}, if_match='"old"')).status_code == 412
    await world.post("coordinator", f"{place}/leave", {"reason": "x"})
    assert (await patch(world, member, can_act_on="Alt")).status_code == 409


# --- standing teams (R81)


async def standing(world: World, *seats: tuple[str, str]) -> str:
    made = await world.post("administrator", "/v1/teams", {"name": "Fast team"})
    assert made.status_code == 201, made.text
    id: str = made.json()["id"]
    for who, department in seats:
        body = {"user_id": str(world.ids[who]), "department_id": str(world.departments[department])}
        assert (await world.post("administrator", f"/v1/teams/{id}/seats", body)).status_code == 201
    return id


async def put(world: World, case: Any, team: str, who: str = "coordinator") -> Any:
    return await world.post(who, f"/v1/cases/{case['id']}/team/standing", {"team_id": team})


async def names(world: World, case: Any) -> list[str]:
    rows = (await world.get("coordinator", f"/v1/cases/{case['id']}/team")).json()["items"]
    return [row["user_name"].partition(" ")[0] for row in rows]


async def mode(world: World, wanted: str) -> None:
    settings = {"settings": {"team": {"mode": wanted}}}
    assert (await world.update("administrator", "PATCH", "/v1/municipality", settings)).status_code == 200


SEATS = (("coordinator", "handicap"), ("psychologist", "ppr"), ("visitor", "sundhed"), ("job_adviser", "job"))


async def test_a_standing_team_comes_as_a_whole(world: World) -> None:
    """R81: those who are there already are skipped, and who is new has access at once."""
    case = await world.allocated()
    team = await standing(world, *SEATS)
    added = await put(world, case, team)
    assert (added.status_code, len(added.json()["items"])) == (200, 3)
    assert await names(world, case) == ["psychologist", "visitor", "job_adviser"]
    assert [one["standing_team_id"] for one in added.json()["items"]] == [None, team, team]
    assert (await world.get("visitor", f"/v1/cases/{case['id']}")).status_code == 200
    events = (await world.get("mother", f"/v1/cases/{case['id']}/timeline")).json()["items"]
    assert [event["type"] for event in events].count("team.member_added") == 3
    assert (await put(world, case, team)).json() == added.json()


async def test_a_standing_team_sent_twice_comes_once(world: World) -> None:
    case = await world.allocated()
    team = await standing(world, *SEATS)
    answers = await asyncio.gather(*(put(world, case, team) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len(await names(world, case)) == 3
    path = f"/v1/cases/{(await world.allocated())['id']}/team/standing"
    keyed = [await world.post("coordinator", path, {"team_id": team}, idempotency_key="once") for _ in range(2)]
    assert keyed[1].headers["idempotency-replayed"] == "true"
    assert keyed[0].json() == keyed[1].json()


async def test_a_seat_whose_holder_has_gone_is_left_out(world: World) -> None:
    case = await world.allocated()
    team = await standing(world, *SEATS)
    for who, change in (("visitor", {"active": False}), ("job_adviser", {"positions": []})):
        path = f"/v1/users/{world.ids[who]}"
        assert (await world.update("administrator", "PATCH", path, change)).status_code == 200
    assert (await put(world, case, team)).status_code == 200
    assert await names(world, case) == ["psychologist"]


async def test_a_leader_does_not_come_in_by_her_own_hand_with_a_team(world: World) -> None:
    """A leak, if it broke: content by the role alone."""
    case = await world.allocated()
    team = await standing(world, ("head", "handicap"), ("visitor", "sundhed"))
    assert (await put(world, case, team, "head")).status_code == 200
    assert await names(world, case) == ["psychologist", "visitor"]
    assert (await put(world, case, team, "coordinator")).status_code == 200
    assert await names(world, case) == ["psychologist", "visitor", "head"]


async def test_the_mode_says_how_teams_are_made(world: World) -> None:
    """R81, X2."""
    family = await world.family()
    cases = {wanted: await world.allocated(family) for wanted in ("fixed", "flexible", "mixed")}
    team = await standing(world, ("visitor", "sundhed"))
    for wanted, as_team, alone in (("fixed", 200, 409), ("flexible", 409, 201), ("mixed", 200, 201)):
        await mode(world, wanted)
        added = await put(world, cases[wanted], team)
        assert added.status_code == as_team
        joined = await join(world, cases[wanted], "job_adviser", "job")
        assert joined.status_code == alone
        assert {one.json().get("code") for one in (added, joined) if one.status_code == 409} <= {"team-mode"}
    await mode(world, "fixed")
    body = {"user_id": str(world.ids["job_adviser"]), "department_id": str(world.departments["job"]), "kind": "ad_hoc"}
    assert (await world.post("coordinator", f"/v1/cases/{cases['fixed']['id']}/team", body)).status_code == 201


async def test_only_a_team_of_ours_in_use(world: World, neighbour: World) -> None:
    case = await world.allocated()
    theirs, ours = await standing(neighbour, ("visitor", "sundhed")), await standing(world, ("visitor", "sundhed"))
    assert (await put(world, case, ours, "psychologist")).status_code == 403
    assert (await put(world, case, ours, "visitor")).status_code == 404
    assert (await world.update("administrator", "PATCH", f"/v1/teams/{ours}", {"active": False})).status_code == 200
    for team in (theirs, ours, str(uuid4())):
        refused = await put(world, case, team)
        assert (refused.status_code, refused.json()["code"]) == (422, "unknown-reference")
    assert await names(world, case) == ["psychologist"]
