"""The sample town: loaded once into an empty database, through the same importers as real data."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from app.database import make_engine
from app.demo.queries import has_assets, has_only_the_sample_town
from app.importers.folder import load_folder
from app.importers.options import ReadOptions
from app.importers.progress import print_reports, watching
from app.migrations import ROOT, migrate
from app.settings import Settings

DEMO_FOLDER = ROOT / "data" / "sample"


def prepare_demo(settings: Settings, *, folder: Path, console: Console) -> bool:
    """Migrate, and load `folder` if no asset is stored yet; what is there already stays.

    Returns whether all that is loaded is made up: the pages then say so.
    """
    migrate(settings)
    engine = make_engine(settings)
    try:
        with engine.connect() as connection:
            is_empty = not has_assets(connection)
        if is_empty:
            console.print(f"Loading the sample town from {folder.name}/ …")
            options = ReadOptions(is_made_up=True)
            with watching(console) as watcher:
                reports = load_folder(engine, folder, options=options, watcher=watcher)
            loaded = [report for report in reports if report.status != "not recognised"]
            print_reports(loaded, console=console)
        else:
            console.print("The database has assets already: nothing was loaded.")
        with engine.connect() as connection:
            return has_only_the_sample_town(connection)
    finally:
        engine.dispose()
