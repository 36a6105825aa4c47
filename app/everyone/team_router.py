"""The address of what the last run found for everybody of a team: none of it is in the address."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.accounts.access import ForTeam
from app.assets.actions import NameCache
from app.everyone.team_actions import read_team_matches
from app.rendering import page
from app.residents.actions import note_reading

# Answers are written by hand; JSON is only one of their forms.
router = APIRouter(default_response_class=Response)


@router.get("/matched/residents", include_in_schema=False)
def show_team(request: Request, work: ForTeam) -> Response:
    """Show whom to ring for everybody of the team, those with nobody first."""
    cache: NameCache = request.app.state.names
    connection = work.session.connection()
    names, vocabulary = cache.get(connection), cache.vocabulary.get(connection)
    found = read_team_matches(
        connection,
        vocabulary,
        team_id=work.team.id,
        walking=request.app.state.walking.get(connection),
    )
    note_reading(work, None)
    return page(
        request,
        "matched_residents.html",
        found=found,
        team=work.team,
        sources=names.sources_in(found.source_ids),
    )
