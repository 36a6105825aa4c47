"""What people do about who works here: invite, accept, withdraw, end."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts import (
    invitation_queries,
    letters,
    mail,
    people_queries,
    queries,
    sign_in_queries,
    teams,
)
from app.accounts.people import Person, Team
from app.accounts.roles import OF_A_HOME, OF_A_TEAM, OF_WARDS, in_words
from app.accounts.tokens import digest_of, new_token
from app.errors import BadQuestion, NotAllowed, NotFound
from app.models import Role
from app.parameters import Query
from app.settings import Settings

NOT_THERE = "There is nothing at this address."


@dataclass(frozen=True, slots=True)
class Grant:
    """What an invitation gives: a role, and where it counts."""

    role: Role
    team_id: uuid.UUID | None = None
    team_name: str | None = None
    ward_codes: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        """What its holder is: "manager of Beck House"."""
        return in_words(self.role, self.team_name, self.ward_codes)


def grant_named(session: Session, *, role: Role, team: str | None, wards: str | None) -> Grant:
    """Return a role with the team or the wards that were written; raises BadQuestion."""
    if role in OF_A_TEAM:
        if not team:
            what = "the care home" if role in OF_A_HOME else "the team of connectors"
            raise BadQuestion(f"Write the name of {what}.", field="team")
        found = teams.team_named(session, name=team, role=role)
        return Grant(role, found.id, found.name)
    if role in OF_WARDS:
        codes = teams.wards_named(session, text=wards or "")
        if not codes:
            raise BadQuestion("Write the name or the code of a ward.", field="wards")
        return Grant(role, ward_codes=tuple(codes))
    return Grant(role)


def grant_asked_for(session: Session, form: Query, *, person: Person) -> Grant | None:
    """Return what an inviter wants to give, or None with problems in `form`.

    Administrators give anything; managers make coordinators and managers of the home they
    manage, whatever else a form may say.
    """
    roles = list(Role) if person.is_administrator else list(OF_A_HOME)
    words = form.words("role", [role.value for role in roles])
    if not words:
        form.wrong("role", "Choose what they will do.")
        return None
    role = Role(words[0])
    if not person.is_administrator:
        team = _managed_team(person)
        return Grant(role, team.id, team.name)
    try:
        return grant_named(session, role=role, team=form.text("team"), wards=form.text("wards"))
    except BadQuestion as problem:
        form.wrong(problem.field, str(problem))
        return None


def invite(session: Session, *, email: str, grant: Grant, invited_by: uuid.UUID | None) -> str:
    """Store an invitation and return its token; raises BadQuestion if there is nothing to give."""
    if people_queries.has_membership(
        session,
        email=email,
        role=grant.role,
        team_id=grant.team_id,
        ward_codes=grant.ward_codes,
    ):
        raise BadQuestion(f"They are {grant.in_words} already.", field="email")
    token = new_token()
    made = invitation_queries.add_invitation(
        session,
        digest=digest_of(token),
        email=email,
        role=grant.role,
        team_id=grant.team_id,
        ward_codes=grant.ward_codes,
        invited_by=invited_by,
    )
    _record(session, "invite", made, by=invited_by, team_id=grant.team_id)
    return token


def invitation_link(settings: Settings, token: str) -> str:
    """Return the address of an invitation."""
    return f"{settings.base_url.rstrip('/')}/invitations/{token}"


def send_invitation(
    settings: Settings, *, email: str, token: str, what_for: str, invited_by: str | None
) -> None:
    """Send an invitation by e-mail; raises NotSent."""
    letter = letters.invitation_letter(
        service=settings.name,
        link=invitation_link(settings, token),
        invited_by=invited_by,
        what_for=what_for,
    )
    mail.send(settings, to=email, subject=letter.subject, text=letter.text)


def withdraw(session: Session, *, invitation_id: uuid.UUID, person: Person) -> str:
    """Withdraw an invitation to one's team (administrators: any); returns whose it was."""
    team_id = _team_bound(person)
    found = invitation_queries.withdraw_invitation(
        session, invitation_id=invitation_id, team_id=team_id
    )
    if found is None:
        raise NotFound(NOT_THERE)
    _record(
        session, "invitation_withdrawn", invitation_id, by=person.account_id, team_id=found.team_id
    )
    return str(found.email)


def accept(session: Session, invitation: sa.Row[Any], *, account_id: uuid.UUID) -> None:
    """Give an account what it was invited to; the invitation is used up."""
    queries.become(session, account_id=account_id)
    invitation_queries.use_invitation(session, digest=invitation.digest)
    people_queries.add_membership(
        session,
        account_id=account_id,
        role=invitation.role,
        team_id=invitation.team_id,
        ward_codes=invitation.ward_codes,
        granted_by=invitation.invited_by,
    )
    _record(
        session, "invitation_accepted", invitation.id, by=account_id, team_id=invitation.team_id
    )


def open_account(
    session: Session,
    invitations: Sequence[sa.Row[Any]],
    *,
    email: str,
    name: str,
    password_hash: str | None,
) -> uuid.UUID | None:
    """Make the account of whoever was invited and return its id; None: the address has one."""
    account_id = uuid.uuid4()
    queries.become(session, account_id=account_id)
    is_new = people_queries.add_account(
        session, account_id=account_id, email=email, name=name, password_hash=password_hash
    )
    if not is_new:
        return None
    for invitation in invitations:
        accept(session, invitation, account_id=account_id)
    return account_id


# Ending


@dataclass(frozen=True, slots=True)
class Ending:
    """What there is to know before a membership ends."""

    member: sa.Row[Any]
    is_oneself: bool
    is_last: bool
    owns_connections: bool


def look_at_ending(session: Session, *, membership_id: uuid.UUID, person: Person) -> Ending:
    """Return what ending a membership would mean; raises NotFound for one of another team."""
    member = people_queries.find_member(session, membership_id=membership_id)
    bound = _team_bound(person)
    if member is None or (bound is not None and member.team_id != bound):
        raise NotFound(NOT_THERE)
    is_guarded = member.role in {Role.MANAGER, Role.ADMINISTRATOR}
    return Ending(
        member,
        is_oneself=member.account_id == person.account_id,
        is_last=is_guarded and not people_queries.count_others_with_role(session, member=member),
        owns_connections=member.team_id is not None
        and people_queries.owns_connections(
            session, account_id=member.account_id, team_id=member.team_id
        ),
    )


def end_membership(session: Session, ending: Ending) -> None:
    """End a membership: access ends with the transaction, and so do invitations they sent."""
    member = ending.member
    people_queries.end_membership(session, membership_id=member.id)
    if member.role in {Role.MANAGER, Role.ADMINISTRATOR}:
        invitation_queries.withdraw_invitations_by(
            session, account_id=member.account_id, team_id=member.team_id
        )


def switch_off(session: Session, *, account_id: uuid.UUID) -> None:
    """Disable an account: its sessions, links and the invitations it sent end."""
    people_queries.set_disabled(session, account_id=account_id, is_disabled=True)
    sign_in_queries.end_sessions(session, account_id=account_id)
    sign_in_queries.end_links(session, account_id=account_id)
    invitation_queries.withdraw_invitations_by(session, account_id=account_id, team_id=None)


def _team_bound(person: Person) -> uuid.UUID | None:
    """Return the one team a manager may look after; None: an administrator, any."""
    return None if person.is_administrator else _managed_team(person).id


def _managed_team(person: Person) -> Team:
    """Return the team a manager looks after: the one they work in just now."""
    if person.team is None or not person.is_manager:
        raise NotAllowed("Your sign-in does not include this page.")
    return person.team


def _record(
    session: Session,
    action: str,
    invitation_id: uuid.UUID,
    *,
    by: uuid.UUID | None,
    team_id: uuid.UUID | None,
) -> None:
    queries.record(
        session,
        account_id=by,
        team_id=team_id,
        action=action,
        subject="invitations",
        subject_id=invitation_id,
    )
