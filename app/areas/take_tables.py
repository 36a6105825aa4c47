"""A ward's report as tables, for spreadsheets and for GIS: everything its page shows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.areas.report import Figure, WardReport
from app.areas.report_words import asked_words
from app.assets import schemas as asset_schemas
from app.assets.schemas import Names
from app.exports.tables import Table, sources_table
from app.words import long_date

Cells = Sequence[object]
# What stands beside a ward's own figure.
NEXT_DOOR, MIDDLE_WARD = "Wards next door (average)", "Middle ward of the district"
# "4,187", "10.7", "31%": a number as pages show it, and its decimals.
_SHOWN = re.compile(r"[-\d,]+(?:\.(\d+))?%?")


def tables_of(report: WardReport, names: Names, attribution: Sequence[str]) -> list[Table]:
    """Return every table of a ward, the summary first and the sources last."""
    return [
        summary(report, attribution),
        figures(report),
        Table(
            "Places",
            asset_schemas.CSV_COLUMNS,
            list(asset_schemas.as_csv(report.places, names)),
        ),
        homes(report),
        gaps(report),
        sources(report, names),
    ]


def summary(report: WardReport, attribution: Sequence[str]) -> Table:
    """Return what the page says first, in two columns."""
    ward = report.ward
    rows: list[Cells] = [
        ("Ward", ward.name),
        ("Code", ward.gss_code),
        ("District", ward.lad_name or ward.lad_code),
        ("Boundaries of", ward.release),
        ("As it was on", report.made_on),
        *(("In words", sentence) for sentence in report.sentences),
        *(("What changed", sentence) for sentence in report.changes),
        *((kind.label, kind.count) for kind in report.kinds),
        *((f"Interest: {theme.label}", theme.count) for theme in report.themes),
        *(("Whose data it is", line) for line in attribution),
    ]
    return Table("Summary", ("What", "Here"), rows)


def figures(report: WardReport) -> Table:
    """Return the figures beside the neighbours' and the district's."""
    return Table(
        "Figures",
        (
            "figure",
            "this ward",
            NEXT_DOOR,
            MIDDLE_WARD,
            "unit",
            "in words",
            "source",
            "as of",
        ),
        [
            (
                label_of(figure),
                as_shown(figure.value, figure.text),
                as_shown(figure.neighbours, figure.neighbours_text),
                as_shown(figure.district, figure.district_text),
                figure.unit,
                figure.text,
                figure.source,
                figure.as_of,
            )
            for figure in report.figures
        ],
    )


def homes(report: WardReport) -> Table:
    """Return the care homes and how many places people reach from each on foot."""
    minutes = sorted({minute for home in report.homes for minute in home.within} | {5, 10, 15})
    return Table(
        "Homes",
        (
            "id",
            "care home",
            "beds",
            *(f"places within {minute} minutes' walk" for minute in minutes),
            "how it was worked out",
        ),
        [
            (
                home.asset_id,
                home.name,
                home.beds,
                *(home.within.get(minute) for minute in minutes),
                "about: straight line × 1.3" if home.is_about else "along streets and paths",
            )
            for home in report.homes
        ],
    )


def gaps(report: WardReport) -> Table:
    """Return what people asked for in vain, and what of it is in reach by now."""
    found = [(gap, "not within reach") for gap in report.gaps]
    found += [(gap, "within reach by now") for gap in report.met]
    return Table(
        "Gaps",
        ("interest", "how often it was asked for", "where", "now", "nearest place", "how far"),
        [
            (
                gap.label,
                asked_words(gap.asked),
                gap.where or "this ward",
                now,
                gap.nearest_name,
                gap.nearest_text,
            )
            for gap, now in found
        ],
    )


def sources(report: WardReport, names: Names) -> Table:
    """Return everybody who has to be named for a ward."""
    ids = {report.ward.source_id, *names.boundary_source_ids, *report.source_ids}
    return sources_table(names, ids, made_on=report.made_on)


def with_credit(table: Table, report: WardReport, attribution: Sequence[str]) -> Table:
    """Return a table that stands alone in a file: each row says which ward, when and whose."""
    ward = report.ward
    said = (ward.gss_code, ward.name, ward.release, report.made_on, "; ".join(attribution))
    return Table(
        table.name,
        (*table.columns, "ward code", "ward", "boundaries of", "taken on", "attribution"),
        [(*row, *said) for row in table.rows],
    )


def title_of(report: WardReport) -> str:
    """Return what a file about a ward is called."""
    return f"{report.ward.name} ward, {long_date(report.made_on)}"


def label_of(figure: Figure) -> str:
    """Return what a figure is called where nothing else tells it from its like."""
    unit = "(%)" if figure.unit == "%" else figure.unit
    return f"{figure.label} {unit}".rstrip()


def as_shown(value: float | None, text: str) -> float | None:
    """Return a figure with as many decimals as `text`, which pages show, has of it."""
    if value is None:
        return None
    shown = _SHOWN.fullmatch(text)
    decimals = len(shown[1] or "") if shown else 1
    return round(value, decimals) if decimals else round(value)
