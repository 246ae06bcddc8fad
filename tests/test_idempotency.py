"""P14: a POST that is sent again has one effect, and a replay shows nothing that was withdrawn since."""

import asyncio
from collections import Counter
from typing import Any
from uuid import uuid4

import pytest

from tests.worlds import FamilyOf, World

pytestmark = pytest.mark.anyio


def opening(world: World, family: FamilyOf) -> dict[str, str]:
    department = str(world.departments["handicap"])
    return {"family_id": family.id, "child_id": family.members["child"], "owner_department_id": department}


async def cases_of(world: World, family: FamilyOf) -> list[Any]:
    response = await world.get("coordinator", f"/v1/cases?family_id={family.id}")
    found: list[Any] = response.json()["items"]
    return found


async def test_fifty_at_once_open_one_case(world: World) -> None:
    family = await world.family()
    send = [world.post("coordinator", "/v1/cases", opening(world, family), idempotency_key="k") for _ in range(50)]
    answers = await asyncio.gather(*send)
    (case,) = await cases_of(world, family)
    assert {answer.status_code for answer in answers} <= {201, 409}
    first = [a for a in answers if a.status_code == 201 and "idempotency-replayed" not in a.headers]
    assert len(first) == 1
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["code"] == "idempotency-key-running"
        else:
            assert (answer.json()["id"], answer.headers["location"]) == (case["id"], f"/v1/cases/{case['id']}")


async def test_a_replay_answers_as_the_first_time_with_what_stands_there_now(world: World) -> None:
    family = await world.family()
    body = opening(world, family)
    first = await world.post("coordinator", "/v1/cases", body, idempotency_key="k")
    path = first.headers["location"]
    again = await world.post("coordinator", "/v1/cases", body, idempotency_key="k")
    assert (again.status_code, again.headers["location"], again.json()) == (201, path, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["etag"] == first.headers["etag"]

    appointed = {"user_id": str(world.ids["coordinator"])}
    assert (await world.update("head", "PUT", f"{path}/coordinator", appointed, read=path)).status_code == 200
    later = await world.post("coordinator", "/v1/cases", body, idempotency_key="k")
    current = await world.get("coordinator", path)
    assert (later.status_code, later.json(), later.headers["etag"]) == (201, current.json(), current.headers["etag"])
    assert later.json()["state"] == "start_up"
    assert len(await cases_of(world, family)) == 1


async def test_a_replay_of_an_action_has_the_headers_of_the_first_answer(world: World) -> None:
    """A 200 says where its result stands in Content-Location; a Location would mean something else."""
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}/steps/1/start"
    first = await world.post("coordinator", path, {}, idempotency_key="k")
    again = await world.post("coordinator", path, {}, idempotency_key="k")
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    for name in ("content-location", "location", "etag", "content-type"):
        assert again.headers.get(name) == first.headers.get(name), name


async def test_a_replay_shows_nothing_that_was_withdrawn_since(world: World) -> None:
    """The one who opened the case has it no more: the first answer must not come back from a store."""
    family = await world.family()
    body = opening(world, family)
    first = await world.post("coordinator", "/v1/cases", body, idempotency_key="k")
    path = first.headers["location"]
    appointed = {"user_id": str(world.ids["second"])}
    assert (await world.update("head", "PUT", f"{path}/coordinator", appointed, read=path)).status_code == 200
    again = await world.post("coordinator", "/v1/cases", body, idempotency_key="k")
    absent = await world.get("coordinator", f"/v1/cases/{uuid4()}")
    assert (again.status_code, again.json()) == (404, absent.json())
    assert "etag" not in again.headers
    assert first.json()["number"] not in again.text


async def test_a_replay_is_a_read_and_is_logged(world: World) -> None:
    family = await world.family()
    body = opening(world, family)
    case = (await world.post("coordinator", "/v1/cases", body, idempotency_key="k")).json()

    async def reads() -> int:
        log = (await world.get("mother", f"/v1/cases/{case['id']}/access-log?limit=200")).json()["items"]
        return sum(row["outcome"] == "read" and row["resource"] == "case" and not row["is_me"] for row in log)

    before = await reads()
    assert (await world.post("coordinator", "/v1/cases", body, idempotency_key="k")).status_code == 201
    assert await reads() == before + 1


@pytest.mark.parametrize("what", ["body", "path"])
async def test_the_same_key_for_something_else_is_refused(world: World, what: str) -> None:
    family = await world.family()
    body = opening(world, family)
    assert (await world.post("coordinator", "/v1/cases", body, idempotency_key="k")).status_code == 201
    other = body | {"kle_code": "27.24.08"} if what == "body" else body
    path = {"path": f"/v1/families/{family.id}/members"}.get(what, "/v1/cases")
    refused = await world.post("coordinator", path, other, idempotency_key="k")
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency-key-reused")
    assert len(await cases_of(world, family)) == 1


async def test_the_key_of_another_caller_is_another_key(world: World, neighbour: World) -> None:
    for each, who in ((world, "coordinator"), (world, "second"), (neighbour, "coordinator")):
        body = {"owner_department_id": str(each.departments["handicap"])}
        made = await each.post(who, "/v1/families", body, idempotency_key="the-same")
        assert made.status_code == 201
        assert "idempotency-replayed" not in made.headers
        mine = (await each.get(who, "/v1/families")).json()["items"]
        assert made.json()["id"] in {row["id"] for row in mine}


async def test_a_service_must_send_a_key(world: World) -> None:
    """A machine retries on its own; a person at a form is asked."""
    case = await world.allocated()
    path = f"{world.client.base_url}/v1/cases/{case['id']}/meetings"
    body = {"kind": "status", "planned_for": "2026-12-01T10:00:00Z"}
    refused = await world.client.post(path, json=body, headers=world.headers("journal"))
    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency-key-required")
    assert (await world.post("journal", f"/v1/cases/{case['id']}/meetings", body)).status_code == 403


async def test_a_failed_attempt_keeps_nothing(world: World) -> None:
    family = await world.family()
    body = opening(world, family)
    wrong = body | {"child_id": family.members["mother"]}
    refused = await world.post("coordinator", "/v1/cases", wrong, idempotency_key="k")
    assert refused.status_code == 422
    retried = await world.post("coordinator", "/v1/cases", body, idempotency_key="k")
    assert retried.status_code == 201
    assert "idempotency-replayed" not in retried.headers


async def test_a_conflict_keeps_nothing(world: World) -> None:
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}/steps"
    early = await world.post("coordinator", f"{path}/2/start", {}, idempotency_key="k")
    assert early.status_code == 409
    for move in ("start", "complete"):
        assert (await world.post("coordinator", f"{path}/1/{move}")).status_code == 200
    retried = await world.post("coordinator", f"{path}/2/start", {}, idempotency_key="k")
    assert (retried.status_code, retried.json()["status"]) == (200, "started")


@pytest.mark.parametrize("key", [b"", b"x" * 201, "nøgle".encode(), b"\xff\xfe", b"a\tb", b"\x7f"])
async def test_a_hostile_key_is_refused(world: World, key: bytes) -> None:
    body = {"owner_department_id": str(world.departments["handicap"])}
    headers = {**{k.encode(): v.encode() for k, v in world.headers("coordinator").items()}, b"idempotency-key": key}
    refused = await world.client.post("/v1/families", json=body, headers=headers)  # type: ignore[arg-type]
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#Idempotency-Key")
    assert (await world.get("coordinator", "/v1/families")).json()["items"] == []


async def test_many_keys_do_not_stand_in_each_others_way(world: World) -> None:
    body = {"owner_department_id": str(world.departments["handicap"])}
    send = [world.post("coordinator", "/v1/families", body, idempotency_key=f"k{n}") for n in range(20)]
    assert Counter(answer.status_code for answer in await asyncio.gather(*send)) == {201: 20}


async def test_without_a_key_each_post_counts(world: World) -> None:
    body = {"owner_department_id": str(world.departments["handicap"])}
    made = {(await world.post("coordinator", "/v1/families", body)).json()["id"] for _ in range(2)}
    assert len(made) == 2
