"""What columns of an asset hold facts about it, and where that puts it on the map."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.areas.queries import find_wards_at, find_wards_of_code
from app.assets import edit_queries as queries
from app.models import AssetKind, LocationSource
from app.parameters import today
from app.places.queries import find_postcode


class FactsRefused(Exception):
    """Facts that are right by themselves do not fit what we know: a sentence for each, by name."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(problems.values()))
        self.problems = dict(problems)


def columns_of(
    session: Session,
    facts: Mapping[str, Any],
    *,
    kind: str,
    row: sa.Row[Any] | None = None,
    may_show: bool = False,
) -> dict[str, Any]:
    """Return the columns that hold `facts` of an asset of `kind` (`row`: as it is stored).

    `may_show`: whoever changes it sees what of a skill or network is not shown, and may say that
    it is to be. Raises FactsRefused for a postcode or ward we do not know, and interests that are
    none.
    """
    columns: dict[str, Any] = {
        name: value for name, value in facts.items() if name not in {"place", "interests"}
    }
    problems: dict[str, str] = {}
    if "opening_hours" in columns:
        hours = columns["opening_hours"]
        columns["opening_hours"] = None if hours is None else json.dumps(hours)
    if "interests" in facts:
        columns["interest_ids"] = _interest_ids(session, facts["interests"], problems)
    was_informal = row is not None and row.kind == AssetKind.INFORMAL
    is_informal = kind == AssetKind.INFORMAL
    place = facts.get("place")
    if place is None and is_informal and not was_informal and row is not None:
        place = (
            {"ward_code": row.ward_code} if row.lon is None else {"lon": row.lon, "lat": row.lat}
        )
    if place is not None:
        try:
            columns |= _placed(session, place, is_informal=is_informal)
        except ValueError as wrong:
            problems["place"] = str(wrong)
    elif was_informal and not is_informal:
        problems["place"] = "Say where it is: where you stand, a pin on the map, or a postcode."
    if is_informal and facts:
        columns |= _as_informal(facts, row, problems, is_new=not was_informal)
    else:
        columns.pop("consent_how", None)
    if was_informal and not is_informal:
        columns = _kept_quiet(columns, problems, may_show=may_show)
    if problems:
        raise FactsRefused(problems)
    return columns


def _interest_ids(session: Session, slugs: Sequence[str], problems: dict[str, str]) -> list[int]:
    known = queries.interest_ids_of(session, slugs=slugs)
    if unknown := sorted(set(slugs) - known.keys()):
        problems["interests"] = f"We know no interest called “{unknown[0]}”. Choose another."
    return sorted(set(known.values()))


def _as_informal(
    facts: Mapping[str, Any],
    row: sa.Row[Any] | None,
    problems: dict[str, str],
    *,
    is_new: bool,
) -> dict[str, Any]:
    """Return the columns every informal asset has: consent, no door, no public contact."""
    columns: dict[str, Any] = {"is_contact_public": False}
    for name in ("address", "postcode"):
        if facts.get(name) is not None:
            problems[name] = "Only the ward of a skill or network is kept: leave this empty."
    if is_new:
        columns |= {"address": None, "postcode": None}
    if facts.get("consent_how"):
        columns["consent_on"] = today()
    elif "consent_how" in facts or (is_new and (row is None or row.consent_how is None)):
        problems["consent_how"] = "Ask them first, and say here how they agreed to be on the map."
    return columns


def _kept_quiet(
    columns: dict[str, Any], problems: dict[str, str], *, may_show: bool
) -> dict[str, Any]:
    """Return the columns of what is informal no more: all it told stays private to begin with."""
    quiet = {"is_contact_public": False, "address": None, "postcode": None} | columns
    if quiet["is_contact_public"] and not may_show:
        problems["is_contact_public"] = (
            "It was a skill or network, whose contact is not shown. Leave this at no; an editor"
            " can show it."
        )
    return quiet


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
