"""Lists: pages by cursor, limits and filters; what a page shows does not depend on what others add meanwhile."""

import base64
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.worlds import World

pytestmark = pytest.mark.anyio


async def families(world: World, number: int, who: str = "coordinator") -> list[str]:
    body = {"owner_department_id": str(world.departments["handicap"])}
    return [(await world.post(who, "/v1/families", body)).json()["id"] for _ in range(number)]


async def page(world: World, path: str, who: str = "coordinator", **query: Any) -> Any:
    response = await world.client.get(path, params=query, headers=world.headers(who))
    assert response.status_code == 200, response.text
    found = response.json()
    assert set(found) == {"items", "next"}
    return found


async def walked(world: World, path: str, limit: int, who: str = "coordinator", **query: Any) -> list[str]:
    """The ids of all pages, one after the other."""
    ids: list[str] = []
    after: dict[str, str] = {}
    while True:
        found = await page(world, path, who, limit=limit, **query, **after)
        ids += [item["id"] for item in found["items"]]
        assert len(found["items"]) <= limit
        if found["next"] is None:
            return ids
        after = {"after": found["next"]}
        assert len(ids) < 1000


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 200])
async def test_pages_together_are_the_whole_list_newest_first(limit: int, world: World) -> None:
    made = await families(world, 7)
    assert await walked(world, "/v1/families", limit) == made[::-1]


async def test_a_list_is_stable_while_rows_are_added(world: World) -> None:
    made = await families(world, 4)
    first = await page(world, "/v1/families", limit=2)
    later = await families(world, 3)
    second = await page(world, "/v1/families", limit=2, after=first["next"])
    assert [item["id"] for item in first["items"] + second["items"]] == made[::-1]
    assert not set(later) & {item["id"] for item in second["items"]}


async def test_an_empty_page_is_a_page(world: World) -> None:
    assert await page(world, "/v1/families") == {"items": [], "next": None}
    made = await families(world, 1)
    first = await page(world, "/v1/families", limit=1)
    assert [item["id"] for item in first["items"]] == made
    if first["next"] is not None:
        assert await page(world, "/v1/families", limit=1, after=first["next"]) == {"items": [], "next": None}


@pytest.mark.parametrize(
    "cursor",
    ["", "nonsense", "AAAA", "=" * 8, "A" * 21, "A" * 23, "A" * 24, "A" * 64, "A" * 65, "AAAAAAAAAAAAAAAAAAAAA+",
     "AAAAAAAAAAAAAAAAAAAAAB", "AAAAAAAAAAAAAAAAAAAAA ", str(UUID(int=7)), "é" * 22],
)  # fmt: skip
async def test_a_cursor_that_is_none_is_refused(cursor: str, world: World) -> None:
    response = await world.client.get("/v1/families", params={"after": cursor}, headers=world.headers("coordinator"))
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "?after")


async def test_a_cursor_of_elsewhere_shows_nothing_foreign(world: World, neighbour: World) -> None:
    """A cursor is only a place in the order: it opens nothing, whoever made it."""
    theirs = await families(neighbour, 2)
    foreign = (await page(neighbour, "/v1/families", limit=1))["next"]
    own = await families(world, 2)
    found = await page(world, "/v1/families", after=foreign)
    assert not {item["id"] for item in found["items"]} & set(theirs)
    found = await page(
        neighbour, "/v1/families", after=base64.urlsafe_b64encode(UUID(own[0]).bytes).decode().rstrip("=")
    )
    assert not {item["id"] for item in found["items"]} & set(own)


@pytest.mark.parametrize("limit", ["0", "-1", "201", "1.5", "x", "", "99999999999999999999"])
async def test_a_limit_has_limits(limit: str, world: World) -> None:
    response = await world.client.get("/v1/families", params={"limit": limit}, headers=world.headers("coordinator"))
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "?limit")


async def test_fifty_unless_asked_otherwise(world: World) -> None:
    made = await families(world, 52)
    first = await page(world, "/v1/families")
    assert [item["id"] for item in first["items"]] == made[:1:-1]
    assert len((await page(world, "/v1/families", limit=200))["items"]) == 52


async def test_the_filters_of_cases(world: World) -> None:
    """Each narrows, together they narrow further; a filter that nothing passes shows nothing, and no error."""
    family, other = await world.family(), await world.family()
    draft = await world.case(family, model="sof")
    started = await world.allocated(other)
    both = {draft["id"], started["id"]}

    async def found(**query: Any) -> set[str]:
        return set(await walked(world, "/v1/cases", 1, "coordinator", **query))

    department, coordinator = str(world.departments["handicap"]), str(world.ids["coordinator"])
    assert await found() == both
    assert await found(state="draft") == {draft["id"]}
    assert await found(state="start_up") == {started["id"]}
    assert await found(state="closed") == set()
    assert await found(model="sof") == {draft["id"]}
    assert await found(family_id=other.id) == {started["id"]}
    assert await found(owner_department_id=department) == both
    assert await found(owner_department_id=str(uuid4())) == set()
    assert await found(coordinator_id=coordinator) == {started["id"]}
    everything = {"state": "start_up", "model": "efei", "family_id": other.id, "coordinator_id": coordinator}
    assert await found(**everything, owner_department_id=department) == {started["id"]}
    assert await found(**everything | {"model": "sof"}) == set()


async def test_the_filters_of_people_and_departments(world: World) -> None:
    services = await walked(world, "/v1/users", 50, kind="service")
    assert set(services) == {str(world.ids[who]) for who in ("journal", "other_service")}
    psychologists = await walked(world, "/v1/users", 50, profession="psychologist", active="true")
    assert psychologists == [str(world.ids["psychologist"])]
    assert await walked(world, "/v1/users", 50, active="false") == []
    health = await walked(world, "/v1/departments", 50, sector="health", kind="health_care")
    assert health == [str(world.departments["sundhed"])]


async def test_the_filters_within_a_case(world: World) -> None:
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}"
    for kind in ("status", "network"):
        await world._made("coordinator", f"{path}/meetings", {"kind": kind, "planned_for": "2026-12-01T10:00:00Z"})
    contact = {"channel": "phone", "took_place_at": "2026-01-01T10:00:00Z"}
    for kind in ("informal", "follow_up"):
        await world._made("coordinator", f"{path}/contacts", contact | {"kind": kind})
    assert len(await walked(world, f"{path}/meetings", 1, kind="status")) == 1
    assert len(await walked(world, f"{path}/meetings", 1, status="planned")) == 2
    assert await walked(world, f"{path}/meetings", 1, status="held") == []
    assert len(await walked(world, f"{path}/contacts", 1, kind="informal")) == 1
    assert len(await walked(world, f"{path}/team", 1, active="true")) == 1
    assert await walked(world, f"{path}/team", 1, active="false") == []


@pytest.mark.parametrize("name", ["timeline", "access-log", "assignments", "steps", "team"])
async def test_every_list_of_a_case_pages(name: str, world: World) -> None:
    case = await world.allocated()
    who = "mother" if name == "access-log" else "coordinator"
    path = f"/v1/cases/{case['id']}/{name}"
    whole = [item["id"] for item in (await page(world, path, who))["items"]]
    assert whole
    if name == "access-log":  # looking at it adds a row to it, at its beginning
        assert (await walked(world, path, 3, who))[-len(whole) :] == whole
    else:
        assert await walked(world, path, 1 if name != "steps" else 200, who) == whole


@pytest.mark.parametrize("name", ["team", "meetings", "contacts", "callbacks", "timeline", "assignments", "steps"])
async def test_a_list_of_a_case_that_is_not_yours_is_absent(name: str, world: World) -> None:
    case = await world.allocated()
    hidden = await world.get("stranger", f"/v1/cases/{case['id']}/{name}")
    absent = await world.get("stranger", f"/v1/cases/{uuid4()}/{name}")
    assert (hidden.status_code, hidden.json()) == (404, absent.json())
