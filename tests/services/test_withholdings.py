"""What is kept from one member of the family: for a recorded reason, and so that the member cannot tell."""

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.db import Database
from tests.uploads import uploaded
from tests.worlds import FamilyOf, World, local_today

pytestmark = pytest.mark.anyio


@pytest.fixture
async def family(world: World) -> FamilyOf:
    return await world.family()


@pytest.fixture
async def case(world: World, family: FamilyOf) -> Any:
    return await world.allocated(family)


@pytest.fixture
async def reason(world: World) -> dict[str, str]:
    """A reason with a legal reference of the municipality's list."""
    listed = (await world.get("coordinator", "/v1/legal-references?use=withhold")).json()["items"]
    return {"reason": "Fortalt i fortrolighed.", "legal_reference_id": listed[0]["id"]}


def flaw(answer: Any) -> tuple[int, str, str | None]:
    body = answer.json()
    return answer.status_code, body["code"], body["errors"][0]["pointer"] if body["errors"] else None


async def all_that_is_seen(world: World, who: str, case: Any, family: FamilyOf, *documents: str) -> dict[str, Any]:
    """Every list and view that somebody of the family has, without the looks of oneself."""
    places = [f"/v1/cases/{case['id']}{part}" for part in ("", "/documents", "/folders", "/timeline", "/overview")]
    places += ["/v1/documents", "/v1/me/family", f"/v1/cases/{case['id']}/explanation"]
    places += [f"/v1/documents/{id}{part}" for id in documents for part in ("", "/content", "/versions")]
    places += [f"/v1/documents/{id}/withholdings" for id in documents]
    seen: dict[str, Any] = {}
    for place in places:
        answer = await world.get(who, place)
        seen[place] = (answer.status_code, answer.text, answer.headers.get("etag"))
    log = (await world.get(who, f"/v1/cases/{case['id']}/access-log?limit=200")).json()["items"]
    seen["log"] = [row for row in log if not row["is_me"]]
    return seen


async def test_a_document_is_withheld_from_one_member_at_once(
    world: World, family: FamilyOf, case: Any, reason: dict[str, str]
) -> None:
    made = await uploaded(world, "coordinator", case)
    path = f"/v1/documents/{made['id']}"
    body = {"member_id": family.members["father"], **reason}
    kept = await world.post("coordinator", f"{path}/withholdings", body)
    assert kept.status_code == 201, kept.text
    found = kept.json()
    assert (found["member_id"], found["reason"], found["ended_at"]) == (body["member_id"], reason["reason"], None)
    assert found["citation"]
    assert (await world.get("coordinator", kept.headers["location"])).json() == found
    for where in (path, f"{path}/content", f"{path}/versions", f"{path}/explanation"):
        assert (await world.get("father", where)).status_code == 404, where
        assert (await world.get("mother", where)).status_code in (200,), where
    assert (await world.get("father", f"/v1/cases/{case['id']}/documents")).json()["items"] == []
    again = await world.post("coordinator", f"{path}/withholdings", body)
    assert flaw(again) == (409, "already-exists", "/member_id")
    ended = await world.post("coordinator", f"{kept.headers['location']}/end")
    assert (ended.status_code, ended.json()["ended_by"]) == (200, str(world.ids["coordinator"]))
    assert (await world.get("father", path)).status_code == 200
    twice = await world.post("coordinator", f"{kept.headers['location']}/end")
    assert flaw(twice)[:2] == (409, "withholding-ended")
    assert (await world.post("coordinator", f"{path}/withholdings", body)).status_code == 201
    current = (await world.get("coordinator", f"{path}/withholdings?current=true")).json()["items"]
    every = (await world.get("coordinator", f"{path}/withholdings")).json()["items"]
    assert (len(current), len(every)) == (1, 2)


async def test_the_member_cannot_tell_that_something_is_withheld(
    world: World, family: FamilyOf, case: Any, reason: dict[str, str]
) -> None:
    """P6: all that the father sees is what he saw before the document came, but for the looks at what he may see."""
    await uploaded(world, "coordinator", case, title="Synligt")
    before = await all_that_is_seen(world, "father", case, family)
    made = await uploaded(world, "coordinator", case, title="Fortroligt")
    path = f"/v1/documents/{made['id']}"
    body = {"member_id": family.members["father"], **reason}
    assert (await world.post("coordinator", f"{path}/withholdings", body)).status_code == 201
    assert (await world.get("coordinator", f"{path}/withholdings")).status_code == 200
    assert (await world.get("coordinator", f"{path}/withholdings?current=false")).json()["items"] == []
    assert (await world.get("coordinator", f"{path}/content")).status_code == 200
    assert (await world.get("coordinator", path)).status_code == 200
    assert (await world.get("mother", path)).status_code == 200
    refused = await world.post("coordinator", f"{path}/withholdings", body)
    assert refused.status_code == 409
    after = await all_that_is_seen(world, "father", case, family)
    assert after == before
    absent = await world.get("father", f"/v1/documents/{uuid4()}")
    for where in (path, f"{path}/content", f"{path}/withholdings", f"{path}/explanation"):
        found = await world.get("father", where)
        assert (found.status_code, found.text) == (404, absent.text)


async def test_what_was_withheld_is_not_told_when_it_is_no_longer(
    world: World, family: FamilyOf, case: Any, reason: dict[str, str]
) -> None:
    made = await uploaded(world, "coordinator", case)
    path = f"/v1/documents/{made['id']}"
    body = {"member_id": family.members["father"], **reason}
    kept = await world.post("coordinator", f"{path}/withholdings", body)
    assert (await world.post("coordinator", f"{kept.headers['location']}/end")).status_code == 200
    for who in ("father", "mother"):
        seen = await all_that_is_seen(world, who, case, family, made["id"])
        told = json.dumps(list(seen.values()), ensure_ascii=False)
        assert not re.search("withh|undtag|fortrolig", told), who
    told = (await world.get("coordinator", f"/v1/cases/{case['id']}/timeline")).json()["items"]
    assert [one["type"] for one in told][:3] == ["withholding.ended", "withholding.recorded", "document.added"]


async def test_who_withholds_answers_for_the_document(
    world: World, family: FamilyOf, case: Any, reason: dict[str, str]
) -> None:
    """The department that owns it; and the family is not asked, nor told."""
    made = await uploaded(world, "psychologist", case)
    path = f"/v1/documents/{made['id']}/withholdings"
    body = {"member_id": family.members["father"], **reason}
    for who, status in (("mother", 403), ("coordinator", 404), ("head", 404), ("visitor", 404), ("stranger", 404)):
        assert (await world.post(who, path, body)).status_code == status, who
    kept = await world.post("psychologist", path, body)
    assert kept.status_code == 201
    place = kept.headers["location"]
    for who in ("mother", "father", "visitor", "stranger"):
        assert (await world.get(who, place)).status_code == 404
        assert (await world.post(who, f"{place}/end")).status_code == 404
    assert (await world.get("mother", path)).json() == {"items": [], "next": None}


async def test_a_withholding_names_a_member_and_a_legal_reference_that_is_valid(
    world: World, neighbour: World, owner: Database, family: FamilyOf, case: Any, reason: dict[str, str]
) -> None:
    made = await uploaded(world, "coordinator", case)
    path = f"/v1/documents/{made['id']}/withholdings"
    other = await world.family()
    for member in (other.members["mother"], str(uuid4())):
        refused = await world.post("coordinator", path, {**reason, "member_id": member})
        assert flaw(refused) == (422, "member-not-in-family", "/member_id")
    sharing = (await world.get("coordinator", "/v1/legal-references?use=share")).json()["items"][0]["id"]
    theirs = (await neighbour.get("coordinator", "/v1/legal-references?use=withhold")).json()["items"][0]["id"]
    body = {"member_id": family.members["father"], "reason": "x"}
    for wrong in (sharing, theirs, str(uuid4())):
        refused = await world.post("coordinator", path, {**body, "legal_reference_id": wrong})
        assert flaw(refused) == (422, "unknown-reference", "/legal_reference_id")
    async with owner.transaction(world.municipality) as session:
        ends = {"id": reason["legal_reference_id"], "today": local_today()}
        await session.execute(text("update legal_references set valid_until = :today where id = :id"), ends)
    refused = await world.post("coordinator", path, {**body, **reason})
    assert flaw(refused) == (422, "unknown-reference", "/legal_reference_id")
    assert flaw(await world.post("coordinator", path, {**body, "legal_reference_id": "x"}))[0] == 422
