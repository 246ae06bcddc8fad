"""Caseload: how many cases each adviser leads, against the norm (R122–R126). Figures only: no case, no family."""

from typing import Any, Final

from sqlalchemy import BOOLEAN, INTEGER, ColumnElement, FromClause, bindparam, cast, func, select

from app.db import columns, table_of
from app.models import Assignment, Case, Department, Position, User
from app.policy.actor import ACTOR
from app.policy.cases import LEADING_ROLES, joined
from app.policy.core import Policy
from app.policy.municipalities import setting
from app.policy.rules import UUID_TYPE, Expression, Grant, is_one, mine, rule, some, those
from app.policy.users import own_account

user, case, assignment = columns(User), columns(Case), columns(Assignment)
position, department = columns(Position), columns(Department)
beside = table_of(Assignment).alias("beside")
"""The other assignments of a case."""


def works_in(where: Expression) -> Expression:
    """The person has a position such that …."""
    return some(table_of(Position), position.user_id == user.id, position.ended_at.is_(None), where)


@rule
def leads_the_adviser() -> Expression:
    """The reader leads a department where the adviser works now: as professional head, team leader or its head."""
    leading = is_one(position.role, "professional_head", "team_leader", "department_head")
    led = those(position.department_id, position.user_id == ACTOR.user, position.ended_at.is_(None), leading)
    return works_in(position.department_id == led)


@rule
def advises() -> Expression:
    """The person is an adviser in child disability: somebody who can be given cases (R2)."""
    here = (department.id == position.department_id) & (department.kind == "child_disability") & department.active
    return (user.profession == "social_adviser") & works_in(some(table_of(Department), here))


def counted() -> Expression:
    """The case counts in a caseload: every open one, or those that follow a model and still need its pace (R124)."""
    chosen = func.coalesce(setting("caseload", "counts"), "all") == "model"
    return (case.state != "closed") & ~(chosen & ((case.model == "none") | (case.state == "ordinary")))


def _led(what: ColumnElement[Any], *conditions: Expression, among: FromClause | None = None) -> ColumnElement[int]:
    """Something about the open cases that the person leads now."""
    now = (assignment.user_id == user.id) & assignment.ended_at.is_(None) & is_one(assignment.role, *LEADING_ROLES)
    ground = joined(table_of(Assignment), table_of(Case), assignment.case_id) if among is None else among
    found = select(what).select_from(ground).where(mine(table_of(Assignment)), now, case.state != "closed", *conditions)
    return found.correlate(table_of(User)).scalar_subquery()


def helped() -> Expression:
    """The case has a buddy or a deputy."""
    now = beside.c.ended_at.is_(None) & is_one(beside.c.role, "buddy", "deputy")
    found = select(beside.c.id).where(mine(beside), beside.c.case_id == case.id, now)
    return found.correlate_except(beside).exists()


def _changes() -> ColumnElement[int]:
    """How often the cases that the person leads now have changed hands (R108)."""
    its = (beside.c.municipality_id == assignment.municipality_id) & (beside.c.case_id == assignment.case_id)
    former = its & beside.c.ended_at.is_not(None) & is_one(beside.c.role, *LEADING_ROLES)
    ground = joined(table_of(Assignment), table_of(Case), assignment.case_id).join(beside, former)
    return _led(func.count(), among=ground)


LOAD: Final = _led(func.count(), counted())
NORM: Final = func.coalesce(user.caseload_max, cast(setting("caseload", "norm", "max"), INTEGER))

caseload = Policy(
    name="caseload",
    table=table_of(User),
    columns={
        "id": user.id,
        "user_name": user.name,
        "active": user.active,
        "absent_until": user.absent_until,
        "open_cases": _led(func.count()),
        "load": LOAD,
        "norm": NORM,
        "own_norm_reason": user.caseload_reason,
        "over": func.coalesce(LOAD > NORM, False),
        "without_helper": _led(func.count(), ~helped()),
        "coordinator_changes": _changes(),
    },
    read={"professional": Grant(require=(advises,), allow=(own_account, leads_the_adviser))},
    filters={
        "department_id": works_in(position.department_id == bindparam("department_id", type_=UUID_TYPE)),
        "over": func.coalesce(LOAD > NORM, False) == bindparam("over", type_=BOOLEAN),
    },
    newest_first=False,
)
