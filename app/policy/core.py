"""Who may see and do what: the mechanism. The rules themselves stand in the other modules of this package.

A rule is a named, constant SQL expression over the actor's parameters. A grant opens when all it requires, one of
what it allows and none of what it denies hold. A policy gives, from the same expressions, the only ways to read:
`page` (a list), `get` (one row, for reading or before an action) and `explain` (why). Each reads and logs in one
statement; a read that cannot be logged is refused with it. There is no second implementation, and no filter after.

Statements are built once per (policy, kind of actor, filters) and never touched again: nobody calls `.where` on
one. Every table in a rule carries `municipality_id = ACTOR.municipality`; `some` and `those` see to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table
from sqlalchemy.sql.selectable import FromClause

from app.db import Row, Transaction, new_id
from app.errors import Forbidden, NotFound, Refusal
from app.policy.actor import Actor, Kind
from app.policy.records import REFUSED
from app.policy.rules import CLOSED, Expression, Grant, Grants
from app.policy.screens import Parts, screen_of
from app.policy.statements import (
    explanation_of,
    first_of,
    lock_of,
    one_of,
    open_to,
    page_of,
    readable,
)
from app.wire import Condition


@dataclass(frozen=True)
class Page:
    """What a list gives: rows in order, and the id after which the next page begins (None at the end)."""

    items: Sequence[Row]
    next: UUID | None


@dataclass(frozen=True, eq=False)
class Policy:
    """Who may read a resource, and do what with it.

    `name` is the resource in the log and in events. `source` is the table, or a join from it, that `columns` are
    taken from; `judged_on` the smaller one that its rules and filters are content with. `case_id` and `family_id` say
    what a row belongs to, `member_id` which other person than the child it is about: the log row is readable by that;
    `basis_id` the consent or statutory basis that opens it, which is asked where one of `on_basis` does.
    `scope` names the parameter that fixes the case or family of a list, `parent` the policy under which that is
    readable; `narrow` are other filters that leave few rows: each is judged by itself. Without any of them the rows in
    the cases of `reach` (their ids as an array, by kind of actor) are looked at, newest first. `veiled` columns are
    NULL for readers whom their grant does not open to; `seen_as` are those that a kind of reader sees in another way.
    `personal` is False only where no row speaks of a person: those reads are not logged. `lock` is the table to lock
    before an action is judged, with the column that leads there; `unlocked` are the actions that need none.
    """

    name: str
    table: FromClause
    columns: Mapping[str, ColumnElement[Any]]
    read: Grants
    actions: Mapping[str, Grants] = field(default_factory=dict)
    source: FromClause | None = None
    judged_on: FromClause | None = None
    filters: Mapping[str, Expression] = field(default_factory=dict)
    veiled: Mapping[str, Grants] = field(default_factory=dict)
    seen_as: Mapping[tuple[str, Kind], ColumnElement[Any]] = field(default_factory=dict)
    case_id: ColumnElement[Any] | None = None
    family_id: ColumnElement[Any] | None = None
    member_id: ColumnElement[Any] | None = None
    basis_id: ColumnElement[Any] | None = None
    scope: str | None = None
    narrow: frozenset[str] = frozenset()
    reach: Mapping[Kind, ColumnElement[Any]] = field(default_factory=dict)
    on_basis: Grant = CLOSED
    parent: "Policy | None" = None
    lock: tuple[Table, ColumnElement[Any]] | None = None
    unlocked: frozenset[str] = frozenset({"read"})
    personal: bool = True
    newest_first: bool = True

    async def page(
        self, session: Transaction, actor: Actor, *, limit: int = 50, after: UUID | None = None, **filters: Any
    ) -> Page:
        """The readable rows that match every filter given (None is "not given"), newest first unless said otherwise.

        Raises NotFound when the list lies in a case or family that the actor may not read.
        """
        given = {name: value for name, value in filters.items() if value is not None}
        statement = page_of(self, actor.kind, frozenset(given), after is not None)
        values = {**actor.parameters, **given, "log_id": new_id(), "page_limit": limit}
        rows = await session.rows(statement, values if after is None else {**values, "page_after": after})
        if not rows and self.parent is not None and self.scope in given:
            await self._require_scope(session, actor, given, began=after is not None)
        return Page(rows, rows[-1].id if len(rows) == limit else None)

    async def get(
        self,
        session: Transaction,
        actor: Actor,
        id: UUID,
        action: str = "read",
        condition: Condition | None = None,
        *,
        about: UUID | None = None,
    ) -> Row:
        """One row, logged under `action`. For an action, its aggregate's row is locked before it is judged.

        `about` names the person whom an action on a case or family concerns, where it is one alone: the log row is
        then readable by that, as those of a policy with a `member_id` are.

        Raises PreconditionRequired without an If-Match where one is needed, NotFound when the row cannot be read,
        Forbidden when it can but the action is not open, PreconditionFailed when it changed since it was read.
        """
        if condition is not None:
            condition.demand()
        values = {**actor.parameters, "row_id": id, "about_member": about}
        if action not in self.unlocked:
            await session.rows(lock_of(self), values)
        statement = one_of(self, actor.kind, action)
        found = await session.rows(statement, {**values, "log_id": new_id()})
        if not found:
            raise NotFound(refusal=Refusal(self.name, action, id))
        row = found[0]
        refusal = Refusal(self.name, action, id, row.log_case, row.log_member or about)
        if not row.granted:
            raise Forbidden(refusal=refusal)
        if action != "read":
            session.judged.append(refusal)
        if condition is not None:
            condition.check(row)
        return row

    async def _require_scope(self, session: Transaction, actor: Actor, given: Mapping[str, Any], began: bool) -> None:
        """An empty page is told only to those who may read what it lies in, or who came by the pages before it."""
        assert self.parent is not None and self.scope is not None  # noqa: S101, PT018 - asked by the caller
        if began and await session.rows(first_of(self, actor.kind, frozenset(given)), {**actor.parameters, **given}):
            return
        await self.parent.require(session, actor, given[self.scope])

    async def require(self, session: Transaction, actor: Actor, id: UUID) -> None:
        """Raises NotFound unless the actor may read the row; hands out nothing, so there is nothing to log."""
        if not await session.rows(readable(self, actor.kind), {**actor.parameters, "row_id": id}):
            raise NotFound(refusal=Refusal(self.name, "read", id))

    async def judge(self, session: Transaction, actor: Actor, id: UUID, action: str) -> None:
        """Whether an action would be open now; hands out nothing, so nothing is logged, and locks nothing.

        For what takes long to come: it is judged again, and logged, where it is carried out. Raises NotFound and
        Forbidden.
        """
        found = await session.rows(open_to(self, actor.kind, action), {**actor.parameters, "row_id": id})
        if not found:
            raise NotFound(refusal=Refusal(self.name, action, id))
        if not found[0].granted:
            raise Forbidden(refusal=Refusal(self.name, action, id, found[0].log_case, found[0].log_member))

    async def explain(self, session: Transaction, actor: Actor, id: UUID) -> Mapping[str, Sequence[str]]:
        """For `read` and each action, the names of the rules that open it (none: closed). NotFound when unreadable."""
        await self.get(session, actor, id)
        statement = explanation_of(self, actor.kind)
        (row,) = await session.rows(statement, {**actor.parameters, "row_id": id})
        return dict(row)

    def grant(self, kind: Kind, action: str) -> Grant:
        """The grant of an action for a kind of actor: closed unless stated. An unknown action is a KeyError."""
        grants = self.read if action == "read" else self.actions[action]
        return grants.get(kind, CLOSED)

    def order(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """The order of the lists, by this column of ids."""
        return column.desc() if self.newest_first else column

    @property
    def joined(self) -> FromClause:
        """What the columns are read from."""
        return self.table if self.source is None else self.source

    @property
    def ground(self) -> FromClause:
        """What the rules are content with."""
        return self.joined if self.judged_on is None else self.judged_on


class Line(dict[str, Any]):
    """A row of a screen: its columns by name, as attributes and under `_mapping`, as those of a `Row`."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def _mapping(self) -> dict[str, Any]:
        return self


async def screen(session: Transaction, actor: Actor, parts: Parts, **given: Any) -> dict[str, list[Line]]:
    """Several lists in one statement, each judged and logged by its own policy. What is unreadable is empty."""
    statement, names = screen_of(actor.kind, parts)
    ids = {f"{name}_log_id": new_id() for name, _ in parts}
    (row,) = await session.rows(statement, {**actor.parameters, **given, **ids})
    return {name: [Line(zip(names[name], one, strict=True)) for one in row[name]] for name, _ in parts}


async def log_refusal(session: Transaction, actor: Actor, refusal: Refusal, code: str, *, failed: bool) -> None:
    """Write down that somebody was refused, or that what was open to them could not be done as things stand (409, 412).

    In a transaction of its own: the other was rolled back.
    """
    values = {
        "log_id": new_id(),
        "refused_outcome": "failed" if failed else "refused",
        "refused_action": refusal.action,
        "refused_resource": refusal.resource,
        "refused_rows": [refusal.row],
        "refused_case": refusal.case,
        "refused_members": None if refusal.member is None else [refusal.member],
        "refused_code": code,
    }
    await session.rows(REFUSED, {**actor.parameters, **values})
