"""The addresses of one's own account: name, password, teams, and where one is signed in."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.accounts import actions, passwords, people_queries
from app.accounts import sign_in_queries as asking
from app.accounts.access import SignedIn
from app.accounts.people import Work
from app.accounts.roles import in_words
from app.accounts.sign_in_pages import browser_of, signed_out
from app.errors import Conflict, NotAllowed, NotFound, TooMany
from app.forms import Form
from app.parameters import Query, read_uuid
from app.rendering import page, see_other

router = APIRouter(default_response_class=Response)

WAYS = {
    "link": "by a link",
    "password": "with your password",
    "organisation": "with your organisation’s account",
    "invitation": "by an invitation",
    "sample": "in the demonstration",
}


def _account_page(
    request: Request, work: Work, *, query: Query | None = None, status: int = 200
) -> Response:
    person, session = work.person, work.session
    names = people_queries.ward_names(
        session, codes=[code for held in person.held for code in held.ward_codes]
    )
    teams = {team.id: team.name for team in person.teams}
    account = asking.find_account_by_id(session, account_id=person.account_id)
    answer = page(
        request,
        "account.html",
        status=status,
        query=query,
        account=account,
        roles=[
            in_words(held.role, teams.get(held.team_id) if held.team_id else None,
                     held.ward_codes, names)
            for held in person.held
        ],
        sessions=asking.list_sessions(session, account_id=person.account_id),
        ways=WAYS,
        has_password=bool(account and account.password_hash),
        is_fresh=_is_fresh(work),
        done=Query(request.query_params).text("done") if query is None else None,
    )  # fmt: skip
    answer.status_code = status if status != 200 else answer.status_code
    return answer


def _is_fresh(work: Work) -> bool:
    return asking.is_fresh_from_a_link(
        work.session, session_id=work.person.session_id, within=actions.FRESH
    )


@router.get("/account")
def account(request: Request, work: SignedIn) -> Response:
    """Show one's own account."""
    return _account_page(request, work)


@router.post("/account/name")
def change_name(request: Request, form: Form, work: SignedIn) -> Response:
    """Change what one is called."""
    name = form.text("name")
    if name is None:
        form.wrong("name", "Write your name, as colleagues know you.")
    version = form.whole_number("version", low=1, high=2_000_000_000, default=0)
    if name is None or form.problems:
        return _account_page(request, work, query=form)
    if not asking.set_name(
        work.session, account_id=work.person.account_id, name=name, version=version
    ):
        raise Conflict(
            "Your account was changed on another device in the meantime. Nothing was overwritten:"
            " open “My account” again and change your name there."
        )
    return see_other("/account?done=name")


@router.post("/account/password")
def change_password(request: Request, form: Form, work: SignedIn) -> Response:
    """Set a password, or change it."""
    person, session = work.person, work.session
    new = form.secret("new_password")
    account = asking.find_account_by_id(session, account_id=person.account_id)
    password_hash = account.password_hash if account else None
    if password_hash is not None and not _is_fresh(work):
        try:
            tries = actions.count_tries_in(
                session,
                kind="password",
                email=person.email,
                client=browser_of(request).client,
            )
        except TooMany as error:
            form.wrong("password", str(error))
            return _account_page(request, work, query=form, status=TooMany.status)
        is_right, _ = passwords.check_password(form.secret("password"), password_hash)
        if is_right:
            asking.take_back_tries(session, ids=tries)
        else:
            form.wrong("password", "That is not your password now. Try again.")
    wrong = passwords.what_is_wrong_with(
        new, name=person.name, email=person.email, service=request.app.state.settings.name
    )
    if wrong is not None:
        form.wrong("new_password", wrong)
    if form.problems:
        return _account_page(request, work, query=form)
    actions.change_password(
        session, account_id=person.account_id, session_id=person.session_id, password=new
    )
    return see_other("/account?done=password")


@router.post("/account/team")
def choose_team(form: Form, work: SignedIn) -> Response:
    """Work in another of one's teams from now on."""
    team_id = read_uuid(form.text("team") or "")
    if team_id not in {team.id for team in work.person.teams}:
        raise NotFound("There is nothing at this address.")
    asking.choose_team(work.session, session_id=work.person.session_id, team_id=team_id)
    return see_other("/today")


@router.post("/account/sessions/end")
def end_all(request: Request, work: SignedIn) -> Response:
    """Sign out everywhere, here too."""
    actions.sign_out_everywhere(work.session, account_id=work.person.account_id)
    return signed_out(request)


@router.post("/account/sessions/{session_id}/end")
def end_one(session_id: str, work: SignedIn) -> Response:
    """Sign out on one device."""
    number = read_uuid(session_id)
    if number == work.person.session_id:
        raise NotAllowed("That is this device: use “Sign out” instead.")
    if not asking.end_session(work.session, session_id=number, account_id=work.person.account_id):
        raise NotFound("There is nothing at this address.")
    return see_other("/account?done=session#sessions")
