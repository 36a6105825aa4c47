"""All SQL about wards in several boundary releases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from app.areas.queries import STANDS, district_name

# A ward that gave less than this share of itself to another gave nothing: outlines are drawn
# anew for each release, and where nothing was moved they still differ by a few metres.
LEAST_SHARE = 0.01
MOST_SUCCESSORS = 20


def list_successors(connection: sa.Connection, *, area_id: int) -> Sequence[sa.Row[Any]]:
    """Return the wards of today that cover an older one, largest share first.

    id, gss_code, name, lad_name, release, source_id and share: the part (0 to 1) of the older
    ward's area, in square metres of the British National Grid. Less than `LEAST_SHARE` is left out.
    """
    return connection.execute(
        sa.text(
            f"""
            WITH o AS MATERIALIZED (
              SELECT id, release, geom, ST_Transform(geom, 27700) AS shape FROM areas
              WHERE id = :id
            ), shares AS (
              SELECT w.id, w.gss_code, w.name, {district_name("w")} AS lad_name, w.release,
                     w.source_id,
                     ST_Area(ST_Intersection(ST_Transform(w.geom, 27700), o.shape))
                       / ST_Area(o.shape) AS share
              FROM o JOIN areas w ON w.geom && o.geom AND ST_Intersects(w.geom, o.geom)
              WHERE w.area_type = 'ward' AND w.gone_at IS NULL AND w.release > o.release
                AND {STANDS}
            )
            SELECT * FROM shares WHERE share >= :least
            ORDER BY share DESC, gss_code LIMIT :most
            """  # noqa: S608 - constants only
        ),
        {"id": area_id, "least": LEAST_SHARE, "most": MOST_SUCCESSORS},
    ).all()


def list_wards_at(connection: sa.Connection, *, lon: float, lat: float) -> Sequence[sa.Row[Any]]:
    """Return the wards of every release that a point (degrees, WGS 84) is in, newest first.

    id, gss_code, name, lad_name, release, source_id and is_newest: no newer has anything in its
    place; two of a release on an edge.
    """
    return connection.execute(
        sa.text(
            f"""
            SELECT w.id, w.gss_code, w.name, {district_name("w")} AS lad_name, w.release,
                   w.source_id, {STANDS} AS is_newest
            FROM areas w
            WHERE w.area_type = 'ward' AND w.gone_at IS NULL AND w.id IN (
              SELECT area_id FROM area_parts
              WHERE ST_Intersects(geom, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)))
            ORDER BY w.release DESC, w.gss_code
            """  # noqa: S608 - constants only
        ),
        {"lon": lon, "lat": lat},
    ).all()


def list_releases(connection: sa.Connection) -> list[str]:
    """Return the boundary releases of wards, newest first."""
    return list(
        connection.execute(
            sa.text("SELECT DISTINCT release FROM areas WHERE area_type = 'ward'"
                    " AND gone_at IS NULL ORDER BY release DESC")
        ).scalars()
    )  # fmt: skip


def share_areas(
    connection: sa.Connection, *, area_ids: Sequence[int], of_id: int
) -> Mapping[int, float]:
    """Return what part (0 to 1) of each area lies in the area `of_id`, by id."""
    rows = connection.execute(
        sa.text(
            """
            WITH n AS MATERIALIZED (
              SELECT ST_Transform(geom, 27700) AS shape FROM areas WHERE id = :of_id
            ), o AS MATERIALIZED (
              SELECT id, ST_Transform(geom, 27700) AS shape FROM areas
              WHERE id = ANY(CAST(:ids AS int[]))
            )
            SELECT o.id, ST_Area(ST_Intersection(o.shape, n.shape)) / ST_Area(o.shape) AS share
            FROM o CROSS JOIN n
            """
        ),
        {"ids": list(area_ids), "of_id": of_id},
    )
    return {row.id: row.share for row in rows}


def count_kinds(
    connection: sa.Connection, *, area_ids: Sequence[int]
) -> Mapping[int, dict[str, int]]:
    """Return how many places of each kind are in each area now, by the area's id."""
    rows = connection.execute(
        sa.text(
            """
            SELECT i.area_id, i.kind::text AS kind, count(*) AS places
            FROM (
              SELECT p.area_id, a.id, a.kind
              FROM area_parts p CROSS JOIN LATERAL (
                SELECT a.id, a.kind FROM public_assets a
                WHERE ST_Intersects(p.geom, a.geom) OFFSET 0) AS a
              WHERE p.area_id = ANY(CAST(:ids AS int[]))
              UNION
              SELECT w.id, a.id, a.kind
              FROM areas w JOIN public_assets a ON a.ward_code = w.gss_code
              WHERE w.id = ANY(CAST(:ids AS int[]))
            ) AS i
            GROUP BY 1, 2
            """
        ),
        {"ids": list(area_ids)},
    )
    counts: dict[int, dict[str, int]] = {area_id: {} for area_id in area_ids}
    for row in rows:
        counts[row.area_id][row.kind] = row.places
    return counts
