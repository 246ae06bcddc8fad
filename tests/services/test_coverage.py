"""Whether the core team covers the case (R82, R84), the guard of the first step, and what an overview warns of."""

from datetime import timedelta
from typing import Any

import pytest

from tests.worlds import World, local_today

pytestmark = pytest.mark.anyio
SETS = ["Børn og unge", "Voksne", "Beskæftigelse"]


async def configure(world: World, **sections: Any) -> None:
    answer = await world.update("administrator", "PATCH", "/v1/municipality", {"settings": sections})
    assert answer.status_code == 200, answer.text


async def covers(world: World, who: str, *sets: str) -> None:
    path = f"/v1/users/{world.ids[who]}"
    changed = await world.update("administrator", "PATCH", path, {"paragraph_sets": list(sets)})
    assert changed.status_code == 200, changed.text


async def start(world: World, **more: Any) -> str:
    """A case with a coordinator, and nobody else on it."""
    path = f"/v1/cases/{(await world.case(**more))['id']}"
    body = {"user_id": str(world.ids["coordinator"])}
    assert (await world.update("head", "PUT", f"{path}/coordinator", body, read=path)).status_code == 200
    return path


async def join(world: World, path: str, who: str = "psychologist", department: str = "ppr") -> Any:
    body = {"user_id": str(world.ids[who]), "department_id": str(world.departments[department])}
    return (await world.post("coordinator", f"{path}/team", body)).json()


async def check(world: World, path: str, who: str = "coordinator", **answer: Any) -> Any:
    return await world.post(who, f"{path}/team/coverage", {"covered": True} | answer)


async def test_the_sets_that_nobody_covers_are_found(world: World) -> None:
    """R84, story 6: a gap is listed; with the right adviser in the team it is gone."""
    path = await start(world)
    await configure(world, team={"paragraph_sets": SETS})
    await covers(world, "coordinator", "Børn og unge")
    gap = await check(world, path, covered=False, action="Vi spørger jobcentret.")
    assert (gap.status_code, gap.json()["missing_paragraph_sets"]) == (201, ["Voksne", "Beskæftigelse"])
    await covers(world, "job_adviser", "Beskæftigelse", "Voksne")
    member = await join(world, path, "job_adviser", "job")
    covered = await check(world, path)
    assert (covered.status_code, covered.json()["missing_paragraph_sets"]) == (201, [])
    place = f"/v1/team-members/{member['id']}"
    assert (await world.update("coordinator", "PATCH", place, {"relevant": False})).status_code == 200
    assert (await check(world, path)).status_code == 422
    newest, *_ = (await world.get("head", f"{path}/team/coverage")).json()["items"]
    assert newest == covered.json()
    assert (await world.get("mother", f"/v1/coverage-checks/{newest['id']}")).json() == newest


async def test_a_buddy_covers_too_and_a_former_coordinator_does_not(world: World) -> None:
    path = await start(world)
    await configure(world, team={"paragraph_sets": SETS[:1], "buddy_requires_complexity": False})
    await covers(world, "second", "Børn og unge")
    assert (await check(world, path)).status_code == 422
    body = {"user_id": str(world.ids["second"])}
    assert (await world.update("head", "PUT", f"{path}/buddy", body, read=path)).status_code == 200
    assert (await check(world, path)).status_code == 201
    (buddy, _) = (await world.get("head", f"{path}/assignments")).json()["items"]
    await world.post("head", f"/v1/assignments/{buddy['id']}/end", {"reason": "other"})
    assert (await check(world, path)).status_code == 422


async def test_covered_all_the_same_takes_a_reason(world: World) -> None:
    """R84: a warning, not a wall; the reason is a deviation (R456)."""
    path = await start(world)
    await configure(world, team={"paragraph_sets": SETS})
    refused = await check(world, path)
    assert (refused.status_code, refused.json()["code"]) == (422, "paragraph-sets-missing")
    assert refused.json()["errors"][0]["pointer"] == "/reason"
    assert (await check(world, path, reason="Barnet er tre år.")).status_code == 201
    (deviation,) = (await world.get("head", f"{path}/deviations")).json()["items"]
    assert (deviation["kind"], deviation["reason"]) == ("paragraph_sets_missing", "Barnet er tre år.")


@pytest.mark.parametrize(
    ("answer", "pointer"),
    [
        ({"covered": False}, "/action"),
        ({"missing_professions": ["teacher"]}, "/missing_professions"),
        ({"covered": False, "action": "x", "missing_professions": ["teacher", "teacher"]}, "/missing_professions"),
        ({"reason": "Uden grund"}, "/reason"),
        ({"covered": False, "action": "x", "reason": "Uden grund"}, "/reason"),
        ({"covered": False, "action": "x", "missing_professions": ["magician"]}, "/missing_professions/0"),
    ],
)
async def test_an_answer_goes_together(answer: dict[str, Any], pointer: str, world: World) -> None:
    path = await start(world)
    refused = await check(world, path, **answer)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    assert (await world.get("coordinator", f"{path}/team/coverage")).json()["items"] == []


@pytest.mark.parametrize(
    ("who", "status"),
    [("coordinator", 201), ("head", 403), ("psychologist", 403), ("mother", 403), ("journal", 403), ("visitor", 404)],
)
async def test_the_adviser_answers(who: str, status: int, world: World) -> None:
    path = await start(world)
    await join(world, path)
    assert (await check(world, path, who)).status_code == status


async def test_what_is_done_about_it_is_not_for_a_journal_system(world: World) -> None:
    path = await start(world)
    made = await check(world, path, covered=False, action="Vi inviterer sundhedsplejen.")
    for who, shown in (("head", True), ("mother", True), ("journal", False)):
        found = (await world.get(who, f"/v1/coverage-checks/{made.json()['id']}")).json()
        assert (found["action"] is not None, found["covered"]) == (shown, False)


async def test_a_closed_case_is_not_checked(world: World) -> None:
    path = await start(world)
    closed = {"to": "closed", "reason": "other", "closing": {"goals": [], "handover_note": "Slut."}}
    await world.post("coordinator", f"{path}/transitions", closed)
    refused = await check(world, path)
    assert (refused.status_code, refused.json()["code"]) == (409, "case-read-only")


async def test_the_first_step_waits_for_the_check(world: World) -> None:
    """R82: asked and answered, whatever the answer."""
    path = await start(world)
    await join(world, path)
    assert (await world.post("coordinator", f"{path}/steps/1/start")).status_code == 200
    alone = await world.post("coordinator", f"{path}/steps/1/complete")
    assert (alone.status_code, [flaw["code"] for flaw in alone.json()["errors"]]) == (409, ["coverage"])
    assert (await check(world, path, covered=False, action="Vi finder en tale-hørekonsulent.")).status_code == 201
    assert (await world.post("coordinator", f"{path}/steps/1/complete")).status_code == 200


# --- what is pointed out


async def codes(world: World, path: str, who: str = "coordinator") -> list[str]:
    return [one["code"] for one in (await world.get(who, f"{path}/warnings")).json()["items"]]


async def test_a_new_case_is_warned_about_until_it_is_in_order(world: World) -> None:
    """R80, R84, R109."""
    await configure(world, team={"paragraph_sets": SETS[:1]})
    path = await start(world)
    first = ["single_person", "coverage_missing", "paragraph_sets_missing", "team_member_only_one"]
    assert await codes(world, path) == await codes(world, path, "head") == first
    for who in ("mother", "journal"):
        assert await codes(world, path, who) == []
    await covers(world, "visitor", SETS[0])
    await join(world, path)
    await join(world, path, "visitor", "sundhed")
    await check(world, path)
    body = {"user_id": str(world.ids["second"])}
    assert (await world.update("head", "PUT", f"{path}/deputy", body, read=path)).status_code == 200
    assert await codes(world, path) == []
    assert (await world.get("coordinator", f"{path}/warnings", accept_language="en")).json() == {"items": []}


async def test_a_municipality_may_do_without_a_deputy(world: World) -> None:
    path = await start(world)
    for required, warned in (("off", False), ("warn", True), ("block", True)):
        await configure(world, contact={"deputy_required": required})
        assert ("single_person" in await codes(world, path)) is warned


async def test_an_absent_coordinator_is_pointed_out(world: World) -> None:
    path = await start(world)
    day = local_today() + timedelta(days=3)
    person = f"/v1/users/{world.ids['coordinator']}"
    for absent, warned in ((day.isoformat(), True), (None, False)):
        changed = await world.update("administrator", "PATCH", person, {"absent_until": absent})
        assert changed.status_code == 200
        assert ("coordinator_absent" in await codes(world, path, "head")) is warned


async def test_a_sector_that_the_coordinator_does_not_know_is_pointed_out(world: World) -> None:
    """R107: who has filled in nothing is not said to know nothing."""
    path = await start(world)
    await join(world, path)
    person = f"/v1/users/{world.ids['coordinator']}"
    assert "coordinator_lacks_knowledge" not in await codes(world, path)
    for known, warned in (([], True), (["health"], True), (["education"], False)):
        profile = {"competences": {"cross_administration": known}}
        assert (await world.update("administrator", "PATCH", person, profile)).status_code == 200
        assert ("coordinator_lacks_knowledge" in await codes(world, path)) is warned


async def test_a_review_that_is_due_is_told_inside_only(world: World) -> None:
    """A leader does not read agreements and preferences, and hears nothing of them. A leak, if it broke."""
    path = await start(world)
    agreement = {"party": "Skolen", "coordinated_by": "family", "agreed_on": "2026-01-05", "review_on": "2026-01-06"}
    assert (await world.post("coordinator", f"{path}/role-agreements", agreement)).status_code == 201
    wish = {"intensity": "normal", "channel": "phone", "formality": "informal", "agreed_on": "2026-01-05"}
    preferred = await world.post("coordinator", f"{path}/contact-preferences", wish | {"review_on": "2026-01-06"})
    assert preferred.status_code == 201, preferred.text
    due = {"preference_review_due", "role_agreement_review_due"}
    assert due <= set(await codes(world, path))
    assert not due & set(await codes(world, path, "head"))
    assert (await world.post("coordinator", f"{path}/role-agreements", agreement | {"review_on": None})).is_success
    assert "role_agreement_review_due" not in await codes(world, path)


async def test_a_draft_and_a_closed_case_are_left_in_peace(world: World) -> None:
    draft = f"/v1/cases/{(await world.case())['id']}"
    assert await codes(world, draft) == []
    path = await start(world)
    closed = {"to": "closed", "reason": "other", "closing": {"goals": [], "handover_note": "Slut."}}
    await world.post("coordinator", f"{path}/transitions", closed)
    assert await codes(world, path) == []
