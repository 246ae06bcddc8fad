"""P3, P8: two processes on one database. What is withdrawn in one is closed in the other on its next request.

The other process is a genuine one, with its own prepared statements and pool: it answers the status of a path per line.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Urls
from tests.policy.scenes import Scene, made
from tests.worlds import World

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).resolve().parents[2]
OTHER = """
import asyncio, sys
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
            token, path = line.split()
            answer = await client.get(path, headers={"Authorization": f"Bearer {token}"})
            print("status", answer.status_code, flush=True)
    await database.close()

asyncio.run(main(*sys.argv[1:]))
"""


class Other:
    """The other process: what it answers somebody."""

    def __init__(self, process: asyncio.subprocess.Process, world: World) -> None:
        self.process, self.world = process, world

    async def status(self, who: str, path: str) -> int:
        token = self.world.headers(who)["Authorization"].removeprefix("Bearer ")
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{token} {path}\n".encode())
        await self.process.stdin.drain()
        while True:
            line = await asyncio.wait_for(self.process.stdout.readline(), 60)
            assert line, "the other process is gone"
            if line.startswith(b"status "):
                return int(line.split()[1])


@pytest.fixture
async def other(scene: Scene, urls: Urls) -> AsyncIterator[Other]:
    world = scene.world
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", OTHER, urls.app, str(world.data_dir)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    yield Other(process, world)
    assert process.stdin is not None
    process.stdin.close()
    await asyncio.wait_for(process.wait(), 60)


async def test_a_withdrawal_bites_on_the_next_request_of_another_process(scene: Scene, other: Other) -> None:
    world, document = scene.world, f"/v1/documents/{scene.rows['allocated', 'document']}"
    consent = f"/v1/consents/{scene.rows['allocated', 'consent']}"
    for _ in range(7):  # often enough that its statements are prepared, and their plans kept
        for path in (document, f"{document}/content", f"{document}/versions"):
            assert await other.status("coordinator", path) == 200
    await made(world, "father", f"{consent}/withdrawal", {})
    for path in (document, f"{document}/content", f"{document}/versions", f"{document}/explanation"):
        assert await other.status("coordinator", path) == 404
    assert await other.status("psychologist", document) == 200  # it is her department's own
    assert await other.status("mother", document) == 200


async def test_a_revoked_share_and_an_ended_job_bite_there_too(scene: Scene, other: Other) -> None:
    world, document = scene.world, f"/v1/documents/{scene.rows['teen', 'document']}"
    assert await other.status("coordinator", document) == 200
    await _revoke(world, f"/v1/shares/{scene.rows['teen', 'share']}/revocation")
    assert await other.status("coordinator", document) == 404
    moved: dict[str, Any] = {"positions": [{"department_id": str(world.departments["job"])}]}
    assert await other.status("psychologist", document) == 200
    path = f"/v1/users/{world.ids['psychologist']}"
    assert (await world.update("administrator", "PATCH", path, moved)).status_code == 200
    assert await other.status("psychologist", document) == 404


async def _revoke(world: World, path: str) -> None:
    assert (await world.post("psychologist", path, {"reason": "Ikke længere."})).status_code == 200
