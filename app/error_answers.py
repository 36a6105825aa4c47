"""Errors become answers here: a page for people, `application/problem+json` for programs."""

from __future__ import annotations

import traceback
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from app.edge import DEFAULT_HEADERS, loggable
from app.errors import Abolished, BadQuestion, PatchworkError, SignedOut, TooMany, Unavailable
from app.forms import form_sent
from app.rendering import Format, format_of, page, problem_answer
from app.replica.routing import is_asked_again

log = structlog.get_logger("patchwork")

FRAMES = 12
QUESTIONS = frozenset({400, 409, 413, 415, 422})
LONGEST_NEXT = 500

# What Starlette itself answers with, in our words.
SENTENCES = {
    404: ("Page not found", "There is nothing at this address."),
    405: ("This address cannot do that", "This address can only be read."),
}


def wants_a_page(request: Request) -> bool:
    """Return whether the answer is for a person: by the address, then by what is accepted."""
    if format_of(request) is not Format.HTML:
        return False
    accepted = request.headers.get("accept", "*/*")
    if request.scope["path"].endswith(".ics"):
        # Calendar programs accept anything; a browser that was led here says what it can show.
        return "text/html" in accepted
    return "text/html" in accepted or "json" not in accepted


def error_answer(
    request: Request, *, status: int, title: str, detail: str, field: str | None = None
) -> Response:
    """Return an error in the form the asker can use."""
    if not wants_a_page(request):
        return problem_answer(status=status, title=title, detail=detail, field=field)
    # What is not there, not for this person or not to be read now is not mended by other words.
    is_question = status in QUESTIONS
    return page(
        request, "problem.html", status=status, title=title, detail=detail, is_question=is_question
    )


def on_our_own(request: Request, error: Exception) -> Response:
    """Answer an error raised on purpose."""
    if not isinstance(error, PatchworkError):
        raise error
    answer = error_answer(
        request,
        status=error.status,
        title=error.title,
        detail=str(error),
        field=error.field if isinstance(error, BadQuestion) else None,
    )
    if isinstance(error, TooMany) and error.seconds:
        answer.headers["retry-after"] = str(error.seconds)
    return answer


def on_abolished(request: Request, error: Exception) -> Response:
    """Answer that a ward is no more: what replaced it, and how much of it each covers."""
    if not isinstance(error, Abolished):
        raise error
    if wants_a_page(request):
        return page(request, "ward_abolished.html", status=error.status, error=error)
    successors = [
        {
            "gss_code": ward.gss_code,
            "name": ward.name,
            "percent": round(ward.share * 100, 1),
            "url": f"/wards/{ward.gss_code}",
        }
        for ward in error.successors
    ]
    return problem_answer(
        status=error.status,
        title=error.title,
        detail=str(error),
        successors=successors,
        boundaries_of=error.ward.release,
    )


async def on_signed_out(request: Request, error: Exception) -> Response:
    """Lead to the sign-in page; a form is shown again with what was typed, to be sent later."""
    if not wants_a_page(request):
        return on_our_own(request, error)
    if request.method == "GET":
        path = request.url.path
        if request.url.query and len(request.url.query) <= LONGEST_NEXT:
            path = f"{path}?{request.url.query}"
        return RedirectResponse(f"/sign-in?{urlencode({'next': path})}", status_code=303)
    sent = await form_sent(request)
    if sent is None:
        # No form of ours: there is nothing worth keeping.
        return on_our_own(request, error)
    return page(
        request,
        "signed_out.html",
        status=SignedOut.status,
        action=request.url.path,
        # What a secret field held is not for the page.
        kept=[(name, value) for name, value in sent.texts if "password" not in name],
        has_lost_files=sent.has_files,
    )


def plain_refusal(status: int, title: str, detail: str) -> Response:
    """Return a refusal that needs no template: for what is refused before anything is looked at."""
    text = (
        f'<!DOCTYPE html><html lang="en-GB"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
        f'<body><main><h1>{title}</h1><p>{detail}</p><p><a href="/">Home</a></p></main></body>'
        "</html>"
    )
    return Response(text, status_code=status, media_type="text/html; charset=utf-8")


def on_http(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses: unknown addresses, methods."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    phrase = HTTPStatus(status).phrase
    title, detail = SENTENCES.get(status, (phrase, f"{phrase}."))
    answer = error_answer(request, status=status, title=title, detail=detail)
    if isinstance(error, HTTPException) and error.headers:
        answer.headers.update(error.headers)
    return answer


def on_validation(request: Request, error: Exception) -> Response:
    """Answer a value FastAPI refuses; its own answer would repeat what was typed."""
    fields = [str(e["loc"][-1]) for e in getattr(error, "errors", list)()]
    return error_answer(
        request,
        status=422,
        title=BadQuestion.title,
        detail="A value in the address makes no sense.",
        field=fields[0] if fields else None,
    )


def on_database(request: Request, error: Exception) -> Response:
    """Answer when the database is away, or took too long; anything else is our fault."""
    is_away = isinstance(error, OperationalError | PoolTimeoutError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )
    if not is_away:
        return on_anything(request, error)
    # A replica's failure is no reader's: the same is asked of the database itself next.
    if not is_asked_again():
        path = loggable(request.url.path)
        log.error("database unavailable", kind=type(error).__name__, path=path)
    answer = error_answer(
        request,
        status=Unavailable.status,
        title=Unavailable.title,
        detail="The map cannot be read just now. Try again in a minute.",
    )
    answer.headers["retry-after"] = "60"
    return answer


def on_anything(request: Request, error: Exception) -> Response:
    """Answer what nobody foresaw, without its details; they are in the log."""
    # Where, not what: messages of database errors repeat the values of the question.
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    where = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    log.error(
        "unforeseen error", kind=type(error).__name__, path=loggable(request.url.path), where=where
    )
    answer = error_answer(
        request,
        status=500,
        title="Something went wrong",
        detail="This is our fault, not yours. Try again; if it keeps happening, tell us.",
    )
    for name, value in DEFAULT_HEADERS:
        answer.headers.setdefault(name.decode(), value.decode())
    return answer


def add_error_answers(app: FastAPI) -> None:
    """Register an answer for everything that can be raised."""
    app.add_exception_handler(SignedOut, on_signed_out)
    app.add_exception_handler(Abolished, on_abolished)
    app.add_exception_handler(PatchworkError, on_our_own)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(DBAPIError, on_database)
    app.add_exception_handler(PoolTimeoutError, on_database)
    app.add_exception_handler(Exception, on_anything)
