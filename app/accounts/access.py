"""What handlers depend on when not everybody may ask: who is asking, and what they may do.

Each address takes exactly one of `SignedIn`, `ForTeam`, `ForManagers`, `ForInviters`,
`ForWards`, `ForMappers`, `ForEditors` or `ForAdministrators`, or none when it is public. A test
holds the table of all addresses to that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Depends, Request
from sqlalchemy.orm import Session

from app.accounts import queries
from app.accounts.people import TEAM_ROLES, Held, Person, Team, TeamWork, Work
from app.accounts.tokens import LONGEST_TOKEN, digest_of
from app.database import transaction
from app.errors import NotAllowed, SignedOut
from app.models import Role, TeamKind


def token_of(request: Request) -> str | None:
    """Return the token in the cookie, if there is one of a length we could have made."""
    token = request.cookies.get(request.app.state.settings.cookie_name)
    return token if token and len(token) <= LONGEST_TOKEN else None


def find_person(session: Session, *, digest: bytes) -> Person | None:
    """Return who a session belongs to, with what they may do; None when it is not in force."""
    found = queries.find_session(session, digest=digest)
    if found is None:
        return None
    queries.become(session, account_id=found.account_id)
    if found.is_to_be_seen:
        queries.mark_seen(session, digest=digest)
    rows = queries.list_memberships(session, account_id=found.account_id)
    teams = {row.team_id: _team(row) for row in rows if row.team_id}
    return Person(
        account_id=found.account_id,
        name=found.name,
        email=found.email,
        session_id=found.id,
        held=tuple(Held(Role(row.role), row.team_id, tuple(row.ward_codes)) for row in rows),
        teams=tuple(teams.values()),
        team=teams.get(found.team_id) or next(iter(teams.values()), None),
    )


def _team(row: sa.Row[Any]) -> Team:
    return Team(row.team_id, TeamKind(row.kind), row.name, row.home_id, row.lon, row.lat)


def who_asks(request: Request, session: Session) -> Person | None:
    """Return who is signed in, for a page that is public; the page is then theirs alone."""
    token = token_of(request)
    person = find_person(session, digest=digest_of(token)) if token else None
    request.state.person = person
    return person


def work_for(*roles: Role) -> Callable[[Request], Iterator[Work]]:
    """Return a dependency that yields a `Work`, committed before the answer leaves.

    Raises SignedOut without a session in force, NotAllowed without one of `roles` (none given:
    any account will do).
    """

    def dependency(request: Request) -> Iterator[Work]:
        token = token_of(request)
        if token is None:
            raise SignedOut("Sign in to see this page.")
        with transaction(request.app.state.engine) as session:
            person = find_person(session, digest=digest_of(token))
            if person is None:
                raise SignedOut("You have been signed out. Sign in again.")
            request.state.person = person
            if roles and not person.is_any(roles):
                raise NotAllowed("Your sign-in does not include this page.")
            yield _work(person, session)

    dependency.roles = frozenset(roles)  # type: ignore[attr-defined]  # read by the table's test
    return dependency


def _work(person: Person, session: Session) -> Work:
    if person.team is None:
        return Work(person, session)
    return TeamWork(person, session, person.team)


SignedIn = Annotated[Work, Depends(work_for(), scope="function")]
ForTeam = Annotated[TeamWork, Depends(work_for(*TEAM_ROLES), scope="function")]
ForManagers = Annotated[TeamWork, Depends(work_for(Role.MANAGER), scope="function")]
# Who may invite: managers to the home they work in, administrators anybody to anything.
ForInviters = Annotated[Work, Depends(work_for(Role.MANAGER, Role.ADMINISTRATOR), scope="function")]
# Who speaks for wards or walks them.
WARD_ROLES = (Role.COUNCILLOR, Role.MAPPER)
ForWards = Annotated[Work, Depends(work_for(*WARD_ROLES), scope="function")]
# Who records on foot; editors may do all that mappers do.
MAPPER_ROLES = (Role.MAPPER, Role.EDITOR, Role.ADMINISTRATOR)
ForMappers = Annotated[Work, Depends(work_for(*MAPPER_ROLES), scope="function")]
ForEditors = Annotated[Work, Depends(work_for(Role.EDITOR, Role.ADMINISTRATOR), scope="function")]
ForAdministrators = Annotated[Work, Depends(work_for(Role.ADMINISTRATOR), scope="function")]
