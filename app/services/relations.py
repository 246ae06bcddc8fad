"""How the members of a family are related to one another (R22)."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from app.db import Row, Transaction, columns
from app.errors import Conflict, Flaw, invalid
from app.models import Relation
from app.policy import families as policies
from app.policy.actor import Actor
from app.schemas.families import RelationIn
from app.services.events import emit
from app.services.families import members_of
from app.services.rows import add, change

ANCESTORS: Final = ("parent", "grandparent")
"""Those who come before: never born later, and nobody is her own."""
GROWN_UP: Final = (*ANCESTORS, "step_parent", "foster_parent", "guardian")
MUTUAL: Final = ("sibling", "half_sibling", "step_sibling", "partner", "former_partner", "friend")
"""What one is to the other, the other is to the one: recorded once."""
own = columns(Relation)


async def relate(session: Transaction, actor: Actor, family_id: UUID, wanted: RelationIn) -> Row:
    """Record that one member is something to another. Raises Invalid naming whoever cannot be that.

    Raises Conflict when the two are related already, or when somebody would be her own parent by way of others.
    """
    await policies.families.get(session, actor, family_id, "set_relation")
    if wanted.from_id == wanted.to_id:
        raise invalid("/to_id", "same-person", "same-person")
    people = await members_of(session, actor, family_id)
    for field in ("from_id", "to_id"):
        if getattr(wanted, field) not in people:
            raise invalid(f"/{field}", "member-not-in-family", "member-not-in-family")
    _fits(wanted, people[wanted.from_id], people[wanted.to_id])
    if wanted.kind in ANCESTORS and wanted.from_id in await _descendants(session, actor, wanted.to_id):
        raise Conflict("parents-in-circle", Flaw("/from_id", "parents-in-circle"))
    if wanted.kind in MUTUAL and await _said_already(session, actor, wanted):
        raise Conflict("already-exists", Flaw("/to_id", "already-exists"))
    values = {"created_at": actor.at, "created_by": actor.user, **wanted.model_dump()}
    id = await add(session, actor, Relation, family_id=family_id, **values)
    await emit(session, actor, "relation.added", id)
    return await policies.relations.get(session, actor, id)


async def end_relation(session: Transaction, actor: Actor, id: UUID) -> Row:
    """They are no longer that to one another. Raises Conflict when it has ended already."""
    relation = await policies.relations.get(session, actor, id, "set_relation")
    if relation.ended_at is not None:
        raise Conflict("relation-ended")
    await change(session, actor, Relation, id, ended_at=actor.at)
    await emit(session, actor, "relation.ended", id)
    return await policies.relations.get(session, actor, id)


def _fits(wanted: RelationIn, elder: Any, younger: Any) -> None:
    """A parent is an adult, and born before the child. Raises Invalid."""
    if (wanted.kind == "parent" and elder.kind != "adult") or (wanted.kind in GROWN_UP and elder.kind == "child"):
        raise invalid("/from_id", "not-an-adult", "not-an-adult")
    known = elder.birth_date is not None and younger.birth_date is not None
    if wanted.kind in ANCESTORS and known and elder.birth_date >= younger.birth_date:
        raise invalid("/from_id", "born-too-late", "born-too-late")


async def _said_already(session: Transaction, actor: Actor, wanted: RelationIn) -> bool:
    """Whether the other of the two is such a thing to the one already."""
    here = (own.municipality_id == actor.municipality, own.ended_at.is_(None), own.kind.in_(MUTUAL))
    other_way = select(own.id).where(*here, own.from_id == wanted.to_id, own.to_id == wanted.from_id)
    return (await session.execute(other_way)).first() is not None


async def _descendants(session: Transaction, actor: Actor, id: UUID) -> set[UUID]:
    """Everybody whom this member is parent or grandparent of, by way of others too."""
    here = (own.municipality_id == actor.municipality, own.ended_at.is_(None), own.kind.in_(ANCESTORS))
    below = select(own.to_id).where(*here, own.from_id == id).cte("below", recursive=True)
    below = below.union(select(own.to_id).where(*here, own.from_id == below.c.to_id))
    return set((await session.execute(select(below.c.to_id))).scalars())
