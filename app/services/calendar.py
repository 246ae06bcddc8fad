"""The municipality's working days: due dates keep clear of weekends and, by setting, Danish public holidays (R468)."""

from datetime import date
from functools import cache

import holidays

SATURDAY = 5


@cache
def _danish() -> holidays.HolidayBase:
    return holidays.country_holidays("DK")


def is_working_day(day: date, calendar: str) -> bool:
    """Whether somebody is at work that day; with the setting `calendar.holidays` at `none`, on every day."""
    return calendar == "none" or (day.weekday() < SATURDAY and day not in _danish())
