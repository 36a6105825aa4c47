"""Finding the matches of parts in this very process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.everyone.parts import Part
from geo.matching_arrays import Answers
from geo.matching_everyone import Found, match_everyone
from geo.matching_walks import OnFoot
from geo.walking import FootNetwork


@dataclass(frozen=True, slots=True)
class LocalEngine:
    """An `app.everyone.parts.Engine`; `network` is what there is of ways on foot."""

    network: FootNetwork | None = None
    workers: int = 1  # threads, each with a slice of residents
    at_once: int = 20_000  # in a slice: memory grows with them

    @property
    def name(self) -> str:
        """What it is called on the command line."""
        return "local"

    def match(self, parts: Iterable[Part], answers: Answers) -> Iterator[tuple[Part, slice, Found]]:
        """Yield the matches of each part in turn."""
        for part in parts:
            walks = None
            if self.network is not None and part.kept is not None:
                walks = OnFoot(self.network, part.askers, part.targets, part.kept)
            for chunk, found in match_everyone(
                part.targets,
                part.askers,
                answers,
                walks=walks,
                workers=self.workers,
                at_once=self.at_once,
            ):
                yield part, chunk, found
