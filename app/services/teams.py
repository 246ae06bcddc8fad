"""The core team of a case: who joins, one by one or as a standing team, and who leaves (R40, R80–R83, R86, R101)."""

from typing import Any
from uuid import UUID

from sqlalchemy import exists, select, union

from app.db import Row, Transaction, columns, table_of
from app.errors import Conflict, Forbidden, Refusal, invalid
from app.models import Assignment, Position, StandingTeam, TeamMember, TeamSeat, User
from app.policy import teams as policies
from app.policy.actor import Actor
from app.policy.cases import cases
from app.policy.core import Page
from app.schemas.teams import StandingTeamIn, TeamLeave, TeamMemberIn, TeamMemberPatch
from app.services.casework import require_open
from app.services.events import emit
from app.services.municipalities import settings_now
from app.services.rows import add, add_all, change, end_of
from app.services.users import professional
from app.wire import Condition

DESCRIBING = frozenset({"role_description", "can_act_on"})


async def team(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> Page:
    return await policies.team_members.page(session, actor, case_id=case_id, **page)


async def add_to_team(session: Transaction, actor: Actor, case_id: UUID, wanted: TeamMemberIn) -> Row:
    """Add a professional to the core team, with profession and department as they are today. Emits `team.member_added`.

    Raises Forbidden for oneself, Invalid for somebody who is no professional of that department, Conflict for a member
    or the coordinator, and for a permanent member where the municipality's teams are fixed (R81).
    """
    case = await cases.get(session, actor, case_id, "change_team")
    if wanted.user_id == actor.user != case.coordinator_id:
        raise Forbidden(refusal=Refusal("case", "change_team", case_id, case_id))  # never content by role alone
    profession = await professional(session, actor, wanted.user_id, wanted.department_id)
    _ahead(actor, wanted)
    require_open(case)
    if wanted.kind == "permanent" and (await settings_now(session, actor)).team.mode == "fixed":
        raise Conflict("team-mode")
    if wanted.user_id in await _there(session, actor, case_id):
        raise Conflict("already-member")
    values = {"profession": profession, "joined_at": actor.at, "added_by": actor.user}
    id = await add(session, actor, TeamMember, case_id=case_id, **wanted.model_dump(), **values)
    await emit(session, actor, "team.member_added", id, case_id=case_id)
    return await policies.team_members.get(session, actor, id)


async def add_standing(session: Transaction, actor: Actor, case_id: UUID, wanted: StandingTeamIn) -> Page:
    """Put a standing team on the case (R81): all of its seats whose holders are not there yet. The team afterwards.

    Emits `team.member_added` for each. Nobody comes in by her own hand: the seat of the one who does it is left out.
    Raises Invalid for a team that is not in use, Conflict where the municipality's teams are flexible.
    """
    case = await cases.get(session, actor, case_id, "change_team")
    await _in_use(session, actor, wanted.team_id)
    require_open(case)
    if (await settings_now(session, actor)).team.mode == "flexible":
        raise Conflict("team-mode")
    there = {actor.user} | await _there(session, actor, case_id)
    joining = [seat for seat in await _seats(session, actor, wanted.team_id) if seat["user_id"] not in there]
    stamped = {"case_id": case_id, "joined_at": actor.at, "added_by": actor.user, "standing_team_id": wanted.team_id}
    for id in await add_all(session, actor, TeamMember, [{**seat, **stamped} for seat in joining]):
        await emit(session, actor, "team.member_added", id, case_id=case_id)
    return await team(session, actor, case_id)


async def change_member(
    session: Transaction, actor: Actor, id: UUID, wanted: TeamMemberPatch, condition: Condition
) -> Row:
    """Change a membership; the member may describe her own role (R114). Emits `team.member_changed`.

    Raises Forbidden for the rest of one's own membership: nobody lets herself in again (R86).
    """
    values = wanted.model_dump(exclude_unset=True)
    condition.demand()
    describes = DESCRIBING.issuperset(values)
    member = await policies.team_members.get(session, actor, id, "describe_role" if describes else "change_membership")
    if not describes and member.user_id == actor.user:
        raise Forbidden(refusal=Refusal("team_member", "change_membership", id, member.case_id))
    condition.check(member)
    for field in ("kind", "relevant"):
        if field in values and values[field] is None:
            raise invalid(f"/{field}", "required")
    _ahead(actor, wanted)
    require_open(await cases.get(session, actor, member.case_id))
    if member.left_at is not None:
        raise Conflict("conflict")
    if values:
        await change(session, actor, TeamMember, id, **values)
        await emit(session, actor, "team.member_changed", id, case_id=member.case_id)
    return await policies.team_members.get(session, actor, id)


async def leave_team(session: Transaction, actor: Actor, id: UUID, wanted: TeamLeave) -> Row:
    """End a membership, at once and on every path. Emits `team.member_left`. Raises Conflict when it has ended."""
    member = await policies.team_members.get(session, actor, id, "leave")
    require_open(await cases.get(session, actor, member.case_id))
    if member.left_at is not None:
        raise Conflict("conflict")
    left = end_of(actor, columns(TeamMember).joined_at)
    await change(session, actor, TeamMember, id, left_at=left, leave_reason=wanted.reason)
    await emit(session, actor, "team.member_left", id, case_id=member.case_id)
    return await policies.team_members.get(session, actor, id)


def _ahead(actor: Actor, wanted: TeamMemberIn | TeamMemberPatch) -> None:
    """A membership ends on a day to come. Raises Invalid otherwise."""
    if wanted.ends_on is not None and wanted.ends_on <= actor.today:
        raise invalid("/ends_on", "past")


async def _there(session: Transaction, actor: Actor, case_id: UUID) -> set[UUID]:
    """Who holds the case or has a place in its core team, needed today or not."""
    held, own = columns(Assignment), columns(TeamMember)
    holding = select(held.user_id).where(held.municipality_id == actor.municipality, held.case_id == case_id)
    placed = select(own.user_id).where(own.municipality_id == actor.municipality, own.case_id == case_id)
    found = union(holding.where(held.ended_at.is_(None)), placed.where(own.left_at.is_(None)))
    return set((await session.execute(found)).scalars())


async def _in_use(session: Transaction, actor: Actor, id: UUID) -> None:
    own = columns(StandingTeam)
    here = (own.municipality_id == actor.municipality, own.id == id, own.active)
    if (await session.execute(select(own.id).where(*here))).first() is None:
        raise invalid("/team_id", "unknown-reference", "unknown-reference")


async def _seats(session: Transaction, actor: Actor, team_id: UUID) -> list[dict[str, Any]]:
    """The seats whose holders are active and still work where the seat says, with their professions."""
    seat, user, position = columns(TeamSeat), columns(User), columns(Position)
    theirs = (user.municipality_id == seat.municipality_id) & (user.id == seat.user_id) & user.active
    works = exists().where(
        position.municipality_id == seat.municipality_id,
        position.user_id == seat.user_id,
        position.department_id == seat.department_id,
        position.ended_at.is_(None),
    )
    here = (seat.municipality_id == actor.municipality, seat.team_id == team_id, seat.left_at.is_(None), works)
    found = (
        select(seat.user_id, seat.department_id, user.profession)
        .select_from(table_of(TeamSeat).join(table_of(User), theirs))
        .where(*here, user.profession.is_not(None))
        .order_by(seat.id)
    )
    return [dict(row) for row in (await session.execute(found)).mappings()]
