"""The kinds of text that all shapes share: dates are written out, and nothing in a line is hidden."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from app.schemas.base import Day, Line, Moment, Text
from app.schemas.settings.section import Day as SettingDay


def flaw(shape: Any, value: Any) -> str | None:
    """What is wrong with the value; None when it is taken."""
    try:
        TypeAdapter(shape).validate_python(value)
    except ValidationError as error:
        return error.errors()[0]["type"]
    return None


@pytest.mark.parametrize("shape", [Day, SettingDay])
def test_a_number_in_quotes_is_not_read_as_seconds_since_1970(shape: Any) -> None:
    for sent in ("86400", "0", "1e9", "-1", "2026-1-1", "20260101", " 2026-01-01", "٢٠٢٦-01-01", "2026-01-01T00:00Z"):
        assert flaw(shape, sent) == "date-format", sent
    assert flaw(shape, 86400) == "date-as-text"
    assert flaw(shape, "2026-02-30") == "date_from_datetime_parsing"
    assert TypeAdapter(shape).validate_python("2026-02-28") == date(2026, 2, 28)


def test_a_number_in_quotes_is_no_moment() -> None:
    for sent in ("86400", "1767261600000", "1e9", "2026-01-01", "2026-01-01T10:00Z", "2026-01-01T10:00:00+0100"):
        assert flaw(Moment, sent) == "datetime_parsing", sent
    assert flaw(Moment, 86400) == "date-as-text"
    assert flaw(Moment, "2026-01-01T10:00:00") == "timezone_aware"
    for sent in ("2026-01-01T10:00:00Z", "2026-01-01t11:00:00.000+01:00", "2026-01-01 05:00:00-05:00"):
        assert TypeAdapter(Moment).validate_python(sent) == datetime(2026, 1, 1, 10, tzinfo=UTC), sent


@pytest.mark.parametrize("shape", [Line, Text])
def test_two_names_that_look_alike_are_not_told_apart_by_what_nobody_sees(shape: Any) -> None:
    for hidden in "\u200e\u200f\u202e\u2066\u0085":
        assert flaw(shape, f"Ida{hidden} Prøvesen") == "string_pattern_mismatch", hex(ord(hidden))
    for hidden in "\u00ad\u200b\u2060\ufeff":
        assert flaw(shape, f"Ida{hidden} Prøvesen") == "control-characters", hex(ord(hidden))
    for joined in ("Familien 👨\u200d👩\u200d👧", "می\u200cخواهم"):  # what emoji and Persian are written with
        assert flaw(shape, joined) is None
