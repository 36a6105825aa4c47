"""The map of homes by how many of their residents have nobody to ring, beside their list."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import sqlalchemy as sa
from markupsafe import Markup

from app.assets.maps import SCRIPTS, named, wards_around
from app.assets.schemas import Names
from app.everyone import summary_queries
from app.everyone.shares import mark_of, sentences
from app.everyone.summary import HomeCounts
from app.settings import Settings
from app.words import plural
from geo.map_homes import homes_map, mark_swatch
from geo.maps import MapDocument

# On one map; of more, only those of a district are drawn. A canvas pans 2,000 in 40 ms, and where
# they stand close the worst lie on top.
MOST_HOMES = 2_000
# Above so many, marks with signs hide one another: they are smaller, and told by size and shape.
SIGNS_UP_TO = 150


def has_signs(homes: Sequence[HomeCounts]) -> bool:
    """Return whether there is room for the signs of all of them on one map."""
    return len(homes) <= SIGNS_UP_TO


def swatch_of(home: HomeCounts, *, has_sign: bool) -> Markup:
    """Return a home's mark as it is on the map, for the list beside it."""
    swatch = mark_swatch(mark_of(home), has_sign=has_sign)
    return Markup(swatch)  # noqa: S704 # nosec B704 - of constants only


def map_of_homes(
    connection: sa.Connection,
    homes: Sequence[HomeCounts],
    names: Names,
    *,
    title: str,
    settings: Settings,
) -> MapDocument:
    """Draw homes, those with nobody in reach for most of their residents on top."""
    points = {
        row.id: row
        for row in summary_queries.list_points(connection, ids=[one.id for one in homes if one.id])
    }
    drawn = [one for one in homes if one.id in points]
    at = [points[one.id] for one in drawn if one.id]
    frame = gpd.GeoDataFrame(
        {
            "name": [one.name for one in drawn],
            "mark": [mark_of(one) for one in drawn],
            "detail": [sentences(one) for one in drawn],
            "url": [f"/homes/{one.id}" for one in drawn],
        },
        geometry=gpd.points_from_xy([row.lon for row in at], [row.lat for row in at]),
        crs=4326,
    )
    missing = sum(1 for one in homes if one.nobody != 0 and one.id not in points)
    return homes_map(
        frame,
        title=title,
        scripts=SCRIPTS,
        attribution=named(names.attribution([row.source_id for row in at]), settings),
        notes=[f"{plural(missing, 'home')} of the list: not on the map."] if missing else [],
        has_signs=has_signs(homes),
        around=wards_around(connection, frame.total_bounds) if drawn else None,
        base_tiles=settings.base_tiles,
    )
