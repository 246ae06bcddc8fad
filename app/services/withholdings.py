"""What is kept from one member of the family, for a recorded reason; that member is not told of it."""

from typing import Any
from uuid import UUID

from app.db import Row, Transaction
from app.errors import Conflict, NotFound, invalid
from app.models import Withholding
from app.policy.actor import Actor
from app.policy.consents import legal_references
from app.policy.core import Page
from app.policy.documents import documents
from app.policy.sharing import withholdings as policy
from app.schemas.documents import WithholdingIn
from app.services.casework import require_member
from app.services.events import emit
from app.services.rows import add, change


async def withhold(session: Transaction, actor: Actor, document_id: UUID, wanted: WithholdingIn) -> Row:
    """Keep a document from a member of the family, at once and on every path. Emits `withholding.recorded`.

    Raises Invalid for somebody else, and for a legal reference that is none for this use today; Conflict when it is
    withheld from that member already.
    """
    document = await documents.get(session, actor, document_id, "withhold")
    await require_member(session, actor, document, wanted.member_id, "/member_id")
    await _lawful(session, actor, wanted.legal_reference_id)
    values = {"case_id": document.case_id, "created_at": actor.at, "created_by": actor.user}
    id = await add(session, actor, Withholding, document_id=document_id, **values, **wanted.model_dump())
    await emit(session, actor, "withholding.recorded", id, case_id=document.case_id)
    return await policy.get(session, actor, id)


async def end(session: Transaction, actor: Actor, id: UUID) -> Row:
    """No longer keep it from that member. Emits `withholding.ended`. Raises Conflict when it has ended."""
    withholding = await policy.get(session, actor, id, "end_withholding")
    if withholding.ended_at is not None:
        raise Conflict("withholding-ended")
    await change(session, actor, Withholding, id, ended_at=actor.at, ended_by=actor.user)
    await emit(session, actor, "withholding.ended", id, case_id=withholding.case_id)
    return await policy.get(session, actor, id)


async def withholdings(session: Transaction, actor: Actor, document_id: UUID, **page: Any) -> Page:
    return await policy.page(session, actor, document_id=document_id, **page)


async def _lawful(session: Transaction, actor: Actor, id: UUID) -> None:
    """The municipality's list has it, for withholding, and it is valid today. Raises Invalid."""
    try:
        found = await legal_references.get(session, actor, id)
    except NotFound:
        found = None
    today = actor.today
    if found is None or not found.valid_from <= today < (found.valid_until or today.max) or found.use != "withhold":
        raise invalid("/legal_reference_id", "unknown-reference", "unknown-reference")
