"""What may be asked of OGC API, looked at before tipg sees it: it would fall over some of it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

from app.errors import BadQuestion
from app.ogc.collections import COLUMNS, LOOKED_UP
from app.ogc.filters import check

# The standard has a limit above the largest answered with the largest.
LARGEST_LIMIT, LARGEST_PAGE_LIMIT, FURTHEST = 10_000, 100, 10_000_000
MOST_IDS, LONGEST_VALUE, MOST_VALUES = 100, 4_000, 40
DEEPEST_ZOOM = 22
CRS84 = frozenset(
    {
        "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        "https://www.opengis.net/def/crs/OGC/1.3/CRS84",
        "[OGC:CRS84]",
        "OGC:CRS84",
    }
)
_DAY = r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?"
_DATETIME = re.compile(rf"(?:{_DAY}|\.\.|)(?:/(?:{_DAY}|\.\.|))?")
_SORT = re.compile(r"[+ -]?[a-z_]+(?:,[+ -]?[a-z_]+)*")
_TILE = re.compile(r"/tiles/[^/]+/(?P<z>-?\d+)/(?P<x>-?\d+)/(?P<y>-?\d+)$")
_COLLECTION = re.compile(r"/collections/(?P<name>[^/]+)")


def understood(path: str, query: bytes, accept: str) -> dict[str, str]:
    """Return the parameters of a question as tipg may be given them.

    Raises
    ------
    BadQuestion
        For a value that makes no sense: `field` names its parameter.
    """
    if "\x00" in path:
        raise BadQuestion("An address holds no character of number nought.", field="path")
    try:
        pairs = parse_qsl(
            query.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_VALUES,
            errors="strict",
        )  # fmt: skip
    except ValueError:
        raise BadQuestion(
            "The question has too many parts, or is not UTF-8.", field="query"
        ) from None
    asked = dict(pairs)
    for name, value in asked.items():
        if "\x00" in value or "\x00" in name or len(value) > LONGEST_VALUE:
            raise BadQuestion("A value is too long, or no text.", field=_shown(name))
    if "f" not in asked and (wanted := _form_of(accept)):
        asked["f"] = wanted
    collection = _COLLECTION.match(path)
    if asked.get("f") == "json" and collection and "/items" in path:
        # What every client means by it; with tipg it would be rows without their shapes.
        asked["f"] = "geojson"
    columns = COLUMNS.get(collection["name"], {}) if collection else {}
    for name in list(asked):
        if name in CHECKS:
            asked[name] = CHECKS[name](name, asked[name])
    _check_by_columns(asked, columns)
    _check_tile(path)
    if asked.get("f") == "html" and "limit" in asked:
        asked["limit"] = str(min(int(asked["limit"]), LARGEST_PAGE_LIMIT))
    return asked


def written(asked: dict[str, str]) -> bytes:
    """Return parameters as the query of an address."""
    return urlencode(asked).encode()


def _shown(name: str) -> str:
    return name if re.fullmatch(r"[a-z-]{1,30}", name) else "query"


def _form_of(accept: str) -> str | None:
    """Return the form a header asks for: people's browsers name HTML, spreadsheets CSV."""
    accept = accept.lower()
    if "json" in accept.partition("text/html")[0]:
        return None
    if "text/html" in accept:
        return "html"
    return "csv" if "text/csv" in accept else None


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadQuestion("That is no number. Write it as in 12.5.", field=name)
    return value


def _whole(largest: int) -> Callable[[str, str], str]:
    def whole(name: str, text: str) -> str:
        if not re.fullmatch(r"\d{1,18}", text):
            raise BadQuestion("That is no whole number. Write it as in 100.", field=name)
        return str(min(int(text), largest))

    return whole


def _limit(name: str, text: str) -> str:
    value = _whole(LARGEST_LIMIT)(name, text)
    if value == "0":
        raise BadQuestion("A page has at least one row.", field=name)
    return value


def _offset(name: str, text: str) -> str:
    if not re.fullmatch(r"\d{1,18}", text) or int(text) > FURTHEST:
        raise BadQuestion(f"An offset is a whole number up to {FURTHEST:,}.", field=name)
    return text


def _bbox(name: str, text: str) -> str:
    sides = [_number(name, side) for side in text.split(",")]
    if len(sides) == 6:
        sides = [*sides[:2], *sides[3:5]]
    if len(sides) != 4:
        raise BadQuestion(
            "A rectangle is west,south,east,north in degrees, as in -1.8,53.7,-1.7,53.8.",
            field=name,
        )
    west, south, east, north = sides
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BadQuestion(
            "West comes before east and south before north, in degrees of longitude and latitude.",
            field=name,
        )
    return ",".join(map(repr, sides))


def _crs(name: str, text: str) -> str:
    if text not in CRS84:
        raise BadQuestion(
            "Only CRS84 is offered: longitude and latitude in degrees, WGS 84.", field=name
        )
    return text


def _datetime(name: str, text: str) -> str:
    if not _DATETIME.fullmatch(text) or text.strip("./") == "":
        raise BadQuestion(
            "A time is a day or two, as in 2026-01-31 or 2026-01-01/2026-12-31 or 2026-01-01/..",
            field=name,
        )
    for day in re.findall(r"(\d{4})-(\d\d)-(\d\d)", text):
        year, month, number = map(int, day)
        if not (year >= 1 and 1 <= month <= 12 and 1 <= number <= 31):
            raise BadQuestion("There is no such day.", field=name)
    return text


def _simplify(name: str, text: str) -> str:
    value = _number(name, text)
    if not 0 <= value <= 180:
        raise BadQuestion("Simplify by 0 to 180 degrees.", field=name)
    return repr(value)


def _ids(name: str, text: str) -> str:
    if text.count(",") >= MOST_IDS:
        raise BadQuestion(f"Ask for at most {MOST_IDS} at once.", field=name)
    return text


def _sortby(name: str, text: str) -> str:
    if not _SORT.fullmatch(text):
        raise BadQuestion("Sort by columns, as in name or -checked_on,name.", field=name)
    # A plus sign in an address stands for a space.
    columns = text.replace(" ", "+")
    if {part.lstrip("+-") for part in columns.split(",")} & LOOKED_UP:
        raise BadQuestion("That column is looked up row by row: sort by another.", field=name)
    return columns


def _one_of(*values: str) -> Callable[[str, str], str]:
    def one_of(name: str, text: str) -> str:
        if text not in values:
            raise BadQuestion(f"That is one of: {', '.join(values)}.", field=name)
        return text

    return one_of


CHECKS: dict[str, Callable[[str, str], str]] = {
    "limit": _limit,
    "offset": _offset,
    "bbox": _bbox,
    "crs": _crs,
    "bbox-crs": _crs,
    "filter-crs": _crs,
    "datetime": _datetime,
    "simplify": _simplify,
    "ids": _ids,
    "sortby": _sortby,
    "minzoom": _whole(DEEPEST_ZOOM),
    "maxzoom": _whole(DEEPEST_ZOOM),
    "geom-column": _one_of("geom", "none"),
    "datetime-column": _one_of("checked_on"),
    "filter-lang": _one_of("cql2-text", "cql2-json"),
    "f": _one_of("html", "json", "geojson", "schemajson", "csv", "ndjson", "geojsonseq"),
}


def _check_by_columns(asked: dict[str, str], columns: dict[str, str]) -> None:
    if "filter" in asked and (wrong := check(asked["filter"], {*columns, "geom"})):
        raise BadQuestion(wrong, field="filter")
    if "geom" in asked:
        raise BadQuestion("Ask for places by bbox or filter.", field="geom")
    for part in asked.get("sortby", "").split(","):
        if part and columns and part.lstrip("+-") not in columns:
            raise BadQuestion("There is no such column: see /queryables.", field="sortby")
    if asked.get("datetime") and columns and "checked_on" not in columns:
        raise BadQuestion("Nothing of this collection has a day.", field="datetime")


def _check_tile(path: str) -> None:
    found = _TILE.search(path)
    if found is None:
        return
    if max(map(len, found.groups())) > 8:
        raise BadQuestion("There is no such tile.", field="z")
    zoom, column, row = (int(found[name]) for name in ("z", "x", "y"))
    if not 0 <= zoom <= DEEPEST_ZOOM:
        raise BadQuestion(f"Tiles go from zoom 0 to {DEEPEST_ZOOM}.", field="z")
    if not (0 <= column < 2**zoom and 0 <= row < 2**zoom):
        raise BadQuestion("There is no such tile at that zoom.", field="x")
