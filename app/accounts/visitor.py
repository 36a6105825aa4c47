"""Who is at a page everybody may see: somebody signed in gets it made for their team."""

from __future__ import annotations

from fastapi import Request

from app.accounts.access import find_person, token_of
from app.accounts.people import Person
from app.accounts.tokens import digest_of
from app.database import transaction


def find_visitor(request: Request) -> Person | None:
    """Return who is signed in, or None; pages then show their name and their team's navigation."""
    token = token_of(request)
    if token is None:
        return None
    with transaction(request.app.state.engine) as session:
        person = find_person(session, digest=digest_of(token))
    if person is not None:
        request.state.person = person
    return person
