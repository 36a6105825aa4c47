"""GP practices: `epraccur`, the NHS Organisation Data Service's file of prescribing practices.

It has no header; the columns are those of its published specification.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.importers.files import open_table
from app.importers.options import ReadOptions
from app.importers.readers.cells import joined
from app.importers.readers.file_names import date_in_name
from app.importers.records import AssetRecord, Problem, Skipped, SourceInfo
from app.models import AssetKind, ProblemReason

NAME = "ods"
DESCRIPTION = "GP practices (epraccur, NHS Organisation Data Service)"
SUFFIXES: tuple[str, ...] = (".csv",)

COLUMNS = (
    "code", "name", "national_grouping", "health_geography", "address_1", "address_2", "address_3",
    "address_4", "address_5", "postcode", "open_date", "close_date", "status",
    "sub_type", "commissioner", "join_date", "left_date", "phone", "null_19", "null_20", "null_21",
    "amended", "null_23", "provider", "null_25", "setting", "null_27",
)  # fmt: skip
_ADDRESS = tuple(f"address_{number}" for number in range(1, 6))
_STATUSES = {"A": "active", "C": "closed", "D": "dormant", "P": "proposed"}
_GP_PRACTICE = "4"
_CODE = re.compile(r"[A-Z]\d{5}|[A-Z]\d[A-Z]\d[A-Z]|[A-Z]\d{4}[A-Z]")


def recognises(path: Path, header: Sequence[str] | None) -> bool:
    """Return whether the first row is a practice: a code, days as YYYYMMDD, a status letter."""
    return (
        path.suffix.lower() in SUFFIXES
        and header is not None
        and len(header) >= COLUMNS.index("setting")
        and _CODE.fullmatch(header[0]) is not None
        and re.fullmatch(r"\d{8}", header[COLUMNS.index("open_date")]) is not None
        and header[COLUMNS.index("status")] in _STATUSES
    )


def source(path: Path) -> SourceInfo:  # noqa: ARG001 - all files of this format are one source
    """Return the publisher and licence."""
    return SourceInfo(
        slug="ods",
        name="GP practices (epraccur)",
        publisher="NHS England, Organisation Data Service",
        licence="OGL v3",
        attribution=(
            "Contains NHS Organisation Data Service data, licensed under the Open Government"
            " Licence v3.0"
        ),
        precedence=20,
    )


def scope(path: Path, options: ReadOptions) -> str:  # noqa: ARG001 - always the whole country
    """Return what the file covers: every practice of England and Wales."""
    return "england-and-wales"


def as_of(path: Path, options: ReadOptions) -> dt.date | None:
    """Return the date said, or the one in the file's name."""
    return options.as_of or date_in_name(path)


def read(path: Path, options: ReadOptions) -> Iterator[AssetRecord | Problem | Skipped]:  # noqa: ARG001
    """Yield each active GP practice as a surgery; other rows are counted with their reason."""
    for number, row in open_table(path, header=COLUMNS).rows():
        code, name = row["code"].strip(), row["name"].strip()
        if row["setting"].strip() != _GP_PRACTICE:
            yield Skipped(number, "not a GP practice (another setting)")
        elif row["status"].strip() != "A":
            status = _STATUSES.get(row["status"].strip(), "of unknown status")
            yield Skipped(number, f"GP practice that is {status}")
        elif not code or not name:
            yield Problem(
                number,
                ProblemReason.MISSING_FIELD,
                f"The row has no {'name' if code else 'practice code'}.",
                "Look the practice up at the Organisation Data Service and correct the row.",
                source_key=code or None,
                name=name or None,
                raw=dict(row),
            )
        else:
            lines = [row[column] for column in _ADDRESS]
            yield AssetRecord(
                row_number=number,
                source_key=code,
                kind=AssetKind.SURGERY,
                name=name,
                # Many practices give their name as the first line of the address.
                address=joined(line for line in lines if line.strip() != name),
                postcode=row["postcode"],
                phone=row["phone"],
                raw=dict(row),
            )
