"""`patchwork duplicates find`: look for pairs that may be one place."""

from __future__ import annotations

import time
from typing import Annotated

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.areas.queries import find_wards_named, find_wards_of_code
from app.database import make_engine, transaction
from app.duplicates import queries
from app.duplicates.actions import find_all
from app.errors import BadQuestion
from app.settings import get_settings

duplicates_app = typer.Typer(no_args_is_help=True)

Ward = Annotated[str | None, typer.Option("--ward", help="One ward, by its name or code.")]


@duplicates_app.callback()
def duplicates() -> None:
    """Look for pairs that may be one place."""


@duplicates_app.command()
def find(ward: Ward = None) -> None:
    """Compare what is near each other or shares a number, page or postcode."""
    engine = make_engine(get_settings())
    console = Console()
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    started = time.perf_counter()
    try:
        with transaction(engine) as session:
            area_id = None if ward is None else _ward_id(session.connection(), ward)
            total = queries.count_ids(session) if area_id is None else None
            with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
                task = bars.add_task("Comparing places", total=total)
                looked, new = find_all(
                    session, area_id=area_id, told=lambda number: bars.advance(task, number)
                )
            waiting = queries.count_likely(session)
    finally:
        engine.dispose()
    seconds = time.perf_counter() - started
    typer.echo(
        f"{looked:,} places compared with what is near or shares something, in {seconds:.1f} s:"
        f" {new:,} new likely pairs, {waiting:,} to decide on in all (page: /duplicates)."
    )


def _ward_id(connection: sa.Connection, ward: str) -> int:
    found = find_wards_of_code(connection, gss_code=ward.upper()) or [
        row for row in find_wards_named(connection, name=ward, limit=2) if row.is_same
    ]
    if not found:
        raise BadQuestion(f"There is no ward “{ward}”. Give its code or whole name.", field="ward")
    return int(found[0].id)
