"""Caseload: the norm at allocation (R122–R126), the figures (R109, R128, R457), and who could take over (R119)."""

import asyncio
from typing import Any

import pytest

from tests.worlds import World

pytestmark = pytest.mark.anyio
NORM = {"target": 1, "max": 1, "reason": "Komplekse sager", "decided_on": "2026-01-01"}


async def configure(world: World, **caseload: Any) -> None:
    changed = {"settings": {"caseload": {"norm": NORM} | caseload}}
    answer = await world.update("administrator", "PATCH", "/v1/municipality", changed)
    assert answer.status_code == 200, answer.text


async def give(world: World, case: Any, who: str = "coordinator", **more: Any) -> Any:
    path = f"/v1/cases/{case['id']}"
    return await world.update("head", "PUT", f"{path}/coordinator", {"user_id": str(world.ids[who])} | more, read=path)


async def load(world: World, who: str, by: str = "head") -> Any:
    rows = (await world.get(by, "/v1/caseload")).json()["items"]
    return {row["id"]: row for row in rows}.get(str(world.ids[who]))


async def test_without_a_norm_nothing_is_checked(world: World) -> None:
    """X14: checked once it is set, and never before."""
    family = await world.family()
    for _ in range(3):
        assert (await give(world, await world.case(family))).status_code == 200
    row = await load(world, "coordinator")
    assert (row["load"], row["norm"], row["over"]) == (3, None, False)


async def test_above_the_norm_takes_the_leaders_reason(world: World) -> None:
    """R126, story 3–4."""
    family = await world.family()
    await give(world, await world.case(family))
    await configure(world)
    case = await world.case(family)
    refused = await give(world, case)
    assert (refused.status_code, refused.json()["code"]) == (409, "caseload-over-norm")
    assert refused.json()["errors"][0]["pointer"] == "/user_id"
    assert (await world.get("coordinator", f"/v1/cases/{case['id']}")).json()["state"] == "draft"
    assert (await give(world, case, "second")).status_code == 200
    other = await world.case(family)
    given = await give(world, other, override_reason="Familien kender Karen i forvejen.")
    assert (given.status_code, given.json()["state"]) == (200, "start_up")
    (deviation,) = (await world.get("head", f"/v1/cases/{other['id']}/deviations")).json()["items"]
    assert (deviation["kind"], deviation["reason"]) == ("caseload_over_norm", "Familien kender Karen i forvejen.")
    assert (deviation["user_id"], deviation["recorded_by"]) == (str(world.ids["coordinator"]), str(world.ids["head"]))
    told = (await world.get("mother", f"/v1/cases/{other['id']}/timeline")).json()["items"]
    assert "case.allocated" in {event["type"] for event in told}
    assert (await load(world, "coordinator"))["over"] is True


async def test_a_reason_that_was_not_needed_is_no_deviation(world: World) -> None:
    case = await world.case()
    await configure(world)
    assert (await give(world, case, override_reason="For en sikkerheds skyld")).status_code == 200
    assert (await world.get("head", f"/v1/cases/{case['id']}/deviations")).json()["items"] == []


async def test_two_allocations_at_once_see_one_another(world: World) -> None:
    """Both would fit alone; together they are above the norm, and one of them is told."""
    family = await world.family()
    await configure(world)
    cases = [await world.case(family) for _ in range(4)]
    answers = await asyncio.gather(*(give(world, case) for case in cases))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert (await load(world, "coordinator"))["load"] == 1


async def test_an_adviser_may_have_a_norm_of_her_own(world: World) -> None:
    """R125: more, or less, than the municipality's; with its reason."""
    family = await world.family()
    await configure(world)
    path = f"/v1/users/{world.ids['coordinator']}"
    own = {"max": 2, "reason": "Har ingen andre opgaver."}
    assert (await world.update("head", "PUT", f"{path}/norm", own, read=path)).status_code == 200
    answers = [await give(world, await world.case(family)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 409]
    row = await load(world, "coordinator")
    assert (row["load"], row["norm"], row["own_norm_reason"], row["over"]) == (2, 2, "Har ingen andre opgaver.", False)


async def test_the_municipality_chooses_which_cases_count(world: World) -> None:
    """R124: by `model`, one that follows no model neither counts nor is held against the norm."""
    family = await world.family()
    await configure(world, counts="model")
    for _ in range(2):
        assert (await give(world, await world.case(family, model="none"))).status_code == 200
    assert (await give(world, await world.case(family))).status_code == 200
    assert (await give(world, await world.case(family, model="none"))).status_code == 200
    assert (await give(world, await world.case(family))).status_code == 409
    row = await load(world, "coordinator")
    assert (row["open_cases"], row["load"]) == (4, 1)


async def test_a_closed_case_is_no_load(world: World) -> None:
    case = await world.allocated()
    closed = {"to": "closed", "reason": "other", "closing": {"goals": [], "handover_note": "Slut."}}
    assert (await world.post("coordinator", f"/v1/cases/{case['id']}/transitions", closed)).status_code == 200
    assert (await load(world, "coordinator"))["open_cases"] == 0


async def test_the_figures_are_for_the_leader_and_oneself(world: World) -> None:
    """R457: no adviser reads a colleague's, and nobody's row names a family."""
    case = await world.allocated()
    advisers = {str(world.ids[who]) for who in ("head", "coordinator", "second")}
    for who, expected in (
        ("head", advisers), ("coordinator", {str(world.ids["coordinator"])}), ("second", {str(world.ids["second"])}),
        ("psychologist", set()), ("other_head", set()), ("administrator", set()), ("mother", set()),
        ("journal", set()),
    ):  # fmt: skip
        answer = await world.get(who, "/v1/caseload")
        assert {row["id"] for row in answer.json()["items"]} == expected, who
        assert case["number"] not in answer.text
    leader = {"positions": [{"department_id": str(world.departments["handicap"]), "role": "team_leader"}]}
    path = f"/v1/users/{world.ids['visitor']}"
    assert (await world.update("administrator", "PATCH", path, leader)).status_code == 200
    assert {row["id"] for row in (await world.get("visitor", "/v1/caseload")).json()["items"]} == advisers


async def test_the_figures_show_who_is_alone_and_what_changed_hands(world: World) -> None:
    """R108, R109."""
    family = await world.family()
    case = await world.allocated(family)
    await world.allocated(family)
    await give(world, case, "second", reason="Ferie")
    await give(world, case, "coordinator", reason="Hjemme igen")
    path = f"/v1/cases/{case['id']}"
    deputy = {"user_id": str(world.ids["second"])}
    assert (await world.update("head", "PUT", f"{path}/deputy", deputy, read=path)).status_code == 200
    row = await load(world, "coordinator")
    assert (row["open_cases"], row["without_helper"], row["coordinator_changes"]) == (2, 1, 2)


async def test_the_figures_can_be_narrowed(world: World) -> None:
    family = await world.family()
    for _ in range(2):
        await give(world, await world.case(family))
    await configure(world)
    over = (await world.get("head", "/v1/caseload?over=true")).json()["items"]
    assert [row["id"] for row in over] == [str(world.ids["coordinator"])]
    for department, number in (("handicap", 3), ("ppr", 0)):
        found = await world.get("head", f"/v1/caseload?department_id={world.departments[department]}")
        assert len(found.json()["items"]) == number


# --- who could take over


async def test_the_deputy_is_proposed_first_then_those_with_room(world: World) -> None:
    """R119."""
    family = await world.family()
    case = await world.allocated(family)
    path = f"/v1/cases/{case['id']}"
    await give(world, await world.case(family), "second")
    before = (await world.get("head", f"{path}/candidates")).json()["candidates"]
    assert [one["name"] for one in before] == ["head Prøvesen", "second Prøvesen"]
    deputy = {"user_id": str(world.ids["second"])}
    await world.update("head", "PUT", f"{path}/deputy", deputy, read=path)
    await configure(world)
    competences = {"years_in_area": 4, "cross_administration": ["employment"]}
    profile = {"competences": competences}
    person = f"/v1/users/{world.ids['second']}"
    assert (await world.update("administrator", "PATCH", person, profile)).status_code == 200
    first, second = (await world.get("head", f"{path}/candidates")).json()["candidates"]
    assert (first["name"], first["is_deputy"], first["is_buddy"]) == ("second Prøvesen", True, False)
    assert (first["load"], first["norm"], first["years_in_area"], first["knows_sectors"]) == (1, 1, 4, ["employment"])
    assert (second["name"], second["load"], second["knows_sectors"]) == ("head Prøvesen", 0, [])


async def test_who_has_no_room_is_not_proposed(world: World) -> None:
    family = await world.family()
    case = await world.allocated(family)
    await give(world, await world.case(family), "second")
    await configure(world)
    found = (await world.get("head", f"/v1/cases/{case['id']}/candidates")).json()["candidates"]
    assert [one["name"] for one in found] == ["head Prøvesen"]


async def test_an_adviser_is_told_nothing_of_a_colleagues_load(world: World) -> None:
    """R457: not by a figure, nor by who is left out, nor by the order. A leak, if it broke."""
    family = await world.family()
    case = await world.allocated(family)
    path = f"/v1/cases/{case['id']}/candidates"
    before = (await world.get("coordinator", path)).json()
    assert [one["name"] for one in before["candidates"]] == ["head Prøvesen", "second Prøvesen"]
    assert {(one["load"], one["norm"]) for one in before["candidates"]} == {(None, None)}
    await give(world, await world.case(family), "second")
    assert (await world.get("coordinator", path)).json() == before
    await configure(world)
    assert (await world.get("coordinator", path)).json() == before
    assert [one["name"] for one in (await world.get("head", path)).json()["candidates"]] == ["head Prøvesen"]
    for who in ("psychologist", "mother", "journal", "other_head", "second"):
        assert (await world.get(who, f"/v1/cases/{case['id']}/candidates")).status_code == 404, who
