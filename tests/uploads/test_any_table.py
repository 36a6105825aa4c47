"""Whatever map or table file somebody has is read alike; dangerous ones are refused cheaply."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from app.errors import FileRefused
from app.importers.any_table import LAT, LON, keep_upload, open_any
from app.importers.options import ColumnChoice
from app.importers.readers.mapped import matched
from app.uploads.guessing import guess_columns

NAMES = ["Hall <b>", "=1+1", "Ünï’s"]
POINTS = [shapely.Point(-1.76, 53.84), shapely.Point(-1.77, 53.85), shapely.Point(-1.78, 53.86)]


def frame(crs: int = 4326) -> gpd.GeoDataFrame:
    made = gpd.GeoDataFrame({"Name": NAMES, "Beds": [1, 2, 3]}, geometry=POINTS, crs=4326)
    return made.to_crs(crs)


def _zip(path: Path, *files: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, f"folder/{file.name}")
    return path


def _shapefile(folder: Path) -> Path:
    frame(27700).to_file(folder / "halls.shp")
    return _zip(folder / "halls.zip", *(f for f in folder.iterdir() if f.stem == "halls"))


def _kmz(folder: Path) -> Path:
    frame().to_file(folder / "halls.kml", driver="KML")
    return _zip(folder / "halls.kmz", folder / "halls.kml")


def _written(driver: str, name: str, crs: int = 4326) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        frame(crs).to_file(folder / name, driver=driver)
        return folder / name

    return write


def _parquet(folder: Path) -> Path:
    frame(27700).to_parquet(folder / "halls.parquet")
    return folder / "halls.parquet"


@pytest.mark.parametrize(
    "make",
    [
        _written("GPKG", "halls.gpkg", 27700),
        _written("GeoJSON", "halls.geojson"),
        _written("KML", "halls.kml"),
        _written("FlatGeobuf", "halls.fgb", 27700),
        _shapefile,
        _kmz,
        _parquet,
    ],
    ids=["gpkg", "geojson", "kml", "fgb", "shapefile", "kmz", "parquet"],
)
def test_every_format_says_the_same(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    table = open_any(make(tmp_path))
    assert {"Name", LON, LAT} <= set(table.header)
    read = [(row["Name"], float(row[LON]), float(row[LAT])) for _, row in table.rows()]
    # FlatGeobuf sorts by place.
    for (name, lon, lat), (wanted, point) in zip(
        sorted(read), sorted(zip(NAMES, POINTS, strict=True), key=lambda pair: pair[0]), strict=True
    ):
        assert name == wanted
        # Without its grid of corrections PROJ is some metres out.
        assert [lon, lat] == pytest.approx([point.x, point.y], abs=1e-4)


def test_a_shape_is_read_as_a_point_on_it(tmp_path: Path) -> None:
    square = shapely.box(-1.77, 53.84, -1.76, 53.85)
    gpd.GeoDataFrame({"Name": ["Park"]}, geometry=[square], crs=4326).to_file(tmp_path / "p.gpkg")
    [(_, row)] = list(open_any(tmp_path / "p.gpkg").rows())
    assert square.contains(shapely.Point(float(row[LON]), float(row[LAT])))


def test_layers_are_named_and_chosen(tmp_path: Path) -> None:
    path = tmp_path / "two.gpkg"
    frame().to_file(path, layer="halls")
    frame().iloc[:1].to_file(path, layer="parks")
    table = open_any(path)
    assert (table.layers, table.layer, len(table)) == (["halls", "parks"], "halls", 3)
    assert len(open_any(path, layer="parks")) == 1
    assert len(open_any(path, layer="nonsense")) == 3


def test_a_table_of_a_geopackage_without_shapes(tmp_path: Path) -> None:
    frame().to_parquet(tmp_path / "x.parquet")
    pd.DataFrame({"name": ["A"], "postcode": ["BD17 7AB"]}).to_parquet(tmp_path / "t.parquet")
    table = open_any(tmp_path / "t.parquet")
    assert table.header == ["name", "postcode"]
    assert [row["postcode"] for _, row in table.rows()] == ["BD17 7AB"]


def test_easting_and_northing_become_degrees_and_a_key_is_made() -> None:
    choice = ColumnChoice(columns={"name": "N", "easting": "X", "northing": "Y"},
                          constants={"kind": "venue"})  # fmt: skip
    own = matched(2, {"N": "St. Anne's Hall", "X": "415500", "Y": "439700"}, choice)
    assert float(own.written("lon")) == pytest.approx(-1.7660, abs=1e-3)
    assert float(own.written("lat")) == pytest.approx(53.853, abs=1e-3)
    assert own.written("kind") == "venue"
    assert own.written("id").startswith("st-annes-hall/")
    assert matched(9, {"N": "St Annes Hall", "X": "415500", "Y": "439700"}, choice).written(
        "id"
    ) == own.written("id")
    assert matched(2, {"N": "A", "X": "inf", "Y": "x"}, choice).text("lon") is None


def test_columns_are_known_by_what_is_in_them() -> None:
    rows = [
        {"a": "Hall", "b": "BD17 7AB", "c": "x@y.example", "d": "-1.7601", "e": "53.8402",
         "f": "01274 496 001", "g": "www.hall.example"}
    ] * 3  # fmt: skip
    assert guess_columns(list("abcdefg"), rows) == {
        "postcode": "b", "email": "c", "lon": "d", "lat": "e", "phone": "f", "website": "g",
    }  # fmt: skip


def test_a_name_is_taken_without_its_folders(tmp_path: Path) -> None:
    assert keep_upload(b"x", "../../etc/passwd", tmp_path).parent == tmp_path
    assert keep_upload(b"x", "C:\\temp\\list.csv", tmp_path).name == "list.csv"
    assert keep_upload(b"x", "..", tmp_path).name == "file"


# What each makes, and a word of the refusal. Each is opened in a process of its own.
def _xlsx_bomb(folder: Path) -> Path:
    path = folder / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 300_000_000)
    return path


def _zip_bomb(folder: Path) -> Path:
    path = folder / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("halls.csv", b"a" * 300_000_000)
    return path


def _lying_zip(folder: Path) -> Path:
    path = _zip_bomb(folder)
    content = path.read_bytes().replace(
        (300_000_000).to_bytes(4, "little"), (9).to_bytes(4, "little")
    )
    path.write_bytes(content)
    return path


def _triggers(folder: Path) -> Path:
    path = folder / "halls.gpkg"
    frame().to_file(path, layer="halls")
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TRIGGER mine AFTER DELETE ON gpkg_contents BEGIN"
        " DELETE FROM gpkg_spatial_ref_sys; END"
    )
    connection.commit()
    connection.close()
    return path


def _view_without_end(folder: Path) -> Path:
    path = folder / "halls.gpkg"
    frame().to_file(path, layer="halls")
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE halls RENAME TO halls_kept")
    connection.execute(
        "CREATE VIEW halls AS WITH RECURSIVE n(fid) AS (SELECT 1 UNION ALL SELECT fid + 1 FROM n)"
        " SELECT fid, NULL AS geom, 'x' AS Name FROM n"
    )
    connection.execute("UPDATE gpkg_contents SET table_name = 'halls'")
    connection.commit()
    connection.close()
    return path


def _entities(folder: Path) -> Path:
    path = folder / "laughs.kml"
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(12))
    path.write_text(
        f'<?xml version="1.0"?><!DOCTYPE kml [{entities}]><kml><Document><Placemark>'
        "<name>&l11;</name><Point><coordinates>-1.7,53.8</coordinates></Point></Placemark>"
        "</Document></kml>"
    )
    return path


def _deep_json(folder: Path) -> Path:
    path = folder / "deep.geojson"
    path.write_text('{"type":"FeatureCollection","features":' + "[" * 200_000)
    return path


DANGEROUS: list[tuple[Callable[[Path], Path], str]] = [
    (_xlsx_bomb, "would unpack"),
    (_zip_bomb, "would unpack"),
    (_lying_zip, "zip"),
    (_triggers, "statements of its own"),
    (_view_without_end, "statements of its own"),
    (_entities, "definitions of its own"),
    (_deep_json, "GeoJSON"),
]
OPENING = """
import json, resource, sys, time
from pathlib import Path
from app.errors import FileRefused
from app.importers.any_table import open_any
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
try:
    open_any(Path(sys.argv[1]))
    said = None
except FileRefused as error:
    said = str(error)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps([said, time.perf_counter() - start, grown / 1024]))
"""


@pytest.mark.parametrize(("make", "words"), DANGEROUS)
def test_a_dangerous_file_is_refused_quickly_and_in_little_memory(
    tmp_path: Path, make: Callable[[Path], Path], words: str
) -> None:
    path = make(tmp_path)
    answer = subprocess.run(
        [sys.executable, "-c", OPENING, str(path)], capture_output=True, text=True, check=True,
        timeout=60, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    said, seconds, grown_mb = json.loads(answer.stdout)
    assert said is not None, "it was read"
    assert words in said
    # Generous: what is asked is that it is neither unpacked nor run (5 s, 150 MB).
    assert seconds < 5
    assert grown_mb < 150


def test_a_zip_of_several_or_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("name\nA\n")
    (tmp_path / "b.csv").write_text("name\nB\n")
    (tmp_path / "c.docx").write_text("x")
    with pytest.raises(FileRefused, match="several"):
        open_any(_zip(tmp_path / "two.zip", tmp_path / "a.csv", tmp_path / "b.csv"))
    with pytest.raises(FileRefused, match="no map or table"):
        open_any(_zip(tmp_path / "none.zip", tmp_path / "c.docx"))


@pytest.mark.parametrize(
    ("column", "is_name"),
    [("Name of premises", True), ("Club name", True), ("Contact name", False),
     ("Ward name", False), ("Surname", False), ("Name of contact", False)],
)  # fmt: skip
def test_a_column_that_speaks_of_a_name_is_guessed(column: str, is_name: bool) -> None:
    guessed = guess_columns(["Ref", column, "Post Code"], [{column: "Mill Rooms"}])
    assert guessed.get("name") == (column if is_name else None)
