"""Which team, and which wards, somebody means who writes their names."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts import people_queries
from app.areas import queries as areas
from app.errors import BadQuestion
from app.models import Role, TeamKind
from app.places import queries as places
from app.words import joined
from geo.errors import PostcodeError
from geo.postcode import Postcode

MOST_CHOICES = 6
# places.find_homes_named says 3 for exactly the same name.
SAME_NAME = 3


class NamedTeam(NamedTuple):
    """A team that was found or made."""

    id: uuid.UUID
    name: str


def team_named(session: Session, *, name: str, role: Role) -> NamedTeam:
    """Return the team somebody means, for a role in it.

    A care home on the map that has no team yet is given one. "Beck House, BD1 1HY" tells two
    homes of one name apart. Raises BadQuestion, saying what to write instead.
    """
    kind = TeamKind.CONNECTORS if role is Role.CONNECTOR else TeamKind.HOME
    name, postcode = _split(name)
    if postcode is not None and kind is TeamKind.HOME:
        return team_of_home(session, _home_named(session, name, postcode))
    found = people_queries.find_teams_named(session, name=name, limit=MOST_CHOICES)
    teams = [team for team in found if team.kind == kind.value]
    same = [team for team in teams if team.is_same]
    if len(same) == 1:
        return NamedTeam(same[0].id, same[0].name)
    if kind is TeamKind.HOME and not same:
        return team_of_home(session, _home_named(session, name, None))
    if len(teams) == 1:
        return NamedTeam(teams[0].id, teams[0].name)
    if teams:
        raise _several([team.name for team in teams])
    raise BadQuestion(f"There is no team of connectors called “{name}”.", field="team")


def team_of_home(session: Session, home: sa.Row[Any]) -> NamedTeam:
    """Return the team of a care home, made now if there is none."""
    team = people_queries.find_team_of_home(session, home_id=home.id)
    if team is not None:
        return NamedTeam(team.id, team.name)
    made = people_queries.add_team(session, name=home.name, home_id=home.id)
    return NamedTeam(made, home.name)


def make_connectors(session: Session, *, name: str) -> NamedTeam:
    """Make a team of connectors; raises BadQuestion if there is one of this name."""
    for team in people_queries.find_teams_named(session, name=name, limit=MOST_CHOICES):
        if team.is_same:
            raise BadQuestion(f"There is a team called “{team.name}” already.", field="team")
    return NamedTeam(people_queries.add_team(session, name=name, home_id=None), name)


def _split(name: str) -> tuple[str, str | None]:
    """Return a name and the postcode written after its last comma, if that is one."""
    before, comma, after = name.rpartition(",")
    if not comma:
        return name, None
    try:
        return before.strip(), Postcode.parse(after).text
    except PostcodeError:
        return name, None


def _home_named(session: Session, name: str, postcode: str | None) -> sa.Row[Any]:
    rows = places.find_homes_named(session.connection(), name=name, limit=MOST_CHOICES)
    homes = [row for row in rows if postcode is None or row.postcode == postcode]
    same = [home for home in homes if home.likeness == SAME_NAME]
    if len(same) == 1 or len(homes) == 1:
        return (same or homes)[0]
    if not homes:
        raise BadQuestion(
            f"There is no care home called “{name}” on the map. Look it up under Places.",
            field="team",
        )
    labels = [
        f"{home.name}, {home.postcode}" if home.postcode else home.name for home in same or homes
    ]
    raise _several(sorted(labels) if same else labels)


def _several(names: Sequence[str]) -> BadQuestion:
    quoted = joined([f"“{name}”" for name in names], "or")
    return BadQuestion(f"Which one do you mean: {quoted}?", field="team")


def wards_named(session: Session, *, text: str) -> list[str]:
    """Return the codes of the wards somebody means: names or codes, with commas between.

    Raises BadQuestion, saying what to write instead.
    """
    names = filter(None, (part.strip() for part in text.split(",")))
    codes = [_ward_named(session.connection(), name) for name in names]
    return list(dict.fromkeys(codes))


def _ward_named(connection: sa.Connection, name: str) -> str:
    for ward in areas.find_wards_of_code(connection, gss_code=name.upper()):
        if ward.is_newest:
            return str(ward.gss_code)
    rows = areas.find_wards_named(connection, name=name, limit=MOST_CHOICES)
    same = [row for row in rows if row.is_same]
    if len(same) == 1 or len(rows) == 1:
        return str((same or rows)[0].gss_code)
    if not rows:
        raise BadQuestion(
            f"There is no ward called “{name}” on the map. Look it up under Wards.", field="wards"
        )
    several = [f"{row.name} in {row.lad_name or 'no district'} ({row.gss_code})" for row in rows]
    raise BadQuestion(
        f"Several wards could be “{name}”. Write the code of one: {joined(several, 'or')}.",
        field="wards",
    )
