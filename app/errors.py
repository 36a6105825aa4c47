"""Every error we raise on purpose, and the status each one answers with."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any


class PatchworkError(Exception):
    """Base: the message is for the person who made the mistake, and says what to do next."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    title = "Something went wrong"


class NotFound(PatchworkError):
    """There is nothing at this address (the same answer whether it never was or is hidden)."""

    status = HTTPStatus.NOT_FOUND
    title = "Page not found"


class Abolished(PatchworkError):
    """A ward that only older boundaries have; `ward` and `successors` say what was and what is.

    `ward` has gss_code, name and release; each successor gss_code, name, lad_name and share, the
    part (0 to 1) of the old ward's area that it covers.
    """

    status = HTTPStatus.GONE
    title = "This ward is no more"

    def __init__(self, message: str, *, ward: Any, successors: Sequence[Any]) -> None:  # noqa: ANN401
        super().__init__(message)
        self.ward = ward
        self.successors = successors


class BadQuestion(PatchworkError):
    """A value in the address or form makes no sense; `field` names it."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "There is a problem with what you asked for"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class SignedOut(PatchworkError):
    """Nobody is signed in, or the session has ended; what a form held is kept for afterwards."""

    status = HTTPStatus.UNAUTHORIZED
    title = "Sign in to go on"


class NotAllowed(PatchworkError):
    """Somebody is signed in and may not do this."""

    status = HTTPStatus.FORBIDDEN
    title = "You cannot open this page"


class Conflict(PatchworkError):
    """Somebody else changed the same thing first; nothing was overwritten."""

    status = HTTPStatus.CONFLICT
    title = "Somebody else has changed this"


class TooMany(PatchworkError):
    """The same was tried too often in a short time."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    title = "Too many tries"

    def __init__(self, message: str, *, seconds: int = 0) -> None:
        super().__init__(message)
        # How long to wait, where that is known.
        self.seconds = seconds


class BadSetting(PatchworkError):
    """A setting of this installation makes no sense: nothing starts before it is put right."""

    title = "A setting makes no sense"


class NotSent(PatchworkError):
    """A mail server did not take an e-mail."""

    title = "The e-mail was not sent"


class FileRefused(PatchworkError):
    """A file could not be read as what it was said to be; nothing of it was stored."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "This file was not loaded"


class Unavailable(PatchworkError):
    """The database cannot be reached just now."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "Patchwork is not available just now"


class NotFetched(PatchworkError):
    """An address on the web could not be fetched, or must not be; nothing was stored."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "This address was not read"

    def __init__(
        self,
        message: str,
        *,
        answered: int | None = None,
        retry_after: str | None = None,
        is_passing: bool = False,
    ) -> None:
        super().__init__(message)
        # The status it answered with, if it did, and its Retry-After header as written.
        self.answered = answered
        self.retry_after = retry_after
        # Whether asking again in a while may help: it was busy, slow or not there just now.
        self.is_passing = is_passing
