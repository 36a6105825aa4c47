"""Deciding about a pair: merging it, telling it apart, and taking either back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.assets import edit_queries
from app.assets.editing import Change, FactsRefused, change_asset, is_same
from app.duplicates import decide_queries as queries
from app.duplicates.sides import Pair, Side, label, read_pair

ACTING_AS = "editor"
DECIDED = {
    queries.MERGED: "Somebody has merged these two meanwhile. Look at what is here now.",
    queries.APART: "Somebody has said meanwhile that these are two places. Look again.",
}
# From the facts of the wire to the columns an import would write.
COLUMNS = {
    "place": ("geom", "location_source", "ward_code", "accuracy_m"), "interests": ("interest_ids",),
}  # fmt: skip


class Refused(Exception):
    """A decision that cannot be made now: the sentence says why and what to do next."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What came of taking a merge back: the facts that stay, because they were changed since."""

    staying: tuple[str, ...] = ()


def merge(
    session: Session,
    *,
    one: uuid.UUID,
    other: uuid.UUID,
    kept_id: uuid.UUID,
    seen: Mapping[uuid.UUID, int],
    take: Mapping[str, uuid.UUID],
    account_id: uuid.UUID,
) -> Pair:
    """Show two assets as one from now on, `kept_id`; return the pair as it was.

    `seen`: the version of each that the person saw; `take`: whose value they want of a fact.
    What pointed to the other points to the kept one. Raises Refused, and nothing is written.
    """
    pair = _locked(session, one=one, other=other)
    kept = pair.side(kept_id)
    if kept is None:
        raise Refused("Choose which entry is kept.")
    lost = pair.beside(kept)
    _refuse_unless_free(session, pair, seen)
    changes = _changes(pair, kept, take)
    copied = _copy(session, kept, changes) if changes else None
    moved = queries.list_pointing_to(session, asset_id=lost.id)
    edit_queries.act_as(session, acting_as=ACTING_AS)
    queries.point(session, ids=[lost.id, *moved], to=kept.id)
    columns = [column for name in changes for column in COLUMNS.get(name, (name,))]
    queries.save_decision(
        session,
        asset_id=pair.one.id,
        other_id=pair.other.id,
        status=queries.MERGED,
        account_id=account_id,
        likeness=pair.likeness.score,
        reasons=pair.likeness.reasons,
        kept_id=kept.id,
        undo={
            "copied": copied,
            "merged": queries.newest_change(session, asset_id=lost.id, action="merged"),
            "moved": moved,
            "newly_kept": sorted(set(columns) - set(kept.row.kept_fields)),
            "location_source": kept.row.location_source,
        },
    )
    return pair


def tell_apart(
    session: Session, *, one: uuid.UUID, other: uuid.UUID, account_id: uuid.UUID
) -> Pair:
    """Remember that two assets are two places; what an import had linked is shown again."""
    pair = _locked(session, one=one, other=other)
    decided = queries.find_pair(session, asset_id=pair.one.id, other_id=pair.other.id)
    if decided is not None and decided.word == queries.APART:
        return pair
    if decided is not None and decided.word == queries.MERGED:
        raise Refused(DECIDED[queries.MERGED])
    linked = [s.id for s in pair.sides if s.row.duplicate_of == pair.beside(s).id]
    if linked:
        edit_queries.act_as(session, acting_as=ACTING_AS)
        queries.point(session, ids=linked, to=None)
    _save(session, pair, queries.APART, account_id)
    return pair


def take_back(
    session: Session, *, one: uuid.UUID, other: uuid.UUID, account_id: uuid.UUID
) -> Undone:
    """Take back what was decided about a pair: it is open again.

    Merged ones are parted, and the copied facts are as before, but those changed since.
    """
    pair = _locked(session, one=one, other=other)
    decided = queries.find_pair(session, asset_id=pair.one.id, other_id=pair.other.id)
    if decided is None or decided.word == queries.LIKELY:
        raise Refused("Somebody has taken this back already. It is open again.")
    staying: tuple[str, ...] = ()
    if decided.word == queries.MERGED:
        staying = _part(session, pair, decided)
    _save(session, pair, queries.LIKELY, account_id)
    return Undone(staying)


def _save(session: Session, pair: Pair, status: str, account_id: uuid.UUID) -> None:
    queries.save_decision(
        session,
        asset_id=pair.one.id,
        other_id=pair.other.id,
        status=status,
        account_id=account_id,
        likeness=pair.likeness.score,
        reasons=pair.likeness.reasons,
    )


def _locked(session: Session, *, one: uuid.UUID, other: uuid.UUID) -> Pair:
    """Return a pair that nobody else can decide about until this transaction ends."""
    # In one order, so that two editors wait for each other instead of blocking each other.
    queries.lock_group(session, ids=[one, other])
    return read_pair(session, one=one, other=other)


def _refuse_unless_free(session: Session, pair: Pair, seen: Mapping[uuid.UUID, int]) -> None:
    decided = queries.find_pair(session, asset_id=pair.one.id, other_id=pair.other.id)
    if decided is not None and decided.word in DECIDED:
        raise Refused(DECIDED[decided.word])
    for side in pair.sides:
        if side.row.gone_at is not None:
            raise Refused(f"Somebody has found meanwhile that {side.letter} has gone. Look again.")
        if side.row.duplicate_of is not None:
            raise Refused(
                f"{side.letter} has been merged with another entry meanwhile. Look again."
            )
    changed = [side.letter for side in pair.sides if seen.get(side.id) != side.row.version]
    if changed:
        raise Refused(
            f"{' and '.join(changed)} was changed after you opened this page, so nothing was"
            " merged. What you see now is new: look again, then merge."
        )
    apart = queries.told_apart_between(session, one=pair.one.id, other=pair.other.id)
    if apart is not None:
        raise Refused(
            f"Somebody has said that “{apart.name}” and “{apart.other_name}”, which are part of"
            " these, are two places. Take that back first."
        )


def _changes(pair: Pair, kept: Side, take: Mapping[str, uuid.UUID]) -> dict[str, Change]:
    """Return what the kept one takes from the other."""
    lost = pair.beside(kept)
    return {
        name: Change(was=kept.facts[name], now=lost.facts[name])
        for name in pair.copyable
        if take.get(name) == lost.id
    }


def _copy(session: Session, kept: Side, changes: Mapping[str, Change]) -> int | None:
    """Write facts taken from the other; return the change that history keeps."""
    try:
        edited = change_asset(
            session,
            asset_id=kept.id,
            seen_version=kept.row.version,
            changes=changes,
            acting_as=ACTING_AS,
        )
    except FactsRefused as refused:
        name, sentence = next(iter(refused.problems.items()))
        raise Refused(f"{label(name)}: {sentence}") from None
    if not edited.is_written:
        raise Refused("Somebody has changed one of the two meanwhile. Look again, then merge.")
    return queries.newest_change(session, asset_id=kept.id, action="changed")


def _part(session: Session, pair: Pair, decided: sa.Row[Any]) -> tuple[str, ...]:
    """Show the two of a merged pair by themselves again; return the facts that stay copied."""
    kept = pair.side(decided.kept_id) or pair.one
    lost = pair.beside(kept)
    undo = decided.undo or {}
    staying = _give_back(session, kept, undo)
    edit_queries.act_as(session, acting_as=ACTING_AS, undoes=undo.get("merged"))
    moved = [uuid.UUID(text) for text in undo.get("moved", ())]
    still_here = queries.list_pointing_to(session, asset_id=lost.row.duplicate_of or kept.id)
    queries.point(session, ids=[lost.id], to=None)
    edit_queries.act_as(session, acting_as=ACTING_AS)
    queries.point(session, ids=[id_ for id_ in moved if id_ in still_here], to=lost.id)
    return staying


def _give_back(session: Session, kept: Side, undo: Mapping[str, Any]) -> tuple[str, ...]:
    """Make the facts that were copied what they were; return those changed since."""
    copied = undo.get("copied")
    change = None if copied is None else queries.find_change(session, change_id=copied)
    if change is None:
        return ()
    was, became = (_as_facts(session, values) for values in (change.was, change.became))
    names = [name for name in became if name in kept.facts]
    same = [name for name in names if is_same(name, kept.facts[name], became[name])]
    staying = tuple(name for name in names if name not in same)
    edited = change_asset(
        session,
        asset_id=kept.id,
        seen_version=kept.row.version,
        changes={name: Change(was=became[name], now=was.get(name)) for name in same},
        acting_as=ACTING_AS,
        undoes=copied,
    )
    if not edited.is_written:
        return tuple(names)
    given_back = {column for name in same for column in COLUMNS.get(name, (name,))}
    edit_queries.keep_no_more(
        session,
        asset_id=kept.id,
        columns=sorted(given_back & set(undo.get("newly_kept", ()))),
        location_source=undo.get("location_source") if "place" in same else None,
    )
    return staying


def _as_facts(session: Session, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what history keeps as facts of the wire: interests by name."""
    facts = {name: value for name, value in values.items() if name != "interest_ids"}
    if "interest_ids" in values:
        facts["interests"] = edit_queries.interest_slugs_of(session, ids=values["interest_ids"])
    return facts
