"""A ward to take away: its picture, and its map as one file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import shapely
import sqlalchemy as sa

from app.areas import actions
from app.areas.maps import MOST_ON_A_MAP
from app.assets.maps import frame_of_points, outline_of, wards_around
from app.assets.schemas import Names, source_ids_of
from app.fieldwork import patch_queries
from app.rendering import STATIC
from app.settings import Settings
from app.words import long_date
from geo.map_areas import with_publishers
from geo.maps import MapAssets, MapDocument, ward_map
from geo.pictures import SLIDE, PictureSize, ward_picture

# Beyond so many, streets are a grey cloud and no help.
MOST_STREETS = 20_000
# On the sheet, 180 mm wide: its words are 12 points and more.
SHEET = PictureSize(1800, 640, 52)
VENDORED = MapAssets(STATIC / "vendor", inline=True)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a picture or a map of a ward is drawn from, and who has to be named for it."""

    ward: sa.Row[Any]
    shape: gpd.GeoDataFrame
    # Everything in the ward; what is only known by its ward has no place on the map.
    rows: Sequence[sa.Row[Any]]
    around: gpd.GeoDataFrame | None
    streets: gpd.GeoDataFrame | None
    attribution: Sequence[str]

    @property
    def title(self) -> str:
        """What stands above the picture."""
        district = f", {self.ward.lad_name}" if self.ward.lad_name else ""
        boundaries = "" if self.ward.is_newest else f" (boundaries of {self.ward.release})"
        return f"{self.ward.name} ward{district}{boundaries}"


def read_ground(
    connection: sa.Connection, ward: sa.Row[Any], names: Names, *, has_streets: bool = True
) -> Ground:
    """Read what is drawn of a ward (a row of `actions.get_ward`)."""
    rows = actions.list_inside(connection, ward, limit=MOST_ON_A_MAP)
    shape = outline_of(connection, ward)
    around = wards_around(connection, shape.total_bounds, but=ward.gss_code)
    streets = _streets_in(connection, shape.total_bounds) if has_streets else None
    source_ids = {ward.source_id, *source_ids_of(rows)}
    source_ids |= set() if streets is None else set(streets["source_id"])
    attribution = with_publishers(names.attribution(source_ids), around)
    return Ground(ward, shape, rows, around, streets, attribution)


def _streets_in(
    connection: sa.Connection, bounds: Sequence[float], *, margin: float = 0.01
) -> gpd.GeoDataFrame | None:
    """Return the streets in a rectangle (degrees) and a little around it; None without any."""
    west, south, east, north = bounds
    rows = patch_queries.list_streets(
        connection,
        box=(west - margin, south - margin, east + margin, north + margin),
        limit=MOST_STREETS + 1,
    )
    if not rows or len(rows) > MOST_STREETS:
        return None
    return gpd.GeoDataFrame(
        {"source_id": [row.source_id for row in rows]},
        geometry=shapely.from_geojson([row.line for row in rows]),
        crs=4326,
    )


def picture_of(
    ground: Ground, *, made_on: dt.date, size: PictureSize = SLIDE, is_part_of_page: bool = False
) -> bytes:
    """Draw a ward as a PNG file."""
    frame = gpd.GeoDataFrame(
        {"name": [row.name for row in ground.rows], "kind": [row.kind for row in ground.rows]},
        geometry=points_of(ground.rows),
        crs=4326,
    )
    return ward_picture(
        ground.shape,
        frame,
        title=ground.title,
        attribution=ground.attribution,
        made_on=made_on,
        around=ground.around,
        streets=ground.streets,
        size=size,
        is_part_of_page=is_part_of_page,
    )


def points_of(rows: Sequence[sa.Row[Any]]) -> list[shapely.Point | None]:
    """Return where each row is, lon lat in degrees; None where that is not known."""
    return [None if row.lon is None else shapely.Point(row.lon, row.lat) for row in rows]


def map_to_carry(ground: Ground, *, made_on: dt.date, settings: Settings) -> MapDocument:
    """Return the map of a ward as one file that needs no network.

    Places link to the service where people reach it, and to nothing where that is only this
    machine.
    """
    located = [row for row in ground.rows if row.lon is not None]
    frame = frame_of_points(located)
    if settings.is_local:
        frame = frame.drop(columns="url")
    else:
        frame["url"] = [settings.base_url.rstrip("/") + url for url in frame["url"]]
    day = long_date(made_on)
    return ward_map(
        ground.shape,
        frame,
        title=f"{ground.title}, {day}",
        scripts=VENDORED,
        attribution=[f"As it was on {day}", *ground.attribution],
        around=ground.around,
    )
