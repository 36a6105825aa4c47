"""The addresses of an invitation: look at it, accept it."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from app.accounts import actions, invitation_queries, invitations, passwords, people_queries
from app.accounts import sign_in_queries as asking
from app.accounts.access import who_asks
from app.accounts.people import Person
from app.accounts.roles import in_words
from app.accounts.sign_in_pages import GONE, browser_of, signed_in
from app.accounts.tokens import LONGEST_TOKEN, digest_of
from app.database import transaction
from app.forms import Form
from app.parameters import Query
from app.rendering import page, see_other
from app.settings import Settings

router = APIRouter(default_response_class=Response)


def _gone(request: Request) -> Response:
    return page(request, "invitation_unusable.html", status=GONE)


def _invitation_page(
    request: Request,
    session: Session,
    invitation: sa.Row[Any],
    *,
    person: Person | None,
    query: Query | None = None,
) -> Response:
    names = people_queries.ward_names(session, codes=invitation.ward_codes)
    answer = page(
        request,
        "invitation.html",
        query=query,
        invitation=invitation,
        what_for=in_words(invitation.role, invitation.team_name, invitation.ward_codes, names),
        is_theirs=_is_theirs(invitation, person),
        who=person,
    )
    answer.headers["cache-control"] = "no-store"
    return answer


def _is_theirs(invitation: sa.Row[Any], person: Person | None) -> bool:
    """Return whether the invited person is signed in, with the account they have already."""
    return person is not None and person.email == invitation.email


@router.get("/invitations/{token}")
def show_invitation(request: Request, token: str) -> Response:
    """Show what an invitation is for."""
    if len(token) > LONGEST_TOKEN:
        return _gone(request)
    with transaction(request.app.state.engine) as session:
        person = who_asks(request, session)
        invitation = invitation_queries.find_invitation(session, digest=digest_of(token))
        if invitation is None:
            return _gone(request)
        return _invitation_page(request, session, invitation, person=person)


@router.post("/invitations/{token}")
def accept_invitation(request: Request, token: str, form: Form) -> Response:
    """Accept an invitation: with the account one has, or with a new one."""
    if len(token) > LONGEST_TOKEN:
        return _gone(request)
    with transaction(request.app.state.engine) as session:
        person = who_asks(request, session)
        invitation = invitation_queries.find_invitation(
            session, digest=digest_of(token), is_to_be_used=True
        )
        if invitation is None:
            return _gone(request)
        if invitation.is_known:
            if person is not None and _is_theirs(invitation, person):
                return _take_on(session, invitation, person)
            # Whoever passes a link on must not come in as somebody who has an account already.
            return _invitation_page(request, session, invitation, person=person)
        opened = _open_account(request, session, invitation, form)
        if opened is None:
            return _invitation_page(request, session, invitation, person=person, query=form)
    return signed_in(request, token=opened, next_path="")


def _take_on(session: Session, invitation: sa.Row[Any], person: Person) -> Response:
    """Give somebody signed in what they were invited to, and go there."""
    invitations.accept(session, invitation, account_id=person.account_id)
    if invitation.team_id is None:
        return see_other("/account")
    asking.choose_team(session, session_id=person.session_id, team_id=invitation.team_id)
    return see_other("/today")


def _open_account(
    request: Request, session: Session, invitation: sa.Row[Any], form: Query
) -> str | None:
    """Return the token of a new account's session, or None with problems in `form`."""
    settings: Settings = request.app.state.settings
    name, password = form.text("name"), form.secret("password")
    if name is None:
        form.wrong("name", "Write your name, as colleagues know you.")
    if password:
        wrong = passwords.what_is_wrong_with(
            password, name=name or "", email=invitation.email, service=settings.name
        )
        if wrong is not None:
            form.wrong("password", wrong)
    if name is None or form.problems:
        return None
    account_id: uuid.UUID | None = invitations.open_account(
        session,
        [invitation],
        email=invitation.email,
        name=name,
        password_hash=passwords.hash_password(password) if password else None,
    )
    if account_id is None:
        form.wrong("name", "There is an account for this address now. Sign in with it first.")
        return None
    return actions.open_session(
        session, account_id=account_id, browser=browser_of(request), way="invitation"
    )
