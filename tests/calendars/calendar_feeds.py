"""A group with a calendar, an HTTP server that serves it, and what comes of reading it."""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import sqlalchemy as sa

from app.connections.occurrences import expand
from app.feeds.refreshing import Outcome, Refreshing
from app.fetching.client import Fetcher
from app.importers.records import SourceInfo
from app.settings import Settings

# One date: its name, its local start and end.
Seen = tuple[str, dt.datetime, dt.datetime | None]


@dataclass
class Served:
    """What a server answers at every path, and what it was asked."""

    content: bytes = b""
    media_type: str = "text/calendar; charset=utf-8"
    by_path: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving() -> Iterator[Served]:
    """Yield something that can be fetched from this machine."""
    served = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append((self.path, self.headers.get("if-none-match", "")))
            content = served.by_path.get(self.path, served.content)
            tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
            is_same = self.headers.get("if-none-match") == tag
            self.send_response(304 if is_same else 200)
            self.send_header("etag", tag)
            self.send_header("content-type", served.media_type)
            self.send_header("content-length", "0" if is_same else str(len(content)))
            self.end_headers()
            if not is_same:
                self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            del args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_address[1]}/calendar.ics"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def add_feed(
    engine: sa.Engine, *, url: str, kind: str = "ical", organizer_id: uuid.UUID | None = None
) -> int:
    """Store a feed and return its id."""
    with engine.begin() as connection:
        return int(
            connection.execute(
                sa.text(
                    "INSERT INTO feeds (kind, name, url, publisher, licence, attribution,"
                    " organizer_id) VALUES (CAST(:kind AS feed_kind), 'A feed', :url, 'Them',"
                    " 'CC BY 4.0', 'From their feed', :organizer_id) RETURNING id"
                ),
                {"url": url, "organizer_id": organizer_id, "kind": kind},
            ).scalar_one()
        )


def reading_of(
    engine: sa.Engine, settings: Settings, feed_id: int, *, today: dt.date, is_whole: bool = False
) -> Reading:
    """Return one reading of a feed, as a job would begin it."""
    with engine.connect() as connection:
        feed = connection.execute(
            sa.text("SELECT * FROM feeds WHERE id = :i"), {"i": feed_id}
        ).one()
    allowed = settings.model_copy(update={"fetch_allowed": "127.0.0.0/8"})
    return Refreshing(
        engine=engine, feed=feed, fetcher=Fetcher.of(allowed), today=today, is_whole=is_whole,
        source=SourceInfo(f"feed-{feed_id}", feed.name, feed.publisher, feed.licence,
                          feed.attribution),
        told=lambda *_: None,
    )  # fmt: skip


Reading = Refreshing


def keep(engine: sa.Engine, feed_id: int, outcome: Outcome) -> None:
    """Store where the next reading starts, as a job does."""
    with engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE feeds SET etag = :e, last_modified = :l, cursor = :c WHERE id = :i"),
            {"e": outcome.etag, "l": outcome.last_modified, "c": outcome.cursor, "i": feed_id},
        )


def activities_of(connection: sa.Connection, feed_id: int) -> list[sa.Row[Any]]:
    """Return what a feed brought and is still there, by name."""
    return list(
        connection.execute(
            sa.text(
                "SELECT y.* FROM activities y JOIN sources s ON s.id = y.source_id"
                " WHERE s.slug = 'feed-' || CAST(:i AS text) AND y.gone_at IS NULL"
                " ORDER BY y.name, y.id"
            ),
            {"i": feed_id},
        )
    )


class _Time:
    skips_bank_holidays = False

    def __init__(self, row: sa.Row[Any]) -> None:
        self.starts_on, self.opens_at, self.closes_at = row.starts_on, row.opens_at, row.closes_at
        self.rrule, self.exdates = row.rrule, row.exdates


def as_times(connection: sa.Connection, activity_id: uuid.UUID) -> list[_Time]:
    """Return the schedules of an activity as our pages expand them."""
    rows = connection.execute(
        sa.text("SELECT * FROM schedules WHERE activity_id = :i ORDER BY id"), {"i": activity_id}
    )
    return [_Time(row) for row in rows]


def dates_of_our_page(
    connection: sa.Connection, feed_id: int, first: dt.date, last: dt.date
) -> set[Seen]:
    """Return every date our pages would show of what a feed brought."""
    found: set[Seen] = set()
    for activity in activities_of(connection, feed_id):
        for one in expand(as_times(connection, activity.id), [], first=first, last=last):
            ends = one.ends_at.replace(tzinfo=None) if one.ends_at else None
            found.add((activity.name, dt.datetime.combine(one.on, one.opens_at), ends))
    return found
