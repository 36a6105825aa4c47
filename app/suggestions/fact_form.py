"""The facts of an asset in a form: shown as text people can type, read back as facts.

A form carries the facts as they were when it was opened (`was`, as JSON) with the version of the
asset, so that an edit knows which facts somebody changed and what they saw.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from app.assets.editing import HIDDEN, PRIVATE_IF_INFORMAL, Change, Clash
from app.assets.facts import FACTS, LONGEST_DESCRIPTION, read_facts
from app.importers.readers.opening_times import HoursError, hours_in_line
from app.interests.choosing import choose_interests, refuse_unsure
from app.models import Access
from app.parameters import Query
from app.words import WEEKDAYS
from geo.interests import Vocabulary

# What a group says of itself, in the order of the form.
OWN_FACTS = (
    "name", "description", "opening_hours", "address", "postcode", "phone", "email", "website",
    "interests", "access", "charity_number",
)  # fmt: skip
LONGEST_WAS = 50_000
_PIN = re.compile(r"\s*([+-]?\d{1,2}\.\d{1,15})\s*[,;\s]\s*([+-]?\d{1,2}\.\d{1,15})\s*")
_SOUTHERNMOST = 45.0
_WRITTEN = {
    "name", "description", "address", "postcode", "phone", "email", "website", "charity_number",
}  # fmt: skip
NO_PIN = "Write the place like 53.7930, -1.7540, as maps show it."


@dataclass(slots=True)
class Wanted:
    """What a form asks for: values by fact as they were and as they shall be."""

    was: dict[str, Any] = field(default_factory=dict)
    now: dict[str, Any] = field(default_factory=dict)

    @property
    def changes(self) -> dict[str, Change]:
        """The facts that differ from what was shown."""
        return {name: Change(self.was.get(name), value) for name, value in self.now.items()}


def typed_of(facts: Mapping[str, Any], vocabulary: Vocabulary) -> dict[str, str]:
    """Return facts as a form shows them."""
    typed = {name: str(facts.get(name) or "") for name in FACTS if name not in {"place", "access"}}
    # A contact that is there and not shown: an empty field is no wish to delete it.
    typed |= {name: "" for name, value in facts.items() if value == HIDDEN}
    typed["opening_hours"] = hours_as_lines(facts.get("opening_hours"))
    typed["interests"] = ", ".join(
        vocabulary.concept(slug).label
        for slug in facts.get("interests") or ()
        if slug in vocabulary
    )
    return typed


def hours_as_lines(spans: Sequence[Mapping[str, Any]] | None) -> str:
    """Return opening hours as somebody would write them: a line a day."""
    days: dict[int, list[str]] = {}
    for span in spans or ():
        days.setdefault(span["weekday"], []).append(f"{span['opens_at']} to {span['closes_at']}")
    return "\n".join(f"{WEEKDAYS[day]} {', '.join(of)}" for day, of in sorted(days.items()))


def read_was(form: Query) -> dict[str, Any]:
    """Return the facts as the form showed them; what makes no sense is nothing.

    Anybody can send anything here: what it returns can be stored, compared and shown.
    """
    try:
        was = json.loads(form.secret("was", longest=LONGEST_WAS) or "{}", parse_constant=_no_number)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(was, dict):
        return {}
    return {name: was[name] for name in was if name in FACTS and _could_be(name, was[name])}


def _no_number(word: str) -> None:
    raise ValueError(word)


def _could_be(name: str, value: Any) -> bool:  # noqa: ANN401 - whatever was sent
    """Return whether a fact can have been shown so; files bring words our rules would refuse."""
    if value is None or (value == HIDDEN and name in PRIVATE_IF_INFORMAL):
        return True
    if name in _WRITTEN:
        return isinstance(value, str) and _is_storable(value)
    if name == "place" and isinstance(value, dict) and set(value) == {"ward_code"}:
        code = value["ward_code"]
        return code is None or (isinstance(code, str) and _is_storable(code))
    try:
        read = FACTS[name].read(value)
    except (ValueError, OverflowError):
        return False
    # Nothing is hung on to it that the rules passed over.
    return _fields_of(value) <= _fields_of(read)


def _is_storable(text: str) -> bool:
    """Return whether PostgreSQL takes a text: it has no NUL, and no half of a pair."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _fields_of(value: Any) -> set[str]:  # noqa: ANN401 - a value of any fact
    """Return the names within a place or opening hours; none for other values."""
    parts = value if isinstance(value, list) else [value]
    return {name for part in parts if isinstance(part, dict) for name in part}


def write_was(facts: Mapping[str, Any]) -> str:
    """Return facts as the form carries them."""
    return json.dumps(dict(facts), separators=(",", ":"), default=str)


def read_wanted(
    connection: sa.Connection, vocabulary: Vocabulary, form: Query, *, names: Sequence[str]
) -> Wanted:
    """Read which of the facts `names` a form changes; its problems are the form's."""
    was = read_was(form)
    shown = typed_of(was, vocabulary)
    given: dict[str, Any] = {}
    for name in names:
        if name == "access":
            if form.has("has_access") and set(ticked(form)) != set(was.get("access") or ()):
                given["access"] = sorted(ticked(form))
        elif form.has(name) and _plain(form.typed_long(name)) != _plain(shown[name]):
            given[name] = _value(connection, vocabulary, form, name)
    if form.text("pin"):
        given["place"] = read_pin(form)
    read = read_facts({name: value for name, value in given.items() if name not in form.problems})
    for name, sentence in read.problems.items():
        form.wrong("pin" if name == "place" and "pin" not in form.problems else name, sentence)
    return Wanted(was, _with_the_place(read.values, was))


def ticked(form: Query) -> list[str]:
    """Return the words of access a form ticks."""
    return form.words("access", [word.value for word in Access])


def read_pin(form: Query) -> dict[str, float] | None:
    """Return a place typed as two numbers, whichever comes first."""
    match = _PIN.fullmatch(form.text("pin") or "")
    if match is None:
        form.wrong("pin", NO_PIN)
        return None
    one, other = float(match[1]), float(match[2])
    lat, lon = (one, other) if one > _SOUTHERNMOST else (other, one)
    return {"lon": lon, "lat": lat}


def _value(connection: sa.Connection, vocabulary: Vocabulary, form: Query, name: str) -> Any:  # noqa: ANN401 - values of any fact
    if name == "description":
        return form.long_text(name, longest=LONGEST_DESCRIPTION)
    if name == "opening_hours":
        return read_hours(form, name)
    if name == "interests":
        choice = choose_interests(connection, vocabulary, form, field=name)
        if name not in form.problems:
            refuse_unsure(form, choice, field=name)
        return choice.slugs
    return form.typed_long(name).strip()


def read_hours(form: Query, name: str) -> list[dict[str, Any]] | None:
    """Return opening hours typed in lines."""
    try:
        spans = hours_in_line(form.long_text(name))
    except (HoursError, ValueError):
        form.wrong(name, "Write a day or days and times on each line, like Mon-Fri 9am to 5pm.")
        return None
    return [
        {"weekday": span.weekday, "opens_at": span.opens_at, "closes_at": span.closes_at}
        for span in spans or ()
    ] or None


def _with_the_place(values: dict[str, Any], was: Mapping[str, Any]) -> dict[str, Any]:
    """Move what has another postcode than before; a first postcode moves no pin."""
    if was.get("postcode") and values.get("postcode") and "place" not in values:
        values = values | {"place": {"postcode": values["postcode"]}}
        del values["postcode"]
    return values


def _plain(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.splitlines()).strip()


def settled(form: Query, wanted: Wanted) -> Wanted:
    """Return what is wanted after somebody chose between their version and the stored one.

    For each fact that clashed the form has `keep_{name}`: "mine" or "theirs".
    """
    for name in list(wanted.now):
        if form.text(f"keep_{name}") == "theirs":
            del wanted.now[name]
    return wanted


def after_clash(was: Mapping[str, Any], clashes: Sequence[Clash]) -> dict[str, Any]:
    """Return the facts to carry on: what clashed is now known as it is stored."""
    return dict(was) | {clash.name: clash.theirs for clash in clashes}
