"""The steps of a case, and the templates they are made from (R38, R39, R40, R45, R50, R63)."""

import asyncio
from typing import Any

import pytest

from tests.worlds import World

pytestmark = pytest.mark.anyio


async def newest(world: World, model: str = "efei") -> dict[str, Any]:
    found: dict[str, Any] = (await world.get("administrator", f"/v1/step-templates?model={model}")).json()["items"][0]
    return found


async def publish(world: World, template: dict[str, Any], who: str = "administrator", **more: Any) -> Any:
    body = {"model": template["model"], "name": "Vores opstart", "based_on": template["version"]}
    return await world.post(who, "/v1/step-templates", body | {"steps": template["steps"]} | more)


async def move(world: World, case: dict[str, Any], number: int, verb: str, body: Any = None) -> Any:
    return await world.post("coordinator", f"/v1/cases/{case['id']}/steps/{number}/{verb}", body)


async def warn(world: World) -> None:
    settings = {"settings": {"steps": {"blocking": "warn"}}}
    assert (await world.update("administrator", "PATCH", "/v1/municipality", settings)).status_code == 200


# --- templates


async def test_a_new_version_is_for_new_cases_only(world: World) -> None:
    """R38: what an open case follows is what was in force when it was opened."""
    family = await world.family()
    old = await world.case(family)
    before = (await world.get("coordinator", f"/v1/cases/{old['id']}/steps")).json()
    template = await newest(world)
    steps = [template["steps"][0] | {"title": "Vores første skridt"}]
    published = await publish(world, template, steps=steps)
    assert (published.status_code, published.json()["version"]) == (201, 2), published.text
    new = await world.case(family)
    assert (old["template_version"], new["template_version"]) == (1, 2)
    assert (await world.get("coordinator", f"/v1/cases/{old['id']}/steps")).json() == before
    (step,) = (await world.get("coordinator", f"/v1/cases/{new['id']}/steps")).json()["items"]
    assert step["title"] == "Vores første skridt"
    assert (await world.get("administrator", f"/v1/step-templates/{template['id']}")).json() == template


async def test_two_editors_of_a_template_do_not_overwrite_each_other(world: World) -> None:
    template = await newest(world, "sof")
    answers = await asyncio.gather(*(publish(world, template) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"template-changed"}
    assert (await newest(world, "sof"))["version"] == 2


async def test_a_template_is_whole_or_refused(world: World) -> None:
    """Numbered from 1 without gaps; the place of the fault is told."""
    template = await newest(world)
    for steps in (template["steps"][1:], [template["steps"][0]] * 2, template["steps"][::-1]):
        refused = await publish(world, template, steps=steps)
        assert (refused.status_code, refused.json()["code"]) == (422, "validation-failed")
    assert (await publish(world, template, who="head")).status_code == 403
    assert (await newest(world))["version"] == 1


async def test_the_gaps_of_a_template_are_told(world: World) -> None:
    """R39: the model leaves the participants of steps 1, 3 and 5 to be filled locally."""
    template = await newest(world)
    gaps = (await world.get("administrator", f"/v1/step-templates/{template['id']}/gaps")).json()["items"]
    participants = {gap["number"] for gap in gaps if gap["cell"] == "participants"}
    assert participants == {1, 3, 5}
    assert all(gap["label"] and gap["title"] for gap in gaps)


async def test_a_cell_that_is_filled_is_no_gap_and_no_suggestion(world: World) -> None:
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}"
    before = (await world.get("coordinator", f"{path}/overview")).json()["unfilled"]
    assert "1.participants" in before
    filled = await world.update("coordinator", "PATCH", f"{path}/steps/1", {"cells": {"participants": "Familien"}})
    cell = filled.json()["cells"]["participants"]
    assert (filled.status_code, cell["text"], cell["suggestion"]) == (200, "Familien", False)
    assert (await world.get("coordinator", f"{path}/overview")).json()["unfilled"] == [
        gap for gap in before if gap != "1.participants"
    ]
    emptied = await world.update("coordinator", "PATCH", f"{path}/steps/1", {"cells": {"participants": None}})
    assert emptied.json()["cells"]["participants"] == {"text": None, "suggestion": True, "parties": []}


# --- working on them


async def test_a_required_step_blocks_the_later_ones(world: World) -> None:
    case = await world.allocated()
    for number in (2, 3, 7):
        refused = await move(world, case, number, "start", {"reason": "Det haster"})
        assert (refused.status_code, refused.json()["code"]) == (409, "step-blocked")
    assert [flaw["code"] for flaw in refused.json()["errors"]] == ["step-1", "step-2", "step-3", "step-5", "step-6"]


async def test_where_the_municipality_only_warns_a_reason_opens_and_is_kept(world: World) -> None:
    """R63."""
    await warn(world)
    case = await world.allocated()
    silent = await move(world, case, 3, "start")
    assert (silent.status_code, silent.json()["code"]) == (409, "step-blocked")
    started = await move(world, case, 3, "start", {"reason": "Lægen ringede"})
    assert (started.status_code, started.json()["early_reason"]) == (200, "Lægen ringede")
    assert (await move(world, case, 1, "start", {"reason": "Uden grund"})).json()["early_reason"] is None


async def test_a_draft_has_no_started_step(world: World) -> None:
    case = await world.case()
    refused = await world.post("head", f"/v1/cases/{case['id']}/steps/1/start")
    assert (refused.status_code, refused.json()["code"]) == (409, "coordinator-missing")


async def test_only_an_optional_step_is_left_out_and_with_a_reason(world: World) -> None:
    case = await world.allocated()
    required = await move(world, case, 3, "skip", {"reason": "Ikke nu"})
    assert (required.status_code, required.json()["code"]) == (409, "step-not-optional")
    assert (await move(world, case, 4, "skip", {})).status_code == 422
    skipped = await move(world, case, 4, "skip", {"reason": "Ikke behov"})
    assert (skipped.status_code, skipped.json()["status"], skipped.json()["skip_reason"]) == (
        200,
        "skipped",
        "Ikke behov",
    )
    for verb, body in (("start", {}), ("complete", {}), ("skip", {"reason": "Igen"})):
        again = await move(world, case, 4, verb, body)
        assert (again.status_code, again.json()["code"]) == (409, "step-not-open")


async def test_a_step_goes_from_planned_to_started_to_done(world: World) -> None:
    case = await world.allocated()
    assert (await move(world, case, 1, "complete")).json()["code"] == "step-not-open"
    assert (await move(world, case, 1, "start")).status_code == 200
    assert (await move(world, case, 1, "start")).json()["code"] == "step-not-open"
    done = await move(world, case, 1, "complete")
    assert (done.json()["status"], done.json()["completed_by"]) == ("done", str(world.ids["coordinator"]))
    assert (await move(world, case, 1, "complete")).json()["code"] == "step-not-open"


async def test_step_one_needs_a_team_from_another_department_or_profession(world: World) -> None:
    """R40: a view across disciplines from the start; another adviser of the same department is none."""
    case = await world.case()
    path = f"/v1/cases/{case['id']}"
    appointed = {"user_id": str(world.ids["coordinator"])}
    await world.update("head", "PUT", f"{path}/coordinator", appointed, read=path)
    assert (await move(world, case, 1, "start")).status_code == 200
    alone = await move(world, case, 1, "complete")
    assert (alone.status_code, [flaw["code"] for flaw in alone.json()["errors"]]) == (409, ["core_team"])
    same = {"user_id": str(world.ids["second"]), "department_id": str(world.departments["handicap"])}
    assert (await world.post("coordinator", f"{path}/team", same)).status_code == 201
    alike = await move(world, case, 1, "complete")
    assert (alike.status_code, alike.json()["code"]) == (409, "step-requirements-missing")
    other = {"user_id": str(world.ids["visitor"]), "department_id": str(world.departments["sundhed"])}
    assert (await world.post("coordinator", f"{path}/team", other)).status_code == 201
    assert (await move(world, case, 1, "complete")).status_code == 200


async def test_step_two_needs_a_meeting_with_the_family(world: World) -> None:
    """R50. A planned one is not enough, nor one of another kind."""
    await warn(world)
    family = await world.family()
    case = await world.allocated(family)
    path, now = f"/v1/cases/{case['id']}", "2026-01-05T10:00:00Z"
    assert (await move(world, case, 2, "start", {"reason": "x"})).status_code == 200
    attendance = [{"kind": "family", "id": family.members["mother"]}]
    for kind in ("status", "assessment"):
        refused = await move(world, case, 2, "complete")
        assert [flaw["code"] for flaw in refused.json()["errors"]] == ["family_meeting"]
        meeting = await world._made("coordinator", f"{path}/meetings", {"kind": kind, "planned_for": now})
        assert (await move(world, case, 2, "complete")).status_code == 409
        held = {"held_at": now, "attendance": attendance}
        assert (await world.post("coordinator", f"/v1/meetings/{meeting['id']}/hold", held)).status_code == 200
    assert (await move(world, case, 2, "complete")).status_code == 200


async def test_step_six_needs_the_perspectives_and_no_other_step_takes_them(world: World) -> None:
    """R45. And they are content: the head who follows progress does not read them."""
    await warn(world)
    case = await world.allocated()
    for number in (1, 6):
        assert (await move(world, case, number, "start", {"reason": "x"})).status_code == 200
    misplaced = await move(world, case, 1, "complete", {"perspectives": "Alma har vist det."})
    assert (misplaced.status_code, misplaced.json()["errors"][0]["pointer"]) == (422, "/perspectives")
    assert (await move(world, case, 6, "complete")).json()["errors"][0]["code"] == "perspectives"
    done = await move(world, case, 6, "complete", {"perspectives": "Alma har vist det."})
    assert (done.status_code, done.json()["perspectives"]) == (200, "Alma har vist det.")
    seen = {who: (await world.get(who, f"/v1/cases/{case['id']}/steps/6")).json() for who in ("head", "mother")}
    assert (seen["head"]["perspectives"], seen["mother"]["perspectives"]) == (None, "Alma har vist det.")


async def test_a_holder_is_on_the_case(world: World) -> None:
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}/steps/2"
    for who, status in (("psychologist", 200), ("visitor", 422), ("mother", 422), ("coordinator", 200)):
        planned = await world.update("coordinator", "PATCH", path, {"holder_id": str(world.ids[who])})
        assert planned.status_code == status, who
    cleared = await world.update("coordinator", "PATCH", path, {"holder_id": None, "due_on": "2026-12-01"})
    assert (cleared.json()["holder_id"], cleared.json()["due_on"]) == (None, "2026-12-01")
    assert (await world.get("coordinator", f"/v1/cases/{case['id']}/steps/8")).status_code == 404
