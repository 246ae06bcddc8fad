"""The oracle about documents, consents and all that is around them: written from what is promised, not from the SQL.

The page that a data protection officer reads has the same order: what all of must hold, one of, and none of.
"""

from typing import Any
from uuid import UUID

from tests.policy.parts import (
    YOUTH_AGE,
    acts_for,
    advises,
    case_of,
    departments,
    in_custody_of,
    inside,
    leads,
    old_enough,
    own,
    party,
    reads_content,
    staff,
)
from tests.policy.random_worlds import Facts, Row

# --- who somebody is to a document


def recipients(facts: Facts, who: Row) -> set[UUID]:
    """Whom one can name so that it reaches this reader: in person, or by the place where they work now."""
    return {who["id"], *departments(facts, who), *own(facts, who), who["organisation_id"]} - {None}


def works_here(facts: Facts, who: Row, case: Row) -> bool:
    """Attached: inside the case, or in a window that is open now."""
    return inside(facts, who, case) or (who["kind"] == "professional" and visits(facts, who, case))


def visits(facts: Facts, who: Row, case: Row) -> bool:
    mine = [g for g in facts["guests"] if g["case_id"] == case["id"] and g["user_id"] == who["id"]]
    return any(g["opens_at"] <= facts.at < g["closes_at"] for g in mine)


def department_is_here(facts: Facts, who: Row, case: Row) -> bool:
    """A service sees what its department may see: one that has the case, or somebody in the core team now."""
    colleagues = [user for user in facts["users"] if user["kind"] == "professional"]
    here = departments(facts, who)
    joined = [
        t
        for t in facts["team_members"]
        if t["case_id"] == case["id"] and t["left_at"] is None and (t["ends_on"] is None or t["ends_on"] > facts.today)
    ]
    works = {(user["id"], department) for user in colleagues for department in departments(facts, user)}
    theirs = [t for t in joined if t["relevant"] and (t["user_id"], t["department_id"]) in works]
    return acts_for(facts, who, case) or any(t["department_id"] in here for t in theirs)


def owns(facts: Facts, who: Row, document: Row) -> bool:
    """Made or received by the reader's department. The case's own advisers may be asked for consent too (X33)."""
    case = case_of(facts, document)
    if document["owner_department_id"] not in departments(facts, who):
        return False
    if who["kind"] == "service":
        return True
    return inside(facts, who, case) and (facts.implied or not advises(facts, who, case))


def owns_as_staff(facts: Facts, who: Row, document: Row) -> bool:
    return who["kind"] == "professional" and owns(facts, who, document)


# --- shares and what makes them lawful


def shared(facts: Facts, who: Row, document: Row, kinds: set[str]) -> bool:
    """A share stands, and each subject is covered by a basis of these kinds."""
    mine = recipients(facts, who)
    standing = [
        s
        for s in facts["shares"]
        if s["case_id"] == document["case_id"]
        and s["revoked_at"] is None
        and s["recipient_id"] in mine
        and (s["document_id"] == document["id"] or s["folder_id"] in document["path"])
    ]
    return any(all(_covered(facts, who, document, s, one, kinds) for one in document["subjects"]) for s in standing)


def _covered(facts: Facts, who: Row, document: Row, share: Row, subject: UUID, kinds: set[str]) -> bool:
    bases = [
        b
        for b in facts["bases"]
        if (b["case_id"], b["subject_id"], b["purpose"]) == (document["case_id"], subject, share["purpose"])
    ]
    return any(b["kind"] in kinds and basis_opens(facts, who, document, share, b) for b in bases)


def basis_opens(facts: Facts, who: Row, document: Row, share: Row, basis: Row) -> bool:
    """In force now, for whom it is shared with, and about this document."""
    return in_force(facts, basis) and names(facts, who, share, basis) and speaks_of(document, basis)


def in_force(facts: Facts, basis: Row) -> bool:
    begin, end = basis["active_from"], basis["active_until"]
    return begin is not None and begin <= facts.at < end


def names(facts: Facts, who: Row, share: Row, basis: Row) -> bool:
    """The recipient of the share; and where that is the reader in person, the place where the reader works will do."""
    in_person = share["recipient_id"] == who["id"] and bool(recipients(facts, who) & set(basis["recipients"]))
    return in_person or share["recipient_id"] in basis["recipients"]


def speaks_of(document: Row, basis: Row) -> bool:
    """The document as it was; or its category or a folder around it, if there before the text, or the text says so."""
    around = document["category"] in basis["categories"] or set(document["path"]) & set(basis["folders"])
    before = basis["requested_at"] is not None and document["placed_at"] <= basis["requested_at"]
    by_id = document["id"] in basis["documents"] and basis["requested_at"] is not None
    return (by_id and document["described_at"] <= basis["requested_at"]) or bool(
        around and (basis["covers_later"] or before)
    )


# --- what closes


def on_consent_only(facts: Facts, document: Row) -> bool:
    return any(f["marked_by"] for f in facts["folders"] if f["id"] in document["path"])


def hides_an_address(facts: Facts, who: Row, document: Row) -> bool:
    """Of somebody with address protection, other than the reader; the case's advisers know it."""
    case, mine = case_of(facts, document), own(facts, who)
    shown = [m for m in facts["members"] if m["id"] in document["shows_address_of"] and m["id"] not in mine]
    near = who["kind"] == "professional" and advises(facts, who, case)
    return any(m["address_protected"] for m in shown) and not near


def withheld(facts: Facts, who: Row, document: Row) -> bool:
    kept = [w for w in facts["withholdings"] if w["document_id"] == document["id"] and w["ended_at"] is None]
    return any(w["member_id"] in own(facts, who) for w in kept)


def closed(facts: Facts, who: Row, document: Row) -> bool:
    """For everybody: the case is restricted, another's own note, or a protected address."""
    note = document["author_only"] and document["created_by"] != who["id"]
    return case_of(facts, document)["sealed"] or note or hides_an_address(facts, who, document)


# --- who reads a document


def reads(facts: Facts, who: Row, document: Row) -> bool:
    if not document["subjects"] or closed(facts, who, document):
        return False
    return {"professional": _works_with, "citizen": _concerned, "service": _serves}[who["kind"]](facts, who, document)


def _works_with(facts: Facts, who: Row, document: Row) -> bool:
    case = case_of(facts, document)
    return (
        works_here(facts, who, case)
        and _reviewed(facts, who, document)
        and (_opened(facts, who, document) or breaks_the_glass(facts, who, case))
        and _not_against_the_family(facts, who, document)
    )


def _serves(facts: Facts, who: Row, document: Row) -> bool:
    return (
        department_is_here(facts, who, case_of(facts, document))
        and _reviewed(facts, who, document)
        and _opened(facts, who, document)
        and _not_against_the_family(facts, who, document)
    )


def _reviewed(facts: Facts, who: Row, document: Row) -> bool:
    return document["relevance"] == "relevant" or document["owner_department_id"] in departments(facts, who)


def _opened(facts: Facts, who: Row, document: Row) -> bool:
    return owns(facts, who, document) or shared(facts, who, document, {"consent", "statute"})


def breaks_the_glass(facts: Facts, who: Row, case: Row) -> bool:
    mine = [e for e in facts["emergency_accesses"] if e["case_id"] == case["id"] and e["user_id"] == who["id"]]
    return inside(facts, who, case) and any(e["opened_at"] <= facts.at < e["closes_at"] for e in mine)


def _not_against_the_family(facts: Facts, who: Row, document: Row) -> bool:
    return not on_consent_only(facts, document) or shared(facts, who, document, {"consent"})


def _concerned(facts: Facts, who: Row, document: Row) -> bool:
    """What is theirs, or shared with them; minus what is withheld, and what a notice that is pending would tell of."""
    theirs = is_theirs(facts, who, document) or shared(facts, who, document, {"consent", "statute"})
    return theirs and not withheld(facts, who, document) and not obtained_in_silence(facts, document)


def obtained_in_silence(facts: Facts, document: Row) -> bool:
    """Somebody was asked for it on a basis of which the family is told later: nobody sees a row before its notice."""
    asked = {r["basis_id"] for r in facts["information_requests"] if r["document_id"] == document["id"]}
    return any(not told(facts, b) for b in facts["bases"] if b["id"] in asked)


def is_theirs(facts: Facts, who: Row, document: Row) -> bool:
    """About children in their custody, or themselves, a child from the fifteenth birthday; and about nobody beside.

    Somebody of the network sees only what is shared, also about themselves.
    """
    about, mine, children = set(document["subjects"]), acting(facts, who), in_custody_of(facts, who)
    family = {m["id"] for m in facts["members"] if m["id"] in mine and m["kind"] != "network"}
    return about <= family or (bool(about & children) and about <= mine | children)


def acting(facts: Facts, who: Row) -> set[UUID]:
    """The members that the reader is: a child from the fifteenth birthday."""
    mine = [m for m in facts["members"] if m["id"] in own(facts, who)]
    return {m["id"] for m in mine if m["kind"] != "child" or old_enough(facts, m, YOUTH_AGE)}


def document_of(facts: Facts, row: Row) -> Row:
    return next(document for document in facts["documents"] if document["id"] == row["document_id"])


def reads_version(facts: Facts, who: Row, version: Row) -> bool:
    """The content of today; what was before it, for the department that owns it and for who brought it."""
    document = document_of(facts, version)
    owner = who["kind"] != "citizen" and owns(facts, who, document)
    mine = owner or document["created_by"] == who["id"]
    return reads(facts, who, document) and (version["number"] == document["version"] or mine)


# --- shares, visitors, emergencies, what is withheld


def knows_of_folders(facts: Facts, who: Row, case: Row) -> bool:
    """Those who work in the case or are a party; a name tells too, so while it is sealed nobody."""
    return reads_content(facts, who, case) and not case["sealed"]


def knows_of_share(facts: Facts, who: Row, share: Row) -> bool:
    """Of a document that one may not read nothing is told, and to the family nothing before its notice."""
    case, document = case_of(facts, share), None if share["document_id"] is None else document_of(facts, share)
    to_me = share["recipient_id"] in recipients(facts, who) and (document is not None or _stands(facts, who, share))
    if case["sealed"] or (document is not None and not reads(facts, who, document)):
        return False
    if who["kind"] == "professional":
        mine = share["created_by"] == who["id"] or to_me or advises(facts, who, case)
        return works_here(facts, who, case) and (mine or (document is not None and owns(facts, who, document)))
    if who["kind"] == "service":
        return to_me and department_is_here(facts, who, case)
    theirs = party(facts, who, case) if document is None else is_theirs(facts, who, document)
    pending = any(not told(facts, b) for b in facts["bases"] if b["id"] in share["bases"])
    return (theirs or to_me) and not pending


def _stands(facts: Facts, who: Row, share: Row) -> bool:
    """It was not revoked, and something in force speaks of such a share."""
    alike = [b for b in facts["bases"] if (b["case_id"], b["purpose"]) == (share["case_id"], share["purpose"])]
    return share["revoked_at"] is None and any(in_force(facts, b) and names(facts, who, share, b) for b in alike)


def knows_of_withholding(facts: Facts, who: Row, row: Row) -> bool:
    """Those who answer for the document, and read it; never the one whom it is withheld from."""
    document, case = document_of(facts, row), case_of(facts, row)
    answers = owns(facts, who, document) or advises(facts, who, case)
    return who["kind"] == "professional" and reads(facts, who, document) and answers


def knows_of_guest(facts: Facts, who: Row, guest: Row) -> bool:
    """Staff and family of the case; the guest while the window is open."""
    case, open_now = case_of(facts, guest), guest["opens_at"] <= facts.at < guest["closes_at"]
    mine = who["kind"] == "professional" and guest["user_id"] == who["id"] and open_now
    return staff(facts, who, case) or party(facts, who, case) or mine


def knows_of_emergency(facts: Facts, who: Row, case: Row) -> bool:
    return inside(facts, who, case) or leads(facts, who, case) or party(facts, who, case)


# --- consents and statutory bases


def told(facts: Facts, basis: Row) -> bool:
    """From the day of the notice on; where there is no such day, at once."""
    later = basis["notice_after"]
    return later is None or later <= facts.today


def about_one(facts: Facts, who: Row, member: UUID) -> bool:
    """That member is the reader, old enough to act, or a child in the reader's custody."""
    return member in acting(facts, who) | in_custody_of(facts, who)


def wrote_or_works(facts: Facts, who: Row, signature: Row) -> bool:
    """Why somebody declined is for those inside the case, and for nobody of the family but themselves."""
    basis = next(b for b in facts["bases"] if b["id"] == signature["basis_id"])
    return signature["member_id"] in own(facts, who) or inside(facts, who, case_of(facts, basis))


def by_name(facts: Facts, who: Row, basis: Row) -> bool:
    """Who used the law, and what the second person wrote, is told to those who work here."""
    return who["kind"] != "citizen"


def knows_of_consent(facts: Facts, who: Row, basis: Row) -> bool:
    """Those inside the case; whom it is about, or whose child. The child who is heard. A draft is its author's, and
    stays so when it is taken back."""
    if basis["kind"] != "consent" or (basis["requested_at"] is None and basis["created_by"] != who["id"]):
        return False
    heard = bool(set(basis["heard"]) & own(facts, who))
    mine = who["kind"] == "citizen" and (about_one(facts, who, basis["subject_id"]) or heard)
    return inside(facts, who, case_of(facts, basis)) or mine


def knows_of_statute(facts: Facts, who: Row, basis: Row) -> bool:
    if basis["kind"] != "statute":
        return False
    case, mine = case_of(facts, basis), who["kind"] == "citizen" and about_one(facts, who, basis["subject_id"])
    return inside(facts, who, case) or leads(facts, who, case) or (mine and told(facts, basis))


def knows_of_signature(facts: Facts, who: Row, signature: Row) -> bool:
    basis: Any = next(b for b in facts["bases"] if b["id"] == signature["basis_id"])
    return knows_of_consent(facts, who, basis)
