"""Bank holidays in England, by the names people know them by."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import holidays

# What the library calls differently from a British calendar.
_NAMES = {
    "May Day": "Early May bank holiday",
    "Spring Bank Holiday": "Spring bank holiday",
    "Late Summer Bank Holiday": "Summer bank holiday",
}
_SUBSTITUTE = " (observed)"


@lru_cache(maxsize=64)
def _of_year(year: int) -> dict[dt.date, str]:
    found = holidays.country_holidays("GB", subdiv="ENG", years=year)
    return {day: _say(name) for day, name in found.items() if day.year == year}


def _say(name: str) -> str:
    plain = name.removesuffix(_SUBSTITUTE)
    said = _NAMES.get(plain, plain)
    return f"{said} (substitute day)" if name.endswith(_SUBSTITUTE) else said


def bank_holiday(day: dt.date) -> str | None:
    """Return the name of the bank holiday in England on `day`, or None.

    A Christmas Day, Boxing Day or New Year's Day at a weekend counts as well as its substitute
    day: nobody expects visitors on either.
    """
    return _of_year(day.year).get(day)
