"""A ward on one sheet of paper: what of its lists there is room for, and its map in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.areas.report import Gap, HomeReach, WardReport
from app.areas.report_words import group_gaps, kind_words
from app.models import AssetKind
from app.words import joined

# So many homes and gaps stand on every sheet; more of them as there is more room.
ALWAYS = 4
# A kind with only a few is named in full.
ALWAYS_NAMED = 2
NEIGHBOURS_NAMED = 8


@dataclass(frozen=True, slots=True)
class Names:
    """The places of one kind that are named, and how many more there are."""

    label: str
    count: int
    named: Sequence[sa.Row[Any]]

    @property
    def more(self) -> int:
        """How many are not named."""
        return self.count - len(self.named)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The lists of a sheet, shortened to what fits."""

    kinds: Sequence[Names]
    homes: Sequence[HomeReach]
    more_homes: int
    # Each interest once, with where and how often it was asked for.
    gaps: Sequence[tuple[Gap, str]]
    more_gaps: int


def longest(report: WardReport) -> int:
    """Return the room at which nothing has to be left out of `shorten`."""
    lists = (len(report.homes), len(group_gaps(report.gaps)))
    return max(len(_listed(report)), *(2 * (length - ALWAYS) for length in lists), 0)


def shorten(report: WardReport, room: int) -> Sheet:
    """Return the lists with so much room: about so many places, and more homes and gaps."""
    listed, gaps = _listed(report), group_gaps(report.gaps)
    most = ALWAYS + room // 2
    kinds = []
    for kind in report.kinds:
        rows = [row for row in listed if row.kind == kind.slug]
        share = max(room * len(rows) // max(len(listed), 1), min(room, ALWAYS_NAMED))
        if rows:
            kinds.append(Names(kind.label, len(rows), rows[:share]))
    return Sheet(
        kinds=kinds,
        homes=report.homes[:most],
        more_homes=max(0, len(report.homes) - most),
        gaps=gaps[:most],
        more_gaps=max(0, len(gaps) - most),
    )


def _listed(report: WardReport) -> list[sa.Row[Any]]:
    """Return the places but the care homes: those have a table of their own."""
    return [row for row in report.places if row.kind != AssetKind.CARE_HOME]


def map_in_words(report: WardReport) -> str:
    """Return what the map shows, for whoever does not see it."""
    counts = [kind_words(kind.slug, kind.count) for kind in report.kinds if kind.count]
    around = [one.name for one in report.neighbours]
    named = [*around[:NEIGHBOURS_NAMED], *(["others"] if len(around) > NEIGHBOURS_NAMED else [])]
    return " ".join(
        [
            f"Map of {report.ward.name} ward with {joined(counts) or 'nothing on it yet'}.",
            *([f"Around it: {joined(named)}."] if named else []),
        ]
    )
