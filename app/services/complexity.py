"""How complex a case is: by those around the family, their sectors and the adviser's own rating (R73)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, distinct, func, select, union_all

from app.db import Base, Row, Transaction, columns, table_of
from app.models import Assignment, Case, Department, RelatedCase, RoleAgreement, SettingsVersion, TeamMember
from app.policy import cases as policies
from app.policy.actor import Actor
from app.policy.rules import UUID_TYPE, mine, some
from app.schemas.cases import ComplexityIn
from app.schemas.settings import CaseSettings
from app.services.casework import require_open
from app.services.events import emit
from app.services.rows import change
from app.wire import Condition


@dataclass(frozen=True, slots=True)
class Complexity:
    """The level, what it was reckoned from, and what may help."""

    level: str
    parties: int
    sectors: int
    own_rating: str | None
    reasons: Sequence[str]
    suggests: Sequence[str]


def _counted() -> Select[Any]:
    """Parties and sectors around one case, whether it has a buddy, and the settings of cases, in one statement."""
    case, team, agreement, related = columns(Case), columns(TeamMember), columns(RoleAgreement), columns(RelatedCase)
    department, helper, settings = columns(Department), columns(Assignment), columns(SettingsVersion)
    this = bindparam("case_id", type_=UUID_TYPE)
    in_team = (team.case_id == this) & policies.in_team_today() & team.relevant
    elsewhere = (related.case_id == this) & related.ended_at.is_(None)
    agreed = (agreement.case_id == this) & agreement.ended_at.is_(None)
    parties = _number(RoleAgreement, agreed) + _number(TeamMember, in_team) + _number(RelatedCase, elsewhere)
    involved = union_all(
        select(team.department_id).where(mine(table_of(TeamMember)), in_team),
        select(related.department_id).where(mine(table_of(RelatedCase)), elsewhere),
        select(case.owner_department_id).where(mine(table_of(Case)), case.id == this),
    )
    sectors = select(func.count(distinct(department.sector))).where(
        mine(table_of(Department)), department.id.in_(involved)
    )
    buddy = some(table_of(Assignment), helper.case_id == this, helper.role == "buddy", helper.ended_at.is_(None))
    newest = select(settings.document["case"]).where(mine(table_of(SettingsVersion)))
    return select(
        parties.label("parties"),
        sectors.scalar_subquery().label("sectors"),
        buddy.label("has_buddy"),
        newest.order_by(settings.version.desc()).limit(1).scalar_subquery().label("settings"),
    )


def _number(model: type[Base], condition: ColumnElement[bool]) -> ColumnElement[int]:
    table = table_of(model)
    return select(func.count()).select_from(table).where(mine(table), condition).scalar_subquery()


COUNTED: Final = _counted()
LEVELS: Final = ("low", "medium", "high")


async def complexity_of(session: Transaction, actor: Actor, case: Row) -> Complexity:
    """How complex a case is: many parties and many sectors make it high, one of the two medium (R73).

    The adviser's own rating raises the level, and never lowers it. Asks no policy: the case has been opened by one.
    """
    (found,) = await session.rows(COUNTED, {**actor.parameters, "case_id": case.id})
    settings = CaseSettings.model_validate(found.settings)
    many = {
        "many_parties": found.parties >= settings.complex_from_parties,
        "many_sectors": found.sectors >= settings.complex_from_sectors,
    }
    rated = LEVELS.index(case.complexity_rating or "low")
    level = LEVELS[max(sum(many.values()), rated)]
    grounds = {**many, "own_rating": level == case.complexity_rating != "low"}
    may_help = {"buddy": not found.has_buddy, "sof": case.model != "sof"}
    return Complexity(
        level=level,
        parties=found.parties,
        sectors=found.sectors,
        own_rating=case.complexity_rating,
        reasons=[reason for reason, holds in grounds.items() if holds],
        suggests=[help for help, missing in may_help.items() if missing and level == "high"],
    )


async def shown(session: Transaction, actor: Actor, case_id: UUID) -> Complexity:
    """How complex the case is, for those who work in it. Raises NotFound for all others."""
    return await complexity_of(session, actor, await policies.complexity.get(session, actor, case_id))


async def rate(
    session: Transaction, actor: Actor, case_id: UUID, wanted: ComplexityIn, condition: Condition
) -> Complexity:
    """The adviser's own rating, or none any more (R73). Emits `case.complexity_rated`."""
    condition.demand()
    case = await policies.cases.get(session, actor, case_id, "rate_complexity")
    condition.check(await complexity_of(session, actor, case))
    require_open(case)
    await change(session, actor, Case, case_id, complexity_rating=wanted.rating)
    await emit(session, actor, "case.complexity_rated", case_id, case_id=case_id)
    return await shown(session, actor, case_id)
