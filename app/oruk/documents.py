"""What /oruk/openapi.json says: made of the routes, with every parameter they read.

The general description of the application is about its own API; this one is the address that
Open Referral UK's base endpoint has to name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from app.oruk.filters import (
    DEFAULT_PER_PAGE,
    FORMATS,
    LAST_PAGE,
    MOST_PER_PAGE,
    OLDEST_AGE,
    TAXONOMY_TYPES,
    WIDEST_M,
)
from app.oruk.schedules import DAYS
from app.parameter_docs import PROBLEM
from app.parameters import LONGEST_TEXT, MOST_VALUES

Json = dict[str, Any]
VERSION = "HSDS-UK-3.0"
PROFILE = "https://docs.openreferraluk.org/en/latest/"

_TEXT = {"type": "string", "maxLength": LONGEST_TEXT}
_ID = {"type": "string", "format": "uuid"}
_IDS = {"type": "array", "items": _ID, "maxItems": MOST_VALUES}
_TEXTS = {"type": "array", "items": _TEXT, "maxItems": MOST_VALUES}
_FLAG = {"type": "boolean"}
_POSTCODE = {"type": "string", "maxLength": LONGEST_TEXT}
_CLOCKS = {
    "type": "array",
    "items": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"},
    "maxItems": MOST_VALUES,
}
_AGE = {"type": "integer", "minimum": 0, "maximum": OLDEST_AGE}
_AGES = (
    "Of the older profile. No service here has a limit of age, and one without a limit fits"
    " everybody: it narrows nothing."
)
_SCHEMAS: dict[str, tuple[Json, str]] = {
    "search": (
        _TEXT,
        "Words that are all in the name, the description, the organization's name or an interest.",
    ),
    "text": (_TEXT, "The older profile's name for “search”."),
    "page": ({"type": "integer", "minimum": 1, "maximum": LAST_PAGE}, "Which page, from 1."),
    "per_page": (
        {"type": "integer", "minimum": 1, "maximum": MOST_PER_PAGE, "default": DEFAULT_PER_PAGE},
        "How many records a page has. With “minimal” and without this, all are on one page.",
    ),
    "format": (
        {"type": "string", "enum": list(FORMATS)},
        "“json” has pages; “ndjson” streams every record on a line of its own.",
    ),
    "minimal": (_FLAG, "Only “id” and “last_modified” of each service, to find out what is gone."),
    "full": (_FLAG, "All of each record, as its own address gives it."),
    "full_service": (_FLAG, "All of each service of an organization, not only its name."),
    "modified_after": (
        {"type": "string", "format": "date-time"},
        "Changed at this moment or later. Without an offset it is taken for London's clock.",
    ),
    "taxonomy_term_id": (_IDS, "Has one of these terms; may be given again."),
    "taxonomy_id": (
        _IDS,
        "Has a term of one of these taxonomies, or one of these terms, as the older profile had"
        " it; may be given again.",
    ),
    "taxonomy_type": (
        {"type": "array", "items": {"type": "string", "enum": list(TAXONOMY_TYPES)},
         "maxItems": MOST_VALUES},
        "Of the older profile: what is classified. Services and organizations are, others not.",
    ),
    "vocabulary": (_TEXTS, "Of the older profile: a taxonomy by its name; may be given again."),
    "organization_id": (_IDS, "Is offered by one of these organizations; may be given again."),
    "postcode": (
        _POSTCODE,
        "Nearest to this postcode first. Services here name no border, so it leaves none out"
        " without “proximity”.",
    ),
    "proximity": (
        {"type": "integer", "minimum": 0, "maximum": WIDEST_M},
        "At most so many metres from “postcode”, as the crow flies.",
    ),
    "coverage": (
        _POSTCODE,
        "Of the older profile. Services here name no border: all of them cover the postcode.",
    ),
    "minimum_age": (_AGE, _AGES),
    "maximum_age": (_AGE, _AGES),
    "day": (
        {"type": "array", "items": {"type": "string", "enum": list(DAYS)},
         "maxItems": MOST_VALUES},
        "Of the older profile: a session starts, or a place is open, on this day. In sets with"
        " the times; one of the sets has to fit.",
    ),
    "start_time": (_CLOCKS, "Of the older profile: at this time of day or later."),
    "end_time": (_CLOCKS, "Of the older profile: at this time of day or earlier."),
    "top_only": (_FLAG, "Only terms that have no broader one."),
    "parent_id": (_ID, "Terms whose broader term is this one."),
}  # fmt: skip
PAGING = ("page", "per_page", "format")
TERMS = ("taxonomy_term_id", "taxonomy_id", "taxonomy_type", "vocabulary")
OLDER = ("text", "coverage", "minimum_age", "maximum_age", "day", "start_time", "end_time")
FILTERS = (
    "search", *TERMS, "organization_id", "modified_after", "postcode", "proximity", *OLDER,
)  # fmt: skip


def described(
    summary: str, *names: str, contents: str = "", problems: Iterable[int] = (422,)
) -> Json:
    """Return the `openapi_extra` of a route: its parameters and answers.

    `contents`: what a list holds; "" for an address of one record.
    """
    return {
        "summary": summary,
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": _SCHEMAS[name][1],
                "schema": _SCHEMAS[name][0],
            }
            for name in names
        ],
        "responses": {
            "200": {
                "description": summary,
                "content": {
                    "application/json": {"schema": _page(contents) if contents else RECORD},
                    **({"application/x-ndjson": {"schema": RECORD}} if contents else {}),
                },
            },
            **{str(status): _PROBLEMS[status] for status in (*problems, 503)},
        },
    }


RECORD: Json = {"type": "object"}
_PROBLEM = {"application/problem+json": {"schema": PROBLEM}}
_PROBLEMS = {
    404: {"description": "There is nothing with this identifier.", "content": _PROBLEM},
    422: {"description": "A parameter makes no sense; “field” names it.", "content": _PROBLEM},
    503: {"description": "The map cannot be read just now.", "content": _PROBLEM},
}


def _page(contents: str) -> Json:
    whole, flag = {"type": "integer", "minimum": 0}, {"type": "boolean"}
    frame: Json = {
        "total_items": whole | {"description": "How many there are on all pages."},
        "total_pages": whole,
        "page_number": whole,
        "size": whole | {"description": "How many are on this page."},
        "first_page": flag,
        "last_page": flag,
        "empty": flag,
        "contents": {"type": "array", "items": RECORD, "description": contents},
    }
    return {"type": "object", "required": list(frame), "properties": frame}


def describe(routes: Iterable[BaseRoute], *, name: str, base_url: str) -> Json:
    """Return OpenAPI 3.1 of the routes that have a description."""
    paths: Json = {}
    for route in routes:
        extra = route.openapi_extra if isinstance(route, APIRoute) else None
        if extra is None or not isinstance(route, APIRoute):
            continue
        path = route.path.removeprefix("/oruk") or "/"
        ids = [
            {"name": field.name, "in": "path", "required": True, "schema": _ID}
            for field in route.dependant.path_params
        ]
        operation = extra | {"operationId": route.name}
        operation["parameters"] = [*ids, *extra["parameters"]]
        paths[path] = {"get": operation}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{name}: Open Referral UK",
            "version": VERSION,
            "summary": "Groups, venues, care homes and surgeries, and what happens there.",
            "description": (
                "Open Referral UK 3.0 (HSDS-UK-3.0), without a key. Every organization and"
                " service names its own source and licence in “source”."
            ),
            "license": {"name": "Each record's own: see its “source”"},
        },
        "servers": [{"url": f"{base_url}/oruk"}],
        "paths": paths,
    }
