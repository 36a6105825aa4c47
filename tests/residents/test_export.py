"""Everything about one reference: every table, as JSON and on a page, and nobody else's."""

from __future__ import annotations

import jsonschema  # type: ignore[import-untyped]  # publishes no types
import orjson
import sqlalchemy as sa

from app.residents.export import SCHEMA, SECTIONS
from app.residents.export_queries import TABLES
from tests.people import REFERENCE_B, People
from tests.residents.conftest import Keep, id_of
from tests.residents.test_leaving import _with_everything
from tests.web.document import Document


def test_every_table_about_residents_is_in_it(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        tables = connection.execute(
            sa.text(
                "SELECT table_name FROM information_schema.columns"
                " WHERE table_schema = 'public' AND column_name = 'resident_id'"
            )
        ).scalars()
        held = {*tables, "residents", "audit_log"}
    assert set(TABLES) == held
    assert set(SECTIONS) == held
    assert set(SCHEMA["properties"]["tables"]["required"]) == held


def test_the_export_is_whole_and_as_described(people: People, keep: Keep) -> None:
    reference = _with_everything(people, keep)
    client = people.client("coordinator_a")
    client.get(f"/residents/{reference}")
    answer = client.get(f"/residents/{reference}/export.json")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-store"
    assert reference in answer.headers["content-disposition"]
    exported = orjson.loads(answer.content)
    jsonschema.Draft202012Validator(
        SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(exported)
    tables = exported["tables"]
    assert exported["reference"] == reference
    assert all(tables.values()), {name for name, rows in tables.items() if not rows}
    assert tables["resident_interests"] == [
        {"interest": "Bowls", "stance": "used_to"},
        {"interest": "Baking", "stance": "could_share"},
    ]
    assert tables["visit_residents"][0]["sentence"] == "They laughed a lot."
    # Readings, and this very export.
    log = tables["audit_log"]
    assert {"read", "export", "insert"} <= {entry["action"] for entry in log}
    assert log[-1]["by_whom"] == "coordinator_a"
    assert str(id_of(people, reference)) not in answer.text


def test_the_page_says_the_same_in_words(people: People, keep: Keep) -> None:
    reference = _with_everything(people, keep)
    page = Document(people.client("coordinator_a").get(f"/residents/{reference}/export").text)
    assert [e.text for e in page.all("h2")] == list(SECTIONS.values())
    said = page.one("main").text
    for words in (
        "Used to: Bowls", "Could share: Baking", "Boccia on Tuesdays", "They laughed a lot.",
        "near: Riverside Bowls Club: score 0.52, 420 m; comes to them: nothing; nothing in reach",
        "this record exported by coordinator_a", "Legitimate interests", "A short walk",
    ):  # fmt: skip
        assert words in said, words


def test_nobody_elses(people: People) -> None:
    for end in ("export", "export.json"):
        assert (
            people.client("coordinator_a").get(f"/residents/{REFERENCE_B}/{end}").status_code == 404
        )
