"""Sharing without consent, where the law allows it: never alone, never hidden for longer than documented (R292)."""

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from app import worker
from app.db import Database
from app.models import Case
from app.services.signers import begins
from tests.services.arranged import Arranged, now
from tests.services.test_consents import day
from tests.services.test_settling import clock, just
from tests.worlds import World

pytestmark = pytest.mark.anyio
__all__ = ["clock"]
Clock = Callable[[datetime], None]
OK = {"decision": "approved", "note": "Nødvendigt og ikke for bredt."}


@pytest.fixture
async def arranged(world: World, owner: Database) -> Arranged:
    return await Arranged.begin(world, owner)


async def reference(world: World, use: str = "share") -> str:
    rows = (await world.get("coordinator", f"/v1/legal-references?use={use}&on={day(0)}")).json()["items"]
    id: str = rows[0]["id"]
    return id


async def recorded(arranged: Arranged, who: str = "coordinator", **more: Any) -> Any:
    body = {
        "subject_id": arranged.family.members["child"],
        "purpose": "assessment",
        "recipients": [{"kind": "user", "id": str(arranged.world.ids["psychologist"])}],
        "categories": ["report"],
        "legal_reference_id": await reference(arranged.world),
        "reason": "Bekymring for barnets sikkerhed.",
        "expires_on": day(30),
    }
    return await arranged.world.post(who, f"/v1/cases/{arranged.case['id']}/statutory-bases", body | more)


async def record(arranged: Arranged, **more: Any) -> str:
    made = await recorded(arranged, **more)
    assert made.status_code == 201, made.text
    path: str = made.headers["location"]
    return path


async def delayed(arranged: Arranged, days: int = 20) -> dict[str, Any]:
    return {
        "notice_after": day(days),
        "notice_delay_reason": "Besked nu kan bringe barnet i fare.",
        "notice_reference_id": await reference(arranged.world, "delay_notice"),
    }


async def told(arranged: Arranged, who: str) -> list[str]:
    rows = (await arranged.world.get(who, f"/v1/cases/{arranged.case['id']}/timeline?limit=200")).json()["items"]
    return [row["type"] for row in reversed(rows) if row["type"].startswith("statutory_basis.")]


async def logged(arranged: Arranged, who: str = "mother") -> list[dict[str, Any]]:
    """What the family is told of looks that are not its own, newest first."""
    log = await arranged.world.get(who, f"/v1/cases/{arranged.case['id']}/access-log?limit=200")
    return [one for one in log.json()["items"] if not one["is_me"]]


# --- recording and review


async def test_it_opens_nothing_before_a_second_person_approves(arranged: Arranged) -> None:
    world, document = arranged.world, await arranged.document()
    path = await record(arranged)
    shown = (await world.get("coordinator", path)).json()
    assert (shown["state"], shown["in_force"], shown["active_from"]) == ("requested", False, None)
    assert (shown["citation"], shown["author_name"]) == (shown["citation"], "coordinator Prøvesen")
    assert (await arranged.share(document, arranged.user("psychologist"))).status_code == 403
    own = await world.post("coordinator", f"{path}/review", OK)
    assert (own.status_code, own.json()["code"]) == (403, "forbidden"), "never who recorded it"
    approved = await world.post("head", f"{path}/review", OK)
    assert approved.status_code == 200, approved.text
    assert (approved.json()["state"], approved.json()["in_force"]) == ("active", True)
    assert approved.json()["active_until"] == begins(date.fromisoformat(day(30))).isoformat().replace("+00:00", "Z")
    assert (await arranged.share(document, arranged.user("psychologist"))).status_code == 201
    assert await arranged.status("psychologist", document) == 200
    again = await world.post("head", f"{path}/review", OK)
    assert (again.status_code, again.json()["code"]) == (409, "basis-reviewed")
    ended = await world.post("head", f"{path}/end", {"reason": "Familien har givet samtykke."})
    assert (ended.json()["state"], ended.json()["in_force"]) == ("withdrawn", False)
    assert ended.json()["active_until"] == ended.json()["active_from"]
    assert await arranged.status("psychologist", document) == 404
    for verb, body, code in (("end", {"reason": "x"}, "basis-closed"), ("review", OK, "basis-reviewed")):
        late = await world.post("head", f"{path}/{verb}", body)
        assert (late.status_code, late.json()["code"]) == (409, code)
    types = [f"statutory_basis.{verb}" for verb in ("recorded", "approved", "ended")]
    assert await told(arranged, "coordinator") == await told(arranged, "mother") == types


async def test_a_rejected_one_is_never_in_force(arranged: Arranged) -> None:
    path = await record(arranged)
    body = {"decision": "rejected", "note": "Samtykke kan indhentes."}
    rejected = (await arranged.world.post("head", f"{path}/review", body)).json()
    assert (rejected["state"], rejected["in_force"], rejected["review_note"]) == ("declined", False, body["note"])
    assert rejected["ended_at"] is not None
    assert (await told(arranged, "psychologist"))[-1] == "statutory_basis.rejected"
    assert (await arranged.world.post("head", f"{path}/end", {"reason": "x"})).status_code == 409


async def test_it_is_exact_and_dated(arranged: Arranged) -> None:
    world = arranged.world
    notice = await delayed(arranged)
    ended = await world._made(
        "administrator",
        "/v1/legal-references",
        {"code": "gone", "use": "share", "title": "Ophævet", "citation": "§ 0", "valid_from": "2020-01-01"},
    )
    await world.post("administrator", f"/v1/legal-references/{ended['id']}/end", {"valid_until": day(0)})
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"categories": []}, "/categories", "required"),
        ({"recipients": []}, "/recipients", "too_short"),
        ({"recipients": [{"kind": "user", "id": str(uuid4())}]}, "/recipients/0/id", "unknown-reference"),
        ({"subject_id": str(uuid4())}, "/subject_id", "member-not-in-family"),
        ({"reason": ""}, "/reason", "string_too_short"),
        ({"expires_on": None}, "/expires_on", "date_type"),
        ({"expires_on": day(0)}, "/expires_on", "past"),
        ({"expires_on": day(367)}, "/expires_on", "beyond-a-year"),
        ({"legal_reference_id": str(uuid4())}, "/legal_reference_id", "unknown-reference"),
        ({"legal_reference_id": notice["notice_reference_id"]}, "/legal_reference_id", "unknown-reference"),
        ({"legal_reference_id": ended["id"]}, "/legal_reference_id", "unknown-reference"),
        ({"notice_after": day(5)}, "/notice_delay_reason", "required"),
        ({**notice, "notice_reference_id": None}, "/notice_reference_id", "required"),
        ({**notice, "notice_delay_reason": None}, "/notice_delay_reason", "required"),
        ({"notice_delay_reason": "x"}, "/notice_after", "required"),
        ({**notice, "notice_after": day(0)}, "/notice_after", "past"),
        ({**notice, "notice_after": day(367)}, "/notice_after", "beyond-a-year"),
        ({**notice, "notice_reference_id": await reference(world)}, "/notice_reference_id", "unknown-reference"),
    ]
    for more, pointer, code in cases:
        refused = await recorded(arranged, **more)
        assert refused.status_code == 422, (more, refused.text)
        assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [(pointer, code)]


async def test_who_may_use_it_review_it_and_end_it(arranged: Arranged, neighbour: World) -> None:
    world = arranged.world
    for who, expected in (("head", 403), ("mother", 403), ("journal", 403), ("visitor", 404), ("stranger", 404)):
        assert (await recorded(arranged, who)).status_code == expected, who
    assert (await recorded(arranged, "psychologist")).status_code == 201
    path = await record(arranged)
    for who, reviews, ends in (
        ("coordinator", 403, None),
        ("mother", 403, 403),
        ("psychologist", None, 403),
        ("visitor", 404, 404),
        ("stranger", 404, 404),
        ("teen", 404, 404),
        ("journal", 404, 404),
        ("controller", 404, 404),
    ):
        if reviews is not None:
            assert (await world.post(who, f"{path}/review", OK)).status_code == reviews, who
        if ends is not None:
            assert (await world.post(who, f"{path}/end", {"reason": "x"})).status_code == ends, who
    assert (await neighbour.get("coordinator", path)).status_code == 404
    await arranged.set(Case, UUID(arranged.case["id"]), state="closed", closed_at=now(), close_reason="other")
    refused = await recorded(arranged)
    assert (refused.status_code, refused.json()["code"]) == (409, "case-read-only")


async def test_the_family_reads_why_but_not_who_argued_for_it(arranged: Arranged) -> None:
    world, path = arranged.world, await record(arranged)
    await world.post("head", f"{path}/review", OK)
    mine = (await world.get("mother", path)).json()
    assert (mine["reason"], mine["state"], mine["in_force"]) == ("Bekymring for barnets sikkerhed.", "active", True)
    assert [mine[name] for name in ("author_name", "created_by", "reviewed_by", "review_note")] == [None] * 4
    about = await record(arranged, subject_id=arranged.family.members["father"])
    for who, status in (("father", 200), ("mother", 404), ("head", 200)):
        assert (await world.get(who, about)).status_code == status, who
    register = f"/v1/cases/{arranged.case['id']}/statutory-bases"
    for who, count in (("coordinator", 2), ("head", 2), ("mother", 1), ("father", 2)):
        assert len((await world.get(who, register)).json()["items"]) == count, who
    assert len((await world.get("mother", f"{register}?in_force=true")).json()["items"]) == 1
    assert len((await world.get("father", f"{register}?state=requested")).json()["items"]) == 1


# --- its end


async def test_it_ends_by_itself(arranged: Arranged, database: Database, clock: Clock) -> None:
    world, document = arranged.world, await arranged.document()
    path, never = await record(arranged), await record(arranged)
    await world.post("head", f"{path}/review", OK)
    await arranged.share(document, arranged.user("psychologist"))
    midnight = begins(date.fromisoformat(day(30)))
    for seconds, status, count in ((-1, 200, 0), (0, 404, 2), (1, 404, 0)):
        clock(just(midnight, seconds))
        assert await arranged.status("psychologist", document) == status
        if seconds == 0:
            for verb, body in (("review", OK), ("end", {"reason": "x"})):
                late = await world.post("head", f"{never}/{verb}", body)
                assert (late.status_code, late.json()["code"]) == (409, "basis-closed")
        assert await worker.settle(database, world.municipality, just(midnight, seconds)) == count
    shown = (await world.get("coordinator", path)).json()
    assert (shown["state"], shown["ended_at"]) == ("expired", shown["active_until"])
    assert (await told(arranged, "mother")).count("statutory_basis.expired") == 2


async def test_it_is_reviewed_once(arranged: Arranged) -> None:
    path = await record(arranged)
    no = {"decision": "rejected", "note": "Nej."}
    answers = await asyncio.gather(
        *(arranged.world.post(who, f"{path}/review", body) for who in ("head", "head") for body in (OK, no))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert len(await told(arranged, "coordinator")) == 2


async def test_what_is_sent_again_has_one_effect(arranged: Arranged) -> None:
    path = await record(arranged)
    first, again = [await arranged.world.post("head", f"{path}/review", OK, idempotency_key="ok") for _ in range(2)]
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()


# --- notice


async def test_before_its_notice_nothing_tells_the_family(arranged: Arranged, clock: Clock) -> None:
    """P6: worlds that differ in a statutory basis, its share and the looks that it opened, are one to the family."""
    world, document = arranged.world, await arranged.document()
    case, one = f"/v1/cases/{arranged.case['id']}", f"/v1/documents/{document}"
    places = [f"{case}/{part}" for part in ("statutory-bases", "consents", "timeline", "overview", "shares")]
    places += [f"{one}/shares", f"{case}/documents", "/v1/me/family"]

    async def family_sees() -> Any:
        found = {}
        for who in ("mother", "father"):
            for place in places:
                answer = await world.get(who, place)
                assert answer.status_code == 200, (place, answer.text)
                found[who, place] = answer.json()
            found[who, "log"] = await logged(arranged, who)
        return found

    before = await family_sees()
    path = await record(arranged, **await delayed(arranged))
    assert (await recorded(arranged, categories=[])).status_code == 422
    assert (await world.post("coordinator", f"{path}/review", OK)).status_code == 403
    assert (await world.post("head", f"{path}/review", OK)).status_code == 200
    shared = await arranged.share(document, arranged.user("psychologist"))
    assert shared.status_code == 201, shared.text
    assert (await world.get("psychologist", f"{case}/documents")).json()["items"] != []
    assert (await world.get("psychologist", one)).status_code == 200
    assert (await world.get("psychologist", "/v1/documents")).json()["items"] != []
    assert (await world.get("psychologist", path)).status_code == 200
    assert (await world.get("psychologist", f"{case}/statutory-bases")).status_code == 200
    assert (await world.get("coordinator", f"/v1/shares/{shared.json()['id']}")).status_code == 200
    assert await family_sees() == before
    for who in ("mother", "father"):
        assert (await world.get(who, path)).status_code == 404
        assert (await world.get(who, f"/v1/shares/{shared.json()['id']}")).status_code == 404
    assert "statutory_basis.approved" in await told(arranged, "psychologist")
    clock(just(begins(date.fromisoformat(day(20))), 1))
    assert (await world.get("mother", path)).json()["notice_delay_reason"] == "Besked nu kan bringe barnet i fare."
    assert await told(arranged, "mother") == ["statutory_basis.recorded", "statutory_basis.approved"]
    log = await logged(arranged)
    assert {"use_statute", "review_basis", "share"} <= {entry["action"] for entry in log}
    assert "shared_on_statute" in {entry["rule"] for entry in log}
    items = (await world.get("mother", f"{one}/shares")).json()["items"]
    assert [item["id"] for item in items] == [shared.json()["id"]]


async def test_a_look_is_kept_back_where_one_of_several_subjects_is_pending(arranged: Arranged, clock: Clock) -> None:
    """The log names the basis of the first subject; the family's consent for that must not show the look."""
    world, document = arranged.world, await arranged.document("mother", "child")
    await arranged.basis("mother", to=arranged.user("psychologist"))
    path = await record(arranged, **await delayed(arranged))
    await world.post("head", f"{path}/review", OK)
    assert (await arranged.share(document, arranged.user("psychologist"))).status_code == 201
    before = await logged(arranged)
    assert (await world.get("psychologist", f"/v1/documents/{document}")).status_code == 200
    assert await logged(arranged) == before
    clock(just(begins(date.fromisoformat(day(20))), 1))
    assert len(await logged(arranged)) > len(before)


async def test_where_the_family_is_told_at_once_the_log_says_so(arranged: Arranged) -> None:
    world, document = arranged.world, await arranged.document()
    path = await record(arranged)
    await world.post("head", f"{path}/review", OK)
    await arranged.share(document, arranged.user("psychologist"))
    await world.get("psychologist", f"/v1/documents/{document}")
    entries = [entry for entry in await logged(arranged) if entry["rule"] == "shared_on_statute"]
    assert len(entries) == 1
    assert "use_statute" in {entry["action"] for entry in await logged(arranged)}
