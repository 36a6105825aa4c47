"""Nothing private is in any public answer: a word planted in every private field is looked for.

Every public address of the table is asked for, and every link in what comes back: pages, maps,
tiles, lists, files to take away (unpacked), errors, the log. New addresses come in by the table.
"""

from __future__ import annotations

import io
import logging
import sqlite3
import sys
import zipfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.main import create_app
from app.oruk.ids import child_id, own_service_id, service_at_location_id
from app.oruk.terms import TAXONOMY_IDS
from app.printing import make_pdf
from app.rendering import STATIC
from tests import builders
from tests.authorisation import canaries
from tests.authorisation.canaries import EDITORS, canary
from tests.authorisation.crawling import SLOW, Crawl, addresses_of, texts_of, words_in
from tests.authorisation.planting import missing_of, plant
from tests.authorisation.table import ROWS, Access
from tests.authorisation.things import missing
from tests.people import People

WARD, OLD_WARD = "E05001347", "E05000001"
# Found where nobody looks: what a councillor or an editor may ask for beside what is public.
MORE_FOR = {
    None: (),
    "councillor": (Access.SIGNED_IN, Access.WARDS),
    "editor": (Access.SIGNED_IN, Access.MAPPERS, Access.EDITORS),
}
MAY_SEE: dict[str | None, set[str]] = {None: set(), "councillor": set(), "editor": {EDITORS}}
WRONG = (
    "/nothing/here", "/assets?limit=many", "/assets?near=ZZ1+1ZZ", "/api/assets?bbox=here",
    "/wards?near=nowhere", "/wards/X1", "/wards/E05999999", f"/wards/{WARD}?release=1999",
    "/api/matches?near=BD1+1HY", "/map/near.json?bbox=1,2", "/suggest?asset=x",
)  # fmt: skip
FORMS = {
    "/matches": {"near": "BD1 1HY", "interest": "bowls"},
    "/matches/map": {"near": "BD1 1HY", "interest": "bowls"},
    "/suggest": {"name": "", "note": "x"},
    "/sign-in": {"email": "nobody@homes.example", "password": "wrong"},
}


@dataclass
class Planted:
    """The planted database, an application on it whose every word to the log is kept."""

    people: People
    ids: dict[str, str]
    log: io.BytesIO = field(default_factory=io.BytesIO)
    said: io.StringIO = field(default_factory=io.StringIO)

    def words(self, who: str | None) -> dict[str, str]:
        return canaries.words_to_find(MAY_SEE[who], self.ids)

    def crawl(self, who: str | None) -> Crawl:
        return Crawl(self.people.client(who), self.words(who), is_brief=who is not None)

    def everything_logged(self) -> str:
        return self.log.getvalue().decode() + self.said.getvalue()


@pytest.fixture(scope="module")
def planted(people: People) -> Iterator[Planted]:
    with Session(people.engine) as session:
        builders.make_ward(session, OLD_WARD, "Old City", release="2013")
        session.commit()
    made = Planted(people, plant(people))
    stream = io.TextIOWrapper(made.log, write_through=True)
    with pytest.MonkeyPatch.context() as patch:
        # The log of requests takes its stream when the application is made.
        patch.setattr(sys, "stderr", stream)
        app = create_app(people.settings)
    made.people = replace(people, app=app)
    heard = logging.StreamHandler(made.said)
    logging.getLogger().addHandler(heard)
    yield made
    logging.getLogger().removeHandler(heard)
    app.state.engine.dispose()
    stream.close()


def names_of(people: People) -> dict[str, list[str]]:
    """Return what to fill in for each name in braces: all there are, hidden ones too."""
    with people.engine.connect() as connection:
        assets, photos, activities, uploads = (
            [str(row) for row in connection.execute(sa.text(f"SELECT id FROM {table}")).scalars()]
            for table in ("assets", "photos", "activities", "uploads")
        )
    nobodys = missing()
    services = [*activities, *(own_service_id(asset) for asset in assets)]
    kinds = TAXONOMY_IDS["kinds"]
    return {
        "asset_id": [*assets, nobodys.team_id],
        "other_id": assets[:1],
        "home_id": [str(people.homes["a"]), str(people.club_id)],
        "concept": ["boccia", "bowls"],
        "gss_code": [WARD, OLD_WARD],
        "photo_id": photos,
        "token": [nobodys.feed_token],
        "code": [canaries.OTHER_FORMS["posters", "code"], "ZZZZZZ"],
        "feed_id": ["1", "999999"],
        "upload_id": uploads,
        # Open Referral's, and OGC API's; the one tile is the whole world.
        "service_id": services,
        "link_id": [service_at_location_id(service) for service in services],
        "taxonomy_id": list(TAXONOMY_IDS.values()),
        "term_id": [child_id(kinds, "group"), child_id(kinds, "informal")],
        "collectionId": ["assets", "activities", "wards"],
        "itemId": [*assets, *activities, WARD],
        "tileMatrixSetId": ["WebMercatorQuad"],
        **{name: ["0"] for name in ("z", "x", "y")},
    }


def rows_for(who: str | None) -> list[Any]:
    """Return the rows somebody may ask; what is drawn for everybody alike is drawn for nobody."""
    accesses = {Access.PUBLIC, *MORE_FOR[who]}
    return [
        row
        for row in ROWS
        if row.method == "GET"
        and row.access in accesses
        and not (who and row.access is Access.PUBLIC and SLOW.search(row.path))
    ]


@pytest.fixture(scope="module")
def crawls(planted: Planted) -> dict[str | None, Crawl]:
    """What nobody in particular, a councillor and an editor were answered."""
    return {who: crawled(planted, who) for who in MORE_FOR}


def crawled(planted: Planted, who: str | None) -> Crawl:
    crawl = planted.crawl(who)
    with redirect_stdout(planted.said), redirect_stderr(planted.said):
        crawl.visit([*addresses_of(rows_for(who), names_of(planted.people)), *WRONG])
        for path, form in FORMS.items():
            crawl.look(f"POST {path}", crawl.client.post(path, data=form))
    return crawl


def test_every_column_is_public_closed_or_planted() -> None:
    declared = [
        *canaries.keys_of(canaries.PUBLIC), *canaries.keys_of(canaries.CLOSED),
        *canaries.planted_keys(),
    ]  # fmt: skip
    # Both: an asset's telephone number is public unless its contact is not.
    assert len(set(declared)) == len(declared), "a column is declared twice"
    assert canaries.wordy_columns() - set(declared) == set(), "say who may see these"
    assert set(declared) - canaries.wordy_columns() == set(), "these are no columns any more"


def test_a_new_column_is_noticed() -> None:
    column = sa.Column("diagnosis", sa.Text)
    table = sa.Table("residents_of_tomorrow", sa.MetaData(), column)
    assert canaries.can_hold_words(table.c.diagnosis.type)
    assert canaries.can_hold_words(sa.ARRAY(sa.Text()))
    assert canaries.can_hold_words(sa.String(20))
    assert not canaries.can_hold_words(sa.Integer())


def test_every_word_is_in_the_database(planted: Planted) -> None:
    assert missing_of(planted.people) == []
    assert len(planted.words(None)) > 100


@pytest.mark.parametrize("who", MORE_FOR, ids=str)
def test_nothing_private_is_answered(crawls: dict[str | None, Crawl], who: str | None) -> None:
    crawl = crawls[who]
    assert not crawl.found, "\n".join(sorted(set(crawl.found))[:40])
    asked = {address.partition("?")[0] for address in crawl.statuses}
    for row in rows_for(who):
        pattern = row.path.partition("{")[0]
        assert any(address.startswith(pattern) for address in asked), row.path
    assert crawl.statuses["/"] == 200
    assert len(crawl.statuses) > len(rows_for(who)) + 20, "links were followed"


def test_all_kinds_of_answers_were_looked_into(crawls: dict[str | None, Crawl]) -> None:
    crawl = crawls[None]
    assert {"text/html", "text/csv", "application/geo+json", "application/json"} <= set(crawl.kinds)
    assert {200, 303, 404, 410, 422} <= set(crawl.statuses.values())
    assert 500 not in crawl.statuses.values()
    for ending in ("", ".csv", ".geojson", ".pdf", ".png", ".xlsx", ".gpkg", "/map", "/map.html"):
        assert crawl.statuses[f"/wards/{WARD}{ending}"] == 200, ending


def test_nothing_private_is_in_the_log(planted: Planted, crawls: dict[str | None, Crawl]) -> None:
    with planted.people.engine.begin() as connection:
        connection.execute(sa.text("ALTER VIEW public_assets RENAME TO away"))
    try:
        # As a server would be asked: an error nobody foresaw becomes an answer.
        answer = asked_without_raising(planted)
    finally:
        with planted.people.engine.begin() as connection:
            connection.execute(sa.text("ALTER VIEW away RENAME TO public_assets"))
    assert answer.status_code == 500
    words = planted.words(None)
    assert words_in(answer, words) == []
    log = planted.everything_logged().lower()
    assert log.count('"event":"request"') >= sum(len(c.statuses) for c in crawls.values())
    assert "unforeseen" in log
    # A poster's code hangs on walls, and editors asked for its page.
    code = canaries.OTHER_FORMS["posters", "code"].lower()
    assert [name for word, name in words.items() if word in log and word != code] == []


def asked_without_raising(planted: Planted) -> httpx.Response:
    client = planted.people.client()
    client._transport.raise_server_exceptions = False
    with redirect_stdout(planted.said), redirect_stderr(planted.said):
        answer: httpx.Response = client.get("/assets", params={"near": "BD1 1HY"})
    return answer


# The tests of the test: leaks planted, each found.


def test_a_leaking_view_is_caught(planted: Planted) -> None:
    with planted.people.engine.begin() as connection:
        said = connection.execute(
            sa.text("SELECT pg_get_viewdef('public_assets'::regclass)")
        ).scalar_one()
        leaky = said.replace("WHEN (a.is_contact_public AND", "WHEN (true OR")
        assert leaky != said
        connection.execute(sa.text(f"CREATE OR REPLACE VIEW public_assets AS {leaky}"))
    try:
        crawl = planted.crawl(None)
        crawl.visit(["/assets", "/assets.csv", "/api/assets", "/assets.geojson"], follows=True)
    finally:
        with planted.people.engine.begin() as connection:
            connection.execute(
                sa.text(
                    "CREATE OR REPLACE VIEW public_assets WITH (security_invoker = true) AS " + said
                )
            )
    caught = {line.partition(" tells ")[2] for line in crawl.found}
    assert {"assets.phone", "assets.email"} <= caught
    assert {line.partition("(")[2].partition(")")[0] for line in crawl.found} >= {
        "text/html", "text/csv", "application/json"
    }  # fmt: skip


def test_a_leaking_template_is_caught(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody prints a note into a page's foot; only signed-in readers are shown it."""
    env = planted.people.app.state.pages.env
    word = canary("connection_notes", "text")
    monkeypatch.setitem(env.globals, "service_name", f"Patchwork <!-- {word} -->")
    crawl = planted.crawl("councillor")
    crawl.visit(["/my-wards"], follows=False)
    assert crawl.found == ["/my-wards (text/html) tells connection_notes.text"]


def test_a_leaking_log_is_caught(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    word = canary("visits", "sentence")
    monkeypatch.setattr("app.edge.loggable", lambda path: f"{path} {word}")
    before = len(planted.log.getvalue())
    planted.people.client().get("/health")
    assert word in planted.log.getvalue()[before:].decode()
    planted.log.truncate(before)
    planted.log.seek(before)


def packed_files(word: str, folder: Path) -> dict[str, bytes]:
    """Return files of every form that is not read as it stands, with a word in each."""
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/sharedStrings.xml", f"<si><t>{word}</t></si>")
    path = folder / "x.gpkg"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE places (name TEXT)")
        database.execute("INSERT INTO places VALUES (?)", [word])
    database.close()
    return {
        "xlsx": book.getvalue(),
        "gpkg": path.read_bytes(),
        "pdf": make_pdf(f"<html lang=en><p>{word}</p></html>", stylesheet=STATIC / "handover.css"),
        "html": f"<script>data = '{word.replace('q', '&#113;')}'</script>".encode(),
    }


@pytest.mark.parametrize("form", ["xlsx", "gpkg", "pdf", "html"])
def test_what_is_packed_is_looked_into(form: str, tmp_path: Path) -> None:
    word = canary("visits", "sentence")
    content = packed_files(word, tmp_path)[form]
    assert word.encode() not in content or form == "gpkg"
    assert any(word in text for text in texts_of(content))
    answer = httpx.Response(200, content=content)
    assert words_in(answer, [word, "zqother"]) == [word]
