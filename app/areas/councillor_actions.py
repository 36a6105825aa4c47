"""What councillors do first: see what changed in their wards, and pass on what is not there yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from app.accounts.people import Work
from app.areas import councillor_queries as queries
from app.areas.report import read_changes
from app.assets.facts import read_facts
from app.importers.refuges import suspect_words
from app.matches.unmet_queries import list_unmet_by_ward
from app.models import Role, SuggestionKind
from app.parameters import Query, today
from app.suggestions.actions import LONGEST_CONTACT
from app.suggestions.actions import keep as keep_suggestion

# What the page's address says after something was passed on.
SAID = "passed-on"


@dataclass(frozen=True, slots=True)
class MyWard:
    """One ward of somebody who speaks for it or walks it."""

    ward: sa.Row[Any]
    # Sentences about what changed since the last quarter began.
    changes: Sequence[str]
    unmet: Sequence[sa.Row[Any]]
    # To 5; None: fewer than 8.
    waiting: int | None
    passed_on: Sequence[sa.Row[Any]] = field(default=())


def list_my_wards(work: Work) -> list[MyWard]:
    """Return the wards of whoever asks, by name, each with what changed and what is missing."""
    codes = work.person.ward_codes
    connection = work.session.connection()
    day = today()
    passed_on = queries.list_passed_on(work.session, codes=codes)
    return [
        MyWard(
            ward,
            read_changes(connection, ward, today=day),
            list_unmet_by_ward(connection, ward_code=ward.gss_code),
            queries.count_waiting(work.session, area_id=ward.id, gss_code=ward.gss_code),
            [one for one in passed_on if one.ward_code == ward.gss_code],
        )
        for ward in queries.list_wards(work.session, codes=codes)
    ]


def pass_on(work: Work, form: Query) -> str | None:
    """Pass on that there is something in a ward; return the ward's code, None: see the problems.

    It waits in the editors' queue as a suggestion of something new that has its ward for a place.
    Kept of whoever passes it on: that a councillor (or a mapper) of that ward did. Whom to ask goes
    with the editors' decision. Pressed twice it is kept once.
    """
    wards = {ward.gss_code: ward for ward in queries.list_wards(
        work.session, codes=work.person.ward_codes)}  # fmt: skip
    code = form.text("ward") or (next(iter(wards)) if len(wards) == 1 else "")
    if code not in wards:
        form.wrong("ward", "Choose one of your wards.")
    name = _read_name(form)
    contact = form.text("contact")
    if contact and len(contact) > LONGEST_CONTACT:
        form.wrong("contact", f"Use {LONGEST_CONTACT} characters or fewer.")
    if form.problems:
        return None
    keep_suggestion(
        work.session,
        form,
        kind=SuggestionKind.NEW,
        fields={"name": name, "place": {"ward_code": code}},
        note=f"Passed on by {_who(work, code)} for {wards[code].name}.",
        contact=contact,
    )
    return code


def _read_name(form: Query) -> str:
    """Return what there is. Words that suggest a refuge are taken: only editors will read them."""
    words = form.text("what")
    if not words:
        form.wrong("what", "Say what there is, like “a lunch club at the church hall”.")
        return ""
    read = read_facts({"name": words})
    name: str = read.values.get("name") or ""
    if "name" in read.problems and not suspect_words(name):
        form.wrong("what", read.problems["name"])
    return name


def _who(work: Work, code: str) -> str:
    is_councillor = any(
        held.role is Role.COUNCILLOR and code in held.ward_codes for held in work.person.held
    )
    return "a councillor" if is_councillor else "a mapper"
