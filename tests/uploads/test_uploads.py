"""Bringing a file in: kept for a day, matched, looked at, loaded, remembered."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.uploads import queries
from tests.people import People
from tests.uploads.conftest import HEADER, ROWS, as_csv, form_of, rows
from tests.web.document import Document

NAME = "Centres_2026-03.csv"


def bring(people: People, content: bytes, name: str = NAME) -> Any:
    client = people.client("editor")
    return client.post("/uploads", files={"file": (name, content)}, follow_redirects=False)


def brought(people: People, content: bytes, name: str = NAME) -> str:
    answer = bring(people, content, name)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def ask(people: People, path: str) -> Document:
    answer = people.client("editor").get(path)
    assert answer.status_code == 200, answer.text
    return Document(answer.text)


def loaded(people: People, content: bytes, name: str = NAME, **more: str) -> Document:
    path = brought(people, content, name)
    client = people.client("editor")
    answer = client.post(path, data=form_of(**more), follow_redirects=False)
    assert answer.headers.get("location") == f"{path}/check", answer.text
    assert client.post(f"{path}/load", follow_redirects=False).status_code == 303
    return ask(people, path)


def text_of(page: Document) -> str:
    return page.one("main").text


def stored(people: People) -> list[tuple[str, str]]:
    asked = (
        "SELECT a.name, a.kind::text FROM assets a JOIN sources s ON s.id = a.source_id"
        " WHERE s.slug LIKE 'upload-%' AND gone_at IS NULL ORDER BY a.name"
    )
    return [tuple(row) for row in rows(people, asked)]


def test_columns_are_guessed_and_the_first_rows_shown(people: People) -> None:
    page = ask(people, brought(people, as_csv()))
    text = text_of(page)
    assert "Centres_2026-03.csv: 4 rows, 9 columns" in text
    assert "Baildon Meeting Room" in text
    for name, at in form_of().items():
        if name.startswith("column-"):
            options = page.one("select", id=name).all("option")
            chosen = [one.get("value") for one in options if "selected" in one.attributes]
            assert chosen == [at], name


def test_looking_stores_nothing_and_loading_stores_what_was_shown(people: People) -> None:
    path = brought(people, as_csv())
    client = people.client("editor")
    before = rows(people, "SELECT count(*) FROM assets")[0][0]
    answer = client.post(path, data=form_of(), follow_redirects=False)
    assert answer.headers["location"] == f"{path}/check"
    text = text_of(ask(people, f"{path}/check"))
    assert "3 places would be new" in text
    assert "Row 5: Nowhere Hall" in text
    assert "It would not be stored." in text
    assert rows(people, "SELECT count(*) FROM assets")[0][0] == before
    assert rows(people, "SELECT 1 FROM import_runs") == []
    assert client.get(f"{path}/map").status_code == 200
    assert client.post(f"{path}/load", follow_redirects=False).status_code == 303
    assert "3 new places" in text_of(ask(people, path))
    assert stored(people) == [
        ("=1+1 Bowls, Club", "group"),
        ("Baildon Meeting Room", "venue"),
        ("St Oswald's Hall", "venue"),
    ]
    asked = "SELECT name, publisher, licence FROM sources WHERE slug LIKE 'upload-%'"
    source = [tuple(row) for row in rows(people, asked)]
    assert source == [("Community centres", "Baildon Town Council", "OGL v3")]
    # Twice changes nothing; the file itself is gone once it is loaded.
    assert client.post(f"{path}/load", follow_redirects=False).status_code == 303
    assert rows(people, "SELECT octet_length(content) FROM uploads")[0][0] == 0


def test_the_next_file_is_matched_as_the_last_and_replaces_it(people: People) -> None:
    loaded(people, as_csv())
    fewer = [ROWS[0], ("St Oswald's Parish Hall", *ROWS[1][1:]), ROWS[2]]
    path = brought(people, as_csv(fewer), "Centres_2026-09.csv")
    page = ask(people, path)
    assert "matched as they were the last time" in text_of(page)
    values = {
        element.attributes["id"]: element.attributes.get("value")
        for element in page.all("input")
        if "id" in element.attributes
    }
    assert values["publisher"] == "Baildon Town Council"
    people.client("editor").post(path, data=form_of())
    text = text_of(ask(people, f"{path}/check"))
    assert "1 place would be new" in text
    assert "1 place of the last file of this name is not in it" in text
    assert "2 places would stay as they are" in text


def test_the_same_file_again_changes_nothing(people: People) -> None:
    loaded(people, as_csv())
    assert "0 new places, 0 changed, 3 as before" in text_of(loaded(people, as_csv()))


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"column-name": ""}, "column-name"),
        ({"column-kind": ""}, "all-kind"),
        ({"column-easting": "", "column-postcode": ""}, "column-postcode"),
        ({"column-phone": "99"}, "column-phone"),
        ({"column-phone": "²"}, "column-phone"),
        ({"title": ""}, "title"),
        ({"publisher": " "}, "publisher"),
        ({"licence": "mine"}, "licence"),
        ({"kind-0": "palace"}, "kind-0"),
    ],
)
def test_what_makes_no_sense_names_its_field(
    people: People, more: dict[str, str], field: str
) -> None:
    path = brought(people, as_csv())
    answer = people.client("editor").post(path, data=form_of(**more), follow_redirects=False)
    assert answer.status_code == 422
    links = [link.attributes["href"] for link in Document(answer.text).all("a")
             if link.attributes.get("href", "").startswith("#")]  # fmt: skip
    assert f"#{field}" in links


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "empty.csv", "Choose a file."),
        (b"%PDF-1.4 x", "list.pdf", "is a PDF"),
        (b"Name,Postcode\n", "list.csv", "rows"),
        (b"\xd0\xcf\x11\xe0abc", "old.xls", "old Excel"),
        (b"Name,Postcode\nA,b,c,d\n", "list.csv", "Take away a title above them"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(
    people: People, content: bytes, name: str, words: str
) -> None:
    answer = bring(people, content, name)
    assert answer.status_code == 422
    assert words in text_of(Document(answer.text))
    assert rows(people, "SELECT 1 FROM uploads") == []


def test_too_large_a_file_is_refused_unread(people: People) -> None:
    answer = bring(people, b"Name\n" + b"x" * 25_000_001)
    assert "larger than 25 MB" in text_of(Document(answer.text))
    assert rows(people, "SELECT 1 FROM uploads") == []


def test_a_file_is_only_its_bringers(people: People) -> None:
    path = brought(people, as_csv())
    others = people.client("administrator")
    assert others.get(path).status_code == 404
    assert others.post(f"{path}/load").status_code == 404
    assert others.post(f"{path}/remove").status_code == 404
    assert people.client("mapper").get("/uploads").status_code == 403
    assert people.client("editor").get(f"/uploads/{uuid.uuid4()}").status_code == 404
    answer = people.client("editor").post(f"{path}/remove", follow_redirects=False)
    assert answer.status_code == 303
    assert rows(people, "SELECT 1 FROM uploads") == []


def test_loading_is_in_the_audit_log_without_the_files_name(people: People) -> None:
    asked = "SELECT count(*) FROM audit_log WHERE action = 'load' AND subject = 'uploads'"
    before = rows(people, asked)[0][0]
    loaded(people, as_csv())
    assert rows(people, asked)[0][0] == before + 1


def test_our_own_template_needs_no_matching(people: People) -> None:
    header = ("id", "kind", "name", "lon", "lat")
    content = as_csv([("w1", "venue", "Wharf Hall", "-1.7650", "53.8480")], header)
    path = brought(people, content)
    assert "nothing has to be matched" in text_of(ask(people, path))
    form = {"as": "csv", "title": "Halls", "publisher": "Us", "licence": "CC0 1.0"}
    client = people.client("editor")
    client.post(path, data=form)
    client.post(f"{path}/load")
    assert stored(people) == [("Wharf Hall", "venue")]


def test_half_of_a_file_is_refused_and_nothing_is_lost(people: People) -> None:
    many = [(f"Hall {n}", "Hall", "", "", str(415000 + n), "439700", "", "", "") for n in range(30)]
    loaded(people, as_csv(many), **{"kind-1": "", "kind-2": ""})
    path = brought(people, as_csv(many[:4]))
    client = people.client("editor")
    client.post(path, data=form_of(**{"kind-1": "", "kind-2": ""}))
    assert "would mark 26 of 30 places as gone" in text_of(ask(people, f"{path}/check"))
    answer = client.post(f"{path}/load")
    assert "This file would not load" in answer.text
    assert len(stored(people)) == 30


def test_files_nobody_loads_are_thrown_away_after_a_day(people: People) -> None:
    brought(people, as_csv())
    with people.engine.begin() as connection:
        connection.execute(sa.text("UPDATE uploads SET created_at = now() - interval '25 hours'"))
    brought(people, as_csv())
    with Session(people.engine) as session, session.begin():
        assert queries.delete_old_uploads(session) == 1
    assert len(rows(people, "SELECT 1 FROM uploads")) == 1


def test_hostile_headers_and_cells_are_shown_as_they_are(people: People) -> None:
    hostile = "<script>alert(1)</script> `${x}` {{7*7}}"
    content = as_csv([(hostile, hostile, "-1.76", "53.84")], ("name", hostile, "lon", "lat"))
    text = text_of(ask(people, brought(people, content)))
    assert text.count(hostile) >= 3
    assert len(HEADER) == len(ROWS[0])
