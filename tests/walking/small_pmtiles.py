"""Small maps in one file, written by the public specifications of PMTiles and vector tiles.

https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md
https://github.com/mapbox/vector-tile-spec/tree/master/2.1
"""

from __future__ import annotations

import gzip
import io
import struct

from PIL import Image

HEADER_BYTES = 127
MOST_ZOOM = 15
COLOUR = (250, 200, 120)
NO_COMPRESSION, GZIP = 1, 2
VECTOR, PNG = 1, 2


def small_pmtiles(*, is_vector: bool = False) -> bytes:
    """Return a map of the whole world in zooms 0 to 15, every tile of them the same."""
    tile = gzip.compress(half_of_earth()) if is_vector else one_colour()
    tiles = sum(4**zoom for zoom in range(MOST_ZOOM + 1))
    # One entry: from tile 0 on, `tiles` times the same bytes at offset 0 (written plus one).
    entry = (1, 0, tiles, len(tile), 1)
    root = gzip.compress(b"".join(map(varint, entry)))
    metadata = gzip.compress(b'{"name":"All the same"}')
    metadata_at = HEADER_BYTES + len(root)
    data_at = metadata_at + len(metadata)
    kind, compression = (VECTOR, GZIP) if is_vector else (PNG, NO_COMPRESSION)
    header = b"PMTiles\x03" + struct.pack(
        "<11Q6B4iB2i",
        *(HEADER_BYTES, len(root), metadata_at, len(metadata), data_at, 0, data_at, len(tile)),
        *(tiles, 1, 1),
        *(1, GZIP, compression, kind, 0, MOST_ZOOM),
        *(-1_800_000_000, -850_000_000, 1_800_000_000, 850_000_000),
        *(0, -21_000_000, 541_000_000),
    )
    assert len(header) == HEADER_BYTES
    return header + root + metadata + tile


def one_colour() -> bytes:
    """Return a picture of a tile."""
    picture = io.BytesIO()
    Image.new("RGB", (256, 256), COLOUR).save(picture, "PNG")
    return picture.getvalue()


def half_of_earth() -> bytes:
    """Return a vector tile whose left half is land: one polygon in the layer "earth"."""
    move_to, line_to, close = 1 | 1 << 3, 2 | 3 << 3, 7 | 1 << 3
    steps = (move_to, 0, 0, line_to, *zigzag(2048, 0), *zigzag(0, 4096), *zigzag(-2048, 0), close)
    polygon = varint(3 << 3) + varint(3) + field(4, b"".join(map(varint, steps)))
    version, extent = varint(15 << 3) + varint(2), varint(5 << 3) + varint(4096)
    return field(3, version + field(1, b"earth") + field(2, polygon) + extent)


def zigzag(*steps: int) -> tuple[int, ...]:
    """Return signed numbers as unsigned ones, small as they were."""
    return tuple(step << 1 ^ step >> 31 for step in steps)


def field(number: int, content: bytes) -> bytes:
    """Return a field of bytes as protocol buffers write it."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(number: int) -> bytes:
    """Return a number in as many bytes as it needs, seven bits in each."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*written, number])
