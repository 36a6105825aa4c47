"""What people write into calendars, as plain text: names, descriptions, places."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser

from icalendar import Event

from app.importers.normalise import clean_text

LONGEST_NAME, LONGEST_TEXT, LONGEST_PLACE = 200, 2_000, 200
ONLINE = "Online"
MOST_INTERESTS = 3
# Not worth a guess by themselves: they stand in sentences about anything.
_SHORTEST_WORD = 4
_TAG = re.compile(r"<\s*/?\s*[a-zA-Z][^>]*>")
_EMAIL = re.compile(r"(?:mailto:)?[\w.+'-]+@[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
# What programs add under a description: how to join a call, with its secrets.
_ADDED = re.compile(
    r"-::~|_{20,}|Join (?:Zoom|with Google|Microsoft Teams|the meeting)", re.IGNORECASE
)
_SECRET = re.compile(r"pass\s?code|passwor[dt]|meeting id|\bpwd=", re.IGNORECASE)
_URL = re.compile(r"^(?:https?://|www\.)", re.IGNORECASE)
_IS_ONLINE = re.compile(
    r"^(?:online|zoom|on zoom|via zoom|microsoft teams.*|google meet)$", re.IGNORECASE
)
_CALLED_OFF = re.compile(r"^\W*cancell?ed\b\W*", re.IGNORECASE)
_NO_NAMES = {"busy", "free", "tentative", "private", "private event", "(no title)", "untitled"}
_BREAKS = {"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "ul", "ol"}


class _Text(HTMLParser):
    """Collects what a page would show."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._hidden += tag in {"script", "style"}
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"script", "style"} and self._hidden > 0
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def plain_text(text: str) -> str:
    """Return what is written in `text`, without the tags of HTML if it has any."""
    if not _TAG.search(text) and "&" not in text:
        return text
    reader = _Text()
    reader.feed(text)
    reader.close()
    return "".join(reader.parts)


def name_of(event: Event) -> str | None:
    """Return what an event is called; None: it says only that somebody is busy, or nothing."""
    name = clean_text(plain_text(str(event.get("SUMMARY") or "")))
    if name is None or name.casefold() in _NO_NAMES:
        return None
    name = _CALLED_OFF.sub("", name)
    return _EMAIL.sub("", name).strip()[:LONGEST_NAME] or None


def is_called_off(event: Event) -> bool:
    """Return whether it does not take place: people also write so before the name."""
    status = str(event.get("STATUS") or "").strip().upper()
    return status == "CANCELLED" or bool(_CALLED_OFF.match(str(event.get("SUMMARY") or "")))


def is_private(event: Event) -> bool:
    """Return whether its owner keeps it from others."""
    return str(event.get("CLASS") or "").strip().upper() in {"PRIVATE", "CONFIDENTIAL"}


def description_of(event: Event) -> str | None:
    """Return what is said about it, without addresses of people and secrets of calls."""
    text = _ADDED.split(plain_text(str(event.get("DESCRIPTION") or "")), maxsplit=1)[0]
    lines = [line for line in text.splitlines() if not _SECRET.search(line)]
    said = clean_text(_EMAIL.sub("", "\n".join(lines)))
    if said is None or len(said) <= LONGEST_TEXT:
        return said
    return said[: LONGEST_TEXT - 1].rsplit(" ", 1)[0] + "…"


def place_of(event: Event) -> str | None:
    """Return where it is in the calendar's words; an address of the web is `ONLINE`."""
    place = clean_text(plain_text(str(event.get("LOCATION") or "")))
    if place is None:
        return None
    if _URL.match(place) or _IS_ONLINE.match(place):
        return ONLINE
    return clean_text(_EMAIL.sub("", place)[:LONGEST_PLACE])


def interests_of(event: Event, words: Mapping[str, str]) -> tuple[str, ...]:
    """Return the concepts an event's own words name; at most three, only sure ones.

    The name and the categories count; the description only where they name none, and then only
    with phrases of two words or more.
    """
    said = [str(event.get("SUMMARY") or ""), *_categories(event)]
    found = _named(said, words, least_words=1)
    if not found:
        found = _named([plain_text(str(event.get("DESCRIPTION") or ""))], words, least_words=2)
    return tuple(found[:MOST_INTERESTS])


def _categories(event: Event) -> list[str]:
    given = event.get("CATEGORIES")
    listed = given if isinstance(given, list) else [given] if given else []
    return [str(name) for one in listed for name in getattr(one, "cats", [one])]


def _named(texts: list[str], words: Mapping[str, str], *, least_words: int) -> list[str]:
    found: dict[str, None] = {}
    for text in texts:
        tokens = re.findall(
            r"[^\W_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}-][^\W_]+)*", text.casefold()
        )
        start = 0
        while start < len(tokens):
            # The longest phrase wins: "walking football" is no walking.
            for length in range(min(4, len(tokens) - start), least_words - 1, -1):
                phrase = " ".join(tokens[start : start + length])
                concept = words.get(phrase) if len(phrase) >= _SHORTEST_WORD else None
                if concept:
                    found[concept] = None
                    start += length - 1
                    break
            start += 1
    return list(found)
