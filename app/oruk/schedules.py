"""When something happens or is open, as Open Referral's schedules say it.

Their rules are weekly or monthly only; ours (RFC 5545) say more. What does not fit stands in the
extension fields `rrule`, `exdates` and `timezone`, so that nothing is lost on the way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from app.activities.rules import last_day, rule_parts
from app.activities.schedules import RuleError, describe
from app.oruk.ids import child_id

Json = dict[str, Any]
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LONDON = "Europe/London"


def schedules_of(service_id: str, rows: Sequence[sa.Row[Any]]) -> list[Json]:
    """Return an activity's schedules, in the order of `rows`.

    Each row has starts_on, opens_at, closes_at, timezone, rrule and exdates.
    """
    return [
        _schedule(service_id, child_id(service_id, f"schedule:{number}"), row)
        for number, row in enumerate(rows)
    ]


def _schedule(service_id: str, schedule_id: str, row: sa.Row[Any]) -> Json:
    starts_on = row.starts_on.isoformat()
    found: Json = {
        "id": schedule_id,
        "service_id": service_id,
        "valid_from": starts_on,
        "dtstart": starts_on,
        **_rule(row.rrule),
        "opens_at": row.opens_at.isoformat(),
    }
    if row.closes_at is not None:
        found["closes_at"] = row.closes_at.isoformat()
    try:
        found["description"] = describe(row)
    except RuleError:
        # Of a rule that was read before we knew better: it stands there as it is.
        found["description"] = f"From {starts_on}, {row.opens_at:%H:%M}"
    if row.rrule:
        found["rrule"] = row.rrule
    if row.exdates:
        found["exdates"] = [day.isoformat() for day in sorted(row.exdates)]
    if row.timezone != LONDON:
        found["timezone"] = row.timezone
    return found


def _rule(rule: str | None) -> Json:
    """Return the parts of a rule that Open Referral has words for."""
    if rule is None:
        return {}
    found: Json = {}
    parts = rule_parts(rule)
    try:
        until = last_day(rule)
    except RuleError:
        until = None
    if until is not None:
        found["valid_to"] = until.isoformat()
    freq, by_day = parts["FREQ"], parts.get("BYDAY")
    if freq == "DAILY" and parts.get("INTERVAL", "1") == "1":
        freq, by_day = "WEEKLY", by_day or ",".join(DAYS)
    if freq not in {"WEEKLY", "MONTHLY"}:
        # Yearly, or every so many days: there is no word for it.
        return found
    found["freq"] = freq
    if "INTERVAL" in parts:
        found["interval"] = int(parts["INTERVAL"])
    if by_day:
        found["byday"] = by_day
    if "BYMONTHDAY" in parts:
        found["bymonthday"] = parts["BYMONTHDAY"]
    return found


def opening_hours_of(location_id: str, spans: Sequence[Mapping[str, Any]] | None) -> list[Json]:
    """Return the opening hours of a place: one weekly schedule for all days with the same times.

    `spans`: weekday (Monday 0), opens_at and closes_at ("09:00").
    """
    by_times: dict[tuple[str, str], list[int]] = {}
    for span in spans if isinstance(spans, list) else ():
        day, opens_at, closes_at = map(span.get, ("weekday", "opens_at", "closes_at"))
        if isinstance(day, int) and 0 <= day < len(DAYS) and opens_at and closes_at:
            by_times.setdefault((opens_at, closes_at), []).append(day)
    return [
        {
            "id": child_id(location_id, f"hours:{opens_at}-{closes_at}"),
            "freq": "WEEKLY",
            "byday": ",".join(DAYS[day] for day in sorted(set(days))),
            "opens_at": _with_seconds(opens_at),
            "closes_at": _with_seconds(closes_at),
        }
        for (opens_at, closes_at), days in sorted(by_times.items())
    ]


def _with_seconds(clock: str) -> str:
    return f"{clock}:00" if len(clock) == len("09:00") else clock
