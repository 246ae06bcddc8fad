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
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    TEXT,
    BindParameter,
    ColumnElement,
    Select,
    Table,
    and_,
    any_,
    bindparam,
    case,
    func,
    insert,
    literal_column,
    null,
    select,
    true,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, array
from sqlalchemy.sql.selectable import CTE, FromClause

from app.db import Row, Transaction, new_id, table_of
from app.errors import Forbidden, NotFound, Refusal
from app.models import AccessLog
from app.policy.actor import ACTOR, Actor, Kind
from app.policy.rules import CLOSED, NO_ID, NO_TEXT, UUID_TYPE, Expression, Grant, Grants, empty, mine, word
from app.wire import Condition

LOG: Final = table_of(AccessLog)


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
    what a row belongs to, `member_id` which other person than the child it is about: the log row is readable by that.
    `scope` names the parameter that fixes the case or family of a list, `parent` the policy under which that is
    readable. `veiled` columns are NULL for readers whom their grant does not open to. `personal` is False only where
    no row speaks of a person: those reads are not logged. `lock` is the table to lock before an action is judged,
    with the column that leads there; `unlocked` are the actions that need none.
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
    case_id: ColumnElement[Any] | None = None
    family_id: ColumnElement[Any] | None = None
    member_id: ColumnElement[Any] | None = None
    scope: str | None = None
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
        self, session: Transaction, actor: Actor, id: UUID, action: str = "read", condition: Condition | None = None
    ) -> Row:
        """One row, logged under `action`. For an action, its aggregate's row is locked before it is judged.

        Raises PreconditionRequired without an If-Match where one is needed, NotFound when the row cannot be read,
        Forbidden when it can but the action is not open, PreconditionFailed when it changed since it was read.
        """
        if condition is not None:
            condition.demand()
        values = {**actor.parameters, "row_id": id}
        if action not in self.unlocked:
            await session.rows(lock_of(self), values)
        statement = one_of(self, actor.kind, action)
        found = await session.rows(statement, {**values, "log_id": new_id()})
        if not found:
            raise NotFound(refusal=Refusal(self.name, action, id))
        row = found[0]
        if not row.granted:
            raise Forbidden(refusal=Refusal(self.name, action, id, row.log_case))
        if action != "read":
            session.judged.append(Refusal(self.name, action, id, row.log_case))
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

    def base(self, kind: Kind, *extra: ColumnElement[Any]) -> Select[Any]:
        """Every statement of this policy begins here: the municipality, the read grant, and what the log needs."""
        read = self.grant(kind, "read")
        shown = [self._shown(name, column, kind).label(name) for name, column in self.columns.items()]
        about = {"log_case": self.case_id, "log_family": self.family_id, "log_member": self.member_id}
        logged = [(NO_ID if column is None else column).label(name) for name, column in about.items()]
        return (
            select(*shown, read.reason.label("log_rule"), *logged, *extra)
            .select_from(self.table if self.source is None else self.source)
            .where(mine(self.table), read.where)
        )

    def _shown(self, name: str, column: ColumnElement[Any], kind: Kind) -> ColumnElement[Any]:
        if name not in self.veiled:
            return column
        return case((self.veiled[name].get(kind, CLOSED).where, column), else_=null())


@cache
def page_of(policy: Policy, kind: Kind, filters: frozenset[str], after: bool) -> Select[Any]:
    """The statement of a list: built once, shared by all requests. At most five filters (each set is a plan)."""
    if len(filters) > 5:
        raise ValueError(f"{policy.name}: too many filters at once")
    key, cursor = policy.table.c.id, bindparam("page_after", type_=UUID_TYPE)
    beyond = (key < cursor if policy.newest_first else key > cursor) if after else true()
    wanted = [beyond, *(policy.filters[name] for name in sorted(filters))]
    if policy.scope not in filters:
        wanted.append(_candidate(policy, kind, wanted))
    found = (
        policy.base(kind)
        .where(*wanted)
        .order_by(key.desc() if policy.newest_first else key)
        .limit(bindparam("page_limit"))
        .cte("page")
    )
    scope = bindparam(policy.scope, type_=UUID_TYPE) if policy.scope in filters else None
    rows = select(found).order_by(found.c.id.desc() if policy.newest_first else found.c.id)
    return rows.add_cte(_log_of_list(policy, found, scope)) if policy.personal else rows


def _candidate(policy: Policy, kind: Kind, wanted: Sequence[Expression]) -> Expression:
    """The row is among the first that each allowing rule opens by itself; the whole grant is judged on those only.

    Without this PostgreSQL walks all of the municipality's rows to find a reader's few: an OR of rules has no index.
    """
    grant, key = policy.grant(kind, "read"), policy.table.c.id
    if len(grant.allow) < 2:
        return true()
    ground = next(one for one in (policy.judged_on, policy.source, policy.table) if one is not None)
    arms = [
        select(key)
        .select_from(ground)
        .where(mine(policy.table), Grant(grant.require, (rule,), grant.deny).where, *wanted)
        .order_by(key.desc() if policy.newest_first else key)
        .limit(bindparam("page_limit"))
        .subquery()
        for rule in grant.allow
    ]
    picked = union(*(select(arm.c.id) for arm in arms)).cte("picked")
    among: Expression = key == any_(func.array(select(picked.c.id).scalar_subquery()))
    return among


@cache
def one_of(policy: Policy, kind: Kind, action: str) -> Select[Any]:
    """The statement that reads one row by id, judges the action in the same breath, and logs it."""
    grant = policy.grant(kind, action)
    judged = (true(), NO_TEXT) if action == "read" else (grant.where, grant.reason)
    found = (
        policy.base(kind, judged[0].label("granted"), judged[1].label("action_rule"))
        .where(policy.table.c.id == bindparam("row_id"))
        .cte("page")
    )
    rows = select(found)
    return rows.add_cte(_log_of_one(policy, found, action)) if policy.personal else rows


@cache
def readable(policy: Policy, kind: Kind) -> Select[Any]:
    """Whether there is a row of this id that the kind of actor may read."""
    return policy.base(kind).where(policy.table.c.id == bindparam("row_id")).with_only_columns(literal_column("1"))


@cache
def first_of(policy: Policy, kind: Kind, filters: frozenset[str]) -> Select[Any]:
    """Whether a list has any row at all for the kind of actor."""
    wanted = (policy.filters[name] for name in sorted(filters))
    return policy.base(kind).where(*wanted).with_only_columns(literal_column("1")).limit(literal_column("1"))


@cache
def lock_of(policy: Policy) -> Select[Any]:
    """Lock the aggregate's row before deciding, so that two deciders see one another."""
    wanted: Any = bindparam("row_id", type_=UUID_TYPE)
    table = policy.table
    if policy.lock is not None:
        own = policy.table.c
        table, column = policy.lock
        wanted = select(column).where(own.municipality_id == ACTOR.municipality, own.id == wanted).scalar_subquery()
    return select(table.c.id).where(mine(table), table.c.id == wanted).with_for_update(key_share=True)


@cache
def explanation_of(policy: Policy, kind: Kind) -> Select[Any]:
    """For each action an array of the allowing rules that hold, empty where the grant is closed."""

    def opened_by(action: str) -> ColumnElement[Any]:
        grant = policy.grant(kind, action)
        names = [case((and_(grant.where, r.holds), word(r.name)), else_=null()) for r in grant.allow]
        return func.array_remove(array(names, type_=TEXT()), null())  # type: ignore[misc]

    return (
        select(*(opened_by(action).label(action) for action in ("read", *policy.actions)))
        .select_from(policy.table if policy.source is None else policy.source)
        .where(mine(policy.table), policy.table.c.id == bindparam("row_id"))
    )


def _log_of_list(policy: Policy, found: CTE, scope: BindParameter[UUID] | None) -> CTE:
    """One log row for a page, an empty one too; on a list across cases the cases stand beside the rows."""
    by_id = found.c.id.desc() if policy.newest_first else found.c.id
    scoped = scope is not None
    values = {
        "action": word("list"),
        "outcome": word("read"),
        "rules": _gathered(found.c.log_rule, by_id),
        "case_id": scope if scoped and policy.case_id is not None else NO_ID,
        "family_id": scope if scoped and policy.case_id is None else NO_ID,
        "case_ids": null() if scoped or policy.case_id is None else _gathered(found.c.log_case, by_id),
    }
    return _log_row(policy, found, by_id, values)


def _log_of_one(policy: Policy, found: CTE, action: str) -> CTE:
    reading = action == "read"
    first = {name: func.array_agg(found.c[name])[1] for name in ("log_case", "log_family")}
    values = {
        "action": word(action),
        "outcome": word("read" if reading else "write"),
        "rules": _gathered(found.c.log_rule if reading else func.coalesce(found.c.action_rule, word("")), found.c.id),
        "case_id": first["log_case"],
        "family_id": first["log_family"],
        "case_ids": null(),
    }
    return _log_row(policy, found, found.c.id, values)


def _gathered(column: ColumnElement[Any], order: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(func.array_agg(aggregate_order_by(column, order)), empty(column.type))


def _log_row(policy: Policy, found: CTE, order: ColumnElement[Any], values: Mapping[str, Any]) -> CTE:
    row = {
        **values,
        **asking(),
        "resource": word(policy.name),
        "resource_ids": _gathered(found.c.id, order),
        "member_ids": null() if policy.member_id is None else _gathered(found.c.log_member, order),
    }
    return insert(LOG).from_select(list(row), select(*row.values()).select_from(found)).cte("logged")


def asking() -> dict[str, ColumnElement[Any]]:
    """The columns of a log row that say who asked, when and as what."""
    return {
        "municipality_id": ACTOR.municipality,
        "id": bindparam("log_id", type_=UUID_TYPE),
        "at": ACTOR.at,
        "actor_id": ACTOR.user,
        "actor_kind": ACTOR.kind,
        "actor_roles": ACTOR.roles,
        "actor_departments": ACTOR.departments,
        "request_id": ACTOR.request_id,
        "purpose": ACTOR.purpose,
    }


REFUSED: Final = insert(LOG).values(
    **asking(),
    outcome="refused",
    rules=[""],
    action=bindparam("refused_action"),
    resource=bindparam("refused_resource"),
    resource_ids=bindparam("refused_rows", type_=ARRAY(UUID_TYPE)),
    case_id=bindparam("refused_case", type_=UUID_TYPE),
    code=bindparam("refused_code"),
)


async def log_refusal(session: Transaction, actor: Actor, refusal: Refusal, code: str) -> None:
    """Write down that somebody was refused. In a transaction of its own: the refused one was rolled back."""
    values = {
        "log_id": new_id(),
        "refused_action": refusal.action,
        "refused_resource": refusal.resource,
        "refused_rows": [refusal.row],
        "refused_case": refusal.case,
        "refused_code": code,
    }
    await session.rows(REFUSED, {**actor.parameters, **values})
