"""Guests: they see what is shared with them, in a window that ends by itself, and nothing else of the case (R293)."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.db import Database
from app.models import Guest
from tests.services.arranged import Arranged, now
from tests.worlds import World

pytestmark = pytest.mark.anyio


@pytest.fixture
async def arranged(world: World, owner: Database) -> Arranged:
    return await Arranged.begin(world, owner)


def at(hours: float) -> str:
    return (now() + timedelta(hours=hours)).isoformat()


async def invite(arranged: Arranged, who: str = "coordinator", **more: Any) -> Any:
    body = {"kind": "network", "opens_at": at(-1), "closes_at": at(24), "reason": "Aflastning følger planen."}
    body["user_id"] = str(arranged.world.ids["visitor"])
    return await arranged.world.post(who, f"/v1/cases/{arranged.case['id']}/guests", body | more)


async def meeting(arranged: Arranged, hours: float = 1) -> str:
    path = f"/v1/cases/{arranged.case['id']}/meetings"
    made = await arranged.world._made("coordinator", path, {"kind": "analysis", "planned_for": at(hours)})
    return str(made["id"])


async def test_a_guest_sees_what_is_shared_in_the_window_and_nothing_else(arranged: Arranged) -> None:
    world = arranged.world
    shared, other = await arranged.document(), await arranged.document(owner="sundhed", category="health")
    await arranged.basis(to=arranged.user("visitor"))
    assert (await arranged.share(shared, arranged.user("visitor"))).status_code == 201
    assert await arranged.status("visitor", shared) == 404, "a share is not attachment"
    made = await invite(arranged)
    assert (made.status_code, made.json()["open_now"]) == (201, True), made.text
    assert await arranged.status("visitor", shared) == 200
    assert await arranged.status("visitor", other) == 404, "owning is for those who work on the case"
    case = f"/v1/cases/{arranged.case['id']}"
    for path in (case, f"{case}/team", f"{case}/steps", f"{case}/timeline", f"{case}/meetings"):
        assert (await world.get("visitor", path)).status_code == 404, path
    path = f"/v1/guests/{made.json()['id']}"
    assert (await world.get("visitor", path)).status_code == 200
    ended = await world.post("coordinator", f"{path}/end")
    assert (ended.status_code, ended.json()["open_now"]) == (200, False), ended.text
    assert ended.json()["closes_at"] == ended.json()["opens_at"]
    assert await arranged.status("visitor", shared) == 404
    assert (await world.get("visitor", path)).status_code == 404
    again = await world.post("coordinator", f"{path}/end")
    assert (again.status_code, again.json()["code"]) == (409, "visit-over")


@pytest.mark.parametrize(("opens", "closes", "status"), [(-1, 1, 200), (1, 2, 404), (-2, -1, 404)])
async def test_the_window_opens_and_closes_by_itself(opens: int, closes: int, status: int, arranged: Arranged) -> None:
    shared = await arranged.document()
    await arranged.basis(to=arranged.user("visitor"))
    await arranged.share(shared, arranged.user("visitor"))
    made = await invite(arranged, opens_at=at(opens), closes_at=at(max(closes, 1)))
    await arranged.set(Guest, UUID(made.json()["id"]), closes_at=now() + timedelta(hours=closes))
    assert await arranged.status("visitor", shared) == status


async def test_who_invites_whom(arranged: Arranged, neighbour: World) -> None:
    world = arranged.world
    for who, status in (("psychologist", 403), ("mother", 403), ("head", 403), ("stranger", 404), ("visitor", 404)):
        assert (await invite(arranged, who)).status_code == status, who
    for nobody in (world.ids["mother"], world.ids["journal"], neighbour.ids["visitor"], uuid4()):
        refused = await invite(arranged, user_id=str(nobody))
        assert (refused.status_code, refused.json()["code"]) == (422, "not-a-professional")
    own = await invite(arranged, user_id=str(world.ids["second"]))
    assert (own.status_code, own.json()["code"]) == (422, "of-owner-department")
    inside = await invite(arranged, user_id=str(world.ids["psychologist"]))
    assert (inside.status_code, inside.json()["code"]) == (409, "already-inside")
    assert (await invite(arranged)).status_code == 201
    twice = await invite(arranged, opens_at=at(23), closes_at=at(48))
    assert (twice.status_code, twice.json()["code"]) == (409, "already-guest")
    assert (await invite(arranged, opens_at=at(25), closes_at=at(48))).status_code == 201, "one after the other"


async def test_how_long_a_window_may_be(arranged: Arranged) -> None:
    """A year of the network; a day at most around a meeting."""
    held = await meeting(arranged)
    for flaw, pointer, code in (
        ({"closes_at": at(-2)}, "/closes_at", "period-invalid"),
        ({"opens_at": at(-3), "closes_at": at(-2)}, "/closes_at", "past"),
        ({"closes_at": at(24 * 367)}, "/closes_at", "visit-too-long"),
        ({"kind": "meeting"}, "/meeting_id", "required"),
        ({"meeting_id": held}, "/meeting_id", "not-here"),
        ({"kind": "meeting", "meeting_id": str(uuid4()), "closes_at": at(2)}, "/meeting_id", "unknown-reference"),
        ({"kind": "meeting", "meeting_id": held, "closes_at": at(24)}, "/closes_at", "visit-too-long"),
        ({"kind": "meeting", "meeting_id": held, "opens_at": at(20), "closes_at": at(30)}, "/opens_at",
         "not-around-meeting"),
    ):  # fmt: skip
        refused = await invite(arranged, **flaw)
        assert refused.status_code == 422, (flaw, refused.text)
        assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [(pointer, code)], flaw
    made = await invite(arranged, kind="meeting", meeting_id=held, closes_at=at(5))
    assert (made.status_code, made.json()["meeting_id"]) == (201, held), made.text


async def test_who_knows_of_the_guests(arranged: Arranged) -> None:
    world = arranged.world
    made = (await invite(arranged)).json()
    listed = f"/v1/cases/{arranged.case['id']}/guests"
    for who in ("coordinator", "psychologist", "head", "mother", "father"):
        items = (await world.get(who, f"{listed}?current=true")).json()["items"]
        assert [one["user_name"] for one in items] == ["visitor Prøvesen"], who
    assert [one["id"] for one in (await world.get("visitor", listed)).json()["items"]] == [made["id"]], "her own"
    for who in ("second", "child", "stranger", "journal"):
        assert (await world.get(who, f"/v1/guests/{made['id']}")).status_code == 404, who
    assert (await world.get("mother", f"{listed}?current=false")).json()["items"] == []
    assert "guest.invited" in (await world.get("mother", f"/v1/cases/{arranged.case['id']}/timeline")).text


async def test_nobody_is_invited_to_a_closed_case(arranged: Arranged) -> None:
    body = {"to": "closed", "reason": "other", "closing": {"goals": [], "handover_note": "Slut."}}
    closing = f"/v1/cases/{arranged.case['id']}/transitions"
    assert (await arranged.world.post("coordinator", closing, body)).status_code == 200
    assert (await invite(arranged)).json()["code"] == "case-read-only"
