"""What pictures are drawn on: a canvas in pixels, and where metres come to lie on it.

matplotlib's Figure and Agg canvas alone, never pyplot, which keeps a state for all threads.
Pixels are counted from the left and from the top. No text is ever TeX.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from PIL import Image, PngImagePlugin

from geo.map_shapes import SHAPES
from geo.picture_words import DOTS_PER_INCH, Measure, drawable, font_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Box = tuple[float, float, float, float]
Corners = npt.NDArray[np.float64]

INK, QUIET = "#1D2B33", "#46525A"
# What lies above what, from the ground up.
GROUND, STREETS, AROUND, WARD, PLACES, WORDS = range(6)


@dataclass(frozen=True)
class PictureSize:
    """How large a picture is, in pixels, and how large its words are."""

    width_px: int
    height_px: int
    text_px: float
    has_title: bool = True


@dataclass(frozen=True)
class View:
    """Where metres come to lie in the picture: a rectangle of pixels and a scale."""

    box: Box
    west_m: float
    north_m: float
    px_per_m: float

    @classmethod
    def around(cls, outline: gpd.GeoSeries, box: Box) -> View:
        """Return the view in which `outline` fills `box` (pixels), with a margin."""
        left, top, right, bottom = box
        west, south, east, north = outline.total_bounds
        scale = 0.92 * min(
            (right - left) / max(east - west, 1.0), (bottom - top) / max(north - south, 1.0)
        )
        return cls(
            box,
            (west + east) / 2 - (right - left) / 2 / scale,
            (south + north) / 2 + (bottom - top) / 2 / scale,
            scale,
        )

    def pixels(self, metres: Corners) -> Corners:
        """Return where points (easting, northing) come to lie."""
        left, top = self.box[:2]
        return np.column_stack(
            [
                left + (metres[:, 0] - self.west_m) * self.px_per_m,
                top + (self.north_m - metres[:, 1]) * self.px_per_m,
            ]
        )

    @property
    def bounds_m(self) -> Box:
        """What can be seen: west, south, east and north in metres."""
        west, south, east, north = self.box_m(self.box).bounds
        return west, south, east, north

    def box_m(self, box: Box) -> shapely.Polygon:
        """Return what a rectangle of pixels (left, top, right, bottom) covers, in metres."""
        left, top, right, bottom = box
        return shapely.box(
            self.west_m + (left - self.box[0]) / self.px_per_m,
            self.north_m - (bottom - self.box[1]) / self.px_per_m,
            self.west_m + (right - self.box[0]) / self.px_per_m,
            self.north_m - (top - self.box[1]) / self.px_per_m,
        )


class Canvas:
    """A figure being drawn on: one axes over all of it, in pixels."""

    def __init__(self, size: PictureSize) -> None:
        # Imported here: it takes half a second, and only pictures need it
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415

        self.size = size
        self.text_px = size.text_px
        figure = Figure(
            figsize=(size.width_px / DOTS_PER_INCH, size.height_px / DOTS_PER_INCH),
            dpi=DOTS_PER_INCH,
            facecolor="white",
        )
        self.canvas = FigureCanvasAgg(figure)
        self.axes: Axes = figure.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()
        self.axes.set_xlim(0, size.width_px)
        self.axes.set_ylim(size.height_px, 0)
        self.measure = Measure()
        self.pad = 0.6 * size.text_px

    def say(
        self, x: float, y: float, text: str, size_px: float, *, is_bold: bool = False, **how: Any
    ) -> None:
        """Write one line; `text` has gone through `drawable`."""
        given: dict[str, Any] = {"color": INK, "va": "top", "zorder": WORDS} | how
        font = font_of(size_px, is_bold=is_bold)
        self.axes.text(x, y, text, fontproperties=font, parse_math=False, **given)

    def shapes(
        self, middles: Corners, shapes: Sequence[str], colours: Sequence[str], radius: float
    ) -> None:
        """Draw shapes of `geo.map_shapes` around points in pixels, with a white edge."""
        from matplotlib.collections import PolyCollection  # noqa: PLC0415

        corners = [
            middle + radius * _corners(shape) for middle, shape in zip(middles, shapes, strict=True)
        ]
        edge: dict[str, Any] = {"edgecolors": "white", "linewidths": radius / 9, "zorder": PLACES}
        drawn = PolyCollection(corners, facecolors=list(colours), **edge)
        self.axes.add_collection(drawn, autolim=False)

    def areas(self, view: View, areas: gpd.GeoSeries, **how: Any) -> None:
        """Draw areas with their holes."""
        from matplotlib.patches import PathPatch  # noqa: PLC0415
        from matplotlib.path import Path  # noqa: PLC0415

        for polygon in shapely.get_parts(areas.to_numpy()):
            if shapely.get_type_id(polygon) != shapely.GeometryType.POLYGON or polygon.is_empty:
                continue
            rings = [polygon.exterior, *polygon.interiors]
            paths = [
                Path(view.pixels(shapely.get_coordinates(ring)), closed=True) for ring in rings
            ]
            self.axes.add_patch(PathPatch(Path.make_compound_path(*paths), **how))

    def lines(self, view: View, lines: gpd.GeoSeries, **how: Any) -> None:
        """Draw what of lines is in view."""
        from matplotlib.collections import LineCollection  # noqa: PLC0415

        clipped = shapely.clip_by_rect(lines.to_numpy(), *view.bounds_m)
        parts = shapely.get_parts(shapely.line_merge(clipped[~shapely.is_empty(clipped)]))
        paths = [view.pixels(shapely.get_coordinates(part)) for part in parts]
        paths = [path for path in paths if len(path) > 1]
        self.axes.add_collection(LineCollection(paths, capstyle="round", **how), autolim=False)

    def pixels(self) -> npt.NDArray[np.uint8]:
        """Return the finished picture, red, green and blue."""
        self.canvas.draw()  # type: ignore[no-untyped-call]
        drawn = self.canvas.buffer_rgba()  # type: ignore[no-untyped-call]
        return np.asarray(drawn)[:, :, :3].copy()


def _corners(shape: str) -> Corners:
    corners = SHAPES[shape]
    if corners:
        return np.array(corners)
    return _ring(1.0, 32)


def side_by_side(middles: Corners, radius: float) -> Corners:
    """Move the middles of shapes apart that would hide one another.

    Each stays where it is or goes to the first free spot on rings around it; where three rings
    are full, it stays. In order: the same points come to lie at the same spots.
    """
    apart = 1.7 * radius
    spots = np.vstack([np.zeros((1, 2)), *(_ring(n * apart * 1.1, 6 * n) for n in (1, 2, 3))])
    cells: dict[tuple[int, int], list[Corners]] = {}
    moved = np.empty_like(middles)
    for number, middle in enumerate(middles):
        for spot in middle + spots:
            column, row = int(spot[0] // apart), int(spot[1] // apart)
            near = [
                other
                for i in (column - 1, column, column + 1)
                for j in (row - 1, row, row + 1)
                for other in cells.get((i, j), ())
            ]
            if all(np.hypot(*(other - spot)) >= apart for other in near):
                break
        else:
            spot = middle
            column, row = int(spot[0] // apart), int(spot[1] // apart)
        cells.setdefault((column, row), []).append(spot)
        moved[number] = spot
    return moved


def _ring(radius: float, count: int) -> Corners:
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return radius * np.column_stack([np.cos(angles), np.sin(angles)])


def as_png(
    pixels: npt.NDArray[np.uint8], *, title: str, sources: Sequence[str], date: str
) -> bytes:
    """Return pixels (rows, columns, red green blue) as a PNG file that says whose data it shows.

    No time is in it, so that the same picture is the same file.
    """
    said = PngImagePlugin.PngInfo()
    for name, words in (("Title", title), ("Copyright", ". ".join(sources)), ("Made on", date)):
        said.add_itxt(name, drawable(words), lang="en-GB")
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", pnginfo=said, compress_level=6)
    return file.getvalue()
