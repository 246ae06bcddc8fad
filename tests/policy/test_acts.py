"""Who may act on consents, shares, requests and words, where it hangs on who made them and on whom they name."""

from collections.abc import Mapping
from typing import Any

import pytest

from app.db import Database
from app.policy.shown import POLICIES
from tests.policy.play import PPR, Play, opening
from tests.policy.random_documents import SECOND, add_basis, add_share
from tests.policy.random_worlds import DISABILITY, NOON, PAST, Row, add_assignment, arranged
from tests.policy.test_matrix import decision
from tests.worlds import World

pytestmark = pytest.mark.anyio
POLICY = {policy.name: policy for policy in POLICIES}
OPEN, CLOSED, ABSENT = "open", "closed", "absent"


@pytest.fixture
def play(here: World) -> Play:
    return opening(here)


async def judged(owner: Database, play: Play, resource: str, row: Row, action: str, *people: str) -> Mapping[str, str]:
    """What the policy says to each of the people who would act."""
    found = {}
    async with arranged(owner, play.world, play.facts) as session:
        play.session = session
        for who in people:
            found[who] = await decision(session, await play.actor(who), POLICY[resource], row["id"], action)
    return found


def user(play: Play, who: str) -> Any:
    return play.people[who]["id"]


def request(play: Play, by: str, kind: str, holder: Any) -> Row:
    """Information about the girl, asked for on a consent that covers it."""
    girl, to = play.family["girl"]["id"], [("department", DISABILITY)]
    covered = {"categories": ["health"], "purpose": "assessment", "sources": [holder], "source_kinds": [kind]}
    basis = add_basis(play.facts, play.case, girl, to, **covered)
    row = {"case_id": play.case["id"], "subject_id": girl, "holder_kind": kind, "holder_id": holder}
    row |= {"what": "Journal", "why": "Til udredningen.", "category": "health", "purpose": "assessment"}
    row |= {"basis_id": basis["id"], "due_on": NOON.date(), "created_at": PAST, "status": "requested"}
    return play.facts.add("information_requests", **row, created_by=user(play, by))


def words(play: Play, author: str, by: str) -> Row:
    row = {"case_id": play.case["id"], "author_id": play.family[author]["id"], "title": "Mit liv", "version": 1}
    row |= {"audience": "team", "for_custody": False, "created_at": PAST, "created_by": user(play, by)}
    said = play.facts.add("statements", **row)
    text = {"number": 1, "body": "Jeg vil gerne.", "language": "da", "given": "told", "recorded_at": PAST}
    play.facts.add("statement_versions", statement_id=said["id"], **text, recorded_by=user(play, by))
    return said


async def test_a_request_of_a_department_is_answered_there(play: Play, owner: Database) -> None:
    asked = request(play, "coordinator", "department", PPR)
    people = ("psychologist", "colleague", "coordinator", "head", "teacher", "mother")
    found = await judged(owner, play, "information_request", asked, "fulfil_request", *people)
    expected = (OPEN, OPEN, CLOSED, ABSENT, ABSENT, CLOSED)
    assert found == dict(zip(people, expected, strict=True))


async def test_what_an_organisation_answers_is_put_in_by_those_on_the_case(play: Play, owner: Database) -> None:
    asked = request(play, "coordinator", "organisation", play.facts["organisations"][0]["id"])
    add_assignment(play.facts, play.case, user(play, "head"), "buddy")
    people = ("coordinator", "head", "psychologist", "colleague", "teacher", "mother")
    found = await judged(owner, play, "information_request", asked, "fulfil_request", *people)
    assert found == dict(zip(people, (OPEN, OPEN, OPEN, ABSENT, ABSENT, CLOSED), strict=True))


@pytest.mark.parametrize("action", ["change_request", "cancel_request"])
async def test_a_request_is_changed_by_who_asked_and_the_advisers(action: str, play: Play, owner: Database) -> None:
    """And by who asked while she works on the case."""
    add_assignment(play.facts, play.case, user(play, "head"), "buddy")
    joined = play.facts["team_members"][0]
    play.facts.add(
        "team_members", **{k: v for k, v in joined.items() if k != "id"} | {"user_id": user(play, "colleague")}
    )
    asked = request(play, "psychologist", "department", PPR)
    people = ("psychologist", "colleague", "coordinator", "head")
    found = await judged(owner, play, "information_request", asked, action, *people)
    assert found == dict(zip(people, (OPEN, CLOSED, OPEN, OPEN), strict=True))
    joined["left_at"] = PAST
    found = await judged(owner, play, "information_request", asked, action, "psychologist")
    assert found == {"psychologist": CLOSED}


@pytest.mark.parametrize(
    ("author", "signs_in", "adds", "decides"),
    [
        ("girl", True, OPEN, CLOSED),
        ("girl", False, OPEN, OPEN),
        ("mother", True, CLOSED, CLOSED),
        ("grandmother", False, OPEN, OPEN),
    ],
)
async def test_who_wrote_it_down(
    author: str, signs_in: bool, adds: str, decides: str, play: Play, owner: Database
) -> None:
    """Staff go on writing for a child or for somebody without a login, and decide for the latter alone."""
    said = words(play, author, "coordinator")
    if not signs_in:
        play.family[author]["user_id"] = None
    for action, expected in (("add_words", adds), ("set_scope", decides)):
        found = await judged(owner, play, "statement", said, action, "coordinator", "psychologist")
        assert found == {"coordinator": expected, "psychologist": CLOSED}, action


@pytest.mark.parametrize("action", ["add_words", "set_scope"])
async def test_ones_own_words_are_ones_own(action: str, play: Play, owner: Database) -> None:
    said = words(play, "girl", "girl")
    said["for_custody"] = True
    found = await judged(owner, play, "statement", said, action, "girl", "mother", "coordinator")
    assert found == {"girl": OPEN, "mother": CLOSED, "coordinator": CLOSED}


@pytest.mark.parametrize("action", ["change_consent", "request_consent"])
async def test_a_draft_is_its_authors(action: str, play: Play, owner: Database) -> None:
    for author, other in (("mother", "coordinator"), ("coordinator", "mother"), ("psychologist", "coordinator")):
        drafted = {"state": "draft", "categories": ["school"], "created_by": user(play, author)}
        drafted |= {"active_from": None, "active_until": None, "requested_at": None}
        draft = add_basis(play.facts, play.case, play.family["girl"]["id"], [("department", PPR)], **drafted)
        assert await judged(owner, play, "consent", draft, action, author, other) == {author: OPEN, other: ABSENT}
        play.facts["bases"].clear()


async def test_a_second_person_gains_nothing_and_did_not_use_it(play: Play, owner: Database) -> None:
    """To PPR: the psychologist works there; to the other department: the head leads the case's and may all the same."""
    people = ("coordinator", "psychologist", "head", "mother")
    for to, expected in ((PPR, (CLOSED, CLOSED, OPEN, CLOSED)), (DISABILITY, (CLOSED, OPEN, OPEN, CLOSED))):
        law = {"kind": "statute", "categories": ["school"]}
        basis = add_basis(play.facts, play.case, play.family["girl"]["id"], [("department", to)], **law)
        found = await judged(owner, play, "statutory_basis", basis, "review_basis", *people)
        assert found == dict(zip(people, expected, strict=True))
        basis["created_by"], basis["reviewed_by"] = user(play, "head"), user(play, "coordinator")
        found = await judged(owner, play, "statutory_basis", basis, "review_basis", "head")
        assert found == {"head": CLOSED}


async def test_a_statutory_basis_is_ended_by_its_author_the_advisers_and_the_leader(
    play: Play, owner: Database
) -> None:
    law = {"kind": "statute", "categories": ["school"]}
    basis = add_basis(play.facts, play.case, play.family["girl"]["id"], [("department", PPR)], **law)
    people = ("coordinator", "psychologist", "head", "mother")
    found = await judged(owner, play, "statutory_basis", basis, "end_basis", *people)
    assert found == dict(zip(people, (OPEN, CLOSED, OPEN, CLOSED), strict=True))
    basis["created_by"] = user(play, "psychologist")
    found = await judged(owner, play, "statutory_basis", basis, "end_basis", "psychologist")
    assert found == {"psychologist": OPEN}


async def test_a_share_is_ended_by_who_shared_or_answers_for_it(play: Play, owner: Database) -> None:
    """The psychologist works in the department that owns it; of the parents, the one who shared."""
    share = add_share(play.facts, play.case, ("department", PPR), document_id=play.facts["documents"][1]["id"])
    share["created_by"] = user(play, "mother")
    found = await judged(owner, play, "share", share, "revoke", "mother", "father", "psychologist", "girl")
    assert found == {"mother": OPEN, "father": CLOSED, "psychologist": OPEN, "girl": ABSENT}


async def test_an_emergency_is_closed_by_its_opener_and_reviewed_by_another(play: Play, owner: Database) -> None:
    opened = {"reason": "Akut bekymring.", "opened_at": NOON, "closes_at": NOON + SECOND}
    row = play.facts.add("emergency_accesses", case_id=play.case["id"], user_id=user(play, "psychologist"), **opened)
    people = ("psychologist", "coordinator", "head", "mother")
    for action, expected in (
        ("close_emergency", (OPEN, CLOSED, OPEN, CLOSED)),
        ("review_emergency", (CLOSED, CLOSED, OPEN, CLOSED)),
    ):
        found = await judged(owner, play, "emergency_access", row, action, *people)
        assert found == dict(zip(people, expected, strict=True)), action
    row["user_id"] = user(play, "head")
    assert await judged(owner, play, "emergency_access", row, "review_emergency", "head") == {"head": CLOSED}
