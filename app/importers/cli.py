"""`patchwork load …` and `patchwork problems`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer
from rich.console import Console

from app.areas.cli import work_out_measures
from app.database import make_engine
from app.errors import FileRefused
from app.importers import queries
from app.importers.folder import FIRST, load_folder
from app.importers.networks import load_network
from app.importers.options import ReadOptions
from app.importers.oruk.cli import load_oruk_feeds
from app.importers.progress import print_reports, watching
from app.importers.readers import READERS, recognise
from app.importers.records import Report
from app.importers.run import Progress, load_file
from app.models import ProblemReason
from app.settings import get_settings
from app.walking.cli import work_out_walks

load_app = typer.Typer(no_args_is_help=True)

_FORMATS = ", ".join(name for name in READERS if name not in FIRST)

Files = Annotated[list[Path], typer.Argument(help="One or more files.", metavar="FILE…")]
Release = Annotated[str | None, typer.Option(help="The year of the boundaries, such as 2025.")]
AsOf = Annotated[
    dt.datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="The date of the data."),
]
District = Annotated[
    str | None,
    typer.Option(help="The district the whole file is about, such as E08000032."),
]
AllowOlder = Annotated[
    bool,
    typer.Option("--allow-older", help="Load a file even if newer data is there already."),
]
AllowShrink = Annotated[
    bool,
    typer.Option("--allow-shrink", help="Load a file even if more than half would be gone."),
]


def _as_date(moment: dt.datetime | None) -> dt.date | None:
    return moment.date() if moment else None


@load_app.command()
def areas(
    files: Files,
    release: Release = None,
    district: District = None,
    allow_shrink: AllowShrink = False,
) -> None:
    """Load wards, districts or LSOAs: GeoJSON, shapefile or GeoPackage."""
    options = ReadOptions(release=release, lad_code=district, allow_shrink=allow_shrink)
    _load(files, "areas", options)


load_app.command(name="wards", help="Load wards: GeoJSON, shapefile or GeoPackage.")(areas)


@load_app.command()
def postcodes(
    files: Files,
    as_of: AsOf = None,
    allow_shrink: AllowShrink = False,
    allow_older: AllowOlder = False,
) -> None:
    """Load Code-Point Open postcodes, with or without a header."""
    options = ReadOptions(as_of=_as_date(as_of), allow_shrink=allow_shrink, allow_older=allow_older)
    _load(files, "postcodes", options)


@load_app.command()
def lookup(files: Files, release: Release = None, allow_shrink: AllowShrink = False) -> None:
    """Load the lookup from LSOA to ward to district."""
    _load(files, "lookup", ReadOptions(release=release, allow_shrink=allow_shrink))


@load_app.command()
def population(files: Files, as_of: AsOf = None, allow_shrink: AllowShrink = False) -> None:
    """Load population by LSOA."""
    _load(files, "population", ReadOptions(as_of=_as_date(as_of), allow_shrink=allow_shrink))


@load_app.command()
def deprivation(files: Files, as_of: AsOf = None, allow_shrink: AllowShrink = False) -> None:
    """Load the English Indices of Deprivation by LSOA."""
    _load(files, "deprivation", ReadOptions(as_of=_as_date(as_of), allow_shrink=allow_shrink))


@load_app.command()
def streets(
    files: Files,
    as_of: AsOf = None,
    allow_shrink: AllowShrink = False,
    allow_older: AllowOlder = False,
) -> None:
    """Load the streets people walk, from OpenStreetMap: .osm, .osm.pbf, .osm.gz or .osm.bz2."""
    options = ReadOptions(as_of=_as_date(as_of), allow_shrink=allow_shrink, allow_older=allow_older)
    _load(files, "streets", options)


@load_app.command()
def network(
    files: Files,
    as_of: AsOf = None,
    allow_shrink: AllowShrink = False,
    allow_older: AllowOlder = False,
) -> None:
    """Load the ways people walk along, for minutes on foot: .osm, .osm.pbf, .osm.gz, .osm.bz2."""
    options = ReadOptions(as_of=_as_date(as_of), allow_shrink=allow_shrink, allow_older=allow_older)
    _load_each(files, lambda engine, path, told: load_network(engine, path, options=options,
               progress=told), reader="network")  # fmt: skip
    work_out_walks()
    work_out_measures()


@load_app.command()
def assets(
    files: Files,
    *,
    source: Annotated[
        str | None, typer.Option(help=f"The format, if the file does not tell: {_FORMATS}.")
    ] = None,
    keep_as: Annotated[
        str | None,
        typer.Option("--as", help="Keep the rows as a source of this name, such as oldham-groups."),
    ] = None,
    as_of: AsOf = None,
    district: District = None,
    allow_shrink: AllowShrink = False,
    allow_older: AllowOlder = False,
) -> None:
    """Load places, groups and activities from any format we know."""
    options = ReadOptions(
        source=keep_as,
        as_of=_as_date(as_of),
        lad_code=district,
        allow_shrink=allow_shrink,
        allow_older=allow_older,
    )
    _load(files, source.replace("-", "_") if source else None, options, check=_refuse_other_kinds)


load_app.command(name="oruk")(load_oruk_feeds)


@load_app.command()
def folder(
    directory: Annotated[Path, typer.Argument(help="The folder.", metavar="DIR")],
    allow_shrink: AllowShrink = False,
) -> None:
    """Load every file of a folder and the folders in it, in an order that works."""
    console = Console()
    with _engine() as engine, watching(console) as watcher:
        options = ReadOptions(allow_shrink=allow_shrink)
        reports = load_folder(engine, directory, options=options, watcher=watcher)
    print_reports(reports, console=console)
    work_out_walks()
    work_out_measures()
    _exit(reports)


def problems(
    run: Annotated[int | None, typer.Option(help="Only those of this run.")] = None,
    reason: Annotated[
        ProblemReason | None, typer.Option(help="Only those for this reason.")
    ] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=100_000)] = 200,
) -> None:
    """List the rows that were not stored, or stored with a doubt, and what to do about each."""
    with _engine() as engine, engine.connect() as connection:
        rows = queries.read_problems(
            connection, run_id=run, reason=reason.value if reason else None, limit=limit
        )
    for row in rows:
        doubt = " (stored)" if row.is_stored else ""
        name = f" {row.name}:" if row.name else ""
        typer.echo(
            f"{row.file_name} row {row.row_number}:{name} {row.reason}{doubt}."
            f" {row.message} {row.suggestion}"
        )
    if not rows:
        typer.echo("There are no rows to look at.")
    elif len(rows) == limit:
        typer.echo(f"There may be more: these are the first {limit:,} (--limit shows more).")


def _load(
    files: Sequence[Path],
    reader: str | None,
    options: ReadOptions,
    *,
    check: Callable[[Path], None] | None = None,
) -> None:
    def load(engine: sa.Engine, path: Path, progress: Progress) -> Report:
        if check and reader is None:
            check(path)
        return load_file(engine, path, reader=reader, options=options, progress=progress)

    _load_each(files, load, reader=reader)


def _load_each(
    files: Sequence[Path],
    load: Callable[[sa.Engine, Path, Progress], Report],
    *,
    reader: str | None,
) -> None:
    """Load files one after the other; one that is refused leaves the others alone."""
    console = Console()
    reports = []
    with _engine() as engine, watching(console) as watcher:
        for path in files:
            progress = watcher.begin(path.name)
            try:
                report = load(engine, path, progress)
            except FileRefused as error:
                if len(files) == 1:
                    raise
                report = Report(path.name, "", reader or "", status="refused", message=str(error))
            watcher.end(report)
            reports.append(report)
    print_reports([r for r in reports if r.status != "refused"], console=console)
    _exit(reports)


def _refuse_other_kinds(path: Path) -> None:
    found = recognise(path)
    if found is not None and found.NAME in FIRST:
        raise FileRefused(
            f"{path.name} has no places in it: it looks like {found.NAME} ({found.DESCRIPTION}),"
            f" so use `patchwork load {found.NAME}`."
        )


@contextmanager
def _engine() -> Iterator[sa.Engine]:
    engine = make_engine(get_settings())
    try:
        yield engine
    finally:
        engine.dispose()


def _exit(reports: Sequence[Report]) -> None:
    if any(report.status == "refused" for report in reports):
        raise typer.Exit(1)
