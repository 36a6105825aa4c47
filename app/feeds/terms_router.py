"""The addresses where editors say what other people's terms stand for."""

from __future__ import annotations

import re

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response

from app.accounts.access import ForEditors
from app.accounts.people import Work
from app.assets.schemas import Names
from app.errors import BadQuestion, NotFound
from app.feeds import terms_actions, terms_queries
from app.forms import Form
from app.interests.choosing import Choice, choose_interests
from app.models import TermStatus
from app.parameters import Query
from app.rendering import page, see_other

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)

ON_A_PAGE = 25
LARGEST_ID = 2**31 - 1
# The lists there are, by the word in the address.
LISTS = {
    TermStatus.GUESSED.value: "To look at",
    TermStatus.AGREED.value: "Agreed",
    TermStatus.IGNORED.value: "Ignored",
}


@router.get("/feeds/terms", include_in_schema=False)
def list_terms(request: Request, work: ForEditors) -> Response:
    """List what terms of other taxonomies stand for, those nobody has looked at first."""
    return _show(request, work, Query(request.query_params))


@router.post("/feeds/terms/{term_id}/agree", include_in_schema=False)
def agree(request: Request, term_id: str, work: ForEditors, form: Form) -> Response:
    """Take a guess for right."""
    number = _number(term_id)
    try:
        row = terms_actions.agree(work.session.connection(), term_id=number)
    except BadQuestion as error:
        form.wrong(error.field, str(error))
        return _show(request, work, form, opened=number)
    return _done(form, row)


@router.post("/feeds/terms/{term_id}/choose", include_in_schema=False)
def choose(request: Request, term_id: str, work: ForEditors, form: Form) -> Response:
    """Say in one's own words what a term stands for."""
    number = _number(term_id)
    connection = work.session.connection()
    if terms_queries.find_term(connection, term_id=number) is None:
        raise NotFound("There is no such term.")
    vocabulary = request.app.state.names.vocabulary.get(connection)
    # What was offered and ticked is a concept's own name.
    meant = [slug for slug in form.texts("meant") if slug in vocabulary]
    choice = choose_interests(connection, vocabulary, form)
    unsure = [one for one in choice.unsure if one.hits and not meant]
    if not (choice.taken or meant or choice.unsure):
        form.wrong("interest", "Write at least one interest, or ignore the term.")
    elif unsure:
        form.wrong("interest", f"Tick what “{unsure[0].said}” means, or write it another way.")
    if form.problems:
        return _show(request, work, form, opened=number, choice=choice)
    ids = [vocabulary.concept(slug).id for slug in {*choice.slugs, *meant}]
    return _done(form, terms_actions.choose(connection, term_id=number, interest_ids=ids))


@router.post("/feeds/terms/{term_id}/ignore", include_in_schema=False)
def ignore(term_id: str, work: ForEditors, form: Form) -> Response:
    """Let a term stand for nothing."""
    row = terms_actions.ignore(work.session.connection(), term_id=_number(term_id))
    return _done(form, row)


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text, re.ASCII) or int(text) > LARGEST_ID:
        raise NotFound("There is no such term.")
    return int(text)


def _list_of(query: Query) -> str:
    shown = query.typed("show")
    return shown if shown in LISTS else TermStatus.GUESSED.value


def _done(form: Query, row: sa.Row[object]) -> Response:
    return see_other(f"/feeds/terms?show={_list_of(form)}&done={row.id}")


def _show(
    request: Request,
    work: Work,
    query: Query,
    *,
    opened: int | None = None,
    choice: Choice | None = None,
) -> Response:
    """Return the page; `opened`: the term whose form had a problem."""
    connection = work.session.connection()
    names: Names = request.app.state.names.get(connection)
    shown, number, taxonomy = _list_of(query), query.page(), query.text("taxonomy")
    rows = list(
        terms_queries.list_terms(
            connection, status=shown, taxonomy=taxonomy,
            limit=ON_A_PAGE + 1, offset=(number - 1) * ON_A_PAGE,
        )
    )  # fmt: skip
    has_more, rows = len(rows) > ON_A_PAGE, rows[:ON_A_PAGE]
    if opened is not None and opened not in {row.id for row in rows}:
        found = terms_queries.find_term(connection, term_id=opened)
        rows = [found, *rows] if found is not None else rows
    done = query.typed("done")
    done_id = int(done) if re.fullmatch(r"[0-9]{1,9}", done, re.ASCII) else 0
    return page(
        request,
        "feed_terms.html",
        query=query,
        rows=rows,
        shown=shown,
        lists=LISTS,
        counts=terms_queries.count_terms(connection),
        taxonomies=terms_queries.list_taxonomies(connection),
        taxonomy=taxonomy,
        done=terms_queries.find_term(connection, term_id=done_id) if done_id else None,
        opened=opened,
        choice=choice,
        number=number,
        has_more=has_more,
        said_interests=names.interest_labels,
    )
