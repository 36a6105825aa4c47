"""A ward on one sheet of paper: what of its lists there is room for, and its map in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.areas.report import Figure, Gap, HomeReach, WardReport
from app.areas.report_words import asked_words, kind_words
from app.models import AssetKind
from app.words import joined

# So many homes, gaps and figures stand on every sheet, and so many names of each kind.
ALWAYS, ALWAYS_FIGURES, ALWAYS_NAMED = 2, 3, 2
# One more takes the room of so many names: the places are what a list is for.
NAMES_A_LINE, NAMES_A_FIGURE = 8, 6
NEIGHBOURS_NAMED = 8
# What importers write for a place without a name.
NO_NAME = "(name not known)"


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

    figures: Sequence[Figure]
    more_figures: int
    kinds: Sequence[Names]
    homes: Sequence[HomeReach]
    more_homes: int
    # Each interest once, with where and how often it was asked for.
    gaps: Sequence[tuple[Gap, str]]
    more_gaps: int


def longest(report: WardReport) -> int:
    """Return the room at which nothing has to be left out of `shorten`."""
    lists = (len(report.homes), len(short_gaps(report.gaps)))
    lines = [NAMES_A_LINE * (length - ALWAYS) for length in lists]
    figures = NAMES_A_FIGURE * (len(report.figures) - ALWAYS_FIGURES)
    return max(len(_listed(report)), *lines, figures, 0)


def shorten(report: WardReport, room: int) -> Sheet:
    """Return the lists with so much room: about so many places, fewer of everything else."""
    listed, gaps = _listed(report), short_gaps(report.gaps)
    most = ALWAYS + room // NAMES_A_LINE
    kinds = []
    for kind in report.kinds:
        rows = [row for row in listed if row.kind == kind.slug]
        share = max(room * len(rows) // max(len(listed), 1), min(room + 1, ALWAYS_NAMED))
        if rows:
            kinds.append(Names(kind.label, len(rows), rows[:share]))
    # What nobody knows comes last.
    figures = sorted(report.figures, key=lambda figure: figure.value is None)
    figures = figures[: ALWAYS_FIGURES + room // NAMES_A_FIGURE]
    return Sheet(
        figures=figures,
        more_figures=len(report.figures) - len(figures),
        kinds=kinds,
        homes=report.homes[:most],
        more_homes=max(0, len(report.homes) - most),
        gaps=gaps[:most],
        more_gaps=max(0, len(gaps) - most),
    )


def short_gaps(gaps: Iterable[Gap]) -> list[tuple[Gap, str]]:
    """Return each interest once, with where it was asked for: a number only where it is known."""
    by_concept: dict[str, list[Gap]] = {}
    for gap in gaps:
        by_concept.setdefault(gap.concept, []).append(gap)
    return [(same[0], _where(same)) for same in by_concept.values()]


def _where(same: Sequence[Gap]) -> str:
    places = {gap: f"in {gap.where}" if gap.where else "here" for gap in same}
    said = [f"{asked_words(gap.asked)} {places[gap]}" for gap in same if gap.asked is not None]
    said += [places[gap] for gap in same if gap.asked is None and not gap.where]
    beside = [gap for gap in same if gap.asked is None and gap.where]
    if len(beside) > 1:
        return joined([*said, f"in {len(beside)} wards next door"])
    return joined([*said, *(places[gap] for gap in beside)])


def _listed(report: WardReport) -> list[sa.Row[Any]]:
    """Return the places but the care homes, which have a list of their own.

    A name that stands there already ("Allotments (name not known)") comes last.
    """
    listed = [row for row in report.places if row.kind != AssetKind.CARE_HOME]
    seen: set[tuple[str, str]] = set()
    again: list[bool] = []
    for row in listed:
        again.append((row.kind, row.name) in seen or NO_NAME in row.name)
        seen.add((row.kind, row.name))
    return [listed[at] for at in sorted(range(len(listed)), key=lambda at: again[at])]


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
