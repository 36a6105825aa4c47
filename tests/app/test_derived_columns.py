"""What triggers derive: points, versions, dates of checking, parts of areas."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TypeVar

import pytest
import sqlalchemy as sa
from geoalchemy2.shape import from_shape, to_shape
from shapely import MultiPolygon, Point, Polygon
from sqlalchemy.orm import Session

from app.models import (
    Activity,
    Area,
    Asset,
    AssetKind,
    Base,
    Check,
    CheckOutcome,
    LocationSource,
)
from geo.crs import grid_of
from geo.interests import Vocabulary
from tests.builders import (
    CITY_HALL,
    LISTER_PARK,
    SHIPLEY_MARKET,
    make_activity,
    make_asset,
    make_ward,
    square,
)

Row = TypeVar("Row", bound=Base)


def _count(session: Session, table: str) -> int:
    return session.execute(sa.select(sa.func.count()).select_from(sa.table(table))).scalar_one()


def _fresh(session: Session, row: Row) -> Row:
    session.flush()
    session.refresh(row)
    return row


def _spot(session: Session, row: Asset | Activity) -> tuple[float, float]:
    """Return the longitude and latitude a row is stored at."""
    geom = _fresh(session, row).geom
    assert geom is not None
    point = to_shape(geom)
    assert isinstance(point, Point)
    return (point.x, point.y)


def _middle(ward: Area) -> tuple[float, float]:
    """Return where things that are known by their ward are put."""
    point = Point(to_shape(ward.geom).representative_point())
    assert isinstance(point, Point)
    return pytest.approx((point.x, point.y), abs=1e-9)  # type: ignore[return-value]  # compares


def test_the_grid_copy_follows_the_point(session: Session) -> None:
    asset = make_asset(session, at=CITY_HALL)
    assert _fresh(session, asset).point_27700 is not None
    for place in (CITY_HALL, SHIPLEY_MARKET):
        asset.geom = from_shape(Point(place), srid=4326)
        copy = _fresh(session, asset).point_27700
        assert copy is not None
        # PostGIS and pyproj may use different grids: some metres.
        assert to_shape(copy).distance(Point(grid_of(*place))) < 5


def test_an_informal_asset_stands_for_its_ward_whatever_point_it_is_given(session: Session) -> None:
    ward = make_ward(session)
    door = (CITY_HALL[0] + 0.001, CITY_HALL[1] + 0.001)
    asset = make_asset(
        session, kind=AssetKind.INFORMAL, at=door, ward_code=ward.gss_code, location_source="given"
    )
    assert _spot(session, asset) == _middle(ward)
    assert asset.location_source == LocationSource.WARD
    asset.geom = from_shape(Point(door), srid=4326)
    assert _spot(session, asset) == _middle(ward)


def test_an_informal_asset_is_placed_by_the_newest_boundaries(session: Session) -> None:
    make_ward(session, release="2013", shape=square(LISTER_PARK))
    newest = make_ward(session, release="2025", shape=square(CITY_HALL))
    gone = make_ward(session, release="2026", shape=square(SHIPLEY_MARKET))
    gone.gone_at = dt.datetime.now(tz=dt.UTC)
    session.flush()
    asset = make_asset(session, kind=AssetKind.INFORMAL, at=None, ward_code=newest.gss_code)
    assert _spot(session, asset) == _middle(newest)


def test_a_group_that_turns_informal_leaves_its_door_and_so_does_what_it_runs(
    session: Session,
) -> None:
    ward = make_ward(session)
    door = (CITY_HALL[0] + 0.001, CITY_HALL[1] + 0.001)
    asset = make_asset(session, at=door)
    activity = make_activity(session, "Lends hens", asset)
    asset.kind, asset.ward_code = AssetKind.INFORMAL, ward.gss_code
    assert _spot(session, asset) == _middle(ward)
    assert _spot(session, activity) == _middle(ward)


def _check(session: Session, day: int, outcome: CheckOutcome, **subject: uuid.UUID) -> Check:
    check = Check(checked_on=dt.date(2026, 5, day), outcome=outcome, **subject)
    session.add(check)
    session.flush()
    return check


@pytest.mark.parametrize("of_activity", [False, True])
def test_assured_date_is_the_newest_check(session: Session, of_activity: bool) -> None:
    club = make_asset(session)
    row = make_activity(session, "Boccia", club) if of_activity else club
    subject = {"activity_id" if of_activity else "asset_id": row.id}

    def assured() -> dt.date | None:
        return _fresh(session, row).assured_date

    assert assured() is None
    first = _check(session, 3, CheckOutcome.CONFIRMED, **subject)
    assert assured() == dt.date(2026, 5, 3)
    _check(session, 1, CheckOutcome.CONFIRMED, **subject)
    assert assured() == dt.date(2026, 5, 3)
    newest = _check(session, 9, CheckOutcome.CHANGED, **subject)
    assert assured() == dt.date(2026, 5, 9)
    # Finding that it is gone assures nobody of anything.
    _check(session, 20, CheckOutcome.GONE, **subject)
    assert assured() == dt.date(2026, 5, 9)
    newest.checked_on = dt.date(2026, 5, 2)
    assert assured() == dt.date(2026, 5, 3)
    session.delete(first)
    assert assured() == dt.date(2026, 5, 2)
    session.execute(sa.delete(Check))
    assert assured() is None


def test_a_check_that_moves_to_another_subject_changes_both(session: Session) -> None:
    one, other = make_asset(session), make_asset(session)
    check = _check(session, 3, CheckOutcome.CONFIRMED, asset_id=one.id)
    check.asset_id = other.id
    assert _fresh(session, one).assured_date is None
    assert _fresh(session, other).assured_date == dt.date(2026, 5, 3)


def test_the_version_counts_edits_and_nothing_else(session: Session) -> None:
    club, ward = make_asset(session), make_ward(session)
    activity = make_activity(session, "Boccia", club)
    assert (club.version, activity.version, ward.version) == (1, 1, 1)
    club.name = "Riverside Bowls and Boccia Club"
    assert _fresh(session, club).version == 2
    # A check is no edit of what it confirms, and a venue that moves no edit of its activities.
    _check(session, 3, CheckOutcome.CONFIRMED, asset_id=club.id)
    _check(session, 3, CheckOutcome.CONFIRMED, activity_id=activity.id)
    assert _fresh(session, club).version == 2
    club.geom = from_shape(Point(LISTER_PARK), srid=4326)
    assert _fresh(session, club).version == 3
    assert _spot(session, activity) == LISTER_PARK
    assert activity.version == 1
    ward.name = "City and Centre"
    assert _fresh(session, ward).version == 2


def test_a_version_cannot_be_set(session: Session) -> None:
    club = make_asset(session)
    session.execute(sa.update(Asset).values(version=99))
    assert _fresh(session, club).version == 2


def test_an_activity_is_where_its_venue_is(session: Session) -> None:
    club, hall = make_asset(session, at=CITY_HALL), make_asset(session, at=LISTER_PARK)
    activity = make_activity(session, "Boccia", club)
    assert _spot(session, activity) == CITY_HALL
    activity.venue_id = hall.id
    assert _spot(session, activity) == LISTER_PARK
    hall.geom = from_shape(Point(SHIPLEY_MARKET), srid=4326)
    session.flush()
    assert _spot(session, activity) == SHIPLEY_MARKET
    # Without its venue it is at its organizer's again.
    session.delete(hall)
    session.flush()
    assert _spot(session, activity) == CITY_HALL
    assert activity.venue_id is None


def test_a_venue_that_has_gone_leaves_its_activities_at_their_organizers(session: Session) -> None:
    club, hall = make_asset(session, at=CITY_HALL), make_asset(session, at=LISTER_PARK)
    activity = make_activity(session, "Boccia", club, venue=hall)
    hall.gone_at = dt.datetime.now(tz=dt.UTC)
    session.flush()
    assert _spot(session, activity) == CITY_HALL
    # While it is away, what follows is the organizer, also for what is new.
    new = make_activity(session, "Bowls", club, venue=hall)
    for place in (club, hall):
        place.geom = from_shape(Point(SHIPLEY_MARKET), srid=4326)
        session.flush()
    assert _spot(session, activity) == _spot(session, new) == SHIPLEY_MARKET
    hall.geom, hall.gone_at = from_shape(Point(LISTER_PARK), srid=4326), None
    session.flush()
    assert _spot(session, activity) == _spot(session, new) == LISTER_PARK
    club.geom = from_shape(Point(CITY_HALL), srid=4326)
    session.flush()
    assert _spot(session, activity) == LISTER_PARK, "its venue stands"
    assert activity.version == 1, "a venue's coming and going is nobody's edit of an activity"


def test_an_activity_cannot_be_put_elsewhere(session: Session) -> None:
    club = make_asset(session, at=CITY_HALL)
    activity = make_activity(
        session, "Boccia", club, geom=from_shape(Point(LISTER_PARK), srid=4326)
    )
    assert _spot(session, activity) == CITY_HALL


def test_parts_cover_their_area_exactly(session: Session) -> None:
    # A wavy outline with a hole: far more than 128 corners.
    ring = Point(CITY_HALL).buffer(0.02, quad_segs=600)
    wavy = ring.difference(Point(CITY_HALL).buffer(0.005, quad_segs=100))
    assert isinstance(wavy, Polygon)
    ward = make_ward(session, shape=MultiPolygon([wavy]))
    sums = session.execute(
        sa.text(
            "SELECT count(*) AS parts, max(ST_NPoints(p.geom)) AS corners,"
            " sum(ST_Area(p.geom)) AS area,"
            " ST_Area(ST_SymDifference(ST_Union(p.geom), (SELECT geom FROM areas))) AS wrong"
            " FROM area_parts p WHERE p.area_id = :id"
        ),
        {"id": ward.id},
    ).one()
    assert sums.parts > 10
    assert sums.corners <= 128
    assert sums.area == pytest.approx(wavy.area, rel=1e-9)
    assert sums.wrong == pytest.approx(0, abs=wavy.area * 1e-9)
    # A new outline has new parts, and no area leaves any behind.
    ward.geom = from_shape(square(CITY_HALL), srid=4326)
    session.flush()
    assert _count(session, "area_parts") == 1
    session.execute(sa.delete(Area))
    assert _count(session, "area_parts") == 0


def test_triggers_do_not_depend_on_where_the_session_looks_for_names(
    session: Session, vocabulary: Vocabulary
) -> None:
    assert len(vocabulary) > 0
    ward = make_ward(session)
    club = make_asset(session)
    activity = make_activity(session, "Boccia", club)
    session.execute(sa.text("SET LOCAL search_path = ''"))
    given = {"club": club.id, "ward": ward.gss_code, "source": club.source_id}
    for statement in (
        "INSERT INTO public.checks (asset_id, checked_on, outcome)"
        " VALUES (:club, '2026-05-03', 'confirmed')",
        "INSERT INTO public.assets (kind, name, location_source, ward_code, source_id, source_key)"
        " VALUES ('informal', 'Lends hens', 'ward', :ward, :source, 'hens')",
        "INSERT INTO public.activities (name, organizer_id, source_id, source_key)"
        " VALUES ('Eggs', :club, :source, 'eggs')",
        "UPDATE public.assets SET geom = public.ST_SetSRID(public.ST_MakePoint(-1.77, 53.81), 4326)"
        " WHERE id = :club",
        "UPDATE public.areas SET geom = geom",
        "UPDATE public.interests SET label = label || '!'",
    ):
        session.execute(sa.text(statement), given)
    session.execute(sa.text("SET LOCAL search_path = public"))
    assert _fresh(session, club).assured_date == dt.date(2026, 5, 3)
    assert _spot(session, activity) == _spot(session, club) == (-1.77, 53.81)
    placed = session.scalars(sa.select(Asset.geom).where(Asset.source_key == "hens")).one()
    assert placed is not None
    assert session.scalars(sa.select(Activity.geom).where(Activity.name == "Eggs")).one()


def test_an_informal_asset_follows_its_ward_to_newer_boundaries(session: Session) -> None:
    make_ward(session, release="2025")
    asset = make_asset(
        session,
        "Knitting on the corner",
        at=None,
        kind=AssetKind.INFORMAL,
        location_source=LocationSource.WARD,
        ward_code="E05001347",
    )
    version = asset.version
    make_ward(session, release="2026", shape=square(SHIPLEY_MARKET))
    session.refresh(asset)
    assert asset.geom is not None
    assert to_shape(asset.geom).within(square(SHIPLEY_MARKET))
    assert asset.version == version, "new boundaries are nobody's edit"
