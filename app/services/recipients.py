"""Whom something can be shared with, and by which ids a basis reaches that recipient."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from sqlalchemy import Select, any_, bindparam, or_, select, true
from sqlalchemy.dialects.postgresql import array

from app.db import Row, Transaction, columns, table_of
from app.errors import invalid
from app.models import Case, Department, Member, Organisation
from app.policy.actor import Actor
from app.policy.cases import case
from app.policy.documents import attached_to_the_case
from app.policy.reading import of, on_case, readers, user
from app.policy.rules import UUID_TYPE, Expression, is_one, mine
from app.schemas.consents import RecipientIn
from app.services.bases import Recipient

department, organisation, member = columns(Department), columns(Organisation), columns(Member)
WANTED: Final = bindparam("recipient_id", type_=UUID_TYPE)
IN_CASE: Final = bindparam("in_case", type_=UUID_TYPE)


async def reached(session: Transaction, actor: Actor, thing: Row, recipient: RecipientIn) -> Recipient:
    """The recipient, with the ids by which a basis reaches it: for a professional also departments and employer.

    Raises Invalid for a recipient that is not known or in use, and for oneself. The family shares with those who work
    on the case, with their departments and employers, and with people of the family and its network.
    """
    if recipient.id in (actor.user, *actor.persons):
        raise invalid("/recipient/id", "recipient-is-you", "recipient-is-you")
    values = {**actor.parameters, "recipient_id": recipient.id, "in_case": thing.case_id, "in_family": thing.family_id}
    found = await session.rows(_statements()[recipient.kind], values)
    if not found or (actor.kind == "citizen" and not found[0].on_the_case):
        raise invalid("/recipient/id", "unknown-reference", "unknown-reference")
    return Recipient(recipient.kind, recipient.id, found[0].reach)


@cache
def _statements() -> Mapping[str, Select[Any]]:
    """By kind of recipient: the ids that reach it, and whether it has to do with the case. No row: not in use."""
    person = readers(user.id == WANTED, is_one(user.kind, "professional", "service"))
    worker = readers(user.kind == "professional", on_case(IN_CASE))
    owns = select(1).where(_this_case(), case.owner_department_id == WANTED).exists()
    works_there, employed_there = any_(worker.c.departments) == WANTED, any_(worker.c.recipients) == WANTED
    return {
        "user": select(person.c.recipients.label("reach"), _attached(person).label("on_the_case")),
        "department": _itself(department, department.active, or_(owns, _anybody(worker, works_there))),
        "organisation": _itself(organisation, organisation.active, _anybody(worker, employed_there)),
        "member": _itself(member, member.family_id == bindparam("in_family", type_=UUID_TYPE), true()),
    }


def _itself(own: Any, in_use: Expression, on_the_case: Expression) -> Select[Any]:
    reach = array([own.id], type_=UUID_TYPE)
    known = mine(own.id.table) & (own.id == WANTED) & in_use
    return select(reach.label("reach"), on_the_case.label("on_the_case")).where(known)


def _this_case() -> Expression:
    return mine(table_of(Case)) & (case.id == IN_CASE)


def _attached(reader: Any) -> Expression:
    works = of(reader, attached_to_the_case.holds)
    return select(1).select_from(table_of(Case)).where(_this_case(), works).correlate_except(table_of(Case)).exists()


def _anybody(reader: Any, such: Expression) -> Expression:
    return select(1).select_from(reader).where(such, _attached(reader)).correlate_except(reader).exists()
