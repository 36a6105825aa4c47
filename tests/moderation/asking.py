"""The queue asked and answered, as an editor's browser does it."""

from __future__ import annotations

from typing import Any

from tests.moderation.conftest import (
    change_club,
    make_photo,
    make_problem,
    one,
    suggest,
)
from tests.people import People
from tests.web.document import Document

WAITING_FOR_A_LOCK = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
PHONE, OTHER = "01274 496002", "01274 496003"


def queue(people: People, query: str = "", who: str = "editor") -> Document:
    answer = people.client(who).get(f"/queue{query}")
    assert answer.status_code == 200
    return Document(answer.text)


def post(people: People, item: str, what: str, who: str = "editor", **form: Any) -> Any:
    address = f"/queue/{item.replace(':', '/')}/{what}"
    return people.client(who).post(address, data={"sent": "yes"} | form)


def decision(people: People, suggestion: str) -> str:
    found: str = one(people, "SELECT decision::text FROM suggestions WHERE id = :id", id=suggestion)
    return found


def everything(people: People) -> dict[str, str]:
    """One of each kind, the oldest first."""
    return {
        "suggestion": f"suggestion:{suggest(people)}",
        "photo": f"photo:{make_photo(people)}",
        "gone": f"gone:{change_club(people, 'mapper', 'mapper', 'gone_at = now()')}",
        "problem": f"problem:{make_problem(people)}",
    }
