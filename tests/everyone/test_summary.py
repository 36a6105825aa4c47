"""The counts of a run: right, rounded, without who has withdrawn, and never an exact number."""

from __future__ import annotations

import dataclasses
import io
import re
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from rich.console import Console
from sqlalchemy.orm import Session

from app.everyone.summary import (
    OFF_THE_MAP,
    Counts,
    HomeCounts,
    Summary,
    print_summary,
    read_summary,
    rounded,
)
from app.matches.actions import MatchLists, find_matches
from app.models import MatchRunState, Stance
from app.models.residents import REFERENCE_ALPHABET
from tests.builders import interest_ids, make_ward, square
from tests.everyone.keeping import CITY, forget_runs, keep, keep_run
from tests.people import People, make_resident

FUNCTIONS = ("match_by_place", "match_by_theme")


@pytest.fixture
def session(people: People) -> Iterator[Session]:
    """A session of the owner's; undone at the end."""
    with Session(people.engine) as opened:
        yield opened
        opened.rollback()


def _residents(
    session: Session,
    people: People,
    count: int,
    *,
    team: str = "a",
    likes: Sequence[str] = ("bowls",),
    start: str = "ZZ",
) -> list[uuid.UUID]:
    return [
        make_resident(
            session, people.teams[team],
            f"{start}ZZZZ{REFERENCE_ALPHABET[n // 5]}{REFERENCE_ALPHABET[n]}",
            dict.fromkeys(likes, Stance.ENJOYS),
        ).id
        for n in range(count)
    ]  # fmt: skip


@pytest.fixture
def lists(session: Session, people: People) -> MatchLists:
    """What bowls finds near home A: the club, and boccia that comes."""
    vocabulary = people.app.state.names.vocabulary.get(session.connection())
    found = find_matches(
        session.connection(), vocabulary, lon=-1.7540, lat=53.7930, interests=["bowls"]
    )
    assert found.near
    assert found.comes_to_you
    return found


def _store(
    session: Session,
    people: People,
    lists: MatchLists,
    *,
    matched: int = 0,
    nobody: int = 0,
    unasked: int = 0,
    team: str = "a",
    ward_code: str | None = CITY,
    run_id: int | None = None,
) -> int:
    connection = session.connection()
    run_id = run_id or keep_run(connection)
    for count, start, likes, found in (
        (matched, "ZB", ["bowls"], lists),
        (nobody, "ZC", ["bowls"], MatchLists([], [])),
        (unasked, "ZD", [], MatchLists([], [])),
    ):
        first = start if team == "a" else start[::-1]
        for one in _residents(session, people, count, team=team, likes=likes, start=first):
            keep(connection, run_id, one, found, ward_code=ward_code)
    return run_id


def test_each_resident_counts_once_and_numbers_are_rounded(
    session: Session, people: People, lists: MatchLists
) -> None:
    _store(session, people, lists, matched=12, nobody=8, unasked=7)
    found = read_summary(session.connection())
    assert found.counts == Counts(25, 10, 10, None)
    (home,) = found.homes
    assert (home.id, home.name, home.ward) == (people.homes["a"], "Bowmont House", "City")
    assert (home.residents, home.matched, home.nobody, home.unasked) == (25, 10, 10, None)
    (ward,) = found.wards
    assert (ward.code, ward.name, ward.district) == (CITY, "City", "Bradford")
    assert (ward.residents, ward.matched, ward.nobody, ward.unasked) == (25, 10, 10, None)
    (run,) = found.runs
    assert run.about == "everybody"
    assert run.finished_at is not None


def test_no_function_says_an_exact_number_to_anybody(
    session: Session, people: People, lists: MatchLists
) -> None:
    run_id = _store(session, people, lists, matched=13, nobody=3, unasked=9)
    _store(session, people, lists, matched=1, nobody=21, team="b", run_id=run_id)
    session.connection().execute(sa.text("SET LOCAL ROLE patchwork_app"))
    said = 0
    for function in FUNCTIONS:
        for run in (None, run_id):
            rows = session.connection().execute(
                sa.text(f"SELECT * FROM {function}(:run)"), {"run": run}
            )
            for row in rows:
                for value in row:
                    if isinstance(value, int):
                        said += 1
                        assert value == 0 or (value >= 10 and value % 5 == 0), (function, row)
    assert said > 8
    # And who asks sees no row of theirs beside it.
    assert not session.connection().execute(sa.text("SELECT FROM resident_matches")).all()


def test_who_has_withdrawn_since_is_in_no_number(
    session: Session, people: People, lists: MatchLists
) -> None:
    _store(session, people, lists, matched=10, nobody=8)
    session.execute(
        sa.text(
            "UPDATE residents SET withdrawn_at = now(), erase_after = CURRENT_DATE + 30"
            " WHERE id IN (SELECT resident_id FROM resident_matches WHERE near_ids = '{}')"
        )
    )
    found = read_summary(session.connection())
    assert found.counts == Counts(10, 10, 0, 0)
    assert [theme.asked for theme in found.themes] == [10]


def test_only_current_runs_count_unless_one_is_asked_for(
    session: Session, people: People, lists: MatchLists
) -> None:
    assert read_summary(session.connection()).is_empty
    run_id = _store(session, people, lists, matched=10)
    other = keep_run(session.connection(), areas=[CITY, "E08000032", "E00000000"])
    _store(session, people, lists, nobody=15, team="b", run_id=other)
    both = read_summary(session.connection())
    assert both.counts == Counts(25, 10, 15, 0)
    assert {run.id for run in both.runs} == {run_id, other}
    one = read_summary(session.connection(), other)
    assert one.counts == Counts(15, 0, 15, 0)
    assert one.runs[0].about == "everybody in City, Bradford and E00000000"
    for state in (MatchRunState.RUNNING, MatchRunState.FAILED, MatchRunState.REPLACED):
        session.execute(
            sa.text("UPDATE match_runs SET state = CAST(:state AS match_run_state) WHERE id = :id"),
            {"state": state.value, "id": other},
        )
        assert read_summary(session.connection()).counts == Counts(10, 10, 0, 0)
    # What the command line prints is of its own run.
    assert read_summary(session.connection(), other).counts == Counts(15, 0, 15, 0)
    assert read_summary(session.connection(), other + 1).is_empty


def test_who_could_not_be_asked_for_is_no_gap(session: Session, people: People) -> None:
    run_id = keep_run(session.connection())
    # Connectors' people are nowhere unless a rough place is kept.
    nowhere = _residents(session, people, 10, team="connectors")
    for one in nowhere:
        keep(session.connection(), run_id, one, ward_code=None, unmet_ids=[1])
    found = read_summary(session.connection())
    assert found.counts == Counts(10, 0, 0, 10)
    assert (found.homes, found.themes) == ([], [])
    assert [(one.code, one.name) for one in found.wards] == [(None, "Ward not known")]
    session.execute(
        sa.text(
            "UPDATE residents SET geom = ST_SetSRID(ST_MakePoint(-1.754, 53.793), 4326)"
            " WHERE id = ANY(:ids)"
        ),
        {"ids": nowhere},
    )
    assert read_summary(session.connection()).counts == Counts(10, 0, 10, 0)


def test_themes_count_people_and_leave_out_what_shows_faith_or_health(
    session: Session, people: People
) -> None:
    special = session.execute(
        sa.text("SELECT concept FROM interests WHERE is_special_category AND NOT is_retired")
    ).scalars().all()  # fmt: skip
    likes = ["bowls", "boccia", "knitting", *special]
    assert special
    hidden, open_ones = interest_ids(session, special), interest_ids(session, ["bowls", "boccia"])
    vocabulary = people.app.state.names.vocabulary.get(session.connection())
    sport, crafts = (
        vocabulary.theme_of(interest_ids(session, [slug])[0]) for slug in ("bowls", "knitting")
    )
    run_id = keep_run(session.connection())
    for n, one in enumerate(_residents(session, people, 20, likes=likes)):
        unmet = [*open_ones, *hidden] if n < 9 else hidden
        keep(session.connection(), run_id, one, unmet_ids=unmet)
    found = [(t.label, t.asked, t.unmet) for t in read_summary(session.connection()).themes]
    said = {label: (asked, unmet) for label, asked, unmet in found}
    assert found[0] == (sport.label, 20, 10)
    assert said[crafts.label] == (20, 0)
    assert len(said) == len(found) == 2


def test_the_worst_off_come_first_by_what_is_shown(
    session: Session, people: People, lists: MatchLists
) -> None:
    make_ward(session, "E05001348", "Bowling", shape=square((-1.70, 53.70)))
    run_id = _store(session, people, lists, matched=8, nobody=20)
    _store(session, people, lists, nobody=9, team="b", ward_code="E05001348", run_id=run_id)
    found = read_summary(session.connection())
    assert [one.name for one in found.homes] == ["Lister Lodge", "Bowmont House"]
    assert [one.has_none_matched for one in found.homes] == [True, False]
    assert [one.name for one in found.wards] == ["Bowling", "City"]
    # A few matched are no reason to come first, and nothing known is not none.
    first = session.execute(sa.text("SELECT id FROM residents WHERE reference LIKE 'CZ%'")).first()
    assert first is not None
    session.execute(
        sa.text(
            "UPDATE resident_matches SET visit_ids = ARRAY[:id]::uuid[], visit_scores = '{1}',"
            " visit_distances_m = '{1}' WHERE resident_id = :resident"
        ),
        {"id": people.boccia_id, "resident": first.id},
    )
    found = read_summary(session.connection())
    assert [one.name for one in found.homes] == ["Bowmont House", "Lister Lodge"]


def test_a_home_off_the_map_has_no_name(
    session: Session, people: People, lists: MatchLists
) -> None:
    _store(session, people, lists, nobody=9)
    session.execute(
        sa.text("UPDATE assets SET gone_at = now() WHERE id = :id"), {"id": people.homes["a"]}
    )
    (home,) = read_summary(session.connection()).homes
    assert (home.id, home.name, home.nobody) == (None, OFF_THE_MAP, 10)
    assert (home.ward, home.ward_code, home.district, home.lad_code) == (None,) * 4


@pytest.mark.parametrize(
    ("count", "said"),
    [(None, "fewer than 8"), (0, "none"), (10, "about 10"), (1230, "about 1,230")],
)
def test_a_rounded_number_is_said(count: int | None, said: str) -> None:
    assert rounded(count) == said


def _printed(summary: Summary) -> str:
    text = io.StringIO()
    print_summary(summary, Console(file=text, width=140))
    return text.getvalue()


def test_a_terminal_shows_the_same(session: Session, people: People, lists: MatchLists) -> None:
    session.execute(
        sa.text("UPDATE assets SET name = '[red]Court[/nothing]' WHERE id = :id"),
        {"id": people.homes["a"]},
    )
    _store(session, people, lists, matched=12, nobody=8, unasked=7)
    text = _printed(read_summary(session.connection()))
    assert "For everybody, as of " in text
    assert "[red]Court[/nothing]" in text
    assert "about 25" in text
    assert "fewer than 8" in text
    told = text.partition("\n")[2].replace("fewer than 8", "").replace("ounded to 5", "")
    assert set(re.findall(r"\d+", told)) == {"25", "20", "10"}
    homes = [HomeCounts(10, 0, 10, 0, None, f"Home {n}", None, None, None, None) for n in range(25)]
    long = _printed(
        Summary(read_summary(session.connection()).runs, Counts(250, 0, 250, 0), [], homes, [])
    )
    assert "Home 19" in long
    assert "Home 20" not in long
    assert "and 5 more" in long


def test_a_terminal_says_what_to_do_when_there_is_nothing(session: Session) -> None:
    forget_runs(session.connection())
    assert "patchwork match-all" in _printed(read_summary(session.connection()))
    run_id = keep_run(session.connection())
    assert "no residents" in _printed(read_summary(session.connection(), run_id))


def test_the_summary_can_be_written_as_data(
    session: Session, people: People, lists: MatchLists
) -> None:
    _store(session, people, lists, matched=12, nobody=3)
    data: dict[str, Any] = orjson.loads(orjson.dumps(read_summary(session.connection())))
    assert data["counts"] == dataclasses.asdict(Counts(15, 10, None, 0))
    assert data["homes"][0]["name"] == "Bowmont House"
