"""Name and address protection: where somebody is found, is for the person and the coordinator, on every path."""

from typing import Any

import pytest

from tests.policy.scenes import entries
from tests.worlds import FamilyOf, World

pytestmark = pytest.mark.anyio
DETAILS = {"address": "Hemmelig vej 4, 0000 Prøveby", "phone": "70 00 00 41", "email": "skjult@login.invalid"}
EVERYBODY = ("coordinator", "head", "psychologist", "second", "journal", "auditor", "administrator",
             "mother", "father", "teen", "child", "stranger")  # fmt: skip


async def protect(world: World, family: FamilyOf, who: str, **more: Any) -> str:
    path = f"/v1/members/{family.members[who]}"
    body = DETAILS | {"address_protected": True} | more
    changed = await world.update("coordinator", "PATCH", path, body)
    assert changed.status_code == 200, changed.text
    return path


async def seen_by(world: World, path: str, readers: tuple[str, ...] = EVERYBODY) -> set[str]:
    """Who reads the details; for all others they are null, each of them."""
    found = set()
    for who in readers:
        answer = await world.get(who, path)
        if answer.status_code == 200:
            shown = {name: answer.json()[name] for name in DETAILS}
            assert shown in (DETAILS, dict.fromkeys(DETAILS)), who
            if shown == DETAILS:
                found.add(who)
    return found


async def with_deputy(world: World, case: Any) -> None:
    """`second` becomes the coordinator's deputy on the case."""
    path = f"/v1/cases/{case['id']}/deputy"
    body = {"user_id": str(world.ids["second"])}
    made = await world.update("head", "PUT", path, body, read=f"/v1/cases/{case['id']}")
    assert made.status_code in (200, 201), made.text


async def test_without_protection_those_who_read_the_record_see_the_details(world: World) -> None:
    family = await world.family()
    await world.allocated(family)
    path = await protect(world, family, "mother", address_protected=False)
    assert await seen_by(world, path) == {"coordinator", "head", "psychologist", "mother"}
    path = await protect(world, family, "child", address_protected=False)
    assert await seen_by(world, path) == {"coordinator", "head", "psychologist", "mother", "father", "child"}


async def test_a_protected_adult_is_found_by_the_coordinator_only(world: World) -> None:
    family = await world.family()
    case = await world.allocated(family)
    path = await protect(world, family, "mother")
    assert await seen_by(world, path) == {"coordinator", "mother"}
    await with_deputy(world, case)
    assert await seen_by(world, path) == {"coordinator", "second", "mother"}


async def test_a_protected_childs_address_is_hidden_from_both_parents(world: World) -> None:
    """A likely leak: custody opens the child's record, and with it where the other parent lives."""
    family = await world.family()
    await world.allocated(family)
    path = await protect(world, family, "child")
    assert await seen_by(world, path) == {"coordinator", "child"}


async def test_whoever_registered_the_family_sees_what_she_wrote(world: World) -> None:
    family = await world.family()
    path = await protect(world, family, "mother")
    assert await seen_by(world, path) == {"coordinator", "mother"}


async def test_a_protected_friend_is_hidden_from_whoever_named_her(world: World) -> None:
    family = await world.family()
    body = {"kind": "network", "relation": "friend", "name": "Ven Prøvesen", "named_by": family.members["mother"]}
    made = await world.post("coordinator", f"/v1/families/{family.id}/members", body | DETAILS)
    path = f"/v1/members/{made.json()['id']}"
    assert await seen_by(world, path) == {"coordinator", "head", "mother"}
    await world.update("coordinator", "PATCH", path, {"address_protected": True})
    assert await seen_by(world, path) == {"coordinator"}


async def test_the_flag_is_for_staff_and_the_person(world: World) -> None:
    """The flag tells: a parent who reads that the child is protected knows that there is something to look for."""
    family = await world.family()
    await world.allocated(family)
    for protected in (True, False):
        path = await protect(world, family, "child", address_protected=protected)
        for who, shown in (("coordinator", True), ("head", True), ("psychologist", True), ("child", True),
                           ("mother", False), ("father", False)):  # fmt: skip
            told = (await world.get(who, path)).json()["address_protected"]
            assert told == (protected if shown else None), (who, protected)


async def test_no_path_shows_a_protected_detail_to_anybody_else(world: World) -> None:
    """Every list and view that members stand in, their events and the log of who has looked."""
    family = await world.family()
    case = await world.allocated(family)
    await world.post("mother", f"/v1/cases/{case['id']}/callbacks", {"wish": "Efter kl. 15."})
    hidden = {
        "mother": {"address": "Hemmelig vej 4", "phone": "70 00 00 41", "email": "skjult@login.invalid"},
        "child": {"address": "Lønlig sti 7", "phone": "70 00 00 47", "email": "gemt@login.invalid"},
    }
    for who, details in hidden.items():
        await protect(world, family, who, **details)
    views = ("", "/overview", "/timeline", "/access-log", "/callbacks", "/meetings", "/contacts", "/team")
    paths = [f"/v1/cases/{case['id']}{rest}" for rest in (*views, "/explanation", "/assignments")]
    paths += [f"/v1/families/{family.id}{rest}" for rest in ("", "/members", "/custodies", "/relations")]
    paths += ["/v1/me", "/v1/me/family", "/v1/me/work", "/v1/cases", "/v1/families"]
    paths += [f"/v1/members/{id}" for id in family.members.values()]
    shown = set()
    for who in EVERYBODY:
        for path in paths:
            answer = await world.get(who, path)
            found = {whose for whose, details in hidden.items() for each in details.values() if each in answer.text}
            assert not found or who == "coordinator" or found == {who}, (who, path)
            shown |= {(who, whose) for whose in found}
    assert shown == {("coordinator", "mother"), ("coordinator", "child"), ("mother", "mother"), ("child", "child")}


async def test_who_does_not_see_a_detail_cannot_overwrite_it(world: World) -> None:
    family = await world.family()
    await world.allocated(family)
    path = f"/v1/members/{family.members['mother']}"
    open_detail = await world.update("head", "PATCH", path, {"phone": "70 00 00 40"})
    assert open_detail.status_code == 200
    await protect(world, family, "mother")
    for change in ({"phone": None}, {"address": "x"}, {"email": None}, {"address_protected": False}):
        blind = await world.update("head", "PATCH", path, change)
        assert (blind.status_code, blind.json()["code"]) == (403, "forbidden"), change
    assert (await world.update("head", "PATCH", path, {"name": "Nyt Prøvesen"})).status_code == 200
    kept = (await world.get("coordinator", path)).json()
    assert {name: kept[name] for name in DETAILS} == DETAILS
    assert kept["address_protected"] is True


async def test_a_head_who_protects_sees_nothing_more(world: World) -> None:
    """Turning protection on needs only what one sees now; turning it off needs to see what it hides."""
    family = await world.family()
    await world.allocated(family)
    path = await protect(world, family, "mother", address_protected=False)
    protected = await world.update("head", "PATCH", path, {"address_protected": True})
    assert (protected.status_code, protected.json()["address"]) == (200, None)
    back = await world.update("head", "PATCH", path, {"address_protected": False})
    assert back.status_code == 403


async def test_protection_is_on_or_off(world: World) -> None:
    family = await world.family()
    path = f"/v1/members/{family.members['mother']}"
    for wrong in (None, "yes", 1):
        refused = await world.update("coordinator", "PATCH", path, {"address_protected": wrong})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/address_protected"), wrong


async def test_a_hidden_change_is_not_in_the_others_etag(world: World) -> None:
    family = await world.family()
    await world.allocated(family)
    path = await protect(world, family, "child")
    readers = ("mother", "father", "head", "psychologist", "coordinator", "child")
    before = {who: (await world.get(who, path)).headers["etag"] for who in readers}
    moved = {"address": "Ny vej 5", "phone": "70 00 00 42", "email": "ny@login.invalid"}
    assert (await world.update("coordinator", "PATCH", path, moved)).status_code == 200
    after = {who: (await world.get(who, path)).headers["etag"] for who in readers}
    assert {who for who in readers if before[who] != after[who]} == {"coordinator", "child"}


async def test_the_log_does_not_tell_what_was_corrected(world: World) -> None:
    """A likely leak: "corrected the contact details", where none are shown, says that there are some to hide."""
    family = await world.family()
    case = await world.allocated(family)
    told = []
    for change in (DETAILS | {"address_protected": True}, {"name": "Barn Prøvesen"}):
        await world.update("coordinator", "PATCH", f"/v1/members/{family.members['child']}", change)
        newest = next(one for one in await entries(world, "father", case["id"]) if one["outcome"] == "write")
        told.append({name: newest[name] for name in ("action", "resource", "rule", "text")})
    assert told[0] == told[1]
