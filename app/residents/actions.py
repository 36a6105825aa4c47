"""What staff do with residents: keep one, tick what they enjoy, see who has been left out."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from app.accounts.people import TeamWork
from app.accounts.queries import record
from app.errors import Conflict, NotFound
from app.models import Stance
from app.residents import queries, words
from app.residents.answers import BasisAnswer, NeedsAnswer
from app.residents.references import NOTHING_HERE, digest_of, new_reference, read_reference
from app.words import plural

# "Lately": who has had neither a match nor an outing for so long is shown first.
LATELY = dt.timedelta(weeks=4)
# Two references alike in a row happen once in a hundred billion.
MOST_TRIES = 5
MOST_VISITS = 20


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands: `waiting` says why they are at the top, None when they are not."""

    waiting: str | None
    since: dt.date | None


@dataclass(frozen=True, slots=True)
class Listed:
    """One resident of the list."""

    resident: sa.Row[Any]
    standing: Standing
    interests: tuple[tuple[str, tuple[str, ...]], ...]
    is_review_due: bool


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next, and where."""

    sentence: str
    address: str


@dataclass(frozen=True, slots=True)
class Story:
    """Everything a resident's page shows."""

    resident: sa.Row[Any]
    held: Sequence[sa.Row[Any]]
    interests: tuple[tuple[str, tuple[str, ...]], ...]
    connections: Sequence[sa.Row[Any]]
    visits: Sequence[sa.Row[Any]]
    is_review_due: bool
    next_steps: tuple[Step, ...]


def get_resident(work: TeamWork, typed: str) -> sa.Row[Any]:
    """Return the team's resident of a reference, however it was typed.

    Raises NotFound, with one answer for missing, another team's, and withdrawn.
    """
    reference = read_reference(typed)
    found = queries.find_resident(work.session, team_id=work.team.id, reference=reference)
    if found is None:
        raise NotFound(NOTHING_HERE)
    return found


def note_reading(work: TeamWork, resident_id: uuid.UUID | None, *, action: str = "read") -> None:
    """Write into the audit log that somebody looked: at one resident, or (None) at the list."""
    record(
        work.session,
        account_id=work.person.account_id,
        team_id=work.team.id,
        action=action,
        subject="residents",
        subject_id=resident_id,
    )


def list_residents(work: TeamWork, *, today: dt.date) -> list[Listed]:
    """Return the team's residents, who has had no match and no outing lately on top."""
    rows = queries.list_residents(work.session, team_id=work.team.id)
    note_reading(work, None, action="list")
    listed = [
        Listed(
            row,
            standing_of(
                has_interests=bool(row.interests),
                last_matched_on=row.last_matched_on,
                last_outing_on=row.last_outing_on,
                today=today,
            ),
            by_stance((one["stance"], one["label"]) for one in row.interests),
            is_review_due(row.review_on, today),
        )
        for row in rows
    ]
    listed.sort(key=_order)
    return listed


def _order(listed: Listed) -> tuple[bool, dt.date, str]:
    standing = listed.standing
    return (standing.waiting is None, standing.since or dt.date.min, listed.resident.reference)


def standing_of(
    *,
    has_interests: bool,
    last_matched_on: dt.date | None,
    last_outing_on: dt.date | None,
    today: dt.date,
) -> Standing:
    """Return whether somebody waits for a match or an outing, why, and since when."""
    days = [day for day in (last_matched_on, last_outing_on) if day is not None]
    since = max(days, default=None)
    if since is not None and today - since < LATELY:
        return Standing(None, since)
    if last_outing_on is not None:
        return Standing(f"No outing for {weeks(today - last_outing_on)}", since)
    if last_matched_on is not None:
        since_match = weeks(today - last_matched_on)
        return Standing(f"Something was found {since_match} ago, but no outing yet", since)
    return Standing("Nothing found yet" if has_interests else "Nothing ticked yet", since)


def weeks(span: dt.timedelta) -> str:
    """Return a span in whole weeks, as people say it."""
    return plural(span.days // 7, "week")


def is_review_due(review_on: dt.date, today: dt.date) -> bool:
    """Return whether the basis is to be looked at again, within thirty days or since long."""
    return review_on <= today + queries.REVIEW_SOON


def by_stance(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return interests as lines: ("Enjoys", ("Bowls", "Singing")), in the order of the stances."""
    held: dict[str, list[str]] = {}
    for stance, label in pairs:
        held.setdefault(stance, []).append(label)
    return tuple(
        (word, tuple(held[stance])) for stance, word in words.STANCES.items() if stance in held
    )


def tell_story(work: TeamWork, resident: sa.Row[Any], *, today: dt.date) -> Story:
    """Return everything about one resident for their page; the reading is recorded."""
    note_reading(work, resident.id)
    held = queries.list_interests(work.session, resident_id=resident.id)
    connections = queries.list_connections(work.session, resident_id=resident.id)
    is_due = is_review_due(resident.review_on, today)
    return Story(
        resident,
        held,
        by_stance((row.stance, row.label) for row in held),
        connections,
        queries.list_visits(work.session, resident_id=resident.id, most=MOST_VISITS),
        is_due,
        tuple(_next_steps(resident, held, connections, is_due=is_due, is_home=work.team.is_home)),
    )


def _next_steps(
    resident: sa.Row[Any],
    held: Sequence[sa.Row[Any]],
    connections: Sequence[sa.Row[Any]],
    *,
    is_due: bool,
    is_home: bool,
) -> list[Step]:
    here = f"/residents/{resident.reference}"
    steps = []
    if not held:
        steps.append(Step("Tick what they enjoy", f"{here}/interests"))
    steps += [
        Step(f"Ring about {one.title}", f"/connections/{one.id}")
        for one in connections
        if one.status == "suggested"
    ]
    if held and all(one.status == "ended" for one in connections):
        steps.append(Step("Find something that fits", f"{here}/matches"))
    shared = [row for row in held if row.stance == Stance.COULD_SHARE]
    if is_home and any(not (row.offer_id or row.is_special_category) for row in shared):
        steps.append(Step("Offer a group what they could share", "/offers"))
    if is_due:
        steps.append(Step("Look again at why you may keep this", f"{here}/basis"))
    return steps


def add_resident(
    work: TeamWork,
    *,
    asked_id: uuid.UUID | None,
    basis: BasisAnswer,
    needs: NeedsAnswer,
    place: tuple[float, float] | None,
    today: dt.date,
) -> str:
    """Keep a resident, with why, and return the reference made for them.

    `asked_id` was made when the form was shown: sent twice, it is one resident. `place` is lon, lat
    in degrees (WGS 84), for people at home; it is rounded to 200 m.
    """
    resident_id = asked_id or uuid.uuid4()
    for _ in range(MOST_TRIES):
        reference = new_reference()
        stored = queries.insert_resident(
            work.session,
            resident_id=resident_id,
            team_id=work.team.id,
            reference=reference,
            digest=digest_of(reference),
            place=None if work.team.is_home else place,
            values=_basis_values(work, basis, today) | _needs_values(needs),
        )
        if stored:
            return stored
        known = queries.find_reference(work.session, team_id=work.team.id, resident_id=resident_id)
        if known:
            return known
        # Taken by somebody we may not see, or the reference was: neither is said.
        resident_id = uuid.uuid4()
    raise Conflict("No free reference was found. Send the form again.")


def save_needs(work: TeamWork, resident: sa.Row[Any], *, version: int, needs: NeedsAnswer) -> bool:
    """Store needs; False: somebody else changed the resident first, and nothing was stored."""
    return queries.set_needs(
        work.session, resident_id=resident.id, version=version, values=_needs_values(needs)
    )


def save_basis(
    work: TeamWork, resident: sa.Row[Any], *, version: int, basis: BasisAnswer, today: dt.date
) -> bool:
    """Record a basis anew, with today's date and who; False: somebody else was first."""
    return queries.set_basis(
        work.session,
        resident_id=resident.id,
        version=version,
        values=_basis_values(work, basis, today),
    )


def save_interests(
    work: TeamWork, resident: sa.Row[Any], *, version: int, stances: Mapping[int, Stance | None]
) -> bool:
    """Store what was ticked; False: somebody else changed the resident first."""
    return queries.store_stances(
        work.session,
        resident_id=resident.id,
        team_id=work.team.id,
        version=version,
        stances={number: stance.value if stance else None for number, stance in stances.items()},
    )


def differences(
    stored: Sequence[tuple[str, str]], mine: Sequence[tuple[str, str]]
) -> list[tuple[str, str, str]]:
    """Return (what, stored, mine) of each line of two answers that differs."""
    ours = dict(mine)
    return [(what, said, ours[what]) for what, said in stored if said != ours.get(what, said)]


def _basis_values(work: TeamWork, basis: BasisAnswer, today: dt.date) -> dict[str, object]:
    recorded = {"recorded_on": today, "recorded_by": work.person.account_id}
    return asdict(basis) | recorded


def _needs_values(needs: NeedsAnswer) -> dict[str, object]:
    return {
        "travel": needs.travel,
        "access_needs": list(needs.access_needs),
        "good_times": list(needs.good_times),
    }
