"""The restriction of a case (GDPR art. 18): its documents are kept, and nobody reads them."""

import pytest

from app.db import Database
from tests.services.arranged import Arranged
from tests.worlds import World

pytestmark = pytest.mark.anyio
READERS = ("coordinator", "psychologist", "mother", "father")


@pytest.fixture
async def arranged(world: World, owner: Database) -> Arranged:
    return await Arranged.begin(world, owner)


async def test_nobody_reads_a_document_until_it_is_over(arranged: Arranged) -> None:
    world, document = arranged.world, await arranged.document()
    await arranged.basis(to=arranged.user("psychologist"))
    await arranged.share(document, arranged.user("psychologist"))
    await world.post("psychologist", f"/v1/cases/{arranged.case['id']}/emergency-access", {"reason": "Haster."})
    assert [await arranged.status(who, document) for who in READERS] == [200] * 4
    case = f"/v1/cases/{arranged.case['id']}"
    made = await world.post("head", f"{case}/restriction", {"reason": "Oplysningerne bestrides."})
    assert made.status_code == 201, made.text
    assert [await arranged.status(who, document) for who in READERS] == [404] * 4
    for who in (*READERS, "head"):
        assert (await world.get(who, case)).json()["restricted"] is True, who
    hasty = await world.post("coordinator", f"{case}/emergency-access", {"reason": "Haster."})
    assert (hasty.status_code, hasty.json()["code"]) == (409, "case-restricted")
    twice = await world.post("head", f"{case}/restriction", {"reason": "x"})
    assert (twice.status_code, twice.json()["code"]) == (409, "case-restricted")
    ended = await world.post("head", f"{case}/restriction/end", {"reason": "Rettet."})
    assert (ended.status_code, ended.json()["end_reason"]) == (200, "Rettet."), ended.text
    assert [await arranged.status(who, document) for who in READERS] == [200] * 4
    over = await world.post("head", f"{case}/restriction/end", {"reason": "x"})
    assert (over.status_code, over.json()["code"]) == (409, "case-not-restricted")
    told = (await world.get("mother", f"{case}/timeline")).text
    assert "case.restricted" in told
    assert "case.restriction_ended" in told


async def test_nor_what_its_folders_are_called(arranged: Arranged) -> None:
    """A name tells as much as a title: in lists, by id, by its shares, and by who makes another of the same name."""
    world, case = arranged.world, f"/v1/cases/{arranged.case['id']}"
    folder = await arranged.folder("Mors misbrug")
    await arranged.document(path=[folder])
    await arranged.basis(to=arranged.user("psychologist"))
    to = {"recipient": {"kind": "user", "id": str(world.ids["psychologist"])}, "purpose": "assessment"}
    share = await world.post("coordinator", f"/v1/folders/{folder}/shares", to)
    assert share.status_code == 201, share.text
    one, shares = f"/v1/folders/{folder}", (f"/v1/shares/{share.json()['id']}", f"/v1/folders/{folder}/shares")
    await world.post("head", f"{case}/restriction", {"reason": "Oplysningerne bestrides."})
    for who in READERS:
        for path in (one, f"{one}/explanation", *shares):
            assert (await world.get(who, path)).status_code == 404, (who, path)
        for path in (f"{case}/folders", f"{case}/shares"):
            assert (await world.get(who, path)).json()["items"] == [], (who, path)
        for path in (f"{case}/timeline", f"{case}/folders"):
            assert str(folder) not in (await world.get(who, path)).text, (who, path)
        made = await world.post(who, f"{case}/folders", {"name": "Mors misbrug"})
        assert (made.status_code, made.json()["code"]) == (409, "case-restricted"), who
    marked = await world.call("mother", "PUT", f"{one}/explicit-only", {"explicit_only": True}, if_match='"x"')
    assert marked.status_code == 404
    await world.post("head", f"{case}/restriction/end", {"reason": "Rettet."})
    for who in READERS:
        assert (await world.get(who, one)).status_code == 200, who


async def test_the_professional_head_alone_restricts(arranged: Arranged) -> None:
    world, case = arranged.world, f"/v1/cases/{arranged.case['id']}"
    for who, status in (("coordinator", 403), ("psychologist", 403), ("mother", 403), ("other_head", 404)):
        for path in (f"{case}/restriction", f"{case}/restriction/end"):
            assert (await world.post(who, path, {"reason": "x"})).status_code == status, who
    made = (await world.post("head", f"{case}/restriction", {"reason": "Bestrides."})).json()
    for who in ("head", "coordinator", "mother"):
        (one,) = (await world.get(who, f"{case}/restrictions?current=true")).json()["items"]
        assert (one["id"], one["reason"]) == (made["id"], "Bestrides."), who
    for who in ("visitor", "stranger", "journal"):
        assert (await world.get(who, f"/v1/restrictions/{made['id']}")).status_code == 404, who
