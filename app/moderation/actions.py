"""What editors decide: approve, amend, reject, and take a decision back."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.people import Work
from app.assets.edit_queries import lock_asset
from app.assets.editing import (
    Change,
    Clash,
    Edited,
    FactsRefused,
    add_asset,
    change_asset,
    mark_gone,
)
from app.assets.facts import for_new_asset, read_facts
from app.calendars.venue_actions import AnsweredAlready, answer_request
from app.calendars.venue_actions import take_back as take_back_answer
from app.errors import NotFound
from app.history.actions import Outcome, take_back
from app.history.queries import find_change, find_change_of_version
from app.models import AssetKind, Decision, SuggestionKind, VenueAnswer
from app.moderation import queries
from app.moderation.wording import LONGEST_REASON, NOT_ON_THE_MAP, REASONS
from app.parameters import Query, read_uuid
from app.places.queries import find_postcode
from app.suggestions import fact_form
from app.suggestions.actions import without_hidden
from geo.interests import Vocabulary

SUGGESTION, PHOTO, FOUND_GONE, PROBLEM, VENUE = queries.KINDS
ACTING_AS = "suggestion"
# What an editor can write of something new, and of something that is on the map.
NEW_FACTS = (
    "name", "kind", "description", "address", "postcode", "pin", "opening_hours", "phone", "email",
    "website", "interests",
)  # fmt: skip


class Taken(Exception):
    """Somebody else has decided already."""

    def __init__(self, decision: str, at: dt.datetime | None) -> None:
        super().__init__(decision)
        self.decision, self.at = decision, at


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of it; with clashes nothing was written."""

    said: str = ""
    clashes: tuple[Clash, ...] = ()
    version: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What approving needs to know: who, the form, the words for interests, our own name."""

    work: Work
    form: Query
    vocabulary: Vocabulary
    service_name: str

    @property
    def session(self) -> Session:
        """The transaction of the request."""
        return self.work.session

    @property
    def is_amended(self) -> bool:
        """Whether the form brings facts of its own."""
        return self.form.is_ticked("amended")


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
    _decide(session, row, Decision.REJECTED, account_id, asset_id=row.asset_id, reason=reason)
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


def _decide(
    session: Session,
    row: sa.Row[Any],
    decision: Decision,
    account_id: uuid.UUID | None,
    *,
    asset_id: uuid.UUID | None,
    version: int | None = None,
    reason: str | None = None,
) -> None:
    change_id = (
        find_change_of_version(session, asset_id=asset_id, version=version)
        if asset_id is not None and version is not None
        else None
    )
    queries.decide_suggestion(
        session, suggestion_id=row.id, decision=decision.value, reason=reason,
        account_id=account_id, asset_id=asset_id, change_id=change_id,
    )  # fmt: skip


def new_facts(asked: Asked, row: sa.Row[Any]) -> dict[str, Any]:
    """Return the facts of something new, as suggested or as an editor amended them."""
    given = dict(row.fields)
    if asked.is_amended:
        names = [name for name in NEW_FACTS if name != "pin"]
        given = fact_form.read_wanted(
            asked.session.connection(), asked.vocabulary, asked.form, names=names
        ).now
        if asked.form.text("consent_how"):
            given["consent_how"] = asked.form.text("consent_how")
    if given.get("postcode") and not given.get("place"):
        given["place"] = {"postcode": given["postcode"]}
    if given.get("kind") == AssetKind.INFORMAL:
        # Its ward follows from the place; the door itself is nobody's to know.
        given |= {"address": None, "postcode": None}
        if not given.get("place") and "ward_code" in (row.fields.get("place") or {}):
            given["place"] = row.fields["place"]
    facts = for_new_asset({name: value for name, value in given.items() if value is not None})
    for name, sentence in facts.problems.items():
        asked.form.wrong("postcode" if name == "place" else name, sentence)
    return facts.values


def point_of(session: Session, facts: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return where something is, lon, lat in degrees WGS 84, as far as its facts say."""
    place = facts.get("place") or {}
    if "lon" in place:
        return place["lon"], place["lat"]
    code = place.get("postcode") or facts.get("postcode")
    found = find_postcode(session.connection(), postcode=code) if code else None
    return (found.lon, found.lat) if found else None


def _approve_new(asked: Asked, row: sa.Row[Any]) -> Decided | None:
    facts = new_facts(asked, row)
    if asked.form.problems:
        return None
    like = queries.list_like(
        asked.session, name=facts["name"], point=point_of(asked.session, facts)
    )
    seen = set(asked.form.texts("seen_like"))
    if any(str(one.id) not in seen for one in like):
        asked.form.wrong("like", "Look first whether it is one of these.")
        return None
    asset_id = uuid.uuid4()
    try:
        version = add_asset(
            asked.session, asset_id=asset_id, facts=facts, acting_as=ACTING_AS,
            service_name=asked.service_name, is_seen=False,
        )  # fmt: skip
    except FactsRefused as refused:
        _refused(asked.form, refused)
        return None
    _decide(
        asked.session, row, Decision.APPROVED, asked.work.person.account_id, asset_id=asset_id,
        version=version,
    )  # fmt: skip
    return Decided("approved")


def _approve_change(asked: Asked, row: sa.Row[Any]) -> Decided | None:
    form = asked.form
    if asked.is_amended:
        wanted = fact_form.read_wanted(
            asked.session.connection(), asked.vocabulary, form, names=fact_form.OWN_FACTS
        )
        changes = fact_form.settled(form, wanted).changes
    else:
        changes = {n: Change(without_hidden(f["was"]), f["now"]) for n, f in row.fields.items()}
        if not changes:
            form.wrong("name", "These are only words. Correct the facts, then approve.")
        # Taken when they were sent, never to be shown.
        for name, sentence in read_facts({n: c.now for n, c in changes.items()}).problems.items():
            form.wrong(name, sentence)
    if form.problems:
        return None
    before = int(_locked(asked.session, row.asset_id).version)
    try:
        edited = change_asset(
            asked.session, asset_id=row.asset_id, changes=changes, acting_as=ACTING_AS,
            seen_version=form.whole_number("version", low=1, high=10**9, default=1),
        )  # fmt: skip
    except FactsRefused as refused:
        _refused(form, refused)
        return None
    return _changed(asked, row, edited, before)


def _changed(asked: Asked, row: sa.Row[Any], edited: Edited, before: int) -> Decided | None:
    if edited.clashes:
        return Decided(clashes=edited.clashes, version=edited.version)
    if not edited.is_written:
        asked.form.wrong("item", NOT_ON_THE_MAP)
        return None
    _decide(
        asked.session, row, Decision.APPROVED, asked.work.person.account_id,
        asset_id=row.asset_id, version=edited.version if edited.version != before else None,
    )  # fmt: skip
    return Decided("approved")


def _approve_gone(asked: Asked, row: sa.Row[Any]) -> Decided | None:
    asset = _locked(asked.session, row.asset_id)
    if asset.duplicate_of is not None:
        # What is shown now is another entry, of which nobody said that it has gone.
        asked.form.wrong("item", NOT_ON_THE_MAP)
        return None
    before = int(asset.version)
    version = mark_gone(asked.session, asset_id=row.asset_id, acting_as=ACTING_AS)
    _decide(
        asked.session, row, Decision.APPROVED, asked.work.person.account_id,
        asset_id=row.asset_id, version=version if version != before else None,
    )  # fmt: skip
    return Decided("gone")


def _locked(session: Session, asset_id: uuid.UUID) -> sa.Row[Any]:
    """Return the facts of an asset, which nobody else changes until this is over."""
    row = lock_asset(session, asset_id=asset_id)
    if row is None:
        raise NotFound("There is nothing on the map at this address.")
    return row


_APPROVED = {
    SuggestionKind.NEW.value: _approve_new,
    SuggestionKind.CHANGE.value: _approve_change,
    SuggestionKind.GONE.value: _approve_gone,
}


def _refused(form: Query, refused: FactsRefused) -> None:
    for name, sentence in refused.problems.items():
        form.wrong("postcode" if name == "place" else name, sentence)


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
    _decide(
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
