"""All SQL of the first page after signing in: bounded, however long a team has been at it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

# More dates, steps and residents than anybody reads on one page.
MOST_CONNECTIONS = 200
MOST_STEPS = 8
MOST_RESIDENTS = 5
MOST_REVIEWS = 5

HAPPENING = sa.text(
    """
    SELECT c.id, c.title, c.welcomed_by, c.contact_name, c.created_at,
           coalesce(nullif(c.contact_phone, ''), v.phone, p.phone) AS phone, p.name AS place_name,
           c.is_visit
    FROM connections c
    JOIN assets a ON a.id = c.asset_id
    LEFT JOIN public_assets p ON p.id = coalesce(a.duplicate_of, a.id)
    LEFT JOIN public_activities v ON v.id = c.activity_id
    WHERE c.team_id = :team_id AND c.status IN ('agreed', 'happening')
    ORDER BY c.title, c.id LIMIT :most
    """
)
# A connection's own times; without any, those of its activity.
TIMES = sa.text(
    """
    SELECT t.connection_id, t.starts_on, t.opens_at, t.closes_at, t.rrule, t.exdates,
           t.skips_bank_holidays
    FROM connection_times t WHERE t.connection_id = ANY(CAST(:ids AS uuid[]))
    UNION ALL
    SELECT c.id, s.starts_on, s.opens_at, s.closes_at, s.rrule, s.exdates, false
    FROM connections c JOIN schedules s ON s.activity_id = c.activity_id
    WHERE c.id = ANY(CAST(:ids AS uuid[]))
      AND NOT EXISTS (SELECT FROM connection_times t WHERE t.connection_id = c.id)
    """
)
CHANGES = sa.text(
    "SELECT connection_id, was_on, was_at, moved_to, opens_at, closes_at FROM connection_changes"
    " WHERE connection_id = ANY(CAST(:ids AS uuid[]))"
)
VISITS = sa.text(
    "SELECT connection_id, visited_on FROM visits"
    " WHERE connection_id = ANY(CAST(:ids AS uuid[])) AND visited_on >= :since"
)
STEPS = sa.text(
    """
    SELECT c.id, c.title, c.next_step, c.next_step_on, count(*) OVER () AS of
    FROM connections c
    WHERE c.team_id = :team_id AND c.status <> 'ended' AND c.next_step_on <= :today
    ORDER BY c.next_step_on, c.title, c.id LIMIT :most
    """
)
# Whom nobody has found anything for, and who has not been at anything, since a day.
WAITING_RESIDENTS = sa.text(
    """
    SELECT r.id, r.reference, m.matched_on, o.outing_on,
           greatest(m.matched_on, o.outing_on) AS last_on, count(*) OVER () AS of
    FROM residents r
    CROSS JOIN LATERAL (
      SELECT max(c.added_on) AS matched_on FROM connection_residents c WHERE c.resident_id = r.id
    ) m
    CROSS JOIN LATERAL (
      SELECT max(v.visited_on) AS outing_on
      FROM visit_residents x JOIN visits v ON v.id = x.visit_id WHERE x.resident_id = r.id
    ) o
    WHERE r.team_id = :team_id
      AND coalesce(greatest(m.matched_on, o.outing_on) < :since, true)
    ORDER BY last_on NULLS FIRST, r.created_at, r.reference LIMIT :most
    """
)
REVIEWS = sa.text(
    """
    SELECT r.id, r.reference, r.review_on, count(*) OVER () AS of FROM residents r
    WHERE r.team_id = :team_id AND r.review_on <= :until
    ORDER BY r.review_on, r.reference LIMIT :most
    """
)
RECORD_READ = sa.text(
    """
    INSERT INTO audit_log (account_id, team_id, action, subject, subject_id)
    SELECT :account_id, :team_id, 'read', 'residents', id
    FROM unnest(CAST(:ids AS uuid[])) AS id
    """
)
WARDS = sa.text(
    """
    SELECT DISTINCT ON (gss_code) gss_code, name FROM areas
    WHERE area_type = 'ward' AND gone_at IS NULL AND gss_code = ANY(CAST(:codes AS text[]))
    ORDER BY gss_code, release DESC
    """
)


@dataclass(frozen=True, slots=True)
class Happening:
    """A connection that takes place, or will, with its times, single changes and recorded days."""

    row: sa.Row[Any]
    times: Sequence[sa.Row[Any]]
    changes: Sequence[sa.Row[Any]]
    visited_on: frozenset[dt.date]


def list_happening(session: Session, *, team_id: uuid.UUID, since: dt.date) -> list[Happening]:
    """Return a team's connections that are agreed or happening, by title; visits from `since`."""
    rows = session.execute(HAPPENING, {"team_id": team_id, "most": MOST_CONNECTIONS}).all()
    ids = [row.id for row in rows]
    if not ids:
        return []
    times = _by_connection(session.execute(TIMES, {"ids": ids}).all())
    changes = _by_connection(session.execute(CHANGES, {"ids": ids}).all())
    visits = _by_connection(session.execute(VISITS, {"ids": ids, "since": since}).all())
    return [
        Happening(
            row,
            times.get(row.id, []),
            changes.get(row.id, []),
            frozenset(visit.visited_on for visit in visits.get(row.id, [])),
        )
        for row in rows
    ]


def _by_connection(rows: Sequence[sa.Row[Any]]) -> Mapping[uuid.UUID, list[sa.Row[Any]]]:
    found: dict[uuid.UUID, list[sa.Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.connection_id, []).append(row)
    return found


def list_steps_due(
    session: Session, *, team_id: uuid.UUID, today: dt.date
) -> Sequence[sa.Row[Any]]:
    """Return id, title, next_step and next_step_on of what is due, oldest first; `of` how many."""
    return session.execute(STEPS, {"team_id": team_id, "today": today, "most": MOST_STEPS}).all()


def list_waiting_residents(
    session: Session, *, team_id: uuid.UUID, since: dt.date
) -> Sequence[sa.Row[Any]]:
    """Return who has had no match and no outing since a day, longest ago first; `of` how many.

    id, reference, matched_on, outing_on and the later of the two as last_on.
    """
    return session.execute(
        WAITING_RESIDENTS, {"team_id": team_id, "since": since, "most": MOST_RESIDENTS}
    ).all()


def list_reviews_due(
    session: Session, *, team_id: uuid.UUID, until: dt.date
) -> Sequence[sa.Row[Any]]:
    """Return id, reference and review_on of records to be looked over by `until`; `of` how many."""
    return session.execute(
        REVIEWS, {"team_id": team_id, "until": until, "most": MOST_REVIEWS}
    ).all()


def record_read(
    session: Session, *, account_id: uuid.UUID, team_id: uuid.UUID, ids: Sequence[uuid.UUID]
) -> None:
    """Write into the audit log that these residents were shown to somebody."""
    if ids:
        session.execute(
            RECORD_READ, {"account_id": account_id, "team_id": team_id, "ids": list(ids)}
        )


def list_wards(session: Session, *, codes: Sequence[str]) -> Sequence[sa.Row[Any]]:
    """Return gss_code and name of the wards of these codes that are on the map."""
    return session.execute(WARDS, {"codes": list(codes)}).all()
