"""OGC API for people: the same answers as plain pages of ours, in place of tipg's templates."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from app.rendering import page

TILES = "WebMercatorQuad"


class OwnPages:
    """What tipg takes for its templates."""

    def TemplateResponse(  # noqa: N802 - Starlette's name
        self, request: Request, *, name: str, context: dict[str, Any]
    ) -> Response:
        """Return a page about what tipg would answer to a program."""
        name = name.removesuffix(".html")
        answer = context["response"]
        return page(
            request,
            "ogc_map.html" if name == "map" else "ogc.html",
            about=name,
            answer=answer,
            root=request.scope["root_path"],
            collection=request.path_params.get("collectionId"),
            links=_links(answer),
            rows=_rows(answer),
            sources=(),
            attributions=attributions_of(answer) or _credits(request),
        )


def attributions_of(answer: dict[str, Any]) -> list[str]:
    """Return who has to be named for the features of an answer, each once."""
    features = answer.get("features") or [answer]
    said = (
        (one.get("attribution"), one.get("licence"))
        for one in (feature.get("properties") or {} for feature in features)
    )
    return list(dict.fromkeys(f"{whose} ({licence})" for whose, licence in said if whose))


def _credits(request: Request) -> list[str]:
    """Return who has to be named for the whole of the collection a page is about."""
    credits_of: dict[str, list[str]] = request.app.state.catalogue.credits
    return credits_of.get(request.path_params.get("collectionId", ""), [])


def _links(answer: dict[str, Any]) -> list[dict[str, str]]:
    """Return the links of an answer that lead somewhere without anything filled in."""
    return [link for link in answer.get("links", ()) if "{" not in link["href"]]


def _rows(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the properties of an answer's features, without what is empty everywhere."""
    rows = [feature["properties"] for feature in answer.get("features", ())]
    full = [column for column in (rows[0] if rows else ()) if any(row[column] for row in rows)]
    return [{column: row[column] for column in full} for row in rows]
