"""From what somebody typed to concepts: sure ones are taken, unsure ones are offered."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa

from app.interests.actions import InterestHit, search_interests
from app.interests.suggesting import Suggest, suggest_by_text
from app.parameters import Query
from geo.interests import Concept, Vocabulary

# A hit this alike holds the very words that were typed (see `SEARCH` in the queries).
SURE = 2.0
MOST_OFFERED = 5
MOST_PHRASES = 20
_BETWEEN_PHRASES = re.compile(r"\s*[,;/\n]\s*")


@dataclass(frozen=True, slots=True)
class Taken:
    """A concept taken for a phrase; `said` is None when the concept itself was given."""

    concept: Concept
    said: str | None = None


@dataclass(frozen=True, slots=True)
class Unsure:
    """A phrase that may mean several concepts, or none (`hits` is empty)."""

    said: str
    hits: tuple[InterestHit, ...]


@dataclass(slots=True)
class Choice:
    """What came of the phrases."""

    taken: list[Taken] = field(default_factory=list)
    unsure: list[Unsure] = field(default_factory=list)

    @property
    def slugs(self) -> list[str]:
        """The concepts taken, each once."""
        return list(dict.fromkeys(taken.concept.concept for taken in self.taken))


def choose_interests(
    connection: sa.Connection,
    vocabulary: Vocabulary,
    query: Query,
    *,
    field: str = "interest",
    suggest: Suggest = suggest_by_text,
) -> Choice:
    """Read the interests of a query.

    A phrase nothing is like becomes a problem of the query. One that may mean several concepts
    is kept as unsure: a page offers them, `refuse_unsure` makes it a problem for programs.
    """
    choice = Choice()
    phrases = dict.fromkeys(
        phrase for value in query.texts(field) for phrase in split_phrases(value)
    )
    # Each unsure phrase is a search of its own: a limit before, not after.
    if len(phrases) > MOST_PHRASES:
        query.wrong(field, f"Ask for at most {MOST_PHRASES} interests at a time.")
        return choice
    for phrase in phrases:
        _choose(connection, vocabulary, phrase, choice, suggest)
    if any(not unsure.hits for unsure in choice.unsure):
        query.wrong(
            field, "We do not know one of these interests. Say it another way, in a word or two."
        )
    return choice


def split_phrases(text: str) -> list[str]:
    """Return what somebody typed between commas."""
    return [phrase for phrase in _BETWEEN_PHRASES.split(text) if phrase]


def refuse_unsure(query: Query, choice: Choice, *, field: str = "interest") -> None:
    """Make the first unsure phrase a problem of the query, with what it may mean."""
    for unsure in choice.unsure:
        names = " or ".join(f"{hit.label} ({hit.concept})" for hit in unsure.hits[:3])
        query.wrong(field, f"We are not sure what an interest means. Did you mean {names}?")


def with_narrower(vocabulary: Vocabulary, slugs: Iterable[str]) -> list[int]:
    """Return the ids of concepts and of everything narrower than them, sorted."""
    wanted = [vocabulary.concept(slug).id for slug in slugs]
    below = (narrower for concept in wanted for narrower in vocabulary.narrower_than(concept))
    return sorted({*wanted, *below})


def _choose(
    connection: sa.Connection,
    vocabulary: Vocabulary,
    phrase: str,
    choice: Choice,
    suggest: Suggest,
) -> None:
    if phrase.lower() in vocabulary:
        choice.taken.append(Taken(vocabulary.concept(phrase.lower())))
        return
    hits = search_interests(connection, phrase, limit=MOST_OFFERED)
    if hits and hits[0].likeness >= SURE:
        choice.taken.append(Taken(vocabulary.concept(hits[0].concept), said=phrase))
    else:
        # What is taken for sure is the text's to say: anything else only orders what is offered.
        if suggest is not suggest_by_text:
            hits = suggest(connection, vocabulary, phrase, MOST_OFFERED)
        choice.unsure.append(Unsure(phrase, tuple(hits)))
