"""Keeping somebody: nothing before a lawful basis; a random reference; a rough place at most."""

from __future__ import annotations

import datetime as dt
import math
import re
import uuid

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.main import create_app
from app.models.residents import REFERENCE_ALPHABET
from app.parameters import today
from tests.builders import CITY_HALL
from tests.people import REFERENCE_A, REFERENCE_B, People
from tests.residents.conftest import Keep, change, row_of
from tests.web.document import Document

WHOLE = {
    "basis": "legitimate_interests",
    "decided_by": "resident",
    "special_basis": "none",
    "travel": "short_walk",
}


def _count(people: People) -> int:
    with people.engine.connect() as connection:
        return int(connection.execute(sa.text("SELECT count(*) FROM residents")).scalar_one())


def _added(people: People, who: str = "coordinator_a", /, **fields: object) -> str:
    answer = people.client(who).post("/residents", data=WHOLE | fields)
    assert answer.status_code == 303, answer.text
    found = re.fullmatch(
        rf"/residents/([{REFERENCE_ALPHABET}]{{8}})/interests", answer.headers["location"]
    )
    assert found
    return found[1]


def test_somebody_is_kept_under_a_random_reference(people: People) -> None:
    reference = _added(people, access_needs=["step_free", "seating"], mon=["am", "eve"], sun=["pm"])
    row = row_of(people, reference)
    assert row is not None
    assert (row.basis, row.decided_by, row.special_basis) == (
        "legitimate_interests", "resident", None,
    )  # fmt: skip
    assert row.access_needs == ["step_free", "seating"]
    assert row.good_times == ["mon_am", "mon_eve", "sun_pm"]
    assert row.basis_recorded_on == today()
    assert row.basis_recorded_by == people.accounts["coordinator_a"]
    assert row.review_on == today() + dt.timedelta(days=365)
    assert row.team_id == people.teams["a"]
    assert row.geom is None


def test_every_box_of_the_week_can_be_ticked(people: People) -> None:
    week = {day: ["am", "pm", "eve"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    row = row_of(people, _added(people, **week))
    assert row is not None
    assert len(row.good_times) == 21


@pytest.mark.parametrize("missing", ["basis", "decided_by", "travel"])
def test_nothing_is_saved_before_a_basis_is_recorded(people: People, missing: str) -> None:
    before = _count(people)
    fields = {name: value for name, value in WHOLE.items() if name != missing}
    answer = people.client("coordinator_a").post(
        "/residents", data=fields | {"access_needs": "parking", "wed": "pm"}
    )
    assert answer.status_code == 422
    page = Document(answer.text)
    assert f"#{missing}" in page.links()
    assert page.one(id=missing).tag == "input"
    # Nothing that was chosen is lost.
    ticked = {
        (e.get("name"), e.get("value")) for e in page.all("input") if "checked" in e.attributes
    }
    assert {("access_needs", "parking"), ("wed", "pm"), *fields.items()} <= ticked
    assert _count(people) == before


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("basis", {"basis": "consent", "decided_by": "best_interests"}),
        (
            "special_basis",
            {"special_basis": "explicit_consent", "decided_by": "best_interests"},
        ),
    ],
)
def test_nobody_consents_for_somebody_else(
    people: People, field: str, fields: dict[str, str]
) -> None:
    before = _count(people)
    answer = people.client("coordinator_a").post("/residents", data=WHOLE | fields)
    assert answer.status_code == 422
    beside = Document(answer.text).one(id=f"{field}-error")
    assert "Nobody can consent for somebody else." in beside.text
    assert _count(people) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("review_on", (today() - dt.timedelta(days=1)).isoformat()),
        ("review_on", "31/02/2027"),
        ("review_on", "9999-12-31"),
        ("basis", "because"),
        ("travel", "short_walk\x00"),
        ("access_needs", "diagnosis"),
        ("special_basis", "maybe"),
        ("id", "not-an-id"),
    ],
)
def test_what_makes_no_sense_is_named(people: People, field: str, value: str) -> None:
    before = _count(people)
    answer = people.client("coordinator_a").post("/residents", data=WHOLE | {field: value})
    assert answer.status_code == 422
    assert f"#{field}" in Document(answer.text).links()
    assert _count(people) == before


def test_sent_twice_is_one_resident(people: People) -> None:
    form = Document(people.client("coordinator_a").get("/residents/new").text)
    asked_id = form.one("input", name="id").get("value")
    first, second = _added(people, id=asked_id), _added(people, id=asked_id)
    assert first == second


def test_an_id_that_is_taken_elsewhere_says_nothing(people: People) -> None:
    reference = _added(people, id=str(people.residents["b"]))
    assert reference != REFERENCE_B
    row = row_of(people, reference)
    assert row is not None
    assert row.id != people.residents["b"]


def test_references_differ_and_are_well_made(people: People) -> None:
    references = {_added(people, id=str(uuid.uuid4())) for _ in range(8)}
    assert len(references) == 8


def test_of_a_postcode_only_a_rough_place_is_kept(people: People) -> None:
    reference = _added(people, "connector", near="bd1 1hy")
    with people.engine.connect() as connection:
        easting, northing, kept_m = connection.execute(
            sa.text(
                "SELECT ST_X(point_27700), ST_Y(point_27700), ST_Distance(point_27700,"
                " ST_Transform(ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), 27700))"
                " FROM residents WHERE reference = :r"
            ),
            {"r": reference, "lon": CITY_HALL[0], "lat": CITY_HALL[1]},
        ).one()
        for metres in (easting, northing):
            assert abs(metres / 200 - round(metres / 200)) * 200 < 0.5
        assert 5 < kept_m <= math.hypot(100, 100) + 1
        # The postcode is nowhere in the row or the log of what was done.
        whole = connection.execute(
            sa.text(
                "SELECT string_agg(t, ' ') FROM (SELECT r::text AS t FROM residents r"
                " UNION ALL SELECT l::text FROM audit_log l) x"
            )
        ).scalar_one()
    assert reference in whole
    assert not re.search(r"1\s?HY", whole, re.IGNORECASE)


def test_a_point_is_rounded_too_and_homes_need_none(people: People) -> None:
    reference = _added(people, "connector", lon="-1.7711", lat="53.8021")
    shown = people.client("connector").get(f"/residents/{reference}")
    assert shown.status_code == 200
    row = row_of(people, reference)
    assert row is not None
    assert row.geom is not None
    at_home = row_of(people, _added(people, "coordinator_a", near="BD1 1HY"))
    assert at_home is not None
    assert at_home.geom is None


def test_a_postcode_nobody_knows_keeps_what_was_chosen(people: People) -> None:
    answer = people.client("connector").post("/residents", data=WHOLE | {"near": "ZZ99 9ZZ"})
    assert answer.status_code == 422
    page = Document(answer.text)
    assert page.one(id="near").get("value") == "ZZ99 9ZZ"
    assert "#near" in page.links()


def test_needs_are_changed(people: People, keep: Keep) -> None:
    reference = keep()
    client = people.client("coordinator_a")
    form = Document(client.get(f"/residents/{reference}/details").text)
    version = form.one("input", name="version").get("value")
    answer = client.post(
        f"/residents/{reference}/details",
        data={"version": version, "travel": "visits_only", "fri": ["pm"]},
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"/residents/{reference}")
    page = client.get(f"/residents/{reference}").text
    assert "Stays in" in page
    assert "Friday afternoon" in page


def test_a_rough_place_is_kept_replaced_and_taken_out(people: People) -> None:
    reference = _added(people, "connector", near="BD1 1HY")
    client = people.client("connector")

    def send(**fields: str) -> object:
        page = Document(client.get(f"/residents/{reference}/details").text)
        version = page.one("input", name="version").get("value")
        data = {"version": version, "travel": "can_travel", **fields}
        assert client.post(f"/residents/{reference}/details", data=data).status_code == 303
        row = row_of(people, reference)
        assert row is not None
        return row.geom

    first = send()
    assert first is not None
    moved = send(lon="-1.70", lat="53.85")
    assert moved not in {None, first}
    assert send(no_place="yes") is None


def test_a_basis_is_recorded_anew_with_date_and_who(people: People, keep: Keep) -> None:
    reference = keep(basis_recorded_on=dt.date(2026, 1, 5))
    client = people.client("manager_a")
    form = Document(client.get(f"/residents/{reference}/basis").text)
    version = form.one("input", name="version").get("value")
    fields = {"basis": "public_task", "decided_by": "best_interests", "special_basis": "none"}
    answer = client.post(f"/residents/{reference}/basis", data={"version": version, **fields})
    assert answer.status_code == 303
    row = row_of(people, reference)
    assert row is not None
    assert (row.basis, row.decided_by) == ("public_task", "best_interests")
    assert row.basis_recorded_on == today()
    assert row.basis_recorded_by == people.accounts["manager_a"]


def _stale(people: People, reference: str, path: str) -> str:
    """Return the version a form was made with, after somebody else has changed the resident."""
    form = Document(people.client("coordinator_a").get(f"/residents/{reference}/{path}").text)
    version = form.one("input", name="version").get("value")
    change(
        people,
        "UPDATE residents SET travel = 'can_travel', basis = 'public_task' WHERE reference = :r",
        r=reference,
    )
    return version


@pytest.mark.parametrize(
    ("path", "fields", "column", "kept"),
    [
        ("details", {"travel": "visits_only"}, "travel", "can_travel"),
        ("basis", {"basis": "consent", "decided_by": "resident"}, "basis", "public_task"),
    ],
)
def test_of_two_who_change_the_same_the_second_is_told(
    people: People, keep: Keep, path: str, fields: dict[str, str], column: str, kept: str
) -> None:
    reference = keep()
    version = _stale(people, reference, path)
    client = people.client("coordinator_a")
    answer = client.post(f"/residents/{reference}/{path}", data={"version": version, **fields})
    assert answer.status_code == 409
    page = Document(answer.text)
    assert "Somebody else has changed this" in page.one(id="conflict").text
    # Both versions are shown, and what was chosen is still in the form.
    assert len(page.one("table", class_="rs-differences").children) == 2
    ticked = {
        (e.get("name"), e.get("value")) for e in page.all("input") if "checked" in e.attributes
    }
    assert set(fields.items()) <= ticked
    row = row_of(people, reference)
    assert row is not None
    assert getattr(row, column) == kept, "nothing is overwritten"
    # On purpose it can be.
    newer = page.one("input", name="version").get("value")
    assert newer != version
    again = client.post(f"/residents/{reference}/{path}", data={"version": newer, **fields})
    assert again.status_code == 303
    row = row_of(people, reference)
    assert row is not None
    assert getattr(row, column) == fields[column]


def test_however_a_reference_is_typed_it_leads_to_its_page(people: People) -> None:
    client = people.client("coordinator_a")
    for typed in ("bcdfghjk", "BCDF%20GHJK", "bcdf-ghjk", "%20Bcdf.Ghjk"):
        answer = client.get(f"/residents/{typed}")
        assert answer.status_code == 303, typed
        assert answer.headers["location"] == f"/residents/{REFERENCE_A}"


def test_others_missing_and_withdrawn_have_one_answer(people: People, keep: Keep) -> None:
    withdrawn = keep()
    client = people.client("coordinator_a")
    assert client.post(f"/residents/{withdrawn}/withdraw").status_code == 303
    others = REFERENCE_B
    nobody = "ZZZZZZZZ"
    ends = ("", "/interests", "/details", "/basis", "/withdraw", "/export", "/export.json")
    for end in ends:
        answers = {
            (answer.status_code, answer.content, answer.headers.get("cache-control"))
            for answer in (
                client.get(f"/residents/{reference}{end}")
                for reference in (withdrawn, others, nobody, others.lower(), "%00", "x" * 500)
            )
        }
        assert len(answers) == 1, end
        assert answers.pop()[0] == 404
    for end in ("/interests", "/details", "/basis", "/withdraw"):
        said = {
            (answer.status_code, answer.content)
            for answer in (
                client.post(f"/residents/{reference}{end}", data=WHOLE | {"version": "1"})
                for reference in (withdrawn, others, nobody, "%00")
            )
        }
        assert len(said) == 1, end
        assert said.pop()[0] == 404


def test_reading_is_recorded(people: People, keep: Keep) -> None:
    reference = keep()
    row = row_of(people, reference)
    assert row is not None
    client = people.client("coordinator_a")
    for end in ("", "/interests", "/details", "/basis", "/export", "/export.json"):
        assert client.get(f"/residents/{reference}{end}").status_code == 200
    with people.engine.connect() as connection:
        said = connection.execute(
            sa.text(
                "SELECT action, count(*) AS times FROM audit_log WHERE subject_id = :id"
                " AND account_id = :who GROUP BY 1"
            ),
            {"id": row.id, "who": people.accounts["coordinator_a"]},
        )
        assert {row.action: row.times for row in said} == {"read": 4, "export": 2}


def test_who_is_no_member_of_a_team_gets_nothing(people: People) -> None:
    for who in ("mapper", "councillor", "editor", "administrator"):
        for path in ("/residents", "/residents/new", f"/residents/{REFERENCE_A}", "/offers"):
            assert people.client(who).get(path).status_code == 403, (who, path)
    assert people.client().get("/residents").headers["location"].startswith("/sign-in")


def test_no_log_holds_a_reference(
    people: People, keep: Keep, capfd: pytest.CaptureFixture[str]
) -> None:
    reference = keep()
    app = create_app(people.settings)
    client = TestClient(app, follow_redirects=False, headers={"sec-fetch-site": "same-origin"})
    client.cookies.set(people.settings.cookie_name, people.tokens["coordinator_a"])
    for path in (reference, f"{reference}/interests", reference.lower(), "new", "sheet"):
        client.get(f"/residents/{path}")
    client.post(f"/residents/{reference}/interests", data={"version": "1", "other": "bolws"})
    app.state.engine.dispose()
    said = capfd.readouterr().err
    assert '"path":"/residents/…/interests"' in said
    assert '"path":"/residents/new"' in said
    assert reference.lower() not in said.lower()


def test_signed_out_with_a_form_of_too_many_fields(people: People) -> None:
    data = {f"stance_{number}": "enjoys" for number in range(1_200)}
    answer = people.client().post(f"/residents/{REFERENCE_A}/interests", data=data)
    assert answer.status_code == 401
    too_many = {f"stance_{number}": "enjoys" for number in range(10_000)}
    answer = people.client().post(f"/residents/{REFERENCE_A}/interests", data=too_many)
    assert answer.status_code == 401
