"""The body of something sent from a phone: the record as it came, and its photos."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from app.fieldwork.record_refusals import Refused, refused_facts, refused_photo, too_large

LARGEST_RECORD_BYTES = 100_000
LARGEST_PHOTO_BYTES = 12_000_000
MOST_PHOTOS = 3
# More than any record: what is longer is not read on.
LARGEST_PART_BYTES = 1_000_000
MOST_FIELDS = 4


@dataclass(frozen=True, slots=True)
class Sent:
    """What came: the bytes of the record, and the photos, still to be read.

    `refusal`: why it cannot be used. Whoever may not send anything is told that first.
    """

    record: bytes = b""
    photos: list[UploadFile] = field(default_factory=list)
    refusal: Refused | None = None

    def read_photos(self) -> list[bytes]:
        """Return the photos' bytes, in order; raises Refused for what cannot be used."""
        if self.refusal is not None:
            raise self.refusal
        return [photo.file.read() for photo in self.photos]


def digest_of(record: bytes, photos: list[bytes]) -> bytes:
    """Return the SHA-256 of a submission: of the record as sent, then of each photo's SHA-256."""
    whole = hashlib.sha256(record)
    for photo in photos:
        whole.update(hashlib.sha256(photo).digest())
    return whole.digest()


async def read_sent(request: Request) -> AsyncIterator[Sent]:
    """Yield what a phone sent; its files are closed afterwards."""
    try:
        form = await _parsed(request)
    except Refused as refusal:
        yield Sent(refusal=refusal)
        return
    try:
        yield _judged(form)
    finally:
        await form.close()


async def _parsed(request: Request) -> FormData:
    # The parser guesses when a field is no UTF-8; as Latin-1 its bytes come through as they are.
    headers = Headers(
        {"content-type": f"multipart/form-data; charset=latin-1; boundary={_boundary_of(request)}"}
    )
    parser = MultiPartParser(
        headers, request.stream(), max_files=MOST_PHOTOS, max_fields=MOST_FIELDS,
        max_part_size=LARGEST_PART_BYTES,
    )  # fmt: skip
    try:
        return await parser.parse()
    except MultiPartException as wrong:
        if "maximum size" in wrong.message:
            raise too_large("The record is larger than 100 kB.") from None
        if "Too many files" in wrong.message:
            raise refused_photo(MOST_PHOTOS, f"Send {MOST_PHOTOS} photos at most.") from None
        raise refused_facts({"record": "This is not a form with a record in it."}) from None
    except ClientDisconnect:
        # Nobody may be there any more; or the body went on past what we take.
        raise too_large("This is more than can be sent at once.") from None


def _boundary_of(request: Request) -> str:
    kind = request.headers.get("content-type", "")
    name, _, rest = kind.partition(";")
    boundary = next(
        (
            value.strip().strip('"')
            for key, _, value in (part.partition("=") for part in rest.split(";"))
            if key.strip().lower() == "boundary"
        ),
        "",
    )
    if name.strip().lower() != "multipart/form-data" or not boundary:
        raise refused_facts({"record": "Send this as multipart/form-data."})
    return f'"{boundary}"'


def _judged(form: FormData) -> Sent:
    try:
        return _sent(form.getlist("record"), form.getlist("photo"))
    except Refused as refusal:
        return Sent(refusal=refusal)


def _sent(records: list[UploadFile | str], photos: list[UploadFile | str]) -> Sent:
    if len(records) != 1 or not isinstance(records[0], str):
        raise refused_facts({"record": "Send one record, as text."})
    record = records[0].encode("latin-1")
    if len(record) > LARGEST_RECORD_BYTES:
        raise too_large("The record is larger than 100 kB.")
    files = [photo for photo in photos if isinstance(photo, UploadFile)]
    if len(files) != len(photos):
        raise refused_photo(0, "Send photos as files.")
    for number, photo in enumerate(files):
        if (photo.size or 0) > LARGEST_PHOTO_BYTES:
            raise too_large("This photo is larger than 12 MB. Make it smaller.", photo=number)
    return Sent(record, files)


SentBody = Annotated[Sent, Depends(read_sent, scope="function")]
