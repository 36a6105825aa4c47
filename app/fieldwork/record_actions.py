"""Record what somebody did on foot, exactly once: one transaction, and the answer to it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.people import Work
from app.assets import editing
from app.assets.edit_queries import add_check, find_facts, find_last, lock_asset
from app.errors import NotFound, Unavailable
from app.fieldwork import record_queries as queries
from app.fieldwork.record_reading import Record
from app.fieldwork.record_refusals import Refused, refused_facts, refused_photo
from app.photos.making import (
    MadePhoto,
    PhotoRefused,
    TooManyWait,
    make_photo,
    place_in_queue,
)
from app.photos.queries import insert_photo


def record(
    work: Work, sent: Record, *, sha256: bytes, photos: Sequence[bytes], service_name: str
) -> dict[str, Any]:
    """Do what a record says, or nothing; return the answer, with `again` for a repeated one.

    Raises Refused.
    """
    session, person = work.session, work.person
    if sent.account_id != person.account_id:
        raise Refused(
            "another-person",
            "This was recorded by somebody else on this phone. They have to sign in to send it.",
            status=HTTPStatus.FORBIDDEN,
        )
    queries.wait_for_twins(session, submission_id=sent.id)
    earlier = queries.find_submission(session, submission_id=sent.id)
    if earlier is not None:
        return _again(earlier, person.account_id, sha256)
    _check_photo_count(sent, len(photos))
    made = _made(photos)
    done = _do(work, sent, service_name=service_name)
    photo_ids = [uuid.uuid4() for _ in made]
    answer = {
        "id": str(sent.id),
        "sha256": sha256.hex(),
        "action": sent.action,
        "asset_id": str(done.asset_id),
        "version": done.version,
        "url": f"/assets/{done.asset_id}",
        "photos": [str(photo_id) for photo_id in photo_ids],
        "again": False,
        "changed_meanwhile": done.is_changed_meanwhile,
    }
    queries.insert_submission(
        session, submission_id=sent.id, account_id=person.account_id, action=sent.action,
        sha256=sha256, asset_id=done.asset_id, answer=answer,
    )  # fmt: skip
    for photo_id, photo, alt in zip(photo_ids, made, sent.alts, strict=True):
        insert_photo(
            session, photo_id=photo_id, asset_id=done.asset_id, submission_id=sent.id,
            account_id=person.account_id, made=photo, alt=alt,
        )  # fmt: skip
    return answer


def _again(earlier: sa.Row[Any], account_id: uuid.UUID, sha256: bytes) -> dict[str, Any]:
    if earlier.account_id != account_id or bytes(earlier.sha256) != sha256:
        raise Refused(
            "other-content",
            "Something else was recorded under this number before. Nothing was changed.",
            status=HTTPStatus.CONFLICT,
        )
    return {**earlier.answer, "again": True}


def _check_photo_count(sent: Record, count: int) -> None:
    if count != len(sent.alts):
        number = min(count, len(sent.alts))
        raise refused_photo(number, "There must be one file for each photo of the record.")
    if sent.action == "photo" and not count:
        raise refused_photo(0, "Choose a photo.")


def _made(photos: Sequence[bytes]) -> list[MadePhoto]:
    if not photos:
        return []
    made = []
    try:
        with place_in_queue():
            for number, photo in enumerate(photos):
                try:
                    made.append(make_photo(photo))
                except PhotoRefused as wrong:
                    raise refused_photo(number, str(wrong)) from None
    except TooManyWait:
        raise Refused(
            "unavailable",
            "Many photos are being sent just now. Try again in a minute.",
            status=HTTPStatus.SERVICE_UNAVAILABLE,
        ) from None
    return made


def _do(work: Work, sent: Record, *, service_name: str) -> editing.Edited:
    """Do what the record says; return the asset it counts for, with its version."""
    try:
        if sent.action == "add":
            return _add(work, sent, service_name=service_name)
        if sent.action == "edit":
            return _edit(work, sent)
        if sent.action == "check":
            return _check(work, sent)
        row = find_shown(work.session, sent.asset_id)
        _refuse_gone(work, row)
        return editing.Edited(row.id, row.version)
    except editing.FactsRefused as wrong:
        raise refused_facts(wrong.problems) from None


def _add(work: Work, sent: Record, *, service_name: str) -> editing.Edited:
    version = editing.add_asset(
        work.session, asset_id=sent.asset_id, facts=sent.facts,
        acting_as=work.person.acting_as, service_name=service_name,
        account_id=work.person.account_id, checked_on=sent.checked_on,
    )  # fmt: skip
    return editing.Edited(sent.asset_id, version)


def _edit(work: Work, sent: Record) -> editing.Edited:
    edited = editing.change_asset(
        work.session, asset_id=sent.asset_id, seen_version=sent.seen_version,
        changes=sent.changes, acting_as=work.person.acting_as, put_back=sent.is_put_back,
        sees_private=work.person.is_editor,
    )  # fmt: skip
    if edited.instead is not None:
        raise Refused(
            "merged",
            "This is kept as one with another entry now. Look at that one and change it there.",
            status=HTTPStatus.CONFLICT,
            instead=str(find_last(work.session, asset_id=edited.instead)),
        )
    if edited.gone_at is not None:
        raise _gone(work, sent.asset_id)
    if edited.clashes:
        raise Refused(
            "clash",
            "Somebody else has changed this too. Look at both, and choose.",
            status=HTTPStatus.CONFLICT,
            clashes=[_clash_as_json(clash) for clash in edited.clashes],
            asset=facts_as_json(work, sent.asset_id),
        )
    add_check(
        work.session, asset_id=sent.asset_id, checked_on=sent.checked_on, outcome="changed",
        account_id=work.person.account_id,
    )  # fmt: skip
    return edited


def _check(work: Work, sent: Record) -> editing.Edited:
    row = find_shown(work.session, sent.asset_id)
    of_it = {
        "asset_id": row.id, "checked_on": sent.checked_on, "account_id": work.person.account_id,
    }  # fmt: skip
    if sent.outcome == "gone":
        version = editing.mark_gone(work.session, acting_as=work.person.acting_as, **of_it)
    else:
        _refuse_gone(work, row)
        version = editing.confirm(work.session, fact=sent.fact, **of_it)
    is_changed = row.id == sent.asset_id and row.version != sent.seen_version
    return editing.Edited(row.id, version, is_changed_meanwhile=is_changed)


def find_shown(session: Session, asset_id: uuid.UUID) -> sa.Row[Any]:
    """Return and lock an asset, or the one it was merged into; raises NotFound if it never was.

    The way there is looked up without a lock: whoever holds one asset never waits for the next.
    """
    last = find_last(session, asset_id=asset_id)
    row = None if last is None else lock_asset(session, asset_id=last)
    if row is None:
        raise NotFound("There is nothing on the map at this address.")
    if row.duplicate_of is not None:
        # Merged while this waited for it. Nothing is recorded, and the phone sends it again.
        raise Unavailable("Somebody is merging this just now. Try again in a minute.")
    return row


def _refuse_gone(work: Work, row: sa.Row[Any]) -> None:
    if row.gone_at is not None:
        raise _gone(work, row.id)


def _gone(work: Work, asset_id: uuid.UUID) -> Refused:
    asset = facts_as_json(work, asset_id)
    return Refused(
        "gone",
        "Somebody found that this has gone. You can put it back.",
        status=HTTPStatus.CONFLICT,
        gone_at=asset["gone_at"],
        asset=asset,
    )


def facts_as_json(work: Work, asset_id: uuid.UUID) -> dict[str, Any]:
    """Return all facts of an asset as this person may see them, with `version` and `gone_at`."""
    row = find_facts(work.session, asset_id=asset_id)
    if row is None:
        raise NotFound("There is nothing on the map at this address.")
    facts = editing.facts_of(work.session, row, shows_private=work.person.is_editor)
    return {"id": str(row.id), **facts, "version": row.version, "gone_at": row.gone_at}


def _clash_as_json(clash: editing.Clash) -> dict[str, Any]:
    return {
        "name": clash.name,
        "label": clash.label,
        "was": clash.was,
        "theirs": clash.theirs,
        "mine": clash.mine,
        "is_hidden": clash.is_hidden,
    }
