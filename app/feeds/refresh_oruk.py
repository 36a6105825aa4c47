"""Reading a feed of Open Referral UK once."""

from __future__ import annotations

import datetime as dt
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.errors import NotFetched
from app.feeds.refreshing import Outcome, Refreshing
from app.feeds.terms_queries import last_decision
from app.importers.options import ReadOptions
from app.importers.oruk.fetching import Reading, read_feed
from app.importers.oruk.loading import load_oruk
from app.importers.oruk.polite import Manners
from app.importers.progress import say
from app.models import RunStatus

# Only a whole reading shows what has gone, and what an editor has decided about a term.
WHOLE_EVERY = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a feed has been read: the newest change it told of, and when it was read whole."""

    newest: str
    whole_at: dt.datetime

    def __str__(self) -> str:
        return f"{self.newest} whole {self.whole_at.isoformat()}"

    @classmethod
    def of(cls, text: str | None) -> Cursor | None:
        """Return the one written as `text`, or None for what is none."""
        newest, _, whole = (text or "").rpartition(" whole ")
        try:
            return cls(newest, dt.datetime.fromisoformat(whole)) if newest else None
        except ValueError:
            return None


def refresh(reading: Refreshing, *, manners: Manners | None = None) -> Outcome:
    """Read everything, or what has changed since the last time, and store it."""
    now = dt.datetime.now(dt.UTC)
    cursor = Cursor.of(reading.feed.cursor)
    if reading.is_whole or cursor is None or _is_whole_due(reading, cursor, now):
        cursor = None
    with tempfile.TemporaryDirectory(prefix="patchwork-oruk-") as folder:
        path = Path(folder) / "services.ndjson"
        found, cursor = _fetch(reading, path, cursor, manners)
        if cursor is not None and not found.services:
            return Outcome(
                RunStatus.UNCHANGED, "Nothing has changed since the last time.",
                cursor=str(cursor),
            )  # fmt: skip

        def tell(rows: int, total: int | None) -> None:
            reading.told(rows, total)

        options = ReadOptions(
            info=reading.source, today=reading.today, is_partial=not found.is_whole,
            allow_shrink=reading.may_shrink,
        )  # fmt: skip
        report = load_oruk(
            reading.engine, path, options=options,
            progress=tell,
        )  # fmt: skip
    after = _next_cursor(found, cursor, now)
    sentence = say(report, has_speed=False)
    if found.doubt:
        sentence = f"{sentence.rstrip('.')}. Nothing was taken for gone, because {found.doubt}."
    return Outcome(RunStatus(report.status), sentence, cursor=str(after) if after else None)


def _is_whole_due(reading: Refreshing, cursor: Cursor, now: dt.datetime) -> bool:
    if now - cursor.whole_at >= WHOLE_EVERY:
        return True
    with reading.engine.connect() as connection:
        decided = last_decision(connection)
    return decided is not None and decided > cursor.whole_at


def _fetch(
    reading: Refreshing, path: Path, cursor: Cursor | None, manners: Manners | None
) -> tuple[Reading, Cursor | None]:
    """Read what has changed, or all of it: also where the feed does not know the question."""

    def ask(modified_after: str | None) -> Reading:
        return read_feed(
            reading.fetcher, reading.feed.url, path, modified_after=modified_after,
            manners=manners, told=reading.told,
        )  # fmt: skip

    if cursor is not None:
        try:
            return ask(cursor.newest), cursor
        except NotFetched as error:
            if error.answered not in (400, 404, 422, 501):
                raise
    return ask(None), None


def _next_cursor(found: Reading, cursor: Cursor | None, now: dt.datetime) -> Cursor | None:
    if cursor is not None:
        return Cursor(max(cursor.newest, found.newest or ""), cursor.whole_at)
    if found.newest is None or not found.is_whole:
        return None  # next time everything again
    return Cursor(found.newest, now)
