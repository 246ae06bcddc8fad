"""A screen takes as many SQL statements for thirty cases, a team of twelve and five positions as for one of each."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import insert

from app.auth import TRYOUT_ISSUER
from app.db import Database, new_id, table_of
from app.models import Position, TeamMember, User
from tests.test_transactions import asked
from tests.worlds import World

pytestmark = pytest.mark.anyio
TEAM, CASES = 12, 30
IN_CASE = ("", "/overview", "/team", "/steps", "/meetings", "/explanation")
MINE = ("/v1/cases", "/v1/me", "/v1/me/work")


async def enlarge_team(world: World, owner: Database, case: UUID, size: int) -> None:
    """So many more in the core team of the case, each with an account and a position of their own."""
    here, department, now = {"municipality_id": world.municipality}, world.departments["sundhed"], datetime.now(UTC)
    users = [new_id() for _ in range(size)]
    account = {**here, "kind": "professional", "issuer": TRYOUT_ISSUER, "active": True, "created_at": now}
    held = {**here, "department_id": department, "role": "member", "started_at": now}
    joined = {**here, "case_id": case, "department_id": department, "profession": "health_visitor", "joined_at": now}
    named = [
        {**account, "id": id, "subject": str(id), "name": f"{n} Prøvesen", "profession": "health_visitor"}
        for n, id in enumerate(users)
    ]
    members = [
        {**joined, "id": new_id(), "user_id": id, "added_by": world.ids["coordinator"], "kind": "permanent"}
        for id in users
    ]
    async with owner.transaction(world.municipality) as session:
        await session.execute(insert(table_of(User)).values(named))
        await session.execute(
            insert(table_of(Position)).values([{**held, "id": new_id(), "user_id": id} for id in users])
        )
        await session.execute(insert(table_of(TeamMember)).values(members))


async def hold_positions(world: World, owner: Database, who: str) -> None:
    """A position in every other department, so that more grants are to be judged."""
    here = {"municipality_id": world.municipality, "user_id": world.ids[who], "started_at": datetime.now(UTC)}
    held = [{**here, "id": new_id(), "department_id": id, "role": "team_leader"} for id in world.departments.values()]
    async with owner.transaction(world.municipality) as session:
        await session.execute(insert(table_of(Position)).values(held))


@pytest.mark.parametrize("who", ["coordinator", "psychologist", "head"])
async def test_statements_are_as_many_for_a_large_caseload_and_team(
    who: str, world: World, database: Database, owner: Database
) -> None:
    family = await world.family()
    case = await world.allocated(family)
    paths = [*MINE, *(f"/v1/cases/{case['id']}{part}" for part in IN_CASE)]
    before = {path: await asked(world, database, who, path) for path in paths}

    for _ in range(CASES - 1):
        await world.allocated(family)
    await enlarge_team(world, owner, case["id"], TEAM - 1)
    await hold_positions(world, owner, who)

    assert len((await world.get(who, "/v1/cases")).json()["items"]) == CASES
    assert len((await world.get(who, f"/v1/cases/{case['id']}/team")).json()["items"]) == TEAM
    assert {path: await asked(world, database, who, path) for path in paths} == before
