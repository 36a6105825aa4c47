"""What people do with the vocabulary: load it, keep it at hand, find a concept in a phrase."""

from __future__ import annotations

import re
import threading
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from rapidfuzz import fuzz
from sqlalchemy.orm import Session

from app.interests import queries
from geo.interests import Concept, Vocabulary

REFERENCE = Path(__file__).resolve().parents[2] / "data" / "reference" / "interests.csv"

# Words that say nothing about which interest is meant: "she used to love a bit of bowls".
EMPTY_WORDS = frozenset(
    "a about all always an and any anything at bit did do does doing done enjoy enjoyed enjoys "
    "every for from fond go goes going good had has have he her his in into is it keen kept like "
    "liked likes lot lots love loved loves made make makes of old on once one or our play played "
    "playing plays quite really she some something still that the their them they thing things to "
    "used very wants was watch watching well went were when who with work worked working would "
    "years you young life home somebody someone want".split()
)
LONGEST_PHRASE = 200
LEAST_LIKENESS = 0.42
# How much of the likeness is spelling alone, to order what stems, trigrams and sounds found.
SPELLING = 0.5
SECONDS_BETWEEN_STAMPS = 10.0


@dataclass(frozen=True, slots=True)
class InterestHit:
    """A concept that fits a phrase: the word it was found by, and how alike (more is better)."""

    concept: str
    label: str
    because: str
    likeness: float


def load_vocabulary(session: Session, path: Path = REFERENCE) -> Vocabulary:
    """Make the database's vocabulary equal to the file at `path` and return it.

    Raises geo.errors.VocabularyError, naming row and column, if the file is not sound.
    """
    read = Vocabulary.from_csv(path)
    by_id = {concept.id: concept for concept in read.concepts}
    queries.store_concepts(
        session,
        [
            {
                "concept": c.concept,
                "label": c.label,
                "broader": by_id[c.broader_id].concept if c.broader_id else None,
                "other_words": list(c.other_words),
                "is_special_category": c.special_category,
            }
            for c in read.concepts
        ],
        [
            {"concept": by_id[a].concept, "gentler": by_id[b].concept, "sentence": sentence}
            for a, b, sentence in read.gentler
        ],
    )
    return read_vocabulary(session.connection())


def read_vocabulary(connection: sa.Connection) -> Vocabulary:
    """Return the stored vocabulary, with the database's ids."""
    concepts = [
        Concept(
            row.id,
            row.concept,
            row.label,
            row.broader_id,
            tuple(row.other_words),
            row.is_special_category,
        )
        for row in queries.read_concepts(connection)
    ]
    return Vocabulary(concepts, [tuple(row) for row in queries.read_gentler(connection)])


class VocabularyCache:
    """The vocabulary of one database, read again when it has changed.

    Asking the database each time would double the cost of a question; the stamp is looked at
    every ten seconds at most.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._stamp: tuple[int, int] | None = None
        self._vocabulary: Vocabulary | None = None

    def get(self, connection: sa.Connection) -> Vocabulary:
        """Return the vocabulary, at most ten seconds old."""
        now = time.monotonic()
        if self._vocabulary is not None and now - self._looked_at < SECONDS_BETWEEN_STAMPS:
            return self._vocabulary
        with self._lock:
            stamp = queries.read_stamp(connection)
            if self._vocabulary is None or stamp != self._stamp:
                self._vocabulary = read_vocabulary(connection)
                self._stamp = stamp
            self._looked_at = now
            return self._vocabulary


def normalise_phrase(phrase: str) -> str:
    """Return `phrase` in lower case, letters, digits and single spaces only."""
    text = unicodedata.normalize("NFKC", phrase[:LONGEST_PHRASE]).lower().replace("'", "")
    return " ".join(re.findall(r"[^\W_]+", text))


def search_interests(
    connection: sa.Connection, phrase: str, *, limit: int = 8
) -> list[InterestHit]:
    """Return the concepts that fit what somebody said, likeliest first.

    Finds the label, the other words people use, their stems and near misspellings. An empty list
    means nothing in the vocabulary is like it.
    """
    said = normalise_phrase(phrase)
    telling = [word for word in said.split() if word not in EMPTY_WORDS]
    if not telling:
        telling = said.split()
    if not telling:
        return []
    rows = queries.search(
        connection,
        phrase=" ".join(telling),
        any_word=" | ".join(telling),
        least=LEAST_LIKENESS,
    )
    hits = [
        InterestHit(
            row.concept,
            row.label,
            row.word,
            float(row.likeness) + SPELLING * _spelling(telling, row.word),
        )
        for row in rows
    ]
    hits.sort(key=lambda hit: (-hit.likeness, hit.label))
    return hits[:limit]


def _spelling(telling: list[str], word: str) -> float:
    """Return how near the best-spelt word of a phrase comes to one of `word`, 0 to 1."""
    parts = word.split()
    return max(fuzz.ratio(said, part) for said in telling for part in parts) / 100
