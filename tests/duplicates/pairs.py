"""Two entries of one place, and what goes with them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.duplicates.merging import merge
from app.duplicates.sides import read_pair
from app.models import Asset, Source
from tests import builders

LON, LAT = builders.SHIPLEY_MARKET
METRE_NORTH = 1 / 111_300
EDITOR = uuid.UUID(int=7)
# An element, quotes that would end an attribute, and what a script would take for its own.
HOSTILE = "Shipley <Library> \"' ${`}"


@dataclass(frozen=True)
class Two:
    """A library as the council and as another list know it, with their sources."""

    council: Asset
    other: Asset


def north(metres: float) -> tuple[float, float]:
    return (LON, LAT + metres * METRE_NORTH)


def council_source(session: Session) -> Source:
    return builders.make_source(session, "council", precedence=10)


def osm_source(session: Session) -> Source:
    return builders.make_source(
        session, "osm", licence="ODbL 1.0", is_share_alike=True, precedence=40,
    )  # fmt: skip


def make_two(session: Session, *, name: str = "Shipley Library", shared: bool = False) -> Two:
    """Store a library twice, 30 m apart, each with an activity; differing in several facts."""
    other = osm_source(session) if shared else builders.make_source(session, "list")
    one = builders.make_asset(
        session, "Shipley Library", at=north(0), source=council_source(session),
        phone="01274 496000", interests=["reading"], address="2 Wellcroft, Shipley",
    )  # fmt: skip
    two = builders.make_asset(
        session, name, at=north(30), source=other, phone="01274 496111",
        website="https://library.example", address="2 Wellcroft, Shipley",
    )  # fmt: skip
    builders.make_activity(session, "Poetry hour", one, interests=["reading"])
    builders.make_activity(session, "Knitting circle", two, interests=["knitting"])
    return Two(one, two)


def merge_two(session: Session, kept: uuid.UUID, lost: uuid.UUID, **take: uuid.UUID) -> None:
    """Merge as an editor who has just opened the page."""
    seen = {side.id: side.row.version for side in read_pair(session, one=kept, other=lost).sides}
    merge(session, one=kept, other=lost, kept_id=kept, seen=seen, take=take, account_id=EDITOR)


def row_of(session: Session, asset_id: uuid.UUID) -> sa.Row[tuple[object, ...]]:
    return session.execute(sa.text("SELECT * FROM assets WHERE id = :id"), {"id": asset_id}).one()


def statuses(session: Session) -> list[str]:
    return list(
        session.execute(sa.text("SELECT status::text FROM duplicate_pairs ORDER BY 1")).scalars()
    )
