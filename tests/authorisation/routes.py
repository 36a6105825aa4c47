"""What routes an application really has, and who its handlers let in."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Mount

from app.models import Role

Key = tuple[str, str]


def routes_of(app: FastAPI) -> dict[Key, frozenset[Role] | None]:
    """Return every route and mount with the roles its handler asks for; None: it asks nobody.

    Not by `app.routes`: that has only what was added to the application itself, none of what its
    routers bring. HEAD is answered as GET.
    """
    found: dict[Key, frozenset[Role] | None] = {}
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, Mount):
            found["MOUNT", context.path or route.path] = None
            found |= _mounted(route)
            continue
        for method in sorted((context.methods or set()) - {"HEAD"}):
            key = (method, context.path or "")
            assert key not in found, f"{key} is there twice: only the first is ever asked"
            found[key] = _roles(route) if isinstance(route, APIRoute) else None
    return found


def _mounted(mount: Mount) -> dict[Key, frozenset[Role] | None]:
    """Return the routes of an application that is mounted in another."""
    found: dict[Key, frozenset[Role] | None] = {}
    for context in iter_route_contexts(mount.routes):
        route = context.original_route
        for method in sorted((context.methods or set()) - {"HEAD"}):
            path = f"{mount.path}{context.path}"
            found[method, path] = _roles(route) if isinstance(route, APIRoute) else None
    return found


def _roles(route: APIRoute) -> frozenset[Role] | None:
    asked = list(_asked(route.dependant))
    assert len(asked) <= 1, f"{route.path} asks twice who is there"
    return asked[0] if asked else None


def _asked(dependant: Dependant) -> Iterator[frozenset[Role]]:
    for one in dependant.dependencies:
        roles = getattr(one.call, "roles", None)
        if roles is not None:
            yield roles
        yield from _asked(one)
