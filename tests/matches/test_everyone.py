"""A whole home: what asking for each resident and counting gives, in a few statements."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.people import Team
from app.interests.actions import read_vocabulary
from app.matches.home_actions import BEST_OF_EACH, TEN, please_everyone
from app.matches.resident_actions import as_resident, find_for_resident
from app.matches.resident_queries import list_residents
from app.models import Resident, Stance, TeamKind, Travel
from app.models.residents import REFERENCE_ALPHABET
from app.walking.actions import Walking
from geo.filters import NO_FILTERS, Filters, start_spans
from tests import foot_networks
from tests.builders import make_activity, make_asset
from tests.people import REFERENCE_A, REFERENCE_B, People, make_resident, weekly_on_tuesdays
from tests.web.document import Document

INTERESTS = ("bowls", "reading", "knitting", "gardening", "pottery", "choirs", "boccia")
HOW_MANY = 25


@pytest.fixture(scope="module")
def home(people: People) -> Team:
    """Home A with some residents, and a town around it."""
    chance = random.Random(4)
    with Session(people.engine) as session:
        for n in range(60):
            at = (-1.7540 + chance.gauss(0, 0.01), 53.7930 + chance.gauss(0, 0.006))
            interests = chance.sample(INTERESTS, k=chance.randint(0, 2))
            club = make_asset(session, f"Group {n}", at=at, interests=interests)
            for m in range(chance.randint(0, 2)):
                make_activity(
                    session, f"Session {n}.{m}", club, comes_to_homes=chance.random() < 0.5,
                    interests=chance.sample(INTERESTS, k=chance.randint(1, 3)),
                    schedules=[weekly_on_tuesdays()] if chance.random() < 0.5 else [],
                    cost_pence=chance.choice([None, 0, 100]),
                )  # fmt: skip
        for n in range(HOW_MANY):
            likes = chance.sample(INTERESTS, k=chance.randint(0, 4))
            reference = "ZZZZZZ" + REFERENCE_ALPHABET[n // 5] + REFERENCE_ALPHABET[n]
            make_resident(
                session, people.teams["a"], reference,
                {slug: chance.choice(list(Stance)) for slug in likes},
                travel=chance.choice(list(Travel)),
                access_needs=chance.choice([[], ["step_free"]]),
                good_times=chance.choice([[], ["tue_pm"]]),
            )  # fmt: skip
        session.commit()
    return Team(
        people.teams["a"], TeamKind.HOME, "Bowmont House", people.homes["a"], -1.7540, 53.7930
    )


@pytest.fixture(params=["straight", "maze", "no way known"])
def walking(request: pytest.FixtureRequest, people: People, home: Team) -> Iterator[Walking | None]:
    """No streets, those of a maze around the home, or those of somewhere else."""
    with Session(people.engine) as session:
        kept = None
        if request.param == "maze":
            kept = foot_networks.keep(session, foot_networks.maze())
        elif request.param == "no way known":
            kept = foot_networks.keep_sample(session)
        session.commit()
    yield kept
    with Session(people.engine) as session:
        session.execute(sa.text("DELETE FROM foot_networks"))
        session.commit()


@pytest.mark.parametrize(
    "filters", [NO_FILTERS, Filters(is_free=True), Filters(starts=start_spans(weekdays=[1]))]
)
def test_it_is_what_asking_for_each_and_counting_gives(
    people: People, home: Team, filters: Filters, walking: Walking | None
) -> None:
    with people.acting_as("coordinator_a") as session:
        connection = session.connection()
        vocabulary = read_vocabulary(connection)
        everyone = please_everyone(
            connection, vocabulary, team=home, filters=filters, walking=walking
        )
        suits: dict[tuple[bool, str], set[str]] = defaultdict(set)
        scores: dict[tuple[bool, str], float] = defaultdict(float)
        best: dict[str, str | None] = {}
        for row in list_residents(connection, team_id=home.id):
            resident = as_resident(row, vocabulary)
            lists = find_for_resident(
                connection, vocabulary, resident, within_m=resident.reach_m, filters=filters,
                limit=BEST_OF_EACH, walking=walking,
            )  # fmt: skip
            near = [] if resident.travel is Travel.VISITS_ONLY else lists.near
            for visits, found in ((False, near), (True, lists.comes_to_you)):
                for match in found:
                    suits[visits, match.place_id].add(resident.reference)
                    scores[visits, match.place_id] += match.score
            strongest = max((*near, *lists.comes_to_you), key=lambda m: m.score, default=None)
            best[resident.reference] = strongest and f"{strongest.score:.6f}"
    for visits, shown in ((False, everyone.near), (True, everyone.comes_to_you)):
        counted = sorted(
            ((len(who), round(scores[key], 6)) for key, who in suits.items() if key[0] == visits),
            reverse=True,
        )[:TEN]
        ours = [
            (len(one.references), round(scores[visits, one.match.place_id], 6)) for one in shown
        ]
        assert ours == counted
        for one in shown:
            assert set(one.references) == suits[visits, one.match.place_id]
    assert {ref: match and f"{match.score:.6f}" for ref, match in everyone.best} == best


def test_where_no_way_is_known_it_is_as_without_streets(people: People, home: Team) -> None:
    client = people.client("coordinator_a")
    without = client.get("/matches/everyone").text
    with Session(people.engine) as session:
        foot_networks.keep_sample(session)
        session.commit()
    assert without_ids(client.get("/matches/everyone").text) == without_ids(without)
    with Session(people.engine) as session:
        foot_networks.keep(session, foot_networks.maze())
        session.commit()
    walked = client.get("/matches/everyone").text
    assert without_ids(walked) != without_ids(without)
    assert foot_networks.CREDIT not in without
    assert foot_networks.CREDIT in walked


def without_ids(page: str) -> str:
    """Return a page without the numbers that forms make anew each time."""
    return re.sub(r'value="[0-9a-f-]{36}"', "", page)


def test_statements_do_not_grow_with_residents(people: People, home: Team) -> None:
    # In the maze, that is: without one there are fewer.
    client = people.client("coordinator_a")
    client.get("/matches/everyone")  # the names of interests are read once in ten seconds
    counts = []
    for _ in range(2):
        seen: list[str] = []
        engine = people.app.state.engine

        def note(
            _: object, __: object, statement: str, *___: object, seen: list[str] = seen
        ) -> None:
            seen.append(statement)

        sa.event.listen(engine, "before_cursor_execute", note)
        client.get("/matches/everyone")
        sa.event.remove(engine, "before_cursor_execute", note)
        counts.append(len(seen))
        with Session(people.engine) as session:
            session.execute(sa.delete(Resident).where(Resident.reference.like("ZZZZZZ2%")))
            session.commit()
    # Twice the walks kept for the home: for those who need them without steps, and for the others.
    assert counts[0] == counts[1] <= 12


def test_the_page_says_how_many_and_why_and_connects_them(people: People, home: Team) -> None:
    page = Document(people.client("coordinator_a").get("/matches/everyone").text)
    first = page.all("ol")[0].all("li", class_="pw-item")[0]
    references = [field.get("value") for field in first.all("input", name="reference")]
    sentence = next(p.text for p in first.all("p") if p.text.startswith("Would suit about"))
    assert sentence.startswith(f"Would suit about {len(references)} of ")
    assert REFERENCE_B not in page.one("body").text
    each = page.one("section", **{"aria-labelledby": "each"}).all("a")
    assert f"/residents/{REFERENCE_A}/matches" in [link.get("href") for link in each]
    lines = [item.text for item in page.one("section", **{"aria-labelledby": "each"}).all("li")]
    without = [line.endswith("No match yet") for line in lines]
    assert any(without)
    assert without == sorted(without, reverse=True)


def test_filters_and_what_makes_no_sense(people: People, home: Team) -> None:
    client = people.client("coordinator_a")
    free = Document(client.post("/matches/everyone", data={"must": "free"}).text)
    facts = [item.text for item in free.all("li", class_="pw-item")]
    assert facts
    assert all("Free" in text for text in facts)
    answer = client.post("/matches/everyone", data={"starts_before": "never"})
    assert answer.status_code == 422
    assert "That is not a time" in answer.text


def test_it_is_the_teams_alone_and_written_down(people: People, home: Team) -> None:
    for who, status in ((None, 303), ("councillor", 403), ("coordinator_b", 200)):
        assert people.client(who).get("/matches/everyone").status_code == status
    other = people.client("coordinator_b").get("/matches/everyone").text
    assert REFERENCE_B in other
    assert REFERENCE_A not in other
    with Session(people.engine) as session:
        read = session.execute(
            sa.text(
                "SELECT count(*) FROM audit_log WHERE action = 'read' AND subject = 'residents'"
                " AND subject_id IS NULL AND team_id = :team"
            ),
            {"team": people.teams["b"]},
        ).scalar_one()
    assert read == 2
