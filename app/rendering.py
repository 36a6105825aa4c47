"""Pages, GeoJSON, CSV and JSON: the renderings of one handler's result."""

from __future__ import annotations

import csv
import hashlib
import io
import uuid
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import ChainableUndefined, ChoiceLoader, Environment, FileSystemLoader, PackageLoader

from app import form_items, words
from app.parameters import Address, Query
from app.settings import Settings
from geo.map_documents import MapDocument

HERE = Path(__file__).parent
STATIC = HERE / "static"

# What a spreadsheet takes for the start of a formula, and runs.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class Format(StrEnum):
    """How an answer is written."""

    HTML = "html"
    GEOJSON = "geojson"
    CSV = "csv"
    JSON = "json"


def format_of(request: Request) -> Format:
    """Return the rendering an address asks for by its ending (or its start, for the API)."""
    path: str = request.scope["path"]
    if path.endswith(".geojson"):
        return Format.GEOJSON
    if path.endswith(".csv"):
        return Format.CSV
    if not path.startswith(("/api/", "/health", "/oruk")):
        return Format.HTML
    return Format.JSON


class Pages:
    """The templates, and what every page needs to know."""

    def __init__(self, settings: Settings) -> None:
        self.cookie_name = settings.cookie_name
        self.env = Environment(
            loader=ChoiceLoader(
                [
                    FileSystemLoader(HERE / "templates"),
                    PackageLoader("nhsuk_frontend_jinja", "templates"),
                ]
            ),
            autoescape=True,
            # Both Jinja ports of the components read attributes of what is not there.
            undefined=ChainableUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self.env.filters.update(words.FILTERS)
        self.env.globals.update(
            service_name=settings.name,
            theme_colour=settings.theme_colour,
            is_demo=settings.is_demo,
            # What leaves the site (a file, a frame on another one) links to where people reach it.
            base_url=settings.base_url.rstrip("/"),
            static=static_addresses(),
            # What a form will make is numbered when the form is: a second press makes no second.
            new_id=uuid.uuid4,
            KIND_WORDS=words.KINDS,
            reaches=form_items.reaches,
            kind_items=form_items.kind_items,
            access_items=form_items.access_items,
            day_items=form_items.day_items,
            must_items=form_items.must_items,
            typed_interests=form_items.typed_interests,
        )

    def render(self, template: str, **context: object) -> bytes:
        """Return a page as UTF-8; what UTF-8 cannot write becomes a question mark."""
        return self.env.get_template(template).render(context).encode("utf-8", "replace")


def static_addresses() -> Callable[[str], str]:
    """Return a function from a file under `static/` to its address, which changes with it."""
    known: dict[str, str] = {}

    def address(name: str) -> str:
        if name not in known:
            path = STATIC / name
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8] if path.is_file() else "0"
            known[name] = f"/static/{name}?v={digest}"
        return known[name]

    return address


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    query: Query | None = None,
    **context: Any,
) -> Response:
    """Return a page.

    Parameters
    ----------
    query
        What was asked, when the page has a form: its fields are shown as typed, its problems in
        a summary, and the status becomes 422 when there are any.
    """
    pages: Pages = request.app.state.pages
    if query is not None and query.problems:
        status = 422
    person = getattr(request.state, "person", None)
    body = pages.render(
        template,
        person=person,
        # A cookie alone proves nothing; it only decides which link the header offers.
        is_signed_in=person is not None or pages.cookie_name in request.cookies,
        address=Address.of(request.url.path, request.query_params),
        query=query,
        problems=query.problems if query else {},
        **context,
    )
    answer = Response(body, status_code=status, media_type="text/html; charset=utf-8")
    if person is not None:
        # Nobody's page is for the next person at this computer.
        answer.headers["cache-control"] = "private, no-store"
    return answer


def see_other(address: str) -> Response:
    """Return the redirect after something was changed: a reload then sends nothing twice."""
    return RedirectResponse(address, status_code=303)


def json_answer(
    content: object, *, status: int = 200, media_type: str = "application/json"
) -> Response:
    """Return `content` as JSON (dates, UUIDs and dataclasses included)."""
    return Response(orjson.dumps(content), status_code=status, media_type=media_type)


def geojson_answer(
    collection: bytes, *, next_page: Address | None = None, **members: object
) -> Response:
    """Return a FeatureCollection, written by `geo.geojson`, with more `members` beside it.

    RFC 7946 (6.1) allows foreign members; we say there who has to be named (`attribution`).
    """
    extra = orjson.dumps(members)
    return Response(
        collection[:-1] + b"," + extra[1:] if members else collection,
        media_type="application/geo+json",
        headers=_next_header(next_page),
    )


def map_answer(document: MapDocument) -> Response:
    """Return a map as the document of an iframe, with the policy made for its scripts."""
    return Response(
        document.html.encode("utf-8", "replace"),
        media_type="text/html; charset=utf-8",
        headers={"content-security-policy": document.csp},
    )


def csv_answer(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    name: str,
    next_page: Address | None = None,
) -> Response:
    """Return rows as a CSV file called `name`.csv.

    UTF-8 with a byte order mark, because Excel takes a file without one for cp1252; lines end
    in CR LF (RFC 4180). Text that a spreadsheet would run as a formula gets an apostrophe in
    front.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([csv_cell(value) for value in row] for row in rows)
    return Response(
        text.getvalue().encode("utf-8-sig", "replace"),
        media_type="text/csv; charset=utf-8",
        headers={
            "content-disposition": f'attachment; filename="{name}.csv"',
            **_next_header(next_page),
        },
    )


def csv_cell(value: object) -> object:
    """Return `value` as it may stand in a spreadsheet's cell."""
    if value is None:
        return ""
    # Numbers stay numbers: a longitude of -1.75 is no formula.
    if isinstance(value, int | float):
        return value
    if isinstance(value, list | tuple):
        value = "; ".join(str(item) for item in value)
    text = value if isinstance(value, str) else str(value)
    # Spaces first, then "=": trimmed by some programs, so judged without them. And without
    # apostrophes: so that one can be taken off again, and what had one of its own keeps it.
    return "'" + text if text.lstrip(" \n'").startswith(FORMULA_STARTS) else text


def csv_text(cell: str) -> str:
    """Return what `csv_cell` made a cell of: without the apostrophe before a formula's start."""
    if cell.startswith("'") and cell[1:].lstrip(" \n'").startswith(FORMULA_STARTS):
        return cell[1:]
    return cell


def _next_header(next_page: Address | None) -> dict[str, str]:
    return {"link": f'<{next_page}>; rel="next"'} if next_page else {}


def problem_answer(
    *, status: int, title: str, detail: str, field: str | None = None, **members: object
) -> Response:
    """Return an error as RFC 9457 `application/problem+json`; nothing that was typed is in it.

    `members`: what programs need to know besides (RFC 9457, 3.2: extension members).
    """
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
    }
    if field is not None:
        content["field"] = field
    return json_answer(content | members, status=status, media_type="application/problem+json")
