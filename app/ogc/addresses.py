"""tipg's addresses, with links that cost less: it looks up two routes for every feature."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from tipg.factory import Endpoints, EndpointsFactory, OGCFeaturesFactory, OGCTilesFactory


class _QuickLinks(EndpointsFactory):
    def __post_init__(self) -> None:
        """Register the routes; the paths of their names are kept."""
        self._paths: dict[str, str] = {}
        super().__post_init__()  # type: ignore[no-untyped-call]

    def url_for(self, request: Request, name: str, **path_params: Any) -> str:
        """Return the address of a route where people reach it."""
        path = self._paths.get(name)
        if path is None:
            in_braces = {part: f"{{{part}}}" for part in path_params}
            path = self._paths[name] = str(self.router.url_path_for(name, **in_braces))
        return f"{request.base_url}".rstrip("/") + path.format_map(path_params)


class _Features(_QuickLinks, OGCFeaturesFactory):
    pass


class _Tiles(_QuickLinks, OGCTilesFactory):
    pass


class OwnEndpoints(_QuickLinks, Endpoints):
    """Landing page, conformance, features and tiles."""

    def register_routes(self) -> None:
        """Add the addresses, as tipg's own does with its own factories."""
        same: dict[str, Any] = {
            "collection_dependency": self.collection_dependency,
            "router_prefix": self.router_prefix,
            "templates": self.templates,
            "with_common": False,
        }
        self.ogc_features = _Features(collections_dependency=self.collections_dependency, **same)
        self.ogc_tiles = _Tiles(
            supported_tms=self.supported_tms, with_viewer=self.with_tiles_viewer, **same
        )
        self.router.include_router(self.ogc_features.router)
        self.router.include_router(self.ogc_tiles.router)
