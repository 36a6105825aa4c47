"""Rows for tests: fixed, real-looking places, so that a failure can be drawn on a map."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from geoalchemy2.shape import from_shape
from shapely import MultiPolygon, Point, Polygon
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.dialects.postgresql.ranges import MultiRange
from sqlalchemy.orm import Session

from app.activities.coming import last_date, week_starts
from app.activities.schedules import RuleError, day_parts
from app.models import (
    Activity,
    Area,
    AreaType,
    Asset,
    AssetKind,
    Check,
    CheckOutcome,
    Interest,
    LocationSource,
    Postcode,
    Schedule,
    Source,
)

# Fixed points in and around Bradford: longitude, latitude.
CITY_HALL = (-1.7534, 53.7924)
LISTER_PARK = (-1.7727, 53.8127)
SHIPLEY_MARKET = (-1.7776, 53.8335)
OLDHAM_LIBRARY = (-2.1106, 53.5409)


def make_source(session: Session, slug: str = "test", **values: object) -> Source:
    """Return the source called `slug`, made if need be."""
    found = session.scalars(sa.select(Source).where(Source.slug == slug)).one_or_none()
    if found is None:
        given = {
            "name": f"Source {slug}",
            "publisher": "The publisher",
            "licence": "OGL v3",
            "attribution": f"Contains data of {slug}",
        }
        found = Source(slug=slug, **(given | values))
        session.add(found)
        session.flush()
    return found


def interest_ids(session: Session, slugs: Sequence[str]) -> list[int]:
    """Return the sorted ids of concepts; all must exist."""
    ids = session.scalars(sa.select(Interest.id).where(Interest.concept.in_(slugs))).all()
    assert len(ids) == len(set(slugs)), slugs
    return sorted(ids)


def make_asset(
    session: Session,
    name: str = "Riverside Bowls Club",
    *,
    at: tuple[float, float] | None = CITY_HALL,
    kind: AssetKind = AssetKind.GROUP,
    interests: Sequence[str] = (),
    source: Source | None = None,
    checked_on: dt.date | None = None,
    **values: object,
) -> Asset:
    """Store an asset at a longitude and latitude."""
    asset = Asset(
        kind=kind,
        name=name,
        geom=None if at is None else from_shape(Point(at), srid=4326),
        location_source=values.pop("location_source", LocationSource.GIVEN),
        interest_ids=interest_ids(session, interests),
        source_id=(source or make_source(session)).id,
        source_key=values.pop("source_key", uuid.uuid4().hex),
        **values,
    )
    session.add(asset)
    session.flush()
    if checked_on:
        make_check(session, asset, checked_on)
    return asset


def make_check(session: Session, asset: Asset, checked_on: dt.date) -> None:
    """Store that somebody confirmed `asset`."""
    session.add(Check(asset_id=asset.id, checked_on=checked_on, outcome=CheckOutcome.CONFIRMED))
    session.flush()
    session.refresh(asset)


def make_activity(
    session: Session,
    name: str,
    organizer: Asset,
    *,
    interests: Sequence[str] = (),
    venue: Asset | None = None,
    schedules: Sequence[Schedule] = (),
    **values: object,
) -> Activity:
    """Store an activity of `organizer`, at `venue` or where the organizer is.

    What importers work out from its schedules is worked out here too, unless `values` say it.
    """
    values = (_derived(schedules) if schedules else {}) | values
    activity = Activity(
        name=name,
        organizer_id=organizer.id,
        venue_id=venue.id if venue else None,
        interest_ids=interest_ids(session, interests),
        source_id=organizer.source_id,
        source_key=uuid.uuid4().hex,
        schedules=list(schedules),
        **values,
    )
    session.add(activity)
    session.flush()
    session.refresh(activity)
    return activity


def _derived(schedules: Sequence[Schedule]) -> dict[str, object]:
    for schedule in schedules:
        schedule.exdates = schedule.exdates or []  # the database's default comes later
    try:
        starts = week_starts(schedules) or ()
        return {
            "week_starts": MultiRange(Range(minute, minute + 1) for minute in starts),
            "ends_on": last_date(schedules),
            "day_parts": list(day_parts(schedules)),
        }
    except RuleError:  # a rule the database has to refuse
        return {}


def square(centre: tuple[float, float], half_side_degrees: float = 0.01) -> MultiPolygon:
    """Return a square of degrees around a longitude and latitude."""
    lon, lat = centre
    h = half_side_degrees
    ring = [(lon - h, lat - h), (lon + h, lat - h), (lon + h, lat + h), (lon - h, lat + h)]
    return MultiPolygon([Polygon(ring)])


def make_ward(
    session: Session,
    gss_code: str = "E05001347",
    name: str = "City",
    *,
    shape: MultiPolygon | None = None,
    release: str = "2025",
    lad_code: str | None = "E08000032",
    lad_name: str | None = "Bradford",
) -> Area:
    """Store a ward: a square around Bradford's city hall unless a shape is given."""
    area = Area(
        area_type=AreaType.WARD,
        release=release,
        gss_code=gss_code,
        name=name,
        lad_code=lad_code,
        lad_name=lad_name,
        geom=from_shape(shape or square(CITY_HALL), srid=4326),
        source_id=make_source(session, "wards").id,
        content_hash=uuid.uuid4().hex,
    )
    session.add(area)
    session.flush()
    return area


def make_postcode(
    session: Session, postcode: str = "BD1 1HY", at: tuple[float, float] = CITY_HALL
) -> Postcode:
    """Store a postcode at a longitude and latitude."""
    row = Postcode(
        postcode=postcode,
        geom=from_shape(Point(at), srid=4326),
        positional_quality=10,
        lad_code="E08000032",
        source_id=make_source(session, "postcodes").id,
    )
    session.add(row)
    session.flush()
    return row


def store_many(connection: sa.Connection, *, count: int) -> None:
    """Store `count` groups and as many activities around the city hall, half of which visit."""
    lon, lat = CITY_HALL
    connection.execute(
        sa.text(
            "INSERT INTO sources (slug, name, publisher, licence, attribution)"
            " VALUES ('plan', 'x', 'x', 'x', 'x')"
        )
    )
    connection.execute(
        sa.text(
            "INSERT INTO assets (kind, name, geom, location_source, interest_ids, source_id,"
            " source_key) SELECT 'group', 'Group ' || n,"
            " ST_SetSRID(ST_MakePoint(:lon + sin(n) / 10, :lat + cos(n * 7) / 10), 4326), 'given',"
            " ARRAY[n % 200, n % 7 + 200], s.id, n::text"
            " FROM generate_series(1, :count) n, sources s WHERE s.slug = 'plan'"
        ),
        {"lon": lon, "lat": lat, "count": count},
    )
    connection.execute(
        sa.text(
            "INSERT INTO activities"
            " (name, organizer_id, comes_to_homes, interest_ids, source_id, source_key)"
            " SELECT 'Session', id, source_key::int % 2 = 0, interest_ids, source_id, source_key"
            " FROM assets"
        )
    )
    connection.execute(sa.text("ANALYZE assets, activities"))
