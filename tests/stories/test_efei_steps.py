"""Steps of the acceptance story in "Én familie – én indgang", each with what is refused and what is done."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.worlds import FamilyOf, World

pytestmark = pytest.mark.anyio
INTAKE = {
    "impairment": "significant_and_lasting",
    "several_kinds_of_help": True,
    "cross_sector": True,
    "complex": False,
}
NORM = {"target": 1, "max": 1, "reason": "Komplekse sager", "decided_on": "2026-01-01"}
WHOLE = {"goals": [{"goal": "Rolige morgener", "achieved": "partly"}], "handover_note": "Skolen tager over."}
THEN = "2026-01-05T10:00:00Z"


def says(answer: Any) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["code"]


async def give(world: World, path: str, who: str, **more: Any) -> Any:
    """The head appoints somebody coordinator."""
    return await world.update("head", "PUT", f"{path}/coordinator", {"user_id": str(world.ids[who])} | more, read=path)


async def configure(world: World, **settings: Any) -> None:
    changed = await world.update("administrator", "PATCH", "/v1/municipality", {"settings": settings})
    assert changed.status_code == 200, changed.text


async def events(world: World, path: str) -> list[str]:
    return [one["type"] for one in (await world.get("mother", f"{path}/timeline")).json()["items"]]


async def test_step_1_an_early_concern_opens_a_light_case(world: World) -> None:
    family = await world.family()
    wanted = {"family_id": family.id, "child_id": family.members["child"], "early_concern": True, "intake": INTAKE}
    wanted |= {"owner_department_id": str(world.departments["handicap"])}
    assert says(await world.post("job_adviser", "/v1/cases", wanted)) == (404, "not-found")
    assert says(await world.post("head", "/v1/cases", wanted | {"model": "efei"})) == (422, "validation-failed")
    opened = await world.post("head", "/v1/cases", wanted)
    case = opened.json()
    assert (opened.status_code, case["early_concern"], case["model"]) == (201, True, "none")
    assert case["intake"]["target_group"] == "inside"
    assert await events(world, f"/v1/cases/{case['id']}") == ["case.created"]


async def test_step_2_an_employment_worker_is_no_coordinator(world: World) -> None:
    path = f"/v1/cases/{(await world.case())['id']}"
    assert says(await give(world, path, "job_adviser")) == (422, "coordinator-not-child-disability")
    assert (await give(world, path, "coordinator")).json()["coordinator_id"] == str(world.ids["coordinator"])


async def test_step_3_above_the_norm_only_with_the_leaders_reason(world: World) -> None:
    family = await world.family()
    first, second = [f"/v1/cases/{(await world.case(family))['id']}" for _ in range(2)]
    assert (await give(world, first, "coordinator")).status_code == 200
    await configure(world, caseload={"norm": NORM})
    assert says(await give(world, second, "coordinator")) == (409, "caseload-over-norm")
    given = await give(world, second, "coordinator", override_reason="Kender familien.")
    assert (given.status_code, given.json()["state"]) == (200, "start_up")
    (listed,) = (await world.get("head", "/v1/deviations?kind=caseload_over_norm")).json()["items"]
    assert (listed["case_id"], listed["reason"]) == (given.json()["id"], "Kender familien.")


async def test_step_4_another_coordinator_has_room(world: World) -> None:
    family = await world.family()
    first, second = [f"/v1/cases/{(await world.case(family))['id']}" for _ in range(2)]
    await configure(world, caseload={"norm": NORM})
    assert (await give(world, first, "coordinator")).status_code == 200
    assert says(await give(world, second, "coordinator")) == (409, "caseload-over-norm")
    assert (await give(world, second, "second")).status_code == 200
    assert "case.allocated" in await events(world, second)
    assert "deviation.recorded" not in await events(world, second)


async def test_step_5_there_is_one_coordinator(world: World) -> None:
    path = f"/v1/cases/{(await world.allocated())['id']}"
    assert says(await give(world, path, "coordinator")) == (409, "coordinator-exists")
    assert says(await give(world, path, "second")) == (422, "validation-failed")
    assert (await give(world, path, "second", reason="Karen er flyttet.")).status_code == 200
    active = (await world.get("mother", f"{path}/assignments?active=true")).json()["items"]
    assert [one["user_id"] for one in active] == [str(world.ids["second"])]


async def test_step_6_a_missing_set_of_paragraphs_is_named_and_then_covered(world: World) -> None:
    await configure(world, team={"paragraph_sets": ["Børn", "Beskæftigelse"]})
    for who, covers in (("coordinator", "Børn"), ("job_adviser", "Beskæftigelse")):
        user = f"/v1/users/{world.ids[who]}"
        assert (await world.update("administrator", "PATCH", user, {"paragraph_sets": [covers]})).status_code == 200
    path = f"/v1/cases/{(await world.case())['id']}"
    assert (await give(world, path, "coordinator")).status_code == 200
    check = f"{path}/team/coverage"
    assert says(await world.post("coordinator", check, {"covered": True})) == (422, "paragraph-sets-missing")
    gap = await world.post("coordinator", check, {"covered": False, "action": "Jobcentret inviteres."})
    assert (gap.status_code, gap.json()["missing_paragraph_sets"]) == (201, ["Beskæftigelse"])
    joins = {"user_id": str(world.ids["job_adviser"]), "department_id": str(world.departments["job"])}
    assert (await world.post("coordinator", f"{path}/team", joins)).status_code == 201
    covered = await world.post("coordinator", check, {"covered": True})
    assert (covered.status_code, covered.json()["missing_paragraph_sets"]) == (201, [])


async def test_step_7_first_contact_and_a_family_that_wants_space(world: World) -> None:
    path = f"/v1/cases/{(await world.allocated())['id']}"
    call = {"kind": "first_contact", "channel": "phone", "took_place_at": datetime.now(UTC).isoformat()}
    ahead = call | {"took_place_at": (datetime.now(UTC) + timedelta(days=2)).isoformat()}
    assert says(await world.post("coordinator", f"{path}/contacts", ahead)) == (422, "validation-failed")
    assert (await world.post("coordinator", f"{path}/contacts", call)).status_code == 201
    assert (await world.get("coordinator", f"{path}/overview")).json()["days_to_first_contact"] == 0
    space = {"intensity": "space", "purpose_line": "Vi ringer kun for at høre, hvordan det går."}
    agreed = space | {"agreed_on": "2026-01-05"}
    assert says(await world.post("mother", f"{path}/contact-preferences", agreed)) == (422, "validation-failed")
    made = await world.post("coordinator", f"{path}/contact-preferences", agreed)
    assert (made.status_code, made.json()["intensity"], made.json()["channel"]) == (201, "space", "phone")
    (shown,) = (await world.get("father", "/v1/me/family")).json()["cases"][0]["contact_preferences"]
    assert shown["purpose_line"] == space["purpose_line"]


async def test_step_16_no_measure_starts_before_the_assessment_is_done(world: World) -> None:
    family = await world.family()
    path = f"/v1/cases/{(await world.allocated(family))['id']}"
    relief = {"member_id": family.members["child"], "title": "Aflastning", "category": "compensating"}
    measure = (await world.post("coordinator", f"{path}/measures", relief)).json()
    start = f"/v1/measures/{measure['id']}/start"
    assert says(await world.post("coordinator", start)) == (409, "assessment-not-done")
    await assess(world, path, family)
    started = await world.post("coordinator", start)
    assert (started.status_code, started.json()["status"]) == (200, "started")


async def assess(world: World, path: str, family: FamilyOf) -> None:
    """The first three steps, with the meeting that the assessment needs."""
    meeting = (await world.post("coordinator", f"{path}/meetings", {"kind": "assessment", "planned_for": THEN})).json()
    held = {"held_at": THEN, "attendance": [{"kind": "family", "id": family.members["mother"]}]}
    assert (await world.post("coordinator", f"/v1/meetings/{meeting['id']}/hold", held)).status_code == 200
    for number in (1, 2, 3):
        for verb in ("start", "complete"):
            done = await world.post("coordinator", f"{path}/steps/{number}/{verb}")
            assert done.status_code == 200, done.text


async def test_step_43_the_buddy_takes_over_with_a_note(world: World) -> None:
    await configure(world, team={"buddy_requires_complexity": False})
    path = f"/v1/cases/{(await world.allocated())['id']}"
    buddy = {"user_id": str(world.ids["second"])}
    assert (await world.update("head", "PUT", f"{path}/buddy", buddy, read=path)).status_code == 200
    first, *_ = (await world.get("head", f"{path}/candidates")).json()["candidates"]
    assert (first["user_id"], first["is_buddy"]) == (str(world.ids["second"]), True)
    note = {"handover_note": "Ring helst om eftermiddagen.", "end_reason": "left_position"}
    assert says(await give(world, path, "second", **note)) == (422, "validation-failed")
    assert (await give(world, path, "second", reason="Nyt arbejde.", **note)).status_code == 200
    assert says(await world.get("coordinator", path)) == (404, "not-found")
    for who, shown in (("second", note["handover_note"]), ("head", None)):
        former = (await world.get(who, f"{path}/assignments?active=false")).json()["items"]
        notes = {one["role"]: one["handover_note"] for one in former}
        assert notes == {"coordinator": shown, "buddy": None}


async def test_step_47_another_municipality_finds_no_case(world: World, neighbour: World) -> None:
    path = f"/v1/cases/{(await world.allocated())['id']}"
    never = await neighbour.get("coordinator", f"/v1/cases/{uuid4()}")
    for who in ("coordinator", "head", "administrator", "journal", "mother"):
        hidden = await neighbour.get(who, path)
        assert (hidden.status_code, hidden.json()) == (404, never.json())
    assert (await world.get("coordinator", path)).status_code == 200


async def test_step_49_a_closed_case_is_only_read(world: World) -> None:
    path = f"/v1/cases/{(await world.allocated())['id']}"
    close = {"to": "closed", "reason": "plan_completed"}
    assert says(await world.post("coordinator", f"{path}/transitions", close)) == (422, "validation-failed")
    closed = await world.post("coordinator", f"{path}/transitions", close | {"closing": WHOLE})
    assert (closed.status_code, closed.json()["closing"]) == (200, WHOLE)
    assert says(await world.post("coordinator", f"{path}/steps/1/start")) == (409, "case-read-only")
    assert says(await world.get("psychologist", path)) == (404, "not-found")
    assert (await world.get("mother", path)).json()["state"] == "closed"
