"""A town with everything a run may meet, and what the live question says of its residents."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from geoalchemy2.shape import from_shape
from shapely import Point
from sqlalchemy.orm import Session

from app.interests.actions import read_vocabulary
from app.matches.actions import Found
from app.matches.resident_actions import as_resident, find_for_resident
from app.matches.resident_queries import list_residents
from app.models import AssetKind, LocationSource, Schedule, SpecialBasis, Stance, Travel
from app.models.residents import REFERENCE_ALPHABET
from app.walking.actions import WalkingCache
from tests.builders import make_activity, make_asset, make_ward, square
from tests.people import People, make_resident, weekly_on_tuesdays

HOMES = {"a": (-1.7540, 53.7930), "b": (-1.7500, 53.7950)}
OFFERED = ("bowls", "reading", "knitting", "gardening", "choirs", "boccia")
# What only few offer, and what shows faith.
LIKED = (*OFFERED, "pottery", "islam")
FAR_WARD = "E05009999"
# West of the others, and out of their reach on foot.
FAR_AWAY = (-1.90, 53.80)
TODAY = dt.datetime.now(tz=dt.UTC).date()


def fill(people: People, *, residents: int = 24, seed: int = 4) -> None:
    """Store groups, sessions, and residents in two homes and at places of their own."""
    chance = random.Random(seed)
    with Session(people.engine) as session:
        make_ward(session, FAR_WARD, "Far side", shape=square(FAR_AWAY), lad_code="E08000099")
        for n in range(70):
            _store_group(session, chance, n)
        for n in range(residents):
            _store_resident(session, people, chance, n)
        session.commit()


def _store_group(session: Session, chance: random.Random, n: int) -> None:
    centre = FAR_AWAY if n % 5 == 0 else HOMES["a"]
    likes = [*OFFERED, "pottery"] if n % 5 == 0 else OFFERED
    at = (centre[0] + chance.gauss(0, 0.02), centre[1] + chance.gauss(0, 0.012))
    club = make_asset(
        session, f"Group {n}", at=at, interests=chance.sample(likes, k=chance.randint(0, 2)),
        access=chance.choice([None, [], ["step_free"], ["step_free", "seating"]]),
        checked_on=chance.choice(
            [None, TODAY, TODAY - dt.timedelta(500), TODAY - dt.timedelta(900)]
        ),
        location_source=LocationSource.WARD if n % 9 == 0 else LocationSource.GIVEN,
        ward_code="E05001347",
    )  # fmt: skip
    venue = make_asset(session, f"Hall {n}", at=at, kind=AssetKind.VENUE) if n % 3 else None
    for m in range(chance.randint(0, 2)):
        make_activity(
            session, f"Session {n}.{m}", club, venue=venue, comes_to_homes=chance.random() < 0.5,
            interests=chance.sample(likes, k=chance.randint(1, 3)),
            schedules=chance.choice([[], [weekly_on_tuesdays()], [_last_year()]]),
        )  # fmt: skip


def _last_year() -> Schedule:
    return Schedule(
        starts_on=TODAY - dt.timedelta(300), opens_at=dt.time(10), closes_at=dt.time(11)
    )


def _store_resident(session: Session, people: People, chance: random.Random, n: int) -> None:
    team = ("a", "a", "b", "connectors")[n % 4]
    at = FAR_AWAY if n % 8 == 3 else (-1.7560, 53.7945)
    make_resident(
        session, people.teams[team],
        "ZZZZZ" + REFERENCE_ALPHABET[n // 25] + REFERENCE_ALPHABET[n // 5 % 5]
        + REFERENCE_ALPHABET[n % 25],
        {slug: chance.choice(list(Stance)) for slug in chance.sample(LIKED, k=n % 4)},
        travel=list(Travel)[n % 3], access_needs=chance.choice([[], ["step_free"]]),
        good_times=chance.choice([[], ["tue_pm"], ["mon_am", "wed_eve"]]),
        geom=from_shape(Point(at), srid=4326) if team == "connectors" else None,
        special_basis=SpecialBasis.SOCIAL_CARE,
    )  # fmt: skip


class Row(NamedTuple):
    """A match as it is compared; metres to the millimetre."""

    id: str
    kind_of: str
    score: float
    distance_m: float


def live_matches(people: People, team: str) -> dict[uuid.UUID, tuple[list[Found], list[Found]]]:
    """Return what the live question finds for each resident of a team: near, and who comes."""
    with Session(people.engine) as session:
        connection = session.connection()
        vocabulary, walking = read_vocabulary(connection), WalkingCache().get(connection)
        found = {}
        for row in list_residents(connection, team_id=people.teams[team]):
            resident = as_resident(row, vocabulary)
            lists = find_for_resident(
                connection, vocabulary, resident, within_m=resident.reach_m, walking=walking
            )
            # Only who comes counts for somebody who does not go out.
            near = [] if resident.travel is Travel.VISITS_ONLY else lists.near
            found[resident.id] = (near, lists.comes_to_you)
        return found


def shown(matches: Sequence[Found]) -> list[Row]:
    return [Row(m.id, m.kind_of, m.score, round(m.distance_m, 1)) for m in matches]


def kept(row: sa.Row[Any], which: str) -> list[Row]:
    """Return a list of a row of `resident_matches` as the live question's are."""
    ids = getattr(row, f"{which}_ids")
    are_activities = row.near_are_activities if which == "near" else [True] * len(ids)
    return [
        Row(str(id_), "activity" if is_activity else "asset", score / 1e6, round(distance, 1))
        for id_, is_activity, score, distance in zip(
            ids,
            are_activities,
            getattr(row, f"{which}_scores"),
            getattr(row, f"{which}_distances_m"),
            strict=True,
        )
    ]


def current_rows(people: People) -> dict[uuid.UUID, sa.Row[Any]]:
    """Return the rows readers see, by resident."""
    with people.engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                "SELECT m.* FROM resident_matches m JOIN match_runs r ON r.id = m.run_id"
                " WHERE r.state = 'current'"
            )
        ).all()
    assert len({row.resident_id for row in rows}) == len(rows), "each is seen once"
    return {row.resident_id: row for row in rows}
