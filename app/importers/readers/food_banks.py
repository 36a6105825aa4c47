"""Food banks and pantries in Greater Manchester, as the Trafford Data Lab publishes them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.importers.files import open_table, require_columns
from app.importers.normalise import clean_text
from app.importers.options import ReadOptions
from app.importers.readers.cells import key_of
from app.importers.readers.file_names import date_in_name, name_without_date
from app.importers.records import AssetRecord, Problem, SourceInfo
from app.models import AssetKind, ProblemReason

NAME = "food_banks"
DESCRIPTION = "Food banks (Trafford Data Lab)"
SUFFIXES: tuple[str, ...] = (".csv", ".xlsx")

INTERESTS = ("food-banks",)
_NEEDED = ("Name", "Referral method", "Opening times", "Address", "Postcode", "Area code")
_NOT_SAID = {"not known", "not relevant", "contact for details", "see above"}


def recognises(path: Path, header: Sequence[str] | None) -> bool:
    """Return whether the columns are those of the list of food banks."""
    return path.suffix.lower() in SUFFIXES and set(header or ()) >= set(_NEEDED)


def source(path: Path) -> SourceInfo:  # noqa: ARG001
    """Return the publisher and licence."""
    return SourceInfo(
        slug="food-banks",
        name="Food banks in Greater Manchester",
        publisher="Trafford Data Lab",
        licence="OGL v3",
        attribution="Trafford Data Lab, licensed under the Open Government Licence v3.0",
        precedence=40,
    )


def scope(path: Path, options: ReadOptions) -> str:  # noqa: ARG001
    """Return the file's name without its date."""
    return name_without_date(path)


def as_of(path: Path, options: ReadOptions) -> dt.date | None:
    """Return the date said, or the one in the file's name."""
    return options.as_of or date_in_name(path)


def read(path: Path, options: ReadOptions) -> Iterator[AssetRecord | Problem]:  # noqa: ARG001
    """Yield each food bank as a group; its times are sentences and stay so, in the description.

    A name shared by several of them gets the place it is at: "Trussell Trust at The Well".
    """
    table = open_table(path)
    require_columns(table, _NEEDED)
    shared = Counter(clean_text(row["Name"]) for _, row in table.rows())
    for number, row in table.rows():
        name, postcode = clean_text(row["Name"]), clean_text(row["Postcode"])
        if name is None:
            yield Problem(
                number,
                ProblemReason.MISSING_FIELD,
                "Name is empty.",
                "Fill in the name and load the file again.",
                raw=dict(row),
            )
            continue
        address = clean_text(row["Address"]) or ""
        place = address.split(",")[0].strip()
        yield AssetRecord(
            row_number=number,
            source_key=key_of(name, postcode),
            kind=AssetKind.GROUP,
            name=f"{name} at {place}" if shared[name] > 1 and place else name,
            description=_description(row),
            address=address,
            postcode=postcode,
            lad_code=row["Area code"],
            lad_name=row.get("Area name"),
            interests=INTERESTS,
            website=_said(row.get("Website")),
            raw=dict(row),
        )


def _said(cell: str | None) -> str | None:
    text = clean_text(cell)
    return None if text is None or text.casefold() in _NOT_SAID else text


def _description(row: dict[str, str]) -> str:
    sentences = ["Food bank."]
    for column, words in (("Opening times", "Open"), ("Referral method", "How to get help")):
        said = _said(row[column])
        if said is not None:
            sentences.append(f"{words}: {said.rstrip('.')}.")
    return " ".join(sentences)
