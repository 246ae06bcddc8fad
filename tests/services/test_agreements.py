"""Role agreements (R112–R114), what follows for the adviser (R113), and deviations (R456)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.worlds import World

pytestmark = pytest.mark.anyio
SCHOOL = {"party": "Skolen", "coordinated_by": "family", "task": "Taler selv med læreren.", "agreed_on": "2026-01-05"}
CALL = {"kind": "other", "channel": "phone", "took_place_at": "2026-01-06T10:00:00Z"}


async def agree(world: World, case: Any, who: str = "coordinator", **more: Any) -> Any:
    return await world.post(who, f"/v1/cases/{case['id']}/role-agreements", SCHOOL | more)


async def current(world: World, case: Any, who: str = "coordinator") -> list[Any]:
    found: list[Any] = (await world.get(who, f"/v1/cases/{case['id']}/role-agreements?current=true")).json()["items"]
    return found


async def test_an_agreement_takes_the_place_of_the_former(world: World) -> None:
    """R112: one for each party, whatever the letters are; history is kept."""
    case = await world.allocated()
    first = await agree(world, case)
    assert (first.status_code, first.json()["ended_at"]) == (201, None)
    await agree(world, case, party="Egen læge", coordinated_by="adviser")
    second = (await agree(world, case, party="SKOLEN", coordinated_by="shared")).json()
    assert {one["id"] for one in await current(world, case)} >= {second["id"]}
    assert [one["party"] for one in await current(world, case)] == ["SKOLEN", "Egen læge"]
    (former,) = (await world.get("mother", f"/v1/cases/{case['id']}/role-agreements?current=false")).json()["items"]
    assert (former["id"], former["ended_at"]) == (first.json()["id"], second["recorded_at"])


async def test_two_at_once_leave_one_in_force(world: World) -> None:
    case = await world.allocated()
    answers = await asyncio.gather(*(agree(world, case) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len(await current(world, case)) == 1


async def test_what_is_agreed_is_looked_at(world: World, neighbour: World) -> None:
    family = await world.family()
    case = await world.allocated(family)
    stranger = (await neighbour.family()).members["mother"]
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    organisation = await neighbour.post("administrator", "/v1/organisations", {"name": "Skolen", "kind": "school"})
    assert organisation.status_code == 201, organisation.text
    for wrong, pointer in (
        ({"agreed_on": tomorrow}, "/agreed_on"),
        ({"review_on": "2026-01-05"}, "/review_on"),
        ({"agreed_with": stranger}, "/agreed_with"),
        ({"agreed_with": str(uuid4())}, "/agreed_with"),
        ({"organisation_id": organisation.json()["id"]}, "/organisation_id"),
        ({"coordinated_by": "nobody"}, "/coordinated_by"),
        ({"party": " "}, "/party"),
    ):
        refused = await agree(world, case, **wrong)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    assert await current(world, case) == []


async def test_an_organisation_of_ours_has_its_name(world: World) -> None:
    case = await world.allocated()
    made = await world.post("administrator", "/v1/organisations", {"name": "Prøveskolen", "kind": "school"})
    agreed = await agree(world, case, organisation_id=made.json()["id"])
    assert agreed.json()["organisation_name"] == "Prøveskolen"


async def test_whom_it_was_agreed_with_is_not_the_other_parents(world: World) -> None:
    """What one adult has said is not shown to another. A leak, if it broke."""
    family = await world.family()
    case = await world.allocated(family)
    mother = family.members["mother"]
    made = (await agree(world, case, agreed_with=mother)).json()
    for who, shown in (("coordinator", mother), ("psychologist", mother), ("mother", mother), ("father", None)):
        found = (await world.get(who, f"/v1/role-agreements/{made['id']}")).json()
        assert (found["agreed_with"], found["party"]) == (shown, "Skolen"), who


@pytest.mark.parametrize(
    ("who", "read", "write"),
    [
        ("coordinator", 200, 201), ("psychologist", 200, 403), ("mother", 200, 403), ("head", 404, 403),
        ("journal", 404, 403), ("visitor", 404, 404), ("stranger", 404, 404),
    ],
)  # fmt: skip
async def test_it_is_content_and_the_adviser_writes_it(who: str, read: int, write: int, world: World) -> None:
    case = await world.allocated()
    made = (await agree(world, case)).json()
    assert (await world.get(who, f"/v1/role-agreements/{made['id']}")).status_code == read
    assert (await agree(world, case, who)).status_code == write
    told = await world.get(who, f"/v1/cases/{case['id']}/timeline")
    if told.status_code == 200:
        seen = "role_agreement.agreed" in {event["type"] for event in told.json()["items"]}
        assert seen == (read == 200), who


async def test_an_agreement_ends_once(world: World) -> None:
    case = await world.allocated()
    made = (await agree(world, case)).json()
    end = f"/v1/role-agreements/{made['id']}/end"
    assert (await world.post("mother", end)).status_code == 403
    ended = await world.post("coordinator", end)
    assert (ended.status_code, ended.json()["ended_at"] is not None) == (200, True)
    assert (await world.post("coordinator", end)).status_code == 409
    closed = {"to": "closed", "reason": "other", "closing": {"goals": [], "handover_note": "Slut."}}
    await world.post("coordinator", f"/v1/cases/{case['id']}/transitions", closed)
    assert (await agree(world, case)).json()["code"] == "case-read-only"


# --- R113


async def call(world: World, case: Any, **more: Any) -> Any:
    return await world.post("coordinator", f"/v1/cases/{case['id']}/contacts", CALL | more)


async def test_where_the_family_coordinates_the_adviser_says_why(world: World) -> None:
    """R113, SOF e."""
    case = await world.allocated()
    theirs = (await agree(world, case)).json()["id"]
    refused = await call(world, case, role_agreement_id=theirs)
    assert (refused.status_code, refused.json()["code"]) == (409, "family-coordinates")
    why = "Skolen ringede selv, og det hastede."
    made = await call(world, case, role_agreement_id=theirs, deviation_reason=why)
    assert (made.status_code, made.json()["role_agreement_id"]) == (201, theirs)
    path = f"/v1/cases/{case['id']}/deviations"
    for who, reason in (("coordinator", why), ("mother", why), ("head", None), ("journal", None)):
        (deviation,) = (await world.get(who, path)).json()["items"]
        assert (deviation["kind"], deviation["reason"]) == ("contact_despite_agreement", reason), who


async def test_where_the_adviser_coordinates_there_is_nothing_to_explain(world: World) -> None:
    case = await world.allocated()
    ours = (await agree(world, case, coordinated_by="adviser")).json()["id"]
    assert (await call(world, case, role_agreement_id=ours)).status_code == 201
    for extra in ({"role_agreement_id": ours}, {}):
        refused = await call(world, case, deviation_reason="x", **extra)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/deviation_reason")
    assert (await world.get("head", f"/v1/cases/{case['id']}/deviations")).json()["items"] == []


async def test_only_an_agreement_in_force_in_this_case_counts(world: World, neighbour: World) -> None:
    family = await world.family()
    case, other = await world.allocated(family), await world.allocated(family)
    elsewhere = (await agree(world, other)).json()["id"]
    theirs = (await agree(neighbour, await neighbour.allocated())).json()["id"]
    ended = (await agree(world, case)).json()["id"]
    await world.post("coordinator", f"/v1/role-agreements/{ended}/end")
    for id in (elsewhere, theirs, ended, str(uuid4())):
        refused = await call(world, case, role_agreement_id=id, deviation_reason="x")
        assert (refused.status_code, refused.json()["code"]) == (422, "unknown-reference")


# --- deviations


async def test_a_step_begun_early_is_a_deviation(world: World) -> None:
    """R63, R456."""
    case = await world.allocated()
    settings = {"settings": {"steps": {"blocking": "warn"}}}
    assert (await world.update("administrator", "PATCH", "/v1/municipality", settings)).status_code == 200
    started = await world.post(
        "coordinator", f"/v1/cases/{case['id']}/steps/2/start", {"reason": "Familien beder om det"}
    )
    assert started.status_code == 200
    (deviation,) = (await world.get("head", f"/v1/cases/{case['id']}/deviations")).json()["items"]
    assert (deviation["kind"], deviation["reason"]) == ("step_started_early", "Familien beder om det")
    assert (await world.get("head", f"/v1/deviations/{deviation['id']}")).json() == deviation


async def test_leaders_read_those_of_their_departments(world: World, neighbour: World) -> None:
    family = await world.family()
    for case in [await world.allocated(family) for _ in range(2)]:
        theirs = (await agree(world, case)).json()["id"]
        await call(world, case, role_agreement_id=theirs, deviation_reason="x")
    settings = {"settings": {"steps": {"blocking": "warn"}}}
    await world.update("administrator", "PATCH", "/v1/municipality", settings)
    await world.post("coordinator", f"/v1/cases/{case['id']}/steps/2/start", {"reason": "x"})
    for query, number in (("", 3), ("?kind=contact_despite_agreement", 2), ("?kind=caseload_over_norm", 0)):
        assert len((await world.get("head", f"/v1/deviations{query}")).json()["items"]) == number
    for who in ("other_head", "administrator", "visitor", "stranger"):
        assert (await world.get(who, "/v1/deviations")).json()["items"] == []
    assert (await neighbour.get("head", "/v1/deviations")).json()["items"] == []
