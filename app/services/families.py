"""Families: registering them, their members, who may sign in as them, and who has custody (R20–R23, R35)."""

from collections.abc import Collection
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select

from app.cpr import Vault
from app.db import Row, Transaction, columns
from app.errors import Conflict, Flaw, Forbidden, NotFound, Refusal, invalid
from app.models import Case, Custody, Family, Member, User
from app.policy import families as policies
from app.policy import municipalities, users
from app.policy.actor import Actor
from app.policy.core import Page
from app.schemas.families import CustodyEnd, CustodyIn, FamilyIn, Login, MemberIn, MemberPatch, MemberSearch
from app.services import cpr, settling
from app.services.events import emit
from app.services.rows import add, change
from app.wire import Condition

HIDEABLE: Final = {
    "shows_details": {"address", "address_protected", "phone", "email"},
    "shows_identity": {"cpr_number", "birth_date"},  # a birth date that fits, or not, would tell of a hidden number
}
"""What a policy's column says that the reader sees; who does not see it cannot overwrite it either."""
CONTENT: Final = {"capability_notes", "employment"}


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


async def add_member(session: Transaction, actor: Actor, family_id: UUID, wanted: MemberIn, vault: Vault) -> Row:
    """A child or an adult of the family, or a person of its network; with `login` the person can sign in.

    A child has a birth date, only an adult an employment, and who named a person of the network is of the family; or
    Invalid. Raises Conflict when the CPR number or the sign-in is somebody's in the family already.
    """
    await policies.families.get(session, actor, family_id, "add_member")
    if wanted.kind == "child" and wanted.birth_date is None:
        raise invalid("/birth_date", "required")
    _born(wanted.birth_date, actor)
    _employed(wanted.employment, wanted.kind)
    await _named(session, actor, family_id, wanted)
    number = None if wanted.cpr_number is None else cpr.judged(wanted.cpr_number, actor)
    cpr.require_born(number, wanted.birth_date, "/cpr_number")
    user_id = None if wanted.login is None else await _account(session, actor, wanted.login, wanted.name, "/login")
    values = {"user_id": user_id, "login_changed_at": user_id and actor.at, "created_at": actor.at}
    values |= wanted.model_dump(exclude={"login", "cpr_number"})
    id = await add(session, actor, Member, family_id=family_id, **values)
    if number is not None:
        await change(session, actor, Member, id, **cpr.sealed(vault, actor, id, number))
    await emit(session, actor, "member.added", id)
    return await policies.members.get(session, actor, id)


async def change_member(
    session: Transaction, actor: Actor, id: UUID, wanted: MemberPatch, vault: Vault, condition: Condition
) -> Row:
    """Change a member's details; null clears what may be empty. Forbidden for what the actor does not see."""
    condition.demand()
    member = await policies.members.get(session, actor, id, "change_member")
    await _require_seen(session, actor, member, wanted.model_fields_set)
    condition.check(member)
    values = wanted.model_dump(exclude_unset=True, exclude={"cpr_number"})
    for required in ("relation", "name", "birth_date", "address_protected"):
        if required in values and values[required] is None:
            raise invalid(f"/{required}", "required")
    _born(values.get("birth_date"), actor)
    _employed(values.get("employment"), member.kind)
    values |= await _identified(session, actor, member, wanted, vault)
    if values:
        await change(session, actor, Member, id, **values)
        await emit(session, actor, "member.changed", id)
    if "birth_date" in values:  # who must sign a consent goes by age
        for consents in (await settling.about(session, actor, {id})).values():
            await settling.settle(session, actor, consents)
    return await policies.members.get(session, actor, id)


async def _require_seen(session: Transaction, actor: Actor, member: Row, fields: Collection[str]) -> None:
    """Raises Forbidden for a field that is hidden from the actor: a blind change would overwrite it."""
    hidden = (names for column, names in HIDEABLE.items() if not member[column])
    if any(names.intersection(fields) for names in hidden):
        raise Forbidden(refusal=Refusal("member", "change_member", member.id))
    if CONTENT.intersection(fields):
        await policies.members.get(session, actor, member.id, "note_capability")


async def _identified(
    session: Transaction, actor: Actor, member: Row, wanted: MemberPatch, vault: Vault
) -> dict[str, Any]:
    """The columns of a new CPR number. Raises Invalid when it, or the one that is kept, does not fit the birth date."""
    new = "cpr_number" in wanted.model_fields_set
    if not new:
        if wanted.birth_date is not None:
            number = await cpr.kept(session, actor, vault, member.id)
            cpr.require_born(number, wanted.birth_date, "/birth_date")
        return {}
    number = None if wanted.cpr_number is None else cpr.judged(wanted.cpr_number, actor)
    cpr.require_born(number, wanted.birth_date or member.birth_date, "/cpr_number")
    return cpr.sealed(vault, actor, member.id, number)


async def search(session: Transaction, actor: Actor, wanted: MemberSearch, vault: Vault) -> Page:
    """The members of exactly this CPR number whose identity a professional may see. Forbidden for everybody else."""
    await users.users.get(session, actor, actor.user, "search_members")
    index = vault.index(cpr.judged(wanted.cpr_number, actor), actor.municipality)
    return await policies.members.page(session, actor, cpr_index=index)


async def bind_login(session: Transaction, actor: Actor, id: UUID, wanted: Login, condition: Condition) -> Row:
    """From now on this sign-in is the person, and no other. Raises Invalid when the sign-in belongs to staff.

    All who have custody of the children concerned can see that it happened: it decides who reads their cases.
    """
    member = await policies.members.get(session, actor, id, "set_login", condition)
    user_id = await _account(session, actor, wanted, member.name, "/subject")
    own = columns(Member)
    others = (own.municipality_id == actor.municipality, own.family_id == member.family_id, own.id != id)
    if (await session.execute(select(own.id).where(*others, own.user_id == user_id))).first():
        raise Conflict("already-exists", Flaw("/subject", "already-exists"))
    return await _sign_in(session, actor, member, user_id)


async def unbind_login(session: Transaction, actor: Actor, id: UUID, condition: Condition) -> Row:
    """The person can no longer sign in; at once, since who a sign-in is, is asked for each request."""
    member = await policies.members.get(session, actor, id, "set_login", condition)
    return await _sign_in(session, actor, member, None) if member.has_login else member


async def _sign_in(session: Transaction, actor: Actor, member: Row, user_id: UUID | None) -> Row:
    await change(session, actor, Member, member.id, user_id=user_id, login_changed_at=actor.at)
    own = columns(Custody)
    held = (own.municipality_id == actor.municipality, own.holder_id == member.id, own.valid_from <= actor.today)
    still = or_(own.valid_until.is_(None), own.valid_until > actor.today)
    children = (await session.execute(select(own.child_id).where(*held, still))).scalars()
    await _tell(session, actor, "member.login_changed", member.id, {member.id, *children})
    return await policies.members.get(session, actor, member.id)


async def give_custody(session: Transaction, actor: Actor, family_id: UUID, wanted: CustodyIn) -> Row:
    """Record custody of a child of the family by an adult of it (else Invalid).

    Raises Conflict when the same adult has it already in the period, or when one of two has it alone.
    """
    await policies.families.get(session, actor, family_id, "set_custody")
    if wanted.valid_until is not None and wanted.valid_until <= wanted.valid_from:
        raise invalid("/valid_until", "period-invalid", "period-invalid")
    people = await members_of(session, actor, family_id)
    for field, kind, wrong in (("child_id", "child", "not-a-child"), ("holder_id", "adult", "not-an-adult")):
        found = people.get(getattr(wanted, field))
        if found is None or found.kind != kind:
            code = "member-not-in-family" if found is None else wrong
            raise invalid(f"/{field}", code, code)
    await _no_overlap(session, actor, wanted)
    values = {"created_at": actor.at, "created_by": actor.user, **wanted.model_dump()}
    id = await add(session, actor, Custody, family_id=family_id, **values)
    await _custody_changed(session, actor, "custody.added", id, wanted.child_id)
    return await policies.custodies.get(session, actor, id, "set_custody")


async def end_custody(session: Transaction, actor: Actor, id: UUID, wanted: CustodyEnd, condition: Condition) -> Row:
    """The first day without custody, which only moves forward. It bites on the next request from that day on.

    The consents about the child are settled: whose signature they take has changed, or will have on that day.
    """
    custody = await policies.custodies.get(session, actor, id, "set_custody", condition)
    if wanted.valid_until < custody.valid_from or wanted.valid_until > (custody.valid_until or wanted.valid_until):
        raise invalid("/valid_until", "period-invalid", "period-invalid")
    await change(session, actor, Custody, id, valid_until=wanted.valid_until)
    await _custody_changed(session, actor, "custody.ended", id, custody.child_id)
    return await policies.custodies.get(session, actor, id)


async def _custody_changed(session: Transaction, actor: Actor, event: str, id: UUID, child_id: UUID) -> None:
    """Told in each case of the child, and the consents about it settled: case by case, in one order, all locked before.

    Events of a case are counted: two who tell of many cases at once must come to them in the same order.
    """
    consents = await settling.about(session, actor, {child_id})
    its = await _cases_of(session, actor, {child_id})
    if not its:
        await emit(session, actor, event, id)
    for case_id in sorted({*its, *consents}):
        if case_id in its:
            await emit(session, actor, event, id, case_id=case_id)
        await settling.settle(session, actor, consents.get(case_id, ()))


async def _tell(session: Transaction, actor: Actor, event: str, id: UUID, children: Collection[UUID]) -> None:
    """In each case of the children, for everybody in it to see: custody and sign-ins decide who sees a child's case."""
    its: list[UUID | None] = [*await _cases_of(session, actor, children)]
    for case_id in its or [None]:
        await emit(session, actor, event, id, case_id=case_id)


async def _cases_of(session: Transaction, actor: Actor, children: Collection[UUID]) -> list[UUID]:
    """The cases of the children, in the order in which they are told of something."""
    own = columns(Case)
    its = select(own.id).where(own.municipality_id == actor.municipality, own.child_id.in_(children)).order_by(own.id)
    return list((await session.execute(its)).scalars())


async def members_of(session: Transaction, actor: Actor, family_id: UUID) -> dict[UUID, Any]:
    """Kind and birth date of everybody in the family, by id: what a relation or custody between them is judged on."""
    own = columns(Member)
    mine = (own.municipality_id == actor.municipality, own.family_id == family_id)
    found = await session.execute(select(own.id, own.kind, own.birth_date).where(*mine))
    return {row.id: row for row in found}


async def _no_overlap(session: Transaction, actor: Actor, wanted: CustodyIn) -> None:
    """In the period nobody has custody of the child twice, and nobody beside one who has it alone. Raises Conflict."""
    own = columns(Custody)
    same = (own.municipality_id == actor.municipality, own.child_id == wanted.child_id)
    found = select(own.holder_id, own.kind).where(
        *same, or_(own.valid_until.is_(None), own.valid_until > wanted.valid_from)
    )
    if wanted.valid_until is not None:
        found = found.where(own.valid_from < wanted.valid_until)
    beside = (await session.execute(found)).all()
    if any(row.holder_id == wanted.holder_id for row in beside):
        raise Conflict("period-overlaps", Flaw("/valid_from", "period-overlaps"))
    if beside and "sole" in {wanted.kind, *(row.kind for row in beside)}:
        raise Conflict("custody-not-joint", Flaw("/kind", "custody-not-joint"))


def _born(day: date | None, actor: Actor) -> None:
    if day is not None and day > actor.today:
        raise invalid("/birth_date", "future")


def _employed(employment: str | None, kind: str) -> None:
    if employment is not None and kind != "adult":
        raise invalid("/employment", "not-an-adult", "not-an-adult")


async def _named(session: Transaction, actor: Actor, family_id: UUID, wanted: MemberIn) -> None:
    """Who named a person of the network is a child or an adult of the family. Raises Invalid."""
    if wanted.named_by is None:
        return
    if wanted.kind != "network":
        raise invalid("/named_by", "not-here")
    who = (await members_of(session, actor, family_id)).get(wanted.named_by)
    if who is None or who.kind == "network":
        raise invalid("/named_by", "member-not-in-family", "member-not-in-family")


async def _account(session: Transaction, actor: Actor, login: Login, name: str, pointer: str) -> UUID:
    """The citizen account of a sign-in: found, or made. Raises Invalid when the sign-in belongs to staff."""
    own = columns(User)
    same = (own.municipality_id == actor.municipality, own.issuer == login.issuer, own.subject == login.subject)
    known = (await session.execute(select(own.id, own.kind).where(*same))).one_or_none()
    if known is None:
        values = {"issuer": login.issuer, "subject": login.subject, "active": True, "created_at": actor.at}
        return await add(session, actor, User, kind="citizen", name=name, **values)
    if known.kind != "citizen":
        raise invalid(pointer, "unknown-reference", "unknown-reference")
    found: UUID = known.id
    return found
