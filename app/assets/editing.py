"""What people do to one asset: add it, change it, find it gone, put it back.

Nothing is ever overwritten unseen. Each change of a fact says what the person saw (`was`) and what
they want (`now`): a fact that somebody else changed meanwhile is a clash, and nothing of that
edit is written; facts nobody else touched go together.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.assets import edit_queries as queries
from app.assets.fact_columns import FactsRefused, columns_of
from app.assets.facts import FACTS
from app.errors import NotFound
from app.models import AssetKind, LocationSource
from app.parameters import today

__all__ = [
    "HIDDEN", "PRIVATE", "PRIVATE_IF_INFORMAL", "Change", "Clash", "Edited", "FactsRefused",
    "add_asset", "bring_back", "change_asset", "columns_of", "confirm", "facts_of", "is_same",
    "mark_gone",
]  # fmt: skip

# Points nearer than this (degrees, about a metre) are the same place.
SAME_PLACE = 0.00001
PRIVATE = ("phone", "email")
# What of an informal asset nobody is shown: it is placed on its ward and no nearer.
PRIVATE_IF_INFORMAL = (*PRIVATE, "address", "postcode")
# Teams and their residents belong to these.
FOR_EDITORS = (AssetKind.CARE_HOME, AssetKind.SURGERY)
# No fact has more steps: a list of days, each with its hours.
DEEPEST = 4
# Stands for a contact that is there and not shown. Sent back as `was`, it says: I know that there
# is one, and want it replaced.
HIDDEN = {"hidden": True}


@dataclass(frozen=True, slots=True)
class Change:
    """One fact as the person saw it, and as they want it."""

    was: Any
    now: Any


@dataclass(frozen=True, slots=True)
class Clash:
    """A fact somebody else changed meanwhile: what it was, is now, and what this person wants.

    `is_hidden`: there is a private contact, which is not shown; `theirs` is then `HIDDEN`.
    """

    name: str
    label: str
    was: Any
    theirs: Any
    mine: Any
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Edited:
    """What came of an edit. With clashes, or when it has gone, nothing was written."""

    asset_id: uuid.UUID
    version: int
    clashes: tuple[Clash, ...] = ()
    # Set when somebody found it gone meanwhile: it can be put back with this edit.
    gone_at: dt.datetime | None = None
    # Set when it was merged meanwhile: this is the one that is shown.
    instead: uuid.UUID | None = None
    is_changed_meanwhile: bool = False

    @property
    def is_written(self) -> bool:
        """Whether the edit is stored."""
        return not self.clashes and self.gone_at is None and self.instead is None


def add_asset(
    session: Session,
    *,
    asset_id: uuid.UUID,
    facts: Mapping[str, Any],
    acting_as: str,
    service_name: str,
    account_id: uuid.UUID | None = None,
    is_seen: bool = True,
    checked_on: dt.date | None = None,
) -> int:
    """Store a new asset of ours and return its version.

    `facts` as `app.assets.facts.for_new_asset` read them. `is_seen`: whoever adds it stands before
    it, which counts as a check, of the day `checked_on`. Raises FactsRefused for an unknown
    postcode or ward, or an id that is taken.
    """
    queries.act_as(session, acting_as=acting_as)
    columns = columns_of(session, facts, kind=facts["kind"])
    version = queries.insert_asset(
        session,
        asset_id=asset_id,
        source_id=queries.own_source_id(session, service_name=service_name),
        columns=columns,
    )
    if version is None:
        raise FactsRefused({"asset_id": "This has been recorded already. Open it and change it."})
    if is_seen:
        queries.add_check(
            session, asset_id=asset_id, checked_on=checked_on or today(), outcome="confirmed",
            account_id=account_id,
        )  # fmt: skip
    return version


def change_asset(
    session: Session,
    *,
    asset_id: uuid.UUID,
    seen_version: int,
    changes: Mapping[str, Change],
    acting_as: str,
    put_back: bool = False,
    undoes: int | None = None,
    sees_private: bool = False,
) -> Edited:
    """Change facts of an asset; see `Edited` for what can come of it.

    `changes` hold values as `app.assets.facts` read them. `sees_private`: this person is an editor,
    who was shown contacts that are not public. Raises NotFound if there never was such an asset,
    FactsRefused for an unknown postcode or ward, and what only editors may do.
    """
    _refuse_depths(changes)
    row = _locked(session, asset_id)
    if row.duplicate_of is not None:
        return Edited(asset_id, row.version, instead=row.duplicate_of)
    if row.gone_at is not None and not put_back:
        return Edited(asset_id, row.version, gone_at=row.gone_at)
    is_changed = row.version != seen_version
    now = facts_of(session, row, shows_private=sees_private)
    hidden = () if sees_private else _hidden_of(row)
    clashes = [
        clash
        for name, change in changes.items()
        if (clash := _clash(name, change, now, hidden)) is not None
    ]
    if clashes:
        return Edited(asset_id, row.version, tuple(clashes), is_changed_meanwhile=is_changed)
    wanted = {
        name: change.now
        for name, change in changes.items()
        if (name in hidden and change.was == HIDDEN) or not is_same(name, change.now, now.get(name))
    }
    _refuse_showing_what_was_hidden(wanted, hidden)
    kind = wanted.get("kind", row.kind)
    _refuse_kind(row.kind, kind, is_editor=sees_private)
    columns = columns_of(session, wanted, kind=kind, row=row, may_show=sees_private)
    if row.gone_at is not None:
        columns["gone_at"] = None
    if not columns:
        return Edited(asset_id, row.version, is_changed_meanwhile=is_changed)
    queries.act_as(session, acting_as=acting_as, undoes=undoes)
    version = queries.update_asset(
        session, asset_id=asset_id, columns=columns, kept=sorted(columns)
    )
    return Edited(asset_id, version, is_changed_meanwhile=is_changed)


def mark_gone(
    session: Session,
    *,
    asset_id: uuid.UUID,
    acting_as: str,
    account_id: uuid.UUID | None = None,
    checked_on: dt.date | None = None,
    undoes: int | None = None,
) -> int:
    """Record that an asset is no longer there; return its version. Twice is the same as once."""
    row = _locked(session, asset_id)
    queries.add_check(
        session, asset_id=asset_id, checked_on=checked_on or today(), outcome="gone",
        account_id=account_id,
    )  # fmt: skip
    if row.gone_at is not None:
        return int(row.version)
    queries.act_as(session, acting_as=acting_as, undoes=undoes)
    return queries.update_asset(
        session,
        asset_id=asset_id,
        columns={"gone_at": dt.datetime.now(tz=dt.UTC)},
        kept=["gone_at"],
    )


def bring_back(
    session: Session, *, asset_id: uuid.UUID, acting_as: str, undoes: int | None = None
) -> int:
    """Put an asset that had gone back on the map; return its version."""
    row = _locked(session, asset_id)
    if row.gone_at is None:
        return int(row.version)
    queries.act_as(session, acting_as=acting_as, undoes=undoes)
    return queries.update_asset(
        session, asset_id=asset_id, columns={"gone_at": None}, kept=["gone_at"]
    )


def confirm(
    session: Session,
    *,
    asset_id: uuid.UUID,
    checked_on: dt.date,
    fact: str | None = None,
    account_id: uuid.UUID | None = None,
) -> int:
    """Record that somebody saw it is still there, or that one fact is still right."""
    row = _locked(session, asset_id)
    queries.add_check(
        session, asset_id=asset_id, checked_on=checked_on, outcome="confirmed", fact=fact,
        account_id=account_id,
    )  # fmt: skip
    return int(row.version)


def _locked(session: Session, asset_id: uuid.UUID) -> sa.Row[Any]:
    row = queries.lock_asset(session, asset_id=asset_id)
    if row is None:
        raise NotFound("There is nothing on the map at this address.")
    return row


def facts_of(session: Session, row: sa.Row[Any], *, shows_private: bool = False) -> dict[str, Any]:
    """Return an asset's facts by name, as the wire has them (row: `edit_queries.FACTS_OF`).

    A contact that is not public is left out as None, as everybody sees it, unless `shows_private`.
    """
    is_by_ward = row.location_source == LocationSource.WARD
    place: dict[str, Any] | None = (
        {"ward_code": row.ward_code}
        if is_by_ward or row.lon is None
        else {"lon": round(row.lon, 6), "lat": round(row.lat, 6)}
    )
    if row.location_source == LocationSource.NONE:
        place = None
    facts = {
        name: getattr(row, name) for name in FACTS if name not in {"place", "interests"}
    } | {
        "place": place,
        "interests": queries.interest_slugs_of(session, ids=row.interest_ids),
    }  # fmt: skip
    return facts if shows_private else facts | dict.fromkeys(_hidden_of(row))


def _hidden_of(row: sa.Row[Any]) -> tuple[str, ...]:
    """Return the names of an asset's contacts that are there and not shown."""
    private: tuple[str, ...] = () if row.is_contact_public else PRIVATE
    if row.kind == AssetKind.INFORMAL:
        private = PRIVATE_IF_INFORMAL
    return tuple(name for name in private if getattr(row, name) is not None)


def _clash(
    name: str, change: Change, now: Mapping[str, Any], hidden: tuple[str, ...]
) -> Clash | None:
    theirs = now.get(name)
    if name in hidden:
        # Nobody who cannot see a number may replace it unasked.
        if change.was == HIDDEN or change.now is None:
            return None
        return Clash(name, FACTS[name].label, change.was, HIDDEN, change.now, is_hidden=True)
    if is_same(name, change.now, theirs) or is_same(name, change.was, theirs):
        return None
    # Whatever the version: what they were shown is not what is stored.
    return Clash(name, FACTS[name].label, change.was, theirs, change.now)


def _refuse_depths(changes: Mapping[str, Change]) -> None:
    """Refuse what nobody was ever shown, before anything has to go down all its steps."""
    deep = [name for name, change in changes.items() if not _is_within(change.was, DEEPEST)]
    if deep:
        sentence = "What you saw of this cannot be read. Open it again and make your change there."
        raise FactsRefused(dict.fromkeys(deep, sentence))


def _is_within(value: Any, depth: int) -> bool:  # noqa: ANN401 - as somebody sent it
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return depth > 0 and all(_is_within(one, depth - 1) for one in inner)


def _refuse_kind(was: str, now: str, *, is_editor: bool) -> None:
    if was != now and was in FOR_EDITORS and not is_editor:
        raise FactsRefused(
            {
                "kind": "Only editors change the kind of a care home or a surgery. Leave it, and"
                " tell an editor."
            }
        )


def _refuse_showing_what_was_hidden(wanted: Mapping[str, Any], hidden: tuple[str, ...]) -> None:
    if wanted.get("is_contact_public") and any(name not in wanted for name in hidden):
        sentence = "There is a private contact you cannot see. Ask an editor before it is shown."
        raise FactsRefused({"is_contact_public": sentence})


def is_same(name: str, one: Any, other: Any) -> bool:  # noqa: ANN401 - values of any fact
    """Return whether two values of a fact say the same."""
    if name == "place":
        return _is_same_place(one, other)
    return _plain(name, one) == _plain(name, other)


def _is_same_place(one: Any, other: Any) -> bool:  # noqa: ANN401 - as somebody sent it
    if not isinstance(one, dict) or not isinstance(other, dict):
        return bool(one == other)
    if "ward_code" in one or "ward_code" in other:
        return one.get("ward_code") == other.get("ward_code")
    if "postcode" in one or "postcode" in other:
        # Where a postcode is has to be looked up.
        return False
    pairs = [(one.get(axis), other.get(axis)) for axis in ("lon", "lat")]
    return all(
        isinstance(a, int | float) and isinstance(b, int | float) and _is_near(a, b)
        for a, b in pairs
    )


def _is_near(one: float, other: float) -> bool:
    try:
        return abs(one - other) < SAME_PLACE
    except OverflowError:
        # A whole number of hundreds of digits is nowhere.
        return False


def _plain(name: str, value: Any) -> str:  # noqa: ANN401 - values of any fact
    # No and nought say something; an empty list says that somebody looked, except where it
    # cannot.
    if value == "" or (value == [] and name in {"interests", "opening_hours"}):
        value = None
    return json.dumps(value, sort_keys=True, default=str)
