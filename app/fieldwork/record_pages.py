"""The pages of plain forms that record."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from fastapi import Request, Response

from app.accounts.people import Work
from app.assets.edit_queries import find_facts
from app.assets.editing import HIDDEN, facts_of
from app.assets.facts import FACTS
from app.errors import NotFound
from app.fieldwork import record_forms as forms
from app.fieldwork import record_queries as queries
from app.fieldwork.record_fields import CONSENT_WORDS, HOURS_FIELDS, Pairs, as_query, words_of
from app.fieldwork.record_reading import Record
from app.fieldwork.record_refusals import Refused
from app.parameters import Query
from app.places.queries import find_postcode
from app.rendering import page
from geo.interests import Vocabulary

CONFLICT = 409


def vocabulary_of(request: Request, work: Work) -> Vocabulary:
    """Return the interests there are."""
    found: Vocabulary = request.app.state.names.vocabulary.get(work.session.connection())
    return found


def asset_row(work: Work, asset_id: uuid.UUID) -> sa.Row[Any]:
    """Return an asset's facts, gone and merged ones too; raises NotFound if it never was."""
    row = find_facts(work.session, asset_id=asset_id)
    if row is None:
        raise NotFound("There is nothing on the map at this address.")
    return row


def _fields_page(request: Request, template: str, form: Query, **context: Any) -> Response:
    return page(
        request, template, query=form, consents=CONSENT_WORDS, hours_fields=HOURS_FIELDS, **context
    )


def new_page(request: Request, form: Query, *, saved_id: uuid.UUID | None = None) -> Response:
    """Return the form of a new asset; `saved_id`: it was saved before, with other words."""
    return _fields_page(request, "record_new.html", form, saved_id=saved_id)


def near_page(
    request: Request, work: Work, form: Query, sent: Record, *, has_photo: bool
) -> Response | None:
    """Return what a new asset may be already, to choose from; None when nothing is near."""
    place = sent.facts["place"]
    is_known = queries.find_submission(work.session, submission_id=sent.id) is not None
    if is_known or "ward_code" in place or sent.facts["kind"] == "informal":
        return None
    point = (place.get("lon"), place.get("lat"))
    if "postcode" in place:
        found = find_postcode(work.session.connection(), postcode=place["postcode"])
        if found is None:
            return None
        point = (found.lon, found.lat)
    near = queries.list_near(
        work.session, asset_id=sent.asset_id, lon=point[0], lat=point[1], name=sent.facts["name"]
    )
    if not near:
        return None
    kept = [(name, text) for name in form.names("") for text in form.typed_all(name)]
    return page(
        request, "record_near.html", near=near, kept=kept, name=sent.facts["name"],
        has_photo=has_photo, kept_query=form,
    )  # fmt: skip


def edit_page(
    request: Request, work: Work, row: sa.Row[Any], *, form: Query | None = None
) -> Response:
    """Return the form of an edit: as the asset is now, or as somebody typed it."""
    sees_private = work.person.is_editor
    facts = facts_of(work.session, row, shows_private=sees_private)
    if form is None:
        was = forms.was_of(facts)
        pairs = [("id", str(uuid.uuid4())), ("version", str(row.version))]
        form = as_query([*pairs, *forms.edit_pairs(facts, vocabulary_of(request, work))])
    else:
        was = [(name, form.typed_long(name)) for name in form.names("was_")]
    connection = work.session.connection()
    place = words_of(connection, "place", facts["place"], vocabulary_of(request, work))
    hidden = not sees_private and any(
        facts[name] is None and getattr(row, name) is not None for name in ("phone", "email")
    )
    return _fields_page(
        request, "record_edit.html", form, asset=row, was=was, place=place, has_hidden=hidden
    )


def refused_edit_page(
    request: Request, work: Work, row: sa.Row[Any], edit: forms.EditForm, refusal: Refused
) -> Response:
    """Return what somebody can do about an edit that was not stored; nothing typed is lost."""
    code, members = refusal.code, refusal.members
    base: Pairs = [("id", str(edit.record.id))]
    vocabulary = vocabulary_of(request, work)

    def in_words(name: str, value: object) -> str:
        return words_of(work.session.connection(), name, value, vocabulary)

    mine = [
        (FACTS[name].label, in_words(name, change.now))
        for name, change in edit.record.changes.items()
    ]
    more: dict[str, Any] = {}
    if code == "clash":
        template = "record_clash.html"
        asset: Mapping[str, Any] = members["asset"]  # type: ignore[assignment]  # facts_as_json
        clashes: list[dict[str, Any]] = members["clashes"]  # type: ignore[assignment]  # likewise
        more["clashes"] = [_side_by_side(clash, in_words) for clash in clashes]
        base += [("version", str(asset["version"]))]
        base += [(f"theirs_{clash['name']}", json.dumps(clash["theirs"])) for clash in clashes]
        if edit.record.is_put_back:
            base.append(("put_back", "yes"))
    elif code == "gone":
        template = "record_gone.html"
        base += [("version", str(row.version)), ("put_back", "yes")]
    else:
        template = "record_merged.html"
        more["instead"] = members["instead"]
    return page(
        request, template, status=CONFLICT, asset=row, mine=mine, kept=[*base, *edit.kept], **more
    )


def _side_by_side(
    clash: Mapping[str, Any], in_words: Callable[[str, object], str]
) -> dict[str, str]:
    name = clash["name"]
    hidden = "A private one, which only editors see"
    return {
        "name": name,
        "label": clash["label"],
        "theirs": hidden if clash["theirs"] == HIDDEN else in_words(name, clash["theirs"]),
        "mine": in_words(name, clash["mine"]),
    }


def gone_page(request: Request, row: sa.Row[Any]) -> Response:
    """Return that somebody found an asset gone, with a way to put it back."""
    kept = [("id", str(uuid.uuid4())), ("version", str(row.version)), ("put_back", "yes")]
    return page(
        request, "record_gone.html", status=CONFLICT, asset=row, mine=[], kept=kept
    )  # fmt: skip


def photo_page(request: Request, form: Query, row: sa.Row[Any]) -> Response:
    """Return the form of a photo with what is wrong with it."""
    return page(request, "record_photo.html", query=form, asset=row)
