"""The walks of homes: kept, counted, and worked out again when places or networks change."""

from __future__ import annotations

import math

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.database import KEEPER_ROLE
from app.importers.networks import load_network
from app.models import AssetKind, LocationSource
from app.walking import queries
from app.walking.actions import Located, WalkingCache, walks_from
from app.walking.reach import count_within
from app.walking.refresh import refresh_walks
from geo.distance import DETOUR, walk_minutes
from tests.builders import make_asset
from tests.conftest import ROOT

SAMPLE = ROOT / "data" / "sample" / "streets.osm"
# Either bank of the sample town's river, and a place on the near one (longitude, latitude).
LOW_MILL, WASH_DUB = (-2.080643, 54.112322), (-2.080643, 54.108727)
FAR_MOOR = (-2.1200, 54.1500)


@pytest.fixture
def places(session: Session) -> dict[str, Located]:
    """A home at Low Mill, a hall over the river, one beside it, one on the moor."""
    home = make_asset(session, "Mill House", at=LOW_MILL, kind=AssetKind.CARE_HOME)
    over = make_asset(session, "Dub Hall", at=WASH_DUB, kind=AssetKind.VENUE)
    beside = make_asset(session, "Mill Chapel", at=(LOW_MILL[0] + 0.002, LOW_MILL[1]))
    moor = make_asset(session, "Moor Barn", at=(LOW_MILL[0], LOW_MILL[1] + 0.02))
    session.flush()
    named = {"home": home, "over": over, "beside": beside, "moor": moor}
    points = session.execute(
        sa.text("SELECT id::text AS id, ST_X(geom) AS lon, ST_Y(geom) AS lat FROM assets")
    )
    by_id = {row.id: Located(*row) for row in points}
    return {name: by_id[str(asset.id)] for name, asset in named.items()}


def kept(session: Session, places: dict[str, Located]) -> dict[str, float | None]:
    rows = session.execute(sa.text("SELECT asset_id::text, walk_m FROM walks"))
    names = {place.asset_id: name for name, place in places.items()}
    return {names.get(row[0], "other"): row[1] for row in rows}


def test_walks_are_kept_for_what_is_near(session: Session, places: dict[str, Located]) -> None:
    connection = session.connection()
    assert refresh_walks(connection) == 0
    load_network(connection, SAMPLE)
    told: list[tuple[int, int]] = []
    assert refresh_walks(connection, told=lambda *news: told.append(news)) == 1
    assert told == [(1, 1)]
    found = kept(session, places)
    assert set(found) == {"over", "beside", "moor"}
    assert found["over"] == pytest.approx(4_418, abs=60)
    assert found["beside"] is not None
    assert 50 < found["beside"] < 600
    # On the moor there is no way that we know of.
    assert found["moor"] is None
    assert refresh_walks(connection) == 0


def test_what_is_kept_is_what_would_be_worked_out(
    session: Session, places: dict[str, Located]
) -> None:
    connection = session.connection()
    load_network(connection, SAMPLE)
    walking = WalkingCache().get(connection)
    assert walking is not None
    home, others = places["home"], [places["over"], places["beside"], places["moor"]]
    asked = {"lon": home.lon, "lat": home.lat, "places": others}
    live = walks_from(connection, walking, **asked)  # type: ignore[arg-type]  # few words
    refresh_walks(connection)
    stored = walks_from(connection, walking, **asked, home_id=home.asset_id)  # type: ignore[arg-type]
    assert stored == pytest.approx(live, abs=0.1, nan_ok=True)
    # It is the kept walk that was read.
    session.execute(sa.text("UPDATE walks SET walk_m = 123"))
    stored = walks_from(connection, walking, **asked, home_id=home.asset_id)  # type: ignore[arg-type]
    assert stored == [123.0, 123.0, 123.0]


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("a place moved", "UPDATE assets SET geom = ST_Translate(geom, 0.0005, 0)"
         " WHERE name = 'Dub Hall'"),
        ("the home moved", "UPDATE assets SET geom = ST_Translate(geom, 0.0005, 0)"
         " WHERE name = 'Mill House'"),
        ("another network", "UPDATE foot_networks SET digest = 'another'"),
    ],
    ids=lambda value: value if " " in value and len(value) < 20 else "sql",
)  # fmt: skip
def test_what_changes_is_worked_out_again(
    session: Session, places: dict[str, Located], what: str, change: str
) -> None:
    connection = session.connection()
    load_network(connection, SAMPLE)
    refresh_walks(connection)
    before = kept(session, places)
    session.execute(sa.text(change))
    assert refresh_walks(connection) == 1, what
    after = kept(session, places)
    assert set(after) == set(before)
    assert (after["over"] != before["over"]) is (what != "another network")


def test_a_new_place_makes_the_homes_near_it_due(
    session: Session, places: dict[str, Located]
) -> None:
    connection = session.connection()
    load_network(connection, SAMPLE)
    refresh_walks(connection)
    make_asset(session, "Far Barn", at=FAR_MOOR)
    session.flush()
    assert refresh_walks(connection) == 0
    make_asset(session, "New Club", at=(LOW_MILL[0] + 0.001, LOW_MILL[1]))
    # What is only known by its ward has no door to walk to.
    make_asset(session, "Somewhere", at=LOW_MILL, location_source=LocationSource.WARD)
    session.flush()
    assert refresh_walks(connection) == 1
    assert len(kept(session, places)) == 4
    assert refresh_walks(connection) == 0


def test_when_the_network_goes_so_do_the_walks(
    session: Session, places: dict[str, Located]
) -> None:
    connection = session.connection()
    load_network(connection, SAMPLE)
    refresh_walks(connection)
    session.execute(sa.text("DELETE FROM foot_networks"))
    refresh_walks(connection)
    assert kept(session, places) == {}


def test_a_place_that_moves_while_walks_are_worked_out_is_due_again(
    session: Session, places: dict[str, Located]
) -> None:
    """What is stored says where the place was then, so nobody has to be told in time."""
    connection = session.connection()
    load_network(connection, SAMPLE)
    version = queries.find_version(connection) or ""
    (home,) = queries.list_due_homes(connection, version=version)
    near = queries.list_places_near(connection, easting=home.easting, northing=home.northing)
    moved = "UPDATE assets SET geom = ST_Translate(geom, 0.002, 0) WHERE name = 'Mill Chapel'"
    session.execute(sa.text(moved))
    gone = sa.text("DELETE FROM assets WHERE name = 'Dub Hall'")
    session.execute(gone)
    queries.keep_walks(
        connection, home=home, version=version, places=near, walks_m=[100.0] * len(near),
        step_free_m=[100.0] * len(near),
    )  # fmt: skip
    asked = {"home_id": home.home_id, "version": version}
    beside = places["beside"].asset_id
    assert not queries.find_walks(connection, **asked, asset_ids=[beside])
    assert queries.find_walks(connection, **asked, asset_ids=[places["moor"].asset_id])
    assert refresh_walks(connection) == 1
    assert queries.find_walks(connection, **asked, asset_ids=[beside])[0].walk_m != 100
    assert refresh_walks(connection) == 0


def test_the_keeper_may_do_it_and_the_pages_may_only_read(
    session: Session, places: dict[str, Located]
) -> None:
    connection = session.connection()
    load_network(connection, SAMPLE)
    session.execute(sa.text(f"SET LOCAL ROLE {KEEPER_ROLE}"))
    assert refresh_walks(connection) == 1
    session.execute(sa.text("SET LOCAL ROLE patchwork_app"))
    assert queries.find_version(connection) is not None
    assert queries.find_walks(
        connection,
        home_id=places["home"].asset_id,
        asset_ids=[places["over"].asset_id],
        version=queries.find_version(connection) or "",
    )
    savepoint = connection.begin_nested()
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        session.execute(sa.text("DELETE FROM walks"))
    savepoint.rollback()


@pytest.mark.parametrize("is_kept", [True, False])
def test_places_within_minutes_of_a_home(
    session: Session, places: dict[str, Located], is_kept: bool
) -> None:
    connection = session.connection()
    home = places["home"]
    about = count_within(connection, None, homes=[home])[home.asset_id]
    straight = session.execute(
        sa.text(
            "SELECT a.name, ST_Distance(a.point_27700, h.point_27700) FROM assets a, assets h"
            " WHERE h.name = 'Mill House' AND a.id <> h.id"
        )
    ).all()
    expected = {
        minutes: sum(walk_minutes(metres) <= minutes for _, metres in straight)
        for minutes in (5, 10, 15)
    }
    assert about.within == expected
    assert about.is_about
    # Over the river: six minutes by the straight line, the better part of an hour on foot.
    assert expected[10] == 2
    load_network(connection, SAMPLE)
    if is_kept:
        refresh_walks(connection)
    walking = WalkingCache().get(connection)
    on_foot = count_within(connection, walking, homes=[home])[home.asset_id]
    assert not on_foot.is_about
    assert on_foot.within[15] == 1
    assert count_within(connection, walking, homes=[]) == {}


def test_a_home_off_the_network_is_counted_by_the_straight_line(session: Session) -> None:
    home = make_asset(session, "Moor House", at=FAR_MOOR, kind=AssetKind.CARE_HOME)
    make_asset(session, "Moor Chapel", at=(FAR_MOOR[0], FAR_MOOR[1] + 0.002))
    session.flush()
    connection = session.connection()
    load_network(connection, SAMPLE)
    refresh_walks(connection)
    reach = count_within(
        connection, WalkingCache().get(connection), homes=[Located(str(home.id), *FAR_MOOR)]
    )[str(home.id)]
    assert reach.is_about
    assert reach.within == {5: 1, 10: 1, 15: 1}
    assert math.isclose(DETOUR, 1.3)
