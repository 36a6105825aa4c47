"""A record as a phone writes it, understood: what was done to which asset, and when."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.assets.editing import HIDDEN, Change
from app.assets.facts import FACTS, Facts, Wrong, for_new_asset, read_facts
from app.errors import NotFound
from app.fieldwork.record_refusals import refused_facts
from app.importers.normalise import clean_text
from app.parameters import read_uuid, today

ACTIONS = ("add", "edit", "check", "photo")
OUTCOMES = ("confirmed", "gone")
LONGEST_ALT = 300
LONGEST_TIME = 40
LARGEST_VERSION = 2**31 - 1
# Older than this, what somebody saw is no news: the day it arrives counts.
OLDEST_CHECK = dt.timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Record:
    """One thing somebody recorded. What does not belong to its action is empty."""

    id: uuid.UUID
    account_id: uuid.UUID
    action: str
    asset_id: uuid.UUID
    # The local day it was recorded, as a check may have it.
    checked_on: dt.date
    facts: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Change] = field(default_factory=dict)
    seen_version: int = 0
    is_put_back: bool = False
    outcome: str = "confirmed"
    fact: str | None = None
    # What each photo shows, in words.
    alts: tuple[str, ...] = ()


def read_record(raw: bytes) -> Record:
    """Read a record; raises Refused (`facts`, a sentence for each problem)."""
    try:
        given = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise refused_facts({"record": "The record is not JSON in UTF-8."}) from None
    if not isinstance(given, dict):
        raise refused_facts({"record": "The record is not an object."})
    reading = _Reading(given)
    record = Record(
        id=reading.identifier("id"),
        account_id=reading.identifier("account_id"),
        action=reading.one_of("action", ACTIONS),
        asset_id=reading.identifier("asset_id"),
        checked_on=reading.day("made_at"),
        alts=reading.alts(),
        **reading.of_action(),
    )
    if reading.problems:
        raise refused_facts(reading.problems)
    return record


def check_day(made_at: dt.datetime) -> dt.date:
    """Return the local day of a check: never in the future, and none that is long past."""
    now = today()
    try:
        day = made_at.astimezone().date()
    except (OverflowError, ValueError, OSError):
        return now
    return day if now - OLDEST_CHECK <= day <= now else now


def _as_read(name: str, was: object) -> object:
    """Return what somebody saw as the server would have stored it.

    A phone shows what was typed on it until it hears how it was stored: “01274496000” and
    “01274 496000” are no clash. What cannot be read is compared as it is.
    """
    if was is None or was == HIDDEN:
        return was
    try:
        return FACTS[name].read(was)
    except Wrong:
        return was


class _Reading:
    """Reads one field after the other and remembers what is wrong."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self.problems: dict[str, str] = {}

    def wrong(self, name: str, sentence: str) -> None:
        self.problems.setdefault(name, sentence)

    def identifier(self, name: str) -> uuid.UUID:
        value = self.given.get(name)
        try:
            return read_uuid(value if isinstance(value, str) else "")
        except NotFound:
            self.wrong(name, f"“{name}” is not an identifier.")
            return uuid.UUID(int=0)

    def one_of(self, name: str, words: tuple[str, ...]) -> str:
        value = self.given.get(name)
        if isinstance(value, str) and value in words:
            return value
        self.wrong(name, f"“{name}” must be one of: {', '.join(words)}.")
        return words[0]

    def day(self, name: str) -> dt.date:
        value = self.given.get(name)
        try:
            if not isinstance(value, str) or len(value) > LONGEST_TIME:
                raise ValueError
            return check_day(dt.datetime.fromisoformat(value))
        except ValueError:
            self.wrong(name, f"“{name}” is not a time. Write it like 2026-11-26T14:30:00Z.")
            return today()

    def version(self) -> int:
        value = self.given.get("seen_version")
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_VERSION:
            return value
        self.wrong("seen_version", "“seen_version” is not a version.")
        return 0

    def alts(self) -> tuple[str, ...]:
        photos = self.given.get("photos", [])
        if not isinstance(photos, list):
            self.wrong("photos", "“photos” is not a list.")
            return ()
        alts = [one.get("alt", "") if isinstance(one, dict) else None for one in photos]
        if not all(isinstance(alt, str) and len(alt) <= LONGEST_ALT for alt in alts):
            self.wrong("photos", f"Say what each photo shows in {LONGEST_ALT} characters or fewer.")
            return ()
        return tuple(clean_text(alt) or "" for alt in alts)

    def of_action(self) -> dict[str, Any]:
        """Return what the record's action needs."""
        action = self.given.get("action")
        if action == "add":
            return {"facts": self.read(for_new_asset, "facts")}
        if action == "edit":
            return {
                "changes": self.changes(),
                "seen_version": self.version(),
                "is_put_back": self.put_back(),
            }
        if action == "check":
            return {
                "outcome": self.one_of("outcome", OUTCOMES),
                "fact": self.fact(),
                "seen_version": self.version(),
            }
        return {}

    def read(self, reader: Any, name: str) -> Mapping[str, Any]:  # noqa: ANN401 - two readers
        given = self.given.get(name)
        if not isinstance(given, dict):
            self.wrong(name, f"“{name}” is not an object.")
            return {}
        found: Facts = reader(given)
        for field_name, sentence in found.problems.items():
            self.wrong(field_name, sentence)
        return found.values

    def changes(self) -> Mapping[str, Change]:
        given = self.given.get("changes")
        changes = given.values() if isinstance(given, dict) else [None]
        if not isinstance(given, dict) or not all(
            isinstance(change, dict) and {"was", "now"} <= change.keys() for change in changes
        ):
            self.wrong("changes", "“changes” must say “was” and “now” for each fact.")
            return {}
        found = read_facts({name: change["now"] for name, change in given.items()})
        for name, sentence in found.problems.items():
            self.wrong(name, sentence)
        return {
            name: Change(_as_read(name, given[name]["was"]), now)
            for name, now in found.values.items()
        }

    def put_back(self) -> bool:
        value = self.given.get("put_back", False)
        if not isinstance(value, bool):
            self.wrong("put_back", "“put_back” must be true or false.")
            return False
        return value

    def fact(self) -> str | None:
        value = self.given.get("fact")
        if value is None:
            return None
        if not isinstance(value, str) or value not in FACTS:
            self.wrong("fact", "“fact” is no fact of ours.")
            return None
        return value
