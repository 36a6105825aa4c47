"""The hand-over: would a stranger know what to do on Monday? And nothing of any resident."""

from __future__ import annotations

import datetime as dt
import io
import socket
from typing import Any

import pypdf
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import printing
from app.connections import handover_router
from app.models import ConnectionNote, ConnectionStatus, HowItWent, Membership, Stance
from app.rendering import STATIC
from tests.connections.calendar_builders import (
    add_resident,
    make_change,
    make_connection,
    make_time,
    make_visit,
)
from tests.people import REFERENCE_A, People, make_resident
from tests.web.document import Document, Element

D, T = dt.date, dt.time
TODAY = D(2026, 5, 6)


@pytest.fixture(autouse=True)
def _on_a_wednesday_in_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover_router, "today", lambda: TODAY)


@pytest.fixture(scope="module", autouse=True)
def stored(people: People) -> None:
    with Session(people.engine) as session:
        team = people.teams["a"]
        residents = [
            people.residents["a"],
            *(make_resident(session, team, r, {"singing": Stance.ENJOYS}).id
              for r in ("CCCCCCCC", "DDDDDDDD")),
        ]  # fmt: skip
        boccia = make_connection(
            session, people, "Boccia", promised="They bring the set.\nWe give them tea.",
            what_worked="Short games.", next_step="Ask about the ramp",
            next_step_on=D(2026, 5, 4), reasons=["She used to play bowls"],
        )  # fmt: skip
        make_time(session, boccia)
        make_change(session, boccia, D(2026, 5, 12))
        make_change(
            session, boccia, D(2026, 5, 19), moved_to=D(2026, 5, 21), opens_at=T(10),
            closes_at=T(11),
        )  # fmt: skip
        for resident in residents:
            add_resident(session, boccia, resident)
        for number, how in enumerate((*HowItWent, HowItWent.WELL)):
            make_visit(
                session, boccia, people, D(2026, 4, 7 + 7 * number), how, f"Sentence {number}.",
                came=(residents[0],),
            )  # fmt: skip
        session.add(
            ConnectionNote(connection_id=boccia.id, team_id=team, author_id=boccia.owner_id,
                           text="A note of ours")
        )  # fmt: skip
        left = people.accounts["manager_b"]
        make_connection(
            session, people, "Choir", status=ConnectionStatus.CONTACTED, owner_id=left,
            contact_name="", contact_phone="", welcomed_by="",
        )  # fmt: skip
        make_connection(
            session, people, "Baking", status=ConnectionStatus.PAUSED, what_worked="Scones."
        )
        make_connection(session, people, "Walks", status=ConnectionStatus.ENDED)
        make_connection(session, people, "Theirs", team="b")
        session.commit()


def handover(people: People, who: str = "coordinator_a") -> Document:
    answer = people.client(who).get("/handover")
    assert answer.status_code == 200
    return Document(answer.text)


def item(page: Document, title: str) -> Element:
    (found,) = (
        e for e in page.all("article") if any(c.tag == "h3" and c.text == title for c in e.children)
    )
    return found


def rows(element: Element) -> dict[str, str]:
    (facts,) = (e for e in element.children if e.tag == "dl")
    return {row.children[0].text: row.children[1].text for row in facts.children}


def test_it_says_what_this_is_and_what_to_do_first(people: People) -> None:
    page = handover(people)
    main = page.one("main").text
    assert "Bowmont House has 2 connections with groups and places around it" in main
    assert "This page is for whoever looks after them next." in main
    first = [e.text for e in page.all("li") if e.parent and e.parent.tag == "ol"]
    assert first == [
        "Late, since Monday 4 May: Ask about the ramp (Boccia) – Pat Hargreaves, 01274 555 0199"
    ], "the cancelled Tuesday is nothing to prepare"


def test_a_connection_says_all_a_stranger_needs(people: People) -> None:
    boccia = item(handover(people), "Boccia")
    assert "Riverside Bowls Club comes to Bowmont House, for 3 residents. Looked after by" in (
        boccia.text
    )
    assert rows(boccia) == {
        "Ring": "Pat Hargreaves, 01274 555 0199",
        "When": "Every Tuesday, 2pm to 3.30pm",
        "Next dates": "Thursday 21 May, 10am (moved); Tuesday 26 May, 2pm; Tuesday 2 June, 2pm",
        "Welcomes them": "Jo",
        "Next step": "Ask about the ramp, late: it was due on Monday 4 May",
        "Promised": "They bring the set. We give them tea.",
        "What worked": "Short games.",
        "Last times": (
            "Went well Tuesday 28 April: went well, 1 came. Sentence 3."
            "Went badly Tuesday 21 April: went badly, 1 came. Sentence 2."
            "So-so Tuesday 14 April: so-so, 1 came. Sentence 1."
        ),
    }


def test_what_hardly_anything_is_known_of_still_makes_sense(people: People) -> None:
    choir = item(handover(people), "Choir")
    assert rows(choir) == {"Ring": "Riverside Bowls Club, 01274 555 0101"}
    assert "Looked after by manager_b, who has left." in choir.text


def test_paused_and_ended_ones_are_a_short_table(people: People) -> None:
    table = handover(people).one("table")
    assert [[cell.text for cell in row.children] for row in table.children[1].children] == [
        ["Baking", "Paused", "Pat Hargreaves, 01274 555 0199", "Scones."],
        ["Walks", "Ended", "Pat Hargreaves, 01274 555 0199", "Nothing written down"],
    ]


def test_it_says_who_owns_what_and_how_to_get_in(people: People) -> None:
    who = handover(people).one("section", id="who").text
    assert "coordinator_a: 1 connection manager_b: 1 connection." in who
    assert "Has left: somebody has to take over." in who
    assert "manager_a (manager, manager_a@homes.example)" in who
    assert f"To sign in open {people.settings.base_url}/sign-in" in who
    assert "manager_a can invite you." in who


def test_a_manager_hands_over_what_somebody_who_left_looked_after(people: People) -> None:
    form = handover(people, "manager_a").one("form", action="/connections/owner")
    assert "manager_b (has left): 1 connection" in form.text
    # Others hand over their own.
    own = handover(people).one("form", action="/connections/owner").text
    assert "coordinator_a: " in own
    assert "manager_b" not in own


def test_members_are_those_of_today(people: People) -> None:
    with Session(people.engine) as session:
        session.execute(
            sa.update(Membership)
            .where(Membership.account_id == people.accounts["manager_a"])
            .values(ended_at=sa.func.now())
        )
        session.commit()
    try:
        who = handover(people).one("section", id="who").text
        assert "manager_a" not in who
    finally:
        with Session(people.engine) as session:
            session.execute(
                sa.update(Membership)
                .where(Membership.account_id == people.accounts["manager_a"])
                .values(ended_at=None)
            )
            session.commit()


def test_no_resident_is_in_it_and_no_other_home(people: People) -> None:
    text = people.client("coordinator_a").get("/handover").text
    for private in (REFERENCE_A, "CCCCCCCC", "bowls", "singing", "A note of ours", "Theirs"):
        assert private not in text
    assert str(people.residents["a"]) not in text


def test_a_withdrawn_resident_does_not_count(people: People) -> None:
    withdraw = (
        "UPDATE residents SET withdrawn_at = {0}, erase_after = {1} WHERE reference = 'CCCCCCCC'"
    )
    with people.engine.begin() as connection:
        connection.execute(sa.text(withdraw.format("now()", "current_date + 1")))
    try:
        assert "for 2 residents" in item(handover(people), "Boccia").text
    finally:
        with people.engine.begin() as connection:
            connection.execute(sa.text(withdraw.format("NULL", "NULL")))


def test_a_team_without_connections_is_told_where_to_start(people: People) -> None:
    main = handover(people, "connector").one("main").text
    assert "City connectors has 0 connections" in main
    assert "There are no connections yet." in main


@pytest.fixture
def pdf(people: People) -> pypdf.PdfReader:
    try:
        printing.make_pdf("<p>Try</p>", stylesheet=STATIC / "handover.css")
    except printing.CannotPrint as error:
        pytest.skip(f"no PDF can be made here: {error}")
    answer = people.client("coordinator_a").get("/handover.pdf")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "private, no-store"
    return pypdf.PdfReader(io.BytesIO(answer.content))


def test_the_pdf_says_what_the_page_says(people: People, pdf: pypdf.PdfReader) -> None:
    said = " ".join(" ".join(page.extract_text().split()) for page in pdf.pages)
    for sentence in (
        "Hand over: Bowmont House", "What to do first on Monday", "Ask about the ramp",
        "Pat Hargreaves, 01274 555 0199", "Thursday 21 May, 10am (moved)", "Scones.",
        "Who looks after what, and how to get in", "As it stood on 6 May 2026",
        "Patchwork 0.1.0", f"Page 1 of {len(pdf.pages)}", "Bowmont House, 6 May 2026",
    ):  # fmt: skip
        assert sentence in said, sentence
    for private in (REFERENCE_A, "singing", "A note of ours", "Theirs"):
        assert private not in said
    assert pdf.pages[0].mediabox.width == pytest.approx(595, abs=1), "A4"


def test_the_pdf_can_be_read_aloud(pdf: pypdf.PdfReader) -> None:
    root: Any = pdf.trailer["/Root"]
    assert root["/Lang"] == "en-GB"
    assert root["/MarkInfo"]["/Marked"] is True or root["/MarkInfo"]["/Marked"].value is True
    assert "pdfuaid" in root["/Metadata"].get_object().get_data().decode()
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Hand over: Bowmont House"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    kinds: set[str] = set()

    def walk(found: Any) -> None:
        node = found.get_object()
        if isinstance(node, list):
            for one in node:
                walk(one)
        elif isinstance(node, dict):
            kinds.add(str(node.get("/S")))
            if node.get("/S") == "/Figure":
                assert node["/Alt"]
            if "/K" in node:
                walk(node["/K"])

    walk(root["/StructTreeRoot"]["/K"])
    assert {"/H1", "/H2", "/H3", "/L", "/LI", "/Table", "/TH", "/Figure"} <= kinds


def test_printing_fetches_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        there = f"http://127.0.0.1:{listening.getsockname()[1]}"
        html = (
            f"<html lang=en><head><title>x</title><link rel=stylesheet href='{there}/a.css'>"
            f"<style>@import url({there}/b.css)</style></head><body>"
            f"<img alt=a src='file:///etc/hostname'><img alt=b src='{there}/c'><p>Words</p></body>"
        )
        try:
            made = printing.make_pdf(html, stylesheet=STATIC / "handover.css")
        except printing.CannotPrint as error:
            pytest.skip(f"no PDF can be made here: {error}")
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()
    assert "Words" in pypdf.PdfReader(io.BytesIO(made)).pages[0].extract_text()
    refused = [line for line in caplog.messages if "not fetched" in line]
    assert len(refused) == 4, caplog.messages


def test_without_pango_one_sentence_says_what_to_do(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(html: str, **_: object) -> bytes:
        raise printing.CannotPrint("cannot load library 'libpango-1.0-0'")

    monkeypatch.setattr(handover_router, "make_pdf", fail)
    answer = people.client("coordinator_a").get("/handover.pdf")
    assert answer.status_code == 503
    assert "Open the page Hand over and print it from your browser instead." in answer.text
    assert "libpango" not in answer.text


def test_the_library_is_loaded_only_by_whoever_prints() -> None:
    import subprocess  # noqa: PLC0415 - only here
    import sys  # noqa: PLC0415 - only here

    code = "import sys, app.main; sys.exit('weasyprint' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
