"""What the cells of published tables say, and the ways they say nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from app.importers.normalise import clean_text

_WHOLE = re.compile(r"([0-9]{1,9})(?:\.0+)?", re.ASCII)
_SCIENTIFIC = re.compile(r"\d+(?:\.\d+)?e[+]?\d{1,2}", re.IGNORECASE)


def first_filled(row: Mapping[str, str], columns: Iterable[str]) -> str | None:
    """Return the first cell of `columns` that says something."""
    return next((text for name in columns if (text := clean_text(row.get(name)))), None)


def joined(parts: Iterable[str | None], separator: str = ", ") -> str | None:
    """Return the parts that say something as one text, each once, or None."""
    kept: dict[str, str] = {}
    for part in parts:
        text = (clean_text(part) or "").strip(" ,")
        if text:
            kept.setdefault(text.casefold(), text)
    return separator.join(kept.values()) or None


def coordinate(text: str | None) -> float | None:
    """Return a coordinate in degrees, None for an empty cell, NaN for one that is no number.

    NaN is reported where every point is checked, so that one bad cell costs one row.
    """
    plain = clean_text(text)
    if plain is None:
        return None
    try:
        return float(plain)
    except ValueError:
        return float("nan")


def whole_number(text: str | None) -> int | str | None:
    """Return a number of things ("32", "32.0"), None for an empty cell, else the cell's own text.

    Text is reported where every row is checked, as it was written.
    """
    plain = clean_text(text)
    found = plain and _WHOLE.fullmatch(plain)
    return int(found.group(1)) if found else plain


def phone_kept_as_number(text: str | None) -> str | None:
    """Return a telephone number that a spreadsheet may have kept as a large number.

    "1617777e3" is 1617777000; the zero it lost in front is put back where all phones are read.
    """
    plain = clean_text(text)
    if plain and _SCIENTIFIC.fullmatch(plain):
        return f"{float(plain):.0f}"
    return plain


def key_of(*parts: str | None) -> str:
    """Return a source key made of the letters and digits of `parts`, the same for any spelling.

    >>> key_of("St. Anne's Hall", "OL1 2dp")
    'st-annes-hall/ol12dp'
    """
    last = len(parts) - 1
    return "/".join(
        _slug(part or "", "" if number == last and last else "-")
        for number, part in enumerate(parts)
    )


def _slug(text: str, between: str) -> str:
    words = re.findall(
        r"[^\W_]+", re.sub("['`\N{RIGHT SINGLE QUOTATION MARK}]", "", text.casefold())
    )
    return between.join(words)
