"""All SQL about feeds: where they are, what came of them, and what they brought."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.feeds.refreshing import Outcome

COLUMNS = """
  f.id, f.kind::text AS kind, f.name, f.url, f.publisher, f.licence, f.attribution,
  f.organizer_id, f.every_hours, f.is_on, f.etag, f.last_modified, f.cursor, f.tried_at,
  f.read_at, f.failures, f.message, f.version, f.created_at, f.updated_at
"""
WITH_ORGANIZER = "FROM feeds f LEFT JOIN assets o ON o.id = f.organizer_id"
# The source of a feed, and those of the records it passes on (see `VIA` of the importers).
OF_FEED = "(s.slug = :slug OR starts_with(s.slug, :slug || '-via-'))"
# Advisory locks of feeds: this and the feed's number. Nobody else uses two numbers.
READING = 7_262_521


def find_feed(bind: Session | sa.Connection, *, feed_id: int) -> sa.Row[Any] | None:
    """Return a feed, with its organizer's name."""
    statement = sa.text(
        f"SELECT {COLUMNS}, o.name AS organizer_name {WITH_ORGANIZER} WHERE f.id = :id"
    )
    return bind.execute(statement, {"id": feed_id}).one_or_none()


def list_feeds(session: Session) -> Sequence[sa.Row[Any]]:
    """Return every feed: those that fail first, then by name."""
    statement = sa.text(
        f"SELECT {COLUMNS}, o.name AS organizer_name {WITH_ORGANIZER}"
        " ORDER BY f.is_on DESC, f.failures = 0, lower(f.name), f.id"
    )
    return session.execute(statement).all()


def list_on(session: Session) -> Sequence[sa.Row[Any]]:
    """Return the feeds that are not paused."""
    statement = sa.text(f"SELECT {COLUMNS} FROM feeds f WHERE f.is_on ORDER BY f.id")  # noqa: S608 - constants only
    return session.execute(statement).all()


def is_taken(session: Session, *, kind: str, url: str, but: int | None = None) -> bool:
    """Return whether a feed of this kind and address is there already (`but`: other than this)."""
    statement = sa.text(
        "SELECT EXISTS (SELECT FROM feeds WHERE kind = CAST(:kind AS feed_kind) AND url = :url"
        " AND id IS DISTINCT FROM :but)"
    )
    return bool(session.execute(statement, {"kind": kind, "url": url, "but": but}).scalar_one())


def add_feed(session: Session, *, values: Mapping[str, Any]) -> int:
    """Store a feed and return its number."""
    statement = sa.text(
        "INSERT INTO feeds (kind, name, url, publisher, licence, attribution, organizer_id,"
        " every_hours) VALUES (CAST(:kind AS feed_kind), :name, :url, :publisher, :licence,"
        " :attribution, :organizer_id, :every_hours) RETURNING id"
    )
    return int(session.execute(statement, dict(values)).scalar_one())


def change_feed(session: Session, *, feed_id: int, values: Mapping[str, Any]) -> None:
    """Change where a feed is and on whose terms; at another address it is read from the start."""
    statement = sa.text(
        "UPDATE feeds SET name = :name, publisher = :publisher, licence = :licence,"
        " attribution = :attribution, every_hours = :every_hours,"
        " etag = CASE WHEN url = :url THEN etag END,"
        " last_modified = CASE WHEN url = :url THEN last_modified END,"
        " cursor = CASE WHEN url = :url THEN cursor END,"
        " failures = CASE WHEN url = :url THEN failures ELSE 0 END,"
        " url = :url, updated_at = now() WHERE id = :id"
    )
    session.execute(statement, {**values, "id": feed_id})


def set_on(session: Session, *, feed_id: int, is_on: bool) -> None:
    """Pause a feed, or go on with it."""
    statement = sa.text("UPDATE feeds SET is_on = :is_on, updated_at = now() WHERE id = :id")
    session.execute(statement, {"id": feed_id, "is_on": is_on})


def delete_feed(session: Session, *, feed_id: int) -> int:
    """Delete a feed and mark what it brought as gone; return how many places and activities.

    Their history stays; should the feed be added again, it is another one.
    """
    slug = slug_of(feed_id)
    gone = 0
    for table in ("activities", "assets"):
        statement = sa.text(
            f"WITH gone AS (UPDATE {table} SET gone_at = now() FROM sources s"  # noqa: S608 - constants only
            f" WHERE s.id = {table}.source_id AND {OF_FEED} AND gone_at IS NULL RETURNING 1)"
            " SELECT count(*) FROM gone"
        )
        gone += int(session.execute(statement, {"slug": slug}).scalar_one())
    session.execute(sa.text("DELETE FROM feeds WHERE id = :id"), {"id": feed_id})
    return gone


def slug_of(feed_id: int) -> str:
    """Return the name of the source a feed's rows are kept under."""
    return f"feed-{feed_id}"


def count_brought(session: Session, *, feed_id: int) -> sa.Row[Any]:
    """Return how much of a feed is shown: places, activities."""
    statement = sa.text(
        f"WITH brought AS (SELECT s.id FROM sources s WHERE {OF_FEED})"  # noqa: S608 - a constant
        " SELECT (SELECT count(*) FROM assets WHERE source_id IN (TABLE brought)"
        " AND gone_at IS NULL) AS places, (SELECT count(*) FROM activities"
        " WHERE source_id IN (TABLE brought) AND gone_at IS NULL) AS activities"
    )
    return session.execute(statement, {"slug": slug_of(feed_id)}).one()


def list_import_runs(session: Session, *, feed_id: int, limit: int) -> Sequence[sa.Row[Any]]:
    """Return the last times something of a feed was stored or refused, the newest first."""
    statement = sa.text(
        "SELECT r.id, r.started_at, r.status::text AS status, r.message, r.rows_read, r.rows_new,"
        " r.rows_changed, r.rows_unchanged, r.rows_gone, r.rows_skipped, r.rows_problem"
        " FROM import_runs r JOIN sources s ON s.id = r.source_id WHERE s.slug = :slug"
        " ORDER BY r.id DESC LIMIT :limit"
    )
    return session.execute(statement, {"slug": slug_of(feed_id), "limit": limit}).all()


def list_problems(session: Session, *, feed_id: int, limit: int) -> Sequence[sa.Row[Any]]:
    """Return rows of a feed somebody should look at, the newest first."""
    statement = sa.text(
        "SELECT p.row_number, p.name, p.message, p.suggestion, p.is_stored"
        " FROM import_problems p JOIN import_runs r ON r.id = p.import_run_id"
        " JOIN sources s ON s.id = r.source_id"
        " WHERE s.slug = :slug AND p.resolved_at IS NULL ORDER BY p.id DESC LIMIT :limit"
    )
    return session.execute(statement, {"slug": slug_of(feed_id), "limit": limit}).all()


def find_organizers(session: Session, *, words: str, limit: int) -> Sequence[sa.Row[Any]]:
    """Return what is on the map and has exactly this name: id, name, address."""
    statement = sa.text(
        "SELECT id, name, address FROM public_assets WHERE lower(name) = lower(:words)"
        " AND kind::text IN ('group', 'venue', 'care_home', 'surgery') ORDER BY id LIMIT :limit"
    )
    return session.execute(statement, {"words": words, "limit": limit}).all()


def find_organizer(session: Session, *, asset_id: uuid.UUID) -> sa.Row[Any] | None:
    """Return something on the map that can organize: not a person's skill."""
    statement = sa.text(
        "SELECT id, name, address FROM public_assets WHERE id = :id AND kind::text <> 'informal'"
    )
    return session.execute(statement, {"id": asset_id}).one_or_none()


def take_reading(connection: sa.Connection, *, feed_id: int) -> bool:
    """Return whether nobody else reads this feed; nobody will until `give_back_reading`."""
    statement = sa.text("SELECT pg_try_advisory_lock(:reading, :id)")
    return bool(connection.execute(statement, {"reading": READING, "id": feed_id}).scalar_one())


def give_back_reading(connection: sa.Connection, *, feed_id: int) -> None:
    """Let others read this feed again."""
    statement = sa.text("SELECT pg_advisory_unlock(:reading, :id)")
    connection.execute(statement, {"reading": READING, "id": feed_id})


def take_for_change(session: Session, *, feed_id: int) -> bool:
    """Return whether nobody reads this feed; nobody will until the transaction ends."""
    statement = sa.text("SELECT pg_try_advisory_xact_lock(:reading, :id)")
    return bool(session.execute(statement, {"reading": READING, "id": feed_id}).scalar_one())


def store_success(connection: sa.Connection, *, feed: sa.Row[Any], outcome: Outcome) -> None:
    """Keep what came of a reading, and from where the next one starts.

    Somebody may have changed the address meanwhile: then it starts from the beginning.
    """
    statement = sa.text(
        "UPDATE feeds SET tried_at = now(), read_at = now(), failures = 0, message = :message,"
        " etag = CASE WHEN url = :url THEN :etag END,"
        " last_modified = CASE WHEN url = :url THEN :last_modified END,"
        " cursor = CASE WHEN url = :url THEN :cursor END WHERE id = :id"
    )
    values = {
        "id": feed.id, "url": feed.url, "message": outcome.message, "etag": outcome.etag,
        "last_modified": outcome.last_modified, "cursor": outcome.cursor,
    }  # fmt: skip
    connection.execute(statement, values)


def store_failure(connection: sa.Connection, *, feed_id: int, message: str) -> None:
    """Keep that a reading went wrong and why; everything else stays as it was."""
    statement = sa.text(
        "UPDATE feeds SET tried_at = now(), failures = least(failures + 1, 1000),"
        " message = :message WHERE id = :id"
    )
    connection.execute(statement, {"id": feed_id, "message": message})
