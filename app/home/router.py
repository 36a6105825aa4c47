"""The front door: home page, about, the API in words, and health."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from fastapi import APIRouter, Request, Response

from app.dependencies import Reading
from app.home import queries
from app.parameter_docs import answers
from app.rendering import json_answer, page, problem_answer
from app.replica.watching import Replica, Standing
from geo import scores
from geo.interests import RELATION_WEIGHTS

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)

ROOT = Path(__file__).resolve().parents[2]
RELATION_WORDS = {
    "same": "the very thing",
    "narrower": "a kind of it",
    "gentler": "a gentler alternative",
    "broader": "something wider",
}
HEALTH = {"type": "object", "properties": {"status": {"type": "string"}}}
READY = {
    "type": "object",
    "properties": {
        "status": {"type": "string"},
        "replica": {"type": "string", "enum": [standing.value for standing in Standing]},
    },
}


@router.get("/", include_in_schema=False)
def home(request: Request, connect: Reading) -> Response:
    """Show what can be done here, by task."""
    with connect() as connection:
        counts = queries.count_kinds(connection)
    return page(request, "home.html", counts=counts)


@router.get("/about", include_in_schema=False)
def about(request: Request, connect: Reading) -> Response:
    """Say where the data is from, how matches are scored, and what to know."""
    with connect() as connection:
        loaded = queries.list_loaded_sources(connection)
    return page(
        request,
        "about.html",
        loaded=loaded,
        weights=[(RELATION_WORDS[kind], weight) for kind, weight in RELATION_WEIGHTS.items()],
        scores=scores,
    )


@router.get("/api", include_in_schema=False)
def api(request: Request) -> Response:
    """List the API for people; /api/openapi.json says the same to programs."""
    paths = request.app.openapi()["paths"]
    operations = [
        (path, operation["summary"], operation.get("parameters", []))
        for path, item in sorted(paths.items())
        for method, operation in item.items()
        if method == "get"
    ]
    return page(request, "api.html", operations=operations)


@router.get("/theme.css", include_in_schema=False)
def theme(request: Request) -> Response:
    """Return the service's own colour as a style sheet: pages have no inline styles."""
    colour = request.app.state.settings.theme_colour
    return Response(f":root{{--theme-colour:{colour}}}\n", media_type="text/css")


@router.get("/health", tags=["health"], summary="Whether it runs", responses=answers(HEALTH))
async def health() -> Response:
    """Answer while the process lives; asks nothing of the database."""
    return json_answer({"status": "ok"})


@router.get(
    "/health/ready", tags=["health"], summary="Whether it can work", responses=answers(READY)
)
def ready(request: Request, connect: Reading) -> Response:
    """Answer 200 when the database is there and up to date, else 503 and why.

    A replica that cannot be asked is told of, and no reason to send nobody here: the database
    itself answers instead.
    """
    with connect() as connection:
        applied = queries.list_applied_migrations(connection)
    if applied != expected_migrations():
        return problem_answer(
            status=503, title="Not ready", detail="The database needs: patchwork migrate"
        )
    replica: Replica | None = request.app.state.replica
    told = {} if replica is None else {"replica": replica.seen.standing}
    return json_answer({"status": "ready", **told})


@cache
def expected_migrations() -> set[str]:
    """Return the newest revisions in the code."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "alembic"))
    return set(ScriptDirectory.from_config(config).get_heads())
