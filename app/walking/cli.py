"""`patchwork walks refresh`: work out how far it is on foot from each home."""

from __future__ import annotations

import time

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.database import make_engine
from app.settings import Settings, get_settings
from app.walking.refresh import refresh_walks

walks_app = typer.Typer(no_args_is_help=True)


@walks_app.callback()
def walks() -> None:
    """Look after the walks that are kept for homes."""


@walks_app.command()
def refresh() -> None:
    """Work out what is missing: new places, moved ones, another network. Hourly by itself."""
    if not work_out_walks():
        typer.echo("Nothing was due.")


def work_out_walks(settings: Settings | None = None, *, console: Console | None = None) -> int:
    """Work out the walks that are due, with a progress bar, and return of how many homes."""
    console = console or Console()
    engine = make_engine(settings or get_settings())
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    started = time.perf_counter()
    try:
        with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
            task = bars.add_task("Walks of homes", total=None)
            done = refresh_walks(
                engine, told=lambda number, of: bars.update(task, completed=number, total=of)
            )
    finally:
        engine.dispose()
    if done:
        seconds = time.perf_counter() - started
        line = (
            f"Walks worked out for {done:,} {'home' if done == 1 else 'homes'} in {seconds:.1f} s."
        )
        console.print(line, highlight=False)
    return done
