"""What the closed lists about residents mean, in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app import words
from app.models import Basis, DecidedBy, SpecialBasis, Stance, Travel

STANCES = {
    Stance.ENJOYS: "Enjoys",
    Stance.USED_TO: "Used to",
    Stance.WOULD_TRY: "Would try",
    Stance.COULD_SHARE: "Could share",
}


class Choice(NamedTuple):
    """One of a closed list: what it is called, and a sentence for whoever has to choose."""

    label: str
    hint: str


TRAVEL = {
    Travel.VISITS_ONLY: Choice("Stays in", "Only what comes to them."),
    Travel.SHORT_WALK: Choice("A short walk", "Ten minutes or so, or pushed in a wheelchair."),
    Travel.CAN_TRAVEL: Choice("Can travel", "By car, taxi or minibus."),
}
BASES = {
    Basis.CONSENT: Choice("Consent", "They understood what is kept and why, and said yes."),
    Basis.LEGITIMATE_INTERESTS: Choice(
        "Legitimate interests", "They would expect it as part of being looked after here."
    ),
    Basis.PUBLIC_TASK: Choice("Public task", "A council or the NHS has asked us to do this work."),
}
DECIDED_BY = {
    DecidedBy.RESIDENT: Choice("They decided themselves", "We asked, and they understood."),
    DecidedBy.ATTORNEY: Choice(
        "An attorney or deputy", "Somebody with a lasting power of attorney, or from the court."
    ),
    DecidedBy.BEST_INTERESTS: Choice(
        "Best interests",
        "They cannot decide this, so we did, with people who know them (Mental Capacity Act).",
    ),
}
NO_SPECIAL = Choice("No, leave those out", "")
SPECIAL_BASES = {
    SpecialBasis.EXPLICIT_CONSENT: Choice("Yes: they said yes to exactly this", ""),
    SpecialBasis.SOCIAL_CARE: Choice("Yes: their care plan needs it", ""),
}
DAYS = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
PARTS = {"am": "morning", "pm": "afternoon", "eve": "evening"}
FACES = {"well": "Went well", "so_so": "So-so", "badly": "Did not go well"}
STATUSES = {
    "suggested": "Not rung yet",
    "contacted": "Rung, waiting to hear",
    "agreed": "Agreed",
    "happening": "Happening",
    "paused": "Paused",
    "ended": "Ended",
}


def good_times(times: Sequence[str]) -> str:
    """Return the usual good times as a sentence part: "Monday morning and evening, Sunday"."""
    said = []
    for day, name in DAYS.items():
        parts = [word for part, word in PARTS.items() if f"{day}_{part}" in times]
        if len(parts) == len(PARTS):
            said.append(name)
        elif parts:
            said.append(f"{name} {words.joined(parts)}")
    return ", ".join(said)


def access(needs: Sequence[str]) -> str:
    """Return access needs as a list in words, in the order of the closed list."""
    return words.joined(text for word, text in words.ACCESS.items() if word in needs)
