"""Rules and grants: named, constant SQL expressions over the actor's parameters, and how they combine.

Every table in a rule carries `municipality_id = ACTOR.municipality`; `some`, `those` and `highest` see to it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
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
from sqlalchemy.sql.selectable import Exists, FromClause
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
