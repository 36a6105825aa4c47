"""From the words readers give for interests to the numbers assets store."""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa

from app.importers.queries import read_interests


class InterestIds:
    """The vocabulary as it is when a file is loaded."""

    def __init__(self, connection: sa.Connection) -> None:
        concepts = read_interests(connection)
        self._ids = {concept.concept: concept.id for concept in concepts}
        labels = {concept.label.casefold(): concept.id for concept in concepts}
        words = [(word.casefold(), c.id) for c in concepts for word in c.other_words]
        times = Counter(word for word, _ in words)
        # A word two concepts share names neither.
        self._labels = {word: id_ for word, id_ in words if times[word] == 1} | labels
        self._known: dict[tuple[str, ...], tuple[list[int], list[str]]] = {}

    def find(self, words: tuple[str, ...]) -> tuple[list[int], list[str]]:
        """Return the sorted ids of `words` (slugs, labels or other words), and the unknown ones."""
        if words not in self._known:
            found = {word: self._id_of(word) for word in words}
            ids = sorted({id_ for id_ in found.values() if id_ is not None})
            self._known[words] = (ids, [word for word, id_ in found.items() if id_ is None])
        return self._known[words]

    def _id_of(self, word: str) -> int | None:
        plain = " ".join(word.casefold().split())
        return self._ids.get(plain.replace(" ", "-"), self._labels.get(plain))
