"""How the family wants to be contacted: agreed at the first conversation, and again at any time (R137–R141)."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.db import Row, Transaction, columns
from app.errors import invalid
from app.models import ContactPreference, Cycle
from app.policy import preferences as policies
from app.policy.actor import Actor
from app.policy.cases import cases
from app.policy.core import Page
from app.schemas.preferences import ContactPreferenceIn
from app.services.casework import require_member, require_open
from app.services.events import emit
from app.services.rows import add


async def record(session: Transaction, actor: Actor, case_id: UUID, wanted: ContactPreferenceIn) -> Row:
    """Note how the family, or one of it, wants to be contacted. Emits `contact_preference.recorded`.

    Earlier ones are kept; the newest of each counts. One of the family says it for oneself, as a wish. Raises Invalid
    for anybody else's, for somebody who is not of the family, or for days that do not fit.
    """
    case = await cases.get(session, actor, case_id, "prefer_contact", about=wanted.member_id)
    if actor.kind == "citizen":
        _a_wish(actor, wanted)
    if wanted.member_id is not None:
        await require_member(session, actor, case, wanted.member_id, "/member_id")
    _days(actor, wanted)
    require_open(case)
    values = {"recorded_at": actor.at, "recorded_by": actor.user, **wanted.model_dump()}
    id = await add(session, actor, ContactPreference, case_id=case_id, **values)
    about = {"case_id": case_id, "member_id": wanted.member_id}
    await emit(session, actor, "contact_preference.recorded", id, **about)
    return await policies.contact_preferences.get(session, actor, id)


async def preferences(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> Page:
    return await policies.contact_preferences.page(session, actor, case_id=case_id, **page)


async def agreed(session: Transaction, actor: Actor, case_id: UUID) -> bool:
    """Whether a form of contact has been agreed since the case's cycle began (R139)."""
    own, cycle = columns(ContactPreference), columns(Cycle)
    begun = select(func.max(cycle.started_at)).where(
        cycle.municipality_id == actor.municipality, cycle.case_id == case_id
    )
    since = own.recorded_at >= func.coalesce(begun.scalar_subquery(), own.recorded_at)
    here = (own.municipality_id == actor.municipality, own.case_id == case_id, own.agreed_on.is_not(None), since)
    return (await session.execute(select(own.id).where(*here).limit(1))).first() is not None


def _a_wish(actor: Actor, wanted: ContactPreferenceIn) -> None:
    """One speaks for oneself, and an agreement takes two. Raises Invalid."""
    if wanted.member_id not in actor.persons:
        raise invalid("/member_id", "not-yourself")
    for field in ("agreed_on", "review_on"):
        if getattr(wanted, field) is not None:
            raise invalid(f"/{field}", "not-here")


def _days(actor: Actor, wanted: ContactPreferenceIn) -> None:
    """Agreed today or before, and asked again after that. Raises Invalid."""
    if wanted.agreed_on is not None and wanted.agreed_on > actor.today:
        raise invalid("/agreed_on", "future")
    if wanted.review_on is None:
        return
    if wanted.agreed_on is None:
        raise invalid("/agreed_on", "required")
    if wanted.review_on <= wanted.agreed_on:
        raise invalid("/review_on", "period-invalid", "period-invalid")
