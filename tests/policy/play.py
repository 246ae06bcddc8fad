"""A case that goes on: people share, sign, withdraw, move, leave and grow older, and the facts are read back each time.

What people do goes through the services, which may refuse; what they have no verb for here is written down as a row.
Whether a consent is in force is worked out anew from who has custody today, how old the child is and who has signed:
nothing that the services keep of that is believed.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update

from app.db import Base
from app.errors import Problem
from app.policy.actor import on_its_own
from app.services import settling
from tests.policy.parts import YOUTH_AGE, old_enough
from tests.policy.random_documents import SECOND, add_document, add_folder, add_guest
from tests.policy.random_worlds import (
    DEPARTMENTS,
    DISABILITY,
    NOON,
    PAST,
    Facts,
    Row,
    add_assignment,
    add_case,
    add_custody,
    add_member,
    add_user,
    reader,
)
from tests.worlds import World

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
PPR = DEPARTMENTS[1]
LIVING = (
    *("members", "custodies", "positions", "cases", "assignments", "team_members", "folders", "documents", "bases"),
    *("signatures", "shares", "guests", "withholdings", "emergency_accesses", "document_versions"),
)
"""The tables that change as it goes on."""


@dataclass
class Play:
    """The people by name, and what has happened. `at` of the facts is the clock."""

    world: World
    facts: Facts
    people: dict[str, Row]
    family: dict[str, Row]
    case: Row
    session: Any = None
    done: list[str] = field(default_factory=list)

    async def actor(self, who: str) -> Any:
        return await reader(self.session, self.world, self.facts, self.people[who])

    async def attempt(self, name: str, verb: Callable[..., Awaitable[Any]], *given: Any) -> Any:
        """What somebody does: refused, it leaves nothing behind."""
        raw = self.session.raw
        await raw.execute("savepoint attempt")
        try:
            found = await verb(self.session, *given)
        except Problem as refused:
            await raw.execute("rollback to savepoint attempt")
            self.done.append(f"{name}: {type(refused).__name__}")
            return None
        self.done.append(name)
        return found

    async def write(self, table: str, row: Row | None = None, **values: Any) -> None:
        """A row, or a change of one, that no verb is asked for."""
        this, here = Base.metadata.tables[table], {"municipality_id": self.world.municipality}
        if row is None:
            rows = self.facts[table][-1:]
            await self.session.execute(insert(this), [here | one for one in rows])
        else:
            mine = (this.c.municipality_id == self.world.municipality) & (this.c.id == row["id"])
            await self.session.execute(update(this).where(mine).values(**values))

    async def look(self) -> Facts:
        """The facts as they stand in the database now."""
        for table in LIVING:
            this = Base.metadata.tables[table]
            found = await self.session.execute(
                select(this).where(this.c.municipality_id == self.world.municipality).order_by(this.c.id)
            )
            self.facts.rows[table] = [dict(row._mapping) for row in found]
        for basis in self.facts["bases"]:
            now = self.facts.at if in_force(self.facts, basis) else None
            basis |= {"active_from": now, "active_until": now and now + SECOND}
        self.case = self.facts["cases"][0]
        return self.facts

    async def worker(self) -> None:
        await settling.tick(self.session, on_its_own(self.world.municipality, self.facts.at, self.facts.today))


# --- in force, from what is promised


def in_force(facts: Facts, basis: Row) -> bool:
    if basis["requested_at"] is None or facts.today >= basis["expires_on"]:
        return False
    if basis["kind"] == "statute":
        return bool(basis["state"] == "active")
    if basis["state"] == "cancelled":
        return False
    said = [one for one in facts["signatures"] if one["basis_id"] == basis["id"] and one["binding"]]
    if any(one["answer"] in ("declined", "withdrawn") for one in said):
        return False
    needed = _signers(facts, basis)
    return bool(needed) and needed <= {one["member_id"] for one in said}


def _signers(facts: Facts, basis: Row) -> set[UUID]:
    """Every holder of custody today; the young person too from fifteen, alone where all of it is health information."""
    subject = next(one for one in facts["members"] if one["id"] == basis["subject_id"])
    if subject["kind"] != "child" or old_enough(facts, subject, 18):
        return {subject["id"]}
    held = [one for one in facts["custodies"] if one["child_id"] == subject["id"]]
    now = [one for one in held if one["valid_from"] <= facts.today]
    holders = {one["holder_id"] for one in now if one["valid_until"] is None or facts.today < one["valid_until"]}
    if not old_enough(facts, subject, YOUTH_AGE):
        return holders
    about_health = not basis["folders"] and _categories(facts, basis) == {"health"}
    return {subject["id"]} if about_health else (holders | {subject["id"]} if holders else set())


def _categories(facts: Facts, basis: Row) -> set[str]:
    """Those that it names, and those of the documents that it names."""
    return {*basis["categories"], *(d["category"] for d in facts["documents"] if d["id"] in basis["documents"])}


# --- how it begins


def opening(world: World) -> Play:
    """A girl who will soon be fifteen, her parents, and those who work with them, in all kinds of ways."""
    facts = Facts(NOON)
    law = {"code": "withhold", "title": "Lov", "citation": "§ 2", "use": "withhold", "created_at": PAST}
    facts.add("legal_references", **law, valid_from=PAST.date())
    for id, kind in zip(DEPARTMENTS, ("child_disability", "school_psychology"), strict=True):
        facts.add("departments", name=id.hex, sector="other", active=True, kind=kind)["id"] = id
    facts.add("organisations", name="Prøveskolen", kind="school", themes=[], active=True, created_at=PAST)
    staff = ("coordinator", "head", "psychologist", "colleague", "teacher")
    people = {who: add_user(facts, "professional") for who in staff}
    people["teacher"]["organisation_id"] = facts["organisations"][0]["id"]
    people |= {who: add_user(facts, "citizen") for who in ("mother", "father", "girl", "grandmother")}
    people |= {who: add_user(facts, "service") for who in ("journal", "ppr_system")}
    places = {"coordinator": DISABILITY, "head": DISABILITY, "journal": DISABILITY}
    places |= dict.fromkeys(("psychologist", "colleague", "ppr_system"), PPR)
    for who, department in places.items():
        role = "professional_head" if who == "head" else "member"
        held = {"user_id": people[who]["id"], "department_id": department, "started_at": PAST}
        facts.add("positions", **held, role=role, ended_at=None)
    by = people["coordinator"]["id"]
    kin = facts.add("families", owner_department_id=DISABILITY, created_at=PAST, created_by=by)
    family = {"girl": add_member(facts, kin, "child", people["girl"]["id"], NOON.date().replace(year=2012, day=25))}
    family |= {who: add_member(facts, kin, "adult", people[who]["id"]) for who in ("mother", "father")}
    family["grandmother"] = add_member(facts, kin, "network", people["grandmother"]["id"])
    for holder in ("mother", "father"):
        add_custody(facts, family["girl"], family[holder], date(2012, 6, 25), None)
    case = add_case(facts, family["girl"], by, "start_up", allocated_at=PAST)
    add_assignment(facts, case, by, "coordinator")
    joined = {"user_id": people["psychologist"]["id"], "department_id": PPR, "profession": "other", "added_by": by}
    facts.add("team_members", case_id=case["id"], **joined, joined_at=PAST, left_at=None, ends_on=None, relevant=True)
    add_guest(facts, case, people["teacher"]["id"], NOON, NOON + timedelta(days=9))
    _papers(facts, case, family, by)
    return Play(world, facts, people, family, case)


def _papers(facts: Facts, case: Row, family: dict[str, Row], by: UUID) -> None:
    girl, mother, father = (family[who]["id"] for who in ("girl", "mother", "father"))
    outer = add_folder(facts, case)
    inner = add_folder(facts, case, parent=outer)
    ppr = {"owner_department_id": PPR, "created_by": by}
    add_document(facts, case, [girl], folder=outer, category="school")
    add_document(facts, case, [girl], folder=inner, category="health", **ppr)
    add_document(facts, case, [girl, mother], category="social")
    add_document(facts, case, [father], category="social", **ppr)
