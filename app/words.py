"""Plain English for the words the database stores: kinds, dates, distances, access, lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from app.activities.clock import say_clock
from geo.distance import in_words, walk_minutes

# What the clocks on the walls say, wherever the server stands.
LONDON = ZoneInfo("Europe/London")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# One and many.
KINDS = {
    "care_home": ("Care home", "Care homes"),
    "group": ("Group", "Groups"),
    "surgery": ("GP surgery", "GP surgeries"),
    "venue": ("Venue", "Venues"),
    "informal": ("Skill or network", "Skills and networks"),
}

ACCESS = {
    "step_free": "Step-free",
    "accessible_toilet": "Accessible toilet",
    "hearing_loop": "Hearing loop",
    "parking": "Parking",
    "seating": "Seating",
    "dementia_friendly": "Dementia friendly",
}

# How somebody stands to an interest, before the interest itself.
STANCES = {
    "enjoys": "They enjoy",
    "used_to": "They used to",
    "would_try": "They would try",
    "could_share": "They could share",
}

LOCATION_SOURCES = {
    "given": "Its exact place is known.",
    "surface": "The publisher gives its outline; the map shows a point inside it.",
    "postcode": "Placed by its postcode, so the map may be a few doors out.",
    "ward": "Shown for its ward only, never at a door.",
    "none": "No place on the map: by telephone or on the web, or nobody knows yet where it is.",
}

# An hour's walk; for what is farther the distance is said alone.
MOST_MINUTES_SAID = 60
DAYS_IN_WEEK, DAYS_IN_MONTH, DAYS_IN_YEAR = 7, 30, 365


def kind_word(kind: str) -> str:
    """Return what one asset of a kind is called."""
    return KINDS[kind][0] if kind in KINDS else kind


def access_word(word: str) -> str:
    """Return what a word of the closed list of access means."""
    return ACCESS.get(word, word)


def long_date(date: dt.date | None) -> str:
    """Return a date as people write it: 3 March 2026."""
    return f"{date.day} {date:%B %Y}" if date else ""


def short_day(day: dt.date) -> str:
    """Return a day of this year or the next: Tuesday 3 March."""
    return f"{day:%A} {day.day} {day:%B}"


def day_ahead(day: dt.date) -> str:
    """Return a day that may be far ahead: Tuesday 3 March, with its year where that is another."""
    is_this_year = day.year == dt.datetime.now(tz=LONDON).year
    return short_day(day) if is_this_year else f"{short_day(day)} {day.year}"


def ago(date: dt.date, today: dt.date) -> str:
    """Return how long ago a date was: "today", "3 weeks ago", "2 years ago"."""
    days = (today - date).days
    if days <= 0:
        return "today"
    if days == 1:
        return "yesterday"
    for length, unit in ((DAYS_IN_YEAR, "year"), (DAYS_IN_MONTH, "month"), (DAYS_IN_WEEK, "week")):
        # Two weeks, two months: below that the smaller unit says more.
        if days >= 2 * length:
            return f"{days // length} {unit}s ago"
    return f"{days} days ago"


def moment(at: dt.datetime) -> str:
    """Return when something was or will be: "today at 2.30pm", "on 3 March at midday"."""
    local = at.astimezone(LONDON)
    days = (local.date() - dt.datetime.now(tz=LONDON).date()).days
    near = {0: "today", -1: "yesterday", 1: "tomorrow"}
    day = near.get(days, f"on {local.day} {local:%B}")
    return f"{day} at {clock(local.time().replace(second=0, microsecond=0))}"


def checked(date: dt.date | None) -> str:
    """Return how fresh an entry is, as a sentence without its full stop."""
    if date is None:
        return "Not checked yet"
    return f"Checked {ago(date, dt.date.today())}"  # noqa: DTZ011 - local days are meant


def walk(distance_m: float) -> str:
    """Return a distance with its minutes on foot, as long as anyone would walk them."""
    minutes = walk_minutes(distance_m)
    far = in_words(distance_m)
    return (
        f"{far}, about {minutes} minutes\u2019 walk"
        if minutes > 1
        else f"{far}, a minute\u2019s walk"
    )


def distance(distance_m: float) -> str:
    """Return a distance: with minutes up to an hour's walk, alone beyond."""
    is_walked = walk_minutes(distance_m) <= MOST_MINUTES_SAID
    return walk(distance_m) if is_walked else in_words(distance_m)


def reach(distance_m: float) -> str:
    """Return how far one looks: "500 m", "1 km"."""
    return in_words(distance_m).replace(".0 km", " km")


def within(distance_m: float, is_along_ways: bool) -> str:
    """Return how far one looks along ways on foot: "10 minutes on foot", or as `reach`."""
    minutes = walk_minutes(distance_m)
    on_foot = minutes <= MOST_MINUTES_SAID and is_along_ways
    return f"{plural(minutes, 'minute')} on foot" if on_foot else reach(distance_m)


def tel(phone: str) -> str:
    """Return a phone number for a `tel:` link: digits and a leading plus."""
    digits = "".join(c for c in phone if c in "0123456789")
    return "+" + digits if phone.strip().startswith("+") else digits


def web_link(address: str | None) -> str | None:
    """Return an address people may follow, or None: only http and https, with a host."""
    if not address:
        return None
    text = address.strip()
    if "://" not in text and not text.lower().startswith(("javascript:", "data:", "vbscript:")):
        text = "https://" + text
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or "." not in host or " " in host:
        return None
    return text


def half_hidden(email: str | None) -> str | None:
    """Return an e-mail address as its owner knows it again: "b…@club.example"."""
    name, at, host = (email or "").partition("@")
    return f"{name[:1]}…@{host}" if at else None


def host_of(address: str) -> str:
    """Return the part of a web address people recognise."""
    return (urlsplit(address).hostname or address).removeprefix("www.")


def joined(items: Iterable[str], last: str = "and") -> str:
    """Return "a, b and c"."""
    words = list(items)
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


# What nobody knows of what filters left out, by the fact.
NOT_KNOWN = {
    "times": ("when {} is on", "when {} are on"),
    "cost": ("what {} costs", "what {} cost"),
    "access": ("whether {} is step-free", "whether {} are step-free"),
    "indoors": ("whether {} is indoors", "whether {} are indoors"),
}


def left_out(counts: Mapping[str, int]) -> str:
    """Return how many places a filter left out because nobody knows, and what nobody knows.

    `counts` has places, times, cost, access and indoors.
    """
    total = counts["places"]
    facts = []
    for fact, (of_one, of_many) in NOT_KNOWN.items():
        number = counts[fact]
        who = "it" if total == 1 else "they" if number == total else f"{number} of them"
        if number:
            facts.append((of_one if number == 1 else of_many).format(who))
    places = plural(total, "place is", "places are")
    return f"{places} left out because nobody has told us {joined(facts)}."


def money(pence: int | None) -> str:
    """Return what something costs: "Free", "£2.50", or that nobody knows."""
    if pence is None:
        return "Cost not known"
    return f"£{pence / 100:.2f}" if pence else "Free"


def access_words(access: Sequence[str] | None) -> str:
    """Return what is known of access, as a list: "Step-free, seating"."""
    if access is None:
        return "Access not known"
    known = [word for key, word in ACCESS.items() if key in access]
    return ", ".join([*known[:1], *(word.lower() for word in known[1:])]) or "Nothing for access"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun: "1 place", "2,310 places"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """Return a share (0 to 1) in percent: "31%"; a little is not nothing, nor nearly all all."""
    whole = round(share * 100)
    if whole == 0 and share > 0:
        return "less than 1%"
    if whole == 100 and share < 0.9995:
        return "more than 99%"
    return f"{whole}%"


def hours_by_day(spans: Sequence[Mapping[str, Any]] | None) -> list[tuple[str, str]]:
    """Return opening hours as rows for a table: each weekday with its spans, or "Closed".

    Anything that is not a list of spans as the model describes it gives no rows.
    """
    if not isinstance(spans, list) or not spans:
        return []
    days: dict[int, list[str]] = {}
    for span in spans:
        try:
            day, opens, closes = int(span["weekday"]), span["opens_at"], span["closes_at"]
        except (KeyError, TypeError, ValueError):
            return []
        days.setdefault(day, []).append(f"{clock(opens)} to {clock(closes)}")
    return [
        (name, joined(days[day]) if day in days else "Closed") for day, name in enumerate(WEEKDAYS)
    ]


def clock(text: str | dt.time) -> str:
    """Return a time of day as people say it: "9am", "2.30pm", "midday"."""
    # The end of a day, as opening hours have it.
    text = "00:00" if text == "24:00" else text
    return say_clock(dt.time.fromisoformat(text) if isinstance(text, str) else text)


def shown_reference(reference: str) -> str:
    """Return a resident's reference as it is read out: "BCDF GHJK"."""
    return f"{reference[:4]} {reference[4:]}"


def about_the_place(reasons: Iterable[str]) -> list[str]:
    """Return the reasons of a match that say nothing of a resident.

    They are kept with a connection, which outlives whoever it was made for.
    """
    beginnings = tuple(f"{stance}: " for stance in STANCES.values())
    return [reason for reason in reasons if not reason.startswith(beginnings)]


FILTERS: dict[str, Callable[..., Any]] = {
    "kind_word": kind_word,
    "about_the_place": about_the_place,
    "access_word": access_word,
    "long_date": long_date,
    "checked": checked,
    "moment": moment,
    "distance": distance,
    "within": within,
    "tel": tel,
    "money": money,
    "access_words": access_words,
    "left_out": left_out,
    "web_link": web_link,
    "host_of": host_of,
    "half_hidden": half_hidden,
    "joined": joined,
    "plural": plural,
    "percent": percent,
    "hours_by_day": hours_by_day,
    "clock": clock,
    "reach": reach,
    "shown_reference": shown_reference,
    "short_day": short_day,
    "day_ahead": day_ahead,
    "say_clock": say_clock,
    "place_source": lambda word: LOCATION_SOURCES.get(word, ""),
    "thousands": lambda number: f"{number:,}",
}
