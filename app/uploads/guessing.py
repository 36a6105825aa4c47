"""Which column of a file is probably which of ours: by its name, then by what is in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from rapidfuzz import fuzz

from app.importers.any_table import LAT, LON
from app.importers.readers.own_columns import ALIASES, plain
from app.uploads.fields import FIELDS

# Other names files have for our columns, beyond those of our own template, as `plain` writes them.
_MORE = {
    "id": ("uid", "code", "ref_no", "unique_id", "organisation_code", "urn", "fid", "objectid"),
    "kind": ("category", "service_type", "asset_type", "facility_type", "venue_type"),
    "name": ("organisation_name", "organisation", "venue_name", "service_name", "site_name",
             "group_name", "facility_name", "centre_name", "site", "facility", "provider_name"),
    "description": ("details", "information", "summary", "service_description", "what_we_do"),
    "address": ("full_address", "street_address", "address_1", "address_line_1", "street", "addr"),
    "postcode": ("postal_code", "post_code", "pcode", "pcd", "postcode_1", "zip"),
    "easting": ("eastings", "x_coord", "xcoord", "geo_x", "os_x", "bng_x", "x_coordinate"),
    "northing": ("northings", "y_coord", "ycoord", "geo_y", "os_y", "bng_y", "y_coordinate"),
    "phone": ("phone_number", "telephone_number", "tel_no", "contact_number", "phone_no",
              "contact_telephone", "mobile"),
    "email": ("email_address", "e_mail_address", "contact_email"),
    "website": ("web_address", "website_address", "web_site", "link", "homepage", "www"),
    "opening_hours": ("opening_times", "times", "open_hours", "when_open"),
    "interests": ("activities", "activity", "subject", "theme"),
    "access": ("facilities", "accessible", "access_information"),
    "ward_code": ("wd25cd", "wd24cd", "wd23cd", "ward_gss_code"),
    "beds": ("number_of_beds", "care_homes_beds", "registered_beds"),
}  # fmt: skip
LIKE_ENOUGH = 88.0
FILLED_ENOUGH = 0.6
_SPEAKS_OF_A_NAME = re.compile(r"(name_of_(?!contact)\w+|(?!contact|ward|first|last|sur)\w+_name)")
_POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_WEBSITE = re.compile(r"(https?://|www\.)\S+", re.IGNORECASE)
_PHONE = re.compile(r"[+(]?[\d][\d\s()+-]{8,16}")


def _is_between(low: float, high: float) -> Callable[[str], bool]:
    def test(text: str) -> bool:
        try:
            return low <= float(text) <= high and "." in text
        except ValueError:
            return False

    return test


# What the cells of a column look like, for those columns one can tell by that.
_CONTENTS: dict[str, Callable[[str], object]] = {
    "postcode": _POSTCODE.fullmatch,
    "email": _EMAIL.fullmatch,
    "website": _WEBSITE.fullmatch,
    "phone": _PHONE.fullmatch,
    "lat": _is_between(49.8, 61.0),
    "lon": _is_between(-9.0, 2.1),
}


def guess_columns(header: Sequence[str], rows: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return our column → the file's, each of the file's at most once; what is unsure is left out.

    `rows`: some of the file's first rows, for what a column's name does not tell.
    """
    found: dict[str, str] = {}
    if LON in header:
        found |= {"lon": LON, "lat": LAT}
    for field in FIELDS:
        names = [field.name, *ALIASES.get(field.name, ()), *_MORE.get(field.name, ())]
        # "x" and "y" are degrees in one file and metres in the next: their cells decide.
        names = [name for name in names if len(name) > 1]
        match = next(
            (h for name in names for h in header if plain(h) == name and h not in found.values()),
            None,
        )
        if match is not None:
            found.setdefault(field.name, match)
    _guess_by_likeness(header, found)
    if "name" not in found:
        # "Name of premises", "Club name": the first that speaks of a name, and of nobody's.
        free = (h for h in header if h not in found.values())
        named = next((h for h in free if _SPEAKS_OF_A_NAME.fullmatch(plain(h))), None)
        if named is not None:
            found["name"] = named
    _guess_by_contents(header, rows, found)
    if "lon" in found and "lat" in found:
        found.pop("easting", None)
        found.pop("northing", None)
    return {field.name: found[field.name] for field in FIELDS if field.name in found}


def _guess_by_likeness(header: Sequence[str], found: dict[str, str]) -> None:
    free = [name for name in header if name not in found.values()]
    for field in FIELDS:
        if field.name in found:
            continue
        names = [n for n in (field.name, *_MORE.get(field.name, ())) if len(n) > 3]
        scored = [
            (max(fuzz.ratio(plain(column), name) for name in names), column)
            for column in free
            if names and len(plain(column)) > 3
        ]
        best = max(scored, default=(0.0, ""))
        if best[0] >= LIKE_ENOUGH:
            found[field.name] = best[1]
            free.remove(best[1])


def _guess_by_contents(
    header: Sequence[str], rows: Sequence[Mapping[str, str]], found: dict[str, str]
) -> None:
    is_placed = bool({"lat", "lon"} & found.keys())
    for name, looks_right in _CONTENTS.items():
        if name in found or (is_placed and name in {"lat", "lon"}):
            continue
        for column in header:
            cells = [row.get(column, "").strip() for row in rows]
            filled = [cell for cell in cells if cell]
            right = sum(bool(looks_right(cell)) for cell in filled)
            is_free = column not in found.values()
            if is_free and filled and right >= FILLED_ENOUGH * len(filled):
                found[name] = column
                break
    if ("lon" in found) != ("lat" in found):
        found.pop("lon", None)
        found.pop("lat", None)
