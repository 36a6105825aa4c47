"""The application on the test's own connection, and a small town to ask it about."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlalchemy.orm import Session

from app.assets.actions import NameCache
from app.database import make_engine
from app.interests.actions import load_vocabulary
from app.main import create_app
from app.models import Activity, Area, Asset, AssetKind, LocationSource, Schedule
from app.settings import Settings
from tests import builders
from tests.conftest import new_database

with warnings.catch_warnings():
    # Starlette would like another client library; until the lock has it, this one is supported.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

NASTY_NAME = '<script>alert(1)</script> `${x}` "O\'Neill" & =1+1'


@pytest.fixture(scope="session")
def engine(admin_url: sa.URL) -> Iterator[sa.Engine]:
    """A database of these tests' own, with the town in it: loading it for each would be slow."""
    with new_database(admin_url) as url:
        made = make_engine(Settings(DATABASE_URL=url))  # type: ignore[call-arg]  # the alias
        with Session(made) as session:
            load_vocabulary(session)
            store_town(session)
            session.commit()
        yield made
        made.dispose()


@pytest.fixture(scope="session")
def web_settings(engine: sa.Engine) -> Settings:
    """Settings that point at the town's database."""
    url = engine.url.render_as_string(hide_password=False)
    return Settings(DATABASE_URL=url)  # type: ignore[call-arg]  # the alias is the name


@pytest.fixture(scope="session")
def made_app(web_settings: Settings) -> FastAPI:
    """The application, made once: its templates take a while to compile."""
    return create_app(web_settings)


@pytest.fixture
def app(made_app: FastAPI, connection: sa.Connection) -> FastAPI:
    """The application, reading through the connection whose transaction is undone."""
    made_app.state.connect = lambda: nullcontext(connection)
    made_app.state.names = NameCache()
    return made_app


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A browser without scripts; errors nobody foresaw come through to the test."""
    with TestClient(app, follow_redirects=False) as made:
        yield made


@dataclass
class Town:
    """What is stored before every test."""

    ward: Area
    home: Asset
    library: Asset
    club: Asset
    nasty: Asset
    gone: Asset
    linked: Asset
    informal: Asset
    boccia: Activity


@pytest.fixture
def town(session: Session) -> Town:
    """A ward of Bradford with a bit of everything."""

    def asset(name: str) -> Asset:
        return session.scalars(sa.select(Asset).where(Asset.name == name)).one()

    return Town(
        ward=session.scalars(sa.select(Area)).one(),
        home=asset("Bowmont House"),
        library=asset("City Library"),
        club=asset("Riverside Bowls Club"),
        nasty=asset(NASTY_NAME),
        gone=asset("Old Weavers Club"),
        linked=asset("City Lib."),
        informal=asset("Irene mends clocks"),
        boccia=session.scalars(sa.select(Activity)).one(),
    )


def store_town(session: Session) -> None:
    """Store the town; `town` finds it again."""
    ward = builders.make_ward(session)
    osm = builders.make_source(
        session,
        "osm",
        licence="ODbL 1.0",
        attribution="\N{COPYRIGHT SIGN} OpenStreetMap contributors",
        is_share_alike=True,
    )
    builders.make_asset(
        session,
        "Bowmont House",
        at=(-1.7540, 53.7930),
        kind=AssetKind.CARE_HOME,
        beds=24,
        postcode="BD1 1HY",
    )
    library = builders.make_asset(
        session,
        "City Library",
        at=(-1.7510, 53.7920),
        kind=AssetKind.VENUE,
        interests=["reading"],
        source=osm,
        opening_hours=[
            {"weekday": 0, "opens_at": "09:00", "closes_at": "17:00"},
            {"weekday": 2, "opens_at": "09:30", "closes_at": "12:00"},
            {"weekday": 2, "opens_at": "13:00", "closes_at": "19:00"},
        ],
    )
    club = builders.make_asset(
        session,
        "Riverside Bowls Club",
        at=(-1.7600, 53.7950),
        interests=["bowls"],
        phone="01274 555 0101",
        checked_on=dt.date.today() - dt.timedelta(days=21),  # noqa: DTZ011 - as the page says it
    )
    builders.make_asset(session, NASTY_NAME, at=(-1.7534, 53.7924), website="javascript:alert(1)")
    builders.make_asset(
        session, "Old Weavers Club", gone_at=dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
    )
    builders.make_asset(session, "City Lib.", kind=AssetKind.VENUE, duplicate_of=library.id)
    builders.make_asset(
        session,
        "Irene mends clocks",
        at=None,
        kind=AssetKind.INFORMAL,
        ward_code=ward.gss_code,
        location_source=LocationSource.WARD,
    )
    builders.make_activity(
        session,
        "Boccia for beginners",
        club,
        interests=["boccia"],
        comes_to_homes=True,
        cost_pence=250,
        schedules=[
            Schedule(
                starts_on=dt.date(2026, 1, 6),
                opens_at=dt.time(14),
                closes_at=dt.time(15, 30),
                rrule="FREQ=WEEKLY;BYDAY=TU",
            )
        ],
    )
    builders.make_postcode(session)
