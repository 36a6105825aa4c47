"""Things that wait for an editor, and pages in a real browser."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page
from sqlalchemy.orm import Session

from tests import builders
from tests.connections.conftest import chromium, open_page, served
from tests.people import People
from tests.pictures import as_file, picture
from tests.web.document import Document

__all__ = ["chromium", "open_page", "served"]

HOSTILE = '<script>alert(1)</script> `${x}` "O\'Neill" & =1+1'
WIDTHS = (320, 360, 1280)


def rows(people: People, sql: str, **values: object) -> list[Any]:
    """Return rows, as the owner of the database sees them."""
    with people.engine.connect() as connection:
        return list(connection.execute(sa.text(sql), values).all())


def one(people: People, sql: str, **values: object) -> Any:
    """Return one value, as the owner sees it."""
    with people.engine.connect() as connection:
        return connection.execute(sa.text(sql), values).scalar()


def do(people: People, sql: str, **values: object) -> None:
    with people.engine.begin() as connection:
        connection.execute(sa.text(sql), values)


@pytest.fixture(autouse=True)
def nothing_waits(people: People) -> Iterator[None]:
    """Each test begins with an empty queue, no tries, and only the people's own places."""
    do(people, "DELETE FROM asset_changes")
    known = [row.id for row in rows(people, "SELECT id FROM assets")]
    before = rows(people, "SELECT * FROM assets WHERE id = :id", id=people.club_id)[0]
    yield
    for table in ("suggestions", "claims", "photos", "gone_reviews", "posters",
                  "import_problems", "sign_in_attempts"):  # fmt: skip
        do(people, f"DELETE FROM {table}")
    do(people, "UPDATE asset_changes SET undoes = NULL")
    do(people, "DELETE FROM checks WHERE outcome <> 'confirmed'")
    do(people, "DELETE FROM assets WHERE NOT id = ANY(:known)", known=known)
    do(
        people,
        "UPDATE assets SET name = :name, phone = :phone, gone_at = NULL, email = :email,"
        " description = :description, website = :website WHERE id = :id",
        **{
            name: getattr(before, name)
            for name in ("id", "name", "phone", "email", "description", "website")
        },
    )  # fmt: skip
    do(people, "DELETE FROM asset_changes")


def suggest(people: People, **values: str) -> str:
    """Send a suggestion as anybody may, and return its id."""
    given = {
        "id": str(uuid.uuid4()), "name": "Shipley Stitchers", "kind": "group", "where": "BD1 1HY",
        "description": "Knitting on Mondays at 2pm", "note": "Ask for the back door",
        "contact": "ring 01274 496 0001",
    }  # fmt: skip
    before = {row.id for row in rows(people, "SELECT id FROM suggestions")}
    answer = people.client().post("/suggest", data=given | values)
    assert answer.status_code == 303, Document(answer.text).one("main").text
    (made,) = {row.id for row in rows(people, "SELECT id FROM suggestions")} - before
    return str(made)


def about_the_club(people: People, **values: str) -> str:
    """Send that something of the club is wrong, with its facts as the page shows them."""
    page = Document(people.client().get(f"/suggest?asset={people.club_id}").text)
    hidden = {e.get("name"): e.get("value") for e in page.all("input", type="hidden")}
    return suggest(people, **({"what": "wrong", "name": "Riverside Bowls Club"} | hidden | values))


def make_photo(people: People) -> str:
    """Store a photo that waits."""
    photo_id = uuid.uuid4()
    do(
        people,
        "INSERT INTO photos (id, asset_id, image, thumbnail, width_px, height_px)"
        " VALUES (:id, :asset, :file, :file, 640, 480)",
        id=photo_id, asset=people.club_id, file=as_file(picture()),
    )  # fmt: skip
    return str(photo_id)


def make_problem(people: People, name: str = "Some café") -> str:
    """Store a problem of an import."""
    with Session(people.engine) as session:
        source = builders.make_source(session)
        run_id = session.execute(
            sa.text(
                "INSERT INTO import_runs (source_id, reader, scope, file_name, file_sha256,"
                " started_at, status) VALUES (:source, 'csv', '', 'places.csv', 'x', now(),"
                " 'loaded') RETURNING id"
            ),
            {"source": source.id},
        ).scalar_one()
        problem_id = session.execute(
            sa.text(
                "INSERT INTO import_problems (import_run_id, row_number, name, reason, message,"
                " suggestion) VALUES (:run, 7, :name, 'unknown_postcode', 'We do not know BD0.',"
                " 'Look the postcode up.') RETURNING id"
            ),
            {"run": run_id, "name": name},
        ).scalar_one()
        session.commit()
    return str(problem_id)


def change_club(people: People, acting_as: str, who: str, sql: str, **values: object) -> int:
    """Change the club as somebody, past the pages; return the number of the change."""
    with people.engine.begin() as connection:
        connection.execute(
            sa.text(
                "SELECT set_config('patchwork.account_id', :id, true),"
                " set_config('patchwork.acting_as', :acting_as, true)"
            ),
            {"id": str(people.accounts[who]), "acting_as": acting_as},
        )
        connection.execute(
            sa.text(f"UPDATE assets SET {sql} WHERE id = :club"), {"club": people.club_id} | values
        )
        made: int = connection.execute(sa.text("SELECT max(id) FROM asset_changes")).scalar_one()
    return made


OpenPublic = Callable[..., Page]


@pytest.fixture
def open_public(chromium: Browser, served: str) -> Iterator[OpenPublic]:
    """Open a path as anybody; a script error or another host fails the test."""
    contexts = []
    wrong: list[str] = []

    def opened(path: str, *, width: int = 360, **options: Any) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 780}, base_url=served, locale="en-GB", **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
        page.on("request", lambda a: None if a.url.startswith(served) else wrong.append(a.url))
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong, wrong


def hidden_of(
    people: People, item: str, *, amend: bool = False, who: str = "editor"
) -> dict[str, Any]:
    """Return what the form that approves an item carries, as its page has it."""
    page = Document(people.client(who).get(f"/queue?item={item}{'&amend=1' if amend else ''}").text)
    action = f"/queue/{item.replace(':', '/')}/approve"
    form = page.one("form", action=action)
    found: dict[str, Any] = {}
    for field in form.all("input", type="hidden"):
        found.setdefault(field.get("name"), []).append(field.get("value"))
    return found


def approve(
    people: People, item: str, *, amend: bool = False, who: str = "editor", **values: Any
) -> Any:
    """Press "Approve" on the page of an item, having looked at what is like it."""
    hidden = hidden_of(people, item, amend=amend, who=who)
    address = f"/queue/{item.replace(':', '/')}/approve"
    return people.client(who).post(address, data=hidden | values)
