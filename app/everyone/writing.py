"""Matches as the rows they are kept as, in PostgreSQL's binary format, many at once.

Every row is laid out as wide as the widest, with a mask of what there is of it; what is left of the
two is the bytes. So there is no loop over residents.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from app.everyone import queries
from app.everyone.parts import Part
from app.everyone.reading import Everything, Ids
from geo.matching_arrays import Flags, Numbers
from geo.matching_everyone import Found
from geo.scores import SCORE_STEPS

COLUMNS = (
    "run_id", "resident_id", "team_id", "ward_code", "near_ids", "near_are_activities",
    "near_scores", "near_distances_m", "near_walks_m", "visit_ids", "visit_scores",
    "visit_distances_m", "unmet_ids",
)  # fmt: skip
# Numbers of PostgreSQL's types (pg_type.oid), and how they are on the wire.
UUID, BOOL, INT4, FLOAT8 = (2950, "S16"), (16, "?"), (23, ">i4"), (701, ">f8")
# Laid out at once: a megabyte or two for each thousand.
AT_A_TIME = 4_000

Bytes = npt.NDArray[np.uint8]
Piece = tuple[Bytes, Flags]  # what is written of each row, and what of it there is


@dataclass(frozen=True, slots=True)
class Some:
    """What was found for some residents: their rows in the whole run, and their matches.

    `target_rows` are rows in the whole run of the targets that `found` numbers.
    """

    rows: Numbers
    found: Found
    target_rows: Numbers

    @classmethod
    def of(cls, part: Part, chunk: slice, found: Found) -> Some:
        """Return what was found for a slice of a part's askers."""
        return cls(part.asker_rows[chunk], found, part.target_rows)

    @classmethod
    def nothing(cls, rows: Numbers, interests: int) -> Some:
        """Return that nothing was looked for: nobody knows where they live."""
        none, numbers = np.zeros(0), np.zeros(0, dtype=np.int64)
        found = Found(
            numbers, none.astype(bool), numbers, none, none, none, np.ones(interests, dtype=bool)
        )
        return cls(rows, found, numbers)


def write_found(
    connection: sa.Connection, everything: Everything, *, run_id: int, some: Some
) -> int:
    """Store what was found for some residents; return for how many.

    Who was erased, or withdrew, since they were read is left out.
    """
    asking, rows = everything.asking, some.rows
    held = queries.hold_residents(
        connection, ids=_array(asking.ids[rows]), team_ids=_array(asking.team_ids[rows])
    )
    is_held = np.isin(_pairs(asking.ids[rows], asking.team_ids[rows]), held)
    table = _Table(everything, run_id, some)
    queries.insert_matches(connection, COLUMNS, table.in_chunks(np.flatnonzero(is_held)))
    return int(is_held.sum())


def _array(ids: Ids) -> str:
    """Return UUIDs as PostgreSQL writes an array of them."""
    raw = ids.tobytes()
    return f"{{{','.join(raw[at : at + 16].hex() for at in range(0, len(raw), 16))}}}"


def _pairs(ids: Ids, team_ids: Ids) -> npt.NDArray[np.bytes_]:
    both = np.concatenate([_bytes_of(ids), _bytes_of(team_ids)], axis=1)
    return np.ascontiguousarray(both).view("S32").ravel()


class _Table:
    """The rows of some residents, told apart by their numbers among `rows`."""

    def __init__(self, everything: Everything, run_id: int, some: Some) -> None:
        self._everything, self._run_id, self._rows = everything, run_id, some.rows
        self._found, self._target_rows = some.found, some.target_rows
        asker, is_visit, count = some.found.asker, some.found.is_visit, len(some.rows)
        self._near = _Ragged.of(asker, np.flatnonzero(~is_visit), count)
        self._visits = _Ragged.of(asker, np.flatnonzero(is_visit), count)
        interests = everything.asking.askers.interests[some.rows]
        # To know that nothing meets faith, health or the like, somebody has to have asked.
        is_kept = ~some.found.answered & ~everything.is_special[interests.values]
        self._interests = interests.values
        self._unmet = _Ragged.of(interests.rows, np.flatnonzero(is_kept), count)

    def in_chunks(self, chosen: Numbers) -> Iterator[bytes]:
        """Yield some of the rows as bytes."""
        for start in range(0, len(chosen), AT_A_TIME):
            data, there = zip(*self._pieces(chosen[start : start + AT_A_TIME]), strict=True)
            yield np.concatenate(data, axis=1)[np.concatenate(there, axis=1)].tobytes()

    def _pieces(self, chosen: Numbers) -> Iterator[Piece]:
        asking, found = self._everything.asking, self._everything.found
        rows = self._rows[chosen]
        yield _always(np.full(len(chosen), len(COLUMNS), dtype=">i2"))
        yield from _scalar(np.full(len(chosen), self._run_id, dtype=">i4"))
        yield from _scalar(asking.ids[rows])
        yield from _scalar(asking.team_ids[rows])
        yield from _text(asking.ward_codes[rows])
        for ragged, is_near in ((self._near, True), (self._visits, False)):
            at, counts = ragged[chosen]
            targets = self._target_rows[self._found.target[at]]
            yield from _list(found.ids[targets], counts, UUID)
            if is_near:
                yield from _list(~found.is_asset[targets], counts, BOOL)
            scores = np.rint(self._found.score[at] * SCORE_STEPS)
            yield from _list(scores, counts, INT4)
            yield from _list(self._found.distance_m[at], counts, FLOAT8)
            if is_near:
                walks = self._found.walk_m[at]
                is_in = np.arange(at.shape[1]) < counts[:, None]
                is_walked: Flags = np.any(~np.isnan(walks) & is_in, axis=1)
                yield from _list(walks, counts, FLOAT8, is_there=is_walked)
        at, counts = self._unmet[chosen]
        yield from _list(self._interests[at], counts, INT4)


@dataclass(frozen=True, slots=True)
class _Ragged:
    """Rows of different lengths: where the entries of each stand, one after the other."""

    at: Numbers
    starts: Numbers
    counts: Numbers

    @classmethod
    def of(cls, owner: Numbers, at: Numbers, count: int) -> _Ragged:
        """Return the entries at `at`, which are sorted by their owner (0 to `count`)."""
        counts = np.bincount(owner[at], minlength=count)
        return cls(at, np.cumsum(counts) - counts, counts)

    def __getitem__(self, chosen: Numbers) -> tuple[Numbers, Numbers]:
        """Return (k, widest) places of the entries of some rows, and how many each has.

        Beyond those the places are of something else.
        """
        counts = self.counts[chosen]
        widest = int(counts.max(initial=0))
        if not widest:
            return np.zeros((len(chosen), 0), dtype=np.int64), counts
        at = self.starts[chosen][:, None] + np.arange(widest)
        return self.at[np.minimum(at, len(self.at) - 1)], counts


def _bytes_of(values: npt.NDArray[np.generic]) -> Bytes:
    """Return values of one dimension as (n, width) bytes."""
    return np.ascontiguousarray(values).view(np.uint8).reshape(len(values), values.itemsize)


def _always(values: npt.NDArray[np.generic]) -> Piece:
    data = _bytes_of(values)
    return data, np.ones(data.shape, dtype=bool)


def _scalar(values: npt.NDArray[np.generic]) -> Iterator[Piece]:
    yield _always(np.full(len(values), values.itemsize, dtype=">i4"))
    yield _always(values)


def _text(values: npt.NDArray[np.bytes_]) -> Iterator[Piece]:
    """Yield texts; an empty one is NULL."""
    lengths = np.char.str_len(values)
    yield _always(np.where(lengths > 0, lengths, -1).astype(">i4"))
    data = _bytes_of(values)
    yield data, np.arange(data.shape[1]) < lengths[:, None]


def _list(
    values: npt.NDArray[np.generic], counts: Numbers, kind: tuple[int, str],
    is_there: Flags | None = None,
) -> Iterator[Piece]:  # fmt: skip
    """Yield arrays: of each row of `values` as many as `counts` says; NULL where not `is_there`.

    PostgreSQL's format: dimensions, a flag for NULLs, the type; length and lower bound of the
    dimension; each element with its length. One without elements has no dimension.
    """
    oid, wire = kind
    there = np.ones(len(counts), dtype=bool) if is_there is None else is_there
    has_any = there & (counts > 0)
    element = np.dtype([("width", ">i4"), ("value", wire)])
    width = np.where(has_any, 20 + counts * element.itemsize, 12)
    yield _always(np.where(there, width, -1).astype(">i4"))
    head = np.zeros((len(counts), 3), dtype=">i4")
    head[:, 0], head[:, 2] = has_any, oid
    yield _shown(head, there)
    size = np.ones((len(counts), 2), dtype=">i4")
    size[:, 0] = counts
    yield _shown(size, has_any)
    elements = np.zeros(values.shape, dtype=element)
    elements["width"], elements["value"] = np.dtype(wire).itemsize, values
    data = elements.view(np.uint8).reshape(len(counts), -1) if values.size else _nothing(counts)
    is_in = (np.arange(values.shape[1]) < counts[:, None]) & there[:, None]
    yield data, np.repeat(is_in, element.itemsize, axis=1)


def _nothing(counts: Numbers) -> Bytes:
    return np.zeros((len(counts), 0), dtype=np.uint8)


def _shown(values: npt.NDArray[np.generic], is_there: Flags) -> Piece:
    data = np.ascontiguousarray(values).view(np.uint8).reshape(len(values), -1)
    return data, np.broadcast_to(is_there[:, None], data.shape)
