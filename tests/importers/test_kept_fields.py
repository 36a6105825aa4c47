"""An import leaves alone what people here corrected, and counts honestly what it did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.assets.editing import Change, bring_back, change_asset, mark_gone
from app.importers.options import ReadOptions
from app.importers.records import Report
from app.importers.run import load_file
from tests.importers.files import CITY_HALL, HEADER, write_assets

LON, LAT = CITY_HALL
CLUB = {
    "id": "c1", "kind": "venue", "name": "Riverside Club", "lon": LON, "lat": LAT,
    "phone": "01274 496000", "website": "https://old.example", "address": "1 Quay",
}  # fmt: skip
HALL = {"id": "c2", "kind": "venue", "name": "Windhill Hall", "lon": LON + 0.01, "lat": LAT}


def load(session: Session, folder: Path, *rows: dict[str, Any]) -> Report:
    columns = (*HEADER, "phone", "website", "address", "contact_public")
    path = write_assets(folder, list(rows), name="council.csv", columns=columns)
    options = ReadOptions(source="council", allow_shrink=True)
    return load_file(session.connection(), path, options=options)


def stored(session: Session, key: str = "c1") -> Any:
    return session.execute(
        sa.text(
            "SELECT *, kind::text AS word, location_source::text AS placed,"
            " round(ST_X(geom)::numeric, 4)::float AS lon FROM assets WHERE source_key = :key"
        ),
        {"key": key},
    ).one()


def correct(session: Session, **now: Any) -> None:
    """Change facts of the club as an editor does."""
    row = stored(session)
    was = {
        "place": {"lon": LON, "lat": LAT}, "interests": [], "kind": row.word,
        "phone": row.phone, "name": row.name,
    }  # fmt: skip
    changes = {name: Change(was.get(name), value) for name, value in now.items()}
    done = change_asset(
        session, asset_id=row.id, seen_version=row.version, changes=changes, acting_as="editor"
    )
    assert done.is_written


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.new, report.changed, report.unchanged, report.gone


def test_what_people_corrected_stays_and_the_rest_is_updated(
    session: Session, tmp_path: Path
) -> None:
    assert counts(load(session, tmp_path, CLUB, HALL)) == (2, 0, 0, 0)
    correct(session, name="Riverside Bowls Club", phone="01274 496111")
    newer = CLUB | {
        "name": "RIVERSIDE", "phone": "01274 496222", "website": "https://new.example",
        "address": "2 Quay",
    }  # fmt: skip
    assert counts(load(session, tmp_path, newer, HALL)) == (0, 1, 1, 0)
    row = stored(session)
    assert (row.name, row.phone) == ("Riverside Bowls Club", "01274 496111")
    assert (row.website, row.address) == ("https://new.example", "2 Quay")
    version = row.version
    again = load(session, tmp_path, newer | {"phone": "01274 496333"}, HALL)
    assert counts(again) == (0, 0, 2, 0), "nothing but what is kept differs: nothing was changed"
    assert stored(session).version == version


def test_a_place_is_kept_whole(session: Session, tmp_path: Path) -> None:
    load(session, tmp_path, CLUB)
    correct(session, place={"lon": LON + 0.002, "lat": LAT, "accuracy_m": 8.0})
    load(session, tmp_path, CLUB | {"lon": LON + 0.05, "address": "9 Quay"})
    row = stored(session)
    assert row.lon == pytest.approx(LON + 0.002, abs=1e-4)
    assert (row.placed, row.accuracy_m, row.address) == ("given", 8.0, "9 Quay")


def test_what_became_a_skill_here_is_never_put_at_a_door(session: Session, tmp_path: Path) -> None:
    load(session, tmp_path, CLUB)
    row = stored(session)
    session.execute(
        sa.text("UPDATE assets SET kind = 'informal', location_source = 'ward',"
                " ward_code = 'E05001347', geom = NULL, kept_fields = '{kind}' WHERE id = :id"),
        {"id": row.id},
    )  # fmt: skip
    load(session, tmp_path, CLUB | {"lon": LON + 0.05, "address": "9 Quay"})
    row = stored(session)
    assert (row.word, row.placed, row.ward_code, row.lon) == ("informal", "ward", "E05001347", None)
    assert row.address == "9 Quay"


def test_what_people_found_gone_does_not_come_back(session: Session, tmp_path: Path) -> None:
    load(session, tmp_path, CLUB, HALL)
    mark_gone(session, asset_id=stored(session).id, acting_as="mapper")
    assert counts(load(session, tmp_path, CLUB, HALL | {"address": "x"})) == (0, 1, 1, 0)
    assert stored(session).gone_at is not None
    assert counts(load(session, tmp_path, CLUB | {"address": "z"}, HALL)) == (0, 2, 0, 0)
    assert stored(session).gone_at is not None
    assert stored(session).address == "z"


def test_what_people_put_back_does_not_go(session: Session, tmp_path: Path) -> None:
    load(session, tmp_path, CLUB, HALL)
    assert counts(load(session, tmp_path, HALL)) == (0, 0, 1, 1)
    bring_back(session, asset_id=stored(session).id, acting_as="editor")
    assert counts(load(session, tmp_path, HALL | {"address": "x"})) == (0, 1, 0, 0)
    assert stored(session).gone_at is None


def test_without_corrections_all_is_as_before(session: Session, tmp_path: Path) -> None:
    load(session, tmp_path, CLUB, HALL)
    assert counts(load(session, tmp_path, HALL)) == (0, 0, 1, 1)
    assert counts(load(session, tmp_path, CLUB, HALL)) == (0, 1, 1, 0)
    assert stored(session).gone_at is None


def test_no_file_shows_a_number_that_was_told_in_private(session: Session, tmp_path: Path) -> None:
    load(session, tmp_path, CLUB | {"phone": "", "contact_public": "no"})
    correct(session, phone="01274 496111")
    load(session, tmp_path, CLUB | {"phone": "", "contact_public": "yes"})
    row = stored(session)
    assert (row.phone, row.is_contact_public) == ("01274 496111", False)
