"""What the choices of our forms are, for the component macros."""

from __future__ import annotations

from typing import Any

from app import words
from app.interests.choosing import Choice
from geo.distance import walk_minutes

# Five, ten and twenty minutes on foot at 5 km an hour, then as far as one may drive.
REACHES_M = (320, 640, 1_280, 2_000, 5_000, 10_000, 20_000)
FAR_ON_FOOT_M = 2_000
# Monday first, after the two that stand for several.
DAY_WORDS = {
    "weekdays": "Monday to Friday",
    "weekend": "Weekend",
    **{word[:3].lower(): word for word in words.WEEKDAYS},
}
MUST_WORDS = {"step_free": "Step-free", "free": "Free of charge", "indoors": "Indoors"}


def reaches(typed: str, is_along_ways: bool = False) -> list[dict[str, Any]]:
    """Return the distances to choose from, with what was asked for if it is another.

    `is_along_ways`: they are measured along ways on foot, and their minutes are not "about".
    """
    asked = {int(typed)} if typed.isascii() and typed.isdigit() and len(typed) < 6 else set()
    return [
        {"value": str(metres), "text": _reach_text(metres, is_along_ways)}
        for metres in sorted({*REACHES_M, *(metres for metres in asked if metres > 0)})
    ]


def _reach_text(metres: int, is_along_ways: bool) -> str:
    if metres > FAR_ON_FOOT_M:
        return words.reach(metres)
    minutes = walk_minutes(metres)
    if is_along_ways:
        return words.plural(minutes, "minute") + " on foot"
    return f"About {minutes} minute{'s’' if minutes > 1 else '’s'} walk ({words.reach(metres)})"


def day_items() -> list[dict[str, str]]:
    """Return the days a filter can name as checkboxes."""
    return [{"value": word, "text": text} for word, text in DAY_WORDS.items()]


def must_items() -> list[dict[str, str]]:
    """Return what a filter can insist on as checkboxes."""
    return [{"value": word, "text": text} for word, text in MUST_WORDS.items()]


def kind_items() -> list[dict[str, str]]:
    """Return the kinds of asset as checkboxes."""
    return [{"value": kind, "text": many} for kind, (_, many) in words.KINDS.items()]


def access_items() -> list[dict[str, str]]:
    """Return the words of access as checkboxes."""
    return [{"value": word, "text": text} for word, text in words.ACCESS.items()]


def typed_interests(choice: Choice) -> str:
    """Return the interests of a question as the form shows them: labels, then what is unsure."""
    labels = dict.fromkeys(taken.concept.label for taken in choice.taken)
    return ", ".join([*labels, *(unsure.said for unsure in choice.unsure)])
