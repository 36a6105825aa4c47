"""Figures that compare wards: what there are, and their values for every ward of a district."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure about a ward, in words.

    `unit` follows the number ("per 1,000 people", "%"); `explanation` is one or two sentences that
    say how it is worked out, with the source of a formula.
    """

    slug: str
    label: str
    unit: str
    explanation: str
    decimals: int = 1


@dataclass(frozen=True, slots=True)
class WardValues:
    """The values of one ward by measure; None where nothing is known."""

    area_id: int
    gss_code: str
    name: str
    values: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class DistrictValues:
    """All wards of a district in one boundary release, by name, and whose data it is."""

    lad_code: str
    lad_name: str
    release: str
    wards: Sequence[WardValues]
    source_ids: Sequence[int]
    # The measures that were worked out without a foot network.
    about: frozenset[str] = frozenset()


MEASURES: dict[str, Measure] = {
    "assets_per_1000": Measure(
        "assets_per_1000",
        "Places and groups",
        "per 1,000 people",
        "Everything on the map in the ward, for every 1,000 people who live there.",
    ),
}


def read_district(
    connection: sa.Connection, *, lad_code: str, release: str | None = None
) -> DistrictValues:
    """Return every measure of every ward of a district; `release` None means the newest.

    Raises `NotFound` for a district without wards.
    """
    raise NotImplementedError
