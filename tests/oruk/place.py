"""A small place where everything is awkward: what is private, gone, linked, far, or nowhere."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.models import Activity, Asset, AssetKind, LocationSource, Schedule
from tests import builders

NASTY = '<script>alert(1)</script> `${x}` "O\'Neill" & 100% _of_ =1+1'
TUESDAYS = "FREQ=WEEKLY;BYDAY=TU"
CALL: dict[str, Any] = {"phone": "0113 496 0001", "email": "ring@club.example"}


@dataclass
class Place:
    """What there is, by what it is there for."""

    library: Asset
    club: Asset
    nowhere: Asset
    home: Asset
    nasty: Asset
    private: Asset
    gone: Asset
    linked: Asset
    informal: Asset
    boccia: Activity
    visits: Activity
    of_linked: Activity
    of_informal: Activity
    at_informal: Activity
    yearly: Activity

    def ids(self) -> dict[str, str]:
        return {name: str(thing.id) for name, thing in vars(self).items()}


def store_place(session: Session) -> Place:
    """Store it all; the ids stay readable after the session."""
    ward = builders.make_ward(session)
    for text, at in (("BD1 1HY", builders.CITY_HALL), ("BD18 3QT", builders.SHIPLEY_MARKET)):
        builders.make_postcode(session, text, at)
    osm = builders.make_source(session, "osm", licence="ODbL 1.0", is_share_alike=True)
    make = builders.make_asset
    library = make(
        session, "City Library", kind=AssetKind.VENUE, source=osm, interests=["reading"],
        address="1 Centenary Square", postcode="BD1 1HY", access=["step_free", "hearing_loop"],
        website="library.example/a b", is_indoors=True, location_source=LocationSource.POSTCODE,
        opening_hours=[
            {"weekday": 0, "opens_at": "09:00", "closes_at": "17:00"},
            {"weekday": 2, "opens_at": "09:00", "closes_at": "17:00"},
            {"weekday": 5, "opens_at": "10:00", "closes_at": "13:00"},
        ],
    )  # fmt: skip
    club = make(
        session, "Riverside Bowls Club", at=builders.LISTER_PARK, interests=["bowls"],
        description="Crown green since 1902.", charity_number="1234567", **CALL,
    )  # fmt: skip
    informal = make(session, "Irene mends clocks", at=None, kind=AssetKind.INFORMAL,
                    ward_code=ward.gss_code, location_source=LocationSource.WARD)  # fmt: skip
    linked = make(session, "City Lib.", kind=AssetKind.VENUE, duplicate_of=library.id)
    found = Place(
        library=library,
        club=club,
        nowhere=make(session, "Silver Line", at=None, location_source=LocationSource.NONE,
                     **CALL),
        home=make(session, "Bowmont House", at=builders.SHIPLEY_MARKET, postcode="BD18 3QT",
                  kind=AssetKind.CARE_HOME, beds=24, website="javascript:alert(1)"),
        nasty=make(session, NASTY, at=builders.OLDHAM_LIBRARY, email="not an address"),
        private=make(session, "Quiet Tea", is_contact_public=False, **CALL),
        gone=make(session, "Old Weavers", gone_at=dt.datetime(2026, 5, 1, tzinfo=dt.UTC)),
        linked=linked,
        informal=informal,
        **_activities(session, club=club, library=library, linked=linked, informal=informal),
    )  # fmt: skip
    session.flush()
    for thing in vars(found).values():
        session.refresh(thing)
        session.expunge(thing)
    return found


def _activities(
    session: Session, *, club: Asset, library: Asset, linked: Asset, informal: Asset
) -> dict[str, Activity]:
    make = builders.make_activity

    def weekly(rule: str | None = TUESDAYS, **more: object) -> Schedule:
        given: dict[str, object] = {
            "starts_on": dt.date(2026, 1, 6), "opens_at": dt.time(14), "rrule": rule,
            "closes_at": dt.time(15, 30),
        }  # fmt: skip
        return Schedule(**(given | more))

    return {
        "boccia": make(session, "Boccia", club, venue=library, interests=["boccia"], cost_pence=350,
                       access=["seating"], is_indoors=True,
                       schedules=[weekly(f"{TUESDAYS};UNTIL=20261222",
                                         exdates=[dt.date(2026, 4, 7)])]),
        "visits": make(session, "Bowls comes to you", club, comes_to_homes=True, cost_pence=0,
                       schedules=[weekly("FREQ=DAILY", closes_at=None)]),
        "of_linked": make(session, "Story time", linked,
                          schedules=[weekly("FREQ=MONTHLY;BYDAY=1SA;INTERVAL=2",
                                            opens_at=dt.time(10), closes_at=dt.time(11))]),
        "of_informal": make(session, "Clocks on Mondays", informal),
        "at_informal": make(session, "Bowls in her garden", club, venue=informal,
                            schedules=[weekly(None)]),
        "yearly": make(session, "Founders' day", club,
                       schedules=[weekly("FREQ=YEARLY", timezone="Europe/Paris")]),
    }  # fmt: skip
