"""What every piece of work in a case asks: is it open, and who is on it."""

from uuid import UUID

from sqlalchemy import exists, select

from app.db import Row, Transaction, columns
from app.errors import Conflict
from app.models import Assignment, TeamMember
from app.policy.actor import Actor


def require_open(case: Row) -> None:
    """Raises Conflict when the case is closed: only reading is left (R78). Asked after what the request means."""
    if case.state == "closed":
        raise Conflict("case-read-only")


async def on_the_case(session: Transaction, actor: Actor, case_id: UUID, user_id: UUID) -> bool:
    """Whether the user is the case's coordinator or in its core team now."""
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
        team.left_at.is_(None),
    )
    return bool((await session.execute(select(coordinates | joined))).scalar_one())
