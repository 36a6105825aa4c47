"""What must never be public, column by column, and a word planted in each that is nowhere else.

Every column that can hold somebody's words is in exactly one of the three tables below; a test
holds the models to that. To add a column, say whether everybody may see it; if not, plant a word.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSVECTOR

from app.models import Base

Key = tuple[str, str]

# Open data, and what people recorded to be on the map.
PUBLIC = {
    "activities": "name description access place_words",
    "area_figures": "gss_code measure",
    "term_mappings": "taxonomy term label",
    "area_lookups": "lsoa_code release ward_code ward_name lad_code lad_name",
    "areas": "release gss_code name lad_code lad_name",
    "assets": "name description ward_code access website opening_hours charity_number",
    "foot_networks": "scope file_name digest content",
    "gentler_alternatives": "sentence",
    "interest_words": "word stems sounds",
    "interests": "concept label other_words",
    "postcodes": "postcode lad_code ward_code",
    "schedules": "timezone rrule",
    "sources": "slug name publisher licence attribution",
    "streets": "name highway scope",
    "ward_measures": "gss_code release measure",
}
# Closed lists, digests of open data and book-keeping: nobody's words fit in.
CLOSED = {
    "activities": "day_parts",
    "areas": "content_hash",
    "asset_changes": "acting_as action columns",
    "assets": "kept_fields",
    "connection_times": "timezone rrule",
    "import_runs": "reader release",
    "invitations": "ward_codes",
    "job_runs": "task subject",
    "match_runs": "engine area_codes",
    "memberships": "ward_codes",
    "posters": "ward_code",
    "resident_matches": "ward_code",
    "residents": "access_needs good_times",
    "unmet_interests": "ward_code",
    "walk_homes": "network_version",
}
NOBODY, EDITORS = "nobody", "editors"
# What is planted, and who may see it besides whoever it is about.
PLANTED = {
    "accounts": {NOBODY: "email name password_hash"},
    "activities": {NOBODY: "source_key scope content_hash"},
    "asset_changes": {EDITORS: "was became"},
    # Of a contact that is not public, and of somebody's skill.
    "assets": {NOBODY: "source_key scope content_hash", EDITORS: "address postcode phone email"},
    "audit_log": {NOBODY: "database_role action subject columns"},
    "calendar_feeds": {NOBODY: "token"},
    "checks": {NOBODY: "fact"},
    "claims": {NOBODY: "digest email"},
    "connection_notes": {NOBODY: "text"},
    "connections": {
        NOBODY: "title reasons welcomed_by contact_name contact_phone next_step promised"
        " what_worked"
    },
    "column_mappings": {EDITORS: "header_digest header mapping"},
    "duplicate_pairs": {NOBODY: "undo", EDITORS: "reasons"},
    "erasures": {NOBODY: "reference_digest"},
    # A calendar's address may be a secret one.
    "feeds": {
        EDITORS: "name url message publisher licence attribution",
        NOBODY: "etag last_modified cursor",
    },
    "feed_items": {NOBODY: "item_id kind data"},
    "identities": {NOBODY: "issuer subject"},
    "import_problems": {NOBODY: "raw", EDITORS: "source_key name message suggestion"},
    "import_runs": {NOBODY: "scope file_sha256 message", EDITORS: "file_name"},
    "invitations": {NOBODY: "digest email"},
    "job_runs": {EDITORS: "message"},
    "organisation_sign_ins": {
        NOBODY: "state_digest browser_digest nonce code_verifier next_path"
    },
    "photos": {EDITORS: "image thumbnail alt reason"},
    "posters": {EDITORS: "code title place"},
    "residents": {NOBODY: "reference"},
    "sign_in_attempts": {NOBODY: "counted_under"},
    "sign_in_links": {NOBODY: "digest next_path"},
    "sign_in_sessions": {NOBODY: "digest device way"},
    "submissions": {NOBODY: "action sha256 answer"},
    "suggestions": {EDITORS: "fields note contact reason"},
    "teams": {NOBODY: "name"},
    "uploads": {NOBODY: "file_name content layer mapping"},
    "venue_requests": {EDITORS: "words"},
    "visits": {NOBODY: "sentence"},
}  # fmt: skip
WORDY = (sa.Text, sa.String, sa.LargeBinary, sa.JSON, TSVECTOR)


def wordy_columns() -> set[Key]:
    """Return every column that can hold words, as the models have them."""
    return {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if can_hold_words(column.type)
    }


def can_hold_words(kind: object) -> bool:
    """Return whether a column's type lets words or bytes in that the models do not list."""
    if isinstance(kind, sa.ARRAY):
        return can_hold_words(kind.item_type)
    return isinstance(kind, WORDY) and not isinstance(kind, sa.Enum)


def keys_of(declared: dict[str, str]) -> set[Key]:
    return {(table, column) for table, names in declared.items() for column in names.split()}


def planted_keys() -> dict[Key, str]:
    """Return every planted column with who may see it."""
    return {
        (table, column): who
        for table, by_reader in PLANTED.items()
        for who, names in by_reader.items()
        for column in names.split()
    }


def canary(table: str, column: str) -> str:
    """Return the word of a column: small letters, nowhere else in the world."""
    digest = hashlib.sha256(f"{table}.{column}".encode()).digest()
    return "zq" + base64.b32encode(digest).decode().lower().strip("=").translate(DIGITS)[:12]


DIGITS = str.maketrans("234567", "bcdfgh")
# Where the database wants something of another form.
REFERENCE = "ZQXW7K4Z"
OTHER_FORMS = {
    ("residents", "reference"): REFERENCE,
    ("posters", "code"): "ZQXW7K",
    ("accounts", "email"): f"{canary('accounts', 'email')}@homes.example",
    ("calendar_feeds", "token"): canary("calendar_feeds", "token") * 3,
}
# Numbers, days and places that are nobody's to see.
ACCURACY_M, CONSENT_ON, ROUGH_PLACE = 8437.25, "1999-07-13", (-1.8437, 53.7765)
PASTIME = "zqsecretpastime"
GONE = "zqgonefromthemap"
EXTRA = {
    NOBODY: {
        "assets.accuracy_m": "8437.25",
        "residents.geom": "-1.8437",
        "resident_interests.interest_id": PASTIME,
    },
    EDITORS: {
        "assets.consent_on": CONSENT_ON,
        "assets.consent_on in words": "13 July 1999",
        "assets of what has gone": GONE,
    },
}


def words_to_find(may_see: set[str], ids: dict[str, str]) -> dict[str, str]:
    """Return what must not be found by somebody, in small letters, with where it is planted."""
    found = {word.lower(): name for name, word in ids.items()}
    for who, extra in EXTRA.items():
        if who not in may_see:
            found |= {word.lower(): name for name, word in extra.items()}
    for (table, column), who in planted_keys().items():
        if who in may_see:
            continue
        for word in forms_of(table, column):
            found[word.lower()] = f"{table}.{column}"
    return found


def forms_of(table: str, column: str) -> Iterator[str]:
    """Yield how the word of a column can stand in an answer."""
    word = OTHER_FORMS.get((table, column), canary(table, column))
    yield word
    if word == REFERENCE:
        yield f"{word[:4]} {word[4:]}"
    as_bytes = planted_bytes(table, column)
    yield as_bytes.hex()
    yield base64.b64encode(as_bytes).decode().rstrip("=")[:-1]


def planted_bytes(table: str, column: str) -> bytes:
    """Return what is planted in a column of bytes: a digest's 32."""
    return (canary(table, column) * 3)[:32].encode()
