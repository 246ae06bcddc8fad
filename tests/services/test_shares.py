"""Sharing: never without a basis in force (R281), for one purpose (R300), and with what made it lawful (R301)."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.db import Database
from tests.services.arranged import Arranged, now
from tests.worlds import World

pytestmark = pytest.mark.anyio


@pytest.fixture
async def arranged(world: World, owner: Database) -> Arranged:
    return await Arranged.begin(world, owner)


async def test_a_share_on_consent_opens_the_document_and_keeps_what_made_it_lawful(arranged: Arranged) -> None:
    document = await arranged.document()
    assert await arranged.status("psychologist", document) == 404
    basis = await arranged.basis(to=arranged.user("psychologist"))
    assert await arranged.status("psychologist", document) == 404, "consent is no share"
    made = await arranged.share(document, arranged.user("psychologist"))
    assert made.status_code == 201, made.text
    share = made.json()
    assert (share["bases"], share["purpose"], share["recipient_name"]) == (
        [str(basis)],
        "assessment",
        "psychologist Prøvesen",
    )
    assert made.headers["location"] == f"/v1/shares/{share['id']}"
    assert await arranged.status("psychologist", document) == 200
    await arranged.end(basis)
    assert await arranged.status("psychologist", document) == 404, "ends with the consent"


async def test_without_a_basis_it_is_refused_and_says_what_is_missing(arranged: Arranged) -> None:
    """R281, story step 8. Ids and codes, never a name."""
    document = await arranged.document("child", "father", category="employment")
    refused = await arranged.share(document, arranged.user("psychologist"))
    body = refused.json()
    assert (refused.status_code, body["code"]) == (403, "consent-missing")
    assert [(one["pointer"], one["code"]) for one in body["errors"]] == [("/recipient/id", "consent-not-asked")]
    assert "Beskæftigelse" in body["errors"][0]["detail"]
    lacks = {one["subject_id"]: one for one in body["missing"]}
    assert set(lacks) == {arranged.family.members["child"], arranged.family.members["father"]}
    one = lacks[arranged.family.members["father"]]
    assert (one["category"], one["purpose"], one["state"]) == ("employment", "assessment", "not_asked")
    assert (one["party_kind"], one["party_id"]) == ("user", str(arranged.world.ids["psychologist"]))
    assert one["awaits"] == [arranged.family.members["father"]], "an adult signs for their own"
    both = sorted(arranged.family.members[who] for who in ("mother", "father"))
    assert sorted(lacks[arranged.family.members["child"]]["awaits"]) == both
    assert "Prøvesen" not in refused.text


@pytest.mark.parametrize(
    ("given", "state"),
    [
        ({"state": "requested"}, "awaiting_signatures"),
        ({"state": "renewal_needed"}, "awaiting_signatures"),
        ({"state": "declined"}, "declined"),
        ({"state": "withdrawn"}, "ended"),
        ({"hours": -0.5}, "ended"),
        ({"categories": ["health"]}, "other_scope"),
        ({"purpose": "support"}, "other_scope"),
        ({"state": "draft"}, "not_asked"),
        ({"state": "cancelled"}, "not_asked"),
        ({"state": "ended"}, "ended"),
        ({"state": "withdrawn", "purpose": "support"}, "not_asked"),
    ],
)
async def test_how_far_it_is_from_a_consent(given: dict, state: str, arranged: Arranged) -> None:
    document = await arranged.document()
    basis = await arranged.basis(to=arranged.user("psychologist"), **given)
    await arranged.signed(basis, "mother")
    await arranged.signed(basis, "father")
    await arranged.signed(basis, "father", "withdrawn")
    refused = await arranged.share(document, arranged.user("psychologist"))
    (one,) = refused.json()["missing"]
    assert one["state"] == state
    assert one["consent_id"] == (None if state == "not_asked" else str(basis))
    mother, father = (arranged.family.members[who] for who in ("mother", "father"))
    awaited = {"awaiting_signatures": [father], "declined": []}.get(state, sorted([mother, father]))
    assert sorted(one["awaits"]) == awaited


async def test_a_consent_to_what_was_there_before_says_so(arranged: Arranged) -> None:
    """The category and the purpose are right; the document came after the consent was asked for."""
    basis = await arranged.basis(to=arranged.user("psychologist"), requested_at=now() - timedelta(days=1))
    document = await arranged.document(placed_at=now(), described_at=now())
    refused = await arranged.share(document, arranged.user("psychologist"))
    (one,) = refused.json()["missing"]
    assert (one["state"], one["consent_id"]) == ("newer_content", str(basis))
    assert refused.json()["errors"][0]["code"] == "consent-newer-content"
    gaps = await arranged.world.get("coordinator", f"/v1/cases/{arranged.case['id']}/consent-gaps")
    states = {row["state"] for gap in gaps.json()["items"] for row in gap["lacks"]}
    assert "newer_content" in states


async def test_whom_a_basis_must_name(arranged: Arranged) -> None:
    """A department by itself; a professional by herself or by a department where she works now."""
    document = await arranged.document()
    person, unit = arranged.user("psychologist"), arranged.department("ppr")
    named = await arranged.basis(to=person)
    assert (await arranged.share(document, unit)).status_code == 403, "naming one of them is not naming the department"
    assert (await arranged.share(document, person)).status_code == 201
    await arranged.end(named)
    await arranged.basis(to=unit)
    assert await arranged.status("psychologist", document) == 200
    other = await arranged.document()
    assert (await arranged.share(other, unit)).status_code == 201
    assert await arranged.status("psychologist", other) == 200
    visitor = await arranged.share(document, arranged.user("visitor"))
    assert visitor.json()["missing"][0]["state"] == "other_scope"


async def test_the_purpose_must_be_the_same(arranged: Arranged) -> None:
    document = await arranged.document()
    await arranged.basis(to=arranged.user("psychologist"))
    refused = await arranged.share(document, arranged.user("psychologist"), purpose="support")
    assert (refused.status_code, refused.json()["missing"][0]["state"]) == (403, "other_scope")


async def test_a_statutory_basis_covers_too(arranged: Arranged) -> None:
    document = await arranged.document("child", "mother")
    consent = await arranged.basis(to=arranged.user("psychologist"))
    law = await arranged.basis("mother", to=arranged.user("psychologist"), kind="statute")
    made = await arranged.share(document, arranged.user("psychologist"))
    assert (made.status_code, made.json()["bases"]) == (201, sorted([str(consent), str(law)]))
    assert await arranged.status("psychologist", document) == 200


async def test_the_order_of_refusals(arranged: Arranged, neighbour: World) -> None:
    """404, then 403, then what is meant, then the consent, then the state."""
    world = arranged.world
    to = arranged.user("psychologist")
    unreviewed = await arranged.document(relevance="unreviewed")
    unread = await arranged.document(owner="job")
    assert (await arranged.share(unread, to)).status_code == 404, "the coordinator may not read it either"
    assert (await arranged.share(uuid4(), to)).status_code == 404
    shared = await arranged.document(owner="sundhed", category="health")
    await arranged.basis(to=to, categories=["health"])
    for kind, id in (
        ("user", uuid4()),
        ("user", neighbour.ids["psychologist"]),
        ("user", world.ids["mother"]),
        ("department", world.ids["psychologist"]),
        ("department", uuid4()),
        ("organisation", uuid4()),
        ("member", uuid4()),
    ):
        refused = await arranged.share(unreviewed, {UUID(str(id)): kind})
        assert (refused.status_code, refused.json()["code"]) == (422, "unknown-reference"), kind
        assert refused.json()["errors"][0]["pointer"] == "/recipient/id"
    himself = await arranged.share(unreviewed, arranged.user("coordinator"))
    assert (himself.status_code, himself.json()["code"]) == (422, "recipient-is-you")
    assert (await arranged.share(unreviewed, to)).json()["code"] == "consent-missing"
    await arranged.basis(to=to)
    late = await arranged.share(unreviewed, to)
    assert (late.status_code, late.json()["code"]) == (409, "document-unreviewed")
    assert shared


async def test_the_same_is_shared_once(arranged: Arranged) -> None:
    document = await arranged.document()
    await arranged.basis(to=arranged.user("psychologist"))
    first = await arranged.share(document, arranged.user("psychologist"))
    again = await arranged.share(document, arranged.user("psychologist"))
    assert (again.status_code, again.json()["code"]) == (409, "already-shared")
    path = f"/v1/shares/{first.json()['id']}"
    revoked = await arranged.world.post("coordinator", f"{path}/revocation", {"reason": "Færdig."})
    assert (revoked.status_code, revoked.json()["revoke_reason"]) == (200, "Færdig.")
    assert await arranged.status("psychologist", document) == 404
    twice = await arranged.world.post("coordinator", f"{path}/revocation", {"reason": "Færdig."})
    assert (twice.status_code, twice.json()["code"]) == (409, "share-revoked")
    assert (await arranged.share(document, arranged.user("psychologist"))).status_code == 201
    listed = f"/v1/documents/{document}/shares"
    for query, count in (("", 2), ("?current=true", 1), ("?current=false", 1)):
        assert len((await arranged.world.get("coordinator", listed + query)).json()["items"]) == count


async def test_who_may_share_and_revoke(arranged: Arranged) -> None:
    world, document = arranged.world, await arranged.document()
    await arranged.basis(to={**arranged.user("psychologist"), **arranged.user("visitor")})
    share = (await arranged.share(document, arranged.user("psychologist"))).json()
    forbidden = await arranged.share(document, arranged.user("visitor"), "psychologist")
    assert (forbidden.status_code, forbidden.json()["code"]) == (403, "forbidden"), "what was shared is not shared on"
    path = f"/v1/shares/{share['id']}"
    assert (await world.get("psychologist", path)).status_code == 200
    assert (await world.post("psychologist", f"{path}/revocation", {"reason": "x"})).status_code == 403
    for nobody in ("visitor", "head", "other_service", "controller", "stranger", "child"):
        assert (await world.get(nobody, path)).status_code == 404, nobody
        assert (await world.post(nobody, f"{path}/revocation", {"reason": "x"})).status_code == 404, nobody
        assert (await arranged.share(document, arranged.user("visitor"), nobody)).status_code == 404, nobody


async def test_the_family_shares_what_is_theirs(arranged: Arranged) -> None:
    """Theirs alone, or their child's; with those who work on the case; and never without their consent."""
    world, family = arranged.world, arranged.family
    own, childs = await arranged.document("mother"), await arranged.document("child")
    to = arranged.user("psychologist")
    assert (await arranged.share(own, to, "mother")).json()["code"] == "consent-missing"
    for about in ("mother", "child"):
        await arranged.basis(about, to={**to, **arranged.user("visitor"), UUID(family.members["father"]): "member"})
    outside = await arranged.share(own, arranged.user("visitor"), "mother")
    assert (outside.status_code, outside.json()["code"]) == (422, "unknown-reference"), "is not on the case"
    assert (await arranged.share(own, to, "father")).status_code == 404
    made = await arranged.share(own, to, "mother")
    assert (made.status_code, made.json()["created_by_name"]) == (201, None)
    assert (await arranged.share(childs, to, "father")).status_code == 201
    assert (await world.get("father", f"/v1/shares/{made.json()['id']}")).status_code == 404
    to_father = await arranged.share(own, {UUID(family.members["father"]): "member"}, "mother")
    assert to_father.status_code == 201
    assert await arranged.status("father", own) == 200
    assert (await world.get("father", f"/v1/shares/{to_father.json()['id']}")).status_code == 200
    mine = await arranged.share(own, {UUID(family.members["mother"]): "member"}, "mother")
    assert (mine.status_code, mine.json()["code"]) == (422, "recipient-is-you")
    ended = await world.post("mother", f"/v1/shares/{to_father.json()['id']}/revocation", {"reason": "Fortrudt."})
    assert ended.status_code == 200
    assert await arranged.status("father", own) == 404


async def test_a_folder_is_shared_when_all_in_it_that_may_be_is_covered(arranged: Arranged) -> None:
    world, folder = arranged.world, await arranged.folder()
    inner = await arranged.folder("Skole", within=[folder])
    to, path = arranged.user("psychologist"), f"/v1/folders/{folder}/shares"
    ((id, kind),) = to.items()
    body = {"recipient": {"kind": kind, "id": str(id)}, "purpose": "assessment"}
    empty = await world.post("coordinator", path, body)
    assert (empty.status_code, empty.json()["errors"][0]["code"]) == (403, "consent-names-no-folder")
    document = await arranged.document(path=[folder, inner])
    await arranged.document(path=[folder], category="health", relevance="not_relevant")
    await arranged.document(path=[folder], category="health", owner="job")
    refused = await world.post("coordinator", path, body)
    (one,) = refused.json()["missing"]
    assert (one["document_id"], one["category"]) == (str(document), "report"), "only what is read and may be shared"
    named = await arranged.basis(to=to, categories=[], folders=[folder])
    made = await world.post("coordinator", path, body)
    assert (made.status_code, made.json()["bases"], made.json()["title"]) == (201, [str(named)], "Udredning")
    assert (await world.post("coordinator", path, body)).json()["code"] == "already-shared"
    assert await arranged.status("psychologist", document) == 200
    later = await arranged.document(path=[folder], placed_at=now())
    assert await arranged.status("psychologist", later) == 404, "not what came later"
    assert (await world.get("psychologist", path)).status_code == 200
    assert (await world.get("visitor", path)).status_code == 404
    assert (await world.post("psychologist", path, body)).status_code == 403


async def test_in_a_closed_case_nothing_is_shared_but_sharing_ends(arranged: Arranged) -> None:
    world, document = arranged.world, await arranged.document()
    await arranged.basis(to=arranged.user("psychologist"))
    await arranged.basis(to=arranged.user("visitor"), kind="statute")
    share = (await arranged.share(document, arranged.user("psychologist"))).json()
    body = {"to": "closed", "reason": "other", "closing": {"goals": [], "handover_note": "Slut."}}
    assert (await world.post("coordinator", f"/v1/cases/{arranged.case['id']}/transitions", body)).status_code == 200
    late = await arranged.share(document, arranged.user("visitor"))
    assert (late.status_code, late.json()["code"]) == (409, "case-read-only")
    ended = await arranged.share(document, arranged.department("ppr"))
    assert (ended.status_code, ended.json()["code"]) == (403, "consent-missing"), "consents end with the case"
    ended = await world.post("coordinator", f"/v1/shares/{share['id']}/revocation", {"reason": "Slut."})
    assert ended.status_code == 200


async def test_a_leak_a_share_says_nothing_of_what_one_may_not_read(arranged: Arranged) -> None:
    """Of a document that is not hers to read nobody hears to whom it is shared: not by id, in lists or by counts."""
    world = arranged.world
    hidden = await arranged.document("mother", owner="job")
    await arranged.basis("mother", to=arranged.user("psychologist"))
    made = await arranged.share(hidden, arranged.user("psychologist"), "mother")
    assert made.status_code == 201
    cases = f"/v1/cases/{arranged.case['id']}/shares"
    assert len((await world.get("mother", cases)).json()["items"]) == 1
    assert len((await world.get("psychologist", cases)).json()["items"]) == 1
    for other in ("coordinator", "father"):
        assert (await world.get(other, cases)).json()["items"] == [], other
        assert (await world.get(other, f"/v1/shares/{made.json()['id']}")).status_code == 404
        assert (await world.get(other, f"/v1/documents/{hidden}/shares")).status_code == 404
        timeline = (await world.get(other, f"/v1/cases/{arranged.case['id']}/timeline")).text
        assert "document.shared" not in timeline, other
    assert "document.shared" in (await world.get("mother", f"/v1/cases/{arranged.case['id']}/timeline")).text


async def test_a_leak_the_family_hears_of_no_share_before_the_notice(arranged: Arranged) -> None:
    world, document = arranged.world, await arranged.document()

    later = (now().date()).replace(year=now().year + 1)
    await arranged.basis(
        to=arranged.user("psychologist"), kind="statute", notice_after=later, notice_delay_reason="Fare for barnet"
    )
    made = await arranged.share(document, arranged.user("psychologist"))
    assert made.status_code == 201, made.text
    assert await arranged.status("psychologist", document) == 200
    case = f"/v1/cases/{arranged.case['id']}"
    assert (await world.get("mother", f"/v1/shares/{made.json()['id']}")).status_code == 404
    assert (await world.get("mother", f"/v1/documents/{document}/shares")).json()["items"] == []
    assert "document.shared" not in (await world.get("mother", f"{case}/timeline")).text
    assert "document.shared" in (await world.get("coordinator", f"{case}/timeline")).text
    told = [one["text"] for one in (await world.get("mother", f"{case}/access-log")).json()["items"]]
    assert not [text for text in told if "delte" in text]
    refused = await arranged.share(document, arranged.user("psychologist"), "mother", purpose="assessment")
    assert refused.json()["code"] == "consent-missing", "what one may not know of, one cannot build on"


async def test_a_replay_reads_the_share_again(arranged: Arranged) -> None:
    document = await arranged.document()
    await arranged.basis(to=arranged.user("psychologist"))
    ((id, kind),) = arranged.user("psychologist").items()
    body = {"recipient": {"kind": kind, "id": str(id)}, "purpose": "assessment"}
    path = f"/v1/documents/{document}/shares"
    first, again = [await arranged.world.post("coordinator", path, body, idempotency_key="en-deling") for _ in range(2)]
    assert (again.status_code, again.json()) == (201, first.json())


async def judged(arranged: Arranged, who: str, document: UUID) -> int:
    answer = await arranged.world.post(who, f"/v1/documents/{document}/relevance", {"relevance": "relevant"})
    return answer.status_code


async def test_the_family_shares_what_it_brought_to_a_folder_that_it_keeps(arranged: Arranged) -> None:
    """X33: no department reads it there, so the family judges its relevance; and on a consent in force only."""
    folder = await arranged.folder(explicit_only=True)
    brought = {"by": "mother", "relevance": "unreviewed", "path": [folder]}
    document = await arranged.document(**brought)
    staff = ("coordinator", "psychologist", "journal")
    assert [await judged(arranged, who, document) for who in staff] == [404, 404, 404]
    to = arranged.user("psychologist")
    refused = await arranged.share(document, to, "mother")
    assert (refused.status_code, refused.json()["code"]) == (403, "consent-missing")
    basis = await arranged.basis(to=to)
    refused = await arranged.share(document, to, "mother")
    assert (refused.status_code, refused.json()["code"]) == (409, "document-unreviewed")
    assert await judged(arranged, "father", document) == 200, "whoever has custody of all whom it is about"
    shared = await arranged.share(document, to, "mother")
    assert shared.status_code == 201, shared.text
    assert [await arranged.status(who, document) for who in staff] == [404, 200, 404]
    await arranged.end(basis)
    assert await arranged.status("psychologist", document) == 404


async def test_the_family_judges_nothing_else(arranged: Arranged) -> None:
    """Not what staff made, not what a department can read, and not what is about another of the family."""
    folder = await arranged.folder(explicit_only=True)
    made_by_staff = await arranged.document(relevance="unreviewed", path=[folder])
    in_no_folder = await arranged.document(by="mother", relevance="unreviewed")
    of_hers = await arranged.document("mother", by="mother", relevance="unreviewed", path=[folder])
    of_both = await arranged.document("child", "father", by="mother", relevance="unreviewed", path=[folder])
    given = {made_by_staff: (403, 403), in_no_folder: (403, 403), of_hers: (200, 404), of_both: (404, 200)}
    for document, expected in given.items():
        assert (await judged(arranged, "mother", document), await judged(arranged, "father", document)) == expected
    await arranged.basis("mother", to={UUID(arranged.family.members["father"]): "member"})
    shared = await arranged.share(of_hers, {UUID(arranged.family.members["father"]): "member"}, "mother")
    assert shared.status_code == 201, shared.text
    assert await judged(arranged, "father", of_hers) == 403, "it was shared with him, and is hers"
