"""The door as people meet it: a browser without scripts, a mailbox that is a real mail server."""

from __future__ import annotations

import email
import email.policy
import re
import socket
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email.message import EmailMessage
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.accounts import passwords
from app.main import create_app
from tests.people import People
from tests.web.document import Document

with warnings.catch_warnings():
    # Starlette would like another client library; until the lock has it, this one is supported.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

FIREFOX = "Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"
LINK = re.compile(r"http://127\.0\.0\.1:8000(/\S+)")

Serve = Callable[..., FastAPI]


class Mailbox:
    """Every e-mail that a mail server on this machine was given."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        read = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(read, EmailMessage)
        self.letters.append(read)
        return "250 OK"

    def take(self) -> EmailMessage:
        """Return the only letter there is, and take it out."""
        (letter,) = self.letters
        self.letters.clear()
        return letter


def link_in(letter: EmailMessage) -> str:
    """Return the path of the link in a letter."""
    found = LINK.search(letter.get_content())
    assert found, letter.get_content()
    return found[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def mail_server() -> Iterator[tuple[Mailbox, str]]:
    """A mail server on a port of its own: its mailbox, and the setting that leads there."""
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield mailbox, f"smtp://127.0.0.1:{controller.port}"
    controller.stop()


@pytest.fixture
def mailbox(mail_server: tuple[Mailbox, str]) -> Mailbox:
    mail_server[0].letters.clear()
    return mail_server[0]


@pytest.fixture
def serve(people: People) -> Iterator[Serve]:
    """Make applications on the people's database, with other settings."""
    with ExitStack() as stack:

        def made(**values: object) -> FastAPI:
            app = create_app(people.settings.model_copy(update=values))
            stack.callback(app.state.engine.dispose)
            return app

        yield made


@pytest.fixture
def mailing(serve: Serve, mail_server: tuple[Mailbox, str]) -> FastAPI:
    """The application with that mail server."""
    return serve(smtp_url=mail_server[1], mail_from="Patchwork <patchwork@homes.example>")


@pytest.fixture(autouse=True, scope="session")
def _quick_hashes() -> Iterator[None]:
    """The same algorithm with less work: a tenth of a second each adds up on a busy machine."""
    quick = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHES", quick)
        yield


@pytest.fixture(autouse=True)
def _no_tries_yet(people: People) -> None:
    """Tries count for a quarter of an hour: each test starts with none."""
    with people.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM sign_in_attempts"))


def browser(app: FastAPI, *, host: str = "127.0.0.1:8000", agent: str = FIREFOX) -> TestClient:
    """Return a browser nobody has signed in with."""
    return TestClient(
        app,
        base_url=f"http://{host}",
        follow_redirects=False,
        headers={"sec-fetch-site": "same-origin", "user-agent": agent},
    )


def heading(answer: Any) -> str:
    return Document(answer.text).one("h1").text


def value(people: People, sql: str, **values: object) -> Any:
    """Return one value, as the owner of the database sees it."""
    with people.engine.connect() as connection:
        return connection.execute(sa.text(sql), values).scalar()


def do(people: People, sql: str, **values: object) -> None:
    with people.engine.begin() as connection:
        connection.execute(sa.text(sql), values)
