"""A phone that records, without its screen."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from httpx import Response

from tests.builders import CITY_HALL
from tests.connections.conftest import chromium, open_page, served
from tests.people import People
from tests.pictures import as_file, picture

__all__ = ["chromium", "open_page", "served"]

PATH = "/api/fieldwork/submissions"
NEAR_CITY_HALL = {"lon": CITY_HALL[0], "lat": CITY_HALL[1], "accuracy_m": 8.0}


def facts(**values: Any) -> dict[str, Any]:
    """Return the facts of a new group."""
    return {"kind": "group", "name": "Knit and natter", "place": NEAR_CITY_HALL} | values


def now() -> str:
    return dt.datetime.now(tz=dt.UTC).isoformat()


@dataclass
class Phone:
    """Somebody's phone: what it sends, and what is stored."""

    people: People
    who: str = "mapper"
    client: Any = None
    made: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = self.people.client(self.who)

    def record(self, action: str, **values: Any) -> dict[str, Any]:
        return {
            "id": str(uuid.uuid4()),
            "account_id": str(self.people.accounts[self.who]),
            "action": action,
            "asset_id": str(uuid.uuid4()),
            "made_at": now(),
        } | values

    def send(self, record: Any, photos: Sequence[bytes] = ()) -> Response:
        """Send a record (a text as it is) with photos."""
        text = record if isinstance(record, str | bytes) else json.dumps(record)
        files: list[tuple[str, Any]] = [("record", (None, text))]
        files += [("photo", ("IMG_1.jpg", photo, "image/jpeg")) for photo in photos]
        answer: Response = self.client.post(PATH, files=files)
        return answer

    def add(self, **values: Any) -> dict[str, Any]:
        """Add an asset and return the answer."""
        answer = self.send(self.record("add", facts=facts(**values)))
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def edit(self, asset_id: str, changes: dict[str, Any], **values: Any) -> Response:
        """Change facts: {name: (was, now)}."""
        sent = {name: {"was": was, "now": now} for name, (was, now) in changes.items()}
        return self.send(
            self.record(
                "edit", **{"asset_id": asset_id, "changes": sent, "seen_version": 1} | values
            )
        )

    def check(self, asset_id: str, outcome: str = "confirmed", **values: Any) -> Response:
        given = {"asset_id": asset_id, "outcome": outcome, "fact": None, "seen_version": 1}
        return self.send(self.record("check", **given | values))

    def ask(self, sql: str, **values: Any) -> list[Any]:
        """Return the rows of a question to the database, past every rule."""
        with self.people.engine.connect() as connection:
            return list(connection.execute(sa.text(sql), values).all())

    def asset(self, asset_id: str) -> Any:
        [row] = self.ask("SELECT * FROM assets WHERE id = CAST(:id AS uuid)", id=asset_id)
        return row

    def checks(self, asset_id: str) -> list[Any]:
        return self.ask(
            "SELECT outcome::text AS outcome, fact, checked_on, account_id FROM checks"
            " WHERE asset_id = CAST(:id AS uuid) ORDER BY created_at, outcome",
            id=asset_id,
        )

    def counts(self) -> dict[str, int]:
        """Return how many rows there are of everything a submission can store."""
        tables = ("submissions", "assets", "checks", "photos", "asset_changes")
        return {table: self.ask(f"SELECT count(*) FROM {table}")[0][0] for table in tables}


def sha256_of(record: str, photos: Sequence[bytes] = ()) -> str:
    """Return what the phone works out by itself."""
    parts = [record.encode(), *(hashlib.sha256(photo).digest() for photo in photos)]
    return hashlib.sha256(b"".join(parts)).hexdigest()


@pytest.fixture(scope="module")
def phone(people: People) -> Phone:
    """A mapper's phone."""
    return Phone(people)


@pytest.fixture(scope="module")
def editors_phone(people: People) -> Phone:
    """An editor's."""
    return Phone(people, "editor")


@pytest.fixture(scope="session")
def jpeg() -> bytes:
    return as_file(picture())
