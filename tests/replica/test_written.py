"""What somebody has just written they can read, however late the replica, at any process."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from functools import partial

import httpx
import pytest

from app.replica.routing import FURTHEST, position_in, position_of
from tests.recording.test_forms import fields_of, form_of
from tests.replica.conftest import PATIENCE_S, Pair, serving, wait_until

COOKIE = "patchwork-written"


@pytest.fixture(scope="module")
def served(standing_pair: Pair) -> Iterator[tuple[str, str]]:
    """Two web processes, each with a port of its own: a browser's requests go to either."""
    # Late by so much that only the cookie decides.
    standing_pair.settle()
    settings = standing_pair.settings(replica_lag_s=600.0)
    with serving(settings) as one, serving(settings) as other:
        yield one.base, other.base


def is_following(base: str) -> bool:
    answer = httpx.get(base + "/health/ready", timeout=PATIENCE_S)
    return bool(answer.json()["replica"] == "following")


def says(client: httpx.Client, url: str, words: str) -> bool:
    return words in client.get(url).text


def anybody() -> httpx.Client:
    return httpx.Client(headers={"sec-fetch-site": "same-origin"}, timeout=PATIENCE_S)


def browser(pair: Pair, who: str) -> httpx.Client:
    made = anybody()
    made.cookies.set("patchwork", pair.people.tokens[who], domain="127.0.0.1")
    return made


def edit_name(client: httpx.Client, base: str, pair: Pair, name: str) -> httpx.Response:
    """Call the club something else, by the form of its entry."""
    path = f"/assets/{pair.people.club_id}/edit"
    form = form_of(client.get(base + path), path)
    return client.post(base + path, data=fields_of(form) | {"name": name})


def test_an_edit_is_read_by_its_writer_at_either_process(
    pair: Pair, served: tuple[str, str]
) -> None:
    one, other = served
    for base in served:
        wait_until(partial(is_following, base))
    pair.pause()
    page = f"/assets/{pair.people.club_id}"
    with browser(pair, "editor") as writer, anybody() as reader:
        assert edit_name(writer, one, pair, "Riverside Boules").status_code == 303
        assert writer.cookies.get(COOKIE)
        for base in served:
            assert "Riverside Boules" in writer.get(base + page).text
            # The reader's answer is the replica's: it is late, and does not know yet.
            assert "Riverside Boules" not in reader.get(base + page).text
        pair.on_standby("SELECT pg_wal_replay_resume()")
        for base in served:
            wait_until(partial(says, reader, base + page, "Riverside Boules"))
            assert "Riverside Boules" in writer.get(base + page).text
        assert edit_name(writer, other, pair, "Riverside Bowls Club").status_code == 303


def test_an_anonymous_form_is_a_writer_too(pair: Pair, served: tuple[str, str]) -> None:
    with anybody() as visitor:
        answer = visitor.post(
            served[0] + "/suggest",
            data={"id": str(uuid.uuid4()), "kind": "group", "name": "Chess at the library",
                  "where": "BD1 1HY", "description": "Every Monday"},
        )  # fmt: skip
        assert answer.status_code == 303
        kept = visitor.cookies.get(COOKIE)
    assert kept
    assert int(kept, 16) <= pair.on_primary(
        "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"
    )
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=lax" in answer.headers["set-cookie"]


def test_a_search_sets_no_cookie(served: tuple[str, str]) -> None:
    with anybody() as visitor:
        assert "set-cookie" not in visitor.get(served[0] + "/assets").headers


@pytest.mark.parametrize(
    ("value", "position"),
    [
        ("1f", 31), ("0", 0), ("", 0), ("-1", 0), ("0x1f", 0), ("1_0", 0), ("\u0661", 0),
        ("f" * 16, FURTHEST), ("f" * 17, 0), ("zz", 0),
    ],
)  # fmt: skip
def test_a_cookie_that_is_none_counts_for_nothing(value: str, position: int) -> None:
    scope = {"type": "http", "headers": [(b"cookie", f"{COOKIE}={value}".encode())]}
    assert position_of(scope, position_in(COOKIE)) == position


def test_a_forged_cookie_has_the_primary_asked(pair: Pair, served: tuple[str, str]) -> None:
    wait_until(partial(is_following, served[0]))
    pair.pause()
    pair.rename("Asked of the primary")
    page = f"{served[0]}/assets/{pair.people.club_id}"
    with anybody() as forger, anybody() as reader:
        forger.cookies.set(COOKIE, "f" * 16, domain="127.0.0.1")
        assert "Asked of the primary" in forger.get(page).text
        assert "Asked of the primary" not in reader.get(page).text
    pair.rename("Riverside Bowls Club")
