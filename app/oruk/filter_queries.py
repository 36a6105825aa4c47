"""The conditions of filters, in SQL: fixed texts, every value bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.oruk.filters import Asked, Wanted
from app.oruk.queries import ACTIVITY_MODIFIED, ORGANIZATION_MODIFIED, ORIGIN
from app.oruk.terms import ACTIVITY, COMES_TO_HOMES, INDOORS, OUTDOORS, PLACE
from app.places.queries import like_pattern

# The minutes of the week in which a place is open, of what is written like 09:00.
OPEN_THEN = """
  EXISTS (
    SELECT FROM jsonb_array_elements(
      CASE WHEN jsonb_typeof(p.opening_hours) = 'array' THEN p.opening_hours ELSE '[]' END) AS h
    CROSS JOIN LATERAL (
      SELECT CASE WHEN h->>'opens_at' ~ '^[0-2][0-9]:[0-5][0-9]'
                   AND h->>'closes_at' ~ '^[0-2][0-9]:[0-5][0-9]' AND h->>'weekday' ~ '^[0-6]$'
        THEN (h->>'weekday')::int * 1440 END AS day,
        CASE WHEN h->>'opens_at' ~ '^[0-2][0-9]:[0-5][0-9]'
          THEN left(h->>'opens_at', 2)::int * 60 + substr(h->>'opens_at', 4, 2)::int END AS opens,
        CASE WHEN h->>'closes_at' ~ '^[0-2][0-9]:[0-5][0-9]'
          THEN left(h->>'closes_at', 2)::int * 60 + substr(h->>'closes_at', 4, 2)::int END AS closes
    ) AS m
    WHERE int4range(m.day + m.opens,
                    m.day + CASE WHEN m.closes > m.opens THEN m.closes ELSE m.closes + 1440 END)
          && CAST(:minutes AS int4multirange))
"""
NEVER = "FALSE"


@dataclass(slots=True)
class Conditions:
    """What has to hold of activities, of places by themselves, and the values of both."""

    activities: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def both(self, activity: str, place: str, **values: object) -> None:
        """Add a condition on each, and the values they name."""
        self.activities.append(activity)
        self.places.append(place)
        self.values |= values


def conditions_of(wanted: Wanted) -> Conditions:
    """Return the conditions of a question for services."""
    found = Conditions()
    if wanted.is_nothing:
        found.both(NEVER, NEVER)
        return found
    for number, (word, interest_ids) in enumerate(wanted.words):
        _add_word(found, number, word, interest_ids)
    for number, group in enumerate(wanted.terms):
        _add_terms(found, number, group)
    if wanted.organization_ids:
        same = "p.id = ANY(CAST(:organization_ids AS uuid[]))"
        found.both(same, same, organization_ids=list(wanted.organization_ids))
    if wanted.modified_after is not None:
        found.both(
            f"{ACTIVITY_MODIFIED} >= :modified_after",
            f"{ORGANIZATION_MODIFIED} >= :modified_after",
            modified_after=wanted.modified_after,
        )
    if wanted.minutes:
        spans = ",".join(f"[{first},{last})" for first, last in wanted.minutes)
        found.both(
            "v.week_starts && CAST(:minutes AS int4multirange)", OPEN_THEN, minutes=f"{{{spans}}}"
        )
    if wanted.is_at_a_place:
        found.both("l.location_source::text <> 'none'", "p.location_source::text <> 'none'")
    if wanted.origin is not None:
        found.values |= {"lon": wanted.origin[0], "lat": wanted.origin[1]}
    if wanted.origin is not None and wanted.within_m is not None:
        # The origin is transformed, the column stays bare for its index.
        found.both(
            f"ST_DWithin(l.point_27700, {ORIGIN}, :within_m)",
            f"ST_DWithin(p.point_27700, {ORIGIN}, :within_m)",
            within_m=wanted.within_m,
        )
    return found


def _add_word(found: Conditions, number: int, word: str, interest_ids: Sequence[int]) -> None:
    pattern, ids = f":word_{number}", f"CAST(:interests_of_{number} AS int[])"
    found.both(
        f"(v.name ILIKE {pattern} OR v.description ILIKE {pattern} OR p.name ILIKE {pattern}"
        f" OR v.interest_ids && {ids})",
        f"(p.name ILIKE {pattern} OR p.description ILIKE {pattern} OR p.interest_ids && {ids})",
        **{f"word_{number}": like_pattern(word), f"interests_of_{number}": list(interest_ids)},
    )


def _add_terms(found: Conditions, number: int, group: Sequence[Asked]) -> None:
    """Add that one of the terms of a group has to fit."""
    activities: list[str] = []
    places: list[str] = []
    values: dict[str, Any] = {}
    interest_ids = [one[2] for one in group if one[2] is not None]
    if interest_ids:
        name = f"term_interests_{number}"
        activities.append(f"v.interest_ids && CAST(:{name} AS int[])")
        places.append(f"p.interest_ids && CAST(:{name} AS int[])")
        values[name] = interest_ids
    slugs = {kind: [one[1] for one in group if one[:1] == (kind,) and one[1]]
             for kind in ("kinds", "access")}  # fmt: skip
    if slugs["access"]:
        name = f"term_access_{number}"
        activities.append(f"v.access && CAST(:{name} AS text[])")
        places.append(f"p.access && CAST(:{name} AS text[])")
        values[name] = slugs["access"]
    if slugs["kinds"]:
        name = f"term_kinds_{number}"
        same_kind = f"p.kind::text = ANY(CAST(:{name} AS text[]))"
        activities.append(same_kind)
        places.append(same_kind)
        values[name] = slugs["kinds"]
    for slug, activity, place in _OF_KINDS:
        if slug in slugs["kinds"]:
            activities.append(activity)
            places.append(place)
    for kind, column in (("interests", "interest_ids"), ("access", "access")):
        if (kind, None, None) in group:
            activities.append(f"v.{column} <> '{{}}'")
            places.append(f"p.{column} <> '{{}}'")
    if ("kinds", None, None) in group:
        activities.append("TRUE")
        places.append("TRUE")
    found.both(_any_of(activities), _any_of(places), **values)


# What is said of a service besides its organization's kind.
_OF_KINDS = (
    (ACTIVITY, "TRUE", NEVER),
    (PLACE, NEVER, "TRUE"),
    (COMES_TO_HOMES, "v.comes_to_homes", NEVER),
    (INDOORS, "t.is_indoors", "p.is_indoors"),
    (OUTDOORS, "NOT t.is_indoors", "NOT p.is_indoors"),
)


def _any_of(conditions: Sequence[str]) -> str:
    return f"({' OR '.join(conditions)})" if conditions else NEVER


def conditions_on_organizations(wanted: Wanted) -> Conditions:
    """Return the conditions of a question for organizations: words and when they changed."""
    found = Conditions()
    for number, (word, interest_ids) in enumerate(wanted.words):
        _add_word(found, number, word, interest_ids)
    if wanted.modified_after is not None:
        found.places.append(f"{ORGANIZATION_MODIFIED} >= :modified_after")
        found.values["modified_after"] = wanted.modified_after
    return found
