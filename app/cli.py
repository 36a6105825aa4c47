"""The command line: `patchwork`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import sqlalchemy as sa
import typer
import uvicorn
from fastapi import FastAPI
from rich.console import Console

from app.accounts.cli import housekeeping, user_app
from app.areas.cli import measures_app, ward
from app.demo.actions import DEMO_FOLDER, prepare_demo
from app.duplicates.cli import duplicates_app
from app.errors import PatchworkError
from app.everyone.cli import match_all_command
from app.feeds.cli import feed_app
from app.importers.cli import load_app, problems
from app.jobs.cli import jobs, worker
from app.main import create_app
from app.matches.cli import map_home, match
from app.migrations import migrate
from app.oruk.cli import export_app
from app.residents.cli import residents_app
from app.settings import Settings, get_settings
from app.walking.cli import walks_app
from geo.errors import GeoError

cli = typer.Typer(
    help="Patchwork: a community asset map for health and social care in England.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
cli.add_typer(residents_app, name="residents", help="Look after what is kept about residents.")
cli.add_typer(load_app, name="load", help="Bring open data in, one transaction a file.")
maps = typer.Typer(no_args_is_help=True)
maps.command(name="ward")(ward)
maps.command(name="home")(map_home)
cli.add_typer(maps, name="map", help="Write a map as one HTML file that works offline.")
cli.add_typer(user_app, name="user", help="Look after accounts: who may sign in, and as what.")
cli.add_typer(duplicates_app, name="duplicates", help="Look for pairs that may be one place.")
cli.add_typer(measures_app, name="measures", help="Look after the figures that compare wards.")
cli.add_typer(walks_app, name="walks", help="Look after minutes on foot.")
cli.add_typer(export_app, name="export", help="Write what is published into a file.")
cli.add_typer(feed_app, name="feed", help="Look after what is read from others regularly.")
cli.command()(housekeeping)
cli.command()(jobs)
cli.command()(match)
cli.command(name="match-all")(match_all_command)
cli.command()(problems)
cli.command()(worker)

PORT = Annotated[int, typer.Option(help="The port to listen on, at 127.0.0.1.", min=1, max=65535)]

# One of several web processes that gives no sign of life for so long is replaced.
HANGING_AFTER_S = 30
PROCESSES = Annotated[
    int,
    typer.Option(
        help="How many processes answer, sharing the port: about one for each processor core.",
        min=1,
        max=64,
    ),
]


@cli.command(name="migrate")
def migrate_command() -> None:
    """Bring the database's tables and the vocabulary of interests up to date."""
    migrate(get_settings())
    typer.echo("The database is up to date.")


@cli.command()
def serve(port: PORT = 8000, processes: PROCESSES = 1) -> None:
    """Serve the web pages at http://127.0.0.1:PORT until Ctrl-C."""
    _serve(get_settings(), port, processes=processes)


@cli.command()
def demo(
    *,
    folder: Annotated[Path, typer.Option(help="The files to load.")] = DEMO_FOLDER,
    then_serve: Annotated[
        bool, typer.Option("--serve", help="Serve the web pages afterwards.")
    ] = False,
    port: PORT = 8000,
) -> None:
    """Load the sample town if the database is empty; what is there already stays."""
    settings = get_settings()
    is_made_up = prepare_demo(settings, folder=folder, console=Console())
    if then_serve:
        _serve(settings.model_copy(update={"is_demo": is_made_up}), port)


def _serve(settings: Settings, port: int, *, processes: int = 1) -> None:
    here = f"http://127.0.0.1:{port}"
    typer.echo(f"Patchwork is at {here} (Ctrl-C stops it)")
    if "base_url" not in settings.model_fields_set:
        settings = settings.model_copy(update={"base_url": here})
    # Made here for several processes too: a setting that makes no sense is said once, and now.
    app: FastAPI | str = create_app(settings)
    if processes > 1:
        # Each makes its own, from an environment that says the same.
        os.environ["PATCHWORK_BASE_URL"] = settings.base_url
        app = "app.main:create_app_of_environment"
    # Which proxies to believe is a setting of ours (app/accounts/browsers.py).
    uvicorn.run(
        app,
        factory=isinstance(app, str),
        workers=processes,
        # One that is only slow to begin, on a busy machine, must not be ended and begun again.
        timeout_worker_healthcheck=HANGING_AFTER_S,
        host="127.0.0.1",
        port=port,
        log_config=None,
        access_log=False,
        proxy_headers=False,
    )


def main() -> None:
    """Run the command line; our own errors are one sentence and exit code 1, no traceback."""
    try:
        cli()
    except (PatchworkError, GeoError) as error:
        _give_up(str(error))
    except sa.exc.OperationalError:
        _give_up(
            "The database cannot be reached. Check DATABASE_URL, or start Patchwork with: make run"
        )


def _give_up(sentence: str) -> NoReturn:
    typer.echo(f"Error: {sentence}", err=True)
    sys.exit(1)
