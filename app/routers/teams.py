"""The core team of a case."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.answers import created, many, one
from app.policy.teams import team_members
from app.routing import CurrentActor, Session
from app.routing import router as routed
from app.schemas.base import PageOut
from app.schemas.teams import TeamLeave, TeamMemberIn, TeamMemberOut, TeamQuery
from app.services import teams

router = routed("team")


@router.get("/cases/{case_id}/team", response_model=PageOut[TeamMemberOut])
async def list_team(
    case_id: UUID, query: Annotated[TeamQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """The core team of the case, in the order they joined; with those who left, unless asked otherwise."""
    return many(TeamMemberOut, await teams.team(session, actor, case_id, **query.wanted()))


@router.post("/cases/{case_id}/team", status_code=201, response_model=TeamMemberOut)
async def add_team_member(case_id: UUID, wanted: TeamMemberIn, actor: CurrentActor, session: Session) -> Response:
    """Add a professional to the core team."""
    return created(TeamMemberOut, await teams.add_to_team(session, actor, case_id, wanted), "/v1/team-members")


@router.get("/team-members/{member_id}", response_model=TeamMemberOut)
async def get_team_member(member_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One membership of a core team."""
    return one(TeamMemberOut, await team_members.get(session, actor, member_id))


@router.post("/team-members/{member_id}/leave", response_model=TeamMemberOut)
async def leave_team(member_id: UUID, wanted: TeamLeave, actor: CurrentActor, session: Session) -> Response:
    """End a membership, at once."""
    left = await teams.leave_team(session, actor, member_id, wanted)
    return one(TeamMemberOut, left, place=f"/v1/team-members/{member_id}")
