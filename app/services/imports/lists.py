"""A CSV list, read: every row in its shape, or what is wrong, by row and column and never by content (R466).

UTF-8; comma or semicolon, as the header has it; a header of known columns. Rows are counted as a spreadsheet shows
them: the header is row 1. A cell that a spreadsheet would take for a formula is refused, since what is imported will be
exported again some day. A list is read row by row and never held twice: what is too wide or too long is refused where
that is seen, however much comes after it.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar
from unicodedata import category

from pydantic import ValidationError

from app.errors import NAME
from app.schemas.base import HIDDEN
from app.schemas.imports import ListedRow

T = TypeVar("T", bound=ListedRow)

MOST_ROWS: Final = 20_000
MOST_READ: Final = 100_000
"""Rows that are read, empty ones included."""
MOST_CHARACTERS: Final = 65_536
"""Of one row, the header too."""
KEPT: Final = 100
"""How many flaws are kept; the others are counted."""
SEPARATOR: Final = re.compile(r"sep=(.?)\r?\n?", re.IGNORECASE)
LINE: Final = re.compile(r"[^\r\n]*+(?:\r\n?|\n)|[^\r\n]++")
FORMULA: Final = frozenset("=+-@＝＋－＠")
"""What a formula begins with, the wide signs of East Asian keyboards included."""
UNSEEN: Final = frozenset("CMZ")
"""Kinds of character that show nothing at the start of a cell: controls and formats, marks, blanks of any kind."""
NUMBER: Final = re.compile(r"\+[0-9 ]+")
NUMBERS: Final = frozenset({"phone"})
"""Columns of telephone numbers, which may begin with a plus."""
KINDS: Final = {"missing": "required", "string_too_long": "too-long", "too_long": "too-long"}


@dataclass(frozen=True, slots=True)
class RowFlaw:
    """One thing wrong, as a code; without a row it is about the list, without a column about the row."""

    row: int | None
    column: str | None
    code: str


class Unreadable(Exception):
    """The list cannot be read at all."""

    def __init__(self, *flaws: RowFlaw) -> None:
        super().__init__()
        self.flaws = flaws


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """A list that was read: its columns, its rows with their numbers, and what is wrong with the shape of any.

    The first flaws are there, and how many `more` there are.
    """

    columns: frozenset[str]
    rows: Sequence[tuple[int, T]]
    count: int
    flaws: Sequence[RowFlaw]
    more: int


def decoded(content: bytes) -> str:
    """The text of a file that is UTF-8. Raises Unreadable, naming the row where it stops being so."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(RowFlaw(content.count(b"\n", 0, error.start) + 1, None, "not-utf-8")) from None
    at = text.find("\0")
    if at >= 0:
        raise Unreadable(RowFlaw(text.count("\n", 0, at) + 1, None, "nul-byte"))
    return text


def listed(text: str, shape: type[T]) -> Listed[T]:
    """Every row in its shape. Raises Unreadable when there is no such list in the text."""
    rows = _rows(text)
    header = next(rows, (1, []))[1]
    columns = _columns(header, shape)
    good, flaws, count, more = list[tuple[int, T]](), list[RowFlaw](), 0, 0
    for number, cells in rows:
        count += 1
        if count > MOST_ROWS:
            raise Unreadable(RowFlaw(None, None, "too-many-rows"))
        wrong = list(_traps(number, columns, cells))
        if not wrong:
            try:
                given = {name: cell for name, cell in zip(columns, cells, strict=True) if cell.strip()}
                good.append((number, shape.model_validate(given)))
            except ValidationError as error:
                wrong = list(_flaws(number, error))
        room = KEPT - len(flaws)
        flaws += wrong[:room]
        more += len(wrong[room:])
    if not count:
        raise Unreadable(RowFlaw(None, None, "no-rows"))
    return Listed(frozenset(columns), good, count, flaws, more)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows with their numbers, but for empty ones. Raises Unreadable where the quotes do not match, and where a row
    or the list has no end in sight."""
    begin, separator = _separated(text)
    number, room = 0, MOST_CHARACTERS

    def lines() -> Iterator[str]:
        nonlocal room
        for line in LINE.finditer(text, begin):
            length = line.end() - line.start()
            room -= length
            if room < 0:  # a long line, or a quote that is never closed
                code = "too-long" if length > MOST_CHARACTERS else "unreadable-csv"
                raise Unreadable(RowFlaw(number + 1, None, code))
            yield line[0]

    try:
        for number, cells in enumerate(csv.reader(lines(), delimiter=separator, strict=True), 1):
            if number > MOST_READ:
                raise Unreadable(RowFlaw(None, None, "too-many-rows"))
            if any(cell.strip() for cell in cells):
                yield number, cells
            room = MOST_CHARACTERS
    except csv.Error:
        raise Unreadable(RowFlaw(number + 1, None, "unreadable-csv")) from None


def _separated(text: str) -> tuple[int, str]:
    """Where the header begins, and what separates its columns. Raises Unreadable for another sign than , and ;"""
    chosen = SEPARATOR.match(text)
    if chosen is None:
        header = LINE.match(text)
        end = 0 if header is None else header.end()
        return 0, max(",;", key=lambda sign: text.count(sign, 0, end))
    if chosen[1] not in {",", ";"}:
        raise Unreadable(RowFlaw(None, None, "separator"))
    return chosen.end(), chosen[1]


def _columns(header: Sequence[str], shape: type[ListedRow]) -> list[str]:
    """The columns by name. Raises Unreadable for one that is unknown, missing or there twice.

    An unknown name is told only when it is a plain word beside known ones: else it may be somebody's data. Of a header
    with more columns than there are only the first that is too many is told.
    """
    names = [cell.strip().lower() for cell in header]
    known = shape.model_fields
    if not set(names) & set(known):
        raise Unreadable(RowFlaw(1, None, "no-header"))
    unknown = [name for name in names if name not in known]
    flaws = [RowFlaw(1, name if NAME.fullmatch(name) else None, "unknown-column") for name in unknown]
    flaws += [RowFlaw(1, name, "duplicate-column") for name in known if names.count(name) > 1]
    flaws += [RowFlaw(1, n, "missing-column") for n, field in known.items() if field.is_required() and n not in names]
    if flaws:
        raise Unreadable(*(flaws if len(names) <= len(known) else flaws[:1]))
    return names


def _traps(number: int, columns: Sequence[str], cells: Sequence[str]) -> Iterator[RowFlaw]:
    """What is wrong with a row whatever it is a row of."""
    if len(cells) != len(columns):
        yield RowFlaw(number, None, "ragged-row")
        return
    for column, cell in zip(columns, cells, strict=True):
        if _first_seen(cell) in FORMULA:
            if column not in NUMBERS or not NUMBER.fullmatch(cell.strip()):
                yield RowFlaw(number, column, "formula")
        elif HIDDEN.search(cell):
            yield RowFlaw(number, column, "control-character")


def _flaws(number: int, error: ValidationError) -> Iterator[RowFlaw]:
    for flaw in error.errors(include_url=False, include_context=False, include_input=False):
        yield RowFlaw(number, str(flaw["loc"][0]), KINDS.get(flaw["type"], "invalid-value"))


def _first_seen(cell: str) -> str:
    """The first character that shows: what reads the list may cut off the blank and hidden ones before it."""
    return next((one for one in cell if category(one)[0] not in UNSEEN), "")
