"""What the queue calls things, and why something may be refused, kindly."""

from __future__ import annotations

KINDS = {
    "suggestion": ("Suggestion", "Suggestions"),
    "photo": ("Photo", "Photos"),
    "gone": ("Found gone", "Found gone"),
    "problem": ("Import problem", "Import problems"),
    "venue": ("Meets at a venue", "Venues asked"),
}
SUGGESTED = {"new": "Something new", "change": "Something is wrong", "gone": "It has gone"}
REASONS = {
    "suggestion": (
        "Thank you. We have this on the map already.",
        "Thank you. We could not find out enough to put it on the map.",
        "Thank you. This is about somebody’s private life, so it does not belong on a map.",
        "Thank you. This is outside the places our map is about.",
    ),
    "photo": (
        "Thank you. People can be recognised in it, so we cannot show it.",
        "Thank you. It shows somebody’s home or car too closely.",
        "Thank you. It is too dark or blurred to help people find the place.",
        "Thank you. It shows another place.",
    ),
}
DECIDED = {"approved": "approved", "rejected": "turned down", "waiting": "waiting again",
           "accepted": "agreed to", "refused": "turned down"}  # fmt: skip
SAID = {
    "approved": "Approved",
    "rejected": "Turned down",
    "done": "Done",
    "gone": "Gone from the map",
    "back": "Back on the map",
    "undone": "Taken back: it waits again",
    "changed": "Not taken back: it was changed since. See its history",
    "thrown-away": "Not taken back: photos that were turned down are thrown away after a month",
    "already": "That had been taken back already",
}

LONGEST_REASON = 500
NOT_ON_THE_MAP = "This is not on the map any more. Turn the suggestion down."
