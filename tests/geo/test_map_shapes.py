"""The marks of the kinds: told apart by shape and colour, none bigger than another."""

from __future__ import annotations

import math

import pytest
import shapely

from geo.map_shapes import HOME_STYLE, KIND_STYLES, SHAPES
from tests.geo.map_frames import relative_luminance


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((relative_luminance(one), relative_luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("paper", ["#FFFFFF", "#F1F0EC"])
def test_every_kind_stands_out_from_the_paper(paper: str) -> None:
    for style in (*KIND_STYLES.values(), HOME_STYLE):
        assert _contrast(style.colour, paper) >= 4.5


def test_kinds_differ_in_shape_as_well_as_in_colour() -> None:
    styles = [*KIND_STYLES.values(), HOME_STYLE]
    assert len({SHAPES[style.shape] for style in styles}) == len(styles)
    assert len({style.colour for style in styles}) == len(styles)


def test_no_kind_looks_bigger_than_another() -> None:
    areas = [shapely.Polygon(corners).area for corners in SHAPES.values() if corners]
    assert min(areas) > 0.85 * math.pi
    assert max(areas) < 1.15 * math.pi
