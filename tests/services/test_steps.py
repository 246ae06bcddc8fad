"""The steps of a case (R39, R40, R45, R50, R63, R64)."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.db import Database
from app.services.calendar import is_working_day
from tests.worlds import World, local_today

pytestmark = pytest.mark.anyio


async def move(world: World, case: dict[str, Any], number: int, verb: str, body: Any = None) -> Any:
    return await world.post("coordinator", f"/v1/cases/{case['id']}/steps/{number}/{verb}", body)


async def covered(world: World, case: dict[str, Any]) -> None:
    """Coordinator and team have looked at whether they cover what the case needs: step 1 asks for it."""
    answer = await world.post("coordinator", f"/v1/cases/{case['id']}/team/coverage", {"covered": True})
    assert answer.status_code == 201, answer.text


def workday(days: int) -> date:
    """The first working day from so many days away, or the last before when they lie back."""
    day, step = local_today() + timedelta(days=days), timedelta(days=1 if days > 0 else -1)
    while not is_working_day(day, "danish"):
        day += step
    return day


async def warn(world: World) -> None:
    settings = {"settings": {"steps": {"blocking": "warn"}}}
    assert (await world.update("administrator", "PATCH", "/v1/municipality", settings)).status_code == 200


# --- planning


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
    await covered(world, case)
    done = await move(world, case, 1, "complete")
    assert (done.json()["status"], done.json()["completed_by"]) == ("done", str(world.ids["coordinator"]))
    assert (await move(world, case, 1, "complete")).json()["code"] == "step-not-open"


async def test_step_one_needs_a_team_from_another_department_or_profession(world: World) -> None:
    """R40: a view across disciplines from the start; another adviser of the same department is none."""
    case = await world.case()
    path = f"/v1/cases/{case['id']}"
    await world.update("head", "PUT", f"{path}/coordinator", {"user_id": str(world.ids["coordinator"])}, read=path)
    await covered(world, case)
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
    cleared = await world.update("coordinator", "PATCH", path, {"holder_id": None})
    assert (cleared.status_code, cleared.json()["holder_id"]) == (200, None)
    assert (await world.get("coordinator", f"/v1/cases/{case['id']}/steps/8")).status_code == 404


async def test_what_is_still_to_be_done_is_not_due_in_the_past(world: World, owner: Database) -> None:
    """R64. A day that has passed meanwhile is no hindrance to other changes, and history may be put right."""
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}/steps/4"
    past, soon = (workday(days).isoformat() for days in (-7, 7))
    refused = await world.update("coordinator", "PATCH", path, {"due_on": past})
    assert (refused.status_code, refused.json()["errors"]) == (
        422,
        [{"pointer": "/due_on", "code": "past", "detail": "Dagen er allerede gået."}],
    )
    planned = await world.update("coordinator", "PATCH", path, {"due_on": soon})
    assert (planned.status_code, planned.json()["due_on"]) == (200, soon)
    today = local_today()
    saturday = today + timedelta(days=(5 - today.weekday()) % 7 + 7)
    refused = await world.update("coordinator", "PATCH", path, {"due_on": saturday.isoformat()})
    assert (refused.status_code, refused.json()["code"]) == (422, "not-a-working-day")
    async with owner.transaction(world.municipality) as session:
        late = "update steps set due_on = :past where municipality_id = :m and case_id = :case and number = 4"
        values = {"m": world.municipality, "case": case["id"], "past": workday(-7)}
        await session.execute(text(late), values)
    overdue = {"due_on": past, "cells": {"content": "Vi ser på det sammen."}}
    assert (await world.update("coordinator", "PATCH", path, overdue)).status_code == 200
    assert (await move(world, case, 4, "skip", {"reason": "Ikke behov"})).status_code == 200
    assert (await world.update("coordinator", "PATCH", path, {"due_on": workday(-14).isoformat()})).status_code == 200


async def test_a_step_tells_its_key_and_its_cycle(world: World) -> None:
    """Whatever its number: the key is what it is called in the template."""
    case = await world.case()
    steps = (await world.get("coordinator", f"/v1/cases/{case['id']}/steps")).json()["items"]
    assert [(step["number"], step["cycle"]) for step in steps] == [(number, 1) for number in range(1, 8)]
    assert [step["key"] for step in steps][:2] == ["allocation", "assessment"]
