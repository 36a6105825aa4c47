"""Sentences a coordinator can read out."""

from __future__ import annotations

import datetime as dt
import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.interests import Concept, Relation, RelationKind, Vocabulary
from geo.reasons import (
    ACCESS_SENTENCES,
    NAMES,
    access_sentences,
    age_in_words,
    distance_sentence,
    freshness_sentence,
    interest_sentence,
    reasons,
)

TODAY = dt.date(2026, 11, 23)
OURS = Vocabulary.from_csv(Path(__file__).resolve().parents[2] / "data/reference/interests.csv")


def _relation(kind: RelationKind, *, wanted: str = "Bowls", label: str = "Boccia") -> Relation:
    return Relation(1, kind, 1.0, wanted, label)


def test_bowls_to_boccia_reads_as_somebody_would_say_it() -> None:
    bowls, boccia = OURS.concept("bowls"), OURS.concept("boccia")
    relation = OURS.relations([bowls.id])[boccia.id]
    said = reasons(
        [relation],
        distance_m=580,
        visits=False,
        needs=["step_free", "hearing_loop"],
        access=["step_free"],
        assured_date=TODAY - dt.timedelta(days=21),
        today=TODAY,
        when="Tuesdays 2pm",
    )
    assert said == [
        f"Boccia: a gentler alternative to bowls. {relation.sentence}",
        "About 9 minutes' walk (580 m).",
        "Tuesdays 2pm.",
        "No hearing loop, as far as we know.",
        "Step-free.",
        "Last checked 3 weeks ago.",
    ]
    assert relation.sentence
    assert relation.sentence.endswith(".")


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("same", "Boccia: just what you asked for."),
        ("narrower", "Boccia: a kind of bowls."),
        ("gentler", "Boccia: a gentler alternative to bowls."),
        ("broader", "Boccia: more general than bowls, so ask."),
    ],
)
def test_each_relation_has_its_sentence(kind: RelationKind, sentence: str) -> None:
    assert interest_sentence(_relation(kind)) == sentence


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("RAF", "RAF"),
        ("VE Day", "VE Day"),
        ("Bell ringing", "bell ringing"),
        ("South Asian music", "South Asian music"),
        ("Church of England", "Church of England"),
        ("Church, chapel and gospel choirs", "church, chapel and gospel choirs"),
        ("The Royal Family", "the Royal Family"),
        ("Irish community", "Irish community"),
    ],
)
def test_capitals_stay_where_they_belong(wanted: str, words: str) -> None:
    sentence = interest_sentence(_relation("narrower", wanted=wanted))
    assert sentence == f"Boccia: a kind of {words}."


def test_names_are_those_of_our_labels() -> None:
    assert {concept.label.partition(" ")[0] for concept in OURS.concepts} >= NAMES


@pytest.mark.parametrize(
    ("distance_m", "visits", "sentence"),
    [
        (12, False, "About 1 minute's walk (10 m)."),
        (580, False, "About 9 minutes' walk (580 m)."),
        (5770, False, "About 90 minutes' walk (5.8 km)."),
        (5900, False, "5.9 km away."),
        (4200, True, "They come to you, from 4.2 km away."),
    ],
)
def test_distances_are_walks_until_nobody_would(
    distance_m: float, visits: bool, sentence: str
) -> None:
    assert distance_sentence(distance_m, visits=visits) == sentence


def test_where_only_the_ward_is_known_no_walk_is_promised() -> None:
    said = distance_sentence(1200, visits=False, is_rough=True)
    assert said == "Somewhere in a ward about 1.2 km away."


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (-1, "today"),
        (0, "today"),
        (1, "1 day ago"),
        (6, "6 days ago"),
        (7, "1 week ago"),
        (20, "2 weeks ago"),
        (29, "4 weeks ago"),
        (30, "1 month ago"),
        (364, "12 months ago"),
        (365, "1 year ago"),
        (800, "2 years ago"),
    ],
)
def test_ages_are_said_as_people_say_them(days: int, words: str) -> None:
    assert age_in_words(days) == words


def test_old_facts_warn() -> None:
    assert freshness_sentence(None, TODAY) == "Not checked yet: ring first."
    assert freshness_sentence(dt.date(2026, 11, 23), TODAY) == "Last checked today."
    assert freshness_sentence(dt.date(2025, 11, 23), TODAY) == "Last checked 1 year ago."
    said = freshness_sentence(dt.date(2025, 11, 22), TODAY)
    assert said == "Last checked 1 year ago: ring first."


def test_access_is_met_not_known_or_not_met() -> None:
    assert access_sentences(["step_free"], ["step_free"]) == ["Step-free."]
    assert access_sentences(["step_free"], None) == ["Ask whether it is step-free."]
    assert access_sentences(["step_free"], []) == ["Not step-free, as far as we know."]
    assert access_sentences(["helipad"], None) == []
    assert access_sentences([], ["step_free"]) == []


def test_the_strongest_interests_come_first_and_two_are_enough() -> None:
    given_relations = [
        _relation("broader", label="Sport"),
        _relation("narrower", label="Crown green bowls"),
        _relation("same", label="Bowls"),
    ]
    said = reasons(
        given_relations,
        distance_m=100,
        visits=True,
        needs=(),
        access=None,
        assured_date=None,
        today=TODAY,
    )
    assert said == [
        "Bowls: just what you asked for.",
        "Crown green bowls: a kind of bowls.",
        "They come to you, from 100 m away.",
        "Not checked yet: ring first.",
    ]


@given(
    wanted=st.sampled_from(OURS.concepts),
    pick=st.randoms(use_true_random=False),
    distance_m=st.floats(0, 50_000),
    visits=st.booleans(),
    needs=st.frozensets(st.sampled_from(sorted(ACCESS_SENTENCES))),
    access=st.none() | st.frozensets(st.sampled_from(sorted(ACCESS_SENTENCES))),
    days=st.none() | st.integers(0, 4000),
)
def test_every_match_is_told_in_whole_sentences(
    wanted: Concept,
    pick: random.Random,
    distance_m: float,
    visits: bool,
    needs: frozenset[str],
    access: frozenset[str] | None,
    days: int | None,
) -> None:
    relations = list(OURS.relations([wanted.id]).values())
    said = reasons(
        pick.sample(relations, k=min(2, len(relations))),
        distance_m=distance_m,
        visits=visits,
        needs=needs,
        access=access,
        assured_date=None if days is None else TODAY - dt.timedelta(days=days),
        today=TODAY,
    )
    assert len(said) == min(2, len(relations)) + 2 + len(needs)
    for sentence in said:
        assert re.fullmatch(r"[A-Z0-9].*[.!?]", sentence), sentence
        assert "  " not in sentence
        assert ".." not in sentence
        assert "None" not in sentence
