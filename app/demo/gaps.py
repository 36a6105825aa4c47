"""What the sample town's residents look for in vain, as it is kept when somebody looks for them."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.demo.queries import list_teams
from app.interests.actions import read_vocabulary
from app.matches.resident_actions import as_resident, find_for_resident, look_for_gaps
from app.matches.resident_queries import list_residents
from app.matches.unmet import keep_unmet
from app.walking.actions import WalkingCache


def keep_gaps(session: Session) -> None:
    """Ask once for every resident of every team, and keep what nothing in reach answers."""
    connection = session.connection()
    vocabulary = read_vocabulary(connection)
    walking = WalkingCache().get(connection)
    for team_id in list_teams(session):
        for row in list_residents(connection, team_id=team_id):
            resident = as_resident(row, vocabulary)
            if resident.lon is None or resident.lat is None:
                continue
            lists = find_for_resident(
                connection, vocabulary, resident, within_m=resident.reach_m, walking=walking
            )
            found = look_for_gaps(connection, vocabulary, resident, lists, walking=walking)
            keep_unmet(
                connection, found.unmet, lon=resident.lon, lat=resident.lat,
                resident_id=resident.id, team_id=team_id,
            )  # fmt: skip
