"""The wards of a district side by side: what was asked for, in which order, and in classes."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.areas.measures import MEASURES, DistrictValues, Measure, WardValues
from app.parameters import Query
from geo.map_areas import CLASS_COLOURS, Classes, Scheme, classes_of, figure_in_words

DEFAULT_MEASURE = "assets_per_1000"
# How figures are cut into classes: as the address says it, as people read it, as `geo` has it.
SCHEMES: dict[str, tuple[str, Scheme]] = {
    "quantiles": ("About as many wards in each colour", "quantiles"),
    "natural": ("Wards with like figures in one colour", "natural breaks"),
}
# What every ward has besides its measures.
NAME, ASSETS, CARE_HOMES = "name", "assets", "care_homes"
Cell = str | float | int | None


@dataclass(frozen=True, slots=True)
class Choice:
    """What a question about a district's wards asks for, understood."""

    measure: Measure
    scheme: str
    # The column to sort by, and whether the largest come first.
    sort: str
    is_descending: bool

    @property
    def geo_scheme(self) -> Scheme:
        """How the figures are cut, as `geo.map_areas` calls it."""
        return SCHEMES[self.scheme][1]


@dataclass(frozen=True, slots=True)
class Row:
    """One ward of the table: its figures as texts, and the class (1 is lowest) of the chosen.

    `shade` is the place of the class's colour in `CLASS_COLOURS`, from 1; 0 for no figure.
    """

    ward: WardValues
    texts: dict[str, str]
    class_number: int | None
    shade: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The table of a district's wards, and the key of its map."""

    district: DistrictValues
    choice: Choice
    columns: Sequence[Measure]
    classes: Classes
    # The shade of each row of the key.
    shades: Sequence[int]
    rows: Sequence[Row]
    # The district's middle figure by measure, as texts.
    medians: dict[str, str]
    # How people were counted, and what else a reader should know.
    notes: Sequence[str]


def read_choice(query: Query, district: DistrictValues) -> Choice:
    """Return what is asked for; what makes no sense is a problem of `query`, and the default."""
    slug = query.text("measure") or DEFAULT_MEASURE
    measure = district.measure(slug)
    if measure is None:
        query.wrong("measure", "“measure” is not one we have. Choose one from the list.")
        measure = MEASURES[DEFAULT_MEASURE]
    scheme = query.text("classes") or "quantiles"
    if scheme not in SCHEMES:
        query.wrong("classes", f"“classes” must be one of: {', '.join(SCHEMES)}.")
        scheme = "quantiles"
    column, is_descending = read_sort(query, district)
    if column not in {NAME, ASSETS, CARE_HOMES, measure.slug, *MEASURES}:
        # Another theme's column went when another measure was chosen: that is nobody's mistake.
        column, is_descending = NAME, False
    return Choice(measure, scheme, column, is_descending)


def read_sort(query: Query, district: DistrictValues) -> tuple[str, bool]:
    """Return the column to sort by, and whether the largest come first; else the names' order.

    Of all columns that files have: the page shows the theme that is chosen alone.
    """
    sort = query.text("sort") or NAME
    column = sort.removeprefix("-")
    if column not in {NAME, ASSETS, CARE_HOMES} and district.measure(column) is None:
        query.wrong("sort", "“sort” is not a column of this table. Choose a column’s heading.")
        return NAME, False
    return column, sort.startswith("-")


def compare(district: DistrictValues, choice: Choice) -> Comparison:
    """Return the wards in the order asked for, wards without a figure last."""
    columns = [choice.measure] if choice.measure.slug not in MEASURES else []
    columns += [found for slug in MEASURES if (found := district.measure(slug))]
    classes = classes_of_wards(district, choice)
    numbers = classes.of_row.tolist()
    class_of = {w.area_id: number for w, number in zip(district.wards, numbers, strict=True)}
    texts = {column.slug: texts_of(figures_of(district, column), column) for column in columns}
    place = {ward.area_id: number for number, ward in enumerate(district.wards)}
    # The last is for what is in no class: -1.
    shades = [*(CLASS_COLOURS.index(colour) + 1 for colour in classes.colours), 0]
    rows = [
        Row(
            ward,
            {slug: column[place[ward.area_id]] for slug, column in texts.items()},
            class_of[ward.area_id] + 1 if class_of[ward.area_id] >= 0 else None,
            shades[class_of[ward.area_id]],
        )
        for ward in sort_wards(district.wards, choice.sort, is_descending=choice.is_descending)
    ]
    medians = {column.slug: texts_of(median_of(district, column), column)[0] for column in columns}
    return Comparison(district, choice, columns, classes, shades, rows, medians, notes_on(district))


def notes_on(district: DistrictValues) -> list[str]:
    """Return sentences on how the people of the wards were counted."""
    ways = Counter(
        None if ward.population is None else ward.is_by_lookup for ward in district.wards
    )
    notes = []
    if ways[True]:
        notes.append(
            "People: the sum of the small areas (LSOAs) that the Office for National Statistics"
            " assigns to the ward."
        )
    if ways[False]:
        which = "these wards" if ways[False] == len(district.wards) else "the other wards"
        notes.append(
            f"No published list assigns small areas to {which}: theirs are the small areas whose"
            " middle point is inside."
        )
    if ways[None]:
        wards = "1 ward" if ways[None] == 1 else f"{ways[None]:,} wards"
        notes.append(f"We do not know how many people live in {wards}: figures are missing there.")
    return notes


def classes_of_wards(district: DistrictValues, choice: Choice) -> Classes:
    """Return the classes of the chosen measure, a row for each ward in the district's order."""
    measure = choice.measure
    return classes_of(
        figures_of(district, measure),
        scheme=choice.geo_scheme,
        unit=measure.unit,
        decimals=measure.decimals,
    )


def figures_of(district: DistrictValues, measure: Measure) -> np.ndarray:
    """Return a measure's figures in the district's order, rounded as they are shown; NaN: none."""
    values = [ward.values[measure.slug] for ward in district.wards]
    known = [math.nan if value is None else value for value in values]
    return np.round(np.array(known, dtype=float), measure.decimals)


def texts_of(figures: np.ndarray, measure: Measure) -> list[str]:
    """Return rounded figures as the table shows them, without their unit but for per cent."""
    unit = "%" if measure.unit == "%" else ""
    return [figure_in_words(one, unit, decimals=measure.decimals) for one in figures.tolist()]


def median_of(district: DistrictValues, measure: Measure) -> np.ndarray:
    """Return the middle one of the wards' figures, rounded; NaN when no ward has one."""
    known = [value for ward in district.wards if (value := ward.values[measure.slug]) is not None]
    middle = statistics.median(known) if known else math.nan
    return np.round(np.array([middle], dtype=float), measure.decimals)


def sort_wards(
    wards: Sequence[WardValues], column: str, *, is_descending: bool
) -> list[WardValues]:
    """Return wards in the order of a column; those without a figure last, either way round."""
    by_name = sorted(wards, key=lambda ward: (ward.name.casefold(), ward.gss_code))
    if column == NAME:
        return by_name[::-1] if is_descending else by_name

    def figure(ward: WardValues) -> float | None:
        if column in {ASSETS, CARE_HOMES}:
            return float(getattr(ward, column))
        return ward.values[column]

    known = [(figure(ward), ward) for ward in by_name]
    # The order of names stays among equals, whichever way round.
    sign = -1 if is_descending else 1
    some = [(value, ward) for value, ward in known if value is not None]
    some.sort(key=lambda pair: sign * pair[0])
    return [ward for _, ward in some] + [ward for value, ward in known if value is None]


def measures_of(district: DistrictValues) -> list[Measure]:
    """Return every measure in order: `MEASURES`, then groups by theme."""
    slugs = [*MEASURES, *(f"groups:{theme}" for theme in district.themes)]
    return [found for slug in slugs if (found := district.measure(slug))]


def heading_of(measure: Measure) -> str:
    """Return what a column of figures is called in a file: "Groups (per 1,000 people)"."""
    return f"{measure.label} ({measure.unit})"


def rows_of(district: DistrictValues) -> tuple[list[str], list[tuple[Cell, ...]]]:
    """Return the comparison as a table for files: its columns' headings, and a row a ward.

    Figures are rounded as the page shows them; None where there is none.
    """
    measures = measures_of(district)
    columns = ["Ward", "Code", "District", "Boundaries of", "People", "Places", "Care homes"]
    columns += [heading_of(measure) for measure in measures]
    rows = [
        (
            ward.name,
            ward.gss_code,
            district.lad_name,
            district.release,
            None if ward.population is None else round(ward.population),
            ward.assets,
            ward.care_homes,
            *rounded_values(ward, measures).values(),
        )
        for ward in district.wards
    ]
    return columns, rows


def rounded_values(ward: WardValues, measures: Sequence[Measure]) -> dict[str, float | None]:
    """Return a ward's figures by measure, rounded as the page shows them."""
    values: dict[str, float | None] = {}
    for measure in measures:
        value = ward.values[measure.slug]
        values[measure.slug] = None if value is None else _rounded(value, measure.decimals)
    return values


def _rounded(value: float, decimals: int) -> float:
    rounded = float(np.round(value, decimals))
    return int(rounded) if decimals == 0 else rounded
