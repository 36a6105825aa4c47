"""What the choices of our forms are, for the component macros."""

from __future__ import annotations

from typing import Any

from app import words
from app.interests.choosing import Choice
from geo.distance import walk_minutes

REACHES_M = (500, 1_000, 2_000, 5_000, 10_000, 20_000)
FAR_ON_FOOT_M = 2_000


def reaches(typed: str) -> list[dict[str, Any]]:
    """Return the distances to choose from, with what was asked for if it is another."""
    asked = {int(typed)} if typed.isascii() and typed.isdigit() and len(typed) < 6 else set()
    return [
        {"value": str(metres), "text": _reach_text(metres)}
        for metres in sorted({*REACHES_M, *(metres for metres in asked if metres > 0)})
    ]


def _reach_text(metres: int) -> str:
    if metres > FAR_ON_FOOT_M:
        return words.reach(metres)
    return f"{words.reach(metres)}, about {words.plural(walk_minutes(metres), 'minute')} on foot"


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
