"""What was fetched, or saved, of a feed: its terms understood, then loaded like any file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from app.errors import FileRefused
from app.feeds.terms_actions import find_meanings
from app.feeds.terms_queries import keep_terms
from app.importers.options import ReadOptions
from app.importers.oruk.gathering import terms_in
from app.importers.records import Report
from app.importers.run import Progress, file_transaction, load_file

READER = "oruk"


def load_oruk(
    bind: sa.Engine | sa.Connection,
    path: Path,
    *,
    options: ReadOptions,
    progress: Progress | None = None,
) -> Report:
    """Load a file of Open Referral in one transaction; remember its terms once it is stored.

    Raises
    ------
    FileRefused
        In one sentence; then nothing of the file is stored, and none of its terms.
    """
    try:
        found = terms_in(path)
    except FileRefused:
        found = {}  # loading says so too, and writes it down
    with file_transaction(bind) as connection:
        meanings = find_meanings(connection, found)
    options = replace(options, terms=meanings.by_term, keeps_ids=True)
    report = load_file(bind, path, reader=READER, options=options, progress=progress)
    with file_transaction(bind) as connection:
        keep_terms(connection, meanings.guesses, is_whole=not options.is_partial)
    return report
