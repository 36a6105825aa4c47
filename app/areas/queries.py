"""All SQL about areas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

# The newest boundaries loaded; a ward that only older ones have is no ward now.
NEWEST = "(SELECT max(release) FROM areas WHERE area_type = 'ward' AND gone_at IS NULL)"


def district_name(ward: str) -> str:
    """Return the SQL of the name of a ward's district: NULL where nobody says it.

    Some publishers' wards name their district by its code alone; then it is called what newer
    wards of it, or the lookups, call it.
    """
    return f"""
      coalesce({ward}.lad_name,
        (SELECT max(d.lad_name) FROM areas d
         WHERE d.area_type = 'ward' AND d.lad_code = {ward}.lad_code),
        (SELECT max(d.lad_name) FROM area_lookups d WHERE d.lad_code = {ward}.lad_code))
    """  # noqa: S608 - constants only


# A ward stands until newer boundaries have something in its place: those of one district may be
# loaded years after those of all. Its middle says whose place it is now; outlines of neighbours
# are drawn anew too, and overlap by what was rounded.
STANDS = f"""
  (w.release = {NEWEST} OR NOT EXISTS (
    SELECT FROM areas n JOIN area_parts p ON p.area_id = n.id
    WHERE n.area_type = 'ward' AND n.gone_at IS NULL AND n.release > w.release
      AND ST_Intersects(p.geom, ST_PointOnSurface(w.geom))))
"""

# Point in polygon by the subdivided parts; DISTINCT because a point on the edge of two parts is
# in both. Informal assets have no point: their ward is given.
COUNT_INSIDE = """
  SELECT count(*) AS assets, count(*) FILTER (WHERE i.kind = 'care_home') AS care_homes
  FROM (
    SELECT a.id, a.kind FROM area_parts p JOIN public_assets a ON ST_Intersects(p.geom, a.geom)
    WHERE p.area_id = w.id
    UNION
    SELECT a.id, a.kind FROM public_assets a WHERE a.ward_code = w.gss_code
  ) AS i
"""


def list_wards(
    connection: sa.Connection,
    *,
    lad_code: str | None,
    release: str | None,
    limit: int,
    offset: int = 0,
) -> Sequence[sa.Row[Any]]:
    """Return wards by district and name with how many assets and care homes each has.

    `release` None: the newest boundaries loaded.
    """
    return connection.execute(
        sa.text(
            f"""
            WITH w AS (
              SELECT a.id, a.gss_code, a.name, a.lad_code, {district_name("a")} AS lad_name,
                     a.release, a.source_id
              FROM areas a
              WHERE a.area_type = 'ward' AND a.gone_at IS NULL
                AND a.release = coalesce(CAST(:release AS text), {NEWEST})
                AND (CAST(:lad_code AS text) IS NULL OR a.lad_code = :lad_code)
              ORDER BY lad_name, name, gss_code LIMIT :limit OFFSET :offset
            )
            SELECT w.*, inside.assets, inside.care_homes
            FROM w CROSS JOIN LATERAL ({COUNT_INSIDE}) AS inside
            ORDER BY w.lad_name, w.name, w.gss_code
            """  # noqa: S608 - constants only
        ),
        {"release": release, "lad_code": lad_code, "limit": limit, "offset": offset},
    ).all()


def list_outlines(
    connection: sa.Connection, *, area_ids: Sequence[int], tolerance_m: float
) -> dict[int, str]:
    """Return areas' outlines as GeoJSON text (lon, lat), simplified to `tolerance_m` metres.

    0 changes nothing: every vertex and every digit, as published.
    """
    rows = connection.execute(
        sa.text(
            """
            SELECT id, ST_AsGeoJSON(ST_ForcePolygonCCW(CASE WHEN :tolerance_m > 0
              THEN ST_Transform(ST_SimplifyPreserveTopology(
                     ST_Transform(geom, 27700), :tolerance_m), 4326)
              ELSE geom END), CASE WHEN :tolerance_m > 0 THEN 6 ELSE 15 END) AS outline
            FROM areas WHERE id = ANY(CAST(:ids AS int[]))
            """
        ),
        {"ids": list(area_ids), "tolerance_m": tolerance_m},
    )
    return {row.id: row.outline for row in rows}


def list_districts(connection: sa.Connection, *, release: str | None) -> Sequence[sa.Row[Any]]:
    """Return the districts that have wards: lad_code, lad_name and how many wards."""
    return connection.execute(
        sa.text(
            f"""
            SELECT c.lad_code, c.wards, {district_name("c")} AS lad_name
            FROM (
              SELECT lad_code, count(*) AS wards, max(lad_name) AS lad_name FROM areas
              WHERE area_type = 'ward' AND gone_at IS NULL AND lad_code IS NOT NULL
                AND release = coalesce(CAST(:release AS text), {NEWEST})
              GROUP BY lad_code
            ) AS c
            ORDER BY 3, 1
            """  # noqa: S608 - constants only
        ),
        {"release": release},
    ).all()


def find_wards_of_code(connection: sa.Connection, *, gss_code: str) -> Sequence[sa.Row[Any]]:
    """Return a ward in every release that has it, newest first.

    `is_newest` says whether it stands: its release is the newest loaded, or no newer one has
    anything in its place. `is_in_newest_release` says the first alone.
    """
    return connection.execute(
        sa.text(
            f"""
            SELECT w.id, w.gss_code, w.name, w.lad_code, {district_name("w")} AS lad_name,
                   w.release, w.source_id, {STANDS} AS is_newest,
                   w.release = {NEWEST} AS is_in_newest_release
            FROM areas w WHERE w.area_type = 'ward' AND w.gss_code = :code AND w.gone_at IS NULL
            ORDER BY w.release DESC
            """  # noqa: S608 - constants only
        ),
        {"code": gss_code},
    ).all()


def find_wards_named(connection: sa.Connection, *, name: str, limit: int) -> Sequence[sa.Row[Any]]:
    """Return the wards of today called `name`, or else holding it in their name."""
    escaped = name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return connection.execute(
        sa.text(
            f"""
            SELECT w.id, w.gss_code, w.name, {district_name("w")} AS lad_name,
                   lower(w.name) = lower(:name) AS is_same
            FROM areas w
            WHERE w.area_type = 'ward' AND w.gone_at IS NULL AND w.name ILIKE :pattern AND {STANDS}
            ORDER BY is_same DESC, name, gss_code LIMIT :limit
            """  # noqa: S608 - constants only
        ),
        {"name": name, "pattern": f"%{escaped}%", "limit": limit},
    ).all()


def find_wards_at(connection: sa.Connection, *, lon: float, lat: float) -> Sequence[sa.Row[Any]]:
    """Return the wards that a point (degrees, WGS 84) is in now: one, or two on an edge."""
    return connection.execute(
        sa.text(
            f"""
            SELECT w.id, w.gss_code, w.name, {district_name("w")} AS lad_name FROM areas w
            WHERE w.area_type = 'ward' AND w.gone_at IS NULL AND w.id IN (
              SELECT area_id FROM area_parts
              WHERE ST_Intersects(geom, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)))
              AND {STANDS}
            ORDER BY w.release DESC, w.gss_code
            """  # noqa: S608 - constants only
        ),
        {"lon": lon, "lat": lat},
    ).all()


def list_outlines_within(
    connection: sa.Connection, *, box: tuple[float, float, float, float], limit: int
) -> Sequence[sa.Row[Any]]:
    """Return gss_code, name and outline (WKB, lon lat) of the newest wards in a box of degrees.

    Those that only touch it too. Simplified to about 20 m: they are drawn faintly, to know
    one's way about. With each, its publisher's attribution and licence.
    """
    west, south, east, north = box
    return connection.execute(
        sa.text(
            f"""
            SELECT w.gss_code, w.name, s.attribution, s.licence,
                   ST_AsBinary(ST_SimplifyPreserveTopology(w.geom, 0.0002)) AS outline
            FROM areas w JOIN sources s ON s.id = w.source_id
            WHERE w.area_type = 'ward' AND w.gone_at IS NULL AND w.release = {NEWEST}
              AND w.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4326)
            ORDER BY w.id LIMIT :limit
            """  # noqa: S608 - constants only
        ),
        {"west": west, "south": south, "east": east, "north": north, "limit": limit},
    ).all()
