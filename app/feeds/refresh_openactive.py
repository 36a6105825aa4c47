"""Reading a feed of OpenActive sessions once.

RPDE tells what has changed since the last page somebody read. What it said is kept item by item;
from all of it a file is written and loaded as any other. So a deletion that was told is one, and
nothing goes because a later reading did not name it. All of it is one transaction: a page that
breaks changes nothing, and the next reading starts where this one did.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa

from app.feeds import openactive_queries as queries
from app.feeds.refresh_ical import words_of_vocabulary
from app.feeds.refreshing import Outcome, Refreshing
from app.feeds.terms_queries import last_decision
from app.importers.openactive.pages import read_pages
from app.importers.openactive.sessions import labels_of
from app.importers.options import ReadOptions
from app.importers.readers import openactive
from app.importers.run import load_file
from app.models import RunStatus
from app.words import plural

# Feeds keep deletions for a week: whoever was away longer has to read everything again.
MOST_DAYS_AWAY = 6
FEW_ROWS = 3


def refresh(reading: Refreshing) -> Outcome:
    """Read the pages from where the last reading ended, or all, and store what they say.

    Raises
    ------
    NotFetched
        A page did not answer.
    FileRefused
        A page is broken, or a whole reading lacks more than half of what is stored.
    """
    feed = reading.feed
    is_whole = reading.is_whole or feed.cursor is None or _was_away(reading)
    words = words_of_vocabulary(reading.engine)
    with reading.engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        cursor, named, count = feed.url if is_whole else feed.cursor, set[str](), 0
        for page in read_pages(reading.fetcher, cursor):
            queries.keep_items(connection, feed_id=feed.id, items=page.items)
            named |= {item.id for item in page.items}
            count += len(page.items)
            cursor = page.next_url
            reading.told(count, None)
        if is_whole:
            queries.keep_only(connection, feed_id=feed.id, item_ids=named)
        elif not count and not _was_decided(connection, reading):
            return Outcome(RunStatus.UNCHANGED, "Nothing new since the last reading.",
                           cursor=cursor)  # fmt: skip
        items = list(queries.list_items(connection, feed_id=feed.id))
        terms = _terms(connection, items, words)
        if not items:
            return Outcome(RunStatus.UNCHANGED, "The feed has no sessions.", cursor=cursor)
        with tempfile.TemporaryDirectory(prefix="patchwork-") as folder:
            path = Path(folder) / f"{reading.source.slug}{openactive.SUFFIXES[0]}"
            openactive.write(path, items)
            report = load_file(
                connection,
                path,
                reader=openactive.NAME,
                options=ReadOptions(
                    info=reading.source, today=reading.today, terms=terms, few_rows=FEW_ROWS,
                    # What was told to be deleted is; only a whole reading can be cut off.
                    allow_shrink=reading.may_shrink or not is_whole,
                ),
            )  # fmt: skip
    said = f"{plural(count, 'item')} read: {report.new} new, {report.changed} changed,"
    said += f" {report.gone} gone"
    if report.problems:
        said += f", {plural(report.problems, 'problem')}"
    return Outcome(RunStatus(report.status), f"{said}.", cursor=cursor)


def _was_away(reading: Refreshing) -> bool:
    read_at = reading.feed.read_at
    return read_at is not None and (reading.today - read_at.date()).days > MOST_DAYS_AWAY


def _was_decided(connection: sa.Connection, reading: Refreshing) -> bool:
    """Return whether an editor has said what a term stands for since the last reading."""
    decided, read_at = last_decision(connection), reading.feed.read_at
    return decided is not None and (read_at is None or decided > read_at)


def _terms(
    connection: sa.Connection,
    items: list[tuple[str, str, dict[str, object]]],
    words: Mapping[str, str],
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Guess what the feed's own words for activities mean, and return what counts of it."""
    uses = Counter(label for _, _, data in items for label in labels_of(data))
    for (taxonomy, term, label), times in sorted(uses.items()):
        concept = words.get(label.casefold())
        queries.guess_term(
            connection, taxonomy=taxonomy, term=term, label=label,
            concepts=[concept] if concept else [], uses=times,
        )  # fmt: skip
    return queries.read_terms(connection, taxonomies={taxonomy for taxonomy, _, _ in uses})
