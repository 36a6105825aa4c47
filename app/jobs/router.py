"""Jobs on a page, for administrators: what runs, what waits, what came of it, what is due."""

from __future__ import annotations

import datetime as dt

from fastapi import APIRouter, Request, Response

from app.accounts.access import ForAdministrators
from app.accounts.people import Work
from app.forms import Form
from app.jobs import queries, wording
from app.jobs.asking import FIRST, ask
from app.jobs.kinds import KINDS
from app.parameters import Query
from app.rendering import page, see_other

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)

ON_A_PAGE, MOST_WAITING = 30, 50
LOOK_AGAIN_S = 5
SAID = {
    "asked": "It is in the queue and begins in a moment.",
    "waits": "It is in the queue already.",
}


@router.get("/jobs", include_in_schema=False)
def list_jobs(request: Request, work: ForAdministrators) -> Response:
    """Show what runs, what waits, when what is due, and what came of the last jobs."""
    return _show(request, work, Query(request.query_params))


@router.post("/jobs", include_in_schema=False)
def run_job(request: Request, form: Form, work: ForAdministrators) -> Response:
    """Ask for a job to be done now."""
    named = [kind.name for kind in KINDS.values() if kind.is_for_a_button]
    chosen = form.words("job", named)
    if not chosen:
        form.wrong("job", "Choose a job from the list.")
    if form.problems:
        form.problems["job"] = "Choose a job from the list."
        return _show(request, work, form)
    kind = KINDS[chosen[0]]
    is_new = ask(work.session, kind.name, lock=kind.lock, priority=FIRST)
    return see_other(f"/jobs?said={'asked' if is_new else 'waits'}")


def _show(request: Request, work: Work, query: Query) -> Response:
    session = work.session
    asked = Query(request.query_params)
    number, which = asked.page(), asked.typed("show")
    which = which if which in queries.WHICH else ""
    running = queries.list_running(session)
    waiting = queries.list_waiting(session, limit=MOST_WAITING)
    rows = queries.list_runs(
        session, limit=ON_A_PAGE + 1, offset=(number - 1) * ON_A_PAGE, which=which
    )
    last = queries.last_runs(session)
    now = dt.datetime.now(tz=dt.UTC)
    has_worker = queries.has_worker(session)
    soon = [row for row in waiting if row.scheduled_at is None or row.scheduled_at <= now]
    # Only while something happens, and on the first page: nobody's reading is interrupted, and
    # whoever wants to can keep it still.
    is_refreshing = (
        bool(running or (soon and has_worker)) and number == 1 and not asked.is_ticked("still")
    )
    answer = page(
        request,
        "jobs.html",
        query=query,
        has_worker=has_worker,
        running=running,
        waiting=waiting,
        rows=rows[:ON_A_PAGE],
        has_more=len(rows) > ON_A_PAGE,
        number=number,
        which=which,
        schedule=[
            (kind, last.get(kind.name), wording.next_run(kind, now))
            for kind in KINDS.values()
            if kind.is_for_a_button
        ],
        said=SAID.get(asked.typed("said")),
        is_refreshing=is_refreshing,
        wording=wording,
    )
    if is_refreshing:
        answer.headers["refresh"] = f"{LOOK_AGAIN_S}; url=/jobs"
    return answer
