"""All SQL about foot networks and what was worked out on them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa


def find_version(connection: sa.Connection) -> str | None:
    """Return what the networks loaded are called together; None when there are none.

    Another network, or another version of one, has another name.
    """
    version: str | None = connection.execute(
        sa.text("SELECT string_agg(id || ':' || left(digest, 12), ' ' ORDER BY id)"
                " FROM foot_networks")
    ).scalar()  # fmt: skip
    return version


def read_networks(connection: sa.Connection) -> Sequence[sa.Row[Any]]:
    """Return id, source_id and content of every network."""
    return connection.execute(
        sa.text("SELECT id, source_id, content FROM foot_networks ORDER BY id")
    ).all()


def find_network(connection: sa.Connection, *, source_id: int, scope: str) -> sa.Row[Any] | None:
    """Return id, digest, as_of and edges of the network of a source and scope."""
    return connection.execute(
        sa.text(
            "SELECT id, digest, as_of, edges FROM foot_networks"
            " WHERE source_id = :source_id AND scope = :scope"
        ),
        {"source_id": source_id, "scope": scope},
    ).first()


def keep_network(connection: sa.Connection, **values: Any) -> None:
    """Store a network, in place of an earlier one of its source and scope.

    `bounds` are west, south, east and north in metres, British National Grid. A new number each
    time: whoever keeps the old one in memory can tell.
    """
    west, south, east, north = values.pop("bounds")
    given = values | {"west": west, "south": south, "east": east, "north": north}
    connection.execute(
        sa.text("DELETE FROM foot_networks WHERE source_id = :source_id AND scope = :scope"), given
    )
    connection.execute(
        sa.text(
            """
            INSERT INTO foot_networks
              (source_id, scope, file_name, as_of, digest, nodes, edges, length_m, bounds, content)
            VALUES (:source_id, :scope, :file_name, :as_of, :digest, :nodes, :edges, :length_m,
                    ST_MakeEnvelope(:west, :south, :east, :north, 27700), :content)
            """
        ),
        given,
    )


def find_walks(
    connection: sa.Connection,
    *,
    home_id: uuid.UUID | str,
    asset_ids: Collection[str],
    version: str,
) -> Sequence[sa.Row[Any]]:
    """Return asset_id (text), walk_m and step_free_m worked out for a home on these networks.

    Only where home and place still are where they were then.
    """
    return connection.execute(
        sa.text(
            """
            SELECT w.asset_id::text AS asset_id, w.walk_m, w.step_free_m
            FROM walk_homes h
            JOIN public_assets own ON own.id = h.home_id AND own.point_27700 = h.at
            JOIN walks w ON w.home_id = h.home_id
            JOIN public_assets p ON p.id = w.asset_id AND p.point_27700 = w.at
            WHERE h.home_id = :home_id AND h.network_version = :version
              AND w.asset_id = ANY(CAST(:asset_ids AS uuid[]))
            """
        ),
        {"home_id": home_id, "asset_ids": list(asset_ids), "version": version},
    ).all()


# What is only known by its ward has no door to walk to.
_PLACED = """
  SELECT a.id, a.geom, a.point_27700 FROM public_assets a
  WHERE a.point_27700 IS NOT NULL AND a.location_source <> 'ward'
"""


def list_due_homes(connection: sa.Connection, *, version: str) -> Sequence[sa.Row[Any]]:
    """Return home_id, easting and northing of homes whose walks are missing or of old networks.

    A home is due, too, when a place near it has none worked out.
    """
    return connection.execute(
        sa.text(
            f"""
            SELECT h.id AS home_id, ST_X(h.point_27700) AS easting, ST_Y(h.point_27700) AS northing
            FROM public_assets h
            LEFT JOIN walk_homes w
              ON w.home_id = h.id AND w.network_version = :version AND w.at = h.point_27700
            WHERE h.kind = 'care_home' AND h.point_27700 IS NOT NULL AND (
              w.home_id IS NULL OR EXISTS (
                SELECT FROM ({_PLACED}) AS p
                WHERE p.id <> h.id AND ST_DWithin(p.point_27700, h.point_27700, :within_m)
                  AND NOT EXISTS (
                    SELECT FROM walks k
                    WHERE k.home_id = h.id AND k.asset_id = p.id AND k.at = p.point_27700)))
            ORDER BY h.id
            """  # noqa: S608 - constants only
        ),
        {"version": version, "within_m": NEAR_HOME_M},
    ).all()


# As the crow flies: what is farther is farther on foot.
NEAR_HOME_M = 2_500.0


def list_places_near(
    connection: sa.Connection, *, easting: float, northing: float
) -> Sequence[sa.Row[Any]]:
    """Return asset_id, easting and northing of what is near a point (British National Grid)."""
    return connection.execute(
        sa.text(
            f"""
            SELECT p.id AS asset_id, ST_X(p.point_27700) AS easting, ST_Y(p.point_27700) AS northing
            FROM ({_PLACED}) AS p
            WHERE ST_DWithin(
              p.point_27700, ST_SetSRID(ST_MakePoint(:easting, :northing), 27700), :within_m)
            ORDER BY p.id
            """  # noqa: S608 - constants only
        ),
        {"easting": easting, "northing": northing, "within_m": NEAR_HOME_M},
    ).all()


def list_pairs(
    connection: sa.Connection, *, home_ids: Sequence[str], version: str, within_m: float
) -> Sequence[sa.Row[Any]]:
    """Return every place near each home, with the walk that is kept if there is one.

    home_id and asset_id (text), straight_m, lon, lat, walk_m, and is_kept: whether the walk was
    worked out on the networks of `version`. `within_m` is as the crow flies.
    """
    return connection.execute(
        sa.text(
            f"""
            SELECT h.id::text AS home_id, p.id::text AS asset_id,
                   ST_Distance(p.point_27700, h.point_27700) AS straight_m,
                   ST_X(p.geom) AS lon, ST_Y(p.geom) AS lat,
                   k.walk_m, k.asset_id IS NOT NULL AS is_kept
            FROM public_assets h
            JOIN ({_PLACED}) AS p
              ON p.id <> h.id AND ST_DWithin(p.point_27700, h.point_27700, :within_m)
            LEFT JOIN walk_homes w
              ON w.home_id = h.id AND w.network_version = :version AND w.at = h.point_27700
            LEFT JOIN walks k
              ON k.home_id = w.home_id AND k.asset_id = p.id AND k.at = p.point_27700
            WHERE h.id = ANY(CAST(:home_ids AS uuid[]))
            """  # noqa: S608 - constants only
        ),
        {"home_ids": list(home_ids), "version": version, "within_m": within_m},
    ).all()


def keep_walks(
    connection: sa.Connection,
    *,
    home: sa.Row[Any],
    version: str,
    places: Sequence[sa.Row[Any]],
    walks_m: Sequence[float | None],
    step_free_m: Sequence[float | None],
) -> None:
    """Store all walks of a home in place of what was there.

    `home` and `places` are rows of `list_due_homes` and `list_places_near`: with the walks is kept
    where they were when these were worked out.
    """
    given = {
        "home_id": home.home_id,
        "home_easting": home.easting,
        "home_northing": home.northing,
        "version": version,
        "asset_ids": [str(place.asset_id) for place in places],
        "eastings": [place.easting for place in places],
        "northings": [place.northing for place in places],
        "walks_m": list(walks_m),
        "step_free_m": list(step_free_m),
    }
    # Two programs that work out one home: the second waits, and writes the same.
    connection.execute(
        sa.text("SELECT pg_advisory_xact_lock(hashtext('walks'), hashtext(:home_id))"),
        given | {"home_id": str(home.home_id)},
    )
    connection.execute(sa.text("DELETE FROM walks WHERE home_id = :home_id"), given)
    connection.execute(KEEP_WALKS, given)
    connection.execute(KEEP_HOME, given)


KEEP_WALKS = sa.text(
    """
    INSERT INTO walks (home_id, asset_id, at, walk_m, step_free_m)
    SELECT :home_id, w.asset_id, ST_SetSRID(ST_MakePoint(easting, northing), 27700), walk_m,
           step_free_m
    FROM unnest(CAST(:asset_ids AS uuid[]), CAST(:eastings AS float8[]),
                CAST(:northings AS float8[]), CAST(:walks_m AS real[]),
                CAST(:step_free_m AS real[]))
      AS w (asset_id, easting, northing, walk_m, step_free_m)
    -- Deleted meanwhile: nothing points at nothing.
    JOIN assets a ON a.id = w.asset_id
    WHERE w.asset_id <> :home_id
    """
)
KEEP_HOME = sa.text(
    """
    INSERT INTO walk_homes (home_id, at, network_version)
    VALUES (:home_id, ST_SetSRID(ST_MakePoint(:home_easting, :home_northing), 27700), :version)
    ON CONFLICT (home_id) DO UPDATE
      SET at = excluded.at, network_version = excluded.network_version, refreshed_at = now()
    """
)


def forget_all(connection: sa.Connection) -> None:
    """Delete every walk: there is no network any more."""
    connection.execute(sa.text("DELETE FROM walks"))
    connection.execute(sa.text("DELETE FROM walk_homes"))


def allow_long(connection: sa.Connection) -> None:
    """Lift the limit on statements for this transaction: nobody waits for a page."""
    connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
