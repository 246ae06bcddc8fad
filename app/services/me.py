"""Oneself: the account one is signed in with, and what one keeps up to date in it."""

from typing import Any

from sqlalchemy import select

from app.db import Transaction, columns
from app.models import Municipality, User
from app.policy.actor import Actor
from app.policy.users import users
from app.schemas.me import MePatch
from app.services.events import emit
from app.services.rows import change
from app.services.users import back_at_work
from app.wire import Condition


async def me(session: Transaction, actor: Actor) -> dict[str, Any]:
    """The signed-in account."""
    here = columns(Municipality)
    name = (await session.execute(select(here.name).where(here.id == actor.municipality))).scalar_one()
    own = await users.get(session, actor, actor.user)
    return {
        **own._mapping,
        "municipality_id": actor.municipality,
        "municipality_name": name,
        "roles": sorted(actor.roles),
        "member_ids": actor.persons,
    }


async def change_me(session: Transaction, actor: Actor, wanted: MePatch, condition: Condition) -> dict[str, Any]:
    """How and when a professional can be reached (R150), and until when not. Nothing that gives a right or a part.

    Raises Forbidden for citizens and services, Invalid for an absence that is over.
    """
    condition.demand()
    await users.get(session, actor, actor.user, "change_me")
    condition.check(await me(session, actor))
    back_at_work(actor, wanted.absent_until)
    values = wanted.model_dump(exclude_unset=True)
    if values:
        await change(session, actor, User, actor.user, **values)
        await emit(session, actor, "user.changed", actor.user)
    return await me(session, actor)
