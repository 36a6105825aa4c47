"""One asset at a time: its values cleaned, and what cannot be right said so."""

from __future__ import annotations

import re
from collections.abc import Callable

from app.importers.files import EXTRA_FIELDS
from app.importers.interest_ids import InterestIds
from app.importers.normalise import (
    clean_text,
    email_address,
    phone_number,
    postcode,
    title_case,
    web_address,
)
from app.importers.records import AssetRecord, OpeningHours, Problem
from app.importers.refuges import suspect_words
from app.models import MOST_BEDS, Access, AssetKind, ProblemReason

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
_WARD_CODE = re.compile(r"[EWS]\d{8}")
_ACCESS = {word.value for word in Access}


class AssetChecker:
    """Checks that need no database; remembers the file's rows so far to tell repeats."""

    def __init__(self, interests: InterestIds, add_problem: Callable[[Problem], None]) -> None:
        self._interests = interests
        self._add = add_problem
        self._row_of_key: dict[str, int] = {}
        self._row_of_place: dict[tuple[str, str, str], int] = {}

    def check(self, record: AssetRecord) -> bool:
        """Clean `record` in place; return whether it may be stored, adding problems found."""
        record.source_key = clean_text(record.source_key) or ""
        name = clean_text(record.name) or ""
        record.name = name if record.is_exact else title_case(name)
        if not (self._is_whole(record) and self._may_be_shown(record)):
            return False
        record.description = clean_text(record.description)
        address = clean_text(record.address) or ""
        record.address = (address if record.is_exact else title_case(address)) or None
        self._read_postcode(record)
        if not self._is_first(record):
            return False
        self._read_contacts(record)
        self._read_facts(record)
        unknown = self._interests.find(record.interests)[1]
        if unknown:
            self.doubt(
                record,
                ProblemReason.UNKNOWN_INTEREST,
                f"The vocabulary has no interest called {', '.join(unknown)}.",
                "Use an interest of the vocabulary, or add this word to it and load again.",
            )
        return True

    def refuse(
        self,
        record: AssetRecord,
        reason: ProblemReason,
        message: str,
        suggestion: str,
        *,
        is_stored: bool = False,
    ) -> bool:
        """Add the problem of a row that is not stored (or is in another way); return False."""
        self._add(problem_of(record, reason, message, suggestion, is_stored=is_stored))
        return False

    def doubt(
        self, record: AssetRecord, reason: ProblemReason, message: str, suggestion: str
    ) -> None:
        """Add the problem of a row that is stored all the same."""
        self._add(problem_of(record, reason, message, suggestion, is_stored=True))

    def _is_whole(self, record: AssetRecord) -> bool:
        extra = (record.raw or {}).get(EXTRA_FIELDS)
        if extra:
            return self.refuse(
                record,
                ProblemReason.UNREADABLE_VALUE,
                f"The row has more fields than the header; the last ones are: {str(extra)[:200]}.",
                "Put quotation marks around the field that has a comma in it, and load again.",
            )
        if not record.name:
            return self.refuse(
                record,
                ProblemReason.UNNAMED,
                "The row has no name.",
                "Find out what the place is called and add it to the file.",
            )
        if not record.source_key:
            return self.refuse(
                record,
                ProblemReason.MISSING_FIELD,
                "The row has nothing to know it by the next time (no id).",
                "Give the row an id in the file.",
            )
        return True

    def _may_be_shown(self, record: AssetRecord) -> bool:
        words = suspect_words(record.name, record.description)
        if words is None:
            return True
        return self.refuse(
            record,
            ProblemReason.MAY_BE_A_REFUGE,
            f"The words “{words}” suggest a refuge, whose place must never be shown.",
            "Leave it out if it is one; if not, add it by hand.",
        )

    def _is_first(self, record: AssetRecord) -> bool:
        first = self._row_of_key.setdefault(record.source_key, record.row_number)
        what = f"the id {record.source_key}"
        # Two of one name at one place may be meant, where a Patchwork wrote them with two ids.
        may_be_two = record.is_exact or record.kind == AssetKind.INFORMAL
        if first == record.row_number and record.postcode and not may_be_two:
            place = (record.kind, record.name.casefold(), record.postcode)
            first = self._row_of_place.setdefault(place, record.row_number)
            what = "the name and postcode"
        if first == record.row_number:
            return True
        return self.refuse(
            record,
            ProblemReason.DUPLICATE,
            f"The row has {what} of row {first}.",
            "Keep one of the two in the file.",
        )

    def _read_postcode(self, record: AssetRecord) -> None:
        written = clean_text(record.postcode)
        record.postcode = None
        if written is None:
            return
        record.postcode = postcode(written)
        if record.postcode is None:
            if record.lon is None and record.lat is None:
                record.postcode = written  # placing says that it is unknown
                return
            self.doubt(
                record,
                ProblemReason.UNREADABLE_VALUE,
                f"“{written}” is not a full postcode, so it was left out.",
                "Correct the postcode in the file.",
            )

    def _read_contacts(self, record: AssetRecord) -> None:
        record.phone = self._read(record, "telephone number", record.phone, phone_number)
        record.website = self._read(record, "web address", record.website, web_address)
        record.email = self._read(record, "e-mail address", record.email, email_address)

    def _read(
        self,
        record: AssetRecord,
        what: str,
        written: str | None,
        reading: Callable[[str], str | None],
    ) -> str | None:
        text = clean_text(written)
        if text is None:
            return None
        value = reading(text)
        if value is None:
            self._left_out(record, what, text)
        return value

    def _left_out(self, record: AssetRecord, what: str, text: object) -> None:
        self.doubt(
            record,
            ProblemReason.UNREADABLE_VALUE,
            f"“{str(text)[:200]}” is not a {what} we can read, so it was left out.",
            f"Correct the {what} in the file.",
        )

    def _read_facts(self, record: AssetRecord) -> None:
        if record.access is not None:
            unknown = [word for word in record.access if word not in _ACCESS]
            if unknown:
                self._left_out(record, "known kind of access", ", ".join(unknown))
            record.access = tuple(sorted(set(record.access) & _ACCESS))
        beds = record.beds
        if beds is not None and not (isinstance(beds, int) and 0 <= beds <= MOST_BEDS):
            self._left_out(record, "plausible number of beds", beds)
            record.beds = None
        if record.ward_code is not None and not _WARD_CODE.fullmatch(record.ward_code):
            self._left_out(record, "ward code", record.ward_code)
            record.ward_code = None
        wrong = [span for span in record.opening_hours or () if not _is_span(span)]
        if wrong:
            said = ", ".join(f"{span.opens_at} to {span.closes_at}" for span in wrong)
            self._left_out(record, "list of opening hours", said)
            record.opening_hours = None


def problem_of(
    record: AssetRecord, reason: ProblemReason, message: str, suggestion: str, *, is_stored: bool
) -> Problem:
    """Return a problem of `record`'s row."""
    return Problem(
        row_number=record.row_number,
        reason=reason,
        message=message,
        suggestion=suggestion,
        source_key=record.source_key or None,
        name=record.name or None,
        is_stored=is_stored,
        raw=record.raw,
    )


def _is_span(span: OpeningHours) -> bool:
    clocks = (span.opens_at, span.closes_at)
    return 0 <= span.weekday <= 6 and all(_CLOCK.fullmatch(clock) for clock in clocks)
