"""Reading a feed over HTTP: pages, patience, and what refuses it whole."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import FileRefused, NotFetched
from app.fetching.client import Fetcher
from app.importers.oruk.addresses import FeedAddress
from app.importers.oruk.fetching import Reading, read_feed
from app.importers.oruk.json_text import text
from app.importers.oruk.pages import read_list_page
from app.importers.oruk.polite import Manners, seconds_asked
from tests.importers.oruk.conftest import QUICK
from tests.importers.oruk.feed_server import Published, publishing
from tests.importers.oruk.records import service

MANY = [service(number) for number in range(230)]
Read = Callable[..., tuple[Reading, list[dict[str, Any]]]]


@pytest.fixture
def read(fetcher: Fetcher, tmp_path: Path) -> Read:
    def read_published(published: Published, **options: Any) -> Any:
        path = tmp_path / "services.ndjson"
        found = read_feed(fetcher, published.url, path, **({"manners": QUICK} | options))
        return found, [json.loads(line) for line in path.read_text().splitlines()]

    return read_published


@pytest.mark.parametrize("words", ["new", "old"])
def test_every_page_is_read_and_every_service_is_full(read: Read, words: str) -> None:
    told: list[tuple[int, int | None]] = []
    with publishing(Published(MANY, words=words)) as published:
        found, services = read(published, told=lambda done, total: told.append((done, total)))
    assert services == MANY
    assert (found.services, found.is_whole, found.newest) == (230, True, "2026-01-28T10:00:00Z")
    assert len(published.asked) == 3
    assert told[-1] == (230, 230)
    assert all("Patchwork" in agent and "/about" in agent for agent in published.agents)


@pytest.mark.parametrize(
    "more", [{"knows_full": False}, {"knows_full": False, "refuses_full": True}]
)
def test_a_feed_without_full_lists_is_asked_for_each_service(
    read: Read, more: dict[str, Any]
) -> None:
    with publishing(Published(MANY[:12], **more)) as published:
        found, services = read(published)
    assert services == MANY[:12]
    assert found.is_whole
    assert (
        sum(f"/services/{one['id']}" in path for one in MANY[:12] for path in published.asked) == 12
    )


def test_gzip_and_a_slow_server_are_fine(read: Read) -> None:
    with publishing(Published(MANY[:3], is_zipped=True, slow_s=0.2)) as published:
        assert read(published)[1] == MANY[:3]


def test_a_busy_server_is_asked_again_after_the_wait_it_asks_for(read: Read) -> None:
    waits: list[float] = []
    manners = Manners(pause_s=0, waits_s=(2.0, 8.0, 30.0), sleep=waits.append)
    first = [(429, {"retry-after": "7"}), (503, {}), (500, {})]
    with publishing(Published(MANY[:3], first_answers=first)) as published:
        assert read(published, manners=manners)[1] == MANY[:3]
    assert waits == [7.0, 8.0, 30.0]


def test_it_gives_up_after_four_tries_or_when_told_to_wait_for_an_hour(read: Read) -> None:
    with publishing(Published(MANY[:3], first_answers=[(503, {})] * 9)) as published:
        with pytest.raises(NotFetched, match=r"503|later"):
            read(published)
        assert len(published.asked) == 4
    busy = [(429, {"retry-after": "3600"})] * 9
    with publishing(Published(MANY[:3], first_answers=busy)) as published:
        with pytest.raises(NotFetched):
            read(published)
        assert len(published.asked) == 1


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"total_added": 5}, "says it has 235 services, but only 230 came"),
        ({"cut_at": 4000}, "not JSON we can read"),
        ({"body": b"<!DOCTYPE html><title>Sign in</title>"}, "web page"),
        ({"body": b'{"message": "hello"}'}, "not a page of services"),
        ({"body": b"[" * 100_000}, "nested too deeply"),
        ({"body": b"\xff\xfe\x00{"}, "not JSON"),
        ({"knows_pages": False}, "same services again"),
        ({"services": []}, "no services at all"),
        ({"knows_full": False, "missing": {one["id"] for one in MANY}}, "one by one"),
    ],
)  # fmt: skip
def test_what_is_not_whole_is_refused(read: Read, how: dict[str, Any], words: str) -> None:
    published = Published(**({"services": MANY} | how))
    with publishing(published), pytest.raises((FileRefused, NotFetched), match=words):
        read(published)


def test_totals_that_change_meanwhile_begin_the_reading_again(read: Read) -> None:
    published = Published(list(MANY))

    def grow(number: int) -> None:
        if number == 2:
            published.services.insert(0, service(999))

    published.before = grow
    with publishing(published):
        found, services = read(published)
    assert len(services) == 231
    assert found.is_whole
    published.before = lambda number: published.services.insert(0, service(1_000 + number))
    with publishing(published), pytest.raises(FileRefused, match="changed each time"):
        read(published)


def test_one_service_on_two_pages_is_a_doubt_that_nothing_is_gone(read: Read) -> None:
    with publishing(Published([*MANY[:150], MANY[3]])) as published:
        found, _ = read(published)
    assert not found.is_whole
    assert "two of its pages" in found.doubt


def test_a_service_that_has_just_gone_leaves_a_doubt(read: Read) -> None:
    gone = {MANY[7]["id"]}
    with publishing(Published(MANY[:40], knows_full=False, missing=gone)) as published:
        found, services = read(published)
    assert len(services) == 40
    assert not found.is_whole


def test_only_what_has_changed_is_asked_for(read: Read) -> None:
    with publishing(Published(MANY[:56])) as published:
        found, services = read(published, modified_after="2026-01-27T10:00:00Z")
    assert {one["last_modified"][:10] for one in services} == {"2026-01-27", "2026-01-28"}
    assert not found.is_whole
    assert "modified_after=2026-01-27T10" in published.asked[0]


def test_one_file_with_everything_is_fetched_as_it_is(read: Read, tmp_path: Path) -> None:
    path = tmp_path / "all.ndjson"
    path.write_text("".join(json.dumps(one) + "\n" for one in MANY[:5]))
    with publishing(Published(files={"/all.ndjson": path})) as published:
        published.url += "/all.ndjson"
        assert read(published)[1] == MANY[:5]


def test_an_address_that_is_not_public_is_not_asked(tmp_path: Path) -> None:
    with publishing(Published(MANY)) as published:
        with pytest.raises(NotFetched, match="public internet"):
            read_feed(Fetcher("x"), published.url, tmp_path / "x")
        assert published.asked == []


@pytest.mark.parametrize(
    ("url", "base", "query"),
    [
        ("https://a.org/o/", "https://a.org/o", ()),
        ("https://a.org/o/services?page=3&key=k", "https://a.org/o", (("key", "k"),)),
        (" https://a.org ", "https://a.org", ()),
    ],
)  # fmt: skip
def test_the_base_is_found_from_what_people_paste(url: str, base: str, query: object) -> None:
    assert FeedAddress.of(url) == FeedAddress(base, query)  # type: ignore[arg-type]


@given(st.floats(0, 100_000).map(int))
def test_seconds_asked_for_are_read_as_a_number_or_a_date(seconds: int) -> None:
    now = dt.datetime(2026, 11, 27, 3, 0, tzinfo=dt.UTC)
    assert seconds_asked(str(seconds), now=now) == seconds
    later = now + dt.timedelta(seconds=seconds)
    assert seconds_asked(f"{later:%a, %d %b %Y %H:%M:%S} GMT", now=now) == seconds
    assert seconds_asked("soon", now=now) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["contents", "content", "total_items", "totalPages", "last", "id", "x"]),
        inner, max_size=5),
    max_leaves=12,
)  # fmt: skip


@given(_JSON)
def test_any_json_is_a_page_or_refused_in_a_sentence(content: object) -> None:
    try:
        page = read_list_page(content, what="It")
    except FileRefused:
        pass  # in a sentence; anything else fails the test
    else:
        assert all(isinstance(item, dict) for item in page.items)
        assert page.total_items is None or page.total_items >= 0


@given(_JSON, st.integers(2, 50))
def test_text_is_never_longer_than_wanted_nor_half_a_character(value: object, most: int) -> None:
    said = text(value, most=most)
    assert said is None or (0 < len(said) <= most and said.encode())
