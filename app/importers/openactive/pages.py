"""Pages of a feed by RPDE 1.0 (OpenActive's Realtime Paged Data Exchange): judged, pared down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from app.errors import FileRefused
from app.fetching.client import Fetcher

MEDIA_TYPES = (
    "application/json", "application/vnd.openactive.rpde+json",
    "application/vnd.openactive.rpde-1+json", "application/ld+json",
)  # fmt: skip
MOST_BYTES, MOST_PAGES, MOST_ITEMS = 10_000_000, 2_000, 50_000
KINDS = {"SessionSeries", "ScheduledSession", "Event"}
_LONGEST_ID, _DEEPEST, _LONGEST_LIST, _LONGEST_TEXT = 300, 8, 400, 5_000
_LARGEST = 2**63 - 1
# What we read; leaders, attendees, telephones and the rest are not even kept.
_KEPT = set(
    "@id id @type type name description organizer location address geo latitude longitude"
    " streetAddress postalCode addressLocality eventSchedule subEvent superEvent startDate endDate"
    " duration startTime endTime repeatFrequency byDay byMonthDay byMonth exceptDate repeatCount"
    " offers price priceCurrency activity prefLabel inScheme genderRestriction ageRange minValue"
    " maxValue isAccessibleForFree eventStatus url".split()
)


@dataclass(frozen=True, slots=True)
class Item:
    """One item: what it says now, or that it is deleted (`data` is None)."""

    id: str
    kind: str
    modified: int
    data: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page, and where the next one is."""

    items: tuple[Item, ...]
    next_url: str
    is_last: bool


def read_pages(fetcher: Fetcher, url: str) -> Iterator[Page]:
    """Yield the pages of a feed from an address on, to the last one.

    The last page has no items and names itself as the next (RPDE 1.0, "last page").

    Raises
    ------
    NotFetched
        A page did not answer.
    FileRefused
        A page is not as RPDE has it, leads elsewhere, or there is no end of them.
    """
    seen: set[str] = set()
    count = 0
    for _ in range(MOST_PAGES):
        fetched = fetcher.get(url, media_types=MEDIA_TYPES, most_bytes=MOST_BYTES)
        page = read_page(fetched.content, url)
        count += len(page.items)
        if count > MOST_ITEMS:
            raise FileRefused(f"The feed has more than {MOST_ITEMS:,} items.")
        yield page
        if page.is_last:
            return
        seen.add(url)
        if page.next_url in seen:
            raise FileRefused("The pages of the feed lead round in a circle.")
        url = page.next_url
    raise FileRefused(f"The feed has more than {MOST_PAGES:,} pages.")


def read_page(content: bytes, url: str) -> Page:
    """Return one page; raises `FileRefused` where it is not as RPDE has it."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise FileRefused(f"A page of the feed is not JSON ({_short(url)}).") from error
    if not isinstance(found, dict) or not isinstance(found.get("items"), list):
        raise FileRefused(f"A page of the feed has no list of items ({_short(url)}).")
    next_url = found.get("next")
    if not isinstance(next_url, str) or not next_url:
        raise FileRefused(f"A page of the feed does not say which is next ({_short(url)}).")
    next_url = urljoin(url, next_url)
    if urlsplit(next_url).hostname != urlsplit(url).hostname:
        raise FileRefused("A page of the feed leads to another site.")
    items = tuple(_item(one) for one in found["items"])
    return Page(items, next_url, is_last=not items and next_url == url)


def _item(one: object) -> Item:
    wrong = "An item of the feed is not as RPDE has it"
    if not isinstance(one, dict):
        raise FileRefused(f"{wrong}: it is no object.")
    identifier, state = one.get("id"), one.get("state")
    is_id = isinstance(identifier, str | int) and not isinstance(identifier, bool)
    if not is_id or not 0 < len(str(identifier)) <= _LONGEST_ID or "\0" in str(identifier):
        raise FileRefused(f"{wrong}: it has no id.")
    modified = one.get("modified")
    if isinstance(modified, str) and modified.isascii() and modified.isdecimal():
        modified = int(modified[:20])
    if not isinstance(modified, int) or isinstance(modified, bool) or not 0 <= modified <= _LARGEST:
        raise FileRefused(f"{wrong}: item {identifier!s:.60} does not say when it was modified.")
    kind = str(one.get("kind") or "")[:100].replace("\0", "")
    if state == "deleted":
        return Item(str(identifier), kind, modified, None)
    data = one.get("data")
    if state != "updated" or not isinstance(data, dict):
        raise FileRefused(f"{wrong}: item {identifier!s:.60} is neither updated nor deleted.")
    pared = pare(data)
    return Item(str(identifier), kind, modified, pared if isinstance(pared, dict) else {})


def pare(value: object, depth: int = 0) -> Any:  # noqa: ANN401 - any JSON
    """Return JSON with only what we read of it, no deeper and longer than sense needs."""
    if depth > _DEEPEST:
        return None
    if isinstance(value, dict):
        return {k: pare(v, depth + 1) for k, v in value.items() if k in _KEPT}
    if isinstance(value, list):
        return [pare(one, depth + 1) for one in value[:_LONGEST_LIST]]
    if isinstance(value, str):
        text = value[:_LONGEST_TEXT].replace("\0", "")
        return text.encode("utf-8", "replace").decode()
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):  # noqa: PLR0124 - NaN
        return None
    return value


def _short(url: str) -> str:
    return urlsplit(url).path[-80:] or "/"
