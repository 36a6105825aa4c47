"""The addresses of signing in and out."""

from __future__ import annotations

from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Request, Response
from starlette.background import BackgroundTask

from app.accounts import actions
from app.accounts import sign_in_queries as asking
from app.accounts.access import find_person, token_of, who_asks
from app.accounts.actions import Browser
from app.accounts.browsers import client_of, device_of, is_at_this_machine
from app.accounts.mail import read_email
from app.accounts.next_page import first_page_of, next_of, own_path
from app.accounts.organisation import Organisation
from app.accounts.roles import role_word
from app.accounts.tokens import LONGEST_TOKEN, digest_of, new_token
from app.database import transaction
from app.errors import NotAllowed, NotFound, TooMany, Unavailable
from app.forms import Form
from app.parameters import Query, read_uuid
from app.rendering import page, see_other
from app.settings import Settings
from app.words import joined

log = structlog.get_logger("patchwork")

router = APIRouter(default_response_class=Response)

NOT_AN_EMAIL = "Write your e-mail address, like name@example.org."
GONE = 410
BAD_REQUEST = 400


def browser_of(request: Request) -> Browser:
    """Return who is at the door."""
    return Browser(
        client_of(request, trusted=request.app.state.trusted_proxies),
        device_of(request.headers.get("user-agent", "")),
        token_of(request),
    )


def signed_in(request: Request, *, token: str, next_path: str) -> Response:
    """Return the answer to whoever has just signed in: the cookie, and on to where they wanted."""
    settings: Settings = request.app.state.settings
    if not next_path:
        with transaction(request.app.state.engine) as session:
            person = find_person(session, digest=digest_of(token))
            next_path = first_page_of(person) if person else "/"
    answer = see_other(next_path)
    answer.set_cookie(
        settings.cookie_name,
        token,
        max_age=int(asking.ABSOLUTE_LIMIT.total_seconds()),
        path="/",
        secure=settings.is_https,
        httponly=True,
        samesite="lax",
    )
    return answer


def _sign_in_page(
    request: Request, query: Query, *, status: int = 200, is_signed_out: bool = False
) -> Response:
    settings: Settings = request.app.state.settings
    organisation: Organisation | None = request.app.state.organisation
    with transaction(request.app.state.engine) as session:
        who = who_asks(request, session)
        samples = asking.list_samples(session) if settings.is_demo else []
    next_path = next_of(query)
    answer = page(
        request,
        "sign_in.html",
        status=status,
        query=query,
        who=who,
        go_on=next_path or (first_page_of(who) if who else "/"),
        samples=[(row, joined(role_word(role) for role in row.roles)) for row in samples],
        next_path=next_path,
        organisation=organisation.name if organisation else None,
        organisation_address=f"/sign-in/oidc?{urlencode({'next': next_path})}",
        is_signed_out=is_signed_out,
    )
    # 422 is for what is wrong in a form; a wait is another thing.
    answer.status_code = status if status != 200 else answer.status_code
    answer.headers["cache-control"] = "no-store"
    return answer


def _wait(request: Request, form: Query, error: TooMany, *, field: str) -> Response:
    form.wrong(field, str(error))
    answer = _sign_in_page(request, form, status=TooMany.status)
    answer.headers["retry-after"] = str(error.seconds)
    return answer


@router.get("/sign-in")
def sign_in(request: Request) -> Response:
    """Show the ways in."""
    query = Query(request.query_params)
    return _sign_in_page(request, query, is_signed_out=query.is_ticked("signed_out"))


@router.post("/sign-in")
def sign_in_with_password(request: Request, form: Form) -> Response:
    """Sign in with a password."""
    email, password = read_email(form.text("email") or ""), form.secret("password")
    if email is None:
        form.wrong("email", NOT_AN_EMAIL)
    if not password:
        form.wrong("password", "Write your password, or ask for a link instead.")
    if email is None or not password or form.problems:
        return _sign_in_page(request, form)
    try:
        token = actions.sign_in_with_password(
            request.app.state.engine, email=email, password=password, browser=browser_of(request)
        )
    except TooMany as error:
        return _wait(
            request,
            form,
            TooMany(f"{error} Or use a link: it works straight away.", seconds=error.seconds),
            field="password",
        )
    if token is None:
        form.wrong(
            "password",
            "The address or the password is not right. Try again, or ask for a link instead.",
        )
        return _sign_in_page(request, form)
    return signed_in(request, token=token, next_path=next_of(form))


@router.post("/sign-in/link")
def ask_for_a_link(request: Request, form: Form) -> Response:
    """Send a link to an address; the same answer, in the same time, whether it is known or not."""
    settings: Settings = request.app.state.settings
    engine = request.app.state.engine
    email = read_email(form.text("email") or "")
    if email is None:
        form.wrong("link-email", NOT_AN_EMAIL)
        return _sign_in_page(request, form)
    try:
        actions.count_tries(engine, kind="link", email=email, client=browser_of(request).client)
    except TooMany as error:
        sentence = f"{error} The links sent before still work for 15 minutes each."
        return _wait(request, form, TooMany(sentence, seconds=error.seconds), field="link-email")
    wanted = {"email": email, "next_path": next_of(form)}
    shown, later = None, None
    if not settings.smtp_url and (settings.is_demo or settings.is_local):
        # While trying things out, on this machine: nobody else is there to read it.
        link = actions.make_link(engine, settings, **wanted)
        if link is not None:
            log.info("no mail server is set: a sign-in link", link=link.address)
            is_here = settings.is_local and is_at_this_machine(request)
            if is_here or (settings.is_demo and link.is_sample):
                shown = link.address
    else:
        later = BackgroundTask(actions.send_link, engine, settings, **wanted)
    answer = page(request, "link_sent.html", email=email, shown=shown, next_path=next_of(form))
    answer.headers["cache-control"] = "no-store"
    answer.background = later
    return answer


def _unusable_link(request: Request, *, is_used: bool = False, is_late: bool = False) -> Response:
    return page(request, "link_unusable.html", status=GONE, is_used=is_used, is_late=is_late)


@router.get("/sign-in/link/{token}")
def show_link(request: Request, token: str) -> Response:
    """Show a button: programs that look at every link in an e-mail must not use it up."""
    if len(token) > LONGEST_TOKEN:
        return _unusable_link(request)
    with transaction(request.app.state.engine) as session:
        who = who_asks(request, session)
        link = asking.find_link(session, digest=digest_of(token))
    if link is None or link.is_off:
        return _unusable_link(request)
    if link.is_used or link.is_late:
        return _unusable_link(request, is_used=link.is_used, is_late=link.is_late)
    answer = page(request, "link_button.html", name=link.name, who=who)
    answer.headers["cache-control"] = "no-store"
    return answer


@router.post("/sign-in/link/{token}")
def use_link(request: Request, token: str) -> Response:
    """Sign in by a link, once."""
    if len(token) > LONGEST_TOKEN:
        return _unusable_link(request)
    used = actions.use_link(request.app.state.engine, token=token, browser=browser_of(request))
    if used is None:
        # The same page says why.
        answer = show_link(request, token)
        return answer if answer.status_code == GONE else _unusable_link(request)
    opened, next_path = used
    return signed_in(request, token=opened, next_path=own_path(next_path))


@router.post("/sign-in/sample")
def sign_in_as_sample(request: Request, form: Form) -> Response:
    """Sign in as somebody made up; only in a demonstration, only as those."""
    settings: Settings = request.app.state.settings
    if not settings.is_demo:
        raise NotFound("There is nothing at this address.")
    token = actions.sign_in_as_sample(
        request.app.state.engine,
        account_id=read_uuid(form.text("account") or ""),
        browser=browser_of(request),
    )
    if token is None:
        raise NotFound("There is nothing at this address.")
    return signed_in(request, token=token, next_path=next_of(form))


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    """End this browser's session."""
    token = token_of(request)
    if token is not None:
        with transaction(request.app.state.engine) as session:
            actions.close_session(session, token=token)
    return signed_out(request)


def signed_out(request: Request) -> Response:
    """Return the answer to whoever has just signed out."""
    settings: Settings = request.app.state.settings
    answer = see_other("/sign-in?signed_out=yes")
    answer.delete_cookie(
        settings.cookie_name, path="/", secure=settings.is_https, httponly=True, samesite="lax"
    )
    return answer


# With an organisation's own account


def _organisation(request: Request) -> Organisation:
    organisation: Organisation | None = request.app.state.organisation
    if organisation is None:
        raise NotFound("There is nothing at this address.")
    return organisation


def _browser_cookie(settings: Settings) -> str:
    return f"{settings.cookie_name}-organisation"


@router.get("/sign-in/oidc")
def go_to_organisation(request: Request) -> Response:
    """Send the browser to the organisation's sign-in."""
    settings: Settings = request.app.state.settings
    organisation = _organisation(request)
    try:
        started = organisation.start()
    except (NotAllowed, Unavailable) as error:
        return _no_organisation(request, detail=str(error), status=error.status)
    secret = new_token()
    with transaction(request.app.state.engine) as session:
        asking.add_organisation_sign_in(
            session,
            state_digest=digest_of(started.state),
            browser_digest=digest_of(secret),
            nonce=started.nonce,
            code_verifier=started.code_verifier,
            next_path=next_of(Query(request.query_params)),
        )
    answer = see_other(started.address)
    answer.set_cookie(
        _browser_cookie(settings),
        secret,
        max_age=int(asking.ORGANISATION_LIMIT.total_seconds()),
        path="/",
        secure=settings.is_https,
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get("/sign-in/oidc/callback")
def back_from_organisation(request: Request) -> Response:
    """Sign in whoever comes back, if the organisation's answer can be trusted and we know them."""
    settings: Settings = request.app.state.settings
    organisation = _organisation(request)
    query = Query(request.query_params)
    state, code = query.secret("state"), query.secret("code", longest=4_000)
    secret = request.cookies.get(_browser_cookie(settings), "")
    with transaction(request.app.state.engine) as session:
        begun = asking.take_organisation_sign_in(
            session, state_digest=digest_of(state), browser_digest=digest_of(secret)
        )
    if begun is None or not secret or not code:
        sentence = "That sign-in was not finished, or took too long. Nobody was signed in."
        return _no_organisation(request, detail=sentence, status=BAD_REQUEST)
    try:
        claims = organisation.finish(
            code=code, nonce=begun.nonce, code_verifier=begun.code_verifier
        )
    except (NotAllowed, Unavailable) as error:
        return _no_organisation(request, detail=str(error), status=error.status)
    token = actions.sign_in_with_organisation(
        request.app.state.engine, claims=claims, browser=browser_of(request)
    )
    if token is None:
        return page(
            request,
            "organisation_unknown.html",
            status=NotAllowed.status,
            organisation=organisation.name,
            is_verified=claims.email is not None,
        )
    answer = signed_in(request, token=token, next_path=own_path(begun.next_path))
    answer.delete_cookie(
        _browser_cookie(settings), path="/", secure=settings.is_https, httponly=True,
        samesite="lax",
    )  # fmt: skip
    return answer


def _no_organisation(request: Request, *, detail: str, status: int) -> Response:
    return page(
        request,
        "organisation_failed.html",
        status=status,
        detail=detail,
        organisation=_organisation(request).name,
    )
