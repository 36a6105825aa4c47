"""The address where councillors start: their wards, what changed, what to pass on."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.accounts.access import ForWards
from app.accounts.people import Work
from app.areas import councillor_actions as actions
from app.forms import Form
from app.parameters import Query
from app.rendering import page, see_other

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)


@router.get("/my-wards", include_in_schema=False)
def show_my_wards(request: Request, work: ForWards) -> Response:
    """Show somebody's wards: what changed, what is missing, what came of what they passed on."""
    return _show(request, work, Query(request.query_params))


@router.post("/my-wards", include_in_schema=False)
def pass_on(request: Request, form: Form, work: ForWards) -> Response:
    """Pass on to the editors what there is in a ward and not on the map."""
    code = actions.pass_on(work, form)
    if code is None:
        return _show(request, work, form)
    return see_other(f"/my-wards?said={actions.SAID}&ward={code}#said")


def _show(request: Request, work: Work, query: Query) -> Response:
    wards = actions.list_my_wards(work)
    names = request.app.state.names.get(work.session.connection())
    return page(
        request,
        "my_wards.html",
        query=query,
        wards=wards,
        is_passed_on=request.method == "GET" and query.typed("said") == actions.SAID,
        sources=names.sources_in(one.ward.source_id for one in wards),
    )
