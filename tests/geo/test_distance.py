"""Minutes on foot and distances in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.distance import in_words, walk_minutes

metres = st.floats(0, 50_000)


@pytest.mark.parametrize(
    ("distance_m", "minutes"),
    [(0, 1), (30, 1), (320, 5), (641, 10), (1000, 16), (3846, 60)],
)
def test_walk_minutes_are_five_kilometres_an_hour_with_a_detour(
    distance_m: float, minutes: int
) -> None:
    assert walk_minutes(distance_m) == minutes


@given(metres, metres)
def test_farther_never_takes_less_time(one: float, other: float) -> None:
    near, far = sorted((one, other))
    assert 1 <= walk_minutes(near) <= walk_minutes(far)


@given(metres)
def test_minutes_are_within_half_a_minute_of_the_formula(distance_m: float) -> None:
    exact = distance_m / 1000 / 5 * 60 * 1.3
    assert abs(walk_minutes(distance_m) - max(exact, 1)) <= 0.5 + 1e-9


@pytest.mark.parametrize(
    ("distance_m", "words"),
    [
        (0, "10 m"),
        (14.9, "10 m"),
        (84, "80 m"),
        (650.4, "650 m"),
        (994.9, "990 m"),
        (995, "1.0 km"),
        (1240, "1.2 km"),
        (14_960, "15.0 km"),
    ],
)
def test_distances_are_said_as_people_say_them(distance_m: float, words: str) -> None:
    assert in_words(distance_m) == words


@given(metres)
def test_words_are_never_a_twentieth_of_a_kilometre_off(distance_m: float) -> None:
    figure, unit = in_words(distance_m).split()
    said_m = float(figure) * {"m": 1, "km": 1000}[unit]
    assert abs(said_m - distance_m) <= (10 if unit == "m" else 50) + 1e-6
