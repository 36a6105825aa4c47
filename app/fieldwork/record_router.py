"""What people record on foot: sent from a phone, or by a plain form."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.accounts.access import ForMappers
from app.accounts.people import Work
from app.errors import Conflict
from app.fieldwork import record_actions as actions
from app.fieldwork import record_forms as forms
from app.fieldwork import record_pages as pages
from app.fieldwork.record_body import SentBody, digest_of
from app.fieldwork.record_fields import as_query
from app.fieldwork.record_reading import Record, read_record
from app.fieldwork.record_refusals import CodedRoute, Refused
from app.forms import FormWithPhotos
from app.parameters import Query, read_uuid
from app.rendering import json_answer, page, see_other

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response, include_in_schema=False)
coded = APIRouter(default_response_class=Response, include_in_schema=False, route_class=CodedRoute)


# Everywhere the body comes first: no transaction waits for a slow phone.
@coded.post("/api/fieldwork/submissions")
def take_submission(request: Request, sent: SentBody, work: ForMappers) -> Response:
    """Record one thing sent from a phone: all of it or nothing, and once however often it comes."""
    photos = sent.read_photos()
    answer = actions.record(
        work,
        read_record(sent.record),
        sha256=digest_of(sent.record, photos),
        photos=photos,
        service_name=request.app.state.settings.name,
    )
    return json_answer(answer, status=200 if answer["again"] else 201)


router.include_router(coded)


@router.get("/map/new")
def ask_about_new(request: Request, work: ForMappers) -> Response:
    """Show the plain form of something new; what the address says is filled in."""
    asked = Query(request.query_params)
    given = [(name, asked.typed(name)) for name in ("kind", "name", "at_postcode", "lon", "lat")]
    wards = work.person.ward_codes
    mine = [("ward", wards[0])] if len(wards) == 1 else []
    return pages.new_page(request, as_query([*given, *mine, ("is_contact_public", "yes")]))


@router.post("/map/new")
def add_by_form(request: Request, sent: FormWithPhotos, work: ForMappers) -> Response:
    """Add something new, once what is near has been offered."""
    form, photos = sent.query, sent.read_photos()
    new = forms.read_addition(work, form, pages.vocabulary_of(request, work), photos)
    if form.problems:
        return pages.new_page(request, form)
    if not form.is_ticked("is_new"):
        near = pages.near_page(request, work, form, new, has_photo=bool(photos))
        if near is not None:
            return near
    try:
        answer = _recorded(request, work, form, new, photos)
    except Refused as refusal:
        if refusal.code == "other-content":
            return pages.new_page(request, form, saved_id=new.asset_id)
        _show(form, refusal)
        return pages.new_page(request, form)
    return see_other(f"{answer}?said=added")


def _recorded(request: Request, work: Work, form: Query, sent: Record, photos: list[bytes]) -> str:
    """Record what a form says and return the asset's address."""
    name = request.app.state.settings.name
    answer = forms.record_form(work, form, sent, photos=photos, service_name=name)
    url: str = answer["url"]
    return url


def _show(form: Query, refusal: Refused) -> None:
    """Say beside a field why something was refused; raises what no field can answer."""
    problems = refusal.members.get("problems")
    if isinstance(problems, dict):
        forms.show_problems(form, problems)
    elif refusal.code in {"photo", "too-large", "unavailable"}:
        form.wrong("photo", str(refusal))
    else:
        raise refusal


@router.get("/assets/{asset_id}/edit")
def ask_about_edit(request: Request, work: ForMappers, asset_id: str) -> Response:
    """Show everything about an asset as a form."""
    row = pages.asset_row(work, read_uuid(asset_id))
    if row.duplicate_of is not None:
        return see_other(f"/assets/{row.duplicate_of}/edit")
    return pages.edit_page(request, work, row)


@router.post("/assets/{asset_id}/edit")
def edit_by_form(
    request: Request, sent: FormWithPhotos, work: ForMappers, asset_id: str
) -> Response:
    """Change what was touched on the form; nothing is overwritten unseen."""
    form = sent.query
    row = pages.asset_row(work, read_uuid(asset_id))
    if not form.has("version"):
        form.wrong("name", "This page was not whole. Open it again and make your change there.")
    edit = forms.read_edit(work, form, row, pages.vocabulary_of(request, work))
    if form.problems:
        return pages.edit_page(request, work, row, form=form)
    try:
        address = _recorded(request, work, form, edit.record, [])
    except Refused as refusal:
        if refusal.code in {"clash", "gone", "merged"}:
            return pages.refused_edit_page(request, work, row, edit, refusal)
        if refusal.code == "other-content":
            raise _saved_before() from None
        _show(form, refusal)
        return pages.edit_page(request, work, row, form=form)
    return see_other(f"{address}?said=changed")


def _saved_before() -> Conflict:
    return Conflict(
        "You saved this page before, with other words, and that stands. Open the place again to"
        " change more."
    )


@router.post("/assets/{asset_id}/check")
def check_by_form(
    request: Request, sent: FormWithPhotos, work: ForMappers, asset_id: str
) -> Response:
    """Record that an asset is still there, or has gone, or that one fact is still right."""
    form = sent.query
    row = pages.asset_row(work, read_uuid(asset_id))
    check = forms.read_check(work, form, row.id, row.version)
    form.refuse_problems()
    try:
        address = _recorded(request, work, form, check, [])
    except Refused as refusal:
        if refusal.code == "gone":
            return pages.gone_page(request, pages.asset_row(work, row.id))
        raise _saved_before() from None
    if check.outcome == "gone":
        return page(request, "record_marked_gone.html", asset=row)
    return see_other(f"{address}?said=checked")


@router.post("/assets/{asset_id}/photos")
def add_photo_by_form(
    request: Request, sent: FormWithPhotos, work: ForMappers, asset_id: str
) -> Response:
    """Add a photo of an asset; it waits for an editor."""
    form, row = sent.query, pages.asset_row(work, read_uuid(asset_id))
    photos = sent.read_photos()
    record = forms.read_photo(work, form, row.id, photos)
    if form.problems:
        return pages.photo_page(request, form, row)
    try:
        address = _recorded(request, work, form, record, photos)
    except Refused as refusal:
        if refusal.code == "gone":
            return pages.gone_page(request, row)
        if refusal.code == "other-content":
            raise _saved_before() from None
        _show(form, refusal)
        return pages.photo_page(request, form, row)
    return see_other(f"{address}?said=photo")
