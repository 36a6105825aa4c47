"""The application under `/ogc`: tipg's addresses, over our collections, pages and errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from html import escape
from typing import Annotated, Any
from urllib.parse import urlsplit

import orjson
import psycopg
import sqlalchemy as sa
from fastapi import Depends, FastAPI, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from morecantile import tms
from morecantile.defaults import TileMatrixSets
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tipg import collections as tipg_collections
from tipg import factory as tipg_factory
from tipg.collections import Collection, CollectionList
from tipg.dependencies import CollectionsParams
from tipg.errors import NotFound as NoSuchItem
from tipg.errors import TiPgError
from tipg.openapi import _update_openapi

from app.dependencies import Connect
from app.errors import BadQuestion, NotFound, PatchworkError, Unavailable
from app.ogc.addresses import OwnEndpoints
from app.ogc.asking import understood, written
from app.ogc.pages import TILES, OwnPages
from app.ogc.reading import Catalogue, Pool
from app.rendering import csv_answer, page, problem_answer
from app.replica.routing import note_failure
from app.settings import Settings

# In QGIS a layer is called as its collection, not "default".
for settings_of in (tipg_collections.mvt_settings, tipg_factory.mvt_settings):
    settings_of.set_mvt_layername = True

DATABASE = (psycopg.Error, sa.exc.SQLAlchemyError)
# Away, not migrated yet, or not let in: nothing that was asked could be right.
NOT_THERE = (
    psycopg.OperationalError,
    psycopg.errors.UndefinedTable,
    psycopg.errors.InvalidSchemaName,
    psycopg.errors.InsufficientPrivilege,
    sa.exc.SQLAlchemyError,
)
TITLES = {404: "Not found", 405: "Read only", 503: Unavailable.title}
TILES_DESCRIBED = ("/tilejson.json", "/style.json")
AWAY = "The map cannot be read just now. Try again in a minute."
TOO_LONG = "That took too long to find. Ask for less: a smaller rectangle, or a simpler filter."
NO_SENSE = "A value makes no sense for its column: see /queryables."


async def find_collection(
    request: Request, collectionId: Annotated[str, Path(description="assets, activities or wards")]  # noqa: N803
) -> Collection:  # fmt: skip
    """Return one of the collections; raises NotFound for any other name."""
    collections: dict[str, Collection] = await request.app.state.catalogue.get()
    found = collections.get(collectionId)
    if found is None:
        raise NotFound("There are three collections: assets, activities and wards.")
    return found


async def _fill_catalogue(request: Request) -> None:
    """Let tipg's own list of collections find them."""
    collections = await request.app.state.catalogue.get()
    request.app.state.collection_catalog = {"collections": collections}


def list_collections(
    _: Annotated[None, Depends(_fill_catalogue)],
    found: Annotated[CollectionList, Depends(CollectionsParams)],
) -> CollectionList:
    """Return the collections, narrowed as asked."""
    return found


def make_ogc(settings: Settings, connect: Connect) -> Ogc:
    """Return what is mounted at `/ogc`; it opens nothing until it is asked.

    `connect` gives connections of the application's role. tipg's answers know `app.state.pages`
    from whoever mounts it.
    """
    app = FastAPI(
        title=f"{settings.name}: OGC API Features and Tiles", version="1.0", openapi_url="/api",
        docs_url=None, redoc_url=None,
    )  # fmt: skip
    _update_openapi(app)
    app.state.pool = Pool(connect)
    app.state.catalogue = Catalogue(connect)

    # tipg links to the documentation by FastAPI's name for it.
    @app.get("/api.html", name="swagger_ui_html", include_in_schema=False)
    def describe(request: Request) -> Response:
        """Describe the addresses in a page."""
        paths = request.app.openapi()["paths"]
        operations = [(path, one["get"]) for path, one in paths.items()]
        return page(request, "ogc.html", about="api", operations=operations, answer={},
                    root=request.scope["root_path"], links=(), rows=())  # fmt: skip

    endpoints = OwnEndpoints(
        title=app.title,
        templates=OwnPages(),  # type: ignore[arg-type]  # it is only asked for answers
        supported_tms=TileMatrixSets({TILES: tms.get(TILES)}),
        collection_dependency=find_collection,  # type: ignore[arg-type]  # FastAPI waits for it
        collections_dependency=list_collections,
    )
    app.include_router(endpoints.router)
    for kind in (PatchworkError, TiPgError, HTTPException, RequestValidationError,
                 psycopg.Error, sa.exc.SQLAlchemyError):  # fmt: skip
        app.add_exception_handler(kind, on_error)
    return Ogc(app, settings)


def on_error(_: Request, error: Exception) -> Response:
    """Answer an error as a problem: what was typed is not repeated."""
    if isinstance(error, sa.exc.DBAPIError) and isinstance(error.orig, psycopg.Error):
        error = error.orig
    note_failure(error)
    status, detail = _of_database(error) if isinstance(error, DATABASE) else _of_question(error)
    title = TITLES.get(status, BadQuestion.title)
    field = error.field if isinstance(error, BadQuestion) else None
    answer = problem_answer(status=status, title=title, detail=detail, field=field)
    if status == 503:
        answer.headers["retry-after"] = "60"
    return answer


def _of_database(error: Exception) -> tuple[int, str]:
    """Return status and sentence: it took too long, is away or not made yet, or could not read."""
    if isinstance(error, psycopg.errors.QueryCanceled):
        return 503, TOO_LONG
    if isinstance(error, psycopg.errors.ProgramLimitExceeded) or not isinstance(error, NOT_THERE):
        return 400, NO_SENSE
    return 503, AWAY


def _of_question(error: Exception) -> tuple[int, str]:
    match error:
        case BadQuestion():
            # The standard's status for it; ours elsewhere is 422.
            return 400, str(error)
        case PatchworkError():
            return error.status, str(error)
        case NoSuchItem():
            return 404, "There is nothing of that id in this collection."
        case HTTPException(status_code=404):
            return 404, "There is nothing at this address."
        case HTTPException():
            return error.status_code, "This address can only be read."
    return 400, "A value in the address makes no sense."


class Ogc:
    """Looks at a question before tipg does, and lets every other site's pages read the answer."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        self.app = app
        self.routes = app.routes
        self._public = None if settings.is_local else urlsplit(settings.base_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        send = _open_to_all(send)
        # A copy: what is changed for tipg is not for the log. Its links are of its own addresses.
        scope = {**scope, "router": self.app.router}
        headers = dict(scope["headers"])
        path = scope["path"].removeprefix(scope["root_path"])
        accept = headers.get(b"accept", b"").decode("latin-1")
        try:
            asked = understood(path, scope["query_string"], accept)
        except BadQuestion as problem:
            await on_error(Request(scope), problem)(scope, receive, send)
            return
        is_csv = asked.get("f") == "csv"
        if is_csv:
            asked["f"] = "json"
        # The form is decided: tipg reads the header itself, and not every header.
        headers.pop(b"accept", None)
        if self._public is not None:
            # Links lead to where people reach us, whatever a proxy asks for.
            scope["scheme"] = self._public.scheme
            headers[b"host"] = self._public.netloc.encode()
            scope["app_root_path"] = self._public.path.rstrip("/") + scope["root_path"]
        else:
            scope["app_root_path"] = scope["root_path"]
        scope["query_string"] = written(asked)
        scope["headers"] = list(headers.items())
        await self._answering(path, is_csv=is_csv)(scope, receive, send)

    def _answering(self, path: str, *, is_csv: bool) -> ASGIApp:
        if path.endswith(TILES_DESCRIBED):
            credits_of = self.app.state.catalogue.credits
            return _rewritten(self.app, lambda about: _credited(about, credits_of))
        return _rewritten(self.app, _csv_of) if is_csv else self.app


def _open_to_all(send: Send) -> Send:
    async def send_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                *message.get("headers", ()), (b"access-control-allow-origin", b"*")
            ]  # fmt: skip
        await send(message)

    return send_on


def _rewritten(app: ASGIApp, rewrite: Callable[[Any], Response | None]) -> ASGIApp:
    """Return `app` with its JSON made into something else: `rewrite` returns None to let it be."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        start: MutableMapping[str, Any] = {}
        body = bytearray()

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                body.extend(message.get("body", b""))

        await app(scope, receive, keep)
        # What is asked with HEAD has no body.
        found = orjson.loads(body) if start["status"] == 200 and body else None
        made = rewrite(found) if found is not None else None
        if made is None:
            made = Response(bytes(body), start["status"], _headers(start))
        await made(scope, receive, send)

    return answer


def _csv_of(rows: Any) -> Response | None:  # noqa: ANN401 - whatever JSON there is
    """Return rows as CSV, as all our CSV is: tipg's would run formulas."""
    if not isinstance(rows, list):
        return None
    columns = list(rows[0]) if rows else []
    return csv_answer(columns, (list(row.values()) for row in rows), name="items")


def _credited(about: Any, credits_of: Mapping[str, Sequence[str]]) -> Response | None:  # noqa: ANN401
    """Return a description of tiles (TileJSON 3.0, or a style) that says whom to name.

    Map programs put it on the map as HTML, so it is none.
    """
    if not isinstance(about, dict):
        return None
    described = about["sources"] if "sources" in about else {about["name"]: about}
    for name, one in described.items():
        one["attribution"] = escape("; ".join(credits_of.get(name, ())), quote=False)
    return Response(orjson.dumps(about), media_type="application/json")


def _headers(start: MutableMapping[str, Any]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in start["headers"]
            if name != b"content-length"}  # fmt: skip
