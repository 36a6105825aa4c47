"""The editors' queue: everything that waits for a decision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.routing import iter_route_contexts
from starlette.datastructures import QueryParams

from app.accounts.access import ForEditors
from app.accounts.people import Work
from app.assets.editing import Clash
from app.assets.schemas import Names
from app.errors import NotFound
from app.forms import Form
from app.history.wording import say_fact
from app.moderation import actions, queries, wording
from app.moderation.approving import Asked, Decided, Taken
from app.moderation.items import find_row, open_item
from app.parameters import Query
from app.rendering import page, see_other

router = APIRouter(default_response_class=Response)

DUPLICATES = "/duplicates"


@router.get("/queue", include_in_schema=False)
def show_queue(request: Request, work: ForEditors) -> Response:
    """Show what waits, the oldest first, one thing open."""
    query = Query(request.query_params)
    return _show(request, work, query, wanted=query.text("item"), form=Query(QueryParams({})))


@router.post("/queue/{kind}/{item}/approve", include_in_schema=False)
def approve(request: Request, kind: str, item: str, form: Form, work: ForEditors) -> Response:
    """Approve something, as it is or as an editor amended it."""
    return _decide(request, work, form, kind, item, action=actions.approve)


@router.post("/queue/{kind}/{item}/reject", include_in_schema=False)
def reject(request: Request, kind: str, item: str, form: Form, work: ForEditors) -> Response:
    """Turn something down, with a kind reason."""
    return _decide(request, work, form, kind, item, action=actions.reject)


@router.post("/queue/{kind}/{item}/undo", include_in_schema=False)
def undo(request: Request, kind: str, item: str, form: Form, work: ForEditors) -> Response:
    """Take a decision back."""
    return _decide(request, work, form, kind, item, action=actions.undo)


def _decide(
    request: Request,
    work: Work,
    form: Query,
    kind: str,
    item: str,
    *,
    action: Callable[..., Decided | None],
) -> Response:
    if kind not in queries.KINDS:
        raise NotFound("There is nothing like that in the queue.")
    connection = work.session.connection()
    asked = Asked(
        work, form, request.app.state.names.vocabulary.get(connection),
        request.app.state.settings.name,
    )  # fmt: skip
    opened = f"{kind}:{item}"
    try:
        decided = action(asked, kind=kind, item=item)
    except Taken as taken:
        row = find_row(work.session, kind=kind, item=item)
        return _show(
            request, work, _only_kind(form), taken=(taken, row), status=HTTPStatus.CONFLICT
        )
    if decided is None:
        return _show(request, work, form, wanted=opened)
    if decided.clashes:
        return _show(
            request, work, form, wanted=opened, clashes=decided.clashes, status=HTTPStatus.CONFLICT
        )
    narrowed = f"&kind={form.text('filter')}" if form.text("filter") in queries.KINDS else ""
    again = f"&item={opened}" if decided.said == "undone" else ""
    return see_other(f"/queue?said={decided.said}&of={opened}{again}{narrowed}")


def _only_kind(form: Query) -> Query:
    return Query(QueryParams({"filter": form.typed("filter")}))


def _show(
    request: Request,
    work: Work,
    query: Query,
    *,
    wanted: str | None = None,
    taken: tuple[Taken, object] | None = None,
    clashes: Sequence[Clash] = (),
    status: int = HTTPStatus.OK,
    form: Query | None = None,
) -> Response:
    """Return the queue's page; `wanted`: what is open, like "photo:…".

    `form`: what is typed, if that is not `query`: nobody else's link fills in an editor's form.
    """
    typed = query if form is None else form
    session = work.session
    connection = session.connection()
    names: Names = request.app.state.names.get(connection)
    narrowed = query.typed("kind") if request.method == "GET" else query.typed("filter")
    narrowed = narrowed if narrowed in queries.KINDS else ""
    listed = queries.list_waiting(session, kind=narrowed or None)
    refs = [f"{row.kind}:{row.id}" for row in listed]
    current = wanted or (refs[0] if refs else None)
    kind, _, item = (current or "").partition(":")
    opened = (
        open_item(
            session, kind=kind, item=item, names=names, query=typed, clashes=clashes,
            vocabulary=request.app.state.names.vocabulary.get(connection),
        )
        if current
        else None
    )  # fmt: skip
    at = refs.index(current) if current in refs else -1
    answer = page(
        request,
        "queue.html",
        query=typed,
        counts=queries.count_waiting(session),
        has_duplicates=_has_duplicates(request),
        narrowed=narrowed,
        listed=listed,
        current=current,
        opened=opened,
        is_waiting=current in refs or (opened is not None and opened.is_waiting),
        before=refs[at - 1] if at > 0 else None,
        after=refs[at + 1] if 0 <= at < len(refs) - 1 else None,
        is_amending=bool(clashes) or query.has("amend") or query.has("amended") or _asks(query),
        sides=_sides(clashes, names),
        taken=taken,
        decided=_decided(work, query),
        wording=wording,
        most=queries.MOST_LISTED,
        counted_to=queries.COUNTED_TO,
    )
    if status != HTTPStatus.OK:
        answer.status_code = status
    return answer


def _asks(query: Query) -> bool:
    """Return whether what is wrong can be put right in the amending form only."""
    return bool(query.problems.keys() - {"like", "reason", "alt", "item"})


def _sides(clashes: Sequence[Clash], names: Names) -> list[tuple[Clash, str, str]]:
    return [
        (
            clash,
            "A contact that is not shown" if clash.is_hidden
            else say_fact(clash.name, clash.theirs, names),
            say_fact(clash.name, clash.mine, names),
        )
        for clash in clashes
    ]  # fmt: skip


def _decided(work: Work, query: Query) -> dict[str, object] | None:
    """Return what was decided just now, with the way back."""
    said, of = query.typed("said"), query.typed("of")
    kind, _, item = of.partition(":")
    if said not in wording.SAID or kind not in queries.KINDS:
        return None
    row = find_row(work.session, kind=kind, item=item)
    return {
        "words": wording.SAID[said],
        "row": row,
        "address": f"/queue/{kind}/{item}/undo"
        if said not in {"undone", "already", "changed", "thrown-away"}
        else "",
        "asset_id": getattr(row, "asset_id", None),
    }


def _has_duplicates(request: Request) -> bool:
    """Return whether there is a page of likely duplicates to link to."""
    return any(
        getattr(context, "path", None) == DUPLICATES
        for context in iter_route_contexts(request.app.routes)
    )
