"""The addresses of the hand-over: a page, and the same as a PDF file."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response

from app.accounts.access import ForTeam
from app.accounts.people import TeamWork
from app.accounts.queries import record
from app.connections import handover_actions as actions
from app.connections.owner_actions import ownership_choices
from app.parameters import today
from app.printing import CannotPrint, make_pdf
from app.rendering import STATIC, Pages, page

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)


def _shown(request: Request, work: TeamWork) -> dict[str, Any]:
    return {
        "handover": actions.read_handover(work.session, team_id=work.team.id, today=today()),
        "team": work.team,
        "today": today(),
        "say_dates": actions.say_dates,
        "base_url": request.app.state.settings.base_url,
        "app_version": request.app.version,
    }


@router.get("/handover", include_in_schema=False)
def show_handover(request: Request, work: ForTeam) -> Response:
    """Show everything the next person needs to know about the team's connections."""
    return page(
        request, "handover.html", ownership=ownership_choices(work), **_shown(request, work)
    )


@router.get("/handover.pdf", include_in_schema=False)
def print_handover(request: Request, work: ForTeam) -> Response:
    """Return the same as a PDF file for the folder on the shelf."""
    pages: Pages = request.app.state.pages
    shown = _shown(request, work)
    record(
        work.session, account_id=work.person.account_id, team_id=work.team.id, action="export",
        subject="connections",
    )  # fmt: skip
    html = pages.render("handover_pdf.html", is_pdf=True, **shown).decode()
    try:
        content = make_pdf(html, stylesheet=STATIC / "handover.css")
    except CannotPrint:
        return page(
            request,
            "problem.html",
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            title="No PDF can be made here",
            detail="Open the page Hand over and print it from your browser instead.",
        )
    return Response(
        content,
        media_type="application/pdf",
        headers={
            "content-disposition": f'inline; filename="hand-over-{shown["today"]}.pdf"',
            "cache-control": "private, no-store",
        },
    )
