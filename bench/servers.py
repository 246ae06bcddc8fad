"""The servers of one benchmark: subprocesses on loopback, each ended by its own pid."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.generate import Place

START_SECONDS: Final = 60


@dataclass(frozen=True)
class Server:
    """A serving process and where it listens on 127.0.0.1."""

    process: "subprocess.Popen[bytes]"
    port: int


@contextmanager
def serving(place: Place, data_dir: Path, readers: Path) -> Iterator[dict[str, Server]]:
    """The four servers by name, until the end of the block."""
    app = {"BENCH_DATABASE": place.app, "BENCH_DATA_DIR": str(data_dir)}
    bare = {"BENCH_READERS": str(readers)}
    wanted = {
        "app": ("bench.serve:asgi", app),
        "unlogged": ("bench.serve:asgi", {**app, "BENCH_UNLOGGED": "1"}),
        "plain": ("bench.bare:asgi", {**bare, "BENCH_DATABASE": place.owner}),
        "whole": ("bench.bare:asgi", {**bare, "BENCH_DATABASE": place.app, "BENCH_WHOLE": "1"}),
    }
    with ExitStack() as stack:
        started = {name: stack.enter_context(_process(*how)) for name, how in wanted.items()}
        for name, server in started.items():
            _wait(name, server)
        yield started


@contextmanager
def _process(factory: str, environment: dict[str, str]) -> Iterator[Server]:
    port = _free_port()
    how = ("--factory", "--host", "127.0.0.1", "--port", str(port), "--loop", "uvloop", "--http", "httptools")
    quiet = ("--no-access-log", "--no-server-header", "--log-level", "error", "--timeout-graceful-shutdown", "3")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("INDGANG_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", factory, *how, *quiet],
        env={**clean, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield Server(process, port)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        if process.stdin:
            process.stdin.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(name: str, server: Server) -> None:
    """Until it listens. Raises RuntimeError when it ends or takes too long."""
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends and server.process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 5):
            return
        time.sleep(0.1)
    raise RuntimeError(f"the {name} server did not start")


def memory(server: Server) -> dict[str, int]:
    """Kilobytes of a process: rss, pss, and what is private to it; empty where the system does not tell."""
    found: dict[str, int] = {}
    with suppress(OSError):
        for line in Path(f"/proc/{server.process.pid}/smaps_rollup").read_text().splitlines()[1:]:
            name, _, rest = line.partition(":")
            found[name] = int(rest.split()[0])
        private = found["Private_Clean"] + found["Private_Dirty"]
        return {"rss": found["Rss"], "pss": found["Pss"], "private": private}
    return found
