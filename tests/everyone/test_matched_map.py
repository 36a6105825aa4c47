"""The map beside the list of homes with nobody to ring: both say the same, and no more."""

from __future__ import annotations

import csv
import io
import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from app.everyone import router
from app.everyone.shares import about_percent, mark_of, sentences
from app.everyone.summary import Counts, SummaryCache
from app.matches.actions import find_matches
from app.models import AssetKind, Stance
from app.models.residents import REFERENCE_ALPHABET
from geo.map_homes import MARKS
from tests.builders import make_asset, make_ward, square
from tests.connections.conftest import OpenPage, chromium, open_page, served
from tests.connections.test_connections_browser import assert_axe_finds_nothing, assert_fits
from tests.everyone.keeping import NOTHING, forget_runs, keep, keep_run
from tests.people import People, make_resident, make_team
from tests.web.document import Document

__all__ = ["chromium", "open_page", "served"]

HOSTILE = "</script><script>alert(1)</script> & ${Court}"
BOWLING = "E05001348"
# Of each home: how many were matched, have nobody, are not asked for; and its class.
HOMES = {
    HOSTILE: (0, 12, 0, "all"),
    "Most House": (8, 13, 0, "most"),
    "Half House": (20, 11, 0, "half"),
    "Quarter House": (40, 9, 0, "quarter"),
    "Few House": (20, 3, 0, "few"),
    "Unasked House": (0, 0, 9, "unasked"),
    "None House": (9, 0, 0, "none"),
    "Tiny House": (0, 3, 0, "all"),
}


@pytest.fixture(scope="module")
def town(people: People) -> Iterator[People]:
    """Homes of every class, one of them in another district, and one that is off the map."""
    with Session(people.engine) as session:
        make_ward(
            session, BOWLING, "Bowling", shape=square((-1.60, 53.70)), lad_code="E08000035",
            lad_name="Leeds",
        )  # fmt: skip
        teams = {}
        for number, name in enumerate(HOMES):
            at = (-1.60, 53.70) if name == HOSTILE else (-1.7540 + 0.002 * number, 53.7930)
            home = make_asset(session, name, at=at, kind=AssetKind.CARE_HOME)
            teams[name] = make_team(session, name, home=home).id
        gone = make_asset(session, "Gone House", kind=AssetKind.CARE_HOME, gone_at=sa.func.now())
        teams["gone"] = make_team(session, "gone", home=gone).id
        made: dict[str, list[uuid.UUID]] = {}
        for name, (matched, nobody, unasked, _) in [*HOMES.items(), ("gone", (0, 10, 0, ""))]:
            made[name] = [
                make_resident(
                    session, teams[name], _reference(len(made), n),
                    {"bowls": Stance.ENJOYS} if n < matched + nobody else {},
                ).id
                for n in range(matched + nobody + unasked)
            ]  # fmt: skip
        session.commit()
    with people.engine.begin() as connection:
        forget_runs(connection)
        vocabulary = people.app.state.names.vocabulary.get(connection)
        lists = find_matches(connection, vocabulary, lon=-1.754, lat=53.793, interests=["bowls"])
        run_id = keep_run(connection)
        for name, ids in made.items():
            for n, one in enumerate(ids):
                found = lists if name in HOMES and n < HOMES[name][0] else NOTHING
                code = BOWLING if name == HOSTILE else "E05001347"
                keep(connection, run_id, one, found, ward_code=code)
    people.app.state.matched = SummaryCache()
    yield people
    with people.engine.begin() as connection:
        forget_runs(connection)


def _reference(home: int, number: int) -> str:
    letters = REFERENCE_ALPHABET
    return "ZZZZZ" + letters[home] + letters[number // 20] + letters[number % 20]


def _map(people: People, query: str = "", who: str | None = "editor") -> tuple[str, dict[str, Any]]:
    with people.client(who) as client:
        answer = client.get(f"/matched/map{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    found = re.search(r'id="map-data">(.*?)</script>', answer.text, re.DOTALL)
    assert found
    return answer.text, json.loads(found[1])


def _drawn(data: dict[str, Any]) -> dict[str, tuple[str, str, str]]:
    """Return the class's words, the sentences and the address of each home on a map."""
    places, kinds = data["places"], data["kinds"]
    return {
        name: (kinds[kind]["word"], " ".join(lines), places["prefix"] + url)
        for name, kind, lines, url in zip(
            places["name"], places["kind"], places["lines"], places["url"], strict=True
        )
    }


def _listed(people: People, path: str = "/matched") -> dict[str, tuple[list[str], str | None]]:
    """Return the paragraphs and the link of each home in the list."""
    with people.client("editor") as client:
        page = Document(client.get(path).text)
    listed = {}
    for item in page.all("li"):
        if "mt-home" in item.classes:
            link = next(iter(item.all("a")), None)
            name = item.one("h3").text.removeprefix(_sign(item.one("h3").text)).strip()
            listed[name] = (
                [one.text for one in item.all("p")], None if link is None else link.get("href")
            )  # fmt: skip
    return listed


def _sign(heading: str) -> str:
    return next((m.sign for m in MARKS.values() if m.sign and heading.startswith(m.sign)), "")


def test_the_list_and_the_map_tell_the_same(town: People) -> None:
    drawn, listed = _drawn(_map(town)[1]), _listed(town)
    for name, (word, said, address) in drawn.items():
        if name not in listed:
            assert word in {MARKS["none"].word, MARKS["unasked"].word}
            continue
        paragraphs, link = listed[name]
        assert said in paragraphs
        assert link == address
        assert ("Nobody here has anybody to ring." in paragraphs) == (word == MARKS["all"].word)
    assert set(listed) - set(drawn) == {"A home that is no longer on the map"}
    for name, (*_, mark) in HOMES.items():
        assert drawn[name][0] == MARKS[mark].word, name


def test_the_map_tells_what_the_spreadsheet_tells(town: People) -> None:
    drawn = _drawn(_map(town)[1])
    with town.client("editor") as client:
        rows = csv.DictReader(io.StringIO(client.get("/matched/homes.csv").text.lstrip("\ufeff")))
        by_name = {row["home"]: row for row in rows}
    assert set(drawn) == {name for name, row in by_name.items() if row["address on this map"]}
    for name, (_, said, address) in drawn.items():
        row = by_name[name]
        assert address == row["address on this map"]
        for number in re.findall(r"bout (\d+)(?![\d%])", said):
            assert number in {row[one] for one in row if one not in {"home", "ward"}}, said
        few = [row["residents"], row["nobody in reach"], row["not asked for"]]
        assert ("ewer than 8" in said) == ("fewer than 8" in few), said


def test_no_exact_number_is_on_the_map(town: People) -> None:
    text, data = _map(town)
    said = " ".join(" ".join(lines) for lines in data["places"]["lines"])
    numbers = {int(one) for one in re.findall(r"\d+", said)}
    assert numbers - {8}, "else nothing is looked at"
    assert all(number == 8 or number % 5 == 0 for number in numbers)
    assert "ZZZZZ" not in text
    assert "1 home of the list: not on the map." in text


def test_names_are_only_text(town: People) -> None:
    text, data = _map(town, "?district=E08000035")
    assert list(_drawn(data)) == [HOSTILE]
    assert "<script>alert" not in text
    assert "Map of the homes of Leeds" in text


def test_nonsense_shows_all_and_nobody_else_may_look(town: People) -> None:
    assert len(_drawn(_map(town, "?district=%3Cb%3E")[1])) == len(HOMES)
    for who, status in (("councillor", 403), ("coordinator_a", 403), (None, 303)):
        with town.client(who) as client:
            assert client.get("/matched/map").status_code == status


def test_too_many_homes_ask_for_a_district(town: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router, "MOST_HOMES", 3)
    with town.client("editor") as client:
        page = Document(client.get("/matched").text)
        assert "choose a district to see it on a map" in page.one("main").text
        assert not page.all("iframe")
        refused = client.get("/matched/map")
        assert refused.status_code == 422
        assert "say of which district" in refused.text
        frame = Document(client.get("/matched?district=E08000035").text).one("iframe")
    assert frame.get("src") == "/matched/map?district=E08000035"
    assert frame.get("title") == "Map of the homes of Leeds: who has nobody to ring"
    assert len(_drawn(_map(town, "?district=E08000035")[1])) == 1


@pytest.mark.parametrize(
    ("residents", "nobody", "percent", "mark"),
    [
        (40, 10, 25, "quarter"), (35, 10, 30, "half"), (20, 10, 50, "half"), (15, 10, 65, "most"),
        (10, 10, 100, "most"), (1000, 10, 5, "quarter"), (30, None, None, "few"),
        (None, None, None, "few"), (30, 0, None, "none"),
    ],
)  # fmt: skip
def test_a_share_is_about_and_fewer_than_8_is_no_number(
    residents: int | None, nobody: int | None, percent: int | None, mark: str
) -> None:
    counts = Counts(residents, matched=None, nobody=nobody, unasked=0)
    assert about_percent(counts) == percent
    assert mark_of(counts) == mark
    assert ("%" in sentences(counts)) == (percent is not None)
    if percent is not None:
        assert f"That is about {percent}%." in sentences(counts)


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_the_map_is_drawn_beside_the_list(town: People, open_page: OpenPage, width: int) -> None:
    page = open_page("editor", "/matched", width=width)
    listed = page.locator("#homes ~ .pw-split .pw-split__list").bounding_box()
    mapped = page.locator("#map").bounding_box()
    assert listed
    assert mapped
    assert (mapped["y"] > listed["y"]) == (width == 360), "the list first on a phone"
    assert_fits(page)
    assert_axe_finds_nothing(page)
    page.locator("#map").scroll_into_view_if_needed()
    frame = page.frame_locator("#map iframe")
    counts = json.loads(
        frame.locator("[data-places]").get_attribute("data-places", timeout=20_000) or ""
    )
    expected: dict[str, int] = {}
    for *_, mark in HOMES.values():
        expected[MARKS[mark].word] = expected.get(MARKS[mark].word, 0) + 1
    assert counts == expected
    frame.locator("summary").click()
    frame.get_by_role("button", name="Half House", exact=True).click()
    popup = frame.locator(".leaflet-popup-content")
    expect(popup).to_contain_text("About 10 of about 30 residents have nobody in reach.")
