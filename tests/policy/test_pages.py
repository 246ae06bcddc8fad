"""The list mechanism against the judgement of single rows: a list finds its rows by its rules, `get` judges each.

In random worlds, for every policy that is listed without a fixed place and for every reader: the pages put together are
the rows that `get` opens, in order, each once; and the log names for each row the rule that `explain` names first.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import column, select
from sqlalchemy.sql.selectable import Subquery

from app.db import Database, Transaction, columns
from app.errors import NotFound
from app.models import AccessLog
from app.policy.actor import Actor
from app.policy.cases import cases
from app.policy.core import Policy
from app.policy.families import families, members
from app.policy.shown import POLICIES
from tests.policy.random_worlds import (
    DISABILITY,
    NOON,
    PAST,
    Facts,
    add_assignment,
    add_case,
    add_member,
    add_user,
    arranged,
    judging,
    reader,
    worlds,
)
from tests.worlds import World

pytestmark = pytest.mark.anyio
log = columns(AccessLog)
ANYWHERE = [policy for policy in POLICIES if not isinstance(policy.table, Subquery)]
"""All but who has looked, which is asked of one case at a time."""
IN_CASES = [policy for policy in ANYWHERE if policy.scope == "case_id"]
LEADING = ("coordinator", "primary_adviser")


def test_only_the_access_log_has_a_fixed_place() -> None:
    assert {policy.name for policy in POLICIES} - {policy.name for policy in ANYWHERE} == {"access_log"}


async def paged(session: Transaction, actor: Actor, policy: Policy, limit: int, **filters: Any) -> list[UUID]:
    """The ids on all pages of a list; none of what lies in a place that the reader does not read."""
    found, after = list[UUID](), None
    with suppress(NotFound):
        while True:
            page = await policy.page(session, actor, limit=limit, after=after, **filters)
            assert len(page.items) <= limit
            assert not {row.id for row in page.items} & set(found), f"{policy.name}: a row comes twice"
            found += [row.id for row in page.items]
            if page.next is None:
                break
            after = page.next
    return found


async def explained(session: Transaction, actor: Actor, policy: Policy, ids: list[UUID]) -> dict[UUID, str]:
    """The rows that `get` opens, each with the rule that `explain` names first."""
    found = {}
    for id in ids:
        try:
            found[id] = (await policy.explain(session, actor, id))["read"][0]
        except NotFound:
            continue
    return found


async def logged(session: Transaction, policy: Policy, request_id: str) -> list[dict[UUID, str]]:
    """Of the lists of a request, the rows with the rule that the log gives as the reason."""
    lists = (log.request_id == request_id) & (log.resource == policy.name) & (log.action == "list")
    rows = await session.execute(select(log.resource_ids, log.rules).where(lists).order_by(log.id))
    return [dict(zip(row.resource_ids, row.rules, strict=True)) for row in rows]


async def everything(session: Transaction, world: World, policy: Policy) -> list[UUID]:
    table: Any = policy.table
    rows = select(column("id")).select_from(table).where(table.c.municipality_id == world.municipality)
    return list((await session.execute(rows)).scalars())


@pytest.mark.parametrize("half", [0, 1])
@judging(6)
@given(facts=worlds(2, 3), seed=st.integers(0, 999))
async def test_pages_are_what_get_opens(half: int, facts: Facts, seed: int, here: World, owner: Database) -> None:
    """Page by page it is what one long page has; of the rows some are asked one by one, of each policy by each reader.

    A long list is gone through in a few pages, a short one in pages of a row or two.
    """
    chance = Random(seed)
    async with arranged(owner, here, facts) as session:
        for policy in ANYWHERE[half::2]:
            ids = await everything(session, here, policy)
            for who in facts.readers():
                request_id = f"{policy.name} of {who['id']}"
                actor = await reader(session, here, facts, who)
                whole = [row.id for row in (await policy.page(session, actor, limit=len(ids) + 1)).items]
                asked = chance.sample(ids, min(5, len(ids)))
                opens = await explained(session, actor, policy, asked)
                limit = chance.randint(1, 4) + len(whole) // 4
                actor = replace(actor, request_id=request_id)
                found = await paged(session, actor, policy, limit)
                assert found == whole == sorted(whole, reverse=policy.newest_first), (policy.name, who, limit)
                assert set(opens) == set(asked) & set(whole), (policy.name, who)
                if policy.personal:
                    reasons = await logged(session, policy, request_id)
                    assert [id for page in reasons for id in page] == found, (policy.name, who)
                    told = {id: rule for page in reasons for id, rule in page.items()}
                    assert opens == {id: told[id] for id in opens}, (policy.name, who)


@judging(8)
@given(facts=worlds(2, 4), limit=st.integers(1, 4))
async def test_pages_of_a_place_and_under_a_filter(facts: Facts, limit: int, here: World, owner: Database) -> None:
    """In one case each row is judged by itself, across cases they are found by the rules; a filter narrows both."""
    held = {a["case_id"]: a["user_id"] for a in facts["assignments"] if a["ended_at"] is None and a["role"] in LEADING}
    async with arranged(owner, here, facts) as session:
        for who in facts.readers():
            actor = await reader(session, here, facts, who)
            whole = set(await paged(session, actor, cases, limit))
            for name, value, holds in (
                ("open", True, lambda case: case["state"] != "closed"),
                ("state", "draft", lambda case: case["state"] == "draft"),
                ("owner_department_id", DISABILITY, lambda case: case["owner_department_id"] == DISABILITY),
                ("family_id", facts["families"][0]["id"], lambda c: c["family_id"] == facts["families"][0]["id"]),
                ("coordinator_id", who["id"], lambda case: held.get(case["id"]) == who["id"]),  # noqa: B023
            ):
                wanted = [case["id"] for case in facts["cases"] if case["id"] in whole and holds(case)]
                assert await paged(session, actor, cases, limit, **{name: value}) == sorted(wanted, reverse=True), name
            for policy in IN_CASES:
                apart = list[UUID]()
                for case in facts["cases"]:
                    apart += await paged(session, actor, policy, 10 * limit, case_id=case["id"])
                assert sorted(apart) == sorted(await paged(session, actor, policy, 10 * limit)), policy.name


async def test_whoever_has_several_parts_misses_no_page(here: World, owner: Database) -> None:
    """A likely loss: a row that a rule finds twice takes two places on a page, and a short page looks like the last."""
    facts = Facts(NOON)
    facts.add("departments", name="her", sector="other", active=True, kind="child_disability")["id"] = DISABILITY
    opener, helper = (add_user(facts, "professional") for _ in range(2))
    held = {"department_id": DISABILITY, "role": "member", "started_at": PAST, "ended_at": None}
    facts.add("positions", user_id=helper["id"], **held)
    for _ in range(3):
        made = {"owner_department_id": DISABILITY, "created_at": PAST, "created_by": opener["id"]}
        child = add_member(facts, facts.add("families", **made), "child", None, date(2020, 5, 5))
        for _ in range(2):
            case = add_case(facts, child, opener["id"], "start_up", allocated_at=PAST)
            for role in ("buddy", "deputy"):
                add_assignment(facts, case, helper["id"], role)
    async with arranged(owner, here, facts) as session:
        actor = await reader(session, here, facts, helper)
        for policy, table in ((cases, "cases"), (families, "families"), (members, "members")):
            for limit in (1, 2, 3, 4):
                found = await paged(session, actor, policy, limit)
                assert sorted(found) == sorted(row["id"] for row in facts[table]), (policy.name, limit)
