"""What rows are called when they are written: terms, areas, and where they come from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import orjson

from app.assets.schemas import Names
from app.oruk.terms import Terms

Json = dict[str, Any]
# Where nobody knows the district: Patchwork is for England.
NOWHERE_NEARER = "England"


class Naming:
    """The names of interests, sources and areas of one moment, and what is made of them once."""

    def __init__(self, names: Names, areas: Mapping[str, str], *, base_url: str) -> None:
        self.terms = Terms(names.vocabulary, base_url=base_url)
        self._sources = names.sources
        self._areas = areas
        self._written: dict[tuple[int, dt.date | None], orjson.Fragment] = {}

    def is_of(self, names: Names, areas: Mapping[str, str]) -> bool:
        """Return whether names read anew are the same, so that what was made of them holds."""
        return (
            names.vocabulary is self.terms.vocabulary
            and names.sources == self._sources
            and areas == self._areas
        )

    def area(self, code: str | None) -> str | None:
        """Return what a ward or district is called, None if nobody knows."""
        return self._areas.get(code) if code else None

    def source(self, source_id: int, as_of: dt.date | None) -> orjson.Fragment | None:
        """Return where a row comes from: name, publisher, licence, attribution and date."""
        key = source_id, as_of
        written = self._written.get(key)
        if written is None:
            source = self._sources.get(source_id)
            if source is None:
                return None
            content: Json = {
                "name": source.name,
                "publisher": source.publisher,
                "licence": source.licence,
                "attribution": source.attribution,
                **({"date": as_of.isoformat()} if as_of else {}),
            }
            written = orjson.Fragment(orjson.dumps({k: v for k, v in content.items() if v}))
            self._written[key] = written
        return written
