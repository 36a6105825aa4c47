"""The words of a description, with what other fields say that we have no field for."""

from __future__ import annotations

import datetime as dt
import html
import re

from app.importers.normalise import clean_text
from app.importers.oruk.json_text import Json, mapping, number, objects, text

LONGEST_NAME = 200
LONGEST_DESCRIPTION = 6_000
_MOST_PENCE = 100_000
# Of the mark-up that editors of other systems leave in: words stay, the rest goes.
_MARK_UP = re.compile(
    r"</?(?:p|br|div|span|ul|ol|li|b|i|u|strong|em|a|h[1-6]|font|table|tbody|tr|td|th)"
    r"(?:\s[^<>]{0,500})?/?>",
    re.IGNORECASE,
)
_FREE = re.compile(
    r"\s*(?:free(?: of charge)?|no charge|no cost|£?\s*0(?:\.00)?)\s*[.!]?\s*", re.IGNORECASE
)


def plain_words(value: object, *, most: int = LONGEST_DESCRIPTION) -> str | None:
    """Return a description as plain words, without mark-up."""
    if not isinstance(value, str):
        return text(value, most=most)
    said = value[: 4 * most]
    if "<" in said:
        said = _MARK_UP.sub(" ", said)
    if "&" in said:
        said = html.unescape(said)
    return text(clean_text(said), most=most)


def description_of(service: Json, times: list[str], today: dt.date) -> str | None:
    """Return what a service says of itself, and of whom it is for, in which tongues, for what."""
    sentences = [
        plain_words(service.get("description")),
        _ages(service),
        _languages(service),
        _costs(service, today),
        *(f"When: {words.rstrip('.')}." for words in times),
        _alert(service),
    ]
    said = " ".join(sentence for sentence in sentences if sentence)
    return text(said, most=LONGEST_DESCRIPTION)


def cost_in_pence(service: Json, today: dt.date) -> int | None:
    """Return what it costs, where there is one price; 0 where it is free; else None."""
    prices = {_pence(option) for option in _options(service, today)}
    if len(prices) == 1:
        return prices.pop()
    fees = text(service.get("fees"), most=500)
    return 0 if not prices and fees and _FREE.fullmatch(fees) else None


def _options(service: Json, today: dt.date) -> list[Json]:
    """Return the prices that count today and are for everybody or somebody."""
    return [
        option
        for option in objects(service.get("cost_options"))[:50]
        if not (text(option.get("valid_to"), most=10) or "9999") < today.isoformat()
    ]


def _pence(option: Json) -> int | None:
    pounds = number(option.get("amount"))
    if pounds is None or not 0 <= pounds * 100 <= _MOST_PENCE:
        return None
    return round(pounds * 100)


def _costs(service: Json, today: dt.date) -> str | None:
    if cost_in_pence(service, today) is not None:
        return None
    said = []
    for option in _options(service, today):
        pence = _pence(option)
        price = "" if pence is None else ("free" if pence == 0 else f"£{pence / 100:.2f}")
        parts = [text(option.get("option")), price, text(option.get("amount_description"))]
        said.append(" ".join(part for part in parts if part))
    words = "; ".join(part for part in said if part) or text(service.get("fees"), most=500)
    return f"Costs: {words.rstrip('.')}." if words else None


def _ages(service: Json) -> str | None:
    ages = objects(service.get("eligibilitys"))[:1] or [service]
    least, most = number(ages[0].get("minimum_age")), number(ages[0].get("maximum_age"))
    low = int(least) if least is not None and 0 < least < 120 else None
    high = int(most) if most is not None and 0 < most < 120 else None
    if low is not None and high is not None and low <= high:
        return f"For ages {low} to {high}."
    if low is not None:
        return f"For ages {low} and over."
    return f"For ages up to {high}." if high is not None else None


def _languages(service: Json) -> str | None:
    names = [text(mapping(language).get("name") or mapping(language).get("language"), most=60)
             for language in objects(service.get("languages"))[:30]]  # fmt: skip
    found = sorted({name for name in names if name})
    return f"Languages: {', '.join(found)}." if found else None


def _alert(service: Json) -> str | None:
    words = plain_words(service.get("alert"), most=1_000)
    return f"Note: {words.rstrip('.')}." if words else None
