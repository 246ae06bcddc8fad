"""The template editor: versions, keys, what is unfilled and what differs (R38, R39, R59, T17)."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.db import Database
from app.services.catalogue import explained
from tests.worlds import World

pytestmark = pytest.mark.anyio


async def newest(world: World, model: str = "efei") -> dict[str, Any]:
    found: dict[str, Any] = (await world.get("administrator", f"/v1/step-templates?model={model}")).json()["items"][0]
    return found


async def publish(world: World, template: dict[str, Any], who: str = "administrator", **more: Any) -> Any:
    body = {"model": template["model"], "name": template["name"], "based_on": template["version"]}
    return await world.post(who, "/v1/step-templates", body | {"steps": template["steps"]} | more)


def renumbered(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The steps with their numbers set right, under the keys that they had."""
    return [step | {"number": number} for number, step in enumerate(steps, 1)]


def keyless(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in step.items() if name != "key"} for step in steps]


async def differences(world: World, template: dict[str, Any], query: str = "") -> Any:
    return await world.get("administrator", f"/v1/step-templates/{template['id']}/differences{query}")


# --- versions


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
    assert (step["title"], step["key"]) == ("Vores første skridt", "allocation")
    assert (await world.get("administrator", f"/v1/step-templates/{template['id']}")).json() == template


async def test_two_editors_of_a_template_do_not_overwrite_each_other(world: World) -> None:
    template = await newest(world, "sof")
    answers = await asyncio.gather(*(publish(world, template) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"template-changed"}
    assert (await newest(world, "sof"))["version"] == 2


async def test_a_template_is_whole_or_refused(world: World) -> None:
    """Numbered from 1 without gaps; the place of the fault is told. What it means comes before what state it is in."""
    template = await newest(world)
    for steps in (template["steps"][1:], keyless([template["steps"][0]] * 2), template["steps"][::-1]):
        for based_on in (1, 9):
            refused = await publish(world, template, steps=steps, based_on=based_on)
            assert (refused.status_code, refused.json()["code"]) == (422, "validation-failed")
    assert (await publish(world, template, who="head")).status_code == 403
    assert (await newest(world))["version"] == 1


async def test_what_was_read_can_be_sent_back(world: World) -> None:
    """T17: the table goes out and in again, and a copy of it changes nothing."""
    for model in ("efei", "sof"):
        template = await newest(world, model)
        again = await publish(world, template, activities=template["activities"])
        assert again.status_code == 201, again.text
        assert (again.json()["steps"], again.json()["activities"]) == (template["steps"], template["activities"])
        assert (await differences(world, again.json())).json() == {"items": []}


async def test_the_gaps_of_a_template_are_told(world: World) -> None:
    """R39, X20: the model leaves the participants of steps 1, 3 and 5 to be filled locally."""
    template = await newest(world)
    gaps = (await world.get("administrator", f"/v1/step-templates/{template['id']}/gaps")).json()["items"]
    participants = {gap["number"] for gap in gaps if gap["cell"] == "participants"}
    assert participants == {1, 3, 5}
    assert all(gap["label"] and gap["title"] for gap in gaps)


# --- keys


async def test_a_step_without_a_key_keeps_the_one_of_its_number(world: World) -> None:
    template = await newest(world)
    more = [*keyless(template["steps"]), keyless(template["steps"])[6] | {"number": 8, "title": "Et til"}]
    published = await publish(world, template, steps=more)
    assert published.status_code == 201, published.text
    keys = [step["key"] for step in published.json()["steps"]]
    assert keys == [*(step["key"] for step in template["steps"]), "step_8"]


async def test_a_key_names_one_step(world: World) -> None:
    template = await newest(world)
    first, second, *rest = template["steps"]
    for steps, status, pointer in (
        ([first, second | {"key": "allocation"}, *rest], 422, "/steps/1/key"),
        ([first | {"key": "assessment"}, *keyless([second]), *rest], 422, "/steps/1/key"),
        ([first | {"key": "Ikke en nøgle"}, second, *rest], 422, "/steps/0/key"),
    ):
        refused = await publish(world, template, steps=steps)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (status, pointer)


async def test_a_template_from_before_there_were_keys_is_read_by_its_numbers(world: World, owner: Database) -> None:
    """The stored document stays as it is; so does what a case copies from it."""
    strip = "update step_templates set steps = (select jsonb_agg(s - 'key' order by (s->>'number')::int)"
    strip += " from jsonb_array_elements(steps) s) where municipality_id = :m"
    async with owner.transaction(world.municipality) as session:
        await session.execute(text(strip), {"m": world.municipality})
    template = await newest(world)
    assert [step["key"] for step in template["steps"]][:2] == ["step_1", "step_2"]
    case = await world.case()
    steps = (await world.get("coordinator", f"/v1/cases/{case['id']}/steps")).json()["items"]
    assert [step["key"] for step in steps] == [step["key"] for step in template["steps"]]
    kept = await publish(world, template, steps=keyless(template["steps"]))
    assert [step["key"] for step in kept.json()["steps"]] == [step["key"] for step in template["steps"]]


# --- activities


async def test_activities_are_edited_and_otherwise_stay(world: World) -> None:
    """R59, X21: the order and the words are the municipality's own."""
    template = await newest(world, "sof")
    codes = [one["code"] for one in template["activities"]]
    assert codes == ["case_meetings", "contact", "plan_follow_up", "repeat_steps", "exit"]
    kept = (await publish(world, template)).json()
    assert kept["activities"] == template["activities"]
    fewer = [{"code": "exit", "title": "Farvel"}, {"code": "contact", "title": "Vi ringer"}]
    changed = (await publish(world, kept, activities=fewer)).json()
    assert changed["activities"] == fewer
    for wrong in ([fewer[0], fewer[0]], [{"code": "party", "title": "Fest"}], [{"code": "exit", "title": " "}]):
        assert (await publish(world, changed, activities=wrong)).status_code == 422
    (told,) = (await differences(world, changed)).json()["items"]
    assert (told["field"], told["before"], told["after"]) == ("activities", template["activities"], fewer)


# --- differences


async def test_what_a_version_changed_is_told_step_by_step(world: World) -> None:
    template = await newest(world)
    one, two, three, *rest = template["steps"]
    filled = three["participants"] | {"text": "Familien og skolen", "suggestion": False}
    own = one | {"key": "welcome", "title": "Velkomst"}
    new = (
        await publish(
            world,
            template,
            name="Vores opstart",
            steps=renumbered([one, own, three | {"participants": filled, "optional": True}, *rest]),
        )
    ).json()
    items = (await differences(world, new)).json()["items"]
    assert [(d["key"], d["number"], d["change"], d["field"]) for d in items] == [
        (None, None, "changed", "name"),
        ("welcome", 2, "added", None),
        ("information", 3, "changed", "optional"),
        ("information", 3, "changed", "participants"),
        ("assessment", 2, "removed", None),
    ]
    assert (items[0]["before"], items[0]["after"]) == ("Opstart af sag", "Vores opstart")
    assert (items[1]["before"], items[1]["after"]) == (None, own | {"number": 2})
    assert (items[3]["before"], items[3]["after"]) == (three["participants"], filled)
    assert (items[4]["before"], items[4]["after"]) == (two, None)


async def test_a_step_that_got_another_place_was_moved(world: World) -> None:
    template = await newest(world)
    one, two, three, *rest = template["steps"]
    new = (await publish(world, template, steps=renumbered([one, three, two, *rest]))).json()
    items = (await differences(world, new)).json()["items"]
    assert [(d["key"], d["change"], d["before"], d["after"]) for d in items] == [
        ("information", "moved", 3, 2),
        ("assessment", "moved", 2, 3),
    ]
    back = (await publish(world, new, steps=renumbered([one, two, three, *rest]))).json()
    assert (await differences(world, back, f"?against={template['id']}")).json() == {"items": []}
    assert len((await differences(world, template, f"?against={new['id']}")).json()["items"]) == 2


async def test_a_version_is_compared_with_one_of_its_model_in_this_municipality(world: World, neighbour: World) -> None:
    template, other, foreign = await newest(world), await newest(world, "sof"), await newest(neighbour)
    assert (await differences(world, template)).json() == {"items": []}
    for against, status, code in (
        (other["id"], 422, "another-model"),
        (foreign["id"], 422, "unknown-reference"),
        (str(uuid4()), 422, "unknown-reference"),
        ("nonsense", 422, "uuid_parsing"),
    ):
        refused = await differences(world, template, f"?against={against}")
        assert (refused.status_code, refused.json()["errors"][0]) == (
            status,
            {"pointer": "?against", "code": code, "detail": explained(code, {}, "da")},
        )
    assert (await differences(world, foreign)).status_code == 404
    assert (await differences(world, template, "?versus=1")).status_code == 422


# --- a step that is in use


async def test_a_step_that_is_under_way_in_open_cases_is_not_removed(world: World) -> None:
    """The step is named by its key, and the cases are counted and not named. A closed case holds nothing back."""
    family, template = await world.family(), await newest(world)
    cases = [await world.allocated(family) for _ in range(2)]
    for case in cases:
        assert (await world.post("coordinator", f"/v1/cases/{case['id']}/steps/1/start")).status_code == 200
    without = renumbered(template["steps"][1:])
    refused = await publish(world, template, steps=without)
    assert (refused.status_code, refused.json()["code"]) == (409, "step-in-use")
    assert refused.json()["errors"] == [{"pointer": "/steps", "code": "allocation", "detail": "2"}]
    assert cases[0]["id"] not in refused.text
    closing = {"goals": [], "handover_note": "Slut."}
    for case in cases:
        body = {"to": "closed", "reason": "other", "closing": closing}
        assert (await world.post("coordinator", f"/v1/cases/{case['id']}/transitions", body)).status_code == 200
    assert (await publish(world, template, steps=without)).status_code == 201


async def test_a_step_is_removed_though_the_neighbour_or_the_other_model_has_it_under_way(
    world: World, neighbour: World
) -> None:
    """What another municipality is doing shows in no answer here; and `allocation` is a key of both models."""
    for there, model in ((neighbour, "efei"), (world, "sof")):
        case = await there.allocated(model=model)
        assert (await there.post("coordinator", f"/v1/cases/{case['id']}/steps/1/start")).status_code == 200
    template = await newest(world)
    assert (await publish(world, template, steps=renumbered(template["steps"][1:]))).status_code == 201


async def test_a_step_that_keeps_its_key_is_not_removed_when_it_moves(world: World) -> None:
    template, case = await newest(world), await world.allocated()
    assert (await world.post("coordinator", f"/v1/cases/{case['id']}/steps/1/start")).status_code == 200
    one, two, *rest = template["steps"]
    assert (await publish(world, template, steps=renumbered([two, one, *rest]))).status_code == 201
