"""What has to hold: filters leave matches out, and never change a score.

A filter is asked of facts somebody may not have written down. What nobody knows is left out too,
and counted, unless `with_unknown`: a page then says how many there are and offers them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from geo.errors import QuestionError

MINUTES_A_DAY = 1_440
WEEKDAYS = tuple(range(7))
STEP_FREE = "step_free"
# The facts filters ask for, in the order a page names them.
FACTS = ("times", "cost", "access", "indoors")
_COLUMNS = dict(zip(FACTS, ("week_starts", "cost_pence", "access", "is_indoors"), strict=True))
COLUMNS = tuple(_COLUMNS.values())

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Filters:
    """What has to hold. `starts` are spans of minutes of the week (from, up to), Monday 0:00 is 0.

    Steps do not matter for who comes to you: they come in by your own door.
    """

    starts: Spans | None = None
    is_free: bool = False
    is_step_free: bool = False
    is_indoors: bool = False
    with_unknown: bool = False

    @property
    def is_any(self) -> bool:
        """Whether anything has to hold."""
        return self.starts is not None or self.is_free or self.is_step_free or self.is_indoors


NO_FILTERS = Filters()


def start_spans(
    *,
    weekdays: Collection[int] = (),
    from_minute: int | None = None,
    before_minute: int | None = None,
) -> Spans | None:
    """Return when in the week something may start; None: at any time.

    `weekdays` from 0 (Monday), none meaning every day; minutes of the day, `from_minute` included
    and `before_minute` not. Day and time are of one start. Raises QuestionError if nothing can.
    """
    first = 0 if from_minute is None else from_minute
    last = MINUTES_A_DAY if before_minute is None else before_minute
    if first >= last:
        raise QuestionError("nothing starts after that and before that")
    if not weekdays and (first, last) == (0, MINUTES_A_DAY):
        return None
    days = sorted(set(weekdays) or set(WEEKDAYS))
    return tuple((day * MINUTES_A_DAY + first, day * MINUTES_A_DAY + last) for day in days)


def judge(filters: Filters, row: Mapping[str, Any], *, visits: bool) -> dict[str, bool | None]:
    """Return for each fact whether it fits: None when nobody knows, True when it is not asked.

    `row` has week_starts (minutes, or None), cost_pence, access and is_indoors.
    """
    asked = {
        "times": filters.starts is not None,
        "cost": filters.is_free,
        "access": filters.is_step_free and not visits,
        "indoors": filters.is_indoors,
    }
    return {fact: _fits(filters, fact, row) if asked[fact] else True for fact in FACTS}


def leaves_out(filters: Filters, judged: Mapping[str, bool | None]) -> bool:
    """Return whether a row judged so is left out."""
    return any(fits is False or (fits is None and not filters.with_unknown)
               for fits in judged.values())  # fmt: skip


def might_fit(judged: Mapping[str, bool | None]) -> bool:
    """Return whether a row is left out only because nobody knows something about it."""
    return False not in judged.values() and None in judged.values()


def _fits(filters: Filters, fact: str, row: Mapping[str, Any]) -> bool | None:
    value = row[_COLUMNS[fact]]
    if _is_missing(value):
        return None
    if fact == "times":
        spans = filters.starts or ()
        return any(first <= minute < last for minute in value for first, last in spans)
    if fact == "cost":
        return bool(value == 0)
    return STEP_FREE in value if fact == "access" else bool(value)


def _is_missing(value: object) -> bool:
    # pandas writes what is missing as NaN, which is not equal to itself.
    return value is None or (isinstance(value, float) and math.isnan(value))
