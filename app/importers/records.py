"""What readers yield: one record or one problem for each row, in a shape the merge understands.

Readers know a file's format and nothing of the database; places, duplicates and interests are
resolved later, for all rows at once.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any

from shapely import MultiPolygon

from app.models import AssetKind, LocationSource, ProblemReason


@dataclass(slots=True)
class Problem:
    """A row that could not be stored, or was stored with a doubt (`is_stored`)."""

    row_number: int  # as a person counts: the header of a CSV is row 1
    reason: ProblemReason
    message: str  # what was wrong, naming the field
    suggestion: str  # what to do next
    source_key: str | None = None
    name: str | None = None
    is_stored: bool = False
    raw: dict[str, Any] | None = None


@dataclass(slots=True)
class Skipped:
    """A row that is fine and not ours to store (a closed practice, a bench): only counted."""

    row_number: int
    why: str


@dataclass(slots=True)
class Withdrawn:
    """A row that says its own thing is no more (a service that has ended): counted as skipped.

    What an earlier file brought of it goes, also where the file has only what has changed.
    """

    row_number: int
    source_key: str
    why: str


@dataclass(slots=True)
class OpeningHours:
    """One span on one weekday (0 = Monday), clock times as "HH:MM"."""

    weekday: int
    opens_at: str
    closes_at: str


@dataclass(slots=True)
class ScheduleRecord:
    """When an activity happens; `rrule` as in RFC 5545, daily or slower, None for once."""

    starts_on: dt.date
    opens_at: dt.time
    closes_at: dt.time | None = None
    rrule: str | None = None
    exdates: tuple[dt.date, ...] = ()


@dataclass(slots=True)
class AssetRecord:
    """One asset as read. `lon`, `lat` in degrees WGS 84 if the source has them, else None."""

    row_number: int
    source_key: str  # unique and stable within the source
    kind: AssetKind
    name: str
    description: str | None = None
    address: str | None = None
    postcode: str | None = None  # as written; normalised and looked up later
    lon: float | None = None
    lat: float | None = None
    lon_lat_written: tuple[str | None, str | None] | None = None  # as the file has them, if it does
    location_source: LocationSource = LocationSource.GIVEN
    ward_code: str | None = None  # informal assets only
    lad_code: str | None = None  # the district the row claims, if it does: checked
    lad_name: str | None = None  # likewise, by name, where there is no usable code
    interests: tuple[str, ...] = ()  # concept slugs
    access: tuple[str, ...] | None = None
    is_indoors: bool | None = None
    phone: str | None = None
    email: str | None = None
    website: str | None = None
    is_contact_public: bool = True
    opening_hours: tuple[OpeningHours, ...] | None = None
    beds: int | str | None = None  # the cell's text where it is no number: said, and left out
    charity_number: str | None = None
    checked_on: dt.date | None = None  # only where the file itself says somebody checked
    # By telephone, on the web, or nobody knows where: stored all the same, with no place.
    may_have_no_place: bool = False
    # Named in passing by another's row (a venue): its own row, if it comes, says more.
    is_in_passing: bool = False
    # Rows that only a whole file has may lend it a place, a telephone, an address.
    is_lent_to: bool = False
    # Written by a Patchwork: its words are taken letter by letter.
    is_exact: bool = False
    source: SourceInfo | None = None  # whose it is, where it is not the whole file's publisher's
    raw: dict[str, Any] | None = None  # kept with a problem, never with the asset


@dataclass(slots=True)
class ActivityRecord:
    """One activity as read; organizer and venue by their source keys in the same source.

    An organizer that is on the map already may be given by its id instead.
    """

    row_number: int
    source_key: str
    name: str
    organizer_key: str = ""
    organizer_id: uuid.UUID | None = None
    venue_key: str | None = None
    description: str | None = None
    comes_to_homes: bool = False
    interests: tuple[str, ...] = ()
    access: tuple[str, ...] | None = None
    is_indoors: bool | None = None
    cost_pence: int | None = None
    # The place as a feed writes it: shown as words until a venue agrees.
    place_words: str | None = None
    schedules: tuple[ScheduleRecord, ...] = ()
    checked_on: dt.date | None = None
    source: SourceInfo | None = None  # likewise
    raw: dict[str, Any] | None = None


@dataclass(slots=True)
class AreaRecord:
    """One area: a polygon in WGS 84, longitude and latitude."""

    row_number: int
    area_type: str
    release: str
    gss_code: str
    name: str
    geometry: MultiPolygon
    lad_code: str | None = None
    lad_name: str | None = None


@dataclass(slots=True)
class SourceInfo:
    """Who published a file and on what terms."""

    slug: str
    name: str
    publisher: str
    licence: str
    attribution: str
    is_share_alike: bool = False
    precedence: int = 50


@dataclass(slots=True)
class Report:
    """What became of a file's rows."""

    file_name: str
    source: str
    reader: str
    status: str = "loaded"
    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    skipped: int = 0
    problems: int = 0
    seconds: float = 0.0
    message: str = ""
    reasons: dict[str, int] = field(default_factory=dict)
