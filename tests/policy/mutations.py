"""The mutants of a module of app/policy: its syntax tree, made wrong in one place that matters for access.

Dropped is one rule of a grant, one side of an `&` or `|`, a `~`, one condition of a question, one veil, one code of a
list, the condition that selects grants. Turned is `<` to `<=`, `==` to `!=`, `is_(None)` to `is_not(None)`, a flag, and
a code of ours to another word. Left alone are comparisons with what a filter is asked for, which open nothing, and with
names of columns, which say what a row has and not who sees it.
"""

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

SWAPPED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}
GIVEN: Final = {"some": 1, "those": 1, "_ids": 1, "covered": 0, "where": 0, "_author_is": 0, "_all_such": 1}
"""Functions that take conditions, and after how many other arguments."""
WORDS: Final = {"word", "is_one", "held_by", "literal", "compare"}
"""Functions that take codes of ours; and comparisons, which have them on one side."""
PARTS: Final = {"actions", "filters", "columns"}


@dataclass(frozen=True)
class Mutant:
    """One module made wrong in one place. `part` is what of a policy it stands in: its actions, filters, columns."""

    module: str
    line: int
    part: str
    was: str
    becomes: str
    make: Callable[[], ast.Module]

    def __str__(self) -> str:
        return f"{self.module}.py:{self.line}  {self.was}  →  {self.becomes}"


Put = Callable[[Any], None]


def spots(tree: ast.AST, part: str = "", calls: str = "") -> Iterator[tuple[ast.AST, Put, str, str]]:
    """Every node below, how to put another in its place, the part of the policy, and the function it is given to."""
    for name, value in ast.iter_fields(tree):
        many = value if isinstance(value, list) else [value]
        for place, one in enumerate(many):
            if not isinstance(one, ast.AST):
                continue

            def put(new: Any, name: str = name, place: int = place, value: Any = value) -> None:
                if isinstance(value, list):
                    value[place] = new
                else:
                    setattr(tree, name, new)

            inside = one.arg if isinstance(one, ast.keyword) and one.arg in PARTS else part
            given = _called(tree) if isinstance(tree, ast.Call) and name == "args" else ""
            yield one, put, inside or "", "compare" if _of_codes(tree) else given
            yield from spots(one, inside or "", given)


def _called(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def changes(node: ast.AST, given_to: str) -> Iterator[ast.AST]:
    """What may stand instead of a node."""
    yield from _of_conditions(node)
    yield from _of_calls(node, given_to)
    yield from _of_lists(node)


def _of_conditions(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.BinOp(left=left, right=right, op=ast.BitAnd() | ast.BitOr()):
            yield from (left, right)
        case ast.AugAssign(op=ast.BitAnd() | ast.BitOr()):
            yield ast.Pass()
        case ast.UnaryOp(op=ast.Invert(), operand=operand):
            yield operand
        case ast.Compare(ops=[op]) if type(op) in SWAPPED and not _of_columns(node) and not _of_question(node):
            yield _with(node, "ops", [SWAPPED[type(op)]()])
        case ast.comprehension(ifs=[condition]) if not _of_columns(condition):
            yield _with(node, "ifs", [])


def _of_calls(node: ast.AST, given_to: str) -> Iterator[ast.AST]:
    match node:
        case ast.Call(func=ast.Attribute(attr="is_" | "is_not" as name, value=value), args=[ast.Constant(None)]):
            yield _with(node, "func", ast.Attribute(value, "is_not" if name == "is_" else "is_", ast.Load()))
        case ast.Call(args=args) if _called(node) in GIVEN:
            yield from (_with(node, "args", rest) for rest in _without_one(args, GIVEN[_called(node)]))
        case ast.keyword(value=ast.Constant(value=bool() as flag)):
            yield _with(node, "value", ast.Constant(not flag))
        case ast.Constant(value=str() as text) if given_to in WORDS and text.isidentifier():
            yield ast.Constant("other")


def _of_lists(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.keyword(arg="require" | "allow" | "deny", value=ast.Tuple(elts=rules)):
            yield from (_with(node, "value", ast.Tuple(rest, ast.Load())) for rest in _without_one(rules))
        case ast.keyword(arg="veiled", value=ast.Dict(keys=keys, values=values)):
            both = zip(_without_one(keys), _without_one(values), strict=True)
            yield from (_with(node, "value", ast.Dict(*one)) for one in both)
        case ast.Assign(value=ast.Tuple(elts=codes)) if all(isinstance(code, ast.Constant) for code in codes):
            yield from (_with(node, "value", ast.Tuple(rest, ast.Load())) for rest in _without_one(codes))


def _with(node: Any, name: str, value: Any) -> Any:
    other = copy.copy(node)
    setattr(other, name, value)
    return other


def _without_one(many: list[Any], first: int = 0) -> Iterator[list[Any]]:
    yield from (many[:place] + many[place + 1 :] for place in range(first, len(many)))


def _of_codes(node: ast.AST) -> bool:
    return isinstance(node, ast.Compare) and not _of_columns(node)


def _of_columns(node: ast.AST) -> bool:
    """A comparison of names of columns, which says what a row has and not who sees it."""
    return isinstance(node, ast.Compare) and any(ast.unparse(c).endswith(".name") for c in ast.walk(node) if _expr(c))


def _of_question(node: ast.Compare) -> bool:
    """A filter compares with what the reader asks for, which opens nothing."""
    return any(_called(one) == "bindparam" for one in node.comparators)


def _expr(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute)


def mutants_of(path: Path) -> list[Mutant]:
    """Every mutant of a module, as one line each; the tree itself is changed where one is made."""
    tree = ast.parse(path.read_text())
    found = []
    for node, put, part, given_to in spots(tree):
        for other in changes(node, given_to):

            def make(put: Put = put, other: ast.AST = other) -> ast.Module:
                put(other)
                return ast.fix_missing_locations(tree)

            line = getattr(node, "lineno", None) or min(getattr(n, "lineno", 10**6) for n in ast.walk(node))
            found.append(Mutant(path.stem, line, part, _short(node), _short(other), make))
    return found


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 110 else f"{text[:54]} … {text[-54:]}"
