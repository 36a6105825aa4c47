"""Matches for one resident: from what is kept, for their own team alone, and the gaps counted."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Asset, Resident, Stance, Travel
from app.models.residents import REFERENCE_ALPHABET
from tests.builders import interest_ids, make_asset
from tests.people import (
    REFERENCE_A,
    REFERENCE_AT_HOME,
    REFERENCE_B,
    People,
    make_resident,
)
from tests.web.document import Document, Element


def address(reference: str, more: str = "") -> str:
    return f"/residents/{reference}/matches{more}"


@contextmanager
def stored(
    people: People, reference: str, interests: dict[str, Stance], **values: object
) -> Iterator[uuid.UUID]:
    """Store a resident of home A for a while."""
    with Session(people.engine) as session:
        made = make_resident(session, people.teams["a"], reference, interests, **values)
        resident_id = made.id
        session.commit()
    yield resident_id
    with Session(people.engine) as session:
        session.execute(sa.delete(Resident).where(Resident.id == resident_id))
        session.commit()


def unmet_of(people: People, resident_id: uuid.UUID) -> set[str]:
    with Session(people.engine) as session:
        return set(
            session.scalars(
                sa.text(
                    "SELECT i.concept FROM unmet_interests u JOIN interests i"
                    " ON i.id = u.interest_id WHERE u.resident_id = :id"
                ),
                {"id": resident_id},
            )
        )


def fields_of(form: Element) -> list[tuple[str, str]]:
    return [(field.get("name"), field.get("value")) for field in form.all("input")]


def test_used_to_play_bowls_leads_to_boccia_that_comes(people: People) -> None:
    page = Document(people.client("coordinator_a").get(address(REFERENCE_A)).text)
    (item,) = [i for i in page.all("li", class_="pw-item") if "Boccia" in i.text]
    assert "They used to: bowls. Boccia: a gentler alternative to bowls." in item.text
    assert "They come to you, from" in item.text
    assert "Next: " in item.text
    assert "Ring 01274 555 0101" in item.text
    form = item.one("form", action="/connections")
    assert form.get("method") == "post"
    fields = fields_of(form)
    assert dict(fields) | {"reason": ""} == {
        "asset_id": str(people.club_id),
        "activity_id": str(people.boccia_id),
        "is_visit": "yes",
        "interest": "boccia",
        "reference": REFERENCE_A,
        "reason": "",
    }
    # How a resident stands to it is not kept with a connection, which outlives them here.
    kept = [value for name, value in fields if name == "reason"]
    assert kept[0].startswith("Boccia: a gentler alternative to bowls.")
    assert not [reason for reason in kept if reason and "used to" in reason]
    near = next(i for i in page.all("li", class_="pw-item") if "Boccia" not in i.text)
    assert "is_visit" not in dict(fields_of(near.one("form")))
    assert ("activity_id", "") in fields_of(near.one("form"))


@pytest.mark.parametrize("more", ["", "/map"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_somebody_elses_a_missing_and_a_withdrawn_resident_are_one_answer(
    people: People, method: str, more: str
) -> None:
    client = people.client("coordinator_a")
    assert client.request(method, address(REFERENCE_A, more), data={"x": ""}).status_code == 200
    with stored(
        people, "WWWWWWWW", {"bowls": Stance.ENJOYS},
        withdrawn_at=dt.datetime.now(tz=dt.UTC), erase_after=dt.date(2099, 1, 1),
    ):  # fmt: skip
        answers = [
            client.request(method, address(reference, more), data={"x": ""})
            for reference in (
                *(REFERENCE_B, REFERENCE_AT_HOME, "WWWWWWWW", "ZZZZZZZZ", "no-such", "%00"),
                REFERENCE_A.lower(),
            )
        ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_reading_is_written_down(people: People) -> None:
    def readings() -> int:
        with Session(people.engine) as session:
            count = session.execute(
                sa.text(
                    "SELECT count(*) FROM audit_log WHERE action = 'read'"
                    " AND subject = 'residents' AND subject_id = :id AND account_id = :account"
                ),
                {"id": people.residents["a"], "account": people.accounts["manager_a"]},
            ).scalar_one()
        return int(count)

    before = readings()
    people.client("manager_a").get(address(REFERENCE_A))
    assert readings() == before + 1
    people.client("manager_a").post(address(REFERENCE_A), data={"must": "free"})
    assert readings() == before + 2


def test_travel_decides_how_far_and_what_is_first(people: People) -> None:
    client = people.client("coordinator_a")
    firsts, reaches = {}, {}
    for reference, travel in zip(("22222222", "33333333", "44444444"), Travel, strict=True):
        with stored(people, reference, {"bowls": Stance.ENJOYS}, travel=travel):
            page = Document(client.get(address(reference)).text)
            firsts[travel] = next(h.text for h in page.all("h2") if h.get("id") != "gaps")
            (chosen,) = [o for o in page.all("option") if "selected" in o.attributes]
            reaches[travel] = chosen.get("value")
    assert firsts == {
        Travel.VISITS_ONLY: "Comes to you",
        Travel.SHORT_WALK: "Near you within 640 m",
        Travel.CAN_TRAVEL: "Near you within 5 km",
    }
    assert reaches == {
        Travel.VISITS_ONLY: "5000",
        Travel.SHORT_WALK: "640",
        Travel.CAN_TRAVEL: "5000",
    }


def test_filters_by_a_form_and_nothing_in_an_address(people: People) -> None:
    client = people.client("coordinator_a")
    answer = client.post(address(REFERENCE_A), data={"days": "mon", "within": "2000"})
    page = Document(answer.text)
    assert "Boccia" not in page.one("main").text
    assert "no-store" in answer.headers["cache-control"]
    (form,) = [form for form in page.all("form") if form.get("target")]
    assert form.get("action") == address(REFERENCE_A, "/map")
    assert fields_of(form) == [("within", "2000"), ("days", "mon")]
    assert not [link for link in page.links() if "?" in link]
    assert "Boccia" in client.post(address(REFERENCE_A), data={"days": "tue"}).text
    wrong = client.post(address(REFERENCE_A), data={"starts_after": "teatime"})
    assert wrong.status_code == 422
    assert Document(wrong.text).one("input", id="starts_after").get("value") == "teatime"


def test_nobody_nearby_yet_says_what_to_do_and_counts_once(people: People) -> None:
    client = people.client("coordinator_a")
    with Session(people.engine) as session:
        far = make_asset(
            session, "Kiln and Wheel", at=(-1.9, 53.85), interests=["pottery"],
            phone="01274 555 0199",
        )  # fmt: skip
        session.commit()
        far_id = far.id
    wanted = {"pottery": Stance.USED_TO, "islam": Stance.ENJOYS, "bowls": Stance.ENJOYS}
    with stored(people, "77777777", wanted) as resident_id:
        page = Document(client.get(address("77777777")).text)
        gaps = page.one("section", class_="nhsuk-inset-text").text
        assert gaps.startswith("Nobody nearby yet for Islam and Pottery and clay What you can do:")
        assert "Ask whether they would come: Kiln and Wheel" in gaps
        assert "Ring 01274 555 0199" in gaps
        assert "Would they try something gentler than Pottery and clay?" in gaps
        farther = page.one("button", name="farther")
        assert farther.get("value") == "10000"
        # What shows faith is never counted; looking again counts nothing more.
        assert unmet_of(people, resident_id) == {"pottery"}
        client.get(address("77777777"))
        assert unmet_of(people, resident_id) == {"pottery"}
        # Farther away is no answer within reach.
        answer = client.post(address("77777777"), data={"farther": "20000"})
        assert "Kiln and Wheel" in Document(answer.text).one("ol", class_="pw-list--numbered").text
        assert unmet_of(people, resident_id) == {"pottery"}
        # Somebody opens next door: no gap any more.
        with Session(people.engine) as session:
            session.execute(
                sa.update(Asset).where(Asset.id == far_id).values(
                    geom="SRID=4326;POINT(-1.7541 53.7931)"
                )
            )  # fmt: skip
            session.commit()
        client.get(address("77777777"))
        assert unmet_of(people, resident_id) == set()


def test_councillors_see_rounded_numbers_of_a_ward_and_nothing_else(people: People) -> None:
    references = [letter * 8 for letter in REFERENCE_ALPHABET[-9:]]
    with Session(people.engine) as session:
        (sailing,) = interest_ids(session, ["sailing-and-boating"])
        (chess,) = interest_ids(session, ["chess-and-draughts"])
        for n, reference in enumerate(references):
            made = make_resident(session, people.teams["b"], reference, {})
            rows = [sailing] if n else [sailing, chess]
            session.execute(
                sa.text(
                    "INSERT INTO unmet_interests (interest_id, ward_code, team_id, resident_id)"
                    " SELECT i, 'E05001347', :team, :resident FROM unnest(CAST(:ids AS int[])) i"
                ),
                {"team": people.teams["b"], "resident": made.id, "ids": rows},
            )
        session.commit()

    def listed(who: str | None) -> list[str]:
        page = Document(people.client(who).get("/wards/E05001347").text)
        heading = page.one("h2", id="unmet")
        assert heading.text == "Asked for, and not within reach"
        assert heading.parent is not None
        lines = [item.text for item in heading.parent.one("ul").children]
        return [line.removesuffix(" times here. Nothing on this map has it.") for line in lines]

    assert "Sailing and boating: about 10" in listed("councillor")
    assert "Chess and draughts: fewer than 8" in listed("councillor")
    # Of the rows themselves nobody outside the team sees one, nor how many there are.
    with people.acting_as("coordinator_a") as session:
        count = sa.text("SELECT count(*) FROM unmet_interests WHERE team_id = :team")
        assert session.execute(count, {"team": people.teams["b"]}).scalar_one() == 0
    # Who withdraws is in no count from that moment on.
    with Session(people.engine) as session:
        session.execute(
            sa.update(Resident)
            .where(Resident.reference.in_(references[:2]))
            .values(withdrawn_at=dt.datetime.now(tz=dt.UTC), erase_after=dt.date(2099, 1, 1))
        )
        session.commit()
    assert "Sailing and boating: fewer than 8" in listed(None)
    assert not [line for line in listed(None) if line.startswith("Chess")]


def test_without_ticks_or_a_place_the_page_says_what_is_missing(people: People) -> None:
    with stored(people, "66666666", {}):
        page = Document(people.client("coordinator_a").get(address("66666666")).text)
        assert "/residents/66666666/interests" in page.links()
    page = Document(people.client("connector").get(address(REFERENCE_AT_HOME)).text)
    assert f"/residents/{REFERENCE_AT_HOME}/details" in page.links()
    assert not page.all("ol")
    refused = people.client("connector").get(address(REFERENCE_AT_HOME, "/map"))
    assert refused.status_code == 422


def test_signed_out_is_not_let_in_and_other_roles_neither(people: People) -> None:
    for who, status in ((None, 303), ("councillor", 403), ("mapper", 403), ("editor", 403)):
        assert people.client(who).get(address(REFERENCE_A)).status_code == status, who


def test_typed_interests_start_at_the_team_members_home(people: People) -> None:
    page = Document(people.client("coordinator_a").get("/matches").text)
    assert not page.all("input", id="near")
    answer = people.client("coordinator_a").post("/matches", data={"interest": "bowls"})
    page = Document(answer.text)
    assert page.one("h1").text == "Matches near Bowmont House"
    assert answer.headers["cache-control"] == "private, no-cache"
    form = page.all("form", action="/connections")[0]
    assert "reference" not in dict(fields_of(form))
    looking = Document(people.client("connector").get("/matches").text)
    assert "Just looking: nothing is stored." in looking.one("main").text
    assert looking.one("input", id="near").get("value") == ""


def test_just_looking_stores_nothing(people: People) -> None:
    def rows() -> int:
        with Session(people.engine) as session:
            counts = [
                session.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()
                for table in ("unmet_interests", "audit_log", "residents", "connections")
            ]
            return sum(counts)

    before = rows()
    answer = people.client("connector").post(
        "/matches", data={"near": "BD1 1HY", "interest": "archery-and-shooting"}
    )
    assert "We know of nobody who would visit" in answer.text
    assert rows() == before
