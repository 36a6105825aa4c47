"""Posters: a code of their own, large, tagged, and the picture on them leads to the form."""

from __future__ import annotations

import io
import re
from typing import Any

import pypdf
import pytest
import segno
from pypdf.generic import DictionaryObject

from app.suggestions.poster_router import ALPHABET, qr_svg
from tests.moderation.conftest import HOSTILE, one, rows, suggest
from tests.people import People
from tests.web.document import Document

PLACE = "Shipley Market"
PATH = re.compile(r"M([\d.]+) ([\d.]+)((?:[hm][-\d. ]+)+)")


def make(people: People, who: str = "mapper", **values: str) -> str:
    answer = people.client(who).post("/posters", data={"place": PLACE} | values)
    assert answer.status_code == 303, answer.text
    where: str = answer.headers["location"]
    return where.removeprefix("/posters/")


def printed(people: People, code: str) -> pypdf.PdfReader:
    answer = people.client("mapper").get(f"/posters/{code}.pdf")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    return pypdf.PdfReader(io.BytesIO(answer.content))


def test_mappers_and_editors_make_them(people: People) -> None:
    code = make(people)
    assert len(code) == 6
    assert set(code) <= set(ALPHABET)
    page = Document(people.client("editor").get("/posters").text)
    assert f"/posters/{code}" in page.links()
    suggest(people, poster=code.lower())
    assert "1 suggestion came" in people.client("editor").get("/posters").text
    queue = people.client("editor").get("/queue").text
    assert f"Came by the poster at <bdi>{PLACE}</bdi>" in queue


def test_whoever_scans_sees_the_form_of_that_place(people: People) -> None:
    code = make(people)
    page = Document(people.client().get(f"/suggest?poster={code}").text)
    assert PLACE in page.one("h1").text
    assert page.one("input", name="poster").get("value") == code
    # A code nobody made is no reason to turn somebody away.
    assert people.client().get("/suggest?poster=ZZZZZZ").status_code == 200


def test_a_place_is_needed_and_not_too_long(people: People) -> None:
    for place in ("", "x" * 61):
        answer = people.client("mapper").post("/posters", data={"place": place})
        assert answer.status_code == 422
        assert "#place" in Document(answer.text).links()
    assert one(people, "SELECT count(*) FROM posters") == 0


@pytest.mark.parametrize("code", ["nothere", "ZZZZZZ", "²²²²²²", "%00"])
def test_no_such_poster(people: People, code: str) -> None:
    assert people.client("mapper").get(f"/posters/{code}").status_code == 404
    assert people.client("mapper").get(f"/posters/{code}.pdf").status_code == 404


def test_on_paper_it_is_a4_tagged_large_and_names_nobody_else(people: People) -> None:
    code = make(people)
    reader = printed(people, code)
    (sheet,) = reader.pages
    assert [round(float(side) / 72 * 25.4) for side in sheet.mediabox[2:]] == [210, 297]
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert "What’s near here that we should know about?" in " ".join(sheet.extract_text().split())
    assert PLACE in sheet.extract_text()
    assert f"127.0.0.1:8000/suggest?poster={code}" in sheet.extract_text()
    content = sheet.get_contents()
    assert content is not None
    sizes = [float(size) for size in re.findall(rb"/\S+ ([\d.]+) Tf", content.get_data())]
    assert max(sizes) >= 40
    assert min(sizes) >= 12
    assert "/A" not in str(sheet.get("/Annots", ""))
    addresses = re.findall(r"https?://[^\s\"'<)]+", sheet.extract_text())
    assert addresses == []


def test_the_picture_on_paper_has_words_for_those_who_do_not_see_it(people: People) -> None:
    code = make(people)
    root: Any = printed(people, code).trailer["/Root"]
    alts = [str(e["/Alt"]) for e in _elements(root["/StructTreeRoot"]) if "/Alt" in e]
    assert [alt for alt in alts if f"poster={code}" in alt], alts


def _elements(node: Any) -> list[DictionaryObject]:
    found: list[DictionaryObject] = []
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, list) else [kids]:
        inner = kid.get_object()
        if isinstance(inner, DictionaryObject):
            found += [inner, *_elements(inner)]
    return found


def test_a_code_is_large_and_has_its_quiet_edge() -> None:
    svg = qr_svg("https://patchwork.example/suggest?poster=BCD234")
    size = int(re.search(r'viewBox="0 0 (\d+) \d+"', svg)[1])  # type: ignore[index]  # it is there
    modules = len(
        segno.make("https://patchwork.example/suggest?poster=BCD234", error="q", micro=False).matrix
    )
    assert size == (modules + 8) * 10


def test_hostile_words_are_words(people: People) -> None:
    code = make(people, place=HOSTILE[:60], title=HOSTILE[:80])
    page = people.client("mapper").get(f"/posters/{code}")
    assert "<script>alert" not in page.text
    assert "alert(1)" in printed(people, code).pages[0].extract_text()
    assert rows(people, "SELECT place FROM posters")[0].place == HOSTILE[:60]


def test_the_longest_words_still_fit_on_one_sheet(people: People) -> None:
    code = make(
        people, place="Wide Market Hall " * 3 + "and foyer", title="What do we not know yet " * 3
    )
    assert len(printed(people, code).pages) == 1
