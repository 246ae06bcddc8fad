"""Buddy and deputy (R4, R109, R117–R120), and their hand-over (R108, R366)."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.worlds import World

pytestmark = pytest.mark.anyio
WHOLE = {"to": "closed", "reason": "plan_completed", "closing": {"goals": [], "handover_note": "Klarer sig."}}


async def help_out(
    world: World, case: Any, who: str = "second", role: str = "deputy", by: str = "head", **more: Any
) -> Any:
    path = f"/v1/cases/{case['id']}"
    body = {"user_id": str(world.ids[who])} | more
    return await world.update(by, "PUT", f"{path}/{role}", body, read=path)


async def simple(world: World) -> None:
    """Buddies in any case, whatever its complexity."""
    settings = {"settings": {"team": {"buddy_requires_complexity": False}}}
    assert (await world.update("administrator", "PATCH", "/v1/municipality", settings)).status_code == 200


async def third(world: World) -> str:
    """One more adviser of child disability."""
    body = {
        "kind": "professional", "profession": "social_adviser", "name": "Tredje Prøvesen",
        "issuer": "https://login.provekommune.invalid", "subject": uuid4().hex,
        "positions": [{"department_id": str(world.departments["handicap"])}],
    }  # fmt: skip
    return str((await world.post("administrator", "/v1/users", body)).json()["id"])


async def test_a_deputy_opens_the_case_and_is_told_of(world: World) -> None:
    """R109, R120: the family sees it, and still has one to turn to."""
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}"
    assert (await world.get("second", path)).status_code == 404
    given = await help_out(world, case)
    assert (given.status_code, given.json()["role"], given.json()["user_name"]) == (200, "deputy", "second Prøvesen")
    assert given.headers["content-location"] == f"/v1/assignments/{given.json()['id']}"
    assert (await world.get("second", path)).json()["coordinator_id"] == str(world.ids["coordinator"])
    told = (await world.get("mother", f"{path}/timeline")).json()["items"]
    assert told[0]["type"] == "case.deputy_assigned"
    roles = [one["role"] for one in (await world.get("mother", f"{path}/assignments?active=true")).json()["items"]]
    assert roles == ["deputy", "coordinator"]


async def test_a_buddy_is_for_complex_cases(world: World) -> None:
    """R117: unless the municipality has said otherwise."""
    case = await world.allocated()
    refused = await help_out(world, case, role="buddy")
    assert (refused.status_code, refused.json()["code"]) == (409, "case-not-complex")
    path = f"/v1/cases/{case['id']}/complexity"
    rated = await world.update("coordinator", "PUT", path, {"rating": "high"})
    assert rated.status_code == 200, rated.text
    assert (await help_out(world, case, role="buddy")).status_code == 200
    other = await world.allocated()
    await simple(world)
    assert (await help_out(world, other, role="buddy")).status_code == 200


@pytest.mark.parametrize("role", ["buddy", "deputy"])
@pytest.mark.parametrize(
    ("who", "status", "code"),
    [
        ("psychologist", 422, "coordinator-not-child-disability"), ("mother", 422, "coordinator-not-child-disability"),
        ("journal", 422, "coordinator-not-child-disability"), ("coordinator", 409, "coordinator-exists"),
    ],
)  # fmt: skip
async def test_only_another_adviser_of_child_disability_helps(
    role: str, who: str, status: int, code: str, world: World
) -> None:
    case = await world.allocated()
    refused = await help_out(world, case, who, role)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused.json()["errors"][0]["pointer"] == "/user_id"


async def test_a_neighbours_adviser_is_unknown(world: World, neighbour: World) -> None:
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}"
    body = {"user_id": str(neighbour.ids["second"])}
    refused = await world.update("head", "PUT", f"{path}/deputy", body, read=path)
    assert (refused.status_code, refused.json()["code"]) == (422, "coordinator-not-child-disability")
    given = (await help_out(world, case)).json()
    assert (await neighbour.get("head", f"/v1/assignments/{given['id']}")).status_code == 404


async def test_nobody_gives_herself_the_task(world: World) -> None:
    """It opens content: a leader does not come to it by her own hand. A leak, if it broke."""
    case = await world.allocated()
    refused = await help_out(world, case, "head")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await help_out(world, case, "head", by="coordinator")).status_code == 200


@pytest.mark.parametrize(
    ("by", "status"),
    [("coordinator", 200), ("head", 200), ("psychologist", 403), ("mother", 403), ("journal", 403), ("visitor", 404)],
)
async def test_the_leader_and_the_coordinator_choose(by: str, status: int, world: World) -> None:
    case = await world.allocated()
    assert (await help_out(world, case, by=by)).status_code == status


async def test_the_buddy_does_not_choose_the_others(world: World) -> None:
    case = await world.allocated()
    await help_out(world, case)
    another = await help_out(world, case, "head", by="second", reason="Bedre")
    assert another.status_code == 403


async def test_a_change_has_a_reason_and_a_history(world: World) -> None:
    case = await world.allocated()
    first = (await help_out(world, case)).json()
    again = await help_out(world, case)
    assert (again.status_code, again.json()["code"]) == (409, "helper-exists")
    body = {"user_id": await third(world)}
    path = f"/v1/cases/{case['id']}"
    silent = await world.update("head", "PUT", f"{path}/deputy", body, read=path)
    assert (silent.status_code, silent.json()["errors"][0]["pointer"]) == (422, "/reason")
    changed = await world.update("head", "PUT", f"{path}/deputy", body | {"reason": "Barsel"}, read=path)
    assert (changed.status_code, changed.json()["reason"]) == (200, "Barsel")
    former = (await world.get("head", f"/v1/assignments/{first['id']}")).json()
    assert (former["ended_at"], former["end_reason"]) == (changed.json()["assigned_at"], "changed")
    assert (await world.get("second", path)).status_code == 404


async def test_two_deputies_at_once_leave_one(world: World) -> None:
    """The second is asked why: it would take the place of somebody whom its sender has not seen."""
    case = await world.allocated()
    one_more = await third(world)
    path = f"/v1/cases/{case['id']}"
    tag = (await world.get("head", path)).headers["etag"]
    bodies = [{"user_id": str(world.ids["second"])}, {"user_id": one_more}]
    send = (world.call("head", "PUT", f"{path}/deputy", body, if_match=tag) for body in bodies)
    answers = await asyncio.gather(*send)
    assert sorted(answer.status_code for answer in answers) == [200, 422]
    held = (await world.get("head", f"{path}/assignments?active=true")).json()["items"]
    assert [one["role"] for one in held] == ["deputy", "coordinator"]


async def test_a_task_ends_at_once_and_once(world: World) -> None:
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}"
    given = (await help_out(world, case)).json()
    end = f"/v1/assignments/{given['id']}/end"
    body = {"reason": "left_position", "handover_note": "Familien ringer helst om morgenen."}
    for who, status in (("second", 403), ("mother", 403), ("visitor", 404)):
        assert (await world.post(who, end, body)).status_code == status
    ended = await world.post("coordinator", end, body)
    assert (ended.status_code, ended.json()["end_reason"]) == (200, "left_position")
    assert (await world.get("second", path)).status_code == 404
    assert (await world.post("coordinator", end, body)).status_code == 409
    told = (await world.get("mother", f"{path}/timeline")).json()["items"]
    assert told[0]["type"] == "case.assignment_ended"


async def test_the_coordinator_is_only_replaced(world: World) -> None:
    """R97: the family is never without the one it turns to."""
    case = await world.allocated()
    (held,) = (await world.get("head", f"/v1/cases/{case['id']}/assignments")).json()["items"]
    refused = await world.post("head", f"/v1/assignments/{held['id']}/end", {"reason": "other"})
    assert (refused.status_code, refused.json()["code"]) == (409, "coordinator-only-replaced")


async def test_a_buddy_who_takes_over_is_buddy_no_longer(world: World) -> None:
    """R119: access goes on without a gap, and the hand-over is content."""
    await simple(world)
    case = await world.allocated()
    await help_out(world, case, role="buddy")
    path = f"/v1/cases/{case['id']}"
    note = "Alma er tryg ved besøg om torsdagen."
    body = {"user_id": str(world.ids["second"]), "reason": "Nyt job", "end_reason": "left_position"}
    taken = await world.update("head", "PUT", f"{path}/coordinator", body | {"handover_note": note}, read=path)
    assert (taken.status_code, taken.json()["coordinator_id"]) == (200, str(world.ids["second"]))
    held = {one["role"]: one for one in (await world.get("second", f"{path}/assignments?active=true")).json()["items"]}
    assert {role: one["user_id"] for role, one in held.items()} == {"coordinator": str(world.ids["second"])}
    for who, expected in (("second", note), ("mother", note), ("head", None), ("journal", None)):
        items = (await world.get(who, f"{path}/assignments?active=false")).json()["items"]
        shown = {one["role"]: one["handover_note"] for one in items}
        assert shown == {"coordinator": expected, "buddy": None}, who


async def test_there_is_nothing_to_hand_over_at_the_first_allocation(world: World) -> None:
    case = await world.case()
    path = f"/v1/cases/{case['id']}"
    body = {"user_id": str(world.ids["coordinator"]), "handover_note": "Intet"}
    refused = await world.update("head", "PUT", f"{path}/coordinator", body, read=path)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/handover_note")


async def test_a_draft_and_a_closed_case_take_no_helper(world: World) -> None:
    draft = await help_out(world, await world.case())
    assert (draft.status_code, draft.json()["code"]) == (409, "coordinator-missing")
    case = await world.allocated()
    given = (await help_out(world, case)).json()
    assert (await world.post("coordinator", f"/v1/cases/{case['id']}/transitions", WHOLE)).status_code == 200
    ended = (await world.get("head", f"/v1/assignments/{given['id']}")).json()
    assert ended["end_reason"] == "other"
    assert (await world.get("second", f"/v1/cases/{case['id']}")).status_code == 404
    closed = await help_out(world, case, reason="x")
    assert (closed.status_code, closed.json()["code"]) == (409, "case-read-only")


async def test_the_version_that_was_read_is_asked_for(world: World) -> None:
    case = await world.allocated()
    body = {"user_id": str(world.ids["second"])}
    path = f"/v1/cases/{case['id']}/deputy"
    assert (await world.call("head", "PUT", path, body)).status_code == 428
    assert (await world.call("head", "PUT", path, body, if_match='"old"')).status_code == 412


@pytest.mark.parametrize(("required", "status"), [("off", 200), ("warn", 200), ("block", 409)])
async def test_a_municipality_may_ask_for_a_deputy_before_the_case_runs(
    required: str, status: int, world: World
) -> None:
    """R109, X31; the model `none` has no steps that would hold it back."""
    case = await world.allocated(model="none")
    settings = {"settings": {"contact": {"deputy_required": required}}}
    assert (await world.update("administrator", "PATCH", "/v1/municipality", settings)).status_code == 200
    path = f"/v1/cases/{case['id']}/transitions"
    blocked = {one["to"]: one["blocked_by"] for one in (await world.get("coordinator", path)).json()["transitions"]}
    assert blocked["running"] == (["deputy"] if status == 409 else [])
    overview = (await world.get("coordinator", f"/v1/cases/{case['id']}/overview")).json()["transitions"]
    assert {one["to"]: one["blocked_by"] for one in overview} == blocked
    moved = await world.post("coordinator", path, {"to": "running"})
    assert moved.status_code == status
    if status == 409:
        assert [flaw["code"] for flaw in moved.json()["errors"]] == ["deputy"]
        await help_out(world, case)
        assert (await world.post("coordinator", path, {"to": "running"})).status_code == 200


async def test_a_step_may_ask_for_a_deputy(world: World) -> None:
    """The municipality's own template can require one for any step."""
    published = (await world.get("administrator", "/v1/step-templates?model=sof")).json()["items"][0]
    steps = [step | {"requires": ["deputy"]} for step in published["steps"][:1]]
    body = {"model": "sof", "name": "Vores skabelon", "steps": steps, "based_on": published["version"]}
    made = await world.post("administrator", "/v1/step-templates", body)
    assert made.status_code == 201, made.text
    case = await world.allocated(model="sof")
    path = f"/v1/cases/{case['id']}/steps/1"
    assert (await world.post("coordinator", f"{path}/start")).status_code == 200
    alone = await world.post("coordinator", f"{path}/complete")
    assert (alone.status_code, [flaw["code"] for flaw in alone.json()["errors"]]) == (409, ["deputy"])
    assert (await help_out(world, case)).status_code == 200
    assert (await world.post("coordinator", f"{path}/complete")).status_code == 200
