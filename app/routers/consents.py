"""The consents of a case: drafted, asked for, answered, withdrawn, and their register."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.answers import created, many, one
from app.policy import consents as policies
from app.routing import CurrentActor, Session, if_match
from app.routing import router as routed
from app.schemas.base import PageOut
from app.schemas.consents import (
    CancellationIn,
    ConsentIn,
    ConsentOut,
    ConsentPatch,
    ConsentQuery,
    SignatureIn,
    SignatureOut,
    SignatureQuery,
    WithdrawalIn,
)
from app.services import consents, signing
from app.wire import Condition

router = routed("consents")

AT_ONCE = WithdrawalIn()
WITHOUT_REASON = CancellationIn()


@router.post("/cases/{case_id}/consents", status_code=201, response_model=ConsentOut)
async def draft_consent(case_id: UUID, wanted: ConsentIn, actor: CurrentActor, session: Session) -> Response:
    """Draft a consent. Nobody else sees it before it is put to those who sign."""
    return created(ConsentOut, await consents.draft(session, actor, case_id, wanted), "/v1/consents")


@router.get("/cases/{case_id}/consents", response_model=PageOut[ConsentOut])
async def list_consents(
    case_id: UUID, query: Annotated[ConsentQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The register of consents, newest first: those in force, those that are awaited, and those that have ended."""
    return many(ConsentOut, await consents.consents(session, actor, case_id, **query.wanted()))


@router.get("/consents/{consent_id}", response_model=ConsentOut)
async def get_consent(consent_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One consent, with who is asked and what they answered."""
    return one(ConsentOut, await policies.consents.get(session, actor, consent_id))


@router.patch("/consents/{consent_id}", response_model=ConsentOut)
async def change_consent(
    consent_id: UUID,
    wanted: ConsentPatch,
    condition: Annotated[Condition, Depends(if_match(ConsentOut))],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """Change a draft. What has been put to those who sign is never changed."""
    return one(ConsentOut, await consents.change_draft(session, actor, consent_id, wanted, condition))


@router.post("/consents/{consent_id}/request", response_model=ConsentOut)
async def request_consent(consent_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """Put a draft to those who must sign, as custody, age and categories say. Its text and scope are fixed then."""
    asked = await consents.request(session, actor, consent_id)
    return one(ConsentOut, asked, place=f"/v1/consents/{consent_id}")


@router.post("/consents/{consent_id}/cancellation", status_code=201, response_model=ConsentOut)
async def cancel_consent(
    consent_id: UUID, actor: CurrentActor, session: Session, wanted: CancellationIn = WITHOUT_REASON
) -> Response:
    """Take back a draft, or a request that waits. Nobody can sign it after; it stays in the register."""
    cancelled = await consents.cancel(session, actor, consent_id, wanted)
    return one(ConsentOut, cancelled, place=f"/v1/consents/{consent_id}", status=201)


@router.post("/consents/{consent_id}/signatures", status_code=201, response_model=ConsentOut)
async def sign_consent(consent_id: UUID, wanted: SignatureIn, actor: CurrentActor, session: Session) -> Response:
    """Approve or decline; a professional records what was said or signed on paper. One "no" closes the consent."""
    signed = await signing.sign(session, actor, consent_id, wanted)
    return one(ConsentOut, signed, place=f"/v1/consents/{consent_id}", status=201)


@router.get("/consents/{consent_id}/signatures", response_model=PageOut[SignatureOut])
async def list_signatures(
    consent_id: UUID, query: Annotated[SignatureQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """Every answer that was given, newest first; nothing of it is ever overwritten."""
    return many(SignatureOut, await signing.signatures(session, actor, consent_id, **query.wanted()))


@router.post("/consents/{consent_id}/withdrawal", status_code=201, response_model=ConsentOut)
async def withdraw_consent(
    consent_id: UUID, actor: CurrentActor, session: Session, wanted: WithdrawalIn = AT_ONCE
) -> Response:
    """Take a consent back. Effective at once, on every path; each of those who must sign can do it alone.

    It does not rewrite the past: what was read stays in the log, and what a recipient has filed stays with them.
    """
    withdrawn = await signing.withdraw(session, actor, consent_id, wanted)
    return one(ConsentOut, withdrawn, place=f"/v1/consents/{consent_id}", status=201)
