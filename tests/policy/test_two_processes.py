"""P3, P8: two processes on one database. What is withdrawn in one is closed in the other on its next request.

The other process is a genuine one, with its own prepared statements and pool: it answers one request per line.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.config import Settings
from app.db import Database
from tests.conftest import Urls
from tests.services.arranged import Arranged
from tests.uploads import relevant
from tests.worlds import World, local_today

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).resolve().parents[2]
OTHER = """
import asyncio, json, sys
from pathlib import Path
import httpx
from app.config import Settings
from app.db import Database
from app.main import create_app

async def main(url, data_dir):
    database = Database(url, 2)
    settings = Settings(mode="tryout", data_dir=Path(data_dir), log_level="ERROR", rate_limit="1000000/minute")
    transport = httpx.ASGITransport(create_app(settings, database), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for line in sys.stdin:
            answer = await client.request(**json.loads(line))
            print("answer", json.dumps([answer.status_code, answer.text]), flush=True)
    await database.close()

asyncio.run(main(*sys.argv[1:]))
"""
Answer = tuple[int, str]
ABSENT, SIGNED_OUT = 404, 401
PREPARED = 7
"""So often asked that the other process has its statements prepared, and their plans kept."""


@dataclass
class Other:
    """The other process: what it answers somebody."""

    process: asyncio.subprocess.Process

    async def ask(self, world: World, who: str, path: str, method: str = "GET", **more: Any) -> Answer:
        key = more.pop("key", None)
        headers = world.headers(who) | ({} if key is None else {"Idempotency-Key": key})
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(
            json.dumps({"method": method, "url": path, "headers": headers, **more}).encode() + b"\n"
        )
        await self.process.stdin.drain()
        while True:
            line = await asyncio.wait_for(self.process.stdout.readline(), 60)
            assert line, "the other process is gone"
            if line.startswith(b"answer "):
                status, text = json.loads(line.removeprefix(b"answer "))
                return status, text


@pytest.fixture(scope="module")
async def other(settings: Settings, urls: Urls) -> AsyncIterator[Other]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", OTHER, urls.app, str(settings.data_dir)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        limit=2**24,
    )
    yield Other(process)
    assert process.stdin is not None
    process.stdin.close()
    await asyncio.wait_for(process.wait(), 60)


@pytest.fixture
async def arranged(world: World, owner: Database) -> Arranged:
    return await Arranged.begin(world, owner)


@dataclass
class Shared:
    """A document that one reader has on a consent and a share alone."""

    arranged: Arranged
    document: dict[str, Any]
    consent: str
    share: str
    version: str

    @property
    def world(self) -> World:
        return self.arranged.world

    @property
    def path(self) -> str:
        return f"/v1/documents/{self.document['id']}"

    async def by_id(self, other: Other, who: str) -> dict[str, int]:
        """How each path to the document itself is answered."""
        paths = [self.path, *(f"{self.path}/{rest}" for rest in ("content", "versions", "explanation", "shares"))]
        paths += [self.version, f"{self.version}/content", self.share]
        return {path: (await other.ask(self.world, who, path))[0] for path in paths}

    async def in_lists(self, other: Other, who: str) -> set[str]:
        """The lists and screens that show it, or the share of it."""
        case = f"/v1/cases/{self.arranged.case['id']}"
        lists = [f"{case}/{name}" for name in ("documents", "shares", "timeline", "overview")]
        lists += ["/v1/documents", "/v1/documents?category=school", "/v1/me/family", "/v1/me/work"]
        answers = {path: (await other.ask(self.world, who, path))[1] for path in lists}
        marks = (self.document["id"], self.share.rpartition("/")[2], self.document["title"])
        return {path for path, text in answers.items() if any(mark in text for mark in marks)}


async def share(arranged: Arranged, by: str, to: str, about: str = "child") -> Shared:
    """Uploaded by one of the staff, and shared with a professional, or with one of the family."""
    world, subject = arranged.world, arranged.family.members[about]
    document = await relevant(world, by, arranged.case, subjects=[subject], title="Fortroligt brev")
    member = arranged.family.members.get(to)
    recipient = {"kind": "user", "id": str(world.ids[to])} if member is None else {"kind": "member", "id": member}
    job = {"kind": "department", "id": str(world.departments["job"])}
    wanted = {"subject_id": subject, "purpose": "planning", "recipients": [recipient, job], "text": "Må vi dele det?"}
    wanted |= {
        "categories": ["school"],
        "covers_later": True,
        "expires_on": (local_today() + timedelta(days=90)).isoformat(),
    }
    consent = await _made(world, by, f"/v1/cases/{arranged.case['id']}/consents", wanted)
    asked = await world.post(by, f"/v1/consents/{consent['id']}/request")
    for one in asked.json()["signers"]:
        (signer,) = [who for who, id in arranged.family.members.items() if id == one["member_id"]]
        await _made(world, signer, f"/v1/consents/{consent['id']}/signatures", {"answer": "approved"})
    path = f"/v1/documents/{document['id']}"
    made = await _made(world, by, f"{path}/shares", {"recipient": recipient, "purpose": "planning"})
    (version,) = (await world.get(by, f"{path}/versions")).json()["items"]
    places = (f"/v1/consents/{consent['id']}", f"/v1/shares/{made['id']}", f"/v1/document-versions/{version['id']}")
    return Shared(arranged, document, *places)


async def _made(world: World, who: str, path: str, body: Any) -> dict[str, Any]:
    answer = await world.post(who, path, body)
    assert answer.status_code == 201, (path, answer.text)
    found: dict[str, Any] = answer.json()
    return found


async def ends(x: Shared, how: str) -> None:
    """What the psychologist reads ends in this process."""
    world, case = x.world, f"/v1/cases/{x.arranged.case['id']}"
    account, reason = f"/v1/users/{world.ids['psychologist']}", {"reason": "Ikke længere."}
    elsewhere = {"positions": [{"department_id": str(world.departments["job"])}]}
    if how == "withdrawn":
        done = await world.post("father", f"{x.consent}/withdrawal")
    elif how == "revoked":
        done = await world.post("coordinator", f"{x.share}/revocation", reason)
    elif how == "left":
        team = (await world.get("coordinator", f"{case}/team")).json()["items"]
        (member,) = [one["id"] for one in team if one["user_id"] == str(world.ids["psychologist"])]
        done = await world.post("coordinator", f"/v1/team-members/{member}/leave", reason)
    else:
        changed = {"moved": elsewhere, "deactivated": {"active": False}}[how]
        done = await world.update("administrator", "PATCH", account, changed)
    assert done.status_code in (200, 201), done.text


@pytest.mark.parametrize("how", ["withdrawn", "revoked", "left", "moved", "deactivated"])
async def test_what_a_professional_reads_ends_on_the_next_request(how: str, arranged: Arranged, other: Other) -> None:
    x = await share(arranged, "coordinator", "psychologist")
    for _ in range(PREPARED):
        assert set((await x.by_id(other, "psychologist")).values()) == {200}
    assert len(await x.in_lists(other, "psychologist")) == 5
    await ends(x, how)
    after = SIGNED_OUT if how == "deactivated" else ABSENT
    assert set((await x.by_id(other, "psychologist")).values()) == {after}
    assert await x.in_lists(other, "psychologist") == set()
    for who in ("coordinator", "mother"):  # it is her department's own, and about the other's child
        assert (await other.ask(x.world, who, x.path))[0] == 200, who


@pytest.mark.parametrize("how", ["withdrawn", "revoked"])
async def test_what_one_of_the_family_has_of_another_ends_so_too(how: str, arranged: Arranged, other: Other) -> None:
    """A letter about the mother alone, on her consent to the father."""
    x = await share(arranged, "coordinator", "father", "mother")
    for _ in range(PREPARED):
        assert set((await x.by_id(other, "father")).values()) == {200}
    assert "/v1/me/family" in await x.in_lists(other, "father")
    ended = {
        "withdrawn": ("mother", f"{x.consent}/withdrawal"),
        "revoked": ("coordinator", f"{x.share}/revocation"),
    }
    assert (await x.world.post(*ended[how], {"reason": "Ikke længere."})).status_code in (200, 201)
    assert set((await x.by_id(other, "father")).values()) == {ABSENT}
    assert await x.in_lists(other, "father") == set()
    assert (await other.ask(x.world, "mother", x.path))[0] == 200


@pytest.mark.parametrize("how", ["withdrawn", "revoked", "appointed"])
async def test_a_request_that_is_sent_again_shows_nothing_of_it(how: str, arranged: Arranged, other: Other) -> None:
    """The coordinator passed it on in the other process, under a key; the answer is not kept there either."""
    x = await share(arranged, "psychologist", "coordinator")
    job = {"kind": "department", "id": str(x.world.departments["job"])}
    passed: dict[str, Any] = {"path": f"{x.path}/shares", "method": "POST", "key": "passed-on"}
    passed["json"] = {"recipient": job, "purpose": "planning"}
    first = await other.ask(x.world, "coordinator", **passed)
    assert (first[0], await other.ask(x.world, "coordinator", **passed)) == (201, first)
    case = f"/v1/cases/{x.arranged.case['id']}"
    if how == "appointed":
        wanted = {"user_id": str(x.world.ids["second"]), "reason": "Nyt arbejde.", "handover_note": "Ring først."}
        done = await x.world.update("head", "PUT", f"{case}/coordinator", wanted, read=case)
    else:
        who, path = ("father", x.consent) if how == "withdrawn" else ("psychologist", x.share)
        place = "withdrawal" if how == "withdrawn" else "revocation"
        done = await x.world.post(who, f"{path}/{place}", {"reason": "Ikke længere."})
    assert done.status_code in (200, 201), done.text
    status, text = await other.ask(x.world, "coordinator", **passed)
    assert (status, text) == await other.ask(x.world, "coordinator", f"/v1/shares/{uuid4()}")
    assert status == ABSENT
    assert set((await x.by_id(other, "coordinator")).values()) == {ABSENT}
    assert await x.in_lists(other, "coordinator") == set()
