"""Rules and grants: named, constant SQL expressions over the actor's parameters, and how they combine.

Every table in a rule carries `municipality_id = ACTOR.municipality`; `some`, `those` and `highest` see to it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final

from sqlalchemy import (
    TEXT,
    Column,
    ColumnElement,
    Table,
    and_,
    any_,
    case,
    cast,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import (
    BinaryExpression,
    BindParameter,
    BooleanClauseList,
    CollectionAggregate,
    ColumnClause,
    Grouping,
    TableValuedColumn,
)
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import AliasedReturnsRows, Exists, FromClause, Join, ScalarSelect, Select
from sqlalchemy.types import TypeEngine

from app.policy.actor import ACTOR, Kind

Expression = ColumnElement[bool]
UUID_TYPE: Final = PG_UUID(as_uuid=True)
NO_ID: Final = cast(null(), UUID_TYPE)
NO_TEXT: Final = cast(null(), TEXT)


@dataclass(frozen=True)
class Rule:
    """A named reason. The name stands in the log and in the family's "who has looked, and why"."""

    name: str
    says: str
    holds: Expression


def rule(define: Callable[[], Expression]) -> Rule:
    """Make a rule of a function: its name, its docstring and the expression it returns, evaluated once."""
    if not define.__doc__:
        raise TypeError(f"the rule {define.__name__} must say what it means")
    return Rule(define.__name__, " ".join(define.__doc__.split()), define())


@dataclass(frozen=True)
class Grant:
    """Open when all of `require`, one of `allow` and none of `deny` hold. An empty grant never opens."""

    require: tuple[Rule, ...] = ()
    allow: tuple[Rule, ...] = ()
    deny: tuple[Rule, ...] = ()

    @cached_property
    def where(self) -> Expression:
        """The grant as one condition. A deny that is unknown (NULL) denies."""
        return and_(
            true(),
            *(r.holds for r in self.require),
            or_(false(), *(r.holds for r in self.allow)),
            *(r.holds.is_(False) for r in self.deny),
        )

    @cached_property
    def reason(self) -> ColumnElement[str]:
        """The name of the first allowing rule that holds."""
        if not self.allow:
            return NO_TEXT
        return case(*((r.holds, word(r.name)) for r in self.allow), else_=null())

    @property
    def rules(self) -> tuple[Rule, ...]:
        return self.require + self.allow + self.deny


CLOSED: Final = Grant()
Grants = Mapping[Kind, Grant]


def word(code: str) -> ColumnElement[str]:
    """A code of ours as a constant in the SQL: no parameter to send each time."""
    if not all(letter.isalnum() or letter == "_" for letter in code):
        raise ValueError("a code consists of letters, digits and underscores")
    return literal_column(f"'{code}'::text", TEXT)


def highest(table: Table, column: str, *alike: str) -> Expression:
    """The row has the highest value of this column among those that are alike in the others (ids follow clocks)."""
    other = table.alias("other")
    same = [other.c[name] == table.c[name] for name in alike]
    top = select(func.max(other.c[column])).select_from(other).where(mine(other), *same).correlate(table)
    holds: Expression = table.c[column] == top.scalar_subquery()
    return holds


def is_one(column: ColumnElement[Any], *codes: str) -> Expression:
    """The column is one of these codes of ours."""
    return column == any_(array([word(code) for code in codes], type_=TEXT()))


def empty(kind: TypeEngine[Any]) -> ColumnElement[Any]:
    """An array of nothing."""
    return array([], type_=kind)


def mine(table: FromClause) -> Expression:
    """The row is of the actor's municipality."""
    holds: Expression = table.c.municipality_id == ACTOR.municipality
    return holds


def some(table: Table, *conditions: Expression) -> Exists:
    """There is a row in this table such that …; everything else in the conditions is the row being judged.

    Without `correlate_except` the EXISTS would drop a table that the list itself reads, and change its meaning.
    """
    return select(1).select_from(table).where(mine(table), *conditions).correlate_except(table).exists()


def those(column: Column[Any], *conditions: Expression) -> Any:
    """The values of a column in the rows such that …, as an array that is computed once per statement."""
    table = column.table
    rows = select(column).select_from(table).where(mine(table), *conditions).correlate_except(table)
    return any_(func.array(rows.scalar_subquery()))


# --- the same rule, asked in two ways: of one row (`probed`), or for the rows that it opens (`sought`)


@cache
def probed(holds: Expression) -> Expression:
    """The same condition where single rows are asked: each "is one of those" becomes "there is such a row".

    An array of all that the reader may see is the way to find rows, and a dear way to ask about one.
    """

    def replace(element: Any, **_: Any) -> Any:
        return element if isinstance(element, ScalarSelect) or is_question(element) else _there_is(element)

    return visitors.replacement_traverse(holds, {}, replace)


# --- what is asked more than once of a row


def recurring(conditions: Iterable[Expression], ground: FromClause, row: FromClause) -> list[ColumnElement[Any]]:
    """The questions that stand more than once in the (`probed`) conditions, and can be put to a row of `ground`.

    And those that can be put to what is around the `row`, which many of them have in common: a case, say. Rules are
    made once and then built upon: what is the same question is the same object.
    """
    own, waiting = {id(leaf) for leaf in leaves(ground)}, list[Any](conditions)
    counted = Counter(id(question) for one in waiting for question in _questions(one))

    def wanted(question: Any) -> bool:
        return reads_from(question) <= own and (counted[id(question)] > 1 or id(row) not in reads_from(question))

    found: dict[int, Any] = {}
    while waiting:
        part = waiting.pop()
        if is_question(part) and wanted(part):
            found[id(part)] = part
        elif any(wanted(question) for question in _questions(part)):
            waiting += part.get_children()
    return list(found.values())


@cache
def _questions(element: Any) -> tuple[Any, ...]:
    """Each question in it as often as it stands there."""
    if isinstance(element, Table):
        return ()
    within = tuple(question for part in element.get_children() for question in _questions(part))
    return (element, *within) if is_question(element) else within


def is_question(element: Any) -> bool:
    """It asks another table: whether there is such a row, or for the values of a column in such rows."""
    return isinstance(element, Exists) or _rows_of(element) is not None


def answered(holds: Expression, answers: Mapping[int, ColumnElement[Any]]) -> Expression:
    """The condition with these answers in place of the questions (by `id`)."""

    def replace(element: Any, **_: Any) -> Any:
        if id(element) in answers:
            return answers[id(element)]
        within = isinstance(element, Exists | ScalarSelect | Table | AliasedReturnsRows)
        return element if within and not any(id(question) in answers for question in _questions(element)) else None

    return visitors.replacement_traverse(holds, {}, replace) if answers else holds


def leaves(source: Any) -> list[Any]:
    """The tables of a join."""
    return [*leaves(source.left), *leaves(source.right)] if isinstance(source, Join) else [source]


@cache
def reads_from(element: Any) -> frozenset[int]:
    """The tables that a question reads from around it (by `id`)."""
    if isinstance(element, Table):
        return frozenset()
    if isinstance(element, TableValuedColumn):
        return frozenset({id(element.scalar_alias)})
    if isinstance(element, ColumnClause):
        return frozenset() if element.table is None else frozenset({id(element.table)})
    around = frozenset[int]().union(*map(reads_from, element.get_children()))
    if isinstance(element, Select):
        own = (*element._from_obj, *element.columns_clause_froms)
        around -= {id(leaf) for source in own for leaf in leaves(source)}
    return around


def _those_of(element: Any) -> Select[Any] | None:
    """The rows of `column == those(…)`; None for anything else."""
    if not (isinstance(element, BinaryExpression) and element.operator is operators.eq):
        return None
    made = _bare(element.right.element) if isinstance(element.right, CollectionAggregate) else None
    return _rows_of(made)


def _rows_of(array: Any) -> Select[Any] | None:
    """The rows of an `array(…)`; None for anything else."""
    if not (isinstance(array, FunctionElement) and array.name == "array"):
        return None
    (rows,) = array.clauses
    inner = rows.element if isinstance(rows, ScalarSelect) else None
    return inner if isinstance(inner, Select) else None


@cache
def _there_is(element: Any) -> Expression | None:
    """For `column == those(…)` that there is such a row, the same object for the same; None for anything else."""
    rows = _those_of(element)
    if rows is None:
        return None
    (inner,) = rows.selected_columns
    if getattr(element.left, "table", None) is inner.table:
        raise TypeError("a column cannot be one of those of its own table: alias one of them")
    wanted = true() if rows.whereclause is None else probed(rows.whereclause)
    there = select(1).select_from(inner.table).where(inner == element.left, wanted)
    return there.correlate_except(inner.table).exists()


def _bare(element: Any) -> Any:
    return _bare(element.element) if isinstance(element, Grouping) else element


@dataclass(frozen=True)
class Way:
    """Where the rows that a rule opens are found: `column` is one of the reader's `values`, or the key stands in
    `column` of another table in the rows such that `inner`. `others` must hold beside.
    """

    column: Any
    values: Any = None
    inner: tuple[Expression, ...] | None = None
    others: tuple[Expression, ...] = ()


def sought(holds: Expression, key: Any) -> Way | None:
    """The way to the rows of a rule that begins with a list of the reader's; None where the table itself is asked."""
    several = isinstance(holds, BooleanClauseList) and holds.operator is operators.and_
    parts: list[Any] = list(holds.clauses) if several else [holds]
    for part in parts:
        rows = _those_of(part)
        if rows is not None and part.left is key and rows.whereclause is not None:
            (column,) = rows.selected_columns
            others = tuple(other for other in parts if other is not part)
            return Way(column, inner=(rows.whereclause,), others=others)
    if len(parts) == 1 and isinstance(holds, BinaryExpression) and isinstance(holds.right, CollectionAggregate):
        values = _bare(holds.right.element)
        if holds.operator is operators.eq and isinstance(values, BindParameter):
            return Way(holds.left, values=values)
    return None
