"""The parts a run is cut into, and what an engine does with one: numbers only, no reference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from geo.matching_arrays import Answers, Askers, Numbers, Targets
from geo.matching_everyone import Found
from geo.matching_walks import Kept


@dataclass(frozen=True, slots=True)
class Part:
    """Some who ask, and everything that is in reach of any of them.

    `asker_rows` and `target_rows` say which rows of the whole run these are. `kept` is what is
    known of ways on foot beforehand; None where no network is loaded.
    """

    number: int
    targets: Targets
    askers: Askers
    target_rows: Numbers
    asker_rows: Numbers
    kept: Kept | None = None


class Engine(Protocol):
    """What finds the matches of parts: here, or on other machines."""

    @property
    def name(self) -> str:
        """What it is called on the command line, and in the run's row."""

    def match(self, parts: Iterable[Part], answers: Answers) -> Iterator[tuple[Part, slice, Found]]:
        """Yield the matches of some of a part's askers (the slice), in any order of parts.

        Parts are taken from `parts` as they are needed: each costs memory.
        """
