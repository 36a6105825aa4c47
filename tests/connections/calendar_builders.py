"""Connections, their times, changes, visits: rows of a team for tests of calendar and hand-over."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy.orm import Session

from app.models import (
    Connection,
    ConnectionChange,
    ConnectionResident,
    ConnectionStatus,
    ConnectionTime,
    HowItWent,
    Visit,
    VisitResident,
)
from tests.people import People

TWO, HALF_PAST_THREE = dt.time(14), dt.time(15, 30)


def make_connection(
    session: Session, people: People, title: str = "Boccia", *, team: str = "a", **values: object
) -> Connection:
    """Store a connection with the bowls club that happens; it is nobody's activity."""
    owner = {"a": "coordinator_a", "b": "coordinator_b", "connectors": "connector"}[team]
    given: dict[str, object] = {
        "asset_id": people.club_id,
        "owner_id": people.accounts[owner],
        "status": ConnectionStatus.HAPPENING,
        "is_visit": True,
        "welcomed_by": "Jo",
        "contact_name": "Pat Hargreaves",
        "contact_phone": "01274 555 0199",
    }
    made = Connection(team_id=people.teams[team], title=title, **(given | values))
    session.add(made)
    session.flush()
    return made


def make_time(
    session: Session,
    connection: Connection,
    *,
    starts_on: dt.date = dt.date(2026, 1, 6),
    rrule: str | None = "FREQ=WEEKLY;BYDAY=TU",
    opens_at: dt.time = TWO,
    closes_at: dt.time | None = HALF_PAST_THREE,
    **values: object,
) -> ConnectionTime:
    """Store when a connection happens."""
    made = ConnectionTime(
        connection_id=connection.id,
        team_id=connection.team_id,
        starts_on=starts_on,
        opens_at=opens_at,
        closes_at=closes_at,
        rrule=rrule,
        **values,
    )
    session.add(made)
    session.flush()
    return made


def make_change(
    session: Session,
    connection: Connection,
    was_on: dt.date,
    *,
    was_at: dt.time = TWO,
    moved_to: dt.date | None = None,
    opens_at: dt.time | None = None,
    closes_at: dt.time | None = None,
) -> None:
    """Store that one date is cancelled, or moved."""
    session.add(
        ConnectionChange(
            connection_id=connection.id,
            team_id=connection.team_id,
            was_on=was_on,
            was_at=was_at,
            moved_to=moved_to,
            opens_at=opens_at,
            closes_at=closes_at,
        )
    )
    session.flush()


def make_visit(
    session: Session,
    connection: Connection,
    people: People,
    on: dt.date,
    how: HowItWent = HowItWent.WELL,
    sentence: str = "",
    *,
    came: tuple[uuid.UUID, ...] = (),
) -> None:
    """Store a visit and who came."""
    visit = Visit(
        connection_id=connection.id, team_id=connection.team_id, visited_on=on, how_it_went=how,
        sentence=sentence, recorded_by=connection.owner_id,
    )  # fmt: skip
    session.add(visit)
    session.flush()
    for resident_id in came:
        session.add(
            VisitResident(visit_id=visit.id, resident_id=resident_id, team_id=connection.team_id)
        )
    session.flush()


def add_resident(session: Session, connection: Connection, resident_id: uuid.UUID) -> None:
    """Store that a connection is for a resident."""
    session.add(
        ConnectionResident(
            connection_id=connection.id, resident_id=resident_id, team_id=connection.team_id
        )
    )
    session.flush()
