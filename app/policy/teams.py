"""The core team of a case, and whether it covers what the case needs."""

from sqlalchemy import BOOLEAN, ColumnElement, any_, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB

from app.db import columns, table_of
from app.models import Assignment, Case, CoverageCheck, Department, TeamMember, User
from app.policy.actor import ACTOR
from app.policy.cases import (
    LEADING_ROLES,
    PEOPLE,
    READERS,
    STAFF,
    cases,
    in_case,
    in_team_today,
    joined,
    may_create_team,
)
from app.policy.core import Policy
from app.policy.municipalities import setting
from app.policy.rules import Expression, Grant, is_one, rule, some

assignment, team, user, case = columns(Assignment), columns(TeamMember), columns(User), columns(Case)
check = columns(CoverageCheck)


@rule
def own_membership() -> Expression:
    """It is the reader's own place in the core team."""
    return (team.user_id == ACTOR.user) & in_team_today()


team_members = Policy(
    name="team_member",
    table=table_of(TeamMember),
    source=joined(
        joined(in_case(table_of(TeamMember)), table_of(User), team.user_id), table_of(Department), team.department_id
    ),
    columns={
        **{column.name: column for column in team if column.name != "municipality_id"},
        "user_name": user.name,
        "user_title": user.title,
        "user_phone": user.phone,
        "user_email": user.email,
        "department_name": columns(Department).name,
    },
    read=READERS,
    actions={
        "leave": {"professional": Grant(allow=(may_create_team,))},
        "change_membership": {"professional": Grant(allow=(may_create_team,))},
        "describe_role": {"professional": Grant(allow=(may_create_team, own_membership))},
    },
    filters={
        "case_id": team.case_id == bindparam("case_id"),
        "active": in_team_today() == bindparam("active", type_=BOOLEAN),
    },
    # R92 is for those who work together; the family has one to turn to (R97)
    veiled={"user_phone": {"professional": STAFF}, "user_email": {"professional": STAFF}},
    case_id=team.case_id,
    scope="case_id",
    parent=cases,
    lock=(table_of(Case), team.case_id),
    newest_first=False,
)

coverage_checks = Policy(
    name="coverage_check",
    table=table_of(CoverageCheck),
    source=joined(in_case(table_of(CoverageCheck)), table_of(User), check.checked_by),
    columns={
        **{column.name: column for column in check if column.name != "municipality_id"},
        "checked_by_name": user.name,
    },
    read=READERS,
    filters={"case_id": check.case_id == bindparam("case_id")},
    veiled={"action": PEOPLE},
    case_id=check.case_id,
    scope="case_id",
    parent=cases,
)


def missing_sets() -> ColumnElement[list[str]]:
    """The municipality's sets of paragraphs that neither coordinator, buddy nor anybody in the team covers (R84)."""
    empty = func.jsonb_build_array()
    wanted = (
        func.jsonb_array_elements_text(func.coalesce(cast(setting("team", "paragraph_sets"), JSONB), empty))
        .table_valued("name", with_ordinality="place")
        .render_derived(name="wanted")
    )
    responsible = (assignment.case_id == case.id) & (assignment.user_id == user.id) & assignment.ended_at.is_(None)
    member = (team.case_id == case.id) & (team.user_id == user.id) & team.relevant & in_team_today()
    there = some(table_of(Assignment), responsible, is_one(assignment.role, *LEADING_ROLES, "buddy"))
    covered = some(
        table_of(User), wanted.c.name == any_(user.paragraph_sets), there | some(table_of(TeamMember), member)
    )
    missing = select(wanted.c.name).where(~covered).order_by(wanted.c.place)
    return func.array(missing.correlate(table_of(Case)).scalar_subquery())
