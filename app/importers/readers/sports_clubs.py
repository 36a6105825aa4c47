"""Sports clubs in Trafford, as the Trafford Data Lab publishes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.importers.files import open_table, require_columns
from app.importers.normalise import clean_text
from app.importers.options import ReadOptions
from app.importers.readers.cells import key_of
from app.importers.readers.file_names import date_in_name, name_without_date
from app.importers.records import AssetRecord, Problem, SourceInfo
from app.models import AssetKind, ProblemReason

NAME = "sports_clubs"
DESCRIPTION = "Sports clubs (Trafford Data Lab)"
SUFFIXES: tuple[str, ...] = (".csv", ".xlsx")

# The file's categories; one we have no nearer concept for is sport in general.
INTERESTS = {
    "athletic": "running-and-athletics",
    "badminton": "racquet-sports",
    "bowling": "bowls",
    "cricket": "cricket",
    "football": "football",
    "gaelic football": "football",
    "golf": "golf",
    "hockey": "netball-and-hockey",
    "ice hockey": "winter-sports",
    "martial arts": "martial-arts",
    "netball": "netball-and-hockey",
    "riding": "horses",
    "rowing": "sailing-and-boating",
    "rugby": "rugby",
    "swimming": "swimming",
    "tennis": "tennis",
    "water sports": "sailing-and-boating",
    "weights": "gyms",
}
OTHER_SPORT = "sport"
_COLUMNS = {"name", "category", "address", "postcode"}


def recognises(path: Path, header: Sequence[str] | None) -> bool:
    """Return whether the table has just these four columns; with more it is another table."""
    return path.suffix.lower() in SUFFIXES and set(header or ()) == _COLUMNS


def source(path: Path) -> SourceInfo:  # noqa: ARG001
    """Return the publisher and licence."""
    return SourceInfo(
        slug="sports-clubs",
        name="Sports clubs in Trafford",
        publisher="Trafford Data Lab",
        licence="OGL v3",
        attribution="Trafford Data Lab, licensed under the Open Government Licence v3.0",
        precedence=50,
    )


def scope(path: Path, options: ReadOptions) -> str:  # noqa: ARG001
    """Return the file's name without its date."""
    return name_without_date(path)


def as_of(path: Path, options: ReadOptions) -> dt.date | None:
    """Return the date said, or the one in the file's name."""
    return options.as_of or date_in_name(path)


def interests_of(category: str | None) -> tuple[str, ...]:
    """Return the concepts of a category such as "Cricket, Tennis"."""
    sports = [part.strip().casefold() for part in (category or "").split(",")]
    return tuple(dict.fromkeys(INTERESTS.get(sport, OTHER_SPORT) for sport in sports))


def read(path: Path, options: ReadOptions) -> Iterator[AssetRecord | Problem]:  # noqa: ARG001
    """Yield each club as a group, placed by its postcode."""
    table = open_table(path)
    require_columns(table, sorted(_COLUMNS))
    for number, row in table.rows():
        name, category = clean_text(row["name"]), clean_text(row["category"])
        if name is None:
            yield Problem(
                number,
                ProblemReason.MISSING_FIELD,
                "name is empty.",
                "Fill in the name and load the file again.",
                raw=dict(row),
            )
            continue
        yield AssetRecord(
            row_number=number,
            source_key=key_of(name, row["postcode"]),
            kind=AssetKind.GROUP,
            name=name,
            description=f"Sports club: {category.lower()}." if category else "Sports club.",
            address=row["address"],
            postcode=row["postcode"],
            interests=interests_of(category),
            raw=dict(row),
        )
