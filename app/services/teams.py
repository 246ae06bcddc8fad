"""The people on a case: its one coordinator, with history (R1–R3, R40), and its core team (R40, R101)."""

from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from app.db import Row, Transaction, columns, table_of
from app.errors import Conflict, Forbidden, Refusal, invalid
from app.models import Assignment, Case, Department, Position, TeamMember, User
from app.policy import cases as case_policies
from app.policy import teams as policies
from app.policy.actor import Actor
from app.policy.core import Page
from app.schemas.cases import CoordinatorIn
from app.schemas.teams import TeamLeave, TeamMemberIn
from app.services import steps
from app.services.casework import on_the_case, require_open
from app.services.events import emit
from app.services.rows import add, change
from app.wire import Condition

user, position, department = columns(User), columns(Position), columns(Department)


async def appoint(
    session: Transaction, actor: Actor, case_id: UUID, wanted: CoordinatorIn, condition: Condition
) -> Row:
    """Appoint the case's one coordinator (SOF: primary adviser). The first one allocates it: draft becomes start-up.

    Emits `case.allocated`, or `case.coordinator_changed`. Raises Invalid unless the user is an adviser from child
    disability (R2), or when a change has no reason (R108); Conflict when that user has the task already.
    """
    case = await case_policies.cases.get(session, actor, case_id, "assign_coordinator", condition)
    await _adviser(session, actor, wanted.user_id)
    if case.coordinator_id not in (None, wanted.user_id) and wanted.reason is None:
        raise invalid("/reason", "required")
    require_open(case)
    if case.coordinator_id == wanted.user_id:
        raise Conflict("coordinator-exists")
    if case.coordinator_id is not None:
        await _end(session, actor, case_id, wanted.end_reason)
    values = {"assigned_at": actor.at, "assigned_by": actor.user, "reason": wanted.reason}
    role = "primary_adviser" if case.model == "sof" else "coordinator"
    await add(session, actor, Assignment, case_id=case_id, user_id=wanted.user_id, role=role, **values)
    await steps.hand_over(session, actor, case_id, case.coordinator_id, wanted.user_id)
    if case.state == "draft":
        await change(session, actor, Case, case_id, state="start_up", allocated_at=actor.at)
    event = "case.allocated" if case.coordinator_id is None else "case.coordinator_changed"
    await emit(session, actor, event, case_id, case_id=case_id)
    return await case_policies.cases.get(session, actor, case_id)


async def assignments(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> Page:
    """Everybody who has been coordinator of the case, newest first."""
    return await policies.assignments.page(session, actor, case_id=case_id, **page)


async def team(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> Page:
    return await policies.team_members.page(session, actor, case_id=case_id, **page)


async def add_to_team(session: Transaction, actor: Actor, case_id: UUID, wanted: TeamMemberIn) -> Row:
    """Add a professional to the core team, with profession and department as they are today. Emits `team.member_added`.

    Raises Invalid for somebody who is no professional of that department, Conflict for a member or the coordinator.
    """
    case = await case_policies.cases.get(session, actor, case_id, "change_team")
    if wanted.user_id == actor.user != case.coordinator_id:
        raise Forbidden(refusal=Refusal("case", "change_team", case_id, case_id))  # never content by role alone
    profession = await _professional(session, actor, wanted)
    require_open(case)
    if await on_the_case(session, actor, case_id, wanted.user_id):
        raise Conflict("already-member")
    values = {"profession": profession, "joined_at": actor.at, "added_by": actor.user}
    id = await add(session, actor, TeamMember, case_id=case_id, **wanted.model_dump(), **values)
    await emit(session, actor, "team.member_added", id, case_id=case_id)
    return await policies.team_members.get(session, actor, id)


async def leave_team(session: Transaction, actor: Actor, id: UUID, wanted: TeamLeave) -> Row:
    """End a membership, at once and on every path. Emits `team.member_left`. Raises Conflict when it has ended."""
    member = await policies.team_members.get(session, actor, id, "leave")
    require_open(await case_policies.cases.get(session, actor, member.case_id))
    if member.left_at is not None:
        raise Conflict("conflict")
    await change(session, actor, TeamMember, id, left_at=actor.at, leave_reason=wanted.reason)
    await emit(session, actor, "team.member_left", id, case_id=member.case_id)
    return await policies.team_members.get(session, actor, id)


async def _adviser(session: Transaction, actor: Actor, user_id: UUID) -> None:
    """An active adviser with a position in a child disability department (R2)."""
    here = (user.municipality_id == actor.municipality) & (user.id == user_id) & user.active
    works = (position.municipality_id == user.municipality_id) & (position.user_id == user.id)
    there = (department.municipality_id == position.municipality_id) & (department.id == position.department_id)
    fits = (user.profession == "social_adviser") & (department.kind == "child_disability") & department.active
    joined = (
        table_of(User).join(table_of(Position), works & position.ended_at.is_(None)).join(table_of(Department), there)
    )
    if (await session.execute(select(user.id).select_from(joined).where(here, fits).limit(1))).first() is None:
        raise invalid("/user_id", "coordinator-not-child-disability", "coordinator-not-child-disability")


async def _professional(session: Transaction, actor: Actor, wanted: TeamMemberIn) -> str:
    """The profession of an active professional who works in the department named. Raises Invalid otherwise."""
    here = (user.municipality_id == actor.municipality) & (user.id == wanted.user_id) & user.active
    profession: str | None = (await session.execute(select(user.profession).where(here))).scalar_one_or_none()
    if profession is None:
        raise invalid("/user_id", "not-a-professional", "not-a-professional")
    held = (position.municipality_id == actor.municipality) & (position.user_id == wanted.user_id)
    there = held & position.ended_at.is_(None) & (position.department_id == wanted.department_id)
    if (await session.execute(select(position.id).where(there).limit(1))).first() is None:
        raise invalid("/department_id", "not-in-department", "not-in-department")
    return profession


async def _end(session: Transaction, actor: Actor, case_id: UUID, reason: str) -> None:
    own = columns(Assignment)
    leading = own.role.in_(case_policies.LEADING_ROLES)
    here = (own.municipality_id == actor.municipality, own.case_id == case_id, own.ended_at.is_(None), leading)
    await session.execute(update(table_of(Assignment)).where(*here).values(ended_at=actor.at, end_reason=reason))
