"""All SQL about when connections happen: times, single dates changed, the calendar's address."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session


class ConnectionRow(NamedTuple):
    """A connection as calendars show it: what, where, who comes, whom to ring."""

    id: uuid.UUID
    title: str
    is_visit: bool
    status: str
    welcomed_by: str
    next_step: str
    next_step_on: dt.date | None
    contact_name: str
    # Their own number if they gave one, else the place's.
    phone: str | None
    # What anybody may know of the place.
    public_phone: str | None
    place_name: str
    place_address: str | None
    version: int
    dates_version: int
    changed_at: dt.datetime


class TimeRow(NamedTuple):
    """When a connection happens: a row of its own, or a schedule of its activity."""

    connection_id: uuid.UUID
    # None: a schedule.
    id: uuid.UUID | None
    starts_on: dt.date
    opens_at: dt.time
    closes_at: dt.time | None
    rrule: str | None
    exdates: list[dt.date]
    skips_bank_holidays: bool
    version: int


class ChangeRow(NamedTuple):
    """One date that is cancelled, or moved."""

    connection_id: uuid.UUID
    was_on: dt.date
    was_at: dt.time
    moved_to: dt.date | None
    opens_at: dt.time | None
    closes_at: dt.time | None


# Where it is: the venue of the activity, else the place itself. The name is whose group it is.
CONNECTIONS = """
    SELECT c.id, c.title, c.is_visit, c.status::text AS status, c.welcomed_by, c.next_step,
           c.next_step_on, c.contact_name,
           coalesce(nullif(c.contact_phone, ''), p.public_phone) AS phone, p.public_phone,
           CASE WHEN c.is_visit THEN a.name ELSE coalesce(v.name, a.name) END AS place_name,
           nullif(concat_ws(', ',
             nullif(CASE WHEN v.id IS NULL THEN a.address ELSE v.address END, ''),
             nullif(CASE WHEN v.id IS NULL THEN a.postcode ELSE v.postcode END, '')
           ), '') AS place_address,
           c.version, c.dates_version,
           greatest(c.updated_at, c.dates_changed_at, a.updated_at, y.updated_at) AS changed_at
    FROM connections c
    JOIN assets a ON a.id = c.asset_id
    LEFT JOIN activities y ON y.id = c.activity_id
    LEFT JOIN assets v ON v.id = y.venue_id
    CROSS JOIN LATERAL (
      SELECT CASE WHEN a.is_contact_public THEN nullif(a.phone, '') END AS public_phone
    ) p
"""
OF_A_TEAM = sa.text(
    CONNECTIONS
    + """
    WHERE c.team_id = :team_id AND c.status::text = ANY (:statuses)
    ORDER BY c.title, c.id
    """
)
ONE = sa.text(CONNECTIONS + "WHERE c.id = :id AND c.team_id = :team_id")
# Nobody else changes a date of it until this transaction ends.
HOLD = sa.text("SELECT id FROM connections WHERE id = :id AND team_id = :team_id FOR UPDATE")
# A connection without times of its own has its activity's.
TIMES = sa.text(
    """
    SELECT t.connection_id, t.id, t.starts_on, t.opens_at, t.closes_at, t.rrule, t.exdates,
           t.skips_bank_holidays, t.version
    FROM connection_times t WHERE t.connection_id = ANY (:ids)
    UNION ALL
    SELECT c.id, NULL, s.starts_on, s.opens_at, s.closes_at, s.rrule, s.exdates, false, 0
    FROM connections c JOIN schedules s ON s.activity_id = c.activity_id
    WHERE c.id = ANY (:ids)
      AND NOT EXISTS (SELECT FROM connection_times t WHERE t.connection_id = c.id)
    ORDER BY 3, 4, 6, 2
    """
)
CHANGES = sa.text(
    """
    SELECT connection_id, was_on, was_at, moved_to, opens_at, closes_at
    FROM connection_changes WHERE connection_id = ANY (:ids) ORDER BY was_on, was_at
    """
)


def list_connections(
    session: Session, *, team_id: uuid.UUID, statuses: Collection[str]
) -> list[ConnectionRow]:
    """Return a team's connections of some statuses, by title."""
    rows = session.execute(OF_A_TEAM, {"team_id": team_id, "statuses": list(statuses)})
    return [ConnectionRow(*row) for row in rows]


def find_connection(
    session: Session, *, connection_id: uuid.UUID, team_id: uuid.UUID
) -> ConnectionRow | None:
    """Return one connection of a team, or None."""
    row = session.execute(ONE, {"id": connection_id, "team_id": team_id}).first()
    return ConnectionRow(*row) if row else None


def hold_connection(session: Session, *, connection_id: uuid.UUID, team_id: uuid.UUID) -> None:
    """Make others who change dates of this connection wait until this transaction ends."""
    session.execute(HOLD, {"id": connection_id, "team_id": team_id})


def list_times(session: Session, *, ids: Sequence[uuid.UUID]) -> list[TimeRow]:
    """Return when connections happen, earliest first."""
    return [TimeRow(*row) for row in session.execute(TIMES, {"ids": list(ids)})]


def list_changes(session: Session, *, ids: Sequence[uuid.UUID]) -> list[ChangeRow]:
    """Return the single dates of connections that are cancelled or moved."""
    return [ChangeRow(*row) for row in session.execute(CHANGES, {"ids": list(ids)})]


def list_schedules(session: Session, *, connection_id: uuid.UUID) -> list[TimeRow]:
    """Return when the activity of a connection says it happens, whatever was agreed here."""
    rows = session.execute(
        sa.text(
            "SELECT c.id, NULL, s.starts_on, s.opens_at, s.closes_at, s.rrule, s.exdates, false, 0"
            " FROM connections c JOIN schedules s ON s.activity_id = c.activity_id"
            " WHERE c.id = :id ORDER BY s.starts_on, s.opens_at"
        ),
        {"id": connection_id},
    )
    return [TimeRow(*row) for row in rows]


def add_time(
    session: Session, *, connection_id: uuid.UUID, team_id: uuid.UUID, **values: object
) -> None:
    """Store when a connection happens: starts_on, opens_at, closes_at, rrule, skips."""
    session.execute(
        sa.text(
            "INSERT INTO connection_times (connection_id, team_id, starts_on, opens_at, closes_at,"
            " rrule, skips_bank_holidays) VALUES (:connection_id, :team_id, :starts_on, :opens_at,"
            " :closes_at, :rrule, :skips_bank_holidays)"
        ),
        {"connection_id": connection_id, "team_id": team_id, **values},
    )


def change_time(
    session: Session,
    *,
    time_id: uuid.UUID,
    connection_id: uuid.UUID,
    version: int,
    **values: object,
) -> bool:
    """Change when a connection happens; False if it is not at `version` any more."""
    changed = session.execute(
        sa.text(
            "UPDATE connection_times SET starts_on = :starts_on, opens_at = :opens_at,"
            " closes_at = :closes_at, rrule = :rrule, skips_bank_holidays = :skips_bank_holidays"
            " WHERE id = :id AND connection_id = :connection_id AND version = :version"
            " RETURNING id"
        ),
        {"id": time_id, "connection_id": connection_id, "version": version, **values},
    )
    return changed.first() is not None


def end_time(
    session: Session, *, time_id: uuid.UUID, connection_id: uuid.UUID, version: int, rrule: str
) -> bool:
    """Give a series its last day; False if it is not at `version` any more."""
    changed = session.execute(
        sa.text(
            "UPDATE connection_times SET rrule = :rrule"
            " WHERE id = :id AND connection_id = :connection_id AND version = :version"
            " RETURNING id"
        ),
        {"id": time_id, "connection_id": connection_id, "version": version, "rrule": rrule},
    )
    return changed.first() is not None


def delete_time(
    session: Session, *, time_id: uuid.UUID, connection_id: uuid.UUID, version: int
) -> bool:
    """Delete what never happened; False if it is not at `version` any more."""
    deleted = session.execute(
        sa.text(
            "DELETE FROM connection_times WHERE id = :id AND connection_id = :connection_id"
            " AND version = :version RETURNING id"
        ),
        {"id": time_id, "connection_id": connection_id, "version": version},
    )
    return deleted.first() is not None


def put_change(
    session: Session,
    *,
    connection_id: uuid.UUID,
    team_id: uuid.UUID,
    was_on: dt.date,
    was_at: dt.time,
    moved_to: dt.date | None = None,
    opens_at: dt.time | None = None,
    closes_at: dt.time | None = None,
) -> None:
    """Cancel one date (`moved_to` None) or move it; the last word about a date counts."""
    session.execute(
        sa.text(
            "INSERT INTO connection_changes"
            " (connection_id, team_id, was_on, was_at, moved_to, opens_at, closes_at)"
            " VALUES (:connection_id, :team_id, :was_on, :was_at, :moved_to, :opens_at, :closes_at)"
            " ON CONFLICT (connection_id, was_on, was_at) DO UPDATE SET"
            " moved_to = excluded.moved_to, opens_at = excluded.opens_at,"
            " closes_at = excluded.closes_at"
        ),
        {
            "connection_id": connection_id,
            "team_id": team_id,
            "was_on": was_on,
            "was_at": was_at,
            "moved_to": moved_to,
            "opens_at": opens_at,
            "closes_at": closes_at,
        },
    )


def delete_change(
    session: Session, *, connection_id: uuid.UUID, was_on: dt.date, was_at: dt.time
) -> None:
    """Put one date back to what the rule says."""
    session.execute(
        sa.text(
            "DELETE FROM connection_changes"
            " WHERE connection_id = :connection_id AND was_on = :was_on AND was_at = :was_at"
        ),
        {"connection_id": connection_id, "was_on": was_on, "was_at": was_at},
    )


def find_token(session: Session, *, team_id: uuid.UUID) -> str | None:
    """Return the token of a team's calendar address, if there is one."""
    found: str | None = session.execute(
        sa.text("SELECT token FROM calendar_feeds WHERE team_id = :team_id"), {"team_id": team_id}
    ).scalar()
    return found


def put_token(session: Session, *, team_id: uuid.UUID, token: str) -> None:
    """Give a team's calendar a new secret address; the old one leads nowhere from now on."""
    session.execute(
        sa.text(
            "INSERT INTO calendar_feeds (team_id, token) VALUES (:team_id, :token)"
            " ON CONFLICT (team_id) DO UPDATE SET token = excluded.token, created_at = now()"
        ),
        {"team_id": team_id, "token": token},
    )


def open_calendar(session: Session, *, token: str) -> tuple[uuid.UUID, str] | None:
    """Let this transaction see what a calendar shows, and return the team's id and name.

    None: the token is nobody's. Row-level security reads `patchwork.calendar`.
    """
    session.execute(
        sa.text("SELECT set_config('patchwork.calendar', :token, true)"), {"token": token}
    )
    row = session.execute(
        sa.text("SELECT id, name FROM teams WHERE id = my_calendar_team_id()")
    ).first()
    return (row.id, row.name) if row else None
