"""An oracle in plain Python, written from what the policy promises and not from its SQL, against random worlds.

The oracle speaks of people, periods and parts in a case; it knows nothing of tables joined or expressions built. For
every reader of every world it must name the same cases and the same members of families as the policy does.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth import Identity
from app.db import Base, Database, new_id, table_of
from app.models import Assignment, Case, Custody, Department, Family, Member, Position, TeamMember, User
from app.policy.actor import Circumstances
from app.policy.cases import cases
from app.policy.families import families, members
from app.services import actors
from tests.worlds import World

pytestmark = pytest.mark.anyio
YOUTH_AGE = 15
ADULT_AGE = 18
STAFF, CITIZENS, SERVICES = 4, 4, 2
NOON = datetime(2027, 6, 15, 12, tzinfo=UTC)
MOMENTS = (
    NOON,
    datetime(2027, 2, 28, 12, tzinfo=UTC),
    datetime(2027, 3, 1, 12, tzinfo=UTC),
    datetime(2028, 2, 29, 12, tzinfo=UTC),
    datetime(2027, 6, 14, 22, 30, tzinfo=UTC),  # half past midnight, Danish summer time
    datetime(2027, 12, 31, 23, 30, tzinfo=UTC),  # half past midnight, Danish winter time
)
BIRTHDAYS = (
    date(2008, 2, 29),
    date(2009, 6, 14),
    date(2009, 6, 15),
    date(2009, 6, 16),
    date(2012, 2, 28),
    date(2012, 2, 29),
    date(2012, 3, 1),
    date(2013, 2, 28),
    date(2013, 3, 1),
    *(date(2012, 6, day) for day in (13, 14, 15, 16)),
    date(2012, 12, 31),
    date(2013, 1, 1),
    date(2020, 5, 5),
)


@dataclass
class Facts:
    """What is true in a small world. People are numbers; a row is a dict with an id."""

    at: datetime
    users: list[dict[str, Any]] = field(default_factory=list)
    positions: list[dict[str, Any]] = field(default_factory=list)
    families: list[dict[str, Any]] = field(default_factory=list)
    members: list[dict[str, Any]] = field(default_factory=list)
    custodies: list[dict[str, Any]] = field(default_factory=list)
    cases: list[dict[str, Any]] = field(default_factory=list)
    assignments: list[dict[str, Any]] = field(default_factory=list)
    team: list[dict[str, Any]] = field(default_factory=list)

    @property
    def today(self) -> date:
        return self.at.astimezone(ZoneInfo("Europe/Copenhagen")).date()


# --- the oracle


def readable_cases(facts: Facts, who: dict[str, Any]) -> set[UUID]:
    reads = {"professional": _works_on, "citizen": _party_to, "service": _acts_for}[who["kind"]]
    return {case["id"] for case in facts.cases if who["active"] and reads(facts, who, case)}


def _works_on(facts: Facts, who: dict[str, Any], case: dict[str, Any]) -> bool:
    """Attached to the case now, leading the department that owns it, or having opened it there and nobody has it."""
    waiting = case["opened_by"] == who["id"] and case["allocated_at"] is None
    waiting = waiting and case["owner_department_id"] in departments(facts, who)
    leads = case["owner_department_id"] in departments(facts, who, "professional_head")
    return attached(facts, who, case) or leads or waiting


def attached(facts: Facts, who: dict[str, Any], case: dict[str, Any]) -> bool:
    """By an assignment or membership that stands, and working where it was given: access ends with the job."""
    coordinates = any(
        a["case_id"] == case["id"] and a["user_id"] == who["id"] for a in facts.assignments if a["ended_at"] is None
    )
    here = departments(facts, who)
    mine = [t for t in facts.team if t["case_id"] == case["id"] and t["user_id"] == who["id"] and t["left_at"] is None]
    return (coordinates and DISABILITY in here) or any(t["department_id"] in here for t in mine)


def departments(facts: Facts, who: dict[str, Any], role: str | None = None) -> set[UUID]:
    held = [p for p in facts.positions if p["user_id"] == who["id"] and p["ended_at"] is None]
    return {p["department_id"] for p in held if role in (None, p["role"])}


def _party_to(facts: Facts, who: dict[str, Any], case: dict[str, Any]) -> bool:
    """A holder of custody of the child today; or the child, from the fifteenth birthday. Nobody else of the family."""
    child = next(m for m in facts.members if m["id"] == case["child_id"])
    return child["id"] in in_custody_of(facts, who) or (child["user_id"] == who["id"] and old_enough(facts, child))


def in_custody_of(facts: Facts, who: dict[str, Any]) -> set[UUID]:
    own = {m["id"] for m in facts.members if m["user_id"] == who["id"]}
    held = {c["child_id"] for c in facts.custodies if c["holder_id"] in own and in_force(c, facts.today)}
    return {m["id"] for m in facts.members if m["id"] in held and not old_enough(facts, m, ADULT_AGE)}


def in_force(custody: dict[str, Any], day: date) -> bool:
    """From its first day, until the day before its first day without."""
    begun, end = custody["valid_from"] <= day, custody["valid_until"]
    return begun and (end is None or day < end)


def old_enough(facts: Facts, child: dict[str, Any], age: int = YOUTH_AGE) -> bool:
    """Years are counted on birthdays; who was born on 29 February has the birthday on 1 March in other years."""
    born, today = child["birth_date"], facts.today
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return years >= age


def _acts_for(facts: Facts, who: dict[str, Any], case: dict[str, Any]) -> bool:
    return case["owner_department_id"] in departments(facts, who)


def readable_families(facts: Facts, who: dict[str, Any]) -> set[UUID]:
    """Families are for staff: by work in a case of the family, by leading, or until a case has been allocated."""
    if who["kind"] != "professional" or not who["active"]:
        return set()
    return {family["id"] for family in facts.families if _works_with(facts, who, family)}


def _works_with(facts: Facts, who: dict[str, Any], family: dict[str, Any]) -> bool:
    its_cases = [case for case in facts.cases if case["family_id"] == family["id"]]
    allocated = any(case["allocated_at"] is not None for case in its_cases)
    registered = family["created_by"] == who["id"] and not allocated
    registered = registered and family["owner_department_id"] in departments(facts, who)
    leads = family["owner_department_id"] in departments(facts, who, "professional_head")
    return registered or leads or any(attached(facts, who, case) for case in its_cases)


def readable_members(facts: Facts, who: dict[str, Any]) -> set[UUID]:
    """Staff: everybody in a readable family. A citizen: oneself, one's children, and whom one named of the network."""
    if not who["active"]:
        return set()
    if who["kind"] == "citizen":
        own = _own(facts, who)
        return own | in_custody_of(facts, who) | {m["id"] for m in facts.members if m.get("named_by") in own}
    return {m["id"] for m in facts.members if m["family_id"] in readable_families(facts, who)}


def _own(facts: Facts, who: dict[str, Any]) -> set[UUID]:
    return {m["id"] for m in facts.members if m["user_id"] == who["id"]}


def reachable_members(facts: Facts, who: dict[str, Any]) -> set[UUID]:
    """Whose phone one reads. With address protection: one's own, and those whom one coordinates or registered."""
    read, own = readable_members(facts, who), _own(facts, who)
    close = {family["id"] for family in facts.families if _is_close(facts, who, family)}
    protected = {m["id"] for m in facts.members if m.get("address_protected") and m["family_id"] not in close}
    return read - (protected - own)


def _is_close(facts: Facts, who: dict[str, Any], family: dict[str, Any]) -> bool:
    its_cases = [case for case in facts.cases if case["family_id"] == family["id"]]
    registered = family["created_by"] == who["id"] and family["owner_department_id"] in departments(facts, who)
    registered = registered and all(case["allocated_at"] is None for case in its_cases)
    held = {a["case_id"] for a in facts.assignments if a["user_id"] == who["id"] and a["ended_at"] is None}
    advises = DISABILITY in departments(facts, who) and any(case["id"] in held for case in its_cases)
    return registered or advises


# --- random worlds


@st.composite
def worlds(draw: st.DrawFn) -> Facts:
    facts = Facts(draw(st.sampled_from(MOMENTS)))
    for kind, many in (("professional", STAFF), ("citizen", CITIZENS), ("service", SERVICES)):
        for _ in range(many):
            facts.users.append({"id": new_id(), "kind": kind, "active": draw(st.integers(0, 9)) > 0})
    _draw_positions(draw, facts)
    for _ in range(draw(st.integers(1, 3))):
        _draw_family(draw, facts)
    for _ in range(draw(st.integers(1, 6))):
        _draw_case(draw, facts)
    return facts


DEPARTMENTS = (new_id(), new_id())
DISABILITY = DEPARTMENTS[0]
PAST = datetime(2026, 1, 1, tzinfo=UTC)


def of_kind(facts: Facts, kind: str) -> list[UUID]:
    return [user["id"] for user in facts.users if user["kind"] == kind]


def _draw_positions(draw: st.DrawFn, facts: Facts) -> None:
    for user in facts.users:
        for department in DEPARTMENTS if user["kind"] != "citizen" else ():
            role = draw(st.sampled_from([None, "member", "professional_head", "department_head"]))
            if role is not None:
                ended = draw(st.sampled_from([None, None, PAST]))
                row = {"user_id": user["id"], "department_id": department, "role": role, "ended_at": ended}
                facts.positions.append({"id": new_id(), "started_at": PAST, **row})


def _draw_family(draw: st.DrawFn, facts: Facts) -> None:
    family = {"id": new_id(), "owner_department_id": draw(st.sampled_from(DEPARTMENTS)), "created_at": PAST}
    facts.families.append(family | {"created_by": draw(st.sampled_from(of_kind(facts, "professional")))})
    logins = draw(st.permutations([*of_kind(facts, "citizen"), None, None]))
    people = ["child"] * draw(st.integers(1, 2)) + ["adult"] * draw(st.integers(1, 2))
    people += ["network"] * draw(st.integers(0, 1))
    made = []
    for kind, login in zip(people, logins, strict=False):
        born = draw(st.sampled_from(BIRTHDAYS)) if kind == "child" else None
        row = {"family_id": family["id"], "kind": kind, "relation": "other", "name": "Prøvesen", "birth_date": born}
        row |= {"phone": "70 00 00 01", "address_protected": draw(st.booleans())}
        row["named_by"] = draw(st.sampled_from([None, *(m["id"] for m in made)])) if kind == "network" else None
        made.append({"id": new_id(), "user_id": login, "created_at": PAST, **row})
    facts.members += made
    for child in (m for m in made if m["kind"] == "child"):
        for holder in (m for m in made if m["kind"] == "adult"):
            _draw_custody(draw, facts, family["id"], child["id"], holder["id"])


def _draw_custody(draw: st.DrawFn, facts: Facts, family: UUID, child: UUID, holder: UUID) -> None:
    """None, one, or two periods one after another; their edges lie about today."""
    edges = sorted(facts.today + timedelta(days=days) for days in draw(st.sets(st.integers(-2, 2), max_size=3)))
    for begin, end in zip(edges[::2], [*edges[1::2], None], strict=False):
        row = {"child_id": child, "holder_id": holder, "valid_from": begin, "valid_until": end}
        made = {"id": new_id(), "family_id": family, "source": "court", "created_at": PAST}
        facts.custodies.append({**made, **row, "created_by": of_kind(facts, "professional")[0]})


def _draw_case(draw: st.DrawFn, facts: Facts) -> None:
    staff = of_kind(facts, "professional")
    child = draw(st.sampled_from([m for m in facts.members if m["kind"] == "child"]))
    state = draw(st.sampled_from(["draft", "start_up", "running", "closed"]))
    closed = PAST if state == "closed" else None
    waiting = state == "draft" or (state == "closed" and draw(st.booleans()))
    case = {"id": new_id(), "family_id": child["family_id"], "child_id": child["id"], "state": state, "model": "none"}
    case |= {"owner_department_id": draw(st.sampled_from(DEPARTMENTS)), "opened_by": draw(st.sampled_from(staff))}
    case |= {"allocated_at": None if waiting else PAST, "opened_at": PAST, "closed_at": closed}
    case |= {"close_reason": closed and "other", "external_references": [], "kle_code": "27.24.00"}
    facts.cases.append({**case, "number": case["id"].hex})
    ended = draw(st.lists(st.booleans(), max_size=0 if waiting else 3))
    for number, person in enumerate(draw(st.permutations(staff))[: len(ended)]):
        _draw_part(facts, case["id"], person, ended[number], coordinates=number == 0)


def _draw_part(facts: Facts, case: UUID, person: UUID, ended: bool, *, coordinates: bool) -> None:
    base = {"id": new_id(), "case_id": case, "user_id": person}
    until = PAST if ended else None
    if coordinates:
        row = {"role": "coordinator", "assigned_at": PAST, "assigned_by": person}
        facts.assignments.append({**base, **row, "ended_at": until, "end_reason": until and "changed"})
    else:
        row = {"department_id": DEPARTMENTS[0], "profession": "other", "joined_at": PAST, "added_by": person}
        facts.team.append({**base, **row, "left_at": until})


# --- the comparison


class _Undo(Exception):
    """Raised at the end, so that no world stays behind."""


@asynccontextmanager
async def arranged(owner: Database, world: World, facts: Facts) -> AsyncIterator[AsyncSession]:
    """The facts as rows, read as the app's role would, and gone afterwards."""
    try:
        async with owner.transaction(world.municipality) as session:
            await _arrange(session, world.municipality, facts)
            yield session
            raise _Undo
    except _Undo:
        return


async def _arrange(session: AsyncSession, municipality: UUID, facts: Facts) -> None:
    names = [{"id": id, "name": id.hex, "sector": "other", "active": True} for id in DEPARTMENTS]
    for row in names:
        row["kind"] = "child_disability" if row["id"] == DISABILITY else "other"
    account = {"issuer": "https://login.invalid", "name": "Prøvesen", "created_at": PAST}
    people = [{**account, "subject": user["id"].hex, **user} for user in facts.users]
    tables: list[tuple[type[Base], list[dict[str, Any]]]] = [
        (Department, names),
        (User, people),
        (Position, facts.positions),
        (Family, facts.families),
        (Member, facts.members),
        (Custody, facts.custodies),
        (Case, facts.cases),
        (Assignment, facts.assignments),
        (TeamMember, facts.team),
    ]
    for model, rows in tables:
        if rows:
            await session.execute(insert(table_of(model)), [{"municipality_id": municipality, **row} for row in rows])


async def seen(session: AsyncSession, world: World, facts: Facts, who: dict[str, Any]) -> tuple[set[UUID], ...]:
    """What the policy lets this reader list."""
    identity = Identity("https://login.invalid", who["id"].hex, who["kind"], world.municipality)
    actor = await actors.load(session, identity, Circumstances(facts.at))
    pages = [await policy.page(session, actor, limit=200) for policy in (cases, members, families)]
    return tuple({row.id for row in page.items} for page in pages)


async def reached(session: AsyncSession, world: World, facts: Facts, who: dict[str, Any]) -> set[UUID]:
    """Whose phone the policy lets this reader read."""
    identity = Identity("https://login.invalid", who["id"].hex, who["kind"], world.municipality)
    page = await members.page(session, await actors.load(session, identity, Circumstances(facts.at)), limit=200)
    return {row.id for row in page.items if row.phone is not None}


@settings(
    max_examples=150,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(facts=worlds())
async def test_the_policy_answers_as_the_oracle(facts: Facts, here: World, owner: Database) -> None:
    async with arranged(owner, here, facts) as session:
        for who in facts.users:
            if who["active"]:
                expected = (readable_cases(facts, who), readable_members(facts, who), readable_families(facts, who))
                assert await seen(session, here, facts, who) == expected, who
                assert await reached(session, here, facts, who) == reachable_members(facts, who), who


# --- the edges, each on its own


def a_family(at: datetime, born: date, begin: date | None = None, end: date | None = None) -> Facts:
    """A child who can sign in, with a case; a mother with custody for a while, when there is a beginning."""
    facts = Facts(at)
    staff, child, mother = (
        {"id": new_id(), "kind": kind, "active": True} for kind in ("professional", *2 * ["citizen"])
    )
    facts.users += [staff, child, mother]
    family = {"id": new_id(), "owner_department_id": DEPARTMENTS[0], "created_at": PAST, "created_by": staff["id"]}
    facts.families.append(family)
    for person, kind in ((child, "child"), (mother, "adult")):
        row = {"family_id": family["id"], "kind": kind, "relation": "other", "name": "Prøvesen", "birth_date": born}
        facts.members.append({"id": new_id(), "user_id": person["id"], "created_at": PAST, **row})
    if begin is not None:
        row = {"child_id": facts.members[0]["id"], "holder_id": facts.members[1]["id"], "source": "court"}
        row |= {"valid_from": begin, "valid_until": end, "created_at": PAST, "created_by": staff["id"]}
        facts.custodies.append({"id": new_id(), "family_id": family["id"], **row})
    case = {"id": new_id(), "family_id": family["id"], "child_id": facts.members[0]["id"], "state": "draft"}
    case |= {"owner_department_id": DEPARTMENTS[0], "opened_by": staff["id"], "opened_at": PAST, "model": "none"}
    facts.cases.append({**case, "external_references": [], "kle_code": "27.24.00", "number": case["id"].hex})
    facts.cases[0] |= {"allocated_at": None}
    return facts


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
        found, _, _ = await seen(session, here, facts, facts.users[1])
    assert bool(found) is reads
    assert found == readable_cases(facts, facts.users[1])


TODAY, DAY = NOON.date(), timedelta(days=1)


async def test_custody_opens_nothing_from_the_day_the_child_is_of_age(here: World, owner: Database) -> None:
    for born, reads in ((date(2009, 6, 16), True), (date(2009, 6, 15), False)):
        facts = a_family(NOON, born, date(2009, 7, 1))
        async with arranged(owner, here, facts) as session:
            found, people, _ = await seen(session, here, facts, facts.users[2])
        assert bool(found) is reads
        assert people == readable_members(facts, facts.users[2])


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
        found, people, _ = await seen(session, here, facts, facts.users[2])
    assert bool(found) is reads
    assert found == readable_cases(facts, facts.users[2])
    assert people == readable_members(facts, facts.users[2])
