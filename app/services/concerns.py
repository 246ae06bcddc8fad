"""Ratings of concern (R74), and the cases that members of the family have elsewhere (R34)."""

from typing import Any
from uuid import UUID

from app.db import Row, Transaction
from app.errors import Conflict, NotFound, invalid
from app.models import Case, Concern, RelatedCase
from app.policy import concerns as policies
from app.policy.actor import Actor
from app.policy.cases import cases
from app.policy.core import Page
from app.policy.municipalities import departments
from app.schemas.concerns import ConcernIn, RelatedCaseIn
from app.services.casework import require_member, require_open
from app.services.events import emit
from app.services.rows import add, change


async def rate(session: Transaction, actor: Actor, case_id: UUID, wanted: ConcernIn) -> Row:
    """Say how worried one is about the child; the newest rating stands on the case (R74). Emits `concern.rated`."""
    case = await cases.get(session, actor, case_id, "rate_concern")
    require_open(case)
    values = {"rated_at": actor.at, "rated_by": actor.user, **wanted.model_dump()}
    id = await add(session, actor, Concern, case_id=case_id, **values)
    await change(session, actor, Case, case_id, concern_level=wanted.level)
    await emit(session, actor, "concern.rated", id, case_id=case_id)
    return await policies.concerns.get(session, actor, id)


async def relate(session: Transaction, actor: Actor, case_id: UUID, wanted: RelatedCaseIn) -> Row:
    """Note a case that a member of the family has elsewhere (R34). Emits `related_case.recorded`.

    Raises Invalid for somebody who is not of the family, an unknown department, or when nothing says where it is.
    """
    case = await cases.get(session, actor, case_id, "relate_case", about=wanted.member_id)
    await require_member(session, actor, case, wanted.member_id, "/member_id")
    named = None if wanted.department_id is None else await _name(session, actor, wanted.department_id)
    area = wanted.area or named
    if area is None:
        raise invalid("/area", "required")
    require_open(case)
    values = {**wanted.model_dump(exclude={"area"}), "recorded_at": actor.at, "recorded_by": actor.user}
    id = await add(session, actor, RelatedCase, case_id=case_id, area=area, **values)
    await _tell(session, actor, "related_case.recorded", id, case, wanted.member_id)
    return await policies.related_cases.get(session, actor, id)


async def end_related(session: Transaction, actor: Actor, id: UUID) -> Row:
    """The case elsewhere goes on no more. Emits `related_case.ended`. Raises Conflict when it had ended already."""
    related = await policies.related_cases.get(session, actor, id, "end_related_case")
    case = await cases.get(session, actor, related.case_id)
    require_open(case)
    if related.ended_at is not None:
        raise Conflict("conflict")
    await change(session, actor, RelatedCase, id, ended_at=actor.at)
    await _tell(session, actor, "related_case.ended", id, case, related.member_id)
    return await policies.related_cases.get(session, actor, id)


async def concerns(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> Page:
    return await policies.concerns.page(session, actor, case_id=case_id, **page)


async def related_cases(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> Page:
    return await policies.related_cases.page(session, actor, case_id=case_id, **page)


async def _name(session: Transaction, actor: Actor, department_id: UUID) -> str:
    """The name of the department. Raises Invalid when it does not exist."""
    try:
        name: str = (await departments.get(session, actor, department_id)).name
    except NotFound:
        raise invalid("/department_id", "unknown-reference", "unknown-reference") from None
    return name


async def _tell(session: Transaction, actor: Actor, event: str, id: UUID, case: Row, member_id: UUID) -> None:
    """To those who may read of it: the whole family where it is the case's own child, else the member alone."""
    about = None if member_id == case.child_id else member_id
    await emit(session, actor, event, id, case_id=case.id, member_id=about)
