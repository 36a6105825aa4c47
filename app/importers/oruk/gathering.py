"""A whole file of a feed: read once to learn who is in it, and once more to say it row by row.

An organization is named by many services, each telling a part of it; a place that no service
names any more, or only one that is held back, must not come in by another door.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from app.importers.options import ReadOptions
from app.importers.oruk import organizations, services
from app.importers.oruk.documents import Document, documents, organization_of
from app.importers.oruk.json_text import Json, first_of, objects, text
from app.importers.oruk.organizations import Gathered, organization_record, venue_record
from app.importers.oruk.services import Where, read_service, where_it_is
from app.importers.oruk.taxonomies import Term, read_terms
from app.importers.records import (
    ActivityRecord,
    AssetRecord,
    Problem,
    Skipped,
    SourceInfo,
    Withdrawn,
)
from app.importers.refuges import suspect_words
from app.models import ProblemReason

Said = AssetRecord | ActivityRecord | Problem | Skipped | Withdrawn


@dataclass(slots=True)
class Feed:
    """One file being read."""

    path: Path
    options: ReadOptions
    source_said: SourceInfo | None
    organizations: dict[str, Gathered] = field(default_factory=dict)
    # Keys of organizations that may be refuges: nothing of them is told, not even where.
    held_back: set[str] = field(default_factory=set)
    _said: set[str] = field(default_factory=set)  # keys of assets already yielded
    _unknown: set[Term] = field(default_factory=set)

    def items(self) -> Iterator[Said]:
        """Yield what the file says, in its order."""
        for document in documents(self.path):
            self._learn(document)
        for document in documents(self.path):
            yield from self._say(document)

    def _learn(self, document: Document) -> None:
        service = document.service
        organization = organization_of(service) if service else document.organization or {}
        key = organizations.key_of(organization)
        if key is None or (service is not None and not services.is_active(service)):
            return
        known = self.organizations.setdefault(key, Gathered(key, document.row_number))
        known.learn(organization)
        if suspect(organization):
            self.held_back.add(key)
        if service is None or suspect(service):
            return
        if services.is_own_service(service, key):
            known.own_service = known.own_service or service
        else:
            known.learn_from(service)
        where = where_it_is(service, known.record)
        if known.place is None and where.own is not None and not suspect(where.own):
            known.place = where.own

    def _say(self, document: Document) -> Iterator[Said]:
        number, service = document.row_number, document.service
        if service is None:
            if document.organization is None:
                yield _problem(number, ProblemReason.UNREADABLE_VALUE,
                               "The row is no service and no organization.",
                               "Ask the feed's publisher what it is meant to be.")  # fmt: skip
                return
            key = organizations.key_of(document.organization)
            if key is None:
                yield _missing(number, None, None, "The organization", "id and no name")
                return
            yield from self._say_organization(key, number)
            return
        key = services.key_of(service)
        if key is not None and not services.is_active(service):
            status = text(service.get("status"), most=60)
            yield Withdrawn(number, key, f"its status is {status}")
            return
        yield from self._say_service(number, key, service)

    def _say_service(self, number: int, key: str | None, service: Json) -> Iterator[Said]:
        name = text(first_of(service, "name", "alternate_name"))
        organization = organization_of(service)
        organizer_key = organizations.key_of(organization)
        if key is None:
            yield _missing(number, None, name, "The service", "id")
        elif organizer_key is None:
            yield _missing(number, key, name, "The service", "organization")
        elif organizer_key in self.held_back or suspect(service):
            yield from self._say_organization(organizer_key, number)
            yield _held_back(number, key)
        else:
            yield from self._say_organization(organizer_key, number)
            if services.is_own_service(service, organizer_key):
                yield Skipped(number, "stands for its organization")
                return
            where = where_it_is(service, self.organizations[organizer_key].record)
            where = yield from self._venue(number, where)
            interests = yield from self._interests(number, service)
            read = read_service(
                service, row_number=number, key=key, organizer_key=organizer_key, where=where,
                interests=interests, feed=self.source_said, today=self.options.today,
            )  # fmt: skip
            yield from _doubts(number, key, name, "schedule", read.doubts)
            yield read.activity

    def _say_organization(self, key: str, number: int) -> Iterator[Said]:
        if key in self._said:
            return
        self._said.add(key)
        gathered = self.organizations.get(key)
        if key in self.held_back:
            yield _held_back(number, key)
        elif gathered is not None:
            gathered.row_number = number
            interests = yield from self._interests(
                number, gathered.record, gathered.own_service or {}
            )
            record, doubts = organization_record(
                gathered, self.source_said, interests, self.options.today
            )
            yield from _doubts(number, key, record.name, "schedule", doubts)
            yield record

    def _venue(self, number: int, where: Where) -> Generator[Said, None, Where]:
        """Return where a service is, once its venue is known; yield the venue if it is new."""
        key, venue = where.venue_key, where.venue
        if venue is None or key is None:
            return where
        if suspect(venue) or key in self.held_back:
            yield _held_back(number, key)
            return Where(where.own)
        if key in self.organizations:
            yield from self._say_organization(key, number)
        elif key not in self._said:
            self._said.add(key)
            interests = yield from self._interests(number, venue)
            record, doubts = venue_record(key, number, venue, self.source_said, interests)
            yield from _doubts(number, key, record.name, "opening hours", doubts)
            yield record
        return where

    def _interests(self, number: int, *records: Json) -> Generator[Said, None, tuple[str, ...]]:
        """Return the slugs of some records' terms, saying once which terms mean nothing here."""
        slugs: list[str] = []
        for record in records:
            terms = read_terms(record)
            slugs += terms.interests
            for term, label in terms.foreign.items():
                known = self.options.terms.get(term)
                if known is not None:
                    slugs += known
                elif term not in self._unknown:
                    self._unknown.add(term)
                    yield _unknown_term(number, term, label)
        return tuple(dict.fromkeys(slugs))


def terms_in(path: Path) -> dict[Term, tuple[str, int]]:
    """Return each term of other taxonomies in a file with its label and how many records have it.

    An organization's terms count once, however many services name it.
    """
    found: dict[Term, tuple[str, int]] = {}
    seen: set[str] = set()
    for document in documents(path):
        records = [document.service] if document.service else []
        organization = organization_of(document.service or {}) or document.organization or {}
        key = organizations.key_of(organization)
        if key is not None and key not in seen:
            seen.add(key)
            records.append(organization)
        for record in records:
            for term, label in read_terms(record).foreign.items():
                found[term] = (label, found.get(term, (label, 0))[1] + 1)
    return found


def suspect(record: Json) -> bool:
    """Return whether the words or terms of a record suggest a refuge."""
    said = [
        text(record.get(name), most=6_000) for name in ("name", "alternate_name", "description")
    ]
    labels = list(read_terms(record).foreign.values())
    listed = [text(place.get("name")) for place in objects(record.get("locations"))[:20]]
    return suspect_words(*said, *labels, *listed) is not None


def _problem(
    number: int,
    reason: ProblemReason,
    message: str,
    suggestion: str,
    *,
    key: str | None = None,
    name: str | None = None,
    is_stored: bool = False,
) -> Problem:
    return Problem(number, reason, message, suggestion, key, name, is_stored)


def _missing(number: int, key: str | None, name: str | None, what: str, field_name: str) -> Problem:
    return _problem(
        number, ProblemReason.MISSING_FIELD, f"{what} has no {field_name}.",
        "Ask the feed's publisher to add it.", key=key, name=name,
    )  # fmt: skip


def _held_back(number: int, key: str) -> Problem:
    return _problem(
        number, ProblemReason.MAY_BE_A_REFUGE,
        "Its words suggest a refuge, whose place must never be shown.",
        "Leave it out if it is one; if not, add it by hand.", key=key,
    )  # fmt: skip


def _unknown_term(number: int, term: Term, label: str) -> Problem:
    of = f" of “{term[0]}”" if term[0] else ""
    return _problem(
        number, ProblemReason.UNKNOWN_INTEREST,
        f"The term “{label}”{of} stands for no interest here yet.",
        "Say what it stands for, or ignore it, on the page Terms (/feeds/terms).",
        is_stored=True,
    )  # fmt: skip


def _doubts(number: int, key: str, name: str | None, what: str, doubts: list[str]) -> list[Problem]:
    return [
        _problem(
            number, ProblemReason.UNREADABLE_VALUE,
            f"A {what} cannot be read as it stands: {doubt}.",
            "Ask the feed's publisher to correct it; the rest of the record is stored.",
            key=key, name=name or None, is_stored=True,
        )
        for doubt in doubts
    ]  # fmt: skip
