"""The public pages, those a councillor reads too: nothing of anybody's is there."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.accounts.access import MAPPER_ROLES, WARD_ROLES
from tests.authorisation.asking import EVERYBODY, HELD, Asker
from tests.authorisation.table import ROWS, Access, Row
from tests.people import People

PUBLIC = [row for row in ROWS if row.access is Access.PUBLIC and row.method == "GET"]
STAFF = (None, "councillor", "administrator")


@pytest.fixture(scope="module")
def asker(people: People) -> Asker:
    return Asker(people)


def personal_words(asker: Asker) -> list[str]:
    """Return every reference, every word about a connection and every name of staff there is."""
    with asker.people.engine.connect() as connection:
        found = [
            word
            for sql in (
                "SELECT reference FROM residents",
                "SELECT title FROM connections",
                "SELECT text FROM connection_notes",
                "SELECT sentence FROM visits",
                "SELECT welcomed_by FROM connections",
                "SELECT contact_name FROM connections",
                "SELECT promised FROM connections",
                "SELECT email FROM accounts",
                "SELECT email FROM invitations",
                "SELECT token FROM calendar_feeds",
            )
            for word in connection.execute(sa.text(sql)).scalars()
        ]
    assert len(found) > 20, "there is something to be found"
    return found


@pytest.mark.parametrize("row", PUBLIC, ids=lambda row: row.path)
def test_no_personal_data(asker: Asker, row: Row) -> None:
    things = asker.others["a"]
    words = personal_words(asker)
    for who in STAFF:
        text = asker.ask(row, who, things).text
        seen = [word for word in words if word in text]
        own = {f"{who}@homes.example"}
        assert set(seen) <= own, f"{row} as {who}"


def test_everybody_gets_the_same_public_page(asker: Asker) -> None:
    """But for the header, which says who is signed in, and what those who walk a ward or speak for
    it can do there.
    """
    has_more = {*MAPPER_ROLES, *WARD_ROLES}
    readers = [who for who in EVERYBODY if who and HELD.get(who) not in has_more]
    for path in ("/wards/{gss_code}", "/assets/{asset_id}"):
        [row] = [row for row in PUBLIC if row.path == path]
        pages = [asker.ask(row, who, asker.others["a"]).text for who in readers]
        mains = {page.partition("<main")[2].partition("</main>")[0] for page in pages}
        assert len(mains) == 1, path
        assert "<h1" in mains.pop()
