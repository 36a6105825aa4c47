"""Neighbouring areas around what a map is about: faint outlines, and names where there is room."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import shapely

from geo.crs import to_lon_lat
from geo.map_areas import area_features, simplified_outlines
from geo.map_places import require_columns
from geo.popups import readable

# Two outlines of one border, each simplified by itself, lie at most about so far apart.
BESIDE_DEGREES = 0.0005
# How neighbours are drawn: faintly, and nobody can open them.
AROUND_STYLE = {"interactive": False, "color": "#A8A294", "weight": 1, "fill": False}


def around_features(
    around: gpd.GeoDataFrame | None,
    shown: gpd.GeoSeries,
    *,
    style: int,
    is_beside: bool = False,
) -> list[dict[str, Any]]:
    """Return neighbours with their names placed where they can be seen beside `shown`.

    `is_beside`: what they share with `shown` is not drawn again, a little beside its outline.
    """
    if around is None or not len(around) or not len(shown):
        return []
    require_columns(around, ("name", "geometry"), name="the neighbouring areas")
    west, south, east, north = shown.total_bounds
    # One place alone has no extent: half a kilometre around it still shows whose ward it is in
    margin = max(0.06 * max(east - west, north - south), 0.005)
    view = shapely.box(west - margin, south - margin, east + margin, north + margin)
    # Near ones first: the fewer there are, the finer their outlines stay
    near = around[to_lon_lat(around).intersects(view)]
    if near.empty:
        return []
    outlines = simplified_outlines(near)
    inside = outlines.intersection(view).difference(shapely.union_all(shown.array).convex_hull)
    spots = inside.where(~inside.is_empty, outlines.intersection(view)).representative_point()
    properties = [
        {
            "style": style,
            "label": {"text": readable(name), "at": [spot.y, spot.x], "style": "around"},
        }
        for name, spot in zip(near["name"], spots, strict=True)
    ]
    if is_beside:
        borders = outlines.boundary
        apart = borders.difference(shapely.union_all(shown.array).boundary.buffer(BESIDE_DEGREES))
        outlines = apart.where(~apart.is_empty, borders)
    return area_features(outlines, properties)
