"""Families, their members and custody (R20–R22)."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.worlds import World

pytestmark = pytest.mark.anyio
TODAY = datetime.now(UTC).date()


async def custody(
    world: World, family: Any, holder: str, begins: str, ends: str | None = None, child: str = "child"
) -> Any:
    body = {"child_id": family.members[child], "holder_id": family.members[holder], "source": "court"}
    period = {"valid_from": begins, "valid_until": ends}
    return await world.post("coordinator", f"/v1/families/{family.id}/custodies", body | period)


async def ended(world: World, family: Any, holder: str, day: date, open_until: str | None = None) -> Any:
    held = (await world.get("coordinator", f"/v1/families/{family.id}/custodies")).json()["items"]
    wanted = (family.members["child"], family.members[holder], open_until)
    (id,) = [one["id"] for one in held if (one["child_id"], one["holder_id"], one["valid_until"]) == wanted]
    return await world.update("coordinator", "PATCH", f"/v1/custodies/{id}", {"valid_until": day.isoformat()})


async def test_periods_of_custody_do_not_overlap(world: World) -> None:
    family = await world.family()  # both have custody of both children since 2010, without an end
    assert (await custody(world, family, "mother", "2020-01-01")).json()["code"] == "period-overlaps"
    assert (await custody(world, family, "mother", "2005-01-01", "2010-01-02")).json()["code"] == "period-overlaps"
    assert (await custody(world, family, "mother", "2005-01-01", "2010-01-01")).status_code == 201
    assert (await custody(world, family, "mother", "2009-12-31", "2010-01-01")).json()["code"] == "period-overlaps"
    assert (await ended(world, family, "mother", date(2020, 1, 1))).status_code == 200
    answers = await asyncio.gather(*(custody(world, family, "mother", "2020-01-01") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"period-overlaps"}


async def test_an_ended_custody_is_not_stretched_over_a_later_one(world: World) -> None:
    family = await world.family()
    assert (await ended(world, family, "mother", date(2020, 1, 1))).status_code == 200
    assert (await custody(world, family, "mother", "2021-01-01")).status_code == 201
    held = (await world.get("coordinator", f"/v1/families/{family.id}/custodies")).json()["items"]
    (old,) = [one for one in held if one["valid_until"] == "2020-01-01"]
    stretched = await world.update("coordinator", "PATCH", f"/v1/custodies/{old['id']}", {"valid_until": "2025-01-01"})
    assert (stretched.status_code, stretched.json()["code"]) == (422, "period-invalid")  # an end only moves forward


@pytest.mark.parametrize(
    ("child", "holder", "begins", "ends", "pointer"),
    [("child", "mother", "2001-01-01", "2001-01-01", "/valid_until"),
     ("child", "mother", "2001-01-01", "2000-01-01", "/valid_until"),
     ("mother", "father", "2001-01-01", None, "/child_id"), ("child", "teen", "2001-01-01", None, "/holder_id")],
)  # fmt: skip
async def test_custody_is_an_adults_of_a_child_for_a_time(
    child: str, holder: str, begins: str, ends: str | None, pointer: str, world: World
) -> None:
    refused = await custody(world, await world.family(), holder, begins, ends, child)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_the_end_of_custody_bites_on_its_day(world: World) -> None:
    """The first day without it is the first without the case; tomorrow is not today."""
    family = await world.family()
    case = await world.allocated(family)
    path = f"/v1/cases/{case['id']}"
    assert (await ended(world, family, "father", TODAY + timedelta(days=2))).status_code == 200
    assert (await world.get("father", path)).status_code == 200
    later = (TODAY + timedelta(days=2)).isoformat()
    assert (await ended(world, family, "father", TODAY - timedelta(days=1), later)).status_code == 200
    assert (await world.get("father", path)).status_code == 404
    assert (await world.get("father", f"/v1/members/{family.members['child']}")).status_code == 404
    assert (await world.get("mother", path)).status_code == 200


async def test_a_member_is_described_rightly(world: World) -> None:
    family = await world.family()
    path = f"/v1/families/{family.id}/members"
    child = {"kind": "child", "relation": "child", "name": "Bo Prøvesen"}
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    for more, pointer in (({}, "/birth_date"), ({"birth_date": tomorrow}, "/birth_date")):
        refused = await world.post("coordinator", path, child | more)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer)
    staff = {"kind": "adult", "relation": "other", "name": "X", "login": world.login("psychologist")}
    refused = await world.post("coordinator", path, staff)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/login")
    twice = await world.post("coordinator", path, staff | {"login": world.login("mother")})
    assert (twice.status_code, twice.json()["code"]) == (409, "already-exists")
    kept = await world.update("coordinator", "PATCH", f"/v1/members/{family.members['mother']}", {"name": None})
    assert kept.status_code == 422
    cleared = await world.update("coordinator", "PATCH", f"/v1/members/{family.members['mother']}", {"phone": None})
    assert (cleared.status_code, cleared.json()["phone"]) == (200, None)


async def test_a_family_is_registered_in_ones_own_child_disability_department(world: World) -> None:
    for who, department, status in (
        ("coordinator", "handicap", 201), ("coordinator", "ppr", 403), ("psychologist", "ppr", 403),
        ("visitor", "handicap", 403), ("mother", "handicap", 422), ("administrator", "handicap", 403),
    ):  # fmt: skip
        body = {"owner_department_id": str(world.departments[department])}
        assert (await world.post(who, "/v1/families", body)).status_code == status, (who, department)
