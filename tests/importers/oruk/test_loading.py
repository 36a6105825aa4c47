"""Feeds into the database: what becomes of their records, twice, changed, gone, and poisoned."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from app.errors import FileRefused
from app.importers.records import SourceInfo
from tests.importers.oruk.conftest import Load
from tests.importers.oruk.records import Json, id_of, location, organization, service, term

FORTY = [service(number) for number in range(40)]


@pytest.fixture(autouse=True)
def _vocabulary(vocabulary: object) -> None:
    """Interests are known in every test here."""


def rows(connection: sa.Connection, table: str = "assets") -> list[Any]:
    return list(connection.execute(sa.text(f"SELECT * FROM {table} ORDER BY source_key")).all())


def there(connection: sa.Connection, table: str = "activities") -> set[str]:
    found = connection.execute(sa.text(f"SELECT name FROM {table} WHERE gone_at IS NULL"))
    return set(found.scalars())


def problems(connection: sa.Connection) -> list[Any]:
    return list(
        connection.execute(
            sa.text(
                "SELECT * FROM import_problems WHERE resolved_at IS NULL ORDER BY row_number, id"
            )
        ).all()
    )


def test_a_feed_becomes_groups_venues_and_activities(connection: sa.Connection, load: Load) -> None:
    report = load(FORTY)
    assert (report.status, report.new, report.gone) == ("loaded", 120, 0)
    group = next(row for row in rows(connection) if row.name == "Friends of Moor 7")
    assert (group.kind, group.location_source, group.geom) == ("group", "none", None)
    venue = next(row for row in rows(connection) if row.name == "The hall 7")
    assert (venue.kind, venue.location_source, venue.address) == (
        "venue", "given", "1 Moor Lane, Ilkley")  # fmt: skip
    activity = next(row for row in rows(connection, "activities") if row.name == "Singing 7")
    assert (activity.organizer_id, activity.venue_id) == (group.id, venue.id)
    assert activity.geom is not None
    schedule = connection.execute(
        sa.text("SELECT * FROM schedules WHERE activity_id = :id"), {"id": activity.id}
    ).one()
    assert (schedule.rrule, str(schedule.opens_at)) == ("FREQ=WEEKLY;BYDAY=TU", "14:00:00")


def test_twice_changes_nothing(connection: sa.Connection, load: Load) -> None:
    load(FORTY)
    before = rows(connection), rows(connection, "activities"), problems(connection)
    report = load(FORTY)
    assert (report.status, report.new, report.changed, report.gone) == ("unchanged", 0, 0, 0)
    assert (rows(connection), rows(connection, "activities")) == before[:2]
    assert len(problems(connection)) == len(before[2])


def test_ids_are_kept_where_they_are_free_and_never_taken_from_others(
    connection: sa.Connection, load: Load
) -> None:
    load([service(1)])
    assert str(rows(connection, "activities")[0].id) == id_of("service 1")
    assert id_of("organization 1") in {str(row.id) for row in rows(connection)}
    before = rows(connection)
    other = SourceInfo("feed-2", "Another", "Another", "OGL v3", "Another")
    report = load([service(1, name="Taken over")], info=other)
    assert report.new == 3
    assert [row for row in rows(connection) if row in before] == before
    assert there(connection) == {"Singing 1", "Taken over"}
    # And a second time they are found again by their source, whatever their ids became.
    assert load([service(1, name="Taken over")], info=other).status == "unchanged"


def test_what_changes_and_what_goes_is_like_any_import(
    connection: sa.Connection, load: Load
) -> None:
    load(FORTY)
    changed = [*FORTY[:-4], service(36, name="Singing anew")]
    report = load(changed)
    # Three services with their groups and venues.
    assert (report.changed, report.gone) == (1, 9)
    assert "Singing anew" in there(connection)
    assert "Singing 39" not in there(connection)
    assert load(FORTY).gone == 0
    assert "Singing 39" in there(connection)


@pytest.mark.parametrize("how_many", [19, 1])
def test_half_a_feed_changes_nothing_and_says_why(
    connection: sa.Connection, load: Load, how_many: int
) -> None:
    load(FORTY)
    before = rows(connection), rows(connection, "activities")
    with pytest.raises(FileRefused, match="it may be cut off"):
        load(FORTY[:how_many])
    assert (rows(connection), rows(connection, "activities")) == before
    said = connection.execute(
        sa.text("SELECT message FROM import_runs WHERE status = 'refused'")
    ).scalar_one()
    assert "would mark" in said


def test_all_of_them_ended_at_once_is_refused_too(connection: sa.Connection, load: Load) -> None:
    load(FORTY)
    with pytest.raises(FileRefused, match="would mark"):
        load([one | {"status": "defunct"} for one in FORTY])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html><body>Please sign in</body></html>", "web page"),
        (json.dumps(FORTY[0]).encode() + b"\n" + json.dumps(FORTY[1]).encode()[:90], "broken off"),
        (b'{"id": "1", "name": ' + b"[" * 200_000, "nested|not JSON"),
        (b"\x00\x01\x02", "plain text"),
        (b"{}\n{}\n", "would mark"),
        (b'[1, 2, "x"]', "would mark"),
    ],
)  # fmt: skip
def test_poison_is_refused_whole(
    connection: sa.Connection, load: Load, content: bytes, words: str
) -> None:
    load(FORTY)
    before = rows(connection), rows(connection, "activities")
    with pytest.raises(FileRefused, match=words):
        load(content)
    assert (rows(connection), rows(connection, "activities")) == before


WRONG: dict[str, Json] = {
    "no id": service(90) | {"id": None},
    "no name": service(91) | {"name": ""},
    "no organization": service(92) | {"organization": "somebody"},
    "a name that is a list": service(93) | {"name": ["x"]},
    "everything wrong": {"id": {"a": 1}, "name": 5, "status": "active", "schedules": 7,
                         "organization": [1], "attributes": "x", "service_at_locations": {}},
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_row_is_a_problem_of_its_own(
    connection: sa.Connection, load: Load, what: str
) -> None:
    load([*FORTY, WRONG[what]])
    assert len(there(connection)) == 40
    assert [p for p in problems(connection) if not p.is_stored and p.row_number == 41]


def test_nonsense_in_single_values_loses_only_them(connection: sa.Connection, load: Load) -> None:
    cyclic = organization(50, parent_organization_id=id_of("organization 50"))
    load([
        service(50, organization=cyclic, name="\ud800Half\x00 <script>alert(1)</script>",
                description="x" * 1_000_000, minimum_age="NaN", cost_options=[{"amount": "lots"}],
                schedules=[{"freq": "SECONDLY", "opens_at": "10:00", "byday": "MO"}, 5, None],
                languages=[{"name": 5}, None], attributes=[None, 5, {"taxonomy_term": []}],
                at=location("far", longitude=float("nan"), latitude=1e400)),
        service(51, at=location("swapped", latitude=-1.82, longitude=53.92)),
        service(52, at=location("off", latitude=100, longitude=101)),
    ])  # fmt: skip
    assert there(connection) == {"Half <script>alert(1)</script>", "Singing 51", "Singing 52"}
    said = " ".join(p.message for p in problems(connection))
    for words in ("not two numbers", "wrong way round", "latitude 100 is outside", "SECONDLY"):
        assert words in said
    for row in rows(connection):
        assert row.location_source == "none"
    long = connection.execute(sa.text("SELECT max(length(description)) FROM activities"))
    assert long.scalar_one() <= 6_000


def test_the_same_id_twice_is_one_activity_and_a_problem(
    connection: sa.Connection, load: Load
) -> None:
    load([*FORTY, service(3, name="Singing again")])
    assert len(there(connection)) == 40
    assert "Singing again" not in there(connection)
    assert [p.reason for p in problems(connection) if p.row_number == 41] == ["duplicate"]


def test_only_what_has_changed_takes_nothing_away(connection: sa.Connection, load: Load) -> None:
    load([*FORTY, service(41, schedules=[{"byday": "??", "opens_at": "10:00"}])])
    before = {p.message for p in problems(connection)}
    report = load([service(5, name="Singing five")], is_partial=True)
    assert (report.gone, report.changed) == (0, 1)
    assert len(there(connection)) == 41
    # What was wrong with other rows is still wrong.
    assert {p.message for p in problems(connection)} == before
    ended = service(6) | {"status": "temporarily closed"}
    report = load([ended], is_partial=True)
    assert (report.gone, report.skipped) == (1, 1)
    assert "Singing 6" not in there(connection)
    assert "Friends of Moor 6" in there(connection, "assets")


def test_a_partial_file_without_the_wrong_row_keeps_its_problem_and_a_right_one_settles_it(
    connection: sa.Connection, load: Load
) -> None:
    load([*FORTY, service(41, schedules=[{"byday": "??", "opens_at": "10:00"}])])
    assert [p for p in problems(connection) if "??" in p.message]
    load([service(41)], is_partial=True)
    assert not [p for p in problems(connection) if "??" in p.message]


@pytest.mark.parametrize(
    "wrong",
    [
        service(60, name="Women's refuge", at=location("secret")),
        service(60, organization=organization(60, name="Domestic abuse support"),
                at=location("secret")),
        service(60, attributes=[term("Refuges")], at=location("secret")),
        service(60, at=location("secret", name="Safe house", description="secret")),
    ],
)  # fmt: skip
def test_what_may_be_a_refuge_is_held_back_with_its_place(
    connection: sa.Connection, load: Load, wrong: Json
) -> None:
    load([*FORTY, wrong])
    assert not [r for r in rows(connection) if "secret" in f"{r.name}{r.address}".casefold()]
    assert not [r for r in rows(connection) if "Safe house" in r.name]
    held = [p for p in problems(connection) if p.reason == "may_be_a_refuge"]
    assert held
    assert all(p.raw is None and p.name is None for p in held)


def test_no_persons_name_is_kept_and_no_private_mobile_shown(
    connection: sa.Connection, load: Load
) -> None:
    ann = {
        "name": "Ann Persona",
        "phones": [{"number": "07700 900123"}, {"number": "07911 123456"}],
    }
    hall = {"name": "Bob Person", "phones": [{"number": "01274 431000"}]}
    desk = {"title": "Front desk", "phones": [{"number": "07911 123457"}]}
    load([
        service(70, contacts=[ann]), service(71, contacts=[ann, hall]),
        service(72, contacts=[desk]), service(73, contacts=[ann], email="a@example.org"),
    ])  # fmt: skip
    found = {row.name: row for row in rows(connection)}
    private = found["Friends of Moor 70"]
    assert (private.phone, private.is_contact_public) == ("07911 123456", False) or (
        private.phone is None)  # fmt: skip
    assert found["Friends of Moor 71"].phone == "01274 431000"
    assert found["Friends of Moor 71"].is_contact_public
    assert found["Friends of Moor 72"].phone == "07911 123457"
    assert (found["Friends of Moor 73"].phone, found["Friends of Moor 73"].email) == (
        None, "a@example.org")  # fmt: skip
    shown = connection.execute(sa.text("SELECT phone FROM public_assets")).scalars().all()
    assert not [phone for phone in shown if phone and "123456" in phone]
    everything = " ".join(
        str(row) for table in ("assets", "activities", "import_problems")
        for row in connection.execute(sa.text(f"SELECT * FROM {table}")).all()
    )  # fmt: skip
    assert "Persona" not in everything
    assert "Bob Person" not in everything


OSM = {"name": "OpenStreetMap", "publisher": "OpenStreetMap contributors", "licence": "ODbL 1.0",
       "attribution": "© OpenStreetMap contributors", "date": "2026-11-01"}  # fmt: skip


def test_what_a_feed_passes_on_keeps_its_own_source(connection: sa.Connection, load: Load) -> None:
    passed_on = service(80, organization=organization(80, source=OSM), source=OSM)
    load([*FORTY, passed_on])
    of = (
        "SELECT s.slug, s.is_share_alike, s.attribution, a.id FROM {} a"
        " JOIN sources s ON s.id = a.source_id WHERE a.name = :name"
    )
    asset = connection.execute(sa.text(of.format("assets")), {"name": "Friends of Moor 80"}).one()
    assert asset.slug.startswith("feed-1-via-openstreetmap-")
    assert asset.is_share_alike
    assert asset.attribution == OSM["attribution"]
    activity = connection.execute(sa.text(of.format("activities")), {"name": "Singing 80"}).one()
    assert activity.slug == asset.slug
    # The same again changes nothing; another licence moves the row and keeps its id.
    assert load([*FORTY, passed_on]).status == "unchanged"
    anew = OSM | {"licence": "ODbL 2.0"}
    moved = service(80, organization=organization(80, source=anew), source=anew)
    report = load([*FORTY, moved])
    assert (report.new, report.gone) == (0, 0)
    now = connection.execute(sa.text(of.format("assets")), {"name": "Friends of Moor 80"}).one()
    assert now.slug != asset.slug
    assert now.id == asset.id
    # What it passed on goes like the rest.
    assert load(FORTY).gone == 3
    assert "Singing 80" not in there(connection)


def test_a_virtual_service_is_stored_with_its_prices_ages_and_words(
    connection: sa.Connection, load: Load
) -> None:
    load([
        service(81, service_at_locations=[
            {"location": {"id": id_of("web"), "location_type": "virtual", "name": "Zoom"}}],
            fees="Free of charge.", minimum_age=50,
            languages=[{"name": "Urdu"}, {"name": "English"}],
            description="<p>Come &amp; talk.</p>", assured_date="2026-01-02",
            schedules=[{"description": "Whenever you ring"}]),
        service(82, cost_options=[{"option": "Adults", "amount": 3}, {"option": "Others",
                "amount": 1.5, "amount_description": "a week"}]),
        service(83, cost_options=[{"amount": 2.5}]),
    ])  # fmt: skip
    found = {row.name: row for row in rows(connection, "activities")}
    one = found["Singing 81"]
    assert (one.cost_pence, one.geom, str(one.assured_date)) == (0, None, "2026-01-02")
    assert one.description == (
        "Come & talk. For ages 50 and over. Languages: English, Urdu. When: Whenever you ring."
    )
    assert found["Singing 82"].cost_pence is None
    assert "Costs: Adults £3.00; Others £1.50 a week." in found["Singing 82"].description
    assert found["Singing 83"].cost_pence == 250


def test_ours_is_read_letter_by_letter(connection: sa.Connection, load: Load) -> None:
    home = str(uuid.uuid4())
    kind = {
        "taxonomy_term": {"name": "Care home", "taxonomy": "Patchwork kinds", "term": "care_home"}
    }
    what = {
        "taxonomy_term": {"name": "Activity", "taxonomy": "Patchwork kinds", "term": "activity"}
    }
    comes = {"taxonomy_term": {"taxonomy": "Patchwork kinds", "term": "comes_to_homes"}}
    bowls = {"taxonomy_term": {"taxonomy": "Patchwork interests", "term": "bowls"}}
    place = {
        "id": str(uuid.uuid5(uuid.UUID(home), "location")), "location_type": "physical",
        "name": "THE GROVE HOUSE", "latitude": 53.92, "longitude": -1.82,
        "external_identifier": home, "external_identifier_type": "Patchwork asset",
        "description": "Placed by its postcode, so the map may be a few doors out.",
        "addresses": [{"address_1": "1 THE GROVE", "city": "Bradford", "address_type": "physical"}],
        "accessibility": [{"description": "Step-free way in", "details": "step_free"}],
        "schedules": [{"freq": "WEEKLY", "byday": "MO,TU", "opens_at": "09:00:00",
                       "closes_at": "17:00:00"}],
    }  # fmt: skip
    own = organization(90, id=home, name="THE GROVE HOUSE", attributes=[kind], locations=[place],
                       phones=[{"number": "01274 431000"}], organization_identifiers=[
                           {"identifier_scheme": "GB-CHC", "identifier": "123456"}])  # fmt: skip
    rule = {"dtstart": "2026-01-05", "valid_from": "2026-01-05", "opens_at": "10:00:00",
            "rrule": "FREQ=DAILY;INTERVAL=3", "exdates": ["2026-01-08"]}  # fmt: skip
    load([
        service(90, organization=own, attributes=[what, comes, bowls], schedules=[rule],
                service_at_locations=[{"location": place}], assured_date="2026-02-03"),
        {"id": str(uuid.uuid5(uuid.UUID(home), "service")), "name": "THE GROVE HOUSE",
         "status": "active", "organization": own, "assured_date": "2026-02-04"},
    ])  # fmt: skip
    [asset] = rows(connection)
    assert (str(asset.id), asset.kind, asset.name, asset.address) == (
        home, "care_home", "THE GROVE HOUSE", "1 THE GROVE")  # fmt: skip
    assert (asset.location_source, asset.access, asset.charity_number) == (
        "postcode", ["step_free"], "123456")  # fmt: skip
    assert [span["weekday"] for span in asset.opening_hours] == [0, 1]
    assert (asset.phone, str(asset.assured_date)) == ("01274 431000", "2026-02-04")
    [activity] = rows(connection, "activities")
    assert (activity.comes_to_homes, activity.venue_id) == (True, None)
    schedule = connection.execute(sa.text("SELECT * FROM schedules")).one()
    assert (schedule.rrule, len(schedule.exdates)) == ("FREQ=DAILY;INTERVAL=3", 1)
    assert problems(connection) == []


def test_no_group_is_placed_where_its_refuge_is(connection: sa.Connection, load: Load) -> None:
    nameless = {name: value for name, value in location("secret").items() if name != "name"}
    wrong = service(61, name="Women's refuge", at=nameless)
    load([*FORTY, wrong])
    group = next(row for row in rows(connection) if row.name == "Friends of Moor 61")
    assert (group.location_source, group.geom, group.address) == ("none", None, None)
