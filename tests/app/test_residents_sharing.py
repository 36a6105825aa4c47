"""For groups, nothing personal: a rounded number, of residents whose home is near, or nothing."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator
from itertools import pairwise

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import AssetKind, LocationSource, Stance
from geo.distance import walk_minutes
from tests import builders
from tests.authorisation.things import new_reference
from tests.people import People, make_resident, make_team
from tests.web.document import Document

TWENTY_MINUTES_M = 1_282
SPECIAL = "hymns"


@pytest.fixture(autouse=True)
def _as_before(people: People) -> Iterator[None]:
    yield
    with people.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM residents"))


def add(
    people: People, count: int, interest: str = "bowls", *, team: uuid.UUID | None = None,
    stance: Stance = Stance.ENJOYS,
) -> list[uuid.UUID]:  # fmt: skip
    with Session(people.engine) as session:
        made = [
            make_resident(
                session, team or people.teams["a"], new_reference(), {interest: stance}
            ).id
            for _ in range(count)
        ]
        session.commit()
    return made


def sharing(people: People, asset_id: uuid.UUID | None = None) -> int | None:
    """What the application's role is told, for nobody in particular."""
    with people.acting_as(None) as session:
        said: int | None = session.execute(
            sa.text("SELECT residents_sharing(:id)"), {"id": asset_id or people.club_id}
        ).scalar_one()
    return said


def only(people: People, count: int, interest: str = "bowls") -> None:
    with people.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM residents"))
    add(people, count, interest)


def test_fewer_than_eight_are_no_number(people: People) -> None:
    only(people, 0)
    assert sharing(people) == 0
    for count in (1, 7):
        only(people, count)
        assert sharing(people) is None
    only(people, 8)
    assert sharing(people) == 10


def test_one_resident_more_or_less_cannot_be_told(people: People) -> None:
    only(people, 0)
    said = []
    for _ in range(31):
        said.append(sharing(people))
        add(people, 1)
    numbers = [0 if number is None else number for number in said]
    steps = {after - before for before, after in pairwise(numbers)}
    assert 1 not in steps
    assert steps == {0, 5, 10}, "10 is the first number there is"
    assert all(number % 5 == 0 for number in numbers)
    # Each number that is said stands for at least four different counts.
    assert min(numbers.count(number) for number in set(numbers) - {0, 30}) >= 4


def test_every_stance_and_every_kind_of_it_counts_once(people: People) -> None:
    only(people, 4)
    add(people, 4, "crown-green-bowls", stance=Stance.USED_TO)
    assert sharing(people) == 10
    with Session(people.engine) as session:
        ids = builders.interest_ids(session, ["boccia"])
        session.execute(
            sa.text(
                "INSERT INTO resident_interests (resident_id, team_id, interest_id, stance)"
                " SELECT id, team_id, :interest, 'enjoys' FROM residents"
            ),
            {"interest": ids[0]},
        )
        session.commit()
    assert sharing(people) == 10, "the club's boccia is shared by the same eight"


def test_other_interests_do_not_count(people: People) -> None:
    only(people, 20, "knitting")
    assert sharing(people) == 0


def test_faith_and_health_are_never_counted(people: People) -> None:
    only(people, 20, SPECIAL)
    with Session(people.engine) as session:
        choir = builders.make_asset(
            session, "Chapel choir", at=(-1.7540, 53.7930), interests=[SPECIAL, "choirs", "faith"]
        ).id
        session.commit()
    assert sharing(people, choir) == 0
    add(people, 8, "choirs")
    assert sharing(people, choir) == 10


def test_whoever_withdrew_is_not_counted(people: People) -> None:
    only(people, 8)
    with people.engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE residents SET withdrawn_at = now(), erase_after = current_date + 1"
                " WHERE id = (SELECT id FROM residents LIMIT 1)"
            )
        )
    assert sharing(people) is None


def test_people_at_home_are_not_counted(people: People) -> None:
    only(people, 0)
    add(people, 20, team=people.teams["connectors"])
    assert sharing(people) == 0


def test_it_reaches_as_far_as_twenty_minutes_on_foot(people: People) -> None:
    assert walk_minutes(TWENTY_MINUTES_M) == 20
    assert math.floor(20 * (5000 / 60) / 1.3) == TWENTY_MINUTES_M
    with Session(people.engine) as session:
        homes = {}
        for metres in (TWENTY_MINUTES_M - 1, TWENTY_MINUTES_M + 1):
            # Far from everything else, and so many metres to the east of the group.
            lon, lat = session.execute(
                sa.text(
                    "SELECT ST_X(p), ST_Y(p) FROM ST_Transform(ST_SetSRID("
                    " ST_MakePoint(400000 + :metres, 500000), 27700), 4326) AS p"
                ),
                {"metres": metres},
            ).one()
            home = builders.make_asset(
                session, f"{metres} away", at=(lon, lat), kind=AssetKind.CARE_HOME
            )
            homes[metres] = make_team(session, f"{metres} away", home=home).id
        lon, lat = session.execute(
            sa.text(
                "SELECT ST_X(p), ST_Y(p) FROM ST_Transform(ST_SetSRID("
                " ST_MakePoint(400000, 500000), 27700), 4326) AS p"
            )
        ).one()
        group = builders.make_asset(session, "Far club", at=(lon, lat), interests=["bowls"]).id
        session.commit()
    only(people, 0)
    add(people, 8, team=homes[TWENTY_MINUTES_M + 1])
    assert sharing(people, group) == 0
    add(people, 8, team=homes[TWENTY_MINUTES_M - 1])
    assert sharing(people, group) == 10


def test_only_groups_and_venues_are_told(people: People) -> None:
    only(people, 20)
    at = (-1.7540, 53.7930)
    with Session(people.engine) as session:
        kinds = {
            kind: builders.make_asset(
                session,
                kind.value,
                at=None if kind is AssetKind.INFORMAL else at,
                kind=kind,
                interests=["bowls"],
                ward_code="E05001347" if kind is AssetKind.INFORMAL else None,
                location_source=(
                    LocationSource.WARD if kind is AssetKind.INFORMAL else LocationSource.GIVEN
                ),
            ).id
            for kind in AssetKind
        }
        session.commit()
    told = {kind for kind, asset_id in kinds.items() if sharing(people, asset_id)}
    assert told == {AssetKind.GROUP, AssetKind.VENUE}
    assert sharing(people, uuid.uuid4()) == 0


def test_the_page_says_it_only_when_there_is_a_number(people: People) -> None:
    for count, said in ((7, None), (16, "About 15 residents")):
        only(people, count)
        page = Document(people.client().get(f"/assets/{people.club_id}").text)
        found = [one.text for one in page.all("p") if "residents of care homes" in one.text]
        if said is None:
            assert found == []
            continue
        assert found[0].startswith(
            "About 15 residents of care homes within 20 minutes’ walk share this interest."
        )
