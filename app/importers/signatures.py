"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

from pathlib import Path

from app.errors import FileRefused

MAX_FILE_BYTES = 200_000_000
_HEAD_BYTES = 8192

# First bytes of what people most often pick by mistake, with the words for it.
_MAGIC = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"%PDF", "pdf"),
    (b"\xd0\xcf\x11\xe0", "old_excel"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"SQLite format 3\x00", "geopackage"),
    (b"\x00\x00\x27\x0a", "shapefile"),
)
_WORDS = {
    "zip": "is a zip file: unzip it and load the file inside",
    "gzip": "is a compressed file: unpack it and load the file inside",
    "pdf": "is a PDF: ask its publisher for a CSV or spreadsheet",
    "old_excel": "is an old Excel file: save it as .xlsx or CSV and load that",
    "image": "is a picture, not a table",
    "geopackage": "is a GeoPackage, not a table",
    "shapefile": "is a shapefile, not a table",
    "html": "is a web page: the download may have failed, so fetch the file again",
    "xml": "is an XML file, not a table",
    "json": "is JSON, not a table",
    "binary": "is not a text file",
}


def size_in_bytes(path: Path) -> int:
    """Return the size of `path`; refuse what is missing, empty, a folder or too large.

    Raises
    ------
    FileRefused
        With a sentence that names the file.
    """
    if path.is_dir():
        raise FileRefused(f"{path.name} is a folder: use `patchwork load folder`.")
    try:
        size = path.stat().st_size
    except OSError as error:
        raise FileRefused(f"{path.name} cannot be opened: there is no such file.") from error
    if size == 0:
        raise FileRefused(f"{path.name} is empty.")
    if size > MAX_FILE_BYTES:
        raise FileRefused(
            f"{path.name} is {size / 1e6:,.0f} MB; the largest file we read is"
            f" {MAX_FILE_BYTES / 1e6:,.0f} MB, so split it first."
        )
    return size


def kind_of(path: Path) -> str:
    """Return what `path` is: "text", or one of the words refused as a table.

    "zip" covers .xlsx too; the caller knows the suffix. Raises `FileRefused` as `size_in_bytes`.
    """
    size_in_bytes(path)
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise FileRefused(
            f"{path.name} cannot be opened: check who may read it, then try again."
        ) from error
    known = next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)
    return known or _text_kind(head)


def _text_kind(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or looks_like_utf_16(head):
        return "text"
    if b"\x00" in head or _control_characters(head) > len(head) // 100:
        return "binary"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:200].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "html"
    if start.startswith((b"<?xml", b"<osm", b"<kml", b"<gpx")):
        return "xml"
    if start.startswith((b"{", b"[")):
        return "json"
    return "text"


def refuse_unless(path: Path, kind: str, wanted: str, what: str) -> None:
    """Refuse `path` in one sentence unless its `kind` is `wanted`; `what` was expected."""
    if kind != wanted:
        words = _WORDS.get(kind, "is plain text")
        raise FileRefused(f"{path.name} {words} (we expected {what}).")


def looks_like_utf_16(head: bytes) -> bool:
    """Return whether `head` is Latin text in UTF-16 without a byte order mark."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    return max(even, odd) > len(head) * 0.3 and min(even, odd) == 0


def _control_characters(head: bytes) -> int:
    return sum(byte < 9 or 13 < byte < 32 for byte in head)
