"""What people's own words for what they do stand for in our vocabulary: guessed, then agreed.

A directory says "Singing for pleasure" in a taxonomy of its own. The label is looked for among our
interests; what is found for sure is used at once, and an editor agrees, chooses others, or ignores
the term. What was decided is remembered for every feed that uses the term.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.errors import BadQuestion, NotFound
from app.feeds import terms_queries
from app.importers.queries import read_interests
from app.interests.actions import search_interests
from app.interests.choosing import SURE
from app.models import TermStatus

Term = tuple[str, str]  # taxonomy, term
# Each new term is a search of its own.
MOST_NEW = 5_000


@dataclass(frozen=True, slots=True)
class Meanings:
    """What the terms of a feed stand for: `by_term` as slugs, and `guesses` to be kept."""

    by_term: Mapping[Term, tuple[str, ...]]
    guesses: tuple[dict[str, object], ...]


def find_meanings(connection: sa.Connection, found: Mapping[Term, tuple[str, int]]) -> Meanings:
    """Return what each of the terms found (its label and how many records have it) stands for.

    A term nobody has decided about and nothing is found for is in `guesses` only.
    """
    slugs = {row.id: row.concept for row in read_interests(connection)}
    known = {(row.taxonomy, row.term): row for row in terms_queries.read_terms(connection)}
    by_term: dict[Term, tuple[str, ...]] = {}
    guesses: list[dict[str, object]] = []
    ids_of = {concept: number for number, concept in slugs.items()}
    for term, (label, uses) in list(found.items())[:MOST_NEW]:
        row = known.get(term)
        ids: list[int] = []
        if row is not None and row.status != TermStatus.GUESSED:
            by_term[term] = tuple(slugs[number] for number in row.interest_ids if number in slugs)
        else:
            guess = guess_interest(connection, label)
            if guess is not None and guess in ids_of:
                by_term[term], ids = (guess,), [ids_of[guess]]
        guesses.append({"taxonomy": term[0], "term": term[1], "label": label,
                        "interest_ids": ids, "uses": uses})  # fmt: skip
    return Meanings(by_term, tuple(guesses))


def guess_interest(connection: sa.Connection, label: str) -> str | None:
    """Return the concept whose very words a label has, or None: a mere likeness is no guess."""
    hits = search_interests(connection, label, limit=2)
    if not hits or hits[0].likeness < SURE:
        return None
    return hits[0].concept


def agree(connection: sa.Connection, *, term_id: int) -> sa.Row[Any]:
    """Take a guess for right; return the term as it is then.

    Raises
    ------
    NotFound
        If there is no such term.
    BadQuestion
        If nothing was guessed: then somebody has to choose.
    """
    row = _find(connection, term_id)
    if not row.interest_ids:
        raise BadQuestion("Nothing was guessed for this term: choose interests.", field="interest")
    return _decide(connection, term_id, TermStatus.AGREED, row.interest_ids)


def choose(connection: sa.Connection, *, term_id: int, interest_ids: Sequence[int]) -> sa.Row[Any]:
    """Say what a term stands for; return it as it is then. Raises NotFound."""
    _find(connection, term_id)
    return _decide(connection, term_id, TermStatus.AGREED, interest_ids)


def ignore(connection: sa.Connection, *, term_id: int) -> sa.Row[Any]:
    """Let a term stand for nothing; return it as it is then. Raises NotFound."""
    _find(connection, term_id)
    return _decide(connection, term_id, TermStatus.IGNORED, [])


def _decide(
    connection: sa.Connection, term_id: int, status: TermStatus, interest_ids: Sequence[int]
) -> sa.Row[Any]:
    terms_queries.decide(
        connection, term_id=term_id, status=status.value, interest_ids=interest_ids
    )
    return _find(connection, term_id)


def _find(connection: sa.Connection, term_id: int) -> sa.Row[Any]:
    row = terms_queries.find_term(connection, term_id=term_id)
    if row is None:
        raise NotFound("There is no such term.")
    return row
