"""How far a walk goes, on a map: an isochrone where there is one, else a circle that says so."""

from __future__ import annotations

import geopandas as gpd

from geo.crs import to_lon_lat, to_metres
from geo.distance import in_words, walk_minutes
from geo.map_places import require_columns


def how_far_a_walk_goes(
    origin: gpd.GeoDataFrame, *, isochrone: gpd.GeoDataFrame | None, catchment_m: float
) -> tuple[gpd.GeoSeries, str, str]:
    """Return the shape to draw around a home (WGS 84), its label, and the sentence of the key.

    `origin` is one point in WGS 84. With an isochrone (columns minutes and geometry; the first row
    counts) that, else a circle of `catchment_m` metres.
    """
    if isochrone is not None:
        require_columns(isochrone, ("minutes", "geometry"), name="the isochrone")
        label = f"{isochrone['minutes'].iloc[0]:g} minutes\u2019 walk"
        shape = to_lon_lat(isochrone.iloc[:1]).geometry
        said = f"The dashed line goes round the streets and paths within {label}."
        return shape, label, said
    centre = to_metres(origin).geometry
    ring = to_lon_lat(gpd.GeoDataFrame(geometry=centre.buffer(catchment_m, quad_segs=24))).geometry
    radius = in_words(catchment_m).replace(".0 km", " km")
    label = f"{radius}: about {walk_minutes(catchment_m)} minutes\u2019 walk"
    return ring, label, f"The dashed ring is {label}, as the crow flies."
