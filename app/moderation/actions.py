"""What editors decide: approve, amend, reject, and take a decision back."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.calendars.venue_actions import AnsweredAlready, answer_request
from app.calendars.venue_actions import take_back as take_back_answer
from app.errors import NotFound
from app.history.actions import Outcome, take_back
from app.history.queries import find_change
from app.models import Decision, SuggestionKind, VenueAnswer
from app.moderation import queries
from app.moderation.approving import (
    Asked,
    Decided,
    Taken,
    approve_change,
    approve_gone,
    approve_new,
    decide,
)
from app.moderation.wording import LONGEST_REASON, REASONS
from app.parameters import read_uuid

SUGGESTION, PHOTO, FOUND_GONE, PROBLEM, VENUE = queries.KINDS


def number_of(text: str) -> int:
    """Return the number in an address."""
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise NotFound("There is nothing like that in the queue.")
    return int(text)


def approve(asked: Asked, *, kind: str, item: str) -> Decided | None:
    """Approve something that waits; None: the form has problems, nothing was written.

    Raises NotFound, and Taken when somebody else was quicker.
    """
    session, account_id = asked.session, asked.work.person.account_id
    if kind == VENUE:
        return _answer_for_venue(session, item, VenueAnswer.ACCEPTED)
    if kind == SUGGESTION:
        row = _waiting(session, item)
        return _APPROVED[row.kind](asked, row)
    if kind == PHOTO:
        photo_id = read_uuid(item)
        alt = asked.form.text("alt")
        if not alt:
            asked.form.wrong("alt", "Say what the photo shows, for people who cannot see it.")
        if asked.form.problems:
            return None
        _photo_decided(session, photo_id, "approved", account_id=account_id, alt=alt)
        return Decided("approved")
    if kind == FOUND_GONE:
        found = _found_gone(session, number_of(item))
        if not queries.agree_it_is_gone(session, change_id=found.id, account_id=account_id):
            raise Taken("approved", found.decided_at)
        return Decided("gone")
    problem = _problem(session, number_of(item))
    if not queries.resolve_problem(session, problem_id=problem.id, is_done=True):
        raise Taken("done", problem.resolved_at)
    return Decided("done")


def reject(asked: Asked, *, kind: str, item: str) -> Decided | None:
    """Turn something down with a kind reason; what was found gone is put back on the map."""
    session, account_id = asked.session, asked.work.person.account_id
    if kind == FOUND_GONE:
        found = _found_gone(session, number_of(item))
        if found.decided_at is not None:
            raise Taken("approved", found.decided_at)
        change = find_change(session, change_id=found.id)
        if (
            change is None
            or take_back(session, change, acting_as="editor").outcome is not Outcome.DONE
        ):
            raise Taken("rejected", None)
        return Decided("back")
    if kind == VENUE:
        return _answer_for_venue(session, item, VenueAnswer.REFUSED)
    if kind not in REASONS:
        raise NotFound("There is nothing like that in the queue.")
    reason = asked.form.long_text("own_reason", longest=LONGEST_REASON) or asked.form.text("reason")
    if not reason:
        asked.form.wrong("reason", "Choose a reason, or write one.")
    if asked.form.problems:
        return None
    if kind == PHOTO:
        _photo_decided(session, read_uuid(item), "rejected", account_id=account_id, reason=reason)
        return Decided("rejected")
    row = _waiting(session, item)
    decide(session, row, Decision.REJECTED, account_id, asset_id=row.asset_id, reason=reason)
    return Decided("rejected")


def undo(asked: Asked, *, kind: str, item: str) -> Decided:
    """Take a decision back: what it changed of the map is changed back, and it waits again."""
    session = asked.session
    if kind == SUGGESTION:
        return _undo_suggestion(session, read_uuid(item))
    if kind == PHOTO:
        photo = queries.find_photo(session, photo_id=read_uuid(item))
        if photo is None:
            raise NotFound("There is no such photo.")
        if photo.is_thrown_away:
            return Decided("thrown-away")
        is_back = photo.decision != "waiting" and queries.decide_photo(
            session, photo_id=photo.id, was=photo.decision, decision="waiting", account_id=None
        )
        return Decided("undone" if is_back else "already")
    if kind == FOUND_GONE:
        return _undo_gone(session, number_of(item))
    if kind == VENUE:
        is_back = take_back_answer(session, request_id=number_of(item))
        return Decided("undone" if is_back else "already")
    problem = _problem(session, number_of(item))
    is_open = queries.resolve_problem(session, problem_id=problem.id, is_done=False)
    return Decided("undone" if is_open else "already")


# Suggestions


def _waiting(session: Session, item: str) -> sa.Row[Any]:
    row = queries.find_suggestion(session, suggestion_id=read_uuid(item), is_locked=True)
    if row is None:
        raise NotFound("There is no such suggestion. It may have been too long ago.")
    if row.decision != Decision.WAITING:
        raise Taken(row.decision, row.decided_at)
    return row


_APPROVED = {
    SuggestionKind.NEW.value: approve_new,
    SuggestionKind.CHANGE.value: approve_change,
    SuggestionKind.GONE.value: approve_gone,
}


def _undo_suggestion(session: Session, suggestion_id: uuid.UUID) -> Decided:
    row = queries.find_suggestion(session, suggestion_id=suggestion_id, is_locked=True)
    if row is None:
        raise NotFound("There is no such suggestion. It may have been too long ago.")
    if row.decision == Decision.WAITING:
        return Decided("already")
    change = find_change(session, change_id=row.change_id) if row.change_id else None
    if change is not None:
        outcome = take_back(session, change, acting_as="editor").outcome
        if outcome not in {Outcome.DONE, Outcome.ALREADY}:
            return Decided("changed")
    decide(
        session, row, Decision.WAITING, None,
        asset_id=None if row.kind == SuggestionKind.NEW else row.asset_id,
    )  # fmt: skip
    return Decided("undone")


# Venues, photos, what was found gone, import problems


def _answer_for_venue(session: Session, item: str, answer: VenueAnswer) -> Decided:
    try:
        answer_request(session, request_id=number_of(item), answer=answer)
    except AnsweredAlready as already:
        raise Taken(already.answer, already.at) from already
    return Decided("approved" if answer is VenueAnswer.ACCEPTED else "rejected")


def _photo_decided(
    session: Session,
    photo_id: uuid.UUID,
    decision: str,
    *,
    account_id: uuid.UUID,
    alt: str | None = None,
    reason: str | None = None,
) -> None:
    if queries.decide_photo(
        session, photo_id=photo_id, was="waiting", decision=decision, account_id=account_id,
        alt=alt, reason=reason,
    ):  # fmt: skip
        return
    photo = queries.find_photo(session, photo_id=photo_id)
    if photo is None:
        raise NotFound("There is no such photo.")
    raise Taken(photo.decision, photo.decided_at)


def _found_gone(session: Session, change_id: int) -> sa.Row[Any]:
    found = queries.find_gone(session, change_id=change_id)
    if found is None:
        raise NotFound("There is nothing like that in the queue.")
    if found.gone_at is None:
        raise Taken("rejected", None)
    return found


def _undo_gone(session: Session, change_id: int) -> Decided:
    found = queries.find_gone(session, change_id=change_id)
    if found is None:
        raise NotFound("There is nothing like that in the queue.")
    if queries.forget_it_is_gone(session, change_id=found.id):
        return Decided("undone")
    back = find_change(session, change_id=found.back_id) if found.back_id else None
    undone = take_back(session, back, acting_as="editor") if back else None
    is_done = undone is not None and undone.outcome is Outcome.DONE
    return Decided("undone" if is_done else "already")


def _problem(session: Session, problem_id: int) -> sa.Row[Any]:
    problem = queries.find_problem(session, problem_id=problem_id)
    if problem is None:
        raise NotFound("There is no such problem.")
    return problem
