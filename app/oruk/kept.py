"""What was written, for as long as what it was made of is the same.

Making all of a service takes longer than reading its rows, and a district's few thousand fit into
memory. Whether a record, or a page of them, still holds is seen by the rows themselves, asked of
the database for every answer: nothing here has to be told of a change, and nobody is shown what
has been taken back.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

MOST_BYTES = 48_000_000
# What the rows beside a record take, about.
ROWS_BYTES = 3_000
# A page shares its records with those kept one by one; at worst it has them for itself.
MOST_BYTES_OF_PAGES = 32_000_000
# A larger one is of somebody who reads everything once, and would push out what others read.
LARGEST_PAGE_BYTES = 1_000_000


@dataclass(frozen=True)
class Page:
    """A page of written records and the frame around them."""

    frame: bytes
    records: Sequence[bytes]

    @property
    def body(self) -> bytes:
        """All of it as it is sent."""
        return self.frame[:-1] + b',"contents":[' + b",".join(self.records) + b"]}"

    @cached_property
    def tag(self) -> str:
        """Its entity tag."""
        return tag_of(self.body)

    def __len__(self) -> int:
        return len(self.frame) + sum(map(len, self.records))


def tag_of(body: bytes) -> str:
    """Return the entity tag of an answer."""
    # Weak: what is compressed on the way is the same answer in other bytes.
    return f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


Written = TypeVar("Written", bytes, Page)


class Kept(Generic[Written]):
    """Written things by key, each with what it was made of; the oldest unread go first.

    `beside`: bytes that are kept with each; what is larger than `largest` is not kept at all.
    """

    def __init__(self, most_bytes: int, *, beside: int = 0, largest: int | None = None) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[object, Written]] = OrderedDict()
        self._most_bytes = most_bytes
        self._beside = beside
        self._largest = largest
        self._bytes = 0

    def get(self, key: Hashable, made_of: object, make: Callable[[], Written]) -> Written:
        """Return what `key` is as made of `made_of`, made now unless it was."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept[0] == made_of:
                self._kept.move_to_end(key)
                return kept[1]
        written = make()
        with self._lock:
            self._forget(key)
            if self._largest is None or len(written) <= self._largest:
                self._kept[key] = made_of, written
                self._bytes += len(written) + self._beside
            while self._bytes > self._most_bytes and len(self._kept) > 1:
                self._forget(next(iter(self._kept)))
        return written

    def _forget(self, key: Hashable) -> None:
        old = self._kept.pop(key, None)
        if old is not None:
            self._bytes -= len(old[1]) + self._beside


def kept_records(most_bytes: int = MOST_BYTES) -> Kept[bytes]:
    """Return where records are kept one by one, each with its rows."""
    return Kept(most_bytes, beside=ROWS_BYTES)


def kept_pages() -> Kept[Page]:
    """Return where pages are kept."""
    return Kept(MOST_BYTES_OF_PAGES, largest=LARGEST_PAGE_BYTES)
