"""Who can sign in as a member of the family: bound and taken away, at once, and for all who have custody to see."""

import asyncio
from typing import Any

import pytest

from tests.worlds import FamilyOf, World

pytestmark = pytest.mark.anyio


def path_of(family: FamilyOf, who: str) -> str:
    return f"/v1/members/{family.members[who]}"


async def bind(world: World, family: FamilyOf, who: str, login: str, by: str = "coordinator") -> Any:
    path = path_of(family, who)
    return await world.update(by, "PUT", f"{path}/login", world.login(login), read=path)


async def unbind(world: World, family: FamilyOf, who: str, by: str = "coordinator") -> Any:
    path = path_of(family, who)
    return await world.update(by, "DELETE", f"{path}/login", None, read=path)


async def test_another_sign_in_takes_over_at_once(world: World) -> None:
    family = await world.family()
    case = await world.allocated(family)
    path = f"/v1/cases/{case['id']}"
    assert (await world.get("mother", path)).status_code == 200
    bound = await bind(world, family, "mother", "stranger")
    assert (bound.status_code, bound.json()["has_login"]) == (200, True)
    assert (await world.get("stranger", path)).status_code == 200
    assert (await world.get("mother", path)).status_code == 404
    assert (await world.get("mother", path_of(family, "mother"))).status_code == 404
    assert (await world.get("mother", "/v1/me/family")).json()["children"] == []


async def test_a_sign_in_is_taken_away_at_once(world: World) -> None:
    family = await world.family()
    case = await world.allocated(family)
    taken = await unbind(world, family, "mother")
    assert (taken.status_code, taken.json()["has_login"]) == (200, False)
    assert (await world.get("mother", f"/v1/cases/{case['id']}")).status_code == 404
    assert (await unbind(world, family, "mother")).json() == taken.json()
    assert (await bind(world, family, "mother", "mother")).status_code == 200
    assert (await world.get("mother", f"/v1/cases/{case['id']}")).status_code == 200


async def test_a_sign_in_nobody_knew_gets_an_account(world: World) -> None:
    family = await world.family()
    path = path_of(family, "mother")
    new = {"issuer": "https://login.invalid", "subject": "ny"}
    assert (await world.update("coordinator", "PUT", f"{path}/login", new, read=path)).status_code == 200


async def test_all_who_have_custody_see_that_it_happened(world: World) -> None:
    """A likely leak: somebody is let in as the mother, and nobody in the family hears of it."""
    family = await world.family()
    case = await world.allocated(family)
    teens = await world.case(family, child="teen")
    await bind(world, family, "mother", "stranger")
    for who, place in (("father", case), ("father", teens), ("stranger", case), ("coordinator", case)):
        newest = (await world.get(who, f"/v1/cases/{place['id']}/timeline")).json()["items"][0]
        assert newest["type"] == "member.login_changed", (who, place)
    await unbind(world, family, "teen")
    assert (await world.get("father", f"/v1/cases/{teens['id']}/timeline")).json()["items"][0]["type"] == (
        "member.login_changed"
    )


async def test_who_may_bind(world: World) -> None:
    """The coordinator or who registered the family, never a leader; and not the person."""
    family = await world.family()
    await world.allocated(family)
    for verb in (bind, unbind):
        for who, status in (("head", 403), ("psychologist", 403), ("mother", 403), ("father", 428), ("visitor", 428)):
            asked = (world, family, "mother", "stranger") if verb is bind else (world, family, "mother")
            refused = await verb(*asked, by=who)  # type: ignore[operator]
            expected = 404 if status == 428 else status
            assert refused.status_code == expected, (verb, who)


async def test_a_sign_in_of_staff_or_of_another_in_the_family_is_refused(world: World) -> None:
    family = await world.family()
    for who in ("psychologist", "journal"):
        refused = await bind(world, family, "mother", who)
        told = (refused.status_code, refused.json()["code"], refused.json()["errors"][0]["pointer"])
        assert told == (422, "unknown-reference", "/subject")
    taken = await bind(world, family, "mother", "father")
    assert (taken.status_code, taken.json()["errors"][0]["pointer"]) == (409, "/subject")
    assert (await world.get("mother", path_of(family, "mother"))).status_code == 200


async def test_of_those_who_bind_at_once_one_does(world: World) -> None:
    """P15: who was bound shows in the ETag, also where there was a sign-in before."""
    family = await world.family()
    path = path_of(family, "mother")
    tag = (await world.get("coordinator", path)).headers["etag"]
    logins = [{"issuer": "https://login.invalid", "subject": f"s{number}"} for number in range(5)]
    answers = await asyncio.gather(
        *(world.call("coordinator", "PUT", f"{path}/login", login, if_match=tag) for login in logins)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]


async def test_a_neighbour_binds_nobody(world: World, neighbour: World) -> None:
    family = await world.family()
    path = path_of(family, "mother")
    for verb, body in (("PUT", neighbour.login("stranger")), ("DELETE", None)):
        refused = await neighbour.call("coordinator", verb, f"{path}/login", body, if_match='"x"')
        assert refused.status_code == 404
