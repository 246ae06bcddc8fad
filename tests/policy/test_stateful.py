"""P3, P4, P7: whatever happens in a case, after each step the policy answers as the oracle, on every path.

One case goes on by chance: consents are asked for, signed and withdrawn, things are shared, withheld and sealed, people
leave and move, custody ends, birthdays come. After each step every reader gets, lists, looks across cases, asks why and
who else may; each of that is as the oracle says, as is the reason in the log. Before the worker has run nothing more is
open: what ends, ends by itself.
"""

from copy import copy
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import any_, select

from app.db import Database, columns, new_id
from app.errors import NotFound
from app.models import AccessLog
from app.policy.actor import Actor
from app.policy.rules import is_one
from app.policy.shown import POLICIES
from app.services import access
from tests.policy import oracle_documents as oracle
from tests.policy.moves import MOVES, prologue
from tests.policy.oracle import readable
from tests.policy.parts import party, reads_content
from tests.policy.play import Play, opening
from tests.policy.random_documents import SECOND, Dice, add_basis, add_share
from tests.policy.random_worlds import Facts, Row, arranged, judging
from tests.worlds import World

pytestmark = pytest.mark.anyio
POLICY = {policy.name: policy for policy in POLICIES}
documents, log = POLICY["document"], columns(AccessLog)
LISTED = ("document", "document_version", "share", "consent", "withholding", "statutory_basis")
STEPS = 12


@judging(12)
@given(seed=st.integers(0, 2**32))
async def test_whatever_happens_the_policy_answers_as_the_oracle(seed: int, here: World, owner: Database) -> None:
    play, dice = opening(here), Dice(seed)
    async with arranged(owner, here, play.facts) as session:
        play.session = session
        await play.look()
        await prologue(play, dice)
        for step in range(STEPS):
            await dice.choice(MOVES)(play, dice)
            await play.look()
            for who in play.people:
                reader = await play.actor(who)
                found = await read(session, reader, "document")
                assert found <= readable("document", play.facts, play.people[who]), (seed, who, play.done)
            await play.worker()
            await play.look()
            for who in play.people:
                await judge(play, who, dice, whole=step == STEPS - 1)


async def read(session: Any, reader: Actor, name: str, **scope: UUID) -> set[UUID]:
    try:
        return {row.id for row in (await POLICY[name].page(session, reader, limit=500, **scope)).items}
    except NotFound:
        return set()


async def judge(play: Play, name: str, dice: Dice, whole: bool) -> None:
    """All the paths of one reader: across cases, in the case, one by one, the contents, why, and the log of it."""
    who, facts, session = play.people[name], play.facts, play.session
    told = (name, play.done)
    reader = replace(await play.actor(name), request_id=new_id().hex)
    expected = readable("document", facts, who)
    for resource in LISTED if whole else LISTED[:3]:
        assert await read(session, reader, resource) == readable(resource, facts, who), (resource, *told)
    assert await read(session, reader, "document", case_id=play.case["id"]) == expected, told
    for document in facts["documents"] if whole else dice.some(facts["documents"], 2):
        id, opens = document["id"], document["id"] in expected
        assert (await why(session, reader, id) != set()) is opens, (*told, document)
        contents = await read(session, reader, "document_version", document_id=id)
        its = {v["id"] for v in facts["document_versions"] if v["document_id"] == id}
        assert contents == its & readable("document_version", facts, who), told
    await judge_log(play, reader, who)
    if reads_content(facts, who, play.case) and who["kind"] != "service":
        await judge_access(play, reader, who, dice)
    if whole and party(facts, who, play.case):
        await judge_told(play, reader, who)


async def why(session: Any, reader: Actor, id: UUID) -> set[str]:
    """The rules that open a document, by its explanation; none where it is not to be had."""
    try:
        return set((await documents.explain(session, reader, id))["read"])
    except NotFound:
        return set()


# --- the reason in the log


async def judge_log(play: Play, reader: Actor, who: Row) -> None:
    """Each look names a rule that the oracle knows to hold; where that is a share, a basis that makes it lawful."""
    seen = select(log.resource_ids, log.rules, log.bases).where(
        log.request_id == reader.request_id, log.resource == "document", log.action == "read"
    )
    rows = {row["id"]: row for row in play.facts["documents"]}
    for entry in (await play.session.execute(seen)).all():
        for id, rule, basis in zip(entry.resource_ids, entry.rules, entry.bases, strict=True):
            assert rule in reasons(play.facts, who, rows[id]), (rule, play.done)
            by_share = rule.startswith("shared_on_")
            assert (basis in lawful(play.facts, who, rows[id])) is by_share, (rule, basis, play.done)
            assert (basis is None) is not by_share


async def judge_told(play: Play, reader: Actor, who: Row) -> None:
    """P9: the family is told of every look of the staff at what is its own, of one's own looks, and of no other."""
    versions = {row["id"]: row["document_id"] for row in play.facts["document_versions"]}
    open_now = readable("document", play.facts, who)
    mine = {row["id"] for row in play.facts["documents"] if oracle.is_theirs(play.facts, who, row)} & open_now
    this, looked = (log.case_id == play.case["id"]) | (play.case["id"] == any_(log.case_ids)), log.outcome == "read"
    rows = select(log.id, log.resource_ids, log.actor_id, log.actor_kind).where(
        this, looked, is_one(log.resource, "document", "document_version")
    )
    expected = {
        row.id
        for row in (await play.session.execute(rows)).all()
        if row.actor_id == who["id"]
        or (row.actor_kind != "citizen" and not row.resource_ids)
        or (row.actor_kind != "citizen" and {versions.get(id, id) for id in row.resource_ids} & mine)
    }
    told = (await POLICY["access_log"].page(play.session, reader, case_id=play.case["id"], limit=10_000)).items
    found = {row.id for row in told if row.resource in ("document", "document_version") and row.outcome == "read"}
    assert found == expected, play.done


def reasons(facts: Facts, who: Row, document: Row) -> set[str]:
    consent = oracle.shared(facts, who, document, {"consent"})
    statute = oracle.shared(facts, who, document, {"consent", "statute"})
    owns = oracle.owns(facts, who, document)
    held = {
        "owner_department": owns and who["kind"] == "professional",
        "acts_for_document_owner": owns and who["kind"] == "service",
        "shared_on_consent": consent,
        "shared_on_statute": statute and not consent,
        "emergency_access": oracle.breaks_the_glass(facts, who, facts["cases"][0]),
        "own_information": who["kind"] == "citizen" and oracle.is_theirs(facts, who, document),
        "custody_of_subject": who["kind"] == "citizen" and oracle.is_theirs(facts, who, document),
    }
    return {rule for rule, holds in held.items() if holds}


def lawful(facts: Facts, who: Row, document: Row) -> set[UUID]:
    """The bases by which one subject's part of the document reaches the reader."""
    reached = [s for s in facts["shares"] if s["revoked_at"] is None]
    return {
        b["id"]
        for b in facts["bases"]
        for s in reached
        if s["purpose"] == b["purpose"]
        and b["subject_id"] in document["subjects"]
        and oracle.basis_opens(facts, who, document, s, b)
    }


# --- who else may


async def judge_access(play: Play, asker: Actor, who: Row, dice: Dice) -> None:
    """Who may see what, as far as the asker may: each person with the right number of documents, and nobody else."""
    facts = as_told(play.facts, who)
    mine = [row for row in facts["documents"] if oracle.reads(play.facts, who, row)]
    if who["kind"] == "citizen":  # who else reads what another shared with them, is that one's affair
        mine = [row for row in mine if oracle.is_theirs(play.facts, who, row)]
    told = {row["id"]: row for row in await access.access(play.session, asker, play.case["id"])}
    for name, other in play.people.items():
        known = other["kind"] != "citizen" or known_of(play.facts, who, other)
        count = sum(oracle.reads(facts, other, row) for row in mine) if known else 0
        assert told.get(other["id"], {"documents": 0})["documents"] == count, (name, "asked by", who, play.done)
    if mine and who["kind"] == "professional":
        await judge_explanation(play, asker, dice.choice(mine), dice.choice(list(play.people.values())))


def known_of(facts: Facts, who: Row, other: Row) -> bool:
    """The asker reads the record of the member that the other is."""
    return any(m["user_id"] == other["id"] and m["id"] in readable("member", facts, who) for m in facts["members"])


def as_told(facts: Facts, who: Row) -> Facts:
    """The world as far as somebody may know of it: the family does not know of a basis before its notice."""
    if who["kind"] != "citizen":
        return facts
    known = copy(facts)
    known.rows = facts.rows | {"bases": [b for b in facts["bases"] if oracle.told(facts, b)]}  # type: ignore[assignment]
    return known


async def judge_explanation(play: Play, asker: Actor, document: Row, other: Row) -> None:
    """Why another may, or may not, agrees with what the other gets."""
    if other["id"] == asker.user:
        return
    grants = await documents.explain(play.session, asker, document["id"])
    if not grants["share"]:
        return
    found = await access.explanation(play.session, asker, document["id"], other["id"])
    opens = bool(found["items"][0]["rules"])
    assert opens is oracle.reads(play.facts, other, document), (other, play.done)


# --- the clock


@pytest.mark.parametrize(("seconds", "opens"), [(-1, False), (0, True), (1, False)])
async def test_a_basis_counts_from_its_first_instant_until_the_one_before_its_last(
    seconds: int, opens: bool, here: World, owner: Database
) -> None:
    """P4: a range of one second, looked at just before, within and just after."""
    play = opening(here)
    facts, document = play.facts, play.facts["documents"][0]
    recipient = ("user", play.people["psychologist"]["id"])
    document["owner_department_id"] = facts.departments[0]
    range_ = {"active_from": facts.at, "active_until": facts.at + SECOND, "documents": [document["id"]]}
    add_basis(facts, play.case, document["subjects"][0], [recipient], **range_)
    add_share(facts, play.case, recipient, document_id=document["id"])
    async with arranged(owner, here, facts) as session:
        play.session = session
        facts.at += seconds * SECOND
        reader = await play.actor("psychologist")
        for scope in ({}, {"case_id": play.case["id"]}):
            assert (document["id"] in await read(session, reader, "document", **scope)) is opens
