"""What a form sent, read before the handler runs: handlers are plain functions and cannot wait."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException

from app.errors import BadQuestion
from app.parameters import Query

MOST_FIELDS = 1_500
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


async def read_form(request: Request) -> Query:
    """Return the fields of a form, judged like those of an address.

    Raises BadQuestion for a body that is not a form. Files are left out: no form here sends any.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in FORM_TYPES:
        raise BadQuestion("Send this as a form.", field="form")
    try:
        form = await request.form(max_files=0, max_fields=MOST_FIELDS)
    except HTTPException:
        raise BadQuestion(
            "This form holds more than any of ours. Nothing was changed; open the page again.",
            field="form",
        ) from None
    pairs = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    return Query(QueryParams(pairs))


Form = Annotated[Query, Depends(read_form)]
