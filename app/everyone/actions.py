"""Matching everybody: one run, from reading to the swap, that goes on where it was cut off."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa

from app.errors import BadQuestion, Conflict, PatchworkError
from app.everyone import planning, queries, run_queries
from app.everyone.faults import said_of_database
from app.everyone.local import LocalEngine
from app.everyone.parts import Engine, Part
from app.everyone.reading import Everything, read_everything, read_kept
from app.everyone.writing import Some, write_found
from app.settings import Settings
from geo.matching_arrays import Numbers
from geo.matching_everyone import Found
from geo.matching_walks import Kept

if TYPE_CHECKING:
    from app.everyone.dask_engine import DaskEngine

# A run that was cut off longer ago is begun anew: what it was about has changed too much.
GOES_ON_FOR_HOURS = 12
PATIENCE_S = 2.0
LOCAL, DASK = "local", "dask"
BUSY = (
    "Everybody is being matched already, by another process. Wait until it has ended, then look at"
    " what it found."
)
GIVEN_UP = (
    "This run was given up or ended by another process while it was at work. Look at what is shown"
    " now, and run it again if that is old."
)
NO_CODE = "An area needs the code of a ward or district. Codes are at /wards."
# Takes a database's and a role's name.
NO_ROOM = (
    "Matching everybody needs temporary tables, and the database role {role} may not make any. Let"
    ' it, as the owner of the database: GRANT TEMPORARY ON DATABASE "{database}" TO {role}'
)
# What the engine dask needs and the others do not.
DASKS = {"dask", "distributed"}
NO_DASK = "The engine dask is not installed. Install it with: pip install 'patchwork[distributed]'"

# Takes how many residents are done, and of how many.
Told = Callable[[int, int | None], None]
# What an engine yields.
Answer = tuple[Part, slice, Found]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: everybody, or everybody in some areas (codes of wards or districts)."""

    area_codes: tuple[str, ...] = ()
    engine: str = LOCAL
    scheduler: str | None = None
    at_once: int | None = None  # at most so many residents before what was found is written


@dataclass(slots=True)
class Took:
    """How many seconds what took."""

    reading_s: float = 0.0
    matching_s: float = 0.0
    writing_s: float = 0.0


@dataclass(slots=True)
class Outcome:
    """What came of a run."""

    run_id: int
    residents: int = 0
    done_before: int = 0  # of these, before it was cut off
    parts: int = 0
    took: Took = field(default_factory=Took)

    @property
    def peak_mb(self) -> float:
        """The most memory this process has had, in megabytes."""
        return planning.peak_bytes() / planning.MEGABYTE


def match_all(
    keeper: sa.Engine, settings: Settings, request: Request, *, told: Told | None = None
) -> Outcome | None:
    """Find the ten best for every resident and show them in one swap; None: there is nobody.

    `keeper` works as the database role of scheduled jobs. What was found is written as it is
    found, so a run that was cut off goes on. Raises BadQuestion for an area that is not known,
    Conflict while another process is at it, Unavailable when the database goes away.
    """
    if request.engine == DASK:
        _dask()
    codes = tuple(sorted({code.strip().upper() for code in request.area_codes}))
    with _turn(keeper), said_of_database():
        with queries.writing(keeper) as connection:
            _check_room(connection)
            area_ids = _area_ids(connection, codes)
            if not queries.has_anybody(connection, area_ids=area_ids):
                return None
            run_id, of_day = _begin(connection, codes, request.engine)
        outcome = Outcome(run_id)
        everything = _read(keeper, outcome, of_day, area_ids)
        _Run(keeper, settings, request, everything, outcome, told).match()
        with queries.writing(keeper) as connection:
            if not run_queries.swap(connection, run_id=run_id, is_of_areas=bool(codes)):
                raise Conflict(GIVEN_UP)
            outcome.residents = run_queries.count_done(connection, run_id=run_id)
        with queries.writing(keeper) as connection:
            run_queries.delete_old_rows(connection)
    return outcome


def _check_room(connection: sa.Connection) -> None:
    refused = queries.find_refused(connection)
    if refused:
        raise PatchworkError(NO_ROOM.format(database=refused.database, role=refused.role))


@contextmanager
def _turn(keeper: sa.Engine) -> Iterator[None]:
    """Keep other processes from it; a process that is killed gives it back."""
    with keeper.connect().execution_options(isolation_level="AUTOCOMMIT") as watch:
        # One that was killed just now may still seem to be there.
        until = time.monotonic() + PATIENCE_S
        while not run_queries.take_turn(watch):
            if time.monotonic() > until:
                raise Conflict(BUSY)
            time.sleep(0.2)
        try:
            yield
        finally:
            # A database that has gone away has let others at it by itself.
            with suppress(sa.exc.OperationalError):
                run_queries.give_turn(watch)


def _area_ids(connection: sa.Connection, codes: Sequence[str]) -> list[int] | None:
    if not codes:
        return None
    ids: list[int] = []
    for code in codes:
        if not code:
            raise BadQuestion(NO_CODE, field="area")
        found = queries.find_area_ids(connection, code=code)
        if not found:
            raise BadQuestion(
                f"No ward or district that is loaded has the code {code}. Codes are at /wards; load"
                " boundaries with: patchwork load",
                field="area",
            )
        ids += found
    return ids


def _begin(connection: sa.Connection, codes: Sequence[str], engine: str) -> tuple[int, dt.date]:
    """Return the run to go on with, or a new one, and the day its scores are of."""
    unfinished = run_queries.find_unfinished(connection, area_codes=codes, hours=GOES_ON_FOR_HOURS)
    run_queries.fail_others(connection, run_id=unfinished.id if unfinished else None)
    if unfinished:
        run_queries.delete_changed(connection, run_id=unfinished.id)
        run_queries.go_on(connection, run_id=unfinished.id, engine=engine)
        return unfinished.id, unfinished.of_day
    # As the live question says today.
    today = dt.datetime.now(tz=dt.UTC).date()
    made = run_queries.begin_run(connection, engine=engine, area_codes=list(codes), of_day=today)
    return made, today


def _read(
    keeper: sa.Engine, outcome: Outcome, of_day: dt.date, area_ids: Sequence[int] | None
) -> Everything:
    started = time.perf_counter()
    with queries.at_one_moment(keeper) as connection:
        # In one transaction with the reading: there is no team that was read and not written down.
        queries.write_audit(connection, run_id=outcome.run_id, area_ids=area_ids)
        outcome.done_before = run_queries.count_done(connection, run_id=outcome.run_id)
        everything = read_everything(
            connection, run_id=outcome.run_id, of_day=of_day, area_ids=area_ids
        )
    outcome.took.reading_s += time.perf_counter() - started
    return everything


@dataclass(frozen=True, slots=True)
class _Run:
    """One run, and what it has read."""

    keeper: sa.Engine
    settings: Settings
    request: Request
    everything: Everything
    outcome: Outcome
    told: Told | None

    def match(self) -> None:
        """Find and write what there is for everybody who is not done, and tell how far it is."""
        targets, askers = self.everything.found.targets, self.everything.asking.askers
        workers = self.settings.match_workers or os.cpu_count() or 1
        planned = planning.plan(
            targets, askers, memory_mb=self.settings.match_memory_mb,
            used=planning.used_bytes(), workers=workers,
        )  # fmt: skip
        self.outcome.parts = len(planned.groups)
        at_once = min(planned.at_once, self.request.at_once or planned.at_once)
        engine = self._engine(workers, at_once)
        parts = planning.make_parts(planned, targets, askers, read_kept=self._kept)
        done = self._write_nowhere(planned.nowhere) + self.outcome.done_before
        everybody = self.outcome.done_before + len(askers)
        found = engine.match(parts, self.everything.answers)
        try:
            self._take(found, done, everybody)
        finally:
            # What is told may want to stop: then whoever works on it has to stop too.
            if isinstance(found, Generator):
                found.close()

    def _take(self, found: Iterator[Answer], done: int, everybody: int) -> None:
        took, since = self.outcome.took, time.perf_counter()
        for part, chunk, matches in found:
            took.matching_s += time.perf_counter() - since
            since = time.perf_counter()
            self._write(Some.of(part, chunk, matches))
            done += chunk.stop - chunk.start
            if self.told:
                self.told(done, everybody)
            took.writing_s += time.perf_counter() - since
            since = time.perf_counter()
        took.matching_s += time.perf_counter() - since

    def _write(self, some: Some) -> None:
        with queries.writing(self.keeper) as connection:
            write_found(connection, self.everything, run_id=self.outcome.run_id, some=some)

    def _write_nowhere(self, rows: Numbers) -> int:
        """Write that there is nothing for who lives nowhere we know."""
        interests = self.everything.asking.askers.interests
        for start in range(0, len(rows), planning.MOST_AT_ONCE):
            some = rows[start : start + planning.MOST_AT_ONCE]
            self._write(Some.nothing(some, int(interests.lengths[some].sum())))
        return len(rows)

    def _kept(self, asker_rows: Numbers, target_rows: Numbers) -> Kept | None:
        if self.everything.walking is None:
            return None
        with queries.at_one_moment(self.keeper) as connection:
            return read_kept(connection, self.everything, asker_rows, target_rows)

    def _engine(self, workers: int, at_once: int) -> Engine:
        walking = self.everything.walking
        network = walking.network if walking else None
        if self.request.engine == LOCAL:
            return LocalEngine(network, workers, at_once)
        return _dask()(
            self.request.scheduler,
            network=network,
            at_once=at_once,
            workers=self.settings.match_workers,
        )


def _dask() -> type[DaskEngine]:
    """Return Dask's engine; raises PatchworkError where Dask is not installed."""
    try:
        # Not before somebody asks for it: it is an extra, and takes a second.
        from app.everyone.dask_engine import DaskEngine  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in DASKS:
            raise PatchworkError(NO_DASK) from error
        raise
    return DaskEngine
