"""The facts of an asset people can record and correct: read from what a form or a phone sends.

On the wire a fact has its plain name and a JSON value: `interests` are slugs, `place` is one of
{"lon", "lat", "accuracy_m"} (degrees, WGS 84; metres), {"postcode"} or {"ward_code"}.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.importers.normalise import clean_text, email_address, phone_number, web_address
from app.importers.normalise import postcode as read_postcode
from app.importers.refuges import suspect_words
from app.models import MOST_BEDS, Access, AssetKind, Consent
from app.models.base import GREAT_BRITAIN_LON_LAT

LONGEST_NAME = 120
LONGEST_LINE = 300
LONGEST_DESCRIPTION = 2_000
MOST_INTERESTS = 30
MOST_SPANS = 28
# About ten centimetres: no phone knows better where it is.
PLACE_DECIMALS = 6
WORST_ACCURACY_M = 100_000.0

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00", re.ASCII)
_WARD_CODE = re.compile(r"[EWS]\d{8}", re.ASCII)
_CHARITY = re.compile(r"\d{6,7}(-\d{1,3})?", re.ASCII)
_SLUG = re.compile(r"[a-z0-9_-]{1,100}", re.ASCII)


class Wrong(ValueError):
    """A value makes no sense; the message is for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: what pages call it, and how a value of it is read."""

    name: str
    label: str
    read: Callable[[object], Any]


@dataclass(slots=True)
class Facts:
    """Facts as read, by name, and what is wrong, by name: a sentence for each."""

    values: dict[str, Any] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def _line(longest: int) -> Callable[[object], str | None]:
    def read(value: object) -> str | None:
        text = _text(value, longest)
        return clean_text(text) if text is not None else None

    return read


def _text(value: object, longest: int) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise Wrong("Write this as text.")
    if len(value) > longest:
        raise Wrong(f"This is {len(value):,} characters long. Use {longest:,} or fewer.")
    return value


def _name(value: object) -> str:
    text = _line(LONGEST_NAME)(value)
    if not text:
        raise Wrong("Write a name, so that people know what it is.")
    return text


def _description(value: object) -> str | None:
    text = _text(value, LONGEST_DESCRIPTION)
    if text is None:
        return None
    lines = [clean_text(line) or "" for line in text.splitlines()]
    return "\n".join(lines).strip() or None


def _one_of(words: type[AssetKind | Consent], sentence: str) -> Callable[[object], str | None]:
    known = {word.value for word in words}

    def read(value: object) -> str | None:
        if (value is None or value == "") and words is Consent:
            return None
        if not isinstance(value, str) or value not in known:
            raise Wrong(sentence)
        return value

    return read


def _reading(reader: Callable[[str], str | None], sentence: str) -> Callable[[object], str | None]:
    def read(value: object) -> str | None:
        text = _line(LONGEST_LINE)(value)
        if text is None:
            return None
        if (found := reader(text)) is None:
            raise Wrong(sentence)
        return found

    return read


def _charity(text: str) -> str | None:
    plain = text.replace(" ", "")
    return plain if _CHARITY.fullmatch(plain) else None


def _truth(*, may_be_unknown: bool) -> Callable[[object], bool | None]:
    def read(value: object) -> bool | None:
        if value is None and may_be_unknown:
            return None
        if not isinstance(value, bool):
            raise Wrong("Say yes or no.")
        return value

    return read


def _beds(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_BEDS:
        raise Wrong(f"Beds are a whole number from 0 to {MOST_BEDS:,}.")
    return value


def _words(most: int, known: set[str] | None) -> Callable[[object], list[str]]:
    def read(value: object) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise Wrong("Give a list of words.")
        words = sorted(set(value))
        if len(words) > most:
            raise Wrong(f"Choose {most} or fewer.")
        if unknown := [word for word in words if not _is_known(word, known)]:
            raise Wrong(f"“{clean_text(unknown[0][:50]) or ''}” is not in the list.")
        return words

    return read


def _is_known(word: str, known: set[str] | None) -> bool:
    return word in known if known is not None else _SLUG.fullmatch(word) is not None


def _access(value: object) -> list[str] | None:
    known = {word.value for word in Access}
    return None if value is None else _words(len(known), known)(value)


def _hours(value: object) -> list[dict[str, Any]] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) > MOST_SPANS:
        raise Wrong("Give opening hours as a list of days.")
    spans = []
    for span in value:
        if not isinstance(span, dict):
            raise Wrong("Give opening hours as a list of days.")
        weekday, opens_at, closes_at = (
            span.get("weekday"), span.get("opens_at"), span.get("closes_at"),
        )  # fmt: skip
        is_day = isinstance(weekday, int) and not isinstance(weekday, bool) and 0 <= weekday <= 6
        clocks = (opens_at, closes_at)
        if not is_day or not all(isinstance(c, str) and _CLOCK.fullmatch(c) for c in clocks):
            raise Wrong("Write opening hours like 09:00 to 17:00.")
        if str(closes_at) <= str(opens_at):
            raise Wrong("It closes before it opens. Write opening hours like 09:00 to 17:00.")
        spans.append({"weekday": weekday, "opens_at": opens_at, "closes_at": closes_at})
    return sorted(spans, key=lambda span: (span["weekday"], span["opens_at"])) or None


def _place(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Wrong("Say where it is: where you stand, a pin on the map, or a postcode.")
    if "ward_code" in value:
        code = value["ward_code"]
        if not isinstance(code, str) or not _WARD_CODE.fullmatch(code):
            raise Wrong("Choose a ward.")
        return {"ward_code": code}
    if "postcode" in value:
        text = _text(value["postcode"], LONGEST_LINE)
        if text is None or (found := read_postcode(text)) is None:
            raise Wrong("Write a full postcode, like BD1 1AF.")
        return {"postcode": found}
    return _point(value)


def _point(value: Mapping[str, object]) -> dict[str, Any]:
    lon, lat = _number(value.get("lon")), _number(value.get("lat"))
    if lon is None or lat is None:
        raise Wrong("Say where it is: where you stand, a pin on the map, or a postcode.")
    west, south, east, north = GREAT_BRITAIN_LON_LAT
    if not (west <= lon <= east and south <= lat <= north):
        raise Wrong("That place is outside Great Britain, and this map is not.")
    place: dict[str, Any] = {
        "lon": round(lon, PLACE_DECIMALS), "lat": round(lat, PLACE_DECIMALS),
    }  # fmt: skip
    accuracy_m = _number(value.get("accuracy_m"))
    if accuracy_m is not None:
        place["accuracy_m"] = min(max(round(accuracy_m, 1), 0.0), WORST_ACCURACY_M)
    return place


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        # A whole number of hundreds of digits.
        return None
    return number if math.isfinite(number) else None


FACTS: Mapping[str, Fact] = {
    fact.name: fact
    for fact in (
        Fact("kind", "Kind", _one_of(AssetKind, "Choose what kind of thing it is.")),
        Fact("name", "Name", _name),
        Fact("description", "What it is", _description),
        Fact("place", "Where it is", _place),
        Fact("address", "Address", _line(LONGEST_LINE)),
        Fact(
            "postcode", "Postcode", _reading(read_postcode, "Write a full postcode, like BD1 1AF.")
        ),
        Fact(
            "phone", "Telephone number",
            _reading(phone_number, "Write a telephone number people can ring, like 01274 496000."),
        ),
        Fact(
            "email", "Email address",
            _reading(email_address, "Write an email address, like name@example.org."),
        ),
        Fact(
            "website", "Website",
            _reading(web_address, "Write a web address, like https://example.org."),
        ),
        Fact("is_contact_public", "Contact may be shown", _truth(may_be_unknown=False)),
        Fact("interests", "Interests", _words(MOST_INTERESTS, None)),
        Fact("access", "Getting in", _access),
        Fact("is_indoors", "Indoors", _truth(may_be_unknown=True)),
        Fact("opening_hours", "Opening hours", _hours),
        Fact("beds", "Beds", _beds),
        Fact(
            "charity_number", "Charity number",
            _reading(_charity, "A charity number has six or seven digits, like 1234567."),
        ),
        Fact("consent_how", "How they agreed", _one_of(Consent, "Say how they agreed.")),
    )
}  # fmt: skip


def read_facts(given: Mapping[str, object]) -> Facts:
    """Read facts as sent; what is no fact of ours, or makes no sense, is a problem under its name.

    Words that suggest a refuge are a problem too: its place must never be on the map.
    """
    read = Facts()
    for name, value in given.items():
        fact = FACTS.get(name)
        if fact is None:
            read.problems[name[:50]] = "We do not know this field."
            continue
        try:
            read.values[name] = fact.read(value)
        except Wrong as wrong:
            read.problems[name] = str(wrong)
    for name in ("name", "description"):
        if suspect_words(read.values.get(name)):
            read.problems[name] = (
                "This may be a refuge. Its place must never be on a map: please leave it out."
            )
    return read


def for_new_asset(given: Mapping[str, object]) -> Facts:
    """Read the facts of a new asset: it needs a kind, a name and a place.

    A skill or network also needs that the person agreed; its contact is never public.
    """
    read = read_facts(given)
    needed = {
        "kind": "Choose what kind of thing it is.",
        "name": "Write a name, so that people know what it is.",
        "place": "Say where it is: where you stand, a pin on the map, or a postcode.",
    }
    for name, sentence in needed.items():
        if name not in read.values and name not in read.problems:
            read.problems[name] = sentence
    if read.values.get("kind") == AssetKind.INFORMAL:
        if not read.values.get("consent_how") and "consent_how" not in read.problems:
            read.problems["consent_how"] = (
                "Ask them first, and say here how they agreed to be on the map."
            )
        read.values["is_contact_public"] = False
    return read
