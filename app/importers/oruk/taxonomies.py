"""What is said about something in terms: our own, read exactly, and those of other taxonomies.

Our own export names its taxonomies "Patchwork …". Terms of any other are looked up in what editors
have agreed on (see app/feeds/terms_actions.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.importers.oruk.json_text import Json, first_of, mapping, objects, text

KINDS, INTERESTS, ACCESS = "Patchwork kinds", "Patchwork interests", "Patchwork access"
_LONGEST = 200
_MOST_TERMS = 200

Term = tuple[str, str]  # taxonomy, term


@dataclass(slots=True)
class Terms:
    """The terms of one record, by what they are to us."""

    kinds: set[str] = field(default_factory=set)
    interests: list[str] = field(default_factory=list)  # slugs of our own vocabulary
    access: list[str] = field(default_factory=list)
    foreign: dict[Term, str] = field(default_factory=dict)  # with their labels

    @property
    def is_ours(self) -> bool:
        """Whether a Patchwork wrote the record, so that it is taken letter by letter."""
        return bool(self.kinds)


def read_terms(record: Json) -> Terms:
    """Return what the attributes of a record say."""
    terms = Terms()
    for taxonomy, code, label in _said(record):
        if taxonomy == KINDS:
            terms.kinds.add(code)
        elif taxonomy == INTERESTS:
            terms.interests.append(code)
        elif taxonomy == ACCESS:
            terms.access.append(code)
        else:
            terms.foreign.setdefault((taxonomy, code), label)
    return terms


def _said(record: Json) -> Iterator[tuple[str, str, str]]:
    """Yield (taxonomy, term, label) for each attribute."""
    attributes = objects(first_of(record, "attributes", "service_taxonomys"))[:_MOST_TERMS]
    for attribute in attributes:
        term = mapping(first_of(attribute, "taxonomy_term", "taxonomy"))
        if not term:
            # Some only say "label" and "value".
            term = {"taxonomy": attribute.get("label"), "name": attribute.get("value")}
        taxonomy = _taxonomy_of(term)
        label = text(first_of(term, "name", "term", "code"), most=_LONGEST)
        code = _code_of(term, taxonomy)
        if code is not None:
            yield taxonomy, code, label or code


def _taxonomy_of(term: Json) -> str:
    detail = mapping(term.get("taxonomy_detail"))
    said = term.get("taxonomy") if isinstance(term.get("taxonomy"), str) else None
    named = first_of({"said": said, "name": detail.get("name"),
                      "id": term.get("taxonomy_id"), "old": term.get("vocabulary")},
                     "said", "name", "old", "id")  # fmt: skip
    return text(named, most=_LONGEST) or ""


def _code_of(term: Json, taxonomy: str) -> str | None:
    """Return the term's own code, id or address: what it is known by the next time."""
    if taxonomy in (KINDS, INTERESTS, ACCESS):
        return text(first_of(term, "term", "code", "name"), most=_LONGEST)
    name = text(term.get("name"), most=_LONGEST)
    code = text(first_of(term, "term", "code"), most=_LONGEST)
    if code is not None and code != name:
        return code
    return text(first_of(term, "id", "term_uri"), most=_LONGEST) or code or name


_NOT = re.compile(
    r"\b(?:no|not|without|limited|unable|cannot|isn't|aren't|un\w+able)\b", re.IGNORECASE
)
_ACCESS_WORDS = (
    ("accessible_toilet", re.compile(r"\b(?:accessible|disabled|adapted)\s+(?:toilets?|wcs?)\b")),
    ("hearing_loop", re.compile(r"\b(?:hearing|induction)\s+(?:aid\s+)?loops?\b")),
    ("step_free", re.compile(
        r"\bstep[\s-]free\b|\blevel access\b|\bwheelchair\s+(?:access\w*|friendly)\b"
        r"|\baccessible (?:to|for|by) wheelchair|\bramp(?:ed)?\b")),
    ("parking", re.compile(r"\b(?:car\s+park(?:ing)?|parking)\b")),
    ("seating", re.compile(r"\bseating\b")),
    ("dementia_friendly", re.compile(r"\bdementia[\s-]friendly\b")),
)  # fmt: skip


def access_in_words(sentences: str) -> list[str]:
    """Return the closed list's words a description of access speaks of.

    A sentence with a "no" in it says too little for a machine, and is left to people.
    """
    found: list[str] = []
    for sentence in re.split(r"[.;\n]", sentences.casefold()):
        if not _NOT.search(sentence):
            found += [word for word, pattern in _ACCESS_WORDS if pattern.search(sentence)]
    return sorted(set(found))
