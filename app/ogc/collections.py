"""The three collections there are, column by column; the views are in the schema `ogc`."""

from __future__ import annotations

import re
import uuid
from typing import Any

from cql2 import Expr
from morecantile import Tile, TileMatrixSet
from tipg.collections import Column, PgCollection
from tipg.errors import NotFound

SCHEMA = "ogc"
TEXT, DATE, BOOLEAN, INTEGER, UUID = "text", "date", "boolean", "integer", "uuid"
_CREDIT = {"source": TEXT, "publisher": TEXT, "licence": TEXT, "attribution": TEXT,
           "share_alike": BOOLEAN}  # fmt: skip
COLUMNS: dict[str, dict[str, str]] = {
    "assets": {
        "id": UUID, "kind": TEXT, "name": TEXT, "description": TEXT, "interests": TEXT,
        "access": TEXT, "phone": TEXT, "email": TEXT, "website": TEXT, "opening_hours": TEXT,
        "address": TEXT, "postcode": TEXT, "ward_code": TEXT, "ward_name": TEXT,
        "placed_by": TEXT, "beds": INTEGER, "checked_on": DATE, **_CREDIT,
    },
    "activities": {
        "id": UUID, "name": TEXT, "description": TEXT, "organizer": TEXT, "organizer_id": UUID,
        "venue": TEXT, "venue_id": UUID, "comes_to_homes": BOOLEAN, "interests": TEXT,
        "access": TEXT, "cost_pence": INTEGER, "phone": TEXT, "email": TEXT, "website": TEXT,
        "address": TEXT, "postcode": TEXT, "schedule": TEXT, "checked_on": DATE, **_CREDIT,
    },
    "wards": {
        "gss_code": TEXT, "name": TEXT, "district_code": TEXT, "district": TEXT,
        "boundaries_of": TEXT, **_CREDIT,
    },
}  # fmt: skip
KEYS = {"assets": "id", "activities": "id", "wards": "gss_code"}
TITLES = {"assets": "Places, groups and skills", "activities": "Activities", "wards": "Wards"}
ABOUT = {
    "assets": (
        "Everything on the map: care homes, groups, surgeries, venues, and people's skills, which"
        " stand at a point for their ward only. What has no place has no geometry. Name the"
        " attribution of every row you show; rows with share_alike are under the ODbL."
    ),
    "activities": (
        "What happens: who runs it, where, when, and what it is about. It stands at its venue, or"
        " where its organizer is. Name the attribution of every row you show."
    ),
    "wards": "Electoral wards, the newest boundaries, as their publisher draws them.",
}
# Looked up row by row: shown, and not to sort a million rows by.
LOOKED_UP = frozenset({"interests", "opening_hours", "schedule", "ward_code", "ward_name"})
# What a tile carries of each feature unless it is asked for more.
ON_TILES = {
    "assets": ["id", "kind", "name"],
    "activities": ["id", "name", "comes_to_homes"],
    "wards": ["gss_code", "name"],
}
_GEOMETRY = {"assets": "Point", "activities": "Point", "wards": "MultiPolygon"}
# Of a collection without a place: Great Britain, where one would be.
NOWHERE_KNOWN = [-9.0, 49.8, 2.1, 61.0]
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class MapCollection(PgCollection):
    """A collection whose days are days, whose ids are UUIDs, and whose tiles carry little."""

    def cql_where(  # type: ignore[override]  # tipg gives everything by name
        self, *, ids: list[str] | None = None, datetime: list[str] | None = None, **conditions: Any
    ) -> Expr | None:
        """Return the condition of a question; raises tipg's NotFound for what is no id."""
        parts = [part for part in (self._among(ids), self._on_days(datetime)) if part is not None]
        if (rest := super().cql_where(**conditions)) is not None:
            parts.append(rest)
        whole = None
        for part in parts:
            whole = part if whole is None else whole + part
        return whole

    def _among(self, ids: list[str] | None) -> Expr | None:
        """Return that the key is one of `ids`: one by one, a list of texts is none of UUIDs."""
        if not ids or self.id_column is None:
            return None
        key = {"property": self.id_column.name}
        if self.id_column.type == UUID and not all(map(_is_uuid, ids)):
            raise NotFound
        same = [{"op": "=", "args": [key, one]} for one in ids]
        return Expr(same[0] if len(same) == 1 else {"op": "or", "args": same})

    def _on_days(self, interval: list[str] | None) -> Expr | None:
        """Return that the day is in an interval, both ends included.

        By the day and not by the moment: a day begins at another moment in summer.
        """
        if not interval or self.datetime_column is None:
            return None
        column = {"property": self.datetime_column.name}
        signs = ("=",) if len(interval) == 1 else (">=", "<=")
        parts = [
            {"op": sign, "args": [column, {"date": day[0]}]}
            for sign, moment in zip(signs, interval, strict=True)
            if (day := _DAY.match(moment))
        ]
        if not parts:
            return None
        return Expr(parts[0] if len(parts) == 1 else {"op": "and", "args": parts})

    async def get_tile(self, conn: Any, *, tms: TileMatrixSet, tile: Tile,  # noqa: ANN401
                       **asked: Any) -> bytes:  # fmt: skip
        """Return a vector tile; without `properties`, only with what maps need."""
        if asked.get("properties") is None:
            asked["properties"] = ON_TILES[self.id]
        drawn: bytes = await super().get_tile(conn, tms=tms, tile=tile, **asked)
        return drawn


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return len(text) == len("00000000-0000-0000-0000-000000000000")


def make_collection(
    name: str, *, bounds: list[float] | None, days: tuple[str | None, str | None]
) -> MapCollection:
    """Return a collection; `bounds` are west, south, east, north in degrees, WGS 84."""
    first, last = days
    columns = [
        Column(name=column, type=kind, mindt=first, maxdt=last)
        if kind == DATE
        else Column(name=column, type=kind)
        for column, kind in COLUMNS[name].items()
    ]
    geometry = Column(
        name="geom", type="geometry", geometry_type=_GEOMETRY[name], srid=4326,
        bounds=bounds or NOWHERE_KNOWN,
    )  # fmt: skip
    return MapCollection(
        type="Table", id=name, table=name, schema=SCHEMA, title=TITLES[name],
        description=ABOUT[name], table_columns=[*columns, geometry],
        properties=[*columns, geometry],
        id_column=next(column for column in columns if column.name == KEYS[name]),
        datetime_column=next((column for column in columns if column.type == DATE), None),
        geometry_column=geometry,
    )  # fmt: skip
