"""Finding the matches of parts on a Dask cluster: other processes, here or on other machines.

Workers get pieces of a part as GeoParquet bytes, and no reference: they need neither the database
nor a folder of ours. A task holds its own bytes, so when a worker goes away, the scheduler gives
what it had to another.
"""

from __future__ import annotations

import queue
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from distributed import Future
from distributed.scheduler import KilledWorker

from app.errors import PatchworkError
from app.everyone.dask_cluster import GO_ON, NO_MEMORY, SCHEDULER_GONE, Cluster, cluster
from app.everyone.parts import Part
from geo.errors import GeoError
from geo.matching_arrays import Answers, in_reach
from geo.matching_everyone import Found
from geo.matching_pieces import cut, fingerprint, kept_of, pack
from geo.network_files import to_bytes
from geo.walking import FootNetwork

OTHER_VERSION = (
    "A Dask scheduler or worker cannot run this version of Patchwork: install the same one, with"
    " 'patchwork[distributed]', on every machine of the cluster."
)
BROKEN = "A Dask worker could not match a part ({kind}): its log says more. " + GO_ON
# What a piece is at least, in residents: smaller ones mean more overlap than work.
FEWEST = 500
# Pieces for each of a cluster's threads, so that all end at about the same time.
PIECES_A_THREAD = 4
NEWS_EVERY_S = 1.0
GATHER_S = 60.0


@dataclass(frozen=True, slots=True)
class DaskEngine:
    """An `app.everyone.parts.Engine`; `network` is what there is of ways on foot.

    What it yields are parts of the parts that it was given: rows are still those of the whole run.
    """

    scheduler: str | None = None  # None: processes on this machine
    network: FootNetwork | None = None
    at_once: int = 20_000  # residents in a piece, at most
    workers: int = 0  # processes, without a scheduler; 0: one for each processor core
    memory_limit: str = "auto"  # of each of them
    patience_s: float = 30.0  # without anybody who works

    @property
    def name(self) -> str:
        """What it is called on the command line."""
        return "dask"

    def match(self, parts: Iterable[Part], answers: Answers) -> Iterator[tuple[Part, slice, Found]]:
        """Yield the matches of pieces as they are done.

        Raises PatchworkError when the cluster cannot be reached, goes away or cannot do it.
        """
        with cluster(
            self.scheduler,
            workers=self.workers,
            memory_limit=self.memory_limit,
            patience_s=self.patience_s,
        ) as found:
            yield from _Run(self, found, answers).match(parts)


class _Run:
    """One run on a cluster: what is on its way, and what has come back."""

    def __init__(self, engine: DaskEngine, on: Cluster, answers: Answers) -> None:
        self._engine, self._cluster, self._answers = engine, on, answers
        self._key = f"patchwork-{uuid.uuid4().hex}"
        self._sources = fingerprint()
        self._waiting: dict[str, tuple[Future, Part]] = {}
        self._done: queue.SimpleQueue[Future] = queue.SimpleQueue()
        # Sent once, and workers hand it on. A task too, and not data sent round: the scheduler can
        # have it made again when the workers that had it are gone.
        self._network = None
        if engine.network is not None:
            self._network = on.client.submit(
                _carried(), to_bytes(engine.network), key=f"{self._key}-network", pure=False
            )

    def match(self, parts: Iterable[Part]) -> Iterator[tuple[Part, slice, Found]]:
        """Yield what comes back; only so many pieces are on their way as keep everybody busy."""
        pieces = enumerate(piece for part in parts for piece in self._cut(part))
        while True:
            while len(self._waiting) < 2 * self._cluster.threads:
                number, part = next(pieces, (None, None))
                if part is None:
                    break
                self._send(number, part)
            if not self._waiting:
                return
            part, found = self._receive()
            yield part, slice(0, len(part.asker_rows)), found

    def _cut(self, part: Part) -> Iterator[Part]:
        share = len(part.askers) // (PIECES_A_THREAD * self._cluster.threads)
        for rows in cut(part.askers, most=min(max(share, FEWEST), self._engine.at_once)):
            askers = part.askers[rows]
            targets = in_reach(part.targets, askers)
            yield Part(
                part.number,
                part.targets[targets],
                askers,
                part.target_rows[targets],
                part.asker_rows[rows],
                kept_of(part.kept, askers=rows, targets=targets) if part.kept else None,
            )

    def _send(self, number: int | None, part: Part) -> None:
        future = self._cluster.client.submit(
            _carried("geo.matching_pieces", "match_piece"),
            pack(part.targets, part.askers, self._answers, part.kept),
            self._network,
            self._sources,
            key=f"{self._key}-{number}",
            pure=False,
        )
        self._waiting[future.key] = (future, part)
        future.add_done_callback(self._done.put)

    def _receive(self) -> tuple[Part, Found]:
        while True:
            try:
                future = self._done.get(timeout=NEWS_EVERY_S)
            except queue.Empty:
                self._cluster.check()
                continue
            try:
                found: Found = future.result(timeout=GATHER_S)
            except TimeoutError:
                # Done, and lost with its worker before we had it: the scheduler has it done again.
                self._done.put(future)
                self._cluster.check()
                continue
            except Exception as error:  # whatever a worker raised
                raise self._said(future, error) from error
            return self._waiting.pop(future.key)[1], found

    def _said(self, future: Future, error: Exception) -> Exception:
        """Return what to tell of a piece that was not done."""
        if future.cancelled():
            return self._cluster.say(SCHEDULER_GONE)
        if isinstance(error, GeoError):
            return error
        if isinstance(error, (KilledWorker, MemoryError)):
            return self._cluster.say(NO_MEMORY)
        if isinstance(error, (ImportError, AttributeError)) or "deserializ" in str(error):
            return PatchworkError(OTHER_VERSION)
        # Its kind alone: what an error says may hold the numbers it was about.
        return PatchworkError(BROKEN.format(kind=type(error).__name__))


def _carried(module: str = "", name: str = "") -> Callable[..., Any]:
    """Return a function of another process's own, or one that gives back what it is given.

    The function is sent itself and not by its name (a function in a function is): a worker that
    cannot find a name in what it is sent ends, and another after it, where one that cannot import a
    module says so.
    """

    def call(*given: Any) -> Any:  # noqa: ANN401 - whatever it is
        if not module:
            return given[0]
        import importlib  # noqa: PLC0415 - over there

        return getattr(importlib.import_module(module), name)(*given)

    return call
