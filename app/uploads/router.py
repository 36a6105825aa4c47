"""The pages that bring a file in: choose it, match its columns, look, load."""

from __future__ import annotations

from typing import Annotated

import geopandas as gpd
from fastapi import APIRouter, Depends, Request, Response

from app.accounts.access import ForEditors
from app.accounts.people import Work
from app.accounts.queries import record
from app.assets.maps import SCRIPTS, wards_around
from app.errors import FileRefused, NotFound
from app.forms import Form, SentFile, read_form_with_file
from app.parameters import Query, read_uuid
from app.rendering import map_answer, page, see_other
from app.uploads import actions, queries
from app.uploads.actions import Looked, Tried
from app.uploads.choosing import read_choice
from app.uploads.fields import ALWAYS, FIELDS
from app.words import KINDS, kind_word
from geo.map_areas import with_publishers
from geo.maps import asset_map

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response, include_in_schema=False)

SentFileForm = Annotated[SentFile, Depends(read_form_with_file)]


@router.get("/uploads")
def list_uploads(request: Request, work: ForEditors) -> Response:
    """Show the form for a file, and one's own files that wait."""
    return _list(request, work, Query(request.query_params))


@router.post("/uploads")
def take_upload(request: Request, sent: SentFileForm, work: ForEditors) -> Response:
    """Keep a file for a day, and go on to its columns."""
    form = sent.query
    if not sent.content and not form.problems:
        form.wrong("file", "Choose a file.")
    if form.problems:
        return _list(request, work, form)
    account_id = work.person.account_id
    try:
        upload_id = actions.keep(
            work.session, account_id=account_id, name=sent.name, content=sent.content
        )
    except FileRefused as error:
        form.wrong("file", str(error))
        return _list(request, work, form)
    return see_other(f"/uploads/{upload_id}")


def _list(request: Request, work: Work, query: Query) -> Response:
    waiting = queries.list_uploads(work.session, account_id=work.person.account_id)
    return page(request, "uploads.html", query=query, uploads=waiting)


def _look(work: Work, upload_id: str) -> Looked:
    return actions.look(
        work.session, upload_id=read_uuid(upload_id), account_id=work.person.account_id
    )


@router.get("/uploads/{upload_id}")
def show_upload(request: Request, upload_id: str, work: ForEditors) -> Response:
    """Show a file's first rows and how its columns are matched; or what came of it."""
    query = Query(request.query_params)
    looked = _look(work, upload_id)
    if looked.row.loaded_at is not None:
        return page(request, "upload_loaded.html", looked=looked, report=looked.mapping["report"])
    layers = looked.table.layers if looked.table is not None else []
    asked = query.words("layer", layers)
    if asked and asked[0] != looked.mapping.get("layer"):
        mapping = {"title": looked.mapping.get("title"), "layer": asked[0]}
        queries.keep_mapping(work.session, upload_id=looked.row.id, mapping=mapping)
        looked = _look(work, upload_id)
    return _show(request, looked, query)


def _show(request: Request, looked: Looked, query: Query) -> Response:
    chosen = {name.removeprefix("column-") for name in query.problems}
    chosen |= {*ALWAYS, *looked.mapping["columns"]}
    rest = FIELDS[2:]
    return page(
        request,
        "upload.html",
        query=query,
        looked=looked,
        fields=FIELDS,
        shown=[field for field in rest if field.name in chosen],
        others=[field for field in rest if field.name not in chosen],
        kinds=KINDS,
        licences=actions.LICENCES,
    )


@router.post("/uploads/{upload_id}")
def match_columns(request: Request, upload_id: str, form: Form, work: ForEditors) -> Response:
    """Keep how the columns are matched, and go on to what would come of it."""
    looked = _look(work, upload_id)
    if looked.row.loaded_at is not None:
        return see_other(f"/uploads/{upload_id}")
    mapping = read_choice(form, looked)
    if form.problems:
        again = looked.mapping | mapping
        return _show(request, Looked(looked.row, looked.table, looked.known, again), form)
    queries.keep_mapping(work.session, upload_id=looked.row.id, mapping=mapping)
    return see_other(f"/uploads/{upload_id}/check")


@router.get("/uploads/{upload_id}/check")
def check_upload(request: Request, upload_id: str, work: ForEditors) -> Response:
    """Show what loading would do. Nothing of it is stored."""
    looked = _look(work, upload_id)
    if looked.row.loaded_at is not None or "as" not in looked.mapping:
        return see_other(f"/uploads/{upload_id}")
    tried = actions.try_out(request.app.state.settings, looked)
    return _check(request, work, looked, tried)


@router.get("/uploads/{upload_id}/map")
def map_upload(request: Request, upload_id: str, work: ForEditors) -> Response:
    """Draw where the places would be."""
    looked = _look(work, upload_id)
    if looked.row.loaded_at is not None or "as" not in looked.mapping:
        raise NotFound("There is nothing to draw yet: match its columns first.")
    settings = request.app.state.settings
    tried = actions.try_out(settings, looked, most_places=actions.MOST_ON_A_MAP)
    rows = [row for row in tried.places if row.lon is not None]
    places = gpd.GeoDataFrame(
        {
            "name": [row.name for row in rows],
            "kind": [row.kind for row in rows],
            "detail": [kind_word(row.kind) for row in rows],
        },
        geometry=gpd.points_from_xy([row.lon for row in rows], [row.lat for row in rows]),
        crs=4326,
    )
    around = wards_around(work.session.connection(), places.total_bounds) if rows else None
    attribution = [actions.source_of(looked.mapping).attribution]
    document = asset_map(
        places,
        title=f"Places of {looked.row.file_name}",
        attribution=with_publishers(attribution, around),
        scripts=SCRIPTS,
        around=around,
    )
    return map_answer(document)


def _check(request: Request, work: Work, looked: Looked, tried: Tried) -> Response:
    names = request.app.state.names.get(work.session.connection())
    return page(
        request,
        "upload_check.html",
        looked=looked,
        tried=tried,
        names=names,
        has_map=any(place.lon is not None for place in tried.places),
        most_problems=actions.SHOWN_PROBLEMS,
    )


@router.post("/uploads/{upload_id}/load")
def load_upload(request: Request, upload_id: str, work: ForEditors) -> Response:
    """Load a file for good."""
    looked = _look(work, upload_id)
    if looked.row.loaded_at is not None or "as" not in looked.mapping:
        return see_other(f"/uploads/{upload_id}")
    try:
        actions.load(request.app.state.settings, work.session, looked)
    except FileRefused as error:
        return _check(request, work, looked, Tried(None, refusal=str(error)))
    record(
        work.session, account_id=work.person.account_id, team_id=None,
        action="load", subject="uploads",
    )  # fmt: skip
    return see_other(f"/uploads/{upload_id}")


@router.post("/uploads/{upload_id}/remove")
def remove_upload(upload_id: str, work: ForEditors) -> Response:
    """Throw a file away that was not loaded; what was loaded stays on the map."""
    removed = queries.delete_upload(
        work.session, upload_id=read_uuid(upload_id), account_id=work.person.account_id
    )
    if not removed:
        raise NotFound("This file is not here any more.")
    return see_other("/uploads")
