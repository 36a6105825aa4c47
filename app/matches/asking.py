"""A question for matches, understood: from an address people share, or from a form."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from app.accounts.people import Team
from app.assets.actions import NameCache
from app.interests.choosing import Choice, choose_interests, refuse_unsure, split_phrases
from app.matches.actions import MatchLists, find_matches
from app.models import Access
from app.parameter_docs import DAYS, MUSTS
from app.parameters import Query
from app.places.actions import Place, Whereabouts, find_place
from app.walking.actions import Walking
from geo.errors import QuestionError
from geo.filters import MINUTES_A_DAY, Filters, start_spans
from geo.matching import MOST_MATCHES

WITHIN_M = 5_000
TEN = 10
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SEVERAL_DAYS = {"weekdays": WEEKDAYS[:5], "weekend": WEEKDAYS[5:]}
FILTER_FIELDS = ("days", "starts_after", "starts_before", "must", "unknown")
PLACE_FIELDS = ("near", "home", "lon", "lat")
FIELDS = (*PLACE_FIELDS, "within", "limit", "needs", *FILTER_FIELDS)


@dataclass(frozen=True, slots=True)
class Question:
    """A question for matches, understood; not `is_whole` when something is still to be said."""

    whereabouts: Whereabouts
    choice: Choice
    needs: tuple[str, ...]
    filters: Filters
    within_m: int
    limit: int

    @property
    def is_whole(self) -> bool:
        """Whether there is a place and at least one interest."""
        return self.whereabouts.place is not None and bool(self.choice.taken)


def read_question(
    connection: sa.Connection, query: Query, cache: NameCache, *, team: Team | None = None
) -> Question:
    """Understand a query for matches; what makes no sense becomes a problem of the query.

    Where no place is named, the question starts at the home of `team`.
    """
    needs = query.words("needs", [word.value for word in Access])
    within_m, limit = query.within_m(default=WITHIN_M), query.limit(default=TEN, most=MOST_MATCHES)
    filters = read_filters(query)
    whereabouts = find_place(connection, query)
    if team is not None and not any(query.texts(field) for field in PLACE_FIELDS):
        whereabouts = Whereabouts(place_of(team))
    choice = choose_interests(
        connection, cache.vocabulary.get(connection), query, suggest=cache.suggest
    )
    return Question(whereabouts, choice, tuple(needs), filters, within_m, limit)


def place_of(team: Team) -> Place | None:
    """Return where a team's home is; None for connectors, and for a home without a place."""
    if team.lon is None or team.lat is None:
        return None
    return Place(team.lon, team.lat, name=team.name, home_id=team.home_id)


def read_filters(query: Query) -> Filters:
    """Read what has to hold; a day and a time are of one and the same start."""
    words = query.words("days", DAYS)
    days = {day for word in words for day in SEVERAL_DAYS.get(word, (word,))}
    after, before = query.time("starts_after"), query.time("starts_before")
    musts = query.words("must", MUSTS)
    spans = None
    try:
        spans = start_spans(
            weekdays=[WEEKDAYS.index(day) for day in days],
            from_minute=after.hour * 60 + after.minute if after else 0,
            before_minute=before.hour * 60 + before.minute if before else MINUTES_A_DAY,
        )
    except QuestionError:
        query.wrong("starts_before", "“Starts before” must be later than “Starts after”.")
    return Filters(
        starts=spans,
        is_free="free" in musts,
        is_step_free="step_free" in musts,
        is_indoors="indoors" in musts,
        with_unknown=bool(query.words("unknown", ["yes"])),
    )


def require_whole(query: Query, question: Question) -> None:
    """Raise `BadQuestion` for a problem, or for a part that is missing."""
    refuse_unsure(query, question.choice)
    query.refuse_problems()
    if question.whereabouts.place is None:
        query.wrong("near", "Say where: near (a postcode or care home), home, or lon and lat.")
    if not question.choice.taken:
        query.wrong("interest", "Say at least one interest, like interest=bowls.")
    query.refuse_problems()


def only_an_interest(query: Query) -> bool:
    """Return whether nothing is wrong but an interest we do not know: the others have answers."""
    return not set(query.problems) - {"interest"}


def ask(
    connection: sa.Connection, question: Question, cache: NameCache, walking: Walking | None
) -> MatchLists | None:
    """Return the answer to a question that is whole, along the ways on foot where they are."""
    place = question.whereabouts.place
    if place is None:
        return None
    return find_matches(
        connection,
        cache.vocabulary.get(connection),
        lon=place.lon,
        lat=place.lat,
        interests=question.choice.slugs,
        needs=question.needs,
        within_m=question.within_m,
        limit=question.limit,
        filters=question.filters,
        walking=walking,
        home_id=place.home_id,
    )


def amend(form: Query) -> Query:
    """Return a form with what its small buttons say done to its interests.

    `drop` takes one out; `meant`, as in "boccia|bocha", puts a concept in a phrase's place.
    """
    dropped, meant = form.text("drop"), form.text("meant")
    concept, _, said = (meant or "").partition("|")
    phrases = [phrase for text in form.texts("interest") for phrase in split_phrases(text)]
    kept = [
        concept if meant and phrase == said else phrase for phrase in phrases if phrase != dropped
    ]
    return form.having("interest", kept)


def fields_of(query: Query, question: Question) -> list[tuple[str, str]]:
    """Return the question as the fields of a form that asks it again; a concept by its name."""
    said = [unsure.said for unsure in question.choice.unsure]
    kept = [(name, value) for name in FIELDS for value in query.texts(name)]
    place = question.whereabouts.place
    if place is not None and place.home_id and not any(n in PLACE_FIELDS for n, _ in kept):
        kept.append(("home", str(place.home_id)))
    return [*kept, *(("interest", value) for value in (*question.choice.slugs, *said))]
