"""What a file holds: its layers, whose data they are, and what is said about them inside."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from app.activities.schedules import RuleError, describe, next_dates
from app.assets.queries import AssetFilter, list_schedules
from app.assets.schemas import credit
from app.exports import queries
from app.exports.tables import Table
from app.words import long_date

Row = Sequence[Any]
MORE_OF_ACTIVITIES = ("when_it_is", "next_day", "rrule")
# Beyond so many rows a file is no answer to one question; OGC API gives them in pages.
MOST_ROWS = 100_000
TITLES = {"assets": "Places, groups and skills", "activities": "Activities"}
OSM = "_osm"


@dataclass(frozen=True, slots=True)
class Layer:
    """Rows that may stand together: all share-alike (OpenStreetMap's), or none."""

    name: str
    title: str
    columns: tuple[str, ...]
    # Reads them anew, a few thousand at a time.
    chunks: Callable[[], Iterator[Sequence[Row]]]
    attribution: tuple[str, ...]
    licences: tuple[str, ...]

    def rows(self) -> Iterator[Row]:
        """Yield every row."""
        for chunk in self.chunks():
            yield from chunk


@dataclass(frozen=True, slots=True)
class Export:
    """Everything of one kind that was asked for, on one day."""

    name: str
    service: str
    made_on: dt.date
    layers: tuple[Layer, ...]
    sources: Sequence[sa.Row[Any]]
    is_whole: bool = True
    said: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What the file is called inside."""
        part = "" if self.is_whole else " (a part)"
        return f"{self.service}: {TITLES[self.name].lower()}{part}, {long_date(self.made_on)}"

    @property
    def attribution(self) -> list[str]:
        """Everybody who has to be named."""
        said = (credit(one.attribution, one.licence) for one in self.sources)
        return list(dict.fromkeys(said))

    @property
    def metadata(self) -> dict[str, str]:
        """What stands inside every file that can say something about itself."""
        return {
            "title": self.title,
            "made_on": self.made_on.isoformat(),
            "attribution": "; ".join(self.attribution),
            "licence": "; ".join(dict.fromkeys(one.licence for one in self.sources)),
        }

    def layer(self, *, is_osm: bool) -> Layer:
        """Return the one layer of a file that holds only one."""
        return self.layers[is_osm]

    def sources_table(self) -> Table:
        """Return the table of whose data it is."""
        columns = ("source", "publisher", "licence", "attribution", "share_alike", "rows",
                   "taken_on")  # fmt: skip
        return Table("Sources", columns, [(*one, self.made_on) for one in self.sources])


def make_export(
    connection: sa.Connection, name: str, *, wanted: AssetFilter | None, service: str,
    made_on: dt.date,
) -> Export:  # fmt: skip
    """Return what a file of assets or activities will hold; its rows are read when it is written.

    `connection` has to stay open until then.
    """
    sources = queries.list_sources(connection, name, wanted=wanted)
    whole: dict[str, Any] = {
        "connection": connection,
        "name": name,
        "wanted": wanted,
        "made_on": made_on,
    }
    layers = tuple(
        _layer(**whole, is_osm=is_osm, sources=[s for s in sources if s.share_alike == is_osm])
        for is_osm in (False, True)
    )
    return Export(name, service, made_on, layers, sources, is_whole=wanted in {None, AssetFilter()})


def _layer(
    *, connection: sa.Connection, name: str, wanted: AssetFilter | None, made_on: dt.date,
    is_osm: bool, sources: Sequence[sa.Row[Any]],
) -> Layer:  # fmt: skip
    def chunks() -> Iterator[Sequence[Row]]:
        rows = queries.stream_rows(connection, name, wanted=wanted, share_alike=is_osm)
        if name == "assets":
            yield from rows
        else:
            for some in rows:
                yield _with_times(connection, some, made_on)

    more = () if name == "assets" else MORE_OF_ACTIVITIES
    return Layer(
        name=f"{name}{OSM if is_osm else ''}",
        title=f"{TITLES[name]}{' from share-alike sources (OpenStreetMap)' if is_osm else ''}",
        columns=(*queries.COLUMNS[name], *more),
        chunks=chunks,
        attribution=tuple(dict.fromkeys(credit(s.attribution, s.licence) for s in sources)),
        licences=tuple(dict.fromkeys(s.licence for s in sources)),
    )


def _with_times(
    connection: sa.Connection, rows: Sequence[sa.Row[Any]], today: dt.date
) -> list[Row]:
    """Return rows of activities with when they are, in words, the next day, and their rules."""
    keys = [uuid.UUID(row.id) for row in rows]
    schedules = list_schedules(connection, activity_ids=keys)
    found: list[Row] = []
    for row, key in zip(rows, keys, strict=True):
        said, days = [], []
        for schedule in schedules.get(key, ()):
            try:
                said.append(describe(schedule))
                days += next_dates(schedule, today, 1)
            except RuleError:
                said.append("Ask when it is on")
        found.append(
            (*row, "; ".join(said) or None, min(days, default=None),
             queries.rules_of(schedules, key))
        )  # fmt: skip
    return found
