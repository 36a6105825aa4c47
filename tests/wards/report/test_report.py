"""A ward on one page: its structure, its figures held to numpy, its changes, its statements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import shapely
import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.areas.actions import get_ward
from app.areas.report import WardReport, read_report
from app.areas.report_figures import _unit_after
from app.areas.report_words import quarter_before
from app.assets.actions import NameCache
from app.models import AreaFigure, AreaLookup, AssetKind
from tests import builders
from tests.wards.report.conftest import (
    APART,
    BESIDE,
    CITY,
    CORNER,
    ELSEWHERE,
    LAT,
    LON,
    ask_for,
    assert_links_lead_somewhere,
)
from tests.web.conftest import Town
from tests.web.document import Document, Element

TODAY = dt.date(2026, 11, 26)


def report_of(
    connection: sa.Connection, code: str = CITY, release: str | None = None
) -> WardReport:
    ward = get_ward(connection, gss_code=code, release=release)
    return read_report(connection, ward, NameCache().get(connection), today=TODAY)


def figure(report: WardReport, slug: str) -> Any:
    (found,) = [one for one in report.figures if one.slug == slug]
    return found


def publish(session: Session, ward_code: str, **values: float) -> None:
    """Store a small area of a ward and what is published about it."""
    source = builders.make_source(session, "ons", name="Population", attribution="ONS 2025")
    lsoa = f"E01{ward_code[3:]}"
    session.add(
        AreaLookup(lsoa_code=lsoa, release="2024", ward_code=ward_code, ward_name="x",
                   lad_code="E08000032", lad_name="Bradford", source_id=source.id)
    )  # fmt: skip
    for measure, value in values.items():
        session.add(AreaFigure(gss_code=lsoa, measure=measure, as_of=dt.date(2025, 6, 30),
                               value=value, source_id=source.id))  # fmt: skip
    session.flush()


def test_neighbours_and_median_equal_numpy(
    connection: sa.Connection, session: Session, town: Town, around: dict[str, tuple[float, float]]
) -> None:
    rng = np.random.default_rng(3)
    fresh = TODAY - dt.timedelta(days=30)
    stale = TODAY - dt.timedelta(days=400)
    counts: dict[str, dict[str, float]] = {}
    for code, (lon, lat) in around.items():
        many = int(rng.integers(2, 9))
        checks = rng.integers(0, 3, many)
        for number, check in enumerate(checks):
            builders.make_asset(
                session, f"{code} {number}", at=(lon, lat + 0.0005 * number),
                kind=AssetKind.GROUP if number % 2 else AssetKind.VENUE,
                checked_on={0: None, 1: fresh, 2: stale}[int(check)],
            )  # fmt: skip
        people = int(rng.integers(1_000, 9_000))
        score = float(rng.uniform(5, 60))
        publish(session, code, population=people, population_65_plus=people // 5, imd_score=score)
        counts[code] = {
            "places": many, "groups": many // 2, "population": people,
            "assets_per_1000": many / people * 1_000, "population_65_plus": people // 5,
            "checked_share": float(np.mean(checks == 1)) * 100,
        }  # fmt: skip
    publish(session, CITY, population=2_000)
    session.execute(sa.text("UPDATE assets SET assured_date = :day WHERE name LIKE 'Riverside%'"),
                    {"day": fresh})  # fmt: skip
    # The town's own: a home, a library, two groups and somebody who is placed by the ward.
    own = {"places": 5, "groups": 2, "population": 2_000, "assets_per_1000": 2.5,
           "population_65_plus": np.nan, "checked_share": 20.0}  # fmt: skip
    report = report_of(connection)

    assert {one.gss_code for one in report.neighbours} == {*BESIDE, CORNER, ELSEWHERE}
    touching = [counts[code] for code in (*BESIDE, CORNER, ELSEWHERE)]
    district = [own, *(counts[code] for code in (*BESIDE, CORNER, APART))]
    for slug, value in own.items():
        made = figure(report, slug)
        assert made.value == (None if np.isnan(value) else pytest.approx(value)), slug
        assert made.neighbours == pytest.approx(np.mean([one[slug] for one in touching])), slug
        median = np.nanmedian([one[slug] for one in district])
        assert made.district == pytest.approx(median), slug
    assert figure(report, "population").source == "Population; LSOAs as the ONS assigns them"
    assert figure(report, "population").as_of == dt.date(2025, 6, 30)
    assert figure(report, "imd_score").text == "not known"


def test_a_ward_nobody_knows_anything_about(connection: sa.Connection, session: Session) -> None:
    builders.make_ward(session, "E05003001", "Empty", lad_code=None, lad_name=None,
                       shape=builders.square((-1.2, 53.9)))  # fmt: skip
    report = report_of(connection, "E05003001")
    assert report.sentences == [
        "Nothing is on the map in this ward yet.",
        "We know of nothing that was looked for in vain here or next door in the last 12 months."
        " That says something only once people here use Patchwork to look.",
    ]
    assert {one.text for one in report.figures} == {"0", "not known", "–"}
    # A share of nothing, as in the table of kinds.
    assert figure(report, "checked_share").text == "–"
    assert figure(report, "assets_per_1000").source == "The places on this map"
    assert {one.neighbours for one in report.figures} == {None}
    assert {one.district for one in report.figures} == {None}
    assert report.changes == ["Nothing has changed here since 1 July 2026."]


def test_nothing_here_is_compared_with_nothing(
    connection: sa.Connection, session: Session, town: Town
) -> None:
    builders.make_ward(session, "E05003001", "Empty", shape=builders.square((-1.2, 53.9)))
    for code, people in (("E05003001", 3_000), (CITY, 2_000)):
        publish(session, code, population=people)
    report = report_of(connection, "E05003001")
    assert (figure(report, "assets_per_1000").text, figure(report, "places").text) == ("0.0", "0")
    assert not [one for one in report.sentences if "1,000" in one or "care home" in one]


def test_a_unit_never_repeats_the_last_word_of_its_label() -> None:
    label = "Access to community venues"
    assert _unit_after(label, "venues per 1,000 people") == "per 1,000 people"
    assert _unit_after("Groups", "per 1,000 people") == "per 1,000 people"


def test_an_unknown_ward_offers_to_find_one(client: TestClient, town: Town) -> None:
    answer = client.get("/wards/E05009999")
    assert answer.status_code == 404
    page = Document(answer.text)
    assert [link.get("href") for link in page.all("a") if link.text == "Find a ward"] == ["/wards"]
    assert "Find a ward" not in Document(client.get("/nothing-here").text).one("main").text


def test_an_empty_ward_says_so_in_words(client: TestClient, session: Session, town: Town) -> None:
    builders.make_ward(session, "E05003001", "Empty", shape=builders.square((-1.2, 53.9)))
    page = Document(client.get("/wards/E05003001").text)
    text = page.one("main").text
    assert "Nothing is on the map here yet. Tell us what is missing" in text
    assert "No ward on this map touches this one" in text
    assert "Not loaded for this ward" in text
    assert "#homes" not in page.links()
    assert_links_lead_somewhere(page)


def table(page: Document, caption: str) -> Element:
    (found,) = [t for t in page.all("table") if caption in t.one("caption").text]
    return found


def test_the_page_and_its_structure(
    client: TestClient, session: Session, town: Town, around: dict[str, tuple[float, float]]
) -> None:
    publish(session, CITY, population=2_000, imd_score=20, imd_decile=1)
    page = Document(client.get(f"/wards/{CITY}").text)
    assert page.one("h1").text == "Ward in Bradford City"
    levels = [int(e.tag[1]) for e in page.elements if e.tag in {"h1", "h2", "h3"}]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert_links_lead_somewhere(page)
    nav = page.one("nav", aria_label="On this page")
    assert [link.text for link in nav.all("a")] == [
        "What is here", "Asked for", "Figures", "Care homes", "What changed", "All places",
        "Take it with you", "Map",
    ]  # fmt: skip
    for made in page.all("table"):
        assert made.one("caption").text
        assert all(head.get("scope") in {"row", "col"} for head in made.all("th"))
        widths = {len(row.all("th")) + len(row.all("td")) for row in made.all("tr")}
        assert len(widths) == 1
    figures = {
        row.one("th").text: [cell.text for cell in row.all("td")]
        for row in table(page, "Figures").one("tbody").all("tr")
    }
    (per_1000,) = [cells for label, cells in figures.items() if "per 1,000 people" in label]
    assert per_1000 == ["2.5", "not known", "2.5"]
    assert [head.text for head in table(page, "Figures").one("thead").all("th")] == [
        "Figure", "This ward", "Wards next door (average)", "Middle ward of Bradford"
    ]  # fmt: skip
    # The list comes first, the map after it, and both say the same.
    order = [e.get("id") for e in page.elements]
    assert order.index("short") < order.index("kinds") < order.index("unmet") < order.index("map")
    frame = page.one("iframe")
    assert (frame.get("title"), "allow-same-origin" in frame.get("sandbox")) == (
        "Map of City ward", False
    )  # fmt: skip
    listed = {link for link in page.links() if link.startswith("/assets/")}
    assert {f"/assets/{one.id}" for one in (town.home, town.library, town.club)} <= listed
    assert f"/assets/{town.gone.id}" not in listed
    drawn = client.get(frame.get("src")).text
    assert all(link.removeprefix("/assets/") in drawn for link in listed)


def test_kinds_and_themes_with_what_was_checked(connection: sa.Connection, town: Town) -> None:
    report = report_of(connection)
    assert {one.slug: one.count for one in report.kinds} == {
        "care_home": 1, "group": 2, "surgery": 0, "venue": 1, "informal": 1
    }  # fmt: skip
    names = NameCache().get(connection)
    themes = {one.slug: one for one in report.themes}
    assert len(themes) == sum(one.broader_id is None for one in names.vocabulary.concepts)

    def theme(slug: str) -> str:
        return names.vocabulary.theme_of(names.vocabulary.concept(slug).id).concept

    # The club plays bowls, and boccia is played there: of one theme, so it counts once.
    assert theme("bowls") == theme("boccia")
    assert themes[theme("bowls")].count == 1
    assert themes[theme("reading")].count == 1
    assert sum(one.count for one in report.themes) == 2


def test_themes_lead_to_lists_of_as_many(client: TestClient, session: Session, town: Town) -> None:
    builders.make_activity(session, "Tea dance", town.club, venue=town.library,
                           interests=["ballroom-dancing"])  # fmt: skip
    page = Document(client.get(f"/wards/{CITY}").text)
    rows = table(page, "by theme of interest").one("tbody").all("tr")
    assert len(rows) >= 3
    for row in rows:
        link = row.one("a").get("href").replace("/assets?", "/api/assets?")
        assert len(client.get(link).json()["assets"]) == int(row.all("td")[0].text), link


def test_homes_beds_and_walks(connection: sa.Connection, session: Session, town: Town) -> None:
    builders.make_asset(session, "Far House", at=(LON + 0.009, LAT - 0.009), beds=None,
                        kind=AssetKind.CARE_HOME)  # fmt: skip
    report = report_of(connection)
    homes = {one.name: one for one in report.homes}
    assert (homes["Bowmont House"].beds, homes["Far House"].beds) == (24, None)
    # The library is some 230 m away, the club 450 m, the nasty one 80 m; the far one beyond 15.
    assert homes["Bowmont House"].within == {5: 2, 10: 3, 15: 3}
    assert homes["Bowmont House"].is_about
    assert "Of its 2 care homes 1 has 24 beds; how many the other has is not known." in (
        report.sentences
    )


def test_changes_since_the_last_full_quarter(
    connection: sa.Connection, session: Session, town: Town
) -> None:
    since = quarter_before(TODAY)
    before = dt.datetime.combine(since, dt.time(), dt.UTC) - dt.timedelta(days=1)
    session.execute(sa.text("UPDATE assets SET created_at = :at, assured_date = NULL"),
                    {"at": before})  # fmt: skip
    # Gone on the day before, so that it is in no number.
    session.execute(sa.text("UPDATE assets SET gone_at = :at WHERE id = :id"),
                    {"at": before, "id": town.gone.id})  # fmt: skip
    session.execute(sa.text("DELETE FROM asset_changes"))
    assert report_of(connection).changes == ["Nothing has changed here since 1 July 2026."]

    new = builders.make_asset(session, "Brand New Choir", checked_on=since)
    closed = builders.make_asset(session, "Closed Secretly", at=(LON, LAT))
    session.execute(sa.text("UPDATE assets SET gone_at = :at WHERE id = :id"),
                    {"at": dt.datetime(2026, 9, 1, tzinfo=dt.UTC), "id": closed.id})  # fmt: skip
    session.execute(sa.text("SELECT set_config('patchwork.acting_as', 'editor', true)"))
    session.execute(sa.text("UPDATE assets SET name = 'City Library!' WHERE id = :id"),
                    {"id": town.library.id})  # fmt: skip
    session.execute(sa.text("SELECT set_config('patchwork.acting_as', '', true)"))
    # A publisher's newer file corrects nothing that people saw.
    session.execute(sa.text("UPDATE assets SET name = 'Bowmont Hse' WHERE id = :id"),
                    {"id": town.home.id})  # fmt: skip
    report = report_of(connection)
    changed = report.changed
    assert (changed.new, changed.gone, changed.checked, changed.corrected) == (1, 1, 1, 1)
    assert [one.id for one in changed.new_places] == [str(new.id)]
    assert report.changes[0] == "Since 1 July 2026 1 place was put on the map."


def test_what_is_gone_is_counted_and_never_named(
    client: TestClient, session: Session, town: Town
) -> None:
    closed = builders.make_asset(session, "Closed Secretly", at=(LON, LAT))
    session.execute(sa.text("UPDATE assets SET gone_at = now() WHERE id = :id"), {"id": closed.id})
    for path in (f"/wards/{CITY}", f"/api/wards/{CITY}", f"/wards/{CITY}.csv"):
        text = client.get(path).text
        assert "Closed Secretly" not in text
        assert str(closed.id) not in text
    assert client.get(f"/api/wards/{CITY}").json()["changed"]["gone"] >= 1


def test_the_api_says_what_the_page_says(
    client: TestClient, session: Session, town: Town, around: dict[str, tuple[float, float]]
) -> None:
    publish(session, CITY, population=2_000, imd_score=20, imd_decile=1)
    said = client.get(f"/api/wards/{CITY}").json()
    page = Document(client.get(f"/wards/{CITY}").text)
    assert [item.text for item in page.one("ul", class_="pw-short").all("li")] == said["sentences"]
    assert said["assets_by_kind"] == {"care_home": 1, "group": 2, "venue": 1, "informal": 1}
    assert (said["population"], said["most_deprived_share"]) == (2_000, 1.0)
    assert "ONS 2025 (OGL v3)" in said["attribution"]
    assert len(table(page, "Figures").one("tbody").all("tr")) == len(said["figures"])
    assert {one["gss_code"] for one in said["neighbours"]} == {*BESIDE, CORNER, ELSEWHERE}


@contextmanager
def counted(connection: sa.Connection) -> Iterator[list[str]]:
    asked: list[str] = []

    def remember(_: Any, __: Any, statement: str, *___: Any) -> None:
        asked.append(statement)

    sa.event.listen(connection, "before_cursor_execute", remember)
    try:
        yield asked
    finally:
        sa.event.remove(connection, "before_cursor_execute", remember)


def test_statements_do_not_grow_with_what_is_there(
    client: TestClient, session: Session, connection: sa.Connection, town: Town,
    around: dict[str, tuple[float, float]],
) -> None:  # fmt: skip
    def ask() -> int:
        client.get(f"/wards/{CITY}")
        with counted(connection) as asked:
            assert client.get(f"/wards/{CITY}").status_code == 200
        return len(asked)

    ask_for(session, CITY, "fishing", times=9)
    few = ask()
    for number in range(25):
        home = builders.make_asset(session, f"House {number}", at=(LON, LAT + number / 10_000),
                                   kind=AssetKind.CARE_HOME, interests=["bowls"])  # fmt: skip
        builders.make_activity(session, f"Bowls {number}", home, interests=["bowls"])
    for code in (CITY, *BESIDE):
        for concept in ("stargazing", "fishing", "knitting", "canals"):
            ask_for(session, code, concept, times=9)
    assert ask() == few <= 14


def test_a_touching_corner_is_next_door(
    connection: sa.Connection, town: Town, around: dict[str, tuple[float, float]]
) -> None:
    shapes = {code: shapely.MultiPolygon(builders.square(at)) for code, at in around.items()}
    city = builders.square(builders.CITY_HALL)
    touching = {code for code, shape in shapes.items() if shape.distance(city) < 1e-9}
    assert touching == {one.gss_code for one in report_of(connection).neighbours}
    assert APART not in touching
