"""Photos of assets: taken, shown, and only ever our own copy."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.accounts.visitor import find_visitor
from app.database import transaction
from app.dependencies import Reading
from app.errors import NotFound
from app.parameters import read_uuid
from app.photos import queries

router = APIRouter(default_response_class=Response, include_in_schema=False)

# An hour: an editor may take one back.
PUBLIC = "public, max-age=3600"
PRIVATE = "private, no-store"


@router.get("/photos/{photo_id}.jpg")
def show_photo(request: Request, connect: Reading, photo_id: str) -> Response:
    """Show a photo."""
    return _photo(request, connect, photo_id, is_small=False)


@router.get("/photos/{photo_id}/small.jpg")
def show_small_photo(request: Request, connect: Reading, photo_id: str) -> Response:
    """Show a photo at a size for lists."""
    return _photo(request, connect, photo_id, is_small=True)


def _photo(request: Request, connect: Reading, photo_id: str, *, is_small: bool) -> Response:
    identifier = read_uuid(photo_id)
    with connect() as connection:
        found = queries.find_public_photo(connection, photo_id=identifier, is_small=is_small)
    if found is not None:
        return _jpeg(found, PUBLIC)
    visitor = find_visitor(request)
    if visitor is not None:
        with transaction(request.app.state.engine) as session:
            found = queries.find_waiting_photo(
                session, photo_id=identifier, is_small=is_small, account_id=visitor.account_id,
                is_editor=visitor.is_editor,
            )  # fmt: skip
    if found is None:
        raise NotFound("There is no photo at this address.")
    return _jpeg(found, PRIVATE)


def _jpeg(data: bytes, cache_control: str) -> Response:
    return Response(
        bytes(data), media_type="image/jpeg", headers={"cache-control": cache_control}
    )  # fmt: skip
