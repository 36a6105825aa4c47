"""Tables, and the table of whose data a file is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.assets.schemas import Names


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; `name` is what its sheet or layer is called."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


def sources_table(names: Names, source_ids: Iterable[int], *, made_on: dt.date) -> Table:
    """Return sources with licence and attribution, and the day they were taken."""
    return Table(
        "Sources",
        ("source", "publisher", "licence", "attribution", "taken on"),
        [
            (one.name, one.publisher, one.licence, one.attribution, made_on)
            for one in names.sources_in(source_ids)
        ],
    )
