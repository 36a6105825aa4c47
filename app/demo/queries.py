"""All SQL about whether there is anything to show yet, and about what the sample's people need."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.assets.edit_queries import OWN_SOURCE

HAS_ASSETS = sa.text("SELECT EXISTS (SELECT FROM assets)")
# Two programs that start together must not both store the people: one waits for the other.
PEOPLE_LOCK = 7_262_520
ROUGH_M = 200


def has_assets(connection: sa.Connection) -> bool:
    """Return whether any asset is stored."""
    return bool(connection.execute(HAS_ASSETS).scalar_one())


# What the sample's people record while somebody tries things out is made up like themselves: with
# it taken for real, nobody could sign in any more after the next start.
HAS_REAL_SOURCES = sa.text(
    """
    SELECT EXISTS (SELECT FROM sources WHERE slug NOT LIKE 'sample-%' AND slug <> :own)
      OR (EXISTS (SELECT FROM sources WHERE slug = :own)
          AND EXISTS (SELECT FROM accounts WHERE NOT is_sample))
    """
)


def has_only_the_sample_town(connection: sa.Connection) -> bool:
    """Return whether nothing but made-up data has been loaded, or recorded by anybody real."""
    if not has_assets(connection):
        return False
    return not connection.execute(HAS_REAL_SOURCES, {"own": OWN_SOURCE}).scalar_one()


def wait_for_turn(session: Session) -> None:
    """Wait until nobody else is storing the sample's people; lasts until the transaction ends."""
    session.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": PEOPLE_LOCK})


def has_people(session: Session) -> bool:
    """Return whether anybody has an account or a team, made up or real."""
    return bool(
        session.execute(
            sa.text("SELECT EXISTS (SELECT FROM accounts) OR EXISTS (SELECT FROM teams)")
        ).scalar_one()
    )


@dataclass(frozen=True, slots=True)
class Town:
    """What the sample's files name, by what they call it: rows with the ids in the database."""

    assets: Mapping[str, sa.Row[Any]]
    activities: Mapping[str, sa.Row[Any]]
    interests: Mapping[str, sa.Row[Any]]
    schedules: Mapping[uuid.UUID, list[sa.Row[Any]]]


def find_town(session: Session) -> Town:
    """Return everything the files of people and connections may name."""
    return Town(
        find_assets(session), find_activities(session), find_interests(session),
        list_schedules(session),
    )  # fmt: skip


def find_assets(session: Session) -> Mapping[str, sa.Row[Any]]:
    """Return id and name of the sample's assets by their ids in its files."""
    rows = session.execute(
        sa.text(
            "SELECT a.source_key, a.id, a.name FROM assets a JOIN sources s ON s.id = a.source_id"
            " WHERE s.slug IN ('sample-own', 'sample-cqc')"
        )
    )
    return {row.source_key: row for row in rows}


def find_activities(session: Session) -> Mapping[str, sa.Row[Any]]:
    """Return id, name and comes_to_homes of the sample's activities by their ids in its files."""
    rows = session.execute(
        sa.text("SELECT source_key, id, name, comes_to_homes FROM activities")
    ).all()
    return {row.source_key: row for row in rows}


def list_schedules(session: Session) -> Mapping[uuid.UUID, list[sa.Row[Any]]]:
    """Return starts_on, opens_at, closes_at, rrule and exdates of schedules, by activity."""
    found: dict[uuid.UUID, list[sa.Row[Any]]] = {}
    for row in session.execute(
        sa.text("SELECT activity_id, starts_on, opens_at, closes_at, rrule, exdates FROM schedules")
    ):
        found.setdefault(row.activity_id, []).append(row)
    return found


def find_interests(session: Session) -> Mapping[str, sa.Row[Any]]:
    """Return id and is_special_category of every interest by its concept."""
    rows = session.execute(sa.text("SELECT concept, id, is_special_category FROM interests"))
    return {row.concept: row for row in rows}


def find_rough_places(
    session: Session, *, postcodes: Sequence[str]
) -> Mapping[str, tuple[float, float]]:
    """Return by postcode a point rounded to 200 m: lon, lat in degrees WGS 84."""
    rows = session.execute(
        sa.text(
            "SELECT postcode, ST_X(place) AS lon, ST_Y(place) AS lat FROM postcodes, LATERAL"
            " ST_Transform(ST_SnapToGrid(ST_Transform(geom, 27700), :metres), 4326) AS place"
            " WHERE postcode = ANY(CAST(:postcodes AS text[]))"
        ),
        {"metres": ROUGH_M, "postcodes": list(postcodes)},
    )
    return {row.postcode: (row.lon, row.lat) for row in rows}


def list_teams(session: Session) -> Sequence[uuid.UUID]:
    """Return every team's id."""
    return session.execute(sa.text("SELECT id FROM teams ORDER BY name, id")).scalars().all()
