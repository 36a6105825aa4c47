"""What is within so many minutes' walk, as areas: isochrones.

The area of a ring is what lies close to the ways somebody gets along in that time: the stretches
walked are widened by 25 m, gaps of up to 800 m between them are bridged, and holes are filled.
Bridging decides most of how such an area looks. This width agrees best with openrouteservice's
rings of the same places (README, Decisions).
"""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse.csgraph import dijkstra

from geo.crs import BRITISH_NATIONAL_GRID, grid_of
from geo.errors import NetworkError
from geo.walking import FARTHEST_SNAP_M, WALKERS, FootNetwork, Snapped, Walker

WIDENED_M = 25.0
SIMPLIFIED_M = 3.0
# Half of the widest gap that is bridged.
BRIDGED_M = 400.0


def isochrones(
    network: FootNetwork,
    *,
    lon: float,
    lat: float,
    minutes: Sequence[float],
    walker: Walker = WALKERS["walking"],
) -> gpd.GeoDataFrame:
    """Return for each of `minutes` the area within that walk of a point (degrees, WGS 84).

    Columns `minutes` and geometry (a polygon or several, EPSG:27700), in the order asked. Minutes
    count from the point itself: to the nearest way first, as the walks to places do. What lies off
    the ways by more than 25 m may be reached and yet be outside.

    Raises
    ------
    NetworkError
        If no way is within 200 m of the point.
    """
    place = network.snap(np.array([grid_of(lon, lat)]), needs_step_free=walker.needs_step_free)
    if not place.is_on[0]:
        raise NetworkError(
            f"No way on foot is known within {FARTHEST_SNAP_M:.0f} m of that place: load a foot"
            " network that covers it (patchwork load network FILE.osm.pbf)."
        )
    from_ends = dijkstra(
        network.graph(needs_step_free=walker.needs_step_free),
        directed=False,
        indices=network.edges[place.edge[0]],
        limit=max(minutes) * walker.metres_per_minute,
    )
    to_ends = np.array([place.along_m[0], network.lengths_m[place.edge[0]] - place.along_m[0]])
    to_nodes = (from_ends + to_ends[:, None]).min(axis=0) + place.gap_m[0]
    usable = network.step_free if walker.needs_step_free else np.ones(len(network.edges), bool)
    origin = np.array(grid_of(lon, lat))
    areas = []
    for one in minutes:
        limit_m = one * walker.metres_per_minute
        lines = _reached(network, usable, to_nodes, limit_m)
        own = _own_stretches(network, place, origin, limit_m)
        areas.append(_area(np.concatenate([lines, own])))
    return gpd.GeoDataFrame({"minutes": list(minutes)}, geometry=areas, crs=BRITISH_NATIONAL_GRID)


def _reached(
    network: FootNetwork,
    usable: npt.NDArray[np.bool_],
    to_nodes: npt.NDArray[np.float64],
    limit_m: float,
) -> npt.NDArray[np.object_]:
    """Return the stretches of edges that are within `limit_m`, as lines."""
    left = np.maximum(limit_m - to_nodes, 0.0)[network.edges]  # of the way, at either end
    chosen = np.flatnonzero(usable & (left > 0).any(axis=1))
    lengths, left = network.lengths_m[chosen], left[chosen]
    ends = network.points[network.edges[chosen]]
    step = (ends[:, 1] - ends[:, 0]) / np.maximum(lengths, 1e-9)[:, None]
    is_whole = left.sum(axis=1) >= lengths
    parts = [ends[is_whole]]
    for end, sign in ((0, 1.0), (1, -1.0)):
        some = ~is_whole & (left[:, end] > 0)
        until = ends[some, end] + sign * step[some] * left[some, end, None]
        parts.append(np.stack([ends[some, end], until], axis=1))
    return np.asarray(shapely.linestrings(np.concatenate(parts)))


def _own_stretches(
    network: FootNetwork, place: Snapped, origin: npt.NDArray[np.float64], limit_m: float
) -> npt.NDArray[np.object_]:
    """Return the way to the nearest edge, and along that edge to either side."""
    edge, along, gap = int(place.edge[0]), float(place.along_m[0]), float(place.gap_m[0])
    start, end = network.points[network.edges[edge]]
    step = (end - start) / max(float(network.lengths_m[edge]), 1e-9)
    foot = start + step * along
    to_way = origin + (foot - origin) * min(1.0, limit_m / max(gap, 1e-9))
    left = max(0.0, limit_m - gap)
    first, last = max(0.0, along - left), min(float(network.lengths_m[edge]), along + left)
    parts = [(origin, to_way)]
    if left:
        parts.append((start + step * first, start + step * last))
    return np.asarray(shapely.linestrings(np.array(parts)))


def _area(lines: npt.NDArray[np.object_]) -> shapely.Geometry:
    joined = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines)))
    along = shapely.union_all(shapely.buffer(joined, WIDENED_M, quad_segs=2))
    # Corners that nobody sees cost most of the time.
    simpler = shapely.simplify(along, SIMPLIFIED_M)
    bridged = shapely.buffer(simpler, BRIDGED_M, quad_segs=8)
    bridged = shapely.buffer(bridged, -BRIDGED_M, quad_segs=8)
    shells = [shapely.Polygon(part.exterior) for part in shapely.get_parts(bridged)]
    return shapely.union_all(shells)
