"""A map of homes by how many of their residents have nobody to ring: a mark a home.

What is drawn is the class and the sentences of each home, which whoever counts has found out: no
figure is worked out here, and none is needed that was not rounded before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import shapely

from geo.errors import MapError
from geo.legends import marks_legend
from geo.map_areas import with_publishers
from geo.map_around import AROUND_STYLE, around_features
from geo.map_documents import MapAssets, MapDocument, map_document
from geo.map_places import lat_lon_bounds, located_points, place_columns
from geo.map_shapes import SHAPES
from geo.popups import popup_text


@dataclass(frozen=True)
class Mark:
    """How the homes of a class are drawn: the more have nobody, the larger and the darker.

    `sign` stands in the shape; `radius` is in pixels, `small` where there are many and no room for
    a sign. `shape` is one of `geo.map_shapes.SHAPES`, `word` what the key and popups say.
    """

    word: str
    sign: str
    shape: str
    colour: str
    radius: float
    small: float


# Each circle is darker than those of the classes below and dark enough for a white sign; the order
# needs no eye for colours, and sizes and signs need none at all. What is no share is no circle, but
# for the dot of a home with nothing amiss.
MARKS: dict[str, Mark] = {
    "all": Mark("Everybody there who was looked for", "all", "circle", "#1E1230", 15, 9),
    "most": Mark("More than about half", "\u00bd+", "circle", "#5E1A63", 14, 7.5),
    "half": Mark("About a quarter to a half", "\u00bd", "circle", "#8F2753", 12, 6),
    "quarter": Mark("About a quarter or fewer", "\u00bc", "circle", "#AD4C12", 11, 4.5),
    "few": Mark("Fewer than 8 people", "<8", "square", "#4F6F86", 11, 5),
    "unasked": Mark("Nothing noted yet of anybody", "?", "diamond", "#666D70", 10, 5),
    "none": Mark("None", "", "circle", "#666D70", 5, 2.5),
}

_COLUMNS = ("name", "mark", "detail", "geometry")
_SIGN_PX = 13  # as the page's script writes it
_ROOM = 1 / 25  # of the longer side
_LEAST_ROOM_DEGREES = 0.002  # some 200 m
_LETTERS = {name: chr(ord("a") + number) for number, name in enumerate(MARKS)}
_ORDER = {name: number for number, name in enumerate(MARKS)}


def homes_map(
    homes: gpd.GeoDataFrame,
    *,
    title: str,
    scripts: MapAssets,
    attribution: Sequence[str],
    notes: Sequence[str] = (),
    has_signs: bool = True,
    around: gpd.GeoDataFrame | None = None,
    base_tiles: str | None = None,
) -> MapDocument:
    """Draw homes by their class, those where most have nobody on top.

    Parameters
    ----------
    homes
        Columns ``name``, ``mark`` (a key of `MARKS`), ``detail`` (sentences), ``geometry``, and
        optionally ``url``. Any CRS; rows without geometry are not drawn.
    notes
        Plain sentences below the key.
    has_signs
        Draw the marks large, with their signs; where there are many they would hide one another.
    title, scripts, attribution, around, base_tiles
        As in `geo.maps.ward_map`.

    Raises
    ------
    GeoError
        `CrsError` without a CRS; `MapError` naming a missing column or an unknown class;
        `UnsafeLinkError` for a ``url`` that is no page.
    """
    places = located_points(homes, _COLUMNS, name="the homes")
    if unknown := set(places["mark"]) - set(MARKS):
        message = f"The map knows no class {', '.join(sorted(map(repr, unknown)))} of homes."
        raise MapError(message)
    # What is drawn last lies on top: the worst are hidden by nobody, however many homes there are.
    places = places.sort_values(
        "mark", key=lambda marks: -marks.map(_ORDER).astype(int), kind="stable"
    )
    counts = places["mark"].value_counts().to_dict()
    shown = {name: mark for name, mark in MARKS.items() if name in counts}
    features = around_features(around, places.geometry, style=0)
    data = {
        "kinds": {
            _LETTERS[name]: _as_kind(mark, has_sign=has_signs) for name, mark in shown.items()
        },
        "areas": {"type": "FeatureCollection", "features": features},
        "styles": [AROUND_STYLE],
        "bounds": lat_lon_bounds(_with_room(places.geometry)),
        "places": place_columns(places.assign(kind=places["mark"]), _LETTERS),
        "cluster": False,
    }
    rows = [
        (mark_swatch(name, has_sign=has_signs), mark.word, counts[name])
        for name, mark in shown.items()
    ]
    return map_document(
        data,
        title=title,
        legend=marks_legend(
            "Residents with nobody in reach", rows, nothing="No homes here yet.", notes=notes
        ),
        list_heading="List of the homes in view",
        attribution=with_publishers(attribution, around),
        scripts=scripts,
        base_tiles=base_tiles,
    )


def mark_swatch(name: str, *, has_sign: bool = True) -> str:
    """Return the mark of a class (a key of `MARKS`) as inline SVG, hidden from screen readers."""
    mark = MARKS[name]
    radius = mark.radius if has_sign else mark.small
    points = " ".join(f"{x * radius:.2f},{y * radius:.2f}" for x, y in SHAPES[mark.shape])
    shape = f'polygon points="{points}"' if points else f'circle r="{radius}"'
    sign = (
        f'<text y="{_SIGN_PX * 0.36:.1f}" fill="#fff" text-anchor="middle" font-weight="bold" '
        f'font-size="{_SIGN_PX}" font-family="Arial, sans-serif">{popup_text(mark.sign)}</text>'
    )
    return (
        '<svg class="swatch" viewBox="-16 -16 32 32" width="32" height="32" aria-hidden="true" '
        f'focusable="false"><{shape} fill="{mark.colour}"/>'
        f"{sign if mark.sign and has_sign else ''}</svg>"
    )


def _with_room(points: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return the rectangle of all points and a little around it: no circle lies at the edge."""
    if not len(points):
        return points
    west, south, east, north = points.total_bounds
    # One place alone has no extent, and nothing around nothing is nowhere.
    room = max(_ROOM * max(east - west, north - south), _LEAST_ROOM_DEGREES)
    box = shapely.box(west - room, south - room, east + room, north + room)
    return gpd.GeoSeries([box], crs=points.crs)


def _as_kind(mark: Mark, *, has_sign: bool) -> dict[str, Any]:
    return {
        "word": mark.word,
        "sign": mark.sign if has_sign else "",
        "colour": mark.colour,
        "corners": SHAPES[mark.shape],
        "radius": mark.radius if has_sign else mark.small,
    }
