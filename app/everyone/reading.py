"""Reading everything that can be found, and everybody who asks, as arrays: a few statements."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from app.everyone import queries
from app.interests.actions import read_vocabulary
from app.matches.resident_actions import REACH_M
from app.models import Access, Travel
from app.walking.actions import Walking, WalkingCache
from geo import scores
from geo.crs import BRITISH_NATIONAL_GRID, WGS84
from geo.interests import Vocabulary
from geo.matching import NEAR_REACH_M, VISIT_REACH_M
from geo.matching_arrays import Answers, Askers, Flags, Floats, Lists, Numbers, Targets, answers_of
from geo.matching_walks import Kept

# UUIDs as 16 bytes each; sorted, they are in PostgreSQL's order.
Ids = npt.NDArray[np.bytes_]
NOBODYS = uuid.UUID(int=0).bytes
NO_CODE = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What can be found; `located` (n,) is the number of the place whose point each row has."""

    targets: Targets
    ids: Ids
    is_asset: Flags
    located: Numbers
    located_ids: Ids  # by that number


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, team by team.

    `home` (m,) is the number of the home each lives in; -1: they have a place of their own.
    """

    askers: Askers
    ids: Ids
    team_ids: Ids
    ward_codes: npt.NDArray[np.bytes_]  # "" where no ward is known
    home: Numbers
    home_ids: Ids  # by that number

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Everything:
    """All a run needs, as it was at one moment."""

    found: Found
    asking: Asking
    answers: Answers
    is_special: Flags  # by the concept's number: whether it shows faith, health or the like
    walking: Walking | None


def read_everything(
    connection: sa.Connection,
    *,
    run_id: int,
    of_day: dt.date,
    area_ids: Sequence[int] | None,
) -> Everything:
    """Return what a run needs: everybody in some areas (None: everywhere) who is not done yet.

    What can be found is as far around them as anybody reaches.
    """
    vocabulary = read_vocabulary(connection)
    asking = _read_asking(connection, run_id=run_id, area_ids=area_ids)
    return Everything(
        _read_found(connection, of_day=of_day, around=asking.askers.points),
        asking,
        answers_of(vocabulary),
        _special(vocabulary),
        WalkingCache().get(connection),
    )


def _special(vocabulary: Vocabulary) -> Flags:
    highest = max((concept.id for concept in vocabulary.concepts), default=-1)
    is_special = np.zeros(highest + 1, dtype=bool)
    is_special[[c.id for c in vocabulary.concepts if c.special_category]] = True
    return is_special


def _read_asking(
    connection: sa.Connection, *, run_id: int, area_ids: Sequence[int] | None
) -> Asking:
    given = {
        "run_id": run_id,
        "area_ids": None if area_ids is None else list(area_ids),
        "travels": list(queries.TRAVELS),
    }
    rows = queries.copy_out(connection, queries.ASKERS, given, queries.ASKER_COLUMNS)
    interests = queries.read_numbers(connection, queries.ASKER_INTERESTS, given)
    reach = np.array([REACH_M[Travel(word)] for word in queries.TRAVELS], dtype=np.float64)
    travel = rows["travel"] - 1
    needs = rows["needs"].astype(np.int32)
    step_free = 1 << queries.ACCESS.index(Access.STEP_FREE.value)
    home_ids, home = np.unique(np.ascontiguousarray(rows["home_id"]), return_inverse=True)
    is_of_nobody = home_ids == np.array(NOBODYS, dtype="S16")
    home = np.where(is_of_nobody[home], -1, home)
    return Asking(
        Askers(
            points=grid_points(rows["lon"], rows["lat"]),
            interests=_lists(rows["interests"], interests),
            needs=needs,
            day_parts=rows["day_parts"].astype(np.int32),
            within_m=reach[travel],
            goes_out=travel != queries.TRAVELS.index(Travel.VISITS_ONLY.value),
            needs_step_free=(needs & step_free) != 0,
        ),
        ids=np.ascontiguousarray(rows["id"]),
        team_ids=np.ascontiguousarray(rows["team_id"]),
        ward_codes=_ward_codes(connection, rows["area_id"].astype(np.int64)),
        home=home.astype(np.int64),
        home_ids=home_ids,
    )


def grid_points(lon: npt.ArrayLike, lat: npt.ArrayLike) -> Floats:
    """Return eastings and northings (n, 2) of degrees, as `geo.crs.grid_of` does; NaN stays."""
    degrees = np.stack([np.asarray(lon), np.asarray(lat)], axis=1).astype(np.float64)
    points = np.full(degrees.shape, np.nan)
    is_known = ~np.isnan(degrees).any(axis=1)
    # Residents of a home are at one point: each is worked out once.
    once, which = np.unique(degrees[is_known], axis=0, return_inverse=True)
    on_grid = gpd.GeoSeries(gpd.points_from_xy(*once.T), crs=WGS84).to_crs(BRITISH_NATIONAL_GRID)
    points[is_known] = np.stack([on_grid.x, on_grid.y], axis=1)[which.ravel()]
    return points


def _ward_codes(connection: sa.Connection, area_ids: Numbers) -> npt.NDArray[np.bytes_]:
    once, which = np.unique(area_ids, return_inverse=True)
    codes = queries.read_ward_codes(connection, once.tolist())
    # Bytes, as they are written.
    return np.array([codes.get(int(one), NO_CODE).encode() for one in once], dtype=np.bytes_)[which]


def _lists(lengths: npt.NDArray[np.integer], values: Numbers) -> Lists:
    return Lists(np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]), values)


def _read_found(connection: sa.Connection, *, of_day: dt.date, around: Floats) -> Found:
    given = {"of_day": of_day, **_box(around)}
    rows = queries.copy_out(connection, queries.TARGETS, given, queries.TARGET_COLUMNS)
    interests = queries.read_numbers(connection, queries.TARGET_INTERESTS, given)
    place = np.unique(np.ascontiguousarray(rows["place_id"]), return_inverse=True)[1]
    located_ids, located = np.unique(np.ascontiguousarray(rows["located_id"]), return_inverse=True)
    targets = Targets(
        points=np.stack([rows["easting"], rows["northing"]], axis=1).astype(np.float64),
        interests=_lists(rows["interests"], interests),
        freshness=freshness_of(rows["age_days"]),
        access=rows["access"].astype(np.int32),
        day_parts=rows["day_parts"].astype(np.int32),
        place=place.astype(np.int64),
        # They come in this order.
        turn=np.arange(len(rows)),
        comes_to_homes=rows["comes_to_homes"].copy(),
        has_door=rows["has_door"].copy(),
    )
    return Found(
        targets,
        np.ascontiguousarray(rows["id"]),
        rows["is_asset"].copy(),
        located.astype(np.int64),
        located_ids,
    )


def _box(points: Floats) -> dict[str, float]:
    """Return the rectangle anybody there reaches into; an empty one where nobody is anywhere."""
    known = points[~np.isnan(points).any(axis=1)]
    if not len(known):
        return {"west": 0.0, "south": 0.0, "east": 0.0, "north": 0.0}
    farthest = max(VISIT_REACH_M, NEAR_REACH_M)
    (west, south), (east, north) = known.min(axis=0) - farthest, known.max(axis=0) + farthest
    return {"west": float(west), "south": float(south), "east": float(east), "north": float(north)}


def freshness_of(age_days: npt.NDArray[np.integer]) -> Floats:
    """Return `geo.scores.freshness` of ages in days (NEVER_ASSURED: nobody ever looked)."""
    return np.select(
        [
            age_days == queries.NEVER_ASSURED,
            age_days <= scores.DAYS_THIS_YEAR,
            age_days <= scores.DAYS_LAST_YEAR,
        ],
        [scores.NEVER_CHECKED, scores.CHECKED_THIS_YEAR, scores.CHECKED_LAST_YEAR],
        default=scores.CHECKED_LONG_AGO,
    )


def read_kept(
    connection: sa.Connection, everything: Everything, asker_rows: Numbers, target_rows: Numbers
) -> Kept:
    """Return the ways on foot that are kept for the homes of some askers, to some targets."""
    asking, found = everything.asking, everything.found
    home, located = asking.home[asker_rows], found.located[target_rows]
    wanted = np.unique(home[home >= 0])
    version = everything.walking.version if everything.walking else ""
    ids = [str(uuid.UUID(bytes=_whole(asking.home_ids[number]))) for number in wanted]
    rows = queries.copy_out(
        connection, queries.WALKS, {"version": version, "home_ids": ids}, queries.WALK_COLUMNS
    )
    to = np.searchsorted(found.located_ids, rows["asset_id"])
    to = np.minimum(to, max(len(found.located_ids) - 1, 0))
    is_known = (
        found.located_ids[to] == rows["asset_id"]
        if len(found.located_ids)
        else np.zeros(len(rows), dtype=bool)
    )
    from_ = np.searchsorted(asking.home_ids, rows["home_id"])
    return Kept(
        home,
        located,
        np.stack([from_, to], axis=1)[is_known].astype(np.int64),
        rows["walk_m"][is_known].astype(np.float64),
        rows["step_free_m"][is_known].astype(np.float64),
    )


def _whole(id_: bytes) -> bytes:
    """Return all 16 bytes: NumPy leaves out zeros at the end."""
    return id_.ljust(16, b"\0")
