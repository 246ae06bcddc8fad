"""Where a rule begins and ends, each edge by itself: random worlds meet them too seldom to rely on."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.db import Database
from tests.policy.play import PPR, Play, opening
from tests.policy.random_documents import SECOND, add_basis, add_guest, add_share, add_withholding
from tests.policy.random_worlds import DISABILITY, NOON, PAST, Row, add_event
from tests.policy.test_leaks import reads, shared
from tests.worlds import World

pytestmark = pytest.mark.anyio
NOTHING = timedelta(0)
WINDOWS = [
    pytest.param(-SECOND, SECOND, True, id="open"),
    pytest.param(NOTHING, SECOND, True, id="from now"),
    pytest.param(SECOND, 2 * SECOND, False, id="from the next second"),
    pytest.param(-SECOND, NOTHING, False, id="until now"),
]


@pytest.fixture
def play(here: World) -> Play:
    return opening(here)


def for_psychologist(play: Play, number: int = 0, **basis: Any) -> tuple[Row, Row]:
    """One of the documents shared with the psychologist, and the basis for its first subject."""
    document, to = play.facts["documents"][number], ("user", play.people["psychologist"]["id"])
    add_share(play.facts, play.case, to, document_id=document["id"])
    named = {"documents": [document["id"]]} | basis
    return document, add_basis(play.facts, play.case, document["subjects"][0], [to], **named)


@pytest.mark.parametrize(("begin", "end", "opens"), WINDOWS)
async def test_a_visit(begin: timedelta, end: timedelta, opens: bool, play: Play, owner: Database) -> None:
    colleague = play.people["colleague"]["id"]
    document = play.facts["documents"][0]
    shared(play, document, "user", colleague)
    add_guest(play.facts, play.case, colleague, NOON + begin, NOON + end)
    assert await reads(owner, play, "colleague", "document", document) is opens
    assert await reads(owner, play, "colleague", "guest", play.facts["guests"][-1]) is opens


@pytest.mark.parametrize(("begin", "end", "opens"), WINDOWS)
async def test_a_basis(begin: timedelta, end: timedelta, opens: bool, play: Play, owner: Database) -> None:
    """Of a document, and of the name of a folder."""
    in_force = {"active_from": NOON + begin, "active_until": NOON + end}
    document, _ = for_psychologist(play, **in_force)
    assert await reads(owner, play, "psychologist", "document", document) is opens
    folder = add_share(play.facts, play.case, ("department", PPR), folder_id=play.facts["folders"][0]["id"])
    assert await reads(owner, play, "psychologist", "share", folder) is False
    add_basis(
        play.facts, play.case, play.family["girl"]["id"], [("department", PPR)], categories=["social"], **in_force
    )
    assert await reads(owner, play, "psychologist", "share", folder) is opens


@pytest.mark.parametrize(("begin", "end", "opens"), WINDOWS)
async def test_an_emergency(begin: timedelta, end: timedelta, opens: bool, play: Play, owner: Database) -> None:
    """For who opened it, and on that case."""
    opened = {"reason": "Akut bekymring.", "opened_at": NOON + begin, "closes_at": NOON + end}
    by = play.people["psychologist"]["id"]
    play.facts.add("emergency_accesses", case_id=play.case["id"], user_id=by, **opened)
    play.facts.implied = False
    document = play.facts["documents"][0]
    assert await reads(owner, play, "psychologist", "document", document) is opens
    assert await reads(owner, play, "coordinator", "document", document) is False


TODAY = NOON.date()


@pytest.mark.parametrize(
    ("membership", "position", "opens"),
    [
        pytest.param({}, {}, True, id="in the team"),
        pytest.param({"left_at": PAST}, {}, False, id="left"),
        pytest.param({"relevant": False}, {}, False, id="not needed"),
        pytest.param({"ends_on": TODAY}, {}, False, id="until today"),
        pytest.param({"ends_on": TODAY + timedelta(days=1)}, {}, True, id="until tomorrow"),
        pytest.param({}, {"ended_at": PAST}, False, id="left the department"),
        pytest.param({}, {"department_id": DISABILITY}, False, id="works elsewhere now"),
    ],
)
async def test_a_part_in_the_team(membership: Row, position: Row, opens: bool, play: Play, owner: Database) -> None:
    """It opens what the department owns, to the member and to the department's system."""
    psychologist = play.people["psychologist"]["id"]
    play.facts["team_members"][0].update(membership)
    next(held for held in play.facts["positions"] if held["user_id"] == psychologist).update(position)
    for who in ("psychologist", "ppr_system"):
        assert await reads(owner, play, who, "document", play.facts["documents"][1]) is opens


CONTENT = (
    "contact",
    "meeting",
    "callback",
    "role_agreement",
    "concern",
    "related_case",
    "contact_preference",
    "measure",
)


async def test_of_content_the_timeline_tells_the_leader_nothing(play: Play, owner: Database) -> None:
    for resource in (*CONTENT, "step"):
        add_event(play.facts, play.case, resource, play.case["id"])
        told = play.facts["events"][-1]
        assert await reads(owner, play, "coordinator", "event", told) is True
        for who in ("head", "journal"):
            assert await reads(owner, play, who, "event", told) is (resource == "step"), resource


@pytest.mark.parametrize(("days", "opens"), [(0, True), (1, False)])
async def test_a_girl_acts_for_herself_from_her_fifteenth_birthday(
    days: int, opens: bool, play: Play, owner: Database
) -> None:
    play.family["girl"]["birth_date"] = play.facts.today.replace(year=2012) + timedelta(days=days)
    document, consent = for_psychologist(play)
    assert await reads(owner, play, "girl", "document", document) is opens
    assert await reads(owner, play, "girl", "consent", consent) is opens


async def test_about_two_is_for_neither_alone(play: Play, owner: Database) -> None:
    """About the girl and her mother: the father has custody of one of them, and a consent of one is half of it."""
    document, _ = for_psychologist(play, 2)
    assert document["subjects"] == [play.family["girl"]["id"], play.family["mother"]["id"]]
    for who, opens in (("mother", True), ("father", False), ("psychologist", False)):
        assert await reads(owner, play, who, "document", document) is opens
    both = add_basis(play.facts, play.case, play.family["mother"]["id"], [("department", PPR)], categories=["social"])
    assert await reads(owner, play, "psychologist", "document", document) is True
    both["subject_id"] = play.family["father"]["id"]
    assert await reads(owner, play, "psychologist", "document", document) is False


async def test_a_protected_address_is_for_its_owner_and_the_advisers(play: Play, owner: Database) -> None:
    document, _ = for_psychologist(play)
    document["shows_address_of"] = [play.family["mother"]["id"]]
    for who in ("coordinator", "psychologist", "mother", "father"):
        assert await reads(owner, play, who, "document", document) is True
    play.family["mother"]["address_protected"] = True
    for who, opens in (("coordinator", True), ("psychologist", False), ("mother", True), ("father", False)):
        assert await reads(owner, play, who, "document", document) is opens


async def test_a_folder_on_consent_only_opens_by_no_statute(play: Play, owner: Database) -> None:
    """Nor to the department that owns what lies in it."""
    document, basis = for_psychologist(play, kind="statute")
    assert await reads(owner, play, "psychologist", "document", document) is True
    play.facts["folders"][0]["marked_by"] = [play.facts["members"][0]["id"]]
    for who in ("psychologist", "coordinator"):
        assert await reads(owner, play, who, "document", document) is False
    basis["kind"], basis["legal_reference_id"], basis["reason"] = "consent", None, None
    assert await reads(owner, play, "psychologist", "document", document) is True


@pytest.mark.parametrize(
    ("change", "opens"),
    [
        ({}, True),
        ({"purpose": "assessment"}, False),
        ({"recipients": []}, False),
        ({"documents": [], "categories": ["school"]}, True),
        ({"documents": [], "categories": ["health"]}, False),
    ],
)
async def test_each_part_of_a_basis(change: Row, opens: bool, play: Play, owner: Database) -> None:
    document, basis = for_psychologist(play)
    if "recipients" in change:
        change = {"recipients": [play.people["colleague"]["id"]]}
    basis |= change
    assert await reads(owner, play, "psychologist", "document", document) is opens


async def test_what_was_withheld_is_readable_when_that_has_ended(play: Play, owner: Database) -> None:
    document, mother = play.facts["documents"][0], play.family["mother"]["id"]
    add_withholding(play.facts, document, mother)
    assert await reads(owner, play, "mother", "document", document) is False
    play.facts["withholdings"][0]["ended_at"] = PAST
    assert await reads(owner, play, "mother", "document", document) is True


@pytest.mark.parametrize(("days", "told"), [(1, False), (0, True)])
async def test_the_day_of_the_notice(days: int, told: bool, play: Play, owner: Database) -> None:
    """The share, the basis, the request on it and what came of that: all silent to the family until that day."""
    girl = play.family["girl"]["id"]
    law = {"kind": "statute", "notice": days, "categories": ["health"], "purpose": "assessment"}
    law |= {"sources": [PPR], "source_kinds": ["department"]}
    basis = add_basis(play.facts, play.case, girl, [("department", DISABILITY)], **law)
    document = play.facts["documents"][1]
    share = add_share(
        play.facts,
        play.case,
        ("department", DISABILITY),
        document_id=play.facts["documents"][0]["id"],
        bases=[basis["id"]],
    )
    request = asked(play, girl, basis["id"], document["id"])
    for resource, row in (("statutory_basis", basis), ("share", share), ("information_request", request)):
        assert await reads(owner, play, "mother", resource, row) is told
    assert await reads(owner, play, "mother", "document", document) is told


def asked(play: Play, subject: UUID, basis: UUID, document: UUID) -> Row:
    """An information request to PPR, answered with the document."""
    row = {"case_id": play.case["id"], "subject_id": subject, "holder_kind": "department", "holder_id": PPR}
    row |= {"what": "Journal", "category": "health", "why": "Til udredningen.", "purpose": "assessment"}
    row |= {"basis_id": basis, "due_on": NOON.date(), "created_at": PAST, "status": "fulfilled", "fulfilled_at": PAST}
    by = play.people["coordinator"]["id"]
    return play.facts.add("information_requests", **row, created_by=by, document_id=document, closing_note=None)
