from __future__ import annotations

import warnings
import zipfile
from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest
from shapely import Point

from app.errors import FileRefused
from app.importers.files import (
    EXTRA_FIELDS,
    MissingColumns,
    columns_of,
    open_table,
    read_features,
    require_columns,
)
from geo.crs import grid_of
from tests.importers.files import feature, polygon, write_features

ROWS = [(2, {"name": "Café Olé", "note": "a, b"}), (3, {"name": "O’Brien", "note": ""})]
TEXT = 'name,note\nCafé Olé,"a, b"\nO’Brien,\n'


@pytest.mark.parametrize(
    ("content", "row"),
    [
        (b"id,name\n1,Good\n\n2,\xed\xa0\x80 Hall\n", 4),
        (b'id,name\n1,"Two\nlines"\n2,"Half\n\xed\xbf\xbf"\n', 3),
        (b"\xef\xbb\xbfid;\xed\xb8\x80\n1;Good\n", 1),
        # Both halves, each written by itself: still no UTF-8.
        ("id,name\n1,Caf\u00e9\n2,".encode() + b"\xed\xa0\xbd\xed\xb8\x80\n", 3),
        (b"id,name\n" + b"1,Good\n" * 100_000 + b"2,\xed\xa0\x80\n", 100_002),
    ],
)
def test_half_a_character_is_refused_with_its_row(tmp_path: Path, content: bytes, row: int) -> None:
    path = tmp_path / "places.csv"
    path.write_bytes(content)
    with pytest.raises(FileRefused, match=rf"^places.csv has half a character .* in row {row},"):
        open_table(path)


def test_half_a_character_in_an_endless_field_is_refused_too(tmp_path: Path) -> None:
    path = tmp_path / "places.csv"
    path.write_bytes(b'id,name\n1,"' + b"never closed \n" * 20_000 + b"\xed\xa0\x80")
    with pytest.raises(FileRefused, match="save it as CSV in UTF-8"):
        open_table(path)


def test_what_is_no_utf_8_for_another_reason_stays_windows_1252(tmp_path: Path) -> None:
    path = tmp_path / "places.csv"
    path.write_bytes(b"id,name\n1,Caf\xe9\n")
    assert [row for _, row in open_table(path).rows()] == [{"id": "1", "name": "Caf\u00e9"}]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
def test_encodings_are_told_apart(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(TEXT.encode(encoding))
    table = open_table(path)
    assert table.header == ["name", "note"]
    assert list(table.rows()) == ROWS


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_told_apart(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "table.csv"
    lines = [["a", "b", "c"], ["1", "x, y; z" if delimiter == "|" else "x", "3"]]
    path.write_text("\r\n".join(delimiter.join(line) for line in lines))
    table = open_table(path)
    assert table.delimiter == delimiter
    assert next(table.rows())[1]["c"] == "3"


def test_rows_are_counted_as_people_count_them(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text('a,b\n"two\nlines",1\n\nshort\nlong,2,oops, again\n')
    rows = list(open_table(path).rows())
    assert [number for number, _ in rows] == [2, 4, 5]
    assert rows[0][1] == {"a": "two\nlines", "b": "1"}
    assert rows[1][1] == {"a": "short", "b": ""}
    assert rows[2][1][EXTRA_FIELDS] == "oops,  again"


def test_a_file_without_header_begins_at_row_1(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("x,1\ny,2\n")
    assert list(open_table(path, header=["name", "n"]).rows())[1] == (2, {"name": "y", "n": "2"})


def test_missing_columns_are_all_named(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("name,town\nA,B\n")
    with pytest.raises(MissingColumns, match="no columns postcode, lon") as caught:
        require_columns(open_table(path), ["name", "postcode", "lon"])
    assert caught.value.header == ["name", "town"]


def test_a_spreadsheet_is_a_table(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["name", "phone", None])
    sheet.append(["Hall", 1274432000])
    path = tmp_path / "table.xlsx"
    book.save(path)
    table = open_table(path)
    assert table.header == ["name", "phone"]
    assert list(table.rows()) == [(2, {"name": "Hall", "phone": "1274432000"})]


def test_a_spreadsheet_that_declares_gigabytes_is_refused_unopened(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 250_000_000)
    assert path.stat().st_size < 400_000
    with pytest.raises(FileRefused, match="would unpack to 250 MB"):
        open_table(path)


def test_one_stray_cell_far_below_does_not_make_a_million_rows(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["name"])
    sheet.append(["Hall"])
    sheet["XFD1048576"] = "stray"
    path = tmp_path / "sparse.xlsx"
    book.save(path)
    assert [row for _, row in open_table(path).rows()] == [{"name": "Hall"}]


def bytes_of(name: str) -> bytes:
    return {
        "empty": b"",
        "blank": b" \n\n",
        "zip": b"PK\x03\x04" + b"0" * 100,
        "pdf": b"%PDF-1.7\n" + b"1" * 100,
        "gzip": b"\x1f\x8b\x08" + b"\x00" * 100,
        "picture": b"\x89PNG\r\n\x1a\n" + b"\x00" * 100,
        "web page": b"<!DOCTYPE html><html><body>Wi-Fi login</body></html>",
        "geojson": b'{"type": "FeatureCollection", "features": []}',
        "binary": bytes(range(256)) * 100,
        "one line": b"a," * 2_000_000,
        "one field": b'name,note\nx,"' + b"never closed\n" * 20_000,
        "broken utf-16": "name,town\nHall,\ud800x\n".encode("utf-16", "surrogatepass"),
    }[name]


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("empty", "is empty"),
        ("blank", "is empty"),
        ("zip", "is a zip file: unzip it"),
        ("pdf", "is a PDF"),
        ("gzip", "is a compressed file"),
        ("picture", "is a picture"),
        ("web page", "is a web page"),
        ("geojson", "is JSON, not a table"),
        ("binary", "is not a text file"),
        ("one line", "more than 1,000,000 characters"),
        ("one field", "a quotation mark may be missing"),
        ("broken utf-16", "is not readable text"),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(
    tmp_path: Path, what: str, sentence: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(bytes_of(what))
    with pytest.raises(FileRefused, match=sentence) as caught:
        list(open_table(path).rows())
    assert str(caught.value).startswith("table.csv ")
    assert "\n" not in str(caught.value)


def test_sixty_megabytes_of_junk_are_refused_quickly(tmp_path: Path) -> None:
    path = tmp_path / "junk.csv"
    path.write_bytes(b"\x07\x00junk\xff\xfe" * 7_500_000)
    with pytest.raises(FileRefused, match="is not a text file"):
        open_table(path)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="no such file"):
        open_table(tmp_path / "nowhere.csv")
    with pytest.raises(FileRefused, match="is a folder"):
        open_table(tmp_path)


def test_features_keep_their_values_and_order(tmp_path: Path) -> None:
    path = write_features(
        tmp_path / "a.geojson",
        [
            feature({"n": 7, "date": "2020-01-01"}, {"type": "Point", "coordinates": [-1.7, 53.8]}),
            feature({"n": None}, None),
            feature({"extra": "x"}, {"type": "Point", "coordinates": ["no", 53.8]}),
        ],
    )
    frame = read_features(path)
    assert frame.crs == "EPSG:4326"
    assert frame["n"].tolist()[:1] == [7]
    assert frame["date"][0] == "2020-01-01"
    assert frame.geometry.isna().tolist() == [False, True, True]
    assert columns_of(path) == ["n", "date", "extra"]


def test_grid_values_without_a_crs_are_known_by_their_size(tmp_path: Path) -> None:
    easting, northing = grid_of(-1.7534, 53.7924)
    shape = {"type": "Point", "coordinates": [easting, northing]}
    frame = read_features(write_features(tmp_path / "a.geojson", [feature({}, shape)]))
    assert frame.geometry[0].distance(Point(-1.7534, 53.7924)) < 1e-5


@pytest.mark.parametrize("crs", ["urn:ogc:def:crs:EPSG::27700", "EPSG:27700"])
def test_a_declared_crs_is_honoured(tmp_path: Path, crs: str) -> None:
    easting, northing = grid_of(-1.7534, 53.7924)
    shape = {"type": "Point", "coordinates": [easting, northing]}
    member = {"type": "name", "properties": {"name": crs}}
    frame = read_features(write_features(tmp_path / "a.json", [feature({}, shape)], crs=member))
    assert frame.geometry[0].distance(Point(-1.7534, 53.7924)) < 1e-5


@pytest.mark.parametrize("suffix", [".shp", ".gpkg"])
@pytest.mark.parametrize("crs", ["EPSG:27700", None])
def test_shapefiles_and_geopackages(tmp_path: Path, suffix: str, crs: str | None) -> None:
    frame = gpd.GeoDataFrame(
        {"WD25CD": ["E05001347"]}, geometry=[Point(*grid_of(-1.7534, 53.7924)).buffer(100)], crs=crs
    )
    path = tmp_path / f"wards{suffix}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyogrio warns of the missing CRS we want
        frame.to_file(path, engine="pyogrio")
    read = read_features(path)
    assert read["WD25CD"].tolist() == ["E05001347"]
    assert read.geometry[0].centroid.distance(Point(-1.7534, 53.7924)) < 1e-4
    assert columns_of(path) == ["WD25CD"]


def test_a_shapefile_without_its_companions_is_refused(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"a": [1]}, geometry=[Point(-1.7, 53.8)], crs="EPSG:4326")
    frame.to_file(tmp_path / "a.shp", engine="pyogrio")
    (tmp_path / "a.shx").unlink()
    path = tmp_path / "a.shp"
    path.write_bytes(path.read_bytes()[:90])
    with pytest.raises(FileRefused):
        read_features(path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"type": "FeatureCollection", "features": [{"type": "Fea', "breaks off"),
        ('{"type": "FeatureCollection"}', "without a list of features"),
        ('{"type": "FeatureCollection", "features": []}', "has no features"),
        ('{"type": "Topology"}', "not a GeoJSON FeatureCollection"),
        ("[" * 100_000, "breaks off"),
        ("name,postcode\n", "is plain text"),
        ('{"type":"FeatureCollection","crs":{"properties":{"name":"moon"}},"features":[{}]}',
         "coordinate system we do not know"),
    ],
)  # fmt: skip
def test_what_is_no_map_file_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "a.geojson"
    path.write_text(text)
    with pytest.raises(FileRefused, match=sentence):
        read_features(path)


def test_a_geojson_cut_off_anywhere_is_refused_or_says_less(tmp_path: Path) -> None:
    whole = write_features(tmp_path / "a.geojson", [feature({"a": 1}, polygon(-1.7, 53.8))])
    text = whole.read_text()
    for length in range(1, len(text) - 1, 7):
        whole.write_text(text[:length])
        with pytest.raises(FileRefused):
            read_features(whole)
