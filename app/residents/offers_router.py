"""The addresses of offers: what a resident could share, told to groups without saying who."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.accounts.access import ForTeam
from app.accounts.people import TeamWork
from app.errors import NotAllowed, NotFound
from app.forms import Form
from app.parameters import Query, read_uuid
from app.rendering import page, see_other
from app.residents import offer_queries as queries
from app.residents.actions import note_reading
from app.residents.references import NOTHING_HERE, read_reference

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response, include_in_schema=False)


@router.get("/offers")
def list_offers(request: Request, work: ForTeam) -> Response:
    """List what is offered, and what could be."""
    return _offers_page(request, work, None)


def _offers_page(request: Request, work: TeamWork, form: Query | None) -> Response:
    shared = queries.list_offers(work.session, team_id=work.team.id)
    note_reading(work, None, action="list")
    return page(
        request,
        "offers.html",
        query=form,
        offered=[row for row in shared if row.offer_id],
        could_be=[row for row in shared if not row.offer_id],
    )


@router.post("/offers")
def offer(request: Request, work: ForTeam, form: Form) -> Response:
    """Offer what one resident could share, until it is ended, changed, withdrawn or erased."""
    if not work.team.is_home:
        raise NotAllowed("Only a care home can offer a skill to groups.")
    typed, concept = form.text("reference") or "", form.text("interest")
    try:
        reference = read_reference(typed)
    except NotFound:
        reference = ""
    offered = queries.insert_offer(
        work.session, team_id=work.team.id, reference=reference, concept=concept or ""
    )
    if offered is None:
        form.wrong("offers", "This can no longer be offered. See below what can.")
        return _offers_page(request, work, form)
    return see_other("/offers")


@router.post("/offers/{offer_id}/end")
def end_offer(work: ForTeam, offer_id: str) -> Response:
    """End an offer."""
    if not queries.delete_offer(work.session, team_id=work.team.id, offer_id=read_uuid(offer_id)):
        raise NotFound(NOTHING_HERE)
    return see_other("/offers")
