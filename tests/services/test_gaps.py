"""Who lacks what, with a consent that is ready to be asked for (R83, R87, R287, X26)."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.db import Database
from tests.services.arranged import Arranged, now
from tests.worlds import World

pytestmark = pytest.mark.anyio


@pytest.fixture
async def arranged(world: World, owner: Database) -> Arranged:
    return await Arranged.begin(world, owner)


async def gaps(arranged: Arranged, who: str = "coordinator", **query: Any) -> Any:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return await arranged.world.get(who, f"/v1/cases/{arranged.case['id']}/consent-gaps?{asked}".rstrip("?"))


async def lacked(arranged: Arranged, who: str = "coordinator", **query: Any) -> dict[tuple[str, str, str], str]:
    """(who, about whom, category) → how far it is."""
    answer = await gaps(arranged, who, **query)
    assert answer.status_code == 200, answer.text
    return {
        (gap["user_name"].split()[0], gap["subject_name"].split()[0], lack["category"]): lack["state"]
        for gap in answer.json()["items"]
        for lack in gap["lacks"]
    }


async def test_a_new_member_of_the_team_lacks_everything(arranged: Arranged) -> None:
    """R297: nothing comes with the membership; what lacks is told, with whose signature it takes."""
    assert (await gaps(arranged)).json() == {"items": [], "next": None}
    await arranged.document()
    await arranged.document("child", "father", category="employment", relevance="unreviewed")
    await arranged.document(category="health", relevance="not_relevant")
    await arranged.document(owner="ppr", category="school")
    assert await lacked(arranged) == {
        ("psychologist", "child", "report"): "not_asked",
        ("psychologist", "child", "employment"): "not_asked",
        ("psychologist", "father", "employment"): "not_asked",
    }
    by_subject = {gap["subject_id"]: gap["lacks"] for gap in (await gaps(arranged)).json()["items"]}
    members = arranged.family.members
    for lack in by_subject[members["child"]]:
        assert sorted(lack["awaits"]) == sorted([members["mother"], members["father"]])
        assert lack["documents"] == 1
    assert [lack["awaits"] for lack in by_subject[members["father"]]] == [[members["father"]]]
    body = {"user_id": str(arranged.world.ids["visitor"]), "department_id": str(arranged.world.departments["sundhed"])}
    assert (await arranged.world.post("coordinator", f"/v1/cases/{arranged.case['id']}/team", body)).status_code == 201
    assert ("visitor", "child", "report") in await lacked(arranged)


async def test_the_ready_request_is_posted_as_it_is(arranged: Arranged) -> None:
    """Story step 9: the request is made, all sign, it is shared, and nothing lacks any more."""
    world, document = arranged.world, await arranged.document()
    (gap,) = (await gaps(arranged, purpose="assessment")).json()["items"]
    request = gap["request"]
    assert (request["categories"], request["document_ids"], request["purpose"]) == (["report"], [], "assessment")
    assert request["recipients"] == [{"kind": "user", "id": str(world.ids["psychologist"])}]
    assert "psychologist Prøvesen" in request["text"]
    assert "udredning og undersøgelser" in request["text"]
    drafted = await world.post("coordinator", f"/v1/cases/{arranged.case['id']}/consents", request)
    assert drafted.status_code == 201, drafted.text
    consent = f"/v1/consents/{drafted.json()['id']}"
    key = ("psychologist", "child", "report")
    assert (await lacked(arranged))[key] == "not_asked", "a draft is nobody's yet"
    assert (await world.post("coordinator", f"{consent}/request")).status_code == 200
    for who, left in (("mother", ["father"]), ("father", [])):
        (gap,) = (await gaps(arranged)).json()["items"]
        (lack,) = gap["lacks"]
        assert (lack["state"], lack["consent_id"]) == ("awaiting_signatures", drafted.json()["id"])
        assert gap["request"] is None, "it has been asked for"
        signed = await world.post(who, f"{consent}/signatures", {"answer": "approved"})
        assert signed.status_code == 201, signed.text
        refused = await arranged.share(document, arranged.user("psychologist"))
        awaited = [id for one in refused.json().get("missing", []) for id in one["awaits"]]
        assert awaited == [arranged.family.members[one] for one in left]
        if not left:
            assert refused.status_code == 201, refused.text
    assert await lacked(arranged) == {}


@pytest.mark.parametrize(
    ("given", "state", "asks"),
    [
        ({}, "not_shared", False),
        ({"state": "requested"}, "awaiting_signatures", False),
        ({"state": "declined"}, "declined", False),
        ({"state": "withdrawn"}, "ended", True),
        ({"hours": -0.5}, "ended", True),
        ({"categories": ["health"]}, "other_scope", True),
        ({"purpose": "support"}, "other_scope", True),
        ({"state": "draft"}, "not_asked", True),
        ({"state": "cancelled"}, "not_asked", True),
        ({"state": "ended"}, "ended", True),
    ],
)
async def test_how_far_it_is(given: dict[str, Any], state: str, asks: bool, arranged: Arranged) -> None:
    """A "no" is an answer, and a normal state: it is not asked again by itself."""
    await arranged.document()
    await arranged.basis(to=arranged.user("psychologist"), **given)
    (gap,) = (await gaps(arranged, purpose="assessment")).json()["items"]
    (lack,) = gap["lacks"]
    assert (lack["state"], gap["request"] is not None) == (state, asks)
    if "purpose" in given:
        assert await lacked(arranged) == {("psychologist", "child", "report"): "not_shared"}, "any purpose counts"


async def test_whom_and_what_the_question_is_about(arranged: Arranged, neighbour: World) -> None:
    world = arranged.world
    first, second = await arranged.document(), await arranged.document(category="health")
    await arranged.document(owner="sundhed", category="school")
    assert set(await lacked(arranged, document_id=first)) == {("psychologist", "child", "report")}
    (gap,) = (await gaps(arranged, document_id=second)).json()["items"]
    assert (gap["request"]["document_ids"], gap["request"]["categories"]) == ([str(second)], [])
    assert "Udredning fra PPR" in gap["request"]["text"]
    visitor = world.ids["visitor"]
    assert {key[0] for key in await lacked(arranged, user_id=visitor)} == {"visitor"}
    for nobody in (uuid4(), world.ids["mother"], neighbour.ids["visitor"], world.ids["journal"]):
        unknown = await gaps(arranged, user_id=nobody)
        assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "?user_id")
    assert (await gaps(arranged, "mother", user_id=visitor)).status_code == 422, "is not on the case"
    assert (await gaps(arranged, document_id=uuid4())).status_code == 404
    elsewhere = await Arranged.begin(world, arranged.owner)
    other = await elsewhere.document()
    assert (await gaps(arranged, document_id=other)).status_code == 404
    assert (await gaps(arranged, colour="red")).status_code == 422


async def test_before_a_meeting_and_after_it(arranged: Arranged) -> None:
    """X26: before it those on the case and its guests; afterwards those who were there."""
    world, case = arranged.world, f"/v1/cases/{arranged.case['id']}"
    await arranged.document()
    soon = (now() + timedelta(hours=1)).isoformat()
    meeting = await world._made("coordinator", f"{case}/meetings", {"kind": "analysis", "planned_for": soon})
    window = {"opens_at": soon, "closes_at": (now() + timedelta(hours=3)).isoformat(), "reason": "Specialist."}
    guest = {"user_id": str(world.ids["visitor"]), "kind": "meeting", "meeting_id": meeting["id"], **window}
    await world._made("coordinator", f"{case}/guests", guest)
    assert {key[0] for key in await lacked(arranged)} == {"psychologist"}
    assert {key[0] for key in await lacked(arranged, meeting_id=meeting["id"])} == {"psychologist", "visitor"}
    past = (now() - timedelta(hours=1)).isoformat()
    held = await world._made("coordinator", f"{case}/meetings", {"kind": "status", "planned_for": past})
    attendance = [{"kind": "family", "id": arranged.family.members["mother"]}]
    attendance.append({"kind": "professional", "id": str(world.ids["job_adviser"])})
    body = {"held_at": past, "attendance": attendance}
    done = await world.post("coordinator", f"/v1/meetings/{held['id']}/hold", body)
    assert done.status_code == 200, done.text
    assert {key[0] for key in await lacked(arranged, meeting_id=held["id"])} == {"job_adviser"}
    assert (await gaps(arranged, meeting_id=uuid4())).status_code == 404


async def test_the_owner_department_lacks_consent_in_a_folder_that_is_explicit_only(arranged: Arranged) -> None:
    """X33: there neither owning nor the law opens."""
    folder = await arranged.folder(explicit_only=True)
    document = await arranged.document(owner="ppr", path=[folder], by="psychologist")
    assert await arranged.status("psychologist", document) == 404
    assert set(await lacked(arranged, "mother")) == {
        ("psychologist", "child", "report"),
        ("coordinator", "child", "report"),
    }
    law = await arranged.basis(to=arranged.user("psychologist"), kind="statute")
    await arranged.put_share(document, arranged.user("psychologist"))
    assert (await lacked(arranged, "mother"))["psychologist", "child", "report"] == "not_asked"
    assert law
    await arranged.basis(to=arranged.user("psychologist"))
    assert ("psychologist", "child", "report") not in await lacked(arranged, "mother")
    assert await arranged.status("psychologist", document) == 200


async def test_a_leak_a_gap_tells_only_of_what_the_asker_reads(arranged: Arranged) -> None:
    world = arranged.world
    await arranged.document("mother", category="economy", owner="job", by="job_adviser")
    await arranged.document("child", owner="sundhed", category="health")
    assert await lacked(arranged) == {}
    assert await lacked(arranged, "father") == {
        ("psychologist", "child", "health"): "not_asked",
        ("coordinator", "child", "health"): "not_asked",
    }
    mothers = await lacked(arranged, "mother")
    assert ("psychologist", "mother", "economy") in mothers
    for one in (await gaps(arranged, "mother")).json()["items"]:
        for lack in one["lacks"]:
            assert lack["awaits"] == [arranged.family.members["mother"]], "who else signs is not hers to ask yet"
    for who, status in (("head", 404), ("visitor", 404), ("stranger", 404), ("journal", 404), ("controller", 404)):
        assert (await gaps(arranged, who)).status_code == status, who
    assert world


async def test_a_leak_the_family_sees_no_gap_close_before_the_notice(arranged: Arranged) -> None:
    document = await arranged.document()
    before = (await gaps(arranged, "mother")).json()
    silent = {"kind": "statute", "notice_after": now().date() + timedelta(days=9), "notice_delay_reason": "Fare"}
    await arranged.basis(to=arranged.user("psychologist"), **silent)
    await arranged.share(document, arranged.user("psychologist"))
    assert (await gaps(arranged, "mother")).json() == before
    assert await lacked(arranged) == {}
    assert isinstance(document, UUID)
