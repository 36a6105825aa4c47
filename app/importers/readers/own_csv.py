"""People's own list of assets, in the template of data/reference/assets_template.csv."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.importers.files import open_table
from app.importers.normalise import clean_text
from app.importers.options import ReadOptions
from app.importers.readers.cells import coordinate, whole_number
from app.importers.readers.file_names import date_in_name, name_without_date
from app.importers.readers.opening_times import hours_in_line
from app.importers.readers.own_columns import (
    EXAMPLE,
    OwnRow,
    find_columns,
    own_source,
    plain,
    require_own_columns,
    unprotected,
)
from app.importers.records import AssetRecord, Problem, Skipped, SourceInfo
from app.models import MOST_BEDS, AssetKind, ProblemReason

NAME = "csv"
DESCRIPTION = "Your own list of assets (data/reference/assets_template.csv)"
SUFFIXES: tuple[str, ...] = (".csv", ".tsv", ".txt", ".xlsx")

COLUMNS = (
    "id", "kind", "name", "description", "address", "postcode", "lon", "lat", "ward_code",
    "interests", "access", "indoors", "phone", "email", "website", "opening_hours", "beds",
    "checked_on", "contact_public",
)  # fmt: skip
NEEDED = ("id", "kind", "name")
_OTHER_WORDS = {
    "club": AssetKind.GROUP,
    "gp": AssetKind.SURGERY,
    "gp_surgery": AssetKind.SURGERY,
    "nursing_home": AssetKind.CARE_HOME,
    "place": AssetKind.VENUE,
    "skill": AssetKind.INFORMAL,
    "network": AssetKind.INFORMAL,
}
_DOOR = ("lon", "lat", "address", "postcode")


def recognises(path: Path, header: Sequence[str] | None) -> bool:
    """Return whether the table has the columns every asset needs."""
    return path.suffix.lower() in SUFFIXES and len(find_columns(header or (), NEEDED)) == 3


def source(path: Path) -> SourceInfo:  # noqa: ARG001
    """Return what is known of people's own files."""
    return own_source()


def scope(path: Path, options: ReadOptions) -> str:  # noqa: ARG001
    """Return the file's name without its date: the next file of this name replaces this one."""
    return f"assets:{name_without_date(path)}"


def as_of(path: Path, options: ReadOptions) -> dt.date | None:
    """Return the date said, or the one in the file's name."""
    return options.as_of or date_in_name(path)


def read(path: Path, options: ReadOptions) -> Iterator[AssetRecord | Problem | Skipped]:
    """Yield each asset, and a doubt for each cell that could not be read.

    The door of an informal asset (coordinates, address) is dropped here, also from what is kept
    with problems: such an asset is known by its ward only.
    """
    table = open_table(path)
    columns = find_columns(table.header, COLUMNS)
    require_own_columns(table, columns, NEEDED)
    for number, row in table.rows():
        own = OwnRow(number, columns, unprotected(table.path, row))
        if own.written("id").casefold().startswith(EXAMPLE):
            yield Skipped(number, "example of the template")
            continue
        asset = asset_of(own, options)
        yield from own.doubts
        yield asset


def parse_kind(text: str) -> AssetKind:
    """Return the kind a cell names: "care home", "Venue", "club".

    Raises
    ------
    ValueError
        Naming the five kinds.
    """
    word = plain(text).removesuffix("s")
    try:
        return _OTHER_WORDS.get(word) or AssetKind(word)
    except ValueError as error:
        kinds = ", ".join(kind.value for kind in AssetKind)
        raise ValueError(f"{text!r} is not a kind of asset; write one of {kinds}") from error


def asset_of(own: OwnRow, options: ReadOptions) -> AssetRecord | Problem:
    """Return what a row says, by our own columns; its doubts are in `own.doubts`."""
    for column in NEEDED:
        if own.text(column) is None:
            reason = ProblemReason.MISSING_FIELD
            advice = f"Fill in the cell of row {own.number} and load the file again."
            return own.refused(reason, column, "the cell is empty", advice)
    try:
        kind = parse_kind(own.written("kind"))
    except ValueError as error:
        advice = f"Correct row {own.number} and load the file again."
        return own.refused(ProblemReason.UNREADABLE_VALUE, "kind", str(error), advice)
    is_informal = kind is AssetKind.INFORMAL
    if is_informal:
        _drop_door(own)
    access = own.listed("access")
    contact_public = own.is_yes("contact_public")
    if contact_public is None:
        # Somebody who wrote neither yes nor no meant something: hidden until it is plain.
        contact_public = own.text("contact_public") is None
    key, name = own.text("id") or "", own.text("name") or ""
    asset = AssetRecord(
        row_number=own.number,
        source_key=key,
        kind=kind,
        name=name,
        description=own.text("description"),
        address=None if is_informal else own.text("address"),
        postcode=own.text("postcode"),
        lon=None if is_informal else coordinate(own.written("lon")),
        lat=None if is_informal else coordinate(own.written("lat")),
        lon_lat_written=None if is_informal else (own.written("lon"), own.written("lat")),
        ward_code=own.text("ward_code"),
        lad_code=options.lad_code,
        interests=own.listed("interests"),
        access=_access(own.written("access"), access),
        is_indoors=own.is_yes("indoors"),
        phone=own.text("phone"),
        email=own.text("email"),
        website=own.text("website"),
        is_contact_public=contact_public and not is_informal,
        opening_hours=own.parsed("opening_hours", hours_in_line),
        beds=_beds(own, kind),
        checked_on=own.past_day("checked_on", options.today),
        raw=_raw(own, without=_DOOR if is_informal else ()),
    )
    own.doubts_of(key, name)
    return asset


def _access(written: str, listed: tuple[str, ...]) -> tuple[str, ...] | None:
    if written.casefold() in {"none", "nothing"}:
        return ()  # somebody has looked
    words = tuple(plain(part) for word in listed for part in word.split(",") if part.strip())
    return words or None


def _beds(own: OwnRow, kind: AssetKind) -> int | None:
    beds = own.parsed("beds", _parse_beds)
    if kind is AssetKind.CARE_HOME:
        return beds
    if beds:
        own.doubt("beds", f"{own.written('beds')!r} stands there, but only care homes have beds")
    return None


def _parse_beds(text: str) -> int:
    beds = whole_number(text)
    if not isinstance(beds, int) or beds > MOST_BEDS:
        raise ValueError(f"{text!r} is not a whole number from 0 to {MOST_BEDS:,}")
    return beds


def _drop_door(own: OwnRow) -> None:
    """Say that somebody's place was given and is not kept. A postcode only finds the ward."""
    given = [own.columns[column] for column in ("lon", "lat", "address") if own.text(column)]
    if given:
        own.doubt(given[0], f"a skill or network is kept with its ward only ({', '.join(given)})")


def _raw(own: OwnRow, *, without: Sequence[str]) -> dict[str, str | None]:
    hidden = {own.columns[column] for column in without if column in own.columns}
    return {name: clean_text(text) for name, text in own.row.items() if name not in hidden}
