"""The ONS lookup from LSOA to ward to district: one row an LSOA, any vintage of wards."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.importers.files import MissingColumns, open_table
from app.importers.items import LookupRecord
from app.importers.normalise import clean_text
from app.importers.options import ReadOptions
from app.importers.records import Problem, SourceInfo
from app.models import ProblemReason

NAME = "lookup"
DESCRIPTION = "the lookup from LSOA to ward to district"
SUFFIXES: tuple[str, ...] = (".csv",)

# ONS writes LSOA21CD and WD24NM; tidied copies lsoa21_code, ward24_name, ltla24_code.
_COLUMN = re.compile(r"(lsoa|wd|ward|lad|ltla)(\d\d)_?(cd|code|nm|name)", re.IGNORECASE)
_NOUNS = {"wd": "ward", "ltla": "lad"}
_NEEDED = ("lsoa code", "ward code", "ward name", "lad code", "lad name")
_GSS_CODE = re.compile(r"[EWS]\d{8}")


def recognises(path: Path, header: Sequence[str] | None) -> bool:  # noqa: ARG001
    """Return whether the table names an LSOA, its ward and its district."""
    return set(_NEEDED) <= _columns(header or ()).keys()


def source(path: Path) -> SourceInfo:  # noqa: ARG001
    """Return the Office for National Statistics."""
    return SourceInfo(
        slug="ons-lookups",
        name="LSOA to ward to district lookup",
        publisher="Office for National Statistics",
        licence="OGL v3",
        attribution=(
            "Source: Office for National Statistics licensed under the Open Government Licence"
            " v.3.0"
        ),
    )


def scope(path: Path, options: ReadOptions) -> str:
    """Return the ward release."""
    return f"lookup {options.release or _open(path)[2]}"


def as_of(path: Path, options: ReadOptions) -> dt.date | None:  # noqa: ARG001
    """Return None: the release says it."""
    return None


def read(path: Path, options: ReadOptions) -> Iterator[LookupRecord | Problem]:
    """Yield an LSOA with its ward and district for each row."""
    table_rows, columns, release = _open(path)
    for number, row in table_rows:
        values = {noun: clean_text(row[column]) for noun, column in columns.items()}
        wrong = [
            columns[noun]
            for noun in _NEEDED
            if not (values[noun] and ("name" in noun or _GSS_CODE.fullmatch(values[noun] or "")))
        ]
        if wrong:
            yield Problem(
                number,
                ProblemReason.MISSING_FIELD,
                f"{' and '.join(wrong)} missing, or not a code such as E01012049.",
                "Fetch the file again from its publisher.",
                source_key=values["lsoa code"],
                raw=dict(row),
            )
            continue
        lsoa, ward, ward_name, lad, lad_name = (values[noun] or "" for noun in _NEEDED)
        yield LookupRecord(number, lsoa, options.release or release, ward, ward_name, lad, lad_name)


def _columns(header: Sequence[str]) -> dict[str, str]:
    """Return "ward code" → its column; of several vintages the newest."""
    found: dict[str, tuple[str, str]] = {}
    for column in header:
        match = _COLUMN.fullmatch(column.strip())
        if match is None:
            continue
        noun = _NOUNS.get(match.group(1).casefold(), match.group(1).casefold())
        what = "code" if match.group(3).casefold() in {"cd", "code"} else "name"
        found[f"{noun} {what}"] = max(
            found.get(f"{noun} {what}", ("", "")), (match.group(2), column)
        )
    return {noun: column for noun, (_, column) in found.items()}


def _open(path: Path) -> tuple[Iterator[tuple[int, dict[str, str]]], dict[str, str], str]:
    table = open_table(path)
    columns = _columns(table.header)
    missing = [noun for noun in _NEEDED if noun not in columns]
    if missing:
        raise MissingColumns(
            f"{path.name} has no column for {', '.join(missing)}, such as LSOA21CD, WD24CD, WD24NM,"
            f" LAD24CD, LAD24NM (it has: {', '.join(table.header[:12])}).",
            header=table.header,
        )
    match = _COLUMN.fullmatch(columns["ward code"].strip())
    year = match.group(2) if match else ""
    return table.rows(), columns, f"20{year}"
