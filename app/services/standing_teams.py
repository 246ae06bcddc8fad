"""Standing teams (fast kerneteam) and the seats in them (R31, R32, R81)."""

from uuid import UUID

from app.db import Row, Transaction, columns
from app.errors import Conflict, invalid
from app.models import StandingTeam, TeamSeat
from app.policy import standing_teams as policies
from app.policy.actor import Actor
from app.schemas.standing_teams import TeamIn, TeamPatch, TeamSeatIn
from app.services.events import emit
from app.services.municipalities import entitled
from app.services.rows import add, change, end_of
from app.services.users import professional
from app.wire import Condition


async def add_team(session: Transaction, actor: Actor, wanted: TeamIn) -> Row:
    """A new standing team, without seats. Raises Forbidden for who does not keep them, Conflict on a taken name."""
    await entitled(session, actor, "keep_teams")
    id = await add(session, actor, StandingTeam, active=True, created_at=actor.at, **wanted.model_dump())
    await emit(session, actor, "standing_team.created", id)
    return await policies.standing_teams.get(session, actor, id)


async def change_team(session: Transaction, actor: Actor, id: UUID, wanted: TeamPatch, condition: Condition) -> Row:
    """Change a team, or make it inactive. Who was put on a case with it stays there."""
    await policies.standing_teams.get(session, actor, id, "keep_teams", condition)
    values = wanted.model_dump(exclude_unset=True)
    for required in ("name", "separate", "active"):
        if required in values and values[required] is None:
            raise invalid(f"/{required}", "required")
    if values:
        await change(session, actor, StandingTeam, id, **values)
        await emit(session, actor, "standing_team.changed", id)
    return await policies.standing_teams.get(session, actor, id)


async def add_seat(session: Transaction, actor: Actor, team_id: UUID, wanted: TeamSeatIn) -> Row:
    """Give a professional a seat, under the same conditions as in the core team of a case (R5).

    Raises Invalid for somebody who is no professional of that department, Conflict for one who has a seat already
    and for a team that is not in use.
    """
    team = await policies.standing_teams.get(session, actor, team_id, "keep_teams")
    await professional(session, actor, wanted.user_id, wanted.department_id)
    if not team.active:
        raise Conflict("not-in-use")
    values = {"team_id": team_id, "joined_at": actor.at, "left_at": None, **wanted.model_dump()}
    id = await add(session, actor, TeamSeat, **values)
    await emit(session, actor, "team_seat.added", id)
    return await policies.team_seats.get(session, actor, id)


async def leave_seat(session: Transaction, actor: Actor, id: UUID) -> Row:
    """End a seat; memberships in the core teams of cases are ended there. Raises Conflict when it has ended."""
    seat = await policies.team_seats.get(session, actor, id, "keep_teams")
    if seat.left_at is not None:
        raise Conflict("conflict")
    await change(session, actor, TeamSeat, id, left_at=end_of(actor, columns(TeamSeat).joined_at))
    await emit(session, actor, "team_seat.left", id)
    return await policies.team_seats.get(session, actor, id)
