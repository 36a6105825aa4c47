"""Every reader against everything that is not its file: one clear sentence, nothing lost."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.errors import FileRefused
from app.importers.files import columns_of
from app.importers.readers import READERS, recognise
from app.importers.run import load_file
from tests.importers.files import feature, polygon, write_assets, write_features, write_wards

NAMES = sorted(READERS)
HEADER = "id,kind,name,lon,lat\n"
ROW = "p1,venue,Town Hall,-1.7534,53.7924\n"


def zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("places.csv", HEADER + ROW)
    return content.getvalue()


def junk() -> Iterator[tuple[str, bytes]]:
    yield "empty.csv", b""
    yield "spaces.csv", b"  \n \n"
    yield "zip.csv", zipped()
    yield "zip.xlsx", zipped()
    yield "noise.csv", bytes(range(256)) * 40
    yield "web page.csv", b"<html><body>Sign in to the Wi-Fi</body></html>"
    yield "cut off.geojson", b'{"type": "FeatureCollection", "features": [{"type": "Featu'
    yield "list.geojson", b"[1, 2, 3]"
    yield "no features.json", b'{"type": "FeatureCollection", "features": []}'
    yield "broken.gpkg", b"SQLite format 3\x00" + b"\x00" * 500
    yield "broken.shp", b"\x00\x00\x27\x0a" + b"\x00" * 20
    yield "words.txt", b"The quick brown fox jumps over the lazy dog.\n" * 20


JUNK = dict(junk())


def as_it_was(connection: sa.Connection) -> list[object]:
    tables = ("assets", "activities", "areas", "postcodes", "area_figures", "area_lookups")
    counts = [f"SELECT count(*) FROM {table}" for table in tables]
    return [connection.execute(sa.text(statement)).scalar_one() for statement in counts]


@pytest.fixture
def with_an_asset(connection: sa.Connection, tmp_path: Path) -> sa.Connection:
    load_file(connection, write_assets(tmp_path, [{"name": "Town Hall"}], name="before.csv"))
    return connection


@pytest.mark.parametrize("reader", NAMES)
@pytest.mark.parametrize("name", sorted(JUNK))
def test_no_reader_takes_junk(
    with_an_asset: sa.Connection, tmp_path: Path, reader: str, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(JUNK[name])
    before = as_it_was(with_an_asset)
    with pytest.raises(FileRefused) as caught:
        load_file(with_an_asset, path, reader=reader)
    sentence = str(caught.value)
    assert name in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert as_it_was(with_an_asset) == before
    assert recognise(path) is None


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("noise.csv", JUNK["noise.csv"], "is not a text file"),
        ("rutland.osm.pbf", b"\0\0\0\x0e\n\tOSMHeader" + bytes(500), "may be cut off"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(50), "is a picture"),
        ("zip.csv", JUNK["zip.csv"], "is a zip file: unzip it"),
        ("cut off.xlsx", JUNK["zip.xlsx"][:60], "is a damaged spreadsheet"),
        ("text.xlsx", b"id,kind\n", "in no format we know"),
        ("cut off.geojson", JUNK["cut off.geojson"], "it breaks off or is damaged at line 1"),
        ("no features.json", JUNK["no features.json"], "has no features in it"),
        ("broken.gpkg", JUNK["broken.gpkg"], "is damaged or incomplete"),
        ("half.zip", JUNK["zip.csv"][:60], "is a zip file"),
        ("gone.csv", None, "there is no such file"),
        ("words.csv", b"colour,size\nred,2\n", "in no format we know: name one with --source"),
    ],
    # A zip file holds the time it was made: no name for a test that several processes run.
    ids=lambda value: "content" if isinstance(value, bytes) else None,
)
def test_a_file_that_cannot_be_read_is_told_why(
    connection: sa.Connection, tmp_path: Path, name: str, content: bytes | None, why: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FileRefused) as caught:
        load_file(connection, path)
    assert str(caught.value).startswith(name)
    assert why in str(caught.value)


@pytest.mark.parametrize("reader", NAMES)
def test_no_reader_takes_another_readers_file(
    connection: sa.Connection, real_data: Path, reader: str
) -> None:
    samples = {
        "ods": "nhs/epraccur_2024.csv",
        "cqc": "care_homes/gm_care_homes_2018-09.csv",
        "lookup": "lookups/lookup_lsoa21_ward24_ltla24.csv",
        "postcodes": "postcodes/raw_codepoint_bd_no_header.csv",
        "areas": "wards/ward_WD25_E08000004_oldham.geojson",
        "osm": "osm_bradford/bradford-amenities-library.geojson",
        "population": "deprivation/lsoa21_population.csv",
    }
    for owner, sample in samples.items():
        if owner != reader:
            with pytest.raises(FileRefused, match=f"it looks like {owner}"):
                load_file(connection, real_data / sample, reader=reader)


def test_exactly_one_reader_recognises_each_real_file(real_data: Path) -> None:
    unknown = []
    for path in sorted(p for p in real_data.rglob("*") if p.is_file()):
        header = columns_of(path)
        found = [
            name
            for name, reader in READERS.items()
            if path.suffix.lower() in reader.SUFFIXES and reader.recognises(path, header)
        ]
        assert len(found) <= 1, (path, found)
        if not found:
            unknown.append(path.name)
    assert sorted(unknown) == [
        "README.md",
        "ketton_-0.5528843_52.628572_foot-walking_destination.geojson",
        "licence.txt",
        "oakham_-0.7258676_52.6693737_foot-walking_destination.geojson",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_usual_encoding_and_delimiter(
    connection: sa.Connection, tmp_path: Path, encoding: str, delimiter: str
) -> None:
    text = HEADER + 'p1,venue,"Café\nOlé",-1.7534,53.7924\n'
    path = tmp_path / "places.csv"
    path.write_bytes(text.replace(",", delimiter).encode(encoding))
    assert load_file(connection, path).new == 1
    assert connection.execute(sa.text("SELECT name FROM assets")).scalar_one() == "Café Olé"


@pytest.mark.parametrize("line", [b"junk,junk\n", b"\x00\x01\xff junk"])
def test_sixty_megabytes_of_junk(with_an_asset: sa.Connection, tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "junk.csv"
    path.write_bytes(line * (60_000_000 // len(line)))
    for reader in (None, "csv", "postcodes"):
        with pytest.raises(FileRefused, match=r"^junk\.csv "):
            load_file(with_an_asset, path, reader=reader)


def test_missing_columns_are_named(connection: sa.Connection, tmp_path: Path) -> None:
    path = tmp_path / "places.csv"
    path.write_text("id,lon,lat\np1,-1.7,53.8\n")
    with pytest.raises(FileRefused, match=r"kind.*name"):
        load_file(connection, path, reader="csv")


def test_a_header_without_rows(with_an_asset: sa.Connection, tmp_path: Path) -> None:
    path = tmp_path / "before.csv"
    path.write_text(HEADER)
    with pytest.raises(FileRefused, match="has a header and no rows"):
        load_file(with_an_asset, path)
    gone = with_an_asset.execute(sa.text("SELECT gone_at FROM assets")).scalar_one()
    assert gone is None


def test_rows_that_cannot_be_are_said_and_the_others_stored(
    connection: sa.Connection, tmp_path: Path
) -> None:
    path = tmp_path / "places.csv"
    path.write_text(
        HEADER
        + ROW
        + "p2,venue,Not a number,nan,53.8\n"
        + "p3,venue,Infinity,-1.75,Infinity\n"
        + "p4,venue,Too far north,-1.75,95\n"
        + "p5,venue,Swapped,53.8,-1.75\n"
        + "p6,venue,,-1.75,53.8\n"
        + "p7,venue,Hall, with a comma,-1.75,53.8\n"
        + "p1,venue,Same id,-1.75,53.8\n"
        + "p8,venue,A women's refuge,-1.75,53.8\n",
        encoding="utf-8",
    )
    report = load_file(connection, path)
    assert (report.read, report.new) == (9, 1)
    rows = connection.execute(
        sa.text("SELECT row_number, reason, message, suggestion, raw FROM import_problems"
                " WHERE NOT is_stored ORDER BY row_number")
    ).all()  # fmt: skip
    assert [(row.row_number, row.reason) for row in rows] == [
        (3, "unreadable_value"), (4, "unreadable_value"), (5, "outside_great_britain"),
        (6, "swapped_axes"), (7, "missing_field"), (8, "unreadable_value"), (9, "duplicate"),
        (10, "may_be_a_refuge"),
    ]  # fmt: skip
    assert all(row.message and row.suggestion for row in rows)
    assert rows[3].raw["lon"] == "53.8"


def test_nul_and_lone_surrogates_in_geojson(connection: sa.Connection, tmp_path: Path) -> None:
    path = write_wards(tmp_path / "w.geojson", {"E05001347": polygon(-1.75, 53.79)})
    path.write_text(path.read_text().replace("Ward 47", "Wa\\u0000rd \\ud800Forty"))
    assert load_file(connection, path).new == 1
    name = connection.execute(sa.text("SELECT name FROM areas")).scalar_one()
    assert name == "Ward Forty"


def test_nul_in_a_csv_far_down(connection: sa.Connection, tmp_path: Path) -> None:
    rows = [{"name": f"Hall {n}"} for n in range(300)]
    path = write_assets(tmp_path, rows)
    path.write_bytes(path.read_bytes().replace(b"Hall 299", b"Hall\x00 299"))
    assert load_file(connection, path).new == 300
    stored = "SELECT count(*) FROM assets WHERE name = 'Hall 299'"
    assert connection.execute(sa.text(stored)).scalar_one() == 1


def test_nan_in_geojson_is_one_features_problem(connection: sa.Connection, tmp_path: Path) -> None:
    square = polygon(-1.75, 53.79)
    broken = json.loads(json.dumps(square))
    broken["coordinates"][0][1][0] = float("nan")
    features = [
        feature({"WD25CD": "E05000001", "WD25NM": "Broken"}, broken),
        feature({"WD25CD": "E05000002", "WD25NM": "Whole"}, square),
    ]
    report = load_file(connection, write_features(tmp_path / "w.geojson", features))
    assert (report.new, report.reasons) == (1, {"invalid_geometry": 1})
