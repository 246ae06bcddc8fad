"""Standing teams: fixed core teams that can be put on cases as a whole."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.answers import created, many, one
from app.policy import standing_teams as policies
from app.routing import CurrentActor, Session, if_match
from app.routing import router as routed
from app.schemas.base import PageOut
from app.schemas.standing_teams import (
    StandingTeamQuery,
    TeamIn,
    TeamOut,
    TeamPatch,
    TeamSeatIn,
    TeamSeatOut,
    TeamSeatQuery,
)
from app.services import standing_teams
from app.wire import Condition

router = routed("organisation")


@router.post("/teams", status_code=201, response_model=TeamOut)
async def create_standing_team(wanted: TeamIn, actor: CurrentActor, session: Session) -> Response:
    """Add a standing team."""
    return created(TeamOut, await standing_teams.add_team(session, actor, wanted), "/v1/teams")


@router.get("/teams", response_model=PageOut[TeamOut])
async def list_standing_teams(
    query: Annotated[StandingTeamQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The standing teams of the municipality."""
    return many(TeamOut, await policies.standing_teams.page(session, actor, **query.wanted()))


@router.get("/teams/{team_id}", response_model=TeamOut)
async def get_standing_team(team_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One standing team."""
    return one(TeamOut, await policies.standing_teams.get(session, actor, team_id))


@router.patch("/teams/{team_id}", response_model=TeamOut)
async def change_standing_team(
    team_id: UUID,
    wanted: TeamPatch,
    condition: Annotated[Condition, Depends(if_match(TeamOut))],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """Change a standing team, or make it inactive."""
    return one(TeamOut, await standing_teams.change_team(session, actor, team_id, wanted, condition))


@router.post("/teams/{team_id}/seats", status_code=201, response_model=TeamSeatOut)
async def add_team_seat(team_id: UUID, wanted: TeamSeatIn, actor: CurrentActor, session: Session) -> Response:
    """Give a professional a seat in the team."""
    return created(TeamSeatOut, await standing_teams.add_seat(session, actor, team_id, wanted), "/v1/team-seats")


@router.get("/teams/{team_id}/seats", response_model=PageOut[TeamSeatOut])
async def list_team_seats(
    team_id: UUID, query: Annotated[TeamSeatQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """Who has a seat in the team, with those who left unless asked otherwise."""
    wanted = {"team_id": team_id, **query.wanted()}
    return many(TeamSeatOut, await policies.team_seats.page(session, actor, **wanted))


@router.get("/team-seats/{seat_id}", response_model=TeamSeatOut)
async def get_team_seat(seat_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One seat in a standing team."""
    return one(TeamSeatOut, await policies.team_seats.get(session, actor, seat_id))


@router.post("/team-seats/{seat_id}/leave", response_model=TeamSeatOut)
async def leave_team_seat(seat_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """End a seat in a standing team."""
    return one(TeamSeatOut, await standing_teams.leave_seat(session, actor, seat_id), place=f"/v1/team-seats/{seat_id}")
