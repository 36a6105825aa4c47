"""What makes the walker's page work without signal: its service worker, manifest and icons."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.accounts.visitor import find_visitor
from app.fieldwork.base_map import BaseMap
from app.fieldwork.shell import icon, manifest_of, page_of, shell_of, worker_of
from app.rendering import Pages, json_answer
from app.settings import Settings

router = APIRouter(default_response_class=Response)


@router.get("/sw.js", include_in_schema=False)
def service_worker(request: Request) -> Response:
    """Return the service worker, which changes whenever any file of the page does."""
    pages: Pages = request.app.state.pages
    base_map: BaseMap = request.app.state.base_map
    shell = shell_of(pages, page_of(pages, base_map), has_base_map=base_map.file is not None)
    return Response(worker_of(shell), media_type="text/javascript; charset=utf-8")


@router.get("/manifest.webmanifest", include_in_schema=False)
def manifest(request: Request) -> Response:
    """Return what a phone's home screen needs."""
    settings: Settings = request.app.state.settings
    return json_answer(
        manifest_of(name=settings.name, colour=settings.theme_colour),
        media_type="application/manifest+json",
    )


@router.get("/map/icon-192.png", include_in_schema=False)
def small_icon(request: Request) -> Response:
    """Return the icon for a home screen."""
    return _icon(request, 192)


@router.get("/map/icon-512.png", include_in_schema=False)
def large_icon(request: Request) -> Response:
    """Return the icon for the moment it opens."""
    return _icon(request, 512)


def _icon(request: Request, size_px: int) -> Response:
    settings: Settings = request.app.state.settings
    return Response(
        icon(size_px, settings.theme_colour),
        media_type="image/png",
        headers={"cache-control": "public, max-age=86400"},
    )


@router.get("/api/me", include_in_schema=False)
def me(request: Request) -> Response:
    """Return who is signed in, if anybody, and whether they may record: a phone asks first."""
    person = find_visitor(request)
    answer = json_answer(
        {
            "account_id": person.account_id if person else None,
            "name": person.name if person else None,
            "may_record": person.is_mapper if person else False,
            "ward_codes": person.ward_codes if person else (),
        }
    )
    answer.headers["cache-control"] = "private, no-store"
    return answer
