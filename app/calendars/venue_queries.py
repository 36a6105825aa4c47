"""All SQL about venues that feeds name: which may be meant, who was asked, what they answered."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import VenueAnswer

# A group meets within a bus ride of where it is known; further off, names only look alike.
NEAR_M = 8_000
MOST_CANDIDATES = 500
MOST_SHOWN = 50

UNPLACED = sa.text(
    """
    SELECT DISTINCT y.place_words, y.organizer_id
    FROM activities y JOIN sources s ON s.id = y.source_id
    WHERE s.slug = 'feed-' || CAST(:feed_id AS text) AND y.gone_at IS NULL
      AND y.place_words IS NOT NULL AND y.venue_id IS NULL
    ORDER BY y.place_words, y.organizer_id
    """
)
# A name near the group, whatever it is (a group may meet in a library or a care home); somebody's
# skill has no door. The organizer's own place needs nobody's leave.
CANDIDATES = sa.text(
    """
    SELECT a.id, a.name, a.postcode, a.address
    FROM assets a JOIN assets o ON o.id = :organizer_id
    WHERE a.gone_at IS NULL AND a.duplicate_of IS NULL AND a.kind <> 'informal' AND a.id <> o.id
      AND a.location_source::text NOT IN ('ward', 'none')
      AND ST_DWithin(a.point_27700, o.point_27700, :near_m)
      AND (replace(a.postcode, ' ', '') = :postcode
           OR word_similarity(a.name, :words) > 0.6 OR word_similarity(:words, a.name) > 0.6)
    ORDER BY a.id LIMIT :most
    """
)
ASK = sa.text(
    """
    INSERT INTO venue_requests (feed_id, words, venue_id) VALUES (:feed_id, :words, :venue_id)
    ON CONFLICT (feed_id, words, venue_id) DO NOTHING RETURNING id
    """
)
ASKED = """
    SELECT q.id, q.feed_id, q.words, q.venue_id, q.answer::text AS answer, q.answered_at,
           q.created_at, v.name AS name, v.duplicate_of, v.address AS venue_address,
           v.postcode AS venue_postcode,
           f.organizer_id, o.name AS organizer_name, f.name AS feed_name,
           ARRAY(SELECT y.name FROM activities y JOIN sources s ON s.id = y.source_id
                 WHERE s.slug = 'feed-' || q.feed_id AND y.place_words = q.words
                   AND y.gone_at IS NULL ORDER BY y.name LIMIT 10) AS activities
    FROM venue_requests q JOIN feeds f ON f.id = q.feed_id
    JOIN assets v ON v.id = q.venue_id AND v.gone_at IS NULL
    LEFT JOIN assets o ON o.id = f.organizer_id
"""
FIND = sa.text(ASKED + "WHERE q.id = :id")
OF_VENUE = sa.text(
    ASKED
    + """
    WHERE q.venue_id = :venue_id OR v.duplicate_of = :venue_id
    ORDER BY q.answer, q.created_at, q.id LIMIT :most
    """
)
ANSWER = sa.text(
    """
    UPDATE venue_requests SET answer = CAST(:answer AS venue_answer), updated_at = now(),
      answered_at = CASE WHEN :answer = 'waiting' THEN NULL ELSE now() END
    WHERE id = :id AND answer = CAST(:was AS venue_answer) RETURNING id
    """
)
# Set at once; the next reading of the feed finds the same answer (stages/activities.py).
PLACE = sa.text(
    """
    UPDATE activities y SET venue_id = CASE WHEN q.answer = 'accepted' THEN q.venue_id END
    FROM venue_requests q JOIN sources s ON s.slug = 'feed-' || q.feed_id
    WHERE q.id = :id AND y.source_id = s.id AND y.place_words = q.words
      AND (q.answer = 'accepted' OR y.venue_id = q.venue_id)
    """
)


def list_unplaced(connection: sa.Connection, *, feed_id: int) -> Sequence[sa.Row[Any]]:
    """Return place_words and organizer_id of what a feed brought and no venue agreed to yet."""
    return connection.execute(UNPLACED, {"feed_id": feed_id}).all()


def list_candidates(
    connection: sa.Connection, *, organizer_id: uuid.UUID, words: str, postcode: str | None
) -> Sequence[sa.Row[Any]]:
    """Return id, name, postcode and address of what near a group may be meant."""
    values = {
        "organizer_id": organizer_id, "words": words, "near_m": NEAR_M, "most": MOST_CANDIDATES,
        "postcode": postcode.replace(" ", "") if postcode else None,
    }  # fmt: skip
    return connection.execute(CANDIDATES, values).all()


def ask_venue(connection: sa.Connection, *, feed_id: int, words: str, venue_id: uuid.UUID) -> bool:
    """Ask a venue, unless it was asked before, whatever it said; True: it was not."""
    values = {"feed_id": feed_id, "words": words, "venue_id": venue_id}
    return connection.execute(ASK, values).first() is not None


def find_request(session: Session, *, request_id: int) -> sa.Row[Any] | None:
    """Return one request with its venue, organizer and what happens there."""
    return session.execute(FIND, {"id": request_id}).first()


def list_requests(session: Session, *, venue_id: uuid.UUID) -> Sequence[sa.Row[Any]]:
    """Return what a venue was asked, what waits first."""
    return session.execute(OF_VENUE, {"venue_id": venue_id, "most": MOST_SHOWN}).all()


def write_answer(
    session: Session, *, request_id: int, was: VenueAnswer, answer: VenueAnswer
) -> bool:
    """Write an answer to a request that is `was`, and place what happens; False: it is not so."""
    values = {"id": request_id, "was": was.value, "answer": answer.value}
    if session.execute(ANSWER, values).first() is None:
        return False
    session.execute(PLACE, {"id": request_id})
    return True
