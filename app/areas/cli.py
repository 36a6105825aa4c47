"""`patchwork map ward`: a ward's map as one file; `patchwork measures refresh`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.areas.access_actions import Refreshed, refresh_each
from app.areas.actions import get_ward
from app.areas.maps import map_of_ward
from app.assets.actions import NameCache
from app.database import make_engine, reading
from app.errors import NotFound
from app.rendering import STATIC
from app.settings import Settings, get_settings
from geo.maps import MapAssets

# Scripts inside the file: it opens from a memory stick, with no network.
INLINE = MapAssets(base=STATIC / "vendor", inline=True)

measures_app = typer.Typer(no_args_is_help=True)

Output = Annotated[Path, typer.Option("--output", "-o", help="The HTML file to write.")]


def ward(
    gss_code: Annotated[str, typer.Argument(help="The ward's code, such as E05001347.")],
    output: Output = Path("ward.html"),
    release: Annotated[str | None, typer.Option(help="The boundaries' year; else newest.")] = None,
) -> None:
    """Write the map of a ward and what is in it."""
    settings = get_settings()
    with reading(settings) as connection:
        found = get_ward(connection, gss_code=gss_code, release=release)
        names = NameCache().get(connection)
        document = map_of_ward(connection, found, names, settings=settings, scripts=INLINE)
    document.write(output)
    typer.echo(f"{output}: {output.stat().st_size / 1000:,.0f} kB")


@measures_app.callback()
def measures() -> None:
    """Look after the figures that compare wards."""


@measures_app.command()
def refresh(
    district: Annotated[
        str | None, typer.Option(help="Only this district, such as E08000032.")
    ] = None,
    *,
    anew: Annotated[
        bool, typer.Option("--anew", help="Also where nothing has changed since.")
    ] = False,
) -> None:
    """Work out how well people reach venues, where something has changed. Hourly by itself."""
    code = district.upper() if district else None
    if not work_out_measures(lad_code=code, is_forced=anew):
        typer.echo("Nothing was due.")


def work_out_measures(
    settings: Settings | None = None,
    *,
    lad_code: str | None = None,
    is_forced: bool = False,
    console: Console | None = None,
) -> int:
    """Work out the wards' measures that are due, with a progress bar.

    Returns of how many districts they were.

    Raises `NotFound` for a district without wards.
    """
    console = console or Console()
    engine = make_engine(settings or get_settings())
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    started = time.perf_counter()
    try:
        with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
            task = bars.add_task("Districts", total=None)

            def tell(_: Refreshed, of: int) -> None:
                bars.update(task, advance=1, total=of)

            done = refresh_each(engine, lad_code=lad_code, is_forced=is_forced, told=tell)
    finally:
        engine.dispose()
    if lad_code and not done:
        raise NotFound(f"No district on this map has wards and the code {lad_code}.")
    wards = sum(one.wards or 0 for one in done)
    if any(one.wards is not None for one in done):
        seconds = time.perf_counter() - started
        line = f"Access to venues worked out for {wards:,} wards in {seconds:.1f} s."
        console.print(line, highlight=False)
    return sum(one.wards is not None for one in done)
