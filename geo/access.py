"""How well people reach places: who has one within minutes, and the two-step catchment score.

Words as in `geo.walking`: demand is people at points, supply is places they go to. Coordinates are
metres, British National Grid (easting, northing); minutes are those of somebody walking 5 km/h,
along a foot network where both ends are on it, else by the straight line × 1.3 ("about").
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from geo.distance import DETOUR, WALKING_M_PER_MINUTE
from geo.errors import GeoError
from geo.walking import FootNetwork, Snapped, walks_m

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# What pubs, cafés, restaurants and shops are on the map for: company, but no room to meet in.
FOOD_DRINK_AND_SHOPS = frozenset({
    "antiques", "beer-and-brewing", "charity-shops", "eating-out", "northern-food", "pubs",
    "shopping-and-markets", "south-asian-food", "tea-and-coffee",
})  # fmt: skip
# A place nobody has named an interest for may still say what it is.
ROOMS = ("hall", "church", "chapel", "mosque", "temple", "gurdwara", "library", "institute", "club",
         "community")  # fmt: skip

# Places that are near each other are walked from together: their catchments are mostly the same.
_PLACES_AT_ONCE = 64
_NEIGHBOURHOOD_M = 1_000.0


@dataclass(frozen=True, slots=True)
class Demand:
    """People at points: `points` (n, 2), `people` (n,), and the number of each one's area."""

    points: Floats
    people: Floats
    of_area: Numbers


@dataclass(frozen=True, slots=True)
class Reached:
    """Which demand reaches which supply, one entry for each pair, and in how many minutes.

    `is_about` (of each pair): by the straight line.
    """

    of_demand: Numbers
    of_supply: Numbers
    minutes: Floats
    is_about: Flags

    def within(self, minutes: float) -> Reached:
        """Return the pairs that take at most so many minutes."""
        kept = self.minutes <= minutes
        return Reached(
            self.of_demand[kept], self.of_supply[kept], self.minutes[kept], self.is_about[kept]
        )

    def nearest_minutes(self, demand_count: int) -> Floats:
        """Return for each demand point the minutes to its nearest supply, infinity for none."""
        nearest = np.full(demand_count, np.inf)
        np.minimum.at(nearest, self.of_demand, self.minutes)
        return nearest


def is_community_venue(
    concepts: Collection[str], *, is_indoors: bool | None, name: str = ""
) -> bool:
    """Return whether a venue with these interests is one that people can meet in.

    It is not known to be in the open, and is there for something besides eating, drinking and
    shopping: a library, a hall, a church, a swimming pool; not a park, a pitch, a pub, a shop.
    Where no interest is known, its name has to say one of `ROOMS` (a pharmacy's does not).
    """
    if is_indoors is False:
        return False
    if not concepts:
        return re.search(rf"\b({'|'.join(ROOMS)})\b", name, re.IGNORECASE) is not None
    return not FOOD_DRINK_AND_SHOPS.issuperset(concepts)


def spread_population(
    population: Floats, homes: Floats, of_point: Numbers, points: Floats
) -> Demand:
    """Put the people of small areas where their postcodes are.

    Parameters
    ----------
    population
        People of each area, (a,); what is not a finite number counts as nobody.
    homes
        A point inside each area, for areas without a postcode; (a, 2).
    of_point, points
        The number of the area that each postcode is in, (p,), and where the postcode is, (p, 2).

    Returns
    -------
    Demand
        The postcodes, each with an even share of its area's people, then the areas without one.
        The people of each area add up to its population.
    """
    population = np.where(np.isfinite(population), population, 0.0)
    counts = np.bincount(of_point, minlength=len(population))
    alone = np.flatnonzero(counts == 0)
    return Demand(
        np.concatenate([points.reshape(-1, 2), homes.reshape(-1, 2)[alone]]),
        np.concatenate([population[of_point] / counts[of_point], population[alone]]),
        np.concatenate([of_point, alone]).astype(np.int64),
    )


def share_within(population: Floats, minutes: Floats, *, within_minutes: float) -> float:
    """Return which part of the people (0 to 1) has a place within so many minutes.

    `minutes` are those to each one's nearest place; NaN or infinity: it has none. NaN for nobody.
    """
    everyone = float(population.sum())
    return float(population[minutes <= within_minutes].sum()) / everyone if everyone else np.nan


def two_step_scores(
    population: Floats, supply: Floats, reached: Reached, *, catchment_minutes: float
) -> Floats:
    """Return the two-step floating catchment area score of each demand point.

    With d0 = `catchment_minutes`, P(k) the people at k, S(j) what place j offers::

        R(j) = S(j) / sum of P(k) over all k with minutes(k, j) <= d0
        A(i) = sum of R(j) over all j with minutes(i, j) <= d0

    A place nobody reaches gives nothing. The sum of P(i) A(i) is the sum of S(j) over all places
    that anybody reaches. Source: W. Luo and F. Wang, Measures of spatial accessibility to health
    care in a GIS environment, Environment and Planning B 30 (2003), pages 865 to 884.

    Parameters
    ----------
    population, supply
        P, (n,), and S, (m,); not negative.
    reached
        The pairs within the catchment or more.

    Raises
    ------
    GeoError
        If people or supply are negative or not numbers.
    """
    for name, values in (("population", population), ("supply", supply)):
        if not (np.isfinite(values).all() and (values >= 0).all()):
            message = f"The {name} must be finite numbers of at least 0."
            raise GeoError(message)
    near = reached.within(catchment_minutes)
    sharing = np.bincount(near.of_supply, weights=population[near.of_demand], minlength=len(supply))
    ratio = np.divide(supply, sharing, out=np.zeros(len(supply)), where=sharing > 0)
    return np.bincount(
        near.of_demand, weights=ratio[near.of_supply], minlength=len(population)
    ).astype(np.float64)


def reach_on_foot(
    demand: Floats, supply: Floats, *, within_minutes: float, network: FootNetwork | None = None
) -> Reached:
    """Return the pairs of demand (n, 2) and supply (m, 2) at most so many minutes' walk apart.

    Along `network` where both are on it (`FootNetwork.snap`); all other pairs by the straight line
    × 1.3, marked `is_about`.
    """
    limit_m = within_minutes * WALKING_M_PER_MINUTE
    # Nothing that is farther than that by the straight line is nearer along a way.
    of_demand, of_supply, straight_m = _within(demand, supply, limit_m)
    if network is None:
        metres, is_about = straight_m * DETOUR, np.ones(len(straight_m), dtype=bool)
    else:
        metres, is_about = _along(
            network, demand, supply, (of_demand, of_supply, straight_m), limit_m
        )
    kept = metres <= limit_m
    return Reached(
        of_demand[kept], of_supply[kept], metres[kept] / WALKING_M_PER_MINUTE, is_about[kept]
    )


def _within(demand: Floats, supply: Floats, limit_m: float) -> tuple[Numbers, Numbers, Floats]:
    """Return the pairs within `limit_m` by the straight line, and how far apart they are."""
    if not len(demand) or not len(supply):
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing, np.zeros(0)
    # Not as a sparse matrix: that would leave out who lives at the very door.
    pairs = cKDTree(demand).sparse_distance_matrix(cKDTree(supply), limit_m, output_type="ndarray")
    pairs = pairs[np.lexsort((pairs["j"], pairs["i"]))]
    of_demand, of_supply = pairs["i"].astype(np.int64), pairs["j"].astype(np.int64)
    apart = demand[of_demand] - supply[of_supply]
    return of_demand, of_supply, np.hypot(*apart.T)


def _along(
    network: FootNetwork,
    demand: Floats,
    supply: Floats,
    pairs: tuple[Numbers, Numbers, Floats],
    limit_m: float,
) -> tuple[Floats, Flags]:
    """Return metres on foot for `pairs`, and for which of them only the straight line is known."""
    of_demand, of_supply, straight_m = pairs
    people, places = network.snap(demand), network.snap(supply)
    is_about = ~(people.is_on[of_demand] & places.is_on[of_supply])
    metres = straight_m * DETOUR
    by_place = np.argsort(of_supply, kind="stable")
    starts = np.searchsorted(of_supply[by_place], np.arange(len(supply) + 1))
    for chunk in _neighbourhoods(supply, places):
        mine = np.concatenate([by_place[starts[one] : starts[one + 1]] for one in chunk])
        mine = mine[~is_about[mine]]
        if not len(mine):
            continue
        targets, column = np.unique(of_demand[mine], return_inverse=True)
        row = np.searchsorted(chunk, of_supply[mine])
        walked = walks_m(network, places[chunk], people[targets], limit_m=limit_m)
        metres[mine] = walked[row, column]
    return metres, is_about


def _neighbourhoods(supply: Floats, places: Snapped) -> list[Numbers]:
    """Return the numbers of the places on the network, those near each other together."""
    on = np.flatnonzero(places.is_on)
    if not len(on):
        return []
    cells = (supply[on] // _NEIGHBOURHOOD_M).astype(np.int64)
    on = on[np.lexsort((cells[:, 1], cells[:, 0]))]
    return [np.sort(on[i : i + _PLACES_AT_ONCE]) for i in range(0, len(on), _PLACES_AT_ONCE)]
