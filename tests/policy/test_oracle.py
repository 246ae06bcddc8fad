"""The policy answers as the oracle, for every reader of every random world: in lists, one by one, and under veils."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given

from app.db import Database, Transaction
from app.errors import NotFound
from app.policy.actor import Actor
from app.policy.core import Policy
from app.policy.shown import POLICIES
from tests.policy.oracle import READS, SHOWN, decides, readable
from tests.policy.random_worlds import (
    NOON,
    PAST,
    Facts,
    Row,
    add_assignment,
    add_case,
    add_custody,
    add_member,
    add_user,
    arranged,
    judging,
    reader,
    worlds,
)
from tests.policy.random_worlds import DISABILITY as HERE
from tests.worlds import World

pytestmark = pytest.mark.anyio
POLICY = {policy.name: policy for policy in POLICIES}
SEEDS = count()


def test_the_oracle_knows_every_policy_about_a_case_or_a_family() -> None:
    belongs = {policy.name for policy in POLICIES if policy.case_id is not None or policy.family_id is not None}
    assert set(READS) == belongs - {"access_log"}
    veils = {(name, column) for name in READS for column in POLICY[name].veiled}
    assert veils - set(SHOWN) == {("activity", "case_meetings_at")}, "nothing was held in the random worlds"


async def listed(session: Transaction, actor: Actor, name: str) -> dict[str, Any]:
    """What the policy lets this reader list, and which of its veiled columns say something."""
    page = await POLICY[name].page(session, actor, limit=1000)
    veils = {column: _told(page.items, column) for policy, column in SHOWN if policy == name}
    return {"read": {row.id for row in page.items}, **veils}


def _told(rows: Any, column: str) -> set[UUID]:
    return {row.id for row in rows if getattr(row, column) is not None}


async def opened(session: Transaction, actor: Actor, policy: Policy, id: UUID) -> bool:
    try:
        await policy.get(session, actor, id)
    except NotFound:
        return False
    return True


@judging(40)
@given(facts=worlds())
async def test_the_policy_answers_as_the_oracle(facts: Facts, here: World, owner: Database) -> None:
    """Every list whole; of the rows one by one, some of each policy for each reader."""
    chance = Random(next(SEEDS))  # noqa: S311
    async with arranged(owner, here, facts) as session:
        readers = [(who, await reader(session, here, facts, who)) for who in facts.readers()]
        for name, (table, _) in READS.items():
            for who, actor in readers:
                expected = decides(name, facts, who)
                assert await listed(session, actor, name) == expected, (name, who)
                for row in chance.sample(facts[table], min(2, len(facts[table]))):
                    open = await opened(session, actor, POLICY[name], row["id"])
                    assert open is (row["id"] in expected["read"]), (name, who, row)
