"""A ward as a picture (PNG): for a slide, for paper, for another site's page."""

from __future__ import annotations

import datetime as dt
import math
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geo.credits import merged_credits
from geo.crs import to_metres
from geo.errors import MapError
from geo.map_places import located_points, not_shown_notes, require_columns
from geo.map_shapes import KIND_STYLES, KindStyle
from geo.picture_canvas import (
    AROUND,
    GROUND,
    INK,
    QUIET,
    STREETS,
    WARD,
    WORDS,
    Box,
    Canvas,
    Corners,
    PictureSize,
    View,
    as_png,
    side_by_side,
)
from geo.picture_words import DOTS_PER_INCH, drawable

__all__ = ["FRAME", "PAPER", "SLIDE", "SMALL", "PictureSize", "ward_picture"]

# A slide is read from the back of a room: its key is a thirtieth of its height. The one for paper
# is 180 mm wide: its words are then 12 points and more.
SLIDE = PictureSize(1920, 1080, 36)
PAPER = PictureSize(1800, 1060, 44)
# On another site, whose page says what it is.
SMALL = PictureSize(900, 760, 32, has_title=False)
FRAME = PictureSize(900, 640, 32, has_title=False)

PAPER_COLOUR, WARD_COLOUR = "#F0EEE7", "#FFFFFF"
FAINT, STREET_COLOUR = "#A8A294", "#D3CFC5"
# How far the outlines of neighbours may be from what was published, in metres.
BESIDE_M = 25.0
# Narrower than so many times its letters, a picture has no room for a key beside the map.
NARROW = 30.0
# Smaller letters nobody reads.
SMALLEST_PX = 9.0

# Agg keeps what it draws in memory of its own; one picture at a time bounds that.
_ONE_AT_A_TIME = threading.Lock()


def ward_picture(
    ward: gpd.GeoDataFrame,
    assets: gpd.GeoDataFrame,
    *,
    title: str,
    attribution: Sequence[str],
    made_on: dt.date,
    around: gpd.GeoDataFrame | None = None,
    streets: gpd.GeoDataFrame | None = None,
    size: PictureSize = SLIDE,
    is_part_of_page: bool = False,
) -> bytes:
    """Draw a ward and the places in it as a PNG file; the same data gives the same bytes.

    North (of the British National Grid) is up.

    Parameters
    ----------
    ward
        One row or several, (multi)polygons, any CRS.
    assets
        Columns ``name``, ``kind`` (`geo.map_shapes.KIND_STYLES`) and ``geometry``; rows without
        geometry are counted in a note. Any CRS.
    title, attribution
        Plain text; every source is named in `attribution`, in the picture and in the file.
    made_on
        The day that is written in the picture.
    around
        Neighbouring wards with a ``name``, drawn faintly.
    streets
        Lines, drawn in light grey.
    is_part_of_page
        The page around it says title, sources and date: they are left out of the drawing, and
        still stand in the file.

    Raises
    ------
    GeoError
        `CrsError` without a CRS; `MapError` for a missing column, an unknown kind, a ward
        without an area, or when no source is named.
    """
    require_columns(ward, ("geometry",), name="the ward")
    places = to_metres(located_points(assets, ("name", "kind", "geometry"), name="the assets"))
    outline = to_metres(ward, name="the ward").geometry.dropna()
    outline = outline[outline.geom_type.isin(["Polygon", "MultiPolygon"]) & ~outline.is_empty]
    if outline.empty:
        message = "The ward has no area to draw."
        raise MapError(message)
    sources = [line.strip() for line in attribution if line.strip()]
    if not sources:
        message = "A picture names its sources: give at least one line of attribution."
        raise MapError(message)
    date = f"{made_on.day} {made_on:%B %Y}"
    with _ONE_AT_A_TIME:
        drawing = _WardDrawing(size)
        body = drawing.frame(
            title=title if size.has_title and not is_part_of_page else "",
            foot=""
            if is_part_of_page
            else f"{date}. Sources: {'. '.join(merged_credits(sources))}.",
        )
        map_box = drawing.legend(body, Counter(places["kind"]), not_shown_notes(assets, places))
        view = View.around(outline, map_box)
        drawing.map(view, outline, around=around, streets=streets)
        drawing.places(view, places)
        pixels = drawing.pixels()
    return as_png(pixels, title=title, sources=sources, date=date)


class _WardDrawing(Canvas):
    """The parts of a ward's picture."""

    def frame(self, *, title: str, foot: str) -> Box:
        """Write what stands above and below; return the box between, in pixels."""
        pad, width = self.pad, self.size.width_px - 2 * self.pad
        top, bottom = (pad / 2 if not title else pad), self.size.height_px - pad / 2
        large = 1.5 * self.text_px
        for line in self.measure.wrap(drawable(title), large, width, most=2, is_bold=True):
            self.say(pad, top, line, large, is_bold=True)
            top += 1.3 * large
        small = 0.6 * self.text_px
        lines = self.measure.wrap(drawable(foot), small, width)
        # Whoever has to be named is named, in smaller letters if there are very many.
        room = 0.3 * self.size.height_px
        while len(lines) * 1.35 * small > room and small > SMALLEST_PX:
            small *= 0.85
            lines = self.measure.wrap(drawable(foot), small, width)
        # Beyond that they stand in the file alone: there has to be a map to name them for.
        lines = self.measure.wrap(drawable(foot), small, width, most=int(room / 1.35 / small))
        bottom -= len(lines) * 1.35 * small
        for number, line in enumerate(lines):
            self.say(pad, bottom + number * 1.35 * small, line, small, color=QUIET)
        return pad, top + (pad / 2 if title else 0), width + pad, bottom - pad / 2

    def legend(self, body: Box, counts: Counter[str], notes: Sequence[str]) -> Box:
        """Draw the key at the right; return the box that is left for the map, in pixels.

        In a narrow picture it stands above the map instead.
        """
        left, top, right, bottom = body
        text, radius = self.text_px, 0.42 * self.text_px
        rows = [
            (style, style.word if counts[kind] == 1 else style.plural, f"{counts[kind]:,}")
            for kind, style in KIND_STYLES.items()
            if counts[kind]
        ]
        sentences = list(notes) if rows else ["No places on the map here yet.", *notes]
        if right - left < NARROW * text:
            return self.key_above(body, rows, sentences)
        numbers = max((self.measure.width(row[2], text, is_bold=True) for row in rows), default=0)
        words = max((self.measure.width(row[1], text) for row in rows), default=6 * text)
        width = 2.6 * radius + 1.1 * text + numbers + words
        start, y = right - width, top
        for style, word, count in rows:
            middle = y + 0.55 * text
            self.shapes(np.array([[start + radius, middle]]), [style.shape], [style.colour], radius)
            at = start + 2.6 * radius + 0.3 * text
            how: dict[str, Any] = {"va": "center_baseline"}
            self.say(at + numbers, middle, count, text, is_bold=True, ha="right", **how)
            self.say(at + numbers + 0.4 * text, middle, word, text, **how)
            y += 1.6 * text
        small = 0.72 * text
        for sentence in sentences:
            for line in self.measure.wrap(drawable(sentence), small, width):
                self.say(start, y, line, small, color=QUIET)
                y += 1.35 * small
            y += 0.4 * small
        return left, top, start - self.pad, bottom

    def key_above(
        self, body: Box, rows: Sequence[tuple[KindStyle, str, str]], sentences: Sequence[str]
    ) -> Box:
        """Draw the key in lines above the map; return the box that is left for that."""
        left, top, right, bottom = body
        text, radius = self.text_px, 0.42 * self.text_px
        how: dict[str, Any] = {"va": "center_baseline"}
        x, y = left, top
        for style, word, count in rows:
            number = self.measure.width(count, text, is_bold=True)
            begins = 2.9 * radius + number + 0.35 * text
            width = begins + self.measure.width(word, text)
            if x > left and x + width > right:
                x, y = left, y + 1.5 * text
            middle = y + 0.55 * text
            self.shapes(np.array([[x + radius, middle]]), [style.shape], [style.colour], radius)
            self.say(x + 2.9 * radius, middle, count, text, is_bold=True, **how)
            self.say(x + begins, middle, word, text, **how)
            x += width + text
        y += 1.6 * text if rows else 0
        small = 0.72 * text
        for sentence in sentences:
            for line in self.measure.wrap(drawable(sentence), small, right - left):
                self.say(left, y, line, small, color=QUIET)
                y += 1.35 * small
        return left, y + 0.2 * text, right, bottom

    def map(
        self,
        view: View,
        outline: gpd.GeoSeries,
        *,
        around: gpd.GeoDataFrame | None,
        streets: gpd.GeoDataFrame | None,
    ) -> None:
        """Draw the ground: paper, streets, the wards around, the ward, north and the scale."""
        from matplotlib.patches import Rectangle  # noqa: PLC0415

        left, top, right, bottom = view.box
        at, extent = (left, top), (right - left, bottom - top)
        self.axes.add_patch(Rectangle(at, *extent, facecolor=PAPER_COLOUR, zorder=GROUND))
        thin = self.text_px / 24
        shown = gpd.GeoSeries(
            shapely.clip_by_rect(outline.to_numpy(), *view.bounds_m), crs=outline.crs
        )
        self.areas(view, shown, facecolor=WARD_COLOUR, edgecolor="none", zorder=GROUND)
        if streets is not None and len(streets):
            lines = to_metres(streets, name="the streets").geometry.dropna()
            self.lines(view, lines, color=STREET_COLOUR, linewidth=thin, zorder=STREETS)
        if around is not None and len(around):
            self.around(view, outline, around)
        edge = {"facecolor": "none", "edgecolor": INK, "linewidth": 2.6 * thin, "zorder": WARD}
        self.areas(view, shown, **edge)
        self.scale(view)
        self.axes.add_patch(
            Rectangle(at, *extent, facecolor="none", edgecolor=QUIET, linewidth=thin, zorder=WORDS)
        )

    def around(self, view: View, outline: gpd.GeoSeries, around: gpd.GeoDataFrame) -> None:
        """Draw the neighbours faintly, with their names where there is room beside the ward."""
        require_columns(around, ("name", "geometry"), name="the neighbouring areas")
        window = shapely.box(*view.bounds_m)
        near = to_metres(around, name="the neighbouring areas")
        near = near[near.geometry.notna() & near.intersects(window)]
        ground = shapely.union_all(outline.array)
        # They come simplified: a second line beside the ward's own would be no border.
        borders = near.geometry.boundary.difference(ground.boundary.buffer(BESIDE_M))
        self.lines(view, borders, color=FAINT, linewidth=self.text_px / 20, zorder=AROUND)
        small = 0.8 * self.text_px
        left, top, right, bottom = view.box
        # Clear of north and the scale in two corners.
        corner = 2.2 * self.text_px
        taken: list[Box] = [
            (left, bottom - corner, left + self._scale_of(view)[1] + corner, bottom),
            (right - 1.5 * corner, top, right, top + 1.5 * corner),
        ]
        for name, shape in zip(near["name"], near.geometry, strict=True):
            free = shape.intersection(window).difference(ground)
            label = self.measure.fit(drawable(name), small, 0.3 * (right - left))
            half = self.measure.width(label, small) / 2 + self.pad / 2
            for x, y in view.pixels(_spots(free)):
                box = (x - half, y - 0.8 * small, x + half, y + 0.8 * small)
                if not any(_overlap(box, other) for other in taken) and free.contains(
                    view.box_m(box)
                ):
                    taken.append(box)
                    how: dict[str, Any] = {
                        "color": QUIET,
                        "ha": "center",
                        "va": "center",
                        "zorder": AROUND,
                    }
                    self.say(x, y, label, small, **how)
                    break

    def places(self, view: View, places: gpd.GeoDataFrame) -> None:
        """Draw each place in its kind's shape and colour, smaller where there are many.

        Those at one door stand side by side: a picture cannot be asked what is below.
        """
        if places.empty:
            return
        left, top, right, bottom = view.box
        room = math.sqrt((right - left) * (bottom - top) / len(places))
        radius = min(0.4 * self.text_px, max(0.2 * self.text_px, 0.13 * room))
        styles = [KIND_STYLES[kind] for kind in places["kind"]]
        middles = view.pixels(shapely.get_coordinates(places.geometry))
        self.shapes(
            side_by_side(middles, radius),
            [style.shape for style in styles],
            [style.colour for style in styles],
            radius,
        )

    def _scale_of(self, view: View) -> tuple[float, float]:
        """Return a round number of metres, at most a quarter of the map, and its pixels."""
        most = 0.25 * (view.box[2] - view.box[0]) / view.px_per_m
        unit = 10 ** math.floor(math.log10(most))
        length = max(step * unit for step in (1, 2, 5) if step * unit <= most)
        return length, length * view.px_per_m

    def scale(self, view: View) -> None:
        """Draw the scale bar and an arrow to the north."""
        left, top, right, bottom = view.box
        metres, length = self._scale_of(view)
        thick, small, pad = self.text_px / 8, 0.8 * self.text_px, self.pad
        words = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
        halo: dict[str, Any] = {"zorder": WORDS, "solid_capstyle": "butt"}
        x, y = left + pad, bottom - pad
        tick = small / 2
        self.axes.plot(
            [x, x, x + length, x + length], [y - tick, y, y, y - tick], color=INK,
            linewidth=thick * 72 / DOTS_PER_INCH, solid_joinstyle="miter", **halo,
        )  # fmt: skip
        # A label as wide as the bar stands above its ends; wider, it begins where the bar does.
        wide = self.measure.width(words, small)
        at, foot = x + max(length, wide) / 2, tick if wide + small > length else 0.0
        self.say(at, y - thick - foot, words, small, ha="center", va="bottom")
        middle, y = right - pad - self.measure.width("North", small) / 2, top + pad
        self.axes.plot(
            [middle, middle], [y + small, y + 2.2 * small], color=INK,
            linewidth=thick * 72 / DOTS_PER_INCH, **halo,
        )  # fmt: skip
        self.axes.fill(
            [middle - small / 2, middle, middle + small / 2],
            [y + small, y, y + small],
            color=INK,
            zorder=WORDS,
        )
        self.say(middle, y + 2.4 * small, "North", small, ha="center")


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _spots(area: shapely.Geometry) -> Corners:
    """Return points where an area's name might stand, its middle first, then in a grid."""
    if shapely.is_empty(area):
        return np.empty((0, 2))
    west, south, east, north = shapely.bounds(area)
    columns, rows = np.linspace(west, east, 11)[1:-1], np.linspace(north, south, 11)[1:-1]
    grid = np.column_stack([part.ravel() for part in np.meshgrid(columns, rows)])
    inside = grid[shapely.contains_xy(area, grid)]
    return np.vstack([shapely.get_coordinates(shapely.point_on_surface(area)), inside])
