"""P15: no silent overwrite. What is changed is what the writer read."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest

from tests.worlds import World

pytestmark = pytest.mark.anyio
CONDITIONAL = {
    "PATCH /v1/cases/{case}": ("head", {"kle_code": "27.24.08"}),
    "PUT /v1/cases/{case}/coordinator": ("head", {"user_id": "{second}", "reason": "Ferie"}),
    "PATCH /v1/cases/{case}/steps/1": ("coordinator", {"due_on": "2030-12-02"}),
    "PATCH /v1/members/{member}": ("coordinator", {"phone": "70 00 00 11"}),
    "PUT /v1/members/{member}/login": ("coordinator", {"issuer": "https://login.invalid", "subject": "ny"}),
    "DELETE /v1/members/{member}/login": ("coordinator", None),
    "PATCH /v1/custodies/{custody}": ("coordinator", {"valid_until": "2030-01-01"}),
    "PATCH /v1/departments/{department}": ("administrator", {"sector": "other"}),
    "PATCH /v1/users/{second}": ("administrator", {"phone": "70 00 00 12"}),
    "PATCH /v1/municipality": ("administrator", {"settings": {"steps": {"blocking": "warn"}}}),
}


@pytest.fixture
async def ids(world: World) -> dict[str, str]:
    family = await world.family()
    case = await world.allocated(family)
    custodies = (await world.get("coordinator", f"/v1/families/{family.id}/custodies")).json()["items"]
    return {
        "case": case["id"],
        "member": family.members["child"],
        "custody": custodies[0]["id"],
        "department": str(world.departments["ppr"]),
        "second": str(world.ids["second"]),
    }


def filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: filled(each, ids) for key, each in value.items()}
    return value.format(**ids) if isinstance(value, str) else value


def read_at(path: str) -> str:
    return path.removesuffix("/coordinator").removesuffix("/login")


@pytest.mark.parametrize("route", CONDITIONAL)
async def test_a_change_says_what_it_changes(route: str, world: World, ids: dict[str, str]) -> None:
    method, path = route.format(**ids).split(" ")
    who, body = CONDITIONAL[route][0], filled(CONDITIONAL[route][1], ids)
    missing = await world.call(who, method, path, body)
    assert (missing.status_code, missing.json()["code"]) == (428, "precondition-required")
    assert missing.json()["errors"][0]["pointer"] == "#If-Match"
    empty = await world.call(who, method, path, body, if_match="")
    assert empty.status_code == 428
    before = await world.get(who, read_at(path))
    stale = await world.call(who, method, path, body, if_match='"stale"')
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition-failed")
    assert (await world.get(who, read_at(path))).json() == before.json()
    changed = await world.call(who, method, path, body, if_match=before.headers["etag"])
    assert changed.status_code == 200, changed.text
    assert changed.headers["etag"] == (await world.get(who, read_at(path))).headers["etag"]
    assert changed.headers["etag"] != before.headers["etag"]
    again = await world.call(who, method, path, body, if_match=before.headers["etag"])
    assert again.status_code == 412


@pytest.mark.parametrize("route", CONDITIONAL)
async def test_of_two_writers_at_once_one_is_told(route: str, world: World, ids: dict[str, str]) -> None:
    """Five with the same ETag, all on their way at the same time: one is served, the others read again first."""
    method, path = route.format(**ids).split(" ")
    who, body = CONDITIONAL[route][0], filled(CONDITIONAL[route][1], ids)
    tag = (await world.get(who, read_at(path))).headers["etag"]
    answers = await asyncio.gather(*(world.call(who, method, path, body, if_match=tag) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ("{tag}", 200),
        ('"another", {tag}', 200),
        ('{tag},"another"', 200),
        ("*", 412),  # "whatever it is" would be the silent overwrite
        ("W/{tag}", 412),  # strong comparison (RFC 9110 §13.1.1)
        ('"{bare}', 412),
        ("{bare}", 412),
        ("nonsense", 412),
        (",", 412),
        ('"' + "x" * 4000 + '"', 412),
    ],
)
async def test_the_forms_of_if_match(form: str, status: int, world: World) -> None:
    family = await world.family()
    path = f"/v1/members/{family.members['child']}"
    tag = (await world.get("coordinator", path)).headers["etag"]
    sent = form.format(tag=tag, bare=tag.strip('"'))
    answer = await world.call("coordinator", "PATCH", path, {"phone": "70 00 00 11"}, if_match=sent)
    assert answer.status_code == status


async def test_an_etag_tells_only_of_what_its_reader_sees(world: World) -> None:
    """The head follows progress and sees no capability notes: a change of them must not show in the head's ETag."""
    family = await world.family()
    path = f"/v1/members/{family.members['child']}"
    before = {who: (await world.get(who, path)).headers["etag"] for who in ("coordinator", "head")}
    noted = await world.update("coordinator", "PATCH", path, {"capability_notes": "Tegner gerne."})
    assert noted.status_code == 200
    after = {who: await world.get(who, path) for who in before}
    assert after["head"].json()["capability_notes"] is None
    assert after["head"].headers["etag"] == before["head"]
    assert after["coordinator"].headers["etag"] != before["coordinator"]
    borrowed = await world.call(
        "head", "PATCH", path, {"phone": "70000011"}, if_match=after["coordinator"].headers["etag"]
    )
    assert borrowed.status_code == 412


async def test_an_etag_does_not_depend_on_the_clock_or_the_language(world: World) -> None:
    case = await world.allocated()
    path = f"/v1/cases/{case['id']}"
    tags = {(await world.get("coordinator", path, accept_language=tag)).headers["etag"] for tag in ("da", "en", "da")}
    assert len(tags) == 1


# --- the order of refusals: 401 → 400, 422 (shape) → 428 → 404 → 403 → 412 → 422 (meaning) → 409


async def test_refusals_are_judged_in_one_order(world: World, ids: dict[str, str]) -> None:
    """Each step has the faults of all later ones in it too."""
    path, elsewhere = f"/v1/cases/{ids['case']}", f"/v1/cases/{uuid4()}"
    no_adviser = {"user_id": str(world.ids["visitor"])}

    async def put(who: str, path: str, body: Any, **headers: str) -> tuple[int, str]:
        sent = {**world.headers(who), "content-type": "application/json", **headers}
        answer = await world.client.put(f"{path}/coordinator", content=body, headers=sent)
        return answer.status_code, answer.json()["code"]

    good = json.dumps(no_adviser)
    assert (await put("stranger", elsewhere, "{", Authorization="Bearer x"))[0] == 401
    assert await put("stranger", elsewhere, "{") == (400, "unreadable-json")
    assert await put("stranger", elsewhere, "{}") == (422, "validation-failed")
    assert (await put("stranger", elsewhere, good))[0] == 428
    stale = {"if-match": '"stale"'}
    assert (await put("head", elsewhere, good, **stale))[0] == 404
    assert (await put("stranger", path, good, **stale))[0] == 404
    assert (await put("coordinator", path, good, **stale))[0] == 403
    assert (await put("head", path, good, **stale))[0] == 412
    tag = {"if-match": (await world.get("head", path)).headers["etag"]}
    assert await put("head", path, good, **tag) == (422, "coordinator-not-child-disability")
    same = json.dumps({"user_id": str(world.ids["coordinator"])})
    assert await put("head", path, same, **tag) == (409, "coordinator-exists")


async def test_a_wrong_content_is_told_before_a_forbidding_state(world: World) -> None:
    """A closed case, and somebody who could never be its coordinator: 422 (meaning) comes before 409."""
    case = await world.case()
    path = f"/v1/cases/{case['id']}"
    closing = {"to": "closed", "reason": "opened_in_error"}
    assert (await world.post("head", f"{path}/transitions", closing)).status_code == 200
    refused = await world.update(
        "head", "PUT", f"{path}/coordinator", {"user_id": str(world.ids["visitor"])}, read=path
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "coordinator-not-child-disability")
