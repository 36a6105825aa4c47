"""All SQL of a councillor's first page: their wards, what waits there, what they passed on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.areas.queries import NEWEST

MOST_PASSED_ON = 100

# Only what is passed on says a ward: the public's suggestions have a postcode or an address.
PASSED_ON = "s.kind = 'new' AND s.fields -> 'place' ->> 'ward_code'"


def list_wards(session: Session, *, codes: Sequence[str]) -> Sequence[sa.Row[Any]]:
    """Return the newest wards of these codes as `areas.queries.find_wards_of_code` does."""
    return session.execute(
        sa.text(
            f"""
            SELECT id, gss_code, name, lad_code, lad_name, release, source_id, true AS is_newest
            FROM areas WHERE area_type = 'ward' AND gone_at IS NULL AND release = {NEWEST}
              AND gss_code = ANY(CAST(:codes AS text[]))
            ORDER BY name, gss_code
            """  # noqa: S608 - constants only
        ),
        {"codes": list(codes)},
    ).all()


def count_waiting(session: Session, *, area_id: int, gss_code: str) -> int | None:
    """Return how much from or about a ward waits for an editor; None: fewer than 8, else to 5.

    Suggestions, and photos of what is there.
    """
    found: int | None = session.execute(
        sa.text(
            f"""
            SELECT rounded_count(count(*)) FROM (
              SELECT s.id FROM suggestions s
              LEFT JOIN public_assets a ON a.id = s.asset_id
              LEFT JOIN postcodes p ON p.postcode = s.fields ->> 'postcode' AND s.kind = 'new'
              WHERE s.decision = 'waiting' AND (
                a.ward_code = :code OR {PASSED_ON} = :code
                OR EXISTS (SELECT FROM area_parts part WHERE part.area_id = :id
                           AND ST_Intersects(part.geom, coalesce(a.geom, p.geom))))
              UNION ALL
              SELECT f.id FROM photos f JOIN public_assets a ON a.id = f.asset_id
              WHERE f.decision = 'waiting' AND (
                a.ward_code = :code
                OR EXISTS (SELECT FROM area_parts part WHERE part.area_id = :id
                           AND ST_Intersects(part.geom, a.geom)))
            ) AS waiting
            """  # noqa: S608 - constants only
        ),
        {"id": area_id, "code": gss_code},
    ).scalar_one()
    return found


def list_passed_on(session: Session, *, codes: Sequence[str]) -> Sequence[sa.Row[Any]]:
    """Return what was passed on from wards, the newest first.

    ward_code, name, created_at, decision, reason, and asset_id with asset_name of what came of it
    if that is on the map.
    """
    return session.execute(
        sa.text(
            f"""
            SELECT s.fields -> 'place' ->> 'ward_code' AS ward_code, s.fields ->> 'name' AS name,
                   s.created_at, s.decision::text AS decision, s.reason,
                   a.id AS asset_id, a.name AS asset_name
            FROM suggestions s LEFT JOIN public_assets a ON a.id = s.asset_id
            WHERE {PASSED_ON} = ANY(CAST(:codes AS text[]))
            ORDER BY s.created_at DESC, s.id LIMIT :most
            """  # noqa: S608 - constants only
        ),
        {"codes": list(codes), "most": MOST_PASSED_ON},
    ).all()
