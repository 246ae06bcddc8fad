"""What is asked for and said in a case of a random world: information requests, applications and statements."""

from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.policy.random_documents import CATEGORIES, PURPOSES, Dice, add_basis

if TYPE_CHECKING:
    from tests.policy.random_worlds import Facts, Row

DAY = date(2027, 6, 1)


def fill(facts: "Facts", case: "Row", seed: int) -> None:
    """A request or two, an application and a statement of every member of the family."""
    dice = Dice(seed)
    family = [member["id"] for member in facts["members"] if member["family_id"] == case["family_id"]]
    for _ in range(dice.randint(1, 2)):
        _ask(facts, case, dice.choice(family), dice)
    for member in family:
        _apply(facts, case, member)
        _say(facts, case, member, dice)


def _ask(facts: "Facts", case: "Row", subject: UUID, dice: Dice) -> None:
    """On a basis that covers the source, each part of which may since be another; fulfilled with some document."""
    department = ("department", dice.choice(facts.departments))
    kind, holder = dice.choice([department, department, ("organisation", facts["organisations"][0]["id"])])
    category, purpose = dice.choice(CATEGORIES), dice.choice(PURPOSES)
    begin, end = dice.window(facts.at)
    named = {"categories": [dice.either(category, CATEGORIES)], "purpose": dice.either(purpose, PURPOSES)}
    named |= {"sources": [dice.either(holder, facts.departments)], "source_kinds": [kind]}
    more: dict[str, Any] = {"kind": dice.choice(["consent", "statute"]), "notice": dice.choice([None, -1, 0, 1])}
    whom = dice.either(subject, [case["child_id"]])
    basis = add_basis(facts, case, whom, [department], active_from=begin, active_until=end, **named, **more)
    row = {"case_id": case["id"], "subject_id": subject, "holder_kind": kind, "holder_id": holder, "what": "Journal"}
    row |= {"category": category, "why": "Til udredningen.", "purpose": purpose, "basis_id": basis["id"]}
    row |= {"due_on": DAY, "created_at": facts.past, "created_by": dice.choice(facts.users("professional"))}
    fulfilled = dice.one_in(2)
    there = [document["id"] for document in facts["documents"] if document["case_id"] == case["id"]]
    row |= {"status": "fulfilled" if fulfilled else "declined", "fulfilled_at": facts.past if fulfilled else None}
    row |= {
        "document_id": dice.choice(there) if fulfilled else None,
        "closing_note": None if fulfilled else "Findes ikke.",
    }
    facts.add("information_requests", **row)


def _apply(facts: "Facts", case: "Row", member: UUID) -> None:
    row = {"case_id": case["id"], "member_id": member, "title": "Merudgifter", "authority": "Kommunen"}
    now = {"status": "draft", "ball_with": "family"}
    made = {"created_at": facts.past, "created_by": case["opened_by"]}
    application = facts.add("applications", **row, **now, ball_since=DAY, **made)
    was = {"application_id": application["id"], "happened_on": DAY, "set_at": facts.past, "set_by": case["opened_by"]}
    facts.add("application_statuses", **was, **now)


def _say(facts: "Facts", case: "Row", member: UUID, dice: Dice) -> None:
    """Of two versions, by the author or written down by somebody of the staff."""
    by = dice.choice([*facts.users("professional"), *facts.users("citizen")])
    row = {"case_id": case["id"], "author_id": member, "title": "Mit liv", "version": 2, "created_at": facts.past}
    audience = dice.choice(["author", "coordinator", "team"])
    row |= {"audience": audience, "for_custody": audience != "author" and dice.one_in(2)}
    said = facts.add("statements", **row, created_by=by)
    for number in (1, 2):
        words = {"statement_id": said["id"], "number": number, "body": "Jeg vil gerne.", "language": "da"}
        facts.add("statement_versions", **words, given="told", recorded_at=facts.past, recorded_by=by)
