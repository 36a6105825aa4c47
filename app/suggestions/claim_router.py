"""Groups and venues that correct their own entry, by a link to their own address."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask

from app.accounts.browsers import client_of, is_at_this_machine
from app.accounts.tokens import LONGEST_TOKEN, digest_of
from app.assets import edit_queries
from app.assets.editing import Clash, FactsRefused, change_asset, facts_of
from app.assets.schemas import Names
from app.calendars.calendar_addresses import what_is_wrong
from app.calendars.venue_actions import answer_request
from app.calendars.venue_queries import list_requests
from app.database import transaction
from app.dependencies import Reading, Writing
from app.errors import NotFound, TooMany
from app.forms import Form
from app.history.wording import say_fact
from app.models import VenueAnswer
from app.parameter_docs import AssetId
from app.parameters import Query, read_uuid
from app.rendering import page, see_other
from app.settings import Settings
from app.suggestions import claims, fact_form, queries
from app.words import half_hidden

log = structlog.get_logger("patchwork")

router = APIRouter(default_response_class=Response)

GONE, CONFLICT = 410, 409
_ANSWERS = {"yes": VenueAnswer.ACCEPTED, "no": VenueAnswer.REFUSED}
CALENDAR_NOTE = "They ask us to read their calendar (add it under Feeds): "
SHOWN_IN_FORM = (*fact_form.OWN_FACTS, "place")


@router.post("/assets/{asset_id}/claim", include_in_schema=False)
def ask_for_a_link(request: Request, asset_id: AssetId, connect: Reading) -> Response:
    """Send a link to the entry's own public address; the same answer when it has none."""
    identifier = read_uuid(asset_id)
    settings: Settings = request.app.state.settings
    engine: sa.Engine = request.app.state.engine
    with connect() as connection:
        asset = queries.find_public(connection, asset_id=identifier)
    if asset is None:
        raise NotFound("This is not on the map any more.")
    try:
        claims.count_claims(
            engine, asset_id=identifier,
            client=client_of(request, trusted=request.app.state.trusted_proxies),
        )  # fmt: skip
    except TooMany as error:
        raise TooMany(
            f"{error} The links sent before still work for 7 days each.", seconds=error.seconds
        ) from error
    shown, later = None, None
    if not settings.smtp_url and settings.is_local and is_at_this_machine(request):
        # While trying things out, on this machine: nobody else is there to read it.
        made = claims.make_claim(engine, settings, asset_id=identifier)
        shown = made[0] if made else None
    else:
        later = BackgroundTask(claims.send_claim, engine, settings, asset_id=identifier)
    answer = page(request, "claim_sent.html", asset=asset, to=half_hidden(asset.email), shown=shown)
    answer.headers["cache-control"] = "no-store"
    answer.background = later
    return answer


@router.get("/claims/{token}", include_in_schema=False)
def show_claim(request: Request, token: str) -> Response:
    """Show the entry's facts to correct; looking uses nothing up and changes nothing."""
    with transaction(request.app.state.engine) as session:
        row = _claimed(session, token)
        if row is None:
            return _unusable(request)
        return _form(request, session, row, Query(request.query_params))


@router.post("/claims/{token}", include_in_schema=False)
def correct_entry(request: Request, token: str, form: Form, session: Writing) -> Response:
    """Correct the entry's facts."""
    row = _claimed(session, token, is_locked=True)
    if row is None:
        return _unusable(request)
    connection = session.connection()
    vocabulary = request.app.state.names.vocabulary.get(connection)
    wanted = fact_form.read_wanted(connection, vocabulary, form, names=fact_form.OWN_FACTS)
    if form.problems:
        return _form(request, session, row, form)
    wanted = fact_form.settled(form, wanted)
    version = form.whole_number("version", low=1, high=10**9, default=row.version)
    try:
        edited = change_asset(
            session, asset_id=row.id, seen_version=version, changes=wanted.changes,
            acting_as="claimant",
        )  # fmt: skip
    except FactsRefused as refused:
        for name, sentence in refused.problems.items():
            form.wrong("postcode" if name == "place" else name, sentence)
        return _form(request, session, row, form)
    if edited.clashes:
        return _form(request, session, row, form, clashes=edited.clashes)
    queries.mark_used(session, digest=digest_of(token))
    if not queries.move_claim(session, digest=digest_of(token)):
        # They took out the address the link was sent to.
        return see_other(f"/assets/{row.id}")
    return see_other(f"/claims/{token}?saved={'yes' if edited.version != row.version else 'same'}")


@router.post("/claims/{token}/venues", include_in_schema=False)
def answer_group(request: Request, token: str, form: Form, session: Writing) -> Response:
    """Say whether a group meets here, as its calendar says."""
    row = _claimed(session, token, is_locked=True)
    if row is None:
        return _unusable(request)
    answer = _ANSWERS.get(form.typed("answer"))
    number = form.whole_number("request", low=1, high=10**9, default=0)
    if answer is None or form.problems or not number:
        raise NotFound("There is no such question. It may have been withdrawn.")
    answer_request(session, request_id=number, answer=answer, venue_id=row.id)
    queries.mark_used(session, digest=digest_of(token))
    return see_other(f"/claims/{token}?said=answered#meets")


@router.post("/claims/{token}/calendar", include_in_schema=False)
def name_calendar(request: Request, token: str, form: Form, session: Writing) -> Response:
    """Tell the editors the address of a group's public calendar."""
    row = _claimed(session, token, is_locked=True)
    if row is None:
        return _unusable(request)
    url = form.text("calendar") or ""
    wrong = what_is_wrong(url)
    if wrong:
        form.wrong("calendar", wrong)
    if form.problems:
        return _form(request, session, row, form)
    note = f"{CALENDAR_NOTE}{url}"
    queries.insert_suggestion(
        session, suggestion_id=uuid.uuid5(row.id, note), kind="change", asset_id=row.id,
        seen_version=row.version, poster_id=None, fields={}, note=note, contact=None,
    )  # fmt: skip
    queries.mark_used(session, digest=digest_of(token))
    return see_other(f"/claims/{token}?said=calendar#calendar-address")


def _claimed(session: Session, token: str, *, is_locked: bool = False) -> sa.Row[Any] | None:
    """Return the facts of the entry a link is for; None: it cannot be used."""
    if len(token) > LONGEST_TOKEN:
        return None
    claim = queries.find_claim(session, digest=digest_of(token), is_locked=is_locked)
    if claim is None or claim.is_late:
        return None
    row = edit_queries.find_facts(session, asset_id=claim.asset_id)
    is_shown = row is not None and row.gone_at is None and row.duplicate_of is None
    return row if is_shown else None


def _unusable(request: Request) -> Response:
    return page(request, "claim_unusable.html", status=GONE)


def _form(
    request: Request,
    session: Session,
    row: sa.Row[Any],
    query: Query,
    *,
    clashes: Sequence[Clash] = (),
) -> Response:
    connection = session.connection()
    names: Names = request.app.state.names.get(connection)
    vocabulary = request.app.state.names.vocabulary.get(connection)
    facts = {k: v for k, v in facts_of(session, row).items() if k in SHOWN_IN_FORM}
    # What was typed stays, and so does what it was typed over.
    was = fact_form.read_was(query) if query.has("was") else facts
    was = fact_form.after_clash(was, clashes)
    answer = page(
        request,
        "claim.html",
        status=CONFLICT if clashes else 200,
        query=query,
        asset=row,
        fact_names=fact_form.OWN_FACTS,
        facts=fact_form.typed_of(facts, vocabulary),
        access=query.texts("access") if query.has("has_access") else facts["access"],
        was=fact_form.write_was(was),
        version=row.version,
        token=request.path_params["token"],
        meeting_here=list_requests(session, venue_id=row.id),
        sides=[
            (
                clash,
                "A contact that is not shown" if clash.is_hidden
                else say_fact(clash.name, clash.theirs, names),
                say_fact(clash.name, clash.mine, names),
            )
            for clash in clashes
        ],
    )  # fmt: skip
    answer.headers["cache-control"] = "private, no-store"
    return answer
