"""Areas on maps: simpler outlines with their shared borders kept, and classes of a measure."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo.crs import to_lon_lat, to_metres
from geo.geojson import geometry_fragments
from geo.legends import ClassRow
from geo.popups import readable

Scheme = Literal["quantiles", "equal intervals", "natural breaks"]

# Light to dark, each clearly darker than the last, so the order survives any colour vision and
# a black-and-white printer.
CLASS_COLOURS = ("#E9F1D9", "#A8D5BF", "#5EB1B4", "#2B7B9B", "#17406B")
NO_FIGURE_COLOUR = "#FFFFFF"

# Five decimals of a degree: about a metre.
MAP_DECIMALS = 5

# An outline keeps detail down to this share of the map's longer side: below a pixel at first
# sight, still a good line two zooms in.
_DETAIL_SHARE = 1 / 2000


@dataclass(frozen=True)
class Classes:
    """A measure cut into classes: for each row its class (-1: no figure), and the key."""

    of_row: npt.NDArray[np.int64]
    rows: tuple[ClassRow, ...]
    colours: tuple[str, ...]


def simplified_outlines(areas: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return the outlines of `areas` in WGS 84 (lon, lat), with fewer corners.

    Neighbours are simplified together (`shapely.coverage_simplify`), so no gaps or overlaps
    open between them. Rows without an area come back as ``None``.

    Raises
    ------
    CrsError
        When `areas` has no CRS.
    """
    metres = to_metres(areas, name="the areas").geometry
    shapes = np.asarray(metres.array, dtype=object)
    is_area = np.isin(shapely.get_type_id(shapes), (3, 6)) & ~shapely.is_empty(shapes)
    outlines: npt.NDArray[Any] = np.full(len(shapes), None, dtype=object)
    if is_area.any():
        west, south, east, north = shapely.total_bounds(shapes[is_area])
        detail_m = max(east - west, north - south) * _DETAIL_SHARE
        outlines[is_area] = shapely.coverage_simplify(shapes[is_area], detail_m)
    simpler = gpd.GeoDataFrame(geometry=gpd.GeoSeries(outlines, index=areas.index, crs=metres.crs))
    return to_lon_lat(simpler).geometry


def with_publishers(attribution: Sequence[str], around: gpd.GeoDataFrame | None) -> list[str]:
    """Return `attribution` and whoever the column ``attribution`` of `around` names, each once.

    Outlines are somebody's data as much as places are, however faintly they are drawn.
    """
    named = [] if around is None or "attribution" not in around else around["attribution"].dropna()
    return list(dict.fromkeys([*attribution, *named]))


def area_features(
    outlines: gpd.GeoSeries, properties: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Pair outlines (WGS 84) with what the page's script needs to know; rows without one go."""
    fragments = geometry_fragments(outlines, decimals=MAP_DECIMALS)
    return [
        {"type": "Feature", "properties": known, "geometry": fragment}
        for fragment, known in zip(fragments, properties, strict=True)
        if fragment is not None
    ]


def classes_of(
    values: npt.NDArray[np.float64],
    *,
    scheme: Scheme = "quantiles",
    class_count: int = 5,
    unit: str = "",
    decimals: int | None = None,
) -> Classes:
    """Cut a measure into at most `class_count` (2 to 5) classes.

    The key names the smallest and largest figure really found in each class, so no reader has
    to wonder on which side of a limit a figure falls. Figures that are not finite are in no
    class. Quantiles hold about as many areas each; equal intervals are mapclassify's
    ``EqualInterval``, natural breaks its ``FisherJenks`` (the classes whose figures differ least
    among themselves); a few different figures get a class each. With `decimals` figures are rounded
    first: two that read the same are in the same class.
    """
    values = values if decimals is None else np.round(values, decimals)
    has_figure = np.isfinite(values)
    known = values[has_figure]
    of_row: npt.NDArray[np.int64] = np.full(len(values), -1, dtype=np.int64)
    different = np.unique(known)
    wanted = min(class_count, len(CLASS_COLOURS), len(different))
    if wanted:
        of_row[has_figure] = np.searchsorted(_limits(known, different, wanted, scheme), known)
        # A quantile can be empty where many areas share one figure: number only the used ones
        _, of_row[has_figure] = np.unique(of_row[has_figure], return_inverse=True)
    used = int(of_row.max(initial=-1)) + 1
    steps = np.linspace(0, len(CLASS_COLOURS) - 1, used).round().astype(int)
    colours = tuple(CLASS_COLOURS[step] for step in steps)
    rows = [
        _class_row(values[of_row == i], colour, unit, decimals) for i, colour in enumerate(colours)
    ]
    if not has_figure.all():
        rows.append(ClassRow(NO_FIGURE_COLOUR, "No figure", int((~has_figure).sum())))
    return Classes(of_row, tuple(rows), colours)


def figure_in_words(value: float, unit: str = "", *, decimals: int | None = None) -> str:
    """Return a figure for people: "1,204", "3.5", "12.5 %", "no figure".

    With so many `decimals`, or else as many as its size asks for.
    """
    if not np.isfinite(value):
        return "no figure"
    digits = decimals
    if digits is None:
        is_whole = float(value).is_integer() or abs(value) >= 1000
        digits = 0 if is_whole else 1 if abs(value) >= 10 else 2
    text = f"{value:,.{digits}f}"
    return f"{text} {readable(unit)}".strip()


def _limits(
    known: npt.NDArray[np.float64], different: npt.NDArray[np.float64], wanted: int, scheme: Scheme
) -> npt.NDArray[np.float64]:
    if wanted == len(different):
        return different
    if scheme == "quantiles":
        # As mapclassify.Quantiles, which warns where many areas share a figure; here that is usual
        bins = np.quantile(known, np.arange(1, wanted + 1) / wanted)
    else:
        # Imported here: it takes a second, and only this needs it
        import mapclassify  # noqa: PLC0415

        if scheme == "natural breaks":
            # It warns that it is slow without a compiler we do not need: a hundred wards are few
            warnings.filterwarnings("ignore", message="Numba not installed")
            bins = mapclassify.FisherJenks(known, k=wanted).bins
        else:
            bins = mapclassify.EqualInterval(known, k=wanted).bins
    limits: npt.NDArray[np.float64] = np.unique(bins)
    limits[-1] = different[-1]  # rounding must not push the largest figure out of the last class
    return limits


def _class_row(
    values: npt.NDArray[np.float64], colour: str, unit: str, decimals: int | None
) -> ClassRow:
    low = figure_in_words(float(values.min()), decimals=decimals)
    high = float(values.max())
    text = figure_in_words(high, unit, decimals=decimals)
    if low != figure_in_words(high, decimals=decimals):
        text = f"{low} to {text}"
    return ClassRow(colour, text, len(values))
