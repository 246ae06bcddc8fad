"""What every piece of work in a case asks: is it open, and who is on it."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select

from app.db import Row, Transaction, columns
from app.errors import Conflict, invalid
from app.models import Assignment, Member, TeamMember
from app.policy.actor import Actor


def require_open(case: Row) -> None:
    """Raises Conflict when the case is closed: only reading is left (R78). Asked after what the request means."""
    if case.state == "closed":
        raise Conflict("case-read-only")


def require_open_around(row: Row) -> None:
    """The same for what lies in a case that the actor may not be able to read, by the row's `case_state`."""
    if row.case_state == "closed":
        raise Conflict("case-read-only")


async def require_member(session: Transaction, actor: Actor, case: Row, member_id: UUID, pointer: str) -> Any:
    """Kind and birth date of a person. Raises Invalid unless registered in the family that the case is about."""
    member = columns(Member)
    this = (member.municipality_id == actor.municipality, member.id == member_id, member.family_id == case.family_id)
    found = (await session.execute(select(member.id, member.kind, member.birth_date).where(*this))).one_or_none()
    if found is None:
        raise invalid(pointer, "member-not-in-family", "member-not-in-family")
    return found


def require_unsealed(case: Row) -> None:
    """Raises Conflict while the case is restricted (GDPR art. 18): what nobody may read is not added to either."""
    if case.sealed:
        raise Conflict("case-restricted")


def in_team_on(day: date) -> ColumnElement[bool]:
    """The membership has not ended, nor run out by this day."""
    team = columns(TeamMember)
    return team.left_at.is_(None) & (team.ends_on.is_(None) | (team.ends_on > day))


async def on_the_case(session: Transaction, actor: Actor, case_id: UUID, user_id: UUID) -> bool:
    """Whether the user holds the case, or is in its core team today and needed (R86)."""
    held, team = columns(Assignment), columns(TeamMember)
    coordinates = exists().where(
        held.municipality_id == actor.municipality,
        held.case_id == case_id,
        held.user_id == user_id,
        held.ended_at.is_(None),
    )
    joined = exists().where(
        team.municipality_id == actor.municipality,
        team.case_id == case_id,
        team.user_id == user_id,
        team.relevant,
        in_team_on(actor.today),
    )
    return bool((await session.execute(select(coordinates | joined))).scalar_one())
