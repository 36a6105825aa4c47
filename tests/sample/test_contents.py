"""What the town has: as much as was promised, in words the vocabulary knows, and nobody real."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter

import pytest

from app.importers.options import ReadOptions
from app.importers.readers import own_activities, own_csv
from app.importers.records import ActivityRecord, AssetRecord
from tests.sample.town_files import SAMPLE, Rows, read_lines, read_rows

TODAY = dt.date(2026, 11, 23)
OPTIONS = ReadOptions(today=TODAY)
# Ofcom keeps these for drama; numbers with other area codes are not dialled from here.
FOR_DRAMA = re.compile(r"0113 496 0\d{3}")
STANCES = {"enjoys", "used_to", "would_try", "could_share"}
ACCESS = {
    "step_free", "accessible_toilet", "hearing_loop", "parking", "seating", "dementia_friendly",
}  # fmt: skip


def listed(cell: str) -> list[str]:
    return [word for word in cell.split(";") if word]


def test_there_is_as_much_as_was_promised(assets: Rows, activities: Rows, homes: Rows) -> None:
    kinds = Counter(row["kind"] for row in assets)
    assert len(homes) == 9
    assert set(kinds) == {"venue", "group", "informal"}
    assert min(kinds.values()) >= 10
    whole = sum(kinds.values()) + len({row["id"] for row in activities})
    assert 150 <= whole <= 200


def test_three_surgeries_are_open_and_one_has_closed() -> None:
    rows = read_lines("surgeries.csv")
    assert [len(row) for row in rows] == [27] * 4
    assert [row[12] for row in rows] == ["A", "A", "A", "C"]
    assert all(row[0].startswith("Z999") for row in rows)


def test_every_interest_is_in_the_vocabulary(
    assets: Rows, activities: Rows, residents: Rows, slugs: set[str]
) -> None:
    used = {word for row in [*assets, *activities] for word in listed(row["interests"])}
    used |= {word.split(":")[0] for row in residents for word in listed(row["interests"])}
    assert used <= slugs
    assert len(used) > 120
    assert all(listed(row["interests"]) for row in assets)


def test_the_lists_are_read_without_a_doubt() -> None:
    read_assets = list(own_csv.read(SAMPLE / "assets.csv", OPTIONS))
    assert {type(item) for item in read_assets} == {AssetRecord}
    read_activities = list(own_activities.read(SAMPLE / "activities.csv", OPTIONS))
    assert {type(item) for item in read_activities} == {ActivityRecord}


def test_every_activity_has_times_an_organizer_and_a_price(assets: Rows) -> None:
    known = {row["id"]: row["kind"] for row in assets}
    for item in own_activities.read(SAMPLE / "activities.csv", OPTIONS):
        assert isinstance(item, ActivityRecord)
        assert item.schedules, item.name
        # Who is only known by a ward has no place for an activity.
        assert known[item.organizer_key] != "informal", item.name
        assert item.venue_key is None or known[item.venue_key] == "venue", item.name
        assert item.cost_pence is not None
        for schedule in item.schedules:
            assert schedule.closes_at is not None
            assert dt.time(7) <= schedule.opens_at < schedule.closes_at <= dt.time(23)


def test_times_are_of_every_kind() -> None:
    rules = [
        schedule.rrule or "once"
        for item in own_activities.read(SAMPLE / "activities.csv", OPTIONS)
        if isinstance(item, ActivityRecord)
        for schedule in item.schedules
    ]
    for part in ("FREQ=WEEKLY", "INTERVAL=2", "INTERVAL=3", "BYDAY=1", "BYDAY=-1", "UNTIL", "once"):
        assert any(part in rule for rule in rules), part


def test_about_a_third_come_to_homes(activities: Rows) -> None:
    named = [row for row in activities if row["name"]]
    share = sum(row["comes_to_homes"] == "yes" for row in named) / len(named)
    assert 0.28 < share < 0.4


def test_the_stories_it_grew_from_are_in_it(activities: Rows) -> None:
    by_id = {row["id"]: row for row in activities if row["name"]}
    boccia, dance = by_id["boccia-visits"], by_id["dance-every-three-weeks"]
    assert (boccia["repeats"], boccia["organizer_id"]) == ("every Tuesday", "ings-bowls")
    assert dance["repeats"] == "every 3 weeks"
    assert {boccia["comes_to_homes"], dance["comes_to_homes"]} == {"yes"}
    assert by_id["veterans-hour"]["comes_to_homes"] == "yes"


@pytest.mark.parametrize("name", ["assets.csv", "activities.csv"])
def test_checks_are_fresh_old_and_missing(name: str) -> None:
    dates = [row["checked_on"] for row in read_rows(name) if row["name"]]
    years = Counter(date[:4] for date in dates)
    assert {"2026", "2025", "2023", ""} <= set(years)
    assert all(dt.date.fromisoformat(date) <= TODAY for date in dates if date)


def test_telephones_and_addresses_are_nobodys() -> None:
    text = {path.name: path.read_text("utf-8") for path in SAMPLE.iterdir() if path.is_file()}
    for name in ("assets.csv", "care_homes.csv", "surgeries.csv", "library.csv"):
        found = re.findall(r"\b0\d{3,4}[ ]?\d{3}[ ]?\d{3,4}\b", text[name])
        assert all(FOR_DRAMA.fullmatch(number) for number in found), name
    numbers = FOR_DRAMA.findall(text["assets.csv"] + text["care_homes.csv"] + text["surgeries.csv"])
    assert len(numbers) == len(set(numbers)) > 50
    for name, content in text.items():
        if name.endswith(".csv"):
            hosts = re.findall(r"(?:@|https?://)([\w.-]+)", content)
            assert all(host.endswith(".example") for host in hosts), name


def test_a_skill_is_known_by_its_ward_alone(assets: Rows) -> None:
    streets = {
        line.split('"')[1]
        for line in (SAMPLE / "generator" / "texts" / "streets.toml").read_text().splitlines()
        if line.startswith('  ["')
    }
    for row in assets:
        if row["kind"] == "informal":
            places = [row[column] for column in ("address", "postcode", "lon", "lat")]
            contacts = [row[column] for column in ("phone", "email", "website")]
            assert not any(places + contacts), row["name"]
            assert row["ward_code"].startswith("E05999")
            assert row["contact_public"] == "no"
            said = f"{row['name']} {row['description']}"
            named = {street for street in streets if street in said}
            assert named <= {"Festival Crescent"}, row["name"]


def test_residents_are_references_and_closed_words(residents: Rows, homes: Rows) -> None:
    references = [row["reference"] for row in residents]
    assert len(references) == len(set(references)) == 60
    assert all(re.fullmatch(r"[BCDFGHJKMNPQRTVWXYZ2346789]{8}", text) for text in references)
    assert {row["home"] for row in residents} == {home["CQC Location ID"] for home in homes}
    assert set(residents[0]) == {
        "reference", "home", "interests", "access_needs", "travel", "times",
    }  # fmt: skip
    for row in residents:
        stances = [word.split(":")[1] for word in listed(row["interests"])]
        assert stances, row
        assert set(stances) <= STANCES
        assert set(listed(row["access_needs"])) <= ACCESS
        assert row["travel"] in {"visits_only", "short_walk", "can_travel"}
        assert all(re.fullmatch(r"(mon|tue|wed|thu|fri|sat|sun)_(am|pm|eve)", time)
                   for time in listed(row["times"]))  # fmt: skip


def test_ids_of_the_map_are_far_from_real_ones() -> None:
    features = json.loads((SAMPLE / "places.geojson").read_text("utf-8"))["features"]
    assert all(int(item["properties"]["osm_id"]) > 99_000_000_000 for item in features)
