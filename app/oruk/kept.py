"""Records as they were written, for as long as what they were made of is the same.

Making all of a service takes longer than reading its rows, and a district's few thousand fit into
memory. Whether one still holds is seen by the rows themselves, read for every answer: nothing
here has to be told of a change, and nobody is shown what has been taken back.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

MOST_BYTES = 48_000_000
# What the rows beside a record take, about.
ROWS_BYTES = 3_000


class KeptRecords:
    """Written records by key, each with the rows it was made of; the oldest unread go first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[object, bytes]] = OrderedDict()
        self._most_bytes = most_bytes
        self._bytes = 0

    def get(self, key: Hashable, rows: object, make: Callable[[], bytes]) -> bytes:
        """Return the record of `key` as made of `rows`, made now unless it was."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept[0] == rows:
                self._kept.move_to_end(key)
                return kept[1]
        record = make()
        with self._lock:
            self._forget(key)
            self._kept[key] = rows, record
            self._bytes += len(record) + ROWS_BYTES
            while self._bytes > self._most_bytes and len(self._kept) > 1:
                self._forget(next(iter(self._kept)))
        return record

    def _forget(self, key: Hashable) -> None:
        old = self._kept.pop(key, None)
        if old is not None:
            self._bytes -= len(old[1]) + ROWS_BYTES
