"""Whose signature it would take today, for what nobody has been asked about yet (R280, R285, R286)."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.db import Transaction, columns, table_of
from app.models import Member
from app.policy.actor import Actor
from app.policy.rules import UUID_TYPE, mine
from app.services.municipalities import settings_now
from app.services.settling import HELD
from app.services.signers import Facts, Held, needed

member = columns(Member)
PEOPLE: Final = select(member.id, member.kind, member.birth_date).where(
    mine(table_of(Member)), member.id == any_(bindparam("subject_ids", type_=ARRAY(UUID_TYPE)))
)
Asked = tuple[UUID, str]
"""A subject, and a category of information."""


async def signatories(session: Transaction, actor: Actor, asked: Collection[Asked]) -> Mapping[Asked, Sequence[UUID]]:
    """For each subject and category those who must sign, as custody, age and settings say today.

    A citizen is told of oneself alone: who else has custody is not hers to ask.
    """
    if not asked:
        return {}
    values = {**actor.parameters, "subject_ids": sorted({subject for subject, _ in asked})}
    people = {row.id: row for row in await session.rows(PEOPLE, values)}
    held: dict[UUID, list[Held]] = {id: [] for id in people}
    for row in await session.rows(HELD, values):
        held[row.child_id].append(Held(row.holder_id, row.valid_from, row.valid_until))
    given: dict[str, Any] = {"answers": {}, "settings": await settings_now(session, actor)}
    found = {}
    for subject, category in asked:
        who = people[subject]
        facts = Facts(subject, who.kind, who.birth_date, held[subject], frozenset({category}), **given)
        found[subject, category] = needed(facts, actor.today).signers
    if actor.kind != "citizen":
        return found
    return {one: [id for id in signers if id in actor.persons] for one, signers in found.items()}
