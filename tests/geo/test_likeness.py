"""How alike two places are: what rules hold for all of them, and what is said of some."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.likeness import LIKELY, Place, compare, page_of

WORDS = st.sampled_from(
    "St John's Saint Johns Library Court Grange House Surgery 1 2 Riverside Bowls Club & Café"
    " Medical Centre (name not known) Pub — <b> 12A".split()
)
NAMES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join) | st.text(max_size=20)
PLACES = st.builds(
    Place,
    name=NAMES,
    kind=st.sampled_from(["venue", "group", "surgery", "care_home"]),
    postcode=st.sampled_from([None, "BD1 1HY", "BD1 2AA"]),
    phone=st.sampled_from([None, "01274 555 0101", "+44 1274 5550101", "01274 555 0102"]),
    email=st.sampled_from([None, "a@b.example", "A@b.example"]),
    website=st.sampled_from([None, "https://www.b.example/", "b.example", "https://[bad"]),
    charity_number=st.sampled_from([None, "1234567", "7654321"]),
)
DISTANCES = st.floats(min_value=0, max_value=50_000)
CLUB = Place("Riverside Bowls Club", postcode="BD1 1HY")


@given(PLACES, PLACES, st.none() | DISTANCES)
def test_the_order_of_the_two_makes_no_difference(
    one: Place, other: Place, distance_m: float | None
) -> None:
    there = compare(one, other, distance_m=distance_m)
    assert there == compare(other, one, distance_m=distance_m)
    assert 0 <= there.score <= 1


@given(PLACES, PLACES, DISTANCES, DISTANCES)
def test_nearer_is_never_less_alike(one: Place, other: Place, a: float, b: float) -> None:
    near, far = sorted((a, b))
    nearer = compare(one, other, distance_m=near).score
    assert nearer >= compare(one, other, distance_m=far).score


@given(PLACES, st.none() | DISTANCES)
def test_nothing_is_more_alike_than_itself(place: Place, distance_m: float | None) -> None:
    same = compare(place, place, distance_m=distance_m)
    other = compare(place, replace(place, name=place.name + " 99"), distance_m=distance_m)
    assert same.score >= other.score


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("phone", "01274 555 0101", "The same telephone number"),
        ("website", "https://www.bowls.example/club", "The same website"),
        ("email", "club@bowls.example", "The same e-mail address"),
        ("charity_number", "1234567", "The same charity number"),
    ],
)
def test_what_agrees_adds_and_is_said(field: str, value: str, sentence: str) -> None:
    plain = compare(CLUB, replace(CLUB, name="Riverside Bowling Club"), distance_m=90)
    one = replace(CLUB, **{field: value})
    both = compare(one, replace(one, name="Riverside Bowling Club"), distance_m=90)
    assert both.score > plain.score
    assert sentence in both.reasons
    assert sentence not in plain.reasons


@pytest.mark.parametrize(
    ("one", "other", "sentence"),
    [
        (Place("Idle Library"), Place("Idle Tavern"),
         "Different kinds of place: a library and a pub"),
        (Place("Surgery 1"), Place("Surgery 2"), "Different numbers in the name"),
        (Place("Beck House", "care_home"), Place("Beck House", "surgery"),
         "Different kinds of entry: a GP surgery and a care home"),
        (Place("Alexandra Court"), Place("Alexandra Grange"),
         "Each name has a word of its own: court and grange"),
        (Place("X", charity_number="1234567"), Place("X", charity_number="1234568"),
         "Different charity numbers"),
        (Place("X", phone="01274 555 0101"), Place("X", phone="01274 555 0102"),
         "Different telephone numbers"),
        (Place("X", postcode="BD1 1HY"), Place("X", postcode="BD1 1HZ"), "Different postcodes"),
    ],
)  # fmt: skip
def test_what_speaks_against_takes_and_is_said(one: Place, other: Place, sentence: str) -> None:
    found = compare(one, other, distance_m=10)
    assert sentence in found.reasons
    assert found.score < compare(one, one, distance_m=10).score


def test_a_club_and_its_house_are_no_different_kinds_of_entry() -> None:
    found = compare(replace(CLUB, kind="group"), CLUB, distance_m=12)
    assert found.reasons == ("The names are the same", "12 m apart", "The same postcode")
    assert found.score == pytest.approx(0.6 + 0.25 * (1 - 12 / 300))
    assert found.is_likely


def test_a_name_that_tells_nothing_is_not_enough() -> None:
    for name in ("Playground", "Bowling green (name not known)"):
        found = compare(Place(name), Place(name), distance_m=20)
        assert found.reasons[0] == "The names only say what kind of place it is"
        assert found.score < LIKELY


def test_two_at_one_postcode_are_no_nearer_than_that() -> None:
    door = Place("Ling House", postcode="BD21 2JH")
    assert compare(door, door, distance_m=None).score == pytest.approx(0.6 + 0.25 * 0.6)
    assert "apart" not in " ".join(compare(door, door, distance_m=None).reasons)


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("https://www.bowls.example/Club/", "bowls.example/club"),
        ("http://bowls.example", "bowls.example"),
        ("www.bowls.example/a?b=c", "bowls.example/a"),
        ("https://[bad", None),
        ("", None),
        (None, None),
    ],
)
def test_web_addresses_are_compared_by_page(address: str | None, page: str | None) -> None:
    assert page_of(address) == page
