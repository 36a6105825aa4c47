"""The facts of an asset as fields of a plain form: shown, and read again.

`pairs_of` and `wire_of` are each other's inverse: what nobody touched reads as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from starlette.datastructures import QueryParams

from app.activities.clock import WEEKDAYS, parse_clock
from app.areas.queries import find_wards_of_code
from app.assets.actions import find_ward
from app.interests.choosing import choose_interests, split_phrases
from app.models import Access, AssetKind, Consent
from app.parameters import Query
from app.words import access_word, kind_word
from geo.interests import Vocabulary

Pairs = list[tuple[str, str]]

YES_NO = {True: "yes", False: "no", None: ""}
CONSENT_WORDS = {
    Consent.SAID_YES.value: "They said yes to me",
    Consent.IN_WRITING.value: "In writing",
    Consent.THROUGH_A_GROUP.value: "Their group or a relative passed it on",
}
# Facts that are one text field of their own name.
PLAIN = (
    "kind", "name", "description", "address", "postcode", "phone", "email", "website", "beds",
    "charity_number", "consent_how",
)  # fmt: skip
HOURS_FIELDS = tuple(f"hours_{day}" for day in range(len(WEEKDAYS)))
# Every field that belongs to a fact.
FIELDS: Mapping[str, tuple[str, ...]] = {
    **{name: (name,) for name in PLAIN},
    "place": ("at_postcode", "lon", "lat", "ward"),
    "interests": ("interest",),
    "access": ("access", "access_looked"),
    "is_indoors": ("is_indoors",),
    "is_contact_public": ("is_contact_public",),
    "opening_hours": HOURS_FIELDS,
}
_SPAN = re.compile(r"\s*(?:-|–|—|\bto\b|\btill?\b|\buntil\b)\s*")
_BETWEEN_SPANS = re.compile(r"\s*(?:,|;|&|\band\b)\s*")


def pairs_of(name: str, value: Any, vocabulary: Vocabulary) -> Pairs:  # noqa: ANN401 - any fact
    """Return a fact's fields as a form shows its value; nothing for a value that is not known."""
    if name == "place":
        return _place_pairs(value or {})
    if name == "interests":
        labels = [vocabulary.concept(slug).label for slug in value or [] if slug in vocabulary]
        return [("interest", ", ".join(labels))] if labels else []
    if name == "access":
        looked: Pairs = [] if value is None else [("access_looked", "yes")]
        return [*looked, *(("access", word) for word in value or [])]
    if name in {"is_indoors", "is_contact_public"}:
        return [(name, YES_NO[value])] if YES_NO[value] else []
    if name == "opening_hours":
        return _hours_pairs(value or [])
    return [] if value is None else [(name, str(value))]


def _place_pairs(value: Mapping[str, Any]) -> Pairs:
    if "ward_code" in value:
        return [("ward", value["ward_code"])]
    if "postcode" in value:
        return [("at_postcode", value["postcode"])]
    return [(axis, f"{value[axis]:.6f}".rstrip("0")) for axis in ("lon", "lat") if axis in value]


def _hours_pairs(spans: Iterable[Mapping[str, Any]]) -> Pairs:
    days: dict[str, list[str]] = {}
    for span in spans:
        words = f"{span['opens_at']} to {span['closes_at']}"
        days.setdefault(f"hours_{span['weekday']}", []).append(words)
    return [(field, ", ".join(words)) for field, words in days.items()]


def is_untouched(name: str, was: Any, form: Query, vocabulary: Vocabulary) -> bool:  # noqa: ANN401 - any fact
    """Return whether a fact's fields still say what the form was made with."""
    try:
        shown = as_query(pairs_of(name, was, vocabulary))
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError):
        # No form of ours was made with such a value.
        return False
    return _texts_of(name, form) == _texts_of(name, shown)


def _texts_of(name: str, form: Query) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in FIELDS[name]:
        lines = form.typed_all(field)
        found[field] = sorted(" ".join(text.split()) for text in lines if text.strip())
    return found


def as_query(pairs: Pairs) -> Query:
    """Return fields as a form that was sent."""
    return Query(QueryParams(pairs))


def wire_of(
    connection: sa.Connection, name: str, form: Query, vocabulary: Vocabulary, *, kind: str
) -> Any:  # noqa: ANN401 - values of any fact
    """Return what a fact's fields say, as a phone would send it.

    What makes no sense by itself becomes a problem of the form; `app.assets.facts` judges the rest.
    `kind`: what kind of asset it is or is to be.
    """
    if name == "place":
        return _place(connection, form, kind)
    if name == "interests":
        return _interests(connection, form, vocabulary)
    return READERS[name](form) if name in READERS else form.text(name)


def _access(form: Query) -> list[str] | None:
    words = form.words("access", [word.value for word in Access])
    return words if words or form.is_ticked("access_looked") else None


def _beds(form: Query) -> int | str | None:
    text = form.text("beds")
    # What is no number is for the reader of facts to refuse.
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 9 else text


def _interests(connection: sa.Connection, form: Query, vocabulary: Vocabulary) -> list[str]:
    # One field holds them all, and may be longer than one interest.
    phrases = form.having("interest", split_phrases(form.typed_long("interest")))
    choice = choose_interests(connection, vocabulary, phrases)
    for sentence in phrases.problems.values():
        form.wrong("interest", sentence)
    for unsure in choice.unsure:
        names = " or ".join(hit.label for hit in unsure.hits[:3])
        form.wrong("interest", f"“{unsure.said}” may mean {names}. Write the one you mean.")
    return choice.slugs


def _place(connection: sa.Connection, form: Query, kind: str) -> dict[str, Any] | None:
    if form.typed("at_postcode").strip():
        return {"postcode": form.text("at_postcode")}
    if kind == AssetKind.INFORMAL and form.typed("ward").strip():
        ward = find_ward(connection, form)
        return {"ward_code": ward.gss_code} if ward else None
    point = form.lon_lat()
    return {"lon": point[0], "lat": point[1]} if point else None


def _hours(form: Query) -> list[dict[str, Any]] | None:
    spans = []
    for weekday, field in enumerate(HOURS_FIELDS):
        text = form.text(field)
        if text is None or text.casefold() in {"closed", "-"}:
            continue
        try:
            spans += [
                {"weekday": weekday, **_span(part)} for part in _BETWEEN_SPANS.split(text) if part
            ]
        except ValueError:
            form.wrong(field, f"Write {WEEKDAYS[weekday]}’s hours like 9:00 to 17:00, or leave it.")
    return spans or None


def _span(text: str) -> dict[str, str]:
    opens, closes = _SPAN.split(text)
    ends = closes.strip().casefold()
    if ends in {"24:00", "midnight", "00:00"}:
        return {"opens_at": f"{parse_clock(opens):%H:%M}", "closes_at": "24:00"}
    return {"opens_at": f"{parse_clock(opens):%H:%M}", "closes_at": f"{parse_clock(closes):%H:%M}"}


READERS: Mapping[str, Callable[[Query], Any]] = {
    "access": _access,
    "beds": _beds,
    "opening_hours": _hours,
    "description": lambda form: form.long_text("description"),
    "is_indoors": lambda form: {"yes": True, "no": False}.get(form.typed("is_indoors")),
    "is_contact_public": lambda form: form.typed("is_contact_public") == "yes",
}


def words_of(
    connection: sa.Connection,
    name: str,
    value: Any,  # noqa: ANN401 - values of any fact
    vocabulary: Vocabulary,
) -> str:
    """Return a fact's value as people read it, for two versions side by side."""
    if value is None or value in ([], ""):
        return "None of the list" if name == "access" and value == [] else "(nothing)"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if name == "place":
        return _place_words(connection, value)
    if name == "kind":
        return kind_word(value)
    if name == "consent_how":
        return CONSENT_WORDS.get(value, str(value))
    pairs = pairs_of(name, value, vocabulary)
    texts = [text for part, text in pairs if part != "access_looked"]
    if name == "opening_hours":
        texts = [f"{WEEKDAYS[int(part[-1])]} {text}" for part, text in pairs]
    elif name == "access":
        texts = [access_word(text) for text in texts]
    return ", ".join(texts)


def _place_words(connection: sa.Connection, place: Mapping[str, Any]) -> str:
    if "ward_code" in place:
        wards = find_wards_of_code(connection, gss_code=place["ward_code"])
        return f"Somewhere in {wards[0].name} ward" if wards else "Somewhere in its ward"
    if "postcode" in place:
        return f"At {place['postcode']}"
    return f"At latitude {place['lat']:.5f}, longitude {place['lon']:.5f}"
