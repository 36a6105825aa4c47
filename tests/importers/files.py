"""Small files for tests of the importers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

HEADER = ("id", "kind", "name", "postcode", "lon", "lat")
CITY_HALL = (-1.7534, 53.7924)


def write_assets(
    folder: Path,
    rows: Iterable[Mapping[str, object]],
    *,
    name: str = "places.csv",
    columns: Sequence[str] = HEADER,
) -> Path:
    """Write a list of assets in people's own template; id, kind and place are filled in."""
    lines = [",".join(columns)]
    for number, row in enumerate(rows, start=1):
        given: dict[str, object] = {"id": f"p{number}", "kind": "venue"}
        if not row.keys() & {"lon", "lat", "postcode"}:
            given |= {"lon": CITY_HALL[0] + number / 1000, "lat": CITY_HALL[1]}
        cells = given | dict(row)
        lines.append(",".join(f'"{cells.get(column, "")}"' for column in columns))
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def feature(properties: Mapping[str, object], geometry: object) -> dict[str, Any]:
    """Return a GeoJSON feature."""
    return {"type": "Feature", "properties": dict(properties), "geometry": geometry}


def polygon(lon: float, lat: float, half_side: float = 0.01) -> dict[str, Any]:
    """Return a GeoJSON square around a point."""
    w, s, e, n = lon - half_side, lat - half_side, lon + half_side, lat + half_side
    return {"type": "Polygon", "coordinates": [[[w, s], [e, s], [e, n], [w, n], [w, s]]]}


def write_features(path: Path, features: Sequence[Mapping[str, Any]], **members: object) -> Path:
    """Write a GeoJSON FeatureCollection."""
    content = {"type": "FeatureCollection", **members, "features": list(features)}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def write_wards(
    path: Path,
    wards: Mapping[str, Mapping[str, Any]],
    *,
    year: str = "25",
    lad: tuple[str, str] | None = ("E08000032", "Bradford"),
) -> Path:
    """Write wards: code → geometry."""
    beside = {f"LAD{year}CD": lad[0], f"LAD{year}NM": lad[1]} if lad else {}
    features = [
        feature({f"WD{year}CD": code, f"WD{year}NM": f"Ward {code[-2:]}"} | beside, geometry)
        for code, geometry in wards.items()
    ]
    return write_features(path, features)


def write_postcodes(
    path: Path, rows: Iterable[tuple[str, int, int] | tuple[str, int, int, str]]
) -> Path:
    """Write Code-Point Open without a header: postcode, easting, northing, and the district."""
    lines = []
    for postcode, easting, northing, *lad in rows:
        district = lad[0] if lad else "E08000032"
        quality = 10 if easting else 90
        lines.append(
            f'"{postcode}",{quality},{easting},{northing},"E92000001","","","","{district}","E05001347"'
        )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
