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

from app.areas.queries import find_wards_at, find_wards_of_code
from app.assets import edit_queries as queries
from app.assets.facts import FACTS
from app.errors import NotFound
from app.models import AssetKind, LocationSource
from app.parameters import today
from app.places.queries import find_postcode

# Points nearer than this (degrees, about a metre) are the same place.
SAME_PLACE = 0.00001
PRIVATE = ("phone", "email")


@dataclass(frozen=True, slots=True)
class Change:
    """One fact as the person saw it, and as they want it."""

    was: Any
    now: Any


@dataclass(frozen=True, slots=True)
class Clash:
    """A fact somebody else changed meanwhile: what it was, is now, and what this person wants.

    `is_hidden`: there is a private contact, which is not shown; `theirs` is then None.
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


class FactsRefused(Exception):
    """Facts that are right by themselves do not fit what we know: a sentence for each, by name."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = dict(problems)


def add_asset(
    session: Session,
    *,
    asset_id: uuid.UUID,
    facts: Mapping[str, Any],
    acting_as: str,
    service_name: str,
    account_id: uuid.UUID | None = None,
    is_seen: bool = True,
) -> int:
    """Store a new asset of ours and return its version.

    `facts` as `app.assets.facts.for_new_asset` read them. `is_seen`: whoever adds it stands before
    it, which counts as a check. Raises FactsRefused for an unknown postcode or ward, or an id that
    is taken.
    """
    queries.act_as(session, acting_as=acting_as)
    columns = columns_of(session, facts, kind=facts["kind"])
    if facts["kind"] == AssetKind.INFORMAL:
        columns["consent_on"] = today()
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
            session, asset_id=asset_id, checked_on=today(), outcome="confirmed",
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
) -> Edited:
    """Change facts of an asset; see `Edited` for what can come of it.

    `changes` hold values as `app.assets.facts` read them. Raises NotFound if there never was such
    an asset, FactsRefused for an unknown postcode or ward.
    """
    row = _locked(session, asset_id)
    if row.duplicate_of is not None:
        return Edited(asset_id, row.version, instead=row.duplicate_of)
    if row.gone_at is not None and not put_back:
        return Edited(asset_id, row.version, gone_at=row.gone_at)
    is_changed = row.version != seen_version
    now = facts_of(session, row)
    clashes = [
        clash
        for name, change in changes.items()
        if (clash := _clash(name, change, now, row)) is not None
    ]
    if clashes:
        return Edited(asset_id, row.version, tuple(clashes), is_changed_meanwhile=is_changed)
    wanted = {
        name: change.now
        for name, change in changes.items()
        if not is_same(name, change.now, now.get(name))
    }
    kind = wanted.get("kind", row.kind)
    columns = columns_of(session, wanted, kind=kind, row=row)
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


def facts_of(session: Session, row: sa.Row[Any]) -> dict[str, Any]:
    """Return an asset's facts by name, as the wire has them (row: `edit_queries.FACTS_OF`).

    A contact that is not public is left out as None, as everybody sees it.
    """
    is_by_ward = row.location_source == LocationSource.WARD
    place = (
        {"ward_code": row.ward_code}
        if is_by_ward or row.lon is None
        else {"lon": round(row.lon, 6), "lat": round(row.lat, 6)}
    )
    facts = {
        name: getattr(row, name) for name in FACTS if name not in {"place", "interests"}
    } | {
        "place": place,
        "interests": queries.interest_slugs_of(session, ids=row.interest_ids),
    }  # fmt: skip
    return facts | {name: None for name in PRIVATE if _is_private(row)}


def _is_private(row: sa.Row[Any]) -> bool:
    return not row.is_contact_public or row.kind == AssetKind.INFORMAL


def _clash(name: str, change: Change, now: Mapping[str, Any], row: sa.Row[Any]) -> Clash | None:
    theirs = now.get(name)
    is_hidden = name in PRIVATE and _is_private(row) and getattr(row, name) is not None
    if is_hidden and change.was is None and change.now is not None:
        # Nobody who cannot see a number may replace it unasked.
        return Clash(name, FACTS[name].label, change.was, None, change.now, is_hidden=True)
    if is_same(name, change.now, theirs) or is_same(name, change.was, theirs):
        return None
    # Whatever the version: what they were shown is not what is stored.
    return Clash(name, FACTS[name].label, change.was, theirs, change.now)


def is_same(name: str, one: Any, other: Any) -> bool:  # noqa: ANN401 - values of any fact
    """Return whether two values of a fact say the same."""
    if name == "place" and isinstance(one, dict) and isinstance(other, dict):
        if "lon" in one and "lon" in other:
            return all(abs(one[axis] - other[axis]) < SAME_PLACE for axis in ("lon", "lat"))
        return one.get("ward_code") == other.get("ward_code") and "postcode" not in one
    return _plain(one) == _plain(other)


def _plain(value: Any) -> str:  # noqa: ANN401 - values of any fact
    return json.dumps(value or None, sort_keys=True, default=str)


def columns_of(
    session: Session,
    facts: Mapping[str, Any],
    *,
    kind: str,
    row: sa.Row[Any] | None = None,
) -> dict[str, Any]:
    """Return the columns that hold `facts` of an asset of `kind` (`row`: as it is stored).

    Raises FactsRefused for a postcode or ward we do not know, and interests that are none.
    """
    columns: dict[str, Any] = {
        name: value for name, value in facts.items() if name not in {"place", "interests"}
    }
    problems: dict[str, str] = {}
    if "opening_hours" in columns:
        hours = columns["opening_hours"]
        columns["opening_hours"] = None if hours is None else json.dumps(hours)
    if "interests" in facts:
        known = queries.interest_ids_of(session, slugs=facts["interests"])
        if unknown := sorted(set(facts["interests"]) - known.keys()):
            problems["interests"] = f"We know no interest called “{unknown[0]}”. Choose another."
        columns["interest_ids"] = sorted(set(known.values()))
    is_informal = kind == AssetKind.INFORMAL
    becomes_informal = is_informal and (row is None or row.kind != AssetKind.INFORMAL)
    place = facts.get("place")
    if place is None and becomes_informal and row is not None and row.lon is not None:
        place = {"lon": row.lon, "lat": row.lat}
    if place is not None:
        try:
            columns |= _placed(session, place, is_informal=is_informal)
        except ValueError as wrong:
            problems["place"] = str(wrong)
    if is_informal and facts:
        columns["is_contact_public"] = False
    if becomes_informal and row is not None:
        columns["consent_on"] = today() if facts.get("consent_how") else row.consent_on
    if problems:
        raise FactsRefused(problems)
    return columns


def _placed(session: Session, place: Mapping[str, Any], *, is_informal: bool) -> dict[str, Any]:
    """Return the columns of a place; of an informal asset only its ward, whatever was sent."""
    connection = session.connection()
    if "ward_code" in place:
        if not is_informal:
            raise ValueError("Say where it is: where you stand, a pin on the map, or a postcode.")
        if not find_wards_of_code(connection, gss_code=place["ward_code"]):
            raise ValueError("We do not know that ward. Choose another.")
        return _by_ward(place["ward_code"])
    source = LocationSource.GIVEN
    point = (place.get("lon"), place.get("lat"))
    more: dict[str, Any] = {}
    if "postcode" in place:
        found = find_postcode(connection, postcode=place["postcode"])
        if found is None:
            raise ValueError("We do not know that postcode. Check it, or put a pin on the map.")
        point, source = (found.lon, found.lat), LocationSource.POSTCODE
        more = {"postcode": place["postcode"]}
    if is_informal:
        wards = find_wards_at(connection, lon=float(point[0] or 0), lat=float(point[1] or 0))
        if not wards:
            raise ValueError("That place is in no ward we know. Choose the ward from the list.")
        return _by_ward(wards[0].gss_code)
    return more | {
        "geom": point, "location_source": source.value, "ward_code": None,
        "accuracy_m": place.get("accuracy_m"),
    }  # fmt: skip


def _by_ward(code: str) -> dict[str, Any]:
    return {
        "geom": None, "location_source": LocationSource.WARD.value, "ward_code": code,
        "accuracy_m": None,
    }  # fmt: skip
