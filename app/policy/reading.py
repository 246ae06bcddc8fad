"""The rules of reading, asked about somebody else than the reader: the same expressions, with others put in.

There is no second implementation. Where a rule speaks of the actor by a bind parameter, a column of those who are
asked about is put in its place; so one constant statement tells which of them read which documents, and why.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import CTE, Column, ColumnElement, any_, false, func, null, select, union
from sqlalchemy import case as when
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BindParameter

from app.db import columns, table_of
from app.models import Assignment, Basis, Case, EmergencyAccess, Guest, Member, Position, Share, TeamMember, User
from app.policy.actor import ACTOR, KINDS
from app.policy.cases import INSIDE, case
from app.policy.documents import (
    BY_SHARE,
    covered,
    covers,
    document,
    documents,
    emergency_access,
    opened_now,
    stands_to_reader,
)
from app.policy.rules import UUID_TYPE, Expression, empty, is_one, mine, probed, word
from app.policy.sharing import notice_pending

user, position, member = columns(User), columns(Position), columns(Member)
basis, share, guest, emergency = columns(Basis), columns(Share), columns(Guest), columns(EmergencyAccess)
assignment, team = columns(Assignment), columns(TeamMember)
ALIKE: Final = frozenset(
    f"actor_{name}" for name in ("municipality", "at", "today", "youth_born_by", "adult_born_by", "coordinator_implied")
)
"""What is the same for every reader of a municipality at one instant."""
AT_WORK: Final = INSIDE.allow
"""The rules that ask of a reader and a case, and of nothing in it."""


def instead(holds: Any, others: Mapping[Any, Any], *, alike: frozenset[str] | None = None) -> Any:
    """The condition with other expressions in place of these parameters and columns of it.

    With `alike` no other parameter of the actor may be left in it: TypeError when it is built.
    """
    parameters = {one.key: other for one, other in others.items() if isinstance(one, BindParameter)}
    replaced = {one: other for one, other in others.items() if isinstance(one, Column)}

    def replace(element: Any, **_: Any) -> Any:
        if not isinstance(element, BindParameter):
            return replaced.get(element) if isinstance(element, Column) else None
        if alike is not None and element.key.startswith("actor_") and element.key not in {*parameters, *alike}:
            raise TypeError(f"{element.key} is not known of another reader")
        return parameters.get(element.key)

    return visitors.replacement_traverse(holds, {}, replace)


def told() -> Expression:
    """The basis is one that the reader may know of: the family learns of some later, for a documented reason."""
    return (ACTOR.kind != "citizen") | ~notice_pending()


def readers(*conditions: Expression) -> CTE:
    """Active accounts such that …, each with what the rules ask of a reader (`Actor`, `services/actors.py`).

    Worked out once in a statement: asked anew in each rule, for each document, it took most of the time.
    """
    person = table_of(User)
    held = _ids(position.department_id, position.user_id == user.id, position.ended_at.is_(None))
    themselves = _ids(member.id, member.user_id == user.id)
    outside = when((user.organisation_id.is_not(None), array([user.organisation_id])), else_=empty(UUID_TYPE))
    reach = func.array_cat(array([user.id]), func.array_cat(held, func.array_cat(outside, themselves)))
    return (
        select(
            user.id,
            user.kind,
            user.name,
            user.title,
            held.label("departments"),
            themselves.label("persons"),
            reach.label("recipients"),
        )
        .select_from(person)
        .where(mine(person), user.active, *conditions)
        .cte("reader")
        .prefix_with("materialized")
    )


def readers_in(case_id: Any, *conditions: Expression) -> CTE:
    """The same, each with which rules of work hold in this one case: so those are asked once, not for each document."""
    who = readers(*conditions)
    here = select(1).where(mine(table_of(Case)), case.id == case_id).correlate_except(table_of(Case))
    works = [here.where(of(who, one.holds)).exists().label(one.name) for one in AT_WORK]
    return select(*who.c, *works).cte("reader_in_case").prefix_with("materialized")


def on_case(case_id: Any) -> Expression:
    """The account has, or had, something to do with the case as a professional; the rules tell whether it does now."""
    parts = (
        select(assignment.user_id).where(mine(table_of(Assignment)), assignment.case_id == case_id),
        select(team.user_id).where(mine(table_of(TeamMember)), team.case_id == case_id),
        select(guest.user_id).where(mine(table_of(Guest)), guest.case_id == case_id),
    )
    return user.id == any_(func.array(union(*parts).scalar_subquery()))


def _ids(column: ColumnElement[Any], *conditions: Expression) -> ColumnElement[Any]:
    rows = select(column).distinct().where(mine(column.table), *conditions).correlate(table_of(User))
    return func.array(rows.scalar_subquery(), type_=ARRAY(UUID_TYPE))


def of(reader: Any, holds: Any) -> Any:
    """The condition, or value, asked about a reader as far as the asker may know of what opens."""
    known = {id(one.holds): reader.c[one.name] for one in AT_WORK if one.name in reader.c}
    holds = visitors.replacement_traverse(holds, {}, lambda element, **_: known.get(id(element)))
    others = {
        ACTOR.user: reader.c.id,
        ACTOR.kind: reader.c.kind,
        ACTOR.departments: reader.c.departments,
        ACTOR.persons: reader.c.persons,
        ACTOR.recipients: reader.c.recipients,
        basis.active_until: when((told(), basis.active_until), else_=null()),
    }
    return instead(probed(holds), others, alike=ALIKE)


def reads(reader: Any) -> Expression:
    """The reader may read the document now."""
    asked = [(reader.c.kind == kind, of(reader, documents.grant(kind, "read").where)) for kind in KINDS]
    return when(*asked, else_=false())


def why(reader: Any) -> ColumnElement[str]:
    """The name of the first rule by which the reader reads the document."""
    return when(*((reader.c.kind == kind, of(reader, documents.grant(kind, "read").reason)) for kind in KINDS))


def until(reader: Any, rule: ColumnElement[str]) -> ColumnElement[Any]:
    """When what the `rule` opens to the reader ends, as far as that is known; NULL where it has no end.

    Of several shares the one that lasts longest; a share ends with the first of the bases that it needs. A guest's
    access ends with the visit at the latest.
    """
    by_share = is_one(rule, *(one.name for one in BY_SHARE.allow))
    opened = when(
        (by_share, of(reader, _share_until())), (rule == word(emergency_access.name), of(reader, _emergency_until()))
    )
    return func.least(opened, when((of(reader, INSIDE.where), null()), else_=of(reader, _visit_until())))


def _share_until() -> ColumnElement[Any]:
    subject: Any = func.unnest(document.subjects).column_valued("subject")
    longest = select(func.max(basis.active_until)).where(mine(table_of(Basis)), covers(subject))
    first = select(func.min(longest.correlate_except(table_of(Basis)).scalar_subquery())).select_from(
        subject.scalar_alias
    )
    ends = first.correlate_except(subject.scalar_alias).scalar_subquery()
    rows = select(func.max(ends)).where(mine(table_of(Share)), stands_to_reader(), covered())
    return rows.correlate_except(table_of(Share)).scalar_subquery()


def _emergency_until() -> ColumnElement[Any]:
    rows = select(func.max(emergency.closes_at)).where(mine(table_of(EmergencyAccess)), opened_now())
    return rows.correlate_except(table_of(EmergencyAccess)).scalar_subquery()


def _visit_until() -> ColumnElement[Any]:
    here = (guest.case_id == case.id) & (guest.user_id == ACTOR.user)
    rows = select(func.max(guest.closes_at)).where(mine(table_of(Guest)), here, guest.opens_at <= ACTOR.at)
    return rows.correlate_except(table_of(Guest)).scalar_subquery()
