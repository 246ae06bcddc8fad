"""Ways to documents that were open once, or nearly, each closed here by name."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from app.db import Database
from app.policy.shown import POLICIES
from tests.policy.oracle import readable
from tests.policy.play import PPR, Play, opening
from tests.policy.random_documents import SECOND, add_basis, add_document, add_guest, add_share, add_withholding
from tests.policy.random_worlds import DISABILITY, PAST, Row, arranged
from tests.worlds import World

pytestmark = pytest.mark.anyio
POLICY = {policy.name: policy for policy in POLICIES}


async def reads(owner: Database, play: Play, who: str, resource: str, row: Row) -> bool:
    """Whether somebody reads the row, by the policy; the oracle must say the same."""
    async with arranged(owner, play.world, play.facts) as session:
        play.session = session
        page = await POLICY[resource].page(session, await play.actor(who), limit=500)
        found = row["id"] in {one.id for one in page.items}
    assert found is (row["id"] in readable(resource, play.facts, play.people[who]))
    return found


def shared(play: Play, document: Row, *recipient: Any, named: Any = None) -> Row:
    """A share of the document, and a consent of each of its subjects for the same recipient, or for another."""
    for subject in document["subjects"]:
        add_basis(play.facts, play.case, subject, [named or recipient], documents=[document["id"]])
    return add_share(play.facts, play.case, recipient, document_id=document["id"])


def employ(play: Play, who: str, department: Any) -> None:
    held = {"user_id": play.people[who]["id"], "department_id": department, "started_at": PAST}
    play.facts.add("positions", **held, role="member", ended_at=None)


async def test_a_guest_of_the_owner_department_sees_only_what_is_shared(here: World, owner: Database) -> None:
    play = opening(here)
    document = add_document(play.facts, play.case, [play.family["girl"]["id"]], owner_department_id=PPR)
    colleague = play.people["colleague"]["id"]
    add_guest(play.facts, play.case, colleague, play.facts.at, play.facts.at + SECOND)
    assert await reads(owner, play, "colleague", "document", document) is False
    shared(play, document, "user", colleague)
    assert await reads(owner, play, "colleague", "document", document) is True


async def test_a_share_is_no_way_in_for_the_departments_others(here: World, owner: Database) -> None:
    """The colleague is not on the case: neither the document nor that it, or a folder, was shared is told."""
    play = opening(here)
    document = play.facts["documents"][0]
    share = shared(play, document, "department", PPR)
    folder = add_share(play.facts, play.case, ("department", PPR), folder_id=play.facts["folders"][0]["id"])
    for resource, row in (("document", document), ("share", share), ("share", folder)):
        assert await reads(owner, play, "psychologist", resource, row) is True
        assert await reads(owner, play, "colleague", resource, row) is False


async def test_a_share_tells_nobody_of_a_document_that_is_withheld(here: World, owner: Database) -> None:
    play = opening(here)
    document = play.facts["documents"][0]
    share = shared(play, document, "department", PPR)
    assert await reads(owner, play, "mother", "share", share) is True
    add_withholding(play.facts, document, play.family["mother"]["id"])
    assert await reads(owner, play, "mother", "share", share) is False
    assert await reads(owner, play, "father", "share", share) is True


async def test_why_something_is_withheld_is_for_those_on_the_case(here: World, owner: Database) -> None:
    """Working in the department that owns the document is not enough; nor is advising, for what one may not read."""
    play = opening(here)
    document = play.facts["documents"][3]
    add_withholding(play.facts, document, play.family["mother"]["id"])
    for who, opens in (("psychologist", True), ("colleague", False), ("coordinator", False), ("mother", False)):
        assert await reads(owner, play, who, "withholding", play.facts["withholdings"][0]) is opens


async def test_a_share_to_one_place_is_not_made_lawful_by_a_consent_for_another(here: World, owner: Database) -> None:
    """The coordinator works in both: the family named PPR, and it was shared with the other department."""
    play = opening(here)
    play.facts.implied = False  # so that owning it opens nothing to her
    document = add_document(play.facts, play.case, [play.family["father"]["id"]])
    employ(play, "coordinator", PPR)
    shared(play, document, "department", DISABILITY, named=("department", PPR))
    assert await reads(owner, play, "coordinator", "document", document) is False
    shared(play, document, "department", PPR)
    assert await reads(owner, play, "coordinator", "document", document) is True


async def test_a_system_sees_nothing_where_its_department_is_not_on_the_case(here: World, owner: Database) -> None:
    play = opening(here)
    document = play.facts["documents"][1]
    assert await reads(owner, play, "ppr_system", "document", document) is True
    play.facts["team_members"][0]["left_at"] = PAST
    shared(play, play.facts["documents"][0], "department", PPR)
    assert await reads(owner, play, "ppr_system", "document", document) is False
    assert await reads(owner, play, "ppr_system", "document", play.facts["documents"][0]) is False


async def test_the_network_sees_only_what_is_shared(here: World, owner: Database) -> None:
    """Also of what is about themselves."""
    play = opening(here)
    grandmother = play.family["grandmother"]["id"]
    document = add_document(play.facts, play.case, [grandmother])
    assert await reads(owner, play, "grandmother", "document", document) is False
    shared(play, document, "member", grandmother)
    assert await reads(owner, play, "grandmother", "document", document) is True


async def test_who_was_to_sign_reads_no_consent_when_custody_has_ended(here: World, owner: Database) -> None:
    """The consent still names him until the worker comes; his custody ended at midnight."""
    play = opening(here)
    both: Row = {"signers": [play.family[who]["id"] for who in ("mother", "father")]}
    both["categories"] = ["school"]
    consent = add_basis(play.facts, play.case, play.family["girl"]["id"], [("department", PPR)], **both)
    assert await reads(owner, play, "father", "consent", consent) is True
    play.facts["custodies"][1]["valid_until"] = play.facts.today
    assert await reads(owner, play, "father", "consent", consent) is False


async def test_custody_from_tomorrow_opens_nothing_today(here: World, owner: Database) -> None:
    play = opening(here)
    document = play.facts["documents"][0]
    play.facts["custodies"][1]["valid_from"] = play.facts.today + timedelta(days=1)
    assert await reads(owner, play, "father", "document", document) is False
    play.facts.at += timedelta(days=1)
    assert await reads(owner, play, "father", "document", document) is True


async def test_a_document_about_nobody_cannot_be(here: World, owner: Database) -> None:
    """An empty list would be about nobody but the reader, whoever reads."""
    play = opening(here)
    play.facts["documents"][0]["subjects"] = []
    with pytest.raises(IntegrityError, match="subjects"):
        await reads(owner, play, "mother", "document", play.facts["documents"][0])
