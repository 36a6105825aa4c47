"""Two people change the same thing: what can be kept of both, and what somebody has to choose.

A form holds beside each field what it was when the page was opened (`was_…`). So a field that
only one of them touched is no clash, and one that both did is shown with both versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from app.connections.fields import Field
from app.parameters import Query

THEIRS, MINE, BOTH = "theirs", "mine", "both"


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that two people changed, with what each of them wrote."""

    field: Field
    theirs: str
    mine: str

    @property
    def can_keep_both(self) -> bool:
        """Whether the two can stand one after the other."""
        return bool(self.field.joint and self.theirs and self.mine)


@dataclass(slots=True)
class Edit:
    """What a form wants: the version it was opened with, values then and now, by field."""

    version: int
    mine: dict[str, str] = field(default_factory=dict)
    was: dict[str, str] = field(default_factory=dict)
    # Fields somebody was asked to choose about and has not.
    undecided: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Merged:
    """What is to be written, what somebody has to choose, and whether it was changed meanwhile."""

    changes: Mapping[str, str]
    clashes: tuple[Clash, ...]
    is_changed_meanwhile: bool


def read_edit(form: Query, fields: Mapping[str, Field]) -> Edit:
    """Read the fields a form holds, with what was chosen about clashes; others stay as they are."""
    edit = Edit(version=form.whole_number("version", low=0, high=10**9, default=0))
    for name, one in fields.items():
        if not form.has(name):
            continue
        edit.mine[name] = one.read(form)
        if form.has(f"was_{name}"):
            edit.was[name] = one.read_quietly(form.typed_long(f"was_{name}"))
        if form.has(f"choose_{name}"):
            _choose(form, one, edit)
    return edit


def _choose(form: Query, one: Field, edit: Edit) -> None:
    kept, theirs = form.typed(f"keep_{one.name}"), edit.was.get(one.name, "")
    if kept == THEIRS:
        edit.mine[one.name] = theirs
    elif kept == BOTH and one.joint:
        both = f"{theirs}{one.joint}{edit.mine[one.name]}"
        if len(both) > one.longest:
            form.wrong(
                one.name,
                f"{one.label}: both together are {len(both):,} characters long. Keep one of them,"
                f" or use {one.longest:,} or fewer.",
            )
        edit.mine[one.name] = both
    elif kept != MINE:
        edit.undecided.add(one.name)


def merge(edit: Edit, *, now: sa.Row[Any], fields: Mapping[str, Field]) -> Merged:
    """Return what an edit changes of the row stored `now`, and where it clashes with it."""
    is_changed = edit.version != now.version
    changes: dict[str, str] = {}
    clashes = []
    for name, mine in edit.mine.items():
        theirs, was = getattr(now, name), edit.was.get(name)
        if mine == theirs:
            continue
        if name in edit.undecided:
            clashes.append(Clash(fields[name], theirs, mine))
        elif not is_changed or was == theirs:
            changes[name] = mine
        elif mine != was:
            clashes.append(Clash(fields[name], theirs, mine))
    return Merged(changes, tuple(clashes), is_changed)


def merge_sets(*, mine: set[str], was: set[str] | None, now: set[str]) -> tuple[set[str], set[str]]:
    """Return what to add to a set and what to take out: only what this form itself changed."""
    before = now if was is None else was
    return (mine - before) - now, (before - mine) & now
