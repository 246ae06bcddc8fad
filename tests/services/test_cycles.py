"""Steps that are taken again, what goes on in a running case, and the picture of how far it is (R47, R48, R59, R60)."""

import asyncio
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree

import pytest

from tests.worlds import FamilyOf, World

pytestmark = pytest.mark.anyio
REASON = {"reason": "Alma skal skifte skole."}
SVG = "{http://www.w3.org/2000/svg}"


async def short(world: World, model: str = "sof", *, repeatable: tuple[bool, ...] = (False, True, True)) -> None:
    """A template of few steps that ask for nothing."""
    template = (await world.get("administrator", f"/v1/step-templates?model={model}")).json()["items"][0]
    steps = [
        template["steps"][number - 1] | {"number": number, "requires": [], "repeatable": again}
        for number, again in enumerate(repeatable, 1)
    ]
    body = {"model": model, "name": "Kort", "steps": steps, "based_on": template["version"]}
    assert (await world.post("administrator", "/v1/step-templates", body)).status_code == 201


async def running(world: World, family: FamilyOf | None = None, model: str = "sof", steps: int = 3) -> Any:
    case = await world.allocated(family, model=model)
    for number in range(1, steps + 1):
        await finish(world, case, number)
    moved = await world.post("coordinator", f"/v1/cases/{case['id']}/transitions", {"to": "running"})
    assert moved.status_code == 200, moved.text
    return moved.json()


async def finish(world: World, case: Any, number: int) -> None:
    for verb in ("start", "complete"):
        answer = await world.post("coordinator", f"/v1/cases/{case['id']}/steps/{number}/{verb}")
        assert answer.status_code == 200, answer.text


async def begin(world: World, case: Any, who: str = "coordinator", **more: Any) -> Any:
    return await world.post(who, f"/v1/cases/{case['id']}/cycles", REASON | more)


async def steps_of(world: World, case: Any, query: str = "", who: str = "coordinator") -> Any:
    found = (await world.get(who, f"/v1/cases/{case['id']}/steps{query}")).json()["items"]
    return [(step["number"], step["cycle"], step["status"]) for step in found]


# --- cycles


async def test_after_a_larger_change_the_repeatable_steps_come_again(world: World) -> None:
    """R60: all but the first, as the case's own steps were, and the history is kept."""
    await short(world)
    case = await world.allocated(model="sof")
    path = f"/v1/cases/{case['id']}"
    own = {"cells": {"content": "Vores egen måde."}}
    assert (await world.update("coordinator", "PATCH", f"{path}/steps/2", own)).status_code == 200
    for number in (1, 2, 3):
        await finish(world, case, number)
    assert (await world.post("coordinator", f"{path}/transitions", {"to": "running"})).status_code == 200
    begun = await begin(world, case)
    assert (begun.status_code, begun.json()["number"], begun.json()["reason"]) == (201, 2, REASON["reason"])
    assert begun.json()["started_by_name"] == "coordinator Prøvesen"
    assert (await world.get("coordinator", begun.headers["location"])).json() == begun.json()
    assert await steps_of(world, case) == [(1, 1, "done"), (2, 2, "planned"), (3, 2, "planned")]
    assert await steps_of(world, case, "?cycle=1") == [(1, 1, "done"), (2, 1, "done"), (3, 1, "done")]
    assert await steps_of(world, case, "?cycle=2") == [(2, 2, "planned"), (3, 2, "planned")]
    assert await steps_of(world, case, "?cycle=3") == []
    again = (await world.get("coordinator", f"{path}/steps/2")).json()
    assert again["cells"]["content"] == {"text": "Vores egen måde.", "suggestion": False}
    assert (again["completed_at"], again["started_at"], again["key"]) == (None, None, "preparation")
    assert (await world.get("coordinator", f"{path}/steps/1")).json()["cycle"] == 1
    assert (await world.get("coordinator", path)).json()["state"] == "running"
    happened = (await world.get("head", f"{path}/timeline")).json()["items"][0]
    assert (happened["type"], happened["resource_id"]) == ("case.cycle_started", case["id"])


async def test_the_work_goes_on_in_the_newest_cycle(world: World) -> None:
    """The verbs, what blocks, the overview and what one holds: all speak of the current steps."""
    await short(world)
    case = await running(world)
    path = f"/v1/cases/{case['id']}"
    assert (await begin(world, case)).status_code == 201
    blocked = await world.post("coordinator", f"{path}/steps/3/start")
    assert [flaw["code"] for flaw in blocked.json()["errors"]] == ["step-2"]
    holder = {"holder_id": str(world.ids["coordinator"])}
    assert (await world.update("coordinator", "PATCH", f"{path}/steps/2", holder)).status_code == 200
    held = (await world.get("coordinator", "/v1/me/work")).json()["steps"]
    assert [(step["number"], step["cycle"]) for step in held if step["case_id"] == case["id"]] == [(2, 2)]
    await finish(world, case, 2)
    assert (await world.post("coordinator", f"{path}/steps/2/start")).json()["code"] == "step-not-open"
    assert (await world.post("coordinator", f"{path}/steps/1/start")).json()["code"] == "step-not-open"
    overview = (await world.get("coordinator", f"{path}/overview")).json()["steps"]
    assert [(step["number"], step["cycle"]) for step in overview] == [(1, 1), (2, 2), (3, 2)]
    shown = (await world.get("mother", "/v1/me/family")).json()["cases"]
    (mine,) = [one for one in shown if one["id"] == case["id"]]
    assert [(step["number"], step["status"]) for step in mine["steps"]] == [(1, "done"), (2, "done"), (3, "planned")]


async def test_only_some_of_the_steps_can_be_taken_again(world: World) -> None:
    """They stand in their order, and what was not asked for stays where it was."""
    await short(world)
    case = await running(world)
    assert (await begin(world, case, steps=[2])).status_code == 201
    assert await steps_of(world, case) == [(1, 1, "done"), (2, 2, "planned"), (3, 1, "done")]
    await finish(world, case, 2)
    assert (await begin(world, case, steps=[3, 2])).json()["number"] == 3
    assert await steps_of(world, case) == [(1, 1, "done"), (2, 3, "planned"), (3, 3, "planned")]
    listed = (await world.get("coordinator", f"/v1/cases/{case['id']}/cycles")).json()["items"]
    assert [cycle["number"] for cycle in listed] == [3, 2]


async def test_a_step_left_open_in_an_earlier_cycle_is_history(world: World) -> None:
    """It stays as it is, and nobody is held to it any more: not by what one holds, nor by a new coordinator."""
    await short(world)
    case = await running(world)
    path, holder = f"/v1/cases/{case['id']}", {"holder_id": str(world.ids["coordinator"])}
    assert (await begin(world, case)).status_code == 201
    await finish(world, case, 2)
    assert (await world.update("coordinator", "PATCH", f"{path}/steps/3", holder)).status_code == 200
    assert (await begin(world, case)).status_code == 201
    assert await steps_of(world, case, "?cycle=2") == [(2, 2, "done"), (3, 2, "planned")]
    assert (await world.get("coordinator", "/v1/me/work")).json()["steps"] == []
    new = {"user_id": str(world.ids["second"]), "reason": "Karen er på barsel."}
    assert (await world.update("head", "PUT", f"{path}/coordinator", new, read=path)).status_code == 200
    (left,) = [
        step
        for step in (await world.get("second", f"{path}/steps?cycle=2")).json()["items"]
        if step["status"] == "planned"
    ]
    assert left["holder_id"] == str(world.ids["coordinator"])


async def test_the_coordinator_holds_what_the_coordinator_is_responsible_for(world: World) -> None:
    await short(world, "efei")
    case = await running(world, model="efei")
    assert (await begin(world, case, steps=[2])).status_code == 201
    step = (await world.get("coordinator", f"/v1/cases/{case['id']}/steps/2")).json()
    assert step["holder_id"] == str(world.ids["coordinator"])


async def test_a_step_that_cannot_be_repeated_is_refused_by_its_place(world: World) -> None:
    """SOF g: steps 2–8 can be repeated, and step 1 cannot. What is asked is judged before the state of the case."""
    case = await world.allocated(model="sof")
    for steps, pointer, code in (
        ([1], "/steps/0", "step-not-repeatable"),
        ([2, 1], "/steps/1", "step-not-repeatable"),
        ([9], "/steps/0", "unknown-reference"),
        ([2, 2], "/steps/1", "already-exists"),
        ([], "/steps", "too_short"),
        ([0], "/steps/0", "greater_than_equal"),
    ):
        refused = await begin(world, case, steps=steps)
        flaw = refused.json()["errors"][0]
        assert (refused.status_code, flaw["pointer"], flaw["code"]) == (422, pointer, code), steps
    silent = await world.post("coordinator", f"/v1/cases/{case['id']}/cycles", {})
    assert (silent.status_code, silent.json()["errors"][0]["pointer"]) == (422, "/reason")
    early = await begin(world, case)
    assert (early.status_code, early.json()["code"]) == (409, "case-not-running")


async def test_where_nothing_can_be_repeated_nothing_is(world: World) -> None:
    await short(world, repeatable=(False, False))
    case = await running(world, steps=2)
    refused = await begin(world, case)
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing-to-repeat")
    assert (await world.get("coordinator", f"/v1/cases/{case['id']}/cycles")).json()["items"] == []
    closing = {"to": "closed", "reason": "other", "closing": {"goals": [], "handover_note": "Slut."}}
    assert (await world.post("coordinator", f"/v1/cases/{case['id']}/transitions", closing)).status_code == 200
    assert (await begin(world, case)).json()["code"] == "case-read-only"


async def test_of_two_who_begin_a_cycle_at_once_one_wins(world: World) -> None:
    """The other finds steps that nobody has begun yet: there is nothing to repeat."""
    await short(world)
    case = await running(world)
    answers = await asyncio.gather(*(begin(world, case, who) for who in ("coordinator", "head", "coordinator")))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"nothing-to-repeat"}
    assert await steps_of(world, case) == [(1, 1, "done"), (2, 2, "planned"), (3, 2, "planned")]


async def test_who_begins_a_cycle_and_who_reads_why(world: World, neighbour: World) -> None:
    """Advisers and the head begin one; what changed is content, which a leader and a service do not read."""
    await short(world)
    case = await running(world)
    for who, status in (
        ("psychologist", 403), ("mother", 403), ("journal", 403), ("visitor", 404), ("stranger", 404), ("head", 201),
    ):  # fmt: skip
        assert (await begin(world, case, who)).status_code == status, who
    (cycle,) = (await world.get("head", f"/v1/cases/{case['id']}/cycles")).json()["items"]
    for who, reason in (
        ("coordinator", REASON["reason"]), ("psychologist", REASON["reason"]), ("mother", REASON["reason"]),
        ("head", None), ("journal", None),
    ):  # fmt: skip
        assert (await world.get(who, f"/v1/cycles/{cycle['id']}")).json()["reason"] == reason, who
    for there, who in ((world, "visitor"), (world, "stranger"), (neighbour, "coordinator")):
        assert (await there.get(who, f"/v1/cycles/{cycle['id']}")).status_code == 404
        assert (await there.get(who, f"/v1/cases/{case['id']}/cycles")).status_code == 404


async def test_a_meeting_of_an_earlier_cycle_does_not_finish_the_step_of_this_one(world: World) -> None:
    """R50: what a repeated step asks for is asked again."""
    template = (await world.get("administrator", "/v1/step-templates?model=efei")).json()["items"][0]
    assessment = template["steps"][1] | {"number": 1, "repeatable": True}
    body = {"model": "efei", "name": "Kort", "steps": [assessment], "based_on": 1}
    assert (await world.post("administrator", "/v1/step-templates", body)).status_code == 201
    family = await world.family()
    case = await world.allocated(family)

    async def meet(at: str) -> None:
        meeting = await world._made(
            "coordinator", f"/v1/cases/{case['id']}/meetings", {"kind": "assessment", "planned_for": at}
        )
        held = {"held_at": at, "attendance": [{"kind": "family", "id": family.members["mother"]}]}
        assert (await world.post("coordinator", f"/v1/meetings/{meeting['id']}/hold", held)).status_code == 200

    await meet("2026-01-05T10:00:00Z")
    await finish(world, case, 1)
    moved = await world.post("coordinator", f"/v1/cases/{case['id']}/transitions", {"to": "running"})
    assert moved.status_code == 200
    begun = (await begin(world, case)).json()
    assert (await world.post("coordinator", f"/v1/cases/{case['id']}/steps/1/start")).status_code == 200
    refused = await world.post("coordinator", f"/v1/cases/{case['id']}/steps/1/complete")
    assert [flaw["code"] for flaw in refused.json()["errors"]] == ["family_meeting"]
    await meet(begun["started_at"])
    assert (await world.post("coordinator", f"/v1/cases/{case['id']}/steps/1/complete")).status_code == 200


# --- activities


async def activities(world: World, who: str, case: Any) -> Any:
    answer = await world.get(who, f"/v1/cases/{case['id']}/activities")
    assert answer.status_code == 200, answer.text
    return {one["code"]: (one["last_at"], one["count"]) for one in answer.json()["items"]}


async def test_what_goes_on_is_told_with_when_it_last_did(world: World) -> None:
    """R59. For each reader as the timeline tells it: a leader hears of no meeting and no contact."""
    await short(world)
    family = await world.family()
    case = await running(world, family)
    path, then, before = f"/v1/cases/{case['id']}", "2026-01-05T10:00:00Z", "2026-01-02T10:00:00Z"
    nothing = dict.fromkeys(("case_meetings", "contact", "repeat_steps", "exit"), (None, 0))
    assert await activities(world, "coordinator", case) == nothing | {"plan_follow_up": (None, None)}
    meeting = await world._made("coordinator", f"{path}/meetings", {"kind": "status", "planned_for": then})
    await world._made("coordinator", f"{path}/meetings", {"kind": "status", "planned_for": then})
    held = {"held_at": then, "attendance": [{"kind": "family", "id": family.members["mother"]}]}
    assert (await world.post("coordinator", f"/v1/meetings/{meeting['id']}/hold", held)).status_code == 200
    for at in (then, before):
        contact = {"kind": "informal", "channel": "phone", "took_place_at": at}
        await world._made("coordinator", f"{path}/contacts", contact)
    begun = (await begin(world, case)).json()
    inside = {"case_meetings": (then, 1), "contact": (then, 2), "repeat_steps": (begun["started_at"], 1)}
    for who in ("coordinator", "psychologist", "mother"):
        assert await activities(world, who, case) == inside | {"exit": (None, 0), "plan_follow_up": (None, None)}, who
    hidden = dict.fromkeys(("case_meetings", "contact", "plan_follow_up"), (None, None))
    for who in ("head", "journal"):
        assert await activities(world, who, case) == hidden | {
            "repeat_steps": (begun["started_at"], 1),
            "exit": (None, 0),
        }, who
    assert (await world.get("visitor", f"{path}/activities")).status_code == 404
    titles = [one["title"] for one in (await world.get("head", f"{path}/activities")).json()["items"]]
    assert titles[0] == "Møder om sagen med faste mellemrum"


async def test_a_case_keeps_the_activities_of_its_template(world: World) -> None:
    family = await world.family()
    case = await world.case(family, model="sof")
    template = (await world.get("administrator", "/v1/step-templates?model=sof")).json()["items"][0]
    body = {"model": "sof", "name": "Ny", "steps": template["steps"], "activities": [], "based_on": 1}
    assert (await world.post("administrator", "/v1/step-templates", body)).status_code == 201
    assert len(await activities(world, "coordinator", case)) == 5
    for model in ("sof", "efei", "none"):
        assert await activities(world, "coordinator", await world.case(family, model=model)) == {}


# --- the picture


async def drawn(world: World, who: str, case: Any, **headers: str) -> ElementTree.Element:
    answer = await world.get(who, f"/v1/cases/{case['id']}/progress.svg", **headers)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "image/svg+xml")
    assert answer.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == ("no-store", "nosniff")
    return ElementTree.fromstring(answer.text)  # noqa: S314 - our own


def described(picture: ElementTree.Element) -> str:
    return str(picture.findtext(f"{SVG}desc"))


async def test_the_picture_shows_the_fields_of_the_figure(world: World) -> None:
    """R47, R48: in the reader's language, and the same for all who follow the case: it is progress, not content."""
    case = await world.allocated()
    danish = await drawn(world, "mother", case)
    assert danish.findtext(f"{SVG}title") == f"Sagens forløb {case['number']}"
    assert described(danish).startswith("Opstart: Teamet er på plads – Kommer senere; ")
    assert "Sagsforløb: Retning ud fra fælles mål – Kommer senere; " in described(danish)
    assert (await world.post("coordinator", f"/v1/cases/{case['id']}/steps/1/start")).status_code == 200
    english = await drawn(world, "head", case, accept_language="en")
    assert described(english).startswith("Start-up: Team established – Current; ")
    for who in ("coordinator", "head", "journal", "psychologist"):
        assert described(await drawn(world, who, case)) == described(await drawn(world, "mother", case))
    for who in ("visitor", "stranger"):
        assert (await world.get(who, f"/v1/cases/{case['id']}/progress.svg")).status_code == 404
    assert (await world.get("mother", f"/v1/cases/{uuid4()}/progress.svg")).status_code == 404


async def test_a_model_without_a_figure_is_drawn_by_its_steps_and_activities(world: World) -> None:
    await short(world)
    case = await running(world)
    told = described(await drawn(world, "coordinator", case))
    assert told.startswith("Opstart: Sagsfordeling til rådgiver – Gennemført; ")
    assert "Sagsforløb: Møder om sagen med faste mellemrum – I gang nu; " in told
    assert (await begin(world, case)).status_code == 201
    assert "Forberedelse af opstartssamtale – Planlagt; " in described(await drawn(world, "coordinator", case))
    none = await world.case(model="none")
    assert described(await drawn(world, "coordinator", none)) == "Sagen følger ingen skridt."


async def test_a_hostile_title_is_drawn_as_text(world: World) -> None:
    """A leak of another kind: what an administrator writes runs in nobody's browser."""
    template = (await world.get("administrator", "/v1/step-templates?model=sof")).json()["items"][0]
    title = "</text><script>alert(1)</script><a href='https://example.invalid'>&lt;\u202e"
    step = template["steps"][0] | {"title": title}
    body = {"model": "sof", "name": "x", "steps": [step], "based_on": 1}
    assert (await world.post("administrator", "/v1/step-templates", body)).status_code == 201
    picture = await drawn(world, "coordinator", await world.case(model="sof"))
    tags = {element.tag.removeprefix(SVG) for element in picture.iter()}
    assert tags <= {"svg", "title", "desc", "g", "rect", "circle", "path", "text"}
    assert title.removesuffix("\u202e") in described(picture)
    assert "\u202e" not in ElementTree.tostring(picture, encoding="unicode")
