"""The one coordinator of a case (R1–R3), and the allocation (R40, R97, R108)."""

import asyncio
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.db import Database, new_id
from tests.worlds import World

pytestmark = pytest.mark.anyio


async def appoint(world: World, case: dict[str, Any], who: str, by: str = "head", **more: Any) -> Any:
    path = f"/v1/cases/{case['id']}"
    return await world.update(by, "PUT", f"{path}/coordinator", {"user_id": str(world.ids[who])} | more, read=path)


async def assignments(world: World, case: dict[str, Any], who: str = "head") -> list[Any]:
    found: list[Any] = (await world.get(who, f"/v1/cases/{case['id']}/assignments")).json()["items"]
    return found


async def test_two_appointments_at_once_make_one_coordinator(world: World) -> None:
    """R1. Both have read the same case; whoever comes second is told that it has changed."""
    for _ in range(3):
        case = await world.case()
        path = f"/v1/cases/{case['id']}"
        tag = (await world.get("head", path)).headers["etag"]
        wanted = [{"user_id": str(world.ids[who])} for who in ("coordinator", "second")]
        send = [world.call("head", "PUT", f"{path}/coordinator", body, if_match=tag) for body in wanted]
        answers = await asyncio.gather(*send)
        assert sorted(answer.status_code for answer in answers) == [200, 412]
        assert len([one for one in await assignments(world, case) if one["ended_at"] is None]) == 1


async def test_the_database_holds_one_active_coordinator(world: World, owner: Database) -> None:
    case = await world.allocated()
    values = {"m": world.municipality, "id": new_id(), "c": case["id"], "u": world.ids["second"]}
    second = "insert into assignments values (:c, :u, 'coordinator', null, now(), :u, null, null, :m, :id)"
    with pytest.raises(IntegrityError) as refused:
        async with owner.transaction(world.municipality) as session:
            await session.execute(text(second), values)
    cause = refused.value.orig.__cause__  # type: ignore[union-attr]
    assert isinstance(cause, asyncpg.UniqueViolationError)
    assert cause.constraint_name == "uq_assignments_one_active"


@pytest.mark.parametrize("who", ["visitor", "job_adviser", "controller", "journal", "mother", "psychologist"])
async def test_only_an_adviser_of_child_disability_is_coordinator(who: str, world: World) -> None:
    """R2: the department's kind and the profession, both."""
    case = await world.case()
    refused = await appoint(world, case, who)
    assert (refused.status_code, refused.json()["code"]) == (422, "coordinator-not-child-disability")
    assert refused.json()["errors"][0]["pointer"] == "/user_id"
    assert await assignments(world, case) == []


async def test_an_adviser_who_left_or_is_not_active_is_not_appointed(world: World) -> None:
    case = await world.case()
    path = f"/v1/users/{world.ids['second']}"
    for change in ({"positions": []}, {"active": False}):
        assert (await world.update("administrator", "PATCH", path, change)).status_code == 200
        assert (await appoint(world, case, "second")).status_code == 422


@pytest.mark.parametrize(
    ("model", "role"), [("efei", "coordinator"), ("sof", "primary_adviser"), ("none", "coordinator")]
)
async def test_the_role_follows_the_model(model: str, role: str, world: World) -> None:
    """R3: the same task, and the word of the model."""
    case = await world.case(model=model)
    appointed = await appoint(world, case, "coordinator")
    assert (appointed.status_code, appointed.json()["coordinator_role"]) == (200, role)


async def test_the_first_appointment_allocates(world: World) -> None:
    """R40: the state, the moment, the event; and the coordinator's steps come into the coordinator's hands."""
    case = await world.case()
    assert (case["state"], case["allocated_at"]) == ("draft", None)
    after = (await appoint(world, case, "coordinator")).json()
    assert after["state"] == "start_up"
    assert after["allocated_at"] == after["coordinator_since"]
    steps = (await world.get("coordinator", f"/v1/cases/{case['id']}/steps")).json()["items"]
    for step in steps:
        mine = any(party["role"] == "coordinator" for party in step["cells"]["responsible"]["parties"])
        assert step["holder_id"] == (str(world.ids["coordinator"]) if mine else None)
    told = (await world.get("coordinator", f"/v1/cases/{case['id']}/timeline")).json()["items"]
    assert [one["type"] for one in told] == ["case.allocated", "case.created"]


async def test_a_change_has_a_reason_and_a_history(world: World) -> None:
    case = await world.allocated()
    silent = await appoint(world, case, "second")
    assert (silent.status_code, silent.json()["errors"][0]["pointer"]) == (422, "/reason")
    same = await appoint(world, case, "coordinator", reason="Igen")
    assert (same.status_code, same.json()["code"]) == (409, "coordinator-exists")
    changed = await appoint(world, case, "second", reason="Barsel", end_reason="left_position")
    assert (changed.status_code, changed.json()["state"]) == (200, "start_up")
    newest, oldest = await assignments(world, case, "second")
    assert (newest["user_id"], newest["ended_at"], newest["reason"]) == (str(world.ids["second"]), None, "Barsel")
    assert (oldest["ended_at"], oldest["end_reason"]) == (newest["assigned_at"], "left_position")
    held = {s["holder_id"] for s in (await world.get("second", f"/v1/cases/{case['id']}/steps")).json()["items"]}
    assert str(world.ids["coordinator"]) not in held
    assert (await world.get("coordinator", f"/v1/cases/{case['id']}")).status_code == 404


@pytest.mark.parametrize("who", ["coordinator", "psychologist", "mother", "other_head", "administrator", "journal"])
async def test_only_the_head_of_the_department_appoints(who: str, world: World) -> None:
    case = await world.allocated()
    refused = await appoint(world, case, "second", by=who, reason="x")
    assert refused.status_code in (403, 404)


async def test_the_family_sees_one_person_to_turn_to(world: World) -> None:
    """R97: with phone and hours, and nobody else's."""
    card = {"phone": "70 00 00 01", "contact_hours": "Hverdage 9–14", "title": "Rådgiver"}
    await world.update("administrator", "PATCH", f"/v1/users/{world.ids['coordinator']}", card)
    family = await world.family()
    draft = await world.case(family)
    before = (await world.get("mother", "/v1/me/family")).json()["cases"]
    assert [(one["id"], one["contact"]) for one in before] == [(draft["id"], None)]
    await world.allocated(family)
    (contact,) = [
        one["contact"] for one in (await world.get("mother", "/v1/me/family")).json()["cases"] if one["contact"]
    ]
    assert (contact["name"], contact["phone"], contact["hours"]) == (
        "coordinator Prøvesen", "70 00 00 01", "Hverdage 9–14",
    )  # fmt: skip
    assert contact["role"] == "Familiekoordinator"
