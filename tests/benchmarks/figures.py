"""Figures: ours, what stands beside it, and whether the promise about the two is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from rich.console import Console
from rich.table import Table

# As wide as the longest row needs: rich cuts words off where the output is not a terminal.
WIDTH = 150


@dataclass(frozen=True, slots=True)
class Promise:
    """What the ratio of our figure to the one beside it has to be."""

    sign: Literal["at most", "at least"]
    ratio: float

    def is_kept(self, ratio: float) -> bool:
        """Tell whether a ratio keeps the promise."""
        return ratio <= self.ratio if self.sign == "at most" else ratio >= self.ratio

    def __str__(self) -> str:
        return f"{self.sign} {self.ratio:g} ×"


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table; without `beside` it is only told."""

    what: str
    unit: str
    ours: float
    beside: float | None = None
    beside_what: str = ""
    promise: Promise | None = None

    @property
    def ratio(self) -> float | None:
        """Ours by theirs."""
        return self.ours / self.beside if self.beside else None

    @property
    def verdict(self) -> str:
        """PASS or not met, in words; nothing where nothing is promised."""
        if self.promise is None or self.ratio is None:
            return ""
        return "PASS" if self.promise.is_kept(self.ratio) else "not met"


def percentiles(
    what: str,
    ours_ms: Sequence[float],
    beside_ms: Sequence[float],
    *,
    beside_what: str,
    promise: Promise,
) -> list[Figure]:
    """Return the p50 and p95 of two runs of the same questions, in milliseconds."""
    return [
        Figure(
            f"{what}, p{percent}",
            "ms",
            float(np.percentile(ours_ms, percent)),
            float(np.percentile(beside_ms, percent)),
            beside_what,
            promise,
        )
        for percent in (50, 95)
    ]


def show(title: str, figures: Iterable[Figure], notes: Iterable[str] = ()) -> None:
    """Print a table of figures, and what has to be known to read it."""
    table = Table(title=title, title_justify="left")
    for heading in ("Figure", "Unit"):
        table.add_column(heading)
    for heading in ("Ours", "Beside", "Ratio"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("Beside what", "Promised", ""):
        table.add_column(heading)
    for figure in figures:
        table.add_row(
            figure.what,
            figure.unit,
            _number(figure.ours),
            _number(figure.beside),
            "" if figure.ratio is None else f"{figure.ratio:.2f} ×",
            figure.beside_what,
            str(figure.promise or ""),
            figure.verdict,
        )
    console = Console(width=WIDTH)
    console.print(table)
    for note in notes:
        console.print(f"  {note}", highlight=False)
    console.print()


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
