"""Feeds on pages, for editors: how each is doing, adding one, changing, pausing, deleting it."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import QueryParams

from app.accounts.access import ForEditors
from app.accounts.people import Work
from app.errors import BadQuestion, NotFound
from app.feeds import adding, queries, words
from app.feeds.adding import Draft
from app.feeds.looking import Look, look
from app.fetching.client import Fetcher
from app.forms import Form, read_form
from app.jobs.asking import FIRST, ask_for_feed
from app.models import FeedKind
from app.parameters import Query
from app.rendering import page, see_other

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)

MOST_RUNS, MOST_PROBLEMS, MOST_NAMED = 20, 50, 6
LONGEST_ADDRESS = 2_000
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
SAID = {
    "added": "The feed is added. It is being read for the first time: this takes a moment.",
    "changed": "Changed. It is read again from the start.",
    "asked": "It will be read in a moment.",
    "waits": "It is in the queue already and will be read in a moment.",
    "paused": "Paused. What it brought stays on the map and grows older.",
    "resumed": "It is read again.",
    "deleted": "The feed is deleted, and what it brought is marked as gone.",
}


def _now() -> dt.datetime:
    return dt.datetime.now(tz=dt.UTC)


@router.get("/feeds", include_in_schema=False)
def list_feeds(request: Request, work: ForEditors) -> Response:
    """List the feeds and how each is doing."""
    query = Query(request.query_params)
    return page(
        request,
        "feeds.html",
        query=query,
        feeds=queries.list_feeds(work.session),
        said=SAID.get(query.typed("said")),
        words=words,
        now=_now(),
    )


@router.get("/feeds/new", include_in_schema=False)
def new_feed(request: Request, work: ForEditors) -> Response:  # noqa: ARG001 - editors only
    """Show the form for a feed."""
    return _form(request, Query(request.query_params))


@router.post("/feeds/new", include_in_schema=False)
def add_feed(request: Request, form: Form, work: ForEditors) -> Response:
    """Try an address out, or add the feed."""
    draft = _draft(work, form)
    if form.has("try"):
        seen = None
        if "url" not in form.problems and "kind" not in form.problems:
            seen = look(Fetcher.of(request.app.state.settings), draft.kind, draft.url)
            form.problems.clear()
        return _form(request, form, seen=seen)
    if form.problems:
        return _form(request, form)
    try:
        feed_id = adding.add(work.session, draft)
    except BadQuestion as problem:
        form.wrong(problem.field, str(problem))
        return _form(request, form)
    ask_for_feed(work.session, feed_id, priority=FIRST)
    return see_other(f"/feeds/{feed_id}?said=added")


def _form(request: Request, form: Query, *, seen: Look | None = None) -> Response:
    return page(request, "feed_new.html", query=form, words=words, seen=seen)


def _draft(work: Work, form: Query, feed: sa.Row[Any] | None = None) -> Draft:
    """Return what a form says; what is missing is said beside its field."""
    kind = FeedKind(feed.kind) if feed else None
    if kind is None:
        chosen = form.words("kind", [one.value for one in FeedKind])
        if not chosen:
            form.wrong("kind", "Choose what kind of feed it is.")
        kind = FeedKind(chosen[0]) if chosen else FeedKind.ORUK
    addresses = form.texts("url", longest=LONGEST_ADDRESS)
    if len(addresses) != 1:
        form.wrong("url", "Write the address of the feed.")
    every = form.whole_number("every_hours", low=1, high=744, default=24)
    publisher, licence = form.text("publisher"), form.text("licence") or ""
    if publisher is None:
        form.wrong("publisher", "Write whose it is: they are named with its facts.")
    if licence == words.OTHER:
        licence = form.text("licence_name") or ""
        if not licence:
            form.wrong("licence_name", "Write the name of the licence.")
        if form.text("attribution") is None:
            form.wrong("attribution", "Write whom to name, as its licence asks.")
    elif licence not in words.LICENCES:
        form.wrong("licence", "Choose its licence. The publisher’s page says which it is.")
    organizer_id = feed.organizer_id if feed else None
    if feed is None and kind is FeedKind.ICAL:
        organizer_id = _organizer(work, form)
    return Draft(
        kind, addresses[0] if addresses else "", publisher or "", licence, form.text("name"),
        form.text("attribution"), organizer_id, every,
    )  # fmt: skip


def _organizer(work: Work, form: Query) -> uuid.UUID | None:
    """Return whose calendar it is: named, or by the address of its page."""
    typed = form.text("organizer")
    if typed is None:
        form.wrong("organizer", "Say whose calendar it is: a group on the map.")
        return None
    by_id = _UUID.search(typed)
    if by_id:
        row = queries.find_organizer(work.session, asset_id=uuid.UUID(by_id[0]))
        found = [row] if row else []
    else:
        found = list(queries.find_organizers(work.session, words=typed, limit=MOST_NAMED))
    if len(found) == 1:
        found_id: uuid.UUID = found[0].id
        return found_id
    form.wrong(
        "organizer",
        "More than one place has this name. Open the right one on the map and paste the address of"
        " its page."
        if found
        else "Nothing on the map has this name. Write it as the map does, or paste the address of"
        " its page.",
    )
    return None


def _find(work: Work, feed_id: str) -> sa.Row[Any]:
    number = int(feed_id) if feed_id.isascii() and feed_id.isdigit() and len(feed_id) < 10 else 0
    feed = queries.find_feed(work.session, feed_id=number)
    if feed is None:
        raise NotFound("There is no such feed. It may have been deleted.")
    return feed


@router.get("/feeds/{feed_id}", include_in_schema=False)
def show_feed(request: Request, feed_id: str, work: ForEditors) -> Response:
    """Show one feed: how it is doing, what it brought, and what can be done about it."""
    return _show(request, work, _find(work, feed_id))


def _show(
    request: Request,
    work: Work,
    feed: sa.Row[Any],
    *,
    form: Query | None = None,
    seen: Look | None = None,
) -> Response:
    asked = Query(request.query_params)
    return page(
        request,
        "feed.html",
        query=form if form is not None else asked,
        is_typed=form is not None and form.has("url"),
        feed=feed,
        seen=seen,
        said=SAID.get(asked.typed("said")) if form is None else None,
        brought=queries.count_brought(work.session, feed_id=feed.id),
        runs=queries.list_import_runs(work.session, feed_id=feed.id, limit=MOST_RUNS),
        rows_to_look_at=queries.list_problems(work.session, feed_id=feed.id, limit=MOST_PROBLEMS),
        words=words,
        now=_now(),
    )


@router.post("/feeds/{feed_id}", include_in_schema=False)
def change_feed(request: Request, feed_id: str, form: Form, work: ForEditors) -> Response:
    """Change where a feed is and on whose terms; or try its new address out."""
    feed = _find(work, feed_id)
    draft = _draft(work, form, feed)
    if form.has("try") and "url" not in form.problems:
        form.problems.clear()
        seen = look(Fetcher.of(request.app.state.settings), draft.kind, draft.url)
        return _show(request, work, feed, form=form, seen=seen)
    if not form.problems:
        try:
            adding.change(work.session, feed.id, draft)
        except BadQuestion as problem:
            form.wrong(problem.field, str(problem))
    if form.problems:
        return _show(request, work, feed, form=form)
    if feed.is_on:
        ask_for_feed(work.session, feed.id, priority=FIRST)
    return see_other(f"/feeds/{feed.id}?said=changed")


async def _read_if_sent(request: Request) -> Query:
    """Return what a form sent; a button alone may send no form at all."""
    if "content-type" not in request.headers:
        return Query(QueryParams())
    return await read_form(request)


MaybeForm = Annotated[Query, Depends(_read_if_sent)]


@router.post("/feeds/{feed_id}/run", include_in_schema=False)
def run_feed(feed_id: str, form: MaybeForm, work: ForEditors) -> Response:
    """Ask for a feed to be read now; where that is ticked, also if more than half of it is gone."""
    feed = _find(work, feed_id)
    may_shrink = form.is_ticked("may_shrink")
    is_new = ask_for_feed(work.session, feed.id, priority=FIRST, may_shrink=may_shrink)
    return see_other(f"/feeds/{feed.id}?said={'asked' if is_new else 'waits'}")


@router.post("/feeds/{feed_id}/pause", include_in_schema=False)
def pause_feed(feed_id: str, work: ForEditors) -> Response:
    """Pause a feed; what it brought stays."""
    feed = _find(work, feed_id)
    queries.set_on(work.session, feed_id=feed.id, is_on=False)
    return see_other(f"/feeds/{feed.id}?said=paused")


@router.post("/feeds/{feed_id}/resume", include_in_schema=False)
def resume_feed(feed_id: str, work: ForEditors) -> Response:
    """Go on with a feed that was paused."""
    feed = _find(work, feed_id)
    queries.set_on(work.session, feed_id=feed.id, is_on=True)
    return see_other(f"/feeds/{feed.id}?said=resumed")


@router.post("/feeds/{feed_id}/delete", include_in_schema=False)
def delete_feed(request: Request, feed_id: str, form: Form, work: ForEditors) -> Response:
    """Delete a feed, once that is confirmed; what it brought is marked as gone."""
    feed = _find(work, feed_id)
    if not form.is_ticked("is_understood"):
        form.wrong("is_understood", "Tick the box if you mean it.")
    elif not queries.take_for_change(work.session, feed_id=feed.id):
        form.wrong("is_understood", "It is being read just now. Try again in a moment.")
    if form.problems:
        return _show(request, work, feed, form=form)
    queries.delete_feed(work.session, feed_id=feed.id)
    return see_other("/feeds?said=deleted")
