"""The asset readers on small files made for one doubt each."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from app.activities.clock import WEEKDAYS
from app.importers.files import MissingColumns, columns_of
from app.importers.options import ReadOptions
from app.importers.readers import (
    READERS,
    cqc,
    food_banks,
    libraries,
    mobile_libraries,
    ods,
    pharmacies,
    polling_stations,
    sports_clubs,
)
from app.importers.readers.cells import coordinate, joined, key_of, phone_kept_as_number
from app.importers.readers.file_names import date_in_name, name_without_date
from app.importers.readers.opening_times import HoursError, hours_in_line, hours_of_week
from app.importers.records import ActivityRecord, AssetRecord, Problem, Skipped
from app.models import AssetKind, ProblemReason
from geo.interests import Vocabulary

INTERESTS = Path(__file__).resolve().parents[2] / "data" / "reference" / "interests.csv"
OPTIONS = ReadOptions(today=dt.date(2026, 6, 1))


def write(path: Path, *rows: dict[str, str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def read(reader: Any, path: Path) -> list[Any]:
    return list(reader.read(path, OPTIONS))


def test_interests_of_readers_are_in_the_vocabulary() -> None:
    vocabulary = Vocabulary.from_csv(INTERESTS)
    used = {
        *libraries.INTERESTS,
        *mobile_libraries.INTERESTS,
        *food_banks.INTERESTS,
        *sports_clubs.INTERESTS.values(),
        sports_clubs.OTHER_SPORT,
        "community-centres",
    }
    assert sorted(slug for slug in used if slug not in vocabulary) == []


def test_every_source_says_its_terms() -> None:
    # Records of Open Referral UK say so themselves, or somebody has to (tests/importers/oruk).
    for reader in (one for name, one in READERS.items() if name != "oruk"):
        info = reader.source(Path("x.csv"))
        assert all([info.slug, info.name, info.publisher, info.licence, info.attribution])
        assert info.slug == info.slug.casefold()


class TestCareHomes:
    def test_the_active_locations_spreadsheet(self, tmp_path: Path) -> None:
        path = write(
            tmp_path / "2024-05_hsca_active_locations.csv",
            {
                "Location ID": "1-100",
                "Care home?": "Y",
                "Location Name": "Oak House",
                "Care homes beds": "32",
                "Location Telephone Number": "01616275874",
                "Location Web Address": "www.oak.example",
                "Location Street Address": "1 Mill Lane",
                "Location City": "Oldham",
                "Location Postal Code": "OL1 1AA",
                "Location Local Authority": "Oldham",
                "Location Latitude": "53.54",
                "Location Longitude": "-2.11",
            },
            {"Location ID": "1-101", "Care home?": "N", "Location Name": "Home Carers"},
        )
        home, skipped = read(cqc, path)
        assert isinstance(skipped, Skipped)
        assert (home.source_key, home.beds, home.lad_name) == ("1-100", 32, "Oldham")
        assert (home.lon, home.lat) == (-2.11, 53.54)
        assert home.address == "1 Mill Lane, Oldham"
        assert cqc.as_of(path, OPTIONS) == dt.date(2024, 5, 1)

    @pytest.mark.parametrize(
        ("cell", "beds"), [("32.0", 32), ("about 30", "about 30"), ("-5", "-5"), ("N/A", None)]
    )
    def test_beds_that_are_no_number_stay_as_they_are_written(
        self, tmp_path: Path, cell: str, beds: int | str | None
    ) -> None:
        row = {"Location ID": "1-100", "Care home?": "Y", "Location Name": "Oak House"}
        row["Care homes beds"] = cell
        [home] = read(cqc, write(tmp_path / "homes.csv", row))
        assert home.beds == beds

    def test_the_directory(self, tmp_path: Path) -> None:
        path = write(
            tmp_path / "directory.csv",
            {
                "Name": "Oak House",
                "Address": "1 Mill Lane, Oldham",
                "Postcode": "OL1 1AA",
                "Phone number": "0161 627 5874",
                "Service types": "Residential homes",
                "Local authority": "Oldham",
                "CQC Location ID (for office use only)": "1-100",
            },
            {
                "Name": "Visiting Carers",
                "Postcode": "OL1 1AB",
                "Service types": "Homecare agencies",
                "CQC Location ID (for office use only)": "1-101",
            },
        )
        assert cqc.recognises(path, columns_of(path))
        home, skipped = read(cqc, path)
        assert (home.source_key, home.kind, home.description) == (
            "1-100",
            AssetKind.CARE_HOME,
            "Residential home",
        )
        assert isinstance(skipped, Skipped)

    def test_a_home_keeps_its_key_however_it_is_spelled(self, tmp_path: Path) -> None:
        columns = (
            "type",
            "address",
            "telephone",
            "website",
            "area_name",
            "area_code",
            "lon",
            "lat",
        )
        blank = dict.fromkeys(columns, "")
        keys = [
            read(cqc, write(tmp_path / "list.csv", {"name": name, "postcode": code} | blank))[0]
            for name, code in (("St. Anne's Home", "OL1 1AA"), ("ST ANNES HOME", "ol11aa"))
        ]
        assert keys[0].source_key == keys[1].source_key
        assert (keys[0].lon, keys[0].lat) == (None, None)

    def test_a_home_without_a_name_is_a_problem(self, tmp_path: Path) -> None:
        columns = ("type", "address", "telephone", "area_name", "area_code", "lon", "lat")
        row = {"name": "NA", "postcode": "OL1 1AA"} | dict.fromkeys(columns, "")
        assert read(cqc, write(tmp_path / "l.csv", row))[0].reason is ProblemReason.MISSING_FIELD

    def test_a_table_without_names_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(MissingColumns, match="name of the home"):
            read(cqc, write(tmp_path / "l.csv", {"CQC Location ID": "1", "Beds": "3"}))


class TestPractices:
    ROW = (
        '"A81001","THE SURGERY","Y63","QHM","1 LANE","","","","","TS18 1HU","19740401","","A","B",'
        '"16C","20200401","","01642 672351","","","","0","","16C","","4",""\n'
    )

    def test_the_first_row_tells_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "epraccur.csv"
        header = self.ROW.strip().replace('"', "").split(",")
        assert ods.recognises(path, header)
        assert ods.recognises(path, header[:26])  # the empty last column cut off
        assert not ods.recognises(path, ["BD1 1AF", "10", "416000", "433000"])
        assert not ods.recognises(path, None)

    @pytest.mark.parametrize(
        ("old", "new", "kind"),
        [
            ("", "", AssetRecord),
            ('"A","B"', '"C","B"', Skipped),
            ('"4",""', '"9",""', Skipped),
            ('"THE SURGERY"', '" "', Problem),
        ],
    )
    def test_what_becomes_of_a_row(self, tmp_path: Path, old: str, new: str, kind: type) -> None:
        path = tmp_path / "epraccur.csv"
        path.write_text(self.ROW.replace(old, new) if old else self.ROW, encoding="utf-8")
        assert [type(item) for item in read(ods, path)] == [kind]


class TestLibraries:
    def row(self, **cells: str) -> dict[str, str]:
        columns = ["Local authority", "Library name", "Postcode", "Type of library", "Year closed",
                   "Co-located", "Special hours", "Notes"]  # fmt: skip
        hours = [f"{day} staffed hours" for day in WEEKDAYS]
        plain = dict.fromkeys([*columns, *hours], "")
        return plain | {"Local authority": "Oldham", "Library name": "Delph"} | cells

    def test_hours_in_two_spans(self, tmp_path: Path) -> None:
        row = self.row(**{"Monday staffed hours": "10:00-13:00, 14:00-17:00"})
        library = read(libraries, write(tmp_path / "l.csv", row))[0]
        assert library.name == "Delph Library"
        assert [h.opens_at for h in library.opening_hours] == ["10:00", "14:00"]

    def test_hours_that_cannot_be_read_cost_the_hours_only(self, tmp_path: Path) -> None:
        row = self.row(**{"Monday staffed hours": "ring first"})
        doubt, library = read(libraries, write(tmp_path / "l.csv", row))
        assert doubt.is_stored
        assert "ring first" in doubt.message
        assert library.opening_hours is None

    def test_a_library_without_a_name_is_a_problem(self, tmp_path: Path) -> None:
        row = self.row(**{"Library name": " "})
        assert isinstance(read(libraries, write(tmp_path / "l.csv", row))[0], Problem)


class TestMobileLibraries:
    def row(self, **cells: str) -> dict[str, str]:
        return {
            "organisation": "York", "mobile": "Mobile", "route": "D1", "community": "Hessay",
            "stop": "The Green", "address": "Hessay", "postcode": "", "geox": "-1.2",
            "geoy": "53.97", "day": "Thursday", "type": "Public", "arrival": "10:00",
            "departure": "10:45", "frequency": "FREQ=WEEKLY;INTERVAL=2", "start": "2019-09-12",
            "end": "", "exceptions": "", "timetable": "",
        } | cells  # fmt: skip

    def test_a_stop_its_service_and_its_visit(self, tmp_path: Path) -> None:
        service, stop, visit = read(mobile_libraries, write(tmp_path / "m.csv", self.row()))
        assert (service.kind, service.name) == (AssetKind.GROUP, "York mobile library")
        assert service.interests == ()
        assert (stop.kind, stop.lon, stop.lat) == (AssetKind.VENUE, -1.2, 53.97)
        assert isinstance(visit, ActivityRecord)
        assert (visit.organizer_key, visit.venue_key) == (service.source_key, stop.source_key)
        assert visit.schedules[0].rrule == "FREQ=WEEKLY;INTERVAL=2"

    def test_an_end_and_exceptions_are_kept(self, tmp_path: Path) -> None:
        row = self.row(end="2020-01-31", exceptions="2019-12-26;2020-01-02")
        visit = read(mobile_libraries, write(tmp_path / "m.csv", row))[-1]
        assert visit.schedules[0].rrule == "FREQ=WEEKLY;INTERVAL=2;UNTIL=20200131"
        assert visit.schedules[0].exdates == (dt.date(2019, 12, 26), dt.date(2020, 1, 2))

    @pytest.mark.parametrize(
        "cells",
        [{"frequency": "FREQ=MINUTELY"}, {"frequency": ""}, {"start": "soon"}, {"arrival": "ten"}],
    )
    def test_a_timetable_that_cannot_be_read_leaves_the_stop(
        self, tmp_path: Path, cells: dict[str, str]
    ) -> None:
        found = read(mobile_libraries, write(tmp_path / "m.csv", self.row(**cells)))
        doubts = [item for item in found if isinstance(item, Problem)]
        assert [d.reason for d in doubts] == [ProblemReason.UNREADABLE_VALUE]
        assert found[-1].schedules == ()

    def test_a_day_that_disagrees_with_the_start_is_said(self, tmp_path: Path) -> None:
        found = read(mobile_libraries, write(tmp_path / "m.csv", self.row(day="Friday")))
        doubt = next(item for item in found if isinstance(item, Problem))
        assert "2019-09-12, is a Thursday" in doubt.message
        assert found[-1].schedules[0].starts_on == dt.date(2019, 9, 12)


def test_readers_refuse_tables_without_their_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "wrong.csv", {"colour": "red", "size": "large"})
    for reader in (libraries, mobile_libraries, pharmacies, food_banks, sports_clubs,
                   polling_stations):  # fmt: skip
        with pytest.raises(MissingColumns):
            read(reader, path)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("Mon-Fri 09:00-17:00", [(day, "09:00", "17:00") for day in range(5)]),
        ("Tuesday 2-4pm; Sat 10.30am to noon", [(1, "14:00", "16:00"), (5, "10:30", "12:00")]),
        ("Mon, Wed & Fri: 9am-12noon", [(day, "09:00", "12:00") for day in (0, 2, 4)]),
        ("Sun 10:00-12:00, 13:00-15:00", [(6, "10:00", "12:00"), (6, "13:00", "15:00")]),
        ("Sat-Mon 18:00-00:00", [(day, "18:00", "23:59") for day in (0, 5, 6)]),
        ("closed", []),
    ],
)
def test_hours_in_a_line(text: str, spans: list[tuple[int, str, str]]) -> None:
    found = hours_in_line(text)
    assert found is not None
    assert [(h.weekday, h.opens_at, h.closes_at) for h in found] == spans


@pytest.mark.parametrize(
    "text", ["09:00-17:00", "Mon", "Mon 17:00-09:00", "Mon 25:00-26:00", "by appointment",
             "Mon 09:00-17:00 ish"],
)  # fmt: skip
def test_other_lines_are_refused(text: str) -> None:
    with pytest.raises(HoursError):
        hours_in_line(text)


def test_hours_of_a_week() -> None:
    assert hours_of_week([""] * 7) is None
    assert hours_of_week(["CLOSED"] * 7) == ()
    week = hours_of_week(["09:00-13:00:14:00-18:00", *["closed"] * 6])
    assert week is not None
    assert [h.opens_at for h in week] == ["09:00", "14:00"]


def test_cells() -> None:
    assert coordinate("") is None
    assert coordinate("NA") is None
    assert coordinate(" -2.1 ") == -2.1
    assert str(coordinate("west")) == "nan"
    assert phone_kept_as_number("1617777e3") == "1617777000"
    assert phone_kept_as_number("NA") is None
    assert joined(["The Yard", "the yard", None, " ,", "Oldham "]) == "The Yard, Oldham"
    assert key_of("St. Anne's Hall", "OL1 2dp") == "st-annes-hall/ol12dp"
    assert key_of("Oldham Council") == "oldham-council"


@pytest.mark.parametrize(
    ("name", "date", "plain"),
    [
        ("gm_care_homes_2018-09.csv", dt.date(2018, 9, 1), "gm_care_homes"),
        ("epraccur_2024.csv", dt.date(2024, 1, 1), "epraccur"),
        ("2026-05-31 list.csv", dt.date(2026, 5, 31), "list"),
        ("list_2026-02-31.csv", dt.date(2026, 2, 1), "list"),
        ("E08000032.csv", None, "e08000032"),
        ("sports_clubs.csv", None, "sports_clubs"),
        ("2024.csv", dt.date(2024, 1, 1), "2024"),
    ],
)
def test_names_of_files(name: str, date: dt.date | None, plain: str) -> None:
    assert date_in_name(Path(name)) == date
    assert name_without_date(Path(name)) == plain
