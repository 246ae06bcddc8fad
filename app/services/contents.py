"""The contents of documents: fetched by those who may read them, and swept away where nothing speaks of them."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.db import Database, Row, Transaction, columns
from app.errors import Unavailable
from app.models import DocumentVersion
from app.policy.actor import Actor
from app.policy.contents import document_versions
from app.policy.core import Policy
from app.policy.documents import documents
from app.policy.rules import UUID_TYPE
from app.storage import Storage, id_of

log = structlog.get_logger("indgang.contents")
A_DAY: Final = timedelta(days=1)
"""Longer than any upload takes."""
version: Any = columns(DocumentVersion)


async def of_document(session: Transaction, actor: Actor, id: UUID, storage: Storage) -> Row:
    """The newest content of a document, to be sent. Logged as a download.

    Raises Unavailable, before anything is sent, when storage has not what the row speaks of.
    """
    return await _there(session, actor, documents, id, storage)


async def of_version(session: Transaction, actor: Actor, id: UUID, storage: Storage) -> Row:
    """One content of a document, to be sent. Logged and refused as `of_document`."""
    return await _there(session, actor, document_versions, id, storage)


async def _there(session: Transaction, actor: Actor, policy: Policy, id: UUID, storage: Storage) -> Row:
    row = await policy.get(session, actor, id, "download")
    if await storage.size(row.storage_key) != row.size:
        log.error("content missing", resource=policy.name, row=str(id), id=actor.request_id)
        raise Unavailable
    return row


async def sweep(database: Database, storage: Storage, age: timedelta = A_DAY) -> int:
    """Delete the contents of at least this age that no row speaks of: what a crash leaves behind; how many.

    A version has the id that its content is kept under, so each is found by its key.
    """
    swept, before = 0, datetime.now(UTC) - age
    for municipality in await database.municipalities():
        async for keys in storage.older(municipality, before):
            for key in await _orphans(database, municipality, keys):
                await storage.delete(key)
                swept += 1
    return swept


async def _orphans(database: Database, municipality: UUID, keys: list[str]) -> list[str]:
    if not keys:
        return []
    async with database.transaction(municipality) as session:
        wanted = version.id == any_(literal([id_of(key) for key in keys], ARRAY(UUID_TYPE)))
        mine = version.municipality_id == municipality
        kept = set((await session.execute(select(version.storage_key).where(mine, wanted))).scalars())
    return [key for key in keys if key not in kept]
