"""Every answer of every page fits the published schemas, and together they are the database."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.database import make_engine
from app.importers.run import load_file
from app.interests.actions import load_vocabulary
from app.settings import Settings
from tests.conftest import new_database
from tests.oruk.conftest import feed_of
from tests.oruk.contract import ONE, Contract
from tests.oruk.feed import Feed

# Bradford: a bit of everything its publishers have, and vans that stop by a rule.
REAL = (
    "postcodes/codepoint_open_2025-05_BD.csv",
    "wards/ward_WD25_E08000032_bradford.geojson",
    "osm_bradford/*.geojson",
    "libraries/city_of_bradford_metropolitan_district_council.csv",
    "mobile_libraries/north_yorkshire.csv",
    "community/sports_clubs.csv",
)
# Public, not informal, by itself or as what it organizes: said again here, apart from the code.
EXPECTED = """
WITH shown AS (SELECT id FROM assets WHERE gone_at IS NULL AND duplicate_of IS NULL
                 AND kind <> 'informal'),
happening AS (
  SELECT a.id, coalesce(o.duplicate_of, o.id) AS organization
  FROM activities a JOIN assets o ON o.id = a.organizer_id
  WHERE a.gone_at IS NULL AND o.gone_at IS NULL
    AND coalesce(o.duplicate_of, o.id) IN (SELECT id FROM shown))
SELECT id, true AS is_activity FROM happening
UNION ALL
SELECT id, false FROM shown WHERE id NOT IN (SELECT organization FROM happening)
"""


@pytest.fixture(scope="module")
def real(admin_url: sa.URL, real_data: Path) -> Iterator[Feed]:
    with new_database(admin_url) as url:
        engine = make_engine(Settings(DATABASE_URL=url))  # type: ignore[call-arg]
        with Session(engine) as session:
            load_vocabulary(session)
            session.commit()
        for pattern in REAL:
            for path in sorted(real_data.glob(pattern)):
                load_file(engine, path)
        engine.dispose()
        with feed_of(url) as feed:
            yield feed


def hold_to(contract: Contract, feed: Feed, *, per_page: int, every: int) -> list[str]:
    """Return all that is wrong: of every page of every list, and of every `every`-th record."""
    wrong: list[str] = []
    for kind in ONE:
        forms: list[dict[str, Any]] = [{}]
        if not kind.startswith("taxonom"):
            forms.append({"full": "true"})
        if kind == "organizations":
            forms.append({"full_service": "true"})
        for form in forms:
            for page in feed.pages(f"/{kind}", per_page=per_page, **form):
                wrong += contract.errors_in_list(kind, page, is_full=bool(form))
        step = every * 5 if kind == "taxonomy_terms" else every
        for record in feed.all(f"/{kind}", per_page=1_000)[::step]:
            wrong += contract.errors_in_one(kind, feed.json(f"/{kind}/{record['id']}"))
    return wrong


def expected_ids(feed: Feed) -> set[str]:
    return {
        str(row.id if row.is_activity else uuid.uuid5(row.id, "service"))
        for row in feed.rows(EXPECTED)
    }


def tell(capsys: pytest.CaptureFixture[str], what: str, contract: Contract) -> None:
    """Say how much was held to the schemas: the figures are part of the result."""
    with capsys.disabled():
        sys.stdout.write(f"\nOpen Referral UK, {what}: {contract.figures()}\n")


def test_the_sample_town(
    contract: Contract, town: Feed, capsys: pytest.CaptureFixture[str]
) -> None:
    contract.seen.clear()
    wrong = hold_to(contract, town, per_page=20, every=1)
    tell(capsys, "the sample town", contract)
    assert wrong == []
    assert contract.seen["responses"] > 300


@pytest.mark.real_data
def test_real_data(contract: Contract, real: Feed, capsys: pytest.CaptureFixture[str]) -> None:
    contract.seen.clear()
    wrong = hold_to(contract, real, per_page=500, every=20)
    tell(capsys, "real data", contract)
    assert wrong == []
    assert contract.seen["objects"] > 20_000


@pytest.mark.real_data
def test_all_pages_together_are_the_real_database(real: Feed) -> None:
    for per_page in (97, 1_000):
        listed = [one["id"] for one in real.all("/services", per_page=per_page)]
        assert len(listed) == len(set(listed))
        assert set(listed) == expected_ids(real)


def test_all_pages_together_are_the_database(town: Feed, feed: Feed) -> None:
    for one in (town, feed):
        for per_page in (1, 7, 1_000):
            listed = [record["id"] for record in one.all("/services", per_page=per_page)]
            assert len(listed) == len(set(listed))
            assert set(listed) == expected_ids(one)
        minimal = one.json("/services", minimal="true")
        assert {record["id"] for record in minimal["contents"]} == expected_ids(one)
        assert minimal["total_pages"] == 1
        lines = one.get("/services", format="ndjson").text.splitlines()
        assert len(lines) == len(expected_ids(one))
        organizations = {record["id"] for record in one.all("/organizations", per_page=7)}
        shown = one.rows("SELECT id FROM assets WHERE gone_at IS NULL AND duplicate_of IS NULL"
                         " AND kind <> 'informal'")  # fmt: skip
        assert organizations == {str(row.id) for row in shown}


def test_the_awkward_place(contract: Contract, feed: Feed) -> None:
    assert hold_to(contract, feed, per_page=3, every=1) == []


def test_what_is_wrong_is_seen(contract: Contract, feed: Feed) -> None:
    """The test of the test: each planted fault is found."""
    page = feed.json("/services", full="true")
    assert contract.errors_in_list("services", page, is_full=True) == []
    plants: tuple[dict[str, Any], ...] = (
        {"status": "open"},
        {"id": "1"},
        {"url": "not an address"},
        {"last_modified": "yesterday"},
        {"email": None},
        {"organization": {"id": page["contents"][0]["id"], "name": "x"}},
        {"schedules": [{"id": page["contents"][0]["id"], "freq": "DAILY"}]},
        {"attributes": []},
        {"service_at_locations": [{"location": {}}]},
    )
    for plant in plants:
        planted = page | {"contents": [page["contents"][0] | plant]}
        assert contract.errors_in_list("services", planted, is_full=True), plant
    assert contract.errors_in_list("services", {**page, "empty": "no"})
    contract.seen.clear()


def test_the_base(contract: Contract, feed: Feed) -> None:
    for path in ("", "/"):
        details = feed.json(path)
        assert details["version"] == "HSDS-UK-3.0"
        errors = [e for v in contract.validators("api_details") for e in v.iter_errors(details)]
        assert errors == []
        assert feed.client.get(details["openapi_url"]).status_code == 200


def test_an_empty_feed(contract: Contract, admin_url: sa.URL) -> None:
    with new_database(admin_url) as url, feed_of(url) as empty:
        for kind in ("services", "organizations", "service_at_locations"):
            page = empty.json(f"/{kind}")
            assert contract.errors_in_list(kind, page) == []
            assert page == {
                "total_items": 0, "total_pages": 0, "page_number": 1, "size": 0,
                "first_page": True, "last_page": True, "empty": True, "contents": [],
            }  # fmt: skip
        assert empty.get("/services", format="ndjson").text == ""
