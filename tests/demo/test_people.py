"""The sample town's people: in every role, by reference, and never beside anything real."""

from __future__ import annotations

import datetime as dt
import io
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from rich.console import Console

from app.database import make_engine
from app.demo.actions import DEMO_FOLDER, prepare_demo
from app.demo.queries import has_only_the_sample_town
from app.settings import Settings
from tests.conftest import new_database
from tests.demo.test_demo import rows_of

ROLES = (
    "administrator", "connector", "coordinator", "councillor", "editor", "manager", "mapper",
)  # fmt: skip
STATUSES = {"suggested", "contacted", "agreed", "happening", "paused", "ended"}
PEOPLES_TABLES = (
    "accounts", "teams", "memberships", "residents", "resident_interests", "offers", "connections",
    "connection_residents", "connection_notes", "connection_times", "visits", "visit_residents",
)  # fmt: skip


def counted(settings: Settings) -> dict[str, int]:
    return {
        table: rows_of(settings, f"SELECT count(*) FROM {table}")[0][0] for table in PEOPLES_TABLES
    }


def test_there_is_a_sign_in_for_every_role(town: Settings) -> None:
    rows = rows_of(
        town,
        "SELECT m.role::text, a.email, a.name, a.is_sample, a.password_hash"
        " FROM accounts a JOIN memberships m ON m.account_id = a.id",
    )
    assert {row[0] for row in rows} == set(ROLES)
    assert len(rows) == len(ROLES) + 1, "and a coordinator of a second home"
    for _, email, name, is_sample, password in rows:
        assert email.endswith(".example")
        assert " " not in name, "first names only"
        assert (is_sample, password) == (True, None)
    teams = rows_of(town, "SELECT kind::text, count(*) FROM teams GROUP BY 1 ORDER BY 1")
    assert teams == [("connectors", 1), ("home", 9)]
    beck = rows_of(
        town,
        "SELECT m.role::text FROM memberships m JOIN teams t ON t.id = m.team_id"
        " WHERE t.name = 'Beck House' ORDER BY 1",
    )
    assert beck == [("coordinator",), ("manager",)]


def test_residents_are_in_their_homes_with_a_basis(town: Settings) -> None:
    [[in_homes, at_home]] = rows_of(
        town,
        "SELECT count(*) FILTER (WHERE t.kind = 'home'), count(r.geom)"
        " FROM residents r JOIN teams t ON t.id = r.team_id",
    )
    assert (in_homes, at_home) == (60, 6)
    without_need = rows_of(
        town,
        "SELECT r.special_basis IS NOT NULL, bool_or(i.is_special_category) FROM residents r"
        " JOIN resident_interests ri ON ri.resident_id = r.id"
        " JOIN interests i ON i.id = ri.interest_id GROUP BY r.id, r.special_basis",
    )
    assert {has_basis == is_special for has_basis, is_special in without_need} == {True}
    # To 200 m, so that nobody's door can be told from it.
    rough = rows_of(
        town,
        "SELECT ST_X(p) - 200 * round(ST_X(p) / 200), ST_Y(p) - 200 * round(ST_Y(p) / 200)"
        " FROM residents, LATERAL ST_Transform(geom, 27700) p WHERE geom IS NOT NULL",
    )
    assert all(abs(east) < 1 and abs(north) < 1 for east, north in rough)


def test_two_homes_have_connections_in_every_status(town: Settings) -> None:
    rows = rows_of(
        town,
        "SELECT t.name, c.status::text FROM connections c JOIN teams t ON t.id = c.team_id"
        " WHERE t.kind = 'home'",
    )
    for home in ("Beck House", "Eller Court"):
        assert {status for name, status in rows if name == home} == STATUSES
    assert {name for name, _ in rows} == {"Beck House", "Eller Court"}


def test_there_is_something_for_today(town: Settings) -> None:
    day = dt.date.today()  # noqa: DTZ011 - as pages say it
    starts = rows_of(
        town,
        "SELECT ct.starts_on, ct.rrule FROM connection_times ct JOIN teams t ON t.id = ct.team_id"
        " WHERE t.name = 'Beck House' AND ct.rrule LIKE 'FREQ=WEEKLY;INTERVAL=1;%'",
    )
    assert [(day - first).days % 7 for first, _ in starts] == [0]
    [[due]] = rows_of(
        town,
        "SELECT count(*) FROM connections WHERE next_step_on <= current_date AND status <> 'ended'",
    )
    assert due >= 2
    faces = {row[0] for row in rows_of(town, "SELECT how_it_went::text FROM visits")}
    assert faces == {"well", "so_so", "badly"}
    assert rows_of(town, "SELECT count(*) FROM visits WHERE visited_on >= current_date") == [(0,)]


def test_something_waits_for_an_editor(town: Settings) -> None:
    question = "SELECT decision::text, note, fields FROM suggestions ORDER BY fields ->> 'name'"
    passed_on, told = rows_of(town, question)
    assert all("Made up" in note for _, note, _ in (passed_on, told))
    assert {decision for decision, _, _ in (passed_on, told)} == {"waiting"}
    assert passed_on[2]["place"] == {"ward_code": "E05999004"}
    assert told[2]["postcode"].startswith("EW")
    engine = make_engine(town)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE suggestions SET decision = 'rejected', reason = 'x'"))
    engine.dispose()
    prepare_demo(town, folder=DEMO_FOLDER, console=Console(file=io.StringIO()))
    assert [row[0] for row in rows_of(town, question)] == ["rejected", "rejected"], "added once"


def test_the_councillor_speaks_for_wards_of_the_town(town: Settings) -> None:
    [[wards]] = rows_of(town, "SELECT ward_codes FROM memberships WHERE role = 'councillor'")
    here = {row[0] for row in rows_of(town, "SELECT gss_code FROM areas WHERE area_type = 'ward'")}
    assert set(wards) <= here
    assert len(wards) == 2


def test_a_second_start_adds_nobody(town: Settings) -> None:
    before = counted(town)
    prepare_demo(town, folder=DEMO_FOLDER, console=Console(file=io.StringIO()))
    assert counted(town) == before
    assert min(before.values()) > 0


@pytest.mark.parametrize("is_real", [True, False])
def test_nobody_is_added_beside_anything_real(
    admin_url: sa.URL, tmp_path: Path, *, is_real: bool
) -> None:
    """The planted contrast: the same little town, once with one real source beside it."""
    for name in ("wards.geojson", "postcodes.csv", "care_homes.csv", "assets.csv",
                 "activities.csv", "accounts.csv", "residents.csv", "people_at_home.csv",
                 "connections.csv", "diary.csv", "suggestions.csv"):  # fmt: skip
        shutil.copy(DEMO_FOLDER / name, tmp_path)
    with new_database(admin_url) as url:
        settings = Settings(DATABASE_URL=url)  # type: ignore[call-arg]  # the alias is the name
        if is_real:
            engine = make_engine(settings)
            with engine.begin() as connection:
                connection.execute(
                    sa.text(
                        "INSERT INTO sources (slug, name, publisher, licence, attribution)"
                        " VALUES ('cqc', 'x', 'x', 'x', 'x')"
                    )
                )
            engine.dispose()
        is_made_up = prepare_demo(settings, folder=tmp_path, console=Console(file=io.StringIO()))
        assert is_made_up is not is_real
        assert (counted(settings)["accounts"] == 0) is is_real


def test_what_the_samples_people_record_is_made_up_too(town: Settings) -> None:
    """Somebody tries the walker's map, and can still sign in after the next start."""
    engine = make_engine(town)
    with engine.connect() as connection:
        recorded = sa.text(
            "INSERT INTO sources (slug, name, publisher, licence, attribution)"
            " VALUES ('fieldwork', 'x', 'x', 'x', 'x')"
        )
        connection.execute(recorded)
        assert has_only_the_sample_town(connection)
        connection.execute(
            sa.text("INSERT INTO accounts (email, name) VALUES ('real@council.example', 'Real')")
        )
        assert not has_only_the_sample_town(connection)
        connection.rollback()
    engine.dispose()
