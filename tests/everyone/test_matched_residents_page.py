"""Whom to ring for everybody of a team: what the run found, in the live question's own words.

The other page is looked at with real eyes here too: one server serves both.
"""

from __future__ import annotations

import datetime as dt
import random
import re
import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from app.everyone.team_actions import TeamMatches, read_team_matches
from app.matches.actions import MatchLists
from app.matches.resident_actions import as_resident, find_for_resident
from app.matches.resident_queries import list_residents
from app.models import Stance, Travel
from app.models.residents import REFERENCE_ALPHABET
from app.parameters import today as local_today
from app.walking.actions import Walking
from tests import foot_networks
from tests.builders import interest_ids, make_activity, make_asset
from tests.connections.conftest import OpenPage, chromium, open_page, served
from tests.connections.test_connections_browser import assert_axe_finds_nothing, assert_fits
from tests.everyone.keeping import NOTHING, forget_runs, keep, keep_run
from tests.people import REFERENCE_A, REFERENCE_B, People, make_resident, weekly_on_tuesdays
from tests.web.document import Document

__all__ = ["chromium", "open_page", "served"]

INTERESTS = ("bowls", "reading", "knitting", "gardening", "pottery", "choirs", "boccia")
HOSTILE = "<script>alert(1)</script> {{7*7}}"


@pytest.fixture(autouse=True)
def _no_runs_left(people: People) -> Iterator[None]:
    yield
    with people.engine.begin() as connection:
        forget_runs(connection)


@pytest.fixture(scope="module")
def town(people: People) -> dict[str, uuid.UUID]:
    """Residents of home A of all kinds, and groups and sessions around it."""
    chance = random.Random(7)
    made: dict[str, uuid.UUID] = {}
    with Session(people.engine) as session:
        for n in range(40):
            at = (-1.7540 + chance.gauss(0, 0.006), 53.7930 + chance.gauss(0, 0.004))
            club = make_asset(
                session, HOSTILE if n == 0 else f"Group {n}", at=at,
                interests=chance.sample(INTERESTS[:-2], k=chance.randint(0, 2)),
                phone=None if n % 3 else "01274 555 0102",
                email="group-with-a-very-long-name-indeed@groups.example" if n % 3 == 1 else None,
            )  # fmt: skip
            for m in range(chance.randint(0, 2)):
                make_activity(
                    session, f"Session {n}.{m}", club, comes_to_homes=chance.random() < 0.5,
                    interests=chance.sample(INTERESTS[:-2], k=chance.randint(1, 2)),
                    schedules=[weekly_on_tuesdays()] if chance.random() < 0.5 else [],
                )  # fmt: skip
        for n in range(9):
            likes = chance.sample(INTERESTS[:-2], k=chance.randint(1, 3))
            reference = "ZZZZZZZ" + REFERENCE_ALPHABET[n]
            made[reference] = make_resident(
                session, people.teams["a"], reference,
                {slug: chance.choice(list(Stance)) for slug in likes},
                travel=chance.choice([Travel.SHORT_WALK, Travel.CAN_TRAVEL]),
                access_needs=chance.choice([[], ["step_free"]]),
                good_times=chance.choice([[], ["tue_pm"]]),
            ).id  # fmt: skip
        made["choirs"] = make_resident(
            session, people.teams["a"], "YYYYYYYY", {"choirs": Stance.ENJOYS}
        ).id
        made["nothing"] = make_resident(session, people.teams["a"], "WWWWWWWW", {}).id
        session.commit()
    return made


@pytest.fixture(params=["straight", "maze"])
def walking(request: pytest.FixtureRequest, people: People) -> Iterator[Walking | None]:
    """No streets, or those of a maze around the home."""
    kept = None
    if request.param == "maze":
        with Session(people.engine) as session:
            kept = foot_networks.keep(session, foot_networks.maze())
            session.commit()
    yield kept
    with Session(people.engine) as session:
        session.execute(sa.text("DELETE FROM foot_networks"))
        session.commit()


def _live(people: People, walking: Walking | None = None) -> dict[uuid.UUID, MatchLists]:
    """Ask the live question for everybody of home A."""
    with people.acting_as("coordinator_a") as session:
        connection = session.connection()
        vocabulary = people.app.state.names.vocabulary.get(connection)
        rows = list_residents(connection, team_id=people.teams["a"])
        return {
            row.id: find_for_resident(
                connection, vocabulary, resident, within_m=resident.reach_m, walking=walking
            )
            for row in rows
            for resident in [as_resident(row, vocabulary)]
        }


def _run(people: People, lists: dict[uuid.UUID, MatchLists], *, is_walked: bool = False) -> None:
    with people.engine.begin() as connection:
        run_id = keep_run(connection)
        for resident_id, found in lists.items():
            keep(connection, run_id, resident_id, found, is_walked=is_walked)


def _read(
    people: People, walking: Walking | None = None, who: str = "coordinator_a"
) -> TeamMatches:
    with people.acting_as(who) as session:
        connection = session.connection()
        return read_team_matches(
            connection, people.app.state.names.vocabulary.get(connection),
            team_id=people.teams["a"], walking=walking,
        )  # fmt: skip


def test_it_is_what_the_live_question_says_to_the_word(
    people: People, town: dict[str, uuid.UUID], walking: Walking | None
) -> None:
    lists = _live(people, walking)
    _run(people, lists, is_walked=walking is not None)
    found = _read(people, walking)
    assert {one.resident.id for one in found.everybody} == set(lists)
    shown = 0
    for one in found.everybody:
        live = lists[one.resident.id]
        for ours, theirs in ((one.near, live.near), (one.comes_to_you, live.comes_to_you)):
            assert len(ours) == min(3, len(theirs))
            for mine, their in zip(ours, theirs[:3], strict=True):
                shown += 1
                assert mine.reasons == their.reasons
                assert mine.walk_minutes == their.walk_minutes
                assert (mine.id, mine.place_id, mine.phone) == (
                    their.id, their.place_id, their.phone,
                )  # fmt: skip
                assert mine.score == pytest.approx(their.score, abs=1e-6)
                assert mine.away == their.away
                assert mine.relations == their.relations
    assert shown > 30
    assert bool(found.way_source_ids) is (walking is not None)


def test_who_has_nobody_is_on_top_and_each_leads_to_the_live_page(
    people: People, town: dict[str, uuid.UUID]
) -> None:
    lists = _live(people)
    with people.engine.begin() as connection:
        (choirs,) = interest_ids(Session(connection), ["choirs"])
        run_id = keep_run(connection)
        for resident_id, found in lists.items():
            unmet = [choirs] if resident_id == town["choirs"] else []
            keep(connection, run_id, resident_id, found, unmet_ids=unmet)
        # Somebody has been added since.
        connection.execute(
            sa.text("DELETE FROM resident_matches WHERE resident_id = :id"),
            {"id": people.residents["a"]},
        )
    answer = people.client("coordinator_a").get("/matched/residents")
    assert answer.headers["cache-control"] == "private, no-store"
    page = Document(answer.text)
    assert "1 person has nobody in reach, on top." in page.one("main").text
    assert re.search(r"Looked for (today|yesterday) at ", page.one("main").text)
    people_shown = page.all("section", **{"class": "mt-person mt-person--nobody"})
    assert [one.one("h2").text for one in people_shown] == ["YYYY YYYY", "BCDF GHJK", "WWWW WWWW"]
    assert "Nobody in reach." in people_shown[0].text
    assert "Nothing in reach for: Choirs" in people_shown[0].text
    assert "Added since the last run." in people_shown[1].text
    assert "Nothing they enjoy is noted yet." in people_shown[2].text
    for reference in ("YYYYYYYY", REFERENCE_A, "ZZZZZZZ2"):
        assert f"/residents/{reference}/matches" in page.links()
    assert "tel:012745550102" in page.links()
    assert HOSTILE in page.one("main").text
    assert "<script>alert" not in answer.text
    assert "Where this page’s facts come from" in answer.text


def test_another_team_sees_nothing_of_it(people: People, town: dict[str, uuid.UUID]) -> None:
    _run(people, _live(people))
    answer = people.client("coordinator_b").get("/matched/residents").text
    assert "Nobody has been looked for yet." in answer
    assert REFERENCE_A not in answer
    assert "Group" not in answer
    # The database says no more to whoever asks for their team by its number.
    found = _read(people, who="coordinator_b")
    assert (found.everybody, found.has_run) == ([], False)
    # And nothing to those without a team.
    for who in ("editor", "administrator", "councillor"):
        assert people.client(who).get("/matched/residents").status_code == 403
    assert REFERENCE_B not in people.client("coordinator_a").get("/matched/residents").text


def test_reading_it_is_written_down(people: People, town: dict[str, uuid.UUID]) -> None:
    _run(people, _live(people))
    log = sa.text(
        "SELECT count(*) FROM audit_log WHERE action = 'read' AND subject = 'residents'"
        " AND team_id = :team AND account_id = :account AND subject_id IS NULL"
    )
    given = {"team": people.teams["a"], "account": people.accounts["coordinator_a"]}
    with people.engine.connect() as connection:
        before = connection.execute(log, given).scalar_one()
        people.client("coordinator_a").get("/matched/residents")
        assert connection.execute(log, given).scalar_one() == before + 1


def test_what_has_gone_or_is_no_longer_liked_makes_room_for_the_next(
    people: People, town: dict[str, uuid.UUID]
) -> None:
    lists = _live(people)
    _run(people, lists)
    resident_id = next(one for one, found in lists.items() if len(found.near) > 4)
    live = lists[resident_id].near
    first = live[0]
    with people.as_app.connect() as connection:
        assert connection.execute(sa.text("SELECT current_user")).scalar() == "patchwork_app"

    def shown() -> list[str]:
        return [m.id for one in _read(people).everybody if one.resident.id == resident_id
                for m in one.near]  # fmt: skip

    assert shown() == [m.id for m in live[:3]]
    kind = "activities" if first.kind_of == "activity" else "assets"
    change = sa.text(f"UPDATE {kind} SET gone_at = :at WHERE id = :id")
    with people.engine.begin() as connection:
        connection.execute(change, {"at": dt.datetime.now(tz=dt.UTC), "id": first.id})
    try:
        after = shown()
        assert first.id not in after
        gone_with_it = {m.id for m in live if m.place_id == first.place_id} | {first.id}
        expected = [m.id for m in live if m.id not in gone_with_it or m.id in after][:3]
        assert after == expected
        assert len(after) == 3
    finally:
        with people.engine.begin() as connection:
            connection.execute(change, {"at": None, "id": first.id})
    with people.acting_as("coordinator_a") as session:
        session.execute(
            sa.text("DELETE FROM resident_interests WHERE resident_id = :id"), {"id": resident_id}
        )
        connection = session.connection()
        found = read_team_matches(
            connection, people.app.state.names.vocabulary.get(connection),
            team_id=people.teams["a"], today=local_today(),
        )  # fmt: skip
        (one,) = (one for one in found.everybody if one.resident.id == resident_id)
        assert (one.near, one.comes_to_you, one.was_asked) == ([], [], False)


def test_only_a_current_run_is_read(people: People, town: dict[str, uuid.UUID]) -> None:
    _run(people, _live(people))
    with people.engine.begin() as connection:
        connection.execute(sa.text("UPDATE match_runs SET state = 'running'"))
    assert not _read(people).has_run
    page = people.client("coordinator_a").get("/matched/residents").text
    assert "Nobody has been looked for yet." in page
    assert "Group" not in page


def test_statements_do_not_grow_with_residents(people: People, town: dict[str, uuid.UUID]) -> None:
    lists = _live(people)
    engine, seen = people.app.state.engine, [0]

    def note(*_: object) -> None:
        seen[0] += 1

    client = people.client("coordinator_a")
    client.get("/matched/residents")
    counts = []
    for some in (dict(list(lists.items())[:2]), lists):
        with people.engine.begin() as connection:
            forget_runs(connection)
        _run(people, some)
        seen[0] = 0
        sa.event.listen(engine, "before_cursor_execute", note)
        try:
            client.get("/matched/residents")
        finally:
            sa.event.remove(engine, "before_cursor_execute", note)
        counts.append(seen[0])
    assert counts[0] == counts[1]
    assert 0 < counts[0] <= 14


@pytest.mark.browser
def test_it_fits_axe_finds_nothing_and_paper_has_all_of_it(
    open_page: OpenPage, people: People, town: dict[str, uuid.UUID]
) -> None:
    _run(people, _live(people))
    page = open_page("coordinator_a", "/matched/residents")
    assert_fits(page)
    assert_axe_finds_nothing(page)
    page.emulate_media(media="print")
    shown = page.locator(".mt-person")
    assert shown.count() == 12
    assert all(shown.nth(n).is_visible() for n in range(12))
    page.emulate_media(media="screen")
    page.get_by_role("link", name="YYYY YYYY", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/residents/YYYYYYYY/matches")


@pytest.mark.browser
def test_a_coordinator_finds_it_from_the_list_of_residents(
    open_page: OpenPage, people: People
) -> None:
    page = open_page("coordinator_a", "/residents")
    page.get_by_role("link", name="Whom to ring for each").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Whom to ring for each")


@pytest.mark.browser
def test_the_page_of_homes_fits_axe_finds_nothing_and_a_keyboard_is_enough(
    open_page: OpenPage, people: People, town: dict[str, uuid.UUID]
) -> None:
    lists = _live(people)
    _run(people, dict.fromkeys(list(lists)[:4], NOTHING) | dict(list(lists.items())[4:]))
    page = open_page("administrator", "/matched")
    assert page.locator(".mt-home").count() == 1
    assert_fits(page)
    assert_axe_finds_nothing(page)
    page.get_by_role("button", name="Look for everybody now").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("in the queue")
