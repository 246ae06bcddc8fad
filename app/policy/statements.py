"""The statements of a policy: built once per (policy, kind of actor, filters), shared by all requests.

Nobody calls `.where` on one afterwards. A rule is asked once for a row: its answer is a bit in `rules`, from which the
reason in the log, the veils and the actions are told. Where a list begins from nothing but the reader (`_picked`), each
allowing rule finds its own first rows by an index, and nothing is asked of all the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import (
    INTEGER,
    Column,
    ColumnElement,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    false,
    func,
    insert,
    literal_column,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import TEXT, array
from sqlalchemy.sql import visitors
from sqlalchemy.sql.selectable import CTE

from app.policy.actor import ACTOR, Kind
from app.policy.records import LOG, logged, of_list, of_one, of_screen, row_of
from app.policy.rules import (
    CLOSED,
    NO_ID,
    NO_TEXT,
    UUID_TYPE,
    Expression,
    Grant,
    Rule,
    mine,
    probed,
    sought,
    word,
)

if TYPE_CHECKING:
    from app.policy.core import Policy

NOTHING: Final = literal_column("0", INTEGER)


@dataclass(frozen=True)
class Opened:
    """Which of the allowing rules of a grant hold for a row, as bits."""

    grant: Grant
    rules: ColumnElement[int]

    @property
    def at_all(self) -> Expression:
        return self.rules != NOTHING

    def by(self, grant: Grant) -> Expression:
        """Whether another grant opens too: told from the bits where its rules are among these, asked where not."""
        if grant.require or grant.deny or not all(any(own is r for own in self.grant.allow) for r in grant.allow):
            return probed(grant.where)
        bits = sum(1 << n for n, own in enumerate(self.grant.allow) if any(own is r for r in grant.allow))
        return self.rules.bitwise_and(literal_column(str(bits), INTEGER)) != NOTHING if bits else false()

    def reason_of(self, grant: Grant) -> ColumnElement[str]:
        """The name of the first of a grant's allowing rules that holds."""
        return _first_of((self.by(Grant(allow=(r,))), r) for r in grant.allow)


def _first_of(asked: Any) -> ColumnElement[str]:
    named = [(holds, word(r.name)) for holds, r in asked]
    return case(*named, else_=null()) if named else word("")


def _bit(number: int) -> ColumnElement[int]:
    return literal_column(str(1 << number), INTEGER)


def _asked(grant: Grant) -> Any:
    """The bits of one row, asked there and then; OFFSET 0 keeps PostgreSQL from asking again wherever they are used."""
    bits = [case((probed(r.holds), _bit(n)), else_=NOTHING) for n, r in enumerate(grant.allow)]
    rules: ColumnElement[int] = NOTHING
    for bit in bits:
        rules = rules.bitwise_or(bit)
    return select(rules.label("rules")).correlate_except(None).offset(NOTHING).lateral("opened")


def _base(policy: "Policy", kind: Kind, opened: Opened, source: FromClause, *extra: ColumnElement[Any]) -> Select[Any]:
    """The columns of a policy as this kind of actor sees them, with what the log needs."""
    about = {"log_case": policy.case_id, "log_family": policy.family_id, "log_member": policy.member_id}
    shown = [_shown(policy, name, kind, opened).label(name) for name in policy.columns]
    logged = [(NO_ID if column is None else column).label(name) for name, column in about.items()]
    reason = opened.reason_of(policy.grant(kind, "read")).label("log_rule")
    return select(*shown, reason, *logged, *extra).select_from(source)


def _shown(policy: "Policy", name: str, kind: Kind, opened: Opened) -> ColumnElement[Any]:
    column = policy.columns[name]
    if name not in policy.veiled:
        return column
    return case((opened.by(policy.veiled[name].get(kind, CLOSED)), column), else_=null())


def _judged(policy: "Policy", kind: Kind, *extra: Any) -> Select[Any]:
    """The rows of a policy that the kind of actor may read, each judged by itself: where there are few to judge."""
    grant = policy.grant(kind, "read")
    asked = _asked(grant)
    opened = Opened(grant, asked.c.rules)
    rows = _base(policy, kind, opened, policy.joined.join(asked, true()), *(one(opened) for one in extra))
    return rows.where(mine(policy.table), *_always(grant), opened.at_all)


def _always(grant: Grant) -> list[Expression]:
    """What must hold whichever rule allows. A deny that is unknown (NULL) denies."""
    return [*(probed(r.holds) for r in grant.require), *(probed(r.holds).is_(False) for r in grant.deny)]


def _beyond(policy: "Policy", column: ColumnElement[Any], after: bool) -> Expression:
    cursor = bindparam("page_after", type_=UUID_TYPE)
    if not after:
        return true()
    return column < cursor if policy.newest_first else column > cursor


@cache
def page_of(policy: "Policy", kind: Kind, filters: frozenset[str], after: bool) -> Select[Any]:
    """The statement of a list. At most five filters (each set is a plan)."""
    if len(filters) > 5:
        raise ValueError(f"{policy.name}: too many filters at once")
    found = _found(policy, kind, [policy.filters[name] for name in sorted(filters)], filters, after)
    scope = bindparam(policy.scope, type_=UUID_TYPE) if policy.scope in filters else None
    rows = select(found).order_by(policy.order(found.c.id))
    return rows.add_cte(logged(of_list(policy, found, scope), found)) if policy.personal else rows


def _found(policy: "Policy", kind: Kind, wanted: Sequence[Expression], filters: frozenset[str], after: bool) -> CTE:
    key = policy.table.c.id
    if filters & {policy.scope, *policy.narrow}:
        rows = _judged(policy, kind)
        rows = rows.where(_beyond(policy, key, after), *wanted)
    else:
        picked = _picked(policy, kind, wanted, after)
        opened = Opened(policy.grant(kind, "read"), picked.c.rules)
        rows = _base(policy, kind, opened, policy.joined.join(picked, picked.c.id == key)).where(mine(policy.table))
    return rows.order_by(policy.order(key)).limit(bindparam("page_limit")).cte("page")


def _picked(policy: "Policy", kind: Kind, wanted: Sequence[Expression], after: bool) -> CTE:
    """The first rows of the list, with the bits of the rules that open them.

    Each allowing rule gives the first rows that it opens by itself. A row among the first of all is among the first of
    every rule that opens it, so the bits are complete; and no other row of the municipality is looked at.
    """
    grant = policy.grant(kind, "read")
    if not grant.allow:
        return select(NO_ID.label("id"), NOTHING.label("rules")).where(false()).cte("picked")
    arms = []
    for number, allowing in enumerate(grant.allow):
        arm = _arm(policy, grant, allowing, wanted, after).subquery()
        arms.append(select(arm.c.id, _bit(number).label("rules")))
    first = union_all(*arms).subquery("first")
    return (
        select(first.c.id, func.bit_or(first.c.rules, type_=INTEGER).label("rules"))
        .group_by(first.c.id)
        .order_by(policy.order(first.c.id))
        .limit(bindparam("page_limit"))
        .cte("picked")
    )


def _arm(policy: "Policy", grant: Grant, allowing: Rule, wanted: Sequence[Expression], after: bool) -> Select[Any]:
    """The first rows that one rule opens, found from where the rule itself begins."""
    key, ground = policy.table.c.id, policy.ground
    rest = [mine(policy.table), *_always(grant), *wanted]
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

    rows = _judged(policy, kind, granted, named)
    found = rows.where(policy.table.c.id == bindparam("row_id")).cte("page")
    shown = select(found)
    return shown.add_cte(logged(of_one(policy, found, action), found)) if policy.personal else shown


@cache
def readable(policy: "Policy", kind: Kind) -> Select[Any]:
    """Whether there is a row of this id that the kind of actor may read."""
    return _yes(policy, kind).where(policy.table.c.id == bindparam("row_id"))


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


# --- several lists in one statement


@dataclass(frozen=True)
class Part:
    """A list on a screen: of a policy, at most so many rows, narrowed by these of its filters. With `alone` it is the
    one row that the screen is about. Filters of one name have one value on the whole screen.
    """

    policy: "Policy"
    limit: int
    filters: frozenset[str] = frozenset()
    alone: bool = False


Parts = tuple[tuple[str, Part], ...]


@cache
def screen_of(kind: Kind, parts: Parts) -> tuple[Select[Any], Mapping[str, Sequence[str]]]:
    """One statement for several lists of one screen, each an array of rows; and the names of the rows' columns.

    What lies in the one row that the screen is about is logged with it, as one row; any other list by itself.
    """
    shown, logs, names = [], [], dict[str, Sequence[str]]()
    whole, within = None, list[CTE]()
    for name, part in parts:
        policy, found = part.policy, _part(kind, name, part, whole)
        kept = [column for column in found.c if not column.name.startswith("log_")]
        names[name] = [column.name for column in kept]
        rows = select(func.row(*kept)).order_by(policy.order(found.c.id))
        shown.append(func.array(rows.scalar_subquery()).label(name))
        if part.alone:
            whole = _Whole(policy, found, name)
        elif whole is not None and whole.holds(policy, kind):
            within.append(found)
        else:
            scope = bindparam(policy.scope, type_=UUID_TYPE) if policy.scope in part.filters else None
            logs.append((of_list(policy, found, scope), name, found))
    if whole is not None:
        logs.append((of_screen(whole.policy, whole.page, within), whole.name, whole.page))
    rows_of = [select(*row_of(values, f"{name}_log_id").values()).select_from(found) for values, name, found in logs]
    written = insert(LOG).from_select(list(row_of(logs[0][0], "")), union_all(*rows_of)).cte("logged")
    return select(*shown).add_cte(written), names


@dataclass(frozen=True)
class _Whole:
    """The one row that a screen is about, and the bits of what opens it."""

    policy: "Policy"
    page: CTE
    name: str

    def holds(self, policy: "Policy", kind: Kind) -> bool:
        """The policy's rows lie in such a row, and are opened by rules that were asked of it."""
        asked = self.policy.grant(kind, "read").allow
        return policy.parent is self.policy and all(
            any(r is own for own in asked) for r in policy.grant(kind, "read").allow
        )

    def judged(self, policy: "Policy", kind: Kind) -> Select[Any]:
        """The readable rows, of the rows in it: by what was asked of it."""
        grant = policy.grant(kind, "read")
        opened = Opened(self.policy.grant(kind, "read"), self.page.c.log_rules)
        rows = _base(policy, kind, opened, policy.joined)
        return rows.where(mine(policy.table), *_always(grant), opened.by(Grant(allow=grant.allow)))

    def beneath(self, rows: Select[Any]) -> Select[Any]:
        """The rows in it, where what was read of it stands for its table."""
        beneath: Any = visitors.replacement_traverse(rows, {}, partial(self._instead, rows))
        return cast(Select[Any], beneath)

    def _instead(self, rows: Select[Any], element: Any, **_: Any) -> Any:
        """The page for the table, except where a question of its own reads that table anew."""
        own, known = self.policy.table, self.policy
        if element is own or element is self.page:
            return self.page
        if isinstance(element, Select) and element is not rows and _reads(element, own):
            return element
        if not isinstance(element, Column) or element.table is not own:
            return None
        if element.name == "municipality_id":
            return self.page.c.log_municipality
        if known.columns.get(element.name) is not element or element.name in known.veiled:
            raise ValueError(f"{known.name}.{element.name} is not read as it is")
        return self.page.c[element.name]


def _reads(rows: Select[Any], table: FromClause) -> bool:
    """Whether the table is one of its own, and not one of the rows that it is asked for."""
    return any(table in part._from_objects for part in (*rows._from_obj, *rows.columns_clause_froms))


def _part(kind: Kind, name: str, part: Part, whole: _Whole | None) -> CTE:
    policy, key = part.policy, part.policy.table.c.id
    within = whole if whole is not None and whole.holds(policy, kind) else None
    if part.alone:
        beside = (lambda opened: opened.rules.label("log_rules"), lambda _: _municipality(policy))
        rows = _judged(policy, kind, *beside).where(key == bindparam("row_id", type_=UUID_TYPE))
    elif not part.filters & {policy.scope, *policy.narrow}:
        raise ValueError(f"{name}: a list on a screen is narrowed first")
    else:
        rows = _judged(policy, kind) if within is None else within.judged(policy, kind)
    rows = rows.where(*(policy.filters[which] for which in sorted(part.filters)))
    rows = rows.order_by(policy.order(key)).limit(literal_column(str(part.limit), INTEGER))
    return (rows if within is None else within.beneath(rows)).cte(f"{name}_page")


def _municipality(policy: "Policy") -> ColumnElement[Any]:
    return policy.table.c.municipality_id.label("log_municipality")
