"""Reading a group's calendar once."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections import Counter
from pathlib import Path

import sqlalchemy as sa

from app.calendars.venue_matching import ask_venues
from app.errors import FileRefused
from app.feeds.refreshing import Outcome, Refreshing
from app.importers.calendars.document import MOST_BYTES
from app.importers.options import ReadOptions
from app.importers.queries import read_interests
from app.importers.run import load_file
from app.models import RunStatus
from app.words import plural

# text/html is let in to be told from a calendar in a sentence that helps.
MEDIA_TYPES = ("text/calendar", "text/plain", "application/ics", "application/calendar",
               "text/x-vcalendar", "text/html")  # fmt: skip
# Of up to three activities all may go; of more, half of them at once is no calendar's habit.
FEW_ROWS = 3
# A calendar that never changes is looked at anew all the same: only dates up to the end of the
# year after next are stored, and our words for interests change. The cursor is the day of it.
WHOLE_EVERY_DAYS = 7


def refresh(reading: Refreshing) -> Outcome:
    """Read a calendar if it has changed, and ask the venues it names.

    Raises
    ------
    NotFetched
        It did not answer, or with something else.
    FileRefused
        It is cut off, empty, or lacks more than half of what is stored.
    """
    feed = reading.feed
    is_whole = reading.is_whole or _is_whole_due(reading)
    fetched = reading.fetcher.get(
        feed.url,
        media_types=MEDIA_TYPES,
        most_bytes=MOST_BYTES,
        etag=None if is_whole else feed.etag,
        last_modified=None if is_whole else feed.last_modified,
    )
    if fetched.is_unchanged:
        return Outcome(
            RunStatus.UNCHANGED, "Not changed since the last reading.", feed.etag,
            feed.last_modified, feed.cursor,
        )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="patchwork-") as folder:
        path = Path(folder) / f"{reading.source.slug}.ics"
        path.write_bytes(fetched.content)
        if not fetched.content.strip():
            raise FileRefused("The calendar is empty, so nothing was changed.")
        report = load_file(
            reading.engine,
            path,
            reader="ical",
            options=ReadOptions(
                info=reading.source,
                today=reading.today,
                few_rows=FEW_ROWS,
                allow_shrink=reading.may_shrink,
                organizer_id=feed.organizer_id,
                words=words_of_vocabulary(reading.engine),
            ),
        )
    with reading.engine.begin() as connection:
        asked = ask_venues(connection, feed_id=feed.id)
    said = f"{report.new} new, {report.changed} changed, {report.gone} gone"
    said += f", {report.skipped} left out (over, all day, private or called off)"
    if report.problems:
        said += f", {plural(report.problems, 'problem')}"
    if asked:
        said += f"; {plural(asked, 'venue')} to be asked"
    return Outcome(
        RunStatus(report.status), f"{said}.", fetched.etag, fetched.last_modified,
        reading.today.isoformat(),
    )  # fmt: skip


def _is_whole_due(reading: Refreshing) -> bool:
    try:
        day = dt.date.fromisoformat(reading.feed.cursor or "")
    except ValueError:
        return True
    return (reading.today - day).days >= WHOLE_EVERY_DAYS


def words_of_vocabulary(engine: sa.Engine) -> dict[str, str]:
    """Return what names one interest for sure, in small letters: labels, words no two share."""
    with engine.connect() as connection:
        concepts = read_interests(connection)
    other = [(word.casefold(), c.concept) for c in concepts for word in c.other_words]
    times = Counter(word for word, _ in other)
    return {word: concept for word, concept in other if times[word] == 1} | {
        concept.label.casefold(): concept.concept for concept in concepts
    }
