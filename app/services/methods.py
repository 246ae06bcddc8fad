"""The municipality's written method: its versions, and who knows the one in force (R90, T25, X30)."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, bindparam, func, literal_column, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from app.db import Row, Transaction, columns, new_id, table_of
from app.errors import Conflict
from app.models import Department, Method, MethodReading, Position, User
from app.policy import methods as policies
from app.policy.actor import Actor
from app.policy.rules import UUID_TYPE, mine
from app.schemas.methods import MethodIn
from app.services.events import emit
from app.services.municipalities import entitled
from app.services.rows import add

user, position, department, reading = columns(User), columns(Position), columns(Department), columns(MethodReading)


def _staff() -> Select[Any]:
    """The active professionals by the departments they work in now, and whether each has read the version."""
    works = (position.municipality_id == user.municipality_id) & (position.user_id == user.id)
    there = (department.municipality_id == position.municipality_id) & (department.id == position.department_id)
    has = (reading.municipality_id == user.municipality_id) & (reading.user_id == user.id)
    this = reading.method_id == bindparam("method_id", type_=UUID_TYPE)
    joined = table_of(User).join(table_of(Position), works & position.ended_at.is_(None))
    place = (department.id.label("department_id"), department.name)
    return (
        select(user.id, *place, reading.id.is_not(None).label("has_read"))
        .select_from(joined.join(table_of(Department), there).outerjoin(table_of(MethodReading), has & this))
        .where(mine(table_of(User)), user.kind == "professional", user.active)
        .distinct()
    )


def _known() -> Select[Any]:
    """How many there are and how many have read it: for each department, and in a row without one for all."""
    staff = _staff().subquery("staff")
    people, readers = func.count(staff.c.id.distinct()), func.count(staff.c.id.distinct()).filter(staff.c.has_read)
    each_and_all = func.grouping_sets(tuple_(staff.c.department_id, staff.c.name), literal_column("()"))
    named = (staff.c.department_id, staff.c.name.label("department_name"))
    counted = select(*named, people.label("professionals"), readers.label("readers"))
    return counted.group_by(each_and_all).order_by(staff.c.name)


KNOWN: Final = _known()


async def publish(session: Transaction, actor: Actor, wanted: MethodIn) -> Row:
    """A new version, which everybody is asked to read. Emits `method.published`.

    Raises Forbidden for others than those who develop the practice, Conflict when another version was published since
    the one that was edited.
    """
    await entitled(session, actor, "publish_method")
    newest = (await policies.methods.page(session, actor, newest=True, limit=1)).items
    current = newest[0].version if newest else None
    if wanted.based_on != current:
        raise Conflict("method-changed")
    values = {"title": wanted.title, "text": wanted.text, "version": (current or 0) + 1}
    id = await add(session, actor, Method, published_at=actor.at, published_by=actor.user, **values)
    await emit(session, actor, "method.published", id)
    return await policies.methods.get(session, actor, id)


async def confirm(session: Transaction, actor: Actor, id: UUID) -> Row:
    """The professional has read the version in force; said again, nothing changes. Emits `method.read`.

    Raises Conflict for a version that is no longer in force.
    """
    await policies.methods.get(session, actor, id, "confirm_reading")
    (newest,) = (await policies.methods.page(session, actor, newest=True, limit=1)).items
    if newest.id != id:
        raise Conflict("method-superseded")
    own = {"municipality_id": actor.municipality, "id": new_id(), "method_id": id, "user_id": actor.user}
    once = insert(table_of(MethodReading)).values(**own, read_at=actor.at).on_conflict_do_nothing()
    if (await session.execute(once.returning(reading.id))).first() is not None:
        await emit(session, actor, "method.read", id)
    return await policies.methods.get(session, actor, id)


async def coverage(session: Transaction, actor: Actor, id: UUID) -> dict[str, Any]:
    """How many of those who work here have read a version, in all and in each department: no names, no ranking."""
    method = await policies.methods.get(session, actor, id, "see_coverage")
    rows = [row._mapping for row in await session.rows(KNOWN, {**actor.parameters, "method_id": id})]
    (whole,) = (row for row in rows if row["department_id"] is None)
    departments = [row for row in rows if row["department_id"] is not None]
    return {**whole, "method_id": id, "version": method.version, "departments": departments}
