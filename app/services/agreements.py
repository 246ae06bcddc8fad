"""Role agreements: who coordinates with those around the child (R112–R114)."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from app.db import Row, Transaction, columns, table_of
from app.errors import Conflict, invalid
from app.models import Organisation, RoleAgreement
from app.policy import agreements as policies
from app.policy.actor import Actor
from app.policy.cases import cases
from app.policy.core import Page
from app.schemas.agreements import RoleAgreementIn
from app.services.casework import require_member, require_open
from app.services.events import emit
from app.services.rows import add, change

own = columns(RoleAgreement)


async def agree_roles(session: Transaction, actor: Actor, case_id: UUID, wanted: RoleAgreementIn) -> Row:
    """Write down who coordinates with a party; it ends the former agreement on it. Emits `role_agreement.agreed`.

    Raises Invalid for a day to come, a review before that, an organisation that is not known or in use, or somebody
    who is not of the family.
    """
    case = await cases.get(session, actor, case_id, "agree_roles")
    if wanted.agreed_on > actor.today:
        raise invalid("/agreed_on", "future")
    if wanted.review_on is not None and wanted.review_on <= wanted.agreed_on:
        raise invalid("/review_on", "period-invalid", "period-invalid")
    await _known(session, actor, wanted.organisation_id)
    if wanted.agreed_with is not None:
        await require_member(session, actor, case, wanted.agreed_with, "/agreed_with")
    require_open(case)
    same = func.lower(own.party) == func.lower(wanted.party)
    here = (own.municipality_id == actor.municipality, own.case_id == case_id, own.ended_at.is_(None), same)
    await session.execute(update(table_of(RoleAgreement)).where(*here).values(ended_at=actor.at))
    stamped = {"recorded_at": actor.at, "recorded_by": actor.user}
    id = await add(session, actor, RoleAgreement, case_id=case_id, **wanted.model_dump(), **stamped)
    await emit(session, actor, "role_agreement.agreed", id, case_id=case_id)
    return await policies.role_agreements.get(session, actor, id)


async def end_agreement(session: Transaction, actor: Actor, id: UUID) -> Row:
    """The agreement is in force no longer. Emits `role_agreement.ended`. Raises Conflict when it was not."""
    agreement = await policies.role_agreements.get(session, actor, id, "end_agreement")
    require_open(await cases.get(session, actor, agreement.case_id))
    if agreement.ended_at is not None:
        raise Conflict("conflict")
    await change(session, actor, RoleAgreement, id, ended_at=actor.at)
    await emit(session, actor, "role_agreement.ended", id, case_id=agreement.case_id)
    return await policies.role_agreements.get(session, actor, id)


async def agreements(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> Page:
    return await policies.role_agreements.page(session, actor, case_id=case_id, **page)


async def coordinated_by(session: Transaction, actor: Actor, case_id: UUID, id: UUID) -> str:
    """Who coordinates by an agreement of the case that is in force. Raises Invalid for any other."""
    here = (own.municipality_id == actor.municipality, own.id == id, own.case_id == case_id, own.ended_at.is_(None))
    found: str | None = (await session.execute(select(own.coordinated_by).where(*here))).scalar_one_or_none()
    if found is None:
        raise invalid("/role_agreement_id", "unknown-reference", "unknown-reference")
    return found


async def _known(session: Transaction, actor: Actor, organisation_id: UUID | None) -> None:
    if organisation_id is None:
        return
    organisation = columns(Organisation)
    this = (organisation.municipality_id == actor.municipality, organisation.id == organisation_id)
    if (await session.execute(select(organisation.id).where(*this, organisation.active))).first() is None:
        raise invalid("/organisation_id", "unknown-reference", "unknown-reference")
