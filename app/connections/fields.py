"""The fields people fill in on a connection and on a visit: how they are read, and their words."""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.activities.clock import parse_day
from app.connections.wording import FACES, STATUSES
from app.parameters import Query, today
from app.words import long_date

LONGEST_LINE = 100
LONGEST_STEP = 200
LONGEST_SENTENCE = 300
LONGEST_NOTE = 2_000
# Nobody means a day outside these years: it is a slip of the finger.
FIRST_YEAR, YEARS_AHEAD = 2000, 3

_PHONE = re.compile(r"\+?[0-9() -]{5,30}", re.ASCII)


class Kind(enum.Enum):
    """What may stand in a field."""

    LINE = enum.auto()
    TEXT = enum.auto()  # several lines
    PHONE = enum.auto()
    DAY = enum.auto()
    WORD = enum.auto()  # one of a closed list


@dataclass(frozen=True, slots=True)
class Field:
    """One field. Values are texts; a day is written 2026-05-31, and "" is none."""

    name: str
    label: str
    kind: Kind = Kind.LINE
    longest: int = LONGEST_LINE
    words: Mapping[str, str] = field(default_factory=dict)
    # What two versions are put together with, where both may stand; "": only one may.
    joint: str = ""

    def show(self, value: str) -> str:
        """Return a value as a page shows it."""
        if self.kind is Kind.DAY and value:
            return long_date(dt.date.fromisoformat(value))
        return self.words.get(value, value)

    def read(self, form: Query) -> str:
        """Return what a form holds, or "" and a sentence in its problems that names the field."""
        if self.kind is Kind.DAY:
            value = self._day(form)
        elif self.kind is Kind.WORD:
            value = form.typed(self.name)
            if value not in self.words:
                form.wrong(self.name, f"{self.label}: choose one.")
        else:
            value = form.long_text(self.name, longest=self.longest)
            if self.kind is not Kind.TEXT:
                value = " ".join(value.split())
            if self.kind is Kind.PHONE and value and not _is_phone(value):
                form.wrong(self.name, "Write it in digits, like 01274 555 0101.")
        problem = form.problems.get(self.name)
        if problem is None:
            return value
        if not problem.startswith(self.label):
            form.problems[self.name] = f"{self.label}: {problem[:1].lower()}{problem[1:]}"
        return ""

    def _day(self, form: Query) -> str:
        day = form.date(self.name)
        if day is None:
            return ""
        if not FIRST_YEAR <= day.year <= today().year + YEARS_AHEAD:
            form.wrong(self.name, "Check the year.")
        return day.isoformat()

    def read_quietly(self, text: str) -> str:
        """Return a text our own page put into a hidden field, in the same shape as `read`."""
        lines = [" ".join(line.split()) for line in text.splitlines()]
        if self.kind is Kind.TEXT:
            return "\n".join(lines).strip()
        value = " ".join(" ".join(lines).split())
        if self.kind is Kind.DAY and value:
            try:
                return parse_day(value).isoformat()
            except ValueError:
                return ""
        return value


def _is_phone(value: str) -> bool:
    return bool(_PHONE.fullmatch(value)) and sum(c.isdigit() for c in value) >= 5


def by_name(fields: Iterable[Field]) -> Mapping[str, Field]:
    """Return fields by their names."""
    return {one.name: one for one in fields}


CONNECTION = by_name(
    [
        Field("welcomed_by", "Who welcomes them here"),
        Field("contact_name", "Whom to ask for"),
        Field("contact_phone", "The number they gave us", Kind.PHONE),
        Field("next_step", "Next step", longest=LONGEST_STEP),
        Field("next_step_on", "Day of the next step", Kind.DAY),
        Field("promised", "What was promised", Kind.TEXT, LONGEST_NOTE, joint="\n"),
        Field("what_worked", "What worked", Kind.TEXT, LONGEST_NOTE, joint="\n"),
    ]
)
STATUS = by_name(
    [Field("status", "How far it is", Kind.WORD, words={k: w.state for k, w in STATUSES.items()})]
)
VISIT = by_name(
    [
        Field("visited_on", "Day of the visit", Kind.DAY),
        Field("how_it_went", "How it went", Kind.WORD, words=FACES),
        Field("sentence", "In a sentence", longest=LONGEST_SENTENCE, joint=" "),
    ]
)
