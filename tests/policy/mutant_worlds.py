"""What a mutant is asked first: random worlds and a scene that lie in a database, and what the oracle says of them."""

import asyncio
import random
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final
from uuid import UUID

import httpx
from hypothesis import given, seed
from sqlalchemy import insert, text
from sqlalchemy.dialects import postgresql

from app.config import Settings
from app.db import Base, Database
from app.main import create_app
from app.policy.actor import Actor
from tests.policy import test_matrix, test_oracle
from tests.policy.mutants import Mutant, load
from tests.policy.oracle import READS, decides
from tests.policy.random_worlds import IN_ORDER, Facts, judging, reader, worlds
from tests.policy.scenes import set_scene
from tests.worlds import World

WORLDS: Final = 40
Prints = dict[tuple[str, str], str]


@dataclass(frozen=True)
class Reader:
    """Somebody in a world, and what the oracle says of every list of theirs."""

    actor: Actor
    expected: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Stage:
    """The readers of each world; the people of the scene and the rows they act on; the policy's SQL before."""

    url: str
    worlds: list[list[Reader]]
    people: dict[str, Actor]
    rows: dict[str, UUID]
    before: Prints

    def judge(self, mutant: Mutant) -> str:
        """The first answer that is not the oracle's, or nothing. For a process of its own."""
        if error := load(mutant):
            return error
        try:
            after = prints()
        except Exception as error:
            return f"building its statements: {type(error).__name__}"
        changed = {key for key, sql in self.before.items() if after.get(key) != sql}
        return asyncio.run(self._asked(changed, mutant.module))

    async def _asked(self, changed: set[tuple[str, str]], module: str) -> str:
        """First of the module's own policies, in every world: few statements find most."""
        test_oracle.POLICY.update({policy.name: policy for policy in current()})
        values = vars(sys.modules[f"app.policy.{module}"]).values()
        own = {one.name for one in values if any(one is policy for policy in current())}
        reads = [name for name in READS if (name, "read") in changed]
        near, far = ([name for name in reads if (name in own) is nearly] for nearly in (True, False))
        database = Database(self.url, 2)
        try:
            found = await self._reading(database, near) or await self._acting(database, changed)
            return found or await self._reading(database, far)
        except Exception as error:
            return f"an error: {type(error).__name__}"
        finally:
            await database.close()

    async def _reading(self, database: Database, names: list[str]) -> str:
        for readers in self.worlds if names else ():
            for one in random.Random(1).sample(readers, len(readers)):
                async with database.transaction(one.actor.municipality) as session:
                    for name in names:
                        if await test_oracle.listed(session, one.actor, name) != one.expected[name]:
                            return f"the oracle: {name}"
        return ""

    async def _acting(self, database: Database, changed: set[tuple[str, str]]) -> str:
        for (name, action), expected in test_matrix.ACTIONS.items():
            if (name, action) not in changed:
                continue
            policy = test_oracle.POLICY[name]
            found = set()
            for who, actor in self.people.items():
                async with database.transaction(actor.municipality) as session:
                    if await test_matrix.decision(session, actor, policy, self.rows[name], action) == "open":
                        found.add(who)
            if found != expected:
                return f"the matrix: {name} {action}"
        return ""


def current() -> Any:
    """The policies as they are loaded now."""
    return sys.modules["app.policy.shown"].POLICIES


def prints() -> Prints:
    """What each policy's rules of reading, with veils and reach, and of each action are as SQL."""
    found = {}
    for policy in current():
        shown = [*policy.read.items(), *(one for veil in policy.veiled.values() for one in veil.items())]
        found[policy.name, "read"] = _sql(shown, *policy.reach.values())
        found |= {(policy.name, action): _sql(grants.items()) for action, grants in policy.actions.items()}
    return found


def _sql(grants: Any, *more: Any) -> str:
    """With the values that stand in it: a word of ours is one."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    parts = [*((kind, grant.where) for kind, grant in grants), *(("reach", one) for one in more)]
    made = [(kind, one.compile(dialect=dialect)) for kind, one in parts]
    return "\n".join(f"{kind} {sql} {sql.params}" for kind, sql in made)


def drawn(many: int) -> list[Facts]:
    """Random worlds, always the same."""
    found: list[Facts] = []

    @seed(1)
    @judging(many)
    @given(facts=worlds())
    def draw(facts: Facts) -> None:
        found.append(facts)

    draw()
    return found


def prepared(url: str) -> Stage:
    return asyncio.run(_prepared(url, drawn(WORLDS)))


async def _prepared(url: str, all_facts: list[Facts]) -> Stage:
    owner, folder = Database(url, 4), Path(mkdtemp())
    settings = Settings(mode="tryout", data_dir=folder, log_level="ERROR", rate_limit="1000000/minute")
    transport = httpx.ASGITransport(create_app(settings, owner))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        scene = await set_scene(await World.found(owner, folder, client), owner)
        rows = await test_matrix._targets(scene)
        people = await test_matrix.people(owner, scene.world)
        found = [await _peopled(owner, await World.found(owner, folder, client), facts) for facts in all_facts]
        async with owner.transaction(scene.world.municipality) as session:
            await session.execute(text("analyze"))
    await owner.close()
    return Stage(url, found, people, rows, prints())


async def _peopled(owner: Database, world: World, facts: Facts) -> list[Reader]:
    """The facts as rows that stay, and their readers."""
    async with owner.transaction(world.municipality) as session:
        for table in IN_ORDER:
            if facts[table]:
                rows = [{"municipality_id": world.municipality, **row} for row in facts[table]]
                await session.execute(insert(Base.metadata.tables[table]), rows)
        return [
            Reader(await reader(session, world, facts, who), {name: decides(name, facts, who) for name in READS})
            for who in facts.readers()
        ]
