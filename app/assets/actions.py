"""What people do with assets: ask for a list of them, look at one."""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.activities.schedules import RuleError, describe, next_dates
from app.areas import queries as area_queries
from app.assets import queries
from app.assets.queries import AssetFilter
from app.assets.schemas import Names
from app.errors import NotFound
from app.interests.actions import VocabularyCache
from app.interests.choosing import Choice, choose_interests, with_narrower
from app.interests.suggesting import Suggest, suggest_by_text
from app.models import AssetKind
from app.parameters import Query, today
from app.places.actions import Whereabouts, find_place
from app.residents.offer_queries import list_offers_near
from geo.interests import Vocabulary

WITHIN_M = 5_000
MOST_COUNTED = 10_000
NEXT_DATES = 3
SECONDS_BETWEEN_LOOKS = 10.0


class NameCache:
    """The names of interests and sources, at most ten seconds old: every list needs them."""

    def __init__(self, suggest: Suggest = suggest_by_text) -> None:
        self.vocabulary = VocabularyCache()
        # How phrases nobody is sure of are understood.
        self.suggest = suggest
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._of: Vocabulary | None = None
        self._names: Names | None = None

    def get(self, connection: sa.Connection) -> Names:
        """Return the names."""
        vocabulary = self.vocabulary.get(connection)
        now = time.monotonic()
        with self._lock:
            is_old = now - self._looked_at > SECONDS_BETWEEN_LOOKS
            if self._names is None or self._of is not vocabulary or is_old:
                sources = {source.id: source for source in queries.list_sources(connection)}
                self._names = Names(vocabulary, sources)
                self._of, self._looked_at = vocabulary, now
            return self._names


@dataclass(frozen=True, slots=True)
class Question:
    """A question for a list of assets, understood."""

    wanted: AssetFilter
    whereabouts: Whereabouts
    choice: Choice
    ward: sa.Row[Any] | None
    limit: int
    page: int

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return (self.page - 1) * self.limit


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: its rows, and whether there are more."""

    rows: Sequence[sa.Row[Any]]
    has_more: bool


@dataclass(frozen=True, slots=True)
class Session:
    """An activity as an asset's page shows it: when it is, in words, and its next days."""

    activity: sa.Row[Any]
    when: tuple[str, ...]
    next_days: tuple[dt.date, ...]
    schedules: Sequence[sa.Row[Any]] = ()


def read_question(
    connection: sa.Connection, query: Query, vocabulary: Vocabulary, *, default_limit: int
) -> Question:
    """Understand a query for assets; what makes no sense becomes a problem of the query."""
    kinds = query.words("kind", [kind.value for kind in AssetKind])
    limit, page = query.limit(default=default_limit), query.page()
    within_m = query.within_m(default=WITHIN_M)
    bbox, text = query.bbox(), query.text("q")
    whereabouts = find_place(connection, query)
    place = whereabouts.place
    choice = choose_interests(connection, vocabulary, query)
    ward = find_ward(connection, query)
    wanted = AssetFilter(
        kinds=tuple(kinds),
        interest_ids=tuple(with_narrower(vocabulary, choice.slugs)),
        area_id=ward.id if ward else None,
        area_code=ward.gss_code if ward else None,
        bbox=bbox,
        origin=(place.lon, place.lat) if place else None,
        within_m=within_m if place else None,
        words=text,
    )
    return Question(wanted, whereabouts, choice, ward, limit, page)


def find_ward(connection: sa.Connection, query: Query) -> sa.Row[Any] | None:
    """Find the ward a query names, by code or by name."""
    text = query.text("ward")
    if text is None:
        return None
    if text[1:].isdigit():
        code = query.gss_code("ward")
        wards = area_queries.find_wards_of_code(connection, gss_code=code) if code else []
        if code and not wards:
            query.wrong("ward", "We have no ward with that code. Look for it on the wards page.")
        return wards[0] if wards else None
    found = area_queries.find_wards_named(connection, name=text, limit=6)
    same = [ward for ward in found if ward.is_same]
    if len(same) == 1 or len(found) == 1:
        return (same or found)[0]
    if found:
        names = ", ".join(f"{w.name} in {w.lad_name} ({w.gss_code})" for w in (same or found)[:5])
        query.wrong("ward", f"More than one ward could be meant: {names}. Give its code.")
    else:
        query.wrong("ward", "We have no ward of that name. Look for it on the wards page.")
    return None


def list_page(connection: sa.Connection, question: Question) -> Page:
    """Return one page of the assets asked for."""
    # One row more than is shown says whether there is a next page, without counting.
    rows = queries.list_assets(
        connection, wanted=question.wanted, limit=question.limit + 1, offset=question.offset
    )
    return Page(rows[: question.limit], has_more=len(rows) > question.limit)


def count(connection: sa.Connection, question: Question) -> int:
    """Return how many assets there are, counted to one more than `MOST_COUNTED`."""
    return queries.count_assets(connection, wanted=question.wanted, at_most=MOST_COUNTED + 1)


@dataclass(frozen=True, slots=True)
class Details:
    """Everything public about one asset."""

    asset: sa.Row[Any]
    ward: sa.Row[Any] | None
    sessions: Sequence[Session]
    duplicates: Sequence[sa.Row[Any]]
    # What care homes nearby offer those who share an interest.
    offers: Sequence[sa.Row[Any]]


@dataclass(frozen=True, slots=True)
class Hidden:
    """An asset that is not shown: linked to another (`instead`), or gone; and nothing it says."""

    gone_at: dt.datetime | None
    instead: uuid.UUID | None


def get_asset(connection: sa.Connection, *, asset_id: uuid.UUID) -> Details | Hidden:
    """Return one asset, or why it is not shown; raises `NotFound` if it never was."""
    asset = queries.find_asset(connection, asset_id=asset_id)
    if asset is None:
        hidden = queries.find_hidden_asset(connection, asset_id=asset_id)
        if hidden is None:
            raise NotFound("There is nothing on the map at this address.")
        return Hidden(hidden.gone_at, hidden.duplicate_of)
    activities = queries.list_activities(connection, asset_id=asset_id)
    schedules = queries.list_schedules(connection, activity_ids=[a.id for a in activities])
    has_interests = bool(asset.interest_ids or any(a.interest_ids for a in activities))
    return Details(
        asset=asset,
        ward=queries.find_ward_of(connection, asset_id=asset_id),
        sessions=[as_session(activity, schedules) for activity in activities],
        duplicates=queries.list_duplicates(connection, asset_id=asset_id),
        offers=list_offers_near(connection, asset_id=asset_id) if has_interests else (),
    )


def count_sharing(connection: sa.Connection, asset: sa.Row[Any]) -> int | None:
    """Return about how many residents near a group or venue share an interest; None: too few."""
    if asset.kind not in {AssetKind.GROUP, AssetKind.VENUE}:
        return None
    return queries.count_residents_sharing(connection, asset_id=uuid.UUID(asset.id)) or None


def as_session(
    activity: sa.Row[Any], schedules: Mapping[uuid.UUID, Sequence[sa.Row[Any]]]
) -> Session:
    """Return an activity with when it happens, in words, and its next days."""
    days: set[dt.date] = set()
    ahead: list[str] = []
    past: list[str] = []
    for schedule in schedules.get(activity.id, ()):
        try:
            coming = next_dates(schedule, today(), NEXT_DATES)
            (ahead if coming else past).append(describe(schedule))
        except RuleError:
            # The database takes rules our reader of them may not: better no time than no page.
            coming = []
            ahead.append("Ask when it is on")
        days.update(coming)
    # Last season's times only matter where there are no newer ones.
    when = ahead or [f"{words}, but no day ahead is known" for words in past]
    return Session(
        activity, tuple(dict.fromkeys(when)), tuple(sorted(days)[:NEXT_DATES]),
        tuple(schedules.get(activity.id, ())),
    )  # fmt: skip
