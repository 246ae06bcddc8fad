"""The progress picture (R47, R48): groups of fields, each with a sign that tells how far it is.

Made to be read by everybody: on a phone and on paper, in black and white (signs and borders say what the colours say),
and aloud (title and description). It has no script and refers to nothing outside itself; every text is escaped.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from xml.etree.ElementTree import Element, SubElement, tostring

Sign = Literal["done", "current", "upcoming"]

WIDTH, MARGIN, GAP, COLUMNS = 960, 24, 16, 4
BOX: Final = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) // COLUMNS
PADDING, LINE, SIZE = 14, 20, 15
INK, PAPER = "#1a1a1a", "#ffffff"
LOOKS: Final[dict[Sign, dict[str, str]]] = {
    "done": {"fill": "#e3f1e5", "stroke-width": "2"},
    "current": {"fill": "#fff3d1", "stroke-width": "4"},
    "upcoming": {"fill": PAPER, "stroke-width": "2", "stroke-dasharray": "6 5"},
}


@dataclass(frozen=True)
class Field:
    """One field: what it is about, how far it is, and the word for that."""

    title: str
    sign: Sign
    word: str


@dataclass(frozen=True)
class Group:
    """A heading and the fields under it, in order."""

    title: str
    fields: Sequence[Field]


def drawn(title: str, language: str, groups: Sequence[Group], otherwise: str) -> str:
    """The picture as SVG, as high as it needs to be; `otherwise` is said where there are no groups."""
    svg = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "lang": language, "xml:lang": language})
    svg.set("aria-labelledby", "progress-title progress-description")
    SubElement(svg, "title", {"id": "progress-title"}).text = plain(title)
    SubElement(svg, "desc", {"id": "progress-description"}).text = _told(groups) or plain(otherwise)
    paper = SubElement(svg, "rect", {"width": str(WIDTH), "fill": PAPER})
    drawing = SubElement(svg, "g", {"font-family": "Helvetica, Arial, sans-serif", "font-size": str(SIZE), "fill": INK})
    bottom = _lines(drawing, MARGIN, MARGIN, wrapped(title, WIDTH - 2 * MARGIN, 24), 24, bold=True)
    if not groups:
        bottom = _lines(drawing, MARGIN, bottom + GAP, wrapped(otherwise, WIDTH - 2 * MARGIN, SIZE), SIZE)
    for group in groups:
        bottom = _group(drawing, bottom + GAP, group)
    height = str(bottom + MARGIN)
    paper.set("height", height)
    svg.set("viewBox", f"0 0 {WIDTH} {height}")
    return tostring(svg, encoding="unicode")


def _told(groups: Sequence[Group]) -> str:
    """The whole picture in words."""
    return " ".join(
        f"{plain(group.title)}: {'; '.join(f'{plain(one.title)} – {plain(one.word)}' for one in group.fields)}."
        for group in groups
    )


def _group(drawing: Element, top: int, group: Group) -> int:
    """A heading, and rows of boxes that are as high as the highest of their row. The bottom of it."""
    bottom = _lines(drawing, MARGIN, top, wrapped(group.title, WIDTH - 2 * MARGIN, 18), 18, bold=True) + GAP // 2
    for first in range(0, len(group.fields), COLUMNS):
        row = group.fields[first : first + COLUMNS]
        texts = [wrapped(one.title, BOX - 2 * PADDING, SIZE) for one in row]
        height = 2 * PADDING + LINE + GAP // 2 + LINE * max(map(len, texts))
        for place, (one, lines) in enumerate(zip(row, texts, strict=True)):
            _box(drawing, MARGIN + place * (BOX + GAP), bottom, height, one, lines)
        bottom += height + GAP
    return bottom


def _box(drawing: Element, left: int, top: int, height: int, field: Field, lines: Sequence[str]) -> None:
    place = {"x": str(left), "y": str(top), "width": str(BOX), "height": str(height), "rx": "8"}
    SubElement(drawing, "rect", {**place, "stroke": INK, **LOOKS[field.sign]})
    _sign(drawing, left + PADDING + 10, top + PADDING + 10, field.sign)
    _lines(drawing, left + PADDING + 30, top + PADDING, [plain(field.word)], SIZE)
    _lines(drawing, left + PADDING, top + PADDING + LINE + GAP // 2, lines, SIZE, bold=True)


def _sign(drawing: Element, x: int, y: int, sign: Sign) -> None:
    """Drawn, not written: a tick, a ring with a dot, or an empty ring, whatever letters the screen has."""
    ring = {"cx": str(x), "cy": str(y), "r": "9", "stroke": INK, "stroke-width": "2"}
    SubElement(drawing, "circle", {**ring, "fill": INK if sign == "done" else PAPER})
    if sign == "done":
        tick = {"d": f"M{x - 4} {y}l3 4 6-8", "fill": "none", "stroke": PAPER, "stroke-width": "2"}
        SubElement(drawing, "path", tick)
    if sign == "current":
        SubElement(drawing, "circle", {"cx": str(x), "cy": str(y), "r": "4"})


def _lines(drawing: Element, x: int, top: int, lines: Sequence[str], size: int, *, bold: bool = False) -> int:
    """Lines of text under one another. The bottom of them."""
    step = size * LINE // SIZE
    for number, line in enumerate(lines):
        place = {"x": str(x), "y": str(top + number * step + size), "font-size": str(size)}
        SubElement(drawing, "text", place | ({"font-weight": "bold"} if bold else {})).text = line
    return top + step * len(lines)


def plain(text: str) -> str:
    """One line of what can be seen: XML forbids some of the unseen signs, and others turn a text around."""
    seen = "".join(sign for sign in " ".join(text.split()) if unicodedata.category(sign) not in UNSEEN)
    return seen or "–"


UNSEEN: Final = ("Cc", "Cf", "Cs", "Co", "Cn")


def wrapped(text: str, width: int, size: int) -> list[str]:
    """The text in lines that are no wider than so many pixels, broken between words, or in a word that is too wide."""
    lines = [""]
    for part in _parts(plain(text), width, size):
        longer = f"{lines[-1]} {part}" if lines[-1] else part
        if _wide(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines


def _parts(text: str, width: int, size: int) -> Iterator[str]:
    """The words; those that are wider than a line come in pieces."""
    for word in text.split():
        piece = ""
        for sign in word:
            if piece and _wide(piece + sign, size) > width:
                yield piece
                piece = ""
            piece += sign
        yield piece


def _wide(text: str, size: int) -> float:
    """About how many pixels wide: a little too many rather than too few."""
    return size * sum(_ems(sign) for sign in text)


def _ems(sign: str) -> float:
    if unicodedata.east_asian_width(sign) in "WF" or sign in "MWmw@%":
        return 1.0
    return 0.35 if sign in " .,:;'!|fijlrt" else 0.8 if sign.isupper() else 0.6
