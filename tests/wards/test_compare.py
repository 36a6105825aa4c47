"""The page that compares wards: order, classes, missing figures, files, and bad questions."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlalchemy.orm import Session

from app.areas.measures import read_district
from app.assets.actions import NameCache
from app.interests.actions import load_vocabulary
from app.main import create_app
from app.models import AreaFigure, AreaLookup, AssetKind
from app.parameters import today
from app.rendering import STATIC
from app.settings import Settings
from geo.map_areas import CLASS_COLOURS
from tests import builders
from tests.web.conftest import TestClient  # type: ignore[attr-defined]  # quietly imported there
from tests.web.document import Document

BRADFORD = "E08000032"
# Name, people, places, groups of them, of which checked.
WARDS = {
    "E05000001": ("Airedale", 1_000, 2, 1, 1),
    "E05000002": ("Bolling", 4_000, 4, 0, 0),
    "E05000003": ("Clayton", 500, 5, 5, 5),
    "E05000004": ("Dudley Hill", None, 3, 3, 0),
    "E05000005": ("Eccleshill", 2_000, 0, 0, 0),
}


@pytest.fixture(scope="module")
def made_app(settings: Settings) -> Iterator[FastAPI]:
    made = create_app(settings)
    yield made
    made.state.engine.dispose()


@pytest.fixture
def client(made_app: FastAPI, connection: sa.Connection) -> Iterator[TestClient]:
    made_app.state.connect = lambda: nullcontext(connection)
    made_app.state.names = NameCache()
    with TestClient(made_app, follow_redirects=False) as made:
        yield made


@pytest.fixture
def bradford(session: Session) -> Session:
    """Five wards in a row; nobody knows how many people live in one, nothing is in another."""
    load_vocabulary(session)
    for number, (code, (name, people, *counts)) in enumerate(WARDS.items()):
        middle = (-1.80 + 0.02 * number, 53.80)
        builders.make_ward(session, code, name, shape=builders.square(middle))
        if people is not None:
            add_people(session, code, f"E0100000{number}", people)
        places, groups, checked = counts
        for place in range(places):
            builders.make_asset(
                session,
                f"Place {place}",
                at=middle,
                kind=AssetKind.GROUP if place < groups else AssetKind.VENUE,
                interests=["bowls"] if place < groups else [],
                checked_on=dt.datetime.now(tz=dt.UTC).date() if place < checked else None,
            )
    session.flush()
    return session


def add_people(session: Session, ward_code: str, lsoa_code: str, people: int) -> None:
    source_id = builders.make_source(session, "ons", attribution="People of ONS").id
    session.add(
        AreaLookup(
            lsoa_code=lsoa_code, release="2024", ward_code=ward_code, ward_name="A ward",
            lad_code=BRADFORD, lad_name="Bradford", source_id=source_id,
        )
    )  # fmt: skip
    session.add(
        AreaFigure(
            gss_code=lsoa_code, measure="population", as_of=dt.date(2022, 6, 30), value=people,
            source_id=source_id,
        )
    )  # fmt: skip


def rows_on(page: Document) -> list[list[str]]:
    """Return the texts of each row's cells, its ward's name first."""
    return [
        [cell.text for cell in row.children if cell.tag in {"th", "td"}]
        for row in page.one("tbody").children
    ]


def names_on(client: TestClient, query: str) -> list[str]:
    page = Document(client.get(f"/wards?district={BRADFORD}&{query}").text)
    return [row[0] for row in rows_on(page)]


# A=2.0, B=1.0, C=10.0, D=none, E=0.0 places for every 1,000 people.
@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("", "ABCDE"),
        ("name", "ABCDE"),
        ("-name", "EDCBA"),
        ("assets_per_1000", "EBACD"),
        ("-assets_per_1000", "CABED"),
        ("assets", "EADBC"),
        ("-assets", "CBDAE"),
        ("-checked_share", "CABDE"),
        ("checked_share", "BDACE"),
        ("-venue_within_10_minutes", "ABCDE"),
    ],
)
def test_order(client: TestClient, bradford: Session, sort: str, order: str) -> None:
    assert "".join(name[0] for name in names_on(client, f"sort={sort}")) == order


def test_a_heading_says_how_it_is_sorted_and_turns_it_round(
    client: TestClient, bradford: Session
) -> None:
    asked = f"/wards?district={BRADFORD}&measure=checked_share"
    page = Document(client.get(asked).text)
    sorted_by = [th for th in page.all("th") if th.get("aria-sort")]
    assert [(th.text, th.get("aria-sort")) for th in sorted_by] == [("Ward ▲", "ascending")]
    heading = next(th for th in page.all("th") if th.text.startswith("Places and groups"))
    first = heading.all("a")[0].get("href")
    assert "sort=-assets_per_1000" in first
    assert "measure=checked_share" in first
    page = Document(client.get(first).text)
    (heading,) = [th for th in page.all("th") if th.get("aria-sort")]
    assert heading.get("aria-sort") == "descending"
    assert "sort=assets_per_1000" in heading.all("a")[0].get("href")


def test_figures_classes_and_key_are_those_of_the_map(
    client: TestClient, bradford: Session
) -> None:
    for measure in ("assets_per_1000", "groups:sport", "checked_share", "venue_access_score"):
        for scheme in ("quantiles", "natural"):
            query = f"district={BRADFORD}&measure={measure}&classes={scheme}"
            page = Document(client.get(f"/wards?{query}").text)
            frame = page.one("iframe")
            assert frame.get("title").startswith("Map of the wards of Bradford")
            assert "allow-same-origin" not in frame.get("sandbox")
            drawn = features_of(client.get(frame.get("src")).text)
            assert len(drawn) == len(WARDS)
            classes = max(int(style) for _, style, _ in drawn.values()) + 1
            for row in rows_on(page):
                words, style, colour = drawn[row[0]]
                figure = "no figure" if row[1] == "no figure" else f"{row[1]} "
                assert f": {figure}".strip() in words, row
                is_known = row[1] != "no figure"
                assert (row[2] != "none") == is_known
                if is_known:
                    assert row[2].startswith(f"{style + 1} of ")
                    assert colour in CLASS_COLOURS
                    assert int(row[2].split()[-1]) <= classes
                else:
                    assert colour == "#FFFFFF"


def features_of(document: str) -> dict[str, tuple[str, int, str]]:
    """Return by name what a map says of an area, its class and its colour."""
    text = re.search(
        r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', document, re.DOTALL
    )
    assert text, "the map's data"
    data = json.loads(html.unescape(text.group(1)))
    styles = data["styles"]
    return {
        (known := feature["properties"])["name"]: (
            known["lines"][0], known["style"], styles[known["style"]]["fillColor"],
        )
        for feature in data["areas"]["features"]
    }  # fmt: skip


def test_the_page_has_the_maps_colours() -> None:
    sheet = (STATIC / "compare.css").read_text()
    found = dict(re.findall(r"\.pw-swatch--(\d) \{ background: (#\w+); \}", sheet))
    assert {int(n): colour.upper() for n, colour in found.items()} == dict(
        enumerate(CLASS_COLOURS, start=1)
    )


def test_missing_figures_are_said_and_stay_last(client: TestClient, bradford: Session) -> None:
    page = Document(client.get(f"/wards?district={BRADFORD}&sort=-groups_per_1000").text)
    rows = {row[0]: row for row in rows_on(page)}
    assert rows["Dudley Hill"][1:3] == ["no figure", "none"]
    assert rows["Eccleshill"][1] == "0.0"
    assert "no figure" in rows["Eccleshill"]  # nothing there, so no share of it is checked
    assert list(rows)[-1] == "Dudley Hill"
    text = page.one("main").text
    assert "We do not know how many people live in 1 ward" in text
    assert "No figure" in text


def test_the_formula_is_shown_with_its_source(client: TestClient, bradford: Session) -> None:
    text = Document(client.get("/wards?measure=venue_access_score").text).one("main").text
    assert "Luo and F. Wang (2003), Environment and Planning B 30" in text
    assert "R(j) = S(j) ÷ sum of P(k)" in text
    assert "People of ONS" in client.get("/wards").text


def test_one_district_is_compared_at_once_and_several_are_listed(
    client: TestClient, bradford: Session
) -> None:
    page = Document(client.get("/wards").text)
    assert page.one("h1").text == "Compare the wards of Bradford"
    builders.make_ward(bradford, "E05000099", "Royton", shape=builders.square((-2.1, 53.5)),
                       lad_code="E08000004", lad_name="Oldham")  # fmt: skip
    page = Document(client.get("/wards").text)
    assert page.one("h1").text == "Find a ward"
    assert not page.all("iframe")
    assert len(rows_on(page)) == 6
    # A district of one ward, without people: nothing to put in classes, and no error.
    page = Document(client.get("/wards?district=E08000004").text)
    assert rows_on(page)[0][:3] == ["Royton", "no figure", "none"]
    drawn = features_of(client.get("/wards/map?district=E08000004").text)
    assert drawn["Royton"][2] == "#FFFFFF"
    assert rows_on(Document(client.get("/wards?district=E08000004&measure=groups:sport").text))[0][
        1:3
    ] == ["0", "1 of 1"]


def values_of(session: Session, ward: str, *, on: dt.date | None = None) -> dict[str, Any]:
    """Return a ward's measures, and its people, as they are on a day."""
    found = read_district(session.connection(), lad_code=BRADFORD, today=on or today())
    (one,) = [one for one in found.wards if one.name == ward]
    return {"people": one.population, **one.values}


def test_the_last_year_has_365_days(bradford: Session) -> None:
    # Checked today: one of Airedale's two.
    assert values_of(bradford, "Airedale")["checked_share"] == 50
    for days, share in ((365, 50), (366, 0)):
        later = dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=days)
        assert values_of(bradford, "Airedale", on=later)["checked_share"] == share, days


def test_partly_known_people_are_unknown(client: TestClient, bradford: Session) -> None:
    source_id = builders.make_source(bradford, "ons").id
    bradford.add(
        AreaLookup(
            lsoa_code="E01000099", release="2024", ward_code="E05000001", ward_name="A ward",
            lad_code=BRADFORD, lad_name="Bradford", source_id=source_id,
        )
    )  # fmt: skip
    bradford.flush()
    found = values_of(bradford, "Airedale")
    assert (found["people"], found["assets_per_1000"], found["groups_per_1000"]) == (None,) * 3
    assert values_of(bradford, "Bolling")["people"] == 4_000
    text = Document(client.get(f"/wards?district={BRADFORD}").text).one("main").text
    assert "We do not know how many people live in 2 wards" in text


def test_what_a_group_runs_counts_for_its_themes(bradford: Session) -> None:
    before = values_of(bradford, "Clayton")
    assert (before["groups:sport"], before["groups:crafts"], before["groups:music"]) == (5, 0, 0)
    group, other, linked, hall = (
        builders.make_asset(bradford, name, at=(-1.76, 53.80), kind=kind, interests=likes)
        for name, kind, likes in (
            ("Clayton Circle", AssetKind.GROUP, ()),
            ("Clayton Singers", AssetKind.GROUP, ["singing"]),
            ("Clayton Circle, elsewhere", AssetKind.GROUP, ()),
            ("Clayton Hall", AssetKind.VENUE, ()),
        )
    )
    linked.duplicate_of = group.id
    bradford.flush()
    on = today()
    for name, organizer, interests, ends_on in (
        ("Needles", group, ["knitting"], on),
        ("More needles", group, ["crochet"], None),
        ("Over", group, ["chess-and-draughts"], on - dt.timedelta(days=1)),
        ("Choir", other, ["singing"], None),
        ("Reading", linked, ["reading"], None),
        ("A venue's own", hall, ["painting"], None),
    ):
        builders.make_activity(bradford, name, organizer, interests=interests, ends_on=ends_on)
    after = values_of(bradford, "Clayton")
    changed = {slug: after[slug] - before[slug] for slug in after
               if slug.startswith("groups:") and after[slug] != before[slug]}  # fmt: skip
    assert changed == {"groups:crafts": 1, "groups:music": 1, "groups:books-and-reading": 1}


def test_an_order_needs_a_district(client: TestClient, bradford: Session) -> None:
    builders.make_ward(bradford, "E05000099", "Royton", shape=builders.square((-2.1, 53.5)),
                       lad_code="E08000004", lad_name="Oldham")  # fmt: skip
    answer = client.get("/api/wards?sort=assets")
    assert answer.status_code == 422
    assert "district=E08000032" in answer.text
    assert client.get(f"/wards.csv?district={BRADFORD}&sort=happiness").status_code == 422
    assert client.get("/wards.csv?district=E08000099&sort=assets").status_code == 200
    # The page of all districts has no such order, and its links ask for none.
    page = Document(client.get("/wards?sort=assets").text)
    assert not [link for link in page.links() if link.startswith("/wards.") and "sort" in link]


def test_what_was_asked_in_vain_is_called_that(client: TestClient, bradford: Session) -> None:
    text = Document(client.get("/wards?measure=asked_in_vain").text).one("main").text
    assert "Interests asked for in vain in the last 12 months" in text
    assert "Some of them may be there by now" in text
    page = Document(client.get(f"/wards?district={BRADFORD}").text)
    assert "Asked for in vain" in [th.text for th in page.all("th")]
    columns = client.get("/wards.csv").content.decode("utf-8-sig").splitlines()[0]
    assert "Interests asked for in vain in the last 12 months (interests)" in columns
    for answer in (text, columns, client.get("/api/wards").text):
        assert "nothing in reach" not in answer


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("measure=happiness", "measure"),
        ("measure=groups:falconers", "measure"),
        ("classes=seven", "classes"),
        ("sort=-happiness", "sort"),
        ("release=old", "release"),
        ("measure=checked_share&measure=assets_per_1000", "measure"),
        ("district=Bradford", "district"),
    ],
)
def test_what_makes_no_sense_is_said(
    client: TestClient, bradford: Session, query: str, field: str
) -> None:
    asked = query if "district" in query else f"district={BRADFORD}&{query}"
    answer = client.get(f"/wards?{asked}")
    assert answer.status_code == 422
    assert f"“{field}”" in Document(answer.text).one("main").text
    if field != "sort":  # no order on a map
        assert client.get(f"/wards/map?{asked}").status_code == 422


def test_the_map_of_nothing(client: TestClient, bradford: Session) -> None:
    assert client.get("/wards/map").status_code == 422
    assert client.get("/wards/map?district=E08000004").status_code == 404
    assert client.get(f"/wards/map?district={BRADFORD}&release=2013").status_code == 404
    page = Document(client.get(f"/wards?district={BRADFORD}&release=2013").text)
    assert "no wards of that district" in page.one("main").text


def test_another_themes_order_is_no_mistake(client: TestClient, bradford: Session) -> None:
    answer = client.get("/wards?measure=groups:crafts&sort=-groups:sport")
    assert answer.status_code == 200


def test_old_boundaries(client: TestClient, bradford: Session) -> None:
    builders.make_ward(bradford, "E05000077", "Old Clayton", release="2013", lad_name=None,
                       shape=builders.square((-1.76, 53.80)))  # fmt: skip
    page = Document(client.get(f"/wards?district={BRADFORD}&release=2013").text)
    assert page.one("h1").text == "Compare the wards of Bradford"
    assert [row[0] for row in rows_on(page)] == ["Old Clayton"]
    assert "These are the boundaries of 2013" in page.one("main").text
    assert "/wards/E05000077?release=2013" in page.links()
    assert "release=2013" in page.one("iframe").get("src")
