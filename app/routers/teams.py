"""The core team of a case, and whether it covers what the case needs."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.answers import created, many, one
from app.policy.teams import coverage_checks, team_members
from app.routing import CurrentActor, Session, if_match
from app.routing import router as routed
from app.schemas.base import PageOut, PageQuery
from app.schemas.teams import (
    CoverageIn,
    CoverageOut,
    StandingTeamIn,
    TeamLeave,
    TeamMemberIn,
    TeamMemberOut,
    TeamMemberPatch,
    TeamQuery,
)
from app.services import coverage, teams
from app.wire import Condition

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


@router.post("/cases/{case_id}/team/standing", response_model=PageOut[TeamMemberOut])
async def add_standing_team(case_id: UUID, wanted: StandingTeamIn, actor: CurrentActor, session: Session) -> Response:
    """Put a standing team on the case: everybody with a seat who is not there yet, and not yourself."""
    page = await teams.add_standing(session, actor, case_id, wanted)
    return many(TeamMemberOut, page, place=f"/v1/cases/{case_id}/team")


@router.get("/team-members/{member_id}", response_model=TeamMemberOut)
async def get_team_member(member_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One membership of a core team."""
    return one(TeamMemberOut, await team_members.get(session, actor, member_id))


@router.patch("/team-members/{member_id}", response_model=TeamMemberOut)
async def change_team_member(
    member_id: UUID,
    wanted: TeamMemberPatch,
    condition: Annotated[Condition, Depends(if_match(TeamMemberOut))],
    actor: CurrentActor,
    session: Session,
) -> Response:
    """Change a membership. As the member: say what your own role is, and what you can act on."""
    return one(TeamMemberOut, await teams.change_member(session, actor, member_id, wanted, condition))


@router.post("/team-members/{member_id}/leave", response_model=TeamMemberOut)
async def leave_team(member_id: UUID, wanted: TeamLeave, actor: CurrentActor, session: Session) -> Response:
    """End a membership, at once."""
    left = await teams.leave_team(session, actor, member_id, wanted)
    return one(TeamMemberOut, left, place=f"/v1/team-members/{member_id}")


@router.post("/cases/{case_id}/team/coverage", status_code=201, response_model=CoverageOut)
async def check_coverage(case_id: UUID, wanted: CoverageIn, actor: CurrentActor, session: Session) -> Response:
    """As adviser: say whether coordinator and team cover what the case needs, and what is done if not."""
    return created(CoverageOut, await coverage.check_coverage(session, actor, case_id, wanted), "/v1/coverage-checks")


@router.get("/cases/{case_id}/team/coverage", response_model=PageOut[CoverageOut])
async def list_coverage_checks(
    case_id: UUID, query: Annotated[PageQuery, Query()], actor: CurrentActor, session: Session
) -> Response:
    """What was answered, newest first: the last one counts."""
    return many(CoverageOut, await coverage.checks(session, actor, case_id, **query.wanted()))


@router.get("/coverage-checks/{check_id}", response_model=CoverageOut)
async def get_coverage_check(check_id: UUID, actor: CurrentActor, session: Session) -> Response:
    """One answer to whether the case is covered."""
    return one(CoverageOut, await coverage_checks.get(session, actor, check_id))
