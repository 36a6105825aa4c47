"""Feeds into the database: what terms of other taxonomies become, or leave when refused."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.errors import FileRefused
from tests.importers.oruk.conftest import Load
from tests.importers.oruk.records import service, term
from tests.importers.oruk.test_loading import FORTY, problems


@pytest.fixture(autouse=True)
def _vocabulary(vocabulary: object) -> None:
    """Interests are known in every test here."""


def test_terms_are_guessed_agreed_and_ignored(connection: sa.Connection, load: Load) -> None:
    said = [service(n, attributes=[term("Bowls"), term("Zorbing"), term("Knitting")])
            for n in range(30)]  # fmt: skip
    load(said)
    interests = (
        "SELECT count(*) FROM activities a JOIN interests i ON i.id = ANY(a.interest_ids)"
        " WHERE i.concept = :c"
    )
    assert connection.execute(sa.text(interests), {"c": "bowls"}).scalar_one() == 30
    unknown = [p for p in problems(connection) if p.reason == "unknown_interest"]
    assert [p.message for p in unknown] == [
        "The term “Zorbing” of “Council activities” stands for no interest here yet."
    ]
    kept = connection.execute(
        sa.text("SELECT label, status::text, uses FROM term_mappings ORDER BY label")
    ).all()
    assert kept == [
        ("Bowls", "guessed", 30),
        ("Knitting", "guessed", 30),
        ("Zorbing", "guessed", 30),
    ]
    connection.execute(
        sa.text(
            "UPDATE term_mappings SET status = 'ignored', interest_ids = '{}'"
            " WHERE label <> 'Zorbing'"
        )
    )
    report = load(said)
    assert report.changed == 30
    assert connection.execute(sa.text(interests), {"c": "bowls"}).scalar_one() == 0


def test_a_refused_feed_leaves_no_terms(connection: sa.Connection, load: Load) -> None:
    load(FORTY)
    with pytest.raises(FileRefused):
        load([service(1, attributes=[term("Nonsense")])])
    assert connection.execute(sa.text("SELECT count(*) FROM term_mappings")).scalar_one() == 0
