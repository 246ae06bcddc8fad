"""One real PostgreSQL, one migrated database per test process, one app on one event loop; a municipality per test.

The embedded server is used unless DATABASE_URL names another one (a role that may create databases and roles): then
scratch databases are made there and dropped again. Tests are isolated by what isolates municipalities.
"""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from app import embedded, migrate
from app.config import Settings
from app.db import Database
from app.main import create_app
from tests.worlds import World

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@dataclass(frozen=True)
class Urls:
    """One scratch database, as the role that owns it and as the app's harmless role."""

    owner: str
    app: str


@pytest.fixture(scope="session")
def urls() -> Iterator[Urls]:
    """A migrated scratch database of this test process."""
    name = f"indgang_test_{os.getpid()}_{secrets.token_hex(3)}"
    admin = os.environ.get("DATABASE_URL") or embedded.address(embedded.start(ROOT / "var" / "test"), "postgres")
    owner, role, password = _with(admin, database=name), f"{name}_app", secrets.token_hex(16)
    _run(admin, f'create database "{name}"')
    migrate.upgrade(owner)
    _run(owner, f"create role {role} login password '{password}' in role indgang_app")
    yield Urls(owner, _with(owner, user=role, password=password))
    _run(admin, f'drop database "{name}" with (force)')
    _run(admin, f"drop role {role}")


def _run(url: str, statement: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


def _with(url: str, *, database: str | None = None, user: str | None = None, password: str = "") -> str:
    parts = urlsplit(url)
    where = parts.netloc.rpartition("@")
    who = f"{quote(user)}:{quote(password)}" if user else where[0]
    return urlunsplit(parts._replace(netloc=f"{who}@{where[2]}", path=f"/{database}" if database else parts.path))


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    limits = {"rate_limit": "1000000/minute", "cors_origins": ("https://spa.provekommune.invalid",)}
    return Settings(mode="tryout", data_dir=tmp_path_factory.mktemp("data"), log_level="ERROR", **limits)


@pytest.fixture(scope="session")
async def database(urls: Urls) -> AsyncIterator[Database]:
    database = Database(urls.app, 8)
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def owner(urls: Urls) -> AsyncIterator[Database]:
    """The same database as the role that owns its schema: for arranging, and for looking behind the policy."""
    database = Database(urls.owner, 4)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def app(settings: Settings, database: Database) -> FastAPI:
    return create_app(settings, database)


@pytest.fixture
async def world(app: FastAPI, settings: Settings, owner: Database) -> AsyncIterator[World]:
    """A municipality of this test's own, with its people; nobody else's test is in it."""
    async with httpx.AsyncClient(transport=_transport(app), base_url="http://test") as client:
        yield await World.found(owner, settings.data_dir, client)


@pytest.fixture
async def neighbour(app: FastAPI, settings: Settings, owner: Database) -> AsyncIterator[World]:
    """Another municipality, with people of the same names."""
    async with httpx.AsyncClient(transport=_transport(app), base_url="http://test") as client:
        yield await World.found(owner, settings.data_dir, client)


def _transport(app: FastAPI) -> httpx.ASGITransport:
    return httpx.ASGITransport(app, raise_app_exceptions=False)


@pytest.fixture(autouse=True)
def _no_sockets_beyond_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """P19: nothing here needs the internet, and a test that reaches for it fails."""
    genuine = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX and isinstance(address, tuple) and address[0] not in {"127.0.0.1", "::1"}:
            raise AssertionError("a test reached beyond loopback")
        genuine(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect)
