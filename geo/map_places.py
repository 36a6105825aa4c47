"""The rows behind a map of places: checked, moved to WGS 84 points, put into words."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import GREAT_BRITAIN_LON_LAT, require_crs, to_lon_lat
from geo.distance import in_words
from geo.errors import MapError
from geo.map_shapes import KIND_STYLES
from geo.popups import readable, safe_link

STEPS_PER_DEGREE = 100_000  # five decimals, about a metre


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


def lat_lon_bounds(shapes: gpd.GeoSeries) -> list[list[float]]:
    """Return [[south, west], [north, east]]: Leaflet's order, not GeoJSON's."""
    box = shapes.total_bounds if len(shapes) else np.array(GREAT_BRITAIN_LON_LAT)
    west, south, east, north = box.round(5).tolist()
    return [[south, west], [north, east]]


def place_columns(places: gpd.GeoDataFrame, letters: Mapping[str, str]) -> dict[str, Any]:
    """Return the columns the page's script reads; a column without content is left out.

    Parameters
    ----------
    places
        Rows of `located_points`, with ``kind``; drawn and listed in their order.
    letters
        One letter a kind: the keys of what the script knows as ``kinds``.
    """
    lat_lon = shapely.get_coordinates(places.geometry)[:, ::-1]
    whole = np.rint(lat_lon * STEPS_PER_DEGREE).astype(np.int64)
    steps = np.diff(whole, axis=0, prepend=0).ravel().tolist()
    names = [readable(name) for name in places["name"]]
    columns: dict[str, Any] = {
        "scale": STEPS_PER_DEGREE,
        "steps": steps,
        "kind": "".join(letters[kind] for kind in places["kind"]),
    }
    if any(names):
        columns["name"] = names
    if "url" in places:
        links = [safe_link(url if isinstance(url, str) else None) for url in places["url"]]
        # Character by character is what is wanted: this shortens text, it is no file path
        prefix = os.path.commonprefix([link for link in links if link])  # noqa: RUF071
        if any(links):
            columns["prefix"] = prefix
            columns["url"] = [None if link is None else link[len(prefix) :] for link in links]
    lines = [popup_lines(row) for row in places.to_dict("records")]
    if any(lines):
        columns["lines"] = lines
    if "rank" in places:
        columns["label"] = ["" if pd.isna(rank) else str(int(rank)) for rank in places["rank"]]
    return columns
