"""What people do with the history of an asset: read it, and take a change back."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.people import Person
from app.assets import edit_queries
from app.assets.editing import (
    PRIVATE,
    Change,
    Clash,
    FactsRefused,
    bring_back,
    change_asset,
    mark_gone,
)
from app.assets.schemas import Names
from app.errors import NotAllowed, NotFound
from app.history import queries
from app.history.wording import ACTIONS, LABELS, ROLES, say_fact, say_unshown
from app.models import AssetKind

# How long mappers may take back what they did.
OWN_FOR = dt.timedelta(days=1)
# Follow from others, or are put right elsewhere.
NOT_PUT_BACK = {"consent_on", "consent_how", "duplicate_of"}
# Nobody keeps it of a skill or network.
DOOR = ("address", "postcode")
CAN_BE_UNDONE = {"added", "changed", "gone", "back"}


class Outcome(StrEnum):
    """What came of taking a change back."""

    DONE = "done"
    ALREADY = "already"
    CLASH = "clash"
    GONE = "gone"
    NOTHING = "nothing"
    NOT_YOURS = "not-yours"


@dataclass(frozen=True, slots=True)
class Undone:
    """The same, with what clashes, what was put back, and the version that was looked at."""

    outcome: Outcome
    clashes: tuple[Clash, ...] = ()
    version: int = 0
    problem: str = ""
    # A skill or network has a door again, and nobody kept which.
    lacks_address: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One change as a page shows it; `facts` are label, old and new.

    Where the values are not shown these are None, and a whole sentence stands for the label.
    """

    id: int
    at: dt.datetime
    who: str
    what: str
    facts: tuple[tuple[str, str | None, str | None], ...]
    undoes: int | None
    is_undone: bool
    can_be_undone: bool


def undone_ids(rows: Iterable[Any]) -> set[int]:
    """Return which changes are taken back, given rows with id and undoes: undoing can be undone."""
    undone: set[int] = set()
    for row in sorted(rows, key=lambda row: row.id, reverse=True):
        # From the newest: whether it counts itself is known by then.
        if row.undoes is not None and row.id not in undone:
            undone.add(row.undoes)
    return undone


def lines_of(
    rows: Sequence[sa.Row[Any]], names: Names, *, imported_from: str, may_undo: set[int]
) -> list[Line]:
    """Return changes as a page shows them; `may_undo`: ids whoever looks may take back."""
    undone = undone_ids(rows)
    return [
        Line(
            row.id,
            row.at,
            f"An import of {imported_from}" if row.acting_as == "import" and imported_from
            else ROLES.get(row.acting_as, "Somebody"),
            f"took back the change {row.undoes}" if row.undoes else ACTIONS[row.action],
            tuple(_facts_of(row, names)),
            row.undoes,
            row.id in undone,
            row.id in may_undo and row.id not in undone and row.action in CAN_BE_UNDONE,
        )
        for row in rows
    ]  # fmt: skip


def _facts_of(row: sa.Row[Any], names: Names) -> Iterable[tuple[str, str | None, str | None]]:
    for column in row.columns:
        if column == "duplicate_of":
            continue
        label = LABELS.get(column, column)
        if column not in row.became:
            yield say_unshown(column, is_new=row.action == "added"), None, None
        elif row.action == "added":
            # Of something new only what is known of it.
            if row.became[column] not in (None, "", []):
                yield label, None, say_fact(column, row.became[column], names)
        else:
            yield (
                label,
                say_fact(column, row.was.get(column), names),
                say_fact(column, row.became[column], names),
            )


def find_undoable(session: Session, person: Person, *, asset_id: uuid.UUID) -> set[int]:
    """Return the changes of an asset somebody may take back."""
    if not person.is_mapper:
        return set()
    rows = (
        queries.list_all(session, asset_id=asset_id)
        if person.is_editor
        else queries.list_own(
            session, asset_id=asset_id, account_id=person.account_id, within=OWN_FOR
        )
    )
    return {row.id for row in rows}


def undo(
    session: Session,
    person: Person,
    *,
    asset_id: uuid.UUID,
    change_id: int,
    known: Mapping[str, Any] | None = None,
    keep: frozenset[str] = frozenset(),
) -> Undone:
    """Take a change of an asset back, for an editor, or a mapper whose own of today it is.

    `known`: what somebody who was told of a clash saw stored; `keep`: facts to leave so. Raises
    NotFound, NotAllowed.
    """
    change = queries.find_change(session, change_id=change_id)
    if change is None or change.asset_id != asset_id or change.action not in CAN_BE_UNDONE:
        raise NotFound("There is no such change to take back.")
    is_own = change.account_id == person.account_id
    is_fresh = dt.datetime.now(tz=dt.UTC) - change.at < OWN_FOR
    if not (person.is_editor or (is_own and is_fresh)):
        raise NotAllowed("Mappers can take back their own changes, for a day.")
    return take_back(
        session, change, acting_as=person.acting_as, known=known, keep=keep,
        is_editor=person.is_editor,
    )  # fmt: skip


def take_back(  # noqa: PLR0911 - one answer for each thing that can come of it
    session: Session,
    change: sa.Row[Any],
    *,
    acting_as: str,
    known: Mapping[str, Any] | None = None,
    keep: frozenset[str] = frozenset(),
    is_editor: bool = True,
) -> Undone:
    """Take a change back (a row of `queries.find_change`); it is recorded which.

    Only what an editor takes back (`is_editor`) can show again what a skill or network hid.
    """
    # Two who press at once wait for each other here, and the second finds it done.
    row = edit_queries.lock_asset(session, asset_id=change.asset_id)
    if row is None or row.duplicate_of is not None:
        raise NotFound("This has been joined with another entry. Take them apart first.")
    if change.id in undone_ids(queries.list_undoing(session, asset_id=change.asset_id)):
        return Undone(Outcome.ALREADY)
    of = {"asset_id": change.asset_id, "acting_as": acting_as, "undoes": change.id}
    is_gone = row.gone_at is not None
    if change.action == "gone":
        if not is_gone:
            return Undone(Outcome.ALREADY)
        bring_back(session, **of)
        return Undone(Outcome.DONE)
    if change.action == "added":
        if is_gone:
            return Undone(Outcome.ALREADY)
        mark_gone(session, **of)
        return Undone(Outcome.DONE)
    if is_gone:
        return Undone(Outcome.GONE)
    undone = _put_back(session, change, of, known or {}, keep, row=row, is_editor=is_editor)
    if change.action == "back" and undone.outcome in {Outcome.DONE, Outcome.NOTHING}:
        mark_gone(session, **of)
        return Undone(Outcome.DONE)
    return undone


def _put_back(
    session: Session,
    change: sa.Row[Any],
    of: Mapping[str, Any],
    known: Mapping[str, Any],
    keep: frozenset[str],
    *,
    row: sa.Row[Any],
    is_editor: bool,
) -> Undone:
    """Write the facts of a change as they were before it."""
    kept = _reversed(session, change)
    if not kept:
        return Undone(Outcome.NOTHING)
    changes = {
        name: Change(known.get(name, one.was), one.now)
        for name, one in kept.items()
        if name not in keep
    }
    is_shown_again = _leaves_informal(row, changes)
    if is_shown_again and not (is_editor and _is_old_contact(session, change)):
        # What was told to a skill or network meanwhile was told for nobody's eyes.
        changes.pop("is_contact_public", None)
    try:
        edited = change_asset(
            session, seen_version=change.version, changes=changes, sees_private=is_editor, **of
        )
    except FactsRefused as refused:
        outcome = Outcome.NOT_YOURS if set(refused.problems) == {"kind"} else Outcome.NOTHING
        return Undone(outcome, problem=str(refused))
    if edited.clashes:
        return Undone(Outcome.CLASH, edited.clashes, edited.version)
    if edited.version == row.version:
        return Undone(Outcome.ALREADY, version=edited.version)
    if is_shown_again:
        # A file may bring back what is not kept here.
        edit_queries.keep_no_more(session, asset_id=row.id, columns=DOOR)
    lacks_address = is_shown_again and not set(DOOR).isdisjoint(change.columns)
    return Undone(Outcome.DONE, version=edited.version, lacks_address=lacks_address)


def _leaves_informal(row: sa.Row[Any], changes: Mapping[str, Change]) -> bool:
    kind = changes.get("kind")
    return row.kind == AssetKind.INFORMAL and kind is not None and kind.now != AssetKind.INFORMAL


def _is_old_contact(session: Session, change: sa.Row[Any]) -> bool:
    """Return whether an asset has the contact it had before a change and no other."""
    return not queries.is_any_changed_since(
        session, asset_id=change.asset_id, change_id=change.id, columns=PRIVATE
    )


def _reversed(session: Session, change: sa.Row[Any]) -> dict[str, Change]:
    """Return the change the other way round, as far as its values are kept."""
    changes: dict[str, Change] = {}
    for column in change.columns:
        if column in NOT_PUT_BACK or column not in change.was or column not in change.became:
            continue
        was, became = change.was[column], change.became[column]
        if column == "place" and not (was and ("ward_code" in was or was.get("lon") is not None)):
            continue
        if column == "interest_ids":
            changes["interests"] = Change(
                edit_queries.interest_slugs_of(session, ids=became or []),
                edit_queries.interest_slugs_of(session, ids=was or []),
            )
        else:
            changes[column] = Change(became, was)
    return changes
