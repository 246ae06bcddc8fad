"""Documents: whose they are and whom they are about, what may be changed, review, approval, versions and downloads."""

import asyncio
import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, text, update

from app.config import Settings
from app.db import Database, columns, new_id, table_of
from app.models import Document, Member, Position
from app.services.contents import sweep
from app.storage import Disk
from tests.uploads import PDF, relevant, send, upload, uploaded
from tests.worlds import FamilyOf, World

pytestmark = pytest.mark.anyio


@pytest.fixture
async def family(world: World) -> FamilyOf:
    return await world.family()


@pytest.fixture
async def case(world: World, family: FamilyOf) -> Any:
    return await world.allocated(family)


def flaw(answer: Any) -> tuple[int, str, str | None]:
    body = answer.json()
    return answer.status_code, body["code"], body["errors"][0]["pointer"] if body["errors"] else None


async def events(world: World, case: Any, who: str = "coordinator") -> list[str]:
    """What happened, oldest first, of documents."""
    found = (await world.get(who, f"/v1/cases/{case['id']}/timeline?limit=200")).json()["items"]
    return [one["type"] for one in reversed(found) if one["resource"] in ("document", "folder", "withholding")]


async def logged(world: World, case: Any) -> list[tuple[str, str, str]]:
    found = (await world.get("mother", f"/v1/cases/{case['id']}/access-log?limit=200")).json()["items"]
    return [(one["outcome"], one["action"], one["rule"]) for one in found if one["resource"].startswith("document")]


async def column(owner: Database, world: World, id: str, name: str) -> Any:
    async with owner.transaction(world.municipality) as session:
        own: Any = columns(Document)
        return (await session.execute(select(own[name]).where(own.id == id))).scalar_one()


# --- whose, and about whom


async def test_a_document_is_about_the_child_and_of_the_department_where_one_works(
    world: World, family: FamilyOf, case: Any
) -> None:
    made = await uploaded(world, "psychologist", case, dated_on="2026-01-05")
    assert made["subjects"] == [family.members["child"]]
    assert (made["owner_department_id"], made["owner_department_name"]) == (str(world.departments["ppr"]), "ppr")
    assert (made["relevance"], made["reviewed_at"], made["version"]) == ("unreviewed", None, 1)
    assert (made["size"], made["sha256"]) == (len(PDF), hashlib.sha256(PDF).hexdigest())
    assert made["created_by_name"] == "psychologist Prøvesen"
    assert made["number"].startswith(f"D{datetime.now(UTC).year}-")
    assert (await world.get("psychologist", f"/v1/documents/{made['id']}")).json() == made
    assert await events(world, case, "psychologist") == ["document.added"]


async def test_who_works_in_several_departments_says_which(world: World, owner: Database, case: Any) -> None:
    held = {"user_id": world.ids["psychologist"], "department_id": world.departments["sundhed"], "role": "member"}
    async with owner.transaction(world.municipality) as session:
        row = {"municipality_id": world.municipality, "id": new_id(), **held, "started_at": datetime.now(UTC)}
        await session.execute(insert(table_of(Position)).values(row))
    assert flaw(await upload(world, "psychologist", case)) == (422, "validation-failed", "/owner_department_id")
    for key in ("ppr", "sundhed"):
        made = await uploaded(world, "psychologist", case, owner_department_id=str(world.departments[key]))
        assert made["owner_department_name"] == key


async def test_nobody_uploads_for_a_department_where_they_do_not_work(
    world: World, neighbour: World, case: Any
) -> None:
    answers = [
        await upload(world, "coordinator", case, owner_department_id=str(id))
        for id in (world.departments["ppr"], neighbour.departments["handicap"], uuid4())
    ]
    assert {flaw(answer) for answer in answers} == {(422, "not-your-department", "/owner_department_id")}
    assert len({answer.text for answer in answers}) == 1


async def test_what_the_family_brings_belongs_to_the_department_of_the_case(world: World, case: Any) -> None:
    made = await uploaded(world, "mother", case, category="own")
    assert (made["owner_department_id"], made["relevance"]) == (case["owner_department_id"], "unreviewed")
    assert made["created_by_name"] is None
    assert (await world.get("coordinator", f"/v1/documents/{made['id']}")).status_code == 200
    assert (await world.get("psychologist", f"/v1/documents/{made['id']}")).status_code == 404
    named = await upload(world, "mother", case, owner_department_id=case["owner_department_id"])
    assert flaw(named) == (422, "validation-failed", "/owner_department_id")


async def test_a_document_is_about_members_of_the_family(
    world: World, neighbour: World, family: FamilyOf, case: Any
) -> None:
    both = [family.members["child"], family.members["mother"]]
    assert (await uploaded(world, "coordinator", case, subjects=both))["subjects"] == both
    strangers, theirs = await world.family(), await neighbour.family()
    for wrong in (strangers.members["child"], theirs.members["child"], str(uuid4())):
        refused = await upload(world, "coordinator", case, subjects=[both[0], wrong])
        assert flaw(refused) == (422, "member-not-in-family", "/subjects")
        refused = await upload(world, "coordinator", case, shows_address_of=[wrong])
        assert flaw(refused) == (422, "member-not-in-family", "/shows_address_of")
    for shape in ([], [both[0]] * 2, [str(uuid4())] * 21):
        assert flaw(await upload(world, "coordinator", case, subjects=shape))[0] == 422


async def test_a_parent_uploads_about_oneself_and_the_children_in_custody_alone(
    world: World, family: FamilyOf, case: Any
) -> None:
    """The other parent is answered as somebody whom nobody knows."""
    own = [family.members["mother"], family.members["child"], family.members["teen"]]
    assert (await uploaded(world, "mother", case, subjects=own))["subjects"] == own
    for other in (family.members["father"], str(uuid4())):
        refused = await upload(world, "mother", case, subjects=[other])
        assert flaw(refused) == (422, "member-not-in-family", "/subjects")


async def test_only_those_inside_the_case_and_the_family_add_to_it(world: World, case: Any) -> None:
    expected = {"coordinator": 201, "psychologist": 201, "mother": 201, "father": 201, "head": 403, "journal": 403}
    expected |= dict.fromkeys(("second", "visitor", "auditor", "controller", "child", "stranger", "other_service"), 404)
    found = {who: (await upload(world, who, case)).status_code for who in expected}
    assert found == expected


async def test_nothing_is_added_to_a_closed_or_a_restricted_case(world: World, owner: Database, case: Any) -> None:
    made = await uploaded(world, "coordinator", case)
    async with owner.transaction(world.municipality) as session:
        await session.execute(text("update cases set sealed = true where id = :id"), {"id": case["id"]})
    assert flaw(await upload(world, "coordinator", case))[:2] == (409, "case-restricted")
    assert (await world.get("coordinator", f"/v1/documents/{made['id']}")).status_code == 404
    closed = "sealed = false, state = 'closed', closed_at = now(), close_reason = 'other'"
    async with owner.transaction(world.municipality) as session:
        await session.execute(text(f"update cases set {closed} where id = :id"), {"id": case["id"]})
    assert flaw(await upload(world, "coordinator", case))[:2] == (409, "case-read-only")
    path = f"/v1/documents/{made['id']}"
    assert flaw(await world.update("coordinator", "PATCH", path, {"title": "Nyt"}))[:2] == (409, "case-read-only")
    assert flaw(await send(world, "coordinator", f"{path}/versions", {"based_on": 1}))[:2] == (409, "case-read-only")
    for what, body in (("relevance", {"relevance": "relevant"}), ("approval", {})):
        assert flaw(await world.post("coordinator", f"{path}/{what}", body))[:2] == (409, "case-read-only")
    assert (await world.get("coordinator", f"{path}/content")).status_code == 200


async def test_who_may_write_and_not_read_is_told_that_it_is_done(
    world: World, owner: Database, family: FamilyOf, case: Any
) -> None:
    """What shows a protected address is read by the advisers alone, and not even by who uploaded it (ADR 0013)."""
    async with owner.transaction(world.municipality) as session:
        own: Any = columns(Member)
        protect = update(table_of(Member)).where(own.id == family.members["mother"])
        await session.execute(protect.values(address_protected=True))
    made = await uploaded(world, "psychologist", case)
    hidden = {"shows_address_of": [family.members["mother"]]}
    done = await upload(world, "psychologist", case, **hidden)
    assert (done.status_code, done.content) == (204, b"")
    changed = await world.update("psychologist", "PATCH", f"/v1/documents/{made['id']}", hidden)
    assert (changed.status_code, changed.content) == (204, b"")
    assert (await world.get("psychologist", "/v1/documents")).json()["items"] == []
    mine = await uploaded(world, "coordinator", case, **hidden)
    assert mine["shows_address_of"] == [family.members["mother"]]
    assert (await world.get("mother", f"/v1/documents/{mine['id']}")).json()["shows_address_of"] is None
    assert (await world.get("father", f"/v1/documents/{mine['id']}")).status_code == 404
    sent = await upload(world, "mother", case, **hidden)
    assert (sent.status_code, sent.json()["shows_address_of"]) == (201, None)
    assert (await world.get("father", f"/v1/documents/{sent.json()['id']}")).status_code == 404


# --- lists


async def test_lists_are_of_what_one_may_read_and_narrowed(world: World, family: FamilyOf, case: Any) -> None:
    folder = await world._made("coordinator", f"/v1/cases/{case['id']}/folders", {"name": "Skole"})
    one = await relevant(world, "coordinator", case, folder_id=folder["id"], title="1")
    two = await uploaded(world, "psychologist", case, category="health", title="2")
    three = await uploaded(world, "coordinator", case, subjects=[family.members["mother"]], title="3")
    path = f"/v1/cases/{case['id']}/documents"

    async def titles(who: str, where: str = path, **asked: str) -> list[str]:
        answer = await world.client.get(where, params=asked, headers=world.headers(who))
        assert answer.status_code == 200, answer.text
        return [item["title"] for item in answer.json()["items"]]

    assert await titles("coordinator") == ["3", "1"]
    assert await titles("coordinator", "/v1/documents") == ["3", "1"]
    assert await titles("psychologist") == await titles("psychologist", "/v1/documents") == ["2"]
    assert await titles("mother") == ["3", "2", "1"]
    assert await titles("father") == await titles("father", "/v1/documents") == ["2", "1"]
    assert await titles("head") == await titles("head", "/v1/documents") == []
    assert await titles("mother", folder_id=folder["id"]) == ["1"]
    assert await titles("mother", category="health") == ["2"]
    assert await titles("mother", relevance="relevant") == ["1"]
    assert await titles("mother", subject_id=family.members["mother"]) == ["3"]
    assert await titles("mother", "/v1/documents", subject_id=family.members["child"], relevance="unreviewed") == ["2"]
    first = (await world.get("mother", f"{path}?limit=2")).json()
    rest = (await world.get("mother", f"{path}?limit=2&after={first['next']}")).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == [three["id"], two["id"], one["id"]]
    assert (await world.get("visitor", path)).status_code == 404
    assert flaw(await world.get("mother", f"{path}?title=x"))[0] == 422


# --- changes


async def test_the_owner_department_changes_what_is_said_of_it(
    world: World, owner: Database, family: FamilyOf, case: Any
) -> None:
    made = await uploaded(world, "coordinator", case)
    path = f"/v1/documents/{made['id']}"
    placed = await column(owner, world, made["id"], "placed_at")
    said = {
        "title": "Nyt navn",
        "dated_on": "2026-02-03",
        "external_references": [{"system": "sbsys", "reference": "1"}],
    }
    changed = await world.update("coordinator", "PATCH", path, said)
    assert changed.status_code == 200, changed.text
    assert {name: changed.json()[name] for name in said} == said
    assert await column(owner, world, made["id"], "placed_at") == placed
    for what in ({"category": "health"}, {"subjects": [family.members["teen"]]}):
        assert (await world.update("coordinator", "PATCH", path, what)).status_code == 200
        now = await column(owner, world, made["id"], "placed_at")
        assert now > placed
        placed = now
    same = await world.update("coordinator", "PATCH", path, {"category": "health"})
    assert same.status_code == 200
    assert await column(owner, world, made["id"], "placed_at") == placed
    assert await events(world, case) == ["document.added", *["document.changed"] * 4]
    for empty in ("title", "category", "subjects", "author_only", "shows_address_of", "external_references"):
        refused = await world.update("coordinator", "PATCH", path, {empty: None})
        assert flaw(refused) == (422, "validation-failed", f"/{empty}")
    assert (await world.update("psychologist", "PATCH", path, {"title": "x"})).status_code == 404
    assert (await world.call("coordinator", "PATCH", path, {"title": "x"})).status_code == 428
    stale = await world.call("coordinator", "PATCH", path, {"title": "x"}, if_match='"stale"')
    assert stale.status_code == 412


async def test_the_family_changes_what_it_brought_and_nothing_else(world: World, case: Any) -> None:
    own, theirs = await uploaded(world, "mother", case), await uploaded(world, "coordinator", case)
    changed = await world.update("mother", "PATCH", f"/v1/documents/{own['id']}", {"title": "Mit brev"})
    assert (changed.status_code, changed.json()["title"]) == (200, "Mit brev")
    assert (await world.update("father", "PATCH", f"/v1/documents/{own['id']}", {"title": "x"})).status_code == 403
    assert (await world.update("mother", "PATCH", f"/v1/documents/{theirs['id']}", {"title": "x"})).status_code == 403
    blind = await world.update("mother", "PATCH", f"/v1/documents/{own['id']}", {"shows_address_of": []})
    assert blind.status_code == 403


async def test_nobody_writes_anew_what_the_family_brought(world: World, case: Any) -> None:
    made = await uploaded(world, "mother", case)
    path = f"/v1/documents/{made['id']}/versions"
    assert (await send(world, "coordinator", path, {"based_on": 1})).status_code == 403
    assert (await send(world, "mother", path, {"based_on": 1}, b"Nye ord")).status_code == 201


async def test_a_note_of_ones_own_is_nobody_elses(world: World, case: Any) -> None:
    note = await uploaded(world, "coordinator", case, author_only=True)
    for who in ("mother", "psychologist", "second", "journal"):
        for path in ("", "/content", "/versions"):
            assert (await world.get(who, f"/v1/documents/{note['id']}{path}")).status_code == 404
    opened = await world.update("coordinator", "PATCH", f"/v1/documents/{note['id']}", {"author_only": False})
    assert opened.json()["author_only"] is False
    assert (await world.get("mother", f"/v1/documents/{note['id']}")).status_code == 200


async def test_nobody_hides_what_somebody_else_wrote(world: World, case: Any) -> None:
    """Made a note, it would be gone for all but its author: the family, and who made it one."""
    made = await uploaded(world, "mother", case)
    refused = await world.update("coordinator", "PATCH", f"/v1/documents/{made['id']}", {"author_only": True})
    assert refused.status_code == 403


async def test_moving_it_is_choosing_its_folder_anew(world: World, owner: Database, case: Any) -> None:
    path = f"/v1/cases/{case['id']}/folders"
    upper = await world._made("coordinator", path, {"name": "Udredning"})
    lower = await world._made("coordinator", path, {"name": "PPR", "parent_id": upper["id"]})
    made = await uploaded(world, "coordinator", case, folder_id=lower["id"])
    ids = [str(id) for id in await column(owner, world, made["id"], "path")]
    assert ids == [upper["id"], lower["id"]]
    placed = await column(owner, world, made["id"], "placed_at")
    out = await world.update("coordinator", "PATCH", f"/v1/documents/{made['id']}", {"folder_id": None})
    assert out.json()["folder_id"] is None
    assert await column(owner, world, made["id"], "path") == []
    assert await column(owner, world, made["id"], "placed_at") > placed
    other = await world.allocated(await world.family())
    elsewhere = await world._made("coordinator", f"/v1/cases/{other['id']}/folders", {"name": "Anden sag"})
    for wrong in (elsewhere["id"], str(uuid4())):
        refused = await world.update("coordinator", "PATCH", f"/v1/documents/{made['id']}", {"folder_id": wrong})
        assert flaw(refused) == (422, "unknown-reference", "/folder_id")
        assert flaw(await upload(world, "coordinator", case, folder_id=wrong)) == (
            422,
            "unknown-reference",
            "/folder_id",
        )


# --- review and approval


async def test_relevance_is_judged_by_the_department_that_owns_it(world: World, case: Any) -> None:
    """R296; what staff noted about it is theirs."""
    made = await uploaded(world, "psychologist", case)
    path = f"/v1/documents/{made['id']}"
    body = {"relevance": "relevant", "note": "Om skolen."}
    for who, status in (("coordinator", 404), ("mother", 403), ("head", 404), ("visitor", 404)):
        assert (await world.post(who, f"{path}/relevance", body)).status_code == status, who
    judged = await world.post("psychologist", f"{path}/relevance", body)
    assert (judged.status_code, judged.json()["relevance"], judged.json()["relevance_note"]) == (200, *body.values())
    assert judged.json()["reviewed_by"] == str(world.ids["psychologist"])
    seen = (await world.get("mother", path)).json()
    assert (seen["relevance"], seen["relevance_note"], seen["reviewed_by"]) == ("relevant", None, None)
    again = await world.post("psychologist", f"{path}/relevance", {"relevance": "not_relevant"})
    assert (again.json()["relevance"], again.json()["relevance_note"]) == ("not_relevant", None)
    assert flaw(await world.post("psychologist", f"{path}/relevance", {"relevance": "unreviewed"}))[0] == 422


async def test_after_approval_it_is_only_moved(world: World, case: Any) -> None:
    """R322."""
    made = await uploaded(world, "coordinator", case)
    folder = await world._made("coordinator", f"/v1/cases/{case['id']}/folders", {"name": "Godkendt"})
    path = f"/v1/documents/{made['id']}"
    assert (await world.post("mother", f"{path}/approval")).status_code == 403
    approved = await world.post("coordinator", f"{path}/approval")
    assert (approved.status_code, approved.json()["approved_by"]) == (200, str(world.ids["coordinator"]))
    assert flaw(await world.post("coordinator", f"{path}/approval"))[:2] == (409, "document-approved")
    assert flaw(await send(world, "coordinator", f"{path}/versions", {"based_on": 1}))[:2] == (409, "document-approved")
    for said in ({"title": "x"}, {"category": "health"}, {"title": "x", "folder_id": folder["id"]}):
        refused = await world.update("coordinator", "PATCH", path, said)
        assert flaw(refused)[:2] == (409, "document-approved")
    moved = await world.update("coordinator", "PATCH", path, {"folder_id": folder["id"]})
    assert (moved.status_code, moved.json()["folder_id"], moved.json()["title"]) == (200, folder["id"], made["title"])
    assert (await world.post("coordinator", f"{path}/relevance", {"relevance": "relevant"})).status_code == 200


# --- versions


async def test_a_new_content_leaves_the_one_before_and_is_judged_anew(world: World, case: Any) -> None:
    made = await relevant(world, "psychologist", case)
    path = f"/v1/documents/{made['id']}"
    added = await send(world, "psychologist", f"{path}/versions", {"based_on": 1}, b"Anden udgave", "to.txt")
    assert added.status_code == 201, added.text
    version = added.json()
    assert (version["number"], version["media_type"], version["file_name"]) == (2, "text/plain", "to.txt")
    assert added.headers["location"] == f"/v1/document-versions/{version['id']}"
    assert (await world.get("psychologist", added.headers["location"])).json() == version
    now = (await world.get("psychologist", path)).json()
    assert (now["version"], now["sha256"], now["relevance"], now["reviewed_at"]) == (
        2, version["sha256"], "unreviewed", None,
    )  # fmt: skip
    listed = {who: (await world.get(who, f"{path}/versions")).json()["items"] for who in ("psychologist", "mother")}
    numbers = {who: [one["number"] for one in items] for who, items in listed.items()}
    assert numbers == {"psychologist": [2, 1], "mother": [2]}, "what was before is for those who made it"
    former = f"/v1/document-versions/{listed['psychologist'][1]['id']}/content"
    assert (await world.get("psychologist", former)).content == PDF
    assert (await world.get("mother", former)).status_code == 404
    assert (await world.get("mother", f"{path}/content")).content == b"Anden udgave"
    stale = await send(world, "psychologist", f"{path}/versions", {"based_on": 1})
    assert flaw(stale)[:2] == (409, "document-version-changed")
    for who in ("coordinator", "father"):
        refused = await send(world, who, f"{path}/versions", {"based_on": 2})
        assert refused.status_code == {"coordinator": 404, "father": 403}[who]
    assert flaw(await send(world, "psychologist", f"{path}/versions", {}))[2] == "/based_on"


async def test_of_two_new_contents_at_once_one_is_told(world: World, case: Any, settings: Settings) -> None:
    made = await uploaded(world, "coordinator", case)
    path = f"/v1/documents/{made['id']}/versions"
    answers = await asyncio.gather(*(send(world, "coordinator", path, {"based_on": 1}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    home = settings.data_dir / "documents" / str(world.municipality)
    assert len([one for one in home.rglob("*") if one.is_file()]) == 2


# --- downloads


async def test_a_content_comes_whole_or_in_a_piece(world: World, case: Any) -> None:
    content = PDF + bytes(range(256)) * 1000
    made = await uploaded(world, "coordinator", case, content, name="rapport.pdf")
    path, size = f"/v1/documents/{made['id']}/content", len(content)
    whole = await world.get("mother", path)
    assert (whole.status_code, whole.content, whole.headers["content-length"]) == (200, content, str(size))
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert whole.headers["repr-digest"] == f"sha-256=:{digest}:"
    assert (whole.headers["accept-ranges"], whole.headers["content-type"]) == ("bytes", "application/pdf")
    for asked, first, last in (
        ("bytes=0-9", 0, 9),
        ("bytes=10-", 10, size - 1),
        ("bytes=-7", size - 7, size - 1),
        (f"bytes=5-{size * 2}", 5, size - 1),
        (f"bytes=-{size * 2}", 0, size - 1),
        (f"bytes={size - 1}-", size - 1, size - 1),
    ):
        piece = await world.get("mother", path, range=asked)
        assert (piece.status_code, piece.content) == (206, content[first : last + 1]), asked
        assert piece.headers["content-range"] == f"bytes {first}-{last}/{size}"
        assert piece.headers["content-length"] == str(last - first + 1)
    for odd in ("bytes=9-1", "bytes=-", "bytes=0-1,5-6", "lines=0-1", "bytes=a-b", "bytes=1-2-3", "bytes=٣-٤"):
        named = [(b"range", odd.encode()), *((k.encode(), v.encode()) for k, v in world.headers("mother").items())]
        answer = await world.client.get(path, headers=named)
        assert (answer.status_code, len(answer.content)) == (200, size), odd
    for beyond in (f"bytes={size}-", "bytes=-0"):
        refused = await world.get("mother", path, range=beyond)
        assert flaw(refused)[:2] == (416, "range-not-satisfiable")
        assert refused.headers["content-range"] == f"bytes */{size}"
    fresh = await world.get("mother", path, range="bytes=0-9", if_range=whole.headers["etag"])
    stale = await world.get("mother", path, range="bytes=0-9", if_range='"another"')
    assert (fresh.status_code, stale.status_code) == (206, 200)
    assert (await world.call("mother", "HEAD", path)).status_code == 405


async def test_a_download_is_logged_as_one_before_the_first_byte(world: World, case: Any) -> None:
    made = await uploaded(world, "psychologist", case)
    before = await logged(world, case)
    assert (await world.get("psychologist", f"/v1/documents/{made['id']}/content")).status_code == 200
    assert (
        await world.get("psychologist", f"/v1/documents/{made['id']}/content", range="bytes=999-")
    ).status_code == 416
    after = await logged(world, case)
    assert after[: len(after) - len(before)] == [("read", "download", "owner_department")]


async def test_a_content_is_read_by_those_who_read_the_document(world: World, neighbour: World, case: Any) -> None:
    made = await uploaded(world, "psychologist", case)
    version = (await world.get("psychologist", f"/v1/documents/{made['id']}/versions")).json()["items"][0]
    for path in (f"/v1/documents/{made['id']}/content", f"/v1/document-versions/{version['id']}/content"):
        for who, status in (("psychologist", 200), ("mother", 200), ("father", 200), ("coordinator", 404)):
            assert (await world.get(who, path)).status_code == status, (who, path)
        absent = await world.get("second", path.replace(path.split("/")[3], str(uuid4())))
        for each, who in ((world, "second"), (world, "head"), (world, "stranger"), (neighbour, "coordinator")):
            found = await each.get(who, path)
            assert (found.status_code, found.content) == (404, absent.content)


async def test_a_content_that_is_missing_is_said_before_any_byte(world: World, case: Any, settings: Settings) -> None:
    made = await uploaded(world, "coordinator", case)
    home = settings.data_dir / "documents" / str(world.municipality)
    (place,) = (one for one in home.rglob("*") if one.is_file())
    before = await logged(world, case)
    place.write_bytes(PDF[:-1])
    short = await world.get("coordinator", f"/v1/documents/{made['id']}/content")
    place.unlink()
    gone = await world.get("coordinator", f"/v1/documents/{made['id']}/content")
    for answer in (short, gone):
        assert flaw(answer)[:2] == (503, "storage-unavailable")
    assert await logged(world, case) == before


async def test_what_nothing_speaks_of_is_swept_away(
    world: World, case: Any, settings: Settings, database: Database
) -> None:
    made = await uploaded(world, "coordinator", case)
    disk = Disk(settings.data_dir / "documents")

    async def chunks() -> Any:
        yield b"left behind"

    orphan = await disk.put(world.municipality, chunks())
    begun = disk._place(await disk.put(world.municipality, chunks()))
    begun.rename(begun.with_name(f"{begun.name}.part"))
    assert await sweep(database, disk) == 0
    assert await disk.size(orphan) == 11
    assert await sweep(database, disk, timedelta(0)) == 2
    assert await disk.size(orphan) is None
    assert (await world.get("coordinator", f"/v1/documents/{made['id']}/content")).content == PDF


async def test_an_event_about_one_adult_is_that_adults(
    world: World, owner: Database, family: FamilyOf, case: Any
) -> None:
    wanted = (
        ([family.members["mother"]], family.members["mother"]),
        ([family.members["child"]], None),
        ([family.members["mother"], family.members["child"]], None),
    )
    for subjects, about in wanted:
        made = await uploaded(world, "coordinator", case, subjects=subjects)
        async with owner.transaction(world.municipality) as session:
            said = text("select member_id from events where resource_id = :id")
            found = (await session.execute(said, {"id": made["id"]})).scalar_one()
        assert (None if found is None else str(found)) == about
    assert len(await events(world, case, "mother")) == 3
    assert len(await events(world, case, "father")) == 1


async def test_the_shape_names_what_is_missing_as_any_body_does(world: World, case: Any) -> None:
    refused = await send(world, "coordinator", f"/v1/cases/{case['id']}/documents", {"owner": "x"})
    assert {one["pointer"] for one in refused.json()["errors"]} == {"/title", "/category", "/owner"}


async def test_a_subject_number_is_one_that_the_municipality_uses(world: World, case: Any) -> None:
    used = {"settings": {"case": {"kle_codes": ["27.24.00", "27.24.08"], "default_kle_code": "27.24.00"}}}
    changed = await world.update("administrator", "PATCH", "/v1/municipality", used)
    assert changed.status_code == 200, changed.text
    made = await uploaded(world, "coordinator", case, kle_code="27.24.08")
    assert made["kle_code"] == "27.24.08"
    for refused in (
        await upload(world, "coordinator", case, kle_code="27.24.12"),
        await world.update("coordinator", "PATCH", f"/v1/documents/{made['id']}", {"kle_code": "27.24.12"}),
    ):
        assert flaw(refused) == (422, "kle-code-not-used", "/kle_code")
