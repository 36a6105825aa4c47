"""Doors and telephone numbers: what every table of places needs."""

from __future__ import annotations

from typing import Any

from generator.areas import Areas
from generator.grid import XY, grid_of, lon_lat_of
from generator.streets import Streets, Unit
from generator.written import read_written

# Ofcom keeps 0113 496 0000 to 0999 free for drama. (01632 960xxx and 07700 900xxx too, but number
# checkers rightly say that nobody can dial those.)
_FIRST_PHONE, _LAST_PHONE = 101, 999


class Places:
    """Where things are, by the street and share of it that was written."""

    grid_of = staticmethod(grid_of)

    def __init__(self, areas: Areas, streets: Streets) -> None:
        self.areas = areas
        self.streets = streets
        self._phone = _FIRST_PHONE

    def written(self, text: str, key: str) -> list[dict[str, Any]]:
        """Return the entries `key` of texts/`text`.toml."""
        entries: list[dict[str, Any]] = read_written(text)[key]
        return entries

    def locate(self, entry: dict[str, Any]) -> tuple[str, Unit, XY]:
        """Return an entry's address, postcode, and longitude and latitude in degrees."""
        street, point, unit = self.streets.door(entry["at"])
        door = f"{entry['number']} {street.name}" if "number" in entry else street.name
        return f"{door}, Ellerwick", unit, lon_lat_of(point)

    def next_phone(self) -> str:
        """Return a number that was not given before."""
        if self._phone > _LAST_PHONE:
            raise ValueError("there are no more numbers for drama")
        self._phone += 7
        return f"0113 496 0{self._phone:03d}"
