"""Standing teams and the seats in them (R81): organisation, which opens nothing in a case by itself."""

from sqlalchemy import bindparam, func, select

from app.db import columns, table_of
from app.models import Department, StandingTeam, TeamSeat, User
from app.policy.cases import joined
from app.policy.core import Policy
from app.policy.municipalities import KEEPING_TEAMS, STAFF_AND_SERVICES

team, seat, user = columns(StandingTeam), columns(TeamSeat), columns(User)

standing_teams = Policy(
    name="standing_team",
    table=table_of(StandingTeam),
    columns={
        **{column.name: column for column in team if column.name != "municipality_id"},
        "size": select(func.count())
        .where(seat.municipality_id == team.municipality_id, seat.team_id == team.id, seat.left_at.is_(None))
        .correlate(table_of(StandingTeam))
        .scalar_subquery(),
    },
    read=STAFF_AND_SERVICES,
    actions={"keep_teams": KEEPING_TEAMS},
    filters={"active": team.active == bindparam("active")},
    personal=False,
    newest_first=False,
)

team_seats = Policy(
    name="team_seat",
    table=table_of(TeamSeat),
    source=joined(
        joined(
            joined(table_of(TeamSeat), table_of(StandingTeam), seat.team_id),
            table_of(User),
            seat.user_id,
        ),
        table_of(Department),
        seat.department_id,
    ),
    columns={
        **{column.name: column for column in seat if column.name != "municipality_id"},
        "team_name": team.name,
        "user_name": user.name,
        "user_title": user.title,
        "profession": user.profession,
        "department_name": columns(Department).name,
    },
    read=STAFF_AND_SERVICES,
    actions={"keep_teams": KEEPING_TEAMS},
    filters={
        "team_id": seat.team_id == bindparam("team_id"),
        "active": seat.left_at.is_(None) == bindparam("active"),
    },
    scope="team_id",
    parent=standing_teams,
    lock=(table_of(StandingTeam), seat.team_id),
    newest_first=False,
)
