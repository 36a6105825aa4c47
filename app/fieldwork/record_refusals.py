"""Why something sent from a phone is refused: each reason has a code the phone acts on."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.errors import NotAllowed, NotFound, PatchworkError, SignedOut, Unavailable
from app.rendering import problem_answer

log = structlog.get_logger("patchwork")


class Refused(PatchworkError):
    """What was sent is not recorded, and nothing of it is stored.

    `code` is what the phone acts on, `members` what it needs to know to go on.
    """

    title = "This was not recorded"

    def __init__(self, code: str, message: str, *, status: HTTPStatus, **members: object) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.members = members


def refused_facts(problems: dict[str, str]) -> Refused:
    """Return the refusal of facts that make no sense: a sentence for each, by name."""
    first = next(iter(problems.values()))
    return Refused("facts", first, status=HTTPStatus.UNPROCESSABLE_ENTITY, problems=problems)


def refused_photo(number: int, sentence: str) -> Refused:
    """Return the refusal of a photo, counted from 0."""
    return Refused("photo", sentence, status=HTTPStatus.UNPROCESSABLE_ENTITY, photo=number)


def too_large(sentence: str, **members: object) -> Refused:
    """Return the refusal of what is larger than we take."""
    return Refused(
        "too-large", sentence, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, **members
    )  # fmt: skip


# What the rest of the application raises, as the phone knows it.
CODES: tuple[tuple[type[PatchworkError], str], ...] = (
    (SignedOut, "signed-out"),
    (NotAllowed, "not-a-mapper"),
    (NotFound, "unknown"),
    (Unavailable, "unavailable"),
)


def _answer(error: PatchworkError) -> Response:
    members: dict[str, Any] = {}
    if isinstance(error, Refused):
        members = {"code": error.code, **error.members}
    else:
        members["code"] = next(code for kind, code in CODES if isinstance(error, kind))
    answer = problem_answer(
        status=error.status, title=error.title, detail=str(error), field=None, **members
    )
    if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["retry-after"] = "60"
    return answer


class CodedRoute(APIRoute):
    """A route whose refusals carry a code, those of signing in and of the database too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what handles a request, with every foreseen error made an answer."""
        handle = super().get_route_handler()

        async def handle_coded(request: Request) -> Response:
            try:
                return await handle(request)
            except (Refused, SignedOut, NotAllowed, NotFound, Unavailable) as error:
                return _answer(error)
            except (DBAPIError, PoolTimeoutError) as error:
                is_away = isinstance(error, OperationalError | PoolTimeoutError)
                if not (is_away or getattr(error, "connection_invalidated", False)):
                    raise
                log.error("database unavailable", kind=type(error).__name__)
                return _answer(Unavailable("This cannot be recorded just now. Try again later."))

        return handle_coded
