"""Meetings, contacts and call-backs (R50, R97–R100)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.db import Database
from tests.worlds import World

pytestmark = pytest.mark.anyio
THEN = "2026-01-05T10:00:00Z"


def moment(**ago: float) -> str:
    return (datetime.now(UTC) - timedelta(**ago)).isoformat()


async def plan(world: World, case: Any, who: str = "coordinator", **more: Any) -> Any:
    body = {"kind": "assessment", "planned_for": THEN} | more
    return await world.post(who, f"/v1/cases/{case['id']}/meetings", body)


# --- meetings


async def test_the_coordinator_is_in_the_chair_unless_a_reason_is_given(world: World) -> None:
    """R100."""
    case = await world.allocated()
    psychologist = str(world.ids["psychologist"])
    assert (await plan(world, case, "psychologist")).json()["chair_id"] == str(world.ids["coordinator"])
    silent = await plan(world, case, chair_id=psychologist)
    assert (silent.status_code, silent.json()["errors"][0]["pointer"]) == (422, "/chair_reason")
    other = await plan(world, case, chair_id=psychologist, chair_reason="Kender drengen bedst")
    assert (other.status_code, other.json()["chair_id"]) == (201, psychologist)
    for stranger in (str(world.ids["visitor"]), str(world.ids["mother"]), str(uuid4())):
        refused = await plan(world, case, chair_id=stranger, chair_reason="x")
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/chair_id")


async def test_an_assessment_meeting_is_held_with_the_family(world: World) -> None:
    """R50."""
    family, other = await world.family(), await world.family()
    case = await world.allocated(family)
    staff = {"kind": "professional", "id": str(world.ids["psychologist"])}
    mother = {"kind": "family", "id": family.members["mother"]}
    path = f"/v1/meetings/{(await plan(world, case)).json()['id']}/hold"
    for attendance, code in (
        ([staff], "no-family-participant"),
        ([staff, {"kind": "family", "id": other.members["mother"]}], "unknown-reference"),
        ([mother, {"kind": "professional", "id": str(uuid4())}], "unknown-reference"),
        ([mother, {"kind": "professional", "id": str(world.ids["mother"])}], "unknown-reference"),
        ([mother, mother], "already-exists"),
        ([], "too_short"),
    ):
        refused = await world.post("coordinator", path, {"held_at": THEN, "attendance": attendance})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) in {
            (422, code), (422, "no-family-participant"),
        }, attendance  # fmt: skip
    ahead = await world.post("coordinator", path, {"held_at": moment(hours=-1), "attendance": [mother]})
    assert (ahead.status_code, ahead.json()["errors"][0]["pointer"]) == (422, "/held_at")
    held = await world.post("coordinator", path, {"held_at": THEN, "attendance": [mother, staff]})
    named = [mother | {"name": "mother Prøvesen"}, staff | {"name": "psychologist Prøvesen"}]
    assert (held.status_code, held.json()["status"], held.json()["attendance"]) == (200, "held", named)
    again = await world.post("coordinator", path, {"held_at": THEN, "attendance": [mother]})
    assert (again.status_code, again.json()["code"]) == (409, "meeting-not-planned")


async def test_a_leak_through_attendance_a_parent_reads_no_other_adults_name(world: World) -> None:
    """Professionals by name for all; of the family those whose record the reader may read anyway."""
    family = await world.family()
    case = await world.allocated(family)
    path = f"/v1/meetings/{(await plan(world, case)).json()['id']}"
    people = [{"kind": "family", "id": family.members[who]} for who in ("father", "child", "mother")]
    people.append({"kind": "professional", "id": str(world.ids["psychologist"])})
    held = await world.post("coordinator", f"{path}/hold", {"held_at": THEN, "attendance": people})
    assert held.status_code == 200, held.text
    staff = "psychologist Prøvesen"
    for who, names in (
        ("coordinator", ["father Prøvesen", "child Prøvesen", "mother Prøvesen", staff]),
        ("psychologist", ["father Prøvesen", "child Prøvesen", "mother Prøvesen", staff]),
        ("mother", [None, "child Prøvesen", "mother Prøvesen", staff]),
        ("father", ["father Prøvesen", "child Prøvesen", None, staff]),
    ):
        listed = (await world.get(who, f"/v1/cases/{case['id']}/meetings")).json()["items"]
        screen = (await world.get(who, f"/v1/cases/{case['id']}/overview")).json()["meetings"]
        for meeting in ((await world.get(who, path)).json(), *listed, *screen):
            assert [one["name"] for one in meeting["attendance"]] == names, who
            assert [one["id"] for one in meeting["attendance"]] == [one["id"] for one in people], who


async def test_somebody_of_the_family_is_not_a_professional(world: World) -> None:
    """Named as the wrong kind, a member would not count where R50 counts the family."""
    family = await world.family()
    case = await world.allocated(family)
    path = f"/v1/meetings/{(await plan(world, case, kind='status')).json()['id']}/hold"
    for kind, id in (("professional", family.members["mother"]), ("family", str(world.ids["psychologist"]))):
        refused = await world.post("coordinator", path, {"held_at": THEN, "attendance": [{"kind": kind, "id": id}]})
        assert (refused.status_code, refused.json()["code"]) == (422, "unknown-reference"), kind


async def test_a_cancelled_meeting_is_not_held(world: World) -> None:
    """Of a kind that needs no family: what a request means is judged (422) before the meeting's state is (409)."""
    case = await world.allocated()
    id = (await plan(world, case, kind="status")).json()["id"]
    cancelled = await world.post("coordinator", f"/v1/meetings/{id}/cancel", {"reason": "Sygdom"})
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    for verb, body in (
        ("cancel", {"reason": "x"}),
        ("hold", {"held_at": THEN, "attendance": [{"kind": "professional", "id": str(world.ids["psychologist"])}]}),
    ):
        assert (await world.post("coordinator", f"/v1/meetings/{id}/{verb}", body)).json()[
            "code"
        ] == "meeting-not-planned"


async def test_a_kind_that_is_not_in_use_is_not_planned(world: World) -> None:
    """Settings meeting.kinds and analysis_meeting (X4, X19): a kind left out cannot be planned."""
    case = await world.allocated()
    settings = {"settings": {"meeting": {"kinds": ["assessment", "status"]}, "analysis_meeting": "off"}}
    assert (await world.update("administrator", "PATCH", "/v1/municipality", settings)).status_code == 200
    assert (await plan(world, case, kind="status")).status_code == 201
    for kind in ("network", "analysis"):
        refused = await plan(world, case, kind=kind)
        assert refused.status_code in (409, 422), kind


# --- contacts


async def test_the_days_to_the_first_contact_are_counted(world: World, owner: Database) -> None:
    """R99: from the allocation, to the earliest first contact, also when it is written down later."""
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}"
    async with owner.transaction(world.municipality) as session:
        values = {"m": world.municipality, "id": case["id"], "then": datetime.now(UTC) - timedelta(days=9, hours=1)}
        await session.execute(
            text("update cases set allocated_at = :then where municipality_id = :m and id = :id"), values
        )
    due = (await world.get("coordinator", "/v1/me/work")).json()["first_contacts"]
    assert [(one["case_id"], one["days_since"]) for one in due] == [(case["id"], 9)]

    async def days() -> Any:
        return (await world.get("coordinator", f"{path}/overview")).json()["days_to_first_contact"]

    async def write(kind: str, **ago: float) -> Any:
        body = {"kind": kind, "channel": "phone", "took_place_at": moment(**ago)}
        return await world.post("coordinator", f"{path}/contacts", body)

    assert await days() is None
    assert (await write("informal", days=8)).status_code == 201
    assert await days() is None
    assert (await write("first_contact", days=3)).status_code == 201
    assert await days() == 6
    assert (await write("first_contact", days=5)).status_code == 201
    assert await days() == 4
    assert (await write("first_contact", days=1)).status_code == 201
    assert await days() == 4
    assert (await world.get("coordinator", "/v1/me/work")).json()["first_contacts"] == []
    ahead = await write("informal", hours=-1)
    assert (ahead.status_code, ahead.json()["errors"][0]["pointer"]) == (422, "/took_place_at")


async def test_only_those_inside_write_down_a_contact(world: World) -> None:
    case = await world.allocated()
    body = {"kind": "informal", "channel": "phone", "took_place_at": THEN}
    for who, status in (("psychologist", 201), ("head", 403), ("mother", 403), ("visitor", 404), ("journal", 403)):
        answer = await world.post(who, f"/v1/cases/{case['id']}/contacts", body)
        assert answer.status_code == status, who


# --- call-backs


async def test_a_call_back_counts_minutes_until_it_is_answered(world: World, owner: Database) -> None:
    """R98."""
    family = await world.family()
    draft = await world.case(family)
    nobody = await world.post("mother", f"/v1/cases/{draft['id']}/callbacks", {})
    assert (nobody.status_code, nobody.json()["code"]) == (409, "coordinator-missing")
    case = await world.allocated(family)
    asked = await world._made("mother", f"/v1/cases/{case['id']}/callbacks", {"wish": "Gerne efter kl. 15."})
    assert (asked["status"], asked["minutes_waited"], asked["member_name"]) == ("waiting", 0, "mother Prøvesen")
    async with owner.transaction(world.municipality) as session:
        values = {"m": world.municipality, "then": datetime.now(UTC) - timedelta(minutes=95, seconds=5)}
        await session.execute(text("update callbacks set asked_at = :then where municipality_id = :m"), values)
    (held,) = (await world.get("coordinator", "/v1/me/work")).json()["callbacks"]
    assert held["minutes_waited"] == 95
    answers = await asyncio.gather(
        *(world.call("coordinator", "POST", f"/v1/callbacks/{asked['id']}/answer") for _ in range(3))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"callback-already-answered"}
    assert (await world.get("coordinator", "/v1/me/work")).json()["callbacks"] == []
    seen = (await world.get("mother", f"/v1/callbacks/{asked['id']}")).json()
    assert (seen["status"], seen["minutes_waited"]) == ("answered", 95)


async def test_a_call_back_is_between_the_one_who_asked_and_those_inside(world: World) -> None:
    case = await world.allocated()
    asked = await world._made("mother", f"/v1/cases/{case['id']}/callbacks", {})
    path = f"/v1/callbacks/{asked['id']}"
    for who, status in (("mother", 200), ("coordinator", 200), ("psychologist", 200), ("father", 404), ("head", 404)):
        assert (await world.get(who, path)).status_code == status, who
    father = (await world.get("father", f"/v1/cases/{case['id']}/timeline")).text
    assert "callback" not in father
    for who in ("coordinator", "psychologist", "stranger"):
        assert (await world.post(who, f"/v1/cases/{case['id']}/callbacks", {})).status_code in (403, 404), who
