"""Say when a connection happens: read people's words, show what was understood, store it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.activities.clock import say_clock, say_day
from app.activities.rules import RuleError, check_rule, parse_repeats, rule_parts
from app.activities.schedules import describe, first_date
from app.connections import calendar_queries as queries
from app.connections.calendar_queries import ChangeRow, TimeRow
from app.connections.date_changes import FARTHEST_YEARS
from app.connections.occurrences import MOST_TIMES, next_occurrences
from app.parameters import Query

EARLIEST = dt.date(2000, 1, 1)
DATES_SHOWN = 5
FIELDS = ("starts_on", "opens_at", "closes_at", "repeats", "skips_bank_holidays")


@dataclass(frozen=True, slots=True)
class Draft:
    """When something shall happen, as typed and understood, not stored yet."""

    starts_on: dt.date
    opens_at: dt.time
    closes_at: dt.time | None
    rrule: str | None
    skips_bank_holidays: bool
    # Days left out by hand earlier; the form does not show them.
    exdates: tuple[dt.date, ...] = ()

    @property
    def sentence(self) -> str:
        """What was understood."""
        return say_time(self)

    @property
    def values(self) -> dict[str, object]:
        """The columns the form decides."""
        return {
            "starts_on": self.starts_on,
            "opens_at": self.opens_at,
            "closes_at": self.closes_at,
            "rrule": self.rrule,
            "skips_bank_holidays": self.skips_bank_holidays,
        }

    @property
    def seen(self) -> str:
        """What the form sends back, so that nothing is stored that was not shown."""
        return "|".join(str(value) for value in self.values.values())

    def next_days(self, today: dt.date) -> list[dt.date]:
        """Return the next five dates."""
        return next_days(self, after=today, count=DATES_SHOWN)


def say_time(time: Draft | TimeRow) -> str:
    """Return when something happens as a sentence without its full stop."""
    try:
        said = describe(time)
    except RuleError:
        return "At times we do not understand"
    return f"{said}, not on bank holidays" if time.skips_bank_holidays else said


def next_days(
    time: Draft | TimeRow, changes: Sequence[ChangeRow] = (), *, after: dt.date, count: int
) -> list[dt.date]:
    """Return the first `count` days on or after `after` on which it takes place."""
    after = max(after, time.starts_on) if not changes else after
    return [one.on for one in next_occurrences([time], changes, after=after, count=count)]


def values_of(time: TimeRow) -> dict[str, str]:
    """Return a stored time as the form's fields show it."""
    return {
        "starts_on": str(time.starts_on),
        "opens_at": f"{time.opens_at:%H:%M}",
        "closes_at": f"{time.closes_at:%H:%M}" if time.closes_at else "",
        "repeats": say_repeats(time),
        "skips_bank_holidays": "1" if time.skips_bank_holidays else "",
    }


def say_repeats(time: TimeRow) -> str:
    """Return how it repeats in words that `parse_repeats` reads back to the same rule."""
    if time.rrule is None:
        return "once"
    days, _, rest = describe(time).partition(f", {say_clock(time.opens_at)}")
    until = f" until {rest.partition(', until ')[2]}" if ", until " in rest else ""
    for words in (days.lower(), "every month"):
        try:
            if parse_repeats(words + until, time.starts_on) == check_rule(time.rrule):
                return words + until
        except RuleError:
            continue
    return time.rrule


def read_draft(form: Query, *, today: dt.date, exdates: tuple[dt.date, ...] = ()) -> Draft | None:
    """Return what the form says; None with a problem beside each field that makes no sense."""
    starts_on, opens_at, closes_at = (
        form.date("starts_on"), form.time("opens_at"), form.time("closes_at"),
    )  # fmt: skip
    if starts_on is None:
        form.wrong("starts_on", "Say the first day, like 31/05/2026.")
    elif not starts_on >= EARLIEST or starts_on.year > today.year + FARTHEST_YEARS:
        form.wrong("starts_on", "Choose a first day between 2000 and five years from now.")
        starts_on = None
    if opens_at is None:
        form.wrong("opens_at", "Say when it starts, like 14:00 or 2pm.")
    elif closes_at is not None and closes_at <= opens_at:
        form.wrong("closes_at", "It has to end after it starts.")
    rrule = _read_rule(form, starts_on)
    if form.problems or starts_on is None or opens_at is None:
        return None
    skips = form.is_ticked("skips_bank_holidays")
    draft = Draft(starts_on, opens_at, closes_at, rrule, skips, exdates)
    if not draft.next_days(today):
        field = "repeats" if rrule else "starts_on"
        form.wrong(field, "There is no date left: this is over before it begins. Look at the days.")
        return None
    return draft


def _read_rule(form: Query, starts_on: dt.date | None) -> str | None:
    text = form.text("repeats")
    if text is None or starts_on is None or "repeats" in form.problems:
        return None
    try:
        rule = parse_repeats(text, starts_on)
        if first_date(rule, starts_on) is None:
            form.wrong("repeats", "There is no such day. Write for example “every Tuesday”.")
            return None
    except RuleError as error:
        said = str(error)
        form.wrong("repeats", f"{said[0].upper()}{said[1:]}.")
        return None
    return rule


def add_time(
    session: Session, *, connection_id: uuid.UUID, team_id: uuid.UUID, draft: Draft, form: Query
) -> None:
    """Store one more time at which a connection happens."""
    own = [time for time in queries.list_times(session, ids=[connection_id]) if time.id]
    if len(own) >= MOST_TIMES:
        form.wrong("starts_on", f"It has {MOST_TIMES} times already. End one of them first.")
        return
    queries.add_time(session, connection_id=connection_id, team_id=team_id, **draft.values)


def change_time(session: Session, *, time: TimeRow | None, draft: Draft, form: Query) -> bool:
    """Change a time that is still as the form saw it; False: somebody else was quicker."""
    if time is None or time.id is None:
        return False
    return queries.change_time(
        session,
        time_id=time.id,
        connection_id=time.connection_id,
        version=_version_seen(form),
        **draft.values,
    )


def _version_seen(form: Query) -> int:
    return form.whole_number("version", low=1, high=2**31 - 1, default=0)


def end_time(session: Session, *, time: TimeRow, form: Query, today: dt.date) -> bool:
    """Let a time have its last day: the field `last_day`, else today; False: changed meanwhile.

    What never took place by then is deleted; what did stays in past weeks.
    """
    last_day, version = form.date("last_day") or today, _version_seen(form)
    if form.problems or time.id is None:
        return True
    first = first_date(time.rrule, time.starts_on)
    if time.rrule is None and first is not None and first < today:
        form.wrong("last_day", f"This was once, on {say_day(first)}: there is nothing to end.")
        return True
    if time.rrule is None or first is None or last_day < first:
        return queries.delete_time(
            session, time_id=time.id, connection_id=time.connection_id, version=version
        )
    parts = {k: v for k, v in rule_parts(check_rule(time.rrule)).items() if k != "COUNT"}
    parts["UNTIL"] = f"{last_day:%Y%m%d}"
    rule = check_rule(";".join(f"{name}={value}" for name, value in parts.items()))
    return queries.end_time(
        session, time_id=time.id, connection_id=time.connection_id, version=version, rrule=rule
    )
