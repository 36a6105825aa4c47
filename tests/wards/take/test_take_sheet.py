"""A ward on one sheet: read as a PDF reader does, and what happens when there is too much."""

from __future__ import annotations

import datetime as dt
import io
import re
from dataclasses import replace
from typing import Any

import pypdf
import pytest

from app import printing
from app.areas import take_router, take_sheet
from app.areas.report import Gap, HomeReach, WardReport
from app.parameters import today
from app.rendering import STATIC
from app.words import long_date
from geo.pictures import PAPER, ward_picture
from tests.geo.test_pictures import SAID, a_ward, some_places
from tests.wards.take.conftest import CODE, HOSTILE, Taken

WARDS = tuple(f"E0599900{number}" for number in range(1, 7))


@pytest.fixture(autouse=True, scope="module")
def _can_print() -> None:
    try:
        printing.make_pdf("<p>Try</p>", stylesheet=STATIC / "take.css")
    except printing.CannotPrint as error:
        pytest.skip(f"no PDF can be made here: {error}")


def read(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content))


def words_of(pdf: pypdf.PdfReader) -> str:
    return " ".join(" ".join(page.extract_text().split()) for page in pdf.pages)


def structure(pdf: pypdf.PdfReader) -> list[Any]:
    """Every element of the structure tree."""
    root: Any = pdf.trailer["/Root"]
    found: list[Any] = []

    def walk(given: Any) -> None:
        node = given.get_object()
        if isinstance(node, list):
            for one in node:
                walk(one)
        elif isinstance(node, dict):
            found.append(node)
            if "/K" in node:
                walk(node["/K"])

    walk(root["/StructTreeRoot"]["/K"])
    return found


@pytest.mark.parametrize("code", WARDS)
def test_each_sample_ward_is_one_sheet_of_a4(taken: Taken, code: str) -> None:
    pdf = read(taken.client.get(f"/wards/{code}.pdf").content)
    assert len(pdf.pages) == 1, words_of(pdf)
    assert pdf.pages[0].mediabox.width == pytest.approx(595, abs=1)
    assert pdf.pages[0].mediabox.height == pytest.approx(842, abs=1)
    said = words_of(pdf)
    api = taken.client.get(f"/api/wards/{code}").json()
    places = taken.client.get(f"/api/assets?ward={code}&limit=200").json()["assets"]
    labels = {"group": "Groups", "surgery": "GP surgeries", "venue": "Venues"}
    labels["informal"] = "Skills and networks"
    for kind, count in api["assets_by_kind"].items():
        if kind in labels:
            # A number alone is no list.
            assert f"{labels[kind]}: {count}. " in said
            named = [row["name"] for row in places if row["kind"] == kind and row["name"] in said]
            assert len(named) >= min(count, 2), kind
    sources = said.rpartition(" Sources ")[2]
    assert "Sources" not in sources
    assert "Source:" not in sources


def test_the_sheet_says_what_the_page_says(taken: Taken) -> None:
    report, pdf = taken.report(), read(taken.get(".pdf"))
    said = words_of(pdf)
    for sentence in (*report.sentences, *report.changes):
        assert sentence in said
    for heading in ("Wards next door (average)", "Middle ward of the district"):
        assert heading in said
    assert report.figures[:4]
    for figure in report.figures[:4]:
        assert figure.label in said
        assert f"{figure.text} {figure.neighbours_text} {figure.district_text}" in said
    for home in report.homes:
        counts = ", ".join(str(home.within[minutes]) for minutes in (5, 10, 15))
        assert f"{home.name} ({home.beds} beds): {counts}" in said
    assert "© OpenStreetMap contributors (ODbL 1.0)" in said
    assert long_date(today()) in said
    assert f"https://map.example.org/wards/{CODE}" in said.replace("/ E", "/E")
    named = [name for name in {row.name for row in report.places} if name in said]
    more = sum(int(count) for count in re.findall(r"and (\d+) more", said))
    assert more > 0
    assert len(named) + more >= len({row.name for row in report.places})


def test_the_sheet_can_be_read_aloud(taken: Taken) -> None:
    pdf = read(taken.get(".pdf"))
    root: Any = pdf.trailer["/Root"]
    assert root["/Lang"] == "en-GB"
    assert "pdfuaid" in root["/Metadata"].get_object().get_data().decode()
    assert pdf.metadata is not None
    assert pdf.metadata.title == f"Ellerwick Market ward, {long_date(today())}"
    nodes = structure(pdf)
    kinds = {str(node.get("/S")) for node in nodes}
    assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/L", "/LI", "/Figure"} <= kinds
    (figure,) = [node for node in nodes if node.get("/S") == "/Figure"]
    alternative = str(figure["/Alt"])
    for words in ("Map of Ellerwick Market ward", "22 groups", "1 GP surgery", "Mill Holme"):
        assert words in alternative


def test_no_letter_on_the_sheet_is_smaller_than_12_points(taken: Taken) -> None:
    sizes: set[float] = set()

    def note(text: str, _: Any, matrix: Any, __: Any, size: float) -> None:
        if text.strip():
            sizes.add(round(abs(size * matrix[3]), 1))

    read(taken.get(".pdf")).pages[0].extract_text(visitor_text=note)
    assert sizes
    assert min(sizes) >= 12 * 0.75 / 0.75 - 0.05, sizes


def test_hostile_words_are_words_on_the_sheet(hostile: Taken) -> None:
    pdf = read(hostile.get(".pdf"))
    said = words_of(pdf)
    assert "<script>alert(1)</script> `${x}`" in said
    assert not [node for node in structure(pdf) if "/JS" in node]
    assert "/JavaScript" not in str(pdf.trailer["/Root"])


def a_report(taken: Taken, *, homes: int, gaps: int) -> WardReport:
    home = HomeReach("1", "A home with quite a long name", 40, {5: 1, 10: 2, 15: 3}, is_about=True)
    gap = Gap("boccia", "Boccia", 10, "", "1", "The Institute", "2 km away")
    return replace(
        taken.report(),
        homes=[replace(home, name=f"{home.name} {n}") for n in range(homes)],
        gaps=[replace(gap, concept=f"c{n}", label=f"Thing {n}") for n in range(gaps)],
    )


@pytest.mark.parametrize(("homes", "gaps"), [(0, 0), (3, 2), (30, 25), (0, 40), (40, 0)])
def test_what_does_not_fit_is_counted(taken: Taken, homes: int, gaps: int) -> None:
    report = a_report(taken, homes=homes, gaps=gaps)
    everything = take_sheet.shorten(report, take_sheet.longest(report))
    assert (everything.more_homes, everything.more_gaps) == (0, 0)
    assert [kind.more for kind in everything.kinds] == [0] * len(everything.kinds)
    before = -1
    for room in range(take_sheet.longest(report) + 1):
        sheet = take_sheet.shorten(report, room)
        assert len(sheet.homes) + sheet.more_homes == homes
        assert len(sheet.gaps) + sheet.more_gaps == gaps
        assert len(sheet.homes) >= min(homes, 2)
        assert all(kind.named for kind in sheet.kinds)
        assert sum(kind.count for kind in sheet.kinds) == len(report.places) - 2
        shown = len(sheet.homes) + len(sheet.gaps) + sum(len(kind.named) for kind in sheet.kinds)
        assert shown >= before, "more room shows no less"
        before = shown


def test_where_something_was_asked_for_is_said_shortly() -> None:
    def gap(where: str, asked: int | None) -> Gap:
        return Gap("boccia", "Boccia", asked, where, None, None, "Nothing on this map has it.")

    def said(*gaps: Gap) -> list[str]:
        return [where for _, where in take_sheet.short_gaps(gaps)]

    assert said(gap("", None), gap("Mill Holme", None)) == ["here and in Mill Holme"]
    assert said(gap("Crag Side", None), gap("Mill Holme", None)) == ["in 2 wards next door"]
    assert said(gap("", 10), gap("Mill Holme", None)) == ["about 10 times here and in Mill Holme"]
    assert said(gap("", 10), replace(gap("", None), concept="bowls")) == [
        "about 10 times here", "here",
    ]  # fmt: skip


def test_the_most_that_fits_is_found() -> None:
    def make_html(lines: int) -> str:
        items = "".join(f"<li>Line {number}</li>" for number in range(lines))
        return f"<html lang=en><head><title>t</title></head><body><ul>{items}</ul></body></html>"

    style = STATIC / "take.css"
    short = read(printing.make_fitting_pdf(make_html, most=5, stylesheet=style))
    assert "Line 4" in words_of(short)
    long = read(printing.make_fitting_pdf(make_html, most=110, stylesheet=style))
    assert len(long.pages) == 1
    count = words_of(long).count("Line")
    assert count >= 20
    assert len(read(printing.make_pdf(make_html(count * 5 // 4 + 3), stylesheet=style)).pages) == 2
    # Too long without any line of the list: it is as long as it has to be.
    pages = printing.make_fitting_pdf(lambda _: make_html(90), most=1, stylesheet=style)
    assert len(read(pages).pages) > 1


def test_pictures_are_taken_from_what_was_given_and_nowhere_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    png = ward_picture(
        a_ward(), some_places({"group": 1}), size=PAPER, **SAID | {"made_on": dt.date(2026, 1, 1)}
    )
    html = (
        "<html lang=en><head><title>t</title></head><body><img alt=a src='picture:map'>"
        "<img alt=b src='picture:other'><img alt=c src='data:image/png;base64,AAAA'></body></html>"
    )
    made = read(
        printing.make_pdf(html, stylesheet=STATIC / "take.css", pictures={"picture:map": png})
    )
    assert len(made.pages[0].images) == 1
    assert len([line for line in caplog.messages if "not fetched" in line]) == 2


def test_without_pango_one_sentence_says_what_to_do(
    taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> bytes:
        raise printing.CannotPrint("cannot load library 'libpango-1.0-0'")

    monkeypatch.setattr(take_router, "make_fitting_pdf", fail)
    answer = taken.client.get(f"/wards/{CODE}.pdf")
    assert answer.status_code == 503
    assert "print it from your browser instead." in answer.text
    assert "libpango" not in answer.text
    assert HOSTILE not in answer.text
