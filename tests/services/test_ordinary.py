"""Ordinary operation: going over to it, coming back, and the cases in which nothing happens (R61, R62, R105)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.db import Database
from tests.services.test_cases import CLOSING, put_into
from tests.worlds import World

pytestmark = pytest.mark.anyio
OUT = {"to": "ordinary", "explanation": "Behovet for tæt kontakt er ophørt.", "family_view": "Vi klarer det selv nu."}
BACK = {"to": "running", "explanation": "Alma skal skifte skole."}


async def moved(world: World, case: dict[str, Any], body: Any, who: str = "coordinator") -> Any:
    return await world.post(who, f"/v1/cases/{case['id']}/transitions", body)


async def test_over_to_ordinary_operation_with_the_reason_and_the_familys_view(world: World, owner: Database) -> None:
    """R61; story SOF i, j: without the reason, or the family's own view, it does not happen."""
    case = await world.allocated(None, model="sof")
    path = f"/v1/cases/{case['id']}"
    await put_into(owner, world, case, "running")
    served = (await world.get("coordinator", f"{path}/transitions")).json()["transitions"]
    needs = {one["to"]: one["needs"] for one in served}
    assert needs == {"ordinary": ["explanation", "family_view"], "transition": [], "closed": ["reason", "closing"]}
    for left_out in ("explanation", "family_view"):
        refused = await moved(world, case, {name: value for name, value in OUT.items() if name != left_out})
        flaws = [(flaw["pointer"], flaw["code"]) for flaw in refused.json()["errors"]]
        assert (refused.status_code, flaws) == (422, [(f"/{left_out}", "required")])
    done = await moved(world, case, OUT)
    assert (done.status_code, done.json()["state"]) == (200, "ordinary"), done.text
    assert (done.json()["exit_reason"], done.json()["family_view"]) == (OUT["explanation"], OUT["family_view"])
    newest = (await world.get("mother", f"{path}/timeline")).json()["items"][0]
    assert (newest["type"], newest["text"]) == ("case.moved_to_ordinary", "Sagen er overgået til almindelig drift")


async def test_back_with_the_steps_anew_and_the_same_people(world: World, owner: Database) -> None:
    """R62: a new cycle of what can be repeated; coordinator and team are kept."""
    case = await world.allocated(None, model="sof")
    path = f"/v1/cases/{case['id']}"
    await put_into(owner, world, case, "ordinary")
    served = (await world.get("coordinator", f"{path}/transitions")).json()["transitions"]
    assert [one["needs"] for one in served if one["to"] == "running"] == [["explanation"]]
    bare = await moved(world, case, {"to": "running"})
    assert (bare.status_code, bare.json()["errors"][0]["pointer"]) == (422, "/explanation")
    back = await moved(world, case, BACK)
    assert (back.status_code, back.json()["state"]) == (200, "running"), back.text
    found = back.json()
    assert (found["cycle"], found["exit_reason"]) == (2, BACK["explanation"])
    assert found["coordinator_id"] == case["coordinator_id"]
    assert len((await world.get("coordinator", f"{path}/team")).json()["items"]) == 1
    types = [one["type"] for one in (await world.get("coordinator", f"{path}/timeline")).json()["items"]]
    assert {"case.returned", "case.cycle_started"} <= set(types[:2])
    steps = (await world.get("coordinator", f"{path}/steps")).json()["items"]
    assert [(step["number"], step["status"]) for step in steps] == [(1, "done"), *((n, "planned") for n in range(2, 9))]


@pytest.mark.parametrize("model", ["efei", "none"])
async def test_back_where_no_step_repeats_there_is_no_new_cycle(model: str, world: World, owner: Database) -> None:
    case = await world.allocated(None, model=model)
    await put_into(owner, world, case, "ordinary")
    back = await moved(world, case, BACK)
    assert (back.status_code, back.json()["state"], back.json()["cycle"]) == (200, "running", 1), back.text


async def test_a_field_stands_only_where_it_belongs(world: World, owner: Database) -> None:
    case = await world.allocated(None, model="sof")
    await put_into(owner, world, case, "running")
    for body, pointers in (
        ({"to": "transition", "explanation": "x"}, ["/explanation"]),
        ({**OUT, "reason": "other"}, ["/reason"]),
        ({"to": "closed", "reason": "other", "closing": CLOSING, "family_view": "x"}, ["/family_view"]),
        ({"to": "ordinary"}, ["/explanation", "/family_view"]),
    ):
        refused = await moved(world, case, body)
        assert (refused.status_code, [flaw["pointer"] for flaw in refused.json()["errors"]]) == (422, pointers), body


async def test_why_it_went_over_is_content(world: World, owner: Database) -> None:
    case = await world.allocated(None, model="sof")
    await put_into(owner, world, case, "running")
    assert (await moved(world, case, OUT)).status_code == 200
    for who, shown in (("coordinator", True), ("psychologist", True), ("father", True), ("head", False)):
        found = (await world.get(who, f"/v1/cases/{case['id']}")).json()
        assert (found["exit_reason"] is not None, found["family_view"] is not None) == (shown, shown), who


# --- cases in which nothing happens


async def quiet(owner: Database, world: World, case: dict[str, Any], days: float) -> None:
    """As if all that happened in the case had happened so many days earlier."""
    values = {"m": world.municipality, "id": case["id"], "then": datetime.now(UTC) - timedelta(days=days)}
    async with owner.transaction(world.municipality) as session:
        for table, column, key in (("events", "at", "case_id"), ("cases", "allocated_at", "id")):
            moving = f"update {table} set {column} = :then where municipality_id = :m and {key} = :id"
            await session.execute(text(moving), values)


async def stalled(world: World, who: str, answer: str = "true") -> set[str]:
    found = await world.get(who, f"/v1/cases?stalled={answer}")
    assert found.status_code == 200, found.text
    return {one["id"] for one in found.json()["items"]}


async def test_a_case_in_which_nothing_happens_stands_still(world: World, owner: Database) -> None:
    """R105: open and allocated, and silent for as long as the setting says."""
    family = await world.family()
    still, young, draft = await world.allocated(family), await world.allocated(family), await world.case(family)
    everything = {still["id"], young["id"], draft["id"]}
    await quiet(owner, world, still, 42.1)
    await quiet(owner, world, young, 41.9)
    for who in ("coordinator", "head"):
        assert await stalled(world, who) == {still["id"]}
        assert await stalled(world, who, "false") == everything - {still["id"]}
    settings = {"settings": {"case": {"stalled_after_days": 30}}}
    assert (await world.update("administrator", "PATCH", "/v1/municipality", settings)).status_code == 200
    assert await stalled(world, "head") == {still["id"], young["id"]}
    call = {"kind": "informal", "channel": "phone", "took_place_at": "2026-01-05T10:00:00Z"}
    assert (await world.post("psychologist", f"/v1/cases/{still['id']}/contacts", call)).status_code == 201
    assert await stalled(world, "head") == {young["id"]}
    await put_into(owner, world, young, "closed")
    assert await stalled(world, "head") == set()


async def test_silence_tells_the_family_nothing_of_one_another(world: World, owner: Database) -> None:
    """A leak: the mother's own wish would otherwise move the case in the father's list."""
    case = await world.allocated()
    await quiet(owner, world, case, 50)
    before = [await stalled(world, who, answer) for who in ("father", "journal") for answer in ("true", "false")]
    assert (await world.post("mother", f"/v1/cases/{case['id']}/callbacks", {})).status_code == 201
    after = [await stalled(world, who, answer) for who in ("father", "journal") for answer in ("true", "false")]
    assert before == after == [set(), {case["id"]}] * 2


async def test_more_filters_than_a_list_can_take_are_refused(world: World) -> None:
    family = await world.family()
    five = f"state=draft&model=none&family_id={family.id}&early_concern=true&coordinator_id={world.ids['coordinator']}"
    assert (await world.get("coordinator", f"/v1/cases?{five}")).status_code == 200
    refused = await world.get("coordinator", f"/v1/cases?{five}&stalled=true")
    assert (refused.status_code, refused.json()["code"]) == (422, "validation-failed")
