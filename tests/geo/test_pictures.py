"""Pictures of wards: every place drawn, every word a word, the same data the same bytes."""

from __future__ import annotations

import datetime as dt
import io
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from PIL import Image
from scipy import ndimage

from geo.errors import CrsError, MapError
from geo.map_shapes import KIND_STYLES
from geo.picture_canvas import Canvas, side_by_side
from geo.picture_words import NO_GLYPH, Measure, drawable, font_of
from geo.pictures import PAPER, SLIDE, SMALL, PictureSize, ward_picture

SOURCES = ["Office for National Statistics (OGL v3)", "Invented for a test."]
SAID: dict[str, Any] = {
    "title": "Ilkley ward", "attribution": SOURCES, "made_on": dt.date(2026, 11, 26),
}  # fmt: skip
WARD = shapely.box(-1.86, 53.905, -1.78, 53.945)
HOSTILE = (
    "$\\frac{$", "$x^2$ and $y", "\\unknown{", "<script>alert(1)</script>", "`${x}`", "=1+1",
    "% _ ^ { } ~ & #", "\u202egnirts \u2066x", "مركز المجتمع في إلكلي", "מרכז קהילתי",
    "健康中心 🧶 \U0010fffd", "a\x00b\x07c\ud800d\ufffe", "e\u0301\u0301\u0301", "W" * 5_000, "",
    "Line\nand\tline", "\u00ad\u200b\u2028",
)  # fmt: skip


def a_ward(shape: shapely.Geometry = WARD) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"name": ["Ilkley"]}, geometry=[shape], crs=4326)


def some_places(kinds: dict[str, int], *, at_one_door: bool = False) -> gpd.GeoDataFrame:
    """Places in rows on a grid, or all in the middle."""
    names = [kind for kind, count in kinds.items() for _ in range(count)]
    columns = np.arange(len(names)) % 8
    lons = -1.853 + 0.0094 * columns
    lats = 53.940 - 0.0055 * (np.arange(len(names)) // 8)
    points = gpd.points_from_xy(lons, lats)
    if at_one_door:
        points = gpd.points_from_xy([-1.82] * len(names), [53.925] * len(names))
    return gpd.GeoDataFrame({"name": names, "kind": names}, geometry=points, crs=4326)


def neighbours(*names: str) -> gpd.GeoDataFrame:
    shapes = [
        shapely.box(-1.78, 53.89, -1.70, 53.96), shapely.box(-1.96, 53.89, -1.86, 53.96),
        shapely.box(-1.86, 53.945, -1.78, 53.97),
    ]  # fmt: skip
    return gpd.GeoDataFrame(
        {"name": list(names)}, geometry=[shapes[i % 3] for i in range(len(names))], crs=4326
    )


def pixels_of(png: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    with Image.open(io.BytesIO(png)) as image:
        image.load()
        assert image.format == "PNG"
        assert image.mode == "RGB"
        return np.asarray(image)


def shapes_of(png: bytes, colour: str) -> int:
    """How many patches of a colour there are."""
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    found, count = ndimage.label((pixels_of(png) == wanted).all(axis=2))
    sizes = ndimage.sum_labels(np.ones_like(found), found, range(1, count + 1))
    return int((np.asarray(sizes) > 20).sum())


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every line that is written into a picture."""
    lines: list[str] = []
    say = Canvas.say

    def listen(self: Canvas, x: float, y: float, text: str, size: float, **how: Any) -> None:
        lines.append(text)
        say(self, x, y, text, size, **how)

    monkeypatch.setattr(Canvas, "say", listen)
    return lines


@pytest.mark.parametrize("size", [SLIDE, PAPER, SMALL], ids=["slide", "paper", "small"])
@pytest.mark.parametrize("at_one_door", [False, True], ids=["apart", "at one door"])
def test_every_place_is_drawn_in_its_kinds_colour(size: PictureSize, at_one_door: bool) -> None:
    kinds = {"care_home": 3, "group": 11, "surgery": 2, "venue": 7, "informal": 4}
    if at_one_door:
        kinds = {"group": 9, "venue": 3}
    made = ward_picture(a_ward(), some_places(kinds, at_one_door=at_one_door), size=size, **SAID)
    assert pixels_of(made).shape == (size.height_px, size.width_px, 3)
    for kind, style in KIND_STYLES.items():
        # One more is its shape in the key.
        expected = kinds[kind] + 1 if kind in kinds else 0
        assert shapes_of(made, style.colour) == expected, kind


def test_the_key_counts_by_kind_and_says_what_has_no_place(said: list[str]) -> None:
    places = some_places({"group": 3, "surgery": 1, "informal": 2})
    places.loc[places["kind"] == "informal", "geometry"] = None
    ward_picture(a_ward(), places, around=neighbours("Menston", "Addingham"), **SAID)
    for line in ("Ilkley ward", "3", "Groups", "1", "GP surgery", "North", "Menston", "Addingham"):
        assert line in said
    assert "Care homes" not in said
    assert "Skills and networks" not in said
    assert "2 more places are in the list but not on the map." in " ".join(said)
    assert [line for line in said if line.endswith((" km", " m"))] == ["2 km"]


def test_the_scale_bar_is_as_long_as_it_says(said: list[str]) -> None:
    ward = gpd.GeoDataFrame(
        {"name": ["Square"]}, geometry=[shapely.box(410_000, 440_000, 414_000, 443_000)], crs=27700
    )
    made = pixels_of(ward_picture(ward, some_places({}), **SAID))
    assert "1 km" in said
    dark = (made == [0x1D, 0x2B, 0x33]).all(axis=2)
    # Below the ward the only long dark line is the bar; above its middle it is the ward's side.
    bar = max(_longest_run(row) for row in dark[970:1030, :500])
    side = max(_longest_run(row) for row in dark[100:500, :1500])
    assert bar / 1_000 == pytest.approx(side / 4_000, rel=0.03)


def _longest_run(row: np.ndarray[Any, np.dtype[np.bool_]]) -> int:
    edges = np.diff(np.r_[0, row.astype(int), 0]).nonzero()[0].reshape(-1, 2)
    return int((edges[:, 1] - edges[:, 0]).max(initial=0))


def test_sources_and_date_are_in_the_picture_and_in_the_file(said: list[str]) -> None:
    many = [f"Publisher number {i} of open data, licensed as it says" for i in range(40)]
    made = ward_picture(a_ward(), some_places({"group": 1}), **SAID | {"attribution": many})
    text = " ".join(said)
    assert "26 November 2026." in text
    for one in many:
        assert one in text
    with Image.open(io.BytesIO(made)) as image:
        image.load()
        kept = image.text  # type: ignore[attr-defined]  # of PNG files
    assert kept["Title"] == "Ilkley ward"
    assert kept["Made on"] == "26 November 2026"
    assert all(one in kept["Copyright"] for one in many)
    # No time of making: the same picture is the same file.
    assert b"tIME" not in made
    assert b"matplotlib" not in made.lower()


def test_part_of_a_page_says_neither_title_nor_sources_but_keeps_them(said: list[str]) -> None:
    made = ward_picture(
        a_ward(), some_places({"group": 2}), size=PAPER, is_part_of_page=True, **SAID
    )
    assert "Ilkley ward" not in said
    assert "Office" not in " ".join(said)
    assert "Groups" in said
    assert b"Office for National Statistics" in made


def test_the_same_data_gives_the_same_bytes_in_any_thread() -> None:
    def draw(_: int) -> bytes:
        return ward_picture(
            a_ward(), some_places({"group": 20}), around=neighbours("A", "B"), size=SMALL, **SAID
        )

    first = draw(0)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(draw, range(6))) == {first}
    other = ward_picture(a_ward(), some_places({"group": 21}), size=SMALL, **SAID)
    assert other != first


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_any_words_can_be_drawn(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[str, float, bool]] = []
    say = Canvas.say

    def listen(self: Canvas, x: float, y: float, text: str, size: float, **how: Any) -> None:
        drawn.append((text, size, how.get("is_bold", False)))
        say(self, x, y, text, size, **how)

    monkeypatch.setattr(Canvas, "say", listen)
    kept = words.replace("\ud800", "")  # no frame holds half a character
    made = ward_picture(
        a_ward(), some_places({"group": 1}).assign(name=[kept]),
        around=neighbours(kept, kept, "Menston"), size=SMALL,
        title=words, attribution=[words or "A", "B"], made_on=dt.date(2026, 11, 26),
    )  # fmt: skip
    assert pixels_of(made).shape == (SMALL.height_px, SMALL.width_px, 3)
    assert shapes_of(made, KIND_STYLES["group"].colour) == 2
    renderer: Any = Canvas(SMALL).canvas.get_renderer()  # type: ignore[no-untyped-call]
    for text, size, is_bold in drawn:
        font = font_of(size, is_bold=is_bold)
        width = renderer.get_text_width_height_descent(text, font, ismath=False)[0]
        assert width <= SMALL.width_px - size, text
        # Nothing was left to another font, nothing steers the direction of other words.
        assert drawable(text) == text


def test_dollars_are_dollars() -> None:
    plain, dollars = (
        pixels_of(ward_picture(a_ward(), some_places({}), size=PAPER, **SAID | {"title": title}))[
            :110
        ]
        for title in ("alpha", "$alpha$")
    )
    ink = [int((part.min(axis=2) < 128).sum()) for part in (plain, dollars)]
    # As TeX the signs would be gone and the letters slanted; here two more signs are drawn.
    assert ink[1] > 1.2 * ink[0]


def test_what_the_font_lacks_is_a_square_and_directions_are_dropped() -> None:
    assert drawable("健 yarn") == f"{NO_GLYPH} yarn"
    assert drawable("\u202eabc\u2069\u200b") == "abc"
    assert drawable("a\n\tb\x00") == "a b\N{REPLACEMENT CHARACTER}"
    assert drawable(None) == ""
    assert drawable("e\u0301") == "\u00e9"


def test_lines_are_cut_where_there_is_no_room() -> None:
    measure = Measure()
    words = "The Society of Friends of the Corn Exchange Library and Reading Rooms"
    lines = measure.wrap(words, 30, 300)
    assert " ".join(lines) == words
    assert all(measure.width(line, 30) <= 300 for line in lines)
    assert len(lines) > 2
    cut = measure.wrap(words, 30, 300, most=2)
    assert len(cut) == 2
    assert cut[1].endswith("…")
    long_word = measure.wrap("W" * 200, 30, 300)
    assert "".join(long_word) == "W" * 200
    assert all(measure.width(line, 30) <= 300 for line in long_word)
    assert measure.wrap("", 30, 300) == []


def test_shapes_at_one_door_stand_side_by_side() -> None:
    middles = np.repeat([[500.0, 500.0]], 12, axis=0)
    moved = side_by_side(middles, 10)
    apart = np.hypot(*(moved[:, None] - moved[None]).T) + 1e9 * np.eye(12)
    assert apart.min() >= 17
    assert np.hypot(*(moved - middles).T).max() < 60
    assert moved[0].tolist() == [500.0, 500.0]
    far = np.array([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0]])
    assert (side_by_side(far, 10) == far).all()
    # More than there is room for: the rest stays where it is.
    many = side_by_side(np.repeat([[500.0, 500.0]], 60, axis=0), 10)
    assert Counter(map(tuple, many.round(6).tolist())).most_common(1)[0][0] == (500.0, 500.0)


def test_streets_are_light_grey_below_the_places() -> None:
    street = shapely.LineString([(-1.853, 53.94), (-1.79, 53.94)])
    streets = gpd.GeoDataFrame(geometry=[street], crs=4326)
    places = some_places({"group": 5})
    without, having = (
        ward_picture(a_ward(), places, streets=lines, size=SMALL, **SAID)
        for lines in (None, streets)
    )
    grey = [0xD3, 0xCF, 0xC5]
    assert not (pixels_of(without) == grey).all(axis=2).any()
    assert (pixels_of(having) == grey).all(axis=2).sum() > 100
    assert shapes_of(having, KIND_STYLES["group"].colour) == 6


def test_a_ward_with_a_hole_or_in_two_parts_is_drawn_so() -> None:
    holed = WARD.difference(shapely.box(-1.83, 53.92, -1.81, 53.93))
    middle = (370, 380)
    for shape, is_paper in ((WARD, False), (holed, True)):
        made = pixels_of(ward_picture(a_ward(shape), some_places({}), size=SMALL, **SAID))
        white = (made[middle[1] - 60 : middle[1] + 60, 200:420] == [0xF0, 0xEE, 0xE7]).all(axis=2)
        assert white.any() == is_paper


def test_what_cannot_be_drawn_is_said() -> None:
    places = some_places({"group": 1})
    with pytest.raises(MapError, match="no area"):
        ward_picture(a_ward(shapely.Point(-1.8, 53.9)), places, **SAID)
    with pytest.raises(MapError, match="names its sources"):
        ward_picture(a_ward(), places, **SAID | {"attribution": [" "]})
    with pytest.raises(MapError, match="kind 'pub'"):
        ward_picture(a_ward(), places.assign(kind="pub"), **SAID)
    with pytest.raises(CrsError):
        ward_picture(a_ward().set_crs(None, allow_override=True), places, **SAID)
    with pytest.raises(MapError, match="name"):
        ward_picture(a_ward(), places, around=neighbours("A").drop(columns="name"), **SAID)


def test_matplotlib_is_loaded_only_by_whoever_draws_and_pyplot_never() -> None:
    code = (
        "import sys, geo.pictures; assert 'matplotlib' not in sys.modules\n"
        "import tests.geo.test_pictures as t\n"
        "t.ward_picture(t.a_ward(), t.some_places({'group': 1}), size=t.SMALL, **t.SAID)\n"
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
