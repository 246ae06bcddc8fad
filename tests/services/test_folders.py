"""Folders (R304): a tree of eight layers, names of their own among siblings, and the family's mark (X33)."""

from typing import Any
from uuid import uuid4

import pytest

from tests.uploads import relevant, upload, uploaded
from tests.worlds import FamilyOf, World, local_today

pytestmark = pytest.mark.anyio


@pytest.fixture
async def family(world: World) -> FamilyOf:
    return await world.family()


@pytest.fixture
async def case(world: World, family: FamilyOf) -> Any:
    return await world.allocated(family)


async def made(world: World, case: Any, name: str, who: str = "coordinator", **more: Any) -> dict[str, Any]:
    return await world._made(who, f"/v1/cases/{case['id']}/folders", {"name": name} | more)


async def mark(world: World, who: str, folder: Any, explicit_only: bool) -> Any:
    path = f"/v1/folders/{folder['id']}"
    return await world.update(who, "PUT", f"{path}/explicit-only", {"explicit_only": explicit_only}, read=path)


def flaw(answer: Any) -> tuple[int, str, str | None]:
    body = answer.json()
    return answer.status_code, body["code"], body["errors"][0]["pointer"] if body["errors"] else None


async def test_staff_and_family_make_folders(world: World, case: Any) -> None:
    upper = await made(world, case, "Udredning", "mother")
    lower = await made(world, case, "PPR", "psychologist", parent_id=upper["id"])
    assert (upper["parent_id"], lower["parent_id"], lower["explicit_only"]) == (None, upper["id"], False)
    for who in ("coordinator", "father", "psychologist"):
        listed = (await world.get(who, f"/v1/cases/{case['id']}/folders")).json()["items"]
        assert [one["name"] for one in listed] == ["Udredning", "PPR"]
        assert (await world.get(who, f"/v1/folders/{lower['id']}")).json() == lower
    for who in ("head", "second", "visitor", "journal", "stranger", "child"):
        assert (await world.get(who, f"/v1/folders/{lower['id']}")).status_code == 404, who
        assert (await world.post(who, f"/v1/cases/{case['id']}/folders", {"name": "x"})).status_code in (403, 404)


async def test_a_folder_lies_in_one_of_the_same_case_and_at_most_eight_deep(
    world: World, neighbour: World, family: FamilyOf, case: Any
) -> None:
    parent = None
    for depth in range(1, 9):
        parent = await made(world, case, f"Lag {depth}", **({"parent_id": parent["id"]} if parent else {}))
    assert parent is not None
    path = f"/v1/cases/{case['id']}/folders"
    deeper = await world.post("coordinator", path, {"name": "Lag 9", "parent_id": parent["id"]})
    assert flaw(deeper) == (422, "folder-too-deep", "/parent_id")
    sibling = await made(world, await world.allocated(family, child="teen"), "Søskende")
    theirs = await made(neighbour, await neighbour.allocated(), "Nabo")
    for wrong in (sibling["id"], theirs["id"], str(uuid4())):
        refused = await world.post("coordinator", path, {"name": "x", "parent_id": wrong})
        assert flaw(refused) == (422, "unknown-reference", "/parent_id")


async def test_a_name_is_its_own_among_siblings(world: World, case: Any) -> None:
    upper, other = await made(world, case, "Skole"), await made(world, case, "Sundhed")
    await made(world, case, "Skole", parent_id=upper["id"])
    path = f"/v1/cases/{case['id']}/folders"
    for parent in ({}, {"parent_id": upper["id"]}):
        again = await world.post("coordinator", path, {"name": "Skole", **parent})
        assert flaw(again) == (409, "already-exists", "/name")
    taken = await world.update("coordinator", "PATCH", f"/v1/folders/{other['id']}", {"name": "Skole"})
    assert flaw(taken) == (409, "already-exists", "/name")
    renamed = await world.update("mother", "PATCH", f"/v1/folders/{other['id']}", {"name": "Sygehus"})
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Sygehus")
    missing = await world.call("coordinator", "PATCH", f"/v1/folders/{other['id']}", {"name": "x"})
    assert missing.status_code == 428
    await made(world, await world.allocated(await world.family()), "Skole")  # another case is another tree


async def test_what_the_family_marks_its_department_reads_no_more_without_a_share(world: World, case: Any) -> None:
    """X33: at once, for all that lies below; and the same way back."""
    upper = await made(world, case, "Privat")
    lower = await made(world, case, "Breve", parent_id=upper["id"])
    document = await relevant(world, "coordinator", case, folder_id=lower["id"])
    path = f"/v1/documents/{document['id']}"
    for who in ("coordinator", "psychologist"):
        assert (await mark(world, who, upper, True)).status_code == 403
    marked = await mark(world, "mother", upper, True)
    assert (marked.status_code, marked.json()["explicit_only"]) == (200, True)
    for who in ("coordinator", "journal"):
        for where in (path, f"{path}/content", f"{path}/versions"):
            assert (await world.get(who, where)).status_code == 404, who
        assert (await world.get(who, "/v1/documents")).json()["items"] == []
    assert (await world.get("father", path)).status_code == 200
    assert (await mark(world, "mother", upper, True)).json()["explicit_only"] is True
    assert (await mark(world, "mother", upper, False)).json()["explicit_only"] is False
    assert (await world.get("coordinator", path)).status_code == 200
    told = (await world.get("coordinator", f"/v1/cases/{case['id']}/timeline")).json()["items"]
    kinds = [one["type"] for one in told if one["resource"] == "folder"]
    assert kinds == ["folder.unmarked", "folder.marked", "folder.created", "folder.created"]


async def test_each_parent_takes_back_their_own_mark_and_no_other(world: World, case: Any) -> None:
    """What one parent keeps, the other does not open; where both asked, it stays until both have taken it back."""
    folder = await made(world, case, "Privat")
    document = await relevant(world, "coordinator", case, folder_id=folder["id"])
    path = f"/v1/documents/{document['id']}"
    assert (await mark(world, "mother", folder, True)).status_code == 200
    refused = await mark(world, "father", folder, False)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await world.get("coordinator", path)).status_code == 404
    assert (await mark(world, "father", folder, True)).json()["explicit_only"] is True
    assert (await mark(world, "mother", folder, False)).json()["explicit_only"] is True
    assert (await mark(world, "mother", folder, False)).status_code == 403
    assert (await world.get("coordinator", path)).status_code == 404
    assert (await mark(world, "father", folder, False)).json()["explicit_only"] is False
    assert (await world.get("coordinator", path)).status_code == 200


async def test_who_lost_custody_keeps_nothing_from_who_has_it(world: World, family: FamilyOf, case: Any) -> None:
    folder = await made(world, case, "Privat")
    assert (await mark(world, "father", folder, True)).status_code == 200
    listed = (await world.get("coordinator", f"/v1/families/{family.id}/custodies")).json()["items"]
    whose = (family.members["child"], family.members["father"])
    (his,) = [one for one in listed if (one["child_id"], one["holder_id"]) == whose]
    ended = {"valid_until": local_today().isoformat()}
    answer = await world.update("coordinator", "PATCH", f"/v1/custodies/{his['id']}", ended)
    assert answer.status_code == 200, answer.text
    assert (await world.get("mother", f"/v1/folders/{folder['id']}")).json()["explicit_only"] is True
    assert (await mark(world, "mother", folder, False)).json()["explicit_only"] is False


async def test_who_brings_something_to_a_marked_folder_may_not_read_it_there(world: World, case: Any) -> None:
    folder = await made(world, case, "Privat")
    assert (await mark(world, "mother", folder, True)).status_code == 200
    assert (await upload(world, "coordinator", case, folder_id=folder["id"])).status_code == 204
    assert (await upload(world, "mother", case, folder_id=folder["id"])).status_code == 201
    assert len((await world.get("mother", f"/v1/cases/{case['id']}/documents")).json()["items"]) == 2


async def test_nothing_is_moved_into_sight_behind_the_familys_back(world: World, case: Any) -> None:
    """Staff may move into a marked folder, not out of it. A mark that comes later holds for what lies there."""
    upper, other = await made(world, case, "Privat"), await made(world, case, "Andet")
    document = await uploaded(world, "coordinator", case, folder_id=upper["id"])
    path = f"/v1/documents/{document['id']}"
    before = await world.get("coordinator", path)
    assert (await mark(world, "mother", upper, True)).status_code == 200
    moved = await world.call("coordinator", "PATCH", path, {"folder_id": other["id"]}, if_match=before.headers["etag"])
    assert moved.status_code == 404  # it cannot even be found
    own = await uploaded(world, "mother", case, folder_id=upper["id"])
    out = await world.update("mother", "PATCH", f"/v1/documents/{own['id']}", {"folder_id": other["id"]})
    assert out.json()["folder_id"] == other["id"]
    back = await world.update("coordinator", "PATCH", f"/v1/documents/{own['id']}", {"folder_id": upper["id"]})
    assert back.status_code == 204
