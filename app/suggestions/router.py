"""What anybody may tell us, without an account."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response

from app.accounts.browsers import client_of
from app.database import transaction
from app.dependencies import Reading
from app.errors import NotFound, TooMany
from app.forms import Form
from app.models import SuggestionKind
from app.parameters import Query
from app.rendering import page, see_other
from app.suggestions import actions, queries
from app.suggestions.fact_form import typed_of, write_was
from app.suggestions.limits import count_sent

router = APIRouter(default_response_class=Response)

# A whole community event may share one address.
MOST_SENT = 30
COUNTED_FOR = dt.timedelta(minutes=15)
SHOWN = (*actions.CORRECTED, "kind")


@router.get("/suggest", include_in_schema=False)
def ask(request: Request, connect: Reading) -> Response:
    """Show the form: for something new, or about an entry (`asset`)."""
    query = Query(request.query_params)
    if query.has("sent"):
        return page(request, "suggested.html")
    with connect() as connection:
        asset = _find_asset(connection, query)
        poster = _find_poster(connection, query)
        return _form(request, connection, query, asset=asset, poster=poster)


@router.post("/suggest", include_in_schema=False)
def suggest(request: Request, form: Form) -> Response:
    """Keep what somebody tells us until an editor has looked."""
    if form.typed("company"):
        # A field people do not see: programs fill it in, and are thanked like everybody.
        return see_other("/suggest?sent=yes")
    engine: sa.Engine = request.app.state.engine
    vocabulary_of = request.app.state.names.vocabulary.get
    with transaction(engine) as session:
        connection = session.connection()
        asset, poster = _find_asset(connection, form), _find_poster(connection, form)
        note, contact = actions.read_words(form)
        kind, fields = _read(connection, vocabulary_of(connection), form, asset, note)
        if form.problems:
            return _form(request, connection, form, asset=asset, poster=poster)
    # Counting has a transaction of its own: nobody holds one connection and waits for another.
    client = client_of(request, trusted=request.app.state.trusted_proxies)
    try:
        count_sent(engine, what="suggestion", under=client, at_most=MOST_SENT, within=COUNTED_FOR)
    except TooMany as error:
        form.wrong("send", f"{error} What you wrote is still here.")
        with transaction(engine) as session:
            answer = _form(request, session.connection(), form, asset=asset, poster=poster)
        answer.status_code = TooMany.status
        answer.headers["retry-after"] = str(error.seconds)
        return answer
    with transaction(engine) as session:
        actions.keep(
            session, form, kind=kind, fields=fields, note=note, contact=contact, asset=asset,
            poster=poster,
        )  # fmt: skip
    return see_other("/suggest?sent=yes")


def _read(
    connection: sa.Connection,
    vocabulary: Any,  # noqa: ANN401 - passed on
    form: Query,
    asset: sa.Row[Any] | None,
    note: str,
) -> tuple[str, dict[str, Any]]:
    if asset is None:
        return SuggestionKind.NEW, actions.read_new(form)
    if form.text("what") == actions.GONE:
        return SuggestionKind.GONE, {}
    if form.text("what") != actions.WRONG:
        form.wrong("what", "Say whether something is wrong, or whether it has gone.")
    fields = actions.read_correction(connection, vocabulary, form)
    if not fields and not note:
        form.wrong("note", "Write what is wrong and what is right, or correct the facts below.")
    return SuggestionKind.CHANGE, fields


def _form(
    request: Request,
    connection: sa.Connection,
    query: Query,
    *,
    asset: sa.Row[Any] | None,
    poster: sa.Row[Any] | None,
) -> Response:
    facts = dict(asset._mapping) if asset else {}
    shown = {name: facts.get(name) for name in SHOWN}
    vocabulary = request.app.state.names.vocabulary.get(connection)
    return page(
        request,
        "suggest.html",
        query=query,
        asset=asset,
        poster=poster,
        kinds=actions.KINDS,
        facts=typed_of(shown, vocabulary),
        was=query.secret("was", longest=50_000) or write_was(shown),
        form_id=query.typed("id") or str(uuid.uuid4()),
    )


def _find_asset(connection: sa.Connection, query: Query) -> sa.Row[Any] | None:
    if not query.text("asset"):
        return None
    identifier = query.identifier("asset")
    asset = queries.find_public(connection, asset_id=identifier) if identifier else None
    if asset is None:
        raise NotFound("This is not on the map any more. You can still tell us: open “Suggest”.")
    return asset


def _find_poster(connection: sa.Connection, query: Query) -> sa.Row[Any] | None:
    code = query.typed("poster").strip().upper()
    return queries.find_poster(connection, code=code) if code else None
