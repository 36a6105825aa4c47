"""Where somebody goes after signing in: a page of ours, never another site's."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from app.accounts.people import Person
from app.models import Role
from app.parameters import Query

LONGEST_NEXT = 500
# Browsers read a backslash as a slash, and drop tabs and line ends before they read an address:
# "/\evil.example" and "/<tab>/evil.example" both lead away.
_LEADS_AWAY = re.compile(r"[\x00-\x20\x7f-\x9f\\\ud800-\udfff]")
# Leading back here would be a circle, or end the sign-in just begun.
_NOT_AFTER_SIGN_IN = ("/sign-in", "/sign-out")


def own_path(text: str) -> str:
    """Return `text` if it is a path of ours (with its query) to go on to, else ""."""
    if not text.startswith("/") or text.startswith("//") or len(text) > LONGEST_NEXT:
        return ""
    if _LEADS_AWAY.search(text):
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    if parts.scheme or parts.netloc or parts.path.startswith(_NOT_AFTER_SIGN_IN):
        return ""
    return text


def next_of(query: Query) -> str:
    """Return the path of ours that an address or form names as `next`, else ""."""
    return own_path(query.secret("next"))


def first_page_of(person: Person) -> str:
    """Return where somebody starts who was on the way to nowhere."""
    if person.team is not None:
        return "/today"
    if person.is_administrator:
        return "/people"
    if person.is_any([Role.COUNCILLOR]):
        return "/my-wards"
    if person.is_editor:
        return "/queue"
    if person.is_mapper:
        return "/map"
    return "/"
