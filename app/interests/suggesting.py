"""What a phrase may mean: by text, trigrams and sounds, and by a sentence model if there is one."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from app.interests.actions import InterestHit, search_interests
from app.interests.sentence_model import Meanings, SentenceModel
from app.settings import Settings
from geo.interests import Vocabulary

# (connection, vocabulary, phrase, limit) to hits, likeliest first.
Suggest = Callable[[sa.Connection, Vocabulary, str, int], list[InterestHit]]

# The same words said are worth more than 2 (see SEARCH in the queries), a likeness of spelling
# about 1: nearness in meaning weighs as much as words, and can bring up what shares none.
MEANING = 2.0
# Below this the model only guesses.
LEAST_NEARNESS = 0.45


def suggest_by_text(
    connection: sa.Connection, vocabulary: Vocabulary, phrase: str, limit: int
) -> list[InterestHit]:
    """Return the concepts that fit by text alone."""
    del vocabulary
    return search_interests(connection, phrase, limit=limit)


def make_suggest(settings: Settings) -> Suggest:
    """Return how phrases are understood; raises ModelMissing if a model is asked for in vain."""
    if not settings.semantic:
        return suggest_by_text
    return suggest_by_meaning(Meanings(SentenceModel()))


def suggest_by_meaning(meanings: Meanings) -> Suggest:
    """Return a way to suggest that also asks what a phrase is near to in meaning."""

    def suggest(
        connection: sa.Connection, vocabulary: Vocabulary, phrase: str, limit: int
    ) -> list[InterestHit]:
        hits = search_interests(connection, phrase, limit=len(vocabulary))
        return combine(vocabulary, hits, meanings.nearness(vocabulary, phrase))[:limit]

    return suggest


def combine(
    vocabulary: Vocabulary, hits: list[InterestHit], nearness: dict[str, float]
) -> list[InterestHit]:
    """Return the hits in the order of likeness and nearness together, with what is only near.

    The likeness of each stays what the text gave: what is taken for sure is not for a model to say.
    """
    by_text = {hit.concept: hit for hit in hits}
    for concept, near in nearness.items():
        if concept not in by_text and near >= LEAST_NEARNESS:
            label = vocabulary.concept(concept).label
            by_text[concept] = InterestHit(concept, label, label.lower(), 0.0)
    return sorted(
        by_text.values(),
        key=lambda hit: (
            -(hit.likeness + MEANING * max(0.0, nearness.get(hit.concept, 0.0))),
            hit.label,
        ),
    )
