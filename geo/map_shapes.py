"""How each kind of place looks: a shape, a colour and a word, so that no one needs the colour.

Shapes are unit polygons, screen axes (x right, y down), of about the area of a circle of radius
one, so that no kind looks more important than another. The page's script draws them on a canvas,
the legend as SVG, both from these numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Outline = tuple[tuple[float, float], ...]


def _regular(corners: int, radius: float, *, turn: float = -90.0) -> Outline:
    angles = [math.radians(turn + 360 * i / corners) for i in range(corners)]
    return tuple((round(radius * math.cos(a), 3), round(radius * math.sin(a), 3)) for a in angles)


def _cross(reach: float, half_width: float) -> Outline:
    a, b = reach, half_width
    return (
        *((-b, -a), (b, -a), (b, -b), (a, -b), (a, b), (b, b)),
        *((b, a), (-b, a), (-b, b), (-a, b), (-a, -b), (-b, -b)),
    )


def _star(outer: float, inner: float) -> Outline:
    tips, dents = _regular(5, outer), _regular(5, inner, turn=-54.0)
    return tuple(corner for pair in zip(tips, dents, strict=True) for corner in pair)


SHAPES: dict[str, Outline] = {
    "circle": (),  # no corners: drawn as an arc
    "square": _regular(4, 1.26, turn=-45.0),
    "triangle": _regular(3, 1.5),
    "diamond": _regular(4, 1.3),
    "cross": _cross(1.2, 0.44),
    "star": _star(1.65, 0.72),
}


@dataclass(frozen=True)
class KindStyle:
    """How one kind of place is drawn and named."""

    shape: str
    colour: str
    word: str
    plural: str


# Darkened from the Okabe-Ito palette: at least 4.5:1 against white and against the paper
# colour of a map without tiles, so white numbers on them can be read.
KIND_STYLES: dict[str, KindStyle] = {
    "care_home": KindStyle("square", "#0069A8", "Care home", "Care homes"),
    "group": KindStyle("circle", "#B84A00", "Group", "Groups"),
    "surgery": KindStyle("triangle", "#00735C", "GP surgery", "GP surgeries"),
    "venue": KindStyle("diamond", "#A03A82", "Venue", "Venues"),
    "informal": KindStyle("cross", "#4B4B4B", "Skill or network", "Skills and networks"),
}
HOME_STYLE = KindStyle("star", "#1D2B33", "The home", "The home")


def swatch(style: KindStyle) -> str:
    """Return a small inline SVG picture of `style`, hidden from screen readers.

    Colours are presentation attributes, not ``style``, so a strict content security policy
    lets them through.
    """
    corners = SHAPES[style.shape]
    if corners:
        points = " ".join(f"{x},{y}" for x, y in corners)
        drawing = f'<polygon points="{points}" fill="{style.colour}"/>'
    else:
        drawing = f'<circle r="1" fill="{style.colour}"/>'
    return (
        '<svg class="swatch" viewBox="-1.7 -1.7 3.4 3.4" width="20" height="20" '
        f'aria-hidden="true" focusable="false">{drawing}</svg>'
    )
