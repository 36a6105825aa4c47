"""Pairs that may be one place: looked at side by side, merged or told apart."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from types import SimpleNamespace

from fastapi import APIRouter, Request, Response

from app.accounts.access import ForEditors
from app.accounts.people import Work
from app.areas.queries import find_wards_named, find_wards_of_code
from app.assets.maps import map_of_assets
from app.assets.schemas import Names
from app.duplicates import decide_queries, merging, queries
from app.duplicates.sides import Pair, label, read_pair
from app.forms import Form
from app.parameters import Query, read_uuid
from app.rendering import map_answer, page, see_other

router = APIRouter(default_response_class=Response)

ON_A_PAGE = 25
SAID = {
    "merged": "Merged. The map shows one entry now.",
    "apart": "Noted: these are two places. You will not be asked again.",
    "open": "Taken back. The pair is open again.",
}


@router.get("/duplicates", include_in_schema=False)
def list_pairs(request: Request, work: ForEditors) -> Response:
    """List the pairs to decide on, likeliest first."""
    query = Query(request.query_params)
    number, ward = query.page(), query.text("ward")
    area_id = _ward_id(work, query, ward) if ward else None
    rows = (
        []
        if query.problems
        else queries.list_likely(
            work.session, limit=ON_A_PAGE + 1, offset=(number - 1) * ON_A_PAGE, area_id=area_id
        )
    )
    return page(
        request,
        "duplicates.html",
        query=query,
        rows=rows[:ON_A_PAGE],
        has_more=len(rows) > ON_A_PAGE,
        number=number,
        ward=ward,
        names=_names(request, work),
    )


def _ward_id(work: Work, query: Query, ward: str) -> int | None:
    connection = work.session.connection()
    found = find_wards_of_code(connection, gss_code=ward.upper()) or [
        row for row in find_wards_named(connection, name=ward, limit=2) if row.is_same
    ]
    if not found:
        query.wrong("ward", "There is no ward of that name. Write its whole name or its code.")
        return None
    return int(found[0].id)


@router.get("/duplicates/{asset_id}/{other_id}", include_in_schema=False)
def show_pair(request: Request, asset_id: str, other_id: str, work: ForEditors) -> Response:
    """Show two entries side by side, with what can be decided about them."""
    return _show(request, work, read_pair(work.session, **_ids(asset_id, other_id)))


def _ids(asset_id: str, other_id: str) -> dict[str, uuid.UUID]:
    return {"one": read_uuid(asset_id), "other": read_uuid(other_id)}


def _names(request: Request, work: Work) -> Names:
    names: Names = request.app.state.names.get(work.session.connection())
    return names


def _show(request: Request, work: Work, pair: Pair, *, form: Query | None = None) -> Response:
    names = _names(request, work)
    decided = decide_queries.find_pair(work.session, asset_id=pair.one.id, other_id=pair.other.id)
    labels = {slug: names.labels[id_] for id_, slug in names.slugs.items()}
    said = SAID.get(request.query_params.get("said", ""))
    staying = request.query_params.getlist("stays")
    return page(
        request,
        "duplicate_pair.html",
        query=form,
        pair=pair,
        decided=decided.word if decided is not None else decide_queries.LIKELY,
        kept=pair.side(decided.kept_id) if decided is not None else None,
        label=label,
        interest_labels=labels,
        said=said,
        # Names of facts, so nothing but what is known to be one.
        staying=[label(name) for name in staying if name in pair.one.facts],
        sources=names.sources_in([side.row.source_id for side in pair.sides]),
    )


@router.get("/duplicates/{asset_id}/{other_id}/map", include_in_schema=False)
def map_pair(request: Request, asset_id: str, other_id: str, work: ForEditors) -> Response:
    """Draw both entries, each with its letter before its name."""
    pair = read_pair(work.session, **_ids(asset_id, other_id))
    names = _names(request, work)
    rows = [
        SimpleNamespace(
            id=side.id, kind=side.row.kind, name=f"{side.letter}: {side.row.name}",
            lon=side.row.lon, lat=side.row.lat,
        )
        for side in pair.sides
    ]  # fmt: skip
    document = map_of_assets(
        work.session.connection(),
        rows,  # type: ignore[arg-type]  # as rows have it
        title="Map of both",
        attribution=names.attribution(side.row.source_id for side in pair.sides),
        settings=request.app.state.settings,
    )
    return map_answer(document)


@router.post("/duplicates/{asset_id}/{other_id}/merge", include_in_schema=False)
def merge(request: Request, asset_id: str, other_id: str, work: ForEditors, form: Form) -> Response:
    """Merge two entries into the one that is kept."""
    pair = read_pair(work.session, **_ids(asset_id, other_id))
    by_letter = {side.letter: side.id for side in pair.sides}
    kept = form.text("keep")
    if kept not in by_letter:
        form.wrong("keep", "Choose which entry is kept.")
        return _show(request, work, pair, form=form)
    try:
        # What is refused half-way is not written.
        with work.session.begin_nested():
            merging.merge(
                work.session,
                one=pair.one.id,
                other=pair.other.id,
                kept_id=by_letter[kept],
                seen=_versions(form, pair),
                take=_taken(form, by_letter),
                account_id=work.person.account_id,
            )
    except merging.Refused as refused:
        return _refuse(request, work, pair, form, refused)
    return see_other(f"{pair.path}?said=merged")


def _versions(form: Query, pair: Pair) -> dict[uuid.UUID, int]:
    return {
        side.id: form.whole_number(f"version_{side.letter}", low=1, high=10**9, default=0)
        for side in pair.sides
    }


def _taken(form: Query, by_letter: Mapping[str, uuid.UUID]) -> dict[str, uuid.UUID]:
    taken = {}
    for field in form.names("take_"):
        letter = form.text(field)
        if letter is not None and letter in by_letter:
            taken[field.removeprefix("take_")] = by_letter[letter]
    return taken


def _refuse(
    request: Request, work: Work, pair: Pair, form: Query, refused: merging.Refused
) -> Response:
    """Show the pair as it is now, with what was chosen and why nothing was done."""
    form.wrong("pair", str(refused))
    now = read_pair(work.session, one=pair.one.id, other=pair.other.id)
    return _show(request, work, now, form=form)


@router.post("/duplicates/{asset_id}/{other_id}/apart", include_in_schema=False)
def tell_apart(
    request: Request, asset_id: str, other_id: str, work: ForEditors, form: Form
) -> Response:
    """Remember that two entries are two places."""
    ids = _ids(asset_id, other_id)
    try:
        with work.session.begin_nested():
            pair = merging.tell_apart(work.session, **ids, account_id=work.person.account_id)
    except merging.Refused as refused:
        return _refuse(request, work, read_pair(work.session, **ids), form, refused)
    return see_other(f"{pair.path}?said=apart")


@router.post("/duplicates/{asset_id}/{other_id}/undo", include_in_schema=False)
def take_back(
    request: Request, asset_id: str, other_id: str, work: ForEditors, form: Form
) -> Response:
    """Take back what was decided about a pair."""
    ids = _ids(asset_id, other_id)
    pair = read_pair(work.session, **ids)
    try:
        with work.session.begin_nested():
            undone = merging.take_back(work.session, **ids, account_id=work.person.account_id)
    except merging.Refused as refused:
        return _refuse(request, work, pair, form, refused)
    stays = "".join(f"&stays={name}" for name in undone.staying)
    return see_other(f"{pair.path}?said=open{stays}")
