"""What a form sent, read before the handler runs: handlers are plain functions and cannot wait."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData, QueryParams, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.errors import BadQuestion
from app.parameters import Query

MOST_FIELDS = 1_500
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
MOST_PHOTOS = 3
LARGEST_PHOTO_BYTES = 12_000_000
LARGEST_FILE_BYTES = 25_000_000


async def read_form(request: Request) -> Query:
    """Return the fields of a form, judged like those of an address.

    Raises BadQuestion for a body that is not a form. Files are left out: no form here sends any.
    """
    return Query(QueryParams(_texts(await _read(request, most_files=0))))


@dataclass(frozen=True, slots=True)
class SentForm:
    """What a form with photos sent: its fields, judged like an address, and the files chosen."""

    query: Query
    photos: list[UploadFile] = field(default_factory=list)

    def read_photos(self, name: str = "photo") -> list[bytes]:
        """Return the photos' bytes; one that is too large is a problem of the field `name`."""
        if any((photo.size or 0) > LARGEST_PHOTO_BYTES for photo in self.photos):
            self.query.wrong(name, "This photo is larger than 12 MB. Choose a smaller one.")
            return []
        return [photo.file.read() for photo in self.photos]


async def read_form_with_photos(request: Request) -> AsyncIterator[SentForm]:
    """Yield the fields and photos of a form; the files are closed afterwards.

    Ask for it before asking who is there: no transaction waits for a slow phone, and a page for
    somebody signed out can still show what was typed. Raises BadQuestion for what is no form.
    """
    form = await _read(request, most_files=MOST_PHOTOS)
    texts = _texts(form)
    files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
    # A file field nobody used sends an empty file without a name.
    photos = [file for file in files if file.size]
    request.state.form_sent = FormSent(texts, has_files=bool(photos))
    try:
        yield SentForm(Query(QueryParams(texts)), photos)
    finally:
        await form.close()


@dataclass(frozen=True, slots=True)
class SentFile:
    """What a form with one file of any sort sent: its fields, the file's name and its bytes."""

    query: Query
    name: str = ""
    content: bytes = b""


async def read_form_with_file(request: Request) -> SentFile:
    """Return the fields of a form and the file chosen; one too large is a problem of `file`.

    Raises BadQuestion for what is no form, or does not say beforehand how long it is.
    """
    length = request.headers.get("content-length", "")
    if not length.isascii() or not length.isdigit():
        raise BadQuestion("Send this as a form, from a browser.", field="form")
    if int(length) > LARGEST_FILE_BYTES:
        query = Query(QueryParams())
        most = LARGEST_FILE_BYTES // 1_000_000
        query.wrong("file", f"This file is larger than {most} MB: split it, or load it by command.")
        return SentFile(query)
    form = await _read(request, most_files=1)
    try:
        texts = _texts(form)
        files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
        request.state.form_sent = FormSent(texts, has_files=bool(files))
        chosen = next((file for file in files if file.size), None)
        content = b"" if chosen is None else await chosen.read()
        name = "" if chosen is None else chosen.filename or ""
        return SentFile(Query(QueryParams(texts)), name, content)
    finally:
        await form.close()


@dataclass(frozen=True, slots=True)
class FormSent:
    """What of a form can be shown again to somebody who has been signed out."""

    texts: list[tuple[str, str]]
    has_files: bool = False


async def form_sent(request: Request) -> FormSent | None:
    """Return what a form held, read before or not; None: it was none of ours."""
    sent: FormSent | None = getattr(request.state, "form_sent", None)
    if sent is not None:
        return sent
    try:
        return FormSent(_texts(await _read(request, most_files=0)))
    except BadQuestion:
        return None


async def _read(request: Request, *, most_files: int) -> FormData:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in FORM_TYPES:
        raise BadQuestion("Send this as a form.", field="form")
    try:
        return await request.form(max_files=most_files, max_fields=MOST_FIELDS)
    except UnicodeError:
        # A charset the form names itself, and no browser does.
        raise BadQuestion("Send this as a form.", field="form") from None
    except (HTTPException, ClientDisconnect):
        raise BadQuestion(
            "This form holds more than any of ours. Nothing was changed; open the page again.",
            field="form",
        ) from None


def _texts(form: FormData) -> list[tuple[str, str]]:
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]


Form = Annotated[Query, Depends(read_form)]
FormWithPhotos = Annotated[SentForm, Depends(read_form_with_photos, scope="function")]
FormWithFile = Annotated[SentFile, Depends(read_form_with_file)]
