"""The asset readers on the real files, against an independent look with pandas."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import shapely

from app.activities.clock import WEEKDAYS
from app.importers.files import columns_of, read_features
from app.importers.options import ReadOptions
from app.importers.readers import (
    READERS,
    cqc,
    food_banks,
    libraries,
    mobile_libraries,
    ods,
    osm,
    pharmacies,
    polling_stations,
    sports_clubs,
)
from app.importers.records import ActivityRecord, AssetRecord, Problem, Skipped
from app.models import AssetKind, LocationSource, ProblemReason

pytestmark = pytest.mark.real_data

OPTIONS = ReadOptions(today=dt.date(2026, 6, 1))
# No table or map of ours: a licence, a street network, somebody else's walking areas.
NO_READER = {
    "README.md",
    "licence.txt",
    "ketton_-0.5528843_52.628572_foot-walking_destination.geojson",
    "oakham_-0.7258676_52.6693737_foot-walking_destination.geojson",
}


def read(reader: Any, path: Path) -> dict[type, list[Any]]:
    found: dict[type, list[Any]] = {AssetRecord: [], ActivityRecord: [], Problem: [], Skipped: []}
    for item in reader.read(path, OPTIONS):
        found[type(item)].append(item)
    return found


def table(path: Path, **options: Any) -> pd.DataFrame:
    frame: pd.DataFrame = pd.read_csv(path, dtype=str, keep_default_na=False, **options)
    return frame


def test_exactly_one_reader_takes_each_real_file(real_data: Path) -> None:
    takers = {}
    for path in sorted(real_data.rglob("*")):
        if path.is_file():
            header = columns_of(path)
            takers[path] = [r.NAME for r in READERS.values() if r.recognises(path, header)]
    assert len(takers) > 80
    wrong = {
        p.name: names for p, names in takers.items() if len(names) != (p.name not in NO_READER)
    }
    assert wrong == {}
    folders = {(path.parent.name, *names) for path, names in takers.items() if names}
    assert folders >= {
        ("care_homes", "cqc"),
        ("nhs", "ods"),
        ("nhs", "pharmacies"),
        ("osm_bradford", "osm"),
        ("libraries", "libraries"),
        ("mobile_libraries", "mobile_libraries"),
        ("community", "food_banks"),
        ("community", "sports_clubs"),
        ("community", "polling_stations"),
    }


def test_active_gp_practices_become_surgeries(real_data: Path) -> None:
    path = real_data / "nhs" / "epraccur_2024.csv"
    raw = table(path, header=None)
    active = raw[(raw[12] == "A") & (raw[25] == "4")]
    found = read(ods, path)
    assert {a.source_key for a in found[AssetRecord]} == set(active[0])
    assert len(found[AssetRecord]) == len(active) == 6750
    assert len(found[Skipped]) == len(raw) - len(active)
    assert {a.kind for a in found[AssetRecord]} == {AssetKind.SURGERY}
    by_code = {a.source_key: a for a in found[AssetRecord]}
    assert by_code["A81001"].postcode == "TS18 1HU"
    assert by_code["A81001"].address.startswith("THE HEALTH CENTRE, LAWSON STREET")
    # The first address line says the name again, so it is left out
    assert by_code["A81005"].address == "RECTORY LANE, GUISBOROUGH"
    assert "A81003" not in by_code
    assert ods.as_of(path, OPTIONS) == dt.date(2024, 1, 1)
    why = Counter(s.why for s in found[Skipped])
    assert why["GP practice that is closed"] == ((raw[12] == "C") & (raw[25] == "4")).sum()


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("gm_care_homes_2018-09.csv", dt.date(2018, 9, 1)),
        ("gm_care_homes_2019-04.csv", dt.date(2019, 4, 1)),
    ],
)
def test_care_homes(real_data: Path, name: str, date: dt.date) -> None:
    path = real_data / "care_homes" / name
    raw = table(path)
    homes = read(cqc, path)[AssetRecord]
    assert len(homes) == len(raw)
    assert {h.kind for h in homes} == {AssetKind.CARE_HOME}
    assert [h.lon for h in homes] == [float(lon) for lon in raw["lon"]]
    assert [h.lat for h in homes] == [float(lat) for lat in raw["lat"]]
    assert [h.lad_code for h in homes] == list(raw["area_code"])
    assert cqc.as_of(path, OPTIONS) == date
    assert cqc.scope(path, OPTIONS) == "gm_care_homes"
    doors = raw["name"].str.casefold() + raw["postcode"]
    assert len({h.source_key for h in homes}) == doors.nunique()
    assert {h.website for h in homes if h.website} == set(raw["website"]) - {"NA"}
    phones = [h.phone for h in homes]
    assert not any("e" in phone for phone in phones if phone)
    assert phones.count(None) == (raw["telephone"] == "NA").sum()


def test_most_homes_keep_their_key_from_one_date_to_the_next(real_data: Path) -> None:
    older, newer = (
        {a.source_key for a in read(cqc, path)[AssetRecord]}
        for path in sorted((real_data / "care_homes").glob("*.csv"))
    )
    raw = [
        set(zip(frame["name"], frame["postcode"], strict=True))
        for frame in map(table, sorted((real_data / "care_homes").glob("*.csv")))
    ]
    assert len(older & newer) == len(raw[0] & raw[1])
    assert len(older - newer) == len(raw[0] - raw[1]) > 10


def test_libraries(real_data: Path) -> None:
    spans_seen = 0
    for path in sorted((real_data / "libraries").glob("*.csv")):
        raw = table(path)
        still_open = raw[raw["Year closed"] == ""]
        found = read(libraries, path)
        assert len(found[AssetRecord]) == len(still_open)
        assert len(found[Skipped]) == len(raw) - len(still_open)
        assert found[Problem] == []
        assert [a.postcode for a in found[AssetRecord]] == list(still_open["Postcode"])
        assert len({a.source_key for a in found[AssetRecord]}) == len(found[AssetRecord])
        hours = still_open[[f"{day} staffed hours" for day in WEEKDAYS]]
        for asset, (_, cells) in zip(found[AssetRecord], hours.iterrows(), strict=True):
            spans = [span for cell in cells for span in cell.split(",") if span.strip()]
            read_back = [f"{h.opens_at}-{h.closes_at}" for h in asset.opening_hours or ()]
            assert read_back == [span.strip() for span in spans]
            assert (asset.opening_hours is None) == (not spans)
            spans_seen += len(spans)
    assert spans_seen > 1000


def test_a_library_by_hand(real_data: Path) -> None:
    found = read(libraries, real_data / "libraries" / "oldham_metropolitan_borough_council.csv")
    delph = next(a for a in found[AssetRecord] if a.name == "Delph Library")
    assert delph.description == (
        "Public library. Run by the community with the council."
        " Shares its building with: Millgate Arts Centre."
    )
    assert [(h.weekday, h.opens_at) for h in delph.opening_hours][:2] == [
        (1, "14:00"),
        (2, "14:00"),
    ]
    assert delph.email == "delph.library@outlook.com"


def test_mobile_library_stops(real_data: Path) -> None:
    doubts = 0
    for path in sorted((real_data / "mobile_libraries").glob("*.csv")):
        raw = table(path)
        found = read(mobile_libraries, path)
        stops = [a for a in found[AssetRecord] if a.kind is AssetKind.VENUE]
        services = [a for a in found[AssetRecord] if a.kind is AssetKind.GROUP]
        assert len(stops) == len(found[ActivityRecord]) == len(raw)
        assert len({a.source_key for a in found[AssetRecord]}) == len(found[AssetRecord])
        assert len(services) == 1
        assert {a.organizer_key for a in found[ActivityRecord]} == {services[0].source_key}
        assert [a.venue_key for a in found[ActivityRecord]] == [s.source_key for s in stops]
        assert [s.lon for s in stops] == [float(x) for x in raw["geox"]]
        times = [a.schedules[0] for a in found[ActivityRecord]]
        assert [f"{t.starts_on}" for t in times] == list(raw["start"])
        assert [f"{t.opens_at:%H:%M}" for t in times] == list(raw["arrival"])
        assert {t.rrule for t in times} == {"FREQ=WEEKLY;INTERVAL=2"}
        assert not any(a.comes_to_homes for a in found[ActivityRecord])
        starts = pd.to_datetime(raw["start"]).dt.day_name()
        assert [p.row_number - 2 for p in found[Problem]] == list(raw.index[starts != raw["day"]])
        assert all(p.is_stored for p in found[Problem])
        doubts += len(found[Problem])
    assert doubts == 7


def test_pharmacies(real_data: Path) -> None:
    path = real_data / "nhs" / "gm_pharmacies.csv"
    raw = table(path)
    found = read(pharmacies, path)
    assert found[Problem] == []
    assert [a.source_key for a in found[AssetRecord]] == list(raw["organisation_data_service_code"])
    for asset, (_, row) in zip(found[AssetRecord], raw.iterrows(), strict=True):
        cells = [row[f"opening_hours_{day.casefold()}"] for day in WEEKDAYS]
        clocks = [re.findall(r"\d\d:\d\d", cell) for cell in cells]
        for day, expected in enumerate(clocks):
            of_day = [h for h in asset.opening_hours if h.weekday == day]
            said = [clock for h in of_day for clock in (h.opens_at, h.closes_at)]
            assert said == [c.replace("00:00", "23:59") if i % 2 else c
                            for i, c in enumerate(expected)]  # fmt: skip


def test_food_banks_have_names_of_their_own(real_data: Path) -> None:
    path = real_data / "community" / "gm_food_banks.csv"
    raw = table(path)
    found = read(food_banks, path)
    assert len(found[AssetRecord]) == len(raw) == 171
    assert found[Problem] == []
    assert len({a.source_key for a in found[AssetRecord]}) == 171
    names = Counter(a.name for a in found[AssetRecord])
    assert names["Trussell Trust"] == 0
    assert names["Trussell Trust at The Well"] == 1
    said = [a.description for a in found[AssetRecord]]
    assert sum("Open: " in text for text in said) > 130
    assert not any("Not known" in text or "\n" in text for text in said)
    assert all("." in a.website for a in found[AssetRecord] if a.website)


def test_sports_clubs(real_data: Path) -> None:
    path = real_data / "community" / "sports_clubs.csv"
    raw = table(path)
    clubs = read(sports_clubs, path)[AssetRecord]
    assert [c.name for c in clubs] == [" ".join(name.split()) for name in raw["name"]]
    bowls = sum("bowls" in c.interests for c in clubs)
    assert bowls == raw["category"].str.contains("Bowling").sum() == 27


def test_polling_stations(real_data: Path) -> None:
    path = real_data / "community" / "gm_polling_stations.csv"
    raw = table(path)
    found = read(polling_stations, path)
    assert len(found[AssetRecord]) + len(found[Skipped]) + len(found[Problem]) == len(raw) == 700
    assert len({a.source_key for a in found[AssetRecord]}) == len(found[AssetRecord])
    names = {a.name for a in found[AssetRecord]}
    assert not any(re.search("mobile|temporary|polling station", n, re.IGNORECASE) for n in names)
    assert {"St Anne's Parish Hall", "Welcome Centre", "3RD Hazel Grove Scout Hq"} <= names
    assert [p.raw["name"] for p in found[Problem]] == ["38 Meldon Road"]


def test_openstreetmap_places(real_data: Path) -> None:
    keys: dict[str, str] = {}
    for path in sorted((real_data / "osm_bradford").glob("*.geojson")):
        frame = read_features(path)
        found = read(osm, path)
        rows = [item.row_number for items in found.values() for item in items]
        assert sorted(rows) == list(range(1, len(frame) + 1))
        assert osm.count_rows(path) == len(frame)
        assert len({a.source_key for a in found[AssetRecord]}) == len(found[AssetRecord])
        for asset in found[AssetRecord]:
            shape = frame.geometry.iloc[asset.row_number - 1]
            point = shapely.Point(asset.lon, asset.lat)
            assert shape.distance(point) < 1e-9
            is_point = shape.geom_type == "Point"
            assert (asset.location_source is LocationSource.GIVEN) == is_point
            assert is_point == asset.source_key.startswith("n")
            assert keys.setdefault(asset.source_key, asset.name) == asset.name
        for problem in found[Problem]:
            if problem.reason is ProblemReason.MAY_BE_A_REFUGE:
                assert problem.raw is None
                assert problem.name is None
    assert len(keys) > 1500


def test_openstreetmap_things_by_hand(real_data: Path) -> None:
    folder = real_data / "osm_bradford"
    library = read(osm, folder / "bradford-amenities-library.geojson")[AssetRecord]
    priestley = next(a for a in library if a.name == "JB Priestley Library")
    # A relation, as a collection of a line and a polygon
    assert priestley.source_key == "r9415355"
    assert set(priestley.interests) == {"libraries", "reading"}
    pitches = read(osm, folder / "bradford-leisure-pitch.geojson")
    raw = read_features(folder / "bradford-leisure-pitch.geojson")
    tagged = [a for a in pitches[AssetRecord] if "bowls" in a.interests]
    assert len(tagged) == raw["sport"].fillna("").str.contains("bowls").sum() == 72
    unnamed = [a for a in tagged if a.name == "Bowling green (name not known)"]
    greens = raw[raw["sport"].fillna("").str.contains("bowls")]
    assert len(unnamed) == greens["name"].isna().sum() > 10
    allotments = read(osm, folder / "bradford-landusage-allotments.geojson")[AssetRecord]
    assert len(allotments) == 93
    assert Counter(a.name for a in allotments)["Allotments (name not known)"] == 44
    doctors = read(osm, folder / "bradford-amenities-doctors.geojson")[AssetRecord]
    farfield = next(a for a in doctors if a.name == "Farfield Group Practice")
    assert farfield.source_key == "r11672351"
    assert farfield.access == ("step_free",)


def test_one_object_in_two_files_has_one_key(real_data: Path) -> None:
    folder = real_data / "osm_bradford"
    district, county = (
        {a.source_key for a in read(osm, folder / f"{name}.geojson")[AssetRecord]}
        for name in (
            "bradford-amenities-social_facility",
            "west-yorkshire-amenities-social_facility",
        )
    )
    assert len(district & county) > 15
    scopes = {osm.scope(path, OPTIONS) for path in folder.glob("*.geojson")}
    assert len(scopes) == len(list(folder.glob("*.geojson")))
