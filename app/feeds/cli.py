"""`patchwork feed …`: what is read from others regularly, without a browser."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from app.database import make_engine, transaction
from app.errors import NotFound
from app.feeds import adding, queries
from app.feeds.actions import refresh_feed
from app.feeds.schedule import next_at
from app.feeds.words import LICENCES, health
from app.models import FeedKind, RunStatus
from app.settings import get_settings
from app.words import moment

feed_app = typer.Typer(no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="The feed’s number, as `patchwork feed list` says.")]


@contextmanager
def _engine() -> Iterator[sa.Engine]:
    engine = make_engine(get_settings())
    try:
        yield engine
    finally:
        engine.dispose()


@feed_app.command(name="list")
def list_feeds() -> None:
    """List the feeds, how each is doing, and what came of it last."""
    with _engine() as engine, transaction(engine) as session:
        feeds = queries.list_feeds(session)
    if not feeds:
        typer.echo("There are no feeds yet. Add one with: patchwork feed add")
        return
    table = Table("No.", "Feed", "Kind", "Is", "Last read", "Next", "What came of it", box=None)
    for feed in feeds:
        due = next_at(feed)
        table.add_row(
            str(feed.id), feed.name, feed.kind, health(feed)[0],
            moment(feed.read_at) if feed.read_at else "never",
            moment(due) if due and due > dt.datetime.now(tz=dt.UTC) else ("now" if due else ""),
            feed.message or "",
        )  # fmt: skip
    Console().print(table)


@feed_app.command()
def add(
    kind: Annotated[FeedKind, typer.Argument(help="What it speaks.")],
    url: Annotated[str, typer.Argument(help="Its address.")],
    *,
    publisher: Annotated[str, typer.Option(help="Whose it is, to be named with its facts.")],
    licence: Annotated[
        str, typer.Option(help=f"One of {', '.join(LICENCES)}, or its name in your words.")
    ],
    name: Annotated[str | None, typer.Option(help="What it is called here.")] = None,
    attribution: Annotated[
        str | None, typer.Option(help="Whom to name, if not as the licence says.")
    ] = None,
    organizer: Annotated[
        uuid.UUID | None, typer.Option(help="Of a calendar: the id of the group it is of.")
    ] = None,
    every_hours: Annotated[int, typer.Option(help="How often it is read.", min=1, max=744)] = 24,
) -> None:
    """Add a feed; it is read with the next jobs, or now with `patchwork feed refresh`."""
    with _engine() as engine, transaction(engine) as session:
        draft = adding.Draft(
            kind, url, publisher=publisher, licence=licence, name=name, attribution=attribution,
            organizer_id=organizer, every_hours=every_hours,
        )  # fmt: skip
        feed_id = adding.add(session, draft)
    typer.echo(f"Feed {feed_id} is there. Read it now with: patchwork feed refresh {feed_id}")


@feed_app.command()
def refresh(
    number: Number,
    *,
    whole: Annotated[
        bool, typer.Option("--whole", help="Read everything again, not only what changed.")
    ] = False,
    allow_shrink: Annotated[
        bool,
        typer.Option(
            "--allow-shrink", help="Store it even if more than half of what it brought would go."
        ),
    ] = False,
) -> None:
    """Read a feed now and say what came of it."""
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with _engine() as engine, Progress(
        *columns, console=console, disable=not console.is_terminal
    ) as bars:  # fmt: skip
        task = bars.add_task("Reading", total=None)
        outcome = refresh_feed(
            engine, get_settings(), number, is_whole=whole, may_shrink=allow_shrink,
            told=lambda done, total: bars.update(task, completed=done, total=total),
        )  # fmt: skip
    typer.echo(outcome.message)
    if outcome.status is RunStatus.REFUSED:
        raise typer.Exit(1)


@feed_app.command()
def pause(
    number: Number,
    *,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with it instead.")] = False,
) -> None:
    """Pause a feed: what it brought stays; or go on with it."""
    with _engine() as engine, transaction(engine) as session:
        if queries.find_feed(session, feed_id=number) is None:
            raise NotFound(f"There is no feed {number}. See which there are: patchwork feed list")
        queries.set_on(session, feed_id=number, is_on=resume)
    typer.echo("It is read again." if resume else "It is paused; what it brought stays.")
