"""The people on a case: the coordinator's history, and the core team."""

from sqlalchemy import bindparam

from app.db import columns, table_of
from app.models import Assignment, Case, Department, TeamMember, User
from app.policy.cases import READERS, cases, in_case, joined, may_create_team
from app.policy.core import Policy
from app.policy.rules import Grant

assignment, team, user = columns(Assignment), columns(TeamMember), columns(User)

assignments = Policy(
    name="assignment",
    table=table_of(Assignment),
    source=joined(in_case(table_of(Assignment)), table_of(User), assignment.user_id),
    columns={
        **{column.name: column for column in assignment if column.name != "municipality_id"},
        "user_name": user.name,
    },
    read=READERS,
    filters={"case_id": assignment.case_id == bindparam("case_id")},
    case_id=assignment.case_id,
    scope="case_id",
    parent=cases,
)

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
        "department_name": columns(Department).name,
    },
    read=READERS,
    actions={"leave": {"professional": Grant(allow=(may_create_team,))}},
    filters={
        "case_id": team.case_id == bindparam("case_id"),
        "active": team.left_at.is_(None) == bindparam("active"),
    },
    case_id=team.case_id,
    scope="case_id",
    parent=cases,
    lock=(table_of(Case), team.case_id),
    newest_first=False,
)
