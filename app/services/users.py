"""Accounts of professionals and services, the positions they hold, and what an adviser is given to do."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select, update

from app.db import Row, Transaction, columns, table_of
from app.errors import Conflict, Forbidden, NotFound, Refusal, invalid
from app.models import Case, Department, Position, User
from app.policy import users as policies
from app.policy.actor import Actor
from app.policy.cases import LEADING_ROLES, held_by, without_contact
from app.policy.organisations import organisations
from app.policy.rules import UUID_TYPE, mine
from app.schemas.users import NormIn, PositionIn, UserIn, UserPatch
from app.services.events import emit
from app.services.municipalities import administering, settings_now
from app.services.rows import add, add_all, change, end_of
from app.wire import Condition

user, position, case = columns(User), columns(Position), columns(Case)

PERSONAL: Final = ("profession", "organisation_id", "paragraph_sets", "competences", "absent_until")
"""What an IT system has not."""
PART: Final = {"positions", "profession", "active", "organisation_id", "paragraph_sets", "competences"}
"""What nobody decides about herself."""

UNANSWERED: Final = (
    select(case.id)
    .where(mine(table_of(Case)), case.id == held_by(bindparam("user_id", type_=UUID_TYPE), *LEADING_ROLES))
    .where(without_contact())
    .order_by(case.id)
)


async def add_user(session: Transaction, actor: Actor, wanted: UserIn) -> Row:
    """An account for a professional or a service. Administrators only. Raises Conflict when the sign-in has one."""
    await administering(session, actor)
    if wanted.kind == "citizen":
        raise invalid("/kind", "citizen-with-family", "citizen-with-family")
    await _described(session, actor, wanted.kind, wanted)
    if wanted.organisation_id is not None and wanted.positions:
        raise invalid("/positions", "employed-outside", "employed-outside")
    values = wanted.model_dump(mode="python", exclude={"positions", "competences"})
    id = await add(session, actor, User, active=True, created_at=actor.at, competences=_competences(wanted), **values)
    await _hold(session, actor, id, wanted.positions)
    await emit(session, actor, "user.created", id)
    return await policies.users.get(session, actor, id)


async def change_user(session: Transaction, actor: Actor, id: UUID, wanted: UserPatch, condition: Condition) -> Row:
    """Change an account or its positions. Who is made inactive is shut out from the next request on.

    Emits `case.contact_unavailable` in each open case that is left without its family's contact. Raises Conflict when
    no active administrator would be left.
    """
    condition.demand()
    await lock_administrators(session, actor)
    current = await policies.users.get(session, actor, id, "configure", condition)
    if id == actor.user and wanted.model_fields_set & PART:
        raise Forbidden(refusal=Refusal("user", "configure", id))  # nobody gives herself a part
    await _described(session, actor, current.kind, wanted)
    _employed_once(current, wanted)
    before = await _unanswered(session, actor, id)
    await _carry_out(session, actor, id, wanted)
    await somebody_administers(session, actor)
    await emit(session, actor, "user.changed", id)
    for case_id in await _unanswered(session, actor, id):
        if case_id not in before:
            await emit(session, actor, "case.contact_unavailable", case_id, case_id=case_id)
    return await policies.users.get(session, actor, id)


async def _carry_out(session: Transaction, actor: Actor, id: UUID, wanted: UserPatch) -> None:
    """Write what is named; new positions end the old ones, which are kept. Raises Invalid for what cannot be empty."""
    values = wanted.model_dump(exclude_unset=True, exclude={"positions", "competences"})
    for required in ("name", "active", "paragraph_sets"):
        if required in values and values[required] is None:
            raise invalid(f"/{required}", "required")
    if "competences" in wanted.model_fields_set:
        values["competences"] = _competences(wanted)
    if values:
        await change(session, actor, User, id, **values)
    if wanted.positions is not None:
        held = (position.municipality_id == actor.municipality) & (position.user_id == id)
        ended = update(table_of(Position)).where(held, position.ended_at.is_(None))
        await session.execute(ended.values(ended_at=end_of(actor, position.started_at)))
        await _hold(session, actor, id, wanted.positions)


async def set_norm(session: Transaction, actor: Actor, id: UUID, wanted: NormIn, condition: Condition) -> Row:
    """How many cases this adviser can have, and why it is not the municipality's norm (R125); two nulls end it.

    By the head of a department where the adviser works, or an administrator; never by oneself.
    """
    current = await policies.users.get(session, actor, id, "set_norm", condition)
    if current.kind != "professional":
        raise invalid("/max", "only-professionals")
    if (wanted.max is None) != (wanted.reason is None):
        raise invalid("/max" if wanted.max is None else "/reason", "required")
    await change(session, actor, User, id, caseload_max=wanted.max, caseload_reason=wanted.reason)
    await emit(session, actor, "user.changed", id)
    return await policies.users.get(session, actor, id)


async def professional(session: Transaction, actor: Actor, user_id: UUID, department_id: UUID) -> str:
    """The profession of an active professional who works in the department named. Raises Invalid otherwise.

    Somebody employed outside works in no department here (R18).
    """
    here = (user.municipality_id == actor.municipality) & (user.id == user_id) & user.active
    found = (await session.execute(select(user.profession, user.organisation_id).where(here))).one_or_none()
    if found is None or found.profession is None:
        raise invalid("/user_id", "not-a-professional", "not-a-professional")
    if found.organisation_id is not None:
        raise invalid("/user_id", "employed-outside", "employed-outside")
    held = (position.municipality_id == actor.municipality) & (position.user_id == user_id)
    there = held & position.ended_at.is_(None) & (position.department_id == department_id)
    if (await session.execute(select(position.id).where(there).limit(1))).first() is None:
        raise invalid("/department_id", "not-in-department", "not-in-department")
    profession: str = found.profession
    return profession


def back_at_work(actor: Actor, day: date | None) -> None:
    """The first day back lies ahead. Raises Invalid for a day that has been."""
    if day is not None and day < actor.today:
        raise invalid("/absent_until", "past")


async def _described(session: Transaction, actor: Actor, kind: str, wanted: UserIn | UserPatch) -> None:
    """What is said of the account can be said of its kind, and names what exists here. Raises Invalid."""
    if kind != "professional":
        _only_a_service(wanted)
    back_at_work(actor, wanted.absent_until)
    if wanted.organisation_id is not None:
        await _employer(session, actor, wanted.organisation_id)
    sets = wanted.paragraph_sets or ()
    known = (await settings_now(session, actor)).team.paragraph_sets if sets else ()
    for number, one in enumerate(sets):
        if one not in known:
            raise invalid(f"/paragraph_sets/{number}", "paragraph-set-not-used", "paragraph-set-not-used")


def _only_a_service(wanted: UserIn | UserPatch) -> None:
    """A service has no profession, acts for a department and leads none. Raises Invalid for what is a person's."""
    for field in PERSONAL:
        if getattr(wanted, field):
            raise invalid(f"/{field}", "only-professionals")
    for number, one in enumerate(wanted.positions or ()):
        if one.role != "member":
            raise invalid(f"/positions/{number}/role", "only-professionals")


async def _employer(session: Transaction, actor: Actor, id: UUID) -> None:
    """The outside organisation is known here, and in use. Raises Invalid otherwise."""
    try:
        found = await organisations.get(session, actor, id)
    except NotFound:
        found = None
    if found is None or not found.active:
        raise invalid("/organisation_id", "unknown-reference", "unknown-reference")


def _employed_once(current: Row, wanted: UserPatch) -> None:
    """Who is employed outside holds no position here (R18), as things will be. Raises Invalid."""
    sent = "organisation_id" in wanted.model_fields_set
    outside = wanted.organisation_id if sent else current.organisation_id
    positions = current.positions if wanted.positions is None else wanted.positions
    if outside is not None and positions:
        pointer = "/organisation_id" if wanted.positions is None else "/positions"
        raise invalid(pointer, "employed-outside", "employed-outside")


def _competences(wanted: UserIn | UserPatch) -> dict[str, Any] | None:
    return None if wanted.competences is None else wanted.competences.model_dump(mode="json")


async def _unanswered(session: Transaction, actor: Actor, id: UUID) -> list[UUID]:
    """The open cases where this person is the family's one contact, and cannot be reached."""
    return [row.id for row in await session.rows(UNANSWERED, {**actor.parameters, "user_id": id})]


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


async def lock_administrators(session: Transaction, actor: Actor) -> None:
    """One at a time: two administrators who remove one another must see each other."""
    theirs = (position.municipality_id == actor.municipality) & (position.role == "administrator")
    held = select(position.id).where(theirs, position.ended_at.is_(None)).order_by(position.id)
    await session.execute(held.with_for_update())


async def somebody_administers(session: Transaction, actor: Actor) -> None:
    """The municipality keeps an active administrator, or nobody could ever change anything again."""
    here = (user.municipality_id == position.municipality_id) & (user.id == position.user_id)
    administers = (position.municipality_id == actor.municipality) & (position.role == "administrator")
    able = position.ended_at.is_(None) & user.active & (user.kind == "professional")
    left = select(position.id).select_from(table_of(Position).join(table_of(User), here)).where(administers, able)
    if (await session.execute(left.limit(1))).first() is None:
        raise Conflict("last-administrator")
