"""The vocabulary of interests as a value: concepts, and how they relate to what was asked."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from geo.errors import UnknownInterest, VocabularyError

RelationKind = Literal["same", "narrower", "gentler", "broader"]

# Published with the score: what an interest is worth by how it relates to the one asked for.
RELATION_WEIGHTS: dict[RelationKind, float] = {
    "same": 1.0,
    "narrower": 0.9,
    "gentler": 0.8,
    "broader": 0.5,
}

COLUMNS = (
    "concept",
    "label",
    "broader",
    "other_words",
    "gentler",
    "gentler_sentence",
    "special_category",
)
SUGGESTIONS = 3


@dataclass(frozen=True, slots=True)
class Concept:
    """One interest: its slug, its label, the other words people use, its broader concept."""

    id: int
    concept: str
    label: str
    broader_id: int | None
    other_words: tuple[str, ...]
    special_category: bool


class Relation(NamedTuple):
    """What a concept has to do with one that was asked for: `wanted` and `wanted_id` name it."""

    interest_id: int
    kind: RelationKind
    weight: float
    wanted: str
    label: str
    sentence: str | None = None
    wanted_id: int = 0
    concept: str = ""


class Vocabulary:
    """All concepts, with their broader concepts and gentler alternatives.

    Raises VocabularyError if an id or slug is used twice, if a concept is named that does not
    exist, or if broader concepts run in a circle.
    """

    def __init__(
        self, concepts: Iterable[Concept], gentler: Iterable[tuple[int, int, str]] = ()
    ) -> None:
        self.concepts: Sequence[Concept] = tuple(concepts)
        self.gentler: Sequence[tuple[int, int, str]] = tuple(gentler)
        self._by_id = {c.id: c for c in self.concepts}
        self._by_slug = {c.concept: c for c in self.concepts}
        if not len(self._by_id) == len(self._by_slug) == len(self.concepts):
            raise VocabularyError("an id or a concept stands twice in the vocabulary")
        self._narrower: dict[int, list[int]] = {}
        for concept in self.concepts:
            if concept.broader_id is not None:
                self._known(concept.broader_id)
                self._narrower.setdefault(concept.broader_id, []).append(concept.id)
        self._gentler: dict[int, list[tuple[int, str]]] = {}
        for from_id, to_id, sentence in self.gentler:
            self._known(from_id)
            self._known(to_id)
            self._gentler.setdefault(from_id, []).append((to_id, sentence))
        self._refuse_circles()

    def _known(self, interest_id: int) -> None:
        if interest_id not in self._by_id:
            raise VocabularyError(f"the vocabulary has no concept number {interest_id}")

    def _refuse_circles(self) -> None:
        for concept in self.concepts:
            seen = {concept.id}
            above = concept.broader_id
            while above is not None:
                if above in seen:
                    raise VocabularyError(
                        f"{concept.concept}: its broader concepts run in a circle"
                    )
                seen.add(above)
                above = self._by_id[above].broader_id

    @classmethod
    def from_csv(cls, path: str | Path) -> Vocabulary:
        """Return the vocabulary in a CSV file with the columns `COLUMNS`, numbered from 1.

        Several other words, gentler alternatives and their sentences stand between bars (`|`),
        the last two in parallel. Raises VocabularyError naming row and column.
        """
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise VocabularyError(f"{path}: no column {', '.join(missing)}")
            rows = list(reader)
        ids = {row["concept"]: number for number, row in enumerate(rows, start=1)}

        def number_of(slug: str, row_number: int, column: str) -> int:
            if slug not in ids:
                raise VocabularyError(f"row {row_number}, {column}: no concept {slug!r}")
            return ids[slug]

        concepts, gentler = [], []
        for row_number, row in enumerate(rows, start=2):
            broader = row["broader"].strip()
            concepts.append(
                Concept(
                    id=row_number - 1,
                    concept=row["concept"],
                    label=row["label"].strip(),
                    broader_id=number_of(broader, row_number, "broader") if broader else None,
                    other_words=tuple(_between_bars(row["other_words"])),
                    special_category=row["special_category"].strip() == "yes",
                )
            )
            slugs = list(_between_bars(row["gentler"]))
            sentences = list(_between_bars(row["gentler_sentence"]))
            if len(slugs) != len(sentences):
                raise VocabularyError(
                    f"row {row_number}, gentler_sentence: {len(slugs)} alternatives"
                    f" and {len(sentences)} sentences"
                )
            for slug, sentence in zip(slugs, sentences, strict=True):
                target = number_of(slug, row_number, "gentler")
                gentler.append((row_number - 1, target, sentence))
        return cls(concepts, gentler)

    def __len__(self) -> int:
        return len(self.concepts)

    def __contains__(self, slug: object) -> bool:
        return slug in self._by_slug

    def concept(self, slug: str) -> Concept:
        """Return the concept called `slug`; raises UnknownInterest with near spellings."""
        found = self._by_slug.get(slug)
        if found is None:
            near = difflib.get_close_matches(slug, self._by_slug, n=SUGGESTIONS)
            hint = f" Did you mean {', '.join(near)}?" if near else ""
            raise UnknownInterest(f"There is no interest of that name.{hint}")
        return found

    def by_id(self, interest_id: int) -> Concept:
        """Return the concept of a number; raises UnknownInterest if there is none."""
        try:
            return self._by_id[interest_id]
        except KeyError:
            raise UnknownInterest(f"There is no interest number {interest_id}.") from None

    def label_of(self, interest_id: int) -> str:
        """Return the label of a number, or an empty text for one that was retired."""
        found = self._by_id.get(interest_id)
        return found.label if found else ""

    def gentler_than(self, interest_id: int) -> Sequence[tuple[Concept, str]]:
        """Return the gentler alternatives of a concept with their sentences."""
        return [(self._by_id[i], sentence) for i, sentence in self._gentler.get(interest_id, ())]

    def narrower_than(self, interest_id: int) -> Iterator[int]:
        """Yield the numbers of all concepts below one, nearest first."""
        waiting = list(self._narrower.get(interest_id, ()))
        while waiting:
            below = waiting.pop(0)
            yield below
            waiting += self._narrower.get(below, ())

    def theme_of(self, interest_id: int) -> Concept:
        """Return the topmost concept above one (itself if it is a theme)."""
        concept = self.by_id(interest_id)
        while concept.broader_id is not None:
            concept = self._by_id[concept.broader_id]
        return concept

    def relations(self, wanted: Iterable[int]) -> dict[int, Relation]:
        """Return every concept that answers the wanted ones, with the strongest relation.

        A wanted concept answers itself; what is below it is narrower; its gentler alternatives,
        and what is below them, are gentler; the one directly above it is broader. On equal
        weight the concept wanted first wins.
        """
        found: dict[int, Relation] = {}
        for wanted_id in wanted:
            for relation in self._relations_of(self.by_id(wanted_id)):
                known = found.get(relation.interest_id)
                if known is None or relation.weight > known.weight:
                    found[relation.interest_id] = relation
        return found

    def _relations_of(self, wanted: Concept) -> Iterator[Relation]:
        def relation(interest_id: int, kind: RelationKind, sentence: str | None = None) -> Relation:
            concept = self._by_id[interest_id]
            weight = RELATION_WEIGHTS[kind]
            return Relation(
                interest_id, kind, weight, wanted.label, concept.label, sentence, wanted.id,
                concept.concept,
            )  # fmt: skip

        yield relation(wanted.id, "same")
        for below in self.narrower_than(wanted.id):
            yield relation(below, "narrower")
        for gentler_id, sentence in self._gentler.get(wanted.id, ()):
            yield relation(gentler_id, "gentler", sentence)
            for below in self.narrower_than(gentler_id):
                yield relation(below, "gentler", sentence)
        if wanted.broader_id is not None:
            yield relation(wanted.broader_id, "broader")


def _between_bars(text: str) -> Iterator[str]:
    """Yield the parts of a cell between bars, without blanks or empty parts."""
    return (part.strip() for part in text.split("|") if part.strip())
