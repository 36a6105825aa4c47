"""The addresses of who works here: who they are, inviting them, ending what they may do."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from app.accounts import invitation_queries, invitations, people_queries, teams
from app.accounts.access import ForAdministrators, ForInviters
from app.accounts.mail import read_email
from app.accounts.people import Work
from app.accounts.roles import OF_A_HOME, ROLE_WORDS, in_words
from app.errors import BadQuestion, NotSent
from app.forms import Form
from app.models import Role
from app.parameters import Query, read_uuid
from app.rendering import page, see_other
from app.settings import Settings

router = APIRouter(default_response_class=Response)

ON_A_PAGE = 50
MOST_INVITATIONS = 200


def _people_page(request: Request, work: Work, *, form: Query | None = None) -> Response:
    person, session = work.person, work.session
    # What narrows the list stands in the address, whatever a form on the page has sent.
    asked = Query(request.query_params)
    is_all = person.is_administrator
    team = None if is_all else person.team
    number, words = asked.page(), (asked.text("q") or "") if is_all else ""
    members = people_queries.list_members(
        session,
        team_id=team.id if team else None,
        words=words,
        limit=ON_A_PAGE + 1,
        offset=(number - 1) * ON_A_PAGE,
    )
    invited = invitation_queries.list_invitations(
        session, team_id=team.id if team else None, limit=MOST_INVITATIONS
    )
    codes = {code for row in (*members, *invited) for code in row.ward_codes}
    names = people_queries.ward_names(session, codes=list(codes))
    return page(
        request,
        "people.html",
        query=form if form is not None else asked,
        members=[(row, in_words(row.role, row.team_name, row.ward_codes, names))
                 for row in members[:ON_A_PAGE]],
        invited=[(row, in_words(row.role, row.team_name, row.ward_codes, names))
                 for row in invited],
        has_more=len(members) > ON_A_PAGE,
        number=number,
        words=words,
        is_all=is_all,
        team=team,
        roles=_role_items(is_all=is_all),
        done=asked.text("done") if form is None else None,
    )  # fmt: skip


def _role_items(*, is_all: bool) -> list[dict[str, Any]]:
    roles = Role if is_all else OF_A_HOME
    return [
        {
            "value": role.value,
            "text": ROLE_WORDS[role][0].capitalize(),
            "hint": {"text": ROLE_WORDS[role][1].capitalize() + "."},
        }
        for role in roles
    ]


@router.get("/people")
def people(request: Request, work: ForInviters) -> Response:
    """List who works here and who is invited."""
    return _people_page(request, work)


@router.post("/people/invitations")
def invite(request: Request, form: Form, work: ForInviters) -> Response:
    """Invite somebody: by e-mail, or by a link to pass on where no mail server is set."""
    settings: Settings = request.app.state.settings
    person = work.person
    email = read_email(form.text("email") or "")
    if email is None:
        form.wrong("email", "Write their e-mail address, like name@example.org.")
    grant = invitations.grant_asked_for(work.session, form, person=person)
    if email is None or grant is None or form.problems:
        return _people_page(request, work, form=form)
    names = people_queries.ward_names(work.session, codes=grant.ward_codes)
    what_for = in_words(grant.role, grant.team_name, grant.ward_codes, names)
    try:
        # What cannot be sent was not made.
        with work.session.begin_nested():
            token = invitations.invite(
                work.session, email=email, grant=grant, invited_by=person.account_id
            )
            if settings.smtp_url:
                invitations.send_invitation(
                    settings, email=email, token=token, what_for=what_for, invited_by=person.name
                )
    except BadQuestion as problem:
        form.wrong(problem.field, str(problem))
        return _people_page(request, work, form=form)
    except NotSent as error:
        form.wrong("email", f"{error} Nobody was invited.")
        return _people_page(request, work, form=form)
    link = None if settings.smtp_url else invitations.invitation_link(settings, token)
    return page(request, "invitation_made.html", email=email, what_for=what_for, link=link)


@router.post("/people/invitations/{invitation_id}/withdraw")
def withdraw(invitation_id: str, work: ForInviters) -> Response:
    """Withdraw an invitation that nobody has used."""
    invitations.withdraw(work.session, invitation_id=read_uuid(invitation_id), person=work.person)
    return see_other("/people?done=withdrawn#invited")


@router.post("/people/teams")
def make_team(request: Request, form: Form, work: ForAdministrators) -> Response:
    """Make the team of a care home on the map, or one of community connectors."""
    kind, name = form.words("kind", ["home", "connectors"]), form.text("team_name")
    if not kind:
        form.wrong("kind", "Choose whom the team works with.")
    if name is None:
        form.wrong("team_name", "Write the name of the care home, or of the connectors’ team.")
    if name is None or form.problems:
        return _people_page(request, work, form=form)
    try:
        if kind == ["home"]:
            teams.team_named(work.session, name=name, role=Role.MANAGER)
        else:
            teams.make_connectors(work.session, name=name)
    except BadQuestion as problem:
        form.wrong("team_name", str(problem))
        return _people_page(request, work, form=form)
    return see_other("/people?done=team")


@router.post("/people/memberships/{membership_id}/end")
def end_membership(request: Request, membership_id: str, form: Form, work: ForInviters) -> Response:
    """End what somebody may do here: first the page that says what that means, then it is done."""
    ending = invitations.look_at_ending(
        work.session, membership_id=read_uuid(membership_id), person=work.person
    )
    if form.is_ticked("is_confirmed") and ending.is_last and not form.is_ticked("is_understood"):
        form.wrong("is_understood", "Tick the box if you mean it.")
    if not form.is_ticked("is_confirmed") or form.problems:
        member = ending.member
        names = people_queries.ward_names(work.session, codes=member.ward_codes)
        return page(
            request,
            "membership_end.html",
            query=form,
            ending=ending,
            role=in_words(member.role, member.team_name, member.ward_codes, names),
        )
    invitations.end_membership(work.session, ending)
    return see_other("/account" if ending.is_oneself else "/people?done=ended")
