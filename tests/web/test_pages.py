"""Pages by their structure: what every page has, and what each task's page shows."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.settings import Settings
from tests import builders
from tests.web.conftest import NASTY_NAME, Town
from tests.web.document import Document

PAGES = (
    "/",
    "/about",
    "/api",
    "/assets",
    "/assets?near=BD1+1HY&interest=bowls&kind=group",
    "/assets?ward=City",
    "/assets?q=nothing+is+called+this",
    "/assets?page=99",
    "/assets/{club}",
    "/assets/{library}",
    "/assets/{nasty}",
    "/assets/{informal}",
    "/homes/{home}",
    "/wards",
    "/wards?district=E08000032",
    "/wards?district=E07000999",
    "/wards/E05001347",
    "/matches",
    "/matches?near=BD1+1HY&interest=bowls",
    "/matches?home={home}&interest=bowls&interest=reading&needs=step_free&within=1000",
    "/matches?near=BD1+1HY&interest=zzyzx",
    "/matches?near=nowhere&interest=bowls",
    "/no-such-page",
    "/assets/{gone}",
)


def _fill(address: str, town: Town) -> str:
    return address.format(
        **{
            name: getattr(town, name).id
            for name in ("club", "library", "nasty", "informal", "home", "gone")
        }
    )


@pytest.mark.parametrize("address", PAGES)
def test_every_page_is_sound(client: TestClient, town: Town, address: str) -> None:
    answer = client.get(_fill(address, town), headers={"accept": "text/html"})
    page = Document(answer.text)

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert page.one("html").get("lang") == "en-GB"
    assert page.one("title").text.endswith("Patchwork")
    assert len(page.all("h1")) == 1
    assert page.all("a")[0].get("href") == "#maincontent"
    assert page.one("main").get("id") == "maincontent"
    assert "user-scalable" not in answer.text
    identifiers = [e.get("id") for e in page.elements if e.get("id")]
    assert len(identifiers) == len(set(identifiers)), identifiers
    for link in page.links():
        if link.startswith("#"):
            assert link[1:] in identifiers, link
    for field in page.all("input") + page.all("select"):
        if field.get("type") != "hidden":
            assert page.one("label", **{"for": field.get("id")}).text, field.attributes


@pytest.mark.parametrize("address", PAGES)
def test_no_page_runs_or_loads_anything_that_is_not_ours(
    client: TestClient, town: Town, address: str
) -> None:
    answer = client.get(_fill(address, town), headers={"accept": "text/html"})
    page = Document(answer.text)

    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    # A block of data (schema.org) is no script to a browser.
    scripts = [one for one in page.all("script") if one.get("type") != "application/ld+json"]
    assert all(script.get("src").startswith("/static/") for script in scripts)
    assert not page.all("style")
    for element in page.elements:
        assert "style" not in element.attributes, element.attributes
        assert not [name for name in element.attributes if name.startswith("on")]
        for name in ("src", "action"):
            if element.get(name):
                assert element.get(name).startswith("/"), element.attributes
    loaded = [link.get("href") for link in page.all("link")]
    assert all(href.startswith("/") for href in loaded), loaded


@pytest.mark.parametrize("address", PAGES)
def test_no_page_wears_another_publishers_brand(
    client: TestClient, town: Town, address: str
) -> None:
    page = Document(client.get(_fill(address, town), headers={"accept": "text/html"}).text)
    assert "NHS" not in page.one("html").text
    assert not page.all("svg")


def test_the_service_has_its_own_name_and_colour(web_settings: Settings) -> None:
    from app.main import create_app  # noqa: PLC0415 - only this test makes its own

    own = web_settings.model_copy(update={"name": "Dales & Co", "theme_colour": "#123456"})
    with TestClient(create_app(own)) as client:
        assert "#123456" in client.get("/theme.css").text
        page = Document(client.get("/no-such-page", headers={"accept": "text/html"}).text)
    assert page.one("a", class_="pw-header__name").text == "Dales & Co"
    assert page.one("meta", name="theme-color").get("content") == "#123456"


def test_a_colour_that_is_none_is_refused(web_settings: Settings) -> None:
    from app.main import create_app  # noqa: PLC0415

    with pytest.raises(ValueError, match="THEME_COLOUR"):
        create_app(web_settings.model_copy(update={"theme_colour": "red} body{display:none"}))


def test_home_counts_what_is_on_the_map(client: TestClient, town: Town) -> None:
    counts = [
        item.text for item in Document(client.get("/").text).one("ul", class_="pw-counts").children
    ]
    assert counts == [
        "1 Care home",
        "2 Groups",
        "1 Venue",
        "1 Skill or network",
        "1 Activity",
    ]


def test_home_leads_to_matches_places_and_wards(client: TestClient, town: Town) -> None:
    page = Document(client.get("/").text)
    assert [form.get("action") for form in page.all("form")] == [
        "/matches", "/assets", "/assets", "/wards", "/wards",
    ]  # fmt: skip
    assert [form.get("method") for form in page.all("form")] == ["post", *["get"] * 4]


def test_osm_rows_are_attributed_on_every_page_that_shows_them(
    client: TestClient, town: Town
) -> None:
    credit = "\N{COPYRIGHT SIGN} OpenStreetMap contributors (ODbL 1.0)"
    for address in (
        "/assets",
        "/assets?kind=venue",
        f"/assets/{town.library.id}",
        "/wards/E05001347",
        "/matches?near=BD1+1HY&interest=reading",
    ):
        assert credit in Document(client.get(address).text).one("footer").text, address
    # And not where they are not shown.
    assert credit not in Document(client.get("/assets?kind=care_home").text).one("footer").text


def test_hostile_words_are_only_words(client: TestClient, town: Town) -> None:
    for address in ("/assets", f"/assets/{town.nasty.id}", "/wards/E05001347"):
        page = Document(client.get(address).text)
        assert NASTY_NAME in page.one("main").text
        assert "javascript:alert(1)" not in page.links()


def test_static_files_may_be_kept_and_nothing_else(client: TestClient, town: Town) -> None:
    page = Document(client.get("/").text)
    style = next(link for link in page.all("link") if "patchwork.css" in link.get("href"))
    assert client.get(style.get("href")).headers["cache-control"] == "public, max-age=86400"
    assert client.get("/").headers["cache-control"] == "no-cache"
    private = client.get("/matches?near=BD1+1HY&interest=bowls").headers["cache-control"]
    assert private == "private, no-store"


def test_head_answers_like_get_without_a_body(client: TestClient, town: Town) -> None:
    for address in ("/", "/assets.csv", "/wards/E05001347"):
        head, get = client.head(address), client.get(address)
        assert head.status_code == get.status_code == 200
        assert head.content == b""
        assert head.headers["content-type"] == get.headers["content-type"]


def test_an_empty_database_has_pages_too(client: TestClient, session: Session) -> None:
    session.execute(sa.text("TRUNCATE assets, areas, sources, interests, postcodes CASCADE"))
    for address in ("/", "/about", "/assets", "/wards", "/matches"):
        answer = client.get(address)
        assert answer.status_code == 200, address
        Document(answer.text)
    assert "Nothing yet" in client.get("/").text


def test_pages_of_fifty(client: TestClient, town: Town, session: Session) -> None:
    for number in range(60):
        builders.make_asset(session, f"Club number {number:02}", at=(-1.75, 53.79))
    first = Document(client.get("/assets?q=Club+number").text)
    names = [h.text for h in first.all("h3")]
    assert names == [f"Club number {number:02}" for number in range(50)]
    assert first.one("h2", id="list").text == "60 places"
    second = Document(client.get("/assets?q=Club+number&page=2").text)
    assert [h.text for h in second.all("h3")] == [f"Club number {n:02}" for n in range(50, 60)]
    assert second.one("a", rel="prev").get("href") == "/assets?q=Club+number"
