from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app.importers.run import load_file
from tests.importers.files import write_assets

HEADER = "id,name,organizer_id,venue_id,interests,starts_on,opens_at,closes_at,repeats,checked_on\n"
ROLL_UP = "a1,Friday roll-up,club,hall,bowls,2026-04-03,14:00,16:00,every week,2026-05-02\n"


def write_activities(folder: Path, *rows: str) -> Path:
    path = folder / "sessions.csv"
    path.write_text(HEADER + "".join(rows))
    return path


def load_places(connection: sa.Connection, folder: Path) -> None:
    rows: list[dict[str, object]] = [
        {"id": "club", "kind": "group", "name": "Bowls Club", "lon": -1.75, "lat": 53.79},
        {"id": "hall", "name": "Village Hall", "lon": -1.76, "lat": 53.80},
    ]
    load_file(connection, write_assets(folder, rows))


def activity(connection: sa.Connection) -> sa.Row[Any]:
    return connection.execute(
        sa.text("SELECT *, ST_X(geom) AS lon, ST_Y(geom) AS lat FROM activities")
    ).one()


def test_an_activity_stands_at_its_venue_on_its_days(
    connection: sa.Connection, tmp_path: Path, vocabulary: object
) -> None:
    load_places(connection, tmp_path)
    path = write_activities(tmp_path, ROLL_UP)
    assert load_file(connection, path).new == 1
    stored = activity(connection)
    assert (stored.lon, stored.lat) == (-1.76, 53.80)
    assert stored.day_parts == ["fri_pm"]
    assert stored.assured_date == dt.date(2026, 5, 2)
    schedule = connection.execute(sa.text("SELECT * FROM schedules")).one()
    assert (schedule.rrule, schedule.starts_on) == ("FREQ=WEEKLY;BYDAY=FR", dt.date(2026, 4, 3))
    assert load_file(connection, path).status == "unchanged"
    assert activity(connection) == stored


def test_a_changed_time_replaces_the_schedule(
    connection: sa.Connection, tmp_path: Path, vocabulary: object
) -> None:
    load_places(connection, tmp_path)
    load_file(connection, write_activities(tmp_path, ROLL_UP))
    later = ROLL_UP.replace("14:00,16:00", "18:00,19:30").replace("2026-05-02", "2026-06-02")
    assert load_file(connection, write_activities(tmp_path, later)).changed == 1
    stored = activity(connection)
    assert (stored.version, stored.day_parts) == (2, ["fri_eve"])
    assert stored.assured_date == dt.date(2026, 6, 2)
    opens = connection.execute(sa.text("SELECT opens_at FROM schedules")).scalar_one()
    assert opens == dt.time(18)
    checks = connection.execute(sa.text("SELECT count(*) FROM checks")).scalar_one()
    assert checks == 2


def test_an_activity_of_nobody_we_know_is_a_problem_and_an_earlier_one_stays(
    connection: sa.Connection, tmp_path: Path, vocabulary: object
) -> None:
    load_places(connection, tmp_path)
    load_file(connection, write_activities(tmp_path, ROLL_UP))
    rows = (
        ROLL_UP.replace(",hall,", ",tent,"),
        ROLL_UP.replace("a1,", "a2,").replace(",club,", ",nobody,"),
    )
    report = load_file(connection, write_activities(tmp_path, *rows))
    assert (report.new, report.changed, report.gone) == (0, 0, 0)
    found = connection.execute(
        sa.text("SELECT source_key, reason, message FROM import_problems ORDER BY row_number")
    ).all()
    assert [tuple(row) for row in found] == [
        ("a1", "no_location", "The venue tent of the activity is not stored."),
        ("a2", "no_location", "The organizer nobody of the activity is not stored."),
    ]
    assert activity(connection).gone_at is None


def test_an_activity_no_longer_in_the_file_is_gone(
    connection: sa.Connection, tmp_path: Path, vocabulary: object
) -> None:
    load_places(connection, tmp_path)
    second = ROLL_UP.replace("a1,", "a2,")
    load_file(connection, write_activities(tmp_path, ROLL_UP, second))
    report = load_file(connection, write_activities(tmp_path, second))
    assert (report.unchanged, report.gone) == (1, 1)


def test_real_mobile_library_stops_have_their_days(
    connection: sa.Connection, real_data: Path, vocabulary: object
) -> None:
    path = real_data / "mobile_libraries" / "north_yorkshire.csv"
    report = load_file(connection, path)
    assert report.read == 20
    stored = connection.execute(
        sa.text("SELECT count(*), count(s.id), count(a.geom), bool_and(a.day_parts <> '{}')"
                " FROM activities a LEFT JOIN schedules s ON s.activity_id = a.id")
    ).one()  # fmt: skip
    assert tuple(stored) == (20, 20, 20, True)
    assert load_file(connection, path).status == "unchanged"
