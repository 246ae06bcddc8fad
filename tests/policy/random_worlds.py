"""Random worlds: small municipalities in which everybody may be anything to everybody, as rows of plain values.

What is random is who people are to one another: positions, parts in a case, custody about today, birthdays about the
ages, who named whom, whose address is protected. What a case then holds is always the same and of every kind, about the
case as such and about each member of the family, so that each row is a question to each reader.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from app.auth import Identity
from app.db import Base, Database, Transaction, new_id
from app.policy.actor import Actor, Circumstances
from app.services import actors
from app.services.steps import CELLS
from tests.policy import random_documents, random_requests
from tests.policy.random_documents import Dice
from tests.worlds import World

Row = dict[str, Any]
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
DEPARTMENTS: Final = (new_id(), new_id())
DISABILITY: Final = DEPARTMENTS[0]
PAST = datetime(2026, 1, 1, tzinfo=UTC)
ISSUER: Final = "https://login.invalid"
IN_ORDER = (
    *("departments", "organisations", "users", "positions", "contact_persons", "standing_teams", "team_seats"),
    *("methods", "imports", "families", "members", "custodies", "relations", "cases", "assignments", "team_members"),
    *("steps", "cycles", "meetings", "role_agreements", "contacts", "callbacks", "contact_preferences", "concerns"),
    *("related_cases", "measures", "coverage_checks", "deviations", "legal_references", "folders", "documents"),
    "restrictions",
    *("document_versions", "bases", "signatures", "shares", "guests", "withholdings", "emergency_accesses"),
    *("information_requests", "applications", "application_statuses", "statements", "statement_versions", "events"),
)
"""The tables, each after those that it refers to."""


class Facts:
    """What is true in a small world: rows by table, each with an id.

    `implied` is the setting consent.coordinator_implied (X33), `reference` the rule of law that is named when needed.
    """

    def __init__(self, at: datetime, implied: bool = True) -> None:
        self.at, self.rows = at, defaultdict[str, list[Row]](list)
        self.past, self.departments, self.implied, self.reference = PAST, DEPARTMENTS, implied, new_id()
        law = {"code": "law", "title": "Lov", "citation": "§ 1", "use": "share", "created_at": PAST}
        self.rows["legal_references"].append({"id": self.reference, **law, "valid_from": PAST.date()})

    def __repr__(self) -> str:
        return f"a world at {self.at} with {', '.join(f'{len(rows)} {table}' for table, rows in self.rows.items())}"

    def __getitem__(self, table: str) -> list[Row]:
        return self.rows[table]

    def add(self, table: str, **values: Any) -> Row:
        row = {"id": new_id(), **values}
        self.rows[table].append(row)
        return row

    @property
    def today(self) -> date:
        return self.at.astimezone(ZoneInfo("Europe/Copenhagen")).date()

    def users(self, kind: str) -> list[UUID]:
        return [user["id"] for user in self["users"] if user["kind"] == kind]

    def readers(self) -> Iterable[Row]:
        return (user for user in self["users"] if user["active"])


# --- people


@st.composite
def worlds(draw: st.DrawFn, most_families: int = 3, most_cases: int = 5) -> Facts:
    """A world of one number: drawn piece by piece, most worlds are the one before with a piece changed."""
    dice = Dice(draw(st.integers(0, 2**32)))
    facts = Facts(dice.choice(MOMENTS), dice.choice([True, True, False]))
    for id in DEPARTMENTS:
        kind = "child_disability" if id == DISABILITY else "other"
        facts.add("departments", name=id.hex, sector="other", active=True, kind=kind)
        facts["departments"][-1]["id"] = id
    for _ in DEPARTMENTS:
        facts.add("organisations", name=new_id().hex, kind="school", themes=[], active=True, created_at=PAST)
    for kind, many in (("professional", STAFF), ("citizen", CITIZENS), ("service", SERVICES)):
        for _ in range(many):
            add_user(facts, kind, dice.randint(0, 9) > 0)
    outside = dice.choice([user for user in facts["users"] if user["kind"] == "professional"])
    outside["organisation_id"] = dice.choice(facts["organisations"])["id"]
    _draw_positions(dice, facts)
    for _ in range(dice.randint(1, most_families)):
        _draw_family(dice, facts)
    for _ in range(dice.randint(1, most_cases)):
        _draw_case(dice, facts)
    _set_up(facts)
    return facts


def add_user(facts: Facts, kind: str, active: bool = True) -> Row:
    id, profession = new_id(), "social_adviser" if kind == "professional" else None
    row = {"issuer": ISSUER, "subject": id.hex, "name": "Prøvesen", "created_at": PAST, "profession": profession}
    row |= {"phone": "70 00 00 02", "email": "b@provekommune.invalid", "organisation_id": None}
    facts["users"].append({"id": id, "kind": kind, "active": active, **row})
    return facts["users"][-1]


def _draw_positions(dice: Dice, facts: Facts) -> None:
    for user in facts["users"]:
        for department in DEPARTMENTS if user["kind"] != "citizen" else ():
            role = dice.choice([None, "member", "professional_head", "department_head", "administrator"])
            if role is not None:
                held = {"user_id": user["id"], "department_id": department, "role": role, "started_at": PAST}
                facts.add("positions", **held, ended_at=dice.choice([None, None, PAST]))


def _draw_family(dice: Dice, facts: Facts) -> None:
    registered = {"owner_department_id": dice.choice(DEPARTMENTS), "created_at": PAST}
    family = facts.add("families", **registered, created_by=dice.choice(facts.users("professional")))
    logins = [*facts.users("citizen"), None, None]
    dice.shuffle(logins)
    people = ["child"] * dice.randint(1, 2) + ["adult"] * dice.randint(1, 2)
    people += ["network"] * dice.randint(0, 1)
    made: list[Row] = []
    for kind, login in zip(people, logins, strict=False):
        born = dice.choice(BIRTHDAYS) if kind == "child" else None
        named_by = dice.choice([None, *(m["id"] for m in made)]) if kind == "network" else None
        more = {"address_protected": dice.one_in(2), "named_by": named_by}
        made.append(add_member(facts, family, kind, login, born, **more))
    for child in (m for m in made if m["kind"] == "child"):
        for holder in (m for m in made if m["kind"] == "adult"):
            _draw_custody(dice, facts, child, holder)
    for one, other in combinations(made, 2):
        related = {"family_id": family["id"], "from_id": one["id"], "to_id": other["id"], "kind": "other"}
        facts.add("relations", **related, created_at=PAST, created_by=family["created_by"])


def add_member(facts: Facts, family: Row, kind: str, login: UUID | None, born: date | None = None, **more: Any) -> Row:
    """Somebody of the family, of whom everything is known."""
    row = {"family_id": family["id"], "kind": kind, "user_id": login, "birth_date": born, "relation": "other"}
    row |= {"name": "Prøvesen", "phone": "70 00 00 01", "email": "a@login.invalid", "address": "Prøvevej 1"}
    row |= {"capability_notes": "Billedkort.", "employment": "employed", "created_at": PAST}
    row |= {"cpr_cipher": b"x", "cpr_index": new_id().hex, "cpr_masked": "010180-****"}
    return facts.add("members", **({"address_protected": False, "named_by": None} | row | more))


def _draw_custody(dice: Dice, facts: Facts, child: Row, holder: Row) -> None:
    """None, one, or two periods one after another; their edges lie about today."""
    edges = sorted(facts.today + timedelta(days=days) for days in dice.sample(range(-2, 3), dice.randint(0, 3)))
    for begin, end in zip(edges[::2], [*edges[1::2], None], strict=False):
        add_custody(facts, child, holder, begin, end)


def add_custody(facts: Facts, child: Row, holder: Row, begin: date, end: date | None) -> None:
    row = {"family_id": child["family_id"], "child_id": child["id"], "holder_id": holder["id"], "source": "court"}
    by = facts.users("professional")[0]
    facts.add("custodies", **row, valid_from=begin, valid_until=end, created_at=PAST, created_by=by)


# --- cases


PARTS = ("coordinator", "primary_adviser", "buddy", "deputy", "team", "team", "team")


def _draw_case(dice: Dice, facts: Facts) -> None:
    child = dice.choice([m for m in facts["members"] if m["kind"] == "child"])
    state = dice.choice(["draft", "start_up", "running", "closed"])
    waiting = state == "draft" or (state == "closed" and dice.one_in(2))
    by = dice.choice(facts.users("professional"))
    owner = dice.choice(DEPARTMENTS)
    case = add_case(facts, child, by, state, owner_department_id=owner, allocated_at=None if waiting else PAST)
    taken = set[Any]()
    for part in [dice.choice(PARTS[-1:] if waiting else PARTS) for _ in range(dice.randint(0, 5))]:
        person, ended = dice.choice(facts.users("professional")), dice.choice([False, False, True])
        place = (case["id"], person) if part == "team" else "one" if part in PARTS[:2] else part
        if not ended and place in taken:
            continue
        taken |= set() if ended else {place}
        if part == "team":
            _draw_membership(dice, facts, case, person, ended)
        else:
            add_assignment(facts, case, person, part, ended)
    random_documents.fill(facts, case, dice.randint(0, 2**32))
    random_requests.fill(facts, case, dice.randint(0, 2**32))
    _tell(facts, case)


TOLD = {"documents": "document", "folders": "folder", "shares": "share", "guests": "guest", "bases": "consent"}
TOLD |= {"emergency_accesses": "emergency", "information_requests": "information", "applications": "application"}
TOLD |= {"statements": "statement", "withholdings": "withholding"}
"""By table, the word by which the timeline speaks of its rows."""


def _tell(facts: Facts, case: Row) -> None:
    """The timeline speaks of one or two of each, as of what is about nobody in particular."""
    for table, resource in TOLD.items():
        for row in [row for row in facts[table] if row["case_id"] == case["id"]][:2]:
            spoken = "statutory_basis" if row.get("kind") == "statute" else resource
            add_event(facts, case, spoken, row["id"])


def add_event(facts: Facts, case: Row, resource: str, id: UUID, about: UUID | None = None) -> None:
    number = 1 + sum(event["case_id"] == case["id"] for event in facts["events"])
    told = {"type": f"{resource}.changed", "resource": resource, "resource_id": id, "sequence": number, "at": PAST}
    by = {"actor_id": case["opened_by"], "actor_kind": "professional"}
    facts.add("events", case_id=case["id"], member_id=about, **told, **by)


def add_case(facts: Facts, child: Row, by: UUID, state: str = "draft", **more: Any) -> Row:
    """A case that holds something of every kind, about the case and about each of the family."""
    id, closed = new_id(), PAST if state == "closed" else None
    case = {"id": id, "number": id.hex, "family_id": child["family_id"], "child_id": child["id"], "state": state}
    case |= {"model": "none", "kle_code": "27.24.00", "external_references": [], "opened_at": PAST, "opened_by": by}
    case |= {"owner_department_id": DISABILITY, "allocated_at": None}
    case |= {"closed_at": closed, "close_reason": closed and "other", "closing": {"goals": []}}
    case |= {"family_view": "Godt.", "exit_reason": "Ro.", "concern_level": "high", "complexity_rating": "low"}
    case |= {"sealed": False, "intake": {"note": "Skolen er bekymret.", "complex": False}, "first_contact_at": PAST}
    facts["cases"].append(case | more)
    _fill(facts, case, by)
    return facts["cases"][-1]


def add_assignment(facts: Facts, case: Row, person: UUID, role: str, ended: bool = False) -> None:
    row = {"case_id": case["id"], "user_id": person, "role": role, "assigned_at": PAST, "assigned_by": person}
    row |= {"ended_at": PAST if ended else None, "end_reason": "changed" if ended else None}
    facts.add("assignments", **row, handover_note="Husk tolken.")


def _draw_membership(dice: Dice, facts: Facts, case: Row, person: UUID, ended: bool) -> None:
    days = dice.choice([None, None, -1, 0, 1])
    row = {"case_id": case["id"], "user_id": person, "profession": "other", "joined_at": PAST, "added_by": person}
    row |= {"department_id": dice.choice(DEPARTMENTS), "left_at": PAST if ended else None}
    ends_on = None if days is None else facts.today + timedelta(days=days)
    facts.add("team_members", **row, ends_on=ends_on, relevant=dice.randint(0, 3) > 0)


def _fill(facts: Facts, case: Row, by: UUID) -> None:
    base = {"case_id": case["id"]}
    recorded, made = {"recorded_at": PAST, "recorded_by": by}, {"created_at": PAST, "created_by": by}
    step = {"number": 1, "key": "start", "title": "Start", "optional": False, "repeatable": False, "requires": []}
    step |= {"cells": {name: {"text": None, "suggestion": True} for name in CELLS}, "status": "planned"}
    facts.add("steps", **base, **step, perspectives="Alma har fortalt det.", holder_id=by)
    facts.add("cycles", **base, number=2, reason="Nyt skoleskift.", started_at=PAST, started_by=by)
    held = {"status": "held", "held_at": PAST, "planned_for": PAST, "attendance": []}
    facts.add("meetings", **base, kind="status", chair_id=by, **held, **made)
    facts.add("contacts", **base, kind="other", channel="phone", took_place_at=PAST, **recorded)
    facts.add("concerns", **base, level="high", rated_at=PAST, rated_by=by)
    missing = {"missing_professions": [], "missing_paragraph_sets": [], "action": "Kald ind."}
    for covered in (False, True):
        facts.add("coverage_checks", **base, covered=covered, **missing, checked_at=PAST, checked_by=by)
    for kind in ("caseload_over_norm", "contact_despite_agreement"):
        facts.add("deviations", **base, kind=kind, user_id=by, reason="Det hastede.", **recorded)
    family = [m["id"] for m in facts["members"] if m["family_id"] == case["family_id"]]
    for about in (None, *family):
        _fill_about(facts, case, about, by)


def _fill_about(facts: Facts, case: Row, about: UUID | None, by: UUID) -> None:
    """What is about one of the family, or (None) about the case as such."""
    base = {"case_id": case["id"]}
    recorded, made = {"recorded_at": PAST, "recorded_by": by}, {"created_at": PAST, "created_by": by}
    wish = {"intensity": "space", "channel": "phone", "formality": "informal", "reassure": False}
    facts.add("contact_preferences", **base, member_id=about, **wish, **recorded)
    agreed = {"party": f"Skolen {about}", "coordinated_by": "family", "agreed_on": date(2026, 1, 5)}
    facts.add("role_agreements", **base, agreed_with=about, **agreed, **recorded)
    for resource in ("step", "contact", "measure", "custody"):
        add_event(facts, case, resource, case["id"], about)
    if about is not None:
        facts.add("callbacks", **base, member_id=about, status="waiting", wish="Efter kl. 15.", asked_at=PAST)
        facts.add("related_cases", **base, member_id=about, area="Jobcentret", note="Fortroligt.", **recorded)
        help = {"title": "Aflastning", "category": "measure", "status": "planned", "planned_on": date(2026, 1, 5)}
        facts.add("measures", **base, member_id=about, **help, **made)


def _set_up(facts: Facts) -> None:
    """What the municipality is organised with: two of each."""
    by, made = facts.users("professional")[0], {"created_at": PAST}
    for number, department in enumerate(DEPARTMENTS, 1):
        partner = facts["organisations"][number - 1]
        facts.add("contact_persons", organisation_id=partner["id"], name="Prøvesen", active=True, **made)
        team = facts.add("standing_teams", name=new_id().hex, separate=False, active=True, **made)
        facts.add("team_seats", team_id=team["id"], user_id=by, department_id=department, joined_at=PAST)
        text = {"title": "Vores metode", "text": "Udgave.", "published_at": PAST, "published_by": by}
        facts.add("methods", version=number, **text)
        report = {"creates": 0, "changes": 0, "unchanged": 0, "error_count": 0, "errors": []}
        brought = {"kind": "departments", "status": "discarded", "rows": 0, "done_rows": 0, "report": report}
        facts.add("imports", **brought, **made, created_by=by)


# --- as rows of the database


class _Undo(Exception):
    """Raised at the end, so that no world stays behind."""


@asynccontextmanager
async def arranged(owner: Database, world: World, facts: Facts) -> AsyncIterator[Transaction]:
    """The facts as rows, and gone afterwards."""
    here = {"municipality_id": world.municipality}
    assert set(facts.rows) <= set(IN_ORDER)
    try:
        async with owner.transaction(world.municipality) as session:
            for table in IN_ORDER:
                if facts[table]:
                    rows = [here | row for row in facts[table]]
                    await session.execute(insert(Base.metadata.tables[table]), rows)
            yield session
            raise _Undo
    except _Undo:
        return


async def reader(session: Transaction, world: World, facts: Facts, who: Row, request_id: str = "") -> Actor:
    """The actor as a request of this user would have it."""
    identity = Identity(ISSUER, who["id"].hex, who["kind"], world.municipality)
    actor = await actors.load(session, identity, Circumstances(facts.at, request_id=request_id))
    return replace(actor, coordinator_implied=facts.implied)


def judging(examples: int) -> settings:
    """Where one world is judged by all of its readers: few worlds, no clock but the whole run's, and none made smaller:
    that takes minutes, and the answer that differs is told with its row and reader.
    """
    slow = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    whole = (Phase.explicit, Phase.generate)
    return settings(max_examples=examples, deadline=None, database=None, suppress_health_check=slow, phases=whole)
