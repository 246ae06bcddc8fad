"""The background loop: what must be done now and then, for each municipality in a transaction of its own."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.db import Database, Transaction
from app.policy.actor import Actor, on_its_own
from app.services import imports, reminders, replays, settling
from app.services.signers import day_of

PAUSE: Final = 300.0
"""Seconds between two rounds."""
BATCH: Final = 100
Tick = Callable[[Transaction, Actor, int], Awaitable[int]]

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
    """One round: the partitions of the coming months, idempotency keys and checked lists past their time, the consents
    and statutory bases whose day has come, or whose settings are others now, and what is to be reminded of.
    """
    async with database.engine.begin() as connection:
        made = (await connection.execute(text("select make_partitions(3)"))).scalar_one()
    forgotten = settled = reminded = 0
    for municipality in await database.municipalities():
        async with database.transaction(municipality) as session:
            forgotten += await replays.forget(session, municipality, datetime.now(UTC))
            forgotten += await imports.forget(session, municipality, datetime.now(UTC))
        settled += await settle(database, municipality, datetime.now(UTC))
        reminded += await remind(database, municipality, datetime.now(UTC))
    log.info("round", partitions=made, forgotten=forgotten, settled=settled, reminded=reminded)


async def settle(database: Database, municipality: UUID, now: datetime) -> int:
    """Settle what is due in a municipality; how much it was."""
    return await _in_batches(database, municipality, now, settling.tick)


async def remind(database: Database, municipality: UUID, now: datetime) -> int:
    """Tell of the consents that still wait on their day to remind; how many there were."""
    return await _in_batches(database, municipality, now, reminders.tick)


async def _in_batches(database: Database, municipality: UUID, now: datetime, tick: Tick) -> int:
    """All that there is to do, a batch to a transaction, so that nobody waits long for a case."""
    done, actor = 0, on_its_own(municipality, now, day_of(now))
    while True:
        async with database.transaction(municipality) as session:
            count = await tick(session, actor, BATCH)
        done += count
        if count < BATCH:
            return done
