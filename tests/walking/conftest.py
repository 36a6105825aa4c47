"""The sample town on a phone: a page of its own for each test, which must not complain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.browser.conftest import chromium  # noqa: F401 - the fixture
from tests.browser.serving import Demo, serve_demo

# The market place of the sample town, before its town hall.
STANDING = {"latitude": 54.1149, "longitude": -2.1085, "accuracy": 12}
MAPPER = "Priya"
Walk = Callable[..., Page]
FORGET = (
    "DELETE FROM photos",
    "DELETE FROM submissions",
    "DELETE FROM checks WHERE account_id IS NOT NULL",
    "DELETE FROM assets a USING sources s WHERE s.id = a.source_id AND s.slug = 'fieldwork'",
    "UPDATE assets SET gone_at = NULL WHERE 'gone_at' = ANY (kept_fields)",
)


@pytest.fixture(scope="module")
def demo(admin_url: sa.URL) -> Iterator[Demo]:
    with serve_demo(admin_url) as made:
        yield made


@pytest.fixture
def walk(demo: Demo, chromium: Browser) -> Iterator[Walk]:  # noqa: F811 - the fixture
    """Return what opens the walker's page as somebody; an error in any of them fails the test."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def opened(
        view: str = "",
        *,
        who: str | None = MAPPER,
        width: int = 360,
        is_placed: bool = True,
        **more: Any,
    ) -> Page:
        options: dict[str, Any] = {
            "viewport": {"width": width, "height": 740 if width < 600 else 900},
            "base_url": demo.base,
            # Each test sees the files as they are: keeping them is tested in tests/offline.
            "service_workers": "block",
        }
        if is_placed:
            options |= {"geolocation": STANDING, "permissions": ["geolocation"]}
        context = chromium.new_context(**(options | more))
        contexts.append(context)
        if who:
            context.add_cookies([demo.cookie_of(who)])  # type: ignore[list-item]  # a cookie
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
        page.set_default_timeout(10_000)
        page.on("console", lambda said: wrong.extend([said.text] if is_wrong(said) else []))
        page.goto(f"/map#{view}")
        if more.get("java_script_enabled", True) and who:
            # Who is walking is asked of the server; what may be done follows.
            until(page, "async () => (await import('/static/walk/store.js')).lastMe() !== null")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture(autouse=True)
def _forget(request: pytest.FixtureRequest) -> Iterator[None]:
    """Take away what a test's phone sent: each starts with the town as it was."""
    yield
    if "demo" not in request.fixturenames:
        return
    engine = sa.create_engine(request.getfixturevalue("demo").url)
    with engine.begin() as connection:
        for statement in FORGET:
            connection.execute(sa.text(statement))
    engine.dispose()


def until(page: Page, asked: str, arg: object = None) -> None:
    """Wait until an async function in the page says yes: Playwright takes its promise for one."""
    page.evaluate(
        f"""async (arg) => {{
          const asked = {asked};
          for (let tries = 0; !(await asked(arg)); tries += 1) {{
            if (tries > 300) throw new Error("it never came true");
            await new Promise((done) => setTimeout(done, 30));
          }}
        }}""",
        arg,
    )


def is_wrong(said: ConsoleMessage) -> bool:
    """Return whether the browser complains of more than no signal, nobody signed in, a refusal."""
    is_usual = any(word in said.text for word in ("net::ERR_", "status of 401", "status of 422"))
    return said.type == "error" and not is_usual


def rows(demo: Demo, statement: str, **values: object) -> list[sa.Row[Any]]:
    """Return what the town's database answers."""
    engine = sa.create_engine(demo.url)
    with engine.connect() as connection:
        found = connection.execute(sa.text(statement), values).all()
    engine.dispose()
    return list(found)
