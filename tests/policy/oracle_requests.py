"""The oracle about what is asked for and said: information requests, applications, and statements."""

from tests.policy.oracle_documents import about_one, document_of, in_force, reads, told
from tests.policy.parts import advises, case_of, departments, in_custody_of, inside, own
from tests.policy.random_worlds import Facts, Row

# --- information requests


def asked_here(facts: Facts, who: Row, request: Row) -> bool:
    """Of a department where the reader works."""
    here = request["holder_kind"] == "department" and request["holder_id"] in departments(facts, who)
    return who["kind"] == "professional" and here


def tells_family(facts: Facts, who: Row, request: Row) -> bool:
    """Whom it is about, or whose child; not before the notice of what makes it lawful."""
    basis = next(b for b in facts["bases"] if b["id"] == request["basis_id"])
    return about_one(facts, who, request["subject_id"]) and told(facts, basis)


def knows_of_request(facts: Facts, who: Row, request: Row) -> bool:
    case = case_of(facts, request)
    return inside(facts, who, case) or asked_here(facts, who, request) or tells_family(facts, who, request)


def may_answer(facts: Facts, who: Row, request: Row) -> bool:
    """Who is asked reads what, and about whom, only while it is lawful to obtain it."""
    about = ("case_id", "subject_id", "purpose")
    lawful = [
        b
        for b in facts["bases"]
        if all(b[name] == request[name] for name in about)
        and request["category"] in b["categories"]
        and request["holder_id"] in b["sources"]
    ]
    asked = asked_here(facts, who, request) and any(in_force(facts, b) for b in lawful)
    return who["kind"] == "citizen" or inside(facts, who, case_of(facts, request)) or asked


def tells_birth_date(facts: Facts, who: Row, request: Row) -> bool:
    """As all else of the subject, where it is known."""
    born = next(m["birth_date"] for m in facts["members"] if m["id"] == request["subject_id"])
    return born is not None and may_answer(facts, who, request)


def reads_answer(facts: Facts, who: Row, request: Row) -> bool:
    """The family looks among its documents instead."""
    return who["kind"] != "citizen" and reads(facts, who, document_of(facts, request))


def numbers_case(facts: Facts, who: Row, request: Row) -> bool:
    return who["kind"] == "citizen" or inside(facts, who, case_of(facts, request))


# --- applications


def knows_of_application(facts: Facts, who: Row, application: Row) -> bool:
    """Those inside the case, and whom it is for, or whose child."""
    return inside(facts, who, case_of(facts, application)) or about_one(facts, who, application["member_id"])


def knows_of_status(facts: Facts, who: Row, status: Row) -> bool:
    application = next(a for a in facts["applications"] if a["id"] == status["application_id"])
    return knows_of_application(facts, who, application)


# --- statements


def hears(facts: Facts, who: Row, statement: Row) -> bool:
    """Author, audience, whoever wrote it down; those with custody of the author where that was chosen too."""
    case, audience = case_of(facts, statement), statement["audience"]
    if case["sealed"]:
        return False
    if who["kind"] == "citizen":
        chosen = statement["for_custody"] and audience != "author"
        mine = own(facts, who) | (in_custody_of(facts, who) if chosen else set())
        return statement["author_id"] in mine
    meant = audience == "team" or (audience == "coordinator" and advises(facts, who, case))
    return inside(facts, who, case) and (meant or statement["created_by"] == who["id"])


def hears_version(facts: Facts, who: Row, version: Row) -> bool:
    return hears(facts, who, next(s for s in facts["statements"] if s["id"] == version["statement_id"]))
