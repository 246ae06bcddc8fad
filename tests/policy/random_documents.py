"""What a case of a random world holds of documents: folders, shares, what makes them lawful, and what closes them.

Thrown with one die per case, and loaded: a share comes with a basis for each subject that would open it, and then each
part of the two is spoilt now and then. So every condition is met often, and is often the only one that is not.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.db import new_id

if TYPE_CHECKING:
    from tests.policy.random_worlds import Facts, Row

CATEGORIES, PURPOSES = ("health", "school", "social"), ("planning", "support")
SECOND = timedelta(seconds=1)
SPOILT = 16
"""One in so many parts of a share or basis is another than the one that would open."""


class Dice(Random):
    """Chances by their plain names."""

    def one_in(self, many: int) -> bool:
        return self.randrange(many) == 0

    def some(self, things: Sequence[Any], most: int) -> list[Any]:
        return self.sample(things, min(len(things), self.randint(1, most)))

    def either(self, right: Any, others: Sequence[Any]) -> Any:
        """The right one, mostly."""
        return self.choice(others) if others and self.one_in(SPOILT) else right

    def window(self, now: datetime) -> tuple[datetime, datetime]:
        """About now, mostly open; a window is open from its first instant until the one before its last."""
        edges = (now - SECOND, now, now + SECOND)
        begin = self.either(self.choice(edges[:2]), edges)
        end = self.either(now + SECOND, (now, begin, now + SECOND))
        return begin, max(begin, end)


def fill(facts: "Facts", case: "Row", seed: int) -> None:
    """Folders, documents and all that is about them."""
    dice = Dice(seed)
    case["sealed"] = dice.one_in(12)
    begun = {"reason": "Indsigelse.", "begun_at": facts.past, "begun_by": case["opened_by"]}
    facts.add("restrictions", case_id=case["id"], **begun)
    folders = _folders(facts, case, dice)
    documents = [_document(facts, case, folders, dice) for _ in range(dice.randint(2, 4))]
    _visitors(facts, case, dice)
    for _ in range(dice.randint(2, 4)):
        _package(facts, case, dice.choice(documents), folders, dice)
    for document in documents:
        if dice.one_in(3):
            _withhold(facts, document, dice)
    _consents_to_answer(facts, case, dice)


def _family(facts: "Facts", case: "Row") -> list["Row"]:
    return [member for member in facts["members"] if member["family_id"] == case["family_id"]]


def _here(facts: "Facts", case: "Row", table: str) -> list["Row"]:
    return [row for row in facts[table] if row["case_id"] == case["id"]]


def _folders(facts: "Facts", case: "Row", dice: Dice) -> list["Row"]:
    """One, and one in it; a third of the worlds' families ask that one is read on consent only."""
    outer = add_folder(facts, case, dice.one_in(8))
    return [outer, add_folder(facts, case, dice.one_in(8), outer)]


def add_folder(facts: "Facts", case: "Row", explicit_only: bool = False, parent: "Row | None" = None) -> "Row":
    id, above = new_id(), [] if parent is None else parent["path"]
    row = {"id": id, "case_id": case["id"], "parent_id": above[-1] if above else None, "path": [*above, id]}
    row |= {"name": id.hex, "marked_by": [case["opened_by"]] if explicit_only else [], "created_at": facts.past}
    return facts.add("folders", **row, created_by=case["opened_by"])


def _document(facts: "Facts", case: "Row", folders: list["Row"], dice: Dice) -> "Row":
    family = [member["id"] for member in _family(facts, case)]
    subjects = dice.choice([[case["child_id"]], [case["child_id"]], dice.some(family, 2), dice.some(family, 1)])
    more: dict[str, Any] = {"folder": dice.choice([None, *folders]), "category": dice.choice(CATEGORIES)}
    more |= {"owner_department_id": dice.choice(facts.departments), "author_only": dice.one_in(10)}
    more |= {"created_by": dice.choice([user["id"] for user in facts["users"] if user["kind"] != "service"])}
    more |= {"relevance": dice.choice(["relevant", "relevant", "relevant", "unreviewed", "not_relevant"])}
    more |= {"shows_address_of": dice.some(family, 2) if dice.one_in(6) else []}
    return add_document(facts, case, subjects, **more)


def add_document(
    facts: "Facts", case: "Row", subjects: list[UUID], *, folder: "Row | None" = None, **more: Any
) -> "Row":
    """A document of two versions, placed when the consents were asked for."""
    id, by = new_id(), more.get("created_by", case["opened_by"])
    row = {"id": id, "case_id": case["id"], "number": id.hex, "title": "Rapport", "subjects": subjects}
    row |= {"folder_id": folder and folder["id"], "path": [] if folder is None else folder["path"]}
    row |= {"category": "school", "owner_department_id": case["owner_department_id"], "kle_code": None}
    row |= {"placed_at": facts.past, "described_at": facts.past}
    row |= {"relevance": "relevant", "relevance_note": "Vigtigt.", "author_only": False}
    row |= {"shows_address_of": [], "version": 2, "created_at": facts.past, "created_by": by} | more
    reviewed = row["relevance"] != "unreviewed"
    row |= {"reviewed_at": facts.past if reviewed else None, "reviewed_by": case["opened_by"] if reviewed else None}
    made = facts.add("documents", **row)
    for number in (1, 2):
        content = {"file_name": "rapport.pdf", "media_type": "application/pdf", "size": 4, "sha256": "0" * 64}
        version = {"document_id": id, "case_id": case["id"], "number": number, "created_at": facts.past}
        facts.add("document_versions", **version, **content, storage_key=new_id().hex, created_by=by)
    return made


# --- shares, and what makes them lawful


def _package(facts: "Facts", case: "Row", document: "Row", folders: list["Row"], dice: Dice) -> None:
    """A document, or the folder it lies in, to somebody, with a basis for each subject."""
    to = _recipient(facts, case, dice)
    purpose, folder = dice.choice(PURPOSES), document["path"] and dice.one_in(2)
    thing = {"folder_id": dice.choice(document["path"])} if folder else {"document_id": document["id"]}
    if folder and dice.one_in(SPOILT):
        thing = {"folder_id": dice.choice(folders)["id"]}
    bases = [_basis(facts, document, one, to, purpose, folders, dice) for one in document["subjects"]]
    wanted = {"purpose": dice.either(purpose, PURPOSES), "revoked": dice.one_in(6)}
    add_share(facts, case, to, bases=bases, **thing, **wanted)


def _recipient(facts: "Facts", case: "Row", dice: Dice) -> tuple[str, UUID]:
    """Mostly somebody who is there to read it."""
    working = _here(facts, case, "assignments") + _here(facts, case, "team_members") + _here(facts, case, "guests")
    people = [("user", row["user_id"]) for row in working]
    places = [("department", row["department_id"]) for row in _here(facts, case, "team_members")]
    places += [("department", id) for id in facts.departments]
    outside = [user for user in facts["users"] if user["organisation_id"] is not None]
    visiting = {row["user_id"] for row in working} & {user["id"] for user in outside}
    places += [("organisation", organisation["id"]) for organisation in facts["organisations"]] * (1 + len(visiting))
    family = [("member", member["id"]) for member in _family(facts, case)]
    login = [("member", member["id"]) for member in _family(facts, case) if member["user_id"] is not None]
    return dice.choice(dice.choice([people or places, people or places, places, login or family]))


def _basis(
    facts: "Facts",
    document: "Row",
    subject: UUID,
    recipient: tuple[str, UUID],
    purpose: str,
    folders: list["Row"],
    dice: Dice,
) -> UUID:
    case = next(case for case in facts["cases"] if case["id"] == document["case_id"])
    elsewhere = [other for other in facts["cases"] if other["family_id"] == case["family_id"]]
    family = [member["id"] for member in _family(facts, case)]
    works = [held["department_id"] for held in facts["positions"] if held["user_id"] == recipient[1]]
    named = dice.choice([recipient, *(("department", id) for id in works)])
    scope = _scope(document, folders, dice)
    begin, end = dice.window(facts.at)
    later = dice.either(False, (True,))
    row = add_basis(
        facts,
        dice.either(case, elsewhere),
        dice.either(subject, family),
        [dice.either(named, [_recipient(facts, case, dice)])],
        kind=dice.choice(["consent", "consent", "statute"]),
        purpose=dice.either(purpose, PURPOSES),
        active_from=begin,
        active_until=end,
        covers_later=later,
        requested_at=facts.past + dice.choice([-SECOND, timedelta(0), SECOND]) if later else facts.past,
        notice=dice.choice([None, None, -1, 0, 1]),
        **scope,
    )
    if dice.one_in(4):
        document["placed_at"] = row["requested_at"] + dice.choice([-SECOND, timedelta(0), SECOND])
    if dice.one_in(6):
        document["described_at"] = row["requested_at"] + dice.choice([-SECOND, timedelta(0), SECOND])
    found: UUID = row["id"]
    return found


def _scope(document: "Row", folders: list["Row"], dice: Dice) -> dict[str, Any]:
    """By category, folder or document: the one that covers it, mostly."""
    by = dice.choice(["categories", "documents", "folders"])
    if by == "folders":
        right = dice.choice(document["path"]) if document["path"] else None
        return {by: [dice.either(right, [one["id"] for one in folders]) or folders[0]["id"]]}
    if by == "categories":
        return {by: [dice.either(document["category"], CATEGORIES)]}
    return {by: [dice.either(document["id"], [new_id()])]}


def add_basis(
    facts: "Facts",
    case: "Row",
    subject: UUID,
    recipients: list[tuple[str, UUID]],
    *,
    notice: int | None = None,
    **more: Any,
) -> "Row":
    """A consent in force, or a statutory basis; the family is told of the latter at once, or in so many days."""
    row: dict[str, Any] = {"case_id": case["id"], "subject_id": subject, "kind": "consent", "purpose": "planning"}
    row |= {"recipients": [id for _, id in recipients], "recipient_kinds": [kind for kind, _ in recipients]}
    row |= {"categories": [], "folders": [], "documents": [], "covers_later": False, "sources": [], "source_kinds": []}
    row |= {"text": "Skolen må læse rapporten.", "language": "da", "expires_on": date(2030, 1, 1), "state": "active"}
    row |= {"signers": [], "heard": [], "active_from": facts.past, "active_until": facts.at + SECOND}
    row |= {"requested_at": facts.past, "created_at": facts.past, "created_by": case["opened_by"]} | more
    statute = row["kind"] == "statute"
    row |= {"legal_reference_id": facts.reference if statute else None, "reason": "Det haster." if statute else None}
    second = next(id for id in facts.users("professional") if id != row["created_by"])
    row |= {"reviewed_by": second if statute else None, "review_note": "Rimeligt." if statute else None}
    later = None if notice is None or not statute else facts.today + timedelta(days=notice)
    row |= {"notice_after": later, "notice_delay_reason": None if later is None else "Barnets sikkerhed."}
    return facts.add("bases", **row)


def add_share(
    facts: "Facts",
    case: "Row",
    recipient: tuple[str, UUID],
    *,
    document_id: UUID | None = None,
    folder_id: UUID | None = None,
    purpose: str = "planning",
    bases: Sequence[UUID] = (),
    revoked: bool = False,
) -> "Row":
    kind, id = recipient
    row = {"case_id": case["id"], "recipient_kind": kind, "recipient_id": id, "purpose": purpose, "bases": [*bases]}
    row |= {"document_id": document_id, "folder_id": folder_id, "created_at": facts.past}
    ended = {"revoked_at": facts.past if revoked else None, "revoked_by": case["opened_by"] if revoked else None}
    return facts.add("shares", **row, **ended, created_by=case["opened_by"])


# --- visitors, emergencies, what is withheld


def _visitors(facts: "Facts", case: "Row", dice: Dice) -> None:
    """Guests in a window about now, and somebody who broke the glass."""
    staff = facts.users("professional")
    working = [row["user_id"] for name in ("assignments", "team_members") for row in _here(facts, case, name)]
    for person in dice.some(staff, 2):
        add_guest(facts, case, person, *dice.window(facts.at))
    for person in dice.some([*working, *working, *staff], 2):
        begin, end = dice.window(facts.at)
        opened = {"user_id": person, "reason": "Akut bekymring.", "opened_at": begin, "closes_at": end}
        facts.add("emergency_accesses", case_id=case["id"], **opened)


def add_guest(facts: "Facts", case: "Row", person: UUID, begin: datetime, end: datetime) -> None:
    row = {"case_id": case["id"], "user_id": person, "kind": "network", "opens_at": begin, "closes_at": end}
    facts.add("guests", **row, reason="Netværksmøde.", created_at=facts.past, created_by=case["opened_by"])


def _withhold(facts: "Facts", document: "Row", dice: Dice) -> None:
    from_whom = [*document["subjects"], *(member["id"] for member in facts["members"])]
    for member in set(dice.some([id for id in from_whom if _signs_in(facts, id)] or from_whom, 2)):
        add_withholding(facts, document, member, dice.one_in(4))


def _signs_in(facts: "Facts", member: UUID) -> bool:
    return any(one["id"] == member and one["user_id"] is not None for one in facts["members"])


def add_withholding(facts: "Facts", document: "Row", member: UUID, ended: bool = False) -> None:
    row = {"document_id": document["id"], "case_id": document["case_id"], "member_id": member, "reason": "Hensyn."}
    row |= {"legal_reference_id": facts.reference, "created_at": facts.past, "created_by": document["created_by"]}
    facts.add("withholdings", **row, ended_at=facts.past if ended else None)


def _consents_to_answer(facts: "Facts", case: "Row", dice: Dice) -> None:
    """Drafts and requests about each of the family, some taken back, that some must sign and a child is heard about."""
    family = [member["id"] for member in _family(facts, case)]
    authors = [case["opened_by"], *facts.users("citizen"), *facts.users("professional")]
    for state, put in (("draft", None), ("cancelled", None), ("requested", facts.past), ("cancelled", facts.past)):
        asked = {"signers": dice.some(family, 2), "heard": dice.some(family, 1), "created_by": dice.choice(authors)}
        asked |= {"requested_at": put}
        empty = {"active_from": None, "active_until": None, "categories": ["school"]}
        to = [_recipient(facts, case, dice)]
        consent = add_basis(facts, case, dice.choice(family), to, state=state, **asked, **empty)
        signed = {"answer": "approved", "given": "paper", "signed_at": facts.past}
        evidence = next(one["id"] for one in facts["documents"] if one["case_id"] == case["id"])
        signed |= {"note": "Underskrevet ved mødet.", "evidence_id": evidence}
        facts.add("signatures", basis_id=consent["id"], member_id=asked["signers"][0], **signed, recorded_by=authors[0])
