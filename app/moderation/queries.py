"""All SQL of the editors' queue."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.places.queries import like_pattern

MOST_LISTED = 50
LIKE_WITHIN_M, AT_THE_DOOR_M = 2_000, 25
ALIKE = 0.55
MOST_LIKE = 5
COUNTED_TO = 1_000

# What is found gone waits so long for an editor; then nobody doubted it.
_GONE = """
  FROM asset_changes c JOIN assets a ON a.id = c.asset_id
  WHERE c.action = 'gone' AND c.acting_as = 'mapper' AND a.gone_at IS NOT NULL
    AND c.at > now() - interval '30 days'
    AND NOT EXISTS (SELECT 1 FROM gone_reviews g WHERE g.change_id = c.id)
    AND c.id = (SELECT max(n.id) FROM asset_changes n
                WHERE n.asset_id = c.asset_id AND n.action IN ('gone', 'back'))
"""
# Each kind: a line of the list. The id is text, because changes and problems have numbers.
_LISTED = {
    "suggestion": """
      SELECT 'suggestion' AS kind, s.id::text AS id, s.created_at AS at,
             CASE WHEN s.kind = 'new' THEN s.fields ->> 'name' ELSE a.name END AS title,
             s.kind::text AS what
      FROM suggestions s LEFT JOIN assets a ON a.id = s.asset_id WHERE s.decision = 'waiting'
    """,
    "photo": """
      SELECT 'photo' AS kind, p.id::text AS id, p.created_at AS at, a.name AS title, '' AS what
      FROM photos p JOIN assets a ON a.id = p.asset_id WHERE p.decision = 'waiting'
    """,
    "gone": f"SELECT 'gone' AS kind, c.id::text AS id, c.at, a.name AS title, '' AS what {_GONE}",
    "problem": """
      SELECT 'problem' AS kind, i.id::text AS id, r.started_at AS at,
             coalesce(i.name, 'Row ' || i.row_number) AS title, i.reason::text AS what
      FROM import_problems i JOIN import_runs r ON r.id = i.import_run_id
      WHERE i.resolved_at IS NULL
    """,
    "venue": """
      SELECT 'venue' AS kind, q.id::text AS id, q.created_at AS at, v.name AS title, '' AS what
      FROM venue_requests q JOIN assets v ON v.id = q.venue_id AND v.gone_at IS NULL
      WHERE q.answer = 'waiting'
    """,
}
KINDS = tuple(_LISTED)
COUNTS = f"""
  SELECT
    (SELECT count(*) FROM suggestions WHERE decision = 'waiting') AS suggestion,
    (SELECT count(*) FROM photos WHERE decision = 'waiting') AS photo,
    (SELECT count(*) {_GONE}) AS gone,
    (SELECT count(*) FROM (SELECT 1 FROM import_problems WHERE resolved_at IS NULL
                           LIMIT {COUNTED_TO}) n) AS problem,
    (SELECT count(*) FROM venue_requests q JOIN assets v ON v.id = q.venue_id
       AND v.gone_at IS NULL WHERE q.answer = 'waiting') AS venue,
    (SELECT count(*) FROM duplicate_pairs WHERE status = 'likely') AS duplicate
"""  # noqa: S608 - constants only


def count_waiting(session: Session) -> sa.Row[Any]:
    """Return how many of each kind wait (problems to `COUNTED_TO`), and likely duplicates."""
    return session.execute(sa.text(COUNTS)).one()


def list_waiting(session: Session, *, kind: str | None) -> Sequence[sa.Row[Any]]:
    """Return kind, id, at, title and what (its sort) of what waits, the oldest first."""
    parts = [_LISTED[kind]] if kind else _LISTED.values()
    return session.execute(
        sa.text(
            f"SELECT * FROM ({' UNION ALL '.join(parts)}) w ORDER BY at, kind, id LIMIT :most"  # noqa: S608 - constants only
        ),
        {"most": MOST_LISTED},
    ).all()


def find_suggestion(
    session: Session, *, suggestion_id: uuid.UUID, is_locked: bool = False
) -> sa.Row[Any] | None:
    """Return a suggestion with the poster it came by; locked: others that decide wait."""
    return session.execute(
        sa.text(
            "SELECT s.id, s.kind::text AS kind, s.asset_id, s.seen_version, s.fields, s.note,"  # noqa: S608 - constants only
            " s.contact, s.decision::text AS decision, s.reason, s.decided_at, s.change_id,"
            " s.created_at, p.place AS poster"
            " FROM suggestions s LEFT JOIN posters p ON p.id = s.poster_id WHERE s.id = :id"
            f"{' FOR UPDATE OF s' if is_locked else ''}"
        ),
        {"id": suggestion_id},
    ).first()


def decide_suggestion(
    session: Session,
    *,
    suggestion_id: uuid.UUID,
    decision: str,
    reason: str | None,
    account_id: uuid.UUID | None,
    asset_id: uuid.UUID | None,
    change_id: int | None,
) -> None:
    """Write a decision, or that it waits again; how to reach the person goes in any case."""
    session.execute(
        sa.text(
            """
            UPDATE suggestions SET decision = CAST(:decision AS decision), reason = :reason,
              decided_by = :account_id, contact = NULL, asset_id = :asset_id,
              change_id = :change_id,
              decided_at = CASE WHEN :decision = 'waiting' THEN NULL ELSE now() END
            WHERE id = :id
            """
        ),
        {
            "id": suggestion_id, "decision": decision, "reason": reason,
            "account_id": account_id, "asset_id": asset_id, "change_id": change_id,
        },
    )  # fmt: skip


def list_like(
    session: Session, *, name: str, point: tuple[float, float] | None
) -> Sequence[sa.Row[Any]]:
    """Return what on the map may be the same: id, name, kind, address, distance_m; likest first.

    `point`: lon, lat in degrees, WGS 84. With it, what has a like name within two kilometres and
    whatever stands at the same door; without, a like name anywhere.
    """
    alike = "greatest(word_similarity(:name, a.name), word_similarity(a.name, :name))"
    here = "ST_Transform(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), 27700)"
    away = f"ST_Distance(a.point_27700, {here})" if point else "NULL::float8"
    where = (
        f"ST_DWithin(a.point_27700, {here}, {LIKE_WITHIN_M})"
        f" AND a.location_source <> 'ward' AND ({alike} > {ALIKE}"
        f" OR ST_DWithin(a.point_27700, {here}, {AT_THE_DOOR_M}))"
        if point
        else "(a.name ILIKE :pattern OR :name % a.name OR :name <% a.name)"
    )
    return session.execute(
        sa.text(
            f"SELECT a.id, a.name, a.kind::text AS kind, a.address, {away} AS distance_m"  # noqa: S608 - constants only
            f" FROM public_assets a WHERE {where} ORDER BY {alike} DESC, a.id LIMIT {MOST_LIKE}"
        ),
        {"name": name, "pattern": like_pattern(name)}
        | ({"lon": point[0], "lat": point[1]} if point else {}),
    ).all()


def find_photo(session: Session, *, photo_id: uuid.UUID) -> sa.Row[Any] | None:
    """Return what is known of a photo, but not its picture."""
    return session.execute(
        sa.text(
            "SELECT p.id, p.asset_id, p.alt, p.width_px, p.height_px, p.created_at,"
            " p.decision::text AS decision, p.decided_at, p.reason, a.name,"
            " length(p.image) = 0 AS is_thrown_away"
            " FROM photos p JOIN assets a ON a.id = p.asset_id WHERE p.id = :id"
        ),
        {"id": photo_id},
    ).first()


def decide_photo(
    session: Session,
    *,
    photo_id: uuid.UUID,
    was: str,
    decision: str,
    account_id: uuid.UUID | None,
    reason: str | None = None,
    alt: str | None = None,
) -> bool:
    """Write a decision about a photo that is `was`; False: it is not so, or is thrown away."""
    return bool(
        session.execute(
            sa.text(
                """
                UPDATE photos SET decision = CAST(:decision AS decision), reason = :reason,
                  alt = coalesce(:alt, alt), decided_by = :account_id,
                  decided_at = CASE WHEN :decision = 'waiting' THEN NULL ELSE now() END
                WHERE id = :id AND decision = CAST(:was AS decision)
                  AND (length(image) > 0 OR :decision = 'rejected') RETURNING 1
                """
            ),
            {
                "id": photo_id, "was": was, "decision": decision, "reason": reason, "alt": alt,
                "account_id": account_id,
            },
        ).scalar()
    )  # fmt: skip


def find_gone(session: Session, *, change_id: int) -> sa.Row[Any] | None:
    """Return a change that found something gone, with its asset and whether an editor agreed."""
    return session.execute(
        sa.text(
            """
            SELECT c.id, c.asset_id, c.at, a.name, a.kind::text AS kind, a.address, a.postcode,
                   a.gone_at, g.decided_at,
                   (SELECT b.id FROM asset_changes b WHERE b.undoes = c.id
                    ORDER BY b.id DESC LIMIT 1) AS back_id
            FROM asset_changes c JOIN assets a ON a.id = c.asset_id
            LEFT JOIN gone_reviews g ON g.change_id = c.id
            WHERE c.id = :id AND c.action = 'gone' AND c.acting_as = 'mapper'
            """
        ),
        {"id": change_id},
    ).first()


def agree_it_is_gone(session: Session, *, change_id: int, account_id: uuid.UUID) -> bool:
    """Remember that an editor agrees; False: another one has already."""
    return bool(
        session.execute(
            sa.text(
                "INSERT INTO gone_reviews (change_id, decided_by) VALUES (:id, :account_id)"
                " ON CONFLICT (change_id) DO NOTHING RETURNING 1"
            ),
            {"id": change_id, "account_id": account_id},
        ).scalar()
    )


def forget_it_is_gone(session: Session, *, change_id: int) -> bool:
    """Let it wait again; False: nobody had agreed."""
    return bool(
        session.execute(
            sa.text("DELETE FROM gone_reviews WHERE change_id = :id RETURNING 1"),
            {"id": change_id},
        ).scalar()
    )


def find_problem(session: Session, *, problem_id: int) -> sa.Row[Any] | None:
    """Return an import problem with its file and source."""
    return session.execute(
        sa.text(
            "SELECT i.id, i.row_number, i.source_key, i.name, i.reason::text AS reason, i.message,"
            " i.suggestion, i.is_stored, i.resolved_at, r.file_name, r.started_at,"
            " s.name AS source"
            " FROM import_problems i JOIN import_runs r ON r.id = i.import_run_id"
            " JOIN sources s ON s.id = r.source_id WHERE i.id = :id"
        ),
        {"id": problem_id},
    ).first()


def resolve_problem(session: Session, *, problem_id: int, is_done: bool) -> bool:
    """Mark a problem as done, or open again; False: it is so already."""
    return bool(
        session.execute(
            sa.text(
                "UPDATE import_problems SET resolved_at = CASE WHEN :done THEN now() END"
                " WHERE id = :id AND (resolved_at IS NULL) = :done RETURNING 1"
            ),
            {"id": problem_id, "done": is_done},
        ).scalar()
    )
