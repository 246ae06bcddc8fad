"""A request that a later one has overtaken: what it ends began after it was sent, and ends no earlier than it began."""

from typing import Any

import pytest
from sqlalchemy import text

from app.auth import TRYOUT_ISSUER
from app.db import Database
from tests.services.test_imports import carried_out
from tests.worlds import World

pytestmark = pytest.mark.anyio


async def overtaken(owner: Database, world: World, table: str, began: str) -> None:
    """As if whatever runs now had begun in a request that was sent later."""
    later = text(f"update {table} set {began} = now() + interval '1 minute' where municipality_id = :here")
    async with owner.transaction(world.municipality) as session:
        await session.execute(later, {"here": world.municipality})


async def ended(owner: Database, world: World, table: str, began: str, end: str) -> list[Any]:
    """Of each that has ended: whether that was when it began."""
    moments = text(f"select {began} = {end} from {table} where municipality_id = :here and {end} is not null")
    async with owner.transaction(world.municipality) as session:
        return list((await session.execute(moments, {"here": world.municipality})).scalars())


async def test_a_position_given_by_a_later_request_ends_without_a_fault(world: World, owner: Database) -> None:
    await overtaken(owner, world, "positions", "started_at")
    to = {"positions": [{"department_id": str(world.departments["job"])}]}
    moved = await world.update("administrator", "PATCH", f"/v1/users/{world.ids['visitor']}", to)
    assert (moved.status_code, [one["department_name"] for one in moved.json()["positions"]]) == (200, ["job"])
    assert await ended(owner, world, "positions", "started_at", "ended_at") == [True]


async def test_a_position_given_during_an_import_ends_without_a_fault(world: World, owner: Database) -> None:
    await overtaken(owner, world, "positions", "started_at")
    row = f"{TRYOUT_ISSUER};{world.subject('visitor')};Vera Prøvesen;job"
    await carried_out(world, "users", f"issuer;subject;name;department\n{row}\n")
    assert await ended(owner, world, "positions", "started_at", "ended_at") == [True]


async def test_a_member_who_joined_by_a_later_request_leaves_without_a_fault(world: World, owner: Database) -> None:
    case = await world.allocated()
    body = {"user_id": str(world.ids["visitor"]), "department_id": str(world.departments["sundhed"])}
    joined = await world.post("coordinator", f"/v1/cases/{case['id']}/team", body)
    await overtaken(owner, world, "team_members", "joined_at")
    left = await world.post("coordinator", f"/v1/team-members/{joined.json()['id']}/leave", {"reason": "other"})
    assert (left.status_code, left.json()["left_at"]) == (200, left.json()["joined_at"])
    assert await ended(owner, world, "team_members", "joined_at", "left_at") == [True]


async def test_a_team_that_changed_by_a_later_request_is_dissolved_without_a_fault(
    world: World, owner: Database
) -> None:
    case = await world.allocated()
    await overtaken(owner, world, "team_members", "joined_at")
    closing = {"to": "closed", "reason": "other", "closing": {"handover_note": "Afsluttet."}}
    closed = await world.post("coordinator", f"/v1/cases/{case['id']}/transitions", closing)
    assert (closed.status_code, closed.json()["state"]) == (200, "closed"), closed.text
    assert await ended(owner, world, "team_members", "joined_at", "left_at") == [True]


async def test_a_seat_given_by_a_later_request_is_left_without_a_fault(world: World, owner: Database) -> None:
    team = (await world.post("head", "/v1/teams", {"name": "Team Nord"})).json()["id"]
    body = {"user_id": str(world.ids["visitor"]), "department_id": str(world.departments["sundhed"])}
    seat = await world.post("head", f"/v1/teams/{team}/seats", body)
    await overtaken(owner, world, "team_seats", "joined_at")
    left = await world.post("head", f"/v1/team-seats/{seat.json()['id']}/leave")
    assert left.status_code == 200, left.text
    assert await ended(owner, world, "team_seats", "joined_at", "left_at") == [True]
