"""A list of departments: found by name, each under the parent that it names (R30, R466)."""

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.db import Transaction, columns, new_id
from app.models import Department
from app.policy.actor import Actor
from app.schemas.imports import DepartmentRow
from app.services.imports.lists import Listed, RowFlaw
from app.services.imports.plans import BATCH, Plan, Tell
from app.services.municipalities import lock_departments
from app.services.rows import add_all, change_all

own = columns(Department)
Rows = Sequence[tuple[int, DepartmentRow]]


async def lock(session: Transaction, actor: Actor, _found: Listed[DepartmentRow]) -> None:
    await lock_departments(session, actor)


async def plan(session: Transaction, actor: Actor, found: Listed[DepartmentRow]) -> Plan:
    """New departments, and known ones that get another sector or parent. A kind is fixed: it decides on access."""
    mine = own.municipality_id == actor.municipality
    known = {row.name: row for row in await session.execute(select(*own).where(mine))}
    names = {row.id: name for name, row in known.items()}
    parents = {name: names.get(row.parent_id) for name, row in known.items()}
    told = "parent" in found.columns
    parents |= {row.name: row.parent if told else parents.get(row.name) for _, row in found.rows}
    flaws = [*_flaws(found.rows, known), *_misplaced(found.rows, known, parents)]
    if flaws:
        return Plan(flaws=sorted(flaws, key=lambda flaw: flaw.row or 0))
    ids = {name: row.id for name, row in known.items()} | {
        row.name: new_id() for _, row in found.rows if row.name not in known
    }
    wanted = {
        row.name: {"id": ids[row.name], "sector": row.sector, "parent_id": _id(ids, parents.get(row.name))}
        for _, row in found.rows
    }
    kinds = {row.name: row.kind for _, row in found.rows}
    order = [name for name in TopologicalSorter(_edges(parents)).static_order() if name in wanted]
    new = [{**wanted[n], "name": n, "kind": kinds[n], "active": True} for n in order if n not in known]
    changed = [wanted[n] for n in order if n in known and _differs(known[n], wanted[n])]

    async def work(tell: Tell) -> None:
        for start in range(0, len(new), BATCH):
            await add_all(session, actor, Department, new[start : start + BATCH])
            await tell(min(start + BATCH, len(new)))
        await change_all(session, actor, Department, changed)

    return Plan(len(new), len(changed), len(order) - len(new) - len(changed), work=work)


def _flaws(rows: Rows, known: Mapping[str, Any]) -> Iterator[RowFlaw]:
    seen = set[str]()
    for number, row in rows:
        there = known.get(row.name)
        if row.name in seen:
            yield RowFlaw(number, "name", "duplicate")
        elif there is not None and not there.active:
            yield RowFlaw(number, "name", "inactive")
        elif there is not None and there.kind != row.kind:
            yield RowFlaw(number, "kind", "kind-fixed")
        seen.add(row.name)


def _misplaced(rows: Rows, known: Mapping[str, Any], parents: Mapping[str, str | None]) -> Iterator[RowFlaw]:
    """Parents that are neither here nor in the list, and departments that would lie under themselves."""
    there = {name for name, row in known.items() if row.active} | {row.name for _, row in rows}
    try:
        TopologicalSorter(_edges(parents)).prepare()
        circle = set[str]()
    except CycleError as error:
        circle = set(error.args[1])
    for number, row in rows:
        if row.parent is not None and row.parent not in there:
            yield RowFlaw(number, "parent", "unknown-reference")
        if row.name in circle:
            yield RowFlaw(number, "parent", "circular-reference")


def _edges(parents: Mapping[str, str | None]) -> dict[str, set[str]]:
    return {name: set() if parent is None else {parent} for name, parent in parents.items()}


def _id(ids: Mapping[str, UUID], name: str | None) -> UUID | None:
    return None if name is None else ids[name]


def _differs(row: Any, wanted: Mapping[str, Any]) -> bool:
    return any(getattr(row, name) != value for name, value in wanted.items())
