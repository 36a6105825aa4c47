"""What connections are called in plain English: their steps, how a visit went, when it is due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.models import ConnectionStatus, HowItWent
from app.words import WEEKDAYS, hours_by_day, long_date

A_WEEK = 7


class StatusWords(NamedTuple):
    """How a step is called: as a state, on the button that leads there, and what comes next."""

    state: str
    button: str
    next_step: str


# In the order they are gone through.
STATUSES: Mapping[str, StatusWords] = {
    ConnectionStatus.SUGGESTED: StatusWords("Not rung yet", "Not rung yet", "Ring them"),
    ConnectionStatus.CONTACTED: StatusWords(
        "Rung, waiting for an answer", "I have rung them", "Ring them again"
    ),
    ConnectionStatus.AGREED: StatusWords("Agreed", "We agreed", "Get ready for the first time"),
    ConnectionStatus.HAPPENING: StatusWords(
        "Happening", "It is happening", "Ask them how it is going"
    ),
    ConnectionStatus.PAUSED: StatusWords("Paused", "Pause", "Ask whether to start again"),
    ConnectionStatus.ENDED: StatusWords("Ended", "It ended", "Say thank you"),
}
# The step people take most often from each: its button stands out.
USUAL_NEXT: Mapping[str, str] = {
    ConnectionStatus.SUGGESTED: ConnectionStatus.CONTACTED,
    ConnectionStatus.CONTACTED: ConnectionStatus.AGREED,
    ConnectionStatus.AGREED: ConnectionStatus.HAPPENING,
    ConnectionStatus.PAUSED: ConnectionStatus.HAPPENING,
}


def ways_on(status: str) -> list[str]:
    """Return the steps after one, as its page offers them first; from a pause it goes on again."""
    order = list(STATUSES)
    after = order[order.index(status) + 1 :]
    again = [ConnectionStatus.HAPPENING.value] if status in {"paused", "ended"} else []
    return [*again, *after]


def ways_back(status: str) -> list[str]:
    """Return the steps before one that are not already offered."""
    offered = {status, *ways_on(status)}
    return [step for step in STATUSES if step not in offered]


FACES: Mapping[str, str] = {
    HowItWent.WELL: "Well",
    HowItWent.SO_SO: "So-so",
    HowItWent.BADLY: "Badly",
}
QUICK_DAYS: Mapping[str, str] = {"1": "Tomorrow", "7": "Next week", "14": "In two weeks"}

# What a page says after something was done, by the word in its address.
SAID: Mapping[str, str] = {
    "new": "It is a connection now. Ring them first: the number and what to say are here.",
    "already": "This was a connection already, so we opened that one. Whom you chose is in it.",
    "saved": "Saved.",
    "merged": "Saved. Somebody else changed something else here in the meantime; both are kept.",
    "past": "Saved. That day has passed already, so it is overdue now.",
    "done": "Done, and written into the notes.",
    "noted": "Your note is saved.",
    "removed": "It is removed.",
    "visit": "The visit is saved. Thank you.",
    "moved": "All their connections are handed over.",
}


@dataclass(frozen=True, slots=True)
class Group:
    """Some connections of the list under one heading."""

    key: str
    heading: str
    rows: tuple[Any, ...]
    is_folded: bool = False


def in_groups(rows: Sequence[Any]) -> list[Group]:
    """Return the rows of `queries.list_connections` as the page shows them, each once.

    What is due comes first, then step by step; paused and ended ones are folded.
    """
    keys = {
        "due": "Do these first",
        "this_week": "Next steps this week",
        "suggested": "Ring them",
        "contacted": "Waiting for an answer",
        "agreed": "Agreed",
        "happening": "Happening",
        "paused": "Paused",
        "ended": "Ended",
    }
    found: dict[str, list[Any]] = {key: [] for key in keys}
    for row in rows:
        due = {"overdue": "due", "today": "due", "this_week": "this_week"}.get(row.why)
        found[due or row.status].append(row)
    return [
        Group(key, heading, tuple(found[key]), is_folded=key in {"paused", "ended"})
        for key, heading in keys.items()
        if found[key]
    ]


def due(day: dt.date | None, today: dt.date) -> str:
    """Return when a next step is due: "today", "2 days late", "Tuesday 3 March"."""
    if day is None:
        return ""
    days = (day - today).days
    if days < 0:
        return "1 day late" if days == -1 else f"{-days} days late"
    if days < 2:
        return "tomorrow" if days else "today"
    if day.year != today.year:
        return long_date(day)
    return f"{WEEKDAYS[day.weekday()]} {day.day} {day:%B}"


def when_they_answer(hours: Sequence[Mapping[str, Any]] | None, today: dt.date) -> str | None:
    """Return when somebody is there to answer, from today on; None when nobody knows.

    `hours` are an asset's opening hours: spans with weekday (Monday 0), opens_at and closes_at.
    """
    days = hours_by_day(hours)
    if not days:
        return None
    weekday = today.weekday()
    if days[weekday][1] != "Closed":
        return f"They are there today, {days[weekday][1]}."
    for ahead in range(1, A_WEEK):
        name, spans = days[(weekday + ahead) % A_WEEK]
        if spans != "Closed":
            word = "tomorrow" if ahead == 1 else f"on {name}"
            return f"They are closed today. Ring {word}, {spans}."
    return None
