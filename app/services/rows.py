"""The only writers' pen: add or change rows of the actor's municipality."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Table, insert, update

from app.db import Base, Transaction, new_id, table_of
from app.policy.actor import Actor


async def add(session: Transaction, actor: Actor, model: type[Base], /, **values: Any) -> UUID:
    """Insert one row; its new id."""
    id = new_id()
    await session.execute(insert(table_of(model)), {"municipality_id": actor.municipality, "id": id, **values})
    return id


async def add_all(
    session: Transaction, actor: Actor, model: type[Base], rows: Sequence[Mapping[str, Any]]
) -> Sequence[UUID]:
    """Insert many rows of the same columns; their new ids in the same order."""
    complete = [{"municipality_id": actor.municipality, "id": new_id(), **row} for row in rows]
    if complete:
        await session.execute(insert(table_of(model)), complete)
    return [row["id"] for row in complete]


async def change(session: Transaction, actor: Actor, model: type[Base], id: UUID, /, **values: Any) -> None:
    """Change one row that a policy has opened."""
    table: Table = table_of(model)
    mine = (table.c.municipality_id == actor.municipality) & (table.c.id == id)
    await session.execute(update(table).where(mine).values(**values))
