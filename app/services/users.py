"""Accounts of professionals and services, and the positions they hold."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, update

from app.db import Row, Transaction, columns, table_of
from app.errors import Conflict, Forbidden, Refusal, invalid
from app.models import Assignment, Case, Department, Position, User
from app.policy import users as policies
from app.policy.actor import Actor
from app.policy.cases import LEADING_ROLES
from app.schemas.users import PositionIn, UserIn, UserPatch
from app.services.events import emit
from app.services.municipalities import administering
from app.services.rows import add, add_all, change
from app.wire import Condition

position = columns(Position)


async def add_user(session: Transaction, actor: Actor, wanted: UserIn) -> Row:
    """An account for a professional or a service. Administrators only. Raises Conflict when the sign-in has one."""
    await administering(session, actor)
    if wanted.kind == "citizen":
        raise invalid("/kind", "not-a-professional", "not-a-professional")
    if wanted.kind == "service" and wanted.profession is not None:
        raise invalid("/profession", "only-professionals")
    _service_roles(wanted.kind, wanted.positions)
    values = wanted.model_dump(exclude={"positions"})
    id = await add(session, actor, User, active=True, created_at=actor.at, **values)
    await _hold(session, actor, id, wanted.positions)
    await emit(session, actor, "user.created", id)
    return await policies.users.get(session, actor, id)


async def change_user(session: Transaction, actor: Actor, id: UUID, wanted: UserPatch, condition: Condition) -> Row:
    """Change an account or its positions. Raises Conflict when no active administrator would be left."""
    condition.demand()
    await _lock_administrators(session, actor)
    current = await policies.users.get(session, actor, id, "configure", condition)
    if current.kind != "professional" and wanted.profession is not None:
        raise invalid("/profession", "only-professionals")
    if id == actor.user and wanted.model_fields_set & {"positions", "profession", "active"}:
        raise Forbidden(refusal=Refusal("user", "configure", id))  # nobody gives herself a part
    _service_roles(current.kind, wanted.positions or ())
    values = wanted.model_dump(exclude_unset=True, exclude={"positions"})
    if values.get("active") is False:
        await _has_no_case(session, actor, id)
    for required in ("name", "active"):
        if required in values and values[required] is None:
            raise invalid(f"/{required}", "required")
    if values:
        await change(session, actor, User, id, **values)
    if wanted.positions is not None:
        held = (position.municipality_id == actor.municipality) & (position.user_id == id)
        ended = update(table_of(Position)).where(held, position.ended_at.is_(None)).values(ended_at=actor.at)
        await session.execute(ended)
        await _hold(session, actor, id, wanted.positions)
    await _somebody_administers(session, actor)
    await emit(session, actor, "user.changed", id)
    return await policies.users.get(session, actor, id)


def _service_roles(kind: str, wanted: Sequence[PositionIn]) -> None:
    """A service acts for a department and leads none. Raises Invalid for a role that is a person's."""
    for number, one in enumerate(wanted):
        if kind != "professional" and one.role != "member":
            raise invalid(f"/positions/{number}/role", "only-professionals")


async def _has_no_case(session: Transaction, actor: Actor, id: UUID) -> None:
    """A family's one contact does not vanish: somebody else takes the open cases first. Raises Conflict."""
    held, case = columns(Assignment), columns(Case)
    its = (case.municipality_id == held.municipality_id) & (case.id == held.case_id) & (case.state != "closed")
    mine = (held.municipality_id == actor.municipality) & (held.user_id == id) & held.ended_at.is_(None)
    mine &= held.role.in_(LEADING_ROLES)
    found = select(held.id).select_from(table_of(Assignment).join(table_of(Case), its)).where(mine).limit(1)
    if (await session.execute(found)).first():
        raise Conflict("in-use")


async def _hold(session: Transaction, actor: Actor, user_id: UUID, wanted: Sequence[PositionIn]) -> None:
    """Give positions; each names a department that exists here, and none twice."""
    if len({(p.department_id, p.role) for p in wanted}) < len(wanted):
        raise invalid("/positions", "already-exists")
    own = columns(Department)
    known = select(own.id).where(own.municipality_id == actor.municipality, own.active)
    departments = set((await session.execute(known)).scalars())
    for number, each in enumerate(wanted):
        if each.department_id not in departments:
            raise invalid(f"/positions/{number}/department_id", "unknown-reference", "unknown-reference")
    rows = [{"user_id": user_id, "started_at": actor.at, "ended_at": None, **each.model_dump()} for each in wanted]
    await add_all(session, actor, Position, rows)


async def _lock_administrators(session: Transaction, actor: Actor) -> None:
    """One at a time: two administrators who remove one another must see each other."""
    theirs = (position.municipality_id == actor.municipality) & (position.role == "administrator")
    held = select(position.id).where(theirs, position.ended_at.is_(None)).order_by(position.id)
    await session.execute(held.with_for_update())


async def _somebody_administers(session: Transaction, actor: Actor) -> None:
    """The municipality keeps an active administrator, or nobody could ever change anything again."""
    user = columns(User)
    here = (user.municipality_id == position.municipality_id) & (user.id == position.user_id)
    administers = (position.municipality_id == actor.municipality) & (position.role == "administrator")
    able = position.ended_at.is_(None) & user.active & (user.kind == "professional")
    left = select(position.id).select_from(table_of(Position).join(table_of(User), here)).where(administers, able)
    if (await session.execute(left.limit(1))).first() is None:
        raise Conflict("last-administrator")
