"""All SQL about patches: what a phone takes along of a ward, or sees around it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from app.areas.queries import COUNT_INSIDE, NEWEST
from app.assets.queries import INSIDE_AREA

Box = tuple[float, float, float, float]

# Three facts everybody may know stand in no view yet; the join is by the view's own rows.
_ASSETS = """
  SELECT a.id::text AS id, a.version, a.kind::text AS kind, a.name, a.description,
         round(ST_X(a.geom)::numeric, 6)::float8 AS lon,
         round(ST_Y(a.geom)::numeric, 6)::float8 AS lat,
         a.location_source::text AS location_source, a.ward_code, a.address, a.postcode,
         a.phone, a.email, a.website, own.is_contact_public, a.interest_ids, a.access,
         own.is_indoors, a.opening_hours, a.beds, own.charity_number, a.assured_date, a.source_id
  FROM public_assets a JOIN assets own ON own.id = a.id
"""
_ENVELOPE = "ST_MakeEnvelope(:west, :south, :east, :north, 4326)"


def _bound(box: Box) -> dict[str, float]:
    return dict(zip(("west", "south", "east", "north"), box, strict=True))


def list_assets_of_ward(
    connection: sa.Connection, *, area_id: int, gss_code: str
) -> Sequence[sa.Row[Any]]:
    """Return what everybody may know of each asset in a ward, by name."""
    return connection.execute(
        sa.text(f"{_ASSETS} WHERE {INSIDE_AREA} ORDER BY a.name, a.id"),
        {"area_id": area_id, "area_code": gss_code},
    ).all()


def list_assets_around(connection: sa.Connection, *, box: Box, limit: int) -> Sequence[sa.Row[Any]]:
    """Return the same of the assets in a rectangle (degrees), those nearest its middle first."""
    return connection.execute(
        sa.text(
            f"{_ASSETS} WHERE a.geom && {_ENVELOPE}"
            f" ORDER BY a.geom <-> ST_Centroid({_ENVELOPE}), a.id LIMIT :limit"
        ),
        _bound(box) | {"limit": limit},
    ).all()


def find_asset(connection: sa.Connection, *, asset_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Return the same of one asset: no row when it is not shown."""
    return connection.execute(sa.text(f"{_ASSETS} WHERE a.id = :id"), {"id": asset_id}).all()


def list_streets(connection: sa.Connection, *, box: Box, limit: int) -> Sequence[sa.Row[Any]]:
    """Return name, highway, source_id and line (GeoJSON, to a metre) of streets in a rectangle."""
    return connection.execute(
        sa.text(
            f"""
            SELECT name, highway, source_id, ST_AsGeoJSON(geom, 5) AS line FROM streets
            WHERE ST_Intersects(geom, {_ENVELOPE}) ORDER BY osm_id LIMIT :limit
            """  # noqa: S608 - constants only
        ),
        _bound(box) | {"limit": limit},
    ).all()


def box_around(connection: sa.Connection, *, area_id: int, margin_m: float) -> Box:
    """Return the rectangle of an area, wider by a margin, in degrees: west, south, east, north."""
    row = connection.execute(
        sa.text(
            """
            SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box) FROM areas, LATERAL
              CAST(ST_Transform(ST_Expand(ST_Envelope(ST_Transform(geom, 27700)), :margin_m), 4326)
                   AS box2d) AS box
            WHERE id = :id
            """
        ),
        {"id": area_id, "margin_m": margin_m},
    ).one()
    return tuple(row)


def list_patches(
    connection: sa.Connection,
    *,
    words: str | None,
    point: tuple[float, float] | None,
    codes: Sequence[str],
    limit: int,
) -> Sequence[sa.Row[Any]]:
    """Return wards with how many assets each has, `codes` first, then the one at `point`.

    `words` are looked for in the names of wards and districts; without words and a point every
    ward is found. `is_here` says whether the point (lon, lat) is in it.
    """
    lon, lat = point or (None, None)
    pattern = None
    if words is not None:
        escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        pattern = f"%{escaped}%"
    return connection.execute(
        sa.text(
            f"""
            WITH here AS (
              SELECT area_id FROM area_parts WHERE CAST(:lon AS float8) IS NOT NULL
                AND ST_Intersects(geom, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))
            ), w AS (
              SELECT id, gss_code, name, lad_name, source_id,
                     id IN (SELECT area_id FROM here) AS is_here,
                     gss_code = ANY(CAST(:codes AS text[])) AS is_wanted
              FROM areas WHERE area_type = 'ward' AND gone_at IS NULL AND release = {NEWEST}
            ), found AS (
              SELECT * FROM w WHERE is_here OR is_wanted
                OR name ILIKE :pattern OR lad_name ILIKE :pattern
                OR (CAST(:pattern AS text) IS NULL AND CAST(:lon AS float8) IS NULL)
              ORDER BY is_wanted DESC, is_here DESC, lad_name, name, gss_code LIMIT :limit
            )
            SELECT w.*, inside.assets FROM found w CROSS JOIN LATERAL ({COUNT_INSIDE}) AS inside
            ORDER BY w.is_wanted DESC, w.is_here DESC, w.lad_name, w.name, w.gss_code
            """  # noqa: S608 - constants only
        ),
        {"lon": lon, "lat": lat, "codes": list(codes), "pattern": pattern, "limit": limit},
    ).all()


def find_bounds(connection: sa.Connection) -> Box | None:
    """Return the rectangle of the newest wards in degrees; None when there are none."""
    row = connection.execute(
        sa.text(
            f"""
            SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box) FROM (
              SELECT ST_Extent(geom) AS box FROM areas
              WHERE area_type = 'ward' AND gone_at IS NULL AND release = {NEWEST}
            ) AS whole WHERE box IS NOT NULL
            """  # noqa: S608 - constants only
        )
    ).first()
    return None if row is None else tuple(row)
