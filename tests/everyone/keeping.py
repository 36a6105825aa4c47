"""Results of a run stored as a run stores them, from what the live question answers."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Sequence

import sqlalchemy as sa

from app.matches.actions import Found, MatchLists
from app.models import MatchRun, MatchRunState, ResidentMatches

CITY = "E05001347"
NOTHING = MatchLists([], [])


def keep_run(
    connection: sa.Connection,
    *,
    state: MatchRunState = MatchRunState.CURRENT,
    areas: Sequence[str] = (),
    of_day: dt.date | None = None,
) -> int:
    """Store a run that is done just now, and return its number."""
    run_id: int = connection.execute(
        sa.insert(MatchRun)
        .values(
            state=state, engine="local", area_codes=list(areas),
            of_day=of_day or dt.datetime.now(tz=dt.UTC).date(), finished_at=sa.func.now(),
        )
        .returning(MatchRun.id)
    ).scalar_one()  # fmt: skip
    return run_id


def keep(
    connection: sa.Connection,
    run_id: int,
    resident_id: uuid.UUID,
    lists: MatchLists = NOTHING,
    *,
    unmet_ids: Sequence[int] = (),
    ward_code: str | None = CITY,
    is_walked: bool = False,
) -> None:
    """Store what a run found for a resident."""
    team_id = connection.execute(
        sa.text("SELECT team_id FROM residents WHERE id = :id"), {"id": resident_id}
    ).scalar_one()
    near, visits = lists.near, lists.comes_to_you
    connection.execute(
        sa.insert(ResidentMatches).values(
            run_id=run_id,
            resident_id=resident_id,
            team_id=team_id,
            ward_code=ward_code,
            near_ids=[uuid.UUID(m.id) for m in near],
            near_are_activities=[m.kind_of == "activity" for m in near],
            near_scores=[_millionths(m) for m in near],
            near_distances_m=[m.distance_m for m in near],
            near_walks_m=[m.walk_m for m in near] if is_walked else None,
            visit_ids=[uuid.UUID(m.id) for m in visits],
            visit_scores=[_millionths(m) for m in visits],
            visit_distances_m=[m.distance_m for m in visits],
            unmet_ids=list(unmet_ids),
        )
    )


def _millionths(match: Found) -> int:
    return math.floor(match.score * 1e6 + 0.5)


def forget_runs(connection: sa.Connection) -> None:
    """Delete every run with all it found."""
    connection.execute(sa.delete(MatchRun))
