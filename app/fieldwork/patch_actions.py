"""What a phone takes along of a ward, and what it is shown of a rectangle while it has signal.

Everything here is what everybody may see: public views, and streets as published.
"""

from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Sequence
from typing import Any

import orjson
import shapely
import sqlalchemy as sa

from app.areas.queries import find_wards_of_code, list_outlines, list_outlines_within
from app.assets.schemas import Names, credit
from app.errors import NotFound
from app.fieldwork import patch_queries as queries
from app.fieldwork.base_map import BaseMap

# Streets go on a little beyond the ward: nobody turns round at its edge.
MARGIN_M = 100.0
OUTLINE_TOLERANCE_M = 3.0
MOST_AROUND = 40
MOST_STREETS = 20_000
MOST_NEAR, MOST_STREETS_NEAR = 2_000, 4_000
DEGREE_DECIMALS = 5
# As the middleware does, so that what is said is what is sent.
GZIP_LEVEL = 4

_NOT_SENT = {"interest_ids", "source_id"}


def make_patch(
    connection: sa.Connection, *, gss_code: str, names: Names, base_map: BaseMap
) -> dict[str, Any]:
    """Return a ward's outline, its assets, its streets, and the wards around it.

    Raises NotFound when the newest boundaries have no such ward.
    """
    wards = find_wards_of_code(connection, gss_code=gss_code)
    if not wards or not wards[0].is_newest:
        raise NotFound("We have no ward with this code today. Search for it by its name.")
    ward = wards[0]
    assets = queries.list_assets_of_ward(connection, area_id=ward.id, gss_code=gss_code)
    box = queries.box_around(connection, area_id=ward.id, margin_m=MARGIN_M)
    outline = list_outlines(connection, area_ids=[ward.id], tolerance_m=OUTLINE_TOLERANCE_M)
    return {
        "gss_code": ward.gss_code,
        "name": ward.name,
        "lad_name": ward.lad_name,
        "made_at": dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds"),
        "boundary": orjson.Fragment(outline[ward.id]),
        **_in_box(connection, box, names, base_map, assets, but=gss_code),
    }


def make_near(
    connection: sa.Connection, *, box: queries.Box, names: Names, base_map: BaseMap
) -> dict[str, Any]:
    """Return the same of a rectangle (degrees): assets, streets and outlines, without a ward.

    `is_whole` is False when there are more assets than are shown: those nearest the middle are.
    """
    assets = queries.list_assets_around(connection, box=box, limit=MOST_NEAR + 1)
    return {
        "is_whole": len(assets) <= MOST_NEAR,
        **_in_box(
            connection, box, names, base_map, assets[:MOST_NEAR], most_streets=MOST_STREETS_NEAR
        ),
    }


def size_of(patch: dict[str, Any], base_map: BaseMap) -> dict[str, int]:
    """Return how much a patch is: rows, bytes over the air, and on the phone."""
    written = orjson.dumps(patch)
    return {
        "assets": len(patch["assets"]),
        "streets": len(patch["streets"]),
        "bytes": len(gzip.compress(written, GZIP_LEVEL)),
        "stored_bytes": len(written),
        "base_map_bytes": base_map.size_bytes,
    }


def as_facts(row: sa.Row[Any], names: Names) -> dict[str, Any]:
    """Return one asset as a phone has it."""
    facts = {name: value for name, value in row._mapping.items() if name not in _NOT_SENT}
    # A contact that may not be shown is not there; an informal one never is.
    is_public = row.is_contact_public and row.kind != "informal"
    return facts | {
        "is_contact_public": is_public,
        "interests": sorted(names.interest_slugs(row.interest_ids or ())),
    }


def _in_box(
    connection: sa.Connection,
    box: queries.Box,
    names: Names,
    base_map: BaseMap,
    assets: Sequence[sa.Row[Any]],
    *,
    but: str | None = None,
    most_streets: int = MOST_STREETS,
) -> dict[str, Any]:
    streets = queries.list_streets(connection, box=box, limit=most_streets)
    around = list_outlines_within(connection, box=box, limit=MOST_AROUND)
    source_ids = {row.source_id for row in (*assets, *streets)}
    said = [
        *names.attribution(source_ids),
        *(credit(row.attribution, row.licence) for row in around),
        base_map.credit,
    ]
    return {
        # What a form lets people choose from.
        "interests": [
            {"slug": slug, "label": names.labels[concept]} for concept, slug in names.slugs.items()
        ],
        "around": [
            {"name": row.name, "gss_code": row.gss_code, "boundary": _rounded(row.outline)}
            for row in around
            if row.gss_code != but
        ],
        "assets": [as_facts(row, names) for row in assets],
        "streets": [
            {
                "name": row.name, "highway": row.highway,
                "line": orjson.loads(row.line)["coordinates"],
            }
            for row in streets
        ],
        "attribution": list(dict.fromkeys(sentence for sentence in said if sentence)),
    }  # fmt: skip


def _rounded(outline: bytes) -> dict[str, Any]:
    shape = shapely.set_precision(shapely.from_wkb(outline), 10**-DEGREE_DECIMALS)
    written: dict[str, Any] = orjson.loads(shapely.to_geojson(shape))
    return written
