"""A made-up country of residents in homes and of what is around them, as arrays, always the same.

Clustered as `england.points`; a smaller country is a window cut out of it, so that a street has as
many places as in the whole. Residents of a home stand next to each other.
"""

from __future__ import annotations

import datetime as dt
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyproj
from rich.console import Console

from app.models import Access
from app.models.residents import DAY_PARTS
from geo import scores
from geo.interests import Vocabulary
from geo.matching import NEAR_REACH_M
from geo.matching_arrays import (
    NOT_KNOWN,
    Answers,
    Askers,
    Bits,
    Floats,
    Lists,
    Numbers,
    Targets,
    answers_of,
)
from tests.benchmarks import england

ALL_ASSETS = 1_000_000
A_HOME = 27
WANTED = 3
# One activity for so many assets; every third comes to homes.
ASSETS_AN_ACTIVITY = 10
VISITS_SHARE = 1 / 3
# Homes are a few streets away from places, as `england.origins`.
STREETS_M = 300.0
ACCESS_KNOWN_SHARE, STEP_FREE_SHARE, PARKING_SHARE = 0.5, 0.6, 0.5
TIMES_KNOWN_SHARE = 0.8
MOST_TIMES = 3
ASSURED = (None, dt.date(2021, 6, 1), dt.date(2025, 3, 1), dt.date(2026, 10, 1))
# How finely the window of a smaller country is looked for, in parts of a side.
RASTER = 200
AT_ONCE = 20_000

ACCESS_BITS = {word.value: number for number, word in enumerate(Access)}
STEP_FREE, PARKING = 1 << ACCESS_BITS["step_free"], 1 << ACCESS_BITS["parking"]

Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Size:
    """How large the country is, and what share of residents needs something."""

    residents: int
    assets: int
    needs_share: float = 0.3  # need a way in without steps
    times_share: float = 0.2  # have times of the week that suit
    is_scattered: bool = False  # everybody at a place of their own, not in homes of 27

    @property
    def homes(self) -> int:
        """How many places residents live at."""
        return self.residents if self.is_scattered else -(-self.residents // A_HOME)

    def __str__(self) -> str:
        where = "each at a place of their own" if self.is_scattered else f"in {self.homes:,} homes"
        return f"{self.residents:,} residents {where}, {self.assets:,} assets"


@dataclass(frozen=True, slots=True)
class Country:
    """Everything: assets are the first rows of `targets`, activities the rest."""

    size: Size
    day: dt.date
    targets: Targets
    askers: Askers
    answers: Answers
    wanted: Numbers  # (m, 3): `askers.interests` as a rectangle
    uuids: npt.NDArray[np.uint8]  # (n, 16), of `targets`
    lon_lat: Floats  # (n, 2), of `targets`
    assured: Numbers  # (n,), of `ASSURED`
    home_lon_lat: Floats  # (homes, 2)

    def save(self, folder: Path) -> Path:
        """Write it to a file in `folder`, for processes of their own; return the file."""
        path = folder / "country.pickle"
        with path.open("wb") as file:
            pickle.dump(self, file, protocol=5)
        return path

    @staticmethod
    def load(path: Path) -> Country:
        """Return what `save` wrote."""
        with path.open("rb") as file:
            country: Country = pickle.load(file)  # noqa: S301 - written by this very run
        return country

    @property
    def places(self) -> Targets:
        """The assets alone, which is what the ways beside ours look through."""
        return self.targets[slice(0, self.size.assets)]

    @property
    def visits(self) -> int:
        """How many activities come to homes."""
        return int(self.targets.comes_to_homes.sum())


def say(text: str) -> None:
    """Tell whoever waits what is done now; the figures alone go to the standard output."""
    now = dt.datetime.now().strftime("%H:%M:%S")  # noqa: DTZ005 - as their clock says
    Console(stderr=True, soft_wrap=True).print(f"{now}  {text}", highlight=False)


def make_country(size: Size, vocabulary: Vocabulary, day: dt.date) -> Country:
    """Return the country of that size, with freshness as of `day`."""
    rng = np.random.default_rng(england.SEED)
    grid = _window(england.points(max(size.assets, ALL_ASSETS), rng), size.assets, rng)
    organizers = np.arange(0, size.assets, ASSETS_AN_ACTIVITY)
    near = rng.integers(0, size.assets, size.homes)
    home_lon_lat = _degrees(grid[near] + rng.normal(0, STREETS_M, (size.homes, 2)))
    in_use = np.array(sorted(one.id for one in vocabulary.concepts)[: england.INTERESTS_IN_USE])
    asset_lon_lat = _degrees(grid)
    lon_lat = np.concatenate([asset_lon_lat, asset_lon_lat[organizers]])
    count = len(lon_lat)
    is_asset = np.arange(count) < size.assets
    uuids = _uuids(count, rng)
    assured, access = rng.integers(0, len(ASSURED), count), _access(count, rng)
    # As the view of activities has them: the newer date, and what is there of who runs it.
    at_organizer = slice(size.assets, count)
    assured[at_organizer] = np.maximum(assured[at_organizer], assured[organizers])
    access[at_organizer] = np.where(
        access[at_organizer] == NOT_KNOWN, access[organizers], access[at_organizer]
    )
    day_parts = np.where(is_asset, 0, _times(count, TIMES_KNOWN_SHARE, rng)).astype(np.int32)
    targets = Targets(
        points=_metres(lon_lat),
        interests=_interests(count, in_use, rng),
        freshness=np.array([scores.freshness(one, day) for one in ASSURED])[assured],
        access=access,
        day_parts=day_parts,
        place=np.concatenate([np.arange(size.assets), organizers]),
        turn=_turn(uuids, is_asset),
        comes_to_homes=~is_asset & (rng.random(count) < VISITS_SHARE),
        has_door=np.ones(count, dtype=bool),
    )
    wanted = _wanted(size.residents, in_use, rng)
    askers = _askers(size, _metres(home_lon_lat), wanted, rng)
    return Country(size, day, targets, askers, answers_of(vocabulary), wanted, uuids, lon_lat,
                   assured, home_lon_lat)  # fmt: skip


def home_of(size: Size) -> Numbers:
    """Return the number of each resident's home, (m,)."""
    numbers = np.arange(size.residents)
    return numbers if size.is_scattered else numbers // A_HOME


def _askers(size: Size, homes: Floats, wanted: Numbers, rng: Rng) -> Askers:
    many = size.residents
    needs = np.where(rng.random(many) < size.needs_share, STEP_FREE, 0).astype(np.int32)
    return Askers(
        points=homes[home_of(size)],
        interests=Lists(np.arange(many + 1) * WANTED, wanted.ravel()),
        needs=needs,
        day_parts=_times(many, size.times_share, rng),
        within_m=np.full(many, NEAR_REACH_M),
        goes_out=np.ones(many, dtype=bool),
        needs_step_free=needs > 0,
    )


def _window(grid: Floats, count: int, rng: Rng) -> Floats:
    """Return `count` of the points, all in one window of that share of the country's area.

    The window is the one with fewest points too many; those are left out by chance.
    """
    if count >= len(grid):
        return grid
    side = max(1, round(RASTER * (count / len(grid)) ** 0.5))
    low, high = grid.min(axis=0), grid.max(axis=0)
    cell = np.minimum((grid - low) / (high - low) * RASTER, RASTER - 1).astype(np.int64)
    counts = np.zeros((RASTER + 1, RASTER + 1), dtype=np.int64)
    np.add.at(counts, (cell[:, 0] + 1, cell[:, 1] + 1), 1)
    sums = counts.cumsum(axis=0).cumsum(axis=1)
    within = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    first = np.array(np.unravel_index(np.where(within >= count, within, len(grid)).argmin(),
                                      within.shape))  # fmt: skip
    inside = np.flatnonzero(((cell >= first) & (cell < first + side)).all(axis=1))
    return np.asarray(grid[np.sort(rng.permutation(inside)[:count])])


def _uuids(count: int, rng: Rng) -> npt.NDArray[np.uint8]:
    drawn = rng.integers(0, 256, (count, 16), dtype=np.uint8)
    drawn[:, 6] = drawn[:, 6] & 0x0F | 0x40
    drawn[:, 8] = drawn[:, 8] & 0x3F | 0x80
    return drawn


def _turn(uuids: npt.NDArray[np.uint8], is_asset: npt.NDArray[np.bool_]) -> Numbers:
    halves = uuids.view(">u8")
    turn = np.empty(len(uuids), dtype=np.int64)
    turn[np.lexsort((halves[:, 1], halves[:, 0], is_asset))] = np.arange(len(uuids))
    return turn


def _interests(count: int, in_use: Numbers, rng: Rng) -> Lists:
    """Return 1 to 4 sorted concepts a row, as `england.interests`."""
    shape = (count, england.MOST_INTERESTS)
    drawn = rng.choice(in_use, size=shape, p=england.popularity(len(in_use)))
    how_many = rng.integers(1, england.MOST_INTERESTS + 1, size=count)
    unused = int(in_use.max()) + 1
    drawn[np.arange(england.MOST_INTERESTS) >= how_many[:, None]] = unused
    drawn.sort(axis=1)
    kept = drawn < unused
    kept[:, 1:] &= drawn[:, 1:] != drawn[:, :-1]
    return Lists(np.concatenate([[0], np.cumsum(kept.sum(axis=1))]), drawn[kept])


def _wanted(count: int, in_use: Numbers, rng: Rng) -> Numbers:
    """Return three different concepts for each resident, popular ones more often."""
    weights = england.popularity(len(in_use))
    chosen = np.empty((count, WANTED), dtype=np.int64)
    for start in range(0, count, AT_ONCE):
        rows = chosen[start : start + AT_ONCE]
        waits = rng.exponential(size=(len(rows), len(in_use))) / weights
        rows[:] = np.argpartition(waits, WANTED, axis=1)[:, :WANTED]
    return np.asarray(in_use[np.sort(chosen, axis=1)], dtype=np.int64)


def _times(count: int, share: float, rng: Rng) -> Bits:
    """Return 1 to 3 parts of the week as bits for a share of rows, none for the others."""
    drawn = np.int32(1) << rng.integers(0, len(DAY_PARTS), (count, MOST_TIMES)).astype(np.int32)
    drawn[np.arange(MOST_TIMES) >= rng.integers(1, MOST_TIMES + 1, count)[:, None]] = 0
    bits = np.bitwise_or.reduce(drawn, axis=1)
    return np.where(rng.random(count) < share, bits, 0).astype(np.int32)


def _access(count: int, rng: Rng) -> Bits:
    has = [
        np.where(rng.random(count) < share, bit, 0)
        for share, bit in ((STEP_FREE_SHARE, STEP_FREE), (PARKING_SHARE, PARKING))
    ]
    is_known = rng.random(count) < ACCESS_KNOWN_SHARE
    return np.where(is_known, has[0] | has[1], NOT_KNOWN).astype(np.int32)


def _degrees(grid: Floats) -> Floats:
    """Return longitudes and latitudes as they are stored: six decimals."""
    to_degrees = pyproj.Transformer.from_crs(27700, 4326, always_xy=True)
    return np.stack(to_degrees.transform(*grid.T), axis=1).round(6)


def _metres(lon_lat: Floats) -> Floats:
    to_metres = pyproj.Transformer.from_crs(4326, 27700, always_xy=True)
    return np.stack(to_metres.transform(*lon_lat.T), axis=1)
