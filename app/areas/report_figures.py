"""The figures of a ward, each beside its neighbours' mean and its district's median."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import sqlalchemy as sa

from app.areas.measures import MEASURES, as_about
from app.areas.report_parts import Figure
from app.assets.schemas import Names

NOT_KNOWN = "not known"
# A share of nothing.
NOTHING = "–"
WHOLE_FROM = 100
OUR_MAP = "The places on this map"
# How the small areas of a ward were found, as the comparison says it too.
BY_LOOKUP = "LSOAs as the ONS assigns them"
BY_POINTS = "LSOAs whose middle point is inside"
# Of `count_in_wards` and of `list_published`.
Row = sa.Row[Any]


@dataclass(frozen=True, slots=True)
class Around:
    """A ward, those that touch it and those of its district, with what is known of each."""

    ward_id: int
    wards: Sequence[sa.Row[Any]]
    counts: Mapping[int, sa.Row[Any]]
    published: Mapping[int, sa.Row[Any]]

    @property
    def itself(self) -> sa.Row[Any]:
        """The ward the report is about."""
        return next(ward for ward in self.wards if ward.id == self.ward_id)

    @property
    def neighbours(self) -> list[sa.Row[Any]]:
        """Those that touch it."""
        return [ward for ward in self.wards if ward.is_neighbour]


@dataclass(frozen=True, slots=True)
class Made:
    """How one figure is made: of what is counted and what is published about a ward."""

    slug: str
    label: str
    unit: str
    decimals: int
    value: Callable[[Row, Row | None], float | None]
    # The columns of `list_published` that name its source and date; "" for what is counted here.
    of: str = ""
    # In the place of a number that is not there.
    missing: str = NOT_KNOWN


def _per_1000(counted: Row, published: Row | None) -> float | None:
    people = published.population if published else None
    return counted.places / people * 1_000 if people else None


def _share(counted: Row, _: Row | None) -> float | None:
    return counted.checked / counted.places * 100 if counted.places else None


def _deprived(_: Row, published: Row | None) -> float | None:
    share = published.most_deprived_share if published else None
    return None if share is None else share * 100


def _published(column: str) -> Callable[[Row, Row | None], float | None]:
    return lambda _, published: getattr(published, column) if published else None


MADE = (
    Made("assets_per_1000", "Places and groups", "per 1,000 people", 1, _per_1000, "population"),
    Made("places", "Places and groups", "", 0, lambda counted, _: counted.places),
    Made("groups", "Groups", "", 0, lambda counted, _: counted.groups),
    Made("checked_share", "Checked in the last 12 months", "%", 0, _share,
         missing=NOTHING),
    Made("population", "People", "", 0, _published("population"), "population"),
    Made("population_65_plus", "People aged 65 and over", "", 0, _published("population_65_plus"),
         "older"),
    Made("most_deprived_share", "People living in the most deprived fifth of England", "%", 0,
         _deprived, "imd"),
    Made("imd_score", "Deprivation (IMD score; higher is poorer)", "", 1,
         _published("imd_score"), "imd"),
)  # fmt: skip
# Nobody misses these where they were never loaded.
ONLY_WHERE_LOADED = frozenset({"population_65_plus"})


def figures_of(
    around: Around, names: Names, kept: Sequence[sa.Row[Any]], *, today: dt.date
) -> list[Figure]:
    """Return the figures of a ward: those counted and published, then those worked out before.

    `kept` are rows of `list_kept_measures`.
    """
    return [*_made(around, names, today), *_worked_out(around, kept)]


def _made(around: Around, names: Names, today: dt.date) -> Iterator[Figure]:
    ours = around.published.get(around.ward_id)
    for made in MADE:
        values = {
            ward.id: made.value(around.counts[ward.id], around.published.get(ward.id))
            for ward in around.wards
        }
        is_loaded = getattr(ours, f"{made.of}_known", 0) or any(
            v is not None for v in values.values()
        )
        if made.slug in ONLY_WHERE_LOADED and not is_loaded:
            continue
        source, as_of = OUR_MAP, cast("dt.date | None", today)
        if made.of:
            source = _published_by(ours, made.of, names)
            if made.slug == "assets_per_1000":
                source = "; ".join(filter(None, (OUR_MAP, source)))
            as_of = getattr(ours, f"{made.of}_as_of", None)
        yield Figure(
            made.slug,
            made.label,
            unit=made.unit,
            source=source,
            as_of=as_of,
            **_compared(around, values, made.unit, made.decimals, missing=made.missing),
        )


def _published_by(ours: Row | None, of: str, names: Names) -> str:
    """Say whose figure it is, which small areas it was summed over, and what of it is missing."""
    known = getattr(ours, f"{of}_known", 0)
    if ours is None or not known:
        return ""
    source = names.sources.get(getattr(ours, f"{of}_source"))
    said = [source.name] if source else []
    said.append(BY_LOOKUP if ours.is_by_lookup else BY_POINTS)
    if known < ours.lsoas:
        without = ours.lsoas - known
        verb = "has" if without == 1 else "have"
        said.append(f"{without} of these {ours.lsoas} {verb} no figure")
    return "; ".join(said)


def _worked_out(around: Around, kept: Sequence[sa.Row[Any]]) -> Iterator[Figure]:
    ids = {ward.gss_code: ward.id for ward in around.wards}
    of_measure: dict[str, list[sa.Row[Any]]] = {}
    for row in kept:
        of_measure.setdefault(row.measure, []).append(row)
    for slug, measure in MEASURES.items():
        rows = of_measure.get(slug, ())
        own = [row for row in rows if ids[row.gss_code] == around.ward_id]
        if not own:
            continue
        is_about = own[0].is_about
        way = "measured in straight lines, so about" if is_about else "along streets and paths"
        values = {ids[row.gss_code]: row.value for row in rows}
        label = (as_about(measure) if is_about else measure).label
        yield Figure(
            slug,
            label,
            unit=_unit_after(label, measure.unit),
            source=f"Worked out from this map, {way}",
            as_of=own[0].worked_out_on,
            **_compared(around, values, measure.unit, measure.decimals),
        )


def _unit_after(label: str, unit: str) -> str:
    """Return a unit to stand behind a label, which may end with the word the unit begins with."""
    return unit.removeprefix(f"{label.rsplit(maxsplit=1)[-1]} ")


def _compared(
    around: Around,
    values: Mapping[int, float | None],
    unit: str,
    decimals: int,
    *,
    missing: str = NOT_KNOWN,
) -> dict[str, Any]:
    """Return a ward's value, its neighbours' mean and its district's median, with their words."""

    def known(wards: Sequence[sa.Row[Any]]) -> list[float]:
        return [float(v) for ward in wards if (v := values.get(ward.id)) is not None]

    beside = known(around.neighbours)
    district = [ward for ward in around.wards if ward.is_in_district]
    # A district of one ward is that ward: there is nothing to compare it with.
    of_district = known(district) if len(district) > 1 else []
    value = values.get(around.ward_id)
    numbers = {
        "value": None if value is None else float(value),
        "neighbours": float(np.mean(beside)) if beside else None,
        "district": float(np.median(of_district)) if of_district else None,
    }
    said = {
        name: missing if number is None else number_words(number, unit, decimals)
        for name, number in numbers.items()
    }
    return numbers | {
        "text": said["value"],
        "neighbours_text": said["neighbours"],
        "district_text": said["district"],
    }


def number_words(value: float | None, unit: str, decimals: int) -> str:
    """Return a number as people read it: "1,204", "4.1", "31%", or that it is not known."""
    if value is None:
        return NOT_KNOWN
    if not decimals and not unit and abs(value) < WHOLE_FROM and value != round(value):
        # A mean or a median of small counts lies between them.
        decimals = 1
    return f"{value:,.{decimals}f}{'%' if unit == '%' else ''}"
