"""What OpenStreetMap tags mean to us, by the rules in data/reference/osm_tags.csv.

Each rule names a key and a value, or any value that no other rule of the key names (`*`). Of the
rules that apply to an object, the first with a kind decides what it is; the interests of all of
them are joined.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

RULES = Path(__file__).resolve().parents[3] / "data" / "reference" / "osm_tags.csv"
SKIP = "skip"
QUARANTINE = "quarantine"

# GDAL's hstore text: "key"=>"value", with backslashes before quotes and backslashes.
_PAIR = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*=>\s*(?:"((?:[^"\\]|\\.)*)"|NULL)\s*(?:,|$)')


class TagsError(ValueError):
    """Text that is not `"key"=>"value"` pairs."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the rules; `kind` may be an asset kind, "skip", "quarantine" or empty."""

    order: int
    key: str
    value: str
    kind: str
    interests: tuple[str, ...]
    is_indoors: bool | None
    note: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an object is: the rule that says so (None: no rule does), and all its interests."""

    rule: Rule | None
    interests: tuple[str, ...]


class TagRules:
    """The rules, found by key and value."""

    def __init__(self, rules: list[Rule]) -> None:
        self._rules = {(rule.key, rule.value): rule for rule in rules}
        self._keys = {rule.key for rule in rules}

    @classmethod
    def from_csv(cls, path: Path) -> TagRules:
        """Return the rules of a file with columns key, value, kind, interests, indoors, note."""
        with path.open(encoding="utf-8", newline="") as file:
            return cls(
                [
                    Rule(
                        order,
                        row["key"],
                        row["value"],
                        row["kind"],
                        tuple(slug for slug in row["interests"].split("|") if slug),
                        {"yes": True, "no": False}.get(row["indoors"]),
                        row["note"],
                    )
                    for order, row in enumerate(csv.DictReader(file))
                ]
            )

    def judge(self, tags: Mapping[str, str]) -> Verdict:
        """Return what an object with these tags is. Values of one key stand between semicolons."""
        applying = sorted(set(self._applying(tags)), key=lambda rule: rule.order)
        deciding = next((rule for rule in applying if rule.kind), None)
        interests = (slug for rule in applying for slug in rule.interests)
        return Verdict(deciding, tuple(dict.fromkeys(interests)))

    def _applying(self, tags: Mapping[str, str]) -> Iterator[Rule]:
        for key in self._keys & tags.keys():
            for part in tags[key].split(";"):
                value = part.strip().casefold()
                rule = self._rules.get((key, value)) or self._rules.get((key, "*"))
                if value and rule is not None:
                    yield rule


@cache
def our_rules() -> TagRules:
    """Return the rules that come with Patchwork."""
    return TagRules.from_csv(RULES)


def parse_other_tags(text: str) -> dict[str, str]:
    r"""Return the tags in GDAL's `other_tags` text: `"a"=>"b","c"=>"say \"d\", and e"`.

    Raises
    ------
    TagsError
        If any of it is something else.
    """
    tags: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _PAIR.match(text, position)
        if match is None:
            raise TagsError(f"these are not tags: {text[position : position + 60]!r}")
        key, value = match.groups()
        if value is not None:
            tags[_unescape(key)] = _unescape(value)
        position = match.end()
    return tags


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
