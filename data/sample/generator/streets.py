"""The streets of the town: where they run, where a door on one is, and which postcode it has."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations

import shapely
from shapely.geometry import LineString, Point

from generator.areas import Areas
from generator.grid import XY, read_point
from generator.wobble import wobble
from generator.written import read_written

DOOR_OFFSET_M = 14.0
_POSTCODE_EVERY_M = 190.0
_NO_DOORS = {"footway", "steps", "path"}
# Royal Mail leaves these out of the last two letters, to be read by machines.
_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
# There is no postcode area EW, so none of these can be somebody's.
_OUTWARD = {
    "E05999002": "EW1",
    "E05999003": "EW1",
    "E05999004": "EW2",
    "E05999005": "EW2",
    "E05999001": "EW3",
    "E05999006": "EW3",
}


@dataclass(frozen=True, slots=True)
class Unit:
    """One postcode, at a point of the plan."""

    postcode: str
    point: XY
    ward_code: str


@dataclass(slots=True)
class Street:
    """A street as written: `corners` are the points it may share with others."""

    name: str
    highway: str
    corners: list[XY]
    points: list[XY]
    tags: dict[str, str]
    units: list[Unit] = field(default_factory=list)

    @property
    def line(self) -> LineString:
        """The street on the plan, in metres."""
        return LineString(self.points)


class Streets:
    """All streets by name, with their postcodes."""

    def __init__(self, areas: Areas) -> None:
        self._areas = areas
        self.by_name = {street.name: street for street in _read()}
        _refuse_crossings(list(self.by_name.values()))
        self._give_postcodes()

    def door(self, at: str) -> tuple[Street, XY, Unit]:
        """Return street, point of the plan and postcode of a door written "Mill Lane 0.4 left".

        The number is how far along the street; left and right as one goes along it.
        """
        words = at.split()
        side = words.pop() if words[-1] in {"left", "right"} else "left"
        share = float(words.pop())
        street = self.by_name[" ".join(words)]
        line = street.line
        here = line.interpolate(share, normalized=True)
        offset = DOOR_OFFSET_M if side == "left" else -DOOR_OFFSET_M
        point = _beside(line, share, offset)
        if not street.units:
            raise ValueError(f"{street.name} has no doors")
        unit = min(street.units, key=lambda unit: Point(unit.point).distance(here))
        return street, point, unit

    def units(self) -> list[Unit]:
        """Return all postcodes in order."""
        found = [unit for street in self.by_name.values() for unit in street.units]
        return sorted(found, key=lambda unit: unit.postcode)

    def _give_postcodes(self) -> None:
        chance = random.Random("ellerwick postcodes")  # noqa: S311 - scenery, not secrets
        taken: set[str] = set()
        for street in self.by_name.values():
            if street.highway in _NO_DOORS or "bridge" in street.tags:
                continue
            line = street.line
            count = max(1, round(line.length / _POSTCODE_EVERY_M))
            for number in range(count):
                point = _beside(line, (number + 0.5) / count, 4.0)
                whole = (float(round(point[0])), float(round(point[1])))
                ward = self._areas.ward_at(whole)
                postcode = _new_postcode(_OUTWARD[ward.code], chance, taken)
                street.units.append(Unit(postcode, whole, ward.code))


def _read() -> Iterator[Street]:
    for name, highway, line, tags in read_written("streets")["streets"]:
        corners = [read_point(text) for text in line.split()]
        points = wobble(corners, share=0.035, shortest_m=80.0, name=name)
        pairs = (tag.partition("=") for tag in tags.split("; "))
        yield Street(name, highway, corners, points, {key: value for key, _, value in pairs})


def _refuse_crossings(streets: list[Street]) -> None:
    """Raise ValueError if two streets cross without a corner they share."""
    for one, two in combinations(streets, 2):
        meeting = shapely.intersection(one.line, two.line)
        shared = [Point(corner) for corner in set(one.corners) & set(two.corners)]
        for part in getattr(meeting, "geoms", [meeting]):
            if not part.is_empty and not any(part.equals(point) for point in shared):
                raise ValueError(f"{one.name} and {two.name} cross at {part.wkt}")


def _beside(line: LineString, share: float, offset_m: float) -> XY:
    """Return a point `offset_m` to the left of the line (right if negative)."""
    along = min(max(share * line.length, 1.0), line.length - 1.0)
    before, after = line.interpolate(along - 1.0), line.interpolate(along + 1.0)
    step_x, step_y = after.x - before.x, after.y - before.y
    length = (step_x**2 + step_y**2) ** 0.5
    here = line.interpolate(along)
    return (
        round(here.x - step_y / length * offset_m, 1),
        round(here.y + step_x / length * offset_m, 1),
    )


def _new_postcode(outward: str, chance: random.Random, taken: set[str]) -> str:
    while True:
        sector = chance.randint(1, 3)
        postcode = f"{outward} {sector}{chance.choice(_LETTERS)}{chance.choice(_LETTERS)}"
        if postcode not in taken:
            taken.add(postcode)
            return postcode
