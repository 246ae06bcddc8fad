"""Days: working days, which due dates keep to (R468, by setting without Danish public holidays), and birthdays."""

from datetime import date
from functools import cache

import holidays

SATURDAY = 5


@cache
def _danish() -> holidays.HolidayBase:
    return holidays.country_holidays("DK")


def birthday_limit(today: date, age: int) -> date:
    """The last birth date of somebody who is `age` today; born on 29 February one is older from 1 March."""
    try:
        return today.replace(year=today.year - age)
    except ValueError:
        return today.replace(year=today.year - age, day=28)


def is_working_day(day: date, calendar: str) -> bool:
    """Whether somebody is at work that day; with the setting `calendar.holidays` at `none`, on every day."""
    return calendar == "none" or (day.weekday() < SATURDAY and day not in _danish())
