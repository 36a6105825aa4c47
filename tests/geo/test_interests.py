"""The vocabulary as a value: what answers what, how strongly, and errors that name the place."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import UnknownInterest, VocabularyError
from geo.interests import COLUMNS, RELATION_WEIGHTS, Concept, Vocabulary

OURS = Path(__file__).resolve().parents[2] / "data" / "reference" / "interests.csv"
SENTENCE = "Played sitting down, with soft balls."


def _concept(number: int, slug: str, broader: int | None = None) -> Concept:
    return Concept(number, slug, slug.capitalize(), broader, (), special_category=False)


# Two branches of three, with boccia gentler than bowls.
SMALL = Vocabulary(
    [
        _concept(1, "sport"),
        _concept(2, "bowls", 1),
        _concept(3, "crown-green", 2),
        _concept(4, "games"),
        _concept(5, "boccia", 4),
        _concept(6, "ramp-boccia", 5),
    ],
    [(2, 5, SENTENCE)],
)


def _file(folder: Path, rows: Iterable[str], *, columns: Iterable[str] = COLUMNS) -> Path:
    path = folder / "interests.csv"
    path.write_text("\n".join([",".join(columns), *rows]), encoding="utf-8")
    return path


def test_what_answers_bowls() -> None:
    found = SMALL.relations([2])
    assert {number: (r.kind, r.weight) for number, r in found.items()} == {
        2: ("same", 1.0),
        3: ("narrower", 0.9),
        5: ("gentler", 0.8),
        6: ("gentler", 0.8),
        1: ("broader", 0.5),
    }
    assert {r.wanted for r in found.values()} == {"Bowls"}
    assert found[5].sentence == found[6].sentence == SENTENCE
    assert found[3].sentence is None


def test_gentler_goes_one_way() -> None:
    assert 2 not in SMALL.relations([5])


def test_a_theme_has_nothing_broader() -> None:
    assert {r.kind for r in SMALL.relations([1]).values()} == {"same", "narrower"}


def test_the_strongest_relation_wins_and_the_first_of_equals() -> None:
    # 3 is narrower than 2, but wanted itself.
    assert SMALL.relations([2, 3])[3].kind == "same"
    assert SMALL.relations([3, 2])[2].kind == "same"
    both = Vocabulary(
        [_concept(1, "bowls"), _concept(2, "petanque"), _concept(3, "boccia")],
        [(1, 3, "From bowls."), (2, 3, "From pétanque.")],
    )
    assert both.relations([1, 2])[3].sentence == "From bowls."
    assert both.relations([2, 1])[3].sentence == "From pétanque."


@given(st.lists(st.sampled_from(range(1, 7)), max_size=6))
def test_wanting_more_never_weakens_an_answer(wanted: list[int]) -> None:
    together = SMALL.relations(wanted)
    for number in wanted:
        assert together[number].kind == "same"
        for answer, relation in SMALL.relations([number]).items():
            assert together[answer].weight >= relation.weight
    assert {r.weight for r in together.values()} <= set(RELATION_WEIGHTS.values())


@given(st.data())
def test_narrower_and_broader_mirror_each_other_in_our_vocabulary(data: st.DataObject) -> None:
    ours = Vocabulary.from_csv(OURS)
    concept = data.draw(st.sampled_from(ours.concepts))
    below = list(ours.narrower_than(concept.id))
    assert len(below) == len(set(below))
    assert concept.id not in below
    assert {ours.theme_of(number).id for number in below} <= {ours.theme_of(concept.id).id}
    for other in ours.concepts:
        assert (other.broader_id == concept.id) <= (other.id in below)


def test_theme_is_the_topmost_concept() -> None:
    assert SMALL.theme_of(3).concept == "sport"
    assert SMALL.theme_of(1).concept == "sport"


def test_unknown_names_get_near_spellings() -> None:
    with pytest.raises(UnknownInterest, match=r"no interest of that name\. Did you mean bowls"):
        SMALL.concept("bowlls")
    with pytest.raises(UnknownInterest, match=r"^There is no interest of that name\.$"):
        SMALL.concept("zzz")
    with pytest.raises(UnknownInterest, match="no interest number 99"):
        SMALL.relations([99])
    assert SMALL.label_of(99) == ""


def test_ours_is_read_whole() -> None:
    ours = Vocabulary.from_csv(OURS)
    assert len(ours) >= 250
    assert len(ours.gentler) >= 40
    boccia = ours.concept("boccia")
    assert boccia.id in ours.relations([ours.concept("bowls").id])


def test_a_file_is_numbered_from_one(tmp_path: Path) -> None:
    rows = [
        "sport,Sport,,games outside|exercise,,,",
        f'bowls,Bowls,sport,,boccia,"{SENTENCE}",',
        "boccia,Boccia,,,,,yes",
    ]
    read = Vocabulary.from_csv(_file(tmp_path, rows))
    assert [(c.id, c.concept, c.broader_id) for c in read.concepts] == [
        (1, "sport", None),
        (2, "bowls", 1),
        (3, "boccia", None),
    ]
    assert read.concepts[0].other_words == ("games outside", "exercise")
    assert read.gentler == ((2, 3, SENTENCE),)
    assert [c.special_category for c in read.concepts] == [False, False, True]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["bowls,Bowls,sprot,,,,"], r"^row 2, broader: no concept 'sprot'$"),
        (
            ["sport,Sport,,,,,", "bowls,Bowls,sport,,bocia,Softer.,"],
            r"^row 3, gentler: no concept 'bocia'$",
        ),
        (
            ["boccia,Boccia,,,,,", "bowls,Bowls,,,boccia,,"],
            r"^row 3, gentler_sentence: 1 alternatives and 0 sentences$",
        ),
        (["a,A,b,,,,", "b,B,a,,,,"], "^a: its broader concepts run in a circle$"),
        (["a,A,a,,,,"], "^a: its broader concepts run in a circle$"),
        (["a,A,,,,,", "a,Another,,,,,"], "stands twice in the vocabulary"),
    ],
)
def test_errors_name_row_and_column(tmp_path: Path, rows: list[str], message: str) -> None:
    with pytest.raises(VocabularyError, match=message):
        Vocabulary.from_csv(_file(tmp_path, rows))


def test_missing_columns_are_named(tmp_path: Path) -> None:
    path = _file(tmp_path, [], columns=("concept", "label"))
    with pytest.raises(VocabularyError, match="no column broader, other_words, gentler, gentler_s"):
        Vocabulary.from_csv(path)


def test_numbers_that_do_not_exist_are_refused() -> None:
    with pytest.raises(VocabularyError, match="no concept number 7"):
        Vocabulary([_concept(1, "a", 7)])
    with pytest.raises(VocabularyError, match="no concept number 7"):
        Vocabulary([_concept(1, "a")], [(1, 7, "x")])
