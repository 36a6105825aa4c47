"""What must hold of the interests vocabulary itself, read as the plain CSV file it is."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

INTERESTS_CSV = Path(__file__).parents[2] / "data" / "reference" / "interests.csv"
PHRASES_CSV = Path(__file__).with_name("phrases.csv")
COLUMNS = [
    "concept",
    "label",
    "broader",
    "other_words",
    "gentler",
    "gentler_sentence",
    "special_category",
]
Rows = dict[str, dict[str, str]]


def between_bars(cell: str) -> list[str]:
    """Return the pipe-separated parts of a cell; an empty cell has none."""
    return cell.split("|") if cell else []


def read_rows() -> list[dict[str, str]]:
    """Return every row as written, repeats and all."""
    with INTERESTS_CSV.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def way_up(rows: Rows, concept: str) -> list[str]:
    """Return the concept and everything broader, nearest first; fails on a circle."""
    path = [concept]
    while broader := rows[path[-1]]["broader"]:
        assert broader not in path, f"{concept} leads in a circle: {path}"
        path.append(broader)
    return path


def gentler_pairs(rows: Rows) -> list[tuple[str, str, str]]:
    """Return (concept, gentler concept, sentence) for every pair."""
    return [
        (concept, gentler, sentence)
        for concept, row in rows.items()
        for gentler, sentence in zip(
            between_bars(row["gentler"]), between_bars(row["gentler_sentence"]), strict=True
        )
    ]


@pytest.fixture(scope="module")
def rows() -> Rows:
    """The vocabulary by concept."""
    return {row["concept"]: row for row in read_rows()}


def test_the_header_is_the_agreed_one() -> None:
    with INTERESTS_CSV.open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == COLUMNS


def test_no_row_has_a_cell_too_many_or_too_few() -> None:
    with INTERESTS_CSV.open(encoding="utf-8", newline="") as file:
        assert {len(cells) for cells in csv.reader(file)} == {len(COLUMNS)}


def test_concepts_are_unique_slugs() -> None:
    counts = Counter(row["concept"] for row in read_rows())
    assert [concept for concept, times in counts.items() if times > 1] == []
    slug = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
    assert [concept for concept in counts if not slug.fullmatch(concept)] == []


def test_labels_are_unique(rows: Rows) -> None:
    counts = Counter(row["label"].casefold() for row in rows.values())
    assert [label for label, times in counts.items() if times > 1 or not label] == []


def test_every_broader_concept_is_known(rows: Rows) -> None:
    unknown = {row["broader"] for row in rows.values()} - set(rows) - {""}
    assert unknown == set()


def test_every_concept_leads_to_a_theme_in_at_most_three_steps(rows: Rows) -> None:
    assert max(len(way_up(rows, concept)) for concept in rows) <= 4


def test_there_are_enough_themes_and_concepts(rows: Rows) -> None:
    themes = [concept for concept, row in rows.items() if not row["broader"]]
    assert len(themes) >= 16
    assert len(rows) >= 240


def test_every_theme_has_concepts_below_it(rows: Rows) -> None:
    themes = {concept for concept, row in rows.items() if not row["broader"]}
    assert themes - {row["broader"] for row in rows.values()} == set()


def test_every_concept_has_at_least_three_other_words(rows: Rows) -> None:
    few = [c for c, row in rows.items() if len(between_bars(row["other_words"])) < 3]
    assert few == []


def test_no_phrase_belongs_to_two_concepts(rows: Rows) -> None:
    """A label counts as a phrase too: otherwise one concept would hide the other."""
    owners: dict[str, list[str]] = {}
    for concept, row in rows.items():
        for phrase in [row["label"], *between_bars(row["other_words"])]:
            owners.setdefault(phrase.casefold(), []).append(concept)
    assert {phrase: shared for phrase, shared in owners.items() if len(shared) > 1} == {}


def test_no_cell_part_is_empty_or_padded(rows: Rows) -> None:
    for concept, row in rows.items():
        for column in ("other_words", "gentler", "gentler_sentence"):
            for part in between_bars(row[column]):
                assert part, f"{concept}: an empty part in {column}"
                assert part == " ".join(part.split()), f"{concept}: stray spaces in {part!r}"


def test_every_gentler_alternative_has_its_sentence(rows: Rows) -> None:
    uneven = [
        concept
        for concept, row in rows.items()
        if len(between_bars(row["gentler"])) != len(between_bars(row["gentler_sentence"]))
    ]
    assert uneven == []
    assert len(gentler_pairs(rows)) >= 40


def test_gentler_alternatives_are_known_and_never_lead_back(rows: Rows) -> None:
    pairs = [(concept, gentler) for concept, gentler, _ in gentler_pairs(rows)]
    assert len(pairs) == len(set(pairs))
    assert {gentler for _, gentler in pairs} <= set(rows)
    for start in rows:
        reached: set[str] = set()
        waiting = [start]
        while waiting:
            here = waiting.pop()
            onward = {gentler for concept, gentler in pairs if concept == here} - reached
            reached |= onward
            waiting.extend(onward)
        assert start not in reached, f"{start} is a gentler alternative to itself, by a detour"


def test_gentler_sentences_can_be_read_aloud(rows: Rows) -> None:
    sentences = [sentence for _, _, sentence in gentler_pairs(rows)]
    assert len(sentences) == len(set(sentences))
    for sentence in sentences:
        assert 40 <= len(sentence) <= 200, sentence
        assert sentence[0].isupper(), sentence
        assert sentence.endswith("."), sentence
        assert "\n" not in sentence


def test_bowls_leads_to_boccia(rows: Rows) -> None:
    assert "boccia" in between_bars(rows["bowls"]["gentler"])


def test_special_category_is_yes_or_empty(rows: Rows) -> None:
    assert {row["special_category"] for row in rows.values()} == {"yes", ""}


def test_everything_about_faith_is_special_category(rows: Rows) -> None:
    faith = {concept for concept in rows if way_up(rows, concept)[-1] == "faith"}
    assert len(faith) >= 10
    assert {concept for concept in faith if rows[concept]["special_category"] != "yes"} == set()


@pytest.mark.parametrize(
    "concept",
    ["dementia-groups", "trade-unions", "local-politics", "lgbt-groups", "caribbean-community"],
)
def test_what_the_law_protects_is_special_category(rows: Rows, concept: str) -> None:
    """Health, union, politics, orientation and origin: UK GDPR, article 9."""
    assert rows[concept]["special_category"] == "yes"


def test_what_is_below_a_special_category_concept_is_special_too(rows: Rows) -> None:
    special = {concept for concept, row in rows.items() if row["special_category"] == "yes"}
    below = {concept for concept in rows if special & set(way_up(rows, concept))}
    assert below - special == set()


def test_the_phrases_to_search_for_name_known_concepts_and_are_not_copied(rows: Rows) -> None:
    """A search that is tried only on the vocabulary's own words would prove nothing."""
    with PHRASES_CSV.open(encoding="utf-8", newline="") as file:
        phrases = list(csv.DictReader(file, strict=True))
    assert len({phrase["phrase"] for phrase in phrases}) == len(phrases) >= 70
    named = {c for p in phrases for c in [p["concept"], *between_bars(p["also"])]}
    assert named - set(rows) == set()
    words = [w.casefold() for row in rows.values() for w in between_bars(row["other_words"])]
    copied = [p["phrase"] for p in phrases if any(w in p["phrase"].casefold() for w in words)]
    assert len(copied) <= len(phrases) / 2
