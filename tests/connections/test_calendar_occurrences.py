"""From rules to dates: over clock changes, bank holidays, cancelled and moved dates."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.activities.rules import days_of
from app.connections.bank_holidays import bank_holiday
from app.connections.occurrences import (
    MOST_OCCURRENCES,
    bank_holidays_left_out,
    expand,
    find_occurrence,
    named_days,
    next_occurrences,
)

D, T = dt.date, dt.time
TUESDAYS = "FREQ=WEEKLY;BYDAY=TU"
FIRST_TUESDAY, TWO, HALF_PAST_THREE = D(2026, 1, 6), T(14), T(15, 30)


@dataclass(frozen=True)
class Row:
    starts_on: dt.date = FIRST_TUESDAY
    rrule: str | None = TUESDAYS
    opens_at: dt.time = TWO
    closes_at: dt.time | None = HALF_PAST_THREE
    exdates: list[dt.date] = field(default_factory=list)
    skips_bank_holidays: bool = False


@dataclass(frozen=True)
class Changed:
    was_on: dt.date
    was_at: dt.time = TWO
    moved_to: dt.date | None = None
    opens_at: dt.time | None = None
    closes_at: dt.time | None = None


def moved(was_on: dt.date, to: dt.date, at: dt.time = TWO) -> Changed:
    return Changed(was_on, T(14), to, at, T(at.hour + 1))


def days(times: list[Row], *changes: Changed, first: dt.date, last: dt.date) -> list[dt.date]:
    return [o.on for o in expand(times, changes, first=first, last=last) if not o.is_cancelled]


@pytest.mark.parametrize(
    ("before", "after"),
    [(D(2026, 3, 24), D(2026, 3, 31)), (D(2026, 10, 20), D(2026, 10, 27))],
)
def test_two_o_clock_stays_two_o_clock_over_both_clock_changes(
    before: dt.date, after: dt.date
) -> None:
    one, other = expand([Row()], [], first=before, last=after)
    assert (one.on, other.on) == (before, after)
    assert one.starts_at.hour == other.starts_at.hour == 14
    shift = (other.starts_at.astimezone(dt.UTC) - one.starts_at.astimezone(dt.UTC)) - dt.timedelta(
        days=7
    )
    assert shift == dt.timedelta(hours=-1 if before.month == 3 else 1)


def test_a_session_on_the_night_of_the_change_itself_is_as_rfc_5545_says() -> None:
    row = Row(starts_on=D(2026, 3, 29), rrule=None, opens_at=T(1, 30), closes_at=None)
    (gone,) = expand([row], [], first=D(2026, 3, 29), last=D(2026, 3, 29))
    assert gone.starts_at.astimezone(dt.UTC) == dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC)
    row = Row(starts_on=D(2026, 10, 25), rrule=None, opens_at=T(1, 30), closes_at=None)
    (twice,) = expand([row], [], first=D(2026, 10, 25), last=D(2026, 10, 25))
    assert twice.starts_at.astimezone(dt.UTC) == dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)
    assert twice.ends_at is None


def test_both_ends_of_a_window_belong_to_it() -> None:
    assert days([Row()], first=D(2026, 1, 6), last=D(2026, 1, 20)) == [
        D(2026, 1, 6), D(2026, 1, 13), D(2026, 1, 20),
    ]  # fmt: skip


def test_days_left_out_and_bank_holidays_are_no_dates() -> None:
    mondays = Row(
        starts_on=D(2026, 4, 27), rrule="FREQ=WEEKLY;BYDAY=MO", exdates=[D(2026, 5, 11)],
        skips_bank_holidays=True,
    )  # fmt: skip
    window = {"first": D(2026, 4, 27), "last": D(2026, 5, 18)}
    assert days([mondays], **window) == [D(2026, 4, 27), D(2026, 5, 18)]
    assert bank_holidays_left_out([mondays], **window) == {D(2026, 5, 4)}
    assert bank_holidays_left_out([Row()], **window) == set()


def test_bank_holidays_have_the_names_people_know() -> None:
    assert bank_holiday(D(2026, 5, 4)) == "Early May bank holiday"
    assert bank_holiday(D(2026, 8, 31)) == "Summer bank holiday"
    assert bank_holiday(D(2026, 12, 28)) == "Boxing Day (substitute day)"
    # Christmas 2027 is a Saturday: nobody visits on it, nor on the Monday.
    assert bank_holiday(D(2027, 12, 25)) == "Christmas Day"
    assert bank_holiday(D(2027, 12, 27)) == "Christmas Day (substitute day)"
    # Not in England.
    assert bank_holiday(D(2026, 11, 30)) is None
    assert bank_holiday(D(2026, 7, 12)) is None


def test_a_cancelled_date_is_shown_as_cancelled() -> None:
    found = expand([Row()], [Changed(D(2026, 1, 13))], first=D(2026, 1, 12), last=D(2026, 1, 20))
    assert [(o.on, o.is_cancelled) for o in found] == [
        (D(2026, 1, 13), True), (D(2026, 1, 20), False),
    ]  # fmt: skip


def test_a_date_moved_out_of_the_window_is_gone_and_one_moved_in_is_there() -> None:
    change = moved(D(2026, 1, 13), D(2026, 1, 22), T(10))
    assert days([Row()], change, first=D(2026, 1, 12), last=D(2026, 1, 18)) == []
    (tuesday, thursday) = expand([Row()], [change], first=D(2026, 1, 19), last=D(2026, 1, 25))
    assert tuesday.on == D(2026, 1, 20)
    assert (thursday.on, thursday.opens_at, thursday.closes_at) == (D(2026, 1, 22), T(10), T(11))
    assert (thursday.was_on, thursday.was_at, thursday.is_moved) == (D(2026, 1, 13), T(14), True)


def test_a_change_of_a_date_that_no_longer_is_one_says_nothing() -> None:
    change = moved(D(2026, 1, 14), D(2026, 1, 22))
    assert days([Row()], change, first=D(2026, 1, 19), last=D(2026, 1, 25)) == [D(2026, 1, 20)]
    ended = Row(rrule=TUESDAYS + ";UNTIL=20260110")
    change = moved(D(2026, 1, 13), D(2026, 1, 22))
    assert days([ended], change, first=D(2026, 1, 5), last=D(2026, 1, 25)) == [D(2026, 1, 6)]


def test_a_cancelled_date_stays_cancelled_when_the_hour_of_the_rule_changes() -> None:
    later = Row(opens_at=T(14, 30))
    (one,) = expand([later], [Changed(D(2026, 1, 13))], first=D(2026, 1, 13), last=D(2026, 1, 13))
    assert one.is_cancelled
    # With two sessions that day the one with its very time is meant.
    both = expand(
        [later, Row()], [Changed(D(2026, 1, 13))], first=D(2026, 1, 13), last=D(2026, 1, 13)
    )
    assert [(o.opens_at, o.is_cancelled) for o in both] == [(T(14), True), (T(14, 30), False)]


def test_two_rows_that_name_the_same_start_are_one_date() -> None:
    assert len(expand([Row(), Row()], [], first=D(2026, 1, 13), last=D(2026, 1, 13))) == 1


def test_windows_and_counts_are_bounded() -> None:
    with pytest.raises(ValueError, match="too long"):
        expand([Row()], [], first=D(2026, 1, 1), last=D(2027, 2, 6))
    daily = [Row(rrule="FREQ=DAILY", opens_at=T(n // 60, n % 60)) for n in range(600)]
    found = expand(daily, [], first=D(2026, 1, 1), last=D(2027, 2, 5))
    assert len(found) == MOST_OCCURRENCES


@pytest.mark.parametrize(
    "rule", ["FREQ=SECONDLY", "FREQ=WEEKLY;BYDAY=XX", "nonsense", "FREQ=DAILY;INTERVAL=0"]
)
def test_a_rule_nobody_understands_names_no_date(rule: str) -> None:
    assert days([Row(rrule=rule), Row()], first=D(2026, 1, 6), last=D(2026, 1, 6)) == [
        D(2026, 1, 6)
    ]


def test_the_next_dates_leave_out_what_is_cancelled_and_look_far_enough() -> None:
    found = next_occurrences([Row()], [Changed(D(2026, 1, 13))], after=D(2026, 1, 7), count=2)
    assert [o.on for o in found] == [D(2026, 1, 20), D(2026, 1, 27)]
    yearly = Row(starts_on=D(2020, 2, 3), rrule="FREQ=YEARLY")
    found = next_occurrences([yearly], [], after=D(2026, 2, 4), count=2)
    assert [o.on for o in found] == [D(2027, 2, 3), D(2028, 2, 3)]
    assert next_occurrences([Row(rrule=None)], [], after=D(2026, 2, 4), count=2) == []


def test_one_date_is_found_by_its_day_and_time() -> None:
    found = find_occurrence([Row()], [], was_on=D(2026, 1, 13), was_at=T(14))
    assert found is not None
    assert find_occurrence([Row()], [], was_on=D(2026, 1, 13), was_at=T(15)) is None
    assert find_occurrence([Row()], [], was_on=D(2026, 1, 14), was_at=T(14)) is None


RULES = (
    "FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=DAILY;BYDAY=MO,FR", "FREQ=DAILY;COUNT=9",
    "FREQ=WEEKLY", TUESDAYS, "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO",
    "FREQ=WEEKLY;INTERVAL=3;BYDAY=SU,MO;WKST=SU", "FREQ=WEEKLY;INTERVAL=2;UNTIL=20260801",
    "FREQ=MONTHLY;BYDAY=1MO", "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=31", "FREQ=YEARLY",
)  # fmt: skip
SOME_DAYS = st.dates(D(2016, 1, 1), D(2026, 12, 31))


@given(rule=st.sampled_from(RULES), starts_on=SOME_DAYS, first=SOME_DAYS)
def test_an_old_rule_names_the_same_days_however_late_one_asks(
    rule: str, starts_on: dt.date, first: dt.date
) -> None:
    last = first + dt.timedelta(days=60)
    straight = [day for day in days_of(rule, starts_on, last) if day >= first]
    assert list(named_days(Row(starts_on=starts_on, rrule=rule), first, last)) == straight
