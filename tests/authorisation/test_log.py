"""What the server writes down: that it was asked, never about whom or what for."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest
import sqlalchemy as sa

from tests.authorisation.things import make_things
from tests.people import People

START_SECONDS = 60
# Typed by somebody about somebody; each is looked for in everything the server says.
WORDS = (
    "zitherplaying", "BD1 1HY", "BD1+1HY", "BD1%201HY", "secretsentence", "Boccia", "-1.7534",
)  # fmt: skip


@dataclass
class Server:
    """A running `patchwork serve`; `said` is filled when it has ended."""

    base: str
    said: list[str] = field(default_factory=list)


@contextmanager
def serving(people: People) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", "from app.cli import main; main()", "serve", "--port", str(port)],
        env={**os.environ, "DATABASE_URL": people.settings.database_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    server = Server(f"http://127.0.0.1:{port}")
    try:
        wait_for(process, server.base)
        yield server
    finally:
        process.terminate()
        server.said += process.communicate(timeout=START_SECONDS)


def wait_for(process: subprocess.Popen[str], base: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"{base}/health", timeout=5)
        except httpx.HTTPError:
            time.sleep(0.1)  # a process of its own is starting: nothing tells us when it has
        else:
            return
    pytest.fail("the server did not start")


def test_the_log_says_neither_whom_nor_what_for(people: People) -> None:
    things = make_things(people, "a")
    token = things.feed_token
    typed = {
        "near": "BD1 1HY", "interest": "zitherplaying", "note": "secretsentence",
        "reference": things.reference, "sentence": "secretsentence", "name": "secretsentence",
        "lon": "-1.7534", "lat": "53.7924", "what": "secretsentence",
    }  # fmt: skip
    paths = [
        "/matches", "/matches.csv", "/matches/map", "/assets", "/api/matches", "/api/interests",
        "/wards", "/my-wards", "/today", "/residents", "/connections", "/connections/owner",
        "/offers", "/week/address",
        f"/connections/{things.connection_id}", f"/connections/{things.connection_id}/notes",
        f"/connections/{things.connection_id}/visits", "/sign-in", "/people/invitations",
    ]  # fmt: skip
    secret_paths = [
        f"/residents/{things.reference}", f"/residents/{things.reference}/matches",
        f"/residents/{things.reference}/export.json", f"/residents/{things.reference.lower()}",
        f"/calendar/{token}.ics", f"/sign-in/link/{token}", f"/invitations/{token}",
    ]  # fmt: skip
    with serving(people) as server:
        for who in ("coordinator_a", None):
            cookies = {people.settings.cookie_name: people.tokens[who]} if who else {}
            with httpx.Client(
                base_url=server.base, cookies=cookies, headers={"sec-fetch-site": "same-origin"}
            ) as client:
                for path in (*paths, *secret_paths):
                    client.get(path, params=typed)
                    client.post(path, data=typed)
        # What nobody foresaw is written down as well: where, not what.
        break_the_database(people, server.base)
    log = "\n".join(server.said)
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert sum(line["event"] == "request" for line in lines) > 4 * len(paths)
    assert "unforeseen error" in log
    found = [word for word in (*WORDS, *things.words) if word.lower() in log.lower()]
    assert found == [], "the log says too much"
    assert token not in log
    assert people.tokens["coordinator_a"] not in log


def break_the_database(people: People, base: str) -> None:
    """Ask for something while the view it reads is away."""
    with people.engine.begin() as connection:
        connection.execute(sa.text("ALTER VIEW public_assets RENAME TO away"))
    try:
        answer = httpx.get(f"{base}/assets", params={"near": "BD1 1HY", "q": "zitherplaying"})
        assert answer.status_code == 500
        assert "zitherplaying" not in answer.text
    finally:
        with people.engine.begin() as connection:
            connection.execute(sa.text("ALTER VIEW away RENAME TO public_assets"))
