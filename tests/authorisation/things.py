"""What a team has that others must not learn of: one of each, with words to look for."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from dataclasses import dataclass

from geoalchemy2.shape import from_shape
from shapely import Point
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
    Erasure,
    HowItWent,
    Invitation,
    MatchRun,
    MatchRunState,
    Membership,
    Offer,
    Resident,
    ResidentMatches,
    Role,
    SignInSession,
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

    team_id: str
    reference: str
    connection_id: str
    time_id: str
    visit_id: str
    offer_id: str
    invitation_id: str
    membership_id: str
    receipt_id: str
    session_id: str
    feed_token: str
    # Words that stand in these rows and nowhere else: of the people, and of the staff.
    words: tuple[str, ...]
    staff_words: tuple[str, ...]


def new_reference() -> str:
    return "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(REFERENCE_LENGTH))


def missing() -> Things:
    """Return the names of things nobody has."""

    def new_id() -> str:
        return str(uuid.uuid4())

    return Things(
        new_id(), new_reference(), new_id(), new_id(), new_id(), new_id(), new_id(), new_id(),
        new_id(), new_id(), new_token(), words=(), staff_words=(),
    )  # fmt: skip


def make_things(people: People, key: str, who: str | None = None) -> Things:
    """Store one of everything for the team `key` ("a", "b", "connectors"), all of it new.

    `who`: whose session it is; the team's first member's otherwise.
    """
    mark, staff_mark = secrets.token_hex(6), secrets.token_hex(6)
    first = "connector" if key == "connectors" else f"coordinator_{key}"
    with Session(people.engine) as session:
        team_id, owner_id = people.teams[key], people.accounts[first]
        resident, offer = _resident(session, team_id, is_at_home=key == "connectors")
        connection, time, visit = _connection(session, people, team_id, owner_id, mark)
        session.add_all(
            [ConnectionResident(connection_id=connection.id, team_id=team_id,
                                resident_id=resident.id),
             VisitResident(visit_id=visit.id, team_id=team_id, resident_id=resident.id)]
        )  # fmt: skip
        invitation, membership, receipt = _ways_in(session, team_id, owner_id, key, staff_mark)
        made = Things(
            str(team_id), resident.reference, str(connection.id), str(time.id), str(visit.id),
            str(offer.id), str(invitation.id), str(membership.id), str(receipt.id),
            session_id=_other_device(session, people.accounts[who or first]),
            feed_token=_feed(session, team_id),
            words=(resident.reference, shown(resident.reference), mark),
            staff_words=(staff_mark,),
        )  # fmt: skip
        session.commit()
    return made


def shown(reference: str) -> str:
    """Return a reference as pages show it."""
    return f"{reference[:4]} {reference[4:]}"


def _resident(session: Session, team_id: uuid.UUID, *, is_at_home: bool) -> tuple[Resident, Offer]:
    resident = make_resident(
        session, team_id, new_reference(), {"bowls": Stance.COULD_SHARE},
        geom=from_shape(Point(builders.CITY_HALL), srid=4326) if is_at_home else None,
    )  # fmt: skip
    (bowls,) = builders.interest_ids(session, ["bowls"])
    of = {"team_id": team_id, "resident_id": resident.id, "interest_id": bowls}
    offer = Offer(**of)
    session.add_all([offer, UnmetInterest(**of, ward_code="E05001347")])
    _matched(session, resident)
    session.flush()
    return resident, offer


def _matched(session: Session, resident: Resident) -> None:
    """Store what a run found for a resident: nothing, in a ward."""
    run = MatchRun(
        state=MatchRunState.CURRENT, engine="local", area_codes=["E05001347"],
        of_day=dt.date(2026, 11, 27),
    )  # fmt: skip
    session.add(run)
    session.flush()
    lists = (
        "near_ids", "near_are_activities", "near_scores", "near_distances_m", "visit_ids",
        "visit_scores", "visit_distances_m", "unmet_ids",
    )  # fmt: skip
    session.add(
        ResidentMatches(
            run_id=run.id, resident_id=resident.id, team_id=resident.team_id,
            ward_code="E05001347", **{name: [] for name in lists},
        )
    )  # fmt: skip


def _connection(
    session: Session, people: People, team_id: uuid.UUID, owner_id: uuid.UUID, mark: str
) -> tuple[Connection, ConnectionTime, Visit]:
    made = Connection(
        team_id=team_id, asset_id=people.club_id, activity_id=people.boccia_id, is_visit=True,
        status=ConnectionStatus.HAPPENING, owner_id=owner_id, title=f"title {mark}",
        reasons=[f"reason {mark}"], welcomed_by=f"welcome {mark}", contact_name=f"contact {mark}",
        next_step=f"step {mark}", next_step_on=dt.date(2026, 11, 1), promised=f"promise {mark}",
        what_worked=f"worked {mark}",
    )  # fmt: skip
    session.add(made)
    session.flush()
    of = {"connection_id": made.id, "team_id": team_id}
    time = ConnectionTime(
        **of, starts_on=dt.date(2026, 1, 6), opens_at=dt.time(14), closes_at=dt.time(15),
        rrule="FREQ=WEEKLY;BYDAY=TU",
    )  # fmt: skip
    visit = Visit(
        **of, visited_on=dt.date(2026, 11, 17), how_it_went=HowItWent.WELL,
        sentence=f"sentence {mark}", recorded_by=owner_id,
    )  # fmt: skip
    note = ConnectionNote(**of, author_id=owner_id, text=f"note {mark}")
    off = ConnectionChange(**of, was_on=dt.date(2026, 12, 29), was_at=dt.time(14))
    session.add_all([time, visit, note, off])
    session.flush()
    return made, time, visit


def _ways_in(
    session: Session, team_id: uuid.UUID, owner_id: uuid.UUID, key: str, mark: str
) -> tuple[Invitation, Membership, Erasure]:
    role = Role.CONNECTOR if key == "connectors" else Role.COORDINATOR
    ends = dt.datetime.now(tz=dt.UTC) + dt.timedelta(days=1)
    invitation = Invitation(
        digest=digest_of(new_token()), email=f"invited-{mark}@homes.example", role=role,
        team_id=team_id, invited_by=owner_id, expires_at=ends,
    )  # fmt: skip
    colleague = make_account(session, f"colleague-{mark}")
    membership = Membership(account_id=colleague.id, role=role, team_id=team_id)
    receipt = Erasure(team_id=team_id, reference_digest=secrets.token_bytes(32), rows_erased=3)
    session.add_all([invitation, membership, receipt])
    session.flush()
    session.refresh(invitation)
    return invitation, membership, receipt


def _other_device(session: Session, account_id: uuid.UUID) -> str:
    """Store one more session of an account, and return its id."""
    ends = dt.datetime.now(tz=dt.UTC) + dt.timedelta(days=1)
    made = SignInSession(
        digest=digest_of(new_token()), account_id=account_id, expires_at=ends
    )  # fmt: skip
    session.add(made)
    session.flush()
    session.refresh(made)
    return str(made.id)


def _feed(session: Session, team_id: uuid.UUID) -> str:
    """Return the secret of the team's calendar, made if need be."""
    feed = session.get(CalendarFeed, team_id)
    if feed is None:
        feed = CalendarFeed(team_id=team_id, token=new_token())
        session.add(feed)
        session.flush()
    return feed.token
