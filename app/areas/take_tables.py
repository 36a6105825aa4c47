"""A ward's report as tables, for spreadsheets and for GIS: everything its page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.areas.report import WardReport
from app.areas.report_words import asked_words
from app.assets import schemas as asset_schemas
from app.assets.schemas import Names
from app.words import long_date

Cells = Sequence[object]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; `name` is what its sheet or layer is called."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Cells]


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
            "neighbours, mean",
            "district, median",
            "unit",
            "in words",
            "source",
            "as of",
        ),
        [
            (
                figure.label,
                _rounded(figure.value),
                _rounded(figure.neighbours),
                _rounded(figure.district),
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
    """Return everybody who has to be named, with licence and the day this was made."""
    ids = {report.ward.source_id, *names.boundary_source_ids, *report.source_ids}
    return Table(
        "Sources",
        ("source", "publisher", "licence", "attribution", "taken on"),
        [
            (one.name, one.publisher, one.licence, one.attribution, report.made_on)
            for one in names.sources_in(ids)
        ],
    )


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


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
