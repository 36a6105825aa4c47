"""When activities happen: dates, parts of the week, sentences, and people's words for rules."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.activities.clock import parse_clock, parse_day, parse_weekday, say_clock
from app.activities.schedules import (
    RuleError,
    check_rule,
    day_parts,
    describe,
    first_date,
    next_dates,
    parse_repeats,
)
from app.importers.records import ScheduleRecord

TUESDAY = dt.date(2026, 4, 7)


def schedule(
    rule: str | None,
    opens: str = "14:00",
    closes: str | None = "15:30",
    starts_on: dt.date = TUESDAY,
    exdates: tuple[dt.date, ...] = (),
) -> ScheduleRecord:
    return ScheduleRecord(
        starts_on, parse_clock(opens), parse_clock(closes) if closes else None, rule, exdates
    )


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("", None),
        ("once", None),
        ("One-off", None),
        ("every day", "FREQ=DAILY"),
        ("Daily", "FREQ=DAILY"),
        ("every week", "FREQ=WEEKLY;BYDAY=TU"),
        ("weekly", "FREQ=WEEKLY;BYDAY=TU"),
        ("every Thursday", "FREQ=WEEKLY;BYDAY=TH"),
        ("Tuesdays and Thursdays", "FREQ=WEEKLY;BYDAY=TU,TH"),
        ("Fri, Mon & Weds", "FREQ=WEEKLY;BYDAY=MO,WE,FR"),
        ("every weekday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("Monday to Thursday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH"),
        ("Sat-Mon", "FREQ=WEEKLY;BYDAY=MO,SA,SU"),
        ("weekends", "FREQ=WEEKLY;BYDAY=SA,SU"),
        ("every two weeks", "FREQ=WEEKLY;BYDAY=TU;INTERVAL=2"),
        ("fortnightly", "FREQ=WEEKLY;BYDAY=TU;INTERVAL=2"),
        ("every other Friday", "FREQ=WEEKLY;BYDAY=FR;INTERVAL=2"),
        ("alternate Fridays", "FREQ=WEEKLY;BYDAY=FR;INTERVAL=2"),
        ("every 3 weeks on Saturday", "FREQ=WEEKLY;BYDAY=SA;INTERVAL=3"),
        ("first Monday of the month", "FREQ=MONTHLY;BYDAY=1MO"),
        ("1st and 3rd Friday of each month", "FREQ=MONTHLY;BYDAY=1FR,3FR"),
        ("second Tuesday and last Friday of the month", "FREQ=MONTHLY;BYDAY=2TU,-1FR"),
        ("last Thursday of every month", "FREQ=MONTHLY;BYDAY=-1TH"),
        ("every month", "FREQ=MONTHLY;BYMONTHDAY=7"),
        ("quarterly", "FREQ=MONTHLY;BYMONTHDAY=7;INTERVAL=3"),
        ("annually", "FREQ=YEARLY"),
        ("every Tuesday until 31/12/2026", "FREQ=WEEKLY;BYDAY=TU;UNTIL=20261231"),
        ("FREQ=WEEKLY;BYDAY=TU,TH", "FREQ=WEEKLY;BYDAY=TU,TH"),
        ("RRULE:INTERVAL=2;FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2"),
    ],
)
def test_words_become_rules(words: str, rule: str | None) -> None:
    assert parse_repeats(words, TUESDAY) == rule


@pytest.mark.parametrize(
    "words",
    [
        "now and then",
        "every second Tuesday",
        "term time only",
        "every Tuesday until Christmas",
        "FREQ=SECONDLY",
        "FREQ=HOURLY;INTERVAL=24",
        "FREQ=DAILY;BYHOUR=9,10,11",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;COUNT=5;UNTIL=20260101",
        "FREQ=WEEKLY;COUNT=99999999",
        "FREQ=WEEKLY;FREQ=DAILY",
        "FREQ=",
        "FREQ=WEEKLY;X-OWN=1",
        "FREQ=WEEKLY;UNTIL=soon",
        "FREQ=WEEKLY;BYDAY=" + ",".join(["MO"] * 100),
        "every month of Mondays",
        "first of the month Friday club",
    ],
)
def test_other_words_are_refused(words: str) -> None:
    with pytest.raises(RuleError):
        parse_repeats(words, TUESDAY)


def test_a_monthly_date_that_some_months_lack_is_refused_with_the_way_out() -> None:
    with pytest.raises(RuleError, match="last Friday of the month"):
        parse_repeats("every month", dt.date(2026, 1, 31))


@given(st.text(max_size=40), st.dates(dt.date(2000, 1, 1), dt.date(2040, 1, 1)))
def test_any_words_give_a_rule_or_a_refusal(words: str, starts_on: dt.date) -> None:
    try:
        rule = parse_repeats(words, starts_on)
    except RuleError:
        return
    assert rule is None or check_rule(rule) == rule


@pytest.mark.parametrize(
    ("rule", "starts_on", "sentence"),
    [
        ("FREQ=WEEKLY;BYDAY=TU", TUESDAY, "Every Tuesday, 2pm to 3.30pm"),
        ("FREQ=WEEKLY", TUESDAY, "Every Tuesday, 2pm to 3.30pm"),
        ("FREQ=WEEKLY;INTERVAL=2", TUESDAY, "Every other Tuesday, 2pm to 3.30pm"),
        ("FREQ=WEEKLY;INTERVAL=3;BYDAY=SA", TUESDAY, "Every 3 weeks on Saturday, 2pm to 3.30pm"),
        ("FREQ=WEEKLY;BYDAY=TH,TU", TUESDAY, "Every Tuesday and Thursday, 2pm to 3.30pm"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", TUESDAY, "Every weekday, 2pm to 3.30pm"),
        ("FREQ=DAILY", TUESDAY, "Every day, 2pm to 3.30pm"),
        ("FREQ=MONTHLY;BYDAY=1MO", TUESDAY, "First Monday of the month, 2pm to 3.30pm"),
        ("FREQ=MONTHLY;BYDAY=1FR,3FR", TUESDAY,
         "First and third Friday of the month, 2pm to 3.30pm"),
        ("FREQ=MONTHLY;BYDAY=-1TH;INTERVAL=2", TUESDAY,
         "Last Thursday of every other month, 2pm to 3.30pm"),
        ("FREQ=MONTHLY;BYMONTHDAY=7", TUESDAY, "Day 7 of every month, 2pm to 3.30pm"),
        ("FREQ=YEARLY", TUESDAY, "Every year on 7 April, 2pm to 3.30pm"),
        ("FREQ=WEEKLY;UNTIL=20261231", TUESDAY,
         "Every Tuesday, 2pm to 3.30pm, until 31 December 2026"),
        ("FREQ=YEARLY;BYMONTH=5;BYDAY=1MO", TUESDAY,
         "On several dates from 7 April 2026, 2pm to 3.30pm"),
        (None, dt.date(2026, 5, 16), "Saturday 16 May 2026, 2pm to 3.30pm"),
    ],
)  # fmt: skip
def test_a_schedule_is_said_in_plain_words(
    rule: str | None, starts_on: dt.date, sentence: str
) -> None:
    assert describe(schedule(rule, starts_on=starts_on)) == sentence


def test_an_open_end_and_midday() -> None:
    assert describe(schedule("FREQ=WEEKLY", "12:00", None)) == "Every Tuesday, midday"
    assert describe(schedule("FREQ=WEEKLY", "10:00", None)) == "Every Tuesday, 10am"


def test_next_dates_leave_out_the_days_it_is_off() -> None:
    off = (dt.date(2026, 4, 14), dt.date(2026, 12, 25))
    found = next_dates(schedule("FREQ=WEEKLY", exdates=off), dt.date(2026, 4, 1), 3)
    assert found == [TUESDAY, dt.date(2026, 4, 21), dt.date(2026, 4, 28)]


def test_every_two_weeks_keeps_step_with_the_first_day() -> None:
    found = next_dates(schedule("FREQ=WEEKLY;INTERVAL=2"), dt.date(2026, 5, 1), 2)
    assert found == [dt.date(2026, 5, 5), dt.date(2026, 5, 19)]


def test_once_is_that_day_or_never_again() -> None:
    assert next_dates(schedule(None), TUESDAY, 5) == [TUESDAY]
    assert next_dates(schedule(None), TUESDAY + dt.timedelta(days=1), 5) == []


def test_count_counts_from_the_first_day_and_the_days_off() -> None:
    three = schedule("FREQ=WEEKLY;COUNT=3", exdates=(TUESDAY,))
    assert next_dates(three, dt.date(2026, 1, 1), 10) == [
        dt.date(2026, 4, 14),
        dt.date(2026, 4, 21),
    ]


def test_until_includes_its_day() -> None:
    ends = schedule("FREQ=WEEKLY;UNTIL=20260421T000000Z")
    assert next_dates(ends, TUESDAY, 10)[-1] == dt.date(2026, 4, 21)


def test_a_rule_that_names_no_day_ends_quickly() -> None:
    # Of this process alone: a busy machine must not fail it.
    started = time.process_time()
    never = schedule("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", starts_on=dt.date(2000, 1, 1))
    assert next_dates(never, dt.date(2026, 1, 1), 10) == []
    assert day_parts([never]) == ()
    assert time.process_time() - started < 2


def test_asking_for_too_many_dates_is_capped() -> None:
    assert len(next_dates(schedule("FREQ=DAILY"), TUESDAY, 10**9)) == 366
    assert next_dates(schedule("FREQ=DAILY"), TUESDAY, -1) == []


def test_a_sub_daily_rule_is_refused_and_not_run() -> None:
    with pytest.raises(RuleError, match="more often than daily"):
        next_dates(schedule("FREQ=SECONDLY"), TUESDAY, 3)


def test_the_first_date_is_a_day_the_rule_names() -> None:
    assert first_date("FREQ=WEEKLY;BYDAY=TH", TUESDAY) == dt.date(2026, 4, 9)
    assert first_date(None, TUESDAY) == TUESDAY
    assert first_date("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", TUESDAY) is None


@pytest.mark.parametrize(
    ("rule", "opens", "closes", "parts"),
    [
        ("FREQ=WEEKLY", "14:00", "15:30", ("tue_pm",)),
        ("FREQ=WEEKLY", "11:59", None, ("tue_am",)),
        ("FREQ=WEEKLY", "12:00", None, ("tue_pm",)),
        ("FREQ=WEEKLY", "17:00", "19:00", ("tue_eve",)),
        ("FREQ=WEEKLY", "10:00", "12:30", ("tue_am",)),
        ("FREQ=WEEKLY", "10:00", "13:00", ("tue_am", "tue_pm")),
        ("FREQ=WEEKLY", "09:00", "21:00", ("tue_am", "tue_pm", "tue_eve")),
        ("FREQ=WEEKLY;BYDAY=TH,MO", "10:00", "11:00", ("mon_am", "thu_am")),
        ("FREQ=MONTHLY;BYDAY=1FR", "10:00", "11:00", ("fri_am",)),
        (None, "10:00", "11:00", ("tue_am",)),
    ],
)
def test_parts_of_the_week(
    rule: str | None, opens: str, closes: str | None, parts: tuple[str, ...]
) -> None:
    assert day_parts([schedule(rule, opens, closes)]) == parts


def test_parts_of_several_schedules_are_in_order_and_once() -> None:
    several = [schedule("FREQ=WEEKLY;BYDAY=TH"), schedule("FREQ=WEEKLY"), schedule("FREQ=WEEKLY")]
    assert day_parts(several) == ("tue_pm", "thu_pm")
    assert len(day_parts([schedule("FREQ=MONTHLY;BYMONTHDAY=7")])) == 7
    assert day_parts([]) == ()


@pytest.mark.parametrize(
    ("text", "hours"),
    [("14:00", (14, 0)), ("2pm", (14, 0)), ("2.30PM", (14, 30)), ("12am", (0, 0)),
     ("12pm", (12, 0)), ("noon", (12, 0)), ("9:05 am", (9, 5)), ("09:00:00", (9, 0))],
)  # fmt: skip
def test_clock_times(text: str, hours: tuple[int, int]) -> None:
    assert parse_clock(text) == dt.time(*hours)


@pytest.mark.parametrize("text", ["", "2", "25:00", "13pm", "9:60", "soon", "0am"])
def test_other_clock_times_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a time"):
        parse_clock(text)


@given(st.times())
def test_a_said_time_reads_back(moment: dt.time) -> None:
    whole = moment.replace(second=0, microsecond=0)
    said = say_clock(whole)
    assert said == "midnight" or parse_clock(said) == whole


@pytest.mark.parametrize(
    "text",
    ["2026-05-31", "31/05/2026", "31.5.26", "31 May 2026", "31st May, 2026", "2026-05-31 00:00:00"],
)
def test_days(text: str) -> None:
    assert parse_day(text) == dt.date(2026, 5, 31)


@pytest.mark.parametrize("text", ["", "31/02/2026", "May", "1/2/3/4", "31 Foo 2026"])
def test_other_days_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a day"):
        parse_day(text)


def test_weekdays() -> None:
    names = "mon tuesday Weds thurs FRI saturdays Sun".split()
    assert [parse_weekday(name) for name in names] == [0, 1, 2, 3, 4, 5, 6]
    assert [parse_weekday(name) for name in ("month", "sung", "money", "")] == [None] * 4
