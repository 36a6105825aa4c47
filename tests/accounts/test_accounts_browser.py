"""Signing in and looking after people in a real Chromium: phone, keyboard, no scripts, axe."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from app.accounts import passwords
from tests.accounts.conftest import Mailbox, do, free_port
from tests.conftest import ROOT
from tests.people import People

pytestmark = pytest.mark.browser

CHROMIUM = Path("/usr/bin/chromium")
QUIET = (
    "--no-sandbox --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
AXE = ROOT / ".local" / "axe-core" / "axe.min.js"
START_SECONDS = 60
WIDTHS = (320, 360, 1280)
EASY_TO_TYPE = "eleven quiet herons"

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def site(people: People, mail_server: tuple[Mailbox, str]) -> Iterator[str]:
    """The pages on the people's database, served as `patchwork serve` does, with a mail server."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-c", "from app.cli import main; main()", "serve", "--port", str(port)],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": people.settings.database_url,
            "PATCHWORK_BASE_URL": base,
            "PATCHWORK_SMTP_URL": mail_server[1],
            "PATCHWORK_MAIL_FROM": "Patchwork <patchwork@homes.example>",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with urllib.request.urlopen(base + "/health", timeout=5):  # noqa: S310 - our own
                    break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    pytest.fail("the server did not start")
                time.sleep(0.1)  # a process of its own is starting: nothing tells us when it has
        yield base
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: install Debian's chromium")
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
    yield browser
    browser.close()


@pytest.fixture
def open_page(chromium: Browser, site: str, people: People) -> Iterator[OpenPage]:
    """Open a path, as somebody or nobody; script errors and other hosts fail the test."""
    contexts = []
    wrong: list[str] = []

    def opened(path: str, *, who: str | None = None, width: int = 360, **options: Any) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 780}, base_url=site, **options
        )
        contexts.append(context)
        if who is not None:
            context.add_cookies([{"name": "patchwork", "value": people.tokens[who], "url": site}])
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
        page.on(
            "request",
            lambda asked: None if asked.url.startswith(site) else wrong.append(asked.url),
        )
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong, wrong


def letter_of(mailbox: Mailbox, page: Page) -> str:
    """Return the path in the letter that is on its way; it leaves after the page has come."""
    deadline = time.monotonic() + START_SECONDS
    while not mailbox.letters:
        assert time.monotonic() < deadline, "no letter came"
        page.wait_for_timeout(50)
    found = re.search(r"http://127\.0\.0\.1:\d+(/\S+)", mailbox.take().get_content())
    assert found
    return found[1]


@pytest.mark.parametrize("has_scripts", [True, False])
def test_by_link_through_a_real_mailbox(
    open_page: OpenPage, mailbox: Mailbox, *, has_scripts: bool
) -> None:
    page = open_page("/account", java_script_enabled=has_scripts)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.get_by_label("E-mail address").first.fill("coordinator_a@homes.example")
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look in your e-mail")
    assert "/sign-in/link/" not in page.content()
    path = letter_of(mailbox, page)
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in as coordinator_a")
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My account")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_text("You are signed out")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_have_text("This link has been used")


def test_by_keyboard_alone(open_page: OpenPage, people: People) -> None:
    kept = passwords.hash_password(EASY_TO_TYPE)
    do(people, "UPDATE accounts SET password_hash = :kept WHERE email ~ '^manager_a'", kept=kept)
    page = open_page("/sign-in?next=/people", width=1280)
    keyboard = page.keyboard
    section = page.locator("section", has=page.get_by_role("heading", name="With a password"))
    field = section.get_by_label("E-mail address")
    for _ in range(30):
        keyboard.press("Tab")
        if field.evaluate("e => e === document.activeElement"):
            break
    keyboard.type("manager_a@homes.example")
    keyboard.press("Tab")
    keyboard.type("not the password")
    keyboard.press("Enter")
    # The reader starts at the problem, and one press from there is the field.
    expect(page.locator("#problems")).to_be_focused()
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(page.locator("#password")).to_be_focused()
    assert section.get_by_label("E-mail address").input_value() == "manager_a@homes.example"
    keyboard.type(EASY_TO_TYPE)
    keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Who works at Bowmont House")


def test_from_invitation_to_the_first_page_without_scripts(
    open_page: OpenPage, mailbox: Mailbox
) -> None:
    page = open_page("/people", who="manager_b", java_script_enabled=False)
    page.get_by_label("Their e-mail address").fill("nia@homes.example")
    page.get_by_label("Activity coordinator").check()
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("nia@homes.example is invited")
    guest = open_page(letter_of(mailbox, page), java_script_enabled=False)
    guest.get_by_label("Your name").fill("Nia New")
    guest.get_by_role("button", name="Accept and start").click()
    guest.goto("/account")
    expect(guest.get_by_text("Nia New, nia@homes.example")).to_be_visible()
    page.goto("/people")
    page.get_by_role("button", name="End access of Nia New").click()
    page.get_by_role("button", name="End it", exact=True).click()
    expect(page.get_by_text("They have no access any more")).to_be_visible()
    guest.reload()
    expect(guest.get_by_text("You have no role here just now")).to_be_visible()


def press(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("main").get_by_role("button", name=name).first.click()


# A state: the path, who asks, and what to do there first.
STATES: dict[str, tuple[str, str | None, Callable[[Page], None] | None]] = {
    "sign in": ("/sign-in", None, None),
    "sign in, signed in already": ("/sign-in", "mapper", None),
    "sign in, with a problem": ("/sign-in", None, press("Sign in")),
    "link, with a problem": ("/sign-in", None, press("Send me a link")),
    "link unusable": ("/sign-in/link/none", None, None),
    "account": ("/account", "coordinator_a", None),
    "account, with a problem": ("/account", "coordinator_a", press("Save my password")),
    "people of a home": ("/people", "manager_a", None),
    "people of a home, with a problem": ("/people", "manager_a", press("Invite")),
    "everybody": ("/people", "administrator", None),
    "everybody, with a problem": ("/people", "administrator", press("Make the team")),
    "ending": ("/people", "manager_a", press("End access of manager_a")),
    "invitation unusable": ("/invitations/none", None, None),
}


@pytest.mark.parametrize("name", STATES)
def test_each_page_on_every_screen(open_page: OpenPage, name: str) -> None:
    """Axe finds nothing, nothing is too wide, and a thumb finds what it aims at."""
    if not AXE.exists():
        pytest.skip(f"there is no {AXE}: make test fetches it")
    path, who, act = STATES[name]
    page = open_page(path, who=who, has_touch=True)
    if act is not None:
        act(page)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 780})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        too_small = page.evaluate(
            """() => [...document.querySelectorAll(
                "button, select, summary, input, .pw-nav a, .pw-line a, .pw-buttons a")]
              .filter((e) => e.type !== "hidden" && e.checkVisibility())
              .map((e) => [e, (["checkbox", "radio"].includes(e.type) ? e.parentElement : e)
                .getBoundingClientRect()])
              .filter(([e, box]) => box.height < 44)
              .map(([e, box]) => `${e.outerHTML.slice(0, 90)} is ${box.height} high`)"""
        )
        assert not too_small, "\n".join(too_small)
        if width != WIDTHS[0]:
            found = page.evaluate("() => axe.run(document)")
            problems = [
                f"{rule['id']}: {node['target']} {node['failureSummary']}"
                for rule in found["violations"]
                for node in rule["nodes"]
            ]
            assert not problems, "\n".join(problems)
