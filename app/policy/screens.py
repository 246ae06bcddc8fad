"""Screens: several lists in one statement, each judged by its own policy (ADR 0011, 0014).

Where a list lies in the one row that the screen is about, the rules are asked of that row once, for all of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import (
    INTEGER,
    BindParameter,
    Column,
    ColumnElement,
    FromClause,
    Select,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import visitors
from sqlalchemy.sql.selectable import CTE

from app.policy.actor import Kind
from app.policy.records import LOG, of_list, of_screen, row_of
from app.policy.rules import UUID_TYPE, Grant, mine
from app.policy.statements import Opened, always, base, judged, reached

if TYPE_CHECKING:
    from app.policy.core import Policy


@dataclass(frozen=True)
class Part:
    """A list on a screen: of a policy, at most so many rows, narrowed by these of its filters, or found by `reach`.

    With `alone` it is the one row that the screen is about; with `each` the newest rows of the lists of several cases,
    which are given as `case_ids`. Filters of one name have one value on the whole screen.
    """

    policy: "Policy"
    limit: int
    filters: frozenset[str] = frozenset()
    alone: bool = False
    each: bool = False


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
            scoped = policy.scope in part.filters and not part.each
            scope = bindparam(policy.scope, type_=UUID_TYPE) if scoped else None
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
        rows = base(policy, kind, opened, policy.joined)
        return rows.where(mine(policy.table), *always(grant), opened.by(Grant(allow=grant.allow)))

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
    policy, key, most = part.policy, part.policy.table.c.id, literal_column(str(part.limit), INTEGER)
    wanted = [policy.filters[which] for which in sorted(part.filters)]
    narrowed = bool(part.filters & {policy.scope, *policy.narrow})
    within = whole if whole is not None and whole.holds(policy, kind) else None
    if part.alone:
        beside = (lambda opened: opened.rules.label("log_rules"), lambda _: _municipality(policy))
        rows = judged(policy, kind, *beside).where(key == bindparam("row_id", type_=UUID_TYPE))
    elif part.each:
        return _of_each(policy, judged(policy, kind).where(*wanted), most).cte(f"{name}_page")
    elif kind in policy.reach and not narrowed:
        return reached(policy, kind, wanted, after=False).limit(most).cte(f"{name}_page")
    elif not narrowed:
        raise ValueError(f"{name}: a list on a screen is narrowed first")
    else:
        rows = judged(policy, kind) if within is None else within.judged(policy, kind)
    rows = rows.where(*wanted).order_by(policy.order(key)).limit(most)
    return (rows if within is None else within.beneath(rows)).cte(f"{name}_page")


def _of_each(policy: "Policy", rows: Select[Any], most: ColumnElement[int]) -> Select[Any]:
    """The newest rows of the lists of several cases: the list of one, asked for each of them."""
    each: Any = func.unnest(bindparam("case_ids", type_=ARRAY(UUID_TYPE))).column_valued("each_case")
    this = literal_column("each_case", UUID_TYPE)

    def replace(element: Any, **_: Any) -> Any:
        return this if isinstance(element, BindParameter) and element.key == policy.scope else None

    newest = rows.order_by(policy.order(policy.table.c.id)).limit(most)
    asked: Any = visitors.replacement_traverse(newest, {}, replace)
    of_one = asked.lateral("of_one")
    found = select(*of_one.c).select_from(each.scalar_alias.join(of_one, true()))
    return found.order_by(policy.order(of_one.c.id)).limit(most)


def _municipality(policy: "Policy") -> ColumnElement[Any]:
    return policy.table.c.municipality_id.label("log_municipality")
