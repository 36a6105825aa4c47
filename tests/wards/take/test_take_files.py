"""A ward's files, opened by the programs they are for: the same counts, whose data, and when."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pyogrio
import pytest
import sqlalchemy as sa
from PIL import Image

from app.areas import take_tables
from app.areas.report_words import kind_words
from app.parameters import today
from app.words import KINDS, long_date
from geo.pictures import FRAME, PAPER, SLIDE, SMALL
from tests.wards.take.conftest import BASE, CODE, FORMULA, HOSTILE, Taken
from tests.web.document import Document

MEDIA_TYPES = {
    ".png": "image/png",
    ".pdf": "application/pdf",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".gpkg": "application/geopackage+sqlite3",
    "/map.html": "text/html; charset=utf-8",
    "/figures.csv": "text/csv; charset=utf-8",
    "/homes.csv": "text/csv; charset=utf-8",
    "/gaps.csv": "text/csv; charset=utf-8",
    "/embed": "text/html; charset=utf-8",
}


def workbook(content: bytes) -> dict[str, list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


def layer(path: Path, name: str) -> Any:
    return pyogrio.read_dataframe(path, layer=name)


@pytest.fixture
def package(taken: Taken, tmp_path: Path) -> Path:
    path = tmp_path / "ward.gpkg"
    path.write_bytes(taken.get(".gpkg"))
    return path


def kinds_of_page(taken: Taken) -> Counter[str]:
    """How many of each kind the ward's own page lists."""
    page = Document(taken.client.get(f"/wards/{CODE}").text)
    found: Counter[str] = Counter()
    for kind in KINDS:
        for section in page.all("section", aria_labelledby=kind):
            found[kind] = len(section.all("li"))
    return found


@pytest.mark.parametrize("path", MEDIA_TYPES)
def test_every_file_says_what_it_is_and_when(taken: Taken, path: str) -> None:
    answer = taken.client.get(f"/wards/{CODE}{path}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == MEDIA_TYPES[path]
    if path not in {".png", "/embed"}:
        assert CODE in answer.headers["content-disposition"]
        assert today().isoformat() in answer.headers["content-disposition"]
    # The frame aside nothing may be framed by others.
    framed = answer.headers["content-security-policy"].partition("frame-ancestors ")[2]
    assert framed == ("*" if path == "/embed" else "'self'")


@pytest.mark.parametrize("path", MEDIA_TYPES)
def test_bad_questions_are_answered_in_words(taken: Taken, path: str) -> None:
    html = {"accept": "text/html"}
    for address, status, words in (
        (f"/wards/{CODE}{path}?release=year", 422, "release"),
        (f"/wards/{CODE}{path}?release=1066", 404, "boundaries of 1066"),
        (f"/wards/E05000000{path}", 404, "E05000000"),
        (f"/wards/nonsense{path}", 404, ""),
    ):
        answer = taken.client.get(address, headers=html)
        assert answer.status_code == status, address
        assert words in answer.text


def test_the_picture_has_four_sizes(taken: Taken) -> None:
    for size, wanted in (("", SLIDE), ("?size=paper", PAPER), ("?size=small", SMALL),
                         ("?size=frame", FRAME)):  # fmt: skip
        content = taken.get(f".png{size}")
        with Image.open(io.BytesIO(content)) as image:
            image.load()
            assert image.size == (wanted.width_px, wanted.height_px)
            said = image.text  # type: ignore[attr-defined]  # of PNG files
        assert said["Title"] == "Ellerwick Market ward, Ellerdale"
        assert said["Made on"] == long_date(today())
        assert "© OpenStreetMap contributors (ODbL 1.0)" in said["Copyright"]
    refused = taken.client.get(f"/wards/{CODE}.png?size=huge")
    assert refused.status_code == 422
    assert "“size” must be one of: slide, paper, small, frame." in refused.text


def test_a_picture_of_two_sizes_is_refused(taken: Taken) -> None:
    refused = taken.client.get(f"/wards/{CODE}.png?size=slide&size=small")
    assert refused.status_code == 422
    assert "“size” is given more than once. Give it once." in refused.text


def test_each_file_is_offered_once(taken: Taken) -> None:
    links = Document(taken.client.get(f"/wards/{CODE}").text).links()
    offered = Counter(link for link in links if link.startswith(f"/wards/{CODE}"))
    files = {f"/wards/{CODE}{ending}" for ending in (*MEDIA_TYPES, ".csv", ".geojson")}
    assert files <= set(offered)
    assert not {link for link in files if offered[link] > 1}


def test_the_workbook_tells_what_the_page_tells(taken: Taken) -> None:
    report, sheets = taken.report(), workbook(taken.get(".xlsx"))
    assert list(sheets) == ["Summary", "Figures", "Places", "Homes", "Gaps", "Sources"]
    listed = Counter(row[1] for row in sheets["Places"][1:])
    on_page = kinds_of_page(taken)
    assert on_page.total() == len(report.places) == 45
    assert {KINDS[kind][0]: count for kind, count in on_page.items()} == dict(listed)
    summary = {row[0]: row[1] for row in sheets["Summary"]}
    for kind in report.kinds:
        assert summary[kind.label] == kind.count == on_page[kind.slug]
    assert [row[1] for row in sheets["Summary"] if row[0] == "In words"] == report.sentences
    assert len(sheets["Figures"]) == len(report.figures) + 1
    people = next(row for row in sheets["Figures"] if row[0] == "People")
    assert (people[1], type(people[1])) == (4_187, int)
    labels = [row[0] for row in sheets["Figures"][1:]]
    assert len(set(labels)) == len(labels), "each figure has a name of its own"
    assert "Checked in the last 12 months (%)" in labels
    assert sheets["Figures"][0][2:4] == ("Wards next door (average)", "Middle ward of the district")
    assert [row[1] for row in sheets["Homes"][1:]] == [home.name for home in report.homes]
    head = sheets["Homes"][0]
    assert head[3:6] == tuple(f"places within {n} minutes' walk" for n in (5, 10, 15))
    for row, home in zip(sheets["Homes"][1:], report.homes, strict=True):
        assert row[3:6] == tuple(home.within[n] for n in (5, 10, 15))
    assert len(sheets["Gaps"]) == len(report.gaps) + len(report.met) + 1
    assert summary["As it was on"].date() == today()
    licences = {row[2] for row in sheets["Sources"][1:]}
    assert "ODbL 1.0" in licences
    assert {row[4].date() for row in sheets["Sources"][1:]} == {today()}


def test_no_cell_is_ever_a_formula(hostile: Taken) -> None:
    content = hostile.get(".xlsx")
    cells = [
        cell
        for sheet in openpyxl.load_workbook(io.BytesIO(content))
        for row in sheet.iter_rows()
        for cell in row
    ]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n", "d"}
    formulas = [cell for cell in cells if cell.value == FORMULA]
    assert len(formulas) == 18
    # Still text when somebody opens the cell and presses Enter.
    assert all(cell.quotePrefix for cell in formulas)
    assert HOSTILE in [cell.value for cell in cells]


def test_the_geopackage_tells_what_the_page_tells(taken: Taken, package: Path) -> None:
    report = taken.report()
    layers = dict(pyogrio.list_layers(package))
    assert layers == {
        "ward": "MultiPolygon", "places": "Point", "places_osm": "Point", "summary": None,
        "figures": None, "homes": None, "gaps": None, "sources": None,
    }  # fmt: skip
    places, shared = layer(package, "places"), layer(package, "places_osm")
    kinds = Counter([*places["kind"], *shared["kind"]])
    assert kinds == {KINDS[kind][0]: count for kind, count in kinds_of_page(taken).items()}
    # What is shared alike is never mixed with the rest.
    assert set(shared["licence"]) == {"ODbL 1.0"}
    assert "ODbL 1.0" not in set(places["licence"])
    assert len(shared) > 0 < len(places)
    ward = layer(package, "ward")
    assert ward.crs.to_epsg() == places.crs.to_epsg() == 4326
    published = gpd.read_file(
        taken.client.get(f"/wards/{CODE}/boundary.geojson").text, engine="pyogrio"
    )
    assert ward.geometry[0].normalize().equals_exact(published.geometry[0].normalize(), 1e-12)
    inside = [*places.geometry.dropna(), *shared.geometry.dropna()]
    assert all(ward.geometry[0].buffer(1e-9).covers(point) for point in inside)
    assert len(layer(package, "figures")) == len(report.figures)
    assert list(layer(package, "homes")["care_home"]) == [home.name for home in report.homes]


def test_the_geopackage_says_whose_it_is_and_when(package: Path) -> None:
    sources = layer(package, "sources")
    assert {"© OpenStreetMap contributors"} <= set(sources["attribution"])
    assert {str(day)[:10] for day in sources["taken_on"]} == {today().isoformat()}
    for name in ("ward", "places", "places_osm"):
        info = pyogrio.read_info(package, layer=name)
        assert info["layer_metadata"]["made_on"] == today().isoformat()
        assert info["dataset_metadata"]["made_on"] == today().isoformat()
        assert "OpenStreetMap" in info["dataset_metadata"]["attribution"]
        assert info["layer_metadata"]["attribution"]
        rows = layer(package, name)
        assert rows["attribution"].notna().all()
        assert rows["licence"].notna().all()


def test_ogrinfo_reads_the_geopackage(package: Path) -> None:
    program = shutil.which("ogrinfo")
    if program is None:
        pytest.skip("there is no ogrinfo: install Debian's gdal-bin")
    done = subprocess.run(
        [program, "-so", "-al", str(package)], capture_output=True, text=True, check=True
    )
    assert "Layer name: places_osm" in done.stdout


@pytest.mark.parametrize("what", ["figures", "homes", "gaps"])
def test_tables_as_csv(taken: Taken, what: str) -> None:
    report, text = taken.report(), taken.get(f"/{what}.csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    expected = {
        "figures": len(report.figures),
        "homes": len(report.homes),
        "gaps": len(report.gaps) + len(report.met),
    }
    assert len(rows) == expected[what]
    assert text.splitlines()[0].endswith("ward code,ward,boundaries of,taken on,attribution")
    for row in rows:
        assert row["ward code"] == CODE
        assert row["taken on"] == today().isoformat()
        assert "© OpenStreetMap contributors (ODbL 1.0)" in row["attribution"]


@pytest.mark.parametrize(
    ("value", "text", "shown"),
    [(4187.0, "4,187", "4187"), (10.7456, "10.7", "10.7"), (69.2, "69%", "69"),
     (15.0, "15.0", "15.0"), (0.42, "less than 1%", "0.4"), (None, "not known", "None"),
     (1.84449, "1.84", "1.84")],
)  # fmt: skip
def test_figures_are_rounded_as_on_the_page(value: float | None, text: str, shown: str) -> None:
    assert str(take_tables.as_shown(value, text)) == shown


def test_hostile_words_are_only_words_in_every_file(hostile: Taken, tmp_path: Path) -> None:
    for path in ("/map.html", "/embed", ""):
        assert b"<script>alert(1)" not in hostile.get(path)
    with Image.open(io.BytesIO(hostile.get(".png"))) as image:
        image.load()
        assert image.text["Title"].startswith(HOSTILE)  # type: ignore[attr-defined]
    homes = list(csv.reader(io.StringIO(hostile.get("/homes.csv").decode("utf-8-sig"))))
    assert homes[1][1] == HOSTILE
    venues = list(
        csv.reader(io.StringIO(hostile.client.get(f"/wards/{CODE}.csv").content.decode()))
    )
    assert f"'{FORMULA}" in {row[2] for row in venues}
    file = tmp_path / "ward.gpkg"
    file.write_bytes(hostile.get(".gpkg"))
    assert list(layer(file, "ward")["name"]) == [HOSTILE]
    named = {*layer(file, "places")["name"], *layer(file, "places_osm")["name"]}
    assert {HOSTILE, FORMULA} <= named


def test_a_ward_with_nothing_in_it(taken: Taken) -> None:
    with taken.engine.begin() as connection:
        connection.execute(sa.text("UPDATE assets SET gone_at = now() WHERE gone_at IS NULL"))
    try:
        for path in MEDIA_TYPES:
            assert taken.client.get(f"/wards/{CODE}{path}").status_code == 200, path
        embed = Document(taken.client.get(f"/wards/{CODE}/embed").text)
        assert "Nothing is on the map here yet." in embed.one("main").text
    finally:
        with taken.engine.begin() as connection:
            connection.execute(sa.text("UPDATE assets SET gone_at = NULL"))


def test_the_frame_is_a_small_page_of_its_own(taken: Taken) -> None:
    page = Document(taken.get("/embed").decode())
    main = page.one("main")
    on_page = kinds_of_page(taken)
    said = str(main.one("img").get("alt"))
    for kind in KINDS:
        assert kind_words(kind, on_page[kind]) in said
    assert {link.get("href") for link in main.all("a")} == {f"{BASE}/wards/{CODE}"}
    assert "© OpenStreetMap contributors (ODbL 1.0)" in main.text
    assert long_date(today()) in main.text
    assert not page.all("script") + page.all("iframe") + page.all("form")


def test_older_boundaries_are_taken_as_such(taken: Taken) -> None:
    with taken.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO areas (area_type, release, gss_code, name, lad_code, lad_name, geom,"
                " source_id, content_hash) SELECT area_type, '2013', gss_code, 'Old Market',"
                " lad_code, lad_name, geom, source_id, content_hash"
                " FROM areas WHERE gss_code = :code"
            ),
            {"code": CODE},
        )
    try:
        for path in MEDIA_TYPES.keys() - {".png"}:
            answer = taken.client.get(f"/wards/{CODE}{path}?release=2013")
            assert answer.status_code == 200, path
            if path == "/embed":
                page = Document(answer.text)
                assert "Old Market" in page.one("h1").text
                assert page.one("img").get("src").endswith("size=frame&release=2013")
            if path == ".xlsx":
                assert workbook(answer.content)["Summary"][1][1] == "Old Market"
                assert "boundaries-2013" in answer.headers["content-disposition"]
        page = Document(taken.client.get(f"/wards/{CODE}?release=2013").text)
        links = [a.get("href") for a in page.one("section", aria_labelledby="take").all("a")]
        assert links
        assert all(link.endswith("?release=2013") for link in links)
    finally:
        with taken.engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM areas WHERE release = '2013'"))


def test_the_page_offers_everything_and_a_snippet(hostile: Taken) -> None:
    page = Document(hostile.client.get(f"/wards/{CODE}").text)
    section = page.one("section", aria_labelledby="take")
    links = {a.get("href") for a in section.all("a")}
    assert {f"/wards/{CODE}{path}" for path in MEDIA_TYPES} <= links
    # A calendar's other address is for the programs of phones.
    ours = {link for link in links if not link.startswith("webcal")}
    for link in ours - {f"/wards/{CODE}.pdf", f"/wards/{CODE}.png"}:
        assert hostile.client.get(link).status_code == 200, link
    snippet = Document(section.one("textarea").text)
    frame = snippet.one("iframe")
    assert frame.get("src") == f"{BASE}/wards/{CODE}/embed"
    assert frame.get("title") == f"{HOSTILE} ward: what is here"
    assert not snippet.all("script")


def test_the_comparison_as_files_tells_what_its_page_tells(taken: Taken, tmp_path: Path) -> None:
    page = Document(taken.client.get("/wards").text)
    downloads = page.one("p", class_="pw-downloads")
    links = [link.get("href") for link in downloads.all("a")]
    sheets = workbook(
        taken.client.get(next(link for link in links if link.startswith("/wards.xlsx"))).content
    )
    assert list(sheets) == ["Wards", "Figures", "Sources"]
    listed = {ward["gss_code"]: ward for ward in taken.client.get("/api/wards").json()["wards"]}
    head, *rows = sheets["Wards"]
    assert [row[1] for row in rows] == list(listed)
    for row in rows:
        ward = dict(zip(head, row, strict=True))
        assert ward["Places"] == listed[ward["Code"]]["assets"]
        assert ward["Care homes"] == listed[ward["Code"]]["care_homes"]
    assert {row[0] for row in sheets["Figures"][1:]} == set(head[7:])
    assert all(row[1] for row in sheets["Figures"][1:])
    assert {row[4].date() for row in sheets["Sources"][1:]} == {today()}
    path = tmp_path / "wards.gpkg"
    answer = taken.client.get(next(link for link in links if link.startswith("/wards.gpkg")))
    path.write_bytes(answer.content)
    wards = layer(path, "wards")
    assert list(wards["Code"]) == list(listed)
    assert list(wards["Places"]) == [ward["assets"] for ward in listed.values()]
    assert len(layer(path, "figures")) == len(head) - 7
    assert len(layer(path, "sources")) == len(sheets["Sources"]) - 1
    metadata = pyogrio.read_info(path, layer="wards")["dataset_metadata"]
    assert metadata["made_on"] == today().isoformat()
    assert metadata["attribution"]


@pytest.mark.parametrize("form", ["xlsx", "gpkg"])
def test_a_district_nobody_knows_is_said(taken: Taken, form: str) -> None:
    for query, status in (("district=E07000001", 404), ("district=x", 422), ("release=x", 422)):
        answer = taken.client.get(f"/wards.{form}?{query}")
        assert answer.status_code == status
        assert "E07000001" in answer.text or "must be" in answer.text or "release" in answer.text
    with taken.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE areas SET lad_code = 'E07999002' WHERE gss_code = :code"),
            {"code": CODE},
        )
    try:
        answer = taken.client.get(f"/wards.{form}")
        assert answer.status_code == 422
        assert "Say which district" in answer.text
    finally:
        with taken.engine.begin() as connection:
            connection.execute(sa.text("UPDATE areas SET lad_code = 'E07999001'"))
