"""Whether coordinator and core team cover what a case needs (R82, R84)."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select

from app.db import Row, Transaction, table_of
from app.errors import invalid
from app.models import Case, CoverageCheck
from app.policy import teams as policies
from app.policy.actor import Actor
from app.policy.cases import cases
from app.policy.core import Page
from app.policy.rules import UUID_TYPE, mine
from app.schemas.teams import CoverageIn
from app.services.casework import require_open
from app.services.deviations import deviate
from app.services.events import emit
from app.services.rows import add

HERE: Final = (mine(table_of(Case)), policies.case.id == bindparam("case_id", type_=UUID_TYPE))
MISSING: Final = select(policies.missing_sets().label("sets")).where(*HERE)


async def check_coverage(session: Transaction, actor: Actor, case_id: UUID, wanted: CoverageIn) -> Row:
    """Answer whether the case is covered: a guard of the first step. Emits `coverage_check.recorded`.

    Raises Invalid when what is missing has no action, or when the case is called covered although a set of paragraphs
    is not represented and no reason is given; with one it is a deviation (R456).
    """
    case = await cases.get(session, actor, case_id, "check_coverage")
    (found,) = await session.rows(MISSING, {**actor.parameters, "case_id": case_id})
    _complete(wanted, found.sets)
    require_open(case)
    values = wanted.model_dump(exclude={"reason"}) | {"missing_paragraph_sets": found.sets}
    id = await add(session, actor, CoverageCheck, case_id=case_id, checked_at=actor.at, checked_by=actor.user, **values)
    if wanted.reason is not None:
        await deviate(session, actor, "paragraph_sets_missing", case_id, wanted.reason)
    await emit(session, actor, "coverage_check.recorded", id, case_id=case_id)
    return await policies.coverage_checks.get(session, actor, id)


async def checks(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> Page:
    return await policies.coverage_checks.page(session, actor, case_id=case_id, **page)


def _complete(wanted: CoverageIn, sets: list[str]) -> None:
    """What is said goes together. Raises Invalid otherwise."""
    if len(set(wanted.missing_professions)) < len(wanted.missing_professions):
        raise invalid("/missing_professions", "already-exists")
    if wanted.covered and wanted.missing_professions:
        raise invalid("/missing_professions", "not-here")
    if not wanted.covered and wanted.action is None:
        raise invalid("/action", "required")
    excused = wanted.covered and bool(sets)
    if excused and wanted.reason is None:
        raise invalid("/reason", "paragraph-sets-missing", "paragraph-sets-missing")
    if not excused and wanted.reason is not None:
        raise invalid("/reason", "not-here")
