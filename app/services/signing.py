"""The answers to a consent: signed or declined, and taken back; by each alone, or recorded for them (R284–R286)."""

from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select

from app.db import Row, Transaction, columns
from app.errors import Conflict, NotFound, invalid
from app.models import Signature
from app.policy import consents as policies
from app.policy.actor import Actor
from app.policy.core import Page
from app.policy.documents import documents
from app.schemas.consents import SignatureIn, WithdrawalIn
from app.services import settling
from app.services.casework import require_open_around
from app.services.consents import still_open, tell
from app.services.rows import add


async def sign(session: Transaction, actor: Actor, id: UUID, wanted: SignatureIn) -> Row:
    """Record an answer: one's own, or one that a professional was given orally or on paper (R285, R286).

    Emits `consent.signed`, or `consent.heard` for a child who is heard; a decline closes the consent. Raises Invalid
    where an answer is not given as it can be, Conflict when the consent is not open, or was answered by that person.
    """
    consent = await policies.consents.get(session, actor, id, "sign")
    member_id = await _whose(session, actor, consent, wanted, [*consent.signer_ids, *consent.heard_ids])
    require_open_around(consent)
    still_open(consent, actor)
    binding = member_id in consent.signer_ids
    if binding and await _approved(session, actor, id, member_id):
        raise Conflict("already-answered")
    await _record(session, actor, id, member_id, wanted.answer, wanted, wanted.note, binding)
    if not binding:
        await tell(session, actor, "consent.heard", consent)
    elif wanted.answer == "approved":
        await tell(session, actor, "consent.signed", consent)
    await settling.settle(session, actor, [id])
    return await policies.consents.get(session, actor, id)


async def withdraw(session: Transaction, actor: Actor, id: UUID, wanted: WithdrawalIn) -> Row:
    """End a consent for all to see, at once: any of those who must sign may, alone (R284). Emits `consent.withdrawn`.

    In a closed case too. What was read before stays in the log, and what a recipient filed stays with them. Raises
    Invalid as for signing, Conflict when the consent is a draft, or has ended.
    """
    consent = await policies.consents.get(session, actor, id, "withdraw")
    member_id = await _whose(session, actor, consent, wanted, consent.signer_ids)
    still_open(consent, actor)
    note = "\n\n".join(text for text in (wanted.reason, wanted.note) if text) or None
    await _record(session, actor, id, member_id, "withdrawn", wanted, note, binding=True)
    await settling.settle(session, actor, [id])
    return await policies.consents.get(session, actor, id)


async def signatures(session: Transaction, actor: Actor, id: UUID, **page: Any) -> Page:
    """Every answer that was ever given to a consent, newest first."""
    return await policies.signatures.page(session, actor, basis_id=id, **page)


async def _whose(
    session: Transaction, actor: Actor, consent: Row, wanted: SignatureIn | WithdrawalIn, asked: list[UUID]
) -> UUID:
    """Whose answer it is, of those who are asked. Raises Invalid where it is not given as it can be."""
    if actor.kind == "citizen":
        return _own(actor, wanted, asked)
    if wanted.given in (None, "digital"):
        raise invalid("/given", "given-oneself")
    if wanted.member_id is None:
        raise invalid("/member_id", "required")
    if wanted.member_id not in asked:
        raise invalid("/member_id", "not-asked-to-sign")
    if wanted.note is None and (wanted.given == "oral" or wanted.evidence_id is None):
        raise invalid("/note", "required")
    await _evidence(session, actor, consent, wanted.evidence_id)
    return wanted.member_id


def _own(actor: Actor, wanted: SignatureIn | WithdrawalIn, asked: list[UUID]) -> UUID:
    """A citizen answers digitally, and for oneself."""
    own = [id for id in asked if id in actor.persons]
    if wanted.given not in (None, "digital"):
        raise invalid("/given", "only-professionals")
    if wanted.evidence_id is not None:
        raise invalid("/evidence_id", "only-professionals")
    if wanted.member_id not in (None, *own):
        raise invalid("/member_id", "not-yourself")
    return own[0]


async def _evidence(session: Transaction, actor: Actor, consent: Row, id: UUID | None) -> None:
    """The document that shows it is one of the case that who records it may read. Raises Invalid."""
    if id is None:
        return
    try:
        found = (await documents.get(session, actor, id)).case_id == consent.case_id
    except NotFound:
        found = False
    if not found:
        raise invalid("/evidence_id", "unknown-reference", "unknown-reference")


async def _approved(session: Transaction, actor: Actor, id: UUID, member_id: UUID) -> bool:
    own = columns(Signature)
    this = (own.municipality_id == actor.municipality, own.basis_id == id, own.member_id == member_id, own.binding)
    return (await session.execute(select(own.id).where(*this, own.answer == "approved").limit(1))).first() is not None


async def _record(
    session: Transaction,
    actor: Actor,
    id: UUID,
    member_id: UUID,
    answer: Literal["approved", "declined", "withdrawn"],
    wanted: SignatureIn | WithdrawalIn,
    note: str | None,
    binding: bool,
) -> None:
    given = {"given": wanted.given or "digital", "note": note, "evidence_id": wanted.evidence_id, "binding": binding}
    stamped = {"signed_at": actor.at, "recorded_by": actor.user}
    await add(session, actor, Signature, basis_id=id, member_id=member_id, answer=answer, **given, **stamped)
