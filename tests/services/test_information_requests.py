"""Information requests: asked and given under a basis that covers the source (R42, R44, R282, R296, R317)."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.db import Database
from app.models import Basis, Case, InformationRequest
from app.services.actors import COPENHAGEN
from tests.services.arranged import Arranged
from tests.uploads import send
from tests.worlds import World

pytestmark = pytest.mark.anyio


def today() -> date:
    return datetime.now(COPENHAGEN).date()


def day(days: int) -> str:
    """So many days from today, as it is in Copenhagen."""
    return (today() + timedelta(days=days)).isoformat()


@pytest.fixture
async def arranged(world: World, owner: Database) -> Arranged:
    return await Arranged.begin(world, owner)


async def covered(arranged: Arranged, holder: UUID | None = None, **more: Any) -> UUID:
    """A basis for obtaining from the health department, or from somebody else, that the child's parents gave."""
    sources = [holder or arranged.world.departments["sundhed"]]
    kinds = ["department" if holder is None or holder in arranged.world.departments.values() else "organisation"]
    more = {"categories": ("health",), "sources": sources, "source_kinds": kinds} | more
    return await arranged.basis(to=arranged.user("coordinator"), **more)


async def ask(arranged: Arranged, who: str = "coordinator", about: str = "child", **more: Any) -> Any:
    body = {
        "subject_id": arranged.family.members[about],
        "holder": {"kind": "department", "id": str(arranged.world.departments["sundhed"])},
        "what": "Sundhedsfaglig vurdering",
        "category": "health",
        "why": "Til udredningen.",
        "purpose": "assessment",
        "due_on": day(10),
    }
    return await arranged.world.post(who, f"/v1/cases/{arranged.case['id']}/information-requests", body | more)


async def asked(arranged: Arranged, **more: Any) -> str:
    """The path of a request that is covered."""
    await covered(arranged)
    made = await ask(arranged, **more)
    assert made.status_code == 201, made.text
    return f"/v1/information-requests/{made.json()['id']}"


async def outside(arranged: Arranged) -> UUID:
    partner = {"name": "Prøvehospitalet", "kind": "hospital"}
    return UUID((await arranged.world._made("head", "/v1/organisations", partner))["id"])


async def give(arranged: Arranged, path: str, who: str = "visitor", **details: Any) -> Any:
    return await send(arranged.world, who, f"{path}/documents", {"title": "Vurdering"} | details)


# --- asking


async def test_asking_takes_a_basis_that_covers_source_subject_category_and_purpose(arranged: Arranged) -> None:
    """R282: 403 that names what is missing, whichever of the four it is; nothing is asked."""
    world = arranged.world
    place = f"/v1/cases/{arranged.case['id']}/information-requests"
    refused = await ask(arranged)
    assert (refused.status_code, refused.json()["code"]) == (403, "consent-missing")
    (lacks,) = refused.json()["missing"]
    assert (lacks["subject_id"], lacks["category"], lacks["party_id"], lacks["state"]) == (
        arranged.family.members["child"],
        "health",
        str(world.departments["sundhed"]),
        "not_asked",
    )
    await covered(arranged)
    for other in (
        {"category": "school"},
        {"purpose": "decision"},
        {"holder": {"kind": "department", "id": str(world.departments["ppr"])}},
        {"about": "mother"},
    ):
        refused = await ask(arranged, **other)
        assert (refused.status_code, refused.json()["code"]) == (403, "consent-missing"), other
    assert (await world.get("coordinator", place)).json()["items"] == []
    made = await ask(arranged)
    assert made.status_code == 201, made.text
    found = made.json()
    assert (found["status"], found["holder_name"], found["subject_name"]) == ("requested", "sundhed", "child Prøvesen")
    assert (found["overdue"], found["document_id"], found["created_by_name"]) == (
        False,
        None,
        "coordinator Prøvesen",
    )
    assert made.headers["location"] == f"/v1/information-requests/{found['id']}"
    assert [one["id"] for one in (await world.get("coordinator", place)).json()["items"]] == [found["id"]]


@pytest.mark.parametrize("state", ["requested", "declined", "draft", "cancelled", "ended"])
async def test_a_consent_that_is_not_in_force_covers_nothing(state: str, arranged: Arranged) -> None:
    await covered(arranged, state=state)
    assert (await ask(arranged)).status_code == 403
    ended = await covered(arranged)
    await arranged.end(ended)
    assert (await ask(arranged)).status_code == 403


async def test_an_outside_organisation_is_asked_too(arranged: Arranged) -> None:
    hospital = await outside(arranged)
    holder = {"kind": "organisation", "id": str(hospital)}
    assert (await ask(arranged, holder=holder)).status_code == 403
    await covered(arranged, hospital)
    made = await ask(arranged, holder=holder)
    assert (made.status_code, made.json()["holder_name"]) == (201, "Prøvehospitalet")


async def test_what_is_asked_must_make_sense(arranged: Arranged, neighbour: World) -> None:
    """Judged before consent, and a neighbour's department is answered as one that nobody has."""
    strangers = await arranged.world.family()
    theirs = {"kind": "department", "id": str(neighbour.departments["sundhed"])}
    mixed = {"kind": "organisation", "id": str(arranged.world.departments["sundhed"])}
    for wrong, pointer, code in (
        ({"subject_id": strangers.members["child"]}, "/subject_id", "member-not-in-family"),
        ({"subject_id": str(uuid4())}, "/subject_id", "member-not-in-family"),
        ({"holder": theirs}, "/holder/id", "unknown-reference"),
        ({"holder": mixed}, "/holder/id", "unknown-reference"),
        ({"due_on": day(-1)}, "/due_on", "past"),
        ({"remind_on": day(11)}, "/remind_on", "period-invalid"),
        ({"remind_on": day(-1)}, "/remind_on", "past"),
        ({"why": ""}, "/why", "string_too_short"),
        ({"category": "everything"}, "/category", "literal_error"),
    ):
        refused = await ask(arranged, **wrong)
        flaw = refused.json()["errors"][0]
        assert (refused.status_code, flaw["pointer"], flaw["code"]) == (422, pointer, code), wrong


async def test_those_inside_the_case_ask(arranged: Arranged, neighbour: World) -> None:
    await covered(arranged)
    for who, status in (
        ("psychologist", 201),
        ("mother", 403),
        ("head", 403),
        ("journal", 403),
        ("visitor", 404),
        ("stranger", 404),
    ):
        assert (await ask(arranged, who)).status_code == status, who
    path = f"/v1/cases/{arranged.case['id']}/information-requests"
    assert (await neighbour.post("coordinator", path, {})).status_code == 422
    assert (await neighbour.get("coordinator", path)).status_code == 404


async def test_a_restricted_or_closed_case_asks_nothing(arranged: Arranged) -> None:
    path = await asked(arranged)
    await covered(arranged, kind="statute")  # a consent ends with the case
    await arranged.set(Case, UUID(arranged.case["id"]), sealed=True)
    assert (await ask(arranged)).json()["code"] == "case-restricted"
    assert (await give(arranged, path)).json()["code"] == "case-restricted"
    await arranged.set(Case, UUID(arranged.case["id"]), sealed=False)
    closing = {"to": "closed", "reason": "other", "closing": {"goals": [], "handover_note": "Slut."}}
    moved = await arranged.world.post("coordinator", f"/v1/cases/{arranged.case['id']}/transitions", closing)
    assert moved.status_code == 200
    for refused in (
        await ask(arranged),
        await arranged.world.post("visitor", f"{path}/decline", {"note": "x"}),
        await arranged.world.post("coordinator", f"{path}/cancel", {"note": "x"}),
        await arranged.world.update("coordinator", "PATCH", path, {"what": "x"}),
        await give(arranged, path),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "case-read-only")


# --- who reads it


async def test_the_department_that_is_asked_sees_the_request_and_nothing_else(arranged: Arranged) -> None:
    world, path = arranged.world, await asked(arranged)
    found = (await world.get("visitor", path)).json()
    assert (found["subject_name"], found["what"], found["why"]) == (
        "child Prøvesen",
        "Sundhedsfaglig vurdering",
        "Til udredningen.",
    )
    assert found["subject_birth_date"] is not None
    assert found["case_number"] is None
    child = arranged.family.members["child"]
    for hidden in (
        f"/v1/cases/{arranged.case['id']}",
        f"/v1/cases/{arranged.case['id']}/timeline",
        f"/v1/cases/{arranged.case['id']}/documents",
        f"/v1/families/{arranged.family.id}",
        f"/v1/members/{child}",
    ):
        assert (await world.get("visitor", hidden)).status_code == 404, hidden
    assert [one["id"] for one in (await world.get("visitor", "/v1/information-requests")).json()["items"]]
    assert [one["id"] for one in (await world.get("visitor", "/v1/me/work")).json()["information_to_give"]]
    for who in ("job_adviser", "other_service", "head", "journal", "stranger", "child"):
        assert (await world.get(who, path)).status_code == 404, who
        assert (await world.get(who, "/v1/information-requests")).json()["items"] == [], who


async def test_who_was_asked_reads_no_more_of_it_once_the_consent_has_ended(arranged: Arranged) -> None:
    """Withdrawal bites on the next request: the request is there, and says neither about whom nor what."""
    world, basis = arranged.world, await covered(arranged)
    path = f"/v1/information-requests/{(await ask(arranged)).json()['id']}"
    await arranged.end(basis)
    items = (await world.get("visitor", "/v1/information-requests")).json()["items"]
    shown = (await world.get("visitor", path)).json()
    for one in (shown, *items):
        hidden = ("subject_name", "subject_birth_date", "what", "why", "closing_note")
        assert [one[name] for name in hidden] == [None] * 5
    assert (await world.get("coordinator", path)).json()["what"] == "Sundhedsfaglig vurdering"
    await covered(arranged)
    assert (await world.get("visitor", path)).json()["what"] == "Sundhedsfaglig vurdering", "another covers it"


async def test_the_family_sees_what_is_asked_about_oneself_and_ones_child(arranged: Arranged) -> None:
    """A leak: alone, in both lists, on the timeline and in the log."""
    world, ids = arranged.world, {}
    for about in ("child", "mother", "teen"):
        await covered(arranged, about=about)
        ids[about] = (await ask(arranged, about=about)).json()["id"]
    place = f"/v1/cases/{arranged.case['id']}"
    for who, expected in (
        ("coordinator", {"child", "mother", "teen"}),
        ("psychologist", {"child", "mother", "teen"}),
        ("mother", {"child", "mother", "teen"}),
        ("father", {"child", "teen"}),
        ("teen", {"teen"}),
        ("child", set[str]()),
        ("head", set[str]()),
    ):
        for listed in ("/v1/information-requests", f"{place}/information-requests"):
            answer = await world.get(who, listed)
            found = {one["id"] for one in answer.json()["items"]} if answer.status_code == 200 else set()
            assert found == {ids[about] for about in expected}, (who, listed)
        for about, id in ids.items():
            status = (await world.get(who, f"/v1/information-requests/{id}")).status_code
            assert status == (200 if about in expected else 404), (who, about)
    for who, events in (("mother", 2), ("father", 1), ("head", 0), ("journal", 0), ("coordinator", 3)):
        told = (await world.get(who, f"{place}/timeline?limit=200")).text
        assert told.count("information.requested") == events, who
    for who, count in (("mother", 3), ("father", 2)):
        log = (await world.get(who, f"{place}/access-log?limit=200")).json()["items"]
        assert [one["action"] for one in log].count("ask_information") == count, who


async def test_the_family_hears_of_a_request_on_a_statutory_basis_after_the_notice(arranged: Arranged) -> None:
    """A leak: until then nothing tells, neither the lists nor the timeline nor who has looked."""
    world, place = arranged.world, f"/v1/cases/{arranged.case['id']}"

    async def seen(who: str) -> list[Any]:
        lists = [f"{place}/information-requests", "/v1/information-requests", f"{place}/timeline?limit=200"]
        items = [(await world.get(who, listed)).json()["items"] for listed in lists]
        log = (await world.get(who, f"{place}/access-log?limit=200")).json()["items"]
        return [*items, [one for one in log if not one["is_me"]]]

    before = await seen("mother")
    late = {"notice_after": today() + timedelta(days=5), "notice_delay_reason": "Hensynet til barnet"}
    basis = await covered(arranged, kind="statute", **late)
    made = await ask(arranged)
    assert made.status_code == 201, made.text
    path = f"/v1/information-requests/{made.json()['id']}"
    await world.get("psychologist", path)
    await world.get("psychologist", f"{place}/information-requests")
    await world.get("visitor", path)
    await world.update("coordinator", "PATCH", path, {"due_on": day(11)})
    assert (await world.get("mother", path)).status_code == 404
    assert await seen("mother") == before
    await arranged.set(Basis, basis, notice_after=today())
    assert (await world.get("mother", path)).status_code == 200
    listed, across, timeline, log = await seen("mother")
    assert [len(listed), len(across)] == [1, 1]
    assert {one["type"] for one in timeline} >= {"information.requested", "information.changed"}
    assert {"ask_information", "change_request"} <= {one["action"] for one in log}


async def test_what_was_obtained_before_the_notice_is_not_shown_to_the_family_either(arranged: Arranged) -> None:
    """A leak: the document, its event and the look at it would tell of the basis."""
    world, place = arranged.world, f"/v1/cases/{arranged.case['id']}"

    async def seen(who: str) -> list[Any]:
        lists = [f"{place}/documents", "/v1/documents", f"{place}/timeline?limit=200"]
        items = [(await world.get(who, listed)).json()["items"] for listed in lists]
        log = (await world.get(who, f"{place}/access-log?limit=200")).json()["items"]
        return [*items, [one for one in log if not one["is_me"]]]

    before = {who: await seen(who) for who in ("mother", "father")}
    late = {"notice_after": today() + timedelta(days=5), "notice_delay_reason": "Hensynet til barnet"}
    basis = await covered(arranged, kind="statute", **late)
    path = f"/v1/information-requests/{(await ask(arranged)).json()['id']}"
    assert (await give(arranged, path)).status_code == 201
    for who, was_seen in before.items():
        assert await seen(who) == was_seen, who
    await arranged.set(Basis, basis, notice_after=today())
    assert (await world.get("mother", path)).json()["document_id"] is None, "it is found among the documents"
    assert len((await world.get("mother", "/v1/documents")).json()["items"]) == 1


# --- while it waits


async def test_what_is_asked_and_when_changes_while_it_waits(arranged: Arranged) -> None:
    world, path = arranged.world, await asked(arranged, who="psychologist", remind_on=day(5))
    assert (await world.call("psychologist", "PATCH", path, {"what": "x"})).status_code == 428
    assert (await world.call("psychologist", "PATCH", path, {"what": "x"}, if_match='"x"')).status_code == 412
    for who, status in (("visitor", 403), ("mother", 403), ("head", 404)):
        assert (await world.call(who, "PATCH", path, {"what": "x"}, if_match='"x"')).status_code == status, who
    for wrong, pointer in (
        ({"what": None}, "/what"),
        ({"due_on": None}, "/due_on"),
        ({"due_on": day(-1)}, "/due_on"),
        ({"due_on": day(4)}, "/remind_on"),
        ({"remind_on": day(-1)}, "/remind_on"),
    ):
        refused = await world.update("coordinator", "PATCH", path, wrong)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), wrong
    changed = await world.update("psychologist", "PATCH", path, {"due_on": day(4), "remind_on": None})
    assert (changed.json()["due_on"], changed.json()["remind_on"]) == (day(4), None)
    moved = await world.update("psychologist", "PATCH", path, {"category": "school"})
    assert moved.status_code == 422, "something else is another request"


@pytest.mark.parametrize(
    ("verb", "status", "by", "not_by"),
    [
        ("decline", "declined", ("visitor", "psychologist"), ("mother", "head")),
        ("cancel", "cancelled", ("coordinator",), ("visitor", "psychologist", "mother", "head")),
    ],
)
async def test_it_ends_with_a_reason(
    verb: str, status: str, by: tuple[str, ...], not_by: tuple[str, ...], arranged: Arranged
) -> None:
    world = arranged.world
    for who in by:
        path = await asked(arranged)
        assert (await world.post(who, f"{path}/{verb}", {})).status_code == 422
        for other in not_by:
            refused = await world.post(other, f"{path}/{verb}", {"note": "x"})
            assert refused.status_code == (404 if other == "head" else 403), other
        ended = await world.post(who, f"{path}/{verb}", {"note": "Vi kender ikke barnet."})
        assert (ended.status_code, ended.json()["status"]) == (200, status)
        assert ended.json()["closing_note"] == "Vi kender ikke barnet."
        for late in (
            await world.post("coordinator", f"{path}/decline", {"note": "x"}),
            await world.post("coordinator", f"{path}/cancel", {"note": "x"}),
            await world.update("coordinator", "PATCH", path, {"what": "x"}),
            await give(arranged, path),
        ):
            assert (late.status_code, late.json()["code"]) == (409, "information-request-closed")
        told = (await world.get("father", f"/v1/cases/{arranged.case['id']}/timeline?limit=200")).text
        assert f"information.{status}" in told


async def test_what_is_overdue_and_what_to_remind_of(arranged: Arranged) -> None:
    world, path = arranged.world, await asked(arranged, remind_on=day(0))
    listed = f"/v1/cases/{arranged.case['id']}/information-requests"

    async def counts() -> list[int]:
        asked_for = ("overdue=true", "remind_due=true", "overdue=false", "status=requested", "status=declined")
        return [len((await world.get("coordinator", f"{listed}?{one}")).json()["items"]) for one in asked_for]

    async def mine(who: str) -> int:
        return len((await world.get(who, "/v1/me/work")).json()["information_overdue"])

    assert (await counts(), await mine("coordinator")) == ([0, 1, 1, 1, 0], 0)
    late = today() - timedelta(days=1)
    await arranged.set(InformationRequest, UUID(path.rpartition("/")[2]), due_on=late, remind_on=late)
    assert (await counts(), await mine("coordinator"), await mine("psychologist")) == ([1, 1, 0, 1, 0], 1, 0)
    assert (await world.get("visitor", path)).json()["overdue"] is True
    assert len((await world.get("visitor", "/v1/information-requests?asked_of_mine=true")).json()["items"]) == 1
    assert (await world.get("coordinator", "/v1/information-requests?asked_of_mine=true")).json()["items"] == []
    await world.post("visitor", f"{path}/decline", {"note": "Nej."})
    assert (await counts(), await mine("coordinator")) == ([0, 0, 1, 0, 1], 0)


# --- giving it


async def test_what_a_department_gives_is_its_own_and_waits_for_review(arranged: Arranged) -> None:
    """R44, R296, story step 19: not on the case, its people put it there; hidden from the team until it is reviewed."""
    world, path = arranged.world, await asked(arranged)
    given = await give(arranged, path, dated_on=day(-2))
    assert given.status_code == 201, given.text
    assert (given.json()["status"], given.headers["location"]) == ("fulfilled", path)
    assert given.json()["fulfilled_at"] is not None
    assert given.json()["document_id"] is None, "who is not on the case reads nothing in it"
    assert (await world.get("coordinator", path)).json()["document_id"] is None
    assert (await world.get("mother", path)).json()["document_id"] is None, "a gap would tell that it is withheld"
    (document,) = (await world.get("mother", "/v1/documents")).json()["items"]
    assert (document["category"], document["relevance"], document["title"]) == ("health", "unreviewed", "Vurdering")
    assert document["owner_department_id"] == str(world.departments["sundhed"])
    assert document["subjects"] == [arranged.family.members["child"]]
    for who in ("coordinator", "psychologist", "visitor"):
        assert (await world.get(who, f"/v1/documents/{document['id']}")).status_code == 404, who
    told = (await world.get("mother", f"/v1/cases/{arranged.case['id']}/timeline?limit=200")).text
    assert told.count("information.fulfilled") == told.count("document.added") == 1


async def test_what_comes_from_outside_is_put_in_by_those_on_the_case(arranged: Arranged) -> None:
    hospital = await outside(arranged)
    await covered(arranged, hospital)
    made = await ask(arranged, holder={"kind": "organisation", "id": str(hospital)})
    path = f"/v1/information-requests/{made.json()['id']}"
    for who, status in (("visitor", 404), ("mother", 403), ("head", 404), ("stranger", 404)):
        assert (await give(arranged, path, who)).status_code == status, who
    given = await give(arranged, path, "coordinator")
    assert given.status_code == 201, given.text
    document = (await arranged.world.get("coordinator", f"/v1/documents/{given.json()['document_id']}")).json()
    assert document["owner_department_id"] == str(arranged.world.departments["handicap"])
    assert document["relevance"] == "unreviewed"


async def test_a_request_to_a_department_is_answered_by_that_department(arranged: Arranged) -> None:
    path = await asked(arranged)
    for who, status in (("coordinator", 403), ("psychologist", 403), ("mother", 403), ("job_adviser", 404)):
        assert (await give(arranged, path, who)).status_code == status, who


async def test_nothing_is_given_once_the_consent_has_ended(arranged: Arranged) -> None:
    """And nothing of it is kept; the holder is not told who withdrew."""
    basis = await covered(arranged)
    path = f"/v1/information-requests/{(await ask(arranged)).json()['id']}"
    await arranged.signed(basis, "father", "withdrawn")
    await arranged.end(basis)
    refused = await give(arranged, path)
    assert (refused.status_code, refused.json()["code"]) == (403, "consent-missing")
    (lacks,) = refused.json()["missing"]
    assert (lacks["consent_id"], lacks["awaits"], lacks["state"]) == (None, [], "ended")
    assert (await arranged.world.get("coordinator", path)).json()["status"] == "requested"
    assert (await arranged.world.get("mother", f"/v1/cases/{arranged.case['id']}/documents")).json()["items"] == []
    assert stored(arranged.world) == 0
    await covered(arranged)
    assert (await give(arranged, path)).status_code == 201
    assert stored(arranged.world) == 1


def stored(world: World) -> int:
    """How many contents are kept for the municipality."""
    return sum(one.is_file() for one in (world.data_dir / "documents" / str(world.municipality)).rglob("*"))


async def test_it_is_answered_once(arranged: Arranged) -> None:
    path = await asked(arranged)
    answers = await asyncio.gather(*(give(arranged, path) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def test_a_replay_reads_the_request_again(arranged: Arranged) -> None:
    world, path = arranged.world, await asked(arranged)
    details = {"title": "Vurdering"}
    first, again = [
        await send(world, "visitor", f"{path}/documents", details, idempotency_key="svar") for _ in range(2)
    ]
    assert (again.status_code, again.json()) == (201, first.json())
    other = await asked(arranged)
    first, again = [
        await world.post("visitor", f"{other}/decline", {"note": "Nej."}, idempotency_key="nej") for _ in range(2)
    ]
    assert (again.status_code, again.json()) == (200, first.json())
