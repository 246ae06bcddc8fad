"""Restricting a case (GDPR art. 18): its documents are kept, and nobody reads them until it is over."""

from typing import Any
from uuid import UUID

from app.db import Row, Transaction, columns
from app.errors import Conflict
from app.models import Case, Restriction
from app.policy import restrictions as policies
from app.policy.actor import Actor
from app.policy.cases import cases
from app.policy.core import Page
from app.schemas.restrictions import RestrictionEnd, RestrictionIn
from app.services.events import emit
from app.services.rows import add, change, end_of


async def restrict(session: Transaction, actor: Actor, case_id: UUID, wanted: RestrictionIn) -> Row:
    """Close the case's documents to everybody, at once and on every path. Emits `case.restricted`.

    Raises Conflict when it is restricted already. A closed case can be restricted too.
    """
    case = await cases.get(session, actor, case_id, "seal")
    if case.sealed:
        raise Conflict("case-restricted")
    begun = {"reason": wanted.reason, "begun_at": actor.at, "begun_by": actor.user}
    id = await add(session, actor, Restriction, case_id=case_id, **begun)
    await change(session, actor, Case, case_id, sealed=True)
    await emit(session, actor, "case.restricted", case_id, case_id=case_id)
    return await policies.restrictions.get(session, actor, id)


async def lift(session: Transaction, actor: Actor, case_id: UUID, wanted: RestrictionEnd) -> Row:
    """What opened the documents before opens them again. Emits `case.restriction_ended`.

    Raises Conflict when the case is not restricted.
    """
    case = await cases.get(session, actor, case_id, "seal")
    if not case.sealed:
        raise Conflict("case-not-restricted")
    (now,) = (await policies.restrictions.page(session, actor, case_id=case_id, current=True, limit=1)).items
    ended = {"ended_at": end_of(actor, columns(Restriction).begun_at), "ended_by": actor.user}
    await change(session, actor, Restriction, now.id, end_reason=wanted.reason, **ended)
    await change(session, actor, Case, case_id, sealed=False)
    await emit(session, actor, "case.restriction_ended", case_id, case_id=case_id)
    return await policies.restrictions.get(session, actor, now.id)


async def of_case(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> Page:
    return await policies.restrictions.page(session, actor, case_id=case_id, **page)
