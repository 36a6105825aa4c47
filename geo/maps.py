"""Maps as whole HTML documents: a ward, a home with its matches, a list of places, a measure.

Frames come in with any CRS; words in them may be anything. Data travels as data: one compact
set of columns for the places, one GeoJSON for the areas, one small script of our own, never a
folium object per place. Axis order: frames and GeoJSON are (lon, lat); here, and only here,
they turn into the (lat, lon) that folium and Leaflet want.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.errors import MapError
from geo.legends import classes_legend, kinds_legend
from geo.map_areas import (
    Scheme,
    area_features,
    classes_of,
    figure_in_words,
    simplified_outlines,
    with_publishers,
)
from geo.map_around import AROUND_STYLE, around_features
from geo.map_documents import IFRAME_SANDBOX, MapAssets, MapDocument, map_document
from geo.map_places import (
    STEPS_PER_DEGREE,
    lat_lon_bounds,
    located_points,
    not_shown_notes,
    place_columns,
    require_columns,
)
from geo.map_shapes import HOME_STYLE, KIND_STYLES, SHAPES, KindStyle
from geo.map_walks import how_far_a_walk_goes
from geo.popups import readable

__all__ = [
    "IFRAME_SANDBOX",
    "MapAssets",
    "MapDocument",
    "asset_map",
    "choropleth",
    "home_map",
    "ward_map",
]

# Above this many places on a phone the shapes hide one another, so they are counted in clusters.
# Speed asks for it only above 2,000: canvas pans in 38 ms there, 92 ms with 10,000; clusters 22 ms.
CLUSTER_ABOVE = 400

_ASSET_COLUMNS = ("name", "kind", "geometry")
_MATCH_COLUMNS = (*_ASSET_COLUMNS, "rank", "distance_m", "walk_minutes", "reasons")

_HOME_LETTER = "h"
_LETTERS = {
    "care_home": "c", "group": "g", "surgery": "s", "venue": "v", "informal": "i",
    "home": _HOME_LETTER,
}  # fmt: skip

_QUIET = {"interactive": False}
_WARD = {**_QUIET, "color": "#1D2B33", "weight": 2.5, "fillColor": "#FFFFFF"}
_RING = {**_QUIET, "color": "#46525A", "weight": 2, "dashArray": "6 6", "fillColor": "#FFFFFF"}


def ward_map(
    ward: gpd.GeoDataFrame,
    assets: gpd.GeoDataFrame,
    *,
    title: str,
    scripts: MapAssets,
    attribution: Sequence[str],
    around: gpd.GeoDataFrame | None = None,
    base_tiles: str | None = None,
) -> MapDocument:
    """Draw a ward and the places in it.

    Parameters
    ----------
    ward
        One row or several, (multi)polygons, any CRS.
    assets
        Columns ``name``, ``kind`` (`geo.map_shapes.KIND_STYLES`), ``geometry`` (any type; its
        point on the surface is drawn), and optionally ``url`` and ``detail``. Rows without
        geometry are counted in a note. Any CRS.
    title, attribution
        Plain text; every source is named in `attribution`.
    scripts
        Where Leaflet is.
    around
        Neighbouring wards with a ``name``, drawn faintly so the reader knows where they are.
        Whoever an ``attribution`` column names is named on the map too.
    base_tiles
        Tile address or ``None``; without tiles the map is outlines on plain paper.

    Raises
    ------
    GeoError
        `CrsError` without a CRS; `MapError` naming a missing column or an unknown kind;
        `UnsafeLinkError` for a ``url`` that is no page.
    """
    require_columns(ward, ("geometry",), name="the ward")
    places = located_points(assets, _ASSET_COLUMNS, name="the assets")
    outlines = simplified_outlines(ward)
    if outlines.isna().all():
        message = "The ward has no area to draw."
        raise MapError(message)
    styles = [_on(base_tiles, _WARD), AROUND_STYLE]
    features = area_features(outlines, [{"style": 0}] * len(ward))
    features += around_features(around, outlines, style=1, is_beside=True)
    return _places_document(
        places,
        {**_kinds(), **_areas(features, styles), "bounds": lat_lon_bounds(outlines)},
        title=title,
        scripts=scripts,
        attribution=with_publishers(attribution, around),
        base_tiles=base_tiles,
        notes=not_shown_notes(assets, places),
    )


def asset_map(
    assets: gpd.GeoDataFrame,
    *,
    title: str,
    scripts: MapAssets,
    attribution: Sequence[str],
    around: gpd.GeoDataFrame | None = None,
    base_tiles: str | None = None,
) -> MapDocument:
    """Draw a list of places; parameters and errors as in `ward_map`.

    No places at all is a map of Great Britain that says so.
    """
    places = located_points(assets, _ASSET_COLUMNS, name="the assets")
    features = around_features(around, places.geometry, style=0)
    return _places_document(
        places,
        {**_kinds(), **_areas(features, [AROUND_STYLE]), "bounds": lat_lon_bounds(places.geometry)},
        title=title,
        scripts=scripts,
        attribution=with_publishers(attribution, around),
        base_tiles=base_tiles,
        notes=not_shown_notes(assets, places),
    )


def home_map(
    home: gpd.GeoDataFrame,
    matches: gpd.GeoDataFrame,
    *,
    title: str,
    scripts: MapAssets,
    attribution: Sequence[str],
    catchment_m: float = 1000,
    isochrone: gpd.GeoDataFrame | None = None,
    around: gpd.GeoDataFrame | None = None,
    base_tiles: str | None = None,
) -> MapDocument:
    """Draw a home as a star, its matches numbered as in the list, and how far a walk goes.

    Parameters
    ----------
    home
        One row with ``name`` and a geometry, any CRS.
    matches
        The columns of assets and ``rank`` (whole numbers), ``distance_m``, ``walk_minutes`` and
        ``reasons`` (a list of sentences); ``walk_m`` where ways on foot are known. Drawn and
        listed by rank.
    catchment_m
        Radius of the ring in metres, as the crow flies; its label says about how long a walk
        that is. Not drawn beside an isochrone.
    isochrone
        One row of `geo.isochrones.isochrones`: what is within so many minutes' walk.
    title, scripts, attribution, around, base_tiles
        As in `ward_map`.

    Raises
    ------
    GeoError
        As in `ward_map`; `MapError` too when `home` is not one located row.
    """
    origin = located_points(home, ("name", "geometry"), name="the home")
    if len(origin) != 1:
        message = f"A home map needs one home with a place on the map, got {len(origin)}."
        raise MapError(message)
    located = located_points(matches, _MATCH_COLUMNS, name="the matches").sort_values(
        "rank", kind="stable"
    )
    ring, label, note = how_far_a_walk_goes(origin, isochrone=isochrone, catchment_m=catchment_m)
    corners = shapely.get_coordinates(ring.iloc[0])
    x, top = corners[corners[:, 1].argmax()]
    marked = {"text": label, "at": [float(top), float(x)], "style": "ring"}
    features = area_features(ring, [{"style": 0, "label": marked}])
    everything = pd.concat([ring, located.geometry])
    features += around_features(around, everything, style=1)
    data = {
        **_kinds(numbered=True),
        **_areas(features, [_on(base_tiles, _RING), AROUND_STYLE]),
        "bounds": lat_lon_bounds(everything),
        "ordered": True,
    }
    return _places_document(
        located,
        data,
        title=title,
        scripts=scripts,
        attribution=with_publishers(attribution, around),
        base_tiles=base_tiles,
        home=origin,
        notes=[
            note,
            *not_shown_notes(matches, located),
        ],
    )


def choropleth(
    areas: gpd.GeoDataFrame,
    *,
    measure: str,
    label: str,
    title: str,
    scripts: MapAssets,
    attribution: Sequence[str],
    unit: str = "",
    name: str = "name",
    scheme: Scheme = "quantiles",
    class_count: int = 5,
    decimals: int | None = None,
    base_tiles: str | None = None,
) -> MapDocument:
    """Colour areas by a measure, in classes, with a key that gives the figures.

    Parameters
    ----------
    areas
        (Multi)polygons that share borders, any CRS; the column `name` and the numeric column
        `measure`. Missing or infinite figures are drawn white and keyed "No figure".
    label, unit
        What the figure is ("Groups") and what it is in ("per 1,000 people").
    scheme, class_count
        How the figures are cut; two to five classes.
    decimals
        How many decimals figures are rounded to; None: as each one's size asks for.
    title, scripts, attribution, base_tiles
        As in `ward_map`.

    Raises
    ------
    GeoError
        `CrsError` without a CRS; `MapError` naming a missing or non-numeric column.
    """
    require_columns(areas, (name, measure, "geometry"), name="the areas")
    if not pd.api.types.is_numeric_dtype(areas[measure]):
        message = f"The areas\u2019 column {measure!r} must hold numbers to be mapped."
        raise MapError(message)
    outlines = simplified_outlines(areas)
    values = areas[measure].to_numpy(dtype=float, na_value=np.nan)
    classes = classes_of(
        values, scheme=scheme, class_count=class_count, unit=unit, decimals=decimals
    )
    properties = [
        {
            "style": index if index >= 0 else len(classes.colours),
            "name": readable(words),
            "lines": [f"{readable(label)}: {figure_in_words(value, unit, decimals=decimals)}"],
        }
        for index, words, value in zip(classes.of_row.tolist(), areas[name], values, strict=True)
    ]
    edge = {"color": "#46525A", "weight": 0.8, "fillOpacity": 1 if base_tiles is None else 0.75}
    styles = [{**edge, "fillColor": colour} for colour in classes.colours]
    styles.append({**edge, "fillColor": "#FFFFFF"})
    data = {
        **_areas(area_features(outlines, properties), styles),
        "bounds": lat_lon_bounds(outlines),
        "kinds": {},
        "places": {"scale": STEPS_PER_DEGREE, "kind": "", "steps": []},
    }
    return map_document(
        data,
        title=title,
        legend=classes_legend(label, classes.rows),
        list_heading="List of the areas in view",
        attribution=attribution,
        scripts=scripts,
        base_tiles=base_tiles,
    )


def _kinds(*, numbered: bool = False) -> dict[str, Any]:
    radius = 12 if numbered else 8
    kinds = {_LETTERS[kind]: _kind(style, radius) for kind, style in KIND_STYLES.items()}
    return {"kinds": {**kinds, _HOME_LETTER: {**_kind(HOME_STYLE, 15), "unlisted": True}}}


def _kind(style: KindStyle, radius: int) -> dict[str, Any]:
    corners = SHAPES[style.shape]
    return {"word": style.word, "colour": style.colour, "corners": corners, "radius": radius}


def _areas(features: Sequence[dict[str, Any]], styles: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"areas": {"type": "FeatureCollection", "features": features}, "styles": styles}


def _on(base_tiles: str | None, style: dict[str, Any]) -> dict[str, Any]:
    """Fill an outline with white on plain paper, and not at all where tiles are below."""
    return {**style, "fill": base_tiles is None, "fillOpacity": 1}


def _places_document(
    places: gpd.GeoDataFrame,
    data: dict[str, Any],
    *,
    title: str,
    scripts: MapAssets,
    attribution: Sequence[str],
    base_tiles: str | None,
    notes: Sequence[str],
    home: gpd.GeoDataFrame | None = None,
) -> MapDocument:
    drawn = places
    if home is not None:
        drawn = pd.concat([home[["name", "geometry"]].assign(kind="home"), places])
    page = {
        **data,
        "places": place_columns(drawn, _LETTERS),
        "cluster": len(places) > CLUSTER_ABOVE,
    }
    return map_document(
        page,
        title=title,
        legend=kinds_legend(Counter(places["kind"]), has_home=home is not None, notes=notes),
        list_heading="List of the matches" if home is not None else "List of the places in view",
        attribution=attribution,
        scripts=scripts,
        base_tiles=base_tiles,
    )
