"""The story that `make demo` tells, against a server started the way `make run` starts it; and how it fails."""

import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner

from app import cli, config, story

STARTING_SECONDS = 25
ENDING_SECONDS = 5


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """A folder of this module's own; the embedded PostgreSQL may run as another user, who must walk into it."""
    made = Path(tempfile.mkdtemp(prefix="indgang-story-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def server(data_dir: Path) -> Iterator[str]:
    """The address of a real server in try-out mode, ready; ended with its database, whatever happens."""
    port = _free_port()
    ours = {"INDGANG_MODE": "tryout", "INDGANG_PORT": str(port), "INDGANG_DATA_DIR": str(data_dir)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INDGANG_")}
    kept = {name: value for name, value in kept.items() if not name.endswith("DATABASE_URL")}
    indgang = [sys.executable, "-c", "from app.cli import app; app()"]
    with tempfile.TemporaryFile("w+") as told:
        process = subprocess.Popen([*indgang, "serve"], env=kept | ours, stdout=told, stderr=told)  # noqa: S603
        try:
            address = f"http://127.0.0.1:{port}"
            if not _ready(process, address):
                told.seek(0)
                pytest.fail(f"the server did not get ready:\n{told.read()[-2000:]}")
            yield address
        finally:
            _end(process, data_dir)


def _ready(process: subprocess.Popen[bytes], address: str) -> bool:
    end = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with suppress(httpx.TransportError):
            if httpx.get(f"{address}/readyz", trust_env=False).is_success:
                return True
        time.sleep(0.1)
    return False


def _end(process: subprocess.Popen[bytes], data_dir: Path) -> None:
    """End the server by its id, and then its database, by the id in its own folder, should it have outlived it."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with suppress(FileNotFoundError, ProcessLookupError, ValueError, IndexError):
        os.kill(int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0]), signal.SIGINT)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def told(address: str, data_dir: Path) -> tuple[int, str]:
    """The exit code of one telling, and its text."""
    text = io.StringIO()
    code = story.tell(address, data_dir, Console(file=text, width=10_000, highlight=False))
    return code, text.getvalue()


def test_the_story_is_told(server: str, data_dir: Path) -> None:
    code, text = told(server, data_dir)
    assert code == 0, text
    assert all(f"{number}. {title}" in text for number, (title, _) in enumerate(story.CHAPTERS, start=1))
    assert "✗ 409 step-blocked — as it should: POST /v1/cases/{case}/steps/2/start" in text


def test_the_command_tells_it_again_on_the_same_database(
    server: str, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("INDGANG_") or name.endswith("DATABASE_URL")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("INDGANG_MODE", "tryout")
    monkeypatch.setenv("INDGANG_DATA_DIR", str(data_dir))
    config.read.cache_clear()
    try:
        done = CliRunner().invoke(cli.app, ["demo", "--address", server])
    finally:
        config.read.cache_clear()
    assert done.exit_code == 0, done.output
    assert "The story is told" in done.output


def test_no_server_is_one_clear_sentence(tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{_free_port()}"
    code, text = told(address, tmp_path)
    assert code == 1
    assert f"No server answers at {address}" in text
    assert "start it with `make run`, or say on which port it is" in text
    assert "Traceback" not in text


def test_an_address_that_is_none_is_the_same_sentence(tmp_path: Path) -> None:
    code, text = told("127.0.0.1:8000", tmp_path)
    assert (code, "No server answers at 127.0.0.1:8000" in text) == (1, True)


def test_tokens_of_another_try_out_are_refused_and_named(server: str, tmp_path: Path) -> None:
    code, text = told(server, tmp_path)
    assert code == 1
    assert "GET /v1/me as Karen Koordinator: expected 200, got 401 token-invalid" in text


class _Something(BaseHTTPRequestHandler):
    """A server that answers everything with 200 and the same few bytes."""

    body = b"{}"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def answering(body: bytes) -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), type("Answering", (_Something,), {"body": body})) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{httpd.server_port}"
        finally:
            httpd.shutdown()
            thread.join()


@pytest.mark.parametrize("body", [b"{}", b"[]", b"<html>"])
def test_a_server_that_is_another_one_is_found_out(body: bytes, tmp_path: Path) -> None:
    with answering(body) as address:
        code, text = told(address, tmp_path)
    assert code == 1
    assert "The story stops here" in text
    assert "GET /v1/me" in text
