"""Emergency access: minutes, a reason, the leader told at once; and what closes, still closes (R292)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.db import Database
from app.models import Case, EmergencyAccess
from tests.services.arranged import Arranged, now
from tests.worlds import World

pytestmark = pytest.mark.anyio
REASON = "Barnet er indlagt."


@pytest.fixture
async def arranged(world: World, owner: Database) -> Arranged:
    return await Arranged.begin(world, owner)


async def opened(arranged: Arranged, who: str = "psychologist", **more: Any) -> Any:
    return await arranged.world.post(
        who, f"/v1/cases/{arranged.case['id']}/emergency-access", {"reason": REASON, **more}
    )


async def test_it_opens_for_minutes_and_closes_by_itself(arranged: Arranged) -> None:
    document = await arranged.document()
    made = await opened(arranged)
    assert (made.status_code, made.json()["open_now"], made.json()["reason"]) == (201, True, REASON), made.text
    assert await arranged.status("psychologist", document) == 200
    assert await arranged.status("visitor", document) == 404, "one's own alone"
    twice = await opened(arranged)
    assert (twice.status_code, twice.json()["code"]) == (409, "emergency-open")
    then = now() - timedelta(minutes=20)
    await arranged.set(EmergencyAccess, UUID(made.json()["id"]), opened_at=then, closes_at=now() - timedelta(seconds=1))
    assert await arranged.status("psychologist", document) == 404
    assert (await opened(arranged, minutes=60)).status_code == 201


async def test_what_closes_still_closes(arranged: Arranged) -> None:
    """Denies still deny, and what nobody has judged relevant stays where it is."""
    note = await arranged.document(author_only=True)
    address = await arranged.document(shows_address_of=arranged.members("mother"))
    hidden = await arranged.folder(explicit_only=True)
    explicit = await arranged.document(path=[hidden])
    unreviewed = await arranged.document(relevance="unreviewed")
    plain = await arranged.document()
    mother = f"/v1/members/{arranged.family.members['mother']}"
    protected = await arranged.world.update("coordinator", "PATCH", mother, {"address_protected": True})
    assert protected.status_code == 200, protected.text
    assert (await opened(arranged)).status_code == 201
    for closed in (note, address, explicit, unreviewed):
        assert await arranged.status("psychologist", closed) == 404
    assert await arranged.status("psychologist", plain) == 200
    await arranged.set(Case, UUID(arranged.case["id"]), sealed=True)
    assert await arranged.status("psychologist", plain) == 404


@pytest.mark.parametrize("flaw", [{"minutes": 0}, {"minutes": 61}, {"minutes": "15"}, {"reason": " "}])
async def test_a_reason_and_minutes(flaw: dict[str, Any], arranged: Arranged) -> None:
    refused = await opened(arranged, **flaw)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, f"/{next(iter(flaw))}")


async def test_it_is_for_those_inside(arranged: Arranged) -> None:
    for who, status in (("head", 403), ("mother", 403), ("visitor", 404), ("stranger", 404), ("other_head", 404)):
        assert (await opened(arranged, who)).status_code == status, who


async def test_the_leader_and_the_family_are_told_and_the_leader_reviews(arranged: Arranged) -> None:
    world = arranged.world
    made = (await opened(arranged)).json()
    listed, path = f"/v1/cases/{arranged.case['id']}/emergency-accesses", f"/v1/emergency-accesses/{made['id']}"
    for who in ("head", "coordinator", "mother"):
        (one,) = (await world.get(who, listed)).json()["items"]
        shown = None if who == "mother" else "psychologist Prøvesen"
        assert (one["user_name"], one["reason"]) == (shown, REASON), who
        assert (one["user_id"] is None) is (who == "mother")
        assert "emergency.opened" in (await world.get(who, f"/v1/cases/{arranged.case['id']}/timeline")).text, who
    waiting = "/v1/emergency-accesses?reviewed=false"
    assert [one["id"] for one in (await world.get("head", waiting)).json()["items"]] == [made["id"]]
    assert (await world.get("other_head", waiting)).json()["items"] == []
    note = {"note": "Det var nødvendigt."}
    for who, status in (("coordinator", 403), ("psychologist", 403), ("mother", 403), ("visitor", 404)):
        assert (await world.post(who, f"{path}/review", note)).status_code == status, who
    reviewed = await world.post("head", f"{path}/review", note)
    assert (reviewed.status_code, reviewed.json()["review_note"]) == (200, note["note"]), reviewed.text
    assert (await world.post("head", f"{path}/review", note)).json()["code"] == "emergency-reviewed"
    assert (await world.get("head", waiting)).json()["items"] == []


async def test_it_can_be_closed_early(arranged: Arranged) -> None:
    world, document = arranged.world, await arranged.document()
    path = f"/v1/emergency-accesses/{(await opened(arranged)).json()['id']}"
    assert (await world.post("coordinator", f"{path}/close")).status_code == 403
    closed = await world.post("psychologist", f"{path}/close")
    assert (closed.status_code, closed.json()["open_now"], closed.json()["closed_early"]) == (200, False, True)
    assert await arranged.status("psychologist", document) == 404
    assert (await world.post("head", f"{path}/close")).json()["code"] == "emergency-over"


async def test_the_family_sees_the_read_and_that_it_was_an_emergency(arranged: Arranged) -> None:
    world, document = arranged.world, await arranged.document()
    await opened(arranged)
    await arranged.status("psychologist", document)
    assert (await world.get("psychologist", f"/v1/documents/{document}")).status_code in (200, 404)
    log = (await world.get("mother", f"/v1/cases/{arranged.case['id']}/access-log")).json()["items"]
    assert any("nødadgang" in one["text"] for one in log)
