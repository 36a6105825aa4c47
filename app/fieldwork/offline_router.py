"""What makes the walker's page work without signal: its service worker, manifest and icons."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.accounts.access import SignedIn
from app.errors import NotFound
from app.fieldwork.shell import ICON_SIZES_PX, icon, manifest_of, shell_of, worker_of
from app.rendering import Pages, json_answer
from app.settings import Settings

router = APIRouter(default_response_class=Response)

WALK_TEMPLATE = "walk.html"


def walk_page(request: Request) -> bytes:
    """Return the walker's page: the same for everybody, because phones keep it."""
    pages: Pages = request.app.state.pages
    settings: Settings = request.app.state.settings
    return pages.render(WALK_TEMPLATE, settings=settings)


@router.get("/sw.js", include_in_schema=False)
def service_worker(request: Request) -> Response:
    """Return the service worker, which changes whenever any file of the page does."""
    settings: Settings = request.app.state.settings
    shell = shell_of(
        request.app.state.pages,
        walk_page(request),
        has_base_map=bool(getattr(settings, "base_pmtiles", None)),
    )
    return Response(worker_of(shell), media_type="text/javascript; charset=utf-8")


@router.get("/manifest.webmanifest", include_in_schema=False)
def manifest(request: Request) -> Response:
    """Return what a phone's home screen needs."""
    settings: Settings = request.app.state.settings
    return json_answer(
        manifest_of(name=settings.name, colour=settings.theme_colour),
        media_type="application/manifest+json",
    )


@router.get("/map/icon-{size}.png", include_in_schema=False)
def home_screen_icon(request: Request, size: str) -> Response:
    """Return the icon in one of its sizes."""
    if size not in {str(px) for px in ICON_SIZES_PX}:
        raise NotFound("There is no icon of that size.")
    settings: Settings = request.app.state.settings
    return Response(
        icon(int(size), settings.theme_colour),
        media_type="image/png",
        headers={"cache-control": "public, max-age=86400"},
    )


@router.get("/api/me", include_in_schema=False)
def me(work: SignedIn) -> Response:
    """Return who is signed in and whether they may record: a phone asks before it sends."""
    person = work.person
    answer = json_answer(
        {
            "account_id": person.account_id,
            "name": person.name,
            "may_record": person.is_mapper,
            "ward_codes": person.ward_codes,
        }
    )
    answer.headers["cache-control"] = "private, no-store"
    return answer
