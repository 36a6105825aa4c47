"""The addresses of the week and of the calendar feed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence

from fastapi import APIRouter, Request, Response

from app.accounts.access import ForTeam
from app.accounts.queries import record
from app.accounts.tokens import LONGEST_TOKEN
from app.activities.clock import say_clock
from app.calendars.writing import is_known
from app.connections import calendar_actions as actions
from app.connections import calendar_queries as queries
from app.connections.calendar_feed import stamp_of, write_feed
from app.connections.date_changes import FARTHEST_YEARS, is_plausible, state_of
from app.database import transaction
from app.errors import NotFound
from app.parameters import Query, today
from app.rendering import Format, csv_answer, format_of, page, see_other
from app.words import short_day

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)

_TOKEN = re.compile(f"[A-Za-z0-9_-]{{32,{LONGEST_TOKEN}}}", re.ASCII)
CSV_COLUMNS = (
    "day", "starts", "ends", "what", "who comes or where", "address", "welcomed by", "ask for",
    "phone", "status", "changed", "bank holiday",
)  # fmt: skip


def _monday(query: Query) -> dt.date:
    now = today()
    asked = query.date("from")
    if asked is not None and not is_plausible(asked, today=now):
        query.wrong("from", f"Choose a day within {FARTHEST_YEARS} years of today.")
        asked = None
    return actions.monday_of(asked or now)


@router.get("/week", include_in_schema=False)
@router.get("/week.csv", include_in_schema=False)
def show_week(request: Request, work: ForTeam) -> Response:
    """Show what is on in one week: at the home, or where people go from it."""
    query = Query(request.query_params)
    monday = _monday(query)
    is_csv = format_of(request) is Format.CSV
    if is_csv:
        query.refuse_problems()
    days = actions.list_week(work.session, team_id=work.team.id, monday=monday)
    if is_csv:
        record(
            work.session, account_id=work.person.account_id, team_id=work.team.id,
            action="export", subject="connections",
        )  # fmt: skip
        return csv_answer(CSV_COLUMNS, _rows(days), name=f"week-{monday}")
    settings = request.app.state.settings
    token = queries.find_token(work.session, team_id=work.team.id)
    return page(
        request,
        "week.html",
        query=query,
        days=days,
        monday=monday,
        sunday=monday + dt.timedelta(days=6),
        today=today(),
        this_monday=actions.monday_of(today()),
        previous_monday=monday - actions.WEEK,
        next_monday=monday + actions.WEEK,
        state_of=state_of,
        feed_address=f"{settings.base_url}/calendar/{token}.ics" if token else None,
    )


def _rows(days: Sequence[actions.Day]) -> Iterator[Sequence[object]]:
    for day in days:
        for dated in day.dates:
            one, date = dated.connection, dated.occurrence
            changed = "cancelled" if date.is_cancelled else ""
            if date.is_moved:
                changed = f"moved from {short_day(date.was_on)}, {say_clock(date.was_at)}"
            yield (
                day.on, f"{date.opens_at:%H:%M}",
                f"{date.closes_at:%H:%M}" if date.closes_at else None,
                one.title, one.place_name, None if one.is_visit else one.place_address,
                one.welcomed_by, one.contact_name, one.phone,
                "agreed" if dated.is_agreed else "not agreed yet", changed, day.bank_holiday,
            )  # fmt: skip


@router.post("/week/address", include_in_schema=False)
def replace_address(work: ForTeam) -> Response:
    """Make the calendar a secret address, or a new one in place of the old."""
    actions.replace_address(work.session, team_id=work.team.id)
    return see_other("/week#calendar")


@router.get("/calendar/{token}.ics", include_in_schema=False)
def show_feed(request: Request, token: str) -> Response:
    """Show a team's calendar to whoever knows its address: what, when and where, nobody's data."""
    state = request.app.state
    feed = None
    # Nothing else can be a token: no question to the database for a guess.
    if _TOKEN.fullmatch(token):
        with transaction(state.engine) as session:
            feed = actions.read_feed(session, token=token)
    if feed is None:
        raise NotFound("There is nothing at this address.")
    settings, now = state.settings, today()
    stamp = stamp_of(feed, base_url=settings.base_url, today=now)
    headers = {"etag": stamp, "cache-control": "private, no-cache"}
    if is_known(stamp, asked=request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    text = write_feed(feed, base_url=settings.base_url, service=settings.name, today=now)
    return Response(text, media_type="text/calendar; charset=utf-8", headers=headers)
