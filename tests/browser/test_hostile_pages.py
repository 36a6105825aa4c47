"""Hostile names in every page and map of the application, in a real Chromium: nothing runs.

The addresses come from the table of all addresses, so that a new page is opened by itself. Each is
opened with the policy off, where what got in would run; maps and some pages also with the policy
on, where its refusal would tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Error, Page

from app.areas.actions import get_ward
from app.areas.cli import INLINE
from app.areas.maps import map_of_ward
from app.assets.actions import NameCache
from tests.authorisation.crawling import addresses_of
from tests.authorisation.table import ROWS, Access, Row
from tests.authorisation.things import missing
from tests.browser.hostile import ACT, ALL, ELSEWHERE, NEXT_WARD, PAYLOADS, RAN, Watch, store
from tests.connections.conftest import served
from tests.people import People

__all__ = ["served"]

pytestmark = pytest.mark.browser

CITY = "E05001347"
OPENED = {
    Access.PUBLIC, Access.SIGNED_IN, Access.WARDS, Access.MAPPERS, Access.EDITORS, Access.INVITERS,
    Access.ADMINISTRATORS,
}  # fmt: skip
# No documents: lists for programs, pictures, what is downloaded, the scripts and sheets themselves.
NO_PAGE = re.compile(
    r"^/api(?!$)|^/health|^/sign-in/|^/claims|^/invitations|^/calendar|^/photos|^/sw\.js"
    r"|\.(csv|geojson|json|pdf|png|xlsx|gpkg|zip|kml|parquet|fgb|ics"
    r"|css|pmtiles|webmanifest)$|/size$|^/map/patches|^/isochrones|^/oruk/.|^/ogc/api$|{z}/{x}/{y}$"
)
# Drawn for a ward, for a memory stick or for somebody's own site.
FILE = re.compile(r"^/wards/.*\.html$")
WITH_POLICY = re.compile(r"/map$|/map\?|/embed$|^/wards/|^/my-wards|^/queue\?")
OPEN_ALL = """() => {
  for (const folded of document.querySelectorAll("details")) folded.open = true;
  const marks = [...document.querySelectorAll("#map-list button")];
  for (const mark of marks) mark.click();
  return marks.length;
}"""
# Without the one that leads away at once: the others could not be looked at.
RAW = f"<!doctype html><title>x</title><p>{'</p><p>'.join(PAYLOADS)}</p>".replace(
    "http-equiv", "name"
)


def rows_to_open(pattern: Callable[[str], object]) -> list[Row]:
    return [row for row in ROWS if row.method == "GET" and row.access in OPENED
            and pattern(row.path)]  # fmt: skip


PAGES = rows_to_open(lambda path: not NO_PAGE.search(path) and not FILE.search(path))
FILES = rows_to_open(FILE.search)


@pytest.fixture(scope="module")
def token(people: People) -> str:
    return store(people)


@pytest.fixture(scope="module")
def chromium_here(playwright: object) -> Iterator[Browser]:
    path = Path("/usr/bin/chromium")
    if not path.exists():
        pytest.skip(f"there is no {path}: install Debian's chromium")
    browser = playwright.chromium.launch(  # type: ignore[attr-defined]
        executable_path=str(path), args=["--no-sandbox", "--disable-quic", "--no-first-run"]
    )
    yield browser
    browser.close()


def addresses(people: People) -> list[str]:
    club = str(people.club_id)
    with people.engine.connect() as connection:
        feed = str(connection.execute(sa.text("SELECT max(id) FROM feeds")).scalar_one())
        waiting = [
            f"/queue?item={row.kind}:{row.id}{more}"
            for row in connection.execute(
                sa.text(
                    "SELECT 'suggestion' AS kind, id::text FROM suggestions UNION ALL"
                    " SELECT 'photo', id::text FROM photos UNION ALL"
                    " SELECT 'problem', id::text FROM import_problems UNION ALL"
                    " SELECT 'venue', id::text FROM venue_requests"
                )
            )
            for more in (("", "&amend=1") if row.kind == "suggestion" else ("",))
        ]
    names = {
        "asset_id": [club], "home_id": [str(people.homes["a"])], "gss_code": [CITY, NEXT_WARD],
        "code": ["HXSTQW"], "token": [missing().feed_token], "other_id": [str(people.homes["a"])],
        "collectionId": ["assets", "activities", "wards"], "itemId": [club, NEXT_WARD],
        "tileMatrixSetId": ["WebMercatorQuad"], "feed_id": [feed], "upload_id": [],
    }  # fmt: skip
    return [
        *addresses_of(PAGES, names),
        *waiting,
        f"/suggest?asset={club}",
        "/suggest?poster=HXSTQW",
        f"/assets?q={PAYLOADS[0]}",
        f"/matches?near=BD1+1HY&interest={PAYLOADS[1]}",
        f"/wards?near={PAYLOADS[2]}",
        f"/nothing/{PAYLOADS[0]}",
    ]  # fmt: skip


def open_page(page: Page, watch: Watch, address: str) -> int:
    """Open an address and all that is folded in it; return how many marks of a map were opened.

    Maps have addresses of their own; in the frames of pages they are only listened to.
    """
    page.goto(address.replace("#", "%23"), wait_until="load")
    try:
        opened: int = page.main_frame.evaluate(OPEN_ALL)
        watch.look_into(page, page.main_frame)
    except Error as error:
        watch.note(page, f"led away from {address[:100]}: {error}")
        return 0
    return opened


@pytest.mark.parametrize("has_policy", [True, False], ids=["policy", "no-policy"])
def test_hostile_names_run_nothing_on_any_page(
    people: People, served: str, chromium_here: Browser, token: str, *, has_policy: bool
) -> None:
    watch = Watch(served)
    context = chromium_here.new_context(base_url=served, bypass_csp=not has_policy)
    cookie = {"name": people.settings.cookie_name, "value": token, "url": served}
    context.add_cookies([cookie])  # type: ignore[list-item]
    page = watch.over(context)
    opened = {
        address: open_page(page, watch, address)
        for address in addresses(people)
        if not has_policy or WITH_POLICY.search(address)
    }
    shown = page.goto(f"/wards/{CITY}")
    assert shown is not None
    assert ALL in page.locator("h1").inner_text(), "the names are shown as they are"
    context.close()
    assert not watch.wrong, "\n".join(dict.fromkeys(watch.wrong))
    assert sum(1 for number in opened.values() if number) >= 4, "maps were opened"
    assert opened["/matched/map"] >= 2, "the homes"


def test_hostile_names_run_nothing_in_a_file_from_a_memory_stick(
    people: People, chromium_here: Browser, token: str, tmp_path: Path
) -> None:
    assert token
    with people.engine.connect() as connection:
        ward = get_ward(connection, gss_code=CITY, release=None)
        names = NameCache().get(connection)
        document = map_of_ward(connection, ward, names, settings=people.settings, scripts=INLINE)
    document.write(tmp_path / "map.html")
    for number, row in enumerate(FILES):
        [address] = addresses_of([row], {"gss_code": [CITY]})
        answer = people.client().get(address)
        assert answer.status_code == 200, address
        (tmp_path / f"{number}.html").write_bytes(answer.content)
    watch = Watch("file:")
    for has_policy in (True, False):
        context = chromium_here.new_context(bypass_csp=not has_policy, offline=True)
        page = watch.over(context)
        for path in tmp_path.iterdir():
            assert open_page(page, watch, path.as_uri()) > 0
        context.close()
    assert not watch.wrong, "\n".join(watch.wrong)


@pytest.mark.parametrize("has_policy", [True, False], ids=["policy", "no-policy"])
def test_names_that_are_not_encoded_are_noticed(
    chromium_here: Browser, *, has_policy: bool
) -> None:
    """The same watch over a page that writes names as they are."""
    site = "http://patchwork.test"
    context = chromium_here.new_context(bypass_csp=not has_policy)
    policy = "default-src 'none'; script-src 'self'; style-src 'self'"
    context.route(
        "**/*",
        lambda route: route.fulfill(
            body=RAW, content_type="text/html", headers={"content-security-policy": policy}
        ) if route.request.url == f"{site}/page" else route.abort(),
    )  # fmt: skip
    watch = Watch(site)
    page = watch.over(context)
    page.goto(f"{site}/page")
    watch.look_into(page, page.main_frame)
    context.close()
    said = "\n".join(watch.wrong)
    assert "in the document" in said
    if has_policy:
        assert "Content Security Policy" in said
    else:
        assert RAN in said
        assert ELSEWHERE in said
    assert ACT in RAW
