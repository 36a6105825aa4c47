"""The rows of files: the views that OGC API shows, a few thousand at a time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from app.assets.queries import AssetFilter, conditions_of

CHUNK = 5_000
COLUMNS = {
    "assets": (
        "id", "kind", "name", "description", "interests", "access", "phone", "email", "website",
        "opening_hours", "address", "postcode", "lon", "lat", "ward_code", "ward_name",
        "placed_by", "beds", "checked_on", "source", "publisher", "licence", "attribution",
    ),
    "activities": (
        "id", "name", "description", "organizer", "organizer_id", "venue", "venue_id",
        "comes_to_homes", "interests", "access", "cost_pence", "phone", "email", "website",
        "address", "postcode", "lon", "lat", "schedule", "checked_on", "source", "publisher",
        "licence", "attribution",
    ),
}  # fmt: skip
_SHOWN = {
    "id": "v.id::text AS id", "organizer_id": "v.organizer_id::text AS organizer_id",
    "venue_id": "v.venue_id::text AS venue_id", "lon": "ST_X(v.geom) AS lon",
    "lat": "ST_Y(v.geom) AS lat",
}  # fmt: skip


def _wanted(name: str, wanted: AssetFilter | None) -> tuple[str, dict[str, Any]]:
    """Return the condition for what is asked for, and its values."""
    parts, values = conditions_of(wanted) if wanted is not None else ([], {})
    if not parts or name != "assets":
        return "true", {}
    inner = f"SELECT a.id FROM public_assets a WHERE {' AND '.join(parts)}"  # noqa: S608
    return f"v.id IN ({inner})", values


def list_sources(
    connection: sa.Connection, name: str, *, wanted: AssetFilter | None
) -> Sequence[sa.Row[Any]]:
    """Return source, publisher, licence, attribution, share_alike and how many rows are theirs."""
    condition, values = _wanted(name, wanted)
    return connection.execute(
        sa.text(
            "SELECT v.source, v.publisher, v.licence, v.attribution, v.share_alike,"  # noqa: S608
            f" count(*) AS rows FROM ogc.{name} v WHERE {condition}"
            " GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 3, 4"
        ),
        values,
    ).all()


def stream_rows(
    connection: sa.Connection, name: str, *, wanted: AssetFilter | None, share_alike: bool
) -> Iterator[Sequence[sa.Row[Any]]]:
    """Yield rows of `COLUMNS` by id, at most `CHUNK` at a time: each a question by itself."""
    condition, values = _wanted(name, wanted)
    shown = ", ".join(_SHOWN.get(column, f"v.{column}") for column in COLUMNS[name])
    statement = sa.text(
        f"SELECT {shown} FROM ogc.{name} v"  # noqa: S608
        f" WHERE v.id > :last AND v.share_alike = :share_alike AND {condition}"
        " ORDER BY v.id LIMIT :chunk"
    )
    last = str(uuid.UUID(int=0))
    while True:
        given = values | {"last": last, "share_alike": share_alike, "chunk": CHUNK}
        rows = connection.execute(statement, given).all()
        if rows:
            yield rows
        if len(rows) < CHUNK:
            return
        last = rows[-1].id


def rules_of(schedules: Mapping[uuid.UUID, Sequence[sa.Row[Any]]], key: uuid.UUID) -> str | None:
    """Return the rules (RFC 5545) of an activity's schedules."""
    rules = [one.rrule or "once" for one in schedules.get(key, ())]
    return "; ".join(rules) or None
