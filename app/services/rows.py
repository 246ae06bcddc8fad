"""The only writers' pen: add or change rows of the actor's municipality."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, bindparam, func, insert, literal, update

from app.db import Base, Transaction, new_id, table_of
from app.policy.actor import Actor


async def add(session: Transaction, actor: Actor, model: type[Base], /, **values: Any) -> UUID:
    """Insert one row; its id, a new one unless given."""
    row = {"municipality_id": actor.municipality, "id": new_id(), **values}
    await session.execute(insert(table_of(model)), row)
    return row["id"]


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


async def change_all(session: Transaction, actor: Actor, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Change many rows, each named by its `id`, in the same columns."""
    if not rows:
        return
    table: Table = table_of(model)
    this = (table.c.municipality_id == actor.municipality) & (table.c.id == bindparam("row_id"))
    values = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in rows[0] if name != "id"}
    sent = [{("row_id" if n == "id" else f"new_{n}"): value for n, value in row.items()} for row in rows]
    await session.execute(update(table).where(this).values(values), sent)


def end_of(actor: Actor, begun: ColumnElement[Any]) -> ColumnElement[datetime]:
    """When what began then ends: now, and never before it began, though a request that came later was quicker."""
    return func.greatest(begun, literal(actor.at, begun.type))
