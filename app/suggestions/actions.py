"""What anybody may do without an account: tell us of a place, or that one is wrong or gone."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.assets.editing import HIDDEN
from app.assets.facts import LONGEST_LINE, read_facts
from app.errors import NotFound
from app.importers.normalise import postcode as read_postcode
from app.importers.refuges import suspect_words
from app.models import AssetKind
from app.parameters import LONGEST_NOTE, Query, read_uuid
from app.suggestions import fact_form, queries
from geo.interests import Vocabulary

# What the kinds are called by people who have never seen the map.
KINDS = {
    AssetKind.GROUP: "A group or club: people meet and do something",
    AssetKind.VENUE: "A place people can go or use: a hall, café, library, park",
    AssetKind.INFORMAL: "Somebody with a skill, or neighbours who help each other",
    AssetKind.SURGERY: "A doctors’ surgery",
    AssetKind.CARE_HOME: "A care home",
}
LONGEST_CONTACT = 200
# What somebody can correct of an entry without an account.
CORRECTED = (
    "name", "description", "opening_hours", "address", "postcode", "phone", "email", "website",
)  # fmt: skip
GONE, WRONG = "gone", "wrong"


def read_new(form: Query) -> dict[str, Any]:
    """Read a suggestion of something new; what is wrong becomes a problem of the form.

    Words that suggest a refuge are taken: an editor has to know, and nobody else will.
    """
    given: dict[str, Any] = {"name": form.text("name"), "kind": form.text("kind")}
    description = form.long_text("description")
    if description:
        given["description"] = description
    where = form.text("where")
    if where:
        code = read_postcode(where) if len(where) <= LONGEST_LINE else None
        given["postcode" if code else "address"] = where
    else:
        form.wrong("where", "Say where it is: a postcode, or words like “behind the library”.")
    read = read_facts(given)
    for name, sentence in read.problems.items():
        if not suspect_words(read.values.get(name) if name in {"name", "description"} else None):
            form.wrong("where" if name in {"address", "postcode"} else name, sentence)
    return {name: value for name, value in read.values.items() if value is not None}


def read_correction(
    connection: sa.Connection, vocabulary: Vocabulary, form: Query
) -> dict[str, dict[str, Any]]:
    """Read what of an entry shall be otherwise: by fact, what was shown and what it should be.

    Nobody without an account knows of a contact that is not shown, whatever the form says.
    """
    wanted = fact_form.read_wanted(connection, vocabulary, form, names=CORRECTED)
    for name in ("name", "description"):
        # As above: taken, and never shown.
        if suspect_words(wanted.now.get(name)):
            form.problems.pop(name, None)
    return {
        name: {"was": without_hidden(change.was), "now": change.now}
        for name, change in wanted.changes.items()
    }


def without_hidden(was: Any) -> Any:  # noqa: ANN401 - a value of any fact
    """Return what somebody without an account can have been shown: never that a contact is hidden.

    Otherwise a forged form would replace it without a clash.
    """
    return None if was == HIDDEN else was


def read_words(form: Query) -> tuple[str, str | None]:
    """Return the note and how we may ask back."""
    note = form.long_text("note", longest=LONGEST_NOTE)
    contact = form.text("contact")
    if contact and len(contact) > LONGEST_CONTACT:
        form.wrong("contact", f"Use {LONGEST_CONTACT} characters or fewer.")
    return note, contact


def keep(
    session: Session,
    form: Query,
    *,
    kind: str,
    fields: Mapping[str, Any],
    note: str,
    contact: str | None,
    asset: sa.Row[Any] | None = None,
    poster: sa.Row[Any] | None = None,
) -> bool:
    """Keep a suggestion until an editor decides; pressed twice it is kept once."""
    try:
        sent = read_uuid(form.typed("id"))
    except NotFound:
        sent = uuid.uuid4()
    asset_id = asset.id if asset else None
    # Going back and sending something else is something else.
    content = json.dumps([kind, str(asset_id), fields, note, contact], sort_keys=True)
    return queries.insert_suggestion(
        session,
        suggestion_id=uuid.uuid5(sent, content),
        kind=kind,
        asset_id=asset_id,
        seen_version=_seen_version(form, asset),
        poster_id=poster.id if poster else None,
        fields=fields,
        note=note,
        contact=contact,
    )


def _seen_version(form: Query, asset: sa.Row[Any] | None) -> int | None:
    if asset is None:
        return None
    typed = form.typed("version")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 9 else asset.version
