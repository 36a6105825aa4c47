"""Your own CSV: the templates, forgiving headers, and what is said about cells that are wrong."""

from __future__ import annotations

import csv
import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.importers.files import MissingColumns, columns_of
from app.importers.interest_ids import InterestIds
from app.importers.options import ReadOptions
from app.importers.readers import READERS, own_activities, own_csv
from app.importers.readers.own_activities import parse_cost
from app.importers.readers.own_columns import ALIASES, find_columns
from app.importers.records import ActivityRecord, AssetRecord, Problem, Skipped
from app.importers.run import load_file
from app.models import AssetKind, ProblemReason

DATA = Path(__file__).resolve().parents[2] / "data"
ASSETS = DATA / "reference" / "assets_template.csv"
ACTIVITIES = DATA / "reference" / "activities_template.csv"
TODAY = dt.date(2026, 6, 1)
OPTIONS = ReadOptions(today=TODAY)


def read(reader: Any, path: Path) -> list[Any]:
    return list(reader.read(path, OPTIONS))


def filled_in(template: Path, tmp_path: Path) -> Path:
    path = tmp_path / template.name
    path.write_text(template.read_text(encoding="utf-8").replace("example-", "our-"), "utf-8")
    return path


def assets_of(tmp_path: Path, text: str) -> list[Any]:
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    return read(own_csv, path)


def activities_of(tmp_path: Path, *lines: str) -> list[Any]:
    path = tmp_path / "list.csv"
    path.write_text("\n".join([",".join(own_activities.COLUMNS), *lines]), encoding="utf-8")
    return read(own_activities, path)


def activity_row(**cells: str) -> str:
    given = {"id": "a", "name": "Bowls", "organizer_id": "club"} | cells
    return ",".join(f'"{given.get(column, "")}"' for column in own_activities.COLUMNS)


@pytest.mark.parametrize(("template", "reader"), [(ASSETS, own_csv), (ACTIVITIES, own_activities)])
def test_the_templates_have_every_column_and_examples_that_are_skipped(
    template: Path, reader: Any
) -> None:
    header = columns_of(template)
    assert header == list(reader.COLUMNS)
    assert [r.NAME for r in READERS.values() if r.recognises(template, header)] == [reader.NAME]
    found = read(reader, template)
    assert found
    assert all(isinstance(item, Skipped) for item in found)


def test_the_asset_template_filled_in_reads_without_a_doubt(tmp_path: Path) -> None:
    found = read(own_csv, filled_in(ASSETS, tmp_path))
    assert [type(item) for item in found] == [AssetRecord] * 4
    hall, bowls, home, clocks = found
    assert hall.kind is AssetKind.VENUE
    assert hall.access == ("step_free", "accessible_toilet", "parking")
    assert len(hall.opening_hours) == 6
    assert (bowls.lon, bowls.lat, bowls.interests) == (-1.7525, 53.7951, ("bowls",))
    assert home.beds == 32
    assert (clocks.kind, clocks.ward_code) == (AssetKind.INFORMAL, "E05001347")
    assert not clocks.is_contact_public


def test_the_activity_template_filled_in_reads_without_a_doubt(tmp_path: Path) -> None:
    found = read(own_activities, filled_in(ACTIVITIES, tmp_path))
    assert [type(item) for item in found] == [ActivityRecord] * 3
    roll_up, boccia, fair = found
    assert (roll_up.cost_pence, boccia.cost_pence, fair.cost_pence) == (250, 0, 0)
    assert roll_up.schedules[0].rrule == "FREQ=WEEKLY;BYDAY=FR"
    assert roll_up.schedules[0].exdates == (dt.date(2026, 12, 25),)
    assert [s.rrule for s in boccia.schedules] == [
        "FREQ=MONTHLY;BYDAY=1TU",
        "FREQ=MONTHLY;BYDAY=4TH",
    ]
    assert boccia.comes_to_homes
    assert (fair.venue_key, fair.schedules[0].rrule) == ("our-hall", None)


@pytest.mark.usefixtures("vocabulary")
def test_the_templates_use_interests_we_have(connection: sa.Connection) -> None:
    known = InterestIds(connection)
    for template in (ASSETS, ACTIVITIES):
        with template.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                words = tuple(word for word in row["interests"].split(";") if word)
                assert known.find(words)[1] == []


def test_the_documentation_names_every_column_and_other_word() -> None:
    text = (DATA / "README.md").read_text(encoding="utf-8")
    for column in {*own_csv.COLUMNS, *own_activities.COLUMNS}:
        assert f"`{column}`" in text
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    for column, words in ALIASES.items():
        said = " ".join(line for line in lines if f"`{column}`" in line.split("|")[1])
        for word in words:
            assert re.search(rf"\b{word.replace('_', '[_ -]')}\b", said), (column, word)


def test_headers_are_found_in_any_spelling_and_order(tmp_path: Path) -> None:
    found = assets_of(
        tmp_path,
        "Title;TYPE;Longitude; latitude;Reference;Opening hours;Tel;Contact public;Something else\n"
        "Village Hall;Venue;-1.75;53.79;hall;Mon 9am-12pm;01274 000000;no;x\n",
    )
    assert len(found) == 1
    hall = found[0]
    assert (hall.source_key, hall.name, hall.kind) == ("hall", "Village Hall", AssetKind.VENUE)
    assert (hall.lon, hall.lat, hall.phone) == (-1.75, 53.79, "01274 000000")
    assert [(h.weekday, h.opens_at, h.closes_at) for h in hall.opening_hours] == [
        (0, "09:00", "12:00")
    ]
    assert not hall.is_contact_public


def test_missing_columns_are_all_named(tmp_path: Path) -> None:
    with pytest.raises(MissingColumns, match=r"id \(or reference.*name \(or title") as caught:
        assets_of(tmp_path, "kind,postcode\nvenue,BD1 1AF\n")
    assert caught.value.header == ["kind", "postcode"]


@pytest.mark.parametrize(
    ("row", "reason", "said"),
    [
        (",venue,Hall", ProblemReason.MISSING_FIELD, "Ref: the cell is empty"),
        ("h,,Hall", ProblemReason.MISSING_FIELD, "kind: the cell is empty"),
        ("h,venue,", ProblemReason.MISSING_FIELD, "name: the cell is empty"),
        ("h,castle,Hall", ProblemReason.UNREADABLE_VALUE, "care_home, group, surgery, venue"),
    ],
)
def test_a_row_that_cannot_be_stored_says_which_column(
    tmp_path: Path, row: str, reason: ProblemReason, said: str
) -> None:
    found = assets_of(tmp_path, f"Ref,kind,name\n{row}\nok,venue,Good Hall\n")
    assert isinstance(found[0], Problem)
    assert (found[0].reason, found[0].row_number, found[0].is_stored) == (reason, 2, False)
    assert said in found[0].message
    assert found[1].name == "Good Hall"


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("opening_hours", "whenever we like"),
        ("beds", "about thirty"),
        ("beds", "-5"),
        ("beds", "2001"),
        ("beds", "007 000"),
        ("checked_on", "2027-01-01"),
        ("checked_on", "31/02/2026"),
        ("contact_public", "perhaps"),
    ],
)
def test_a_cell_that_cannot_be_read_costs_that_cell_only(
    tmp_path: Path, column: str, cell: str
) -> None:
    doubt, home = assets_of(tmp_path, f"id,kind,name,{column}\nh,care home,Oak House,{cell}\n")
    assert isinstance(doubt, Problem)
    assert doubt.is_stored
    assert doubt.reason is ProblemReason.UNREADABLE_VALUE
    assert f"Column {column}: " in doubt.message
    assert cell in doubt.message
    assert (doubt.source_key, doubt.name, doubt.row_number) == ("h", "Oak House", 2)
    assert home.name == "Oak House"
    assert (home.opening_hours, home.beds, home.checked_on) == (None, None, None)
    assert home.is_contact_public == (column != "contact_public")


@pytest.mark.parametrize(("cell", "beds"), [("32", 32), ("032", 32), ("32.0", 32), ("0", 0)])
def test_beds_as_spreadsheets_write_them(tmp_path: Path, cell: str, beds: int) -> None:
    [home] = assets_of(tmp_path, f"id,kind,name,beds\nh,care home,Oak House,{cell}\n")
    assert home.beds == beds


@pytest.mark.parametrize("cell", ["-5", "12"])
def test_beds_of_what_is_no_care_home_are_left_out_and_said(tmp_path: Path, cell: str) -> None:
    doubt, hall = assets_of(tmp_path, f"id,kind,name,beds\nh,venue,Town Hall,{cell}\n")
    assert isinstance(doubt, Problem)
    assert doubt.is_stored
    assert "Column beds: " in doubt.message
    assert f"{cell!r}" in doubt.message
    assert hall.beds is None
    # A spreadsheet with a 0 for everybody says nothing that would be lost.
    [hall] = assets_of(tmp_path, "id,kind,name,beds\nh,venue,Town Hall,0\n")
    assert hall.beds is None


def test_an_informal_entry_loses_its_door_and_says_so(tmp_path: Path) -> None:
    doubt, entry = assets_of(
        tmp_path,
        "id,kind,name,address,postcode,lon,lat,ward_code\n"
        "i,informal,Mends clocks,5 Secret Street,BD1 1AF,-1.75,53.79,E05001347\n",
    )
    assert doubt.is_stored
    assert "ward only" in doubt.message
    assert (entry.lon, entry.lat, entry.address) == (None, None, None)
    assert entry.ward_code == "E05001347"
    for said in (repr(doubt), repr(entry.raw)):
        assert "Secret" not in said
        assert "53.79" not in said
        assert "BD1" not in said


def test_access_empty_none_and_listed(tmp_path: Path) -> None:
    found = assets_of(
        tmp_path,
        "id,kind,name,access\na,venue,A,\nb,venue,B,none\nc,venue,C,Step-free; hearing loop\n",
    )
    assert [a.access for a in found] == [None, (), ("step_free", "hearing_loop")]


def test_coordinates_that_are_no_numbers_are_left_to_the_check_of_all_points(
    tmp_path: Path,
) -> None:
    asset = assets_of(tmp_path, "id,kind,name,lon,lat\na,venue,A,west,53.79\n")[0]
    assert asset.lon != asset.lon
    assert asset.lat == 53.79


@pytest.mark.parametrize(
    ("text", "pence"),
    [("2.50", 250), ("£2.50", 250), ("2", 200), ("50p", 50), ("free", 0), ("0", 0), ("Free", 0)],
)
def test_costs(text: str, pence: int) -> None:
    assert parse_cost(text) == pence


@pytest.mark.parametrize("text", ["-1", "2.505", "a donation", "NaN", "Infinity", "99999", "£"])
def test_other_costs_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="sum in pounds"):
        parse_cost(text)


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"starts_on": "soon", "opens_at": "14:00"}, "starts_on"),
        ({"opens_at": "14:00"}, "starts_on"),
        ({"starts_on": "2026-04-07"}, "opens_at"),
        ({"starts_on": "2026-04-07", "opens_at": "2"}, "opens_at"),
        ({"starts_on": "2026-04-07", "opens_at": "14:00", "repeats": "now and then"}, "repeats"),
        ({"starts_on": "2026-04-07", "opens_at": "14:00", "repeats": "FREQ=SECONDLY"}, "repeats"),
        (
            {"starts_on": "2026-04-07", "opens_at": "14:00",
             "repeats": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"},
            "repeats",
        ),
    ],
)  # fmt: skip
def test_a_time_that_cannot_be_made_out_leaves_the_activity_without_one(
    tmp_path: Path, cells: dict[str, str], column: str
) -> None:
    doubt, activity = activities_of(tmp_path, activity_row(**cells))
    assert f"Column {column}: " in doubt.message
    assert doubt.is_stored
    assert activity.schedules == ()


def test_an_end_before_the_start_is_left_out(tmp_path: Path) -> None:
    doubt, activity = activities_of(
        tmp_path, activity_row(starts_on="2026-04-07", opens_at="2pm", closes_at="1pm")
    )
    assert "closes_at" in doubt.message
    assert activity.schedules[0].closes_at is None


def test_a_first_day_the_rule_does_not_name_moves_to_the_next_it_does(tmp_path: Path) -> None:
    activity = activities_of(
        tmp_path,
        activity_row(starts_on="07/04/2026", opens_at="2pm", repeats="Thursdays"),
    )[0]
    assert activity.schedules[0].starts_on == dt.date(2026, 4, 9)


def test_two_activities_of_one_id_are_a_problem_and_a_further_time_is_not(tmp_path: Path) -> None:
    found = activities_of(
        tmp_path,
        activity_row(starts_on="2026-04-07", opens_at="2pm", repeats="weekly"),
        activity_row(name="", organizer_id="", starts_on="2026-04-09", opens_at="10am"),
        activity_row(name="Something else"),
    )
    problem, activity = found
    assert (problem.reason, problem.row_number) == (ProblemReason.DUPLICATE, 4)
    assert [s.starts_on.day for s in activity.schedules] == [7, 9]


def test_scopes_of_assets_and_activities_never_end_each_other() -> None:
    path = Path("list.csv")
    assert own_csv.scope(path, OPTIONS) != own_activities.scope(path, OPTIONS)
    assert own_csv.scope(Path("list_2026-05.csv"), OPTIONS) == own_csv.scope(path, OPTIONS)
    assert own_csv.source(path) == own_activities.source(path)


def test_our_name_for_a_column_wins_over_another_word_for_it() -> None:
    assert find_columns(["type", "kind", "ref", "id"], ["kind", "id"]) == {
        "kind": "kind",
        "id": "id",
    }


@pytest.mark.usefixtures("vocabulary")
def test_both_lists_end_up_in_the_database_with_their_times(
    tmp_path: Path, connection: sa.Connection
) -> None:
    assets, activities = tmp_path / "assets.csv", tmp_path / "activities.csv"
    assets.write_text(
        "id;kind;name;lon;lat;interests;ward_code;checked_on\n"
        "club;group;Bowling Club;-1,7525;53,7951;Bowls;;\n"
        "hall;venue;Village Hall;-1.7534;53.7924;;;01/05/2026\n"
        "clocks;informal;Mends clocks;-1.7534;53.7924;;E05001347;\n",
        encoding="cp1252",
    )
    header = ",".join(own_activities.COLUMNS)
    row = activity_row(venue_id="hall", interests="crown green bowls;boccia",
                       starts_on="2026-04-07", opens_at="2pm", closes_at="4pm",
                       repeats="fortnightly", comes_to_homes="yes")  # fmt: skip
    activities.write_text(f"{header}\n{row}\n", encoding="utf-16")
    stored = load_file(connection, assets, options=OPTIONS)
    # Decimal commas are no coordinates: the row is listed, not guessed at
    assert (stored.new, stored.problems) == (2, 2)
    assets.write_text(assets.read_text(encoding="cp1252").replace(",", "."), encoding="cp1252")
    assert load_file(connection, assets, options=OPTIONS).new == 1
    report = load_file(connection, activities, options=OPTIONS)
    assert (report.new, report.problems) == (1, 0)
    activity = connection.execute(
        sa.text(
            "SELECT a.day_parts, a.comes_to_homes, cardinality(a.interest_ids), s.rrule,"
            " s.opens_at FROM activities a JOIN schedules s ON s.activity_id = a.id"
        )
    ).one()
    assert tuple(activity) == (
        ["tue_pm"], True, 2, "FREQ=WEEKLY;BYDAY=TU;INTERVAL=2", dt.time(14)
    )  # fmt: skip
    informal = connection.execute(
        sa.text("SELECT geom IS NULL, ward_code FROM assets WHERE kind = 'informal'")
    ).one()
    assert tuple(informal) == (True, "E05001347")
    again = load_file(connection, activities, options=OPTIONS)
    assert (again.new, again.changed, again.status) == (0, 0, "unchanged")


def test_the_contact_of_an_informal_entry_is_never_shown(tmp_path: Path) -> None:
    header = "id,kind,name,ward_code,phone,contact_public\n"
    cells = "Mends clocks,E05001347,01274 496000,yes\n"
    skill, club = assets_of(tmp_path, f"{header}i,informal,{cells}g,group,{cells}")
    assert (skill.is_contact_public, club.is_contact_public) == (False, True)
