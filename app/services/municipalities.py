"""The municipality with the settings in force, and the departments."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.db import Row, Transaction, columns
from app.errors import Conflict, Forbidden, NotFound, Refusal, invalid
from app.models import Case, Department, Municipality, Position, SettingsVersion
from app.policy import municipalities as policies
from app.policy.actor import Actor
from app.schemas.settings import MunicipalitySettings
from app.schemas.users import DepartmentIn, DepartmentPatch
from app.services.events import emit
from app.services.rows import add, change
from app.wire import Condition


async def settings_now(session: Transaction, actor: Actor) -> MunicipalitySettings:
    """The settings in force: what every rule of the municipality reads (R461)."""
    newest = columns(SettingsVersion)
    statement = (
        select(newest.document)
        .where(newest.municipality_id == actor.municipality)
        .order_by(newest.version.desc())
        .limit(1)
    )
    return MunicipalitySettings.model_validate((await session.execute(statement)).scalar_one())


async def show(session: Transaction, actor: Actor) -> dict[str, Any]:
    """The municipality with its settings in force."""
    here = columns(Municipality)
    own = (
        await session.execute(select(here.id, here.name, here.code, here.fictive).where(here.id == actor.municipality))
    ).one()
    newest = (await policies.settings_versions.page(session, actor, newest=True, limit=1)).items
    if not newest:
        raise NotFound(refusal=Refusal("settings", "read", None))
    return {**own._mapping, "version": newest[0].version, "settings": newest[0].document}


async def add_department(session: Transaction, actor: Actor, wanted: DepartmentIn) -> Row:
    """A new department (R30). Administrators only. Raises Conflict when the name is taken."""
    await administering(session, actor)
    await _place(session, actor, None, wanted.parent_id)
    id = await add(session, actor, Department, active=True, **wanted.model_dump())
    await emit(session, actor, "department.created", id)
    return await policies.departments.get(session, actor, id)


async def change_department(
    session: Transaction, actor: Actor, id: UUID, wanted: DepartmentPatch, condition: Condition
) -> Row:
    """Rename, move, or close a department. Raises Conflict when it would lie under itself."""
    condition.demand()
    await lock_departments(session, actor)
    await policies.departments.get(session, actor, id, "configure", condition)
    values = wanted.model_dump(exclude_unset=True)
    for required in ("name", "sector", "active"):
        if required in values and values[required] is None:
            raise invalid(f"/{required}", "required")
    if values.get("active") is False:
        await _not_in_use(session, actor, id)
    if values.get("parent_id") is not None:
        await _place(session, actor, id, values["parent_id"])
    if values:
        await change(session, actor, Department, id, **values)
        await emit(session, actor, "department.changed", id)
    return await policies.departments.get(session, actor, id)


async def administering(session: Transaction, actor: Actor) -> None:
    """Raises Forbidden unless the actor administers the municipality."""
    await entitled(session, actor, "configure")


async def entitled(session: Transaction, actor: Actor, action: str) -> None:
    """Raises Forbidden unless the actor may do this in the municipality; judged on its settings' newest version."""
    newest = (await policies.settings_versions.page(session, actor, newest=True, limit=1)).items
    if not newest:
        raise Forbidden(refusal=Refusal("settings", action, None))
    await policies.settings_versions.get(session, actor, newest[0].id, action)


async def lock_departments(session: Transaction, actor: Actor) -> None:
    """One at a time: two who move departments at once must see each other."""
    own = columns(Department)
    every = select(own.id).where(own.municipality_id == actor.municipality).order_by(own.id)
    await session.execute(every.with_for_update())


async def _not_in_use(session: Transaction, actor: Actor, id: UUID) -> None:
    """A department that owns open cases, or where somebody works, stays. Raises Conflict."""
    case, held = columns(Case), columns(Position)
    owns = select(case.id).where(case.municipality_id == actor.municipality, case.owner_department_id == id)
    works = select(held.id).where(held.municipality_id == actor.municipality, held.department_id == id)
    for found in (owns.where(case.state != "closed"), works.where(held.ended_at.is_(None))):
        if (await session.execute(found.limit(1))).first():
            raise Conflict("in-use")


async def _place(session: Transaction, actor: Actor, id: UUID | None, parent_id: UUID | None) -> None:
    """The parent exists here, and does not lie beneath the department itself."""
    if parent_id is None:
        return
    own = columns(Department)
    up = select(own.id, own.parent_id).where(own.municipality_id == actor.municipality, own.id == parent_id)
    above = up.cte("above", recursive=True)
    above = above.union(
        select(own.id, own.parent_id).where(own.municipality_id == actor.municipality, own.id == above.c.parent_id)
    )
    ids = set((await session.execute(select(above.c.id))).scalars())
    if not ids:
        raise invalid("/parent_id", "unknown-reference", "unknown-reference")
    if id in ids:
        raise Conflict("circular-reference")
