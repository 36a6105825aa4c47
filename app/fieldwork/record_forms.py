"""Plain forms that record: from their fields to the same record a phone sends."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa

from app.accounts.people import Work
from app.assets.editing import Change
from app.assets.facts import FACTS, for_new_asset, read_facts
from app.fieldwork import record_actions
from app.fieldwork.record_body import digest_of
from app.fieldwork.record_fields import FIELDS, Pairs, is_untouched, pairs_of, wire_of
from app.fieldwork.record_reading import LARGEST_VERSION, LONGEST_ALT, Record
from app.models import AssetKind
from app.parameters import Query, today
from geo.interests import Vocabulary

# Where the sentence about a fact stands, when its field has another name.
FIELD_OF = {
    "place": "at_postcode", "interests": "interest", "opening_hours": "hours_0",
    "asset_id": "name",
}  # fmt: skip
# What of a form says nothing about the asset: a second press may differ in it.
NOT_CONTENT = {"is_new"}


def show_problems(form: Query, problems: Mapping[str, str]) -> None:
    """Say beside its field what is wrong with a fact."""
    for name, sentence in problems.items():
        form.wrong(FIELD_OF.get(name, name), sentence)


def record_form(
    work: Work, form: Query, sent: Record, *, photos: Sequence[bytes], service_name: str
) -> dict[str, Any]:
    """Record what a plain form says, as if a phone had sent it; raises Refused."""
    content = [(name, form.typed_all(name)) for name in sorted(form.names(""))]
    raw = orjson.dumps([pair for pair in content if pair[0] not in NOT_CONTENT])
    return record_actions.record(
        work, sent, sha256=digest_of(raw, list(photos)), photos=photos, service_name=service_name
    )


def _base(work: Work, form: Query, action: str, asset_id: uuid.UUID, **more: Any) -> Record:
    return Record(
        # A form without its number is none of ours; it can still be saved, once a press.
        id=form.identifier("id") or uuid.uuid4(),
        account_id=work.person.account_id,
        action=action,
        asset_id=asset_id,
        checked_on=today(),
        **more,
    )


def alts_of(form: Query, photos: Sequence[bytes]) -> tuple[str, ...]:
    """Return what the photos of a form show, in words: one sentence for all of them."""
    texts = form.texts("alt", longest=LONGEST_ALT)
    return (texts[0] if texts else "",) * len(photos)


def read_addition(
    work: Work, form: Query, vocabulary: Vocabulary, photos: Sequence[bytes]
) -> Record:
    """Read the form of a new asset; what is wrong is a problem of the form."""
    connection = work.session.connection()
    kind = form.typed("kind")
    given: dict[str, object] = {}
    for name in FACTS:
        value = wire_of(connection, name, form, vocabulary, kind=kind)
        # How somebody agreed is asked of a skill or network alone.
        is_asked = name != "consent_how" or kind == AssetKind.INFORMAL
        if is_asked and value not in (None, "", []):
            given[name] = value
    read = for_new_asset(given)
    show_problems(form, read.problems)
    asset_id = form.identifier("asset_id") or uuid.uuid4()
    alts = alts_of(form, photos)
    return _base(work, form, "add", asset_id, facts=read.values, alts=alts)


@dataclass(slots=True)
class EditForm:
    """The form of an edit, read: what is to be changed, and what its fields held."""

    record: Record
    # For the next form: the fields of what is changed, and what each was.
    kept: Pairs = field(default_factory=list)


def was_of(facts: Mapping[str, Any]) -> Pairs:
    """Return what each fact is now, as hidden fields hold it."""
    return [(f"was_{name}", json.dumps(facts.get(name))) for name in FACTS]


def edit_pairs(facts: Mapping[str, Any], vocabulary: Vocabulary) -> Pairs:
    """Return the fields of a form to edit an asset, as it is now."""
    return [pair for name in FACTS for pair in pairs_of(name, facts.get(name), vocabulary)]


def read_edit(work: Work, form: Query, row: sa.Row[Any], vocabulary: Vocabulary) -> EditForm:
    """Read the form of an edit: only what was touched is a change.

    On the page that shows two versions, `keep_NAME` (or `keep_all`) says "mine" or "theirs", and
    `theirs_NAME` what theirs was; a fact without an answer clashes again.
    """
    connection = work.session.connection()
    kind = form.typed("kind") or row.kind
    was: dict[str, Any] = {}
    now: dict[str, object] = {}
    kept: Pairs = []
    for name in FACTS:
        if not form.has(f"was_{name}"):
            continue
        before = _json(form, f"was_{name}")
        if form.has(f"theirs_{name}"):
            choice = form.typed(f"keep_{name}") or form.typed("keep_all")
            if choice == "theirs":
                continue
            if choice == "mine":
                before = _json(form, f"theirs_{name}")
        if is_untouched(name, before, form, vocabulary):
            continue
        was[name] = before
        now[name] = wire_of(connection, name, form, vocabulary, kind=kind)
        kept.append((f"was_{name}", json.dumps(before)))
        kept += [(part, text) for part in FIELDS[name] for text in form.typed_all(part)]
    read = read_facts(now)
    show_problems(form, read.problems)
    record = _base(
        work, form, "edit", row.id,
        changes={name: Change(was[name], value) for name, value in read.values.items()},
        seen_version=form.whole_number("version", low=0, high=LARGEST_VERSION, default=0),
        is_put_back=form.is_ticked("put_back"),
    )  # fmt: skip
    return EditForm(record, kept)


def _json(form: Query, name: str) -> Any:  # noqa: ANN401 - values of any fact
    try:
        return json.loads(form.typed_long(name))
    except (ValueError, RecursionError):
        form.wrong("name", "This page was not whole. Open it again and make your change there.")
        return None


def read_check(work: Work, form: Query, asset_id: uuid.UUID, version: int) -> Record:
    """Read the buttons of a check."""
    outcomes = form.words("outcome", ("confirmed", "gone"))
    facts = form.words("fact", tuple(FACTS))
    if not outcomes:
        form.wrong("outcome", "Say whether it is still here or has gone.")
    return _base(
        work, form, "check", asset_id,
        outcome=outcomes[0] if outcomes else "confirmed",
        fact=facts[0] if facts else None,
        seen_version=version,
    )  # fmt: skip


def read_photo(work: Work, form: Query, asset_id: uuid.UUID, photos: Sequence[bytes]) -> Record:
    """Read the form of a photo."""
    if not photos:
        form.wrong("photo", "Choose a photo.")
    return _base(work, form, "photo", asset_id, alts=alts_of(form, photos))
