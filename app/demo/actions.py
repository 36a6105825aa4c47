"""The sample town: loaded once into an empty database, through the same importers as real data."""

from __future__ import annotations

import uuid
from pathlib import Path

from rich.console import Console

from app.areas.cli import work_out_measures
from app.database import APP_ROLE, KEEPER_ROLE, make_engine, transaction
from app.demo.files import has_people_files, read_rows
from app.demo.gaps import keep_gaps
from app.demo.people import store_people
from app.demo.queries import has_assets, has_only_the_sample_town
from app.importers.folder import load_folder
from app.importers.options import ReadOptions
from app.importers.progress import print_reports, watching
from app.migrations import ROOT, migrate
from app.models import SuggestionKind
from app.settings import Settings
from app.suggestions.queries import insert_suggestion
from app.walking.cli import work_out_walks

DEMO_FOLDER = ROOT / "data" / "sample"
FACTS_SUGGESTED = ("name", "kind", "postcode", "description")
SUGGESTED_HERE = uuid.UUID("6d0f35a5-9f3c-4d3e-8b58-5d9f3a2c7c41")


def prepare_demo(settings: Settings, *, folder: Path, console: Console) -> bool:
    """Migrate, and load `folder` if no asset is stored yet; what is there already stays.

    Where the sample town is all there is, its people are stored as well, once. Returns whether
    all that is loaded is made up: the pages then say so.
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
            is_sample = has_only_the_sample_town(connection)
    finally:
        engine.dispose()
    if is_empty:
        work_out_walks(settings, console=console)
        work_out_measures(settings, console=console)
    if is_sample and has_people_files(folder):
        add_people(settings, folder=folder, console=console)
        add_suggestions(settings, folder=folder)
    return is_sample


def add_people(settings: Settings, *, folder: Path, console: Console) -> None:
    """Store the sample town's people unless somebody has an account already."""
    # The rules of row-level security bind the tables' owner too: this role sees every team.
    engine = make_engine(settings, role=KEEPER_ROLE)
    try:
        with transaction(engine) as session:
            count = store_people(session, folder)
            if count:
                keep_gaps(session)
    finally:
        engine.dispose()
    if count:
        console.print(f"Added {count} people to sign in as, and residents by reference.")


def add_suggestions(settings: Settings, *, folder: Path) -> None:
    """Let the sample's suggestions wait for an editor; each once, decided or not."""
    engine = make_engine(settings, role=APP_ROLE)
    try:
        with transaction(engine) as session:
            for row in read_rows(folder, "suggestions.csv"):
                facts = {name: row[name] for name in FACTS_SUGGESTED if row[name]}
                insert_suggestion(
                    session,
                    suggestion_id=uuid.uuid5(SUGGESTED_HERE, row["name"]),
                    kind=SuggestionKind.NEW,
                    asset_id=None,
                    seen_version=None,
                    poster_id=None,
                    fields=facts | ({"place": {"ward_code": row["ward"]}} if row["ward"] else {}),
                    note=row["note"],
                    contact=None,
                )
    finally:
        engine.dispose()
