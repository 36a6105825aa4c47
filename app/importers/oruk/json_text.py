"""JSON of strangers: read without trust, and its values taken only where they are what they say."""

from __future__ import annotations

import json
import math
from typing import Any

from app.errors import FileRefused
from app.importers.normalise import clean_text

Json = dict[str, Any]


def parse(content: bytes | str, *, what: str) -> Any:  # noqa: ANN401 - any JSON
    """Return what is written in `content`; `what` names it where it is none.

    NaN and Infinity are let through: they are one value's problem, not the whole file's.

    Raises
    ------
    FileRefused
        If it is not JSON: a web page, cut off, nested without end, not UTF-8.
    """
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        return json.loads(text)
    except RecursionError as error:
        raise FileRefused(f"{what} is nested too deeply to be a feed.") from error
    except ValueError as error:
        start = text_start(content)
        if start.startswith("<"):
            raise FileRefused(
                f"{what} is a web page, not JSON: the address may be that of a page about the feed."
            ) from error
        raise FileRefused(
            f"{what} is not JSON we can read: it may have broken off. Try again, or tell its"
            " publisher."
        ) from error


def text_start(content: bytes | str) -> str:
    """Return the first characters, for telling what it is."""
    head = content[:200]
    text = head.decode("utf-8", "replace") if isinstance(head, bytes) else head
    return text.lstrip("\ufeff \t\r\n")


def mapping(value: object) -> Json:
    """Return an object, or an empty one where it is something else."""
    return value if isinstance(value, dict) else {}


def objects(value: object) -> list[Json]:
    """Return the objects of a list; what is no list or no object is left out."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def first_of(record: Json, *names: str) -> object:
    """Return the first of several values that is there and not empty."""
    found = (record[name] for name in names if record.get(name) not in (None, "", [], {}))
    return next(found, None)


def text(value: object, *, most: int = 1_000) -> str | None:
    """Return words on one line, cut at `most` characters, or None where there are none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str) and len(value) > 4 * most:
        value = value[: 4 * most]  # before it is cleaned: it may be very long
    cleaned = clean_text(value)
    if cleaned is not None and len(cleaned) > most:
        return cleaned[: most - 1].rstrip() + "…"
    return cleaned


def number(value: object) -> float | None:
    """Return a number, also one written as text; NaN where it is neither; None where none is."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan
