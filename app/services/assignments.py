"""Who holds a case: its one coordinator, with history (R1–R3, R40, R108); buddy and deputy (R4, R109, R117–R120)."""

from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Select, bindparam, select, update

from app.db import Row, Transaction, columns, table_of
from app.errors import Conflict, Flaw, Forbidden, Refusal, invalid
from app.models import Assignment, Case, Department, Position, User
from app.policy import assignments as policies
from app.policy.actor import Actor
from app.policy.caseload import helped
from app.policy.cases import LEADING_ROLES, cases
from app.policy.core import Page
from app.policy.municipalities import setting
from app.policy.rules import UUID_TYPE, mine
from app.schemas.assignments import AssignmentEnd, CoordinatorIn, HelperIn
from app.services import steps
from app.services.caseload import LOCK, above_norm
from app.services.casework import require_open
from app.services.complexity import complexity_of
from app.services.deviations import deviate
from app.services.events import emit
from app.services.municipalities import settings_now
from app.services.rows import add, change, end_of
from app.wire import Condition

Helper = Literal["buddy", "deputy"]
REQUIRED: Final = setting("contact", "deputy_required") == "block"
AWAITS: Final = select((REQUIRED & ~helped()).label("awaits")).where(
    mine(table_of(Case)), columns(Case).id == bindparam("case_id", type_=UUID_TYPE)
)
own, user, position, department = columns(Assignment), columns(User), columns(Position), columns(Department)


async def appoint(
    session: Transaction, actor: Actor, case_id: UUID, wanted: CoordinatorIn, condition: Condition
) -> Row:
    """Appoint the case's one coordinator (SOF: primary adviser). The first one allocates it: draft becomes start-up.

    Emits `case.allocated`, or `case.coordinator_changed`. Nobody gives herself the task: it opens content, and that by
    role alone (Forbidden). Raises Invalid unless the user is an adviser from child
    disability (R2), or when a change has no reason (R108); Conflict when that user has the task already, or would have
    more cases than the norm and the leader gives no reason for it: with one it is a deviation (R126).
    """
    condition.demand()
    case = await cases.get(session, actor, case_id, "assign_coordinator")
    if wanted.user_id == actor.user:
        raise Forbidden(refusal=Refusal("case", "assign_coordinator", case_id, case_id))
    condition.check(case)
    await _adviser(session, actor, wanted.user_id)
    if case.coordinator_id not in (None, wanted.user_id) and wanted.reason is None:
        raise invalid("/reason", "required")
    if case.coordinator_id is None and wanted.handover_note is not None:
        raise invalid("/handover_note", "not-here")
    require_open(case)
    if case.coordinator_id == wanted.user_id:
        raise Conflict("coordinator-exists")
    above = await above_norm(session, actor, case_id, wanted.user_id)
    if above and wanted.override_reason is None:
        raise Conflict("caseload-over-norm", Flaw("/user_id", "caseload-over-norm"))
    await _end(session, actor, case_id, own.role.in_(LEADING_ROLES), wanted.end_reason, wanted.handover_note)
    await _end(session, actor, case_id, own.user_id == wanted.user_id, "changed")  # one helps nobody but another (R119)
    role = "primary_adviser" if case.model == "sof" else "coordinator"
    await _give(session, actor, case_id, wanted, role)
    await steps.hand_over(session, actor, case_id, case.coordinator_id, wanted.user_id)
    if case.state == "draft":
        await change(session, actor, Case, case_id, state="start_up", allocated_at=actor.at)
    if above and wanted.override_reason is not None:
        await deviate(session, actor, "caseload_over_norm", case_id, wanted.override_reason, user_id=wanted.user_id)
    event = "case.allocated" if case.coordinator_id is None else "case.coordinator_changed"
    await emit(session, actor, event, case_id, case_id=case_id)
    return await cases.get(session, actor, case_id)


async def assign_helper(
    session: Transaction, actor: Actor, case_id: UUID, role: Helper, wanted: HelperIn, condition: Condition
) -> Row:
    """Let an adviser stand beside the coordinator, in place of whoever has the task. Emits `case.buddy_assigned` or
    `case.deputy_assigned`.

    Nobody gives herself the task: it opens content (Forbidden). Raises Invalid unless the user is an adviser from child
    disability, or when a change has no reason; Conflict for the coordinator, for somebody who has the task already,
    and for a buddy on a case that is not complex, where the municipality asks for that (R117).
    """
    condition.demand()
    case = await cases.get(session, actor, case_id, "assign_helper")
    if wanted.user_id == actor.user != case.coordinator_id:
        raise Forbidden(refusal=Refusal("case", "assign_helper", case_id, case_id))
    condition.check(case)
    await _adviser(session, actor, wanted.user_id)
    former = await _holder(session, actor, case_id, role)
    if former not in (None, wanted.user_id) and wanted.reason is None:
        raise invalid("/reason", "required")
    require_open(case)
    if case.coordinator_id is None:
        raise Conflict("coordinator-missing")
    if case.coordinator_id == wanted.user_id:
        raise Conflict("coordinator-exists", Flaw("/user_id", "coordinator-exists"))
    if former == wanted.user_id:
        raise Conflict("helper-exists", Flaw("/user_id", "helper-exists"))
    if role == "buddy":
        await _complex_enough(session, actor, case)
    await _end(session, actor, case_id, own.role == role, "changed")
    id = await _give(session, actor, case_id, wanted, role)
    await emit(session, actor, f"case.{role}_assigned", case_id, case_id=case_id)
    return await policies.assignments.get(session, actor, id)


async def end_assignment(session: Transaction, actor: Actor, id: UUID, wanted: AssignmentEnd) -> Row:
    """End a buddy's or a deputy's task, at once and on every path. Emits `case.assignment_ended`.

    Raises Conflict for the coordinator, whom only somebody else replaces (R97), and for a task that has ended.
    """
    held = await policies.assignments.get(session, actor, id, "end_assignment")
    require_open(await cases.get(session, actor, held.case_id))
    if held.role in LEADING_ROLES:
        raise Conflict("coordinator-only-replaced")
    if held.ended_at is not None:
        raise Conflict("conflict")
    ended = {
        "ended_at": end_of(actor, own.assigned_at),
        "end_reason": wanted.reason,
        "handover_note": wanted.handover_note,
    }
    await change(session, actor, Assignment, id, **ended)
    await emit(session, actor, "case.assignment_ended", held.case_id, case_id=held.case_id)
    return await policies.assignments.get(session, actor, id)


async def end_helpers(session: Transaction, actor: Actor, case_id: UUID) -> None:
    """Buddy and deputy stop with the case; who coordinated it to the end stands as its coordinator."""
    await _end(session, actor, case_id, own.role.in_(("buddy", "deputy")), "other")


async def awaits_deputy(session: Transaction, actor: Actor, case: Row) -> bool:
    """Whether the case may not leave start-up before there is a buddy or deputy (R109, contact.deputy_required)."""
    if case.state != "start_up":
        return False
    (found,) = await session.rows(AWAITS, {**actor.parameters, "case_id": case.id})
    awaits: bool = found.awaits
    return awaits


async def assignments(session: Transaction, actor: Actor, case_id: UUID, **page: Any) -> Page:
    """Everybody who has been coordinator, buddy or deputy of the case, newest first."""
    return await policies.assignments.page(session, actor, case_id=case_id, **page)


async def _give(session: Transaction, actor: Actor, case_id: UUID, wanted: CoordinatorIn | HelperIn, role: str) -> UUID:
    values = {"assigned_at": actor.at, "assigned_by": actor.user, "reason": wanted.reason}
    return await add(session, actor, Assignment, case_id=case_id, user_id=wanted.user_id, role=role, **values)


async def _end(
    session: Transaction, actor: Actor, case_id: UUID, which: Any, reason: str, note: str | None = None
) -> None:
    """End those of the case's assignments that run and are meant."""
    here = (own.municipality_id == actor.municipality, own.case_id == case_id, own.ended_at.is_(None), which)
    ended = {"ended_at": end_of(actor, own.assigned_at), "end_reason": reason, "handover_note": note}
    await session.execute(update(table_of(Assignment)).where(*here).values(**ended))


async def _holder(session: Transaction, actor: Actor, case_id: UUID, role: str) -> UUID | None:
    """Who has this role on the case now."""
    here = (own.municipality_id == actor.municipality, own.case_id == case_id, own.role == role)
    found: UUID | None = (
        await session.execute(select(own.user_id).where(*here, own.ended_at.is_(None)))
    ).scalar_one_or_none()
    return found


async def _complex_enough(session: Transaction, actor: Actor, case: Row) -> None:
    """Buddies are for complex cases, where the municipality asks for that (R117). Raises Conflict otherwise."""
    if not (await settings_now(session, actor)).team.buddy_requires_complexity:
        return
    if (await complexity_of(session, actor, case)).level != "high":
        raise Conflict("case-not-complex")


def advisers(actor: Actor) -> Select[Any]:
    """Who may hold a case: active advisers with a position in a child disability department (R2)."""
    here = (user.municipality_id == actor.municipality) & user.active
    works = (position.municipality_id == user.municipality_id) & (position.user_id == user.id)
    there = (department.municipality_id == position.municipality_id) & (department.id == position.department_id)
    fits = (user.profession == "social_adviser") & (department.kind == "child_disability") & department.active
    joined = (
        table_of(User).join(table_of(Position), works & position.ended_at.is_(None)).join(table_of(Department), there)
    )
    return select(user.id, user.issuer, user.subject).select_from(joined).where(here, fits).distinct()


async def _adviser(session: Transaction, actor: Actor, user_id: UUID) -> None:
    """Raises Invalid unless the person may hold a case (R2), in an account that nobody is closing meanwhile."""
    await session.rows(LOCK, {**actor.parameters, "user_id": user_id})
    if (await session.execute(advisers(actor).where(user.id == user_id))).first() is None:
        raise invalid("/user_id", "coordinator-not-child-disability", "coordinator-not-child-disability")
