"""Where the nearest is, decided on foot: a way round, and a ward wider than it is near."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.areas.actions import get_ward
from app.areas.report import WardReport, read_report
from app.assets.actions import NameCache
from geo.crs import grid_of
from geo.walking import FootNetwork
from tests import builders, foot_networks
from tests.wards.report.conftest import ask_for
from tests.wards.report.test_report import TODAY
from tests.web.conftest import Town

WARD = "E05003001"
LON, LAT = -1.2, 53.9
# Degrees of a metre there.
EAST, NORTH = 1 / 65_600, 1 / 111_300


def at(east_m: float, north_m: float) -> tuple[float, float]:
    """A place so many metres from the middle of the ward."""
    return LON + east_m * EAST, LAT + north_m * NORTH


@pytest.fixture
def ward(session: Session, town: Town) -> str:
    """A ward 400 m wide and 400 m high where somebody asked for the stars."""
    builders.make_ward(session, WARD, "Long Lane", shape=box(200, 200))
    ask_for(session, WARD, "stargazing", times=9)
    return WARD


def box(east_m: float, north_m: float) -> shapely.MultiPolygon:
    return shapely.MultiPolygon([shapely.box(*at(-east_m, -north_m), *at(east_m, north_m))])


def around_the_water() -> FootNetwork:
    """One street from the east through the middle to the west, and back north of the water."""
    steps = [(x, 0) for x in range(1_500, -1_501, -100)]
    steps += [(-1_500, y) for y in range(100, 301, 100)]
    steps += [(x, 300) for x in range(-1_400, 1, 100)]
    corners = np.array([grid_of(*at(*step)) for step in steps])
    numbers = np.arange(len(steps), dtype=np.int64)
    edges = np.stack([numbers[:-1], numbers[1:]], axis=1).astype(np.int32)
    return FootNetwork(numbers, corners, edges, np.ones(len(edges), dtype=bool))


def report_of(connection: sa.Connection, session: Session, *, has_ways: bool) -> WardReport:
    walking = foot_networks.keep(session, around_the_water()) if has_ways else None
    ward = get_ward(connection, gss_code=WARD, release=None)
    return read_report(connection, ward, NameCache().get(connection), today=TODAY, walking=walking)


def place(session: Session, name: str, where: tuple[float, float], *, by: str = "place") -> str:
    """Store a place that has it, or one where a session of it is."""
    given = ["stargazing"] if by == "place" else []
    made = builders.make_asset(session, name, at=where, interests=given)
    if by == "session":
        builders.make_activity(session, f"{name} night", made, interests=["stargazing"])
    return str(made.id)


@pytest.mark.parametrize("by", ["place", "session"])
def test_what_is_near_on_foot_beats_what_is_near_across_the_water(
    connection: sa.Connection, session: Session, ward: str, by: str
) -> None:
    place(session, "Across the water", at(0, 300), by=by)
    alone = report_of(connection, session, has_ways=True)
    # 300 m as the crow flies, 3.3 km round by the bridge.
    assert [(one.nearest_name, one.nearest_text) for one in alone.gaps] == [
        ("Across the water", "40 minutes\u2019 walk (3.3 km on foot)")
    ]
    place(session, "Farther down the street", at(1_100, 0), by=by)
    near = place(session, "Down the street", at(900, 0), by=by)
    report = report_of(connection, session, has_ways=True)
    assert report.gaps == []
    assert [(one.nearest_id, one.nearest_text) for one in report.met] == [
        (near, "11 minutes\u2019 walk (900 m on foot)")
    ]


@pytest.mark.parametrize("by", ["place", "session"])
def test_what_is_in_a_wide_ward_is_not_lost_to_what_is_nearer_outside(
    connection: sa.Connection, session: Session, town: Town, by: str
) -> None:
    builders.make_ward(session, WARD, "Long Lane", shape=box(2_000, 200))
    ask_for(session, WARD, "stargazing", times=9)
    place(session, "Outside", at(0, 1_400), by=by)
    assert [one.nearest_name for one in report_of(connection, session, has_ways=False).gaps] == [
        "Outside"
    ]
    inside = place(session, "Inside", at(1_800, 0), by=by)
    report = report_of(connection, session, has_ways=False)
    assert report.gaps == []
    assert [one.nearest_id for one in report.met] == [inside]


def test_a_place_with_a_door_is_named_before_what_comes_to_homes(
    connection: sa.Connection, session: Session, ward: str
) -> None:
    group = builders.make_asset(session, "Domes", at=at(0, 100))
    builders.make_activity(session, "Domes", group, interests=["stargazing"], comes_to_homes=True)
    (met,) = report_of(connection, session, has_ways=True).met
    assert met.nearest_text == "comes to homes"
    near = place(session, "Down the street", at(900, 0))
    (met,) = report_of(connection, session, has_ways=True).met
    assert met.nearest_id == near
