"""The caseload norm, when a case is given to an adviser (R126)."""

from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, select

from app.db import Transaction, table_of
from app.models import Case, User
from app.policy.actor import Actor
from app.policy.caseload import LOAD, NORM, case, counted, user
from app.policy.rules import UUID_TYPE, mine, some

GIVEN: Final = (mine(table_of(User)), user.id == bindparam("user_id", type_=UUID_TYPE))
LOCK: Final = select(user.id).where(*GIVEN).with_for_update(key_share=True)
ADDS: Final = some(table_of(Case), case.id == bindparam("case_id", type_=UUID_TYPE), counted())
ABOVE: Final = select(func.coalesce(ADDS & (LOAD + 1 > NORM), False).label("above")).where(*GIVEN)


async def above_norm(session: Transaction, actor: Actor, case_id: UUID, user_id: UUID) -> bool:
    """Whether one more case takes the adviser above the norm; never where none is set (X14).

    The adviser's row is locked first, so that two who give that person a case at once see one another.
    """
    given = {**actor.parameters, "user_id": user_id, "case_id": case_id}
    await session.rows(LOCK, given)
    (found,) = await session.rows(ABOVE, given)
    above: bool = found.above
    return above
