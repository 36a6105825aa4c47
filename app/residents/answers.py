"""What the forms about a resident say, read and judged; each problem names its field."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from starlette.datastructures import QueryParams

from app.models import Access, Basis, DecidedBy, SpecialBasis, Travel
from app.parameters import Query
from app.places.actions import find_place
from app.residents import words
from app.words import long_date

REVIEW_AFTER = dt.timedelta(days=365)
LATEST_REVIEW = dt.timedelta(days=2 * 366)
NO_SPECIAL = "none"

Word = TypeVar("Word", bound=enum.StrEnum)


@dataclass(frozen=True, slots=True)
class BasisAnswer:
    """Why it may be kept, who decided, and when to ask again."""

    basis: Basis
    decided_by: DecidedBy
    special_basis: SpecialBasis | None
    review_on: dt.date

    def in_words(self) -> list[tuple[str, str]]:
        """Return what it says, to be compared with another."""
        special = self.special_basis
        return [
            ("Why we may keep it", words.BASES[self.basis].label),
            ("Who decided", words.DECIDED_BY[self.decided_by].label),
            (
                "Faith, health and the like",
                (words.SPECIAL_BASES[special] if special else words.NO_SPECIAL).label,
            ),
            ("Look again on", long_date(self.review_on)),
        ]


@dataclass(frozen=True, slots=True)
class NeedsAnswer:
    """How far somebody goes, what they need there, and when suits them."""

    travel: Travel
    access_needs: tuple[str, ...]
    good_times: tuple[str, ...]

    def in_words(self) -> list[tuple[str, str]]:
        """Return what it says, to be compared with another."""
        return [
            ("How far they go", words.TRAVEL[self.travel].label),
            ("What they need there", words.access(self.access_needs) or "Nothing special"),
            ("Good times", words.good_times(self.good_times) or "Any time"),
        ]


def stored_basis(resident: sa.Row[Any]) -> BasisAnswer:
    """Return what is stored as an answer."""
    special = resident.special_basis
    return BasisAnswer(
        Basis(resident.basis),
        DecidedBy(resident.decided_by),
        SpecialBasis(special) if special else None,
        resident.review_on,
    )


def stored_needs(resident: sa.Row[Any]) -> NeedsAnswer:
    """Return what is stored as an answer."""
    return NeedsAnswer(
        Travel(resident.travel), tuple(resident.access_needs), tuple(resident.good_times)
    )


def read_basis(form: Query, *, today: dt.date) -> BasisAnswer | None:
    """Read why it may be kept; None when something is missing or makes no sense."""
    basis = _one(form, "basis", Basis, "Say why you may keep this.")
    decided_by = _one(form, "decided_by", DecidedBy, "Say who decided that it may be kept.")
    special_basis = _special(form)
    review_on = form.date("review_on") or today + REVIEW_AFTER
    if not today < review_on <= today + LATEST_REVIEW:
        form.wrong("review_on", "Choose a day to look at this again: after today, within 2 years.")
    if decided_by is DecidedBy.BEST_INTERESTS:
        if basis is Basis.CONSENT:
            form.wrong(
                "basis",
                "Nobody can consent for somebody else. For a decision in their best interests,"
                " choose “Legitimate interests” or “Public task”.",
            )
        if special_basis is SpecialBasis.EXPLICIT_CONSENT:
            form.wrong(
                "special_basis",
                "Nobody can consent for somebody else. For a decision in their best interests,"
                " choose “their care plan needs it”, or leave these out.",
            )
    if form.problems or basis is None or decided_by is None:
        return None
    return BasisAnswer(basis, decided_by, special_basis, review_on)


def read_needs(form: Query) -> NeedsAnswer | None:
    """Read how far, what with and when; None when something is missing or makes no sense."""
    travel = _one(form, "travel", Travel, "Say how far they go.")
    needs = form.words("access_needs", [word.value for word in Access])
    # A field for each day: all boxes of a week in one field would be more than a field may hold.
    times = [f"{day}_{part}" for day in words.DAYS for part in form.words(day, words.PARTS)]
    if travel is None:
        return None
    return NeedsAnswer(travel, tuple(needs), tuple(times))


def read_rough_place(connection: sa.Connection, form: Query) -> tuple[float, float] | None:
    """Return lon, lat (degrees, WGS 84) of the place a form names; None: it names none.

    It is rounded where it is stored; the postcode goes no further than this.
    """
    place = find_place(connection, form).place
    return (place.lon, place.lat) if place else None


def _one(form: Query, field: str, kind: type[Word], missing: str) -> Word | None:
    chosen = form.words(field, [word.value for word in kind])
    if len(chosen) != 1:
        form.wrong(field, missing)
        return None
    return kind(chosen[0])


def _special(form: Query) -> SpecialBasis | None:
    allowed = [NO_SPECIAL, *(word.value for word in SpecialBasis)]
    chosen = form.words("special_basis", allowed)
    if len(chosen) != 1 or chosen[0] == NO_SPECIAL:
        return None
    return SpecialBasis(chosen[0])


def as_form(*answers: BasisAnswer | NeedsAnswer, **fields: object) -> Query:
    """Return answers as the form that would send them, to be shown for changing."""
    pairs = [(name, str(value)) for name, value in fields.items()]
    for answer in answers:
        if isinstance(answer, BasisAnswer):
            pairs += [
                ("basis", answer.basis),
                ("decided_by", answer.decided_by),
                ("special_basis", answer.special_basis or NO_SPECIAL),
                ("review_on", answer.review_on.isoformat()),
            ]
        else:
            pairs.append(("travel", answer.travel))
            pairs += [("access_needs", need) for need in answer.access_needs]
            pairs += [(time[:3], time[4:]) for time in answer.good_times]
    return Query(QueryParams(pairs))


def blank_form(*, today: dt.date) -> Query:
    """Return the form for somebody new: reviewed in a year, without faith and health."""
    fields = {"review_on": (today + REVIEW_AFTER).isoformat(), "special_basis": NO_SPECIAL}
    return Query(QueryParams([*fields.items(), ("id", str(uuid.uuid4()))]))
