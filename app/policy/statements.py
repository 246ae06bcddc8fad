"""The statements of a policy: built once per (policy, kind of actor, filters), shared by all requests.

Nobody calls `.where` on one afterwards. A rule is asked once for a row: its answer is a bit in `rules`, from which the
reason in the log, the veils and the actions are told. Where a list begins from nothing but the reader (`_picked`), each
allowing rule finds its own first rows by an index, and nothing is asked of all the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    INTEGER,
    ColumnElement,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    false,
    func,
    literal_column,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import TEXT, array
from sqlalchemy.sql.selectable import CTE

from app.policy.actor import ACTOR, Kind
from app.policy.records import logged, of_list, of_one
from app.policy.rules import (
    CLOSED,
    NO_ID,
    NO_TEXT,
    UUID_TYPE,
    Expression,
    Grant,
    Rule,
    answered,
    is_one,
    mine,
    probed,
    reads_from,
    recurring,
    sought,
    word,
)

if TYPE_CHECKING:
    from app.policy.core import Policy

NOTHING: Final = literal_column("0", INTEGER)
NONE: Final = MappingProxyType[int, ColumnElement[Any]]({})


@dataclass(frozen=True)
class Opened:
    """Which of the allowing rules of a grant hold for a row, as bits; and what was answered beneath them."""

    grant: Grant
    rules: ColumnElement[int]
    answers: Mapping[int, ColumnElement[Any]] = field(default_factory=lambda: NONE)

    @property
    def at_all(self) -> Expression:
        return self.rules != NOTHING

    def by(self, grant: Grant) -> Expression:
        """Whether another grant opens too: told from the bits where its rules are among these, asked where not."""
        if not _in_bits(grant, self.grant):
            return answered(probed(grant.where), self.answers)
        bits = sum(1 << n for n, own in enumerate(self.grant.allow) if any(own is r for r in grant.allow))
        return self.rules.bitwise_and(literal_column(str(bits), INTEGER)) != NOTHING if bits else false()

    def reason_of(self, grant: Grant) -> ColumnElement[str]:
        """The name of the first of a grant's allowing rules that holds."""
        return _first_of((self.by(Grant(allow=(r,))), r) for r in grant.allow)


def _in_bits(grant: Grant, of: Grant) -> bool:
    """Whether a grant can be told from the bits of another: it has no conditions of its own, and only rules of it."""
    return not (grant.require or grant.deny) and all(any(own is r for own in of.allow) for r in grant.allow)


def _first_of(asked: Any) -> ColumnElement[str]:
    named = [(holds, word(r.name)) for holds, r in asked]
    return case(*named, else_=null()) if named else word("")


def _bit(number: int) -> ColumnElement[int]:
    return literal_column(str(1 << number), INTEGER)


@dataclass(frozen=True)
class Once:
    """Questions that are asked once: to be joined to the rows that they are put to, with the answers by their `id`.

    What is around the rows is asked before them, so that PostgreSQL can ask it once for all that have it in common.
    """

    asked: tuple[Any, ...]
    answers: Mapping[int, ColumnElement[Any]]

    @classmethod
    def of(cls, conditions: Sequence[Expression], ground: FromClause, row: FromClause) -> "Once":
        found = recurring(map(probed, conditions), ground, row)
        around = [one for one in found if id(row) not in reads_from(one)]
        near = [one for one in found if id(row) in reads_from(one)]
        asked, answers = [], dict[int, ColumnElement[Any]]()
        for name, questions in (("around", around), ("asked", near)):
            if questions:
                labelled = (answered(one, answers).label(f"{name}_{n}") for n, one in enumerate(questions))
                asked.append(select(*labelled).correlate_except(None).offset(NOTHING).lateral(name))
                answers |= {id(one): answer for one, answer in zip(questions, asked[-1].c, strict=True)}
        return cls(tuple(asked), answers)

    def beside(self, ground: FromClause) -> FromClause:
        for one in self.asked:
            ground = ground.join(one, true())
        return ground


def _asked(policy: "Policy", kind: Kind, ground: FromClause) -> tuple[FromClause, Opened]:
    """The rows with the bits of each, asked there and then; OFFSET 0 keeps PostgreSQL from asking again where used.

    Before them, once each, what the grant and the veils ask more than once, or of what is around the rows.
    """
    grant = policy.grant(kind, "read")
    veils = [one.get(kind, CLOSED) for one in policy.veiled.values()]
    conditions = [*(r.holds for r in grant.rules), *(veil.where for veil in veils if not _in_bits(veil, grant))]
    once = Once.of(conditions, policy.joined, policy.table)
    rules: ColumnElement[int] = NOTHING
    for n, r in enumerate(grant.allow):
        rules = rules.bitwise_or(case((answered(probed(r.holds), once.answers), _bit(n)), else_=NOTHING))
    bits = select(rules.label("rules")).correlate_except(None).offset(NOTHING).lateral("opened")
    return once.beside(ground).join(bits, true()), Opened(grant, bits.c.rules, once.answers)


def base(policy: "Policy", kind: Kind, opened: Opened, source: FromClause, *extra: ColumnElement[Any]) -> Select[Any]:
    """The columns of a policy as this kind of actor sees them, with what the log needs."""
    about = {"log_case": policy.case_id, "log_family": policy.family_id, "log_member": policy.member_id}
    if policy.basis_id is not None:
        first = opened.reason_of(policy.grant(kind, "read"))
        about["log_basis"] = case(
            (is_one(first, *(r.name for r in policy.on_basis.allow)), policy.basis_id), else_=NO_ID
        )
    shown = [_shown(policy, name, kind, opened).label(name) for name in policy.columns]
    logged = [(NO_ID if column is None else column).label(name) for name, column in about.items()]
    reason = opened.reason_of(policy.grant(kind, "read")).label("log_rule")
    return select(*shown, reason, *logged, *extra).select_from(source)


def _shown(policy: "Policy", name: str, kind: Kind, opened: Opened) -> ColumnElement[Any]:
    column = policy.seen_as.get((name, kind), policy.columns[name])
    if name not in policy.veiled:
        return column
    return case((opened.by(policy.veiled[name].get(kind, CLOSED)), column), else_=null())


def judged(policy: "Policy", kind: Kind, *extra: Any) -> Select[Any]:
    """The rows of a policy that the kind of actor may read, each judged by itself: where there are few to judge."""
    grant = policy.grant(kind, "read")
    source, opened = _asked(policy, kind, policy.joined)
    rows = base(policy, kind, opened, source, *(one(opened) for one in extra))
    return rows.where(mine(policy.table), *always(grant, opened.answers), opened.at_all)


def always(grant: Grant, answers: Mapping[int, ColumnElement[Any]] = NONE) -> list[Expression]:
    """What must hold whichever rule allows. A deny that is unknown (NULL) denies."""
    required = [answered(probed(r.holds), answers) for r in grant.require]
    return [*required, *(answered(probed(r.holds), answers).is_(False) for r in grant.deny)]


def _beyond(policy: "Policy", column: ColumnElement[Any], after: bool) -> Expression:
    cursor = bindparam("page_after", type_=UUID_TYPE)
    if not after:
        return true()
    return column < cursor if policy.newest_first else column > cursor


@cache
def page_of(policy: "Policy", kind: Kind, filters: frozenset[str], after: bool) -> Select[Any]:
    """The statement of a list. At most five filters beside its scope (each set is a plan)."""
    if len(filters - {policy.scope}) > 5:
        raise ValueError(f"{policy.name}: too many filters at once")
    found = _found(policy, kind, [policy.filters[name] for name in sorted(filters)], filters, after)
    scope = bindparam(policy.scope, type_=UUID_TYPE) if policy.scope in filters else None
    rows = select(found).order_by(policy.order(found.c.id))
    return rows.add_cte(logged(of_list(policy, found, scope), found)) if policy.personal else rows


def _found(policy: "Policy", kind: Kind, wanted: Sequence[Expression], filters: frozenset[str], after: bool) -> CTE:
    key = policy.table.c.id
    if filters & {policy.scope, *policy.narrow}:
        rows = judged(policy, kind)
        rows = rows.where(_beyond(policy, key, after), *wanted)
    elif kind in policy.reach:
        rows = reached(policy, kind, wanted, after)
        return rows.limit(bindparam("page_limit")).cte("page")
    else:
        picked = _picked(policy, kind, wanted, after)
        opened = Opened(policy.grant(kind, "read"), picked.c.rules)
        rows = base(policy, kind, opened, policy.joined.join(picked, picked.c.id == key)).where(mine(policy.table))
    return rows.order_by(policy.order(key)).limit(bindparam("page_limit")).cte("page")


def reached(policy: "Policy", kind: Kind, wanted: Sequence[Expression], after: bool) -> Select[Any]:
    """The rows of the list, looked for in the cases that the reader has to do with; to be limited.

    All their ids are put in order, which an index alone answers, and judged one by one until the page is full. OFFSET 0
    keeps PostgreSQL from judging before they are in order.
    """
    key, grant = policy.table.c.id, policy.grant(kind, "read")
    there = policy.table.alias("there")
    each = select(func.unnest(policy.reach[kind]).label("id")).distinct().subquery("each")
    ids = select(there.c.id).select_from(each.join(there, mine(there) & (there.c.case_id == each.c.id)))
    ids = ids.where(_beyond(policy, there.c.id, after)).order_by(policy.order(there.c.id)).offset(NOTHING)
    first = ids.subquery("first")
    source, opened = _asked(policy, kind, first.join(policy.joined, key == first.c.id))
    rows = base(policy, kind, opened, source).where(mine(policy.table), *always(grant, opened.answers))
    rows = rows.where(opened.at_all, *wanted)
    return rows.order_by(policy.order(first.c.id))


def _picked(policy: "Policy", kind: Kind, wanted: Sequence[Expression], after: bool) -> CTE:
    """The first rows of the list, with the bits of the rules that open them.

    Each allowing rule gives the first rows that it opens by itself. A row among the first of all is among the first of
    every rule that opens it, so the bits are complete; and no other row of the municipality is looked at.
    """
    grant = policy.grant(kind, "read")
    if not grant.allow:
        return select(NO_ID.label("id"), NOTHING.label("rules")).where(false()).cte("picked")
    arms = []
    once = Once.of([r.holds for r in (*grant.require, *grant.deny)], policy.ground, policy.table)
    ground, rest = once.beside(policy.ground), [mine(policy.table), *always(grant, once.answers), *wanted]
    for number, allowing in enumerate(grant.allow):
        arm = _arm(policy, ground, allowing, rest, after).subquery()
        arms.append(select(arm.c.id, _bit(number).label("rules")))
    first = union_all(*arms).subquery("first")
    return (
        select(first.c.id, func.bit_or(first.c.rules, type_=INTEGER).label("rules"))
        .group_by(first.c.id)
        .order_by(policy.order(first.c.id))
        .limit(bindparam("page_limit"))
        .cte("picked")
    )


def _arm(policy: "Policy", ground: FromClause, allowing: Rule, rest: Sequence[Expression], after: bool) -> Select[Any]:
    """The first rows that one rule opens, found from where the rule itself begins."""
    key = policy.table.c.id
    way = sought(allowing.holds, key)
    if way is not None and way.inner is not None:  # the key is one of those in another table: walk that one in order
        there = select(1).select_from(ground).where(key == way.column, *rest, *map(probed, way.others))
        rows = select(way.column.label("id")).select_from(way.column.table).where(
            *way.inner, _beyond(policy, way.column, after), there.correlate(way.column.table).exists()
        )  # fmt: skip
        return rows.distinct().order_by(policy.order(way.column)).limit(bindparam("page_limit"))
    if way is not None:  # a column is one of the reader's values: the first rows of each value
        each = func.unnest(way.values).column_valued("each")
        rows = select(key).select_from(ground).where(way.column == each, *rest, _beyond(policy, key, after))
        inner = rows.order_by(policy.order(key)).limit(bindparam("page_limit")).correlate(each.scalar_alias).lateral()
        found = select(inner.c.id).select_from(each.scalar_alias).join(inner, true())
        return found.order_by(policy.order(inner.c.id)).limit(bindparam("page_limit"))
    rows = select(key).select_from(ground).where(allowing.holds, *rest, _beyond(policy, key, after))
    return rows.order_by(policy.order(key)).limit(bindparam("page_limit"))


@cache
def one_of(policy: "Policy", kind: Kind, action: str) -> Select[Any]:
    """The statement that reads one row by id, judges the action in the same breath, and logs it."""
    grant, reading = policy.grant(kind, action), action == "read"

    def granted(opened: Opened) -> ColumnElement[bool]:
        return (true() if reading else opened.by(grant)).label("granted")

    def named(opened: Opened) -> ColumnElement[str]:
        return (NO_TEXT if reading else opened.reason_of(grant)).label("action_rule")

    rows = judged(policy, kind, granted, named)
    found = rows.where(policy.table.c.id == bindparam("row_id")).cte("page")
    shown = select(found)
    return shown.add_cte(logged(of_one(policy, found, action), found)) if policy.personal else shown


@cache
def readable(policy: "Policy", kind: Kind) -> Select[Any]:
    """Whether there is a row of this id that the kind of actor may read."""
    return _yes(policy, kind).where(policy.table.c.id == bindparam("row_id"))


@cache
def open_to(policy: "Policy", kind: Kind, action: str) -> Select[Any]:
    """Whether an action is open on a row that the kind of actor may read; no row where it may not."""
    about = {"log_case": policy.case_id, "log_member": policy.member_id}
    named = [(NO_ID if column is None else column).label(name) for name, column in about.items()]
    granted = probed(policy.grant(kind, action).where).label("granted")
    return readable(policy, kind).with_only_columns(granted, *named)


@cache
def first_of(policy: "Policy", kind: Kind, filters: frozenset[str]) -> Select[Any]:
    """Whether a list has any row at all for the kind of actor."""
    return _yes(policy, kind).where(*(policy.filters[name] for name in sorted(filters))).limit(literal_column("1"))


def _yes(policy: "Policy", kind: Kind) -> Select[Any]:
    grant = policy.grant(kind, "read")
    return select(literal_column("1")).select_from(policy.joined).where(mine(policy.table), probed(grant.where))


@cache
def lock_of(policy: "Policy") -> Select[Any]:
    """Lock the aggregate's row before deciding, so that two deciders see one another."""
    wanted: Any = bindparam("row_id", type_=UUID_TYPE)
    table = policy.table
    if policy.lock is not None:
        own = policy.table.c
        table, column = policy.lock
        wanted = select(column).where(own.municipality_id == ACTOR.municipality, own.id == wanted).scalar_subquery()
    return select(table.c.id).where(mine(table), table.c.id == wanted).with_for_update(key_share=True)


@cache
def explanation_of(policy: "Policy", kind: Kind) -> Select[Any]:
    """For each action an array of the allowing rules that hold, empty where the grant is closed."""

    def opened_by(action: str) -> ColumnElement[Any]:
        grant = policy.grant(kind, action)
        names = [case((and_(probed(grant.where), probed(r.holds)), word(r.name)), else_=null()) for r in grant.allow]
        return func.array_remove(array(names, type_=TEXT()), null())  # type: ignore[misc]

    return (
        select(*(opened_by(action).label(action) for action in ("read", *policy.actions)))
        .select_from(policy.joined)
        .where(mine(policy.table), policy.table.c.id == bindparam("row_id"))
    )
