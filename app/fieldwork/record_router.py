"""What people record on foot: sent from a phone, or by a plain form."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.accounts.access import ForMappers
from app.fieldwork import record_actions as actions
from app.fieldwork.record_body import SentBody, digest_of
from app.fieldwork.record_reading import read_record
from app.fieldwork.record_refusals import CodedRoute
from app.rendering import json_answer

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response, include_in_schema=False)
coded = APIRouter(
    default_response_class=Response, include_in_schema=False, route_class=CodedRoute
)  # fmt: skip


# The body comes first: no transaction waits for a slow phone.
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
