"""What every stage shares: batches in, a temporary table, a merge, the counts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Generic, TypeVar

import sqlalchemy as sa

from app.errors import FileRefused
from app.importers.copying import copy_rows
from app.importers.options import ReadOptions
from app.importers.queries import keep_source
from app.importers.records import Problem, SourceInfo
from app.models import ProblemReason

BATCH_ROWS = 5000
# A file that would take away more than this share of what an earlier one brought is more likely
# cut off than true; of few rows (see `ReadOptions.few_rows`) anything may happen.
SHRINK_SHARE = 0.5
ROWS_WORTH_COUNTING = 1000

# The thing itself may be fine where its row is not: what was stored of it before stays. These
# two reasons say that it should not be on the map by itself.
_REASONS_TO_GO = {ProblemReason.MAY_BE_A_REFUGE, ProblemReason.DUPLICATE}

# Between a feed's slug and those of the sources it passes on: "feed-7-via-openstreetmap-1f3a".
VIA = "-via-"
# A row's own id of the feed, where nothing else here has it: links to it stay good.
KEPT_ID = """
  CASE WHEN :keeps_ids
    AND s.source_key ~ '^[0-9a-f]{{8}}-([0-9a-f]{{4}}-){{3}}[0-9a-f]{{12}}$'
  THEN coalesce(
    (SELECT gen_random_uuid() FROM {table} t WHERE t.id = s.source_key::uuid),
    s.source_key::uuid)
  ELSE gen_random_uuid() END
"""
# What the feed passed on under another name before keeps its row, and so its id.
MOVE_SOURCES = """
  UPDATE {table} r SET source_id = s.source_id FROM {staged} s
  WHERE r.source_id = ANY(:sources) AND r.source_key = s.source_key
    AND r.source_id <> s.source_id
"""

R = TypeVar("R")


@dataclass(slots=True)
class Counts:
    """What a merge did: rows staged, new, changed, and gone from what was there."""

    staged: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0

    @property
    def unchanged(self) -> int:
        """Rows that were there already, just so."""
        return self.staged - self.new - self.changed


@dataclass(slots=True)
class Run:
    """One file being loaded, in its transaction."""

    connection: sa.Connection
    id: int
    source_id: int
    scope: str
    file_name: str
    options: ReadOptions
    slug: str = ""  # the source's
    problems: list[Problem] = field(default_factory=list)
    # Keys of rows with a problem, whose earlier version stays.
    kept_keys: set[str] = field(default_factory=set)
    # Keys of what the file itself says is no more.
    withdrawn_keys: set[str] = field(default_factory=set)
    # The sources a feed passes on, by slug: their rows belong to this file too.
    passed_on: dict[str, int] = field(default_factory=dict)

    @property
    def sources(self) -> list[int]:
        """The ids of the file's source and of those it passes on."""
        return [self.source_id, *self.passed_on.values()]

    def source_id_of(self, info: SourceInfo | None) -> int:
        """Return the source a record is kept as: the file's own, or one it passes on."""
        if info is None:
            return self.source_id
        slug = f"{self.slug}{VIA}{info.slug}"
        if slug not in self.passed_on:
            self.passed_on[slug] = keep_source(self.connection, replace(info, slug=slug))
        return self.passed_on[slug]

    def add_problem(self, problem: Problem) -> None:
        """Keep a problem for the report."""
        if problem.reason is ProblemReason.MAY_BE_A_REFUGE:
            # The list of problems is no place for a refuge's address either: the row number is
            # enough for whoever holds the file.
            problem.raw = problem.name = None
        self.problems.append(problem)
        if problem.source_key and not problem.is_stored and problem.reason not in _REASONS_TO_GO:
            self.kept_keys.add(problem.source_key)

    def refuse_shrinking(self, *, noun: str, before: int, gone: int) -> None:
        """Raise `FileRefused` if the file would mark more than half of an earlier one gone."""
        allowed = self.options.allow_shrink
        if not allowed and before > self.options.few_rows and gone > before * SHRINK_SHARE:
            raise FileRefused(
                f"{self.file_name} would mark {gone:,} of {before:,} {noun} as gone, so it may be"
                " cut off: fetch it again, or use --allow-shrink if it is right."
            )


class Stage(ABC, Generic[R]):
    """A temporary table that records of one kind are collected in, and then merged from."""

    table: ClassVar[str]
    real_table: ClassVar[str]
    create: ClassVar[str]  # the columns of the temporary table, as SQL
    columns: ClassVar[tuple[str, ...]]

    def __init__(self, run: Run) -> None:
        self.run = run
        self.staged = 0
        self._batch: list[R] = []
        # A connection in a longer transaction (a test's) may still have the last file's.
        run.connection.execute(sa.text(f"DROP TABLE IF EXISTS pg_temp.{self.table}"))
        run.connection.execute(
            sa.text(f"CREATE TEMPORARY TABLE {self.table} ({self.create}) ON COMMIT DROP")
        )

    def take(self, record: R) -> None:
        """Add one record; every few thousand are checked and copied together."""
        self._batch.append(record)
        if len(self._batch) >= BATCH_ROWS:
            self._flush()

    def finish(self) -> Counts:
        """Copy what is left, merge everything into the real table and return the counts."""
        self._flush()
        self.run.connection.execute(sa.text(f"ANALYZE {self.table}"))
        counts = self.merge()
        if counts.new > ROWS_WORTH_COUNTING:
            # The next file's joins are planned before the server finds time to count these rows:
            # without this, loading 35,000 rows again took 55 s instead of one.
            self.run.connection.execute(sa.text(f"ANALYZE {self.real_table}"))
        if counts.new or counts.changed or counts.gone:
            self.follow_up()
        return counts

    @abstractmethod
    def prepare(self, batch: list[R]) -> Sequence[Sequence[Any]]:
        """Check and place a batch: return the rows to stage, and add the problems to the run."""

    @abstractmethod
    def merge(self) -> Counts:
        """Bring the real table up to the staged rows, in sets."""

    def follow_up(self) -> None:
        """Do what changed rows make necessary; nothing, unless a stage says otherwise."""

    def scalar(self, statement: str, **values: object) -> int:
        """Return the one number a statement answers with."""
        bound = self.bound() | values
        return int(self.run.connection.execute(sa.text(statement), bound).scalar_one())

    def bound(self) -> dict[str, object]:
        """Return the values most statements bind."""
        run = self.run
        return {
            "run": run.id,
            "source": run.source_id,
            "sources": run.sources,
            "scope": run.scope,
            "keeps_ids": run.options.keeps_ids,
        }

    def move_sources(self) -> None:
        """Give rows that are there already the source the file says they have now."""
        if self.run.passed_on:
            moving = MOVE_SOURCES.format(table=self.real_table, staged=self.table)
            self.run.connection.execute(sa.text(moving), self.bound())

    def new_and_changed(self, statement: str, **values: object) -> tuple[int, int]:
        """Run an upsert that returns `is_new` for each row it wrote; return how many of each."""
        counting = f"""
          WITH written AS ({statement})
          SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written
        """  # noqa: S608 - a statement of a stage
        row = self.run.connection.execute(sa.text(counting), self.bound() | values).one()
        return int(row[0]), int(row[1])

    def take_away(
        self, *, noun: str, counting: str, marking: str, in_scope: str, not_in_file: str
    ) -> int:
        """Mark what an earlier file brought and this one lacks; return how many.

        `counting` and `marking` are statements up to their WHERE. Rows whose own row has a problem
        are not lacking. A file that has only what has changed takes away only what it says itself
        is no more.

        Raises
        ------
        FileRefused
            If that would be more than half of what was there.
        """
        values = {"kept": sorted(self.run.kept_keys)}
        if self.run.options.is_partial:
            not_in_file += " AND source_key = ANY(:withdrawn)"
            values["withdrawn"] = sorted(self.run.withdrawn_keys)
        gone = self.scalar(counting + not_in_file, **values)
        if gone:
            before = self.scalar(counting + in_scope)
            self.run.refuse_shrinking(noun=noun, before=before, gone=gone)
            self.run.connection.execute(sa.text(marking + not_in_file), self.bound() | values)
        return gone

    def _flush(self) -> None:
        if not self._batch:
            return
        rows = self.prepare(self._batch)
        self._batch = []
        copy_rows(self.run.connection, self.table, self.columns, rows)
        self.staged += len(rows)
