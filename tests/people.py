"""People for tests: two homes and some connectors, somebody in every role, a resident in each.

Committed to a database of their own, because the application signs in through its own
connections, as its own role: row-level security is what is tested.
"""

from __future__ import annotations

import datetime as dt
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa
from fastapi import FastAPI
from sqlalchemy.orm import Session

from app.accounts.tokens import digest_of, new_token
from app.database import APP_ROLE, make_engine
from app.interests.actions import load_vocabulary
from app.main import create_app
from app.models import (
    Account,
    Asset,
    AssetKind,
    Basis,
    DecidedBy,
    Membership,
    Resident,
    ResidentInterest,
    Role,
    Schedule,
    SignInSession,
    SpecialBasis,
    Stance,
    Team,
    TeamKind,
    Travel,
)
from app.settings import Settings
from tests import builders
from tests.conftest import new_database

with warnings.catch_warnings():
    # Starlette would like another client library; until the lock has it, this one is supported.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

REFERENCE_A, REFERENCE_B, REFERENCE_AT_HOME = "BCDFGHJK", "MNPQRTVW", "XYZ23467"
# Who there is: the key of `People.tokens`, the role, the team's key or wards.
ROLES = (
    ("coordinator_a", Role.COORDINATOR, "a"),
    ("manager_a", Role.MANAGER, "a"),
    ("coordinator_b", Role.COORDINATOR, "b"),
    ("manager_b", Role.MANAGER, "b"),
    ("connector", Role.CONNECTOR, "connectors"),
    ("mapper", Role.MAPPER, None),
    ("councillor", Role.COUNCILLOR, None),
    ("editor", Role.EDITOR, None),
    ("administrator", Role.ADMINISTRATOR, None),
)


@dataclass
class People:
    """What is stored, by id, and the application on it."""

    settings: Settings
    engine: sa.Engine  # the owner's: sees everything
    as_app: sa.Engine  # the application's role: bound by row-level security
    app: FastAPI
    accounts: dict[str, uuid.UUID] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    teams: dict[str, uuid.UUID] = field(default_factory=dict)
    homes: dict[str, uuid.UUID] = field(default_factory=dict)
    residents: dict[str, uuid.UUID] = field(default_factory=dict)
    club_id: uuid.UUID = field(default_factory=uuid.uuid4)
    boccia_id: uuid.UUID = field(default_factory=uuid.uuid4)

    def client(self, who: str | None = None) -> TestClient:
        """Return a browser without scripts, signed in as `who`; redirects are not followed."""
        made = TestClient(
            self.app, follow_redirects=False, headers={"sec-fetch-site": "same-origin"}
        )
        if who is not None:
            made.cookies.set(self.settings.cookie_name, self.tokens[who])
        return made

    @contextmanager
    def acting_as(self, who: str | None) -> Iterator[Session]:
        """Yield a session as the application's role, for `who`; undone at the end."""
        with Session(self.as_app) as session:
            if who is not None:
                session.execute(
                    sa.text("SELECT set_config('patchwork.account_id', :id, true)"),
                    {"id": str(self.accounts[who])},
                )
            yield session
            session.rollback()


@contextmanager
def people_in_a_database(admin_url: sa.URL) -> Iterator[People]:
    """Yield a new database with everybody in it."""
    with new_database(admin_url) as url:
        settings = Settings(DATABASE_URL=url)  # type: ignore[call-arg]  # the alias is the name
        made = People(
            settings, make_engine(settings), make_engine(settings, role=APP_ROLE),
            create_app(settings),
        )  # fmt: skip
        with Session(made.engine) as session:
            load_vocabulary(session)
            store_people(session, made)
            session.commit()
        yield made
        made.engine.dispose()
        made.as_app.dispose()
        made.app.state.engine.dispose()


def store_people(session: Session, people: People) -> None:
    """Store two homes in Bradford, some connectors, somebody in every role, and a resident each."""
    builders.make_ward(session)
    builders.make_postcode(session)
    places = {"a": ("Bowmont House", (-1.7540, 53.7930)), "b": ("Lister Lodge", (-1.7500, 53.7950))}
    for key, (name, at) in places.items():
        home = builders.make_asset(session, name, at=at, kind=AssetKind.CARE_HOME)
        people.homes[key] = home.id
        people.teams[key] = make_team(session, name, home=home).id
    people.teams["connectors"] = make_team(session, "City connectors").id
    club = builders.make_asset(
        session, "Riverside Bowls Club", at=(-1.7600, 53.7950), interests=["bowls"],
        phone="01274 555 0101", checked_on=dt.date.today(),  # noqa: DTZ011 - as pages say it
    )  # fmt: skip
    people.club_id = club.id
    boccia = builders.make_activity(
        session, "Boccia for beginners", club, interests=["boccia"], comes_to_homes=True,
        cost_pence=0, schedules=[weekly_on_tuesdays()],
    )  # fmt: skip
    people.boccia_id = boccia.id
    for who, role, team in ROLES:
        account = make_account(session, who)
        wards = ["E05001347"] if role in {Role.MAPPER, Role.COUNCILLOR} else []
        team_id = people.teams[team] if team else None
        session.add(Membership(account_id=account.id, role=role, team_id=team_id, ward_codes=wards))
        people.accounts[who] = account.id
        people.tokens[who] = sign_in(session, account)
    for key, reference in (
        ("a", REFERENCE_A), ("b", REFERENCE_B), ("connectors", REFERENCE_AT_HOME),
    ):  # fmt: skip
        made = make_resident(session, people.teams[key], reference, {"bowls": Stance.USED_TO})
        people.residents[key] = made.id
    session.flush()


def weekly_on_tuesdays() -> Schedule:
    """Return a schedule: every Tuesday from January 2026, 2pm to 3.30pm."""
    return Schedule(
        starts_on=dt.date(2026, 1, 6), opens_at=dt.time(14), closes_at=dt.time(15, 30),
        rrule="FREQ=WEEKLY;BYDAY=TU",
    )  # fmt: skip


def make_account(session: Session, name: str, **values: object) -> Account:
    """Store an account called `name`, with an address made from it."""
    account = Account(email=f"{name}@homes.example".lower(), name=name, **values)
    session.add(account)
    session.flush()
    return account


def make_team(session: Session, name: str, *, home: Asset | None = None) -> Team:
    """Store the team of a care home, or one of connectors."""
    kind = TeamKind.HOME if home else TeamKind.CONNECTORS
    team = Team(kind=kind, home_id=home.id if home else None, name=name)
    session.add(team)
    session.flush()
    return team


def make_resident(
    session: Session,
    team_id: uuid.UUID,
    reference: str,
    interests: dict[str, Stance],
    **values: object,
) -> Resident:
    """Store a resident with a recorded basis (for faith and health too, unless `values` say)."""
    given: dict[str, object] = {
        "travel": Travel.SHORT_WALK,
        "basis": Basis.LEGITIMATE_INTERESTS,
        "special_basis": SpecialBasis.SOCIAL_CARE,
        "decided_by": DecidedBy.RESIDENT,
        "basis_recorded_on": dt.date(2026, 10, 1),
        "review_on": dt.date(2027, 10, 1),
    }
    resident = Resident(team_id=team_id, reference=reference, **(given | values))
    session.add(resident)
    session.flush()
    for slug, stance in interests.items():
        (interest_id,) = builders.interest_ids(session, [slug])
        session.add(
            ResidentInterest(
                resident_id=resident.id, team_id=team_id, interest_id=interest_id, stance=stance
            )
        )
    session.flush()
    return resident


def sign_in(session: Session, account: Account) -> str:
    """Store a session of `account` and return its token."""
    token = new_token()
    ends = dt.datetime.now(tz=dt.UTC) + dt.timedelta(days=1)
    session.add(SignInSession(digest=digest_of(token), account_id=account.id, expires_at=ends))
    session.flush()
    return token
