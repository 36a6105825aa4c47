"""The one way in: read, normalise, check, stage, merge, report; one transaction a file."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import psycopg
import sqlalchemy as sa

from app.errors import FileRefused, Unavailable
from app.importers import queries
from app.importers.features import MAP_SUFFIXES
from app.importers.files import MissingColumns, refuse_unreadable
from app.importers.items import FiguresRecord, Item, LookupRecord, PostcodeRecord, StreetRecord
from app.importers.options import ReadOptions
from app.importers.readers import READERS, Reader, mapped, recognise
from app.importers.records import (
    ActivityRecord,
    AreaRecord,
    AssetRecord,
    Problem,
    Report,
    Skipped,
    SourceInfo,
    Withdrawn,
)
from app.importers.signatures import size_in_bytes
from app.importers.stages.activities import ActivityStage
from app.importers.stages.areas import AreaStage
from app.importers.stages.assets import AssetStage
from app.importers.stages.figures import FigureStage, LookupStage
from app.importers.stages.postcodes import PostcodeStage
from app.importers.stages.stage import VIA, Run, Stage
from app.importers.stages.streets import StreetStage

# In the order they are merged: an activity needs its organizer.
STAGES: dict[type, type[Stage[Any]]] = {
    AreaRecord: AreaStage,
    LookupRecord: LookupStage,
    PostcodeRecord: PostcodeStage,
    FiguresRecord: FigureStage,
    StreetRecord: StreetStage,
    AssetRecord: AssetStage,
    ActivityRecord: ActivityStage,
}
_ROWS_BETWEEN_NEWS = 500
_CHUNK_BYTES = 1 << 20


class Progress(Protocol):
    """Told how far a file has come; `total` is None while nobody knows."""

    def __call__(self, rows: int, total: int | None) -> None:
        """Take the news."""


def load_file(
    bind: sa.Engine | sa.Connection,
    path: Path,
    *,
    reader: str | None = None,
    options: ReadOptions | None = None,
    progress: Progress | None = None,
) -> Report:
    """Load one file in one transaction and say what became of every row.

    Parameters
    ----------
    bind
        An engine; or a connection, whose transaction then gets a savepoint instead.
    reader
        The name of the format; without it the file's own columns decide.
    progress
        Called every few hundred rows.

    Raises
    ------
    FileRefused
        In one sentence. Nothing of the file is stored but the fact that it was refused.
    """
    options = options or ReadOptions()
    size_in_bytes(path)
    # Whoever matched its columns by hand knows better than the columns.
    is_matched = reader == mapped.NAME and options.choice is not None
    found = mapped if is_matched else recognise(path)
    chosen = choose_reader(path, reader, found)
    info = source_of(path, chosen, options)
    started = time.perf_counter()
    digest, line_count = fingerprint(path)
    facts: dict[str, Any] = {"reader": chosen.NAME, "file_name": path.name, "scope": ""}
    facts |= {"file_sha256": digest, "release": options.release, "as_of": options.as_of}
    report = Report(file_name=path.name, source=info.slug, reader=chosen.NAME)
    with said_if_refused(bind, path, chosen, info, facts):
        facts["scope"] = chosen.scope(path, options)
        facts["as_of"] = options.as_of or chosen.as_of(path, options)
        total = _rows_expected(path, chosen, line_count)

        def tell(rows: int) -> None:
            if progress:
                progress(rows, total)

        with file_transaction(bind) as connection:
            recognised = found is not None
            _Loading(
                connection, path, chosen, info, facts, options, recognised, tell, report
            ).load()
    report.seconds = time.perf_counter() - started
    return report


def source_of(path: Path, reader: Reader, options: ReadOptions) -> SourceInfo:
    """Return whose file it is: as its reader says, unless told otherwise."""
    info = options.info or reader.source(path)
    if options.source:
        info = replace(info, slug=options.source)
    return _made_up(info) if options.is_made_up else info


def _rows_expected(path: Path, reader: Reader, line_count: int) -> int | None:
    """Return about how many rows the progress bar counts to, or None if nobody knows."""
    counting = getattr(reader, "count_rows", None)
    if counting:
        return int(counting(path))
    return None if path.suffix.lower() in MAP_SUFFIXES else line_count


def _made_up(info: SourceInfo) -> SourceInfo:
    """Return the source of made-up rows: apart from the real one, and in nobody's name."""
    return replace(
        info,
        slug=f"sample-{info.slug}",
        name=f"{info.name} (made up)",
        publisher="Patchwork's sample town",
        licence="CC0 1.0",
        attribution="Made up for trying Patchwork out: nothing of it is real",
        is_share_alike=False,
    )


@contextmanager
def said_if_refused(
    bind: sa.Engine | sa.Connection,
    path: Path,
    reader: Reader,
    info: SourceInfo,
    facts: dict[str, Any],
) -> Iterator[None]:
    """Record that a file was refused, once its transaction is undone, and why."""
    try:
        yield
    except FileRefused as error:
        refusal = _explain(error, path, reader)
        _record_refusal(bind, info, facts, str(refusal))
        raise refusal from error
    except (sa.exc.OperationalError, psycopg.OperationalError) as error:
        raise Unavailable(
            f"The database could not be reached, so nothing of {path.name} was stored: try again."
        ) from error


def choose_reader(path: Path, name: str | None, found: Reader | None) -> Reader:
    """Return the reader called `name`, or without a name `found`, which recognises the file.

    Raises
    ------
    FileRefused
        If there is none, because the file cannot be read or because no reader knows it; or if the
        file is plainly another reader's.
    """
    if name is None:
        if found is None:
            refuse_unreadable(path)
            raise FileRefused(
                f"{path.name} is in no format we know: name one with --source"
                f" ({', '.join(READERS)})."
            )
        return found
    if name not in READERS:
        raise FileRefused(f"There is no format called {name}; there are {', '.join(READERS)}.")
    if found is not None and name != found.NAME:
        raise FileRefused(
            f"{path.name} is not a file for {name}: it looks like {found.NAME}"
            f" ({found.DESCRIPTION})."
        )
    return READERS[name]


@dataclass(slots=True)
class _Loading:
    """One file on its way in."""

    connection: sa.Connection
    path: Path
    reader: Reader
    info: SourceInfo
    facts: dict[str, Any]
    options: ReadOptions
    is_recognised: bool
    tell: Callable[[int], None]
    report: Report
    stages: dict[type, Stage[Any]] = field(default_factory=dict)
    # Of a partial file: the keys of its rows.
    keys: set[str] = field(default_factory=set)

    def load(self) -> None:
        """Do all of it within the transaction of `connection`."""
        source_id = queries.keep_source(self.connection, self.info)
        run_id = queries.begin_run(self.connection, source_id=source_id, **self.facts)
        if not self._is_older(source_id):
            run = Run(
                self.connection,
                run_id,
                source_id,
                self.facts["scope"],
                self.path.name,
                self.options,
                self.info.slug,
                passed_on=queries.passed_on(self.connection, slug=self.info.slug + VIA),
            )
            self._read(run)
            self._merge(run)
        queries.finish_run(self.connection, run_id=run_id, report=self.report)

    def _is_older(self, source_id: int) -> bool:
        """Say so, and return True, if newer data of the same kind is loaded already."""
        if self.options.allow_older or self.facts["as_of"] is None:
            return False
        asked = {name: self.facts[name] for name in ("scope", "reader")}
        newest = queries.newest_loaded(self.connection, source_id=source_id, **asked)
        if newest is None or newest <= self.facts["as_of"]:
            return False
        self.report.status = "unchanged"
        self.report.message = f"older than the data of {newest} that is loaded, so nothing changed"
        return True

    def _read(self, run: Run) -> None:
        last_row, report = -1, self.report
        for kind in getattr(self.reader, "KINDS", ()):
            self.stages[kind] = STAGES[kind](run)
        for item in self.reader.read(self.path, self.options):
            if item.row_number != last_row:
                last_row = item.row_number
                report.read += 1
                if report.read % _ROWS_BETWEEN_NEWS == 0:
                    self.tell(report.read)
            self._take(run, item)
        if report.read == 0:
            raise FileRefused(f"{self.path.name} has a header and no rows.")
        self.tell(report.read)

    def _take(self, run: Run, item: Item) -> None:
        """Put one thing a reader said where it belongs."""
        key = getattr(item, "source_key", None)
        if self.options.is_partial and key:
            self.keys.add(key)
        if isinstance(item, Problem):
            run.add_problem(item)
        elif isinstance(item, Skipped | Withdrawn):
            self.report.skipped += 1
            if isinstance(item, Withdrawn):
                run.withdrawn_keys.add(item.source_key)
        else:
            kind = type(item)
            if kind not in self.stages:
                self.stages[kind] = STAGES[kind](run)
            self.stages[kind].take(item)

    def _merge(self, run: Run) -> None:
        report = self.report
        for kind in STAGES:
            if kind in self.stages:
                counts = self.stages[kind].finish()
                report.new += counts.new
                report.changed += counts.changed
                report.unchanged += counts.unchanged
                report.gone += counts.gone
        report.problems = len(run.problems)
        said = (p.reason.value + (", stored" if p.is_stored else "") for p in run.problems)
        report.reasons = dict(Counter(said).most_common())
        if not (self.is_recognised or report.new or report.changed or report.unchanged):
            raise FileRefused(
                f"Not one of the {report.read:,} rows of {self.path.name} could be read as"
                f" {self.reader.NAME} ({self.reader.DESCRIPTION})."
            )
        is_unchanged = not (report.new or report.changed or report.gone)
        report.status = "unchanged" if is_unchanged else "loaded"
        queries.store_problems(self.connection, run_id=run.id, problems=run.problems)
        if self.options.is_partial:
            # What is said about rows that did not come again is still so.
            queries.carry_problems(self.connection, run_id=run.id, keys=self.keys)
        queries.settle_problems(self.connection, run_id=run.id, is_unchanged=is_unchanged)


@contextmanager
def file_transaction(bind: sa.Engine | sa.Connection) -> Iterator[sa.Connection]:
    """Yield a connection in a transaction of its own, or in a savepoint of the one given."""
    if isinstance(bind, sa.Connection):
        with bind.begin_nested():
            yield bind
        return
    with bind.begin() as connection:
        # The limit is for questions of people who wait; a large file may take minutes.
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        yield connection


def fingerprint(path: Path) -> tuple[str, int]:
    """Return the SHA-256 of a file and about how many rows it has."""
    digest, lines = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            lines += chunk.count(b"\n")
    return digest.hexdigest(), lines


def _explain(error: FileRefused, path: Path, reader: Reader) -> FileRefused:
    """Add what a file looks like instead, where its columns are another reader's."""
    if not isinstance(error, MissingColumns):
        return error
    for other in READERS.values():
        if reader.NAME != other.NAME and other.recognises(path, error.header):
            return FileRefused(
                f"{str(error).rstrip('.')}; it looks like {other.NAME} ({other.DESCRIPTION})."
            )
    return error


def _record_refusal(
    bind: sa.Engine | sa.Connection, info: SourceInfo, facts: dict[str, Any], message: str
) -> None:
    with file_transaction(bind) as connection:
        source_id = queries.keep_source(connection, info)
        now = dt.datetime.now(dt.UTC)
        values = facts | {"status": "refused", "message": message, "finished_at": now}
        queries.begin_run(connection, source_id=source_id, **values)
