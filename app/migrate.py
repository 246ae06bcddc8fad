"""Bring a database's schema up to date, or say how it differs. Run as the role that owns the schema."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

import app.models  # noqa: F401 - makes the metadata complete
from app.db import Base, asyncpg_url

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate to a revision, and make the partitions of the coming months."""
    _with(url, lambda connection: command.upgrade(_config(connection), revision))
    if revision == "head":
        _with(url, make_partitions)


def downgrade(url: str, revision: str) -> None:
    _with(url, lambda connection: command.downgrade(_config(connection), revision))


def head() -> str:
    """The newest revision that this version of the software knows."""
    found = ScriptDirectory.from_config(_config(None)).get_current_head()
    assert found is not None  # noqa: S101 - there is always a first migration
    return found


def drift(url: str) -> list[Any]:
    """What the models say and the migrated database does not, or the other way round; empty when they agree."""

    def compare(connection: Connection) -> list[Any]:
        def include(name: str | None, kind: str, _parents: Any) -> bool:
            return not (kind == "table" and name and name.startswith(("events_", "access_log_")))

        options = {"include_name": include, "compare_type": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))

    return _with(url, compare)


def make_partitions(connection: Connection) -> None:
    connection.execute(text("select make_partitions(3)"))


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["connection"] = connection
    return config


def _with(url: str, work: Callable[[Connection], T]) -> T:
    async def run() -> T:
        engine = create_async_engine(asyncpg_url(url), poolclass=pool.NullPool)
        try:
            async with engine.begin() as connection:
                return await connection.run_sync(work)
        finally:
            await engine.dispose()

    return asyncio.run(run())
