"""Statements: what a member of the family says in their own words, and who reads it (R180, R299, R316)."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.db import Row, Transaction, columns
from app.errors import Forbidden, Refusal, invalid
from app.models import Member, Statement, StatementVersion
from app.policy import voices as policies
from app.policy.actor import Actor
from app.policy.cases import cases
from app.policy.core import Page
from app.schemas.statements import StatementIn, StatementPatch, Words
from app.services.calendar import birthday_limit
from app.services.casework import require_member, require_open, require_open_around, require_unsealed
from app.services.events import emit
from app.services.municipalities import settings_now
from app.services.rows import add, change
from app.wire import Condition


async def make(session: Transaction, actor: Actor, case_id: UUID, wanted: StatementIn) -> Row:
    """Say something in a case in one's own words, or write down what somebody of the family told.

    Emits `statement.made`, about its author alone. Raises Invalid for another's words by a citizen, for an author who
    is not of the family, where nobody says how it was told, and for a reader by custody of somebody of age. Raises
    Conflict in a closed case, and in a restricted one, where nobody could read it.
    """
    case = await cases.get(session, actor, case_id, "make_statement", about=wanted.author_id)
    given = _given(actor, wanted)
    author = await _author(session, actor, case, wanted.author_id)
    for_custody = await _for_custody(session, actor, author, wanted)
    require_open(case)
    require_unsealed(case)
    stamped = {"created_at": actor.at, "created_by": actor.user, "version": 1}
    said = {"title": wanted.title, "audience": wanted.audience, "for_custody": for_custody}
    id = await add(session, actor, Statement, case_id=case_id, author_id=author.id, **said, **stamped)
    await _keep(session, actor, id, 1, wanted, given)
    await emit(session, actor, "statement.made", id, case_id=case_id, member_id=author.id)
    return await policies.statements.get(session, actor, id)


async def add_words(session: Transaction, actor: Actor, id: UUID, wanted: Words) -> Row:
    """Say it anew, beside what was said before: nothing is overwritten. Emits `statement.added_to`.

    Raises Forbidden for everybody but the author, and the professional who wrote down what a child told.
    """
    statement = await policies.statements.get(session, actor, id, "add_words")
    given = _given(actor, wanted)
    require_open_around(statement)
    await _keep(session, actor, id, statement.version + 1, wanted, given)
    await change(session, actor, Statement, id, version=statement.version + 1)
    await _tell(session, actor, "statement.added_to", statement)
    return await policies.statements.get(session, actor, id)


async def set_scope(session: Transaction, actor: Actor, id: UUID, wanted: StatementPatch, condition: Condition) -> Row:
    """Choose anew who reads it, on the next request: also in a closed case, since it stays its author's (R299).

    Kept for the author alone, it is kept from those with custody too. Emits `statement.scope_changed`.
    """
    statement = await policies.statements.get(session, actor, id, "set_scope", condition)
    values = wanted.model_dump(exclude_unset=True)
    for field, value in values.items():
        if value is None:
            raise invalid(f"/{field}", "required")
    if values.get("audience") == "author":
        values.setdefault("for_custody", False)
    meant = {"audience": statement.audience, "for_custody": statement.for_custody, **values}
    _fits(statement.author_kind, **meant)
    if values:
        await change(session, actor, Statement, id, **values)
        await _tell(session, actor, "statement.scope_changed", statement)
    return await policies.statements.get(session, actor, id)


async def statements(session: Transaction, actor: Actor, case_id: UUID | None = None, **page: Any) -> Page:
    return await policies.statements.page(session, actor, case_id=case_id, **page)


async def versions(session: Transaction, actor: Actor, id: UUID, **page: Any) -> Page:
    return await policies.statement_versions.page(session, actor, statement_id=id, **page)


def _given(actor: Actor, wanted: Words) -> str:
    """Written by a citizen; told to a professional, who says how. Raises Invalid."""
    if actor.kind == "citizen":
        if wanted.given is not None:
            raise invalid("/given", "not-here")
        return "written"
    if wanted.given is None:
        raise invalid("/given", "required")
    return wanted.given


async def _author(session: Transaction, actor: Actor, case: Row, author_id: UUID | None) -> Any:
    """Whose words they are: a citizen's own; a professional says whose. Raises Invalid."""
    if actor.kind == "citizen":
        own = await _self(session, actor, case)
        if author_id not in (None, own):
            raise invalid("/author_id", "not-yourself")
        author_id = own
    elif author_id is None:
        raise invalid("/author_id", "required")
    return await require_member(session, actor, case, author_id, "/author_id")


async def _self(session: Transaction, actor: Actor, case: Row) -> UUID:
    """The member of this family that the citizen is."""
    own = columns(Member)
    mine = (own.municipality_id == actor.municipality, own.family_id == case.family_id, own.user_id == actor.user)
    found: UUID | None = (await session.execute(select(own.id).where(*mine))).scalar_one_or_none()
    if found is None:
        raise Forbidden(refusal=Refusal("case", "make_statement", case.id, case.id))
    return found


async def _for_custody(session: Transaction, actor: Actor, author: Any, wanted: StatementIn) -> bool:
    """Whether those with custody read it: as was said; else where a child is too young to be heard by itself."""
    if wanted.for_custody is not None:
        _fits(author.kind, wanted.audience, wanted.for_custody)
        return wanted.for_custody
    if author.kind != "child" or wanted.audience == "author":
        return False
    age = (await settings_now(session, actor)).consent.child_voice_age
    return bool(author.birth_date > birthday_limit(actor.today, age))


def _fits(author_kind: str, audience: str, for_custody: bool) -> None:
    """Custody is of a child, and what is for the author alone is for nobody else. Raises Invalid."""
    if for_custody and (author_kind != "child" or audience == "author"):
        raise invalid("/for_custody", "not-here")


async def _keep(session: Transaction, actor: Actor, id: UUID, number: int, wanted: Words, given: str) -> None:
    words = {"body": wanted.body, "language": wanted.language, "given": given}
    recorded = {"recorded_at": actor.at, "recorded_by": actor.user}
    await add(session, actor, StatementVersion, statement_id=id, number=number, **words, **recorded)


async def _tell(session: Transaction, actor: Actor, event: str, statement: Row) -> None:
    """To the author, and to those who read the words: never to a parent, whose child may not want it known."""
    await emit(session, actor, event, statement.id, case_id=statement.case_id, member_id=statement.author_id)
