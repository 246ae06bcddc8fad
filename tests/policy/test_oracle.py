"""The policy answers as the oracle, for every reader of every random world: in lists, one by one, and under veils."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.db import Database, Transaction
from app.errors import NotFound
from app.policy.actor import Actor
from app.policy.core import Policy
from app.policy.shown import POLICIES
from tests.policy.oracle import READS, SHOWN, decides, readable
from tests.policy.random_worlds import DISABILITY as HERE
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
from tests.worlds import World

pytestmark = pytest.mark.anyio
POLICY = {policy.name: policy for policy in POLICIES}


def test_the_oracle_knows_every_policy_about_a_case_or_a_family() -> None:
    belongs = {policy.name for policy in POLICIES if policy.case_id is not None or policy.family_id is not None}
    assert set(READS) == belongs - {"access_log"}
    veils = {(name, column) for name in READS for column in POLICY[name].veiled}
    assert veils == set(SHOWN)


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
@given(facts=worlds(), seed=st.integers(0, 999))
async def test_the_policy_answers_as_the_oracle(facts: Facts, seed: int, here: World, owner: Database) -> None:
    """Every list whole; of the rows one by one, some of each policy for each reader."""
    chance = Random(seed)
    async with arranged(owner, here, facts) as session:
        readers = [(who, await reader(session, here, facts, who)) for who in facts.readers()]
        for name, (table, _) in READS.items():
            for who, actor in readers:
                expected = decides(name, facts, who)
                assert await listed(session, actor, name) == expected, (name, who)
                for row in chance.sample(facts[table], min(2, len(facts[table]))):
                    open = await opened(session, actor, POLICY[name], row["id"])
                    assert open is (row["id"] in expected["read"]), (name, who, row)


# --- the edges, each on its own


def a_family(at: datetime, born: date, begin: date | None = None, end: date | None = None) -> Facts:
    """A child who can sign in, with a case; a mother with custody for a while, when there is a beginning."""
    facts = Facts(at)
    facts.add("departments", name="her", sector="other", active=True, kind="child_disability")["id"] = HERE
    staff, child, mother = (add_user(facts, kind) for kind in ("professional", "citizen", "citizen"))
    family = facts.add("families", owner_department_id=HERE, created_at=PAST, created_by=staff["id"])
    young = add_member(facts, family, "child", child["id"], born)
    adult = add_member(facts, family, "adult", mother["id"])
    if begin is not None:
        add_custody(facts, young, adult, begin, end)
    add_case(facts, young, staff["id"])
    return facts


async def cases_of(session: Transaction, world: World, facts: Facts, who: Row) -> set[UUID]:
    """The cases that somebody lists; they and the members are as the oracle says."""
    actor = await reader(session, world, facts, who)
    found = {name: (await listed(session, actor, name))["read"] for name in ("case", "member")}
    assert found == {name: readable(name, facts, who) for name in found}
    return found["case"]


@pytest.mark.parametrize(
    ("at", "born", "reads"),
    [
        pytest.param(NOON, date(2012, 6, 15), True, id="fifteen today"),
        pytest.param(NOON, date(2012, 6, 16), False, id="fifteen tomorrow"),
        pytest.param(datetime(2027, 6, 14, 21, 59, 59, tzinfo=UTC), date(2012, 6, 15), False, id="a second before"),
        pytest.param(datetime(2027, 6, 14, 22, 0, 0, tzinfo=UTC), date(2012, 6, 15), True, id="Danish midnight"),
        pytest.param(datetime(2027, 2, 28, 12, tzinfo=UTC), date(2012, 2, 29), False, id="leapling, 28 February"),
        pytest.param(datetime(2027, 3, 1, 12, tzinfo=UTC), date(2012, 2, 29), True, id="leapling, 1 March"),
        pytest.param(datetime(2028, 2, 29, 12, tzinfo=UTC), date(2013, 2, 28), True, id="leap day, born 28 February"),
        pytest.param(datetime(2028, 2, 29, 12, tzinfo=UTC), date(2013, 3, 1), False, id="leap day, born 1 March"),
    ],
)
async def test_the_child_reads_from_the_birthday(
    at: datetime, born: date, reads: bool, here: World, owner: Database
) -> None:
    facts = a_family(at, born)
    async with arranged(owner, here, facts) as session:
        assert bool(await cases_of(session, here, facts, facts["users"][1])) is reads


TODAY, DAY = NOON.date(), timedelta(days=1)


async def test_custody_opens_nothing_from_the_day_the_child_is_of_age(here: World, owner: Database) -> None:
    for born, reads in ((date(2009, 6, 16), True), (date(2009, 6, 15), False)):
        facts = a_family(NOON, born, date(2009, 7, 1))
        async with arranged(owner, here, facts) as session:
            assert bool(await cases_of(session, here, facts, facts["users"][2])) is reads


@pytest.mark.parametrize(
    ("begin", "end", "reads"),
    [
        pytest.param(TODAY, None, True, id="from today"),
        pytest.param(TODAY + DAY, None, False, id="from tomorrow"),
        pytest.param(TODAY - DAY, TODAY, False, id="until today: today is the first day without"),
        pytest.param(TODAY - DAY, TODAY + DAY, True, id="until tomorrow"),
        pytest.param(TODAY, TODAY, False, id="emptied on its first day"),
        pytest.param(None, None, False, id="never"),
    ],
)
async def test_custody_opens_on_its_days_only(
    begin: date | None, end: date | None, reads: bool, here: World, owner: Database
) -> None:
    facts = a_family(NOON, date(2020, 1, 1), begin, end)
    async with arranged(owner, here, facts) as session:
        assert bool(await cases_of(session, here, facts, facts["users"][2])) is reads


@pytest.mark.parametrize("role", ["coordinator", "primary_adviser", "buddy", "deputy"])
@pytest.mark.parametrize(("position", "reads"), [(None, False), ("ended", False), ("member", True)])
async def test_a_part_in_a_case_ends_with_the_job(
    role: str, position: str | None, reads: bool, here: World, owner: Database
) -> None:
    """The assignment stands; whoever has left child disability reads nothing by it."""
    facts = a_family(NOON, date(2020, 1, 1))
    adviser = add_user(facts, "professional")
    facts["cases"][0] |= {"allocated_at": PAST, "state": "start_up"}
    add_assignment(facts, facts["cases"][0], adviser["id"], role)
    if position is not None:
        held = {"user_id": adviser["id"], "department_id": HERE, "role": "member", "started_at": PAST}
        facts.add("positions", **held, ended_at=PAST if position == "ended" else None)
    async with arranged(owner, here, facts) as session:
        assert bool(await cases_of(session, here, facts, adviser)) is reads
