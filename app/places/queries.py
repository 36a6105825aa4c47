"""All SQL about where a question starts from."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa


def find_postcode(connection: sa.Connection, *, postcode: str) -> sa.Row[Any] | None:
    """Return lon, lat (degrees, WGS 84), quality and gone_at of a postcode written "BD1 1AF"."""
    return connection.execute(
        sa.text(
            "SELECT postcode, ST_X(geom) AS lon, ST_Y(geom) AS lat, positional_quality, gone_at"
            " FROM postcodes WHERE postcode = :postcode"
        ),
        {"postcode": postcode},
    ).first()


def find_home(connection: sa.Connection, *, home_id: uuid.UUID) -> sa.Row[Any] | None:
    """Return id, name, address, postcode, source_id, lon and lat of a care home on the map."""
    return connection.execute(
        sa.text(
            "SELECT id, name, address, postcode, source_id, ST_X(geom) AS lon, ST_Y(geom) AS lat"
            " FROM public_assets WHERE id = :id AND kind = 'care_home'"
        ),
        {"id": home_id},
    ).first()


def find_homes_named(connection: sa.Connection, *, name: str, limit: int) -> Sequence[sa.Row[Any]]:
    """Return the care homes whose name is, holds or is like `name`, best first.

    `likeness` is 3 for the same name, 2 for one that starts with it, 1 for one that holds it,
    and below 1 for one that only resembles it (pg_trgm's word similarity).
    """
    return connection.execute(
        sa.text(
            """
            SELECT id, name, address, postcode, ST_X(geom) AS lon, ST_Y(geom) AS lat,
                   CASE WHEN lower(name) = lower(:name) THEN 3
                        WHEN starts_with(lower(name), lower(:name)) THEN 2
                        WHEN name ILIKE :pattern THEN 1
                        ELSE word_similarity(:name, name) END AS likeness
            FROM public_assets
            WHERE kind = 'care_home' AND geom IS NOT NULL
              AND (name ILIKE :pattern OR :name <% name)
            ORDER BY likeness DESC, name, id
            LIMIT :limit
            """
        ),
        {"name": name, "pattern": like_pattern(name), "limit": limit},
    ).all()


def like_pattern(text: str) -> str:
    """Return the LIKE pattern for names that hold `text`, whatever signs are in it."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
