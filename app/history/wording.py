"""Facts and changes of assets in plain words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app import words
from app.assets.facts import FACTS
from app.assets.schemas import Names

# Who changed something: a role, never a name.
ROLES = {
    "mapper": "A mapper",
    "editor": "An editor",
    "claimant": "The group itself",
    "suggestion": "A suggestion from the public",
    "import": "An import",
}
ACTIONS = {
    "added": "added it",
    "changed": "changed it",
    "gone": "found it gone",
    "back": "put it back on the map",
    "merged": "joined it with another entry",
    "parted": "took it apart from another entry",
}
LABELS = {name: fact.label for name, fact in FACTS.items()} | {
    "interest_ids": "Interests",
    "consent_on": "Day they agreed",
    "duplicate_of": "The entry it is part of",
}
CONSENT = {
    "said_yes": "They said yes",
    "in_writing": "In writing",
    "through_a_group": "Through a group or relative",
}
NOTHING = "nothing"
# The subjects of sentences about facts whose values are not shown.
_SUBJECTS = {
    name: f"The {LABELS[name][0].lower()}{LABELS[name][1:]}"
    for name in (
        "kind", "name", "address", "postcode", "phone", "email", "website", "charity_number",
        "consent_on",
    )
}  # fmt: skip
_MANY = {"interests", "interest_ids", "opening_hours", "beds"}


def say_unshown(name: str, *, is_new: bool) -> str:
    """Return that a fact was written or changed, without a value."""
    if name == "place":
        return "It was put on the map." if is_new else "It was moved."
    subject = _SUBJECTS.get(name) or LABELS.get(name, name)
    return f"{subject} {'were' if name in _MANY else 'was'} {'written' if is_new else 'changed'}."


def say_fact(name: str, value: Any, names: Names) -> str:  # noqa: ANN401 - values of any fact
    """Return a fact's value as a page says it; "nothing" where there is none."""
    if value is None or value in ("", []):
        return "nobody has looked" if name == "access" and value is None else NOTHING
    if name in _SAID:
        return _SAID[name](value, names) or NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _say_place(place: Mapping[str, Any], _: Names) -> str:
    if place.get("ward_code"):
        return f"its ward, {place['ward_code']}"
    if place.get("postcode"):
        return f"by its postcode, {place['postcode']}"
    if place.get("lon") is None or place.get("lat") is None:
        return NOTHING
    return f"{place['lat']:.5f}, {place['lon']:.5f}"


def _say_interests(slugs: Sequence[str], names: Names) -> str:
    ids = {slug: number for number, slug in names.slugs.items()}
    return words.joined(names.interest_labels(ids[slug] for slug in slugs if slug in ids))


def _say_hours(spans: Any, _: Names) -> str:  # noqa: ANN401 - whatever is stored
    days = words.hours_by_day(spans)
    return "; ".join(f"{day} {of}" for day, of in days if of != "Closed")


# The facts whose stored value is no word a page could show.
_SAID: Mapping[str, Callable[[Any, Names], str]] = {
    "kind": lambda kind, _: words.kind_word(kind),
    "place": _say_place,
    "interests": _say_interests,
    "interest_ids": lambda ids, names: words.joined(names.interest_labels(ids)),
    "access": lambda access, _: words.access_words(access),
    "opening_hours": _say_hours,
    "consent_how": lambda how, _: CONSENT.get(how, str(how)),
}
