"""Scripts, days and two people's versions, without a database."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connections.fields import CONNECTION
from app.connections.merging import Edit, merge, merge_sets
from app.connections.script import Matter, draft_for, script_for
from app.connections.wording import (
    STATUSES,
    due,
    ways_back,
    ways_on,
    when_they_answer,
)

A_TUESDAY = dt.date(2026, 3, 3)
VISIT = Matter(caller="Ann", team_name="Bowmont House", is_home=True, title="Boccia", is_visit=True)


def test_what_to_say_when_they_come() -> None:
    script = script_for(VISIT)
    assert script.opening == (
        "Hello, this is Ann from Bowmont House, a care home. I am ringing about Boccia. We hear"
        " that you come to care homes. Some of our residents would enjoy that very much."
    )
    assert script.questions == (
        "Which day would suit you to come to us?",
        "What does it cost?",
        "What do you need from us: a table, a plug, a quiet room?",
        "Whom should I ask for next time?",
    )


def test_what_to_say_when_we_go() -> None:
    matter = dataclasses.replace(
        VISIT, is_visit=False, when=["Every Tuesday, 2pm"], cost_pence=250, contact_name="Mary",
        reasons=["Ask whether it is step-free.", "Has a hearing loop.", "Not checked yet."],
    )  # fmt: skip
    assert script_for(matter).questions == (
        "Is it still on every Tuesday, 2pm, and which day would suit you for us to come?",
        "Is it step-free all the way in?",
        "Is there a hearing loop?",
        "Does it still cost £2.50?",
    )
    assert draft_for(matter).body.startswith("Hello Mary,\n\nI am Ann from Bowmont House, a care")


def test_an_e_mail_address_cannot_smuggle_a_field_in() -> None:
    link = draft_for(VISIT).mailto("a@b.example?cc=x@y.example&body=")
    assert link.startswith("mailto:a@b.example%3Fcc%3Dx@y.example%26body%3D?subject=")


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (-2, "2 days late"), (-1, "1 day late"), (0, "today"), (1, "tomorrow"),
        (2, "Thursday 5 March"), (303, "Thursday 31 December"),
        (304, "1 January 2027"),
    ],
)  # fmt: skip
def test_when_it_is_due(days: int, said: str) -> None:
    assert due(A_TUESDAY + dt.timedelta(days=days), A_TUESDAY) == said


def test_when_they_answer() -> None:
    def open_on(weekday: int) -> list[dict[str, Any]]:
        return [{"weekday": weekday, "opens_at": "09:00", "closes_at": "12:30"}]

    today = "They are there today, 9am to 12.30pm."
    assert when_they_answer(open_on(1), A_TUESDAY) == today
    closed = "They are closed today. Ring {}, 9am to 12.30pm."
    assert when_they_answer(open_on(2), A_TUESDAY) == closed.format("tomorrow")
    assert when_they_answer(open_on(0), A_TUESDAY) == closed.format("on Monday")
    assert when_they_answer(None, A_TUESDAY) is None
    assert when_they_answer([{"weekday": "x"}], A_TUESDAY) is None


@pytest.mark.parametrize("status", STATUSES)
def test_every_step_can_be_reached_from_every_other(status: str) -> None:
    offered = [*ways_on(status), *ways_back(status)]
    assert sorted([status, *offered]) == sorted(STATUSES)


@dataclasses.dataclass
class Stored:
    version: int
    promised: str


words = st.sampled_from(["", "tea", "mats", "a van"])


@given(was=words, theirs=words, mine=words, is_same=st.booleans())
def test_nobodys_words_are_lost(*, was: str, theirs: str, mine: str, is_same: bool) -> None:
    """A three-way merge: what only one changed is taken, what both changed is asked."""
    stored: Any = Stored(version=2, promised=was if is_same else theirs)
    edit = Edit(version=2 if is_same else 1, mine={"promised": mine}, was={"promised": was})
    merged = merge(edit, now=stored, fields=CONNECTION)
    after = merged.changes.get("promised", stored.promised)
    if merged.clashes:
        assert after == stored.promised
        assert len({was, theirs, mine}) == 3
    elif mine != was:
        assert after == mine
    else:
        assert after == stored.promised


references = st.sets(st.sampled_from("ABCDE"))


@given(was=references, now=references, mine=references)
def test_ticks_change_only_what_was_ticked(was: set[str], now: set[str], mine: set[str]) -> None:
    added, removed = merge_sets(mine=mine, was=was, now=now)
    after = (now | added) - removed
    for one in "ABCDE":
        untouched = (one in mine) == (one in was)
        assert (one in after) == ((one in now) if untouched else (one in mine))
    assert not added & now
    assert removed <= now
