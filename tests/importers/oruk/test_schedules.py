"""Schedules with all their spellings, as rules of repetition."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.activities.rules import DAY_CODES
from app.activities.schedules import first_date, next_dates
from app.importers.oruk.schedules import read_hours, read_times
from app.importers.oruk.taxonomies import access_in_words

TUESDAY = "2026-01-06"


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"freq": "WEEKLY", "byday": "TU"}, "FREQ=WEEKLY;BYDAY=TU"),
        ({"freq": "weekly", "byday": "th, fr"}, "FREQ=WEEKLY;BYDAY=TH,FR"),
        ({"byday": "Tuesday; Thursdays"}, "FREQ=WEEKLY;BYDAY=TU,TH"),
        ({"byday": ["MO", "WE"]}, "FREQ=WEEKLY;BYDAY=MO,WE"),
        ({"byday": "MO-FR"}, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ({"freq": "WEEKLY"}, "FREQ=WEEKLY;BYDAY=TU"),
        ({"freq": "WEEKLY", "interval": 2}, "FREQ=WEEKLY;BYDAY=TU;INTERVAL=2"),
        ({"freq": "WEEKLY", "interval": "2", "byday": "TU"}, "FREQ=WEEKLY;BYDAY=TU;INTERVAL=2"),
        ({"freq": "MONTHLY", "byday": "1MO,3MO"}, "FREQ=MONTHLY;BYDAY=1MO,3MO"),
        ({"freq": "WEEKLY", "byday": "1MO, -1FR"}, "FREQ=MONTHLY;BYDAY=1MO,-1FR"),
        ({"freq": "MONTHLY", "bymonthday": 6}, "FREQ=MONTHLY;BYMONTHDAY=6"),
        ({"bymonthday": "6,20"}, "FREQ=MONTHLY;BYMONTHDAY=6,20"),
        ({"freq": "DAILY"}, "FREQ=DAILY"),
        ({"freq": "WEEKLY", "byday": "TU", "valid_to": "2026-03-31"},
         "FREQ=WEEKLY;BYDAY=TU;UNTIL=20260331"),
        ({}, None),
    ],
)  # fmt: skip
def test_a_rule_is_read(said: dict[str, object], rule: str | None) -> None:
    times = read_times([{"dtstart": TUESDAY, "opens_at": "10:00"} | said])
    assert times.doubts == []
    assert [schedule.rrule for schedule in times.schedules] == [rule]


@pytest.mark.parametrize(
    ("written", "read"),
    [("10:00:00", "10:00"), ("10:00Z", "10:00"), ("10:00:00Z", "10:00"), ("T10:00", "10:00"),
     ("10:00+01:00", "10:00"), ("10:00:00.000", "10:00"), ("1000", "10:00"), ("10am", "10:00"),
     ("2026-01-06T10:00:00Z", "10:00"), ("9:30", "09:30"), ("2.30pm", "14:30"),
     (" 18:00 ", "18:00")],
)  # fmt: skip
def test_a_time_is_read(written: str, read: str) -> None:
    [schedule] = read_times([{"dtstart": TUESDAY, "opens_at": written}]).schedules
    assert f"{schedule.opens_at:%H:%M}" == read


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"freq": "HOURLY"}, "freq “HOURLY”"), ({"byday": "XX"}, "byday “XX”"),
        ({"bymonthday": "32"}, "bymonthday “32”"), ({"interval": 0, "byday": "MO"}, "interval"),
        ({"interval": "x", "byday": "MO"}, "interval “x”"), ({"opens_at": "25:00"}, "opens_at"),
        ({"opens_at": None, "byday": "MO"}, "opens_at is empty"),
        ({"dtstart": "2026-02-30"}, "dtstart “2026-02-30”"),
        ({"dtstart": "9999-12-31"}, "dtstart “9999-12-31”"),
        ({"byday": "TU", "valid_to": "0001-01-01"}, "valid_to “0001-01-01”"),
        ({"freq": "WEEKLY", "dtstart": None}, "byday and dtstart"),
        ({"dtstart": None}, "dtstart and byday are empty"),
        ({"byday": "MO", "interval": 2, "dtstart": None}, "cannot be counted"),
        ({"byday": "MO", "valid_to": TUESDAY}, "names no day"),
        ({"rrule": "FREQ=SECONDLY"}, "more often than daily"),
    ],
)  # fmt: skip
def test_what_is_not_understood_says_which_field_and_loses_only_itself(
    said: dict[str, object], words: str
) -> None:
    good = {"dtstart": TUESDAY, "opens_at": "10:00", "byday": "TU"}
    plain = {"dtstart": TUESDAY, "opens_at": "10:00"}
    times = read_times([plain | {"freq": None} | said, good])
    assert len(times.schedules) == 1
    assert words in times.doubts[0]


def test_words_alone_stay_words() -> None:
    times = read_times([{"description": "By appointment"}, {"notes": "Ring first"}, {}, 5])
    assert (times.schedules, times.doubts) == ([], [])
    assert times.words == ["By appointment", "Ring first"]


@given(
    st.sets(st.sampled_from(DAY_CODES), min_size=1),
    st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)),
    st.times().map(lambda time: time.replace(second=0, microsecond=0)), st.integers(1, 12),
)  # fmt: skip
def test_any_weekly_schedule_happens_on_its_days_and_on_no_other(
    days: set[str], starts: dt.date, opens: dt.time, interval: int
) -> None:
    said = {"freq": "WEEKLY", "byday": ",".join(sorted(days)), "dtstart": starts.isoformat(),
            "opens_at": opens.isoformat(), "interval": interval}  # fmt: skip
    [schedule] = read_times([said]).schedules
    dates = next_dates(schedule, starts, 20)
    assert dates
    assert {DAY_CODES[day.weekday()] for day in dates} <= days
    assert schedule.starts_on == dates[0] == first_date(schedule.rrule, starts)
    assert schedule.opens_at == opens


_ODD = st.one_of(
    st.none(), st.integers(), st.floats(), st.text(max_size=12), st.lists(st.text(max_size=4)),
    st.sampled_from(["MO", "1MO", "WEEKLY", "10:00", TUESDAY, "9999-12-31", "0001-01-01"]),
)  # fmt: skip
_FIELDS = st.sampled_from(
    ["freq", "byday", "bymonthday", "interval", "dtstart", "valid_from", "valid_to", "opens_at",
     "closes_at", "rrule", "exdates", "description"]
)  # fmt: skip


@given(st.lists(st.dictionaries(_FIELDS, _ODD, max_size=8), max_size=4) | _ODD)
def test_nonsense_never_breaks_the_reader(value: object) -> None:
    times = read_times(value)
    assert all(doubt for doubt in times.doubts)
    read_hours(value)


def test_opening_hours_are_read_by_day() -> None:
    hours, doubts = read_hours([
        {"freq": "WEEKLY", "byday": "MO,TU", "opens_at": "09:00:00", "closes_at": "17:00:00"},
        {"byday": "SA", "opens_at": "10:00Z", "closes_at": "24:00"}, {"byday": "??"},
    ])  # fmt: skip
    assert hours is not None
    assert [(h.weekday, h.opens_at, h.closes_at) for h in hours] == [
        (0, "09:00", "17:00"), (1, "09:00", "17:00"), (5, "10:00", "24:00")]  # fmt: skip
    assert len(doubts) == 1


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Wheelchair access is possible. Induction loops for hearing aids.",
         ["hearing_loop", "step_free"]),
        ("No wheelchair access. Disabled toilet", ["accessible_toilet"]),
        ("The hall is not step free", []), ("Car park at the back; dementia-friendly staff",
         ["dementia_friendly", "parking"]),
    ],
)  # fmt: skip
def test_access_is_read_from_words_and_a_no_is_left_to_people(said: str, words: list[str]) -> None:
    assert access_in_words(said) == words
