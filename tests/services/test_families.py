"""Families, their members and custody (R20–R22)."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.worlds import World, local_today

pytestmark = pytest.mark.anyio
TODAY = local_today()


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
    overlapping = (await custody(world, family, "mother", "2020-01-01")).json()
    assert (overlapping["code"], overlapping["errors"][0]["pointer"]) == ("period-overlaps", "/valid_from")
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


# --- kinds of custody


async def with_parents(world: World) -> dict[str, str]:
    """A family of a father, two mothers and his child with each of them, without custody; `second` is the stranger."""
    made = await world.post("coordinator", "/v1/families", {"owner_department_id": str(world.departments["handicap"])})
    path, ids = f"/v1/families/{made.json()['id']}", {"family": made.json()["id"]}
    people: dict[str, Any] = {
        "father": {"kind": "adult", "relation": "father", "login": world.login("father")},
        "mother": {"kind": "adult", "relation": "mother", "login": world.login("mother")},
        "second": {"kind": "adult", "relation": "mother", "login": world.login("stranger")},
        "first_child": {"kind": "child", "relation": "child", "birth_date": "2014-02-02"},
        "half_sister": {"kind": "child", "relation": "sibling", "birth_date": "2018-03-03"},
    }
    for who, body in people.items():
        answer = await world.post("coordinator", f"{path}/members", body | {"name": f"{who} Prøvesen"})
        assert answer.status_code == 201, answer.text
        ids[who] = answer.json()["id"]
    return ids


async def given(world: World, ids: dict[str, str], child: str, holder: str, kind: str, **period: Any) -> Any:
    body = {"child_id": ids[child], "holder_id": ids[holder], "kind": kind, "source": "court"}
    path = f"/v1/families/{ids['family']}/custodies"
    return await world.post("coordinator", path, body | {"valid_from": "2019-01-01"} | period)


async def test_half_siblings_each_have_their_own_custody(world: World) -> None:
    """One family, and each parent sees exactly the children in her custody, and their cases."""
    ids = await with_parents(world)
    for child, holder, kind in (
        ("first_child", "father", "joint"), ("first_child", "mother", "joint"), ("half_sister", "second", "sole"),
    ):  # fmt: skip
        answer = await given(world, ids, child, holder, kind)
        assert (answer.status_code, answer.json()["kind"]) == (201, kind)
    cases = {}
    for child in ("first_child", "half_sister"):
        body = {"family_id": ids["family"], "child_id": ids[child]}
        body |= {"owner_department_id": str(world.departments["handicap"])}
        cases[child] = (await world.post("coordinator", "/v1/cases", body)).json()["id"]
    for who, children in (("father", {"first_child"}), ("mother", {"first_child"}), ("stranger", {"half_sister"})):
        view = (await world.get(who, "/v1/me/family")).json()
        assert {child["id"] for child in view["children"]} == {ids[child] for child in children}, who
        assert {case["id"] for case in view["cases"]} == {cases[child] for child in children}, who
        for child, case in cases.items():
            expected = 200 if child in children else 404
            assert (await world.get(who, f"/v1/cases/{case}")).status_code == expected
            assert (await world.get(who, f"/v1/members/{ids[child]}")).status_code == expected


@pytest.mark.parametrize("kind", ["joint", "sole", "temporary", "guardianship"])
async def test_sole_custody_stands_alone(kind: str, world: World) -> None:
    ids = await with_parents(world)
    assert (await given(world, ids, "first_child", "mother", "sole", valid_until="2022-01-01")).status_code == 201
    beside = await given(world, ids, "first_child", "father", kind, valid_from="2021-12-31")
    assert (beside.status_code, beside.json()["code"]) == (409, "custody-not-joint")
    assert beside.json()["errors"][0]["pointer"] == "/kind"
    assert (await given(world, ids, "first_child", "father", kind, valid_from="2022-01-01")).status_code == 201
    other_child = await given(world, ids, "half_sister", "father", kind)
    assert other_child.status_code == 201


@pytest.mark.parametrize("kind", ["joint", "temporary", "guardianship"])
async def test_nobody_gets_sole_custody_beside_another(kind: str, world: World) -> None:
    ids = await with_parents(world)
    assert (await given(world, ids, "first_child", "mother", kind)).status_code == 201
    alone = await given(world, ids, "first_child", "father", "sole")
    assert (alone.status_code, alone.json()["code"]) == (409, "custody-not-joint")
    earlier = await given(
        world, ids, "first_child", "father", "sole", valid_from="2015-01-01", valid_until="2019-01-01"
    )
    assert earlier.status_code == 201
    twice = await given(world, ids, "first_child", "mother", "sole")
    assert (twice.status_code, twice.json()["code"]) == (409, "period-overlaps")


async def test_of_two_who_get_sole_custody_at_once_one_gets_it(world: World) -> None:
    ids = await with_parents(world)
    both = [given(world, ids, "first_child", who, "sole") for who in ("mother", "father", "second")]
    answers = await asyncio.gather(*both)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def test_custody_is_joint_unless_said_otherwise(world: World) -> None:
    family = await world.family()
    held = (await world.get("coordinator", f"/v1/families/{family.id}/custodies")).json()["items"]
    assert {one["kind"] for one in held} == {"joint"}


# --- persons of the network


async def network_person(world: World, family: Any, who: str | None, **more: Any) -> Any:
    body = {"kind": "network", "relation": "friend", "name": "Ven Prøvesen", "phone": "70 00 00 21"}
    named = {"named_by": family.members[who]} if who else {}
    return await world.post("coordinator", f"/v1/families/{family.id}/members", body | named | more)


async def test_a_person_of_the_network_is_for_staff_and_whoever_named_her(world: World) -> None:
    """R23. Not for the other parent, nor for the children; and she herself gets to nothing else."""
    family = await world.family()
    case = await world.allocated(family)
    made = await network_person(world, family, "mother", login=world.login("stranger"))
    assert made.status_code == 201, made.text
    path = f"/v1/members/{made.json()['id']}"
    readers = {"coordinator", "psychologist", "head", "mother", "stranger"}
    for who in ("coordinator", "psychologist", "head", "mother", "stranger", "father", "teen", "child", "second"):
        answer = await world.get(who, path)
        assert answer.status_code == (200 if who in readers else 404), who
        if who in ("mother", "coordinator"):
            assert (answer.json()["named_by"], answer.json()["phone"]) == (family.members["mother"], "70 00 00 21")
        if who == "stranger":
            assert answer.json()["named_by"] is None
    listed = (await world.get("mother", "/v1/me/family")).json()
    assert [one["id"] for one in listed["network"]] == [made.json()["id"]]
    assert made.json()["id"] not in {one["id"] for one in listed["children"]}
    assert (await world.get("stranger", "/v1/me/family")).json()["cases"] == []
    assert (await world.get("stranger", f"/v1/cases/{case['id']}")).status_code == 404
    for other in family.members.values():
        assert (await world.get("stranger", f"/v1/members/{other}")).status_code == 404


async def test_what_is_noted_about_a_person_of_the_network_is_not_for_whoever_named_her(world: World) -> None:
    family = await world.family()
    made = (await network_person(world, family, "mother", capability_notes="Taler tegnsprog.")).json()
    assert made["capability_notes"] == "Taler tegnsprog."
    assert (await world.get("mother", f"/v1/members/{made['id']}")).json()["capability_notes"] is None


async def test_a_person_of_the_network_is_described_rightly(world: World, neighbour: World) -> None:
    family, theirs = await world.family(), await neighbour.family()
    path = f"/v1/families/{family.id}/members"
    for named_by in (theirs.members["mother"], str(world.ids["mother"])):
        foreign = await network_person(world, family, None, named_by=named_by)
        assert (foreign.status_code, foreign.json()["code"]) == (422, "member-not-in-family")
    friend = (await network_person(world, family, "mother")).json()
    by_friend = await network_person(world, family, None, named_by=friend["id"])
    assert by_friend.json()["errors"][0]["pointer"] == "/named_by"
    adult = {"kind": "adult", "relation": "other", "name": "X", "named_by": family.members["mother"]}
    refused = await world.post("coordinator", path, adult)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/named_by")
    body = {"child_id": family.members["child"], "holder_id": friend["id"], "source": "court"}
    holder = await world.post("coordinator", f"/v1/families/{family.id}/custodies", body | {"valid_from": "2020-01-01"})
    assert (holder.status_code, holder.json()["code"]) == (422, "not-an-adult")
    case = {"family_id": family.id, "child_id": friend["id"]}
    opened = await world.post(
        "coordinator", "/v1/cases", case | {"owner_department_id": str(world.departments["handicap"])}
    )
    assert (opened.status_code, opened.json()["code"]) == (422, "member-not-in-family")


# --- employment


async def test_employment_is_an_adults_and_content(world: World) -> None:
    """R35."""
    family = await world.family()
    case = await world.allocated(family)
    assert case
    path = f"/v1/members/{family.members['mother']}"
    changed = await world.update("coordinator", "PATCH", path, {"employment": "lost_earnings"})
    assert (changed.status_code, changed.json()["employment"]) == (200, "lost_earnings")
    shown = {who: (await world.get(who, path)).json()["employment"] for who in ("psychologist", "mother", "head")}
    assert shown == {"psychologist": "lost_earnings", "mother": "lost_earnings", "head": None}
    blind = await world.update("head", "PATCH", path, {"employment": None})
    assert blind.status_code == 403
    child = await world.update(
        "coordinator", "PATCH", f"/v1/members/{family.members['child']}", {"employment": "student"}
    )
    assert (child.status_code, child.json()["errors"][0]["pointer"]) == (422, "/employment")
