"""Reminders: a consent that still waits on its day to remind is told of once, so that somebody is asked again (R288).

What is due is shown without it (`remind_due`): this is for the systems that listen to events.
"""

from typing import Any, Final

from sqlalchemy import Select, any_, bindparam, select

from app.db import Transaction, columns, table_of
from app.models import Basis, Case
from app.policy.actor import Actor
from app.policy.consents import remind_due
from app.policy.rules import mine
from app.services import settling
from app.services.rows import change_all

basis, case = columns(Basis), columns(Case)


def _untold() -> Select[Any]:
    """Consents whose day to remind has come, and of which no event has told."""
    its = (case.municipality_id == basis.municipality_id) & (case.id == basis.case_id)
    rows = select(basis.id, basis.case_id, basis.kind, basis.subject_id, case.child_id)
    rows = rows.select_from(table_of(Basis).join(table_of(Case), its))
    return rows.where(mine(table_of(Basis)), basis.kind == "consent", remind_due(), basis.reminded_at.is_(None))


FOUND: Final = _untold().order_by(basis.remind_on, basis.id).limit(bindparam("most"))
STILL: Final = (
    _untold().where(basis.id == any_(bindparam("basis_ids", type_=settling.IDS))).order_by(basis.case_id, basis.id)
)


async def tick(session: Transaction, actor: Actor, most: int = 100) -> int:
    """Emits `consent.reminder_due` for what is due, once each, at most so many; how many there were. For the worker.

    A signature, or another worker, that came first while the case was waited for, leaves nothing to tell.
    """
    found = await session.rows(FOUND, {**actor.parameters, "most": most})
    if found:
        await settling.locked(session, actor, found)
        rows = await session.rows(STILL, {**actor.parameters, "basis_ids": [row.id for row in found]})
        await change_all(session, actor, Basis, [{"id": row.id, "reminded_at": actor.at} for row in rows])
        for row in rows:
            await settling.tell(session, actor, row, "reminder_due")
    return len(found)
