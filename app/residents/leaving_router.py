"""The addresses of leaving, and of taking everything along: withdraw, erase, receipts, export."""

from __future__ import annotations

import datetime as dt

from fastapi import APIRouter, Request, Response

from app.accounts.access import ForManagers, ForTeam
from app.accounts.people import TeamWork
from app.errors import NotFound
from app.forms import Form
from app.parameters import Query, read_uuid
from app.rendering import json_answer, page, see_other
from app.residents import actions, export
from app.residents import leaving_queries as queries
from app.residents.erasure import erase_now, receipt_number
from app.residents.references import NOTHING_HERE, digest_of, read_reference

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response, include_in_schema=False)

MOST_RECEIPTS = 200
NOT_A_REFERENCE = "A reference has eight letters and digits, like BCDF GHJK. Look at it again."
NOTHING_TO_UNDO = (
    "Nobody with this reference is waiting to be erased. Look at the reference again; after the"
    " day of erasure nothing can be brought back."
)


@router.get("/residents/withdrawn")
def show_withdrawals(request: Request, work: ForTeam) -> Response:
    """Say what happens after a withdrawal; managers can undo one here."""
    return _withdrawals_page(request, work, None)


def _withdrawals_page(request: Request, work: TeamWork, form: Query | None) -> Response:
    waiting = queries.list_withdrawals(work.session, team_id=work.team.id)
    return page(request, "residents_withdrawn.html", query=form, waiting=waiting)


@router.post("/residents/withdrawn/undo")
def undo_withdrawal(request: Request, work: ForManagers, form: Form) -> Response:
    """Bring somebody back whose reference is typed in."""
    reference = _typed_reference(form)
    if reference is not None:
        if queries.undo_withdrawal(work.session, team_id=work.team.id, reference=reference):
            return see_other(f"/residents/{reference}")
        form.wrong("reference", NOTHING_TO_UNDO)
    return _withdrawals_page(request, work, form)


@router.post("/residents/withdrawn/erase")
def erase_withdrawn(request: Request, work: ForManagers, form: Form) -> Response:
    """Erase somebody who withdrew before their day, whose reference is typed in."""
    reference = _typed_reference(form)
    if reference is not None:
        found = queries.erase(work.session, team_id=work.team.id, reference=reference)
        if found is not None:
            return see_other(f"/residents/receipts/{found}")
        form.wrong("reference", NOTHING_TO_UNDO)
    return _withdrawals_page(request, work, form)


def _typed_reference(form: Query) -> str | None:
    """Return the reference a form holds; what is none becomes a problem of the form."""
    try:
        return read_reference(form.text("reference") or "")
    except NotFound:
        form.wrong("reference", NOT_A_REFERENCE)
        return None


@router.get("/residents/receipts")
def list_receipts(request: Request, work: ForTeam) -> Response:
    """List the receipts of erasures."""
    return _receipts_page(request, work, None)


@router.post("/residents/receipts")
def check_receipt(request: Request, work: ForTeam, form: Form) -> Response:
    """Say whether a reference was erased: the receipts hold only digests, so it is typed in."""
    reference = _typed_reference(form)
    found = None
    if reference is not None:
        found = queries.find_receipt_of(
            work.session, team_id=work.team.id, digest=digest_of(reference)
        )
    return _receipts_page(request, work, form, found=found)


def _receipts_page(
    request: Request, work: TeamWork, form: Query | None, *, found: object = None
) -> Response:
    receipts = queries.list_receipts(work.session, team_id=work.team.id, most=MOST_RECEIPTS)
    return page(
        request,
        "erasure_receipts.html",
        query=form,
        is_checked=form is not None and not form.problems,
        found=found,
        receipts=receipts,
        receipt_number=receipt_number,
    )


@router.get("/residents/receipts/{receipt_id}")
def show_receipt(request: Request, work: ForTeam, receipt_id: str) -> Response:
    """Show one receipt, to print."""
    receipt = queries.find_receipt(
        work.session, team_id=work.team.id, receipt_id=read_uuid(receipt_id)
    )
    if receipt is None:
        raise NotFound(NOTHING_HERE)
    return page(request, "erasure_receipt.html", receipt=receipt, receipt_number=receipt_number)


@router.get("/residents/{reference}/withdraw")
def ask_to_withdraw(request: Request, work: ForTeam, reference: str) -> Response:
    """Say what withdrawing does, and ask."""
    resident = actions.get_resident(work, reference)
    return page(request, "resident_withdraw.html", resident=resident)


@router.post("/residents/{reference}/withdraw")
def withdraw(work: ForTeam, reference: str) -> Response:
    """Hide a resident at once, to be erased on schedule."""
    resident = actions.get_resident(work, reference)
    if queries.withdraw(work.session, resident_id=resident.id) is None:
        raise NotFound(NOTHING_HERE)
    return see_other("/residents/withdrawn")


@router.get("/residents/{reference}/erase")
def ask_to_erase(request: Request, work: ForManagers, reference: str) -> Response:
    """Say what erasing does, and ask."""
    resident = actions.get_resident(work, reference)
    return page(request, "resident_erase.html", resident=resident)


@router.post("/residents/{reference}/erase")
def erase(work: ForManagers, reference: str) -> Response:
    """Erase a resident now, and show the receipt."""
    resident = actions.get_resident(work, reference)
    receipt_id = erase_now(work.session, team_id=work.team.id, reference=resident.reference)
    return see_other(f"/residents/receipts/{receipt_id}")


@router.get("/residents/{reference}/export")
def show_export(request: Request, work: ForTeam, reference: str) -> Response:
    """Show everything kept about one reference, to print."""
    resident = actions.get_resident(work, reference)
    exported = export.export(work, resident, now=dt.datetime.now(tz=dt.UTC))
    return page(
        request,
        "resident_export.html",
        exported=exported,
        sections=export.SECTIONS,
        record=export.record_lines(exported),
        sentences=export.as_sentences(exported),
    )


@router.get("/residents/{reference}/export.json")
def send_export(work: ForTeam, reference: str) -> Response:
    """Send everything kept about one reference as JSON."""
    resident = actions.get_resident(work, reference)
    answer = json_answer(export.export(work, resident, now=dt.datetime.now(tz=dt.UTC)))
    answer.headers["cache-control"] = "private, no-store"
    answer.headers["content-disposition"] = f'attachment; filename="{resident.reference}.json"'
    return answer
