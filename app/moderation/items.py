"""One thing of the queue, opened: all an editor needs to see before deciding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.areas.queries import find_wards_of_code
from app.assets.edit_queries import find_facts
from app.assets.editing import Clash, facts_of, is_same
from app.assets.facts import FACTS, for_new_asset
from app.assets.schemas import Names
from app.calendars.venue_queries import find_request
from app.errors import NotFound
from app.history.wording import CONSENT, say_fact
from app.importers.refuges import suspect_words
from app.models import SuggestionKind
from app.moderation import actions, queries
from app.moderation.approving import NEW_FACTS, point_of
from app.parameters import Query, read_uuid
from app.suggestions import fact_form
from app.suggestions.actions import KINDS as ASSET_KINDS
from geo.interests import Vocabulary


@dataclass(slots=True)
class Opened:
    """What the page shows of it."""

    kind: str
    id: str
    row: sa.Row[Any]
    # Of suggestions: label, what is on the map, what is suggested, whether it changed since.
    facts: Sequence[tuple[str, str | None, str, bool]] = ()
    like: Sequence[sa.Row[Any]] = ()
    asset: sa.Row[Any] | None = None
    suspect: str | None = None
    # Without being amended.
    can_be_approved: bool = True
    # For the form in which an editor amends.
    fact_names: Sequence[str] = ()
    typed: Mapping[str, str] = field(default_factory=dict)
    was: str = ""
    version: int = 0
    access: Sequence[str] | None = None
    asset_kinds: Mapping[str, str] = field(default_factory=dict)
    consent: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_waiting(self) -> bool:
        """Whether nobody has decided yet."""
        if self.kind == actions.PROBLEM:
            return self.row.resolved_at is None
        if self.kind == actions.FOUND_GONE:
            return self.row.gone_at is not None and self.row.decided_at is None
        if self.kind == actions.VENUE:
            return bool(self.row.answer == "waiting")
        return bool(self.row.decision == "waiting")

    @property
    def is_new(self) -> bool:
        """Whether it suggests something that is not on the map."""
        return self.kind == actions.SUGGESTION and self.row.kind == SuggestionKind.NEW


def open_item(
    session: Session,
    *,
    kind: str,
    item: str,
    names: Names,
    vocabulary: Vocabulary,
    query: Query,
    clashes: Sequence[Clash] = (),
) -> Opened:
    """Return something of the queue with what is needed to decide; raises NotFound."""
    row = find_row(session, kind=kind, item=item)
    if kind != actions.SUGGESTION:
        return Opened(kind, item, row)
    if row.kind == SuggestionKind.NEW:
        return _open_new(session, item, row, names, vocabulary)
    return _open_known(
        session, item, row, names=names, vocabulary=vocabulary, query=query, clashes=clashes
    )


def find_row(session: Session, *, kind: str, item: str) -> sa.Row[Any]:
    """Return the row of something in the queue, decided or not; raises NotFound."""
    found: sa.Row[Any] | None = None
    if kind == actions.SUGGESTION:
        found = queries.find_suggestion(session, suggestion_id=read_uuid(item))
    elif kind == actions.PHOTO:
        found = queries.find_photo(session, photo_id=read_uuid(item))
    elif kind == actions.FOUND_GONE:
        found = queries.find_gone(session, change_id=actions.number_of(item))
    elif kind == actions.PROBLEM:
        found = queries.find_problem(session, problem_id=actions.number_of(item))
    elif kind == actions.VENUE:
        found = find_request(session, request_id=actions.number_of(item))
    if found is None:
        raise NotFound("There is nothing like that in the queue.")
    return found


def _open_new(
    session: Session, item: str, row: sa.Row[Any], names: Names, vocabulary: Vocabulary
) -> Opened:
    facts = row.fields
    return Opened(
        actions.SUGGESTION,
        item,
        row,
        facts=[
            (FACTS[name].label, None, _say_new(session, name, value, names), False)
            for name, value in facts.items()
        ],
        can_be_approved=_says_what_and_where(facts),
        like=queries.list_like(session, name=facts.get("name", ""), point=point_of(session, facts)),
        suspect=suspect_words(*(str(value) for value in facts.values()), row.note),
        fact_names=NEW_FACTS,
        typed=fact_form.typed_of(facts, vocabulary),
        was="{}",
        asset_kinds={kind.value: text for kind, text in ASSET_KINDS.items()},
        consent=CONSENT,
    )


def _say_new(session: Session, name: str, value: Any, names: Names) -> str:  # noqa: ANN401 - any fact
    """Return a fact of something new in words; a ward by its name."""
    code = value.get("ward_code") if name == "place" else None
    wards = find_wards_of_code(session.connection(), gss_code=code) if code else ()
    return f"{wards[0].name} ward" if wards else say_fact(name, value, names)


def _says_what_and_where(facts: Mapping[str, Any]) -> bool:
    """Return whether something new can go on the map as suggested: councillors say less."""
    given = {name: value for name, value in facts.items() if value is not None}
    if given.get("postcode") and not given.get("place"):
        given["place"] = {"postcode": given["postcode"]}
    return not for_new_asset(given).problems.keys() & {"kind", "place"}


def _open_known(
    session: Session,
    item: str,
    row: sa.Row[Any],
    *,
    names: Names,
    vocabulary: Vocabulary,
    query: Query,
    clashes: Sequence[Clash],
) -> Opened:
    asset = find_facts(session, asset_id=row.asset_id)
    if asset is None:
        raise NotFound("There is nothing on the map at this address.")
    shown = (*fact_form.OWN_FACTS, "place")
    now = {k: v for k, v in facts_of(session, asset).items() if k in shown}
    wanted = {name: one["now"] for name, one in row.fields.items()}
    # What is suggested stands in the form, over what is stored; unless they are typed already.
    typed_now = fact_form.typed_of(now, vocabulary)
    suggested = fact_form.typed_of(wanted, vocabulary)
    typed = typed_now | {name: suggested[name] for name in wanted if name in suggested}
    if "place" in wanted:
        typed["postcode"] = wanted["place"].get("postcode") or typed["postcode"]
    was = fact_form.read_was(query) if query.has("was") else now
    return Opened(
        actions.SUGGESTION,
        item,
        row,
        facts=[
            (
                FACTS[name].label,
                say_fact(name, now.get(name), names),
                say_fact(name, one["now"], names),
                not is_same(name, one["was"], now.get(name)),
            )
            for name, one in row.fields.items()
        ],
        asset=asset,
        suspect=suspect_words(*(str(value) for value in wanted.values()), row.note),
        fact_names=fact_form.OWN_FACTS,
        typed=typed,
        was=fact_form.write_was(fact_form.after_clash(was, clashes)),
        version=asset.version,
        access=query.texts("access") if query.has("has_access") else now["access"],
    )
