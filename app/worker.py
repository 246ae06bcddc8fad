"""The background loop: what must be done now and then, for each municipality in a transaction of its own."""

import asyncio
import contextlib
import signal
from datetime import UTC, datetime
from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.db import Database
from app.services import imports, replays

PAUSE: Final = 300.0
"""Seconds between two rounds."""

log = structlog.get_logger("indgang.worker")


async def run(database: Database) -> None:
    """Round after round until told to stop (SIGTERM, SIGINT); a failed round is logged and tried again."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    log.info("worker started")
    while not stop.is_set():
        try:
            await work(database)
        except (SQLAlchemyError, OSError) as error:
            log.error("round failed", error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), PAUSE)
    await database.close()
    log.info("worker stopped")


async def work(database: Database) -> None:
    """One round: the partitions of the coming months, and idempotency keys and checked lists past their time."""
    async with database.engine.begin() as connection:
        made = (await connection.execute(text("select make_partitions(3)"))).scalar_one()
    forgotten = 0
    for municipality in await database.municipalities():
        async with database.transaction(municipality) as session:
            forgotten += await replays.forget(session, municipality, datetime.now(UTC))
            forgotten += await imports.forget(session, municipality, datetime.now(UTC))
    log.info("round", partitions=made, forgotten=forgotten)
