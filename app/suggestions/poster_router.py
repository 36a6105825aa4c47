"""Posters with a code to scan, that ask what is near."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Any

import segno
import sqlalchemy as sa
from fastapi import APIRouter, Request, Response

from app.accounts.access import ForMappers
from app.accounts.people import Work
from app.errors import NotFound, PatchworkError
from app.forms import Form
from app.parameters import Query
from app.printing import CannotPrint, make_pdf
from app.rendering import STATIC, Pages, page, see_other
from app.suggestions import queries

router = APIRouter(default_response_class=Response)

# Letters and digits nobody takes for another, and no vowels: no code is a word.
ALPHABET = "23456789BCDFGHJKMNPQRTVWXZ"
CODE_LENGTH = 6
TRIES = 5
TITLE = "What’s near here that we should know about?"
LONGEST_TITLE, LONGEST_PLACE = 80, 60


def address_of(base_url: str, code: str) -> str:
    """Return the address a poster's code leads to."""
    return f"{base_url.rstrip('/')}/suggest?poster={code}"


def qr_svg(address: str) -> str:
    """Return the code to scan as SVG, its title in words; the quiet edge is part of it."""
    # Level Q: a quarter of it may be torn off or wet.
    made = segno.make(address, error="q", micro=False)
    title = f"A code to scan with a phone’s camera. It leads to {address}"
    drawn: str = made.svg_inline(
        scale=10, border=4, omitsize=True, dark="#000", light="#fff", title=title
    )
    return drawn


@router.get("/posters", include_in_schema=False)
def list_posters(request: Request, work: ForMappers) -> Response:
    """Show the posters there are, and the form for another."""
    return _list(request, work, Query(request.query_params))


@router.post("/posters", include_in_schema=False)
def make_poster(request: Request, form: Form, work: ForMappers) -> Response:
    """Make a poster for a place."""
    place, title = form.text("place"), form.text("title") or TITLE
    if not place and "place" not in form.problems:
        form.wrong("place", "Say where it will hang, as people there call it.")
    for name, value, longest in (("place", place, LONGEST_PLACE), ("title", title, LONGEST_TITLE)):
        if value and len(value) > longest:
            form.wrong(name, f"Use {longest} characters or fewer: it has to be large.")
    if form.problems:
        return _list(request, work, form)
    for _ in range(TRIES):
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        if queries.insert_poster(
            work.session, code=code, title=title, place=place or "",
            account_id=work.person.account_id,
        ):  # fmt: skip
            return see_other(f"/posters/{code}")
    raise PatchworkError("No code was free. Try again.")


def _list(request: Request, work: Work, query: Query) -> Response:
    return page(
        request, "posters.html", query=query, posters=queries.list_posters(work.session),
        usual_title=TITLE,
    )  # fmt: skip


@router.get("/posters/{code}.pdf", include_in_schema=False)
def print_poster(request: Request, code: str, work: ForMappers) -> Response:
    """Return a poster to print: A4, tagged."""
    shown = _shown(request, work.session.connection(), code)
    pages: Pages = request.app.state.pages
    html = pages.render("poster_pdf.html", **shown).decode()
    try:
        content = make_pdf(html, stylesheet=STATIC / "poster.css")
    except CannotPrint:
        return page(
            request,
            "problem.html",
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            title="No PDF can be made here",
            detail="Open the poster’s page and print it from your browser instead.",
        )
    return Response(
        content,
        media_type="application/pdf",
        headers={
            "content-disposition": f'inline; filename="poster-{shown["poster"].code}.pdf"',
            "cache-control": "private, no-store",
        },
    )


@router.get("/posters/{code}", include_in_schema=False)
def show_poster(request: Request, code: str, work: ForMappers) -> Response:
    """Show a poster as it will be printed."""
    return page(request, "poster.html", **_shown(request, work.session.connection(), code))


def _shown(request: Request, connection: sa.Connection, code: str) -> dict[str, Any]:
    is_code = len(code) == CODE_LENGTH and set(code.upper()) <= set(ALPHABET)
    found = queries.find_poster(connection, code=code.upper()) if is_code else None
    if found is None:
        raise NotFound("There is no poster with this code.")
    address = address_of(request.app.state.settings.base_url, found.code)
    return {
        "poster": found,
        "qr": qr_svg(address),
        "typed_address": address.partition("://")[2],
    }
