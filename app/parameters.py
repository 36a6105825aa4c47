"""Read what people put into an address, and say in one sentence what is wrong with it.

The one place where query strings are judged. Nothing here touches the database: whether a postcode
or an interest exists is asked later, by the feature that needs it.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from app.activities.clock import parse_clock, parse_day
from app.errors import BadQuestion, NotFound
from app.models.base import GREAT_BRITAIN_LON_LAT

LONGEST_TEXT = 200
LONGEST_NOTE = 2_000
LONGEST_SECRET = 500
MOST_VALUES = 20
LARGEST_LIMIT = 1_000
LARGEST_PAGE = 10_000
WIDEST_M = 20_000
PAGE_SIZE = 50

# Control characters, DEL and halves of surrogate pairs: nobody types them, PostgreSQL refuses
# the first of them and no encoder can write the last.
_UNTYPABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{1,17})?", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,12}", re.ASCII)
_GSS_CODE = re.compile(r"[EWSN][0-9]{8}", re.ASCII)
_RELEASE = re.compile(r"[0-9]{4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Bbox:
    """A rectangle in degrees, WGS 84, in the order of RFC 7946: west, south, east, north."""

    west: float
    south: float
    east: float
    north: float


class Query:
    """The query string of one request.

    Every reading method returns a usable value, or its default and a sentence in `problems`: a
    page shows all of them beside their fields, an API answer raises the first
    (`refuse_problems`).
    """

    def __init__(self, params: QueryParams) -> None:
        self._params = params
        self.problems: dict[str, str] = {}

    def having(self, field: str, values: Iterable[str]) -> Query:
        """Return the same fields with `values` in place of what `field` had, judged anew."""
        kept = [(name, value) for name, value in self._params.multi_items() if name != field]
        return Query(QueryParams([*kept, *((field, value) for value in values)]))

    def wrong(self, field: str, sentence: str) -> None:
        """Remember that `field` makes no sense; the first sentence about a field stays."""
        self.problems.setdefault(field, sentence)

    def refuse_problems(self) -> None:
        """Raise `BadQuestion` for the first problem, if there is one."""
        for field, sentence in self.problems.items():
            raise BadQuestion(sentence, field=field)

    def typed(self, field: str) -> str:
        """Return what was typed for `field`, fit to be shown again in the form."""
        return _UNTYPABLE.sub("", self._params.get(field, ""))[: LONGEST_TEXT + 50]

    def text(self, field: str) -> str | None:
        """Return the text of `field` without spaces around it; None when there is none."""
        values = self.texts(field)
        if len(values) > 1:
            self.wrong(field, f"“{field}” is given more than once. Give it once.")
            return None
        return values[0] if values else None

    def has(self, field: str) -> bool:
        """Return whether `field` was sent at all, empty or not."""
        return field in self._params

    def typed_long(self, field: str) -> str:
        """Return all that was typed for `field`, line ends too, fit to be shown again."""
        lines = self._params.get(field, "").splitlines()
        return "\n".join(_UNTYPABLE.sub("", line) for line in lines)

    def texts(
        self, field: str, *, most: int = MOST_VALUES, longest: int = LONGEST_TEXT
    ) -> list[str]:
        """Return every value of a field that may be given several times, without empty ones."""
        # Tabs, line ends and hard spaces come along when people paste.
        values = [" ".join(value.split()) for value in self._params.getlist(field)]
        values = [value for value in values if value]
        if len(values) > most:
            self.wrong(field, f"“{field}” is given more than {most} times. Give fewer.")
            return []
        for value in values:
            if len(value) > longest:
                self.wrong(field, f"“{field}” is too long. Use {longest} characters or fewer.")
                return []
            if _UNTYPABLE.search(value):
                self.wrong(field, f"“{field}” has characters nobody can type. Write it again.")
                return []
        return list(dict.fromkeys(values))

    def whole_number(self, field: str, *, low: int, high: int, default: int) -> int:
        """Return a whole number from `low` to `high`."""
        text = self.text(field)
        if text is None:
            return default
        if not _WHOLE.fullmatch(text) or not low <= int(text) <= high:
            self.wrong(field, f"“{field}” must be a whole number from {low:,} to {high:,}.")
            return default
        return int(text)

    def within_m(self, *, default: int) -> int:
        """Return how far to look, in metres."""
        return self.whole_number("within", low=1, high=WIDEST_M, default=default)

    def limit(self, *, default: int, most: int = LARGEST_LIMIT) -> int:
        """Return how many rows to answer with."""
        return self.whole_number("limit", low=1, high=most, default=default)

    def long_text(self, field: str, *, longest: int = LONGEST_NOTE) -> str:
        """Return a text of several lines, its line ends kept; "" when there is none."""
        text = "\n".join(
            " ".join(line.split()) for line in self._params.get(field, "").splitlines()
        ).strip()
        if len(text) > longest:
            self.wrong(field, f"This is {len(text):,} characters long. Use {longest:,} or fewer.")
        elif _UNTYPABLE.search(text.replace("\n", "")):
            self.wrong(field, "This has characters nobody can type. Write it again.")
        else:
            return text
        return ""

    def typed_all(self, field: str) -> list[str]:
        """Return every value that was typed for `field`, line ends too, fit to be shown again."""
        return [
            "\n".join(_UNTYPABLE.sub("", line) for line in value.splitlines())
            for value in self._params.getlist(field)
        ]

    def names(self, prefix: str) -> list[str]:
        """Return the fields whose name starts with `prefix`, each once, in the order they came."""
        names = dict.fromkeys(name for name in self._params if name.startswith(prefix))
        return [name for name in names if not _UNTYPABLE.search(name)]

    def secret(self, field: str, *, longest: int = LONGEST_SECRET) -> str:
        """Return a password or token exactly as it was sent; "" when there is none."""
        text = self._params.get(field, "")
        if len(text) > longest:
            self.wrong(field, f"This is too long. Use {longest:,} characters or fewer.")
            return ""
        return text

    def is_ticked(self, field: str) -> bool:
        """Return whether a single box was ticked."""
        return bool(self._params.get(field, "").strip())

    def date(self, field: str) -> dt.date | None:
        """Return a day: as a date field sends it, or as people write it (31/05/2026)."""
        text = self.text(field)
        if text is None:
            return None
        try:
            return parse_day(text)
        except ValueError:
            self.wrong(field, "That is not a day. Write it like 31/05/2026.")
            return None

    def time(self, field: str) -> dt.time | None:
        """Return a time of day: as a time field sends it, or as people write it (2.30pm)."""
        text = self.text(field)
        if text is None:
            return None
        try:
            return parse_clock(text)
        except ValueError:
            self.wrong(field, "That is not a time. Write it like 14:30 or 2.30pm.")
            return None

    def page(self) -> int:
        """Return which page of a list is wanted, the first being 1."""
        return self.whole_number("page", low=1, high=LARGEST_PAGE, default=1)

    def words(self, field: str, allowed: Iterable[str]) -> list[str]:
        """Return the values of `field`, each one of a closed list."""
        known = list(allowed)
        values = self.texts(field)
        if any(value not in known for value in values):
            self.wrong(field, f"“{field}” must be one of: {', '.join(known)}.")
            return []
        return values

    def bbox(self) -> Bbox | None:
        """Return the rectangle asked for."""
        text = self.text("bbox")
        if text is None:
            return None
        parts = [part.strip() for part in text.split(",")]
        if len(parts) != 4 or not all(_DECIMAL.fullmatch(part) for part in parts):
            self.wrong(
                "bbox",
                "“bbox” must be four numbers in degrees: west, south, east, north,"
                " like -1.80,53.78,-1.70,53.83.",
            )
            return None
        west, south, east, north = map(float, parts)
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            self.wrong(
                "bbox",
                "“bbox” must have its west below its east and its south below its north,"
                " all on the globe.",
            )
            return None
        return Bbox(west, south, east, north)

    def lon_lat(self) -> tuple[float, float] | None:
        """Return a longitude and latitude in degrees, WGS 84, inside Great Britain's box."""
        lon, lat = self.text("lon"), self.text("lat")
        if lon is None and lat is None:
            return None
        if lon is None or lat is None:
            self.wrong("lon" if lon is None else "lat", "Give both “lon” and “lat”, or neither.")
            return None
        if not (_DECIMAL.fullmatch(lon) and _DECIMAL.fullmatch(lat)):
            self.wrong("lon", "“lon” and “lat” must be numbers in degrees, like -1.75 and 53.79.")
            return None
        west, south, east, north = GREAT_BRITAIN_LON_LAT
        point = float(lon), float(lat)
        if not (west <= point[0] <= east and south <= point[1] <= north):
            self.wrong("lon", "That place is outside Great Britain, and this map is not.")
            return None
        return point

    def identifier(self, field: str) -> uuid.UUID | None:
        """Return the identifier of an asset."""
        text = self.text(field)
        if text is None:
            return None
        try:
            return read_uuid(text)
        except NotFound:
            self.wrong(field, f"“{field}” is not the address of anything on the map.")
            return None

    def gss_code(self, field: str) -> str | None:
        """Return a code like E05001347."""
        text = self.text(field)
        if text is None:
            return None
        code = text.upper()
        if not _GSS_CODE.fullmatch(code):
            self.wrong(field, f"“{field}” must be a code like E05001347: a letter and 8 digits.")
            return None
        return code

    def release(self) -> str | None:
        """Return the year of the boundaries asked for."""
        text = self.text("release")
        if text is not None and not _RELEASE.fullmatch(text):
            self.wrong("release", "“release” must be a year, like 2025.")
            return None
        return text


@dataclass(frozen=True, slots=True)
class Address:
    """A path with its query, from which links to neighbouring views are made."""

    path: str
    items: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, path: str, params: QueryParams) -> Address:
        """Return the address of a request, without empty values and characters no one can type."""
        items = (
            (key, _UNTYPABLE.sub("", value))
            for key, value in params.multi_items()
            if not _UNTYPABLE.search(key)
        )
        return cls(path, tuple((key, value) for key, value in items if value.strip()))

    def at(self, path: str) -> Address:
        """Return the same question asked of another path."""
        return Address(path, self.items)

    def setting(self, **values: object) -> Address:
        """Return this address with `values` in place of what it had; None takes one out."""
        kept = [(key, value) for key, value in self.items if key not in values]
        new = [(key, str(value)) for key, value in values.items() if value is not None]
        return Address(self.path, (*kept, *new))

    def adding(self, field: str, value: str) -> Address:
        """Return this address with one more value of `field`."""
        return Address(self.path, (*self.items, (field, value)))

    def without(self, field: str, value: str | None = None) -> Address:
        """Return this address without `field`, or without that one value of it."""
        kept = (i for i in self.items if i[0] != field or (value is not None and i[1] != value))
        return Address(self.path, tuple(kept))

    def __str__(self) -> str:
        return f"{self.path}?{urlencode(self.items)}" if self.items else self.path


def read_uuid(text: str) -> uuid.UUID:
    """Return the identifier in a path; anything else is a page that does not exist."""
    # UUID() also takes braces and "urn:uuid:": one thing should have one address.
    if len(text) != 36 or not text.isascii():
        raise NotFound("There is nothing at this address.")
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound("There is nothing at this address.") from None


def read_gss_code(text: str) -> str:
    """Return the ward code in a path; anything else is a page that does not exist."""
    if not _GSS_CODE.fullmatch(text):
        raise NotFound("That is not a ward code. Ward codes look like E05001347.")
    return text


def today() -> dt.date:
    """Return today's date in the server's time zone (one place, so that tests can fix it)."""
    return dt.date.today()  # noqa: DTZ011 - "checked 3 weeks ago" is about local days
