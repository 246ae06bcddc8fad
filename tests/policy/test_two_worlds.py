"""P6: what is hidden cannot be told from what is not there.

Everything that somebody sees is looked at, something hidden is added, and everything is looked at again: each answer
is the same to the last byte, ETags included. Nobody made it in between but the one who added it.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, update

from app.db import Database, columns, new_id, table_of
from app.models import Case, Custody, Family, Member
from tests.policy.hidden_papers import HIDDEN
from tests.policy.scenes import Scene, case_body, entries, join, made, other_family
from tests.policy.test_routes import READS, path_of, random_ids, real, told
from tests.worlds import World

pytestmark = pytest.mark.anyio
__all__ = ["real"]
LOOKS = [name for name in READS if name != "list_access"]
PASSING = ("minutes_waited", "last_looked", "looks")
"""Fields that change as time passes, or by looking; who has looked is compared by itself."""
Looks = dict[str, Any]
Hide = Callable[[Scene, Database], Awaitable[None]]


async def everything(world: World, who: str, ids: dict[str, str]) -> Looks:
    """Every GET that there is, as this person, over the ids of the scene."""
    return {name: await _look(world, who, path_of(name, ids)) for name in LOOKS}


async def _look(world: World, who: str, path: str) -> Any:
    answer = await world.get(who, path)
    if "json" not in answer.headers["content-type"]:
        return answer.status_code, answer.headers.get("etag"), answer.content
    whole = answer.json()
    lasting = _without_time(whole)
    return answer.status_code, answer.headers.get("etag") if lasting == whole else "passing", lasting


def _without_time(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_time(one) for key, one in value.items() if key not in PASSING}
    return [_without_time(one) for one in value] if isinstance(value, list) else value


async def logs(scene: Scene, people: Iterable[str]) -> dict[str, Any]:
    """What each is told of who has looked, without one's own looks: this one is among them."""
    found = {}
    for who in people:
        for place in ("allocated", "teen") if who in ("mother", "father") else ("teen",) if who == "teen" else ():
            log = await entries(scene.world, who, scene.cases[place])
            found[who, place] = [one for one in log if not one["is_me"]]
    return found


@dataclass
class Before:
    """What each saw last, and after how many changes: what has not changed since is not looked at again."""

    changed: int = 0
    views: dict[str, tuple[int, Looks]] = field(default_factory=dict)

    async def look(self, world: World, who: str, ids: dict[str, str]) -> Looks:
        if self.views.get(who, (-1,))[0] != self.changed:
            self.views[who] = self.changed, await everything(world, who, ids)
        return self.views[who][1]


@pytest.fixture(scope="module")
def before() -> Before:
    return Before()


# --- hidden things


async def another_familys_case(scene: Scene, owner: Database) -> None:
    """With a coordinator, a team, a contact and a wish of its own."""
    world, family = scene.world, await other_family(scene.world)
    case = await made(world, "second", "/v1/cases", case_body(world, family))
    path = f"/v1/cases/{case['id']}"
    body = {"user_id": str(world.ids["second"])}
    assert (await world.update("head", "PUT", f"{path}/coordinator", body, read=path)).status_code == 200
    await join(world, path, "second", "visitor", "sundhed")
    now = datetime.now(UTC).isoformat()
    contact = {"kind": "first_contact", "channel": "phone", "took_place_at": now, "note": "Hemmeligt."}
    await made(world, "second", f"{path}/contacts", contact)
    await made(world, "visitor", f"{path}/meetings", {"kind": "network", "planned_for": now})


async def another_departments_case(scene: Scene, owner: Database) -> None:
    """Of a department that none of them works in or leads."""
    world, family, child = scene.world, new_id(), new_id()
    now, job = datetime.now(UTC), world.departments["job"]
    base = {"municipality_id": world.municipality}
    case = {"family_id": family, "child_id": child, "owner_department_id": job, "model": "none", "state": "draft"}
    case |= {"number": uuid4().hex, "kle_code": "27.24.00", "external_references": [], "opened_at": now}
    person = {"family_id": family, "kind": "child", "relation": "child", "name": "Skjult", "created_at": now}
    rows: list[tuple[Any, dict[str, Any]]] = [
        (Family, {"id": family, "owner_department_id": job, "created_at": now, "created_by": world.ids["other_head"]}),
        (Member, {"id": child, "birth_date": date(2016, 1, 1), **person}),
        (Case, {"id": new_id(), "opened_by": world.ids["other_head"], **case}),
    ]
    async with owner.transaction(world.municipality) as session:
        for model, row in rows:
            await session.execute(insert(table_of(model)), {**base, **row})


async def the_fathers_wish(scene: Scene, owner: Database) -> None:
    """The father asks to be called back."""
    await made(scene.world, "father", scene.path("allocated", "/callbacks"), {"wish": "Ring til mig alene."})


async def the_mothers_number(scene: Scene, owner: Database) -> None:
    """What stands in the mother's own record changes."""
    member = columns(Member)
    async with owner.transaction(scene.world.municipality) as session:
        hers = update(table_of(Member)).where(member.id == UUID(scene.family.members["mother"]))
        await session.execute(hers.values(phone="70 00 00 99", capability_notes="Kun til sagsbehandleren."))


async def a_grandmothers_custody(scene: Scene, owner: Database) -> None:
    """Somebody else of the family gets custody of the child."""
    world, grandmother, now = scene.world, new_id(), datetime.now(UTC)
    family, child = UUID(scene.family.id), UUID(scene.family.members["child"])
    base = {"municipality_id": world.municipality, "family_id": family, "created_at": now}
    person = {"id": grandmother, "kind": "adult", "relation": "grandparent", "name": "Farmor Prøvesen"}
    held = {"id": new_id(), "child_id": child, "holder_id": grandmother, "source": "court"}
    held |= {"valid_from": date(2020, 1, 1), "created_by": world.ids["coordinator"]}
    async with owner.transaction(world.municipality) as session:
        await session.execute(insert(table_of(Member)), {**base, **person})
        await session.execute(insert(table_of(Custody)), {**base, **held})


async def a_protected_address(scene: Scene, owner: Database) -> None:
    """The child's address becomes protected: with nothing known before, nobody can tell that there is one now."""
    member = columns(Member)
    async with owner.transaction(scene.world.municipality) as session:
        its = update(table_of(Member)).where(member.id == UUID(scene.family.members["child"]))
        hidden = {"address": "Skjult vej 2", "phone": "70 00 00 63", "email": "barn@login.invalid"}
        number = {"cpr_cipher": b"x", "cpr_index": uuid4().hex, "cpr_masked": "120416-****"}
        await session.execute(its.values(address_protected=True, **hidden, **number))


async def a_new_address_of_the_protected(scene: Scene, owner: Database) -> None:
    """Who lives at a protected address moves; the coordinator writes it down."""
    path = f"/v1/members/{scene.rows['family', 'member of former_parent']}"
    moved = {"address": "Skjult vej 3", "phone": "70 00 00 64", "email": "flyttet@login.invalid"}
    assert (await scene.world.update("coordinator", "PATCH", path, moved)).status_code == 200


async def a_friend_of_the_mother(scene: Scene, owner: Database) -> None:
    """The mother names somebody, who is related to her and to the child."""
    world, path = scene.world, f"/v1/families/{scene.family.id}"
    friend = {"kind": "network", "relation": "aunt_uncle", "name": "Moster Prøvesen"}
    friend = await made(world, "coordinator", f"{path}/members", friend | {"named_by": scene.family.members["mother"]})
    for kind, other in (("sibling", "mother"), ("aunt_uncle", "child")):
        body = {"from_id": friend["id"], "to_id": scene.family.members[other], "kind": kind}
        await made(world, "coordinator", f"{path}/relations", body)


async def the_mothers_own_affairs(scene: Scene, owner: Database) -> None:
    """A case that the mother has elsewhere is noted, and how she wants to be contacted herself."""
    mother = scene.family.members["mother"]
    elsewhere = {"member_id": mother, "area": "Jobcentret", "note": "Fortroligt."}
    await made(scene.world, "coordinator", scene.path("allocated", "/related-cases"), elsewhere)
    wish = {"member_id": mother, "intensity": "space", "purpose_line": "Ring aldrig hjem."}
    await made(scene.world, "coordinator", scene.path("allocated", "/contact-preferences"), wish)


async def a_search(scene: Scene, owner: Database) -> None:
    """Somebody is looked for by CPR number, and found."""
    found = await made(scene.world, "coordinator", "/v1/members/search", {"cpr_number": "010180-4711"})
    assert len(found["items"]) == 1


async def a_contact(scene: Scene, owner: Database) -> None:
    """A contact with the family is recorded: content, which leaders and services do not read."""
    body = {"kind": "informal", "channel": "phone", "took_place_at": "2026-01-05T10:00:00Z", "note": "Fortroligt."}
    await made(scene.world, "coordinator", scene.path("allocated", "/contacts"), body)


async def an_agreement(scene: Scene, owner: Database) -> None:
    """Who coordinates with the nursery is agreed with the mother, and is to be looked at again by now: content."""
    body = {"party": "Børnehaven", "coordinated_by": "shared", "agreed_on": "2026-01-05", "review_on": "2026-01-06"}
    body |= {"agreed_with": scene.family.members["mother"]}
    await made(scene.world, "coordinator", scene.path("allocated", "/role-agreements"), body)


async def a_colleagues_norm(scene: Scene, owner: Database) -> None:
    """Another adviser is given a norm of her own, and is above it."""
    path = f"/v1/users/{scene.world.ids['second']}"
    body = {"max": 1, "reason": "Nyuddannet."}
    assert (await scene.world.update("head", "PUT", f"{path}/norm", body, read=path)).status_code == 200


async def a_case_of_the_brother(scene: Scene, owner: Database) -> None:
    """The teenager's brother gets one more case."""
    await made(scene.world, "coordinator", "/v1/cases", case_body(scene.world, scene.family))


@pytest.mark.parametrize(
    ("hide", "people"),
    [
        (another_familys_case, "mother teen coordinator psychologist stranger auditor"),
        (another_departments_case, "mother coordinator head journal"),
        (the_fathers_wish, "mother head journal second"),
        (the_mothers_number, "father teen journal former_parent"),
        (a_grandmothers_custody, "mother teen journal former_parent"),
        (a_protected_address, "mother father teen journal former_parent"),
        (a_new_address_of_the_protected, "mother father teen head psychologist journal second"),
        (a_friend_of_the_mother, "father teen child journal former_parent"),
        (the_mothers_own_affairs, "father teen head journal former_parent"),
        (a_search, "mother father teen head journal former_parent"),
        (a_contact, "head journal second former_parent"),
        (an_agreement, "head journal second former_parent"),
        (a_colleagues_norm, "coordinator psychologist visitor controller mother journal"),
        (a_case_of_the_brother, "teen child psychologist second"),
        *HIDDEN,
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
async def test_what_is_hidden_changes_nothing(
    hide: Hide, people: str, scene: Scene, real: dict[str, str], owner: Database, before: "Before"
) -> None:
    world, each = scene.world, people.split()
    for who in each:
        await before.look(world, who, real)
    told_before = await logs(scene, each)
    await hide(scene, owner)
    before.changed += 1
    assert await logs(scene, each) == told_before
    for who in each:
        seen, after = before.views[who], await before.look(world, who, real)
        assert {name for name in LOOKS if after[name] != seen[1][name]} == set(), who


@pytest.mark.parametrize("who", ["stranger", "father", "visitor", "other_service", "auditor", "second"])
async def test_forbidden_and_absent_are_one_answer(who: str, scene: Scene, real: dict[str, str]) -> None:
    """Status, body and headers of a 404 are those of an id that nobody has."""
    for name in LOOKS:
        found = await scene.world.get(who, path_of(name, real))
        if "{" not in name and found.status_code == 404:
            absent = await scene.world.get(who, path_of(name, random_ids(real)))
            assert told(found) == told(absent), name


async def test_a_cursor_of_a_hidden_row_is_a_cursor_like_any_other(scene: Scene) -> None:
    """A cursor names a place in the order, and says nothing of whether a row stands there."""
    world = scene.world
    pages = (await world.get("second", "/v1/cases?limit=1")).json()
    hidden = pages["next"]
    assert (await world.get("mother", f"/v1/cases?after={hidden}")).status_code == 200
    assert (await world.get("stranger", f"/v1/cases?after={hidden}")).json() == {"items": [], "next": None}


async def test_filters_do_not_ask_about_hidden_rows(scene: Scene) -> None:
    """A filter on somebody else's family or department narrows what one reads, and is no question about theirs."""
    world = scene.world
    for wanted in (scene.other_family.id, uuid4()):
        answer = await world.get("mother", f"/v1/cases?family_id={wanted}")
        assert answer.json() == {"items": [], "next": None}
    for wanted in (world.ids["second"], uuid4()):
        answer = await world.get("mother", f"/v1/cases?coordinator_id={wanted}")
        assert answer.json() == {"items": [], "next": None}
