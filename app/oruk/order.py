"""The order of every record of a question, kept for a short while, so that any page is a slice.

Pages that neither skip nor repeat want one order for the whole walk through them, and Open
Referral's pages are numbers: the database would have to count past all earlier rows for each. The
order is when a record was put in, then its identifier. An edit moves nothing (by "last modified"
it would move what somebody has not read yet to where they have been), and what is new comes last.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from app.oruk.queries import KEY_BYTES

# As old as an order may get while nothing seems to have changed: of two that write at once, the
# one that ends later may have the earlier time. Whether a record may be shown is asked each time.
SECONDS = 60.0
MOST_BYTES = 64_000_000
MOST_KEPT = 200

Key = tuple[bool, str]


def unpack(packed: bytes) -> list[Key]:
    """Return keys: whether it is an asset by itself (or an activity), and its identifier."""
    return [
        (bool(packed[start]), str(uuid.UUID(bytes=packed[start + 1 : start + KEY_BYTES])))
        for start in range(0, len(packed), KEY_BYTES)
    ]


@dataclass(frozen=True, slots=True)
class Order:
    """The packed keys of all records of a question."""

    packed: bytes

    def __len__(self) -> int:
        return len(self.packed) // KEY_BYTES

    def slice(self, first: int, count: int) -> list[Key]:
        """Return `count` keys from number `first` (0 is the first)."""
        return unpack(self.packed_slice(first, count))

    def packed_slice(self, first: int, count: int) -> bytes:
        """Return the same as they are packed."""
        return self.packed[first * KEY_BYTES : (first + count) * KEY_BYTES]


class OrderCache:
    """Orders by question; each is made anew when something changed, and every minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[object, float, Order]] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}

    def get(self, question: Hashable, stamp: object, make: Callable[[], bytes]) -> Order:
        """Return the order of a question; two who ask at once have it made once."""
        with self._lock:
            found = self._find(question, stamp)
            if found is not None:
                return found
            making = self._making.setdefault(question, threading.Lock())
        with making:
            with self._lock:
                found = self._find(question, stamp)
            if found is not None:
                return found
            try:
                order = Order(make())
                self._keep(question, stamp, order)
            finally:
                with self._lock:
                    self._making.pop(question, None)
            return order

    def _find(self, question: Hashable, stamp: object) -> Order | None:
        kept = self._kept.get(question)
        if kept is None or kept[0] != stamp or time.monotonic() - kept[1] > SECONDS:
            return None
        self._kept.move_to_end(question)
        return kept[2]

    def _keep(self, question: Hashable, stamp: object, order: Order) -> None:
        with self._lock:
            self._kept[question] = (stamp, time.monotonic(), order)
            self._kept.move_to_end(question)
            held = sum(len(one.packed) for _, _, one in self._kept.values())
            while held > MOST_BYTES and len(self._kept) > 1:
                held -= len(self._kept.popitem(last=False)[1][2].packed)
            # Small ones count too: a question costs some memory even if nothing fits it.
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
