"""Matching everybody: one run, from reading to the swap, that goes on where it was cut off."""

from __future__ import annotations

import datetime as dt
import importlib
import importlib.util
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa

from app.errors import BadQuestion, Conflict, PatchworkError
from app.everyone import planning, queries
from app.everyone.local import LocalEngine
from app.everyone.parts import Engine
from app.everyone.reading import Everything, read_everything, read_kept
from app.everyone.writing import write_found
from app.settings import Settings
from geo.matching_arrays import Numbers
from geo.matching_walks import Kept

# A run that was cut off longer ago is begun anew: what it was about has changed too much.
GOES_ON_FOR_HOURS = 12
LOCAL, DASK = "local", "dask"
DASK_MODULE = "app.everyone.dask_engine"
BUSY = (
    "Everybody is being matched already, by another process. Wait until it has ended, then look at"
    " what it found."
)

# Takes how many residents are done, and of how many.
Told = Callable[[int, int | None], None]


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
        return planning.used_bytes() / planning.MEGABYTE


def match_all(
    keeper: sa.Engine, settings: Settings, request: Request, *, told: Told | None = None
) -> Outcome | None:
    """Find the ten best for every resident and show them in one swap; None: there is nobody.

    `keeper` works as the database role of scheduled jobs. What was found is written as it is
    found, so a run that was cut off goes on. Raises BadQuestion for an area that is not known,
    Conflict while another process is at it.
    """
    codes = tuple(sorted({code.strip().upper() for code in request.area_codes}))
    with _turn(keeper):
        with queries.writing(keeper) as connection:
            area_ids = _area_ids(connection, codes)
            if not queries.write_audit(connection, area_ids=area_ids):
                return None
            run_id, of_day = _begin(connection, codes, request.engine)
        outcome = Outcome(run_id)
        everything = _read(keeper, outcome, of_day, area_ids)
        _match(keeper, settings, request, everything, outcome, told)
        with queries.writing(keeper) as connection:
            queries.swap(connection, run_id=run_id, is_of_areas=bool(codes))
            outcome.residents = queries.count_done(connection, run_id=run_id)
        with queries.writing(keeper) as connection:
            queries.delete_old_rows(connection)
    return outcome


@contextmanager
def _turn(keeper: sa.Engine) -> Iterator[None]:
    """Keep other processes from it; a process that is killed gives it back."""
    with keeper.connect().execution_options(isolation_level="AUTOCOMMIT") as watch:
        if not queries.take_turn(watch):
            raise Conflict(BUSY)
        try:
            yield
        finally:
            queries.give_turn(watch)


def _area_ids(connection: sa.Connection, codes: Sequence[str]) -> list[int] | None:
    if not codes:
        return None
    ids: list[int] = []
    for code in codes:
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
    unfinished = queries.find_unfinished(connection, area_codes=codes, hours=GOES_ON_FOR_HOURS)
    queries.fail_others(connection, run_id=unfinished.id if unfinished else None)
    if unfinished:
        return unfinished.id, unfinished.of_day
    # As the live question says today.
    today = dt.datetime.now(tz=dt.UTC).date()
    made = queries.begin_run(connection, engine=engine, area_codes=list(codes), of_day=today)
    return made, today


def _read(
    keeper: sa.Engine, outcome: Outcome, of_day: dt.date, area_ids: Sequence[int] | None
) -> Everything:
    started = time.perf_counter()
    with queries.at_one_moment(keeper) as connection:
        outcome.done_before = queries.count_done(connection, run_id=outcome.run_id)
        everything = read_everything(
            connection, run_id=outcome.run_id, of_day=of_day, area_ids=area_ids
        )
    outcome.took.reading_s += time.perf_counter() - started
    return everything


def _match(
    keeper: sa.Engine,
    settings: Settings,
    request: Request,
    everything: Everything,
    outcome: Outcome,
    told: Told | None,
) -> None:
    targets, askers = everything.found.targets, everything.asking.askers
    planned = planning.plan(
        targets, askers, memory_mb=settings.match_memory_mb, used=planning.used_bytes()
    )
    outcome.parts = len(planned.groups)
    at_once = min(planned.at_once, request.at_once or planned.at_once)
    engine = _engine(settings, request, everything, at_once)
    parts = planning.make_parts(planned, targets, askers, read_kept=_kept(keeper, everything))
    done, everybody = outcome.done_before, outcome.done_before + len(askers)
    took, since = outcome.took, time.perf_counter()
    for part, chunk, found in engine.match(parts, everything.answers):
        took.matching_s += time.perf_counter() - since
        since = time.perf_counter()
        with queries.writing(keeper) as connection:
            write_found(
                connection, everything, run_id=outcome.run_id, part=part, chunk=chunk, found=found
            )
        done += chunk.stop - chunk.start
        if told:
            told(done, everybody)
        took.writing_s += time.perf_counter() - since
        since = time.perf_counter()
    took.matching_s += time.perf_counter() - since


def _kept(keeper: sa.Engine, everything: Everything) -> planning.ReadKept:
    def read(asker_rows: Numbers, target_rows: Numbers) -> Kept | None:
        if everything.walking is None:
            return None
        with queries.at_one_moment(keeper) as connection:
            return read_kept(connection, everything, asker_rows, target_rows)

    return read


def _engine(settings: Settings, request: Request, everything: Everything, at_once: int) -> Engine:
    network = everything.walking.network if everything.walking else None
    if request.engine == LOCAL:
        return LocalEngine(network, settings.match_workers, at_once)
    if importlib.util.find_spec("distributed") is None:
        raise PatchworkError(
            "The engine dask is not installed. Install it with: pip install"
            " 'patchwork[distributed]'"
        )
    made: Engine = importlib.import_module(DASK_MODULE).DaskEngine(
        request.scheduler, network=network, at_once=at_once
    )
    return made
