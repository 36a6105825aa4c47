"""Finding what fits: the question, the ranking, and the engine on GeoDataFrames.

The ten best are the ten best by score among everything in reach, exactly. The database's engine
(the function `best_matches`) reads outwards from the origin until nothing farther away could still
get in; the engine here looks at everything in reach at once. A test holds both to brute force.

Where the ways on foot are known, the distance that counts, for the score and for what is in reach,
is `geo.distance.effective_m`; else it is the straight line.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo import filters, scores
from geo.crs import to_metres
from geo.distance import ON_FOOT, effective_distances
from geo.errors import QuestionError
from geo.filters import NO_FILTERS, Filters
from geo.interests import Relation
from geo.reasons import reasons
from geo.walking import Walker

NEAR_REACH_M = 5_000.0
VISIT_REACH_M = 15_000.0
LONGEST_REACH_M = 50_000.0
MOST_MATCHES = 100


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: where, which interests, and what has to fit.

    `easting`, `northing` in metres, British National Grid. `relations` comes from
    `Vocabulary.relations`. `visits` asks for activities that come to you, else for what is near.
    `walker` says how fast somebody goes there; minutes in the reasons are theirs.
    Raises QuestionError if a number makes no sense.
    """

    easting: float
    northing: float
    relations: Mapping[int, Relation]
    today: dt.date
    needs: frozenset[str] = frozenset()
    day_parts: frozenset[str] = frozenset()
    visits: bool = False
    within_m: float = NEAR_REACH_M
    limit: int = 10
    filters: Filters = NO_FILTERS
    walker: Walker = ON_FOOT

    def __post_init__(self) -> None:
        if not (math.isfinite(self.easting) and math.isfinite(self.northing)):
            raise QuestionError("the place asked about is not a point")
        if not 0 < self.within_m <= LONGEST_REACH_M:
            raise QuestionError(f"within must be between 1 and {LONGEST_REACH_M:.0f} metres")
        if not 1 <= self.limit <= MOST_MATCHES:
            raise QuestionError(f"limit must be between 1 and {MOST_MATCHES}")

    @property
    def halving_m(self) -> float:
        """The distance that halves a score: shorter on foot than for groups who drive."""
        return scores.HALVING_VISIT_M if self.visits else scores.HALVING_NEAR_M


COLUMNS = (
    "id",
    "place_id",
    "is_activity",
    "comes_to_homes",
    "interest_ids",
    "access",
    "day_parts",
    "assured_date",
)


def _relation_weights(
    interest_ids: Sequence[Sequence[int]], question: Question
) -> npt.NDArray[np.float64]:
    """Return for each row the strongest relation weight among its interests, 0 for none."""
    lengths = np.fromiter((len(ids) for ids in interest_ids), dtype=np.int64)
    weights = np.zeros(len(lengths))
    filled = lengths > 0
    if not filled.any():
        return weights
    flat = np.concatenate([np.asarray(ids, dtype=np.int64) for ids in interest_ids if len(ids)])
    table = np.zeros(int(max(flat.max(), *question.relations, 0)) + 1)
    for interest_id, relation in question.relations.items():
        table[interest_id] = relation.weight
    starts = np.concatenate(([0], np.cumsum(lengths[filled])[:-1]))
    weights[filled] = np.maximum.reduceat(table[flat], starts)
    return weights


def find_matches(
    targets: gpd.GeoDataFrame, question: Question, *, walk_m: npt.ArrayLike | None = None
) -> gpd.GeoDataFrame:
    """Return the best matches for `question` among `targets`, best first.

    Parameters
    ----------
    targets
        Points in any declared CRS with the columns of `COLUMNS`: `interest_ids` a list of
        concept ids, `access` a list or None (not known), `day_parts` a list, `assured_date` a
        date or None. Where they are: `ends_on`, a date after which it happens no more, or None;
        for filters also `week_starts` (minutes of the week it starts at, or None), `cost_pence`
        and `is_indoors` (None: not known).
    question
        The question. Its `visits` selects the rows with `comes_to_homes`, else those without.
    walk_m
        Metres on foot from the question's place to each row of `targets`, as `geo.walking.walks_m`
        returns them: NaN where not known, infinite where there is no way; a column of that name
        does as well. Without either all distances are straight lines. Who comes to you drives: it
        is not looked at for them.

    Returns
    -------
    geopandas.GeoDataFrame
        The chosen rows in the CRS of `targets`, with `distance_m` (straight line, EPSG:27700),
        `score` and `reasons` (a list of sentences), and with `walk_m` that too. At most
        `question.limit` rows and one for each `place_id`.

    Raises
    ------
    CrsError
        If `targets` has no CRS.
    QuestionError
        If a column is missing, or `walk_m` is not one number for each row.
    """
    rows, weights, far = _in_reach(targets, question, walk_m)
    if question.filters.is_any:
        kept = np.fromiter(
            (not filters.leaves_out(question.filters, judged)
             for judged in _judged(targets, rows, question)),
            dtype=bool, count=len(rows),
        )  # fmt: skip
        rows, weights = rows[kept], weights[kept]
    fits = np.fromiter(
        (
            scores.access_fit(question.needs, access)
            * scores.time_fit(question.day_parts, day_parts)
            * scores.freshness(assured, question.today)
            for access, day_parts, assured in zip(
                targets["access"].iloc[rows],
                targets["day_parts"].iloc[rows],
                targets["assured_date"].iloc[rows],
                strict=True,
            )
        ),
        dtype=np.float64,
        count=len(rows),
    )
    found = targets.iloc[rows].copy()
    found["distance_m"] = far.straight_m[rows]
    if far.is_walked:
        found["walk_m"] = far.walk_m[rows]
    found["score"] = scores.score_arrays(
        weights, far.effective_m[rows], fits, halving_m=question.halving_m
    )
    return _ranked(found, question, far.effective_m[rows])


def count_left_out(
    targets: gpd.GeoDataFrame, question: Question, *, walk_m: npt.ArrayLike | None = None
) -> dict[str, int]:
    """Return how many places a filter leaves out only because nobody knows something.

    "places" is how many, and each of `filters.FACTS` for how many of them it is not known. A
    place with anything that fits is not one of them. `targets`, `walk_m` as for `find_matches`.
    """
    rows, _, _ = _in_reach(targets, question, walk_m)
    unknown: dict[object, set[str]] = {}
    shown = set()
    for place, judged in zip(
        targets["place_id"].iloc[rows], _judged(targets, rows, question), strict=True
    ):
        if all(judged.values()):
            shown.add(place)
        elif filters.might_fit(judged):
            facts = unknown.setdefault(place, set())
            facts.update(fact for fact, fits in judged.items() if fits is None)
    left_out = [facts for place, facts in unknown.items() if place not in shown]
    counts = {fact: sum(fact in facts for facts in left_out) for fact in filters.FACTS}
    return {"places": len(left_out), **counts}


def _judged(
    targets: gpd.GeoDataFrame, rows: npt.NDArray[np.int64], question: Question
) -> Iterator[dict[str, bool | None]]:
    _require(targets, filters.COLUMNS)
    for record in targets[list(filters.COLUMNS)].iloc[rows].to_dict("records"):
        yield filters.judge(question.filters, record, visits=question.visits)


@dataclass(frozen=True, slots=True)
class _Far:
    """How far each row is: the straight line, along ways, and what counts of the two."""

    straight_m: npt.NDArray[np.float64]
    walk_m: npt.NDArray[np.float64]
    effective_m: npt.NDArray[np.float64]
    is_walked: bool


def _how_far(targets: gpd.GeoDataFrame, question: Question, walk_m: npt.ArrayLike | None) -> _Far:
    origin = shapely.Point(question.easting, question.northing)
    in_metres = to_metres(targets, name="the targets").geometry
    straight = in_metres.distance(origin).to_numpy(dtype=np.float64)
    walks = np.full(len(targets), np.nan)
    if walk_m is None:
        walk_m = targets.get("walk_m")
    if walk_m is not None and not question.visits:
        walks = np.asarray(walk_m, dtype=np.float64)
        if walks.shape != (len(targets),):
            raise QuestionError("walk_m must have one number for each of the targets")
    effective = effective_distances(straight, walks)
    return _Far(straight, walks, effective, is_walked=walk_m is not None)


def _in_reach(
    targets: gpd.GeoDataFrame, question: Question, walk_m: npt.ArrayLike | None
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], _Far]:
    """Return the rows in reach that share an interest and go on, their weights; all distances."""
    _require(targets, COLUMNS)
    far = _how_far(targets, question, walk_m)
    asked = targets["comes_to_homes"].to_numpy(dtype=bool) == question.visits
    if "ends_on" in targets.columns:
        ended = [isinstance(day, dt.date) and day < question.today for day in targets["ends_on"]]
        asked &= ~np.asarray(ended, dtype=bool)
    # NaN (no geometry) compares false, which leaves the row out.
    reachable = np.flatnonzero((far.effective_m <= question.within_m) & asked)
    weights = _relation_weights(targets["interest_ids"].iloc[reachable].tolist(), question)
    return reachable[weights > 0], weights[weights > 0], far


def _require(targets: gpd.GeoDataFrame, columns: Sequence[str]) -> None:
    missing = [name for name in columns if name not in targets.columns]
    if missing:
        raise QuestionError(f"the targets have no column {', '.join(missing)}")


def _ranked(
    found: gpd.GeoDataFrame, question: Question, effective_m: npt.NDArray[np.float64]
) -> gpd.GeoDataFrame:
    """Return the best row of each place in order, with reasons."""
    order = found.assign(
        _worse=-found["score"],
        _metres=effective_m.round(3),
        _is_asset=~found["is_activity"].to_numpy(dtype=bool),
        _id=found["id"].astype(str),
    ).sort_values(["_worse", "_metres", "_is_asset", "_id"], kind="stable")
    best = found.loc[order.index].drop_duplicates("place_id").head(question.limit).copy()
    best["reasons"] = [
        reasons(
            [question.relations[i] for i in row.interest_ids if i in question.relations],
            distance_m=row.distance_m,
            visits=question.visits,
            needs=question.needs,
            access=row.access,
            assured_date=row.assured_date,
            today=question.today,
            walk_m=getattr(row, "walk_m", math.nan),
            walker=question.walker,
        )
        for row in best.itertuples()
    ]
    return best
