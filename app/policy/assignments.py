"""Who holds a case: the coordinator's history, buddy and deputy, and who could take it over."""

from typing import Any

from sqlalchemy import BOOLEAN, ColumnElement, any_, bindparam, func, null, select
from sqlalchemy import case as when
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from app.db import columns, table_of
from app.models import Assignment, Case, User
from app.policy.caseload import LOAD, NORM, advises, position, works_in
from app.policy.cases import (
    CONTENT,
    LEADING_ROLES,
    READERS,
    STAFFING,
    WORKING,
    cases,
    in_case,
    joined,
    leads_owner_department,
)
from app.policy.core import Policy
from app.policy.rules import UUID_TYPE, Expression, is_one, mine, some

assignment, user, case = columns(Assignment), columns(User), columns(Case)

assignments = Policy(
    name="assignment",
    table=table_of(Assignment),
    source=joined(in_case(table_of(Assignment)), table_of(User), assignment.user_id),
    columns={
        **{column.name: column for column in assignment if column.name != "municipality_id"},
        "user_name": user.name,
        "user_title": user.title,
        "user_phone": user.phone,
        "user_email": user.email,
        "user_hours": user.contact_hours,
    },
    read=READERS,
    actions={"end_assignment": STAFFING},
    filters={
        "case_id": assignment.case_id == bindparam("case_id"),
        "case_ids": assignment.case_id == any_(bindparam("case_ids", type_=ARRAY(UUID_TYPE))),
        "active": assignment.ended_at.is_(None) == bindparam("active", type_=BOOLEAN),
    },
    narrow=frozenset({"case_ids"}),
    veiled={"handover_note": CONTENT},
    case_id=assignment.case_id,
    scope="case_id",
    parent=cases,
    lock=(table_of(Case), assignment.case_id),
)


def _holds(*roles: str) -> Expression:
    """The person has one of these roles on the case now."""
    its = (assignment.case_id == case.id) & (assignment.user_id == user.id)
    return some(table_of(Assignment), its, assignment.ended_at.is_(None), is_one(assignment.role, *roles))


def _candidates() -> ColumnElement[Any]:
    """Buddy and deputy first, then the owner department's advisers (R119): for the leader those who have room, the
    least burdened first. Nobody else is told, by figure, by order or by absence, how much a colleague is given (R457).
    """
    helping, leader = _holds("buddy", "deputy"), leads_owner_department.holds
    colleague = works_in(position.department_id == case.owner_department_id)
    room = colleague & (~leader | func.coalesce(LOAD < NORM, True))
    one = func.jsonb_build_object(
        *("user_id", user.id),
        *("name", user.name),
        *("absent_until", user.absent_until),
        *("is_buddy", _holds("buddy")),
        *("is_deputy", _holds("deputy")),
        *("load", when((leader, LOAD), else_=null())),
        *("norm", when((leader, NORM), else_=null())),
        *("years_in_area", user.competences["years_in_area"]),
        *("knows_sectors", func.coalesce(user.competences["cross_administration"], func.jsonb_build_array())),
    )
    burden = when((leader, LOAD), else_=0)
    in_order = aggregate_order_by(one, helping.desc(), _holds("buddy").desc(), burden, user.id)
    return (
        select(func.coalesce(func.jsonb_agg(in_order), func.jsonb_build_array()))
        .select_from(table_of(User))
        .where(mine(table_of(User)), user.active, advises.holds, helping | room, ~_holds(*LEADING_ROLES))
        .correlate(table_of(Case))
        .scalar_subquery()
    )


candidates = Policy(
    name="candidate",
    table=table_of(Case),
    columns={"id": case.id, "candidates": _candidates()},
    read=WORKING,
    case_id=case.id,
)
