"""`patchwork match` and `patchwork map`: answers without a browser."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.table import Table

from app.areas.cli import INLINE, Output
from app.assets.actions import NameCache
from app.database import reading
from app.errors import BadQuestion, NotFound
from app.interests.actions import read_vocabulary, search_interests
from app.matches import schemas
from app.matches.actions import Found, MatchLists, find_matches
from app.matches.maps import map_of_matches
from app.places import queries as places
from app.places.actions import Place, Whereabouts
from app.rendering import csv_answer, geojson_answer
from app.settings import get_settings
from app.walking.actions import WalkingCache
from geo.crs import is_in_great_britain
from geo.errors import UnknownInterest
from geo.geojson import features_from_rows
from geo.interests import Vocabulary
from geo.matching import MOST_MATCHES, NEAR_REACH_M
from geo.postcode import Postcode

MOST_CHOICES = 5
# places.find_homes_named says 3 for exactly the same name.
SAME_NAME = 3


class Format(enum.StrEnum):
    """How an answer is written."""

    TABLE = "table"
    GEOJSON = "geojson"
    CSV = "csv"


def find_place(
    connection: sa.Connection, *, home: str | None, at: str | None, postcode: str | None
) -> Place:
    """Return the one place named; raises BadQuestion or NotFound saying what to do."""
    if sum(given is not None for given in (home, at, postcode)) != 1:
        raise BadQuestion("Name one place: --home, --at or --postcode.", field="home")
    if home is not None:
        return find_home(connection, home)
    if postcode is not None:
        row = places.find_postcode(connection, postcode=Postcode.parse(postcode).text)
        if row is None:
            raise NotFound(
                f"The postcode {postcode} is not loaded. Load it with: patchwork load postcodes"
            )
        return Place(row.lon, row.lat, row.postcode)
    try:
        lon, lat = (float(part) for part in str(at).split(","))
    except ValueError:
        raise BadQuestion("Write --at as LON,LAT, for example -1.75,53.79.", field="at") from None
    if not is_in_great_britain(lon, lat):
        raise BadQuestion("That point is not in Great Britain: longitude first.", field="at")
    return Place(lon, lat, f"{lon:.5f}, {lat:.5f}")


def find_home(connection: sa.Connection, home: str) -> Place:
    """Return the care home with this id, or the one that is meant by this name."""
    try:
        found = places.find_home(connection, home_id=uuid.UUID(home))
        rows = [found] if found else []
    except ValueError:
        rows = list(places.find_homes_named(connection, name=home, limit=MOST_CHOICES))
        same = [row for row in rows if row.likeness == SAME_NAME]
        rows = same if len(same) == 1 else rows
    if not rows:
        raise NotFound(f"No care home is called {home!r}. Look in /assets?kind=care_home.")
    if len(rows) > 1:
        names = "; ".join(f"{row.name} {row.postcode or ''} ({row.id})" for row in rows)
        raise BadQuestion(f"More than one care home is meant: {names}. Give the id.", field="home")
    row = rows[0]
    return Place(row.lon, row.lat, row.name, row.id)


def resolve_interests(
    connection: sa.Connection, vocabulary: Vocabulary, phrases: list[str]
) -> list[str]:
    """Return concept slugs for what was typed: a slug, or words the vocabulary is sure about.

    Raises UnknownInterest with the likeliest concepts if it is not.
    """
    slugs = []
    for phrase in phrases:
        try:
            slugs.append(vocabulary.concept(phrase).concept)
            continue
        except UnknownInterest:
            hits = search_interests(connection, phrase, limit=3)
        if not hits:
            raise UnknownInterest(f"Nothing in the vocabulary is like {phrase!r}.")
        typer.echo(f"{phrase}: taken as {hits[0].label} ({hits[0].because})", err=True)
        slugs.append(hits[0].concept)
    return slugs


def match(
    *,
    interest: Annotated[list[str], typer.Option(help="What they enjoy; may be given again.")],
    home: Annotated[str | None, typer.Option(help="A care home's id or name.")] = None,
    at: Annotated[str | None, typer.Option(help="LON,LAT in degrees.")] = None,
    postcode: Annotated[str | None, typer.Option(help="A full postcode.")] = None,
    need: Annotated[list[str] | None, typer.Option(help="step_free, hearing_loop, …")] = None,
    within: Annotated[float, typer.Option(help="Metres.", min=1, max=50_000)] = NEAR_REACH_M,
    limit: Annotated[
        int, typer.Option(help="How many of each list.", min=1, max=MOST_MATCHES)
    ] = 10,
    output: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.TABLE,
) -> None:
    """Find groups and activities that fit, near a place, and those that come to it."""
    with reading(get_settings()) as connection:
        place = find_place(connection, home=home, at=at, postcode=postcode)
        lists = _ask(connection, place, interest, needs=need or (), within_m=within, limit=limit)
        names = NameCache().get(connection)
    attribution = names.attribution(lists.source_ids)
    if output is Format.TABLE:
        _print_tables(lists, place)
        typer.echo("\n".join(attribution))
    elif output is Format.GEOJSON:
        features = features_from_rows(schemas.as_features(lists, names))
        typer.echo(geojson_answer(features, attribution=attribution).body, nl=False)
    else:
        answer = csv_answer(schemas.CSV_COLUMNS, schemas.as_csv(lists, names), name="matches")
        typer.echo(answer.body, nl=False)


def map_home(
    *,
    home: Annotated[str, typer.Argument(help="A care home's id or name.")],
    interest: Annotated[list[str], typer.Option(help="What they enjoy; may be given again.")],
    output: Output = Path("home.html"),
    within: Annotated[float, typer.Option(help="Metres.", min=1, max=50_000)] = NEAR_REACH_M,
) -> None:
    """Write the map of a care home and what matches around it."""
    settings = get_settings()
    with reading(settings) as connection:
        place = find_home(connection, home)
        lists = _ask(connection, place, interest, needs=(), within_m=within, limit=10)
        document = map_of_matches(
            connection,
            Whereabouts(place),
            lists,
            names=NameCache().get(connection),
            within_m=within,
            settings=settings,
            walking=WalkingCache().get(connection),
            scripts=INLINE,
        )
    document.write(output)
    typer.echo(f"{output}: {output.stat().st_size / 1000:,.0f} kB")


def _ask(
    connection: sa.Connection,
    place: Place,
    phrases: list[str],
    *,
    needs: Collection[str],
    within_m: float,
    limit: int,
) -> MatchLists:
    vocabulary = read_vocabulary(connection)
    return find_matches(
        connection,
        vocabulary,
        lon=place.lon,
        lat=place.lat,
        interests=resolve_interests(connection, vocabulary, phrases),
        needs=needs,
        within_m=within_m,
        limit=limit,
        walking=WalkingCache().get(connection),
        home_id=place.home_id,
    )


def _walk(match_: Found) -> str:
    if match_.walk_minutes is None:
        return "> 90 min"
    return f"{'about ' if match_.is_about else ''}{match_.walk_minutes} min"


def _print_tables(lists: MatchLists, place: Place) -> None:
    console = Console()
    for title, found in (
        (f"Near {place.name}", lists.near),
        (f"Comes to {place.name}", lists.comes_to_you),
    ):
        table = Table(title=title, title_justify="left", show_lines=True)
        # Nobody walks to somebody who comes to them.
        is_walked = found is lists.near
        for heading in ("", "Name", "Metres", *(["Walk"] if is_walked else []), "Score", "Why",
                        "Phone"):  # fmt: skip
            table.add_column(heading, justify="right" if heading in {"Metres", "Walk"} else "left")
        for number, match_ in enumerate(found, start=1):
            name = match_.name
            if match_.place_name != match_.name:
                name += f" ({match_.place_name})"
            table.add_row(
                str(number),
                name,
                f"{match_.distance_m:.0f}",
                *([_walk(match_)] if is_walked else []),
                f"{match_.score:.2f}",
                " ".join(match_.reasons),
                match_.phone or "",
            )
        if found:
            console.print(table)
        else:
            console.print(f"{title}: nobody yet.")
