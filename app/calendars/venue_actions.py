"""What a venue, or an editor for it, answers to groups that say they meet there."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy.orm import Session

from app.calendars import venue_queries as queries
from app.errors import NotFound
from app.models import VenueAnswer


class AnsweredAlready(Exception):
    """Somebody else was quicker."""

    def __init__(self, answer: str, at: dt.datetime | None) -> None:
        super().__init__(answer)
        self.answer, self.at = answer, at


def answer_request(
    session: Session,
    *,
    request_id: int,
    answer: VenueAnswer,
    venue_id: uuid.UUID | None = None,
) -> None:
    """Answer a request that waits: what happens there shows at the venue at once, or never.

    `venue_id`: who answers, if it is the venue itself; it may also change its mind.

    Raises
    ------
    NotFound
        If there is no such request, or it is another venue's.
    AnsweredAlready
        If an editor answers what does not wait any more.
    """
    row = queries.find_request(session, request_id=request_id)
    if row is None or (venue_id is not None and venue_id not in (row.venue_id, row.duplicate_of)):
        raise NotFound("There is no such question. It may have been withdrawn.")
    was = VenueAnswer(row.answer) if venue_id is not None else VenueAnswer.WAITING
    if was is answer:
        return
    if not queries.write_answer(session, request_id=request_id, was=was, answer=answer):
        raise AnsweredAlready(row.answer, row.answered_at)


def take_back(session: Session, *, request_id: int) -> bool:
    """Let a request wait again; False: it does already."""
    row = queries.find_request(session, request_id=request_id)
    if row is None:
        raise NotFound("There is no such question. It may have been withdrawn.")
    was = VenueAnswer(row.answer)
    return was is not VenueAnswer.WAITING and queries.write_answer(
        session, request_id=request_id, was=was, answer=VenueAnswer.WAITING
    )
