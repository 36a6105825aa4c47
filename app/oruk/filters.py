"""Read what is asked of a list: 3.0's parameters and those of the older Open Referral UK profile.

The older profile: developers.openreferraluk.org, "API Implementation". What our data cannot answer
(ages, extents of areas) is judged and then narrows nothing, as both profiles want it: a service
that names no limit fits everybody.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from app.oruk.schedules import DAYS
from app.oruk.terms import TAXONOMY_IDS, TAXONOMY_NAMES, Kind, Terms
from app.parameters import MOST_VALUES, Query
from app.places.queries import find_postcode
from app.words import LONDON
from geo.errors import PostcodeError
from geo.postcode import Postcode

DEFAULT_PER_PAGE, MOST_PER_PAGE = 50, 1_000
LAST_PAGE = 999_999_999
WIDEST_M = 100_000
OLDEST_AGE = 150
FORMATS = ("json", "ndjson")
# What the older profile says terms can be about; ours are about the first two.
TAXONOMY_TYPES = ("service", "organization", "eligibility", "cost_option", "service_area")
CLASSIFIED = {"service", "organization"}
MINUTES_A_DAY = 24 * 60
_CLOCK = re.compile("([01][0-9]|2[0-4]):[0-5][0-9](:[0-5][0-9])?", re.ASCII)
# A plus that was not written as %2B arrives as a space.
_LOST_PLUS = re.compile(r" (?=\d\d:?\d\d$)", re.ASCII)

# A term as filters know it: its taxonomy, its slug, an interest's number. No slug: any term.
Asked = tuple[Kind, str | None, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which records are wanted; what is None or empty does not narrow.

    `words`: each has to be found, as text or as one of its interests. `terms`: of each group one
    has to fit. `minutes`: of the week from Monday 0:00, [from, to). `origin`: lon, lat in degrees,
    WGS 84; `within_m` metres from there.
    """

    words: tuple[tuple[str, tuple[int, ...]], ...] = ()
    terms: tuple[tuple[Asked, ...], ...] = ()
    organization_ids: tuple[str, ...] = ()
    modified_after: dt.datetime | None = None
    minutes: tuple[tuple[int, int], ...] = ()
    origin: tuple[float, float] | None = None
    within_m: int | None = None
    is_at_a_place: bool = False
    is_nothing: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """How a list is wanted: which page, how long, and how each record is written."""

    page: int
    per_page: int | None
    is_stream: bool = False
    is_full: bool = False
    is_minimal: bool = False
    has_full_services: bool = False


def read_form(query: Query, *extra: str) -> Form:
    """Read paging, the format, and which of `extra` (full, minimal, full_service) are wanted."""
    page = query.whole_number("page", low=1, high=LAST_PAGE, default=1)
    wanted = {name: read_flag(query, name) for name in extra}
    per_page: int | None = query.whole_number(
        "per_page", low=1, high=MOST_PER_PAGE, default=DEFAULT_PER_PAGE
    )
    if wanted.get("minimal") and query.text("per_page") is None:
        # "Aim to return all services within one page", says the specification.
        per_page = None
    [written] = query.words("format", FORMATS) or ["json"] if query.text("format") else ["json"]
    return Form(
        page,
        per_page,
        is_stream=written == "ndjson",
        is_full=wanted.get("full", False),
        is_minimal=wanted.get("minimal", False),
        has_full_services=wanted.get("full_service", False),
    )


def read_flag(query: Query, field: str) -> bool:
    """Return whether a field says true; it may say false, and nothing else."""
    text = (query.text(field) or "false").lower()
    if text not in {"true", "false"}:
        query.wrong(field, f"“{field}” must be true or false.")
    return text == "true"


def read_wanted(
    connection: sa.Connection, query: Query, terms: Terms, *, is_at_a_place: bool = False
) -> Wanted:
    """Read every filter of services; what makes no sense becomes a problem of the query."""
    types = query.words("taxonomy_type", TAXONOMY_TYPES)
    groups = _read_terms(query, terms)
    organization_ids = _read_ids(query, "organization_id")
    origin, within_m = _read_place(connection, query)
    for field in ("minimum_age", "maximum_age"):
        query.whole_number(field, low=0, high=OLDEST_AGE, default=0)
    return Wanted(
        words=read_words(query, terms),
        terms=tuple(groups),
        organization_ids=tuple(organization_ids),
        modified_after=read_moment(query, "modified_after"),
        minutes=_read_times(query),
        origin=origin,
        within_m=within_m,
        is_at_a_place=is_at_a_place,
        is_nothing=() in groups or (bool(types) and not CLASSIFIED.intersection(types)),
    )


def read_words(query: Query, terms: Terms) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return the words to search for, of `search` and the older `text`, with their interests."""
    found: dict[str, tuple[int, ...]] = {}
    for field in ("search", "text"):
        for word in (query.text(field) or "").lower().split()[:MOST_VALUES]:
            found[word] = tuple(terms.interests_called(word))
    return tuple(found.items())


def read_moment(query: Query, field: str) -> dt.datetime | None:
    """Return a moment with its offset.

    Without one it is taken for London's clock: an hour too much in summer if UTC was meant, never
    an hour too little.
    """
    text = query.text(field)
    if text is None:
        return None
    for written in (text, _LOST_PLUS.sub("+", text)):
        try:
            moment = dt.datetime.fromisoformat(written)
            aware = moment if moment.tzinfo else moment.replace(tzinfo=LONDON)
            return aware.astimezone(dt.UTC)
        except (ValueError, OverflowError):
            continue
    query.wrong(field, f"“{field}” must be a date and time like 2026-11-27T09:30:00Z.")
    return None


def _read_ids(query: Query, field: str) -> list[str]:
    found = []
    for text in query.texts(field):
        try:
            found.append(str(uuid.UUID(text)))
        except ValueError:
            query.wrong(field, f"“{field}” must be an identifier (a UUID).")
    return found


def _read_terms(query: Query, terms: Terms) -> list[tuple[Asked, ...]]:
    """Return a group of terms for each field that asks for some; an empty one fits nothing."""
    groups: list[tuple[Asked, ...]] = []
    vocabularies = {
        kind for text in query.texts("vocabulary") if (kind := _taxonomy_called(text)) is not None
    }
    for field in ("taxonomy_term_id", "taxonomy_id"):
        ids = _read_ids(query, field)
        if ids or query.text(field) is not None:
            asked = (_asked(terms, identifier) for identifier in ids)
            groups.append(tuple(one for one in asked if one is not None))
    if query.texts("vocabulary"):
        groups.append(tuple((kind, None, None) for kind in sorted(vocabularies)))
        groups[:-1] = [
            tuple(one for one in group if one[0] in vocabularies) for group in groups[:-1]
        ]
    return groups


def _asked(terms: Terms, identifier: str) -> Asked | None:
    """Return what an identifier of a term, or of a whole taxonomy, asks for.

    Either may stand in either field: what 3.0 calls a term was a taxonomy in the older profile.
    """
    term = terms.by_id.get(identifier)
    if term is not None:
        return term.kind, term.slug, term.interest_id
    found = (kind for kind, taxonomy_id in TAXONOMY_IDS.items() if taxonomy_id == identifier)
    return next(((kind, None, None) for kind in found), None)


def _taxonomy_called(text: str) -> Kind | None:
    wanted = text.lower()
    found = (
        kind
        for kind, (name, _) in TAXONOMY_NAMES.items()
        if wanted in {kind, name.lower(), TAXONOMY_IDS[kind]}
    )
    return next(found, None)


def _read_place(
    connection: sa.Connection, query: Query
) -> tuple[tuple[float, float] | None, int | None]:
    """Return the point of `postcode` and how far from it is near; None where not asked for."""
    within_m = query.whole_number("proximity", low=0, high=WIDEST_M, default=0)
    # No service of ours says where its area ends, so whoever asks from anywhere is covered.
    _find_postcode(connection, query, "coverage")
    point = _find_postcode(connection, query, "postcode")
    if query.text("proximity") is None:
        return point, None
    if query.text("postcode") is None:
        query.wrong("proximity", "“proximity” goes with “postcode”: give both, or neither.")
    return point, within_m


def _find_postcode(
    connection: sa.Connection, query: Query, field: str
) -> tuple[float, float] | None:
    text = query.text(field)
    if text is None:
        return None
    try:
        postcode = Postcode.parse(text)
    except PostcodeError:
        query.wrong(field, f"“{field}” must be a full postcode, like BD1 1AF.")
        return None
    row = find_postcode(connection, postcode=postcode.text)
    if row is None:
        query.wrong(field, "We do not know that postcode. Check it, or use one close by.")
        return None
    return row.lon, row.lat


def _read_times(query: Query) -> tuple[tuple[int, int], ...]:
    """Return the minutes of the week asked for: `day`, `start_time`, `end_time`, in sets.

    Each that is given is given equally often; one that is given once counts for every set.
    """
    fields = {field: _values(query, field) for field in ("day", "start_time", "end_time")}
    sets = max(len(values) for values in fields.values())
    for field, values in fields.items():
        if len(values) not in {0, 1, sets}:
            query.wrong(field, "Give “day”, “start_time” and “end_time” equally often, or once.")
    for number, day in enumerate(fields["day"]):
        fields["day"][number] = day.upper()[:2] if day.upper()[:2] in DAYS else ""
    if "" in fields["day"]:
        query.wrong("day", f"“day” must be one of: {', '.join(DAYS)}.")
    for field in ("start_time", "end_time"):
        if not all(_CLOCK.fullmatch(value) for value in fields[field]):
            query.wrong(field, f"“{field}” must be a time like 18:00.")
    if any(field in query.problems for field in fields):
        return ()
    return tuple(
        span
        for number in range(sets)
        for span in _spans(*(_of_set(values, number) for values in fields.values()))
    )


def _values(query: Query, field: str) -> list[str]:
    query.texts(field)  # judges their number, length and signs
    values = (value.strip() for value in query.typed_all(field))
    return [value for value in values if value][:MOST_VALUES]


def _of_set(values: Sequence[str], number: int) -> str:
    return values[min(number, len(values) - 1)] if values else ""


def _spans(day: str, start: str, end: str) -> list[tuple[int, int]]:
    first = _minute(start) if start else 0
    # Up to and with that minute.
    last = min(_minute(end) + 1, MINUTES_A_DAY) if end else MINUTES_A_DAY
    days = [DAYS.index(day)] if day else range(len(DAYS))
    spans = ((d * MINUTES_A_DAY + first, d * MINUTES_A_DAY + last) for d in days)
    return [span for span in spans if span[0] < span[1]] or [(-1, 0)]


def _minute(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:5])
