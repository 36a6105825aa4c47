"""Skills offered to groups: never who, never faith, and over when the resident says so."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.models import AssetKind, Stance
from tests import builders
from tests.people import People
from tests.residents.conftest import Keep, change, id_of
from tests.web.document import Document


def _offer(
    people: People, reference: str, concept: str = "bowls", who: str = "coordinator_a"
) -> int:
    answer = people.client(who).post("/offers", data={"reference": reference, "interest": concept})
    return int(answer.status_code)


def _offers(people: People, reference: str) -> list[str]:
    with people.engine.connect() as connection:
        found = connection.execute(
            sa.text("SELECT id::text FROM offers WHERE resident_id = :id"),
            {"id": id_of(people, reference)},
        )
        return list(found.scalars())


def _seen_by(people: People, asset: object) -> str:
    """Return what the asset's public page says, to somebody who is not signed in."""
    answer = people.client().get(f"/assets/{asset}")
    assert answer.status_code == 200
    return Document(answer.text).one("main").text


SAYS = "Bowmont House nearby has a resident who can teach: Bowls."


@pytest.fixture
def offered(people: People, keep: Keep) -> str:
    reference = keep({"bowls": Stance.COULD_SHARE})
    change(people, "UPDATE assets SET phone = '01274 555 0110' WHERE name = 'Bowmont House'")
    assert SAYS not in _seen_by(people, people.club_id)
    assert _offer(people, reference) == 303
    return reference


def test_a_group_sees_the_offer_and_not_who(people: People, offered: str) -> None:
    answer = people.client().get(f"/assets/{people.club_id}")
    assert SAYS in Document(answer.text).one("main").text
    assert "tel:012745550110" in answer.text
    assert offered not in answer.text
    assert f"{offered[:4]} {offered[4:]}" not in answer.text
    assert str(id_of(people, offered)) not in answer.text
    page = Document(people.client("coordinator_a").get("/offers").text)
    assert "A resident who can teach: Bowls" in page.one("main").text
    _end(people, offered)


def _end(people: People, reference: str) -> None:
    for offer_id in _offers(people, reference):
        assert people.client("coordinator_a").post(f"/offers/{offer_id}/end").status_code == 303
    assert SAYS not in _seen_by(people, people.club_id)


def test_it_is_ended_by_hand_by_its_own_team(people: People, offered: str) -> None:
    (offer_id,) = _offers(people, offered)
    for address in (offer_id, "00000000-0000-0000-0000-000000000000", "x"):
        answer = people.client("coordinator_b").post(f"/offers/{address}/end")
        assert answer.status_code == 404
    assert SAYS in _seen_by(people, people.club_id)
    _end(people, offered)


def test_offered_twice_is_once(people: People, offered: str) -> None:
    assert _offer(people, offered.lower()) == 303
    assert len(_offers(people, offered)) == 1
    _end(people, offered)


def test_it_ends_when_the_stance_changes(people: People, offered: str) -> None:
    client = people.client("coordinator_a")
    form = Document(client.get(f"/residents/{offered}/interests").text)
    version = form.one("input", name="version").get("value")
    client.post(
        f"/residents/{offered}/interests", data={"version": version, "stance_bowls": "enjoys"}
    )
    assert _offers(people, offered) == []
    assert SAYS not in _seen_by(people, people.club_id)


def test_it_ends_when_the_interest_goes(people: People, offered: str) -> None:
    change(
        people, "DELETE FROM resident_interests WHERE resident_id = :id", id=id_of(people, offered)
    )
    assert _offers(people, offered) == []
    assert SAYS not in _seen_by(people, people.club_id)


def test_it_ends_with_withdrawal_and_does_not_come_back(people: People, offered: str) -> None:
    people.client("coordinator_a").post(f"/residents/{offered}/withdraw")
    assert SAYS not in _seen_by(people, people.club_id)
    people.client("manager_a").post("/residents/withdrawn/undo", data={"reference": offered})
    assert SAYS not in _seen_by(people, people.club_id)


def test_a_hidden_residents_offer_is_not_shown_even_if_it_is_there(
    people: People, offered: str
) -> None:
    change(
        people,
        "UPDATE residents SET withdrawn_at = now(), erase_after = current_date + 1"
        " WHERE reference = :r",
        r=offered,
    )
    assert len(_offers(people, offered)) == 1
    assert SAYS not in _seen_by(people, people.club_id)


def test_it_ends_with_erasure(people: People, offered: str) -> None:
    people.client("manager_a").post(f"/residents/{offered}/erase")
    assert SAYS not in _seen_by(people, people.club_id)


def test_what_cannot_be_offered(people: People, keep: Keep) -> None:
    reference = keep(
        {"bowls": Stance.ENJOYS, "hymns": Stance.COULD_SHARE, "baking": Stance.COULD_SHARE}
    )
    page = Document(people.client("coordinator_a").get("/offers").text)
    could_be = [
        e.get("value")
        for e in page.all("input", name="interest")
        if e.parent and any(x.get("value") == reference for x in e.parent.children)
    ]
    assert could_be == ["baking"]
    for concept in ("bowls", "hymns", "singing", "no-such-thing", ""):
        assert _offer(people, reference, concept) == 422
    assert _offer(people, reference, "baking", "coordinator_b") == 422
    assert _offer(people, "no reference", "baking") == 422
    assert _offer(people, reference, "baking", "connector") == 403
    assert _offers(people, reference) == []


@pytest.mark.parametrize("concept", ["hymns", "bowls"])
def test_the_database_refuses_it_too(people: People, keep: Keep, concept: str) -> None:
    keep({"hymns": Stance.COULD_SHARE, "bowls": Stance.ENJOYS})
    with (
        people.acting_as("coordinator_a") as session,
        pytest.raises(DBAPIError, match="never faith or health"),
    ):
        session.execute(
            sa.text(
                "INSERT INTO offers (team_id, resident_id, interest_id)"
                " SELECT x.team_id, x.resident_id, x.interest_id FROM resident_interests x"
                " JOIN interests i ON i.id = x.interest_id WHERE i.concept = :concept LIMIT 1"
            ),
            {"concept": concept},
        )


def test_who_sees_it(people: People, offered: str) -> None:
    with Session(people.engine) as session:
        far = builders.make_asset(session, "Far bowls", at=(-1.60, 53.79), interests=["bowls"])
        near = builders.make_asset(session, "Sports club", at=(-1.75, 53.79), interests=["sport"])
        other = builders.make_asset(session, "Choir", at=(-1.75, 53.79), interests=["singing"])
        teaches = builders.make_asset(session, "Hall", at=(-1.75, 53.79), kind=AssetKind.VENUE)
        builders.make_activity(session, "Bowls for all", teaches, interests=["bowls"])
        home = builders.make_asset(
            session, "Another home", at=(-1.75, 53.79), kind=AssetKind.CARE_HOME,
            interests=["bowls"],
        )  # fmt: skip
        ids = {"far": far.id, "near": near.id, "other": other.id, "teaches": teaches.id,
               "home": home.id}  # fmt: skip
        session.commit()
    seen = {name for name, asset_id in ids.items() if SAYS in _seen_by(people, asset_id)}
    # A sports club shares bowls; the choir does not, 10 km is not near, and homes are no groups.
    assert seen == {"near", "teaches"}
    _end(people, offered)
