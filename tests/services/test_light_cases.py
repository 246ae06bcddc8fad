"""Light cases from an early concern, what speaks for the target group, and the upgrade to a model (R33, R75, X25)."""

import asyncio
from typing import Any

import pytest

from tests.worlds import FamilyOf, World

pytestmark = pytest.mark.anyio
INTAKE = {
    "impairment": "significant_and_lasting",
    "several_kinds_of_help": True,
    "cross_sector": False,
    "complex": True,
}
NOTE = "Sundhedsplejen og skolen er bekymrede hver for sig."


async def light(world: World, family: FamilyOf | None = None, **more: Any) -> dict[str, Any]:
    return await world.case(family, early_concern=True, **more)


async def opening(world: World, family: FamilyOf, **more: Any) -> Any:
    body = {"family_id": family.id, "child_id": family.members["child"]}
    return await world.post(
        "coordinator", "/v1/cases", body | {"owner_department_id": str(world.departments["handicap"])} | more
    )


async def events(world: World, case: dict[str, Any], who: str = "coordinator") -> list[str]:
    items = (await world.get(who, f"/v1/cases/{case['id']}/timeline")).json()["items"]
    return [item["type"] for item in items]


# --- light cases


async def test_an_early_concern_opens_a_light_case(world: World) -> None:
    """Story 1: by the head or an adviser, with what speaks for the target group; no model, and no steps."""
    family = await world.family()
    case = await light(world, family, intake={**INTAKE, "note": NOTE})
    assert (case["early_concern"], case["model"], case["state"], case["cycle"]) == (True, "none", "draft", 1)
    assert case["intake"] == {**INTAKE, "target_group": "inside"}
    assert (case["intake_note"], case["template_version"]) == (NOTE, None)
    assert (await world.get("coordinator", f"/v1/cases/{case['id']}/steps")).json()["items"] == []
    assert await events(world, case) == ["case.created"]
    ordinary = await world.case(family)
    for early, expected in (("true", {case["id"]}), ("false", {ordinary["id"]})):
        found = (await world.get("coordinator", f"/v1/cases?early_concern={early}")).json()["items"]
        assert {one["id"] for one in found} == expected


async def test_a_light_case_goes_all_the_way_without_a_model(world: World) -> None:
    """R77: allocation, contact and closing need no steps."""
    case = await world.allocated(None, early_concern=True)
    path = f"/v1/cases/{case['id']}"
    assert (case["state"], case["coordinator_role"]) == ("start_up", "coordinator")
    call = {"kind": "first_contact", "channel": "phone", "took_place_at": "2026-01-05T10:00:00Z"}
    assert (await world.post("coordinator", f"{path}/contacts", call)).status_code == 201
    running = await world.post("coordinator", f"{path}/transitions", {"to": "running"})
    assert (running.status_code, running.json()["state"]) == (200, "running")
    closing = {"to": "closed", "reason": "not_in_target_group", "closing": {"goals": [], "handover_note": "Slut."}}
    closed = await world.post("coordinator", f"{path}/transitions", closing)
    assert (closed.status_code, closed.json()["state"]) == (200, "closed")


async def test_light_cases_only_where_the_municipality_has_them(world: World) -> None:
    family = await world.family()
    model = await opening(world, family, early_concern=True, model="sof")
    assert (model.status_code, model.json()["errors"][0]["pointer"]) == (422, "/model")
    settings = {"settings": {"case": {"light": False}}}
    assert (await world.update("administrator", "PATCH", "/v1/municipality", settings)).status_code == 200
    refused = await opening(world, family, early_concern=True)
    assert (refused.status_code, refused.json()["code"]) == (422, "light-cases-not-used")
    assert refused.json()["errors"][0]["pointer"] == "/early_concern"
    assert (await opening(world, family, early_concern=False)).status_code == 201


# --- the upgrade


@pytest.mark.parametrize(("model", "steps", "role"), [("efei", 7, "coordinator"), ("sof", 8, "primary_adviser")])
async def test_a_light_case_becomes_a_full_one(model: str, steps: int, role: str, world: World) -> None:
    """The start-up of the model begins, in the hands of the adviser that the family has already."""
    case = await world.allocated(None, early_concern=True)
    path = f"/v1/cases/{case['id']}"
    assert (await world.post("coordinator", f"{path}/transitions", {"to": "running"})).status_code == 200
    upgraded = await world.post("coordinator", f"{path}/upgrade", {"model": model})
    assert upgraded.status_code == 200, upgraded.text
    found = upgraded.json()
    assert (found["model"], found["early_concern"], found["state"]) == (model, False, "start_up")
    assert (found["template_version"], found["coordinator_role"]) == (1, role)
    listed = (await world.get("coordinator", f"{path}/steps")).json()["items"]
    assert [step["number"] for step in listed] == list(range(1, steps + 1))
    if model == "efei":
        assert {step["holder_id"] for step in listed if step["number"] in (2, 4)} == {found["coordinator_id"]}
    assert (await events(world, case))[0] == "case.upgraded"
    not_ready = await world.post("coordinator", f"{path}/transitions", {"to": "running"})
    assert (not_ready.status_code, not_ready.json()["code"]) == (409, "case-not-ready")
    again = await world.post("coordinator", f"{path}/upgrade", {"model": model})
    assert (again.status_code, again.json()["code"]) == (409, "case-follows-model")


async def test_two_who_upgrade_at_once_make_one_set_of_steps(world: World) -> None:
    case = await light(world)
    path = f"/v1/cases/{case['id']}"
    answers = await asyncio.gather(
        *(world.post(who, f"{path}/upgrade", {"model": "sof"}) for who in ("head", "coordinator", "head"))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"case-follows-model"}
    assert (await world.get("coordinator", path)).json()["state"] == "draft"
    assert len((await world.get("coordinator", f"{path}/steps")).json()["items"]) == 8


async def test_who_upgrades_a_case_and_to_what(world: World, neighbour: World) -> None:
    case = await world.allocated(None, early_concern=True)
    path = f"/v1/cases/{case['id']}/upgrade"
    for who, status in (("psychologist", 403), ("mother", 403), ("journal", 403), ("visitor", 404)):
        assert (await world.post(who, path, {"model": "efei"})).status_code == status, who
    assert (await neighbour.post("coordinator", path, {"model": "efei"})).status_code == 404
    for model in ("none", None, "x"):
        assert (await world.post("head", path, {"model": model})).status_code == 422
    assert (await world.post("head", path, {"model": "efei"})).status_code == 200


# --- the target group


@pytest.mark.parametrize(
    ("impairment", "several", "sectors", "expected"),
    [
        ("significant_and_lasting", True, False, "inside"),
        ("invasive_chronic_or_long", False, True, "inside"),
        ("invasive_chronic_or_long", False, False, "outside"),
        ("neither", True, True, "outside"),
        ("unclear", True, True, "unclear"),
    ],
)
async def test_what_follows_for_the_target_group(
    impairment: str, several: bool, sectors: bool, expected: str, world: World
) -> None:
    case = await world.case()
    path = f"/v1/cases/{case['id']}"
    assert (case["intake"], case["intake_note"]) == (None, None)
    said = {**INTAKE, "impairment": impairment, "several_kinds_of_help": several, "cross_sector": sectors}
    answer = await world.update("coordinator", "PUT", f"{path}/intake", said, read=path)
    assert (answer.status_code, answer.json()["intake"]["target_group"]) == (200, expected)
    assert answer.headers["etag"] == (await world.get("coordinator", path)).headers["etag"]
    assert await events(world, case) == ["case.intake_changed", "case.created"]


async def test_the_intakes_note_is_content(world: World) -> None:
    """The head allocates by the codes; the note is for those inside, the family, and who wrote it while in draft."""
    family = await world.family()
    case = await world.case(family, intake={**INTAKE, "note": NOTE})
    path = f"/v1/cases/{case['id']}"

    async def seen(who: str) -> tuple[bool, bool]:
        found = (await world.get(who, path)).json()
        return found["intake"] is not None, found["intake_note"] is not None

    assert await seen("coordinator") == (True, True)
    assert await seen("head") == (True, False)
    assert await seen("journal") == (False, False)
    assert await seen("mother") == (True, True)
    to = {"user_id": str(world.ids["second"])}
    assert (await world.update("head", "PUT", f"{path}/coordinator", to, read=path)).status_code == 200
    assert (await world.get("coordinator", path)).status_code == 404
    assert await seen("second") == (True, True)


async def test_who_does_not_see_the_note_cannot_overwrite_it(world: World) -> None:
    case = await world.allocated(None, intake={**INTAKE, "note": NOTE})
    path = f"/v1/cases/{case['id']}"
    refused = await world.update("head", "PUT", f"{path}/intake", {**INTAKE, "note": "x"}, read=path)
    assert refused.status_code == 403
    cleared = await world.update("head", "PUT", f"{path}/intake", {**INTAKE, "note": None}, read=path)
    assert cleared.status_code == 403
    changed = await world.update("head", "PUT", f"{path}/intake", {**INTAKE, "complex": False}, read=path)
    assert (changed.status_code, changed.json()["intake"]["complex"]) == (200, False)
    assert (await world.get("coordinator", path)).json()["intake_note"] == NOTE
    by_adviser = await world.update("coordinator", "PUT", f"{path}/intake", {**INTAKE, "note": None}, read=path)
    assert (by_adviser.status_code, by_adviser.json()["intake_note"]) == (200, None)


async def test_the_intake_is_changed_by_the_version_that_was_read(world: World) -> None:
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}/intake"
    assert (await world.call("coordinator", "PUT", path, INTAKE)).status_code == 428
    assert (await world.call("coordinator", "PUT", path, INTAKE, if_match='"old"')).status_code == 412
    for who, status in (("psychologist", 403), ("mother", 403), ("visitor", 404)):
        assert (await world.call(who, "PUT", path, INTAKE, if_match='"old"')).status_code == status, who
    half = {name: value for name, value in INTAKE.items() if name != "complex"}
    assert (await world.call("coordinator", "PUT", path, half, if_match='"old"')).status_code == 422
