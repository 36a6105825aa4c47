"""Everything kept about one reference: as JSON, described here, and as a page to print."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from app.accounts.people import TeamWork
from app.residents import words
from app.residents.actions import note_reading
from app.residents.export_queries import read_everything
from app.residents.words import access, good_times
from app.words import long_date

FORMAT = "patchwork-resident-1"

# What each table is, for the page's headings and for whoever reads the JSON.
SECTIONS = {
    "residents": "What is kept, and why",
    "resident_interests": "Interests",
    "offers": "Skills offered to groups, without saying who",
    "connection_residents": "Connections they are part of",
    "visit_residents": "Visits and outings they took part in",
    "unmet_interests": "Interests for which nothing was found nearby",
    "resident_matches": "What was found for them when everybody was matched",
    "audit_log": "Who looked at this or changed it, and when",
}

_TEXT = {"type": "string"}
_MAYBE_TEXT = {"type": ["string", "null"]}
_MAYBE_NUMBER = {"type": ["number", "null"]}
_DAY = {"type": "string", "format": "date"}
_MOMENT = {"type": "string", "format": "date-time"}
_TEXTS = {"type": "array", "items": _TEXT}


def _rows(description: str, **columns: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": description,
        "type": "array",
        "items": {
            "type": "object",
            "properties": columns,
            "required": list(columns),
            "additionalProperties": False,
        },
    }


# JSON Schema (2020-12) of the export.
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Everything Patchwork keeps about one resident or person at home",
    "type": "object",
    "required": ["format", "made_at", "reference", "sections", "tables"],
    "additionalProperties": False,
    "properties": {
        "format": {"const": FORMAT},
        "made_at": _MOMENT,
        "reference": _TEXT,
        "sections": {
            "description": "What each table holds, in plain words.",
            "type": "object",
            "additionalProperties": _TEXT,
        },
        "tables": {
            "type": "object",
            "required": list(SECTIONS),
            "additionalProperties": False,
            "properties": {
                "residents": _rows(
                    "One row. rough_lon and rough_lat: degrees, WGS 84, rounded to a grid of"
                    " 200 m; null for residents of a home.",
                    reference=_TEXT, team=_TEXT, travel=_TEXT, access_needs=_TEXTS,
                    good_times=_TEXTS, rough_lon=_MAYBE_NUMBER, rough_lat=_MAYBE_NUMBER,
                    basis=_TEXT, special_basis=_MAYBE_TEXT, decided_by=_TEXT,
                    basis_recorded_on=_DAY, basis_recorded_by=_MAYBE_TEXT, review_on=_DAY,
                    created_at=_MOMENT, updated_at=_MOMENT, version={"type": "integer"},
                ),
                "resident_interests": _rows(
                    "stance: enjoys, used_to, would_try or could_share.",
                    interest=_TEXT, stance=_TEXT,
                ),
                "offers": _rows(
                    "What the home says to groups, never who.", interest=_TEXT, offered_on=_DAY
                ),
                "connection_residents": _rows(
                    "reasons: the sentences the match came with.",
                    title=_TEXT, place=_MAYBE_TEXT, status=_TEXT, reasons=_TEXTS, added_on=_DAY,
                ),
                "visit_residents": _rows(
                    "how_it_went: well, so_so or badly.",
                    title=_TEXT, visited_on=_DAY, how_it_went=_TEXT, sentence=_TEXT,
                ),
                "unmet_interests": _rows(
                    "Counted for councillors by ward, rounded.",
                    interest=_TEXT, ward_code=_TEXT, noticed_on=_DAY,
                ),
                "resident_matches": _rows(
                    "near, comes_to_them: best first, with the score (0 to 1) and metres as the"
                    " crow flies. nothing_for: interests that nothing in reach answers.",
                    matched_on=_DAY, ward_code=_MAYBE_TEXT, near=_TEXTS, comes_to_them=_TEXTS,
                    nothing_for=_TEXTS,
                ),
                "audit_log": _rows(
                    "subject: the table; columns: what changed, never the values; by_whom: null for"
                    " a scheduled job.",
                    at=_MOMENT, action=_TEXT, subject=_TEXT, columns=_TEXTS, by_whom=_MAYBE_TEXT,
                ),
            },
        },
    },
}  # fmt: skip


def export(work: TeamWork, resident: sa.Row[Any], *, now: dt.datetime) -> dict[str, Any]:
    """Return everything about one resident as `SCHEMA` describes it; the export is recorded."""
    note_reading(work, resident.id, action="export")
    return {
        "format": FORMAT,
        "made_at": now,
        "reference": resident.reference,
        "sections": SECTIONS,
        "tables": read_everything(work.session, resident_id=resident.id),
    }


AUDIT_WORDS = {
    "insert": "added", "update": "changed", "delete": "taken out", "read": "looked at",
    "export": "exported",
}  # fmt: skip
SUBJECT_WORDS = {
    "residents": "this record", "resident_interests": "an interest", "offers": "an offer",
    "connection_residents": "a connection", "visit_residents": "a visit",
}  # fmt: skip


def as_sentences(exported: dict[str, Any]) -> dict[str, Sequence[str]]:
    """Return the rows of an export as sentences, by table; the first table is shown as a list."""
    tables = exported["tables"]
    return {
        "resident_interests": [
            f"{words.STANCES[row['stance']]}: {row['interest']}"
            for row in tables["resident_interests"]
        ],
        "offers": [
            f"{row['interest']}, since {long_date(row['offered_on'])}" for row in tables["offers"]
        ],
        "connection_residents": [
            f"{row['title']}{' with ' + row['place'] if row['place'] else ''}, since"
            f" {long_date(row['added_on'])}: {words.STATUSES[row['status']].lower()}."
            f" {' '.join(row['reasons'])}".strip()
            for row in tables["connection_residents"]
        ],
        "visit_residents": [
            f"{long_date(row['visited_on'])}, {row['title']}: "
            f"{words.FACES[row['how_it_went']].lower()}. {row['sentence']}".strip()
            for row in tables["visit_residents"]
        ],
        "unmet_interests": [
            f"{row['interest']}, noticed on {long_date(row['noticed_on'])}"
            for row in tables["unmet_interests"]
        ],
        "resident_matches": [_match_sentence(row) for row in tables["resident_matches"]],
        "audit_log": [_audit_sentence(row) for row in tables["audit_log"]],
    }


def _match_sentence(row: dict[str, Any]) -> str:
    lists = (
        ("near", row["near"]), ("comes to them", row["comes_to_them"]),
        ("nothing in reach for", row["nothing_for"]),
    )  # fmt: skip
    found = "; ".join(f"{what}: {', '.join(lines) or 'nothing'}" for what, lines in lists)
    ward = f" (ward {row['ward_code']})" if row["ward_code"] else ""
    return f"{long_date(row['matched_on'])}{ward}: {found}"


def _audit_sentence(row: dict[str, Any]) -> str:
    when = row["at"].astimezone()
    what = SUBJECT_WORDS.get(row["subject"], row["subject"])
    done = AUDIT_WORDS.get(row["action"], row["action"])
    columns = f" ({', '.join(row['columns']).replace('_', ' ')})" if row["columns"] else ""
    return f"{when:%-d %B %Y, %H:%M}: {what} {done}{columns} by {row['by_whom'] or 'a schedule'}"


def record_lines(exported: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the resident's own row as (what, in words)."""
    (row,) = exported["tables"]["residents"]
    special = row["special_basis"]
    place = ""
    if row["rough_lon"] is not None:
        place = f"{row['rough_lat']}, {row['rough_lon']} (latitude, longitude, to 200 m)"
    lines = [
        ("Kept by", row["team"]),
        ("How far they go", words.TRAVEL[row["travel"]].label),
        ("What they need there", access(row["access_needs"]) or "Nothing special"),
        ("Good times", good_times(row["good_times"]) or "Any time"),
        ("Rough place", place),
        ("Why it may be kept", words.BASES[row["basis"]].label),
        ("Faith, health and the like", words.SPECIAL_BASES[special].label if special else "No"),
        ("Who decided", words.DECIDED_BY[row["decided_by"]].label),
        ("Recorded", long_date(row["basis_recorded_on"])),
        ("Recorded by", row["basis_recorded_by"]),
        ("To be looked at again", long_date(row["review_on"])),
        ("Kept since", long_date(row["created_at"].date())),
        ("Last changed", long_date(row["updated_at"].date())),
    ]
    return [(what, said) for what, said in lines if said]
