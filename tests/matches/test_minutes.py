"""The sample town's river, 400 m over and 4.4 km round by the bridge, wherever matches are."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from geoalchemy2.shape import from_shape
from shapely import Point
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from app.cli import cli
from app.models import Asset, AssetKind, LocationSource, Stance
from app.settings import get_settings
from app.walking import queries
from tests import foot_networks
from tests.builders import make_activity, make_asset
from tests.foot_networks import CREDIT
from tests.people import REFERENCE_A, People, make_resident
from tests.web.document import Document

# On either bank, and 700 m along the home's own.
LOW_MILL, WASH_DUB, MILL_LANE = (
    (-2.080577, 54.112439),
    (-2.08057, 54.108844),
    (-2.090881, 54.113828),
)
# The two ends of a flight of steps.
STEPS_FOOT, STEPS_TOP = (-2.111944, 54.115739), (-2.1095, 54.117359)
OVER, ALONG = "Bowls over the river", "Bowls along the lane"
OVER_M, OVER_MINUTES = 4418, 53
STEPPED = "BBBBCCCC"


@pytest.fixture(scope="module")
def river(people: People) -> People:
    """Home A at Low Mill, clubs on both banks, and the streets."""
    with Session(people.engine) as session:
        home = session.get_one(Asset, people.homes["a"])
        home.geom = from_shape(Point(LOW_MILL), srid=4326)
        session.flush()
        make_asset(session, OVER, at=WASH_DUB, interests=["bowls", "pottery"])
        club = make_asset(session, "Lane club", at=WASH_DUB)
        hall = make_asset(session, "Lane hall", at=MILL_LANE, kind=AssetKind.VENUE)
        # It is where its hall is, not where its club is.
        make_activity(session, ALONG, club, venue=hall, interests=["bowls"])
        make_asset(session, "Books at the steps", at=STEPS_TOP, interests=["reading"])
        make_resident(
            session, people.teams["a"], STEPPED, {"bowls": Stance.ENJOYS, "pottery": Stance.ENJOYS},
            access_needs=["step_free"],
        )  # fmt: skip
        foot_networks.keep_sample(session)
        session.commit()
    return people


@contextmanager
def no_network(people: People) -> Iterator[None]:
    """Take the streets away for a while."""
    with Session(people.engine) as session:
        session.execute(sa.text("DELETE FROM foot_networks"))
        session.commit()
    try:
        yield
    finally:
        with Session(people.engine) as session:
            foot_networks.keep_sample(session)
            session.commit()


def question(people: People, **more: Any) -> dict[str, Any]:
    return {"home": str(people.homes["a"]), "interest": "bowls"} | more


def near(people: People, **more: Any) -> list[dict[str, Any]]:
    answer = people.client().get("/api/matches", params=question(people, **more))
    found: list[dict[str, Any]] = answer.json()["near"]
    return found


def test_what_is_over_the_river_sinks(river: People) -> None:
    along, over = near(river)
    assert (along["name"], over["name"]) == (ALONG, OVER)
    assert over["distance_m"] == pytest.approx(400, abs=2)
    assert over["walk_m"] == pytest.approx(OVER_M, abs=5)
    assert (over["walk_minutes"], over["is_about"]) == (OVER_MINUTES, False)
    assert "53 minutes' walk (4.4 km on foot)." in over["reasons"]
    assert "9 minutes' walk (730 m on foot)." in along["reasons"]
    # The published formula, with the way on foot in place of the straight line.
    assert over["score"] == pytest.approx(500 / (500 + over["walk_m"] / 1.3) * 0.85, abs=1e-6)
    with no_network(river):
        over, along = near(river)
    assert (over["name"], along["name"]) == (OVER, ALONG)
    assert (over["walk_m"], over["walk_minutes"], over["is_about"]) == (None, 6, True)
    assert "About 6 minutes' walk (400 m)." in over["reasons"]


def test_it_falls_out_of_reach(river: People) -> None:
    assert [match["name"] for match in near(river, within=1000)] == [ALONG]
    assert [match["name"] for match in near(river, within=3000)] == [ALONG]
    assert [match["name"] for match in near(river, within=4000)] == [ALONG, OVER]


def test_the_page_says_minutes_and_whose_streets(river: People) -> None:
    client = river.client()
    shown = Document(client.post("/matches", data=question(river)).text)
    items = [item.text for item in shown.all("li", class_="pw-item")]
    assert [OVER in item for item in items] == [False, True]
    assert "53 minutes' walk (4.4 km on foot)." in items[1]
    assert "About" not in " ".join(items)
    assert CREDIT in shown.one("body").text
    reaches = [option.text for option in shown.one("select", id="within").all("option")]
    assert reaches[1] == "10 minutes on foot"
    close = Document(client.post("/matches", data=question(river, within=640)).text)
    assert "within 10 minutes on foot" in close.one("h2", id="near-you").text
    assert "Nothing near fits." in close.one("body").text
    # Nothing along a street is shown, so nobody's streets are named.
    assert CREDIT not in close.one("body").text
    with no_network(river):
        before = Document(client.post("/matches", data=question(river)).text)
    assert CREDIT not in before.one("body").text
    reaches = [option.text for option in before.one("select", id="within").all("option")]
    assert reaches[1] == "About 10 minutes’ walk (640 m)"


def test_files_and_the_map_say_the_same(river: People) -> None:
    client = river.client()
    asked = question(river)
    geojson = client.get("/matches.geojson", params=asked).json()
    assert [f["properties"]["walk_minutes"] for f in geojson["features"]] == [9, OVER_MINUTES]
    assert any(CREDIT in said for said in geojson["attribution"])
    text = client.get("/matches.csv", params=asked).text.removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["minutes on foot"], row["about"]) for row in rows] == [("9", "no"), ("53", "no")]
    assert float(rows[1]["metres on foot"]) == pytest.approx(OVER_M, abs=5)
    assert all(f"ways on foot: {CREDIT}" in row["attribution"] for row in rows)
    drawn = client.get("/matches/map", params=asked).text
    # Written so that no text can be script; the figures are what they were.
    assert "4.4 km on foot" in drawn
    assert "400 m" not in drawn
    assert "the people who drew the streets" in drawn


def test_the_command_line_walks_too(river: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", river.settings.database_url)
    monkeypatch.setenv("COLUMNS", "160")
    get_settings.cache_clear()
    try:
        asked = ["match", "--home", str(river.homes["a"]), "--interest", "bowls"]
        done = CliRunner().invoke(cli, asked)
    finally:
        get_settings.cache_clear()
    assert done.exit_code == 0, done.output
    assert done.stdout.index(ALONG) < done.stdout.index(OVER)
    assert "53 min" in done.stdout
    assert "about" not in done.stdout
    assert CREDIT in done.stdout


def test_steps_are_gone_round_by_whoever_needs_to(river: People) -> None:
    asked = {"lon": STEPS_FOOT[0], "lat": STEPS_FOOT[1], "interest": "reading"}

    def answer(**more: Any) -> dict[str, Any]:
        found = river.client().get("/api/matches", params=asked | more).json()
        (match,) = found["near"]
        assert isinstance(match, dict)
        return match

    up = answer()
    assert up["walk_m"] == pytest.approx(242, abs=2)
    assert "3 minutes' walk (240 m on foot)." in up["reasons"]
    round_about = answer(needs="step_free")
    assert round_about["walk_m"] == pytest.approx(459, abs=2)
    assert round_about["walk_minutes"] == 7, "at 4 km an hour"
    assert "7 minutes by step-free ways (460 m)." in round_about["reasons"]
    insisted = answer(must="step_free", unknown="yes")
    assert insisted["walk_m"] == round_about["walk_m"]


def keep_walk(
    session: Session, home_id: object, asset_id: object, *, version: str, walk_m: float
) -> None:
    """Keep a walk of one home as if it had been worked out; step-free, nobody knows."""
    found = session.execute(
        sa.text(
            "SELECT id AS home_id, id AS asset_id, ST_X(point_27700) AS easting,"
            " ST_Y(point_27700) AS northing FROM assets WHERE id = ANY(:ids)"
        ),
        {"ids": [home_id, asset_id]},
    )
    rows = {str(row.asset_id): row for row in found}
    queries.keep_walks(
        session.connection(), home=rows[str(home_id)], version=version,
        places=[rows[str(asset_id)]], walks_m=[walk_m], step_free_m=[None],
    )  # fmt: skip


def test_what_is_kept_for_a_home_is_not_worked_out_again(river: People) -> None:
    with Session(river.engine) as session:
        (over,) = session.scalars(sa.select(Asset.id).where(Asset.name == OVER))
        version = queries.find_version(session.connection())
        assert version is not None
        keep_walk(session, river.homes["a"], over, version=version, walk_m=777.0)
        session.commit()
    try:
        assert {m["name"]: m["walk_m"] for m in near(river)}[OVER] == 777
        elsewhere = {"home": "", "lon": LOW_MILL[0], "lat": LOW_MILL[1]}
        assert {m["name"]: m["walk_m"] for m in near(river, **elsewhere)}[OVER] > OVER_M - 5
        # Kept as "not near any way without steps".
        stepped = {m["name"]: m for m in near(river, needs="step_free")}[OVER]
        assert (stepped["walk_m"], stepped["is_about"]) == (None, True)
        assert "About 6 minutes' walk (400 m)." in stepped["reasons"]
    finally:
        with Session(river.engine) as session:
            queries.forget_all(session.connection())
            session.commit()


def test_no_way_of_an_hour_and_a_half_is_said(river: People) -> None:
    with Session(river.engine) as session:
        (over,) = session.scalars(sa.select(Asset.id).where(Asset.name == OVER))
        version = queries.find_version(session.connection()) or ""
        keep_walk(session, river.homes["a"], over, version=version, walk_m=float("inf"))
        session.commit()
    try:
        assert [match["name"] for match in near(river)] == [ALONG], "farther than 5 km counts"
        match = {m["name"]: m for m in near(river, within=10_000)}[OVER]
        assert (match["walk_m"], match["walk_minutes"], match["is_about"]) == (None, None, False)
        assert "More than 90 minutes on foot (400 m as the crow flies)." in match["reasons"]
        text = river.client().get("/matches.csv", params=question(river, within=10_000)).text
        assert "more than 90" in text
        drawn = river.client().get("/matches/map", params=question(river, within=10_000))
        assert "More than 90 minutes on foot" in drawn.text
    finally:
        with Session(river.engine) as session:
            queries.forget_all(session.connection())
            session.commit()


def test_a_place_known_by_its_ward_has_no_door(river: People) -> None:
    with Session(river.engine) as session:
        made = make_asset(
            session, "Somebody who knits", at=WASH_DUB, interests=["knitting"],
            location_source=LocationSource.WARD,
        )  # fmt: skip
        session.commit()
        made_id = made.id
    (match,) = near(river, interest="knitting")
    assert (match["walk_m"], match["is_about"]) == (None, True)
    assert "Somewhere in a ward about 400 m away." in match["reasons"]
    with Session(river.engine) as session:
        session.execute(sa.delete(Asset).where(Asset.id == made_id))
        session.commit()


@pytest.mark.parametrize(
    ("reference", "way"),
    [
        (REFERENCE_A, "53 minutes' walk (4.4 km on foot)"),
        (STEPPED, "66 minutes by step-free ways (4.4 km)"),
    ],
)
def test_a_residents_short_walk_does_not_cross_the_river(
    river: People, reference: str, way: str
) -> None:
    client = river.client("coordinator_a")
    shown = Document(client.get(f"/residents/{reference}/matches").text)
    assert not shown.all("ol", class_="pw-list--numbered")
    gaps = shown.one("section", **{"aria-labelledby": "gaps"}).text
    assert OVER in gaps
    assert f"{OVER}, {way}." in gaps
    assert CREDIT in shown.one("body").text
    with no_network(river):
        before = Document(client.get(f"/residents/{reference}/matches").text)
    (first,) = before.all("ol", class_="pw-list--numbered")
    assert OVER in first.text
    drawn = client.get(f"/residents/{reference}/matches/map")
    assert drawn.status_code == 200


def test_unmet_is_what_nobody_reaches_on_foot(river: People) -> None:
    client = river.client("coordinator_a")
    page = Document(client.get(f"/residents/{STEPPED}/matches").text)
    heading = page.one("h2", id="gaps").text
    assert "Pottery" in heading
    with no_network(river):
        before = Document(client.get(f"/residents/{STEPPED}/matches").text)
    assert before.all("h2", id="gaps") == []


def test_the_whole_homes_page_does_not_cross_it_either(river: People) -> None:
    client = river.client("coordinator_a")
    shown = client.get("/matches/everyone")
    assert shown.status_code == 200
    assert OVER not in shown.text
    with no_network(river):
        assert OVER in client.get("/matches/everyone").text


def test_few_statements_and_one_more_without_a_network(river: People) -> None:
    client = river.client()

    def count() -> int:
        seen: list[str] = []
        engine = river.app.state.engine

        def note(_: object, __: object, statement: str, *___: object) -> None:
            seen.append(statement)

        client.get("/api/matches", params=question(river))
        sa.event.listen(engine, "before_cursor_execute", note)
        client.get("/api/matches", params=question(river))
        sa.event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    # The home, which networks there are, the matches, the walks kept for it. Names are read anew
    # every few seconds: that may fall into one question, and not into three.
    assert min(count() for _ in range(3)) <= 4
    with no_network(river):
        assert min(count() for _ in range(3)) <= 3


def test_where_no_way_is_known_all_is_as_without_a_network(river: People) -> None:
    asked = {"lon": -1.7534, "lat": 53.7924, "interest": ["bowls", "reading"], "within": 20_000}
    paths = ("/api/matches", "/matches.geojson", "/matches.csv", "/matches/map")
    client = river.client()
    with_streets = [client.get(path, params=asked).content for path in paths]
    with no_network(river):
        assert [client.get(path, params=asked).content for path in paths] == with_streets
    assert json.loads(with_streets[0])["near"]
