"""A screen takes few SQL statements, and as many for thirty cases, a team of twelve and five positions as for one."""

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
IN_CASE = {"": 2, "/overview": 6, "/team": 3, "/steps": 3, "/meetings": 3, "/timeline": 3, "/explanation": 3}
MINE = {"/v1/cases": 3, "/v1/me": 3}
WORK, FAMILY = {"/v1/me/work": 4}, {"/v1/me/family": 4}
"""The most statements that each takes, who asks and the log included."""


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


async def counted(world: World, database: Database, who: str, paths: list[str]) -> dict[str, int]:
    return {path: await asked(world, database, who, path) for path in paths}


@pytest.mark.parametrize(
    ("who", "own"), [("coordinator", WORK), ("psychologist", WORK), ("head", WORK), ("mother", FAMILY), ("journal", {})]
)
async def test_statements_are_as_many_for_a_large_caseload_and_team(
    who: str, own: dict[str, int], world: World, database: Database, owner: Database
) -> None:
    family = await world.family()
    case = await world.allocated(family)
    bounds = {**MINE, **own, **{f"/v1/cases/{case['id']}{part}": most for part, most in IN_CASE.items()}}
    before = await counted(world, database, who, list(bounds))
    assert {path: count for path, count in before.items() if count > bounds[path]} == {}

    for _ in range(CASES - 1):
        await world.allocated(family)
    await enlarge_team(world, owner, case["id"], TEAM - 1)
    if who != "mother":
        await hold_positions(world, owner, who)

    assert len((await world.get(who, "/v1/cases")).json()["items"]) == CASES
    assert len((await world.get(who, f"/v1/cases/{case['id']}/team")).json()["items"]) == TEAM
    assert await counted(world, database, who, list(bounds)) == before
