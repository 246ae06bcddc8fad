"""The mechanism: grants, actions, veils, pages; and the traps that would open a policy without an error."""

import ast
import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Select, Table, bindparam, false, null, select, true
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression, BindParameter
from sqlalchemy.sql.selectable import Alias, SelectBase

import app
import app.policy
from app.db import Database, table_of
from app.errors import Forbidden, NotFound
from app.models import Department
from app.policy.actor import KINDS, Actor, Kind
from app.policy.core import Policy, explanation_of, lock_of, one_of, page_of
from app.policy.rules import CLOSED, Grant, Grants, Rule, mine, probed, rule, some, word
from app.policy.shown import POLICIES, rules
from app.services.catalogue import labels
from tests.policy.scenes import acting
from tests.worlds import DEPARTMENTS, World

YES = Rule("yes", "Always.", true())
NO = Rule("no", "Never.", false())
UNKNOWN = Rule("unknown", "Nobody knows.", null() == true())
TABLE = table_of(Department)


def synthetic(read: Grants, **more: Any) -> Policy:
    """A policy about departments that nobody else has: as small as can be."""
    names = ("id", "name", "kind", "sector")
    return Policy("department", TABLE, {name: TABLE.c[name] for name in names}, read, personal=False, **more)


def open_to(grant: Grant) -> Grants:
    return {"professional": grant}


# --- grants


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("grant", "opens"),
    [
        pytest.param(Grant(), False, id="an empty grant never opens"),
        pytest.param(Grant(require=(YES,)), False, id="what is required alone does not open"),
        pytest.param(Grant(allow=(YES,)), True, id="one that allows opens"),
        pytest.param(Grant(allow=(NO, YES)), True, id="any of those that allow opens"),
        pytest.param(Grant(allow=(NO, UNKNOWN)), False, id="unknown does not allow"),
        pytest.param(Grant(require=(YES, NO), allow=(YES,)), False, id="all that is required must hold"),
        pytest.param(Grant(require=(UNKNOWN,), allow=(YES,)), False, id="unknown does not meet what is required"),
        pytest.param(Grant(allow=(YES,), deny=(YES,)), False, id="a deny beats what allows"),
        pytest.param(Grant(allow=(YES,), deny=(NO,)), True, id="a deny that does not hold does not deny"),
        pytest.param(Grant(allow=(YES,), deny=(UNKNOWN,)), False, id="unknown denies"),
        pytest.param(Grant(require=(YES,), allow=(YES,), deny=(NO, UNKNOWN)), False, id="one unknown deny is enough"),
    ],
)
async def test_what_opens_a_grant(grant: Grant, opens: bool, here: World, database: Database) -> None:
    policy = synthetic(open_to(grant))
    reader = await acting(database, here, "coordinator")
    async with database.transaction(here.municipality) as session:
        assert bool((await policy.page(session, reader)).items) is opens
        assert await decision(policy, session, reader, here.departments["ppr"]) == ("open" if opens else "absent")


@pytest.mark.anyio
async def test_a_kind_of_actor_without_a_grant_is_closed_out(here: World, database: Database) -> None:
    policy = synthetic(open_to(Grant(allow=(YES,))))
    assert policy.grant("citizen", "read") is CLOSED
    mother = await acting(database, here, "mother")
    async with database.transaction(here.municipality) as session:
        assert not (await policy.page(session, mother)).items


async def decision(policy: Policy, session: AsyncSession, reader: Actor, id: UUID, action: str = "read") -> str:
    """What `get` decides: open, closed (403) or absent (404)."""
    try:
        await policy.get(session, reader, id, action)
    except NotFound:
        return "absent"
    except Forbidden:
        return "closed"
    return "open"


# --- actions


@pytest.mark.anyio
async def test_an_action_is_judged_after_reading(here: World, database: Database) -> None:
    readable, unreadable = open_to(Grant(allow=(YES,))), open_to(Grant(allow=(NO,)))
    actions = {"may": readable, "may_not": unreadable, "nobody": dict[Kind, Grant]()}
    reader, id = await acting(database, here, "coordinator"), here.departments["ppr"]
    async with database.transaction(here.municipality) as session:
        seen, hidden = synthetic(readable, actions=actions), synthetic(unreadable, actions=actions)
        assert [await decision(seen, session, reader, id, action) for action in actions] == ["open", "closed", "closed"]
        assert {await decision(hidden, session, reader, id, action) for action in actions} == {"absent"}
        assert {await decision(seen, session, reader, uuid4(), action) for action in actions} == {"absent"}


@pytest.mark.anyio
async def test_an_unknown_action_is_an_error_of_ours(here: World, database: Database) -> None:
    policy = synthetic(open_to(Grant(allow=(YES,))), unlocked=frozenset({"read", "invented"}))
    reader = await acting(database, here, "coordinator")
    async with database.transaction(here.municipality) as session:
        with pytest.raises(KeyError):
            await policy.get(session, reader, here.departments["ppr"], "invented")


@pytest.mark.anyio
async def test_explain_names_every_rule_that_opens_an_action(here: World, database: Database) -> None:
    other = Rule("other", "Always too.", true())
    actions = {
        "both": open_to(Grant(allow=(YES, NO, other))),
        "denied": open_to(Grant(allow=(YES,), deny=(UNKNOWN,))),
        "shut": open_to(Grant(require=(NO,), allow=(YES,))),
        "nobody": dict[Kind, Grant](),
    }
    policy = synthetic(open_to(Grant(allow=(NO, YES))), actions=actions)
    reader = await acting(database, here, "coordinator")
    async with database.transaction(here.municipality) as session:
        found = await policy.explain(session, reader, here.departments["ppr"])
        assert found == {"read": ["yes"], "both": ["yes", "other"], "denied": [], "shut": [], "nobody": []}
        with pytest.raises(NotFound):
            await policy.explain(session, reader, uuid4())


# --- columns, filters, pages


@pytest.mark.anyio
async def test_a_veiled_column_is_null_for_those_it_does_not_open_to(here: World, database: Database) -> None:
    everybody = {kind: Grant(allow=(YES,)) for kind in KINDS}
    veiled = {"kind": open_to(Grant(allow=(YES,))), "sector": open_to(Grant(allow=(YES,), deny=(UNKNOWN,)))}
    policy = synthetic(everybody, veiled=veiled)
    for who, shown in (("coordinator", "school_psychology"), ("mother", None), ("journal", None)):
        reader = await acting(database, here, who)
        async with database.transaction(here.municipality) as session:
            row = await policy.get(session, reader, here.departments["ppr"])
            listed = {one.id: one for one in (await policy.page(session, reader)).items}[row.id]
        assert (row.kind, row.sector, row.name) == (shown, None, "ppr")
        assert tuple(row[:4]) == tuple(listed[:4])


def test_more_than_five_filters_are_refused() -> None:
    names = [f"filter_{number}" for number in range(6)]
    filters = {name: TABLE.c.name == bindparam(name) for name in names}
    policy = synthetic(open_to(Grant(allow=(YES,))), filters=filters)
    page_of(policy, "professional", frozenset(names[:5]), False)
    with pytest.raises(ValueError, match="too many filters"):
        page_of(policy, "professional", frozenset(names), False)


@pytest.mark.anyio
@pytest.mark.parametrize("newest_first", [True, False])
async def test_pages_follow_one_another_without_gap_or_overlap(
    newest_first: bool, here: World, database: Database
) -> None:
    policy = synthetic(open_to(Grant(allow=(YES,))), newest_first=newest_first)
    reader, found, after = await acting(database, here, "coordinator"), list[UUID](), None
    async with database.transaction(here.municipality) as session:
        for _ in range(len(DEPARTMENTS) + 2):
            page = await policy.page(session, reader, limit=2, after=after)
            found += [row.id for row in page.items]
            assert len(page.items) <= 2
            after = page.next
            if after is None:
                break
        everything = await policy.page(session, reader)
    assert after is None
    assert everything.next is None
    assert found == sorted(found, reverse=newest_first) == [row.id for row in everything.items]
    assert set(here.departments.values()) < set(found)


@pytest.mark.anyio
async def test_a_filter_that_is_none_is_not_given(here: World, database: Database) -> None:
    policy = synthetic(open_to(Grant(allow=(YES,))), filters={"name": TABLE.c.name == bindparam("name")})
    reader = await acting(database, here, "coordinator")
    async with database.transaction(here.municipality) as session:
        assert len((await policy.page(session, reader, name=None)).items) > len(DEPARTMENTS)
        assert [row.name for row in (await policy.page(session, reader, name="ppr")).items] == ["ppr"]


# --- rules and words


def test_a_rule_must_say_what_it_means() -> None:
    def silent() -> Any:
        return true()

    with pytest.raises(TypeError, match="silent"):
        rule(silent)


def test_a_word_is_no_way_into_the_sql() -> None:
    with pytest.raises(ValueError, match="letters"):
        word("read' or true --")


def test_every_rule_says_what_it_means_in_both_languages() -> None:
    assert [one.name for one in rules().values() if len(one.says) < 20] == []
    assert missing("rule", rules()) == []


def test_every_rule_name_is_one_rule() -> None:
    """A name is the reason in the log: two rules under one name would make it mean two things."""
    grants = [grant for policy in POLICIES for grants in all_grants(policy) for grant in grants.values()]
    for one in {id(one): one for grant in grants for one in grant.rules}.values():
        assert rules()[one.name] is one


def test_every_action_and_resource_has_its_words() -> None:
    assert missing("action", {action for policy in POLICIES for action in policy.actions} | {"read", "list"}) == []
    assert missing("deed", {action for policy in POLICIES for action in policy.actions} | {"read", "list"}) == []
    assert missing("resource", {policy.name for policy in POLICIES}) == []


def missing(enumeration: str, codes: Any) -> list[str]:
    known = labels().get(enumeration, {})
    return sorted(code for code in codes if set(known.get(code, ())) != {"da", "en"})


def all_grants(policy: Policy) -> list[Grants]:
    return [policy.read, *policy.actions.values(), *policy.veiled.values()]


# --- traps


def test_every_policy_is_on_the_page_that_is_signed() -> None:
    found = set[int]()
    for module in pkgutil.iter_modules(app.policy.__path__, "app.policy."):
        found |= {id(value) for value in vars(import_module(module.name)).values() if isinstance(value, Policy)}
    assert found == {id(policy) for policy in POLICIES}
    assert len({policy.name for policy in POLICIES}) == len(POLICIES)


def statements() -> Iterator[tuple[str, Select[Any]]]:
    """Every statement a policy can make, with each filter once; named for the message of a failure."""
    for policy in POLICIES:
        for kind in KINDS:
            for action in ("read", *policy.actions):
                yield f"{policy.name}.{action} {kind}", one_of(policy, kind, action)
            for names in ((), *((name,) for name in policy.filters)):
                for after in (False, True):
                    yield f"{policy.name} list {names} {kind}", page_of(policy, kind, frozenset(names), after)
            yield f"explain {policy.name} {kind}", explanation_of(policy, kind)
        yield f"lock {policy.name}", lock_of(policy)


def test_statements_are_built_once() -> None:
    first, second = dict(statements()), dict(statements())
    assert all(first[name] is second[name] for name in first)


def test_no_table_is_read_outside_the_actors_municipality() -> None:
    """Each reference to a table is bound to :actor_municipality, by itself or through what it is joined to."""
    stray = {name: names for name, statement in statements() if (names := unbound(statement))}
    assert stray == {}


def unbound(statement: Select[Any]) -> set[str]:
    """The tables that some SELECT of a statement reads without making their municipality the actor's.

    A SELECT that stood in a statement before is not looked at again: they share most of what they ask.
    """
    waiting, found = [statement], set[str]()
    while waiting:
        one: Any = waiting.pop()
        if id(one) not in LOOKED_AT:
            LOOKED_AT[id(one)] = one
            waiting += one.get_children()
            if isinstance(one, Select):
                bound = _bound(one)
                found |= {table.name for table in _own(one) if id(table) not in bound}
    return found


LOOKED_AT: dict[int, Any] = {}


def _own(one: Select[Any]) -> list[Table | Alias]:
    """The tables, under their own name or another, that a SELECT itself names in its FROM."""
    leaves = [leaf for found in one._from_obj for leaf in _leaves(found)]
    return [leaf for leaf in leaves if isinstance(leaf, Table | Alias) and "municipality_id" in leaf.c]


def _leaves(found: Any) -> list[Any]:
    return [*_leaves(found.left), *_leaves(found.right)] if hasattr(found, "left") else [found]


def _bound(one: Select[Any]) -> set[int]:
    """The tables whose municipality is the actor's by the SELECT's own conditions; those around it are taken to be."""
    pairs = [sides for part in _conditions(one) if (sides := _sides(part))]
    own = {id(table) for table in _own(one)}
    bound = {ACTORS} | {key for pair in pairs for key in pair if key not in own}
    for _ in pairs:
        bound |= {key for pair in pairs if pair & bound for key in pair}
    return bound


ACTORS = 0


def _conditions(one: Select[Any]) -> Iterator[Any]:
    """Every part of a SELECT's WHERE and ON, without what stands in another SELECT within it."""
    waiting = [one.whereclause, *(found for found in one._from_obj if hasattr(found, "onclause"))]
    while waiting:
        part = waiting.pop()
        if part is None or isinstance(part, SelectBase | Alias | Table):
            continue
        yield part
        waiting += part.get_children()


def _sides(part: Any) -> set[int]:
    """The two sides of an equation about municipalities: tables by identity, and the actor's."""
    if not (isinstance(part, BinaryExpression) and part.operator is operators.eq):
        return set()
    return {key for side in (part.left, part.right) if (key := _municipality(side)) is not None}


def _municipality(side: Any) -> int | None:
    if isinstance(side, BindParameter):
        return ACTORS if side.key == "actor_municipality" else None
    return id(side.table) if getattr(side, "name", "") == "municipality_id" else None


def test_a_table_without_the_municipality_would_be_found() -> None:
    other = table_of(Department).alias("other")
    joined = TABLE.join(other, other.c.parent_id == TABLE.c.id)
    assert unbound(select(1).select_from(joined).where(mine(TABLE))) == {"other"}
    assert unbound(select(1).select_from(TABLE).where(mine(other))) == {"departments"}
    inner = select(1).select_from(other).where(other.c.id == TABLE.c.id).exists()
    assert unbound(select(1).select_from(TABLE).where(mine(TABLE), inner)) == {"other"}


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_no_rule_loses_its_table_to_the_list_it_judges(policy: Policy) -> None:
    """A leak waiting to happen: an EXISTS about a table that the list also joins drops that table, and means
    something else. So every SELECT within a rule keeps its FROM inside the policy's statements."""
    for kind in KINDS:
        grants = [policy.grant(kind, name) for name in ("read", *policy.actions)]
        whole = sql(explanation_of(policy, kind))
        for one in {id(each): each for grant in grants for each in grant.rules}.values():
            for alone in subqueries(one, policy):
                assert alone.startswith("SELECT")
                assert " FROM " in alone
                assert alone in whole, (one.name, alone)


def test_no_statement_selects_from_nowhere() -> None:
    """The same in every statement there is, lists that begin with the reader among them."""
    lost = [name for name, statement in statements() if FROM_NOWHERE.search(sql(statement))]
    assert lost == []


OUTSIDE = re.compile(
    r"(?:, (?:\w+(?:\([\w.]+\))?(?: AS \w+)?|\(SELECT access_log\.municipality_id .*? AS entry))+ WHERE"
)
"""The tables of the enclosing rows, which a SELECT alone names after its own."""
FROM_NOWHERE = re.compile(r"SELECT (?:(?!\bFROM\b)[^()])* WHERE ")


ALL: frozenset[str] = frozenset()


def subqueries(one: Rule, policy: Policy) -> set[str]:
    """The SELECTs within a rule, each as it must read there: FROM its own table, and the row being judged outside."""
    within, judged = visitors.iterate(probed(one.holds)), visitors.iterate(policy.table)
    alone, rows = ({sql(each) for each in part if isinstance(each, Select)} for part in (within, judged))
    return {OUTSIDE.sub(" WHERE", text) for text in alone - rows}


def sql(statement: Any) -> str:
    """On one line, parameters by name; a statement's own way of numbering them would differ from place to place."""
    text = str(statement.compile(dialect=postgresql.dialect(paramstyle="named")))  # type: ignore[no-untyped-call]
    return re.sub(r"(?<=:)(\w+?)_\d+\b", r"\1", " ".join(text.split()))


def test_the_trap_is_real() -> None:
    """Without `correlate_except` the table that the list reads would be gone from the rule."""
    kept = Rule("kept", "A department of that kind exists.", some(TABLE, TABLE.c.kind == "school"))
    statement = page_of(synthetic(open_to(Grant(allow=(kept,)))), "professional", ALL, False)
    assert "EXISTS (SELECT 1 FROM departments WHERE" in sql(statement)


def test_nobody_changes_a_policy_statement() -> None:
    """`.where` on one would leave the log and the policy behind; outside of core nobody even holds one."""
    makers = {"page_of", "one_of", "lock_of", "explanation_of", "screen_of"}
    for path in sorted(Path(app.__file__).parent.rglob("*.py")):
        if path.parts[-2] == "policy" and path.name in {"core.py", "statements.py", "screens.py"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = {getattr(node, "id", None), getattr(node, "attr", None), getattr(node, "name", None)}
            assert not named & makers, f"{path}:{getattr(node, 'lineno', 0)} holds a policy statement"
