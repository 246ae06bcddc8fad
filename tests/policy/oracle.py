"""An oracle in plain Python, written from what is promised and not from the SQL: who reads what.

It speaks of people, periods and parts in a case; it knows nothing of tables joined or expressions built. `READS` names
for a policy the rows that somebody reads, `SHOWN` those of them in which a veiled column is shown.
"""

from typing import Any, Final
from uuid import UUID

from tests.policy import oracle_documents as sharing
from tests.policy import oracle_requests as asking
from tests.policy.parts import (
    Answer,
    about_case,
    acts_for,
    advises,
    case_of,
    departments,
    follows,
    in_case,
    in_custody_of,
    inside,
    leads,
    own,
    party,
    people,
    reads_content,
    staff,
    waits_for_allocation,
)
from tests.policy.random_worlds import Facts, Row

CONTENT_RESOURCES = ("contact", "meeting", "callback", "measure", "concern", "related_case", "contact_preference")
CONTENT_RESOURCES += ("role_agreement", "information", "application", "statement")
SPOKEN_OF: Final[dict[str, tuple[str, Answer]]] = {
    # of these an event tells only to those who read the thing itself
    "document": ("documents", sharing.reads),
    "folder": ("folders", in_case(sharing.knows_of_folders)),
    "consent": ("bases", sharing.knows_of_consent),
    "statutory_basis": ("bases", sharing.knows_of_statute),
    "share": ("shares", sharing.knows_of_share),
    "guest": ("guests", sharing.knows_of_guest),
    "emergency": ("emergency_accesses", in_case(sharing.knows_of_emergency)),
    "information": ("information_requests", asking.knows_of_request),
    "application": ("applications", asking.knows_of_application),
    "statement": ("statements", asking.hears),
    "withholding": ("withholdings", sharing.knows_of_withholding),
}


# --- what lies in a case


def about_member(column: str, *, shared: bool, children: bool) -> Answer:
    """Content about one of the family: for those who work in the case, and for a party whom it is about.

    `shared`: what is about nobody in particular is for every party; `children`: what is about a child in one's custody.
    """

    def answer(facts: Facts, who: Row, row: Row) -> bool:
        case, about = case_of(facts, row), row[column]
        mine = own(facts, who) | (in_custody_of(facts, who) if children else set())
        told = about in mine or (about is None and shared)
        return inside(facts, who, case) or (party(facts, who, case) and told)

    return answer


def hears_of(facts: Facts, who: Row, event: Row) -> bool:
    """The timeline: progress for all who follow the case; what is content, or one person's, for those inside."""
    case, about = case_of(facts, event), event["member_id"]
    if event["resource"] in SPOKEN_OF:
        table, reads = SPOKEN_OF[event["resource"]]
        if not any(row["id"] == event["resource_id"] and reads(facts, who, row) for row in facts[table]):
            return False
    if who["kind"] == "citizen":
        return party(facts, who, case) and (about is None or about in own(facts, who))
    progress = about is None and event["resource"] not in CONTENT_RESOURCES
    progress = progress and (who["kind"] != "service" or event["resource"] not in ("custody", "member"))
    return inside(facts, who, case) or (follows(facts, who, case) and progress)


# --- families


def registered(facts: Facts, who: Row, family: Row) -> bool:
    """By the reader, who still works there, and no case of it has been allocated."""
    its_cases = [case for case in facts["cases"] if case["family_id"] == family["id"]]
    waiting = all(case["allocated_at"] is None for case in its_cases)
    return family["created_by"] == who["id"] and family["owner_department_id"] in departments(facts, who) and waiting


def _in_a_case(answer: Answer) -> Answer:
    """In an open case of the family: a closed one is read as it was, and opens nothing new of it."""
    return lambda facts, who, family: any(
        answer(facts, who, case)
        for case in facts["cases"]
        if case["family_id"] == family["id"] and case["state"] != "closed"
    )


def works_with(facts: Facts, who: Row, family: Row) -> bool:
    """Families are for staff: by work in a case of the family, by leading, or until a case has been allocated."""
    heads = family["owner_department_id"] in departments(facts, who, "professional_head")
    here = heads or registered(facts, who, family) or _in_a_case(inside)(facts, who, family)
    return who["kind"] == "professional" and here


def near(facts: Facts, who: Row, family: Row) -> bool:
    """Who knows how the family is found: the adviser, or who registered it; no leader, and nobody in the team."""
    here = registered(facts, who, family) or _in_a_case(advises)(facts, who, family)
    return who["kind"] == "professional" and here


def close(facts: Facts, who: Row, family: Row) -> bool:
    """The same, and the core team."""
    return near(facts, who, family) or _in_a_case(inside)(facts, who, family)


def family_of(facts: Facts, row: Row) -> Row:
    return next(family for family in facts["families"] if family["id"] == row["family_id"])


def named_by(facts: Facts, who: Row, member: Row) -> bool:
    return member["named_by"] is not None and member["named_by"] in own(facts, who)


def knows(facts: Facts, who: Row, member: Row) -> bool:
    """Staff: everybody in a readable family. A citizen: oneself, one's children, and whom one named of the network."""
    mine = own(facts, who) | in_custody_of(facts, who)
    return works_with(facts, who, family_of(facts, member)) or member["id"] in mine or named_by(facts, who, member)


def finds(facts: Facts, who: Row, member: Row) -> bool:
    """Address and numbers. With address protection for oneself and those near alone, not for the other parent."""
    return not member["address_protected"] or identifies(facts, who, member)


def identifies(facts: Facts, who: Row, member: Row) -> bool:
    """The CPR number, masked."""
    return member["id"] in own(facts, who) or near(facts, who, family_of(facts, member))


def capabilities(facts: Facts, who: Row, member: Row) -> bool:
    """Content of the record: for those who work with the family, oneself and who has custody."""
    mine = own(facts, who) | in_custody_of(facts, who)
    return member["id"] in mine or close(facts, who, family_of(facts, member))


def flag(facts: Facts, who: Row, member: Row) -> bool:
    """That there is a protected address: for staff and oneself."""
    return who["kind"] == "professional" or member["id"] in own(facts, who)


def namer(facts: Facts, who: Row, member: Row) -> bool:
    return who["kind"] == "professional" or named_by(facts, who, member)


def custody(facts: Facts, who: Row, row: Row) -> bool:
    return row["holder_id"] in own(facts, who) or works_with(facts, who, family_of(facts, row))


def deviation(facts: Facts, who: Row, row: Row) -> bool:
    """How many cases somebody has is between that person and the leader."""
    case = case_of(facts, row)
    between = row["kind"] != "caseload_over_norm" or row["user_id"] == who["id"] or leads(facts, who, case)
    return follows(facts, who, case) and between


def related(facts: Facts, who: Row, row: Row) -> bool:
    """Staff of the family; a citizen who reads both records."""
    if who["kind"] != "citizen":
        return works_with(facts, who, family_of(facts, row))
    return all(knows(facts, who, m) for m in facts["members"] if m["id"] in (row["from_id"], row["to_id"]))


# --- by policy


READS: Final[dict[str, tuple[str, Answer]]] = {
    # policy: (table, who reads a row of it)
    "family": ("families", works_with),
    "member": ("members", knows),
    "custody": ("custodies", custody),
    "relation": ("relations", related),
    "case": ("cases", follows),
    "activity": ("cases", follows),
    "complexity": ("cases", inside),
    "case_warning": ("cases", staff),
    "candidate": ("cases", about_case),
    "case_access": ("cases", reads_content),
    "consent_gap": ("cases", reads_content),
    "step": ("steps", in_case(follows)),
    "cycle": ("cycles", in_case(follows)),
    "assignment": ("assignments", in_case(follows)),
    "team_member": ("team_members", in_case(follows)),
    "coverage_check": ("coverage_checks", in_case(follows)),
    "deviation": ("deviations", deviation),
    "meeting": ("meetings", in_case(reads_content)),
    "contact": ("contacts", in_case(reads_content)),
    "concern": ("concerns", in_case(reads_content)),
    "role_agreement": ("role_agreements", in_case(reads_content)),
    "callback": ("callbacks", about_member("member_id", shared=False, children=False)),
    "contact_preference": ("contact_preferences", about_member("member_id", shared=True, children=False)),
    "related_case": ("related_cases", about_member("member_id", shared=False, children=True)),
    "measure": ("measures", about_member("member_id", shared=False, children=True)),
    "restriction": ("restrictions", in_case(people)),
    "folder": ("folders", in_case(sharing.knows_of_folders)),
    "document": ("documents", sharing.reads),
    "document_version": ("document_versions", sharing.reads_version),
    "share": ("shares", sharing.knows_of_share),
    "withholding": ("withholdings", sharing.knows_of_withholding),
    "guest": ("guests", sharing.knows_of_guest),
    "emergency_access": ("emergency_accesses", in_case(sharing.knows_of_emergency)),
    "consent": ("bases", sharing.knows_of_consent),
    "statutory_basis": ("bases", sharing.knows_of_statute),
    "signature": ("signatures", sharing.knows_of_signature),
    "information_request": ("information_requests", asking.knows_of_request),
    "application": ("applications", asking.knows_of_application),
    "application_status": ("application_statuses", asking.knows_of_status),
    "statement": ("statements", asking.hears),
    "statement_version": ("statement_versions", asking.hears_version),
    "event": ("events", hears_of),
}


def reason(facts: Facts, who: Row, deviation: Row) -> bool:
    """A leader reads why the work was organised otherwise, and not what is about contact around the family."""
    case, organised = case_of(facts, deviation), deviation["kind"] != "contact_despite_agreement"
    return reads_content(facts, who, case) or (who["kind"] == "professional" and organised)


def intake_note(facts: Facts, who: Row, case: Row) -> bool:
    return reads_content(facts, who, case) or waits_for_allocation(facts, who, case)


def cards(facts: Facts, who: Row, member: Row) -> bool:
    """Those who work together have each other's numbers; the family has one to turn to."""
    return who["kind"] == "professional"


def knows_folders(facts: Facts, who: Row, case: Row) -> bool:
    """Those who work in the case or are a party, and the system of who has it: how it is sorted is no guest's."""
    return reads_content(facts, who, case) or acts_for(facts, who, case)


SHOWN: Final[dict[tuple[str, str], Answer]] = {
    **{("case", name): reads_content for name in ("closing", "family_view", "exit_reason", "concern_level")},
    **{("case", name): people for name in ("complexity_rating", "intake", "first_contact_at")},
    ("case", "intake_note"): intake_note,
    **{("case_warning", f"{name}_review_due"): inside for name in ("preference", "role_agreement")},
    **{("activity", name): reads_content for name in ("contact", "contact_at", "case_meetings", "case_meetings_at")},
    ("step", "perspectives"): in_case(reads_content),
    ("cycle", "reason"): in_case(reads_content),
    ("assignment", "handover_note"): in_case(reads_content),
    ("coverage_check", "action"): in_case(people),
    ("deviation", "reason"): reason,
    ("team_member", "user_phone"): cards,
    ("team_member", "user_email"): cards,
    ("role_agreement", "agreed_with"): about_member("agreed_with", shared=False, children=False),
    **{("member", name): finds for name in ("address", "phone", "email", "shows_details")},
    **{("member", name): identifies for name in ("cpr_masked", "shows_identity")},
    **{("member", name): capabilities for name in ("capability_notes", "employment")},
    ("document", "folder_id"): in_case(knows_folders),
    ("document", "relevance_note"): sharing.owns_as_staff,
    **{("document", name): sharing.by_name for name in ("reviewed_by", "shows_address_of")},
    **{("signature", name): sharing.wrote_or_works for name in ("note", "evidence_id")},
    **{
        ("statutory_basis", name): sharing.by_name
        for name in ("author_name", "created_by", "reviewed_by", "review_note")
    },
    **{("information_request", name): asking.may_answer for name in ("subject_name", "what", "why", "closing_note")},
    ("information_request", "subject_birth_date"): asking.tells_birth_date,
    ("information_request", "case_number"): asking.numbers_case,
    ("information_request", "document_id"): asking.reads_answer,
    ("member", "address_protected"): flag,
    ("member", "named_by"): namer,
}


def readable(policy: str, facts: Facts, who: Row) -> set[UUID]:
    """The rows of a policy that somebody reads."""
    table, reads = READS[policy]
    return {row["id"] for row in facts[table] if who["active"] and reads(facts, who, row)}


def shown(policy: str, column: str, facts: Facts, who: Row) -> set[UUID]:
    """Those of them in which the column says something."""
    table, _ = READS[policy]
    read, says = readable(policy, facts, who), SHOWN[policy, column]
    there = [row for row in facts[table] if row["id"] in read and row.get(column, True) is not None]
    return {row["id"] for row in there if says(facts, who, row)}


def decides(policy: str, facts: Facts, who: Row) -> dict[str, Any]:
    """All that there is to compare: the rows, and of each veiled column those where it is shown."""
    veils = {column: shown(policy, column, facts, who) for name, column in SHOWN if name == policy}
    return {"read": readable(policy, facts, who), **veils}
