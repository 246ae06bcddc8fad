"""A screen is its lists: each part shows, and logs, what the list of that policy does when it is asked by itself."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from sqlalchemy import bindparam, select

from app.db import Database, Transaction, columns, new_id
from app.errors import NotFound
from app.models import AccessLog
from app.policy.actor import Actor
from app.policy.cases import cases
from app.policy.core import screen
from app.policy.screens import Part, Parts, screen_of
from app.services import overviews
from tests.policy.oracle import readable
from tests.policy.random_worlds import Facts, arranged, judging, reader, worlds
from tests.worlds import World

pytestmark = pytest.mark.anyio
log = columns(AccessLog)
WHAT = ("outcome", "action", "resource", "resource_ids", "rules", "case_id", "family_id", "case_ids", "member_ids")


async def by_itself(session: Transaction, actor: Actor, part: Part, given: dict[str, Any]) -> Sequence[Any]:
    """The rows of a part, read without the screen."""
    if not part.alone:
        filters = {name: given[name] for name in part.filters}
        try:
            return (await part.policy.page(session, actor, limit=part.limit, **filters)).items
        except NotFound:
            return []
    try:
        return [await part.policy.get(session, actor, given["row_id"])]
    except NotFound:
        return []


def shown(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """The rows without what the statement says beside them for the log."""
    beside = ("log_rule", "log_case", "log_family", "log_member", "log_basis", "granted", "action_rule")
    return [{name: value for name, value in row._mapping.items() if name not in beside} for row in rows]


async def logged(session: Transaction, after: UUID) -> list[Any]:
    """What the log has gained, whatever the order; what a list or a row that is not there said of the place is left."""
    rows = select(*(log[name] for name in WHAT)).where(log.id > bindparam("after")).order_by(log.id)
    return sorted(await session.execute(rows, {"after": after}), key=str)


async def compared(session: Transaction, actor: Actor, parts: Parts, **given: Any) -> dict[str, list[Any]]:
    """A screen, and its parts one by one: the same rows, the same reasons. A case's overview is told as one look."""
    began = new_id()
    drawn = await screen(session, actor, parts, **given)
    noted, again = await logged(session, began), new_id()
    for name, part in parts:
        assert shown(drawn[name]) == shown(await by_itself(session, actor, part, given)), (name, actor)
    singly = await logged(session, again)
    if not any(part.alone for _, part in parts):
        assert noted == singly, actor
    elif drawn["case"]:
        (one,) = noted
        assert (one.outcome, one.action, one.resource, one.case_id) == ("read", "overview", "case", given["case_id"])
        assert one.member_ids is None
        assert reasons(noted) == reasons(singly), actor
    return drawn


def reasons(rows: Sequence[Any]) -> list[tuple[UUID, str]]:
    """What was shown, each with the rule that opened it."""
    return sorted((id, rule) for row in rows for id, rule in zip(row.resource_ids, row.rules, strict=True))


@judging(12)
@given(facts=worlds(2, 3))
async def test_a_screen_is_its_lists(facts: Facts, here: World, owner: Database) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overviews, "screen", compared)
        async with arranged(owner, here, facts) as session:
            for who in facts.readers():
                actor, seen = await reader(session, here, facts, who), set[Any]()
                await overviews.work(session, actor)
                for case in facts["cases"]:
                    with suppress(NotFound):
                        seen.add((await overviews.overview(session, actor, case["id"]))["case"].id)
                assert seen == readable("case", facts, who)


@judging(12)
@given(facts=worlds(2, 3))
async def test_the_familys_view_is_its_lists(facts: Facts, here: World, owner: Database) -> None:
    """And the looks are those of the log of each case, the newest of all first."""
    own = tuple((name, part) for name, part in overviews.FAMILY if not part.each)
    (looks,) = (part for _, part in overviews.FAMILY if part.each)

    async def drawn(session: Transaction, actor: Actor, _: Parts, **given: Any) -> dict[str, list[Any]]:
        found = await compared(session, actor, own, **given)
        merged, filters = [], {name: given[name] for name in looks.filters - {"case_id"}}
        for id in given["case_ids"]:
            merged += (await looks.policy.page(session, actor, case_id=id, limit=looks.limit, **filters)).items
        newest = sorted(merged, key=lambda row: row.id, reverse=True)[: looks.limit]
        together = await screen(session, actor, (("looks", looks),), **given)
        assert shown(together["looks"]) == shown(newest), actor
        return found | together

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overviews, "screen", drawn)
        async with arranged(owner, here, facts) as session:
            for who in facts.readers():
                actor = await reader(session, here, facts, who)
                if actor.kind == "citizen":
                    await overviews.family_view(session, actor)


def test_a_list_on_a_screen_is_narrowed_first() -> None:
    """A list from nothing but the reader has another statement, which a screen has no place for."""
    with pytest.raises(ValueError, match="narrowed"):
        screen_of("professional", (("cases", Part(cases, 50, frozenset({"open"}))),))
