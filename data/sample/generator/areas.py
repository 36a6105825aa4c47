"""Wards and small areas: borders drawn once, so that neighbours share them exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon

from generator.grid import XY, polygon_in_degrees, read_point
from generator.wobble import wobble
from generator.written import read_written

_BORDER = {"share": 0.12, "shortest_m": 90.0}
_RIVER = {"share": 0.1, "shortest_m": 70.0}


@dataclass(frozen=True, slots=True)
class Ward:
    """One ward; `plan` in metres, `shape` in degrees."""

    code: str
    name: str
    plan: Polygon
    shape: Polygon


@dataclass(frozen=True, slots=True)
class SmallArea:
    """One LSOA; `shape` in degrees."""

    code: str
    name: str
    ward: str
    population: int
    decile: int
    shape: Polygon


@dataclass(frozen=True, slots=True)
class Areas:
    """The district, its wards and small areas, and the river that parts them."""

    lad_code: str
    lad_name: str
    wards: list[Ward]
    lsoas: list[SmallArea]
    river: list[XY]
    river_name: str

    def ward_at(self, point: XY) -> Ward:
        """Return the ward that holds a point of the plan; raise ValueError outside the town."""
        for ward in self.wards:
            if ward.plan.contains(Point(point)):
                return ward
        raise ValueError(f"{point} is in no ward")


def make_areas() -> Areas:
    """Return the areas written in areas.toml, with the river as the border it is."""
    written = read_written("areas")
    corners = {name: read_point(text) for name, text in written["corners"].items()}
    river_points = _points(written["river"]["line"], corners)
    river = wobble(river_points, name="river", **_RIVER)
    borders = [LineString(river)]
    for name, text in written["borders"].items():
        borders.append(LineString(wobble(_points(text, corners), name=name, **_BORDER)))
    # Lines end in corners of others, so noding splits them there and moves nothing.
    found = shapely.polygonize([shapely.node(shapely.union_all(borders))])
    faces = [face for face in found.geoms if isinstance(face, Polygon)]
    lsoas, plans = [], {}
    for row in written["lsoa"]:
        face = _only_face_with(faces, read_point(row["inside"]))
        plans[row["code"]] = face
        shape = polygon_in_degrees(face)
        lsoas.append(
            SmallArea(
                row["code"], row["name"], row["ward"], row["population"], row["decile"], shape
            )
        )
    if len(faces) != len(lsoas):
        raise ValueError(f"the borders make {len(faces)} areas, {len(lsoas)} are written")
    wards = [_ward(row, lsoas, plans) for row in written["ward"]]
    district = written["district"]
    river_name = written["river"]["name"]
    return Areas(district["code"], district["name"], wards, lsoas, river, river_name)


def _ward(row: dict[str, Any], lsoas: list[SmallArea], plans: dict[str, Polygon]) -> Ward:
    own = [lsoa for lsoa in lsoas if lsoa.ward == row["code"]]
    plan = _joined([plans[lsoa.code] for lsoa in own])
    return Ward(row["code"], row["name"], plan, _joined([lsoa.shape for lsoa in own]))


def _joined(polygons: list[Polygon]) -> Polygon:
    """Return neighbours as one; their outer corners stay exactly as they are."""
    joined = shapely.coverage_union_all(polygons)
    if isinstance(joined, MultiPolygon) and len(joined.geoms) == 1:
        joined = joined.geoms[0]
    if not isinstance(joined, Polygon):
        raise TypeError("a ward is in more than one piece")
    return shapely.normalize(joined)


def _only_face_with(faces: list[Polygon], point: XY) -> Polygon:
    found = [face for face in faces if face.contains(Point(point))]
    if len(found) != 1:
        raise ValueError(f"{point} is in {len(found)} areas")
    return shapely.normalize(found[0])


def _points(text: str, corners: dict[str, XY]) -> list[XY]:
    return [corners[word] if word in corners else read_point(word) for word in text.split()]
