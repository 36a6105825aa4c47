"""What a team has that others must not learn of: one of each, with words to look for."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.tokens import digest_of, new_token
from app.models import (
    CalendarFeed,
    Connection,
    ConnectionChange,
    ConnectionNote,
    ConnectionResident,
    ConnectionStatus,
    ConnectionTime,
    HowItWent,
    Invitation,
    Membership,
    Offer,
    Role,
    Stance,
    UnmetInterest,
    Visit,
    VisitResident,
)
from app.models.residents import REFERENCE_ALPHABET, REFERENCE_LENGTH
from tests import builders
from tests.people import People, make_account, make_resident


@dataclass
class Things:
    """One of everything a team has, as addresses name it."""

    reference: str
    connection_id: str
    time_id: str
    visit_id: str
    offer_id: str
    invitation_id: str
    membership_id: str
    session_id: str
    feed_token: str
    # Words that stand in these rows and nowhere else.
    words: tuple[str, ...]

    def named(self) -> dict[str, str]:
        """Return what stands in a route's path for each of its parameters."""
        return {
            "reference": self.reference,
            "connection_id": self.connection_id,
            "time_id": self.time_id,
            "visit_id": self.visit_id,
            "offer_id": self.offer_id,
            "invitation_id": self.invitation_id,
            "membership_id": self.membership_id,
            "session_id": self.session_id,
        }


def new_reference() -> str:
    return "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(REFERENCE_LENGTH))


def missing() -> Things:
    """Return the names of things nobody has."""

    def new_id() -> str:
        return str(uuid.uuid4())

    return Things(
        new_reference(), new_id(), new_id(), new_id(), new_id(), new_id(), new_id(), new_id(),
        new_token(), words=(),
    )  # fmt: skip


def make_things(people: People, key: str) -> Things:
    """Store one of everything for the team `key` ("a", "b", "connectors"), all of it new."""
    mark = secrets.token_hex(6)
    with Session(people.engine) as session:
        made = _store(session, people, key, mark)
        session.commit()
    return made


def _store(session: Session, people: People, key: str, mark: str) -> Things:
    team_id = people.teams[key]
    owner_id = people.accounts["connector" if key == "connectors" else f"coordinator_{key}"]
    reference = new_reference()
    resident = make_resident(session, team_id, reference, {"bowls": Stance.COULD_SHARE})
    (bowls,) = builders.interest_ids(session, ["bowls"])
    offer = Offer(team_id=team_id, resident_id=resident.id, interest_id=bowls)
    session.add_all(
        [offer, UnmetInterest(interest_id=bowls, ward_code="E05001347", team_id=team_id,
                              resident_id=resident.id)]
    )  # fmt: skip
    connection = _connection(session, people, team_id, owner_id, mark)
    of = {"connection_id": connection.id, "team_id": team_id}
    session.add(ConnectionResident(**of, resident_id=resident.id))
    session.add(ConnectionNote(**of, author_id=owner_id, text=f"note {mark}"))
    time = ConnectionTime(
        **of, starts_on=dt.date(2026, 1, 6), opens_at=dt.time(14), closes_at=dt.time(15),
        rrule="FREQ=WEEKLY;BYDAY=TU",
    )  # fmt: skip
    visit = Visit(
        **of, visited_on=dt.date(2026, 11, 17), how_it_went=HowItWent.WELL,
        sentence=f"sentence {mark}", recorded_by=owner_id,
    )  # fmt: skip
    session.add_all(
        [time, visit,
         ConnectionChange(**of, was_on=dt.date(2026, 12, 29), was_at=dt.time(14))]
    )  # fmt: skip
    session.flush()
    session.add(VisitResident(visit_id=visit.id, resident_id=resident.id, team_id=team_id))
    invitation, membership, feed_token = _ways_in(session, team_id, owner_id, key, mark)
    session_id = session.execute(
        sa.text("SELECT id FROM sign_in_sessions WHERE account_id = :id LIMIT 1"), {"id": owner_id}
    ).scalar_one()
    session.flush()
    return Things(
        reference, str(connection.id), str(time.id), str(visit.id), str(offer.id),
        str(invitation.id), str(membership.id), str(session_id), feed_token,
        words=(reference, f"{reference[:4]} {reference[4:]}", mark),
    )  # fmt: skip


def _connection(
    session: Session, people: People, team_id: uuid.UUID, owner_id: uuid.UUID, mark: str
) -> Connection:
    made = Connection(
        team_id=team_id,
        asset_id=people.club_id,
        activity_id=people.boccia_id,
        title=f"title {mark}",
        is_visit=True,
        reasons=[f"reason {mark}"],
        status=ConnectionStatus.HAPPENING,
        owner_id=owner_id,
        welcomed_by=f"welcome {mark}",
        contact_name=f"contact {mark}",
        next_step=f"step {mark}",
        next_step_on=dt.date(2026, 11, 1),
        promised=f"promise {mark}",
        what_worked=f"worked {mark}",
    )
    session.add(made)
    session.flush()
    return made


def _ways_in(
    session: Session, team_id: uuid.UUID, owner_id: uuid.UUID, key: str, mark: str
) -> tuple[Invitation, Membership, str]:
    role = Role.CONNECTOR if key == "connectors" else Role.COORDINATOR
    ends = dt.datetime.now(tz=dt.UTC) + dt.timedelta(days=1)
    invitation = Invitation(
        digest=digest_of(new_token()), email=f"invited-{mark}@homes.example", role=role,
        team_id=team_id, invited_by=owner_id, expires_at=ends,
    )  # fmt: skip
    colleague = make_account(session, f"colleague-{mark}")
    membership = Membership(account_id=colleague.id, role=role, team_id=team_id)
    feed = session.get(CalendarFeed, team_id)
    if feed is None:
        feed = CalendarFeed(team_id=team_id, token=new_token())
        session.add(feed)
    session.add_all([invitation, membership])
    session.flush()
    session.refresh(invitation)
    return invitation, membership, feed.token
