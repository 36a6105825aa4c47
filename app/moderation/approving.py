"""What comes of an approval: a new place, a changed one, or one that is marked gone."""

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
from app.errors import NotFound
from app.history.queries import find_change_of_version
from app.models import AssetKind, Decision
from app.moderation import queries
from app.moderation.wording import NOT_ON_THE_MAP
from app.parameters import Query
from app.places.queries import find_postcode
from app.suggestions import fact_form
from app.suggestions.actions import without_hidden
from geo.interests import Vocabulary

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


def decide(
    session: Session,
    row: sa.Row[Any],
    decision: Decision,
    account_id: uuid.UUID | None,
    *,
    asset_id: uuid.UUID | None,
    version: int | None = None,
    reason: str | None = None,
) -> None:
    """Write a decision down, with the change of the asset that came of it."""
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


def approve_new(asked: Asked, row: sa.Row[Any]) -> Decided | None:
    """Put something new on the map; None: the form has problems."""
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
    decide(
        asked.session, row, Decision.APPROVED, asked.work.person.account_id, asset_id=asset_id,
        version=version,
    )  # fmt: skip
    return Decided("approved")


def approve_change(asked: Asked, row: sa.Row[Any]) -> Decided | None:
    """Change what was suggested; None: the form has problems."""
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
    decide(
        asked.session, row, Decision.APPROVED, asked.work.person.account_id,
        asset_id=row.asset_id, version=edited.version if edited.version != before else None,
    )  # fmt: skip
    return Decided("approved")


def approve_gone(asked: Asked, row: sa.Row[Any]) -> Decided | None:
    """Mark a place gone as was suggested; None: the form has problems."""
    asset = _locked(asked.session, row.asset_id)
    if asset.duplicate_of is not None:
        # What is shown now is another entry, of which nobody said that it has gone.
        asked.form.wrong("item", NOT_ON_THE_MAP)
        return None
    before = int(asset.version)
    version = mark_gone(asked.session, asset_id=row.asset_id, acting_as=ACTING_AS)
    decide(
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


def _refused(form: Query, refused: FactsRefused) -> None:
    for name, sentence in refused.problems.items():
        form.wrong("postcode" if name == "place" else name, sentence)
