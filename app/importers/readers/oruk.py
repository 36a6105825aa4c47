"""Services and organizations of Open Referral UK, from a file or from what was fetched of a feed.

Kinds, interests, access and rules of our own export are read exactly; of any other feed an
organization is a group, a named place that is not its own is a venue, and terms of other
taxonomies stand for what editors agreed on (`ReadOptions.terms`). Format: Open Referral UK 3.0
(openreferraluk.org), with the older profile's words for the same things.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from app.errors import FileRefused
from app.importers.items import Item
from app.importers.options import ReadOptions
from app.importers.oruk.documents import documents, looks_right, organization_of
from app.importers.oruk.gathering import Feed
from app.importers.oruk.origins import origin_of, plain_slug
from app.importers.records import ActivityRecord, AssetRecord, SourceInfo

NAME = "oruk"
DESCRIPTION = "Services of Open Referral UK (JSON)"
SUFFIXES: tuple[str, ...] = (".json", ".ndjson", ".jsonl")
# What a whole file speaks for, even where it has none of it.
KINDS = (AssetRecord, ActivityRecord)


def recognises(path: Path, header: Sequence[str] | None) -> bool:
    """Return whether it has services or organizations in it."""
    return header is None and looks_right(path)


def source(path: Path) -> SourceInfo:
    """Return whose file it is, where its first record says so (our own export's do).

    Raises
    ------
    FileRefused
        If it does not: then somebody has to.
    """
    first = next(documents(path), None)
    said = (first.service or first.organization or {}) if first else {}
    found = origin_of(said, None) or origin_of(organization_of(said), None)
    if found is not None:
        # Each record keeps its own; this one is for what has none.
        name = f"Open Referral UK: {path.stem}"
        return replace(found, slug=f"oruk-{plain_slug(path.stem)}", name=name)
    raise FileRefused(
        f"{path.name} does not say under which licence it may be used: load it with"
        " `patchwork load oruk` and --licence."
    )


def scope(path: Path, options: ReadOptions) -> str:  # noqa: ARG001
    """Return nothing: a newer file of the same source replaces it whole."""
    return ""


def as_of(path: Path, options: ReadOptions) -> dt.date | None:  # noqa: ARG001
    """Return the date said."""
    return options.as_of


def read(path: Path, options: ReadOptions) -> Iterator[Item]:
    """Yield organizations, venues and activities, each at the first row that names it."""
    yield from Feed(path, options, source_said=options.info).items()
