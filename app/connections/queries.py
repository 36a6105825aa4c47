"""All SQL that opens, finds and lists connections; other features use these functions too.

Every function asks for one team's rows by `team_id`, and row-level security holds it to that: a
connection of another team is not there.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

MOST_LISTED = 500
VISITS_HANDED_OVER = 3
NOTES_HANDED_OVER = 5
A_WEEK = 7

# What became of the place and of the activity since: a linked duplicate stands for its original,
# and what has gone has no public row.
PLACE = """
  JOIN assets a ON a.id = c.asset_id
  LEFT JOIN public_assets p ON p.id = coalesce(a.duplicate_of, a.id)
  LEFT JOIN public_activities v ON v.id = c.activity_id
  JOIN accounts o ON o.id = c.owner_id
"""
ABOUT = """
  c.id, c.title, c.is_visit, c.status::text AS status, c.welcomed_by, c.contact_name,
  c.contact_phone, c.next_step, c.next_step_on, c.promised, c.what_worked, c.version,
  coalesce(p.id, a.id) AS place_id, coalesce(p.name, a.name) AS place_name,
  p.id IS NULL AS is_place_gone,
  c.activity_id IS NOT NULL AND v.id IS NULL AS is_activity_gone,
  coalesce(v.phone, p.phone) AS phone, coalesce(v.email, p.email) AS email,
  p.website, p.address, p.postcode, p.opening_hours,
  c.owner_id, o.name AS owner_name,
  EXISTS (SELECT FROM memberships m
          WHERE m.account_id = c.owner_id AND m.team_id = c.team_id AND m.ended_at IS NULL)
    AND o.disabled_at IS NULL AS is_owner_here
"""
FIND = sa.text(
    f"""
    SELECT {ABOUT}, c.asset_id, c.activity_id, c.reasons, c.created_at, a.gone_at,
           v.cost_pence, h.phone AS team_phone
    FROM connections c {PLACE}
    JOIN teams t ON t.id = c.team_id
    LEFT JOIN public_assets h ON h.id = t.home_id
    WHERE c.id = :id AND c.team_id = :team_id
    """  # noqa: S608 - constants
)
# `why` is what makes a connection somebody's turn; the first that holds.
LIST = f"""
  SELECT * FROM (
    SELECT {ABOUT},
           CASE WHEN c.status = 'ended' THEN NULL
                WHEN c.next_step_on < :today THEN 'overdue'
                WHEN c.next_step_on = :today THEN 'today'
                WHEN c.next_step_on < CAST(:today AS date) + {A_WEEK} THEN 'this_week'
                WHEN c.next_step_on IS NOT NULL THEN NULL
                WHEN c.status = 'suggested' THEN 'to_ring'
                WHEN c.status IN ('contacted', 'agreed') THEN 'no_next_step'
           END AS why,
           (SELECT count(*) FROM connection_residents r WHERE r.connection_id = c.id) AS people,
           last.visited_on AS last_visit_on, last.how_it_went::text AS last_how_it_went
    FROM connections c {PLACE}
    LEFT JOIN LATERAL (
      SELECT w.visited_on, w.how_it_went FROM visits w
      WHERE w.connection_id = c.id ORDER BY w.visited_on DESC LIMIT 1
    ) last ON true
    WHERE c.team_id = :team_id
  ) AS listed
"""  # noqa: S608 - constants
IN_ORDER = f" ORDER BY next_step_on NULLS LAST, title, id LIMIT {MOST_LISTED}"

INSERT = sa.text(
    """
    INSERT INTO connections
      (team_id, asset_id, activity_id, title, is_visit, interest_ids, reasons, owner_id)
    VALUES (:team_id, :asset_id, :activity_id, :title, :is_visit, :interest_ids, :reasons,
            :owner_id)
    RETURNING id
    """
)
OPEN_ONE = sa.text(
    """
    SELECT id FROM connections
    WHERE team_id = :team_id AND asset_id = :asset_id AND status <> 'ended'
      AND activity_id IS NOT DISTINCT FROM CAST(:activity_id AS uuid)
      AND id IS DISTINCT FROM CAST(:but_not AS uuid)
    ORDER BY created_at, id LIMIT 1
    """
)
ADD_RESIDENTS = sa.text(
    """
    INSERT INTO connection_residents (connection_id, resident_id, team_id)
    SELECT :id, r.id, r.team_id FROM residents r
    WHERE r.team_id = :team_id AND r.id = ANY(CAST(:resident_ids AS uuid[]))
    ON CONFLICT DO NOTHING
    """
)


class Opened(NamedTuple):
    """The connection that was opened, and whether it was made just now."""

    id: uuid.UUID
    is_new: bool


def open_connection(
    session: Session,
    *,
    team_id: uuid.UUID,
    owner_id: uuid.UUID,
    asset_id: uuid.UUID,
    activity_id: uuid.UUID | None,
    title: str,
    is_visit: bool,
    interest_ids: Sequence[int] = (),
    reasons: Sequence[str] = (),
    resident_ids: Sequence[uuid.UUID] = (),
) -> Opened:
    """Return the team's open connection to an activity (or place), made if there is none.

    Residents are added to the one that is there; those of other teams, or withdrawn, are left
    out. Two colleagues who press at the same moment get the same one.
    """
    found = find_open(session, team_id=team_id, asset_id=asset_id, activity_id=activity_id)
    is_new = found is None
    if found is None:
        found = session.execute(
            INSERT,
            {
                "team_id": team_id,
                "asset_id": asset_id,
                "activity_id": activity_id,
                "title": title,
                "is_visit": is_visit,
                "interest_ids": sorted(set(interest_ids)),
                "reasons": list(reasons),
                "owner_id": owner_id,
            },
        ).scalar_one()
    add_residents(session, connection_id=found, team_id=team_id, resident_ids=resident_ids)
    return Opened(found, is_new)


def find_open(
    session: Session,
    *,
    team_id: uuid.UUID,
    asset_id: uuid.UUID,
    activity_id: uuid.UUID | None,
    but_not: uuid.UUID | None = None,
) -> uuid.UUID | None:
    """Return the team's connection to an activity (or place) that has not ended, if any.

    Until the transaction ends no colleague can open another: they wait for the team's row.
    """
    # Not FOR UPDATE: rows that only point at the team need not wait.
    session.execute(sa.text("SELECT FROM teams WHERE id = :id FOR NO KEY UPDATE"), {"id": team_id})
    found: uuid.UUID | None = session.execute(
        OPEN_ONE,
        {
            "team_id": team_id,
            "asset_id": asset_id,
            "activity_id": activity_id,
            "but_not": but_not,
        },
    ).scalar()
    return found


def add_residents(
    session: Session,
    *,
    connection_id: uuid.UUID,
    team_id: uuid.UUID,
    resident_ids: Sequence[uuid.UUID],
) -> None:
    """Add to whom a connection is for; who is there already stays."""
    if resident_ids:
        session.execute(
            ADD_RESIDENTS,
            {"id": connection_id, "team_id": team_id, "resident_ids": list(resident_ids)},
        )


def find_place(session: Session, *, asset_id: uuid.UUID) -> sa.Row[Any] | None:
    """Return id and name of a place on the public map."""
    return session.execute(
        sa.text("SELECT id, name FROM public_assets WHERE id = :id"), {"id": asset_id}
    ).first()


def find_activity(
    session: Session, *, activity_id: uuid.UUID, asset_id: uuid.UUID
) -> sa.Row[Any] | None:
    """Return id and name of a public activity that a place runs or hosts."""
    return session.execute(
        sa.text(
            "SELECT id, name FROM public_activities"
            " WHERE id = :id AND :asset_id IN (place_id, venue_id)"
        ),
        {"id": activity_id, "asset_id": asset_id},
    ).first()


def find_connection(
    session: Session, *, team_id: uuid.UUID, connection_id: uuid.UUID
) -> sa.Row[Any] | None:
    """Return everything about one connection: `ABOUT`, its reasons, cost and the home's number."""
    return session.execute(FIND, {"id": connection_id, "team_id": team_id}).first()


def list_connections(
    session: Session, *, team_id: uuid.UUID, today: dt.date
) -> Sequence[sa.Row[Any]]:
    """Return a team's connections, the earliest next step first; no resident is in it.

    `ABOUT`, then `why` ("overdue", "today", "this_week", "to_ring", "no_next_step" or None),
    `people` (for how many), `last_visit_on` and `last_how_it_went`.
    """
    return session.execute(sa.text(LIST + IN_ORDER), {"team_id": team_id, "today": today}).all()


def list_due(session: Session, *, team_id: uuid.UUID, today: dt.date) -> Sequence[sa.Row[Any]]:
    """Return the connections that wait for the team, the most overdue first, for a dashboard.

    The columns of `list_connections`. `why` says what for: a next step is "overdue", for "today"
    or in the next seven days ("this_week"); nobody has rung yet and no day is set ("to_ring"); or
    there is no next step though it is not happening yet ("no_next_step").
    """
    return session.execute(
        sa.text(f"{LIST} WHERE why IS NOT NULL {IN_ORDER}"),
        {"team_id": team_id, "today": today},
    ).all()


def list_for_resident(
    session: Session, *, team_id: uuid.UUID, resident_id: uuid.UUID, today: dt.date
) -> Sequence[sa.Row[Any]]:
    """Return the connections that are for one resident, as `list_connections` does."""
    return session.execute(
        sa.text(
            f"{LIST} WHERE EXISTS (SELECT FROM connection_residents x"
            f" WHERE x.connection_id = listed.id AND x.resident_id = :resident_id) {IN_ORDER}"
        ),
        {"team_id": team_id, "today": today, "resident_id": resident_id},
    ).all()


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What whoever comes next has to know of one connection; no resident is in it.

    `connection` has `ABOUT`; `visits` (visited_on, how_it_went, sentence) and `notes` (text,
    created_at, author) are the latest few, newest first.
    """

    connection: sa.Row[Any]
    visits: tuple[sa.Row[Any], ...]
    notes: tuple[sa.Row[Any], ...]


def list_for_handover(
    session: Session, *, team_id: uuid.UUID, with_ended: bool = False
) -> list[HandedOver]:
    """Return a team's connections with all a hand-over needs: those that happen come first."""
    statuses = "'happening', 'agreed', 'contacted', 'suggested', 'paused', 'ended'"
    connections = session.execute(
        sa.text(
            f"""
            SELECT {ABOUT} FROM connections c {PLACE}
            WHERE c.team_id = :team_id AND (:with_ended OR c.status <> 'ended')
            ORDER BY array_position(ARRAY[{statuses}], c.status::text), c.title, c.id
            LIMIT {MOST_LISTED}
            """  # noqa: S608 - constants
        ),
        {"team_id": team_id, "with_ended": with_ended},
    ).all()
    visits = _latest(session, team_id, "visits", VISITS_HANDED_OVER)
    notes = _latest(session, team_id, "notes", NOTES_HANDED_OVER)
    return [
        HandedOver(row, tuple(visits.get(row.id, ())), tuple(notes.get(row.id, ())))
        for row in connections
    ]


LATEST = {
    "visits": (
        "w.visited_on, w.how_it_went::text AS how_it_went, w.sentence",
        "visits w",
        "w.visited_on DESC",
    ),
    "notes": (
        "w.text, w.created_at, n.name AS author",
        "connection_notes w JOIN accounts n ON n.id = w.author_id",
        "w.created_at DESC",
    ),
}


def _latest(
    session: Session, team_id: uuid.UUID, which: str, most: int
) -> Mapping[uuid.UUID, list[sa.Row[Any]]]:
    """Return the newest few visits or notes of each connection, by connection."""
    columns, table, order = LATEST[which]
    rows = session.execute(
        sa.text(
            f"""
            SELECT * FROM (
              SELECT {columns}, w.connection_id,
                     row_number() OVER (PARTITION BY w.connection_id ORDER BY {order}) AS place
              FROM {table} WHERE w.team_id = :team_id
            ) AS ranked WHERE place <= :most ORDER BY connection_id, place
            """  # noqa: S608 - constants
        ),
        {"team_id": team_id, "most": most},
    )
    found: dict[uuid.UUID, list[sa.Row[Any]]] = {}
    for row in rows:
        found.setdefault(row.connection_id, []).append(row)
    return found
