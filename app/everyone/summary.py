"""What a run of matching everybody found: how many have somebody to ring, and who has nobody.

Every number is rounded by the database: 0, None for fewer than 8, else to the nearest 5.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.everyone import summary_queries as queries
from app.words import joined, long_date, moment

# What a terminal shows of a table; the page and its files have all of it.
SHOWN_OF_EACH = 20
# How long a page may be behind those who withdraw.
KEPT_S = 300
NO_WARD, OFF_THE_MAP = "Ward not known", "A home that is no longer on the map"


@dataclass(frozen=True, slots=True)
class Run:
    """One run: `areas` are names of wards and districts, none for everybody."""

    id: int
    engine: str
    area_codes: tuple[str, ...]
    areas: tuple[str, ...]
    of_day: dt.date
    finished_at: dt.datetime | None

    @property
    def about(self) -> str:
        """Whom it was about."""
        return f"everybody in {joined(self.areas)}" if self.areas else "everybody"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many residents, and what was found for them; None is fewer than 8.

    `nobody`: were asked for, and nothing in reach answers. `unasked`: nothing they enjoy is noted,
    or not where they live.
    """

    residents: int | None
    matched: int | None
    nobody: int | None
    unasked: int | None

    @property
    def is_empty(self) -> bool:
        """Whether there is no resident at all."""
        return self.residents == 0

    @property
    def has_none_matched(self) -> bool:
        """Whether some were asked for and nobody was found for anyone."""
        return self.matched == 0 and self.nobody != 0


@dataclass(frozen=True, slots=True)
class WardCounts(Counts):
    """The counts of who lives in a ward; `code` is None where no ward is known."""

    code: str | None
    name: str
    lad_code: str | None
    district: str | None


@dataclass(frozen=True, slots=True)
class HomeCounts(Counts):
    """The counts of a home; `id` is None for one that is no longer on the map."""

    id: uuid.UUID | None
    name: str
    ward_code: str | None
    ward: str | None
    lad_code: str | None
    district: str | None


@dataclass(frozen=True, slots=True)
class ThemeCounts:
    """How many asked for anything of a theme, and for how many some of it is not in reach."""

    concept: str
    label: str
    asked: int | None
    unmet: int | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What the current runs found, or one run; lists have the worst off first."""

    runs: Sequence[Run]
    counts: Counts
    wards: Sequence[WardCounts]
    homes: Sequence[HomeCounts]
    themes: Sequence[ThemeCounts]

    @property
    def run_ids(self) -> tuple[int, ...]:
        """The numbers of the runs it is of."""
        return tuple(run.id for run in self.runs)

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been run yet, or nobody is left of whom it was about."""
        return not self.runs or self.counts.is_empty


def read_summary(connection: sa.Connection, run_id: int | None = None) -> Summary:
    """Return what one run found, or (None) what the current runs found together.

    All of it is of the same runs: where others took their place meanwhile, it is read again.
    """
    queries.take_time(connection)
    runs = read_runs(connection, run_id)
    while True:
        found = _count(connection, run_id, runs)
        runs = read_runs(connection, run_id)
        if found.run_ids == tuple(run.id for run in runs):
            return found


def _count(connection: sa.Connection, run_id: int | None, runs: Sequence[Run]) -> Summary:
    rows = queries.list_places(connection, run_id=run_id)
    (counts,) = (Counts(*_counts(row)) for row in rows if row.level == "all")
    if not runs or counts.is_empty:
        return Summary(runs, counts, [], [], [])
    themes = queries.list_themes(connection, run_id=run_id)
    return Summary(
        runs,
        counts,
        [_ward(row) for row in rows if row.level == "ward"],
        [_home(row) for row in rows if row.level == "home"],
        [ThemeCounts(row.concept, row.label, row.asked, row.unmet) for row in themes],
    )


class SummaryCache:
    """What the current runs found, kept for some minutes: to count a country takes seconds.

    Another run is another summary at once. Whoever withdraws is in no list of ours, and leaves the
    rounded numbers within these minutes. Each web process has its own.
    """

    def __init__(self) -> None:
        self._known: tuple[float, Summary] | None = None

    def get(self, connection: sa.Connection) -> Summary:
        """Return the summary of the current runs."""
        numbers = tuple(row.id for row in queries.list_runs(connection, run_id=None))
        known, now = self._known, time.monotonic()
        if known is None or known[1].run_ids != numbers or now - known[0] > KEPT_S:
            known = self._known = (now, read_summary(connection))
        return known[1]


def read_runs(connection: sa.Connection, run_id: int | None = None) -> list[Run]:
    """Return the runs a summary is of, the newest first."""
    rows = queries.list_runs(connection, run_id=run_id)
    names = queries.name_areas(connection, sorted({c for row in rows for c in row.area_codes}))
    return [
        Run(
            id=row.id,
            engine=row.engine,
            area_codes=tuple(row.area_codes),
            areas=tuple(names[code] for code in row.area_codes),
            of_day=row.of_day,
            finished_at=row.finished_at,
        )
        for row in rows
    ]


def _ward(row: sa.Row[Any]) -> WardCounts:
    return WardCounts(
        *_counts(row),
        code=row.ward_code,
        name=row.ward or row.ward_code or NO_WARD,
        lad_code=row.lad_code,
        district=row.district or row.lad_code,
    )


def _home(row: sa.Row[Any]) -> HomeCounts:
    return HomeCounts(
        *_counts(row),
        id=row.home_id,
        name=row.home or OFF_THE_MAP,
        ward_code=row.ward_code,
        ward=row.ward or row.ward_code,
        lad_code=row.lad_code,
        district=row.district or row.lad_code,
    )


def _counts(row: sa.Row[Any]) -> tuple[int | None, int | None, int | None, int | None]:
    return row.residents, row.matched, row.nobody, row.unasked


def hide_small(exact: int) -> int | None:
    """Return a count as the database's `rounded_count` does: 0, None (1 to 7), else to 5."""
    if exact == 0:
        return 0
    return round(exact / 5) * 5 if exact >= 8 else None


def rounded(count: int | None) -> str:
    """Return a rounded count as it is said: "none", "fewer than 8", "about 1,230"."""
    if count is None:
        return "fewer than 8"
    return f"about {count:,}" if count else "none"


def print_summary(summary: Summary, console: Console) -> None:
    """Print what was found, for whoever ran it; small numbers stay hidden here too."""
    if not summary.runs:
        console.print("Nobody has been matched yet: run “patchwork match-all”.")
        return
    if summary.counts.is_empty:
        console.print("There are no residents to match.")
        return
    for run in summary.runs:
        when = f", done {moment(run.finished_at)}" if run.finished_at else ""
        console.print(escape(f"For {run.about}, as of {long_date(run.of_day)}{when}."))
    counts = summary.counts
    totals = Table("Residents", "Somebody to ring", "Nobody in reach", "Not asked for", box=None)
    totals.add_row(*_cells(counts))
    console.print(totals)
    _print_table(
        console,
        "Homes where somebody has nobody to ring",
        ("Home", "Ward", "Residents", "Somebody to ring", "Nobody in reach", "Not asked for"),
        ((one.name, one.ward or "", *_cells(one)) for one in summary.homes if one.nobody != 0),
    )
    _print_table(
        console,
        "By ward",
        ("Ward", "District", "Residents", "Somebody to ring", "Nobody in reach", "Not asked for"),
        ((one.name, one.district or "", *_cells(one)) for one in summary.wards),
    )
    _print_table(
        console,
        "By theme",
        ("Theme", "Asked for by", "Some of it out of reach for"),
        ((one.label, rounded(one.asked), rounded(one.unmet)) for one in summary.themes),
    )
    console.print(
        "Numbers are rounded to 5. “Not asked for”: nothing noted yet, or no place known."
    )


def _cells(counts: Counts) -> tuple[str, str, str, str]:
    return (
        rounded(counts.residents),
        rounded(counts.matched),
        rounded(counts.nobody),
        rounded(counts.unasked),
    )


def _print_table(
    console: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]
) -> None:
    listed = list(rows)
    if not listed:
        return
    table = Table(*columns, title=title, title_justify="left", box=None)
    for row in listed[:SHOWN_OF_EACH]:
        table.add_row(*map(escape, row))
    console.print(table)
    if len(listed) > SHOWN_OF_EACH:
        console.print(f"… and {len(listed) - SHOWN_OF_EACH:,} more: all of them are at /matched.")
