"""P24: 25 MiB go up and down in constant memory, measured on a serving process of its own."""

import hashlib
import json
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from app.config import Settings
from bench.servers import Server, _process, _wait
from tests.conftest import Urls
from tests.uploads import DETAILS, PDF, part
from tests.worlds import World

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process takes at most")
pytestmark = [pytest.mark.anyio, LINUX]
MIB = 1_048_576
SIZE = 25 * MIB
CHUNK = bytes(range(256)) * 256
BOUNDARY = "multipart/form-data; boundary=abc"


@pytest.fixture
def server(settings: Settings, urls: Urls) -> Iterator[Server]:
    with _process("bench.serve:asgi", {"BENCH_DATABASE": urls.app, "BENCH_DATA_DIR": str(settings.data_dir)}) as made:
        _wait("app", made)
        yield made


def taken(server: Server, what: str) -> int:
    """Bytes: VmRSS now, VmHWM at most."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(what))


def forget_the_most(server: Server) -> None:
    Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")


async def body(size: int) -> AsyncIterator[bytes]:
    yield b"--abc\r\n" + part("details", json.dumps(DETAILS).encode()) + b"\r\n--abc\r\n" + part("file", PDF, "a.pdf")
    left = size - len(PDF)
    while left:
        yield CHUNK[: min(left, len(CHUNK))]
        left -= min(left, len(CHUNK))
    yield b"\r\n--abc--\r\n"


async def there_and_back(client: httpx.AsyncClient, case: str, size: int) -> None:
    made = await client.post(f"/v1/cases/{case}/documents", content=body(size), headers={"content-type": BOUNDARY})
    assert made.status_code == 201, made.text
    digest, got = hashlib.sha256(), 0
    async with client.stream("GET", f"/v1/documents/{made.json()['id']}/content") as answer:
        async for chunk in answer.aiter_bytes():
            digest.update(chunk)
            got += len(chunk)
    assert (got, digest.hexdigest()) == (size, made.json()["sha256"])


async def test_25_mib_up_and_down_take_less_than_32_mib(world: World, server: Server) -> None:
    case = (await world.allocated())["id"]
    address = f"http://127.0.0.1:{server.port}"
    async with httpx.AsyncClient(base_url=address, headers=world.headers("coordinator"), timeout=60) as client:
        await there_and_back(client, case, 10_000)  # what is imported and compiled with the first one is no upload's
        idle = taken(server, "VmRSS")
        forget_the_most(server)
        await there_and_back(client, case, SIZE)
        most = taken(server, "VmHWM")
    assert most - idle < 32 * MIB, f"{(most - idle) / MIB:.1f} MiB above idle"
