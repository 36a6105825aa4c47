"""The made-up country in a database: assets, activities, homes with their teams, and residents."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from app.database import make_engine
from app.interests.actions import read_vocabulary
from app.models.residents import DAY_PARTS, REFERENCE_ALPHABET, REFERENCE_LENGTH
from app.settings import Settings
from tests.benchmarks import national_data
from tests.benchmarks.database import make_database
from tests.benchmarks.national_data import (
    A_HOME,
    ASSURED,
    PARKING,
    STEP_FREE,
    Country,
    Size,
    home_of,
    make_country,
    say,
)
from tests.benchmarks.storing import copy, refilling

# So many people at home have one team of connectors.
A_TEAM_OF_CONNECTORS = 500
NOTHING = r"\N"
COLUMNS = {
    "assets": "id, kind, name, geom, location_source, interest_ids, access, assured_date,"
    " source_id, source_key",
    "activities": "id, name, organizer_id, comes_to_homes, interest_ids, access, day_parts,"
    " assured_date, source_id, source_key",
    "teams": "id, kind, home_id, name",
    "residents": "id, team_id, reference, access_needs, travel, good_times, geom, basis,"
    " special_basis, decided_by, basis_recorded_on, review_on",
    "resident_interests": "resident_id, interest_id, team_id, stance",
}


def make_national(size: Size, day: dt.date) -> tuple[Settings, Country]:
    """Return settings for a database with the country of that size, and the same as arrays."""
    where = "_scattered" if size.is_scattered else ""
    settings = make_database(f"patchwork_bench_national_{size.residents}_{size.assets}{where}")
    engine = make_engine(settings)
    with engine.connect() as connection:
        vocabulary = read_vocabulary(connection)
        slugs = connection.execute(sa.text("SELECT slug FROM sources")).scalars().all()
    say(f"Making up {size}")
    country = make_country(size, vocabulary, day)
    if slugs != [_slug(size)]:
        say("Storing it; kept for the next time")
        fill(engine, country)
    engine.dispose()
    return settings, country


def _slug(size: Size) -> str:
    """Return a name that changes with what is filled in."""
    digest = hashlib.sha256(repr(size).encode())
    for path in (Path(national_data.__file__), Path(__file__)):
        digest.update(path.read_bytes())
    return f"national-{digest.hexdigest()[:16]}"


def fill(engine: sa.Engine, country: Country) -> None:
    """Store the country in place of all there is."""
    with refilling(engine, tuple(COLUMNS), slug=_slug(country.size)) as (connection, source_id):
        rows = {
            "assets": _assets(country, source_id),
            "activities": _activities(country, source_id),
            **_people(country),
        }
        for table, lines in rows.items():
            count = copy(connection, table, COLUMNS[table], lines)
            say(f"{count:,} {table.replace('_', ' ')} stored")


def _ids(country: Country) -> list[str]:
    return [row.tobytes().hex() for row in country.uuids]


def _lists(country: Country) -> Iterator[str]:
    starts, values = country.targets.interests.starts.tolist(), country.targets.interests.values
    words = values.astype(str).tolist()
    for start, end in pairwise(starts):
        yield f"{{{','.join(words[start:end])}}}"


def _access(bits: int) -> str:
    if bits < 0:
        return NOTHING
    words = [word for bit, word in ((STEP_FREE, "step_free"), (PARKING, "parking")) if bits & bit]
    return f"{{{','.join(words)}}}"


def _times(bits: int) -> str:
    words = [word for number, word in enumerate(DAY_PARTS) if bits >> number & 1]
    return f"{{{','.join(words)}}}"


def _point(lon: float, lat: float) -> str:
    return f"SRID=4326;POINT({lon:.6f} {lat:.6f})"


def _facts(country: Country) -> Iterator[tuple[int, str, str, str, str]]:
    """Yield of each target its number, id, interests, access and date."""
    dates = [NOTHING if day is None else day.isoformat() for day in ASSURED]
    access, assured = country.targets.access.tolist(), country.assured.tolist()
    for n, (id_, interests) in enumerate(zip(_ids(country), _lists(country), strict=True)):
        yield n, id_, interests, _access(access[n]), dates[assured[n]]


def _assets(country: Country, source_id: int) -> Iterator[str]:
    points = country.lon_lat.tolist()
    for n, id_, interests, access, date in _facts(country):
        if n < country.size.assets:
            yield (
                f"{id_}\tgroup\tGroup {n} of the town\t{_point(*points[n])}\tgiven\t{interests}"
                f"\t{access}\t{date}\t{source_id}\t{n}\n"
            )
    if not country.size.is_scattered:
        for n, at in enumerate(country.home_lon_lat.tolist()):
            yield (
                f"{_home_id(n)}\tcare_home\tHome {n}\t{_point(*at)}\tgiven\t{{}}\t{NOTHING}"
                f"\t{NOTHING}\t{source_id}\thome {n}\n"
            )


def _activities(country: Country, source_id: int) -> Iterator[str]:
    ids, place = _ids(country), country.targets.place.tolist()
    comes, times = country.targets.comes_to_homes.tolist(), country.targets.day_parts.tolist()
    for n, id_, interests, access, date in _facts(country):
        if n >= country.size.assets:
            yield (
                f"{id_}\tSession {n}\t{ids[place[n]]}\t{comes[n]}\t{interests}\t{access}"
                f"\t{_times(times[n])}\t{date}\t{source_id}\t{n}\n"
            )


def _home_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def _team_id(number: int) -> str:
    return f"00000000-0000-4000-9000-{number:012x}"


def resident_id(number: int) -> str:
    """Return the id of a resident of that number."""
    return f"00000000-0000-4000-a000-{number:012x}"


def _reference(number: int) -> str:
    letters = []
    for _ in range(REFERENCE_LENGTH):
        number, at = divmod(number, len(REFERENCE_ALPHABET))
        letters.append(REFERENCE_ALPHABET[at])
    return "".join(letters)


def _people(country: Country) -> dict[str, Iterator[str]]:
    size = country.size
    numbers = np.arange(size.residents)
    teams = numbers // (A_TEAM_OF_CONNECTORS if size.is_scattered else A_HOME)
    return {
        "teams": _teams(int(teams[-1]) + 1, is_scattered=size.is_scattered),
        "residents": _residents(country, teams.tolist()),
        "resident_interests": (
            f"{resident_id(n)}\t{concept}\t{_team_id(team)}\tenjoys\n"
            for n, (team, wanted) in enumerate(
                zip(teams.tolist(), country.wanted.tolist(), strict=True)
            )
            for concept in wanted
        ),
    }


def _teams(count: int, *, is_scattered: bool) -> Iterator[str]:
    for n in range(count):
        kind, home = ("connectors", NOTHING) if is_scattered else ("home", _home_id(n))
        yield f"{_team_id(n)}\t{kind}\t{home}\tTeam {n}\n"


def _residents(country: Country, teams: list[int]) -> Iterator[str]:
    needs, times = country.askers.needs.tolist(), country.askers.day_parts.tolist()
    homes, points = home_of(country.size).tolist(), country.home_lon_lat.tolist()
    for n, team in enumerate(teams):
        point = _point(*points[homes[n]]) if country.size.is_scattered else NOTHING
        yield (
            f"{resident_id(n)}\t{_team_id(team)}\t{_reference(n)}\t{_access(needs[n])}"
            f"\tcan_travel\t{_times(times[n])}\t{point}\tlegitimate_interests\tsocial_care"
            f"\tresident\t2026-10-01\t2027-10-01\n"
        )
