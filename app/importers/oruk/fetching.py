"""A feed of services read page by page into one file, so that it is loaded whole or not at all.

What a reading that went wrong somewhere could do is make people's places disappear. So: a page
that does not come, breaks off or is no page ends the reading; totals that change meanwhile begin
it again; a total that is not reached refuses it; and whatever leaves a doubt whether everything
was seen makes it a partial one, which never marks anything gone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from app.errors import FileRefused, NotFetched
from app.fetching.client import Fetcher
from app.importers.oruk.addresses import FeedAddress, is_whole_file
from app.importers.oruk.json_text import Json, parse, text
from app.importers.oruk.pages import MOST_PAGES, ListPage, read_list_page
from app.importers.oruk.polite import Manners, PoliteReader

PER_PAGE = 100
MOST_READINGS = 3
MOST_SERVICES = 500_000
# What only a full service has.
_FULL_ONLY = {
    "service_at_locations", "schedules", "contacts", "phones", "cost_options", "attributes",
    "service_areas", "languages", "funding", "regular_schedules", "service_taxonomys",
}  # fmt: skip
# Of what is asked for one by one, so many may fail before the whole reading has.
_MOST_MISSING_SHARE = 0.1
_ALIKE_ENOUGH = 5

Told = Callable[[int, int | None], None]


@dataclass(slots=True)
class Reading:
    """What came of reading a feed into a file."""

    services: int = 0
    # Whether everything the feed has was seen: only then may something be said to be gone.
    is_whole: bool = True
    # The newest change any service tells of: what the next reading may ask after.
    newest: str | None = None
    # Why it is not whole, for people; "" where it is.
    doubt: str = ""


class _Changed(Exception):
    """The totals changed while it was read."""


def read_feed(
    fetcher: Fetcher,
    url: str,
    into: Path,
    *,
    modified_after: str | None = None,
    manners: Manners | None = None,
    told: Told = lambda done, total: None,  # noqa: ARG005
) -> Reading:
    """Read a feed into `into`, one service a line.

    Parameters
    ----------
    url
        The feed's base address, that of its `/services`, or of one file with everything in it.
    modified_after
        Only ask for what has changed since (as the feed writes moments): the reading is then a
        partial one.
    told
        Called with how many services have come, of how many.

    Raises
    ------
    NotFetched
        If something could not be had, also after asking again.
    FileRefused
        If what came is no feed, or not all of it came.
    """
    polite = PoliteReader(fetcher, manners or Manners())
    if is_whole_file(url):
        return _read_whole_file(polite, url, into)
    for _ in range(MOST_READINGS):
        try:
            with into.open("w", encoding="utf-8") as file:
                return _Feed(polite, FeedAddress.of(url), file, modified_after, told).read()
        except _Changed:
            continue
    raise FileRefused(
        "The feed changed each time while it was being read, so nothing was changed here: it will"
        " be read again later."
    )


def _read_whole_file(polite: PoliteReader, url: str, into: Path) -> Reading:
    fetched = polite.get(url)
    into.write_bytes(fetched.content)
    return Reading()


@dataclass(slots=True)
class _Feed:
    """One reading of a list and of what belongs to it."""

    polite: PoliteReader
    address: FeedAddress
    file: IO[str]
    modified_after: str | None
    told: Told
    seen: dict[str, int] = field(default_factory=dict)
    counted: int = 0
    missing: int = 0
    is_full: bool | None = None  # whether the list itself has full services; None: not known yet
    asks_full: bool = True
    alike: int = 0
    reading: Reading = field(default_factory=Reading)

    def read(self) -> Reading:
        first = self._page(1)
        if not first.items and self.modified_after is None:
            raise FileRefused("The feed has no services at all, so nothing was changed here.")
        for number, page in self._pages(first):
            if (page.total_items, page.total_pages) != (first.total_items, first.total_pages):
                raise _Changed
            self._take(page, number, first.total_items)
        self._judge(first)
        return self.reading

    def _pages(self, first: ListPage) -> Iterator[tuple[int, ListPage]]:
        number, page = 1, first
        while page.items:
            yield number, page
            has_all = first.total_items is not None and self.counted >= first.total_items
            if page.is_last or not page.may_go_on(number, is_full_page=PER_PAGE, has_all=has_all):
                return
            number += 1
            if number > MOST_PAGES or self.counted > MOST_SERVICES:
                raise FileRefused("The feed has more services than we can take: it may never end.")
            page = self._page(number)
            if has_all and self._is_known(page):
                return  # it puts everything on one page, whatever it says

    def _page(self, number: int) -> ListPage:
        asked: dict[str, object] = {"page": number, "per_page": PER_PAGE}
        if self.modified_after is not None:
            asked["modified_after"] = self.modified_after
        if self.asks_full:
            asked["full"] = "true"
        url = self.address.services(**asked)
        try:
            fetched = self.polite.get(url)
        except NotFetched as error:
            if not (self.asks_full and number == 1 and error.answered in (400, 404, 422)):
                raise
            self.asks_full = False  # a feed that does not know the word
            return self._page(number)
        what = f"Page {number} of the services"
        return read_list_page(parse(fetched.content, what=what), what=what)

    def _take(self, page: ListPage, number: int, total: int | None) -> None:
        ids = [text(item.get("id"), most=200) for item in page.items]
        if number > 1 and self._is_known(page):
            raise FileRefused(
                f"The feed sends the same services again as its page {number}: it does not know"
                " pages, so it cannot be read whole."
            )
        self.counted += len(page.items) + page.unreadable
        for service_id, item in zip(ids, page.items, strict=True):
            if service_id is not None:
                before = self.seen.setdefault(service_id, number)
                if before != number:
                    self._doubt("it names a service on two of its pages")
            self._write(self._fuller(service_id, item))
            self.told(self.reading.services, total)

    def _is_known(self, page: ListPage) -> bool:
        return all(text(item.get("id"), most=200) in self.seen for item in page.items)

    def _fuller(self, service_id: str | None, item: Json) -> Json:
        """Return a service with all that belongs to it, asking for it where the list is short."""
        if self.is_full is None and _FULL_ONLY & item.keys():
            self.is_full = True
        if self.is_full is None and service_id is not None:
            found = self._one(service_id)
            if found is not None and found.keys() - item.keys():
                self.is_full = False
            elif found is not None:
                # A service with nothing more to say looks the same in both: ask about a few.
                self.alike += 1
                self.is_full = True if self.alike >= _ALIKE_ENOUGH else None
            return found or item
        if self.is_full is not False or service_id is None:
            return item
        return self._one(service_id) or item

    def _one(self, service_id: str) -> Json | None:
        try:
            fetched = self.polite.get(self.address.service(service_id))
            found = parse(fetched.content, what=f"Service {service_id[:40]}")
        except (NotFetched, FileRefused) as error:
            if isinstance(error, NotFetched) and error.is_passing:
                raise
            found = None
        if isinstance(found, dict) and text(found.get("id"), most=200) == service_id:
            return found
        self.missing += 1
        self._doubt("some services could not be had in full")
        if self.missing > max(3, _MOST_MISSING_SHARE * self.counted):
            raise FileRefused(
                f"{self.missing:,} services of the feed's own list could not be had one by one, so"
                " nothing was changed here."
            )
        return None

    def _write(self, service: Json) -> None:
        self.file.write(json.dumps(service) + "\n")
        self.reading.services += 1
        changed = text(service.get("last_modified"), most=40)
        if changed is not None and (self.reading.newest is None or changed > self.reading.newest):
            self.reading.newest = changed

    def _doubt(self, why: str) -> None:
        self.reading.is_whole = False
        self.reading.doubt = self.reading.doubt or why

    def _judge(self, first: ListPage) -> None:
        """Hold what came against what the feed said there is."""
        if first.total_items is not None and self.counted < first.total_items:
            raise FileRefused(
                f"The feed says it has {first.total_items:,} services, but only"
                f" {self.counted:,} came: nothing was changed here."
            )
        if self.modified_after is not None:
            self.reading.is_whole = False
