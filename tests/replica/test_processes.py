"""Several processes behind one address share nothing but PostgreSQL."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import psutil
import pytest
import sqlalchemy as sa

from app.accounts import passwords
from app.accounts.actions import MOST_PER_ADDRESS
from app.cli import HANGING_AFTER_S
from tests.people import People
from tests.recording.test_forms import fields_of, form_of
from tests.replica.conftest import PATIENCE_S, Served, serving, wait_until

EDITOR, PASSWORD = "editor@homes.example", "eleven quiet herons"


@pytest.fixture(scope="module")
def served(people: People) -> Iterator[Served]:
    with people.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE accounts SET password_hash = :kept WHERE email = :email"),
            {"kept": passwords.hash_password(PASSWORD), "email": EDITOR},
        )
    with serving(people.settings, processes=2) as made:
        made.wait_for(2)
        yield made


def browser() -> httpx.Client:
    # A connection for each request: the process that took one would keep it.
    return httpx.Client(
        headers={"sec-fetch-site": "same-origin"},
        limits=httpx.Limits(max_keepalive_connections=0),
        timeout=PATIENCE_S,
    )


@contextmanager
def signed_in(base: str) -> Iterator[httpx.Client]:
    with browser() as client:
        answer = client.post(base + "/sign-in", data={"email": EDITOR, "password": PASSWORD})
        assert answer.status_code == 303
        yield client


def test_signed_in_at_one_and_out_at_the_other(served: Served) -> None:
    first, second = served.workers()
    with ExitStack() as stack:
        with served.only(first) as base:
            client = stack.enter_context(signed_in(base))
        with served.only(second) as base:
            assert client.get(base + "/account").status_code == 200
            kept = dict(client.cookies)
            assert client.post(base + "/sign-out").status_code == 303
        with served.only(first) as base:
            client.cookies.update(kept)
            assert client.get(base + "/account").status_code == 303


def test_an_edit_at_one_is_seen_at_the_other_at_once(served: Served, people: People) -> None:
    first, second = served.workers()
    page, path = f"/assets/{people.club_id}", f"/assets/{people.club_id}/edit"
    looked_at = ("/assets.geojson", "/oruk/services", f"/oruk/organizations/{people.club_id}",
                 f"{page}.ics", page)  # fmt: skip
    with browser() as reader, served.only(second) as base:
        # What the second keeps in memory, it keeps now.
        before = {one: reader.get(base + one) for one in looked_at}
    with served.only(first) as base, signed_in(base) as client:
        fields = fields_of(form_of(client.get(base + path), path))
        answer = client.post(base + path, data=fields | {"name": "Riverside Boules"})
        assert answer.status_code == 303
    with browser() as reader, served.only(second) as base:
        for one in looked_at:
            etag = before[one].headers.get("etag")
            answer = reader.get(base + one, headers={"if-none-match": etag} if etag else {})
            assert answer.status_code == 200, one
            assert "Riverside Boules" in answer.text, one


def test_tries_are_counted_together(served: Served) -> None:
    statuses = []
    for number in range(MOST_PER_ADDRESS + 3):
        worker = served.workers()[number % 2]
        with served.only(worker) as base, browser() as client:
            fields = {"email": "manager_b@homes.example", "password": f"wrong {number} wrong"}
            statuses.append(client.post(base + "/sign-in", data=fields).status_code)
    # Five for an address in a while, wherever they were made.
    assert statuses.index(429) == MOST_PER_ADDRESS
    assert set(statuses[statuses.index(429) :]) == {429}


def test_a_process_that_dies_is_replaced_and_nobody_waits(served: Served) -> None:
    first, second = served.workers()
    os.kill(first, signal.SIGKILL)
    with browser() as reader:
        assert reader.get(served.base + "/assets.geojson").status_code == 200
    # Who watches them may just have been waiting for a sign of it.
    wait_until(
        lambda: len(served.workers()) == 2 and first not in served.workers(),
        seconds=HANGING_AFTER_S + PATIENCE_S,
    )
    assert second in served.workers()


def test_when_the_one_that_looks_after_them_is_killed_they_end_too(people: People) -> None:
    # Else they would keep the port, and answer as before whatever is started next.
    with serving(people.settings, processes=2) as made:
        workers = made.wait_for(2)
        os.kill(made.process.pid, signal.SIGKILL)
        made.process.wait()
        _, alive = psutil.wait_procs(
            [one for one in psutil.process_iter() if one.pid in workers], timeout=PATIENCE_S
        )
        for left in alive:
            left.kill()
        assert alive == []
