"""Feeds in plain words: their kinds, licences, and how each is doing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.feeds.schedule import next_at
from app.models import FeedKind

# What people call one, and what its address is.
KINDS = {
    FeedKind.ORUK: (
        "Open Referral UK",
        "A directory of services. The address is where its services are listed, like"
        " https://directory.example/api.",
    ),
    FeedKind.ICAL: (
        "Calendar",
        "A group’s own calendar (iCal). The address ends in .ics or starts with webcal:.",
    ),
    FeedKind.OPENACTIVE: (
        "OpenActive",
        "Sport and leisure sessions. The address is that of one RPDE feed.",
    ),
}


@dataclass(frozen=True, slots=True)
class Licence:
    """Terms, and who has to be named under them; `{publisher}` stands for whose it is."""

    name: str
    attribution: str


# What most open data in Great Britain is published under; "other" is written by hand.
LICENCES = {
    "ogl": Licence(
        "OGL v3.0",
        "Contains information from {publisher}, licensed under the Open Government Licence v3.0",
    ),
    "cc-by": Licence("CC BY 4.0", "© {publisher}, CC BY 4.0"),
    "odbl": Licence("ODbL 1.0", "© {publisher} and contributors, ODbL 1.0"),
    "cc0": Licence("CC0 1.0", "{publisher}, no rights reserved"),
}
OTHER = "other"
EVERY = {1: "Every hour", 6: "Every 6 hours", 24: "Every day", 168: "Every week"}


def licence_key(name: str) -> str:
    """Return which licence of the list a name is, or "other"."""
    return next((key for key, one in LICENCES.items() if one.name == name), OTHER)


def health(feed: sa.Row[Any]) -> tuple[str, str]:
    """Return how a feed is doing in a word, and the colour of its tag (nhsuk's)."""
    if not feed.is_on:
        return "Paused", "grey"
    if feed.failures:
        return "Failing", "red"
    return ("Reading well", "green") if feed.read_at else ("Not read yet", "blue")


def next_words(feed: sa.Row[Any], now: dt.datetime) -> tuple[str, dt.datetime | None]:
    """Return what to say before the moment a feed is read next, and the moment if there is one."""
    at = next_at(feed)
    if at is None:
        return "It is not read while it is paused.", None
    if at <= now:
        return "It is due now.", None
    return "Next:", at
