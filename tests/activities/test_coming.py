"""When in the week, until when, and when next: by arithmetic, by the rules, and in SQL."""

from __future__ import annotations

import datetime as dt
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.activities.coming import last_date, minutes_text, next_start, say_next, week_starts
from app.activities.schedules import next_dates
from app.models import Schedule
from tests.builders import make_activity, make_asset

ROOT = Path(__file__).resolve().parents[2]
TUESDAY = dt.date(2026, 1, 6)


def clock(year: int, month: int, day: int, hour: int, minute: int = 0) -> dt.datetime:
    """Return a time on the clocks here: schedules know no zone."""
    return dt.datetime.combine(dt.date(year, month, day), dt.time(hour, minute))


NOON = clock(2026, 11, 24, 12)  # a Tuesday


def schedule(
    rrule: str | None,
    *,
    starts_on: dt.date = TUESDAY,
    opens_at: dt.time = dt.time(14),
    exdates: tuple[dt.date, ...] = (),
) -> Schedule:
    return Schedule(
        starts_on=starts_on, opens_at=opens_at, closes_at=None, rrule=rrule, exdates=list(exdates)
    )


@pytest.mark.parametrize(
    ("rrule", "starts"),
    [
        (None, [1440 + 840]),
        ("FREQ=WEEKLY", [1440 + 840]),
        ("FREQ=WEEKLY;BYDAY=TU,SU", [1440 + 840, 6 * 1440 + 840]),
        ("FREQ=MONTHLY;BYDAY=1MO,-1FR", [840, 4 * 1440 + 840]),
        ("FREQ=DAILY;BYDAY=MO,TU", [840, 1440 + 840]),
        ("FREQ=DAILY;INTERVAL=14", [1440 + 840]),
        ("FREQ=DAILY;INTERVAL=2", [day * 1440 + 840 for day in range(7)]),
        ("FREQ=MONTHLY;BYMONTHDAY=6", [day * 1440 + 840 for day in range(7)]),
        ("FREQ=YEARLY", [day * 1440 + 840 for day in range(7)]),
    ],
)
def test_starts_in_the_week_are_the_same_in_python_and_in_the_migration(
    session: Session, rrule: str | None, starts: list[int]
) -> None:
    if rrule != "FREQ=YEARLY":  # five years ahead are not enough for all weekdays of 6 January
        assert week_starts([schedule(rrule)]) == tuple(starts)
    club = make_asset(session)
    activity = make_activity(
        session, "Roll-up", club, schedules=[schedule(rrule)], week_starts=None
    )
    session.execute(sa.text(_migration().FILL_STARTS))
    filled = session.execute(
        sa.text("SELECT week_starts = CAST(:w AS int4multirange) FROM activities WHERE id = :id"),
        {"w": minutes_text(starts), "id": activity.id},
    ).scalar_one()
    assert filled


def _migration() -> ModuleType:
    path = ROOT / "alembic" / "versions" / "2026-11-26-1630_find.py"
    spec = importlib.util.spec_from_file_location("find_migration", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_schedules_is_not_known_and_no_day_at_all_is_never() -> None:
    assert week_starts([]) is None
    assert week_starts([schedule(None, exdates=(TUESDAY,))]) == ()


@pytest.mark.parametrize(
    ("rrules", "last"),
    [
        ([], None),
        ([None], TUESDAY),
        (["FREQ=WEEKLY;UNTIL=20260122"], dt.date(2026, 1, 20)),
        (["FREQ=WEEKLY;COUNT=3"], dt.date(2026, 1, 20)),
        (["FREQ=WEEKLY;COUNT=3", None], dt.date(2026, 1, 20)),
        (["FREQ=WEEKLY;COUNT=3", "FREQ=WEEKLY"], None),
        # Longer than anybody looks: the day it says.
        (["FREQ=DAILY;UNTIL=20990101"], dt.date(2099, 1, 1)),
    ],
)
def test_the_last_day(rrules: list[str | None], last: dt.date | None) -> None:
    schedules = [schedule(rrule) for rrule in rrules]
    assert last_date(schedules) == last


def test_the_migration_fills_the_ends_it_can_tell(session: Session) -> None:
    club = make_asset(session)
    ends = {}
    for rrule in (None, "FREQ=WEEKLY;UNTIL=20260122T000000Z", "FREQ=WEEKLY", "FREQ=WEEKLY;COUNT=2"):
        made = make_activity(session, "Roll-up", club, schedules=[schedule(rrule)], ends_on=None)
        ends[rrule] = made
    session.execute(sa.text(_migration().FILL_ENDS))
    for made in ends.values():
        session.refresh(made)
    assert [made.ends_on for made in ends.values()] == [TUESDAY, dt.date(2026, 1, 22), None, None]


def test_what_began_today_is_over_and_what_is_left_out_is_not_next() -> None:
    weekly = schedule("FREQ=WEEKLY")
    assert next_start([weekly], NOON) == clock(2026, 11, 24, 14)
    assert next_start([weekly], NOON.replace(hour=14)) == clock(2026, 12, 1, 14)
    off = schedule("FREQ=WEEKLY", exdates=(NOON.date(),))
    assert next_start([off], NOON) == clock(2026, 12, 1, 14)
    friday = schedule("FREQ=WEEKLY;BYDAY=FR", opens_at=dt.time(10))
    assert next_start([off, friday], NOON) == clock(2026, 11, 27, 10)


def test_what_has_ended_has_no_next_time() -> None:
    assert next_start([schedule(None)], NOON) is None
    assert next_start([schedule("FREQ=WEEKLY;UNTIL=20260901")], NOON) is None
    assert next_start([schedule("FREQ=WEEKLY;COUNT=3")], NOON) is None
    # A rule the database takes and our reader does not: no time, and no error.
    assert next_start([schedule("FREQ=WEEKLY;BYEASTER=1")], NOON) is None


@given(
    starts_on=st.dates(dt.date(2024, 1, 1), dt.date(2027, 1, 1)),
    interval=st.integers(1, 5),
    days=st.lists(st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"]), unique=True),
    until=st.none() | st.dates(dt.date(2026, 1, 1), dt.date(2028, 1, 1)),
    after=st.dates(dt.date(2025, 6, 1), dt.date(2027, 6, 1)),
)
def test_plain_weekly_rules_by_arithmetic_are_those_by_the_library(
    starts_on: dt.date, interval: int, days: list[str], until: dt.date | None, after: dt.date
) -> None:
    rule = f"FREQ=WEEKLY;INTERVAL={interval}"
    rule += f";BYDAY={','.join(days)}" if days else ""
    rule += f";UNTIL={until:%Y%m%d}" if until else ""
    one = schedule(rule, starts_on=starts_on)
    found = next_start([one], dt.datetime.combine(after, dt.time(9)))
    assert (found.date() if found else None) == next(iter(next_dates(one, after, 1)), None)


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (clock(2026, 11, 24, 14), "today 2pm"),
        (clock(2026, 11, 25, 9, 30), "tomorrow 9.30am"),
        (clock(2026, 11, 30, 12), "Monday midday"),
        (clock(2026, 12, 1, 14), "Tuesday 1 December, 2pm"),
        (clock(2027, 1, 5, 14), "Tuesday 5 January 2027, 2pm"),
    ],
)
def test_the_next_time_as_people_say_it(start: dt.datetime, said: str) -> None:
    assert say_next(start, NOON) == said
