"""What the public views show, and what they never do."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.database import APP_ROLE, KEEPER_ROLE
from app.models import (
    Asset,
    AssetKind,
)
from tests.builders import (
    CITY_HALL,
    LISTER_PARK,
    make_activity,
    make_asset,
    make_ward,
)


def _public(session: Session, view: str) -> dict[uuid.UUID, Any]:
    rows = session.execute(sa.text(f"SELECT * FROM {view}")).all()
    return {row.id: row for row in rows}


def test_public_assets_hide_what_is_gone_or_a_duplicate(session: Session) -> None:
    shown = make_asset(session)
    gone = make_asset(session, gone_at=dt.datetime.now(tz=dt.UTC))
    duplicate = make_asset(session, duplicate_of=shown.id)
    assert set(_public(session, "public_assets")) == {shown.id}
    assert {gone.id, duplicate.id}.isdisjoint(_public(session, "public_assets"))


def test_public_contacts_are_public_ones(session: Session) -> None:
    ward = make_ward(session)
    known: dict[str, Any] = {
        "phone": "0113 496 0000", "email": "a@b.example", "address": "1 High Street",
        "postcode": "BD1 1HY",
    }  # fmt: skip
    open_ = make_asset(session, **known)
    private = make_asset(session, is_contact_public=False, **known)
    informal = make_asset(session, kind=AssetKind.INFORMAL, ward_code=ward.gss_code, **known)
    shown = _public(session, "public_assets")

    def contact(asset: Asset) -> list[str | None]:
        row = shown[asset.id]
        return [row.phone, row.email, row.address, row.postcode]

    assert contact(open_) == [*known.values()]
    assert contact(private) == [None, None, "1 High Street", "BD1 1HY"]
    assert contact(informal) == [None] * 4
    activities = {
        asset.id: make_activity(session, "Boccia", asset).id for asset in (open_, private, informal)
    }
    listed = _public(session, "public_activities")
    assert listed[activities[open_.id]].phone == "0113 496 0000"
    for asset in (private, informal):
        row = listed[activities[asset.id]]
        assert (row.phone, row.email) == (None, None)
    assert listed[activities[informal.id]].address is None
    assert listed[activities[informal.id]].postcode is None


def test_public_activities_follow_their_organizer_and_venue(session: Session) -> None:
    original, hall = make_asset(session, "The club"), make_asset(session, "The hall")
    copy = make_asset(session, duplicate_of=original.id)
    here = make_activity(session, "Boccia", original, venue=hall)
    of_copy = make_activity(session, "Bowls", copy)
    gone = make_activity(session, "Darts", original, gone_at=dt.datetime.now(tz=dt.UTC))
    hall_again = make_asset(session, "Hall", duplicate_of=hall.id)
    here_too = make_activity(session, "Quiz", original, venue=hall_again)
    shown = _public(session, "public_activities")
    assert set(shown) == {here.id, of_copy.id, here_too.id}
    assert gone.id not in shown
    assert shown[here.id].venue_name == "The hall"
    # Found by its copy, a place is still one place.
    assert shown[here.id].place_id == shown[of_copy.id].place_id == original.id
    assert shown[here.id].venue_place_id == shown[here_too.id].venue_place_id == hall.id
    assert shown[of_copy.id].venue_place_id is None
    original.gone_at = dt.datetime.now(tz=dt.UTC)
    session.flush()
    assert here.id not in _public(session, "public_activities")


def test_other_names_are_those_of_a_place_that_is_shown(session: Session) -> None:
    original = make_asset(session, "The club")
    other = make_asset(session, "Club, The", duplicate_of=original.id)
    make_asset(session, "Gone", duplicate_of=original.id, gone_at=dt.datetime.now(tz=dt.UTC))
    [row] = _public(session, "public_other_names").values()
    assert (row.id, row.place_id, row.name) == (other.id, original.id, "Club, The")
    original.gone_at = dt.datetime.now(tz=dt.UTC)
    session.flush()
    assert not _public(session, "public_other_names")


def test_a_venue_that_has_gone_is_not_said(session: Session) -> None:
    club = make_asset(session, "The club", at=CITY_HALL, address="1 High Street")
    hall = make_asset(session, "The hall", at=LISTER_PARK, address="2 Park Lane")
    activity = make_activity(session, "Boccia", club, venue=hall)
    hall.gone_at = dt.datetime.now(tz=dt.UTC)
    session.flush()
    row = _public(session, "public_activities")[activity.id]
    assert (row.venue_id, row.venue_name, row.address) == (None, None, "1 High Street")
    shown = session.execute(
        sa.text("SELECT ST_X(geom), ST_Y(geom) FROM public_activities WHERE id = :id"),
        {"id": activity.id},
    ).one()
    assert tuple(shown) == CITY_HALL


@pytest.mark.parametrize("role", [APP_ROLE, KEEPER_ROLE])
def test_the_application_and_its_jobs_may_read_every_view(session: Session, role: str) -> None:
    views = session.scalars(
        sa.text("SELECT viewname FROM pg_views WHERE schemaname = 'public'"
                " AND viewname LIKE 'public\\_%'")
    ).all()  # fmt: skip
    assert len(views) > 2
    session.execute(sa.text(f"SET LOCAL ROLE {role}"))
    for view in views:
        session.execute(sa.text(f"SELECT * FROM {view}"))


def test_views_name_no_column_that_is_not_meant_to_be_public(session: Session) -> None:
    columns = {
        row.table_name: set(row.columns)
        for row in session.execute(
            sa.text(
                "SELECT table_name, array_agg(column_name::text) AS columns"
                " FROM information_schema.columns WHERE table_name LIKE 'public\\_%'"
                " GROUP BY table_name"
            )
        )
    }
    assert set(columns) == {
        "public_assets", "public_activities", "public_other_names", "public_asset_changes",
        "public_photos",
    }  # fmt: skip
    private = {
        "content_hash",
        "source_key",
        "is_contact_public",
        "duplicate_of",
        "gone_at",
        "scope",
        "account_id",
        "decided_by",
        "kept_fields",
        "consent_on",
    }
    for names in columns.values():
        assert not names & private
    options = session.execute(
        sa.text("SELECT relname, reloptions FROM pg_class WHERE relname LIKE 'public\\_%'")
    )
    for view in options:
        assert "security_invoker=true" in (view.reloptions or []), view.relname
