"""What the report of a ward is made of: figures, counts, homes, gaps, changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from geo.scores import DAYS_THIS_YEAR


def checked_from(today: dt.date) -> dt.date:
    """Return the first day of "this year": what was checked on it or later was checked this year.

    As what is matched is ranked: `geo.scores.freshness`.
    """
    return today - dt.timedelta(days=DAYS_THIS_YEAR)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number about a ward beside its neighbours and its district.

    `text` is the value as people read it ("24.1", "31%", "not known"); `neighbours` is the mean of
    the wards that touch it, `district` the median of all wards of the district, as text too.
    """

    slug: str
    label: str
    value: float | None
    text: str
    unit: str
    neighbours: float | None
    neighbours_text: str
    district: float | None
    district_text: str
    source: str
    as_of: dt.date | None


@dataclass(frozen=True, slots=True)
class Counted:
    """How many there are of something (a kind, a theme of interests), and how many are fresh."""

    slug: str
    label: str
    count: int
    checked_this_year: int


@dataclass(frozen=True, slots=True)
class HomeReach:
    """A care home of the ward, and how many places are within minutes' walk of it.

    `within` has counts by minutes (5, 10, 15). `is_about`: by the straight line.
    """

    asset_id: str
    name: str
    beds: int | None
    within: dict[int, int]
    is_about: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """An interest people in or near the ward asked for and found nothing for.

    `asked` is rounded to 5, None for fewer than 8; `where` names the ward next door, "" for the
    ward itself. `nearest_…` is the nearest place that has it now, from the middle of the ward.
    """

    concept: str
    label: str
    asked: int | None
    where: str
    nearest_id: str | None
    nearest_name: str | None
    nearest_text: str


@dataclass(frozen=True, slots=True)
class Named:
    """A place to link to."""

    id: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Changed:
    """What happened in a ward from a day on: how many, and the first few that are new."""

    since: dt.date
    new: int
    gone: int
    checked: int
    corrected: int
    new_places: Sequence[Named] = ()


NOTHING_CHANGED = Changed(dt.date.min, new=0, gone=0, checked=0, corrected=0)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A ward that touches this one, of the same release."""

    gss_code: str
    name: str


@dataclass(frozen=True, slots=True)
class WardReport:
    """Everything about one ward in one boundary release."""

    ward: sa.Row[Any]
    made_on: dt.date
    sentences: Sequence[str]
    figures: Sequence[Figure]
    kinds: Sequence[Counted]
    themes: Sequence[Counted]
    homes: Sequence[HomeReach]
    gaps: Sequence[Gap]
    # Sentences about what changed since the last quarter began.
    changes: Sequence[str]
    # The assets in the ward, as app.assets.queries.list_assets gives them.
    places: Sequence[sa.Row[Any]]
    # Everybody who has to be named.
    source_ids: Sequence[int]
    # What was asked for in vain, and is in reach by now.
    met: Sequence[Gap] = ()
    changed: Changed = NOTHING_CHANGED
    neighbours: Sequence[Neighbour] = ()
    # "This year" is the twelve months from this day on.
    year_from: dt.date | None = None
