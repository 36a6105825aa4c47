"""Bringing a file in: keep it, match its columns, try it out, load it."""

from __future__ import annotations

import hashlib
import re
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.database import make_engine
from app.errors import FileRefused, NotFound
from app.importers.any_table import AnyTable, keep_upload, open_any
from app.importers.options import ColumnChoice, ReadOptions
from app.importers.readers import Reader, mapped, recognise
from app.importers.readers.cells import key_of
from app.importers.readers.file_names import DATE
from app.importers.records import Report, SourceInfo
from app.importers.run import load_file
from app.settings import Settings
from app.uploads import queries
from app.uploads.guessing import guess_columns

SHOWN_ROWS = 5
GUESSED_FROM_ROWS = 200
SHOWN_PROBLEMS = 50
SHOWN_PLACES = 10
MOST_ON_A_MAP = 5_000
# A column of kinds has few words in it; one with more is a column of something else.
MOST_KIND_WORDS = 30
# More take longer than anybody waits for a page.
MOST_ROWS = 10_000
# Open data of these needs no matching, and no stranger's file is to pose as it: by command only.
OWN_FORMATS = ("csv", "activities")
LICENCES = {
    "OGL v3": "Open Government Licence v3 (councils, NHS, ONS)",
    "CC BY 4.0": "Creative Commons Attribution 4.0",
    "CC0 1.0": "Creative Commons Zero: no conditions",
    "ODbL 1.0": "Open Database Licence (OpenStreetMap)",
    "Not stated; ask whoever gave you the file": "Not stated, or only for use here",
}


@dataclass(frozen=True, slots=True)
class Looked:
    """A file as it lies there: its table, what is guessed of it, and which format it is in."""

    row: sa.Row[Any]
    table: AnyTable | None
    known: Reader | None
    mapping: dict[str, Any]
    is_remembered: bool = False

    @property
    def first_rows(self) -> list[list[str]]:
        """The cells of its first rows, column by column."""
        if self.table is None:
            return []
        rows = (row for _, row in self.table.rows())
        return [
            [row.get(name, "") for name in self.table.header]
            for row, _ in zip(rows, range(SHOWN_ROWS), strict=False)
        ]

    def words_of(self, column: str | None) -> list[str]:
        """Return the different words in a column, if they are few enough to be kinds."""
        if self.table is None or not column:
            return []
        words = dict.fromkeys(row.get(column, "").strip() for _, row in self.table.rows())
        words.pop("", None)
        return list(words) if len(words) <= MOST_KIND_WORDS else []


@dataclass(frozen=True, slots=True)
class Tried:
    """What loading a file would do, or has done."""

    report: Report | None
    refusal: str | None = None
    problems: Sequence[Any] = ()
    places: Sequence[Any] = field(default_factory=list)


def keep(session: Session, *, account_id: uuid.UUID, name: str, content: bytes) -> uuid.UUID:
    """Keep a file that can be read, for a day; raises `FileRefused` where it cannot be."""
    with _on_disk(name, content) as path:
        known = _known(path)
        table = open_any(path)
    if len(table) > MOST_ROWS:
        raise FileRefused(
            f"{path.name} has {len(table):,} rows, more than the {MOST_ROWS:,} this page takes:"
            " split it, or put it into our template and have it loaded by command."
        )
    mapping = {"known": known.NAME if known else None, "title": title_of(path.name)}
    return queries.insert_upload(
        session, account_id=account_id, file_name=path.name, content=content, mapping=mapping
    )


def look(session: Session, *, upload_id: uuid.UUID, account_id: uuid.UUID) -> Looked:
    """Return a file of one's own with its columns matched: as last time, or else guessed."""
    row = queries.find_upload(session, upload_id=upload_id, account_id=account_id)
    if row is None:
        raise NotFound("This file is not here any more. Bring it again.")
    kept: dict[str, Any] = dict(row.mapping or {})
    mapping = {"columns": {}, "constants": {}, "kinds": {}, "source": {}} | kept
    if row.loaded_at is not None:
        return Looked(row, None, None, mapping)
    with _on_disk(row.file_name, row.content) as path:
        table = open_any(path, layer=mapping.get("layer"))
        known = _known(path)
    if "columns" in kept:
        return Looked(row, table, known, mapping)
    remembered = queries.find_column_mapping(session, header_digest=digest_of(table.header))
    if remembered is not None:
        return Looked(row, table, known, mapping | remembered.mapping, is_remembered=True)
    rows = [one for (_, one), _ in zip(table.rows(), range(GUESSED_FROM_ROWS), strict=False)]
    mapping["columns"] = guess_columns(table.header, rows)
    return Looked(row, table, known, mapping)


def digest_of(header: Sequence[str]) -> str:
    """Return what files with the same columns have in common, in whatever order."""
    return hashlib.sha256("\x1f".join(sorted(header)).encode()).hexdigest()


def title_of(file_name: str) -> str:
    """Return what to call a file's list: its name without date and ending, as words."""
    words = re.sub(r"[\W_]+", " ", DATE.sub("", Path(file_name).stem)).split()
    return " ".join(words)[:80] or "List"


def choice_of(mapping: Mapping[str, Any]) -> ColumnChoice:
    """Return what was said about a file, as its reader takes it."""
    return ColumnChoice(
        columns=mapping.get("columns", {}),
        constants=mapping.get("constants", {}),
        kinds=mapping.get("kinds", {}),
        layer=mapping.get("layer"),
        title=key_of(mapping.get("title", "")),
    )


def source_of(mapping: Mapping[str, Any]) -> SourceInfo:
    """Return whose a file is and on what terms, as was said."""
    said = mapping.get("source", {})
    title, licence = mapping.get("title", "List"), said.get("licence", "")
    publisher = said.get("publisher") or "Entered locally"
    return SourceInfo(
        slug=f"upload-{key_of(publisher)}-{key_of(title)}"[:120],
        name=title,
        publisher=publisher,
        licence=licence or "Not stated; ask whoever gave you the file",
        attribution=said.get("attribution") or f"{title}, {publisher}",
        is_share_alike=licence.startswith("ODbL"),
        precedence=20,
    )


def try_out(settings: Settings, looked: Looked, *, most_places: int = SHOWN_PLACES) -> Tried:
    """Load a file as it would be loaded, look at what came of it, and undo all of it."""
    with _owner(settings) as engine, engine.connect() as connection:
        outer = connection.begin()
        try:
            connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
            report = _load(connection, looked)
            run_id = queries.newest_run(connection)
            problems = queries.list_problems(connection, run_id=run_id, limit=SHOWN_PROBLEMS)
            places = queries.list_written(connection, run_id=run_id, limit=most_places)
        except FileRefused as error:
            return Tried(None, refusal=str(error))
        finally:
            outer.rollback()
    return Tried(report, problems=problems, places=places)


def load(settings: Settings, session: Session, looked: Looked) -> Report:
    """Load a file for good, remember how its columns were matched, and let its bytes go."""
    with _owner(settings) as engine:
        report = _load(engine, looked)
    mapping = dict(looked.mapping)
    mapping["report"] = {
        name: getattr(report, name)
        for name in ("read", "new", "changed", "unchanged", "gone", "problems", "message")
    }
    queries.finish_upload(session, upload_id=looked.row.id, mapping=mapping)
    if looked.table is not None and looked.mapping.get("as") == mapped.NAME:
        remembered: dict[str, Any] = {
            name: looked.mapping[name]
            for name in ("columns", "constants", "kinds", "source", "as")
            if name in looked.mapping
        }
        header = looked.table.header
        queries.keep_column_mapping(
            session, header_digest=digest_of(header), header=header, mapping=remembered
        )
    return report


def _load(bind: sa.Engine | sa.Connection, looked: Looked) -> Report:
    mapping = looked.mapping
    as_reader = mapping.get("as", mapped.NAME)
    options = ReadOptions(info=source_of(mapping), choice=choice_of(mapping))
    with _on_disk(looked.row.file_name, looked.row.content) as path:
        return load_file(bind, path, reader=as_reader, options=options)


def _known(path: Path) -> Reader | None:
    """Return the format of ours a file is in, if it is in one that needs no matching."""
    found = recognise(path)
    return found if found is not None and found.NAME in OWN_FORMATS else None


@contextmanager
def _owner(settings: Settings) -> Iterator[sa.Engine]:
    """Yield an engine that works as the owner, as `patchwork load` does."""
    engine = make_engine(settings)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _on_disk(name: str, content: bytes) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="patchwork-") as folder:
        yield keep_upload(content, name, Path(folder))
