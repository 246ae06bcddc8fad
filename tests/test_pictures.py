"""The pictures themselves: pure functions, so without a database."""

from xml.etree import ElementTree

import pytest

from app.pictures.progress import BOX, COLUMNS, WIDTH, Field, Group, drawn, plain, wrapped

SVG = "{http://www.w3.org/2000/svg}"
ATTACKS = (
    "<script>alert(1)</script>",
    "]]><!--",
    '" onload="alert(1)',
    "&amp;&#60;&lol;",
    "\x00\x08\ud800\ufffe\u202e\u2066",
    "{{7*7}} ${x} %s",
)


def parsed(*groups: Group, title: str = "Sagens forløb") -> ElementTree.Element:
    return ElementTree.fromstring(drawn(title, "da", groups, "Intet."))  # noqa: S314 - our own


def group(*titles: str, sign: str = "upcoming") -> Group:
    return Group("Opstart", [Field(title, sign, "Kommer senere") for title in titles])  # type: ignore[arg-type]


def words(picture: ElementTree.Element) -> list[str]:
    return [str(element.text) for element in picture.iter(f"{SVG}text")]


def number(element: ElementTree.Element, name: str) -> float:
    return float(element.attrib[name])


def test_it_can_be_read_aloud() -> None:
    picture = parsed(group("Teamet", "Planen"), Group("Sagsforløb", [Field("Møder", "current", "I gang nu")]))
    assert (picture.attrib["role"], picture.attrib["lang"]) == ("img", "da")
    named = {one.attrib["id"]: one.text for one in picture if "id" in one.attrib}
    assert [named[id] for id in picture.attrib["aria-labelledby"].split()] == [
        "Sagens forløb",
        "Opstart: Teamet – Kommer senere; Planen – Kommer senere. Sagsforløb: Møder – I gang nu.",
    ]


def test_nothing_is_only_a_colour() -> None:
    """Without any, the three still look different: by the sign, the border and the word."""
    looks = set()
    for sign in ("done", "current", "upcoming"):
        picture = parsed(group("Teamet", sign=sign))
        for element in picture.iter():
            if element.attrib.get("fill") not in (None, "none", "#1a1a1a", "#ffffff"):
                element.attrib["fill"] = "#ffffff"
        looks.add(ElementTree.tostring(picture))
    assert len(looks) == 3


@pytest.mark.parametrize("text", ATTACKS)
def test_no_text_becomes_anything_but_text(text: str) -> None:
    hostile = parsed(Group(text, [Field(text, "done", text)]), title=text)
    calm = parsed(Group("x", [Field("x", "done", "x")]), title="x")
    shapes = [{(e.tag, *sorted(e.attrib)) for e in picture.iter()} for picture in (hostile, calm)]
    assert shapes[0] == shapes[1]
    assert hostile.findtext(f"{SVG}title") == plain(text)


def test_it_refers_to_nothing_and_runs_nothing() -> None:
    svg = drawn("Sagens forløb", "da", [group("Teamet")], "Intet.")
    assert svg.count("http") == 1  # the namespace
    for forbidden in ("<script", "href", "url(", "style", "foreignObject", "onload"):
        assert forbidden not in svg


def test_long_titles_are_wrapped_and_stay_in_their_box() -> None:
    """Between words where that can be, else within one; nothing of the title is lost."""
    titles = ["Beslutningskompetence og fælles finansiering er afklaret", "W" * 200, "i" * 200, "Kort", "漢字" * 60]
    picture = parsed(group(*titles))
    boxes = [one for one in picture.iter(f"{SVG}rect") if "stroke" in one.attrib]
    texts = list(picture.iter(f"{SVG}text"))
    for box, title in zip(boxes, titles, strict=True):
        left, top = number(box, "x"), number(box, "y")
        inside = [
            one
            for one in texts
            if left <= number(one, "x") < left + BOX and top <= number(one, "y") <= top + number(box, "height")
        ]
        assert "".join(str(one.text) for one in inside[1:]).replace(" ", "") == title.replace(" ", "")
        assert all(number(one, "y") < top + number(box, "height") for one in inside)
    assert wrapped(titles[0], 188, 15)[0] == "Beslutningskompetence"


def test_it_is_as_high_as_it_needs_to_be() -> None:
    """Boxes stand in rows, none beside the paper, and none on another."""
    picture = parsed(group(*"abcdefghi"), group("j"))
    boxes = [one for one in picture.iter(f"{SVG}rect") if "stroke" in one.attrib]
    assert len({(one.attrib["x"], one.attrib["y"]) for one in boxes}) == len(boxes) == 10
    assert len({one.attrib["x"] for one in boxes}) == COLUMNS
    _, _, width, height = map(float, picture.attrib["viewBox"].split())
    assert all(number(one, "x") + BOX < width == WIDTH for one in boxes)
    assert all(number(one, "y") + number(one, "height") < height for one in boxes)


def test_where_there_is_nothing_to_draw_it_says_so() -> None:
    picture = parsed()
    assert picture.findtext(f"{SVG}desc") == "Intet."
    assert words(picture) == ["Sagens forløb", "Intet."]


@pytest.mark.parametrize(("text", "seen"), [("  a\n\tb ", "a b"), ("", "–"), ("\u200b", "–"), ("é👪", "é👪")])
def test_a_line_holds_what_can_be_seen(text: str, seen: str) -> None:
    assert plain(text) == seen
