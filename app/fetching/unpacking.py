"""Unpacking what came, and never more of it than is allowed."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from app.errors import NotFetched

# zlib's words for "find out whether gzip or zlib", and "deflate without a header".
_EITHER, _BARE = 32 + zlib.MAX_WBITS, -zlib.MAX_WBITS
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})


def unpack(
    pieces: Iterable[bytes], *, encoding: str, declared: str, most_bytes: int, host: str
) -> bytes:
    """Return the content of an answer, unpacked piece by piece.

    `encoding` and `declared` are its headers Content-Encoding and Content-Length, as they came.

    Raises
    ------
    NotFetched
        If it is more than `most_bytes` (said or found), packed twice or in a way we do not ask
        for, or broken.
    """
    packing = encoding.strip().lower()
    too_much = f"{host} sent more than {_megabytes(most_bytes)}: it was not read."
    if declared.isascii() and declared.isdigit() and len(declared) > len(str(most_bytes)):
        raise NotFetched(too_much)
    if declared.isascii() and declared.isdigit() and int(declared) > most_bytes:
        raise NotFetched(too_much)
    if packing not in _PACKED | {"", "identity"}:
        # Packed twice, a few bytes become a thousand thousand times as many.
        raise NotFetched(f"{host} packed its answer in a way that we did not ask for.")
    content = bytearray()
    unpacker = _Unpacker(host) if packing in _PACKED else None
    for piece in pieces:
        room = most_bytes + 1 - len(content)
        content += unpacker.take(piece, room) if unpacker else piece[:room]
        if len(content) > most_bytes:
            raise NotFetched(too_much)
    if unpacker:
        unpacker.finish()
    return bytes(content)


def _megabytes(count: int) -> str:
    return f"{count / 1_000_000:,.0f} MB" if count >= 1_000_000 else f"{count:,} bytes"


class _Unpacker:
    """gzip (one member or several) or deflate (with a header or without)."""

    def __init__(self, host: str) -> None:
        self._broken = f"{host} sent an answer that cannot be unpacked: try again later."
        self._inner = zlib.decompressobj(_EITHER)
        self._is_begun = False
        self._is_over = False

    def take(self, piece: bytes, room: int) -> bytes:
        """Return what a piece becomes, at most `room` bytes of it."""
        out = bytearray()
        while piece and room > len(out) and not self._is_over:
            try:
                out += self._inner.decompress(piece, room - len(out))
            except zlib.error as error:
                if self._is_begun:
                    raise NotFetched(self._broken) from error
                self._inner = zlib.decompressobj(_BARE)
                self._is_begun = True
                continue
            self._is_begun = True
            piece = self._inner.unconsumed_tail
            if self._inner.eof:
                piece = self._inner.unused_data
                # After the end comes another member, or what is none of ours.
                self._is_over = bool(piece) and piece[0] != 0x1F
                if piece and not self._is_over:
                    self._inner = zlib.decompressobj(_EITHER)
        return bytes(out)

    def finish(self) -> None:
        """Raise `NotFetched` if the end is missing."""
        if self._is_begun and not self._inner.eof:
            raise NotFetched(self._broken)
