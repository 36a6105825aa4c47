"""The sample town's people: who signs in, residents by reference, and their connections."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path

from geoalchemy2.shape import from_shape
from shapely import Point
from sqlalchemy.orm import Session

from app.demo import queries
from app.demo.connections import store_connections
from app.demo.files import Rows, listed, read_rows
from app.demo.queries import Town
from app.models import (
    Account,
    Basis,
    DecidedBy,
    Membership,
    Offer,
    Resident,
    ResidentInterest,
    Role,
    SpecialBasis,
    Stance,
    Team,
    TeamKind,
    Travel,
)
from app.parameters import today

CONNECTORS = "connectors"
CONNECTORS_NAME = "Ellerwick community connectors"
# Whoever has one of these skills to share is offered to groups, as long as the home is one of the
# two that the sample has connections for.
OFFERING = ("1-990000003", "1-990000001")
REVIEWED_AFTER = dt.timedelta(days=365)
BASES = (
    (Basis.CONSENT, DecidedBy.RESIDENT),
    (Basis.LEGITIMATE_INTERESTS, DecidedBy.RESIDENT),
    (Basis.LEGITIMATE_INTERESTS, DecidedBy.ATTORNEY),
    (Basis.LEGITIMATE_INTERESTS, DecidedBy.BEST_INTERESTS),
)


def store_people(session: Session, folder: Path) -> int:
    """Store everybody in the sample's files, if nobody has an account; return how many sign in."""
    queries.wait_for_turn(session)
    if queries.has_people(session):
        return 0
    town = queries.find_town(session)
    teams = _store_teams(session, read_rows(folder, "residents.csv"), town)
    accounts = _store_accounts(session, read_rows(folder, "accounts.csv"), teams)
    residents = _store_residents(session, folder, teams, town)
    store_connections(
        session, folder, town=town, teams=teams, accounts=accounts, residents=residents
    )
    return len(accounts)


def _store_teams(session: Session, rows: Rows, town: Town) -> dict[str, uuid.UUID]:
    """Store a team for each home that has residents, and the connectors'; return ids by home."""
    teams = {CONNECTORS: Team(kind=TeamKind.CONNECTORS, name=CONNECTORS_NAME)}
    for home in sorted({row["home"] for row in rows}):
        asset = town.assets[home]
        teams[home] = Team(kind=TeamKind.HOME, home_id=asset.id, name=asset.name)
    session.add_all(teams.values())
    session.flush()
    return {key: team.id for key, team in teams.items()}


def _store_accounts(
    session: Session, rows: Rows, teams: dict[str, uuid.UUID]
) -> dict[str, uuid.UUID]:
    """Store the sign-ins without passwords; return ids by the part of the address before @."""
    accounts = {
        row["email"].partition("@")[0]: Account(
            email=row["email"], name=row["name"], is_sample=True
        )
        for row in rows
    }
    session.add_all(accounts.values())
    session.flush()
    for account, row in zip(accounts.values(), rows, strict=True):
        session.add(
            Membership(
                account_id=account.id,
                role=Role(row["role"]),
                team_id=teams[row["team"]] if row["team"] else None,
                ward_codes=listed(row["wards"]),
            )
        )
    session.flush()
    return {key: account.id for key, account in accounts.items()}


def _store_residents(
    session: Session, folder: Path, teams: dict[str, uuid.UUID], town: Town
) -> dict[str, uuid.UUID]:
    """Store the residents and the people at home; return ids by reference."""
    rows = read_rows(folder, "residents.csv")
    at_home = read_rows(folder, "people_at_home.csv")
    places = queries.find_rough_places(session, postcodes=[row["postcode"] for row in at_home])
    found = {}
    for number, row in enumerate([*rows, *at_home]):
        interests = [_split(word) for word in listed(row["interests"])]
        is_special = any(town.interests[slug].is_special_category for slug, _ in interests)
        made = _resident(number, row, teams[row.get("home", CONNECTORS)], is_special=is_special)
        if "postcode" in row:
            made.geom = from_shape(Point(places[row["postcode"]]), srid=4326)
        session.add(made)
        session.flush()
        is_offering = row.get("home") in OFFERING
        _store_interests(session, made, interests, town, is_offering=is_offering)
        found[row["reference"]] = made.id
    return found


def _resident(
    number: int, row: dict[str, str], team_id: uuid.UUID, *, is_special: bool
) -> Resident:
    """Return a resident; what shows faith or health has a basis of its own, others have none."""
    basis, decided_by = BASES[number % len(BASES)]
    special = SpecialBasis.SOCIAL_CARE
    if decided_by is DecidedBy.RESIDENT:
        special = SpecialBasis.EXPLICIT_CONSENT
    # Spread over the year, so that some are to be reviewed about now.
    recorded_on = today() - dt.timedelta(days=(number * 37 + 20) % 370)
    return Resident(
        team_id=team_id,
        reference=row["reference"],
        access_needs=listed(row["access_needs"]),
        travel=Travel(row["travel"]),
        good_times=listed(row["times"]),
        basis=basis,
        special_basis=special if is_special else None,
        decided_by=decided_by,
        basis_recorded_on=recorded_on,
        review_on=recorded_on + REVIEWED_AFTER,
    )


def _store_interests(
    session: Session,
    resident: Resident,
    interests: list[tuple[str, Stance]],
    town: Town,
    *,
    is_offering: bool,
) -> None:
    key = {"resident_id": resident.id, "team_id": resident.team_id}
    session.add_all(
        ResidentInterest(**key, interest_id=town.interests[slug].id, stance=stance)
        for slug, stance in interests
    )
    session.flush()
    if is_offering:
        session.add_all(
            Offer(**key, interest_id=town.interests[slug].id)
            for slug, stance in interests
            if stance is Stance.COULD_SHARE and not town.interests[slug].is_special_category
        )


def _split(word: str) -> tuple[str, Stance]:
    slug, _, stance = word.partition(":")
    return slug, Stance(stance)
