"""All SQL about pairs that may be one place: finding, listing, deciding."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.assets.edit_queries import FACTS_OF

NEAR_M = 150.0
# More than these at one door or under one number are no pairs, they are a switchboard.
MOST_NEAR, MOST_ALIKE = 100, 50

SHOWN = "{0}.gone_at IS NULL AND {0}.duplicate_of IS NULL AND {0}.kind <> 'informal'"
COMPARED = """
  {0}.name AS {1}_name, {0}.kind::text AS {1}_kind, {0}.postcode AS {1}_postcode,
  {0}.website AS {1}_website, {0}.charity_number AS {1}_charity_number,
  CASE WHEN {0}.is_contact_public THEN {0}.phone END AS {1}_phone,
  CASE WHEN {0}.is_contact_public THEN {0}.email END AS {1}_email
"""
# The nearest of many; in order of an index the planner would walk through all of that index.
# One question an index, because an OR would keep all of them from being used. 150 m is at most
# 0.0014 degrees of latitude and 0.0028 of longitude in Great Britain. A web page has eight
# spellings: with and without s, www. and a last slash.
CANDIDATES = f"""
WITH asked AS (
  SELECT a.id, a.geom, a.point_27700, a.postcode, a.charity_number,
         CASE WHEN a.is_contact_public THEN a.phone END AS phone,
         regexp_replace(a.website, '^https?://(www\\.)?|/+$', '', 'g') AS page
  FROM assets a WHERE a.id = ANY(:ids) AND {SHOWN.format("a")}
), found AS (
  SELECT t.id AS one, o.id AS other FROM asked t CROSS JOIN LATERAL (
    SELECT o.id FROM assets o
    WHERE o.geom && ST_MakeEnvelope(ST_X(t.geom) - 0.0028, ST_Y(t.geom) - 0.0014,
                                    ST_X(t.geom) + 0.0028, ST_Y(t.geom) + 0.0014, 4326)
      AND o.id <> t.id AND {SHOWN.format("o")}
      AND ST_Distance(t.point_27700, o.point_27700) <= :near_m
    ORDER BY ST_Distance(t.point_27700, o.point_27700), o.id LIMIT :most_near) o
  {
    "".join(
        f'''
  UNION
  SELECT t.id, o.id FROM asked t CROSS JOIN LATERAL (
    SELECT o.id FROM assets o WHERE {rule} AND o.id <> t.id AND {SHOWN.format("o")}
    ORDER BY ST_Distance(t.point_27700, o.point_27700), o.id LIMIT :most_alike) o'''
        for rule in (
            "o.postcode = t.postcode",
            "o.phone = t.phone AND o.is_contact_public",
            "o.charity_number = t.charity_number",
            "o.website = ANY(ARRAY(SELECT p || w || t.page || s"
            " FROM unnest(ARRAY['http://', 'https://']) p, unnest(ARRAY['', 'www.']) w,"
            " unnest(ARRAY['', '/']) s))",
        )
    )
}
), pairs AS (
  SELECT DISTINCT least(one, other) AS asset_id, greatest(one, other) AS other_id FROM found
)
SELECT p.asset_id, p.other_id, ST_Distance(a.point_27700, o.point_27700) AS distance_m,
       {COMPARED.format("a", "one")}, {COMPARED.format("o", "other")}
FROM pairs p JOIN assets a ON a.id = p.asset_id JOIN assets o ON o.id = p.other_id
WHERE NOT EXISTS (SELECT FROM duplicate_pairs d WHERE d.asset_id = p.asset_id
                  AND d.other_id = p.other_id AND d.status <> 'likely')
"""  # noqa: S608 - constants only


def list_candidates(session: Session, *, ids: Sequence[uuid.UUID]) -> Sequence[sa.Row[Any]]:
    """Return what may be a pair with one of `ids`, each pair once, but those decided on.

    Near each other, at one postcode, under one public number or page, or one charity.
    """
    return session.execute(
        sa.text(CANDIDATES),
        {"ids": list(ids), "near_m": NEAR_M, "most_near": MOST_NEAR, "most_alike": MOST_ALIKE},
    ).all()


def store_likely(session: Session, *, pairs: Sequence[Mapping[str, Any]]) -> int:
    """Store likely pairs (asset_id, other_id, likeness, reasons); return how many are new.

    What is known of a pair is brought up to date, unless it was decided on.
    """
    if not pairs:
        return 0
    values = [
        {"asset_id": str(p["asset_id"]), "other_id": str(p["other_id"]),
         "likeness": p["likeness"], "reasons": list(p["reasons"])}
        for p in pairs
    ]  # fmt: skip
    return int(
        session.execute(
            sa.text(
                """
                WITH written AS (
                  INSERT INTO duplicate_pairs (asset_id, other_id, likeness, reasons)
                  SELECT asset_id, other_id, likeness, reasons
                  FROM jsonb_to_recordset(CAST(:pairs AS jsonb))
                    AS p (asset_id uuid, other_id uuid, likeness float8, reasons text[])
                  ORDER BY 1, 2
                  ON CONFLICT (asset_id, other_id) DO UPDATE
                    SET likeness = excluded.likeness, reasons = excluded.reasons
                    WHERE duplicate_pairs.status = 'likely'
                      AND (duplicate_pairs.likeness, duplicate_pairs.reasons)
                        IS DISTINCT FROM (excluded.likeness, excluded.reasons)
                  RETURNING xmax = 0 AS is_new
                ) SELECT count(*) FILTER (WHERE is_new) FROM written
                """
            ),
            {"pairs": json.dumps(values)},
        ).scalar_one()
    )


def forget_unlikely(
    session: Session, *, ids: Sequence[uuid.UUID], likely: Sequence[tuple[uuid.UUID, uuid.UUID]]
) -> int:
    """Delete the undecided pairs of `ids` that are not `likely` any more; return how many."""
    return int(
        session.execute(
            sa.text(
                """
                WITH gone AS (
                  DELETE FROM duplicate_pairs d
                  WHERE d.status = 'likely'
                    AND (d.asset_id = ANY(:ids) OR d.other_id = ANY(:ids))
                    AND NOT EXISTS (
                      SELECT FROM unnest(CAST(:ones AS uuid[]), CAST(:others AS uuid[]))
                        AS l (one, other)
                      WHERE l.one = d.asset_id AND l.other = d.other_id)
                  RETURNING 1
                ) SELECT count(*) FROM gone
                """
            ),
            {
                "ids": list(ids),
                "ones": [one for one, _ in likely],
                "others": [other for _, other in likely],
            },
        ).scalar_one()
    )


def list_ids(
    session: Session, *, after: uuid.UUID | None, limit: int, area_id: int | None = None
) -> list[uuid.UUID]:
    """Return the next ids of assets that are shown, in the ward `area_id` if one is given."""
    inside = (
        "AND a.id IN (SELECT i.id FROM area_parts p JOIN assets i"
        " ON ST_Intersects(p.geom, i.geom) WHERE p.area_id = :area_id)"
        if area_id is not None
        else ""
    )
    return list(
        session.execute(
            sa.text(
                f"SELECT a.id FROM assets a WHERE {SHOWN.format('a')} {inside}"  # noqa: S608
                " AND (CAST(:after AS uuid) IS NULL OR a.id > :after) ORDER BY a.id LIMIT :limit"
            ),
            {"after": after, "limit": limit} | ({} if area_id is None else {"area_id": area_id}),
        ).scalars()
    )


def count_ids(session: Session) -> int:
    """Return how many assets are shown and no skill or network."""
    return int(
        session.execute(
            sa.text(f"SELECT count(*) FROM assets a WHERE {SHOWN.format('a')}")  # noqa: S608
        ).scalar_one()
    )


def list_changed(session: Session, *, limit: int) -> Sequence[sa.Row[Any]]:
    """Return id and updated_at of what has changed since the last search, oldest first."""
    return session.execute(
        sa.text(
            """
            SELECT a.id, a.updated_at FROM assets a
            WHERE (a.updated_at, a.id) > (
              coalesce((SELECT changed_at FROM pair_searches), '-infinity'),
              coalesce((SELECT asset_id FROM pair_searches),
                       '00000000-0000-0000-0000-000000000000'))
            ORDER BY a.updated_at, a.id LIMIT :limit
            """
        ),
        {"limit": limit},
    ).all()


def remember_search(session: Session, *, changed_at: dt.datetime, asset_id: uuid.UUID) -> None:
    """Remember how far a search has come, but no nearer than an hour.

    A row's time is when its transaction began: a long import's rows appear later than that.
    """
    session.execute(
        sa.text(
            """
            INSERT INTO pair_searches (changed_at, asset_id)
            VALUES (least(CAST(:changed_at AS timestamptz), now() - interval '1 hour'), :asset_id)
            ON CONFLICT (id) DO UPDATE
              SET changed_at = excluded.changed_at, asset_id = excluded.asset_id
              WHERE excluded.changed_at >= pair_searches.changed_at
            """
        ),
        {"changed_at": changed_at, "asset_id": asset_id},
    )


INSIDE = """
  AND (d.asset_id IN (SELECT i.id FROM area_parts p JOIN assets i
                      ON ST_Intersects(p.geom, i.geom) WHERE p.area_id = :area_id)
    OR d.other_id IN (SELECT i.id FROM area_parts p JOIN assets i
                      ON ST_Intersects(p.geom, i.geom) WHERE p.area_id = :area_id))
"""


def list_likely(
    session: Session, *, limit: int, offset: int = 0, area_id: int | None = None
) -> Sequence[sa.Row[Any]]:
    """Return pairs to decide on, likeliest first, with both names, kinds and sources."""
    return session.execute(
        sa.text(
            f"""
            SELECT d.asset_id, d.other_id, d.likeness, d.reasons,
                   a.name, a.kind::text AS kind, a.address, a.source_id,
                   o.name AS other_name, o.kind::text AS other_kind, o.address AS other_address,
                   o.source_id AS other_source_id
            FROM duplicate_pairs d
            JOIN assets a ON a.id = d.asset_id AND {SHOWN.format("a")}
            JOIN assets o ON o.id = d.other_id AND {SHOWN.format("o")}
            WHERE d.status = 'likely' {INSIDE if area_id is not None else ""}
            ORDER BY d.likeness DESC, d.asset_id, d.other_id LIMIT :limit OFFSET :offset
            """  # noqa: S608 - constants only
        ),
        {"limit": limit, "offset": offset} | ({} if area_id is None else {"area_id": area_id}),
    ).all()


def count_likely(session: Session) -> int:
    """Return how many pairs wait for somebody to decide."""
    return int(
        session.execute(
            sa.text(
                f"""
                SELECT count(*) FROM duplicate_pairs d
                JOIN assets a ON a.id = d.asset_id AND {SHOWN.format("a")}
                JOIN assets o ON o.id = d.other_id AND {SHOWN.format("o")}
                WHERE d.status = 'likely'
                """  # noqa: S608 - constants only
            )
        ).scalar_one()
    )


def find_sides(session: Session, *, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, sa.Row[Any]]:
    """Return facts, source and number of activities of assets, gone and linked ones too, by id."""
    rows = session.execute(
        sa.text(
            f"""
            SELECT {FACTS_OF}, a.assured_date, a.kept_fields, s.name AS source_name, s.licence,
                   s.precedence, s.is_share_alike,
                   (SELECT count(*) FROM public_activities v
                    WHERE v.organizer_id = a.id OR v.venue_id = a.id) AS activities
            FROM assets a JOIN sources s ON s.id = a.source_id WHERE a.id = ANY(:ids)
            """  # noqa: S608 - constants only
        ),
        {"ids": list(ids)},
    )
    return {row.id: row for row in rows}


def distance_between(session: Session, *, one: uuid.UUID, other: uuid.UUID) -> float | None:
    """Return how far apart two assets are, in metres; None where one has no point."""
    return session.execute(
        sa.text(
            "SELECT ST_Distance(a.point_27700, o.point_27700) FROM assets a, assets o"
            " WHERE a.id = :one AND o.id = :other"
        ),
        {"one": one, "other": other},
    ).scalar()
