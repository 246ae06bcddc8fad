"""What one screen shows, and the words of timeline and access log."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.worlds import World

pytestmark = pytest.mark.anyio


async def overview(world: World, who: str, case: Any) -> Any:
    return (await world.get(who, f"/v1/cases/{case['id']}/overview")).json()


async def help_out(world: World, case: Any, role: str, who: str = "second") -> None:
    """Buddies in any case: what is shown of them is the matter here."""
    settings = {"settings": {"team": {"buddy_requires_complexity": False}}}
    await world.update("administrator", "PATCH", "/v1/municipality", settings)
    path = f"/v1/cases/{case['id']}"
    answer = await world.update("head", "PUT", f"{path}/{role}", {"user_id": str(world.ids[who])}, read=path)
    assert answer.status_code == 200, answer.text


async def measure(world: World, case: Any, member: str, title: str) -> str:
    body = {"member_id": member, "title": title, "category": "compensating"}
    made = await world.post("coordinator", f"/v1/cases/{case['id']}/measures", body)
    assert made.status_code == 201, made.text
    return str(made.headers["location"])


# --- the overview


async def test_where_a_case_may_go_is_for_those_who_work_with_it(world: World) -> None:
    case = await world.allocated()
    for who in ("coordinator", "head"):
        shown = await overview(world, who, case)
        assert shown["transitions"], who
        assert shown["unfilled"], who
    for who in ("mother", "father"):
        shown = await overview(world, who, case)
        assert (shown["transitions"], shown["unfilled"]) == ([], []), who


async def test_the_overview_has_the_measures_that_go_on(world: World) -> None:
    family = await world.family()
    case = await world.allocated(family, model="none")
    paths = [await measure(world, case, family.members["child"], title) for title in ("Aflastning", "Bil", "Kursus")]
    assert (await world.post("coordinator", f"{paths[1]}/start", {})).status_code == 200
    assert (await world.post("coordinator", f"{paths[2]}/drop", {"reason": "Ikke nødvendigt"})).status_code == 200
    for who in ("coordinator", "psychologist", "mother"):
        found = {one["title"]: one["status"] for one in (await overview(world, who, case))["measures"]}
        assert found == {"Aflastning": "planned", "Bil": "started"}, who
    assert (await overview(world, "head", case))["measures"] == []


async def test_a_leak_through_the_overview_one_adults_measure_stays_with_that_adult(world: World) -> None:
    family = await world.family()
    case = await world.allocated(family, model="none")
    await measure(world, case, family.members["mother"], "Samtaler")
    for who, titles in (("mother", ["Samtaler"]), ("father", [])):
        assert [one["title"] for one in (await overview(world, who, case))["measures"]] == titles, who


# --- the family's own view


async def cards(world: World, case: Any) -> tuple[str, list[tuple[str, str]]]:
    cases = (await world.get("mother", "/v1/me/family")).json()["cases"]
    (found,) = (one for one in cases if one["id"] == case["id"])
    return found["contact"]["name"], [(one["name"], one["role"]) for one in found["beside"]]


async def test_the_family_sees_each_adviser_on_one_card(world: World) -> None:
    case = await world.allocated()
    for role in ("deputy", "buddy"):
        await help_out(world, case, role)
    contact, beside = await cards(world, case)
    assert (contact, [name for name, _ in beside]) == ("coordinator Prøvesen", ["second Prøvesen"])
    away = {"absent_until": (datetime.now(UTC).date() + timedelta(days=10)).isoformat()}
    assert (await world.update("coordinator", "PATCH", "/v1/me", away)).status_code == 200
    assert await cards(world, case) == ("second Prøvesen", [])


async def test_the_family_sees_open_cases_first(world: World) -> None:
    family = await world.family()
    older = await world.allocated(family)
    newer = await world.allocated(family, child="teen")
    closing = {"goals": [], "handover_note": "Oprettet to gange."}
    body = {"to": "closed", "reason": "opened_in_error", "closing": closing}
    closed = await world.post("coordinator", f"/v1/cases/{newer['id']}/transitions", body)
    assert closed.status_code == 200, closed.text
    cases = (await world.get("mother", "/v1/me/family")).json()["cases"]
    assert [(one["id"], one["state"]) for one in cases] == [(older["id"], "start_up"), (newer["id"], "closed")]


# --- words


async def test_the_timeline_names_the_step(world: World) -> None:
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}"
    assert (await world.post("coordinator", f"{path}/steps/1/start", {})).status_code == 200
    title = (await world.get("mother", f"{path}/steps/1")).json()["title"]
    for who in ("coordinator", "head", "journal", "mother"):
        items = (await world.get(who, f"{path}/timeline")).json()["items"]
        assert (items[0]["type"], items[0]["step_number"], items[0]["step_title"]) == ("step.started", 1, title), who
        assert {(one["step_number"], one["step_title"]) for one in items[1:]} == {(None, None)}, who


@pytest.mark.parametrize(
    ("language", "nothing", "something"),
    [("da", "ville se møder og fik intet vist.", "så på møder."),
     ("en", "looked up meetings and was shown nothing.", "looked up meetings.")],
)  # fmt: skip
async def test_a_list_that_showed_nothing_does_not_sound_like_reading(
    language: str, nothing: str, something: str, world: World
) -> None:
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}"

    async def told() -> Any:
        await world.get("psychologist", f"{path}/meetings")
        return (await world.get("mother", f"{path}/access-log", accept_language=language)).json()["items"][0]

    first = await told()
    assert first["text"].endswith(nothing)
    assert first["rule"] == ""
    planned = {"kind": "status", "planned_for": "2026-01-05T10:00:00Z"}
    assert (await world.post("coordinator", f"{path}/meetings", planned)).status_code == 201
    second = await told()
    assert second["text"].endswith(something)
    assert second["rule"] == "core_team_member"
