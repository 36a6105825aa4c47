"""What was changed of an asset, by whom, and back again."""

from __future__ import annotations

import json
import uuid
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.accounts.access import ForMappers, who_asks
from app.assets.schemas import Names
from app.database import transaction
from app.errors import NotFound
from app.forms import Form
from app.history import actions, queries
from app.history.actions import Outcome
from app.history.wording import say_fact
from app.parameter_docs import AssetId
from app.parameters import Query, read_uuid
from app.rendering import page, see_other

router = APIRouter(default_response_class=Response)

GONE, CONFLICT = 410, 409
LONGEST_KNOWN = 50_000
SAID = {
    "undone": "Taken back.",
    "no-address": "Taken back. Its address and postcode were private meanwhile and are not kept:"
    " write them again if you know them.",
    "already": "This was as before already. Nothing was changed.",
    "gone": "It has gone from the map since. Put it back first.",
    "nothing": "What this change took out was private and is not kept, so it cannot be put back.",
    "not-yours": "Only editors change the kind of a care home or a surgery. Tell an editor.",
}


@router.get("/assets/{asset_id}/history", include_in_schema=False)
def show_history(request: Request, asset_id: AssetId) -> Response:
    """Show what was changed of an asset: to everybody what is public, to editors all of it."""
    identifier = read_uuid(asset_id)
    query = Query(request.query_params)
    with transaction(request.app.state.engine) as session:
        person = who_asks(request, session)
        connection = session.connection()
        names: Names = request.app.state.names.get(connection)
        head = queries.find_head(connection, asset_id=identifier)
        if head is None:
            raise NotFound("There is nothing on the map at this address.")
        is_editor = person is not None and person.is_editor
        if head.duplicate_of is not None and not is_editor:
            return RedirectResponse(f"/assets/{head.duplicate_of}/history", status_code=308)
        if is_editor:
            rows = queries.list_all(session, asset_id=identifier)
            may_undo = {row.id for row in rows}
        else:
            rows = queries.list_public(connection, asset_id=identifier)
            own = (
                queries.list_own(
                    session, asset_id=identifier, account_id=person.account_id,
                    within=actions.OWN_FOR,
                )
                if person is not None and person.is_mapper
                else []
            )  # fmt: skip
            # What has gone has no public history; whoever took it out can put it back.
            rows, may_undo = rows or own, {row.id for row in own}
            if head.gone_at is not None and not own:
                return page(
                    request, "asset_gone.html", status=GONE, hidden=head, asset_id=identifier
                )
        source = names.sources.get(head.source_id)
        return page(
            request,
            "history.html",
            asset=head,
            source=source,
            sources=names.sources_in([head.source_id]),
            lines=actions.lines_of(
                rows, names, imported_from=source.name if source else "", may_undo=may_undo
            ),
            is_full=len(rows) == queries.MOST_CHANGES,
            is_editor=is_editor,
            said=SAID.get(query.typed("said")),
        )


@router.post("/assets/{asset_id}/history/{change_id}/undo", include_in_schema=False)
def undo_change(
    request: Request, asset_id: AssetId, change_id: str, form: Form, work: ForMappers
) -> Response:
    """Take a change back; what somebody changed since is asked about, side by side."""
    identifier = read_uuid(asset_id)
    undone = actions.undo(
        work.session,
        work.person,
        asset_id=identifier,
        change_id=_read_number(change_id),
        known=_read_known(form),
        keep=frozenset(
            name.removeprefix("keep_")
            for name in form.names("keep_")
            if form.text(name) == "theirs"
        ),
    )
    if undone.outcome is Outcome.CLASH:
        return _clash(request, work.session.connection(), identifier, undone)
    done = "no-address" if undone.lacks_address else "undone"
    said = done if undone.outcome is Outcome.DONE else undone.outcome.value
    return see_other(f"/assets/{identifier}/history?said={said}")


def _clash(
    request: Request, connection: sa.Connection, asset_id: uuid.UUID, undone: actions.Undone
) -> Response:
    names: Names = request.app.state.names.get(connection)
    head = queries.find_head(connection, asset_id=asset_id)
    return page(
        request,
        "history_clash.html",
        status=CONFLICT,
        asset=head,
        clashes=[
            (
                clash,
                "A contact that is not shown" if clash.is_hidden
                else say_fact(clash.name, clash.theirs, names),
                say_fact(clash.name, clash.mine, names),
            )
            for clash in undone.clashes
        ],
        known=json.dumps({clash.name: clash.theirs for clash in undone.clashes}, default=str),
    )  # fmt: skip


def _read_number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise NotFound("There is no such change to take back.")
    return int(text)


def _read_known(form: Query) -> dict[str, Any]:
    """Return what was shown as stored now; what makes no sense is nothing."""
    try:
        known = json.loads(form.secret("known", longest=LONGEST_KNOWN) or "{}")
    except (ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}
