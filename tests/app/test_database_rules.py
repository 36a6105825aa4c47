"""What the database itself refuses, whoever writes to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from geoalchemy2.shape import from_shape
from shapely import from_wkt
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from app.models import (
    AreaFigure,
    AssetKind,
    Check,
    CheckOutcome,
    Schedule,
)
from tests.builders import (
    CITY_HALL,
    make_activity,
    make_asset,
    make_postcode,
    make_source,
    make_ward,
)

# The grid copy is computed before constraints are looked at, and cannot be; infinity is no number
# to the parser.
COMPUTED_FIRST = r"transform:|invalid geometry|inside_great_britain"


def _refused(session: Session, name: str, write: Callable[[], object]) -> None:
    """Assert that `write` is refused by the constraint of that name, and nothing else."""
    with pytest.raises(IntegrityError) as caught, session.begin_nested():
        write()
    constraint = caught.value.orig.diag.constraint_name  # type: ignore[union-attr]
    assert constraint == name


@pytest.mark.parametrize(
    "point",
    [
        (2.3522, 48.8566),  # Paris
        (53.7924, -1.7534),  # the axes swapped
        (0.0, 0.0),
        (-9.1, 54.0),
    ],
)
def test_points_outside_great_britain_are_refused(
    session: Session, point: tuple[float, float]
) -> None:
    _refused(session, "ck_assets_inside_great_britain", lambda: make_asset(session, at=point))
    _refused(session, "ck_postcodes_inside_great_britain", lambda: make_postcode(session, at=point))


@pytest.mark.parametrize(
    "point", [(416_546.0, 433_216.0), (float("nan"), 53.79), (-1.75, float("inf"))]
)
def test_points_that_are_nowhere_on_earth_are_refused(
    session: Session, point: tuple[float, float]
) -> None:
    for make in (make_asset, make_postcode):
        with pytest.raises(DBAPIError, match=COMPUTED_FIRST), session.begin_nested():
            make(session, at=point)


def test_an_empty_point_and_another_srid_are_refused(session: Session) -> None:
    def insert(geometry: str) -> None:
        session.execute(
            sa.text(
                "INSERT INTO assets (kind, name, geom, location_source, source_id, source_key)"
                " VALUES ('group', 'x', ST_GeomFromEWKT(:geometry), 'given', :source, 'x')"
            ),
            {"geometry": geometry, "source": make_source(session).id},
        )

    _refused(session, "ck_assets_inside_great_britain", lambda: insert("SRID=4326;POINT EMPTY"))
    with pytest.raises(DBAPIError, match="SRID"), session.begin_nested():
        insert("SRID=27700;POINT(416546 433216)")
    with pytest.raises(DBAPIError, match="Geometry type"), session.begin_nested():
        insert("SRID=4326;LINESTRING(-1.75 53.79, -1.76 53.8)")


@pytest.mark.parametrize(
    ("shape", "constraint"),
    [
        ("MULTIPOLYGON(((-1.8 53.7,-1.7 53.8,-1.7 53.7,-1.8 53.8,-1.8 53.7)))", "valid_geometry"),
        ("MULTIPOLYGON EMPTY", "valid_geometry"),
        ("MULTIPOLYGON(((2 48,2.5 48,2.5 48.9,2 48.9,2 48)))", "inside_great_britain"),
        ("MULTIPOLYGON(((53 -2,54 -2,54 -1,53 -1,53 -2)))", "inside_great_britain"),
    ],
)
def test_broken_and_foreign_areas_are_refused(
    session: Session, shape: str, constraint: str
) -> None:
    ward = make_ward(session)
    broken = from_wkt(shape)

    def redraw() -> None:
        ward.geom = from_shape(broken, srid=4326)
        session.flush()

    _refused(session, f"ck_areas_{constraint}", redraw)


def test_a_source_key_stands_once_a_source(session: Session) -> None:
    make_asset(session, source_key="17")
    again = "uq_assets_source_id_source_key"
    _refused(session, again, lambda: make_asset(session, "Another", source_key="17"))
    other = make_source(session, "other")
    assert make_asset(session, source=other, source_key="17").id is not None


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"name": ""}, "has_a_name"),
        ({"access": ["helipad"]}, "known_access"),
        ({"beds": -1}, "plausible_beds"),
        ({"beds": 2001}, "plausible_beds"),
        ({"at": None}, "placed_by_point_or_ward"),
    ],
)
def test_assets_make_sense(session: Session, values: dict[str, Any], constraint: str) -> None:
    _refused(session, f"ck_assets_{constraint}", lambda: make_asset(session, **values))


@pytest.mark.parametrize(
    "name", ["", " ", "\t\n", "\N{NO-BREAK SPACE}", "\N{ZERO WIDTH SPACE} \N{EM SPACE}", "\ufeff"]
)
def test_a_name_says_something(session: Session, name: str) -> None:
    club = make_asset(session)
    _refused(session, "ck_assets_has_a_name", lambda: make_asset(session, name))
    _refused(session, "ck_activities_has_a_name", lambda: make_activity(session, name, club))
    _refused(session, "ck_areas_has_a_name", lambda: make_ward(session, name=name))


@pytest.mark.parametrize(
    "name", ["4", "\N{TEACUP WITHOUT HANDLE}", " Y ", "\u0141\u00f3d\u017a", "\u2014"]
)
def test_a_short_or_foreign_name_is_one(session: Session, name: str) -> None:
    assert make_asset(session, name).id is not None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_figure_is_a_number(session: Session, value: float) -> None:
    figure: dict[str, Any] = {
        "gss_code": "E01010568", "measure": "population", "as_of": dt.date(2022, 6, 30),
        "source_id": make_source(session).id,
    }  # fmt: skip

    def store(number: float) -> None:
        session.add(AreaFigure(value=number, **figure))
        session.flush()

    _refused(session, "ck_area_figures_a_finite_number", lambda: store(value))
    store(1523.0)


def test_an_informal_asset_without_a_ward_is_refused(session: Session) -> None:
    _refused(
        session,
        "ck_assets_informal_is_placed_by_ward",
        lambda: make_asset(session, kind=AssetKind.INFORMAL, at=CITY_HALL),
    )


def test_an_asset_is_not_its_own_duplicate(session: Session) -> None:
    asset = make_asset(session)

    def link() -> None:
        asset.duplicate_of = asset.id
        session.flush()

    _refused(session, "ck_assets_not_its_own_duplicate", link)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;INTERVAL=5",
        "FREQ=HOURLY",
        "freq=hourly",
        "INTERVAL=1;FREQ=HOURLY",
        "FREQ=DAILYISH",
        "FREQ=DAILY;FREQ=SECONDLY",
        "FREQ=DAILY;BYHOUR=9,10,11",
        "FREQ=WEEKLY;BYMINUTE=0,1,2",
        "FREQ=WEEKLY;BYSECOND=0,1,2",
        "",
    ],
)
def test_rules_that_repeat_within_a_day_are_refused(session: Session, rule: str) -> None:
    club = make_asset(session)
    schedule = Schedule(starts_on=dt.date(2026, 1, 6), opens_at=dt.time(14), rrule=rule)
    _refused(
        session,
        "ck_schedules_daily_or_slower",
        lambda: make_activity(session, "Boccia", club, schedules=[schedule]),
    )


@pytest.mark.parametrize(
    "rule", [None, "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=TU", "FREQ=MONTHLY;BYDAY=1TU"]
)
def test_rules_of_days_are_kept(session: Session, rule: str | None) -> None:
    schedule = Schedule(starts_on=dt.date(2026, 1, 6), opens_at=dt.time(14), rrule=rule)
    assert (
        make_activity(session, "Boccia", make_asset(session), schedules=[schedule]).id is not None
    )


def test_checks_have_one_subject_and_are_not_of_tomorrow(session: Session) -> None:
    club = make_asset(session)
    activity = make_activity(session, "Boccia", club)
    today = dt.datetime.now(tz=dt.UTC).date()

    def check(**values: Any) -> None:
        given = {"checked_on": today, "outcome": CheckOutcome.CONFIRMED}
        session.add(Check(**(given | values)))
        session.flush()

    _refused(session, "ck_checks_one_subject", check)
    both = {"asset_id": club.id, "activity_id": activity.id}
    _refused(session, "ck_checks_one_subject", lambda: check(**both))
    later = {"asset_id": club.id, "checked_on": today + dt.timedelta(days=2)}
    _refused(session, "ck_checks_not_in_the_future", lambda: check(**later))
