"""The rows behind a map of places: checked, moved to WGS 84 points, put into words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geo.crs import require_crs, to_lon_lat
from geo.distance import in_words
from geo.errors import MapError
from geo.map_shapes import KIND_STYLES
from geo.popups import readable


def require_columns(frame: gpd.GeoDataFrame, columns: Sequence[str], *, name: str) -> None:
    """Raise MapError naming the missing columns, CrsError when there is no CRS."""
    missing = [c for c in columns if c not in frame.columns and c != "geometry"]
    if missing:
        message = f"The map needs the missing column(s) {', '.join(missing)} in {name}."
        raise MapError(message)
    require_crs(frame, name=name)


def located_points(
    frame: gpd.GeoDataFrame, columns: Sequence[str], *, name: str
) -> gpd.GeoDataFrame:
    """Return the located rows of `frame` with a point each, in WGS 84, north first."""
    require_columns(frame, columns, name=name)
    if "kind" in columns and (unknown := set(frame["kind"]) - set(KIND_STYLES)):
        message = (
            f"The map knows no kind {', '.join(sorted(map(repr, unknown)))} (in {name}); "
            f"it knows {', '.join(KIND_STYLES)}."
        )
        raise MapError(message)
    shown = to_lon_lat(frame[~(frame.geometry.isna() | frame.geometry.is_empty)], name=name)
    if shown.geometry.name != "geometry":
        shown = shown.rename_geometry("geometry")
    is_point = shown.geom_type == "Point"
    if not is_point.all():
        shown = shown.set_geometry(
            shown.geometry.where(is_point, shown.geometry.representative_point())
        )
    on_globe = (np.abs(shapely.get_coordinates(shown.geometry)) <= (180, 90)).all(axis=1)
    if not on_globe.all():
        message = f"Row {shown.index[~on_globe][0]!r} in {name} is not on the globe."
        raise MapError(message)
    # North first: the nearer shape overlaps the farther one, and steps between places are small
    return shown.iloc[np.argsort(-shown.geometry.y.to_numpy(), kind="stable")]


def not_shown_notes(frame: gpd.GeoDataFrame, places: gpd.GeoDataFrame) -> list[str]:
    """Say how many rows of `frame` have no place among `places`; nothing when all have."""
    count = len(frame) - len(places)
    if not count:
        return []
    verb = "place is" if count == 1 else "places are"
    return [f"{count:,} more {verb} in the list but not on the map."]


def popup_lines(place: dict[str, Any]) -> list[str]:
    """Return what a popup says below the name: distance and reasons of a match, then detail."""
    said = []
    if isinstance(place.get("reasons"), list | tuple):
        said = [readable(reason) for reason in place["reasons"]]
        minutes, metres = place["walk_minutes"], place["distance_m"]
        # Along ways where they are known; without "walk_m" they are not.
        is_along = np.isfinite(place.get("walk_m", np.nan))
        far = in_words(place["walk_m"] if is_along else metres) if np.isfinite(metres) else ""
        if far and np.isfinite(minutes) and not any(far in reason for reason in said):
            unit = "minute\u2019s" if minutes == 1 else "minutes\u2019"
            about = f"{int(minutes)} {unit} walk, {far}"
            said.insert(0, f"{about} on foot." if is_along else f"About {about}.")
    if isinstance(place.get("detail"), str) and place["detail"]:
        said.append(readable(place["detail"]))
    return said
