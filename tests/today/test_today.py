"""The first page after signing in: the day by task, and nothing of anybody else's."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import (
    Connection,
    ConnectionChange,
    ConnectionResident,
    ConnectionStatus,
    ConnectionTime,
    HowItWent,
    Membership,
    Resident,
    Visit,
    VisitResident,
)
from tests.people import (
    REFERENCE_A,
    REFERENCE_AT_HOME,
    REFERENCE_B,
    People,
    make_account,
    make_resident,
    sign_in,
)
from tests.web.document import Document, Element

# Fixed by the tests below: what the page says depends on the day and nothing else.
DAY = dt.date(2026, 11, 26)


@pytest.fixture(autouse=True)
def _on_a_fixed_day(people: People, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("app.today.actions.today", lambda: DAY)
    yield
    with people.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM connections"))
        connection.execute(
            sa.text("DELETE FROM residents WHERE reference <> ALL(:kept)"),
            {"kept": [REFERENCE_A, REFERENCE_B, REFERENCE_AT_HOME]},
        )


def add(people: People, *, key: str = "a", title: str = "Boccia", **values: Any) -> uuid.UUID:
    given = {
        "asset_id": people.club_id, "is_visit": True, "status": ConnectionStatus.HAPPENING,
        "owner_id": people.accounts["coordinator_a"],
        "created_at": dt.datetime(2026, 9, 1, tzinfo=dt.UTC),
    }  # fmt: skip
    with Session(people.engine) as session:
        made = Connection(team_id=people.teams[key], title=title, **(given | values))
        session.add(made)
        session.commit()
        return made.id


def weekly(people: People, connection_id: uuid.UUID, first: dt.date, **values: Any) -> None:
    given = {"opens_at": dt.time(10, 30), "closes_at": dt.time(11, 30), "rrule": "FREQ=WEEKLY"}
    with Session(people.engine) as session:
        session.add(
            ConnectionTime(
                connection_id=connection_id,
                team_id=people.teams["a"],
                starts_on=first,
                **(given | values),
            )
        )
        session.commit()


def store(people: People, *rows: Any) -> None:
    with Session(people.engine) as session:
        session.add_all(rows)
        session.commit()


def show(people: People, who: str = "coordinator_a") -> Document:
    answer = people.client(who).get("/today")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    return Document(answer.text)


def has_ancestor(element: Element, tag: str) -> bool:
    return element.parent is not None and (
        element.parent.tag == tag or has_ancestor(element.parent, tag)
    )


def section(page: Document, name: str) -> str:
    found = [one.text for one in page.all("section") if one.get("aria-labelledby") == name]
    return found[0] if found else ""


def test_the_box_asks_from_the_home_by_post(people: People) -> None:
    page = show(people)
    [form] = [one for one in page.all("form") if one.get("action") == "/matches"]
    assert form.get("method") == "post"
    assert page.one("input", name="home").get("value") == str(people.homes["a"])
    assert len(page.all("input", type="text")) == 1, "one interest is all there is to type"


def test_connectors_are_asked_where_as_well(people: People) -> None:
    page = show(people, "connector")
    assert {one.get("name") for one in page.all("input", type="text")} == {"interest", "near"}
    assert "People without a match" in page.one("main").text
    assert "Residents" not in page.one("main").text


def test_what_is_on_today_says_who_welcomes_them_and_whom_to_ring(people: People) -> None:
    made = add(people, welcomed_by="Col", contact_name="Sheila", contact_phone="01274 555 0199")
    weekly(people, made, DAY - dt.timedelta(days=21))
    page = show(people)
    assert section(page, "on-today") == (
        "On today 10.30am: Boccia Col welcomes them. Ring Sheila, 01274 555 0199"
    )
    assert "tel:012745550199" in page.links()
    assert f"/connections/{made}" in page.links()
    assert "Nothing else is on" in section(page, "this-week")


def test_without_times_of_its_own_it_is_on_when_its_activity_is(people: People) -> None:
    add(people, activity_id=people.boccia_id, title="Boccia for beginners")
    on = section(show(people), "this-week")
    assert "Tuesday 1 December, 2pm: Boccia for beginners" in on
    assert "Who welcomes them? Ring 01274 555 0101" in on


def test_a_date_that_is_off_or_moved(people: People) -> None:
    off, moved = add(people, title="Off"), add(people, title="Moved")
    for one in (off, moved):
        weekly(people, one, DAY)
    key = {"team_id": people.teams["a"], "was_on": DAY, "was_at": dt.time(10, 30)}
    store(
        people,
        ConnectionChange(connection_id=off, **key),
        ConnectionChange(
            connection_id=moved, **key, moved_to=DAY + dt.timedelta(days=1), opens_at=dt.time(15)
        ),
    )
    page = show(people)
    assert section(page, "on-today") == "On today Nothing is on today."
    assert "Friday 27 November, 3pm: Moved" in section(page, "this-week")
    assert "Moved to this day." in section(page, "this-week")


@pytest.mark.parametrize("status", ["suggested", "contacted", "paused", "ended"])
def test_what_is_not_agreed_is_not_on(people: People, status: str) -> None:
    weekly(people, add(people, status=ConnectionStatus(status)), DAY)
    assert "Nothing is on today" in section(show(people), "on-today")


def test_next_steps_due_are_listed_oldest_first(people: People) -> None:
    for days, status in ((0, "agreed"), (-3, "contacted"), (1, "suggested"), (-9, "ended")):
        add(
            people, title=f"{days}", status=ConnectionStatus(status), next_step=f"Ring {days}",
            next_step_on=DAY + dt.timedelta(days=days),
        )  # fmt: skip
    assert section(show(people), "waiting") == (
        "Waiting on us Ring -3 -3, 3 days late Ring 0 0, due today"
    )


def test_a_visit_nobody_wrote_down_is_asked_for_once(people: People) -> None:
    made = add(people)
    weekly(people, made, DAY - dt.timedelta(days=23))
    page = show(people)
    assert section(page, "unrecorded") == "How did it go? How did “Boccia” go on Tuesday?"
    assert f"/connections/{made}?visited_on=2026-11-24#visits" in page.links()
    store(
        people,
        *(
            Visit(
                connection_id=made,
                team_id=people.teams["a"],
                how_it_went=HowItWent.WELL,
                visited_on=DAY - dt.timedelta(days=days),
                recorded_by=people.accounts["coordinator_a"],
            )
            for days in (2, 9)
        ),
    )
    assert section(show(people), "unrecorded") == ""


def test_the_form_of_a_visit_starts_with_the_day_that_was_asked_about(people: People) -> None:
    made = add(people)
    client = people.client("coordinator_a")
    for asked, day in (("2026-11-24", "2026-11-24"), ("rubbish", dt.date.today().isoformat())):  # noqa: DTZ011
        page = Document(client.get(f"/connections/{made}?visited_on={asked}").text)
        assert page.one("input", id="visited_on").get("value") == day


def test_nothing_is_asked_from_before_it_began(people: People) -> None:
    made = add(people, created_at=dt.datetime(2026, 11, 25, tzinfo=dt.UTC))
    weekly(people, made, DAY - dt.timedelta(days=23))
    assert section(show(people), "unrecorded") == ""


def test_who_has_had_nothing_lately_is_on_top(people: People) -> None:
    made = add(people)
    with Session(people.engine) as session:
        new = [
            make_resident(session, people.teams["a"], reference, {}).id
            for reference in ("22222222", "33333333", "44444444")
        ]
        session.commit()
    matched = {new[0]: 40, new[1]: 50, new[2]: 60}
    store(
        people,
        *(
            ConnectionResident(
                connection_id=made,
                team_id=people.teams["a"],
                resident_id=one,
                added_on=DAY - dt.timedelta(days=days),
            )
            for one, days in matched.items()
        ),
    )
    visit = Visit(
        connection_id=made, team_id=people.teams["a"], how_it_went=HowItWent.WELL,
        visited_on=DAY - dt.timedelta(days=5), recorded_by=people.accounts["coordinator_a"],
    )  # fmt: skip
    visit.id = visit_id = uuid.uuid4()
    store(people, visit)
    store(people, VisitResident(visit_id=visit_id, team_id=people.teams["a"], resident_id=new[2]))
    page = show(people)
    text = section(page, "without")
    assert text.index("BCDF GHJK No match yet") < text.index("3333 3333 Last match 7 weeks ago")
    assert text.index("3333 3333") < text.index("2222 2222 Last match 5 weeks ago")
    assert "4444 4444" not in text, "was out five days ago"
    assert f"/residents/{REFERENCE_A}/matches" in page.links()


def test_at_most_five_residents_and_how_many_there_are(people: People) -> None:
    with Session(people.engine) as session:
        for digit in "2346789":
            make_resident(session, people.teams["a"], digit * 8, {})
        session.commit()
    page = show(people)
    assert sum(link.endswith("/matches") and "/residents/" in link for link in page.links()) == 5
    assert "All 8, and everybody else" in section(page, "without")


def test_reviews_due_lead_to_the_basis(people: People) -> None:
    assert section(show(people), "reviews") == ""
    with people.engine.begin() as connection:
        connection.execute(
            sa.update(Resident)
            .where(Resident.reference == REFERENCE_A)
            .values(review_on=dt.date(2026, 11, 20))
        )
    page = show(people)
    assert "BCDF GHJK since 20 November 2026" in section(page, "reviews")
    assert f"/residents/{REFERENCE_A}/basis" in page.links()


def test_whom_it_showed_is_in_the_log(people: People) -> None:
    show(people, "manager_a")
    with people.engine.connect() as connection:
        entry = connection.execute(
            sa.text("SELECT * FROM audit_log WHERE action = 'read' ORDER BY id DESC LIMIT 1")
        ).one()
    assert (entry.subject, entry.subject_id) == ("residents", people.residents["a"])
    assert entry.account_id == people.accounts["manager_a"]


FROM_OTHERS = {"/feeds", "/uploads"}


@pytest.mark.parametrize(
    ("who", "links"),
    [
        ("mapper", {"/wards/E05001347", "/map", "/assets", "/posters"}),
        ("councillor", {"/wards/E05001347"}),
        ("editor", {"/map", "/assets", "/posters", "/queue", *FROM_OTHERS}),
        ("administrator", {"/people", "/about", "/posters", "/queue", "/jobs", *FROM_OTHERS}),
    ],
)
def test_others_see_what_their_role_can_do(people: People, who: str, links: set[str]) -> None:
    page = show(people, who)
    ours = [one for one in page.all("a") if has_ancestor(one, "section")]
    assert {one.get("href") for one in ours} == links
    assert not page.all("form", action="/matches"), "no home to look from"


def test_somebody_without_a_role_is_told_whom_to_ask(people: People) -> None:
    with Session(people.engine) as session:
        account = make_account(session, "newcomer")
        people.tokens["newcomer"] = sign_in(session, account)
        session.commit()
    text = show(people, "newcomer").one("main").text
    assert "Ask the manager of your care home" in text
    assert "newcomer@homes.example" in text


def test_somebody_in_a_team_sees_their_other_duties_below(people: People) -> None:
    with Session(people.engine) as session:
        extra = Membership(
            account_id=people.accounts["coordinator_a"], role="councillor",
            ward_codes=["E05001347"],
        )  # fmt: skip
        session.add(extra)
        session.commit()
        page = show(people)
        session.delete(extra)
        session.commit()
    assert "City" in section(page, "wards-of-mine")
    assert section(page, "on-today")


def test_signed_out_leads_to_the_sign_in_page(people: People) -> None:
    answer = people.client().get("/today")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Ftoday")


def test_the_home_page_leads_there(people: People) -> None:
    assert "/today" in Document(people.client("coordinator_a").get("/").text).links()
    assert "/today" not in Document(people.client().get("/").text).links()


# Who is asking (3 or 4), the wards of other roles, and the day: bounded however much there is.
MOST_QUERIES = 13


def test_queries_are_counted(people: People) -> None:
    for number in range(30):
        weekly(people, add(people, title=f"{number}", next_step_on=DAY), DAY)
    show(people)
    asked: list[str] = []
    engine = people.app.state.engine

    def remember(_: Any, __: Any, statement: str, *___: Any) -> None:
        asked.append(statement)

    sa.event.listen(engine, "before_cursor_execute", remember)
    try:
        page = show(people)
    finally:
        sa.event.remove(engine, "before_cursor_execute", remember)
    assert "All 30 that are waiting" in section(page, "waiting")
    assert len(asked) <= MOST_QUERIES, "\n".join(asked)
