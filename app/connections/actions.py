"""What a team does with a connection: open it, look at it, change it, note something."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from app.accounts.people import TeamWork
from app.accounts.queries import record
from app.activities.schedules import describe, has_ended
from app.assets.queries import list_schedules
from app.connections import edit_queries, fields, queries, visit_queries
from app.connections.merging import Clash, merge, merge_sets, read_edit
from app.connections.script import Draft, Matter, Script, draft_for, script_for
from app.connections.wording import QUICK_DAYS, when_they_answer
from app.errors import BadQuestion, NotFound
from app.parameters import Query, read_uuid, today
from app.words import about_the_place
from geo.interests import Vocabulary

LONGEST_REASON = 600
MOST_PEOPLE = 300
NO_YES = ("", "0", "false", "no", "off")
# One answer for what never was, has gone, and is another team's.
NOTHING_HERE = "There is nothing at this address."
PLACE_GONE = "This place or activity is not on the map any more. Go back and find another match."
PEOPLE_GONE = (
    "One of these people is not here any more, so nothing was saved. Go back to your list and"
    " choose again."
)
SOMEBODY_GONE = "One of them is not here any more. The others are still ticked: save again."


class Done(NamedTuple):
    """What came of a change: the word for the page, or what two people changed at once."""

    said: str = "saved"
    clashes: tuple[Clash, ...] = ()
    version: int = 0


@dataclass(frozen=True, slots=True)
class Details:
    """A connection as its page shows it."""

    connection: sa.Row[Any]
    people: Sequence[sa.Row[Any]]
    visits: Sequence[sa.Row[Any]]
    notes: Sequence[sa.Row[Any]]
    when: tuple[str, ...]
    script: Script
    draft: Draft
    answers: str | None


def connect(work: TeamWork, vocabulary: Vocabulary, form: Query) -> tuple[uuid.UUID, str]:
    """Turn a match into a connection; return its id, and "new" or "already".

    Raises NotFound when the place, the activity or a person is not there (any more), BadQuestion
    for an interest we do not know.
    """
    asset_id, activity_id = form.identifier("asset_id"), form.identifier("activity_id")
    reasons = about_the_place(form.texts("reason", longest=LONGEST_REASON))
    slugs = form.texts("interest")
    references = form.texts("reference", most=MOST_PEOPLE)
    form.refuse_problems()
    if any(slug not in vocabulary for slug in slugs):
        raise BadQuestion("We do not know one of the interests.", field="interest")
    place = queries.find_place(work.session, asset_id=asset_id) if asset_id else None
    if place is None:
        raise NotFound(PLACE_GONE)
    about = place
    if activity_id is not None:
        activity = queries.find_activity(work.session, activity_id=activity_id, asset_id=place.id)
        if activity is None:
            raise NotFound(PLACE_GONE)
        about = activity
    found = edit_queries.find_residents(work.session, team_id=work.team.id, references=references)
    if len(found) < len(references):
        raise NotFound(PEOPLE_GONE)
    opened = queries.open_connection(
        work.session,
        team_id=work.team.id,
        owner_id=work.person.account_id,
        asset_id=place.id,
        activity_id=activity_id,
        title=about.name,
        is_visit=form.typed("is_visit").strip().lower() not in NO_YES,
        interest_ids=[vocabulary.concept(slug).id for slug in slugs],
        reasons=reasons,
        resident_ids=list(found.values()),
    )
    return opened.id, "new" if opened.is_new else "already"


def get_details(work: TeamWork, connection_id: uuid.UUID) -> Details:
    """Return a connection, and write down whose references were shown; raises NotFound."""
    session = work.session
    found = queries.find_connection(session, team_id=work.team.id, connection_id=connection_id)
    if found is None:
        raise NotFound(NOTHING_HERE)
    people = edit_queries.list_people(session, team_id=work.team.id, connection_id=connection_id)
    visits = visit_queries.list_visits(session, connection_id=connection_id)
    record_shown(work, people, {one for visit in visits for one in visit.came})
    when = _when(work, found)
    matter = Matter(
        caller=work.person.name,
        team_name=work.team.name,
        is_home=work.team.is_home,
        title=found.title,
        is_visit=found.is_visit,
        reasons=found.reasons,
        when=when,
        cost_pence=found.cost_pence,
        contact_name=found.contact_name,
        team_phone=found.team_phone,
    )
    return Details(
        connection=found,
        people=people,
        visits=visits,
        notes=edit_queries.list_notes(session, connection_id=connection_id),
        when=when,
        script=script_for(matter),
        draft=draft_for(matter),
        answers=when_they_answer(found.opening_hours, today()),
    )


def record_shown(work: TeamWork, people: Sequence[sa.Row[Any]], came: set[str]) -> None:
    """Write into the audit log that references were shown.

    One entry for each resident the connection is about, and one for the list of all others: a
    page of ticks is no reading of each of sixty residents.
    """
    about = [one.id for one in people if one.is_for or one.reference in came]
    if len(about) < len(people):
        about.append(None)
    for resident_id in about:
        record(
            work.session,
            account_id=work.person.account_id,
            team_id=work.team.id,
            action="read",
            subject="residents",
            subject_id=resident_id,
        )


def _when(work: TeamWork, found: sa.Row[Any]) -> tuple[str, ...]:
    if found.activity_id is None or found.is_activity_gone:
        return ()
    schedules = list_schedules(work.session.connection(), activity_ids=[found.activity_id])
    given = schedules.get(found.activity_id, ())
    current = [one for one in given if not has_ended(one, today())] or given
    return tuple(describe(one) for one in current)


def lock(work: TeamWork, connection_id: uuid.UUID) -> sa.Row[Any]:
    """Return a connection's values and keep colleagues waiting; raises NotFound."""
    found = edit_queries.lock_connection(
        work.session, team_id=work.team.id, connection_id=connection_id
    )
    if found is None:
        raise NotFound(NOTHING_HERE)
    return found


def edit(work: TeamWork, connection_id: uuid.UUID, form: Query) -> Done:
    """Change what a form holds of a connection; with problems in the form nothing is changed."""
    now = lock(work, connection_id)
    wanted = read_edit(form, fields.CONNECTION)
    _quick_day(form, wanted.mine)
    if wanted.mine.get("next_step_on") and not wanted.mine.get("next_step"):
        form.wrong("next_step", "Next step: say what you will do on that day.")
    if form.is_ticked("done"):
        wanted.mine |= {"next_step": "", "next_step_on": ""}
    people = _read_people(work, form, connection_id) if form.has("for_people") else None
    if form.problems:
        return Done()
    merged = merge(wanted, now=now, fields=fields.CONNECTION)
    if merged.clashes:
        return Done(clashes=merged.clashes, version=now.version)
    if people:
        _set_people(work, connection_id, *people)
    if not merged.changes:
        return Done()
    edit_queries.update_connection(
        work.session, connection_id=connection_id, version=now.version, changes=merged.changes
    )
    if form.is_ticked("done"):
        if now.next_step:
            _note(work, connection_id, f"Done: {now.next_step}")
        return Done("done")
    if merged.is_changed_meanwhile:
        return Done("merged")
    day = merged.changes.get("next_step_on")
    return Done("past" if day and day < today().isoformat() else "saved")


def _quick_day(form: Query, mine: dict[str, str]) -> None:
    for days in form.words("in_days", QUICK_DAYS)[:1]:
        # The button says the day, whatever stands in the field.
        form.problems.pop("next_step_on", None)
        mine["next_step_on"] = (today() + dt.timedelta(days=int(days))).isoformat()


def _read_people(
    work: TeamWork, form: Query, connection_id: uuid.UUID
) -> tuple[list[uuid.UUID], list[uuid.UUID]] | None:
    """Return the ids of whom a form adds to a connection, and of whom it takes out."""
    people = edit_queries.list_people(
        work.session, team_id=work.team.id, connection_id=connection_id
    )
    return read_ticks(form, people, now={one.reference for one in people if one.is_for})


def read_ticks(
    form: Query, people: Sequence[sa.Row[Any]], *, now: set[str]
) -> tuple[list[uuid.UUID], list[uuid.UUID]] | None:
    """Return the ids that ticks of references add to those there are `now`, and take out.

    None, and a problem of the form, when one of them is not here (any more).
    """
    ids = {one.reference: one.id for one in people}
    mine = set(form.texts("reference", most=MOST_PEOPLE))
    if mine - ids.keys():
        form.wrong("reference", SOMEBODY_GONE)
        return None
    was = set(form.texts("was_reference", most=MOST_PEOPLE)) if form.has("was_version") else None
    added, removed = merge_sets(mine=mine, was=was, now=now)
    return [ids[one] for one in sorted(added)], [ids[one] for one in sorted(removed)]


def _set_people(
    work: TeamWork, connection_id: uuid.UUID, added: list[uuid.UUID], removed: list[uuid.UUID]
) -> None:
    queries.add_residents(
        work.session,
        connection_id=connection_id,
        team_id=work.team.id,
        resident_ids=added,
    )
    edit_queries.remove_residents(work.session, connection_id=connection_id, resident_ids=removed)


def set_status(work: TeamWork, connection_id: uuid.UUID, form: Query) -> Done:
    """Move a connection to another step; with problems in the form nothing is changed."""
    now = lock(work, connection_id)
    wanted = read_edit(form, fields.STATUS)
    if not wanted.mine:
        form.wrong("status", "How far it is: choose one.")
    if form.problems:
        return Done()
    merged = merge(wanted, now=now, fields=fields.STATUS)
    if merged.clashes:
        return Done(clashes=merged.clashes, version=now.version)
    if not merged.changes:
        return Done()
    if now.status == "ended":
        other = queries.find_open(
            work.session,
            team_id=work.team.id,
            asset_id=now.asset_id,
            activity_id=now.activity_id,
            but_not=connection_id,
        )
        if other:
            form.wrong("status", "You have opened this one anew already: use that one instead.")
            return Done()
    edit_queries.update_connection(
        work.session, connection_id=connection_id, version=now.version, changes=merged.changes
    )
    return Done()


def change_notes(work: TeamWork, connection_id: uuid.UUID, form: Query) -> Done:
    """Add a note, or take one out (`remove`); with problems in the form nothing is changed."""
    lock(work, connection_id)
    if form.has("remove"):
        edit_queries.remove_note(
            work.session, connection_id=connection_id, note_id=read_uuid(form.typed("remove"))
        )
        return Done("removed")
    note = form.long_text("note", longest=fields.LONGEST_NOTE)
    problem = form.problems.get("note")
    if problem:
        form.problems["note"] = f"Your note: {problem[:1].lower()}{problem[1:]}"
    elif not note:
        form.wrong("note", "Your note: write something first.")
    if form.problems:
        return Done()
    _note(work, connection_id, note)
    return Done("noted")


def _note(work: TeamWork, connection_id: uuid.UUID, text: str) -> None:
    edit_queries.add_note(
        work.session,
        team_id=work.team.id,
        connection_id=connection_id,
        author_id=work.person.account_id,
        text=text,
    )
