"""`patchwork export oruk FILE`: the whole feed in one file, for an archive or another map."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer

from app.assets.actions import NameCache
from app.database import APP_ROLE, make_engine
from app.errors import BadSetting
from app.oruk.actions import list_organizations, list_services
from app.oruk.feed import Feed, in_batches
from app.oruk.filters import Form, Wanted
from app.oruk.naming import Naming
from app.settings import get_settings

export_app = typer.Typer(help="Write what is published into a file.", no_args_is_help=True)
FULL = Form(1, None, is_stream=True, is_full=True)


@export_app.callback()
def export() -> None:
    """Write what is published into a file."""


@export_app.command()
def oruk(
    file: Annotated[Path, typer.Argument(help="FILE.ndjson or FILE.json")],
) -> None:
    """Write everything as Open Referral UK 3.0.

    .ndjson: one full service on each line, exactly as /oruk/services/{id} gives it. .json: all
    services and all organizations in full.
    """
    if file.suffix not in {".ndjson", ".json"}:
        message = f"Name the file with .ndjson or .json at its end, not {file.name!r}."
        raise BadSetting(message)
    settings = get_settings()
    # As the web does: only what the application's role may read leaves.
    engine = make_engine(settings, role=APP_ROLE)
    # Half a file must never look like a whole one.
    unfinished = file.with_name(f".{file.name}.part")
    try:
        # One moment's data, from its first line to its last.
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            feed = Feed(settings.base_url)
            naming = feed.naming(connection, NameCache())
            count = _write(unfinished, connection, feed, naming, is_lines=file.suffix == ".ndjson")
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
        engine.dispose()
    typer.echo(f"{count:,} services are in {file}.")


def _write(
    file: Path, connection: sa.Connection, feed: Feed, naming: Naming, *, is_lines: bool
) -> int:
    """Write the file and return how many services are in it."""
    count = 0
    with file.open("wb") as out:
        if is_lines:
            for record in _services(connection, feed, naming):
                out.write(record + b"\n")
                count += 1
        else:
            out.write(b'{"version":"HSDS-UK-3.0","services":[')
            for record in _services(connection, feed, naming):
                out.write((b",\n" if count else b"\n") + record)
                count += 1
            out.write(b'\n],"organizations":[')
            for number, record in enumerate(_organizations(connection, feed, naming)):
                out.write((b",\n" if number else b"\n") + record)
            out.write(b"\n]}\n")
        out.flush()
        os.fsync(out.fileno())
    return count


def _services(connection: sa.Connection, feed: Feed, naming: Naming) -> Iterator[bytes]:
    listing = list_services(feed, connection, naming, Wanted(), FULL)
    for keys in in_batches(listing.order):
        yield from listing.write(connection, keys)


def _organizations(connection: sa.Connection, feed: Feed, naming: Naming) -> Iterator[bytes]:
    listing = list_organizations(feed, connection, naming, Wanted(), FULL)
    for keys in in_batches(listing.order):
        yield from listing.write(connection, keys)
