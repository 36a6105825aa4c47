"""A run finds for everybody what the live question finds for each."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator
from contextlib import suppress

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.errors import BadSetting
from app.everyone import planning
from app.interests.actions import read_vocabulary
from app.matches import queries
from app.matches.actions import Found, MatchLists, as_found
from app.matches.resident_actions import as_resident, look_for_gaps
from app.matches.resident_queries import list_residents
from app.matches.walked import walker_for
from app.models import Travel
from app.walking.actions import WalkingCache
from app.walking.refresh import refresh_walks
from geo.crs import grid_of
from geo.filters import NO_FILTERS
from geo.matching import Question
from tests import foot_networks
from tests.everyone.conftest import Run
from tests.everyone.town import TODAY, current_rows, kept, live_matches, shown
from tests.people import People

TEAMS = ("a", "b", "connectors")


@pytest.fixture(params=["straight", "kept", "worked out", "somewhere else"])
def walks(request: pytest.FixtureRequest, filled: People) -> Iterator[str]:
    """No streets; a maze with the walks of homes kept, or not; streets of another town."""
    with Session(filled.engine) as session:
        if request.param in {"kept", "worked out"}:
            foot_networks.keep(session, foot_networks.maze())
        elif request.param == "somewhere else":
            foot_networks.keep_sample(session)
        session.commit()
    if request.param == "kept":
        assert refresh_walks(filled.engine) == 2
    yield request.param
    with filled.engine.begin() as connection:
        for table in ("walks", "walk_homes", "foot_networks"):
            connection.execute(sa.text(f"DELETE FROM {table}"))


def test_everybody_has_what_the_live_question_finds(filled: People, run: Run, walks: str) -> None:
    outcome = run()
    rows = current_rows(filled)
    assert outcome is not None
    assert outcome.residents == len(rows)
    found = 0
    for team in TEAMS:
        for resident_id, (near, visits) in live_matches(filled, team).items():
            row = rows.pop(resident_id)
            assert row.team_id == filled.teams[team]
            assert kept(row, "near") == shown(near)
            assert kept(row, "visit") == shown(visits)
            _same_walks(row, near)
            found += len(near) + len(visits)
    assert rows == {}
    assert found > 100, "there is something to compare"
    assert (walks in {"kept", "worked out"}) == any(
        row.near_walks_m is not None for row in current_rows(filled).values()
    )


def _same_walks(row: sa.Row[tuple[object, ...]], near: list[Found]) -> None:
    """Metres along ways are the live question's; NULL where there are none."""
    live = [match.walk_m for match in near]
    if all(math.isnan(metres) for metres in live):
        assert row.near_walks_m is None
    else:
        assert row.near_walks_m == pytest.approx(live, abs=0.05, nan_ok=True)


def test_what_nothing_answers_is_the_live_pages(filled: People, run: Run, walks: str) -> None:
    run()
    rows = current_rows(filled)
    unmet = 0
    with Session(filled.engine) as session:
        connection = session.connection()
        vocabulary, walking = read_vocabulary(connection), WalkingCache().get(connection)
        for team in TEAMS:
            for listed in list_residents(connection, team_id=filled.teams[team]):
                resident = as_resident(listed, vocabulary)
                if resident.travel is Travel.VISITS_ONLY:
                    continue  # nothing near counts for them here
                live = look_for_gaps(
                    connection, vocabulary, resident, MatchLists([], []), walking=walking
                ).unmet
                ids = [concept.id for concept in live if not concept.special_category]
                assert rows[resident.id].unmet_ids == ids
                unmet += len(ids)
    assert unmet, walks


def test_the_reasons_are_the_live_questions(filled: People, run: Run) -> None:
    """What is kept is numbers; said when somebody reads, they are the same sentences."""
    run()
    rows = current_rows(filled)
    said = 0
    with Session(filled.engine) as session:
        connection = session.connection()
        vocabulary = read_vocabulary(connection)
        live = live_matches(filled, "a")
        for listed in list_residents(connection, team_id=filled.teams["a"]):
            resident, row = as_resident(listed, vocabulary), rows[listed.id]
            assert resident.lon is not None
            assert resident.lat is not None
            matches = [
                queries.Match("near", one.kind_of, one.id, str(uuid.UUID(int=0)), one.score, metres)
                for one, metres in zip(kept(row, "near"), row.near_distances_m, strict=True)
            ]
            looked_up = queries.look_up(connection, matches)["near"]
            easting, northing = grid_of(resident.lon, resident.lat)
            question = Question(
                easting=easting, northing=northing,
                relations=vocabulary.relations(concept.id for concept in resident.concepts),
                today=TODAY, needs=frozenset(resident.needs),
                day_parts=frozenset(resident.good_times), within_m=resident.reach_m,
                walker=walker_for(resident.needs, NO_FILTERS),
            )  # fmt: skip
            ours = [
                as_found(looked_up[match.id], question, leads=resident.leads).reasons
                for match in matches
            ]
            assert ours == [match.reasons for match in live[resident.id][0]]
            said += len(ours)
    assert said > 10


def test_in_many_parts_it_is_the_same(
    filled: People, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run()
    assert whole is not None
    before = {id_: row[3:] for id_, row in current_rows(filled).items()}
    # So dear that the surroundings of two homes do not fit together.
    monkeypatch.setattr(planning, "PER_TARGET", 20_000_000)
    used_mb = planning.used_bytes() // planning.MEGABYTE
    parts = None
    for more_mb in range(200, 4_000, 100):
        with suppress(BadSetting):
            parts = run(at_once=5, match_memory_mb=used_mb + more_mb, match_workers=1)
            break
    assert parts is not None
    assert (whole.parts, parts.parts > 1) == (1, True)
    assert {id_: row[3:] for id_, row in current_rows(filled).items()} == before
