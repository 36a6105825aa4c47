"""How interests are written for the API."""

from __future__ import annotations

from typing import Any

from app.interests.actions import InterestHit
from geo.interests import Concept

INTEREST_LIST = {
    "type": "object",
    "required": ["interests"],
    "properties": {
        "interests": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["concept", "label", "because"],
                "properties": {
                    "concept": {"type": "string"},
                    "label": {"type": "string"},
                    "because": {"type": "string", "description": "The word it was found by."},
                },
            },
        }
    },
}


def hit_as_json(hit: InterestHit) -> dict[str, Any]:
    """Return a concept found for a phrase."""
    return {"concept": hit.concept, "label": hit.label, "because": hit.because}


def concept_as_json(concept: Concept) -> dict[str, Any]:
    """Return a concept of the whole list."""
    return {"concept": concept.concept, "label": concept.label, "because": concept.label}
