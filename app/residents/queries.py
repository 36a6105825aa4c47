"""All SQL about residents: what is kept of them, and how they are called.

Row-level security lets each statement see the current account's teams; `team_id` narrows it to the
one they work in just now.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

REVIEW_SOON = dt.timedelta(days=30)
# People at home: the grid their place is rounded to, in metres of the British National Grid.
ROUGH_M = 200

WARD_NAME = """
(SELECT w.name FROM area_parts p
 JOIN areas w ON w.id = p.area_id AND w.area_type = 'ward' AND w.gone_at IS NULL
 WHERE ST_Intersects(p.geom, r.geom) ORDER BY w.release DESC, w.gss_code LIMIT 1)
"""

# The corner nearest to a point: what is stored does not say which of its doors was meant.
ROUGH_PLACE = """
ST_Transform(ST_SnapToGrid(ST_Transform(ST_SetSRID(
  ST_MakePoint(CAST(:lon AS float8), CAST(:lat AS float8)), 4326), 27700), :rough_m), 4326)
"""

FIND = sa.text(
    f"""
    SELECT r.id, r.reference, r.version, r.travel::text AS travel, r.access_needs, r.good_times,
           ST_X(r.geom) AS lon, ST_Y(r.geom) AS lat, {WARD_NAME} AS ward,
           r.basis::text AS basis, r.special_basis::text AS special_basis,
           r.decided_by::text AS decided_by, r.basis_recorded_on, a.name AS basis_recorded_by,
           r.review_on, r.created_at, r.updated_at
    FROM residents r LEFT JOIN accounts a ON a.id = r.basis_recorded_by
    WHERE r.team_id = :team_id AND r.reference = :reference
    """  # noqa: S608 - our own text
)
LIST = sa.text(
    f"""
    SELECT r.id, r.reference, r.travel::text AS travel, r.review_on, {WARD_NAME} AS ward,
           r.geom IS NOT NULL AS has_place,
           (SELECT coalesce(json_agg(json_build_object('label', i.label, 'stance', x.stance)
                                     ORDER BY x.stance, i.label), '[]')
            FROM resident_interests x JOIN interests i ON i.id = x.interest_id
            WHERE x.resident_id = r.id) AS interests,
           m.open_connections, m.last_matched_on,
           (SELECT max(v.visited_on) FROM visit_residents x JOIN visits v ON v.id = x.visit_id
            WHERE x.resident_id = r.id AND v.visited_on <= current_date) AS last_outing_on
    FROM residents r
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE c.status <> 'ended') AS open_connections,
             max(x.added_on) AS last_matched_on
      FROM connection_residents x JOIN connections c ON c.id = x.connection_id
      WHERE x.resident_id = r.id
    ) m
    WHERE r.team_id = :team_id ORDER BY r.reference
    """  # noqa: S608 - our own text
)
INTERESTS = sa.text(
    """
    SELECT x.interest_id, i.concept, i.label, x.stance::text AS stance, i.is_special_category,
           i.is_retired, o.id AS offer_id
    FROM resident_interests x
    JOIN interests i ON i.id = x.interest_id
    LEFT JOIN offers o ON o.resident_id = x.resident_id AND o.interest_id = x.interest_id
    WHERE x.resident_id = :resident_id ORDER BY x.stance, i.label
    """
)
CONNECTIONS = sa.text(
    """
    SELECT c.id, c.title, c.status::text AS status, c.next_step, c.next_step_on, x.added_on,
           a.name AS place_name, a.phone
    FROM connection_residents x
    JOIN connections c ON c.id = x.connection_id
    LEFT JOIN public_assets a ON a.id = c.asset_id
    WHERE x.resident_id = :resident_id
    ORDER BY c.status = 'ended', x.added_on DESC, c.title
    """
)
VISITS = sa.text(
    """
    SELECT v.id, v.connection_id, v.visited_on, v.how_it_went::text AS how_it_went, v.sentence,
           c.title
    FROM visit_residents x
    JOIN visits v ON v.id = x.visit_id
    JOIN connections c ON c.id = v.connection_id
    WHERE x.resident_id = :resident_id ORDER BY v.visited_on DESC, c.title LIMIT :most
    """
)
# Without a target: whichever is taken, the form's id or the random reference, nothing is added.
INSERT = sa.text(
    f"""
    INSERT INTO residents (id, team_id, reference, access_needs, travel, good_times, geom, basis,
                           special_basis, decided_by, basis_recorded_on, basis_recorded_by,
                           review_on)
    SELECT CAST(:id AS uuid), CAST(:team_id AS uuid), CAST(:reference AS text),
           CAST(:access_needs AS text[]), CAST(:travel AS travel), CAST(:good_times AS text[]),
           {ROUGH_PLACE},
           CAST(:basis AS lawful_basis), CAST(:special_basis AS special_basis),
           CAST(:decided_by AS decided_by), CAST(:recorded_on AS date),
           CAST(:recorded_by AS uuid), CAST(:review_on AS date)
    WHERE NOT EXISTS (SELECT FROM erasures WHERE reference_digest = :digest)
    ON CONFLICT DO NOTHING
    RETURNING reference
    """  # noqa: S608 - our own text
)
SET_NEEDS = sa.text(
    """
    UPDATE residents SET travel = CAST(:travel AS travel),
           access_needs = CAST(:access_needs AS text[]), good_times = CAST(:good_times AS text[])
    WHERE id = :id AND version = :version RETURNING version
    """
)
SET_PLACE = sa.text(f"UPDATE residents SET geom = {ROUGH_PLACE} WHERE id = :id")  # noqa: S608
SET_BASIS = sa.text(
    """
    UPDATE residents SET basis = CAST(:basis AS lawful_basis),
           special_basis = CAST(:special_basis AS special_basis),
           decided_by = CAST(:decided_by AS decided_by), basis_recorded_on = :recorded_on,
           basis_recorded_by = :recorded_by,
           review_on = :review_on
    WHERE id = :id AND version = :version RETURNING version
    """
)
TOUCH = sa.text(
    "UPDATE residents SET updated_at = now() WHERE id = :id AND version = :version RETURNING id"
)
DROP_INTERESTS = sa.text(
    "DELETE FROM resident_interests"
    " WHERE resident_id = :resident_id AND interest_id = ANY(CAST(:ids AS int[]))"
)
STORE_INTERESTS = sa.text(
    """
    INSERT INTO resident_interests (resident_id, team_id, interest_id, stance)
    SELECT :resident_id, :team_id, given.id, given.stance
    FROM unnest(CAST(:ids AS int[]), CAST(:stances AS stance[])) AS given (id, stance)
    ON CONFLICT (resident_id, interest_id) DO UPDATE SET stance = excluded.stance
      WHERE resident_interests.stance <> excluded.stance
    """
)
REVIEWS_DUE = sa.text(
    "SELECT reference, review_on FROM residents"
    " WHERE team_id = :team_id AND review_on <= :until ORDER BY review_on, reference"
)


def find_resident(session: Session, *, team_id: uuid.UUID, reference: str) -> sa.Row[Any] | None:
    """Return everything kept in one resident's row; lon and lat in degrees, WGS 84."""
    return session.execute(FIND, {"team_id": team_id, "reference": reference}).first()


def find_reference(session: Session, *, team_id: uuid.UUID, resident_id: uuid.UUID) -> str | None:
    """Return the reference of one of the team's residents."""
    found = sa.text("SELECT reference FROM residents WHERE id = :id AND team_id = :team_id")
    return session.execute(found, {"id": resident_id, "team_id": team_id}).scalar()


def list_residents(session: Session, *, team_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Return a team's residents with interests (label, stance), connections and last outing."""
    return session.execute(LIST, {"team_id": team_id}).all()


def list_reviews_due(
    session: Session, *, team_id: uuid.UUID, today: dt.date
) -> Sequence[sa.Row[Any]]:
    """Return reference and review_on of whoever is to be looked at again within 30 days."""
    given = {"team_id": team_id, "until": today + REVIEW_SOON}
    return session.execute(REVIEWS_DUE, given).all()


def list_interests(session: Session, *, resident_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Return what somebody enjoys and the like: concept, label, stance, offer_id (or None)."""
    return session.execute(INTERESTS, {"resident_id": resident_id}).all()


def list_connections(session: Session, *, resident_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Return the connections somebody is part of, those in force first."""
    return session.execute(CONNECTIONS, {"resident_id": resident_id}).all()


def list_visits(session: Session, *, resident_id: uuid.UUID, most: int) -> Sequence[sa.Row[Any]]:
    """Return the newest visits somebody took part in."""
    return session.execute(VISITS, {"resident_id": resident_id, "most": most}).all()


def insert_resident(
    session: Session,
    *,
    resident_id: uuid.UUID,
    team_id: uuid.UUID,
    reference: str,
    digest: bytes,
    place: tuple[float, float] | None,
    values: Mapping[str, object],
) -> str | None:
    """Store a resident; None when the id or the reference is taken, or was somebody's erased.

    `place` is lon, lat in degrees (WGS 84); what is stored is rounded to 200 m. `values` are the
    columns of the answers, recorded_on and recorded_by.
    """
    lon, lat = place or (None, None)
    given = {
        **values, "id": resident_id, "team_id": team_id, "reference": reference, "digest": digest,
        "lon": lon, "lat": lat, "rough_m": ROUGH_M,
    }  # fmt: skip
    reference_stored: str | None = session.execute(INSERT, given).scalar()
    return reference_stored


def set_needs(
    session: Session, *, resident_id: uuid.UUID, version: int, values: Mapping[str, object]
) -> bool:
    """Change travel, access_needs and good_times; False: somebody else was quicker."""
    given = {**values, "id": resident_id, "version": version}
    return session.execute(SET_NEEDS, given).first() is not None


def set_place(
    session: Session, *, resident_id: uuid.UUID, place: tuple[float, float] | None
) -> None:
    """Change the rough place (lon, lat in degrees, WGS 84; rounded to 200 m), or take it out."""
    lon, lat = place or (None, None)
    given = {"id": resident_id, "lon": lon, "lat": lat, "rough_m": ROUGH_M}
    session.execute(SET_PLACE, given)


def set_basis(
    session: Session, *, resident_id: uuid.UUID, version: int, values: Mapping[str, object]
) -> bool:
    """Record a basis anew; False: somebody else was quicker.

    Without a special basis a trigger takes out the interests that need one.
    """
    given = {**values, "id": resident_id, "version": version}
    return session.execute(SET_BASIS, given).first() is not None


def store_stances(
    session: Session,
    *,
    resident_id: uuid.UUID,
    team_id: uuid.UUID,
    version: int,
    stances: Mapping[int, str | None],
) -> bool:
    """Store the stance of each interest by id, None taking it out; False: somebody was quicker."""
    if session.execute(TOUCH, {"id": resident_id, "version": version}).first() is None:
        return False
    gone = [interest_id for interest_id, stance in stances.items() if stance is None]
    kept = {interest_id: stance for interest_id, stance in stances.items() if stance is not None}
    session.execute(DROP_INTERESTS, {"resident_id": resident_id, "ids": gone})
    session.execute(
        STORE_INTERESTS,
        {
            "resident_id": resident_id,
            "team_id": team_id,
            "ids": list(kept),
            "stances": list(kept.values()),
        },
    )
    return True
