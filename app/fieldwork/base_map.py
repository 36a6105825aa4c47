"""What lies under the walker's map: nothing, tiles from an address, or a whole map in one file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from app.edge import PAGE_CSP
from app.errors import BadSetting
from app.settings import Settings

# Of a PMTiles file, version 3: its first 127 bytes say what is in it.
# https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md
HEADER_BYTES = 127
_MAGIC = b"PMTiles\x03"
_TILE_TYPE_AT = 99
_VECTOR, _RASTER = {1}, {2, 3, 4, 5}


@dataclass(frozen=True, slots=True)
class BaseMap:
    """What is drawn under our own shapes; with neither, those alone are the map.

    `tiles`: an address with {z}, {x} and {y}. `file`: a PMTiles file of `size_bytes` bytes, whose
    tiles are pictures (`is_raster`) or shapes. `credit`: who has to be named for either, or "".
    """

    tiles: str | None = None
    file: Path | None = None
    is_raster: bool = False
    size_bytes: int = 0
    credit: str = ""

    @classmethod
    def of(cls, settings: Settings) -> BaseMap:
        """Return what the settings name.

        Raises
        ------
        BadSetting
            If PATCHWORK_BASE_PMTILES is no PMTiles file, or PATCHWORK_BASE_TILES no address.
        """
        credit = settings.base_tiles_attribution
        if settings.base_pmtiles is not None:
            kind = _tile_type(settings.base_pmtiles)
            size = settings.base_pmtiles.stat().st_size
            return cls(None, settings.base_pmtiles, kind in _RASTER, size, credit)
        if settings.base_tiles is None:
            return cls()
        if _host_of(settings.base_tiles) is None:
            raise BadSetting(
                "PATCHWORK_BASE_TILES must be an address like"
                f" https://tiles.example.org/{{z}}/{{x}}/{{y}}.png, not {settings.base_tiles!r}."
            )
        return cls(settings.base_tiles, credit=credit)

    @property
    def csp(self) -> str:
        """The policy of the page that draws it: pictures may come from the tiles' host too."""
        host = _host_of(self.tiles) if self.tiles else None
        return PAGE_CSP.replace("img-src 'self'", f"img-src 'self' {host}") if host else PAGE_CSP


def _host_of(tiles: str) -> str | None:
    """Return scheme, host and port of an address; {s} stands for any part of a host."""
    parts = urlsplit(tiles)
    host = parts.netloc.replace("{s}", "*")
    is_plain = host and not set(host) & set(" ;,'\"{}@")
    return f"{parts.scheme}://{host}" if parts.scheme in {"http", "https"} and is_plain else None


def _tile_type(path: Path) -> int:
    try:
        with path.open("rb") as file:
            header = file.read(HEADER_BYTES)
    except OSError as error:
        raise BadSetting(f"PATCHWORK_BASE_PMTILES: {path} cannot be read.") from error
    if len(header) < HEADER_BYTES or not header.startswith(_MAGIC):
        raise BadSetting(f"PATCHWORK_BASE_PMTILES: {path} is no PMTiles file of version 3.")
    kind = header[_TILE_TYPE_AT]
    if kind not in _VECTOR | _RASTER:
        raise BadSetting(f"PATCHWORK_BASE_PMTILES: {path} has tiles of a kind we cannot draw.")
    return kind
