"""The addresses of files: `/assets.gpkg` and its like, `/activities.gpkg`…, and the page of all."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from app.assets.actions import read_question
from app.assets.queries import AssetFilter
from app.dependencies import Reading
from app.errors import BadQuestion, Unavailable
from app.exports import queries
from app.exports.layers import MOST_ROWS, OSM, TITLES, Export, make_export
from app.exports.writers import FORMATS, Format
from app.interests.choosing import refuse_unsure
from app.parameters import LARGEST_LIMIT, Query, today
from app.rendering import page

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)

LAYERS = ("open", "osm")
# A large file takes seconds of a processor and a disk: so many are written at once.
_places = threading.BoundedSemaphore(2)


@router.get("/exports", include_in_schema=False)
def show_exports(request: Request, connect: Reading) -> Response:
    """Say what can be taken away, in which formats, and whose data it is."""
    with connect() as connection:
        names = request.app.state.names.get(connection)
        found = {name: queries.list_sources(connection, name, wanted=None) for name in TITLES}
        wards = names.boundary_source_ids
    shown = {one.attribution for sources in found.values() for one in sources}
    sources = [s for s in names.sources.values() if s.attribution in shown or s.id in wards]
    return page(
        request, "exports.html", found=found, titles=TITLES, formats=FORMATS.values(),
        most_rows=MOST_ROWS, today=today(), sources=sources,
    )  # fmt: skip


def _add_addresses() -> None:
    for name in TITLES:
        for form in FORMATS.values():
            router.get(f"/{name}.{form.ending}", include_in_schema=False)(_taker(name, form))


def _taker(name: str, form: Format) -> Callable[[Request, Reading], Response]:
    def take(request: Request, connect: Reading) -> Response:
        """Return everything that was asked for as a file."""
        query = Query(request.query_params)
        query.words("layer", LAYERS)
        is_osm = form.has_one_layer and query.text("layer") == "osm"
        with connect() as connection:
            wanted = _wanted(request, connection, query) if name == "assets" else None
            query.refuse_problems()
            export = make_export(
                connection, name, wanted=wanted, service=request.app.state.settings.name,
                made_on=today(),
            )  # fmt: skip
            _refuse_too_many(export)
            return _written(form, export, is_osm=is_osm)

    return take


def _wanted(request: Request, connection: sa.Connection, query: Query) -> AssetFilter:
    vocabulary = request.app.state.names.vocabulary.get(connection)
    question = read_question(connection, query, vocabulary, default_limit=LARGEST_LIMIT)
    refuse_unsure(query, question.choice)
    return question.wanted


def _refuse_too_many(export: Export) -> None:
    if sum(one.rows for one in export.sources) > MOST_ROWS:
        raise BadQuestion(
            f"That is more than {MOST_ROWS:,} rows, too many for one file. Ask for a part, such as"
            " one ward or kind, or take all of it in pages with OGC API: /ogc.",
            field="limit",
        )


def _written(form: Format, export: Export, *, is_osm: bool) -> Response:
    """Return the file, written into a folder that is gone when it has been sent."""
    if not _places.acquire(timeout=5):
        raise Unavailable("Others are taking large files just now. Try again in a minute.")
    folder = tempfile.TemporaryDirectory()
    try:
        path = Path(folder.name) / f"{export.name}.{form.ending}"
        form.write(path, export, is_osm)
    except BaseException:
        folder.cleanup()
        raise
    finally:
        _places.release()
    part = OSM.replace("_", "-") if is_osm else ""
    return FileResponse(
        path,
        media_type=form.media_type,
        filename=f"{export.name}{part}-{export.made_on}.{form.ending}",
        background=BackgroundTask(folder.cleanup),
    )


_add_addresses()
