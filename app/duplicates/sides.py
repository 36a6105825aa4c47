"""The two of a pair side by side: what each says, where they differ, and what may be taken."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.assets.editing import facts_of, is_same
from app.assets.facts import FACTS
from app.duplicates import queries
from app.errors import NotFound
from app.models import AssetKind
from geo.likeness import Likeness, Place, compare

# In the order they are shown. What kind it is decides too much to be copied.
SHOWN = (
    "name", "kind", "description", "place", "address", "postcode", "phone", "email", "website",
    "opening_hours", "interests", "access", "is_indoors", "beds", "charity_number",
)  # fmt: skip
NEVER_COPIED = {"kind"}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: its row, its facts by name, and the letter the page calls it."""

    letter: str
    row: sa.Row[Any]
    facts: Mapping[str, Any]

    @property
    def id(self) -> uuid.UUID:
        """Which asset it is."""
        return uuid.UUID(str(self.row.id))

    @property
    def is_shown(self) -> bool:
        """Whether it is on the map by itself."""
        return self.row.gone_at is None and self.row.duplicate_of is None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two assets, the smaller id first, and how alike they are."""

    one: Side
    other: Side
    distance_m: float | None
    likeness: Likeness

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both."""
        return self.one, self.other

    @property
    def path(self) -> str:
        """The address of its page."""
        return f"/duplicates/{self.one.id}/{self.other.id}"

    def side(self, asset_id: uuid.UUID | None) -> Side | None:
        """Return the one of the two with this id."""
        return next((side for side in self.sides if side.id == asset_id), None)

    def beside(self, side: Side) -> Side:
        """Return the other one."""
        return self.other if side is self.one else self.one

    @property
    def preferred(self) -> Side:
        """Which is better kept: of the more trusted source, with more known about it."""
        return min(
            self.sides,
            key=lambda side: (
                side.row.precedence,
                -side.row.activities,
                -sum(side.facts[name] is not None for name in SHOWN),
                side.letter,
            ),
        )

    @property
    def why_nothing_is_copied(self) -> str | None:
        """Why facts of the two may not be mixed; None if they may."""
        shared = [side for side in self.sides if side.row.is_share_alike]
        if not shared:
            return None
        names = " and ".join(dict.fromkeys(side.row.source_name for side in shared))
        return (
            f"The licence of {names} ({shared[0].row.licence}) does not allow mixing its facts with"
            " others. So nothing is copied: the entry you keep is shown with its own facts, and the"
            " other one leads to it."
        )

    @property
    def differing(self) -> list[str]:
        """The facts the two do not say the same of."""
        return [name for name in SHOWN if not self._agree(name)]

    @property
    def agreeing(self) -> list[str]:
        """The facts both know and say the same of."""
        return [name for name in SHOWN if self._agree(name) and _says(self.one.facts[name])]

    @property
    def copyable(self) -> list[str]:
        """The differing facts of which either's value may be taken."""
        if self.why_nothing_is_copied:
            return []
        return [name for name in self.differing if self.may_copy(name)]

    def may_copy(self, name: str) -> bool:
        """Return whether a fact may be taken from one to the other.

        A contact that is not public stays where it is, and nobody sees it here.
        """
        if name in {"phone", "email"} and not all(s.row.is_contact_public for s in self.sides):
            return False
        if name == "place" and any("lon" not in side.facts["place"] for side in self.sides):
            return False
        return name not in NEVER_COPIED

    def better(self, name: str) -> Side:
        """Return whose value is chosen to begin with: the kept one's, or the only one there is."""
        kept = self.preferred
        return kept if _says(kept.facts[name]) else self.beside(kept)

    def _agree(self, name: str) -> bool:
        return is_same(name, self.one.facts[name], self.other.facts[name])


def _says(value: object) -> bool:
    return value not in (None, "", [], {})


def in_order(one: uuid.UUID, other: uuid.UUID) -> tuple[uuid.UUID, uuid.UUID]:
    """Return two ids, the smaller first."""
    return (one, other) if one < other else (other, one)


def read_pair(session: Session, *, one: uuid.UUID, other: uuid.UUID) -> Pair:
    """Return two assets side by side; raises NotFound where there are not two to compare."""
    ids = in_order(one, other)
    rows = queries.find_sides(session, ids=ids)
    if len(rows) != 2 or any(row.kind == AssetKind.INFORMAL for row in rows.values()):
        raise NotFound("There are no two entries to compare at this address.")
    sides = [
        Side(letter, rows[id_], facts_of(session, rows[id_]))
        for letter, id_ in zip("AB", ids, strict=True)
    ]
    distance_m = queries.distance_between(session, one=ids[0], other=ids[1])
    likeness = compare(_place(sides[0]), _place(sides[1]), distance_m=distance_m)
    return Pair(sides[0], sides[1], distance_m, likeness)


def _place(side: Side) -> Place:
    names = ("name", "kind", "postcode", "phone", "email", "website", "charity_number")
    return Place(**{name: side.facts[name] for name in names})


def label(name: str) -> str:
    """Return what a fact is called."""
    return FACTS[name].label
