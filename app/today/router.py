"""The address of the first page after signing in."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.accounts.access import SignedIn
from app.rendering import page
from app.today import actions

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)


@router.get("/today", include_in_schema=False)
def show_today(request: Request, work: SignedIn) -> Response:
    """Show what is to be done today, by task; to those without a team, what their role can do."""
    duties = actions.list_duties(work)
    team = work.person.team
    if team is None:
        return page(request, "duties.html", duties=duties)
    return page(
        request,
        "today.html",
        team=team,
        day=actions.show_dashboard(work, team),
        duties=duties,
        last_time=actions.last_time,
    )
