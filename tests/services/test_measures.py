"""Measures: to whom, by whom, and what has to come before one starts (R49, R71, R72, X4)."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.db import Database
from app.services.catalogue import explained
from tests.worlds import FamilyOf, World, local_today

pytestmark = pytest.mark.anyio
THEN = "2026-01-05T10:00:00Z"


def day(days: int) -> str:
    """So many days from now."""
    return (local_today() + timedelta(days=days)).isoformat()


async def plan(world: World, case: Any, member: str, who: str = "coordinator", **more: Any) -> Any:
    body = {"member_id": member, "title": "Aflastning hver anden weekend", "category": "compensating"} | more
    return await world.post(who, f"/v1/cases/{case['id']}/measures", body)


async def planned(world: World, model: str = "none", **more: Any) -> tuple[FamilyOf, Any, str]:
    """A family, its case by this model, and the path of a measure planned for the child."""
    family = await world.family()
    case = await world.allocated(family, model=model)
    measure = await plan(world, case, family.members["child"], **more)
    assert measure.status_code == 201, measure.text
    return family, case, f"/v1/measures/{measure.json()['id']}"


async def step(world: World, case: Any, number: int, verb: str) -> None:
    """Begin or finish a step, out of order where the municipality only warns."""
    body = {"reason": "Haster"} if verb in ("start", "skip") else {}
    answer = await world.post("coordinator", f"/v1/cases/{case['id']}/steps/{number}/{verb}", body)
    assert answer.status_code == 200, answer.text


async def hold(world: World, case: Any, family: FamilyOf, kind: str) -> None:
    meeting = await world._made("coordinator", f"/v1/cases/{case['id']}/meetings", {"kind": kind, "planned_for": THEN})
    held = {"held_at": THEN, "attendance": [{"kind": "family", "id": family.members["mother"]}]}
    assert (await world.post("coordinator", f"/v1/meetings/{meeting['id']}/hold", held)).status_code == 200


async def set_to(world: World, **settings: Any) -> None:
    changed = await world.update("administrator", "PATCH", "/v1/municipality", {"settings": settings})
    assert changed.status_code == 200, changed.text


async def assess(world: World, case: Any, family: FamilyOf) -> None:
    """The required steps of the assessment: 2, with its meeting, and 3."""
    for number in (2, 3):
        await step(world, case, number, "start")
        if number == 2:
            await hold(world, case, family, "assessment")
        await step(world, case, number, "complete")


# --- planning


async def test_a_measure_is_for_the_child_or_an_adult_of_the_family(world: World, neighbour: World) -> None:
    """R71. Another child's help belongs to that child's case."""
    family, strangers, theirs = await world.family(), await world.family(), await neighbour.family()
    case = await world.allocated(family)
    for whose in ("child", "mother"):
        made = (await plan(world, case, family.members[whose])).json()
        assert (made["member_id"], made["member_name"]) == (family.members[whose], f"{whose} Prøvesen")
        assert (made["status"], made["planned_on"], made["starts_on"]) == ("planned", day(0), None)
    for member, code in (
        (family.members["teen"], "not-an-adult"),
        (strangers.members["mother"], "member-not-in-family"),
        (theirs.members["mother"], "member-not-in-family"),
        (str(uuid4()), "member-not-in-family"),
    ):
        refused = await plan(world, case, member)
        assert (refused.status_code, refused.json()["code"]) == (422, code)
        told = explained(code, {}, "da")
        assert refused.json()["errors"] == [{"pointer": "/member_id", "code": code, "detail": told}]


async def test_one_provider_at_most_and_one_that_is_known(world: World, neighbour: World) -> None:
    """R71: a department or an organisation; a neighbour municipality's is answered as one that nobody has."""
    partner = {"name": "Prøvehuset", "kind": "relief_care"}
    ours = (await world._made("head", "/v1/organisations", partner))["id"]
    closed = (await world._made("head", "/v1/organisations", {**partner, "name": "Lukket hus"}))["id"]
    assert (await world.update("head", "PATCH", f"/v1/organisations/{closed}", {"active": False})).status_code == 200
    theirs = (await neighbour._made("head", "/v1/organisations", partner))["id"]
    family, case, path = await planned(world, provider_organisation_id=ours)
    assert (await world.get("mother", path)).json()["provider_name"] == "Prøvehuset"
    department = str(world.departments["sundhed"])
    other = (await plan(world, case, family.members["child"], provider_department_id=department)).json()
    assert (other["provider_department_id"], other["provider_name"]) == (department, "sundhed")
    for provider, field, code in (
        ({"provider_organisation_id": theirs}, "provider_organisation_id", "unknown-reference"),
        ({"provider_organisation_id": closed}, "provider_organisation_id", "unknown-reference"),
        ({"provider_department_id": str(neighbour.departments["ppr"])}, "provider_department_id", "unknown-reference"),
        ({"provider_department_id": department, "provider_organisation_id": ours}, "provider_organisation_id",
         "not-here"),
    ):  # fmt: skip
        for refused in (
            await plan(world, case, family.members["child"], **provider),
            await world.update("coordinator", "PATCH", path, {"provider_organisation_id": None, **provider}),
        ):
            (flaw,) = refused.json()["errors"]
            assert (refused.status_code, flaw["pointer"], flaw["code"]) == (422, f"/{field}", code)
    beside = await world.update("coordinator", "PATCH", path, {"provider_department_id": department})
    assert (beside.status_code, beside.json()["errors"][0]["code"]) == (422, "not-here")
    instead = {"provider_department_id": department, "provider_organisation_id": None}
    assert (await world.update("coordinator", "PATCH", path, instead)).json()["provider_name"] == "sundhed"


@pytest.mark.parametrize(
    "flaw",
    [
        {"invasiveness": 0},
        {"invasiveness": 6},
        {"invasiveness": "2"},
        {"category": "support"},
        {"title": " "},
        {"planned_on": day(2)},
        {"paragraph": "x" * 201},
    ],
)
async def test_what_a_measure_says_is_well_formed(flaw: dict[str, Any], world: World) -> None:
    """R72: invasiveness from 1 to 5."""
    _, case, path = await planned(world)
    child = (await world.get("coordinator", path)).json()["member_id"]
    for refused in (
        await plan(world, case, child, **flaw),
        await world.update("coordinator", "PATCH", path, flaw),
    ):
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{next(iter(flaw))}")


async def test_a_planned_measure_can_be_changed_and_a_started_one_not(world: World) -> None:
    family, _, path = await planned(world, paragraph="barnets lov § 84")
    changed = {"title": "Aflastning", "invasiveness": 1, "starts_on": day(30), "paragraph": None}
    answer = await world.update("coordinator", "PATCH", path, changed)
    assert answer.status_code == 200, answer.text
    assert {name: answer.json()[name] for name in changed} == changed
    assert (await world.call("coordinator", "PATCH", path, {"title": "x"})).status_code == 428
    assert (await world.call("coordinator", "PATCH", path, {"title": "x"}, if_match='"old"')).status_code == 412
    for name in ("title", "category", "planned_on"):
        emptied = await world.update("coordinator", "PATCH", path, {name: None})
        assert (emptied.status_code, emptied.json()["errors"][0]["pointer"]) == (422, f"/{name}")
    moved = await world.update("coordinator", "PATCH", path, {"member_id": family.members["mother"]})
    assert moved.status_code == 422, "for somebody else it is another measure"
    assert (await world.post("coordinator", f"{path}/start")).status_code == 200
    late = await world.update("coordinator", "PATCH", path, {"title": "x"})
    assert (late.status_code, late.json()["code"]) == (409, "measure-not-planned")


# --- its course


async def test_a_measure_is_started_and_ended_with_a_reason(world: World) -> None:
    _, _, path = await planned(world, starts_on=day(10))
    early = await world.post("coordinator", f"{path}/end", {"ended_on": day(0), "reason": "x"})
    assert (early.status_code, early.json()["code"]) == (409, "measure-not-started")
    ahead = await world.post("coordinator", f"{path}/start", {"started_on": day(2)})
    assert (ahead.status_code, ahead.json()["errors"][0]["pointer"]) == (422, "/started_on")
    started = await world.post("coordinator", f"{path}/start", {"started_on": day(-3)})
    assert (started.status_code, started.json()["status"], started.json()["starts_on"]) == (200, "started", day(-3))
    for ended_on, code in ((day(2), "future"), (day(-4), "period-invalid")):
        refused = await world.post("coordinator", f"{path}/end", {"ended_on": ended_on, "reason": "x"})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, code)
    dropped = await world.post("coordinator", f"{path}/drop", {"reason": "x"})
    assert (dropped.status_code, dropped.json()["code"]) == (409, "measure-not-planned")
    body = {"ended_on": day(-1), "reason": "Familien klarer hverdagen selv."}
    ended = (await world.post("coordinator", f"{path}/end", body)).json()
    assert (ended["status"], ended["ended_on"], ended["end_reason"]) == ("ended", day(-1), body["reason"])
    assert (await world.post("coordinator", f"{path}/end", body)).status_code == 409
    assert (await world.get("coordinator", path)).json() == ended


async def test_a_measure_that_is_dropped_is_not_started(world: World) -> None:
    _, case, path = await planned(world)
    assert (await world.post("coordinator", f"{path}/drop", {})).status_code == 422
    dropped = (await world.post("coordinator", f"{path}/drop", {"reason": "Skolen hjælper."})).json()
    assert (dropped["status"], dropped["end_reason"], dropped["ended_on"]) == ("dropped", "Skolen hjælper.", None)
    assert (await world.post("coordinator", f"{path}/start")).json()["code"] == "measure-not-planned"
    listed = f"/v1/cases/{case['id']}/measures"
    for query, count in (("status=dropped", 1), ("status=planned", 0), ("category=measure", 0)):
        assert len((await world.get("coordinator", f"{listed}?{query}")).json()["items"]) == count, query


async def test_a_measure_starts_once(world: World) -> None:
    _, case, path = await planned(world)
    answers = await asyncio.gather(
        *(world.post("coordinator", f"{path}/start") for _ in range(3)),
        world.post("coordinator", f"{path}/drop", {"reason": "Fortrudt."}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    told = (await world.get("coordinator", f"/v1/cases/{case['id']}/timeline")).text
    assert told.count("measure.started") + told.count("measure.dropped") == 1


async def test_a_replay_reads_the_measure_again(world: World) -> None:
    family, case, path = await planned(world)
    body = {"member_id": family.members["child"], "title": "Kursus", "category": "measure"}
    first, again = [
        await world.post("coordinator", f"/v1/cases/{case['id']}/measures", body, idempotency_key="et-kursus")
        for _ in range(2)
    ]
    assert (again.status_code, again.json()) == (201, first.json())
    first, again = [await world.post("coordinator", f"{path}/start", idempotency_key="i-dag") for _ in range(2)]
    assert (again.status_code, again.json()) == (200, first.json())


async def test_in_a_closed_case_measures_are_only_read(world: World) -> None:
    family, case, path = await planned(world)
    closing = {"goals": [], "handover_note": "Slut."}
    body = {"to": "closed", "reason": "other", "closing": closing}
    assert (await world.post("coordinator", f"/v1/cases/{case['id']}/transitions", body)).status_code == 200
    for refused in (
        await plan(world, case, family.members["child"]),
        await world.update("coordinator", "PATCH", path, {"title": "x"}),
        await world.post("coordinator", f"{path}/start"),
        await world.post("coordinator", f"{path}/end", {"ended_on": day(0), "reason": "x"}),
        await world.post("coordinator", f"{path}/drop", {"reason": "x"}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "case-read-only")
    wrong = await world.post("coordinator", f"{path}/start", {"started_on": day(2)})
    assert wrong.status_code == 422, "what is meant is judged before the state"
    assert (await world.get("mother", path)).json()["status"] == "planned"


# --- what comes first


async def test_no_measure_starts_before_the_assessment_is_done(world: World) -> None:
    """R49, however early the municipality lets steps be started (R63)."""
    await set_to(world, steps={"blocking": "warn"})
    family, case, path = await planned(world, "efei")
    adults = await plan(world, case, family.members["mother"])
    for other in (path, f"/v1/measures/{adults.json()['id']}"):
        refused = await world.post("coordinator", f"{other}/start")
        assert (refused.status_code, refused.json()["code"]) == (409, "assessment-not-done")
        assert [flaw["code"] for flaw in refused.json()["errors"]] == ["step-2", "step-3"]
    await step(world, case, 2, "start")
    await hold(world, case, family, "assessment")
    assert (await world.post("coordinator", f"{path}/start")).status_code == 409
    await step(world, case, 2, "complete")
    refused = await world.post("coordinator", f"{path}/start")
    assert [flaw["code"] for flaw in refused.json()["errors"]] == ["step-3"]
    await step(world, case, 3, "start")
    await step(world, case, 3, "complete")
    assert (await world.post("coordinator", f"{path}/start")).json()["status"] == "started"


async def test_without_stages_the_assessment_is_where_the_family_is_met(world: World, owner: Database) -> None:
    """R49 in a template of the municipality's own."""
    await set_to(world, steps={"blocking": "warn"})
    family, case, path = await planned(world, "efei")
    async with owner.transaction(world.municipality) as session:
        await session.execute(text("update steps set stage = null where case_id = :id"), {"id": UUID(case["id"])})
    refused = await world.post("coordinator", f"{path}/start")
    assert [flaw["code"] for flaw in refused.json()["errors"]] == ["step-2"]
    await step(world, case, 2, "start")
    await hold(world, case, family, "assessment")
    await step(world, case, 2, "complete")
    assert (await world.post("coordinator", f"{path}/start")).status_code == 200


async def test_an_analysis_meeting_comes_first_where_it_is_required(world: World) -> None:
    """X4. A planned one is not enough."""
    await set_to(world, steps={"blocking": "warn"}, analysis_meeting="required")
    family, case, path = await planned(world, "efei")
    assert (await world.post("coordinator", f"{path}/start")).json()["code"] == "assessment-not-done"
    await assess(world, case, family)
    body = {"kind": "analysis", "planned_for": THEN}
    await world._made("coordinator", f"/v1/cases/{case['id']}/meetings", body)
    refused = await world.post("coordinator", f"{path}/start")
    assert (refused.status_code, refused.json()["code"]) == (409, "analysis-meeting-missing")
    await hold(world, case, family, "analysis")
    assert (await world.post("coordinator", f"{path}/start")).status_code == 200


@pytest.mark.parametrize("model", ["sof", "none"])
async def test_outside_efei_nothing_has_to_come_first(model: str, world: World) -> None:
    await set_to(world, analysis_meeting="required")
    _, _, path = await planned(world, model)
    assert (await world.post("coordinator", f"{path}/start")).status_code == 200


# --- who


async def test_only_the_advisers_work_with_measures(world: World, neighbour: World) -> None:
    family, case, path = await planned(world)
    for who, on_case, on_measure in (
        ("psychologist", 403, 403),
        ("mother", 403, 403),
        ("head", 403, 404),
        ("journal", 403, 404),
        ("visitor", 404, 404),
        ("child", 404, 404),
        ("stranger", 404, 404),
    ):
        assert (await plan(world, case, family.members["child"], who)).status_code == on_case, who
        assert (await world.call(who, "PATCH", path, {"title": "x"}, if_match='"x"')).status_code == on_measure, who
        for verb, body in (("start", {}), ("end", {"ended_on": day(0), "reason": "x"}), ("drop", {"reason": "x"})):
            assert (await world.post(who, f"{path}/{verb}", body)).status_code == on_measure, (who, verb)
    assert (await neighbour.get("coordinator", path)).status_code == 404
    assert (await plan(neighbour, case, family.members["child"])).status_code == 404
    assert (await world.get("psychologist", path)).status_code == 200


async def test_one_parents_measure_is_not_shown_to_the_other(world: World) -> None:
    """A leak: read alone, in the list, in the log and on the timeline. Leaders and services see none at all."""
    family = await world.family()
    case = await world.allocated(family, child="teen")
    path = f"/v1/cases/{case['id']}"
    made = {who: (await plan(world, case, family.members[who])).json()["id"] for who in ("mother", "teen")}
    for who, expected in (
        ("coordinator", {"mother", "teen"}),
        ("psychologist", {"mother", "teen"}),
        ("mother", {"mother", "teen"}),
        ("father", {"teen"}),
        ("teen", {"teen"}),
        ("head", set[str]()),
        ("journal", set[str]()),
    ):
        listed = {one["id"] for one in (await world.get(who, f"{path}/measures")).json()["items"]}
        assert listed == {made[whose] for whose in expected}, who
        for whose, id in made.items():
            found = (await world.get(who, f"/v1/measures/{id}")).status_code
            assert found == (200 if whose in expected else 404), (who, whose)
        told = (await world.get(who, f"{path}/timeline")).text
        assert told.count("measure.planned") == len(expected), who
    one = f"/v1/measures/{made['mother']}"
    for verb, body in (("start", {}), ("end", {"ended_on": day(0), "reason": "Slut."})):
        assert (await world.post("coordinator", f"{one}/{verb}", body)).status_code == 409
    assert (await world.post("psychologist", f"{one}/drop", {"reason": "x"})).status_code == 403
    await world.update("coordinator", "PATCH", one, {"title": "Forældrekursus"})
    for who, count in (("mother", 3), ("father", 1), ("teen", 1), ("head", 0), ("journal", 0)):
        assert (await world.get(who, f"{path}/timeline")).text.count('"type":"measure.') == count, who
    for who, measures, planned in (("mother", 4, 2), ("father", 0, 1), ("teen", 0, 1)):
        log = (await world.get(who, f"{path}/access-log?limit=200")).json()["items"]
        assert [entry["action"] for entry in log].count("work_measure") == measures, who
        assert [entry["action"] for entry in log].count("plan_measure") == planned, who


async def test_the_family_reads_who_planned_a_measure_and_why_they_could(world: World) -> None:
    _, case, _ = await planned(world)
    log = (await world.get("father", f"/v1/cases/{case['id']}/access-log?limit=200")).json()["items"]
    (entry,) = [one for one in log if one["action"] == "plan_measure"]
    assert entry["rule"] == "coordinator_of_case"
    assert "planlagde en indsats" in entry["text"]
