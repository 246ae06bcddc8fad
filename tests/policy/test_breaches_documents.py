"""Ways around the sharing of documents that were tried: each test says what must hold; one that fails is a way in."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.db import Database
from app.models import EmergencyAccess, LegalReference, Withholding
from tests.services.arranged import Arranged, now
from tests.uploads import send, uploaded
from tests.worlds import World, local_today

pytestmark = pytest.mark.anyio


@pytest.fixture
async def arranged(world: World, owner: Database) -> Arranged:
    return await Arranged.begin(world, owner)


def at(hours: float) -> str:
    return (now() + timedelta(hours=hours)).isoformat()


def pending() -> dict[str, Any]:
    return {"notice_after": local_today() + timedelta(days=9), "notice_delay_reason": "Fare for barnet"}


async def visit(a: Arranged) -> None:
    body = {"kind": "network", "opens_at": at(-1), "closes_at": at(24), "reason": "x"}
    body["user_id"] = str(a.world.ids["visitor"])
    made = await a.world.post("coordinator", f"/v1/cases/{a.case['id']}/guests", body)
    assert made.status_code == 201, made.text


async def gaps(a: Arranged, who: str) -> Any:
    return (await a.world.get(who, f"/v1/cases/{a.case['id']}/consent-gaps")).json()["items"]


# 1
async def test_gaps_do_not_tell_of_the_other_parents_consents(arranged: Arranged) -> None:
    """The mother's document is shared with the father; what she answered about the psychologist is not."""
    document = await arranged.document("mother", category="health")
    father = {arranged.members("father")[0]: "member"}
    await arranged.basis("mother", to=father, categories=["health"], signers=arranged.members("mother"))
    await arranged.put_share(document, father)
    assert (await arranged.world.get("father", f"/v1/documents/{document}")).status_code == 200
    before = await gaps(arranged, "father")
    no = await arranged.basis(
        "mother",
        to=arranged.user("psychologist"),
        categories=["health"],
        state="declined",
        signers=arranged.members("mother"),
    )
    assert (await arranged.world.get("father", f"/v1/consents/{no}")).status_code == 404
    after = await gaps(arranged, "father")
    assert str(no) not in str(after)
    assert before == after


# 2
async def test_a_share_that_the_family_is_not_told_of_is_not_told_by_a_conflict(arranged: Arranged) -> None:
    document = await arranged.document()
    psychologist = arranged.user("psychologist")
    await arranged.basis(to=psychologist, kind="statute", **pending())
    made = await arranged.share(document, psychologist)
    assert made.status_code == 201, made.text
    assert (await arranged.world.get("mother", f"/v1/documents/{document}/shares")).json()["items"] == []
    await arranged.basis(to=psychologist)  # the family consents to the same
    again = await arranged.share(document, psychologist, "mother")
    assert (again.status_code, again.json().get("code")) == (201, None)


# 3
async def test_contents_before_the_reviewed_one_are_not_shared(arranged: Arranged) -> None:
    """The first content was judged not relevant to share; the second leaves out what nobody else should read."""
    world = arranged.world
    document = await uploaded(world, "coordinator", arranged.case, b"Alt om mors sygdom.", category="report")
    path = f"/v1/documents/{document['id']}"
    await world.post("coordinator", f"{path}/relevance", {"relevance": "not_relevant", "note": "x"})
    details = {"based_on": 1}
    assert (await send(world, "coordinator", f"{path}/versions", details, b"Kun det relevante.")).status_code == 201
    judged = await world.post("coordinator", f"{path}/relevance", {"relevance": "relevant"})
    assert judged.status_code == 200, judged.text
    await arranged.basis(to=arranged.user("psychologist"), requested_at=now())
    made = await arranged.share(document["id"], arranged.user("psychologist"))
    assert made.status_code == 201, made.text
    listed = (await world.get("psychologist", f"{path}/versions")).json()["items"]
    first = [one for one in listed if one["number"] == 1]
    text = [(await world.get("psychologist", f"/v1/document-versions/{one['id']}/content")).text for one in first]
    assert text == []


# 3b
async def test_an_address_taken_out_by_a_new_content_is_not_read_in_the_former(arranged: Arranged) -> None:
    world, mother = arranged.world, arranged.family.members["mother"]
    document = await uploaded(
        world, "coordinator", arranged.case, b"Mor bor Skjulvej 1.", category="report", shows_address_of=[mother]
    )
    protected = await world.update("coordinator", "PATCH", f"/v1/members/{mother}", {"address_protected": True})
    path = f"/v1/documents/{document['id']}"
    assert protected.status_code == 200, protected.text
    assert (await world.get("father", path)).status_code == 404
    details = {"based_on": 1}
    assert (await send(world, "coordinator", f"{path}/versions", details, b"Uden adresse.")).status_code == 201
    assert (await world.update("coordinator", "PATCH", path, {"shows_address_of": []})).status_code == 200
    assert (await world.get("father", path)).status_code == 200
    listed = (await world.get("father", f"{path}/versions")).json()["items"]
    assert [one["number"] for one in listed] == [2]


# 4
@pytest.mark.parametrize("how", ["withdrawn", "revoked"])
async def test_a_guest_reads_no_name_of_a_folder_without_a_basis(how: str, arranged: Arranged) -> None:
    world = arranged.world
    await visit(arranged)
    folder = await arranged.folder("Mors misbrug")
    basis = await arranged.basis(to=arranged.user("visitor"), folders=[folder], categories=[])
    body = {"recipient": {"kind": "user", "id": str(world.ids["visitor"])}, "purpose": "assessment"}
    made = await world.post("coordinator", f"/v1/folders/{folder}/shares", body)
    assert made.status_code == 201, made.text
    path = f"/v1/shares/{made.json()['id']}"
    assert (await world.get("visitor", path)).status_code == 200
    assert (await world.get("visitor", f"/v1/folders/{folder}")).status_code == 404
    if how == "withdrawn":
        await arranged.end(basis)
    else:
        assert (await world.post("coordinator", f"{path}/revocation", {"reason": "Far sagde nej."})).status_code in (
            200,
            201,
        )
    seen = await world.get("visitor", path)
    print(seen.text)
    assert seen.status_code == 404


# 5
async def test_last_looked_is_silent_on_a_second_subjects_pending_basis(arranged: Arranged) -> None:
    world, psychologist = arranged.world, arranged.user("psychologist")
    told, untold = await arranged.document(), await arranged.document("child", "mother", category="health")
    await arranged.basis(to=psychologist, categories=["report", "health"])
    await arranged.basis("mother", to=psychologist, kind="statute", categories=["health"], **pending())
    for one in (told, untold):
        assert (await arranged.share(one, psychologist)).status_code == 201

    async def last() -> Any:
        items = (await world.get("mother", f"/v1/cases/{arranged.case['id']}/access")).json()["items"]
        return [one["last_looked"] for one in items if one["name"].startswith("psych")]

    assert (await world.get("mother", f"/v1/documents/{untold}")).status_code == 200
    before = await last()
    assert len(before) == 1
    assert (await world.get("psychologist", f"/v1/documents/{untold}")).status_code == 200
    assert await last() == before


# 6
async def test_a_shared_folder_does_not_count_the_other_parents_bases(arranged: Arranged) -> None:
    world, psychologist = arranged.world, arranged.user("psychologist")
    folder = await arranged.folder()
    await arranged.document(path=[folder])
    await arranged.document("mother", path=[folder], category="health")
    own = await arranged.basis(to=psychologist)
    hers = await arranged.basis("mother", to=psychologist, categories=["health"], signers=arranged.members("mother"))
    body = {"recipient": {"kind": "user", "id": str(world.ids["psychologist"])}, "purpose": "assessment"}
    made = await world.post("coordinator", f"/v1/folders/{folder}/shares", body)
    assert made.status_code == 201, made.text
    assert (await world.get("father", f"/v1/consents/{hers}")).status_code == 404
    seen = (await world.get("father", f"/v1/shares/{made.json()['id']}")).json()
    assert seen["bases"] == [str(own)]


# 7
async def test_what_a_teen_signed_alone_as_health_is_not_read_as_something_else(arranged: Arranged) -> None:
    """A document is named by its id; its category decides who signs, and is changed afterwards."""
    world, psychologist = arranged.world, arranged.user("psychologist")
    document = await arranged.document("teen", category="health")
    path = f"/v1/documents/{document}"
    wanted = {
        "subject_id": arranged.family.members["teen"],
        "purpose": "assessment",
        "text": "x",
        "recipients": [{"kind": "user", "id": str(world.ids["psychologist"])}],
        "document_ids": [str(document)],
        "categories": [],
    }
    drafted = await world.post("coordinator", f"/v1/cases/{arranged.case['id']}/consents", wanted)
    assert drafted.status_code == 201, drafted.text
    consent = f"/v1/consents/{drafted.json()['id']}"
    assert (await world.post("coordinator", f"{consent}/request")).status_code == 200
    said = {"answer": "approved", "given": "oral", "note": "x", "member_id": arranged.family.members["teen"]}
    signed = await world.post("coordinator", f"{consent}/signatures", said)
    assert signed.json()["in_force"] is True, signed.text
    assert (await arranged.share(document, psychologist)).status_code == 201
    changed = await world.update("coordinator", "PATCH", path, {"category": "family"})
    if changed.status_code == 422:
        changed = await world.update("coordinator", "PATCH", path, {"category": "school"})
    assert changed.status_code == 200, changed.text
    assert (await world.get("psychologist", path)).status_code == 404


# 7b
async def test_new_contents_are_not_covered_by_a_consent_to_what_was_there(arranged: Arranged) -> None:
    """covers_later is false: what comes after the text was shown is not covered (P2)."""
    world = arranged.world
    document = await uploaded(world, "coordinator", arranged.case, b"Et.", category="report")
    path = f"/v1/documents/{document['id']}"
    await world.post("coordinator", f"{path}/relevance", {"relevance": "relevant"})
    await arranged.basis(to=arranged.user("psychologist"), requested_at=now())
    assert (await arranged.share(document["id"], arranged.user("psychologist"))).status_code == 201
    assert (await send(world, "coordinator", f"{path}/versions", {"based_on": 1}, b"Helt andet.")).status_code == 201
    await world.post("coordinator", f"{path}/relevance", {"relevance": "relevant"})
    assert (await world.get("psychologist", f"{path}/content")).status_code == 404


# 8
async def test_a_refused_attempt_to_write_down_a_childs_words_is_not_told_to_the_parents(arranged: Arranged) -> None:
    world, path = arranged.world, f"/v1/cases/{arranged.case['id']}"
    closing = {"to": "closed", "reason": "other", "closing": {"goals": [], "handover_note": "Slut."}}
    assert (await world.post("coordinator", f"{path}/transitions", closing)).status_code == 200
    body = {"title": "x", "body": "Far slår.", "audience": "author", "given": "told"}
    body["author_id"] = arranged.family.members["child"]
    refused = await world.post("coordinator", f"{path}/statements", body)
    assert refused.status_code == 409, refused.text
    rows = (await world.get("father", f"{path}/access-log")).json()["items"]
    assert [one["text"] for one in rows if one["action"] == "make_statement"] == []


# 9
async def test_a_shared_folder_opens_only_what_was_reviewed_and_is_consented_to(arranged: Arranged) -> None:
    """The advisers share a folder with what lies in it; each document stays guarded by its owner and subjects."""
    world, psychologist = arranged.world, arranged.user("psychologist")
    folder = await arranged.folder()
    await arranged.document(path=[folder])
    reviewed = await arranged.document(path=[folder], owner="sundhed", by="visitor")
    unreviewed = await arranged.document(path=[folder], owner="sundhed", by="visitor", relevance="unreviewed")
    body = {"recipient": {"kind": "user", "id": str(world.ids["psychologist"])}, "purpose": "assessment"}
    refused = await world.post("coordinator", f"/v1/folders/{folder}/shares", body)
    assert (refused.status_code, refused.json()["code"]) == (403, "consent-missing")
    await arranged.basis(to=psychologist)
    assert (await world.post("coordinator", f"/v1/folders/{folder}/shares", body)).status_code == 201
    assert (await world.get("psychologist", f"/v1/documents/{reviewed}")).status_code == 200
    assert (await world.get("psychologist", f"/v1/documents/{unreviewed}")).status_code == 404


# 10
async def test_nobody_approves_a_statutory_basis_for_herself(arranged: Arranged) -> None:
    world = arranged.world
    basis = await arranged.basis(to=arranged.user("psychologist"), kind="statute", state="requested")
    reviewed = await world.post(
        "psychologist", f"/v1/statutory-bases/{basis}/review", {"decision": "approved", "note": "x"}
    )
    assert reviewed.status_code == 403, reviewed.text


# 11
async def test_a_guest_of_a_cancelled_meeting_is_out(arranged: Arranged) -> None:
    world = arranged.world
    path = f"/v1/cases/{arranged.case['id']}"
    meeting = await world._made("coordinator", f"{path}/meetings", {"kind": "analysis", "planned_for": at(1)})
    body = {"kind": "meeting", "meeting_id": meeting["id"], "opens_at": at(-1), "closes_at": at(3), "reason": "x"}
    body["user_id"] = str(world.ids["visitor"])
    assert (await world.post("coordinator", f"{path}/guests", body)).status_code == 201
    document = await arranged.document()
    await arranged.basis(to=arranged.user("visitor"))
    assert (await arranged.share(document, arranged.user("visitor"))).status_code == 201
    off = await world.post("coordinator", f"/v1/meetings/{meeting['id']}/cancel", {"reason": "x"})
    assert off.status_code < 300, off.text
    assert (await world.get("visitor", f"/v1/documents/{document}")).status_code == 404


# 12
async def test_emergency_access_is_not_opened_again_and_again_unreviewed(arranged: Arranged) -> None:
    world, path = arranged.world, f"/v1/cases/{arranged.case['id']}/emergency-access"
    ids = []
    for hours in (5, 3):
        opened = await world.post("psychologist", path, {"reason": "x", "minutes": 60})
        assert opened.status_code == 201, opened.text
        ids.append(UUID(opened.json()["id"]))
        began = now() - timedelta(hours=hours)
        await arranged.set(EmergencyAccess, ids[-1], opened_at=began, closes_at=began + timedelta(minutes=60))
    refused = await world.post("psychologist", path, {"reason": "x", "minutes": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "emergency-limit")
    reviewed = await world.post("head", f"/v1/emergency-accesses/{ids[0]}/review", {"note": "x"})
    assert reviewed.status_code == 200, reviewed.text
    again = await world.post("psychologist", path, {"reason": "x", "minutes": 60})
    assert again.status_code == 201, again.text
    closed = await world.post("psychologist", f"/v1/emergency-accesses/{again.json()['id']}/close")
    assert closed.status_code == 200, closed.text
    used = await world.post("psychologist", path, {"reason": "x", "minutes": 59})
    assert used.status_code == 201, "closed early, it counts as long as it was open"


# 16
async def test_staff_do_not_take_a_subject_off_what_is_shared(arranged: Arranged) -> None:
    """Whoever lacks the mother's consent takes her off the document: no new review, no new consent."""
    world, psychologist = arranged.world, arranged.user("psychologist")
    document = await arranged.document("child", "mother")
    await arranged.basis(to=psychologist)
    assert (await arranged.share(document, psychologist)).status_code == 403
    path = f"/v1/documents/{document}"
    off = await world.update("coordinator", "PATCH", path, {"subjects": [arranged.family.members["child"]]})
    assert off.status_code == 200, off.text
    shared = await arranged.share(document, psychologist)
    assert shared.status_code != 201


# 16b
async def test_staff_do_not_take_a_subject_off_what_a_consent_names_by_its_id(arranged: Arranged) -> None:
    world, psychologist = arranged.world, arranged.user("psychologist")
    document = await arranged.document("child", "mother")
    await arranged.basis(to=psychologist, categories=[], documents=[document])
    assert (await arranged.share(document, psychologist)).status_code == 403
    path = f"/v1/documents/{document}"
    off = await world.update("coordinator", "PATCH", path, {"subjects": [arranged.family.members["child"]]})
    assert off.status_code == 200, off.text
    shared = await arranged.share(document, psychologist)
    assert shared.status_code != 201


# 17
async def test_an_answered_request_does_not_tell_of_a_withheld_document(arranged: Arranged) -> None:
    """The request says the same whether the father may read what came, or somebody keeps it from him."""
    world, case = arranged.world, arranged.case["id"]
    unit = {"kind": "department", "id": str(world.departments["sundhed"])}
    await arranged.basis(
        to=arranged.user("coordinator"), sources=[world.departments["sundhed"]], source_kinds=["department"]
    )
    asked = await world.post(
        "coordinator",
        f"/v1/cases/{case}/information-requests",
        {
            "subject_id": arranged.family.members["child"],
            "holder": unit,
            "category": "report",
            "purpose": "assessment",
            "what": "x",
            "why": "y",
            "due_on": (local_today() + timedelta(days=9)).isoformat(),
        },
    )
    assert asked.status_code == 201, asked.text
    path = f"/v1/information-requests/{asked.json()['id']}"
    done = await send(world, "visitor", f"{path}/documents", {"title": "Svar"}, b"Svar.")
    assert done.status_code < 300, done.text
    (document,) = [one["id"] for one in (await world.get("mother", "/v1/documents")).json()["items"]]
    before = (await world.get("father", path)).json()
    law = await arranged.put(
        LegalReference,
        code="w",
        use="withhold",
        title="x",
        citation="y",
        valid_from=local_today() - timedelta(days=2),
        created_at=now(),
    )

    await arranged.put(
        Withholding,
        document_id=UUID(document),
        case_id=UUID(case),
        member_id=arranged.members("father")[0],
        reason="x",
        legal_reference_id=law,
        created_at=now(),
        created_by=world.ids["coordinator"],
    )
    assert (await world.get("father", f"/v1/documents/{document}")).status_code == 404
    assert (await world.get("father", path)).json() == before


# 18
async def test_a_consent_does_not_name_a_document_that_is_withheld(arranged: Arranged) -> None:

    world = arranged.world
    document = await arranged.document()
    law = await arranged.reference()
    await arranged.put(
        Withholding,
        document_id=document,
        case_id=UUID(arranged.case["id"]),
        member_id=arranged.members("father")[0],
        reason="x",
        legal_reference_id=law,
        created_at=now(),
        created_by=world.ids["coordinator"],
    )
    basis = await arranged.basis(to=arranged.user("psychologist"), categories=[], documents=[document])
    assert str(document) not in (await world.get("father", f"/v1/consents/{basis}")).text


# 19
async def test_a_list_is_not_narrowed_by_a_folder_that_one_is_not_shown(arranged: Arranged) -> None:
    world = arranged.world
    await visit(arranged)
    folder = await arranged.folder("Mors misbrug")
    document = await arranged.document(path=[folder])
    await arranged.basis(to=arranged.user("visitor"))
    assert (await arranged.share(document, arranged.user("visitor"))).status_code == 201
    assert (await world.get("visitor", f"/v1/documents/{document}")).json()["folder_id"] is None
    assert (await world.get("visitor", f"/v1/documents?folder_id={folder}")).json()["items"] == []


# 20 (holds)
async def test_a_citizens_upload_and_a_replay_show_nothing_withheld_since(arranged: Arranged) -> None:

    world = arranged.world
    path = f"/v1/cases/{arranged.case['id']}/documents"
    details = {"title": "x", "category": "school"}
    first = await send(world, "father", path, details, b"Ord.", idempotency_key="k1")
    assert first.status_code == 201, first.text
    law = await arranged.reference()
    await arranged.put(
        Withholding,
        document_id=UUID(first.json()["id"]),
        case_id=UUID(arranged.case["id"]),
        member_id=arranged.members("father")[0],
        reason="x",
        legal_reference_id=law,
        created_at=now(),
        created_by=world.ids["coordinator"],
    )
    again = await send(world, "father", path, details, b"Ord.", idempotency_key="k1")
    assert again.status_code == 404


# 21 (holds)
async def test_a_stranger_uploads_nothing_and_nobody_signs_for_another(arranged: Arranged, neighbour: World) -> None:
    world = arranged.world
    path = f"/v1/cases/{arranged.case['id']}/documents"
    for who, where in (("stranger", world), ("head", world), ("visitor", world), ("coordinator", neighbour)):
        assert (await send(where, who, path, {"title": "x", "category": "school"}, b"x")).status_code in (403, 404)
    basis = await arranged.basis(to=arranged.user("psychologist"), state="requested")
    for body in (
        {"answer": "approved", "member_id": arranged.family.members["father"]},
        {"answer": "approved", "given": "oral", "note": "x", "member_id": arranged.family.members["father"]},
    ):
        assert (await world.post("mother", f"/v1/consents/{basis}/signatures", body)).status_code == 422
    said = {"answer": "approved", "given": "oral", "note": "x", "member_id": arranged.family.members["teen"]}
    assert (await world.post("coordinator", f"/v1/consents/{basis}/signatures", said)).status_code == 422
    for who in ("psychologist", "head", "journal", "teen", "stranger"):
        said["member_id"] = arranged.family.members["father"]
        assert (await world.post(who, f"/v1/consents/{basis}/signatures", said)).status_code in (403, 404), who


# 22 (holds)
async def test_an_emergency_opens_nothing_for_who_left_the_team(arranged: Arranged) -> None:
    world, path = arranged.world, f"/v1/cases/{arranged.case['id']}"
    document = await arranged.document()
    assert (await world.post("psychologist", f"{path}/emergency-access", {"reason": "x"})).status_code == 201
    assert (await world.get("psychologist", f"/v1/documents/{document}")).status_code == 200
    moved = {"positions": [{"department_id": str(world.departments["job"])}]}
    user = f"/v1/users/{world.ids['psychologist']}"
    assert (await world.update("administrator", "PATCH", user, moved)).status_code == 200
    assert (await world.get("psychologist", f"/v1/documents/{document}")).status_code == 404


# 23
async def test_shares_at_once_are_one(arranged: Arranged) -> None:

    document = await arranged.document()
    await arranged.basis(to=arranged.user("psychologist"))
    made = await asyncio.gather(*(arranged.share(document, arranged.user("psychologist")) for _ in range(3)))
    assert sorted(one.status_code for one in made) == [201, 409, 409]


# 24
async def test_an_upload_with_strange_names_and_ranges(arranged: Arranged) -> None:
    world = arranged.world
    for name in (
        "../../etc/passwd",
        "a\u0000b.pdf",
        "x.html",
        "\u202efdp.exe",
        "a%0d%0aSet-Cookie: x",
        "CON",
        "." * 300,
    ):
        made = await send(
            world,
            "coordinator",
            f"/v1/cases/{arranged.case['id']}/documents",
            {"title": "x", "category": "school"},
            b"Ord om skolen.",
            name,
        )
        assert made.status_code in (201, 400, 422), (name, made.text)
        if made.status_code == 201:
            path = f"/v1/documents/{made.json()['id']}/content"
            got = await world.get("coordinator", path)
            assert got.headers["content-disposition"].startswith("attachment"), got.headers
            assert ".txt" in got.headers["content-disposition"]
            for asked, status in (
                ("bytes=0-0", 206),
                ("bytes=999-", 416),
                ("bytes=-0", 416),
                ("bytes=5-2", 200),
                ("bytes=0-1,3-4", 200),
                ("bytes=" + "9" * 40 + "-", 200),
                ("bytes=-", 200),
            ):
                assert (await world.get("coordinator", path, range=asked)).status_code == status, asked


# 25 (holds)
async def test_races(arranged: Arranged) -> None:
    world = arranged.world
    for _ in range(3):
        document = await uploaded(world, "coordinator", arranged.case, b"Et.", category="report")
        path = f"/v1/documents/{document['id']}"
        new, final = await asyncio.gather(
            send(world, "coordinator", f"{path}/versions", {"based_on": 1}, b"To."),
            world.post("coordinator", f"{path}/approval"),
        )
        assert final.status_code == 200
        approved = (await world.get("coordinator", path)).json()
        assert approved["version"] == (2 if new.status_code == 201 else 1)
        wanted = {
            "subject_id": arranged.family.members["child"],
            "purpose": "assessment",
            "text": "x",
            "recipients": [{"kind": "user", "id": str(world.ids["psychologist"])}],
            "categories": ["report"],
        }
        drafted = await world.post("coordinator", f"/v1/cases/{arranged.case['id']}/consents", wanted)
        consent = f"/v1/consents/{drafted.json()['id']}"
        assert (await world.post("coordinator", f"{consent}/request")).status_code == 200
        yes = {"answer": "approved"}
        both = await asyncio.gather(*(world.post(w, f"{consent}/signatures", yes) for w in ("mother", "father")))
        assert [one.status_code for one in both] == [201, 201]
        assert (await world.get("mother", consent)).json()["in_force"] is True
        other = await arranged.document(placed_at=now() - timedelta(hours=3))
        await asyncio.gather(
            world.post("father", f"{consent}/withdrawal"), arranged.share(other, arranged.user("psychologist"))
        )
        assert (await world.get("psychologist", f"/v1/documents/{other}")).status_code == 404
        again = await world.post("mother", f"{consent}/signatures", yes)
        assert again.status_code == 409


# 26
async def test_a_narrow_consent_by_one_does_not_end_anothers(arranged: Arranged) -> None:
    """A parent's draft that replaces the consent about the other parent is refused as if there were none."""
    hers = await arranged.basis("mother", to=arranged.user("psychologist"), signers=arranged.members("mother"))
    wanted = {
        "subject_id": arranged.family.members["father"],
        "purpose": "assessment",
        "text": "x",
        "recipients": [{"kind": "user", "id": str(arranged.world.ids["psychologist"])}],
        "categories": ["report"],
        "supersedes_id": str(hers),
    }
    refused = await arranged.world.post("father", f"/v1/cases/{arranged.case['id']}/consents", wanted)
    assert refused.status_code == 422
    wanted["subject_id"] = arranged.family.members["mother"]
    refused = await arranged.world.post("father", f"/v1/cases/{arranged.case['id']}/consents", wanted)
    assert refused.status_code == 422


# 27
async def test_an_emergency_opened_inside_does_not_last_as_a_guest(arranged: Arranged) -> None:
    world, path = arranged.world, f"/v1/cases/{arranged.case['id']}"
    document = await arranged.document()
    opened = await world.post("psychologist", f"{path}/emergency-access", {"reason": "x", "minutes": 60})
    assert opened.status_code == 201
    (seat,) = [
        one
        for one in (await world.get("coordinator", f"{path}/team")).json()["items"]
        if one["user_id"] == str(world.ids["psychologist"])
    ]
    left = await world.post("coordinator", f"/v1/team-members/{seat['id']}/leave", {"reason": "x"})
    assert left.status_code == 200, left.text
    assert (await world.get("psychologist", f"/v1/documents/{document}")).status_code == 404
    body = {"kind": "network", "opens_at": at(-1), "closes_at": at(24), "reason": "x"}
    body["user_id"] = str(world.ids["psychologist"])
    assert (await world.post("coordinator", f"{path}/guests", body)).status_code == 201
    assert (await world.get("psychologist", f"/v1/documents/{document}")).status_code == 404
