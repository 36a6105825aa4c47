"""The addresses of interests."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.dependencies import Reading
from app.interests import schemas
from app.parameter_docs import answers, parameters
from app.parameters import LARGEST_LIMIT, Query
from app.rendering import json_answer

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)

FEW = 8


@router.get(
    "/api/interests",
    tags=["interests"],
    summary="Interests, found by what people say",
    openapi_extra=parameters("q", "limit"),
    responses=answers(schemas.INTEREST_LIST),
)
def list_interests(request: Request, connect: Reading) -> Response:
    """Find concepts for a phrase, likeliest first; without one, list all by label."""
    query = Query(request.query_params)
    phrase = query.text("q")
    limit = query.limit(default=FEW if phrase else LARGEST_LIMIT)
    query.refuse_problems()
    with connect() as connection:
        if phrase is None:
            concepts = request.app.state.names.vocabulary.get(connection).concepts
            by_label = sorted(concepts, key=lambda concept: concept.label)[:limit]
            found = [schemas.concept_as_json(concept) for concept in by_label]
        else:
            cache = request.app.state.names
            hits = cache.suggest(connection, cache.vocabulary.get(connection), phrase, limit)
            found = [schemas.hit_as_json(hit) for hit in hits]
    return json_answer({"interests": found})
