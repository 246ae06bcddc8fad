"""Families: registering them, their members and who has custody (R20–R22)."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from app.db import Row, Transaction, columns
from app.errors import Conflict, NotFound, invalid
from app.models import Case, Custody, Family, Member, User
from app.policy import families as policies
from app.policy import municipalities
from app.policy.actor import Actor
from app.schemas.families import CustodyEnd, CustodyIn, FamilyIn, Login, MemberIn, MemberPatch
from app.services.events import emit
from app.services.rows import add, change
from app.wire import Condition


async def register(session: Transaction, actor: Actor, wanted: FamilyIn) -> Row:
    """A new family, in a child disability department where the actor works; Forbidden in any other."""
    await owning(session, actor, wanted.owner_department_id)
    values = {"owner_department_id": wanted.owner_department_id, "created_at": actor.at, "created_by": actor.user}
    id = await add(session, actor, Family, **values)
    await emit(session, actor, "family.created", id)
    return await policies.families.get(session, actor, id)


async def owning(session: Transaction, actor: Actor, department_id: UUID) -> None:
    """The department may own families and cases for this actor. Raises Invalid when it does not exist, or Forbidden."""
    try:
        await municipalities.departments.get(session, actor, department_id, "own_cases")
    except NotFound:
        raise invalid("/owner_department_id", "unknown-reference", "unknown-reference") from None


async def add_member(session: Transaction, actor: Actor, family_id: UUID, wanted: MemberIn) -> Row:
    """A child or an adult of the family; with `login` the person can sign in. A child has a birth date, or Invalid."""
    await policies.families.get(session, actor, family_id, "add_member")
    if wanted.kind == "child" and wanted.birth_date is None:
        raise invalid("/birth_date", "required")
    _born(wanted.birth_date, actor)
    user_id = None if wanted.login is None else await _account(session, actor, wanted.login, wanted.name)
    values = wanted.model_dump(exclude={"login"})
    id = await add(session, actor, Member, family_id=family_id, user_id=user_id, created_at=actor.at, **values)
    await emit(session, actor, "member.added", id)
    return await policies.members.get(session, actor, id)


async def change_member(session: Transaction, actor: Actor, id: UUID, wanted: MemberPatch, condition: Condition) -> Row:
    """Change a member's details; null clears what may be empty."""
    await policies.members.get(session, actor, id, "change_member", condition)
    values = wanted.model_dump(exclude_unset=True)
    for required in ("relation", "name", "birth_date"):
        if required in values and values[required] is None:
            raise invalid(f"/{required}", "required")
    if "capability_notes" in values:  # content: who does not see it cannot overwrite it either
        await policies.members.get(session, actor, id, "note_capability")
    _born(values.get("birth_date"), actor)
    if values:
        await change(session, actor, Member, id, **values)
        await emit(session, actor, "member.changed", id)
    return await policies.members.get(session, actor, id)


async def give_custody(session: Transaction, actor: Actor, family_id: UUID, wanted: CustodyIn) -> Row:
    """Record custody of a child of the family by an adult of it (else Invalid); Conflict when periods overlap."""
    await policies.families.get(session, actor, family_id, "set_custody")
    if wanted.valid_until is not None and wanted.valid_until <= wanted.valid_from:
        raise invalid("/valid_until", "period-invalid", "period-invalid")
    kinds = await _kinds(session, actor, family_id)
    for field, kind in (("child_id", "child"), ("holder_id", "adult")):
        found = kinds.get(getattr(wanted, field))
        if found != kind:
            code = "member-not-in-family" if found is None else f"not-a-{kind}"
            raise invalid(f"/{field}", code, code)
    await _no_overlap(session, actor, wanted, wanted.valid_until)
    values = {"created_at": actor.at, "created_by": actor.user, **wanted.model_dump()}
    id = await add(session, actor, Custody, family_id=family_id, **values)
    await _tell_custody(session, actor, "custody.added", id, wanted.child_id)
    return await policies.custodies.get(session, actor, id, "set_custody")


async def end_custody(session: Transaction, actor: Actor, id: UUID, wanted: CustodyEnd, condition: Condition) -> Row:
    """The first day without custody. It bites on the next request from that day on."""
    custody = await policies.custodies.get(session, actor, id, "set_custody", condition)
    if wanted.valid_until < custody.valid_from or wanted.valid_until > (custody.valid_until or wanted.valid_until):
        raise invalid("/valid_until", "period-invalid", "period-invalid")
    await _no_overlap(session, actor, custody, wanted.valid_until, id)
    await change(session, actor, Custody, id, valid_until=wanted.valid_until)
    await _tell_custody(session, actor, "custody.ended", id, custody.child_id)
    return await policies.custodies.get(session, actor, id)


async def _tell_custody(session: Transaction, actor: Actor, event: str, id: UUID, child_id: UUID) -> None:
    """In each case of the child, for everybody in it to see: who has custody decides who sees the child's case."""
    own = columns(Case)
    its = select(own.id).where(own.municipality_id == actor.municipality, own.child_id == child_id).order_by(own.id)
    cases = list((await session.execute(its)).scalars())
    for case_id in cases or [None]:
        await emit(session, actor, event, id, case_id=case_id)


async def _kinds(session: Transaction, actor: Actor, family_id: UUID) -> dict[UUID, str]:
    own = columns(Member)
    found = select(own.id, own.kind).where(own.municipality_id == actor.municipality, own.family_id == family_id)
    return {row.id: row.kind for row in await session.execute(found)}


async def _no_overlap(
    session: Transaction, actor: Actor, period: Any, until: date | None, itself: UUID | None = None
) -> None:
    """No other custody of the same child by the same adult in the period. Raises Conflict."""
    own = columns(Custody)
    same = (own.municipality_id == actor.municipality, own.child_id == period.child_id)
    meets = or_(own.valid_until.is_(None), own.valid_until > period.valid_from)
    found = select(own.id).where(*same, own.holder_id == period.holder_id, meets)
    if until is not None:
        found = found.where(own.valid_from < until)
    if itself is not None:
        found = found.where(own.id != itself)
    if (await session.execute(found.limit(1))).first():
        raise Conflict("period-overlaps")


def _born(day: date | None, actor: Actor) -> None:
    if day is not None and day > actor.today:
        raise invalid("/birth_date", "future")


async def _account(session: Transaction, actor: Actor, login: Login, name: str) -> UUID:
    """The citizen account of a sign-in: found, or made. Raises Invalid when the sign-in belongs to staff."""
    own = columns(User)
    same = (own.municipality_id == actor.municipality, own.issuer == login.issuer, own.subject == login.subject)
    known = (await session.execute(select(own.id, own.kind).where(*same))).one_or_none()
    if known is None:
        values = {"issuer": login.issuer, "subject": login.subject, "active": True, "created_at": actor.at}
        return await add(session, actor, User, kind="citizen", name=name, **values)
    if known.kind != "citizen":
        raise invalid("/login", "unknown-reference", "unknown-reference")
    found: UUID = known.id
    return found
