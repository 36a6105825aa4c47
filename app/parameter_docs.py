"""What OpenAPI says about query parameters; `app.parameters` is what reads them.

Written by hand because the values are read by hand: a person gets a sentence about a field, not
a validator's report.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Path

from app.models import Access, AssetKind
from app.parameters import LARGEST_LIMIT, LARGEST_PAGE, LONGEST_TEXT, MOST_VALUES, WIDEST_M

_TEXT = {"type": "string", "maxLength": LONGEST_TEXT}
# Decimals as they are written in an address: no exponent, no NaN.
_DEGREES = {"type": "number"}
_CLOCK = {"type": "string", "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9])?$"}
# What filters choose from.
DAYS = ("weekdays", "weekend", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
MUSTS = ("step_free", "free", "indoors")


def _words(words: list[str]) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string", "enum": words}, "maxItems": MOST_VALUES}


_SCHEMAS: dict[str, tuple[dict[str, Any], str]] = {
    "q": (_TEXT, "Words in the name."),
    "kind": (_words([kind.value for kind in AssetKind]), "Kinds wanted; may be given again."),
    "interest": (
        {"type": "array", "items": _TEXT, "maxItems": MOST_VALUES},
        "Interests, by concept (see /api/interests) or in plain words; may be given again.",
    ),
    "ward": (_TEXT, "A ward's code, like E05001347, or its name."),
    "near": (_TEXT, "A full postcode, or the name of a care home."),
    "home": ({"type": "string", "format": "uuid"}, "The id of a care home to start from."),
    "lon": (_DEGREES | {"minimum": -9, "maximum": 2.1}, "Longitude, WGS 84; goes with lat."),
    "lat": (_DEGREES | {"minimum": 49.8, "maximum": 61}, "Latitude, WGS 84; goes with lon."),
    "within": (
        {"type": "integer", "minimum": 1, "maximum": WIDEST_M},
        "How far to look, in metres as the crow flies.",
    ),
    "bbox": (
        {"type": "string", "pattern": r"^-?\d+(\.\d+)?(,-?\d+(\.\d+)?){3}$"},
        "West, south, east, north in degrees, WGS 84 (RFC 7946).",
    ),
    "days": (_words(list(DAYS)), "Days on which it starts; may be given again."),
    "starts_after": (_CLOCK, "It starts at this time or later, on one of the days."),
    "starts_before": (_CLOCK, "It starts before this time, on one of the days."),
    "must": (_words(list(MUSTS)), "What has to hold; may be given again."),
    "unknown": (
        {"type": "string", "enum": ["", "yes"]},
        "Whether what has to hold may also be not known. Left out otherwise.",
    ),
    "needs": (_words([word.value for word in Access]), "What has to fit; may be given again."),
    "minutes": (
        {"type": "string", "pattern": "^([1-9][0-9]?(,[1-9][0-9]?){0,3})?$"},
        "Minutes on foot, with commas: at most four, each at most 60.",
    ),
    "walker": (
        {"type": "string", "enum": ["", "walking", "frame", "wheelchair"]},
        "At 5 km/h, with a walking frame at 2.9, or step-free in a wheelchair at 4.",
    ),
    "district": ({"type": "string", "pattern": "^([EWSN][0-9]{8})?$"}, "A district's code."),
    "release": ({"type": "string", "pattern": "^([0-9]{4})?$"}, "The year of the boundaries."),
    "limit": (
        {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT},
        "How many rows to answer with.",
    ),
    "page": ({"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE}, "Which page of them."),
}

# Parts of a path. Described, not checked by the framework: `read_uuid` and `read_gss_code` are what
# reads them, and what they do not take is a page that does not exist.
AssetId = Annotated[str, Path(description="The asset's id.", json_schema_extra={"format": "uuid"})]
WardCode = Annotated[
    str, Path(description="The ward's code.", json_schema_extra={"pattern": "^[EWSN][0-9]{8}$"})
]

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One sentence: what to change."},
        "field": {"type": "string", "description": "The parameter it is about."},
    },
}


def parameters(*names: str) -> dict[str, Any]:
    """Return the `openapi_extra` of an operation that reads these query parameters."""
    return {
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": _SCHEMAS[name][1],
                "schema": _SCHEMAS[name][0],
            }
            for name in names
        ]
    }


def answers(
    schema: Mapping[str, Any], *, media_type: str = "application/json", not_found: bool = False
) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of an operation: its answer, and the problems it may have."""
    problem = {"application/problem+json": {"schema": PROBLEM}}
    found: dict[int | str, dict[str, Any]] = {
        200: {"description": "The answer.", "content": {media_type: {"schema": dict(schema)}}},
        422: {"description": "A parameter makes no sense.", "content": problem},
        503: {"description": "The map cannot be read just now.", "content": problem},
    }
    if not_found:
        found[404] = {"description": "There is nothing at this address.", "content": problem}
    return found
