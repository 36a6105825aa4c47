"""Our own two lists, in the columns of data/reference/*_template.csv."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

from generator.places import Places
from generator.tables import Row
from generator.written import read_lists

_BASE = dt.date(2025, 9, 1)
_SHORT_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TIME = r"(?P<opens>\d\d:\d\d)-(?P<closes>\d\d:\d\d)"
_ENDS = r"(?: from (?P<start>\S+))?(?: until (?P<end>\S+))?(?: not (?P<off>\S+))?"
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        rf"once (?P<start>\S+) {_TIME}",
        rf"(?P<rule>FREQ=\S+) {_TIME}{_ENDS}",
        rf"(?P<nth>first and third|first|second|third|fourth|last) (?P<day>\w{{3}}) {_TIME}{_ENDS}",
        rf"(?P<day>\w{{3}}) {_TIME} (?P<often>weekly|fortnightly|every \d weeks){_ENDS}",
    )
)


def assets(places: Places) -> Iterator[Row]:
    """Yield assets.csv, header first."""
    yield ["id", "kind", "name", "description", "address", "postcode", "lon", "lat", "ward_code",
           "interests", "access", "indoors", "phone", "email", "website", "opening_hours", "beds",
           "checked_on", "contact_public"]  # fmt: skip
    written = read_lists("assets", "asset")
    by_id = {entry["id"]: entry for entry in written}
    if len(by_id) != len(written):
        raise ValueError("two assets have one id")
    codes = {ward.name: ward.code for ward in places.areas.wards}
    for entry in written:
        is_informal = entry["kind"] == "informal"
        where = (
            ["", "", "", "", codes[entry["ward"]]] if is_informal else _where(entry, by_id, places)
        )
        domain = f"{entry['id']}.example"
        yield [entry["id"], entry["kind"], entry["name"], entry["about"], *where,
               ";".join(entry["interests"]), _access(entry), _indoors(entry, by_id),
               places.next_phone() if entry.get("phone") else "",
               f"{entry['email']}@{domain}" if "email" in entry else "",
               f"https://{domain}" if entry.get("web") else "",
               entry.get("open", ""), "", entry.get("checked", ""),
               "no" if is_informal else "yes"]  # fmt: skip


def _where(entry: dict[str, Any], by_id: dict[str, dict[str, Any]], places: Places) -> Row:
    """Return address, postcode, longitude and latitude, and no ward code."""
    host = by_id.get(entry["at"])
    address, unit, (lon, lat) = places.locate(host or entry)
    if host:
        address = f"{host['name']}, {address}"
    if entry.get("found_by") == "postcode":
        return [address, unit.postcode, "", "", ""]
    return [address, unit.postcode, lon, lat, ""]


def _access(entry: dict[str, Any]) -> str:
    """Return the cell: empty where nobody looked, "none" where somebody did and found nothing."""
    return ";".join(entry["access"]) or "none" if "access" in entry else ""


def _indoors(entry: dict[str, Any], by_id: dict[str, dict[str, Any]]) -> str:
    """Return the cell: a group that meets in somebody's rooms is where they are."""
    host = by_id.get(str(entry.get("at")), {})
    return str(entry.get("indoors", host.get("indoors", "")))


def activities() -> Iterator[Row]:
    """Yield activities.csv, header first; further times are rows with the same id."""
    yield ["id", "name", "organizer_id", "venue_id", "description", "interests", "comes_to_homes",
           "access", "indoors", "cost_gbp", "starts_on", "opens_at", "closes_at", "repeats",
           "not_on", "checked_on"]  # fmt: skip
    visits = {entry["id"] for entry in read_lists("activities-1-visits", "activity")}
    for entry in read_lists("activities", "activity"):
        first, *further = (_times(text) for text in entry["when"])
        comes = "yes" if entry["id"] in visits else "no"
        yield [entry["id"], entry["name"], entry["by"], entry.get("at", ""), entry["about"],
               ";".join(entry["interests"]), comes, _access(entry), entry.get("indoors", ""),
               entry["cost"], *first, entry.get("checked", "")]  # fmt: skip
        for times in further:
            yield [entry["id"], *([""] * 9), *times, ""]


def _times(text: str) -> Row:
    """Return starts_on, opens_at, closes_at, repeats and not_on of a time such as
    "first Tue 14:00-15:30 from 2026-04-07".
    """  # noqa: D205 - the example is part of the sentence
    match = next((found for shape in _SHAPES if (found := shape.fullmatch(text))), None)
    if match is None:
        raise ValueError(f"{text!r} is not a time")
    said = {name: value or "" for name, value in match.groupdict().items()}
    start = dt.date.fromisoformat(said["start"]) if said.get("start") else _BASE
    nth, often, end = said.get("nth"), said.get("often", ""), said.get("end", "")
    day = _SHORT_DAYS.index(said["day"]) if "day" in said else None
    if day is not None:
        if said.get("start") and not nth and start.weekday() != day:
            raise ValueError(f"{text!r} starts on a {_DAYS[start.weekday()]}")
        while start.weekday() != day or (nth and not _is_nth(start, nth)):
            start += dt.timedelta(days=1)
    repeats = said.get("rule", "")
    if day is not None:
        repeats = f"{nth} {_DAYS[day]} of the month" if nth else often
        repeats = f"every {_DAYS[day]}" if often == "weekly" else repeats
    if end:
        repeats += f" until {end}"
    return [start.isoformat(), said["opens"], said["closes"], repeats,
            said.get("off", "").replace(",", ";")]  # fmt: skip


def _is_nth(day: dt.date, nth: str) -> bool:
    if nth == "last":
        return (day + dt.timedelta(days=7)).month != day.month
    number = (day.day - 1) // 7
    return ("first", "second", "third", "fourth")[number % 4] in nth.split() and number < 4
