"""P13: no acknowledged write is lost, and none without its event, however often app or PostgreSQL are killed.

DRILL_KILLS sets how many times (default 40; the promise is drilled with 100 before a release).
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pytest

from app import embedded, tryout

pytestmark = pytest.mark.drill
PORT = 8771
ADDRESS = f"http://127.0.0.1:{PORT}"


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "var"
    embedded.start(tmp_path / "var").stop()


@contextmanager
def serving(data_dir: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server of this test's own, ready; ended when it is still there."""
    environment = {**os.environ, "INDGANG_MODE": "tryout", "INDGANG_DATA_DIR": str(data_dir), "INDGANG_PORT": str(PORT)}
    command = [sys.executable, "-c", "from app.cli import app; app(['serve'])"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    try:
        for _ in range(300):
            try:
                if httpx.get(f"{ADDRESS}/readyz").status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        yield process
    finally:
        process.kill()
        process.wait()


def write(token: str, department: str, acknowledged: list[UUID], stop: threading.Event) -> None:
    """Register families as fast as answers come, and keep the ids of those that were acknowledged."""
    headers = {"Authorization": f"Bearer {token}"}
    while not stop.is_set():
        try:
            answer = httpx.post(f"{ADDRESS}/v1/families", json={"owner_department_id": department}, headers=headers)
        except httpx.TransportError:
            time.sleep(0.05)
            continue
        if answer.status_code == 201:
            acknowledged.append(UUID(answer.json()["id"]))


def test_no_acknowledged_write_is_lost(data_dir: Path) -> None:
    acknowledged: list[UUID] = []
    stop = threading.Event()
    chance = random.Random(7)
    writers: list[threading.Thread] = []
    kills = int(os.environ.get("DRILL_KILLS", "40"))
    for kill in range(kills):
        with serving(data_dir) as process:
            if not writers:
                writers = begin(data_dir, acknowledged, stop)
            time.sleep(chance.uniform(0.2, 1.2))
            if kill % 3 == 2:
                os.kill(postmaster(data_dir), signal.SIGKILL)
                time.sleep(0.3)
            process.kill()
    stop.set()
    for writer in writers:
        writer.join()
    with serving(data_dir):
        stored, told = asyncio.run(found(data_dir))
    assert len(acknowledged) > 3 * kills
    assert set(acknowledged) - stored == set()
    assert stored - told == set()


def begin(data_dir: Path, acknowledged: list[UUID], stop: threading.Event) -> list[threading.Thread]:
    token = tryout.token(data_dir, "coordinator")
    me = httpx.get(f"{ADDRESS}/v1/me", headers={"Authorization": f"Bearer {token}"}).json()
    department = me["positions"][0]["department_id"]
    writers = [threading.Thread(target=write, args=(token, department, acknowledged, stop)) for _ in range(3)]
    for writer in writers:
        writer.start()
    return writers


def postmaster(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])


async def found(data_dir: Path) -> tuple[set[UUID], set[UUID]]:
    """The families there are, and those that an event tells of."""
    connection = await asyncpg.connect(embedded.address(embedded.start(data_dir), tryout.DATABASE))
    try:
        families = {row["id"] for row in await connection.fetch("select id from families")}
        events = await connection.fetch("select resource_id from events where type = 'family.created'")
        return families, {row["resource_id"] for row in events}
    finally:
        await connection.close()
