"""`patchwork load oruk`: a feed by its address, or files saved of one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import sqlalchemy as sa
import typer
from rich.console import Console

from app.database import make_engine
from app.errors import FileRefused, NotFetched
from app.fetching.client import Fetcher
from app.importers.folder import Watcher
from app.importers.options import ReadOptions
from app.importers.oruk.addresses import is_address
from app.importers.oruk.fetching import read_feed
from app.importers.oruk.loading import load_oruk
from app.importers.oruk.origins import is_share_alike, plain_slug
from app.importers.progress import print_reports, watching
from app.importers.readers import oruk as reader
from app.importers.records import Report, SourceInfo
from app.settings import get_settings

_LONGEST_NAME = 80


def load_oruk_feeds(
    feeds: Annotated[
        list[str],
        typer.Argument(help="Addresses of feeds, or files saved of them.", metavar="URL|FILE…"),
    ],
    *,
    licence: Annotated[
        str | None,
        typer.Option(help="On what terms it may be used, such as “OGL v3”: every record keeps it."),
    ] = None,
    publisher: Annotated[
        str | None, typer.Option(help="Who publishes it. Without it, the address's host.")
    ] = None,
    attribution: Annotated[
        str | None, typer.Option(help="The words to name them by. Without it, made of both.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="What to call the source: a later load of this name replaces it."),
    ] = None,
    only_changes: Annotated[
        bool,
        typer.Option("--only-changes", help="The file has only what has changed: nothing is gone."),
    ] = False,
    allow_shrink: Annotated[
        bool,
        typer.Option("--allow-shrink", help="Load it even if more than half would be gone."),
    ] = False,
) -> None:
    """Load services of Open Referral UK from a feed or from files of one."""
    console = Console()
    reports: list[Report] = []
    terms = Terms(licence, publisher, attribution, name)
    with _engine() as engine, watching(console) as watcher:
        for feed in feeds:
            try:
                options = ReadOptions(is_partial=only_changes, allow_shrink=allow_shrink)
                report = _load(engine, watcher, feed, terms=terms, options=options)
            except (FileRefused, NotFetched) as error:
                if len(feeds) == 1:
                    raise
                report = Report(feed, "", "oruk", status="refused", message=str(error))
            watcher.end(report)
            reports.append(report)
    print_reports([r for r in reports if r.status != "refused"], console=console)
    if any(report.status == "refused" for report in reports):
        raise typer.Exit(1)


class Terms:
    """Whose a feed is and on what terms, as far as somebody said."""

    def __init__(
        self, licence: str | None, publisher: str | None, attribution: str | None, name: str | None
    ) -> None:
        self.licence, self.publisher = licence, publisher
        self.attribution, self.name = attribution, name

    def of(self, feed: str, path: Path | None) -> SourceInfo:
        """Return the source of a feed.

        Raises
        ------
        FileRefused
            If nobody said on what terms it may be used, and the file does not either.
        """
        known = None if path is None or self.licence else reader.source(path)
        licence = self.licence or (known.licence if known else None)
        if licence is None:
            raise FileRefused(
                "Say on what terms the feed may be used, such as --licence “OGL v3”: its page"
                " should tell, and every record keeps it."
            )
        host = urlsplit(feed).hostname if is_address(feed) else Path(feed).stem
        publisher = self.publisher or (known.publisher if known else None) or host or "unknown"
        name = self.name or (known.name if known else f"Open Referral UK: {host}")
        said = known.attribution if known else f"{publisher}, licensed under {licence}"
        return SourceInfo(
            slug=f"oruk-{plain_slug(self.name or host or feed)}",
            name=name,
            publisher=publisher,
            licence=licence,
            attribution=self.attribution or said,
            is_share_alike=is_share_alike(licence),
        )


def _load(
    engine: sa.Engine, watcher: Watcher, feed: str, *, terms: Terms, options: ReadOptions
) -> Report:
    progress = watcher.begin(feed[-_LONGEST_NAME:])
    if not is_address(feed):
        path = Path(feed)
        options = replace(options, info=terms.of(feed, path))
        return load_oruk(engine, path, options=options, progress=progress)
    options = replace(options, info=terms.of(feed, None))
    with tempfile.TemporaryDirectory(prefix="patchwork-oruk-") as folder:
        path = Path(folder) / f"{plain_slug(urlsplit(feed).hostname or 'feed')}.ndjson"
        found = read_feed(Fetcher.of(get_settings()), feed, path, told=progress)
        if not found.is_whole:
            options = replace(options, is_partial=True)
        return load_oruk(engine, path, options=options, progress=progress)


@contextmanager
def _engine() -> Iterator[sa.Engine]:
    engine = make_engine(get_settings())
    try:
        yield engine
    finally:
        engine.dispose()
