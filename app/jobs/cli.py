"""`patchwork worker` and `patchwork jobs`: doing jobs, and seeing what came of them."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from app.database import reading
from app.jobs import queries
from app.jobs.wording import about, came_of_it, lasted
from app.jobs.worker import work
from app.settings import get_settings
from app.words import moment


def worker() -> None:
    """Do what waits and what is due (feeds, refreshes, tidying up) until Ctrl-C or SIGTERM."""
    typer.echo("Doing jobs. Ctrl-C or SIGTERM stops, once what has begun is done.")
    asyncio.run(work(get_settings(), has_signals=True))
    typer.echo("Stopped: everything that was begun is done.")


def jobs(
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=1_000)] = 20,
) -> None:
    """List what runs, what waits, and what came of the last jobs (the page is /jobs)."""
    with reading(get_settings()) as connection, Session(connection) as session:
        is_worked_on = queries.has_worker(session)
        running = queries.list_running(session)
        waiting = queries.list_waiting(session, limit=limit)
        runs = queries.list_runs(session, limit=limit, offset=0, which="all")
    if not is_worked_on:
        typer.echo("Nobody does jobs just now. Start: patchwork worker")
    table = Table("What", "When", "How long", "What came of it", box=None)
    for row in running:
        table.add_row(about(row), moment(row.started_at), lasted(row.took), came_of_it(row))
    for row in waiting:
        when = moment(row.scheduled_at) if row.scheduled_at else "now"
        table.add_row(about(row), f"not before {when}" if row.scheduled_at else when, "", "waits")
    for row in runs:
        table.add_row(about(row), moment(row.started_at), lasted(row.took), came_of_it(row))
    if running or waiting or runs:
        Console().print(table)
    else:
        typer.echo("No job has run yet.")
