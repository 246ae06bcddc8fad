"""Applications: how far they are, who has the ball since when, and whose they are (R307, R308)."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from app.services.actors import COPENHAGEN
from tests.worlds import FamilyOf, World

pytestmark = pytest.mark.anyio


def today() -> date:
    return datetime.now(COPENHAGEN).date()


def day(days: int) -> str:
    """So many days from today, as it is in Copenhagen."""
    return (today() + timedelta(days=days)).isoformat()


async def apply(world: World, case: Any, member: str, who: str = "coordinator", **more: Any) -> Any:
    body = {"member_id": member, "title": "Merudgifter", "authority": "Børnehandicap"} | more
    return await world.post(who, f"/v1/cases/{case['id']}/applications", body)


async def applied(world: World, whose: str = "child", **more: Any) -> tuple[FamilyOf, Any, str]:
    """A family, its case, and the path of an application."""
    family = await world.family()
    case = await world.allocated(family)
    made = await apply(world, case, family.members[whose], **more)
    assert made.status_code == 201, made.text
    return family, case, f"/v1/applications/{made.json()['id']}"


async def to(world: World, path: str, status: str, who: str = "coordinator", **more: Any) -> Any:
    return await world.post(who, f"{path}/status", {"status": status, **more})


async def test_an_application_begins_as_a_draft_with_the_family(world: World) -> None:
    family = await world.family()
    case = await world.allocated(family)
    made = await apply(world, case, family.members["child"], deadline_on=day(20))
    found = made.json()
    assert made.headers["location"] == f"/v1/applications/{found['id']}"
    assert (found["status"], found["ball_with"], found["ball_since"]) == ("draft", "family", day(0))
    assert (found["member_name"], found["authority"], found["deadline_on"]) == (
        "child Prøvesen", "Børnehandicap", day(20),
    )  # fmt: skip
    assert (found["submitted_on"], found["decided_on"], found["case_number"]) == (None, None, case["number"])
    ours = (await apply(world, case, family.members["mother"], ball_with="coordinator")).json()
    assert ours["ball_with"] == "coordinator"


async def test_it_is_for_the_child_or_an_adult_and_by_a_citizen_for_oneself(world: World, neighbour: World) -> None:
    family, strangers = await world.family(), await world.family()
    case = await world.allocated(family)
    for who, member, code in (
        ("coordinator", family.members["teen"], "not-an-adult"),
        ("coordinator", strangers.members["mother"], "member-not-in-family"),
        ("coordinator", str(uuid4()), "member-not-in-family"),
        ("mother", family.members["father"], "not-yourself"),
        ("mother", family.members["teen"], "not-an-adult"),
    ):
        refused = await apply(world, case, member, who)
        flaw = refused.json()["errors"][0]
        assert (refused.status_code, flaw["pointer"], flaw["code"]) == (422, "/member_id", code), who
    for member in ("child", "mother"):
        assert (await apply(world, case, family.members[member], "mother")).status_code == 201, member
    for who, status in (("psychologist", 403), ("head", 403), ("journal", 403), ("visitor", 404), ("stranger", 404)):
        assert (await apply(world, case, family.members["child"], who)).status_code == status, who
    assert (await apply(neighbour, case, family.members["child"])).status_code == 404


async def test_one_parents_application_is_not_shown_to_the_other(world: World) -> None:
    """A leak: alone, in the list, in its history, on the timeline, in the log. Leaders and services see none."""
    family = await world.family()
    case = await world.allocated(family, child="teen")
    place = f"/v1/cases/{case['id']}"
    made = {who: (await apply(world, case, family.members[who])).json()["id"] for who in ("mother", "teen")}
    for id in made.values():
        assert (await to(world, f"/v1/applications/{id}", "submitted")).status_code == 200
    for who, expected in (
        ("coordinator", {"mother", "teen"}),
        ("psychologist", {"mother", "teen"}),
        ("mother", {"mother", "teen"}),
        ("father", {"teen"}),
        ("teen", {"teen"}),
        ("head", set[str]()),
        ("journal", set[str]()),
    ):
        listed = {one["id"] for one in (await world.get(who, f"{place}/applications")).json()["items"]}
        assert listed == {made[whose] for whose in expected}, who
        for whose, id in made.items():
            for path in (f"/v1/applications/{id}", f"/v1/applications/{id}/history"):
                found = (await world.get(who, path)).status_code
                assert found == (200 if whose in expected else 404), (who, path)
        told = (await world.get(who, f"{place}/timeline")).text
        expects = len(expected)
        assert (told.count("application.made"), told.count("application.status_changed")) == (expects, expects), who
    for who, count in (("mother", 2), ("father", 1), ("teen", 1)):
        log = (await world.get(who, f"{place}/access-log?limit=200")).json()["items"]
        assert [one["action"] for one in log].count("work_application") == count, who
        assert [one["action"] for one in log].count("keep_application") == count, who
    assert (await world.get("child", f"{place}/applications")).status_code == 404


async def test_its_course_is_kept_and_the_ball_passed_on(world: World) -> None:
    """R307, R308."""
    _, _, path = await applied(world)
    assert (await to(world, path, "granted")).json()["code"] == "application-status-not-next"
    passed = await to(world, path, "draft", ball_with="coordinator", note="Koordinatoren hjælper.")
    assert (passed.status_code, passed.json()["ball_with"]) == (200, "coordinator")
    assert (await to(world, path, "draft", ball_with="coordinator")).status_code == 409, "nothing would change"
    sent = await to(world, path, "submitted", "mother")
    assert (sent.json()["status"], sent.json()["ball_with"], sent.json()["submitted_on"]) == (
        "submitted", "authority", day(0),
    )  # fmt: skip
    assert (await to(world, path, "granted")).status_code == 409
    assert (await to(world, path, "in_progress", on=day(1))).status_code == 422
    own = await to(world, path, "in_progress", "mother")
    assert (own.status_code, own.json()["errors"][0]["pointer"]) == (422, "/status"), "that is the authority's to do"
    assert (await to(world, path, "in_progress")).status_code == 200
    asked = await to(world, path, "in_progress", ball_with="family", note="Mangler lægeerklæring.")
    assert (asked.json()["status"], asked.json()["ball_with"]) == ("in_progress", "family")
    for status in ("granted", "withdrawn"):
        refused = await to(world, path, status, ball_with="family")
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/ball_with")
    decided = await to(world, path, "partly_granted", note="Bevilget for et år.")
    assert (decided.json()["status"], decided.json()["ball_with"], decided.json()["decided_on"]) == (
        "partly_granted", "nobody", day(0),
    )  # fmt: skip
    for status in ("withdrawn", "in_progress", "draft"):
        refused = await to(world, path, status)
        assert (refused.status_code, refused.json()["code"]) == (409, "application-closed")
    history = (await world.get("mother", f"{path}/history")).json()["items"]
    kept = [(one["status"], one["ball_with"]) for one in reversed(history)]
    assert kept == [
        ("draft", "family"),
        ("draft", "coordinator"),
        ("submitted", "authority"),
        ("in_progress", "authority"),
        ("in_progress", "family"),
        ("partly_granted", "nobody"),
    ]
    assert [one["set_by_name"] for one in reversed(history)][1:3] == ["coordinator Prøvesen", None]


async def test_what_happened_before_is_told_with_its_day(world: World) -> None:
    _, _, path = await applied(world)
    early = await to(world, path, "submitted", on=day(-3))
    assert (early.status_code, early.json()["errors"][0]["code"]) == (422, "period-invalid"), (
        "before the ball was there"
    )
    assert (await to(world, path, "submitted", on=day(1))).json()["errors"][0]["code"] == "future"


@pytest.mark.parametrize("before", [[], ["submitted"], ["submitted", "in_progress"]])
async def test_it_can_be_withdrawn_while_it_is_open(before: list[str], world: World) -> None:
    _, _, path = await applied(world)
    for status in before:
        assert (await to(world, path, status)).status_code == 200
    withdrawn = await to(world, path, "withdrawn", "father")
    assert (withdrawn.json()["status"], withdrawn.json()["ball_with"], withdrawn.json()["decided_on"]) == (
        "withdrawn", "nobody", None,
    )  # fmt: skip


async def test_title_and_deadline_change_until_it_is_over(world: World) -> None:
    _, _, path = await applied(world)
    assert (await world.call("mother", "PATCH", path, {"title": "x"})).status_code == 428
    assert (await world.call("mother", "PATCH", path, {"title": "x"}, if_match='"x"')).status_code == 412
    changed = await world.update("mother", "PATCH", path, {"title": "Merudgifter 2027", "deadline_on": day(9)})
    assert (changed.json()["title"], changed.json()["deadline_on"]) == ("Merudgifter 2027", day(9))
    assert (await world.update("mother", "PATCH", path, {"deadline_on": None})).json()["deadline_on"] is None
    assert (await world.update("mother", "PATCH", path, {"title": None})).status_code == 422
    assert (await world.update("psychologist", "PATCH", path, {"title": "x"})).status_code == 403
    assert (await world.update("head", "PATCH", path, {"title": "x"})).status_code == 404
    assert (await to(world, path, "withdrawn")).status_code == 200
    late = await world.update("mother", "PATCH", path, {"title": "x"})
    assert (late.status_code, late.json()["code"]) == (409, "application-closed")


async def test_two_decisions_at_once_are_one(world: World) -> None:
    _, _, path = await applied(world)
    for status in ("submitted", "in_progress"):
        await to(world, path, status)
    answers = await asyncio.gather(*(to(world, path, status) for status in ("granted", "refused", "withdrawn")))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert len((await world.get("mother", f"{path}/history")).json()["items"]) == 4


async def test_the_lists_filters(world: World) -> None:
    family, case, path = await applied(world)
    await apply(world, case, family.members["mother"])
    await to(world, path, "withdrawn")
    listed = f"/v1/cases/{case['id']}/applications"
    for query, count in (
        ("", 2),
        ("?open=true", 1),
        ("?open=false", 1),
        ("?status=withdrawn", 1),
        ("?ball_with=family", 1),
        (f"?member_id={family.members['mother']}", 1),
        ("?ball_with=authority", 0),
    ):
        assert len((await world.get("coordinator", listed + query)).json()["items"]) == count, query


async def test_in_a_closed_case_applications_are_only_read(world: World) -> None:
    family, case, path = await applied(world)
    closing = {"to": "closed", "reason": "other", "closing": {"goals": [], "handover_note": "Slut."}}
    assert (await world.post("coordinator", f"/v1/cases/{case['id']}/transitions", closing)).status_code == 200
    for refused in (
        await apply(world, case, family.members["child"]),
        await to(world, path, "submitted"),
        await world.update("coordinator", "PATCH", path, {"title": "x"}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "case-read-only")
    assert (await world.get("mother", path)).status_code == 200


async def test_a_replay_has_one_effect(world: World) -> None:
    family, case, path = await applied(world)
    body = {"member_id": family.members["child"], "title": "Bil", "authority": "Børnehandicap"}
    first, again = [
        await world.post("mother", f"/v1/cases/{case['id']}/applications", body, idempotency_key="bil")
        for _ in range(2)
    ]
    assert (again.status_code, again.json()) == (201, first.json())
    sent = [
        await world.post("mother", f"{path}/status", {"status": "submitted"}, idempotency_key="s") for _ in range(2)
    ]
    assert [one.status_code for one in sent] == [200, 200]
    assert len((await world.get("mother", f"{path}/history")).json()["items"]) == 2


async def test_who_has_the_ball(world: World) -> None:
    """R308. Each sees what is theirs to see."""
    family, case, path = await applied(world)
    hers = (await apply(world, case, family.members["mother"], ball_with="coordinator")).json()["id"]
    place = f"/v1/cases/{case['id']}/ball"

    async def seen(who: str) -> dict[str, str]:
        return {one["id"]: one["label"] for one in (await world.get(who, place)).json()["items"]}

    both = {path.rpartition("/")[2]: "Familien", hers: "Den faste kontaktperson"}
    assert await seen("coordinator") == await seen("mother") == both
    assert await seen("father") == {path.rpartition("/")[2]: "Familien"}
    assert await seen("head") == await seen("journal") == {}
    assert (await world.get("stranger", place)).status_code == 404
    await to(world, path, "withdrawn")
    assert await seen("father") == {}
