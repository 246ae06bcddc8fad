"""Whom people are, and which part they have in a case: what every answer of the oracle begins from."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from tests.policy.random_worlds import DISABILITY, Facts, Row

YOUTH_AGE, ADULT_AGE = 15, 18
ADVISERS = ("coordinator", "primary_adviser", "buddy", "deputy")
Answer = Callable[[Facts, Row, Row], bool]
"""Whether somebody (the second) reads a row (the third)."""


# --- whom people are


def departments(facts: Facts, who: Row, role: str | None = None) -> set[UUID]:
    held = [p for p in facts["positions"] if p["user_id"] == who["id"] and p["ended_at"] is None]
    return {p["department_id"] for p in held if role in (None, p["role"])}


def own(facts: Facts, who: Row) -> set[UUID]:
    """The members of families that the reader is."""
    return {m["id"] for m in facts["members"] if m["user_id"] == who["id"]} if who["kind"] == "citizen" else set()


def in_custody_of(facts: Facts, who: Row) -> set[UUID]:
    mine = own(facts, who)
    held = {c["child_id"] for c in facts["custodies"] if c["holder_id"] in mine and in_force(c, facts.today)}
    return {m["id"] for m in facts["members"] if m["id"] in held and not old_enough(facts, m, ADULT_AGE)}


def in_force(custody: Row, day: date) -> bool:
    """From its first day, until the day before its first day without."""
    begun, end = custody["valid_from"] <= day, custody["valid_until"]
    return begun and (end is None or day < end)


def old_enough(facts: Facts, child: Row, age: int) -> bool:
    """Years are counted on birthdays; who was born on 29 February has the birthday on 1 March in other years."""
    born, today = child["birth_date"], facts.today
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return bool(years >= age)


# --- who has which part in a case


def works_in_disability(facts: Facts, who: Row) -> bool:
    return DISABILITY in departments(facts, who)


def advises(facts: Facts, who: Row, case: Row) -> bool:
    """Coordinator, buddy or deputy now, with the same powers; access ends with the job in child disability."""
    mine = [a for a in facts["assignments"] if a["case_id"] == case["id"] and a["user_id"] == who["id"]]
    return works_in_disability(facts, who) and any(a["ended_at"] is None and a["role"] in ADVISERS for a in mine)


def in_team(facts: Facts, who: Row, case: Row) -> bool:
    """Needed in the case, not out yet (`ends_on` is the first day out), and still in the department joined from."""
    mine = [t for t in facts["team_members"] if t["case_id"] == case["id"] and t["user_id"] == who["id"]]
    now = [t for t in mine if t["left_at"] is None and (t["ends_on"] is None or t["ends_on"] > facts.today)]
    return any(t["relevant"] and t["department_id"] in departments(facts, who) for t in now)


def inside(facts: Facts, who: Row, case: Row) -> bool:
    """Works in the case."""
    return who["kind"] == "professional" and (advises(facts, who, case) or in_team(facts, who, case))


def leads(facts: Facts, who: Row, case: Row) -> bool:
    heads = departments(facts, who, "professional_head")
    return who["kind"] == "professional" and case["owner_department_id"] in heads


def waits_for_allocation(facts: Facts, who: Row, case: Row) -> bool:
    """Opened by the reader, who still works there, and nobody has been given it."""
    mine = case["opened_by"] == who["id"] and case["allocated_at"] is None
    return mine and case["owner_department_id"] in departments(facts, who)


def party(facts: Facts, who: Row, case: Row) -> bool:
    """A holder of custody of the child today; or the child, from the fifteenth birthday. Nobody else of the family."""
    child = next(m for m in facts["members"] if m["id"] == case["child_id"])
    grown = child["id"] in own(facts, who) and old_enough(facts, child, YOUTH_AGE)
    return grown or child["id"] in in_custody_of(facts, who)


def staff(facts: Facts, who: Row, case: Row) -> bool:
    return inside(facts, who, case) or leads(facts, who, case) or waits_for_allocation(facts, who, case)


def acts_for(facts: Facts, who: Row, case: Row) -> bool:
    return who["kind"] == "service" and case["owner_department_id"] in departments(facts, who)


def follows(facts: Facts, who: Row, case: Row) -> bool:
    """Reads that there is a case, and how far it is."""
    return people(facts, who, case) or acts_for(facts, who, case)


def people(facts: Facts, who: Row, case: Row) -> bool:
    """Those who follow the case, but no service."""
    return staff(facts, who, case) or party(facts, who, case)


def reads_content(facts: Facts, who: Row, case: Row) -> bool:
    """A leader never, by role alone."""
    return inside(facts, who, case) or party(facts, who, case)


def about_case(facts: Facts, who: Row, case: Row) -> bool:
    """The adviser and the leader who choose."""
    return who["kind"] == "professional" and (advises(facts, who, case) or leads(facts, who, case))


def case_of(facts: Facts, row: Row) -> Row:
    return next(case for case in facts["cases"] if case["id"] == row["case_id"])


def in_case(answer: Answer) -> Answer:
    return lambda facts, who, row: answer(facts, who, case_of(facts, row))
